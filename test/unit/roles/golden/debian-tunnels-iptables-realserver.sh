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

read -r release < /proc/sys/kernel/osrelease
legacy=
set -- "/lib/modules/$release/kernel/net/netfilter/"nf_tables.ko* "/lib/modules/$release/kernel/net/netfilter/"nft_reject_inet.ko*
if [ -e "$1" ] && [ ! -e "$2" ] && command -v iptables-legacy >/dev/null 2>&1; then legacy=1; fi
xtables() {
  program=$1${legacy:+-legacy}
  shift
  "$program" "$@"
}

# own_chain TOOL TABLE CHAIN HOOK -A|-I: rules on stdin, which a chain of our own is to have; all are changed at once
own_chain() {
  rules=$(cat)
  for pause in 1 1 2 4 0; do
    first=-F hook=0 jump="$5 $4 -j $3"
    xtables "$1" -t "$2" -L "$3" -n >/dev/null 2>&1 || case $? in 4) first= ;; *) first=-N ;; esac
    listed=$(xtables "$1" -t "$2" -L "$4" -n 2>/dev/null) || hook=$?
    case $listed in *"$3 "*) jump= ;; esac
    if [ -n "$first" ] && [ $hook != 4 ]; then
      printf '%s\n' "*$2" "$first $3" ${rules:+"$rules"} ${jump:+"$jump"} COMMIT | "$1${legacy:+-legacy}-restore" --noflush && return
      [ $? = 4 ] || return 1
    fi
    sleep $pause
  done
  echo "another program holds the tables of $1: the chain $3 stays as it was" >&2
  return 1
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
# What clients may send in one TCP segment so that it fits the tunnel.
printf '%s\n' \
	'-A LVSCTL-MSS -s 10.83.33.101 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1440' \
	'-A LVSCTL-MSS -s 10.83.33.102 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1428' \
	'-A LVSCTL-MSS -s 10.83.33.103 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1432' \
	'-A LVSCTL-MSS -s 10.83.33.104 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1420' | own_chain iptables mangle LVSCTL-MSS OUTPUT -I || failed=1
printf '%s\n' \
	'-A LVSCTL-MSS -s fd00:83::111 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1400' \
	'-A LVSCTL-MSS -s fd00:83::112 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1388' \
	'-A LVSCTL-MSS -s fd00:83::113 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1396' \
	'-A LVSCTL-MSS -s fd00:83::114 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1420' | own_chain ip6tables mangle LVSCTL-MSS OUTPUT -I || failed=1

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
