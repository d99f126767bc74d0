#!/bin/sh
# LVS real server rs1 of the cluster tutorial: holds the VIPs and keeps quiet about them.
# Written by lvsctl. Runs at boot; may be run by hand at any time, as often as you like.
PATH=/sbin:/usr/sbin:/bin:/usr/bin; export PATH
failed=0

# put VALUE KEY: a kernel setting
put() {
	echo "$1" > "/proc/sys/$2" || failed=1
}

# hold ADDRESS PREFIX DEVICE [LABEL]: an address, unless it is there
hold() {
	case "$(ip -o addr show dev "$3")" in
	*" $1/$2 "*) ;;
	*) if [ -n "$4" ]; then ip addr add "$1/$2" dev "$3" label "$4"; else ip addr add "$1/$2" dev "$3" nodad 2>/dev/null || ip addr add "$1/$2" dev "$3"; fi || failed=1 ;;
	esac
}

# gue PORT [-6]: a UDP port on which GUE packets are taken, unless it is open
gue() {
	ip fou show | (
		found=1
		while read -r word port rest; do
			case "$port $rest " in
			"$1 "*' -6 '*) [ "$2" = -6 ] && found=0 ;;
			"$1 "*) [ -z "$2" ] && found=0 ;;
			esac
		done
		exit $found
	) || ip fou add port "$1" gue $2 || failed=1
}

# own_table: rules on stdin, which a table of our own is to have; all are changed at once
own_table() {
  rules=$(cat)
  printf '%s\n' "$rules" | nft -f - 2>/dev/null && return
  printf '%s\n' "$rules" | sed 's/^flush table/delete table/' | nft -f -
}

# No ARP for the VIPs. This comes before they are up: a real server that answers once is remembered for minutes.
put 1 net/ipv4/conf/all/arp_ignore
put 2 net/ipv4/conf/all/arp_announce
put 1 net/ipv4/conf/eth0/arp_ignore
put 2 net/ipv4/conf/eth0/arp_announce
if [ $failed -ne 0 ]; then
	echo "lvsctl: this kernel ($(uname -r)) was not kept from answering ARP for the VIPs: they stay down" >&2
	exit 1
fi

put 0 net/ipv4/ip_forward

# LVS-TUN: unpack what the director sends, and do not drop it for coming in by the tunnel.
for module in ipip ip_gre ip6_tunnel ip6_gre sit fou; do modprobe "$module"; done
ip link set tunl0 up || failed=1
put 2 net/ipv4/conf/tunl0/rp_filter
[ -d /sys/class/net/lvsgre ] || ip link add lvsgre type gre local 10.83.33.76 icsum || failed=1
ip link set lvsgre up || failed=1
put 2 net/ipv4/conf/lvsgre/rp_filter
ip -6 tunnel change ip6tnl0 mode any || failed=1
ip link set ip6tnl0 up || failed=1
put 2 net/ipv4/conf/ip6tnl0/rp_filter
ip link set ip6gre0 up || failed=1
ip link set sit0 up || failed=1
gue 6080
gue 6080 -6
# What clients may send in one TCP segment so that it fits the tunnel, in a table of our own.
printf '%s\n' \
	'table inet lvsctl_mss' \
	'flush table inet lvsctl_mss' \
	'table inet lvsctl_mss {' \
	'chain output {' \
	'type filter hook output priority -150;' \
	'ip saddr 10.83.33.101 tcp flags & (syn | rst) == syn tcp option maxseg size set 1440' \
	'ip saddr 10.83.33.102 tcp flags & (syn | rst) == syn tcp option maxseg size set 1428' \
	'ip saddr 10.83.33.103 tcp flags & (syn | rst) == syn tcp option maxseg size set 1432' \
	'ip saddr 10.83.33.104 tcp flags & (syn | rst) == syn tcp option maxseg size set 1420' \
	'ip6 saddr fd00:83::111 tcp flags & (syn | rst) == syn tcp option maxseg size set 1400' \
	'ip6 saddr fd00:83::112 tcp flags & (syn | rst) == syn tcp option maxseg size set 1388' \
	'ip6 saddr fd00:83::113 tcp flags & (syn | rst) == syn tcp option maxseg size set 1396' \
	'ip6 saddr fd00:83::114 tcp flags & (syn | rst) == syn tcp option maxseg size set 1420' \
	'}' \
	'}' | own_table || failed=1

hold 10.83.33.100 32 lo lo:100
hold 10.83.33.101 32 tunl0 tunl0:101
hold 10.83.33.102 32 tunl0 tunl0:102
hold 10.83.33.103 32 lvsgre lvsgre:103
hold 10.83.33.104 32 ip6tnl0 ip6tnl0:104
hold fd00:83::111 128 lo
hold fd00:83::112 128 lo
hold fd00:83::113 128 lo
hold fd00:83::114 128 lo

exit $failed
