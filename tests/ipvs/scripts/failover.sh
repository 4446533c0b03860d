# Two directors with one address and connections that they tell each other: streams outlive the one that forwards them.
DIRECTORS="lb1 lb2"
network
node lb1 1
node lb2 2
director lb1
director lb2
for n in 1 2; do
    node rs$n 1$n
    gateway rs$n 10.2.0.254 fd02::254
    ns rs$n sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
    ip -n rs$n address add 10.2.0.100/32 dev lo
    ip netns exec rs$n "$ENDS" serve rs$n stream:[::]:81 &
done
conf() { # NAME PRIORITY
    cat > $1.conf <<CONF
global_defs {
    lvs_sync_daemon e0 inst front id 7
}
vrrp_instance front {
    interface e0
    virtual_router_id 51
    priority $2
    advert_int 1
    virtual_ipaddress {
        10.2.0.100/24
    }
}
virtual_server 10.2.0.100 81 {
    delay_loop 1
    drain 60
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 10.2.0.11 81 {
        TCP_CHECK {
            connect_timeout 5
            retry 0
        }
    }
    real_server 10.2.0.12 81 {
        TCP_CHECK {
            connect_timeout 5
            retry 0
        }
    }
}
CONF
}
conf lb1 150
conf lb2 100
for n in lb1 lb2; do
    ip netns exec $n "$BELLWETHER" run -c "$PWD/$n.conf" --socket /run/$n.sock > $n.log 2>&1 &
    eval $n=$!
done
has() { ip -n $1 -brief address show e0 | grep -q '10\.2\.0\.100/'; }
syncs() { ns $1 ipvsadm -L --daemon | grep -q "$2 sync daemon"; }
rows() { [ "$(ns $1 ipvsadm -Sn | grep -c -- ' -r ')" = 2 ]; }
within 30 "the first director is Master" has lb1
within 40 "both have the table" eval "rows lb1 && rows lb2"
within 40 "one tells, the other listens" eval "syncs lb1 master && syncs lb2 backup"
# Streams of 200 lines, ten in a second.
ns cl "$ENDS" follow 10.2.0.100:81 4 200 > streams &
following=$!
knows() { [ "$(ns lb2 ipvsadm -Lnc | grep -c ESTABLISHED)" = 4 ]; }
within 40 "the second director knows all connections" knows
# The first one dies: its processes, and its link before they can say a word.
ip -n lb1 link set e0 down
kill -KILL $lb1
within 40 "the second is Master" has lb2
within 40 "and tells its connections" syncs lb2 master
wait $following
cat streams
within 1 "all streams are complete" grep -qx "complete rs1=2 rs2=2" streams
# A server that is taken out finishes its streams while new ones go to the other. Each time a file of its own: the last
# one's would say "following" before these have begun.
ns cl "$ENDS" follow 10.2.0.100:81 2 100 > taken &
following=$!
within 40 "one stream each" grep -q following taken
sed -i '/real_server 10.2.0.11 81 {/,/^    }/d' lb2.conf
ns lb2 "$BELLWETHER" reload --socket /run/lb2.sock || fail "the reload"
out() { ns lb2 ipvsadm -Ln | grep -q '10.2.0.11:81 .* Route  *0 '; }
within 40 "weight 0 for the one taken out" out
new() { [ "$(ns cl "$ENDS" follow 10.2.0.100:81 3 1 | tail -n 1)" = "complete rs2=3" ]; }
within 40 "new streams go to the other" new
wait $following
cat taken
within 1 "streams of the drained server are complete" grep -qx "complete rs1=1 rs2=1" taken
gone() { ! ns lb2 ipvsadm -Ln | grep -q '10.2.0.11:81 '; }
within 30 "it leaves when they have ended" gone
# The other one is taken out by hand while it has a stream, and in again.
ns cl "$ENDS" follow 10.2.0.100:81 1 60 > held &
following=$!
within 40 "a stream" grep -q following held
ns lb2 "$BELLWETHER" drain 10.2.0.100:81/10.2.0.12 --socket /run/lb2.sock > drain.log 2>&1 &
draining=$!
within 40 "its progress is told" grep -q "10.2.0.12:81 has 1 connection(s) left" drain.log
wait $following
within 1 "the stream of a server out by hand is complete" grep -qx "complete rs2=1" held
wait $draining || { cat drain.log; fail "the drain"; }
empty() { ! ns lb2 ipvsadm -Sn | grep -q -- ' -r '; }
within 5 "it is out when drain ends" empty
ns lb2 "$BELLWETHER" enable 10.2.0.100:81 --socket /run/lb2.sock
back() { ns lb2 ipvsadm -Ln | grep -q '10.2.0.12:81 .* Route  *1 '; }
within 40 "and in again when it is enabled" back
kill -TERM $lb2
within 40 "a graceful stop takes the address away" eval "! has lb2"
