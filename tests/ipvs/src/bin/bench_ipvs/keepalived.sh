command -v keepalived >/dev/null || { echo "keepalived is missing; install it with apt install keepalived"; exit 1; }
"$BENCH" --keepalived-conf rr > keepalived.conf
"$BENCH" --watch &
watcher=$!
sleep 0.5
keepalived -C -n -f "$PWD/keepalived.conf" -p /run/ka.pid -c /run/ka-checkers.pid >/dev/null 2>&1 &
wait $watcher
