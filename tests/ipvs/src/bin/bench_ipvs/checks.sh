# $SERVERS real servers are checked once a second by $CONTENDER as $KIND says, for $CHECK_SECONDS; prints its processor
# time and how many checks there were.
fail() { echo "FAILED: $1"; cat log; exit 1; }
ip netns add far
ip -n far link set lo up
ip link add near type veth peer name e0 netns far
ip link set near up
ip address add 10.8.0.1/24 dev near
ip -n far link set e0 up
ip -n far address add 10.8.0.2/24 dev e0
ip -n far route add local 10.9.0.0/16 dev lo
ip route add 10.9.0.0/16 via 10.8.0.2
# Connections that end leave nothing behind that would run out.
sysctl -qw net.ipv4.ip_local_port_range="10000 65000" net.ipv4.tcp_max_tw_buckets=100000
ip netns exec far "$ENDS" serve far http:0.0.0.0:80 > ready &
until grep -q ready ready; do sleep 0.1; done
mount -t cgroup2 none /sys/fs/cgroup || fail "no control groups"
mkdir /sys/fs/cgroup/contender
printf '#!/bin/sh\nexit 0\n' > script && chmod 755 script . 
cat > plugin.lua <<'LUA'
local plugin = {}
function plugin.check() return "up", "as the script says" end
return plugin
LUA
count=$SERVERS
[ $KIND = misc ] && count=$(((SERVERS + 19) / 20))
# Written by one process: in this kernel a hundred of them take seconds.
awk -v count=$count -v kind=$KIND -v here="$PWD" 'BEGIN {
    check["tcp"] = "TCP_CHECK {\nconnect_timeout 5\n}"
    check["http"] = "HTTP_GET {\nurl {\npath /\nstatus_code 200\n}\nconnect_timeout 5\n}"
    check["misc"] = "MISC_CHECK {\nmisc_path " here "/script\nmisc_timeout 5\n}"
    theirs = "keepalived.conf"
    print "global_defs {\nscript_user root\nenable_script_security\n}" > theirs
    print "virtual_server 10.7.0.1 80 {\ndelay_loop 1\nlb_algo rr\nlb_kind NAT\nprotocol TCP" > theirs
    ours = "bench.toml"
    print "[plugin.quick]\nfile = \"" here "/plugin.lua\"\n[service.bench]\naddress = \"10.7.0.1:80\"" > ours
    print "check = { plugin = \"quick\", interval = \"1s\" }\nservers = [" > ours
    for (number = 1; number <= count; number++) {
        address = "10.9." int(number / 250) "." number % 250 + 1
        print "real_server " address " 80 {\nweight 1\n" check[kind] "\n}" > theirs
        print "  \"" address "\"," > ours
    }
    print "}" > theirs
    print "]" > ours
}' < /dev/null
configuration=keepalived.conf
[ $CONTENDER$KIND = bellwethermisc ] && configuration=bench.toml
case $CONTENDER in
    bellwether) set -- "$BELLWETHER" run -c "$PWD/$configuration" --socket /run/bw.sock ;;
    keepalived) set -- keepalived -C -n -f "$PWD/$configuration" -p /run/ka.pid -c /run/ka-checkers.pid ;;
esac
(echo 0 > /sys/fs/cgroup/contender/cgroup.procs; exec "$@") > log 2>&1 &
contender=$!
used() { awk '$1 == "usage_usec" { print $2 }' /sys/fs/cgroup/contender/cpu.stat; }
# Connections that the far side has taken.
taken() { ip netns exec far awk '$1 == "Tcp:" && $7 ~ /^[0-9]+$/ { print $7 }' /proc/net/snmp; }
in_table() { [ "$(grep -c '^  -> ' /proc/net/ip_vs)" -gt $count ]; }
for look in $(seq 60); do in_table && break; sleep 0.5; done
in_table || fail "not all servers are in the table"
sleep 5
kill -0 $contender || fail "it ended"
before=$(used) first=$(taken)
sleep $CHECK_SECONDS
after=$(used) last=$(taken)
in_table || fail "servers left the table"
[ $KIND = misc ] && first=0 last=$((count * CHECK_SECONDS))
awk -v us=$((after - before)) 'BEGIN { print "took cpu", us / 1000000 }'
echo "took checks $((last - first))"
exit 0
