#!/bin/sh
# LVS real server rs1 of the cluster tutorial: holds the VIPs and keeps quiet about them; answers through the director.
# Written by lvsctl. Runs at boot; may be run by hand at any time, as often as you like.
PATH=/sbin:/usr/sbin:/bin:/usr/bin; export PATH
failed=0

# put VALUE KEY: a kernel setting
put() {
	echo "$1" > "/proc/sys/$2" || failed=1
}

# default_route GATEWAY DEVICE [METRIC]: others go when it is there, so that there is no moment without any
default_route() {
	case $1 in
	*:*) said=$(LC_ALL=C route -A inet6 add default gw "$1" metric "$3" dev "$2" 2>&1) ;;
	*) said=$(LC_ALL=C route add default gw "$1" dev "$2" 2>&1) ;;
	esac || case $said in
	*'File exists'*) ;;
	*)
		echo "$said" >&2
		return 1
		;;
	esac
	case $1 in *:*) return ;; esac
	route -n | while read -r to by mask flags metric ref use device; do
		case "$to $mask $metric $flags $by $device" in
		*" $1 $2") ;;
		'0.0.0.0 0.0.0.0 0 UG'*) route del default gw "$by" dev "$device" ;;
		'0.0.0.0 0.0.0.0 0 U '*) route del default dev "$device" ;;
		esac
	done
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
put 0 net/ipv4/conf/all/accept_redirects
put 0 net/ipv4/conf/eth0/accept_redirects

# LVS-NAT: answers go back through the director, or clients would get them from a stranger.
default_route 10.83.33.83 eth0 || failed=1

# LVS-TUN: unpack what the director sends, and do not drop it for coming in by the tunnel.
for module in ipip; do modprobe "$module"; done
ifconfig tunl0 up || failed=1
put 0 net/ipv4/conf/tunl0/rp_filter
# What clients may send in one TCP segment so that it fits the tunnel.
printf '%s\n' \
	'-A LVSCTL-MSS -s 10.83.33.101 -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1440' | own_chain iptables mangle LVSCTL-MSS OUTPUT -I || failed=1

hold 10.83.33.100 32 lo lo:100
route add -host 10.83.33.100 dev lo:100 2>/dev/null || :
hold 10.83.33.101 32 tunl0 tunl0:101
route add -host 10.83.33.101 dev tunl0:101 2>/dev/null || :

exit $failed
