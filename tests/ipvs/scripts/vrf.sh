# Two routers whose interface belongs to a VRF: unicast sockets are bound to the VRF, and no interface is written.
DIRECTORS="a b"
network
node a 1
node b 2
modprobe -q -d "$UML_MODULES" vrf
for n in a b; do
    ip -n $n link add red type vrf table 10 || fail "a VRF"
    ip -n $n link set red up
    ip -n $n link set e0 master red
done
conf() { # NAME PRIORITY OWN OTHER
    cat > $1.conf <<CONF
vrrp_instance front {
    vrf red
    virtual_router_id 51
    priority $2
    advert_int 1
    unicast_src_ip 10.2.0.$3
    unicast_peer {
        10.2.0.$4
    }
    virtual_ipaddress {
        10.2.0.100/24 dev e0
    }
}
CONF
}
conf a 150 1 2
conf b 100 2 1
for n in a b; do
    ip netns exec $n "$BELLWETHER" run -c "$PWD/$n.conf" --socket /run/$n.sock > $n.log 2>&1 &
    eval $n=$!
done
has() { ip -n $1 -brief address show e0 | grep -q '10\.2\.0\.100/'; }
hears() { ns b "$BELLWETHER" status --json --socket /run/b.sock | tr -d ' \n' | grep -q '"master":"10\.2\.0\.1".*"state":"backup"'; }
within 40 "the better one is Master" has a
within 40 "the other hears it" hears
kill -TERM $a
within 40 "and takes over" has b
wait $a
