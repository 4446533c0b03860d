# First process of the guest: makes a machine of the host's read-only root file system, runs the script, reports.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/home TMPDIR=/run/tmp LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock /run/tmp /run/home
[ -n "$UML_KEEP_TMP" ] || mount -t tmpfs tmpfs /tmp
dmesg -n 1 2>/dev/null
# The kernel loads modules by itself through this program; ours are not where it would look.
printf '#!/bin/sh\nexec modprobe -d %s "$@"\n' "$UML_MODULES" > /run/modprobe
chmod +x /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe
for module in ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_sh ip_vs_dh ip_vs_mh ip_vs_sed ip_vs_nq ip_vs_lblc \
    ip_vs_lblcr ip_vs_fo ip_vs_ovf dummy veth bridge macvlan ipip sit ip_gre fou ipv6; do
    modprobe -q -d "$UML_MODULES" "$module"
done
[ -d /proc/sys/net/ipv4/vs ] || echo "uml: the guest's kernel has no ip_vs; is $UML_MODULES complete?"
ip link set lo up
cd /run/tmp
echo "$UML_MARK begin"
/bin/bash "$UML_SCRIPT" </dev/null
code=$?
sync
echo
echo "$UML_MARK $code"
echo o > /proc/sysrq-trigger
sleep 5
