# What every script of this directory begins with.
ns() { ip netns exec "$@"; }
# A namespace whose e0 is a port of the bridge br0: node NAME HOST makes 10.2.0.HOST and fd02::HOST.
node() {
    ip netns add $1
    ip -n $1 link set lo up
    ip link add to-$1 type veth peer name e0 netns $1
    ip link set to-$1 up master br0
    ip -n $1 link set e0 up
    ip -n $1 address add 10.2.0.$2/24 dev e0
    ip -n $1 address add fd02::$2/64 dev e0 nodad
}
# The first namespace is a router: cl 10.1.0.2 --- 10.1.0.1 (router) 10.2.0.254 --- bridge --- nodes.
network() {
    sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip link add br0 type bridge
    ip link set br0 up
    ip address add 10.2.0.254/24 dev br0
    ip address add fd02::254/64 dev br0 nodad
    ip netns add cl
    ip -n cl link set lo up
    ip link add router type veth peer name e0 netns cl
    ip link set router up
    ip address add 10.1.0.1/24 dev router
    ip address add fd01::1/64 dev router nodad
    ip -n cl link set e0 up
    ip -n cl address add 10.1.0.2/24 dev e0
    ip -n cl address add fd01::2/64 dev e0 nodad
    gateway cl 10.1.0.1 fd01::1
}
gateway() { ip -n $1 route add default via $2; ip -n $1 -6 route add default via $3; }
director() {
    gateway $1 10.2.0.254 fd02::254
    ns $1 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.e0.rp_filter=0 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.e0.send_redirects=0
}
fail() {
    echo "FAILED: $1"
    for node in $DIRECTORS; do
        echo "--- $node: table"; ns $node ipvsadm -Ln
        echo "--- $node: addresses"; ip -n $node -brief address
        echo "--- $node: daemon"; cat $node.log
    done
    exit 1
}
# within SECONDS WHAT COMMAND...: waits until the command succeeds.
within() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "$what"
        sleep 0.1
    done
    echo "ok $what"
}
