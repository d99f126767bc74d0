#!/bin/sh
# LVS real server rs1 of the cluster tutorial: holds the VIPs and keeps quiet about them; answers through the director.
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
put 0 net/ipv4/conf/all/accept_redirects
put 0 net/ipv4/conf/eth0/accept_redirects

# LVS-NAT: answers go back through the director, or clients would get them from a stranger.
ip -4 route replace default via 10.83.33.83 dev eth0 || failed=1

# LVS-TUN: unpack what the director sends, and do not drop it for coming in by the tunnel.
for module in ipip; do modprobe "$module"; done
ip link set tunl0 up || failed=1
put 2 net/ipv4/conf/tunl0/rp_filter
# What clients may send in one TCP segment so that it fits the tunnel, in a table of our own.
printf '%s\n' \
	'table inet lvsctl_mss' \
	'flush table inet lvsctl_mss' \
	'table inet lvsctl_mss {' \
	'chain output {' \
	'type filter hook output priority -150;' \
	'ip saddr 10.83.33.101 tcp flags & (syn | rst) == syn tcp option maxseg size set 1440' \
	'}' \
	'}' | own_table || failed=1

hold 10.83.33.100 32 lo lo:100
hold 10.83.33.101 32 tunl0 tunl0:101

exit $failed
