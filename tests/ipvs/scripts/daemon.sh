# The daemon ($BELLWETHER) as the director of two web servers, by NAT, with its own virtual address:
#
#   cl 10.1.0.2 --- 10.1.0.1 (first namespace: a router) 10.2.0.254 --- bridge --- dir 10.2.0.1, rs1 10.2.0.11, rs2 10.2.0.12
#
# Prints `ok ...` for each thing that holds; ends with 1 and the daemon's log at the first that does not.
DIRECTORS=dir
network
node dir 1
director dir
for node in rs1:11 rs2:12; do
    host=${node#*:} node=${node%:*}
    node $node $host
    gateway $node 10.2.0.1 fd02::1
    mkdir $node
    echo $node > $node/index.html
done
# Not by ns(): the process started in the background has to be the server itself.
serve() { ip netns exec $1 busybox httpd -f -p 80 -h $PWD/$1 & eval "$1=$!"; }
serve rs1
serve rs2

cat > keepalived.conf <<CONF
global_defs {
    lvs_timeouts tcp 777
    lvs_sysctl expire_nodest_conn 1
    lvs_sync_daemon e0 inst front
}
vrrp_instance front {
    interface e0
    virtual_router_id 51
    priority 150
    advert_int 1
    virtual_ipaddress {
        10.2.0.100/24
    }
}
virtual_server 10.2.0.100 80 {
    delay_loop 1
    drain 60
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 10.2.0.11 80 {
        weight 1
        TCP_CHECK {
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }
    }
    real_server 10.2.0.12 80 {
        weight 1
        TCP_CHECK {
            connect_timeout 1
            retry 1
            delay_before_retry 1
        }
    }
}
CONF
ip netns exec dir "$BELLWETHER" run -c "$PWD/keepalived.conf" > dir.log 2>&1 &
daemon=$!

row() { ns dir ipvsadm -Sn | grep -q -- "-r $1:80 "; }
no_row() { ! row "$1"; }
address() { ip -n dir -brief address show e0 | grep -q '10\.2\.0\.100/'; }
no_address() { ! address; }
fetch() { ns cl curl -s -m 2 http://10.2.0.100/; }
# Eight requests reach exactly these servers.
reached() { [ "$(for k in 1 2 3 4 5 6 7 8; do fetch; done | sort -u | tr '\n' ' ')" = "$1 " ]; }

within 20 "the virtual address is ours" address
within 10 "both servers are in the table" eval "row 10.2.0.11 && row 10.2.0.12"
within 10 "requests reach both servers" reached "rs1 rs2"
kill $rs1
within 10 "a stopped server leaves the table" no_row 10.2.0.11
within 5 "requests reach the other one only" reached "rs2"
serve rs1
within 10 "it returns when it serves again" row 10.2.0.11
within 10 "requests reach both again" reached "rs1 rs2"
ns dir ipvsadm -C
within 20 "an emptied table is repaired" eval "row 10.2.0.11 && row 10.2.0.12"
state() { ns dir ipvsadm -L --timeout | grep -q "$1 " && ns dir ipvsadm -L --daemon | grep -q "$2"; }
within 5 "time-outs are set and the sync daemon follows the Master" state 777 "master sync daemon (mcast=e0, syncid=51"
nodest() { [ "$(ns dir sysctl -n net.ipv4.vs.expire_nodest_conn)" = $1 ]; }
within 5 "so are sysctls" nodest 1
# The rows that were put back begin at zero: the kernel keeps what it counted only while it remembers the old server.
counted() { reached "rs1 rs2" && ns dir "$BELLWETHER" status --metrics | grep -q '^bellwether_server_connections_total{service="tcp 10.2.0.100:80",server="10.2.0.12:80"} [1-9]'; }
within 10 "the kernel's counters are there for Prometheus" counted
# Two streams, one to each server; the first of the two servers is taken out while they run.
# Not by ns() either: what is ended below has to be the client itself.
stream() { ip netns exec cl bash -c 'exec 3<>/dev/tcp/10.2.0.100/80; exec sleep 100' & streams="$streams $!"; }
stream; stream
within 5 "each server has a stream" eval '[ "$(ns dir ipvsadm -Lcn | grep -c ESTABLISHED)" = 2 ]'
sed -i '/real_server 10.2.0.11 80 {/,/^    }/d' keepalived.conf
ns dir "$BELLWETHER" reload > reload.log 2>&1 || { cat reload.log; fail "the reload"; }
drains() { ns dir "$BELLWETHER" status --json | tr -d ' \n' | grep -q '"draining":{"active":1,'; }
within 10 "a server that is taken out drains" drains
within 5 "new requests go to the other one" reached "rs2"
row 10.2.0.11 || fail "it left before its stream ended"
kill $streams
within 20 "it leaves when its stream has ended" no_row 10.2.0.11
no_sync() { ! ns dir ipvsadm -L --daemon | grep -q daemon; }
# The configuration changes while the router is dead. It is stopped before, so that it does not see that itself.
router=$(pgrep -f '[_]_router')
kill -STOP $router
sed -i '/lvs_sysctl/d; /lvs_sync_daemon/d' keepalived.conf
kill -KILL $router
within 20 "a successor of the router puts back what is not asked for any more" eval "nodest 0 && no_sync"
row 10.2.0.12 || fail "it took a row out"
within 10 "and leaves what is" eval 'ns dir ipvsadm -L --timeout | grep -q "777 "'
kill -TERM $daemon
within 10 "time-outs are put back to what its predecessor had found" eval 'ns dir ipvsadm -L --timeout | grep -q "900 "'
within 10 "a graceful stop takes the rows away" eval "no_row 10.2.0.11 && no_row 10.2.0.12"
within 10 "and the virtual address" no_address
kill $rs1 $rs2
exit 0
