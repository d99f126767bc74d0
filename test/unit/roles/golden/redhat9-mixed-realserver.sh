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
	if [ -n "$4" ]; then ifconfig "$4" "$1" broadcast "$1" netmask 255.255.255.255 up; else ifconfig "$3" add "$1/$2"; fi || failed=1
}

read -r release < /proc/sys/kernel/osrelease
legacy=
set -- "/lib/modules/$release/kernel/net/netfilter/"nf_tables.ko* "/lib/modules/$release/kernel/net/netfilter/"nft_reject_inet.ko*
if [ -e "$1" ] && [ ! -e "$2" ] && command -v iptables-legacy >/dev/null 2>&1; then legacy=1; fi
xtables() {
  program=$1${legacy:+-legacy}
  shift
  "$program" "$@"
}

# mss TOOL RULE: the greatest TCP segment that is announced from a VIP, in a chain of our own
mss() {
	tool=$1
	shift
	xtables "$tool" -t mangle -N LVSCTL-MSS 2>/dev/null
	# iptables before 1.4.11 has no -C.
	xtables "$tool" -t mangle -C LVSCTL-MSS "$@" 2>/dev/null || {
		xtables "$tool" -t mangle -D LVSCTL-MSS "$@" 2>/dev/null
		xtables "$tool" -t mangle -A LVSCTL-MSS "$@" || failed=1
	}
	case $(xtables "$tool" -t mangle -L OUTPUT -n) in
	*LVSCTL-MSS*) ;;
	*) xtables "$tool" -t mangle -I OUTPUT -j LVSCTL-MSS || failed=1 ;;
	esac
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
route del default 2>/dev/null
route add default gw 10.83.33.83 dev eth0 || failed=1

# LVS-TUN: unpack what the director sends, and do not drop it for coming in by the tunnel.
for module in ipip; do modprobe "$module"; done
ifconfig tunl0 up || failed=1
put 0 net/ipv4/conf/tunl0/rp_filter
# What clients may send in one TCP segment so that it fits the tunnel.
mss iptables -s 10.83.33.101 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1440

hold 10.83.33.100 32 lo lo:100
route add -host 10.83.33.100 dev lo:100 2>/dev/null || :
hold 10.83.33.101 32 tunl0 tunl0:101
route add -host 10.83.33.101 dev tunl0:101 2>/dev/null || :

exit $failed
