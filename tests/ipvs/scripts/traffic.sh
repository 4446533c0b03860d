# The daemon ($BELLWETHER) as a director of each kind at once, from one configuration, with $ENDS as servers and client.
# rs1 and rs2 answer through the director (NAT); rs3 and rs4 through the router, and have the virtual addresses on lo.
DIRECTORS=dir
network
node dir 1
director dir
for n in 1 2 3 4; do
    node rs$n 1$n
    ns rs$n sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.e0.rp_filter=0
done
gateway rs1 10.2.0.1 fd02::1
gateway rs2 10.2.0.1 fd02::1
for module in sctp fou6 ip6_tunnel iptable_mangle iptable_nat xt_mark xt_multiport xt_ipvs xt_MASQUERADE; do
    modprobe -q -d "$UML_MODULES" $module || echo "no module $module"
done
ip -n dir link add d0 type dummy
ip -n dir link set d0 up
VIPS=$(seq 100 116)
for vip in $VIPS; do
    ip -n dir address add 10.2.0.$vip/32 dev d0
    # Neighbours ask for an IPv6 address at the interface it is on. No check may come from it: servers have it too.
    ip -n dir address add fd02::$vip/128 dev e0 nodad preferred_lft 0
done
for n in rs3 rs4; do
    gateway $n 10.2.0.254 fd02::254
    ns $n sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
    for vip in $VIPS; do
        [ $vip = 100 ] || ip -n $n address add 10.2.0.$vip/32 dev lo
        [ $vip = 100 ] || ip -n $n address add fd02::$vip/128 dev lo nodad
    done
    ns $n ip fou add port 6080 gue
    # A receiver takes packets with checksums or without.
    ip -n $n address add 10.2.0.2${n#rs}/24 dev e0
    ip -n $n link add sums type gre local 10.2.0.2${n#rs} icsum
    ip -n $n link add in6 type ip6tnl mode ipip6 local fd02::1${n#rs} remote ::
    for device in tunl0 gre0 sums sit0 in6; do
        ip -n $n link set $device up
        ns $n sysctl -qw net.ipv4.conf.$device.rp_filter=0 2>/dev/null
    done
done
# Not by ns(): the process started in the background has to be the server itself.
serve() { local node=$1; shift; ip netns exec $node "$ENDS" serve $node "$@" & }
serve rs1 tcp:[::]:8080 tcp:[::]:80 sctp:10.2.0.11:90
serve rs2 tcp:[::]:8080 tcp:[::]:80 sctp:10.2.0.12:90
datagrams="udp:10.2.0.101:53 udp:10.2.0.101:54 udp:10.2.0.102:54 udp:10.2.0.101:56 udp:10.2.0.101:57"
serve rs3 tcp:[::]:80 tcp:[::]:8080 tcp:[::]:55 $datagrams
serve rs4 tcp:[::]:80 tcp:[::]:8080 $datagrams

group() { # HEAD KIND PORT FIRST SECOND [LINE...]: a service with two checked servers, of which the check asks PORT.
    local head=$1 kind=$2 port=$3 first=$4 second=$5
    shift 5
    echo "virtual_server $head {"
    echo "    delay_loop 1"
    echo "    lb_kind $kind"
    for line in "$@"; do echo "    $line"; done
    for server in "$first" "$second"; do
        echo "    real_server $server {"
        echo "        TCP_CHECK {"
        echo "            connect_port $port"
        echo "            connect_timeout 5"
        echo "            retry 0"
        echo "        }"
        echo "    }"
    done
    echo "}"
}
rr="lb_algo rr" tcp="protocol TCP" udp="protocol UDP"
{
    group "10.2.0.100 80" NAT 8080 "10.2.0.11 8080" "10.2.0.12 8080" "$rr" "$tcp"
    group "fd02::100 80" NAT 8080 "fd02::11 8080" "fd02::12 8080" "$rr" "$tcp"
    group "10.2.0.100 90" NAT 80 "10.2.0.11 90" "10.2.0.12 90" "$rr" "protocol SCTP"
    group "10.2.0.101 80" DR 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp"
    group "10.2.0.102 80" TUN 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp"
    group "10.2.0.103 80" "TUN type gre" 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp"
    group "10.2.0.104 80" "TUN type gre csum" 80 "10.2.0.23 80" "10.2.0.24 80" "$rr" "$tcp"
    group "10.2.0.105 80" "TUN type gue port 6080 nocsum" 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp"
    group "10.2.0.106 80" "TUN type gue port 6080 csum" 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp"
    group "10.2.0.107 80" "TUN type gue port 6080 remcsum" 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp"
    group "fd02::102 80" TUN 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp"
    group "10.2.0.108 80" TUN 80 "fd02::13 80" "fd02::14 80" "$rr" "$tcp"
    group "fwmark 7" DR 80 "10.2.0.13" "10.2.0.14" "$rr" "$tcp"
    group "10.2.0.109 80" DR 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp" "persistence_timeout 300"
    group "10.2.0.110 80" NAT 80 "10.2.0.13 80" "10.2.0.14 80" "$rr" "$tcp"
    group "10.2.0.101 53" DR 80 "10.2.0.13 53" "10.2.0.14 53" "$rr" "$udp" ops
    # Two directors with one table agree, however it is written; a failed server keeps its place, and its clients move.
    group "10.2.0.101 54" DR 55 "10.2.0.13 54" "10.2.0.14 54" "lb_algo mh" "$udp" ops mh-port
    group "10.2.0.102 54" DR 80 "10.2.0.14 54" "10.2.0.13 54" "lb_algo mh" "$udp" ops mh-port
    group "10.2.0.101 56" DR 80 "10.2.0.13 56" "10.2.0.14 56" "lb_algo sh" "$udp" ops
    group "10.2.0.101 57" DR 80 "10.2.0.13 57" "10.2.0.14 57" "lb_algo sh" "$udp" ops sh-port
    # Nobody serves port 8081 of rs1 and rs2 yet.
    group "10.2.0.111 80" NAT 8081 "10.2.0.11 8080" "10.2.0.12 8080" "$rr" "$tcp" \
        "sorry_server 10.2.0.14 80" "sorry_server_lvs_method DR"
    echo "virtual_server_group many {"
    echo "    10.2.0.112-113 80"
    echo "    fwmark 8"
    echo "    fwmark 8 inet6"
    echo "    fd02::112-113 80"
    echo "}"
    group "group many" TUN 80 "10.2.0.13" "10.2.0.14" "$rr" "$tcp"
} > keepalived.conf
# The group of servers behind mh: rs4's check asks a port that nobody serves until it is wanted.
mark() { ns dir $1 -t mangle -A PREROUTING -d $2 -p tcp -m multiport --dports 80,8080 -j MARK --set-mark $3; }
mark iptables-legacy 10.2.0.114 7
mark iptables-legacy 10.2.0.115 8
ns dir sysctl -qw net.ipv4.vs.conntrack=1
ns dir iptables-legacy -t nat -A POSTROUTING -m ipvs --vaddr 10.2.0.110 --vport 80 -j MASQUERADE
ip netns exec dir "$BELLWETHER" run -c "$PWD/keepalived.conf" > dir.log 2>&1 &
daemon=$!

# gets WHO WHAT...: the client's answers are these.
gets() { local who=$1; shift; [ "$(ns cl "$ENDS" ask "$@" | tail -n 1)" = "$who" ]; }
both() { gets "rs$1=4 rs$2=4" "${@:3}" 8; }
rows() { [ "$(ns dir ipvsadm -Sn | grep -c -- ' -r ')" = $1 ]; }
settled() { ns dir "$BELLWETHER" status --json 2>/dev/null | tr -d ' \n' | grep -q '"services":\[.*"verdicts":[1-9]'; }
within 40 "the daemon judged its servers" settled
within 40 "nat, with another port" both 1 2 tcp 10.2.0.100:80
within 40 "nat, IPv6" both 1 2 tcp [fd02::100]:80
within 40 "nat, SCTP" both 1 2 sctp 10.2.0.100:90
within 40 "direct routing" both 3 4 tcp 10.2.0.101:80
within 40 "tunnel, ipip" both 3 4 tcp 10.2.0.102:80
within 40 "tunnel, gre" both 3 4 tcp 10.2.0.103:80
within 40 "tunnel, gre with checksums" both 3 4 tcp 10.2.0.104:80
within 40 "tunnel, gue" both 3 4 tcp 10.2.0.105:80
within 40 "tunnel, gue with checksums" both 3 4 tcp 10.2.0.106:80
within 40 "tunnel, gue with remote checksums" both 3 4 tcp 10.2.0.107:80
within 40 "tunnel, IPv6 in IPv4" both 3 4 tcp [fd02::102]:80
within 40 "tunnel, IPv4 in IPv6" both 3 4 tcp 10.2.0.108:80
within 40 "firewall mark, first port" both 3 4 tcp 10.2.0.114:80
within 40 "firewall mark, second port" both 3 4 tcp 10.2.0.114:8080
within 40 "full nat, by masquerading" both 3 4 tcp 10.2.0.110:80
within 40 "UDP, each packet by itself" both 3 4 udp-one 10.2.0.101:53
for head in 10.2.0.112:80 10.2.0.113:80 [fd02::112]:80 [fd02::113]:80 10.2.0.115:80; do
    within 40 "a group's $head" both 3 4 tcp $head
done
sticky() { gets rs3=8 tcp 10.2.0.109:80 8 || gets rs4=8 tcp 10.2.0.109:80 8; }
within 40 "a persistent client keeps its server" sticky
each() { ns cl "$ENDS" ask udp 10.2.0.$1 48 5000 | sed -n 's/^each //p'; }
one() { [ "$(each 101:56 | tr ' ' '\n' | sort -u | wc -l)" = 1 ]; }
two() { [ "$(each 101:57 | tr ' ' '\n' | sort -u | tr '\n' ' ')" = "rs3 rs4 " ]; }
within 40 "sh sends a client to one server" one
within 40 "sh-port tells its ports apart" two
# rs4's server for the check at port 55 is not there: with rs3 alone, all clients are rs3's.
lonely() { gets rs3=48 udp 10.2.0.101:54 48 5000; }
within 40 "mh with one server" lonely
serve rs4 tcp:10.2.0.14:55
late=$!
same() { a=$(each 101:54) && b=$(each 102:54) && [ "$a" = "$b" ] && [[ $a == *rs3* && $a == *rs4* && $a != *none* ]]; }
within 40 "mh: two tables with the same servers agree" same
kill $late
within 40 "mh: clients of the dead server move" lonely
serve rs4 tcp:10.2.0.14:55
within 40 "mh: and come back to the same one" same
within 40 "the sorry server takes all" gets rs4=8 tcp 10.2.0.111:80 8
serve rs1 tcp:10.2.0.11:8081
within 40 "and leaves when a server is good" gets rs1=8 tcp 10.2.0.111:80 8
kill -TERM $daemon
within 40 "a graceful stop takes all rows away" rows 0
