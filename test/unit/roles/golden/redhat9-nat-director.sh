#!/bin/sh
# LVS director director of the cluster tutorial: the VIPs and the table.
# Written by lvsctl. Runs at boot; may be run by hand at any time, on a live director too: it adds and corrects,
# and never clears the table.
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

# announce ADDRESS DEVICE: to the neighbours, who may remember another host for it
announce() {
	if command -v arping >/dev/null 2>&1; then
		# iputils and busybox, else Habets
		{ arping -q -c 2 -U -I "$2" "$1" || arping -q -c 2 -U -i "$2" -S "$1" "$1"; } >/dev/null 2>&1 &
	else
		# A request from the address to a host that does not hold it corrects all who hear it.
		arp -d 10.83.33.76 >/dev/null 2>&1
		ping -c 1 -I "$1" 10.83.33.76 >/dev/null 2>&1
	fi
}

# service ARGUMENTS: a virtual service, new or with its settings corrected
service() {
	ipvsadm -A "$@" 2>/dev/null || ipvsadm -E "$@" || failed=1
}

# Weights that an operator has set (lvsctl drain, weight): they win over those below, until lvsctl undrain gives them back.
recorded='|'
if [ -r /var/lib/lvsctl/weights ]; then
	while read -r host service weight rest; do
		case $weight in
		'' | *[!0-9]*) ;;
		# The last line for a server counts, and is found first.
		*) recorded="|$host $service $weight$recorded" ;;
		esac
	done </var/lib/lvsctl/weights
fi

# server HOST SERVICE WEIGHT ARGUMENTS: a real server of a service, new or with its settings corrected
server() {
	weight=$3
	case $recorded in
	*"|$1 $2 "*)
		weight=${recorded#*"|$1 $2 "}
		weight=${weight%%"|"*}
		;;
	esac
	shift 3
	ipvsadm -a "$@" -w "$weight" 2>/dev/null || ipvsadm -e "$@" -w "$weight" || failed=1
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

put 1 net/ipv4/ip_forward
put 0 net/ipv4/conf/all/send_redirects
put 0 net/ipv4/conf/default/send_redirects
put 0 net/ipv4/conf/eth0/send_redirects
put 1 net/ipv6/conf/all/forwarding

for module in ip_vs ip_vs_ftp ip_vs_wlc ip_vs_wrr; do modprobe "$module" || failed=1; done
put 1 net/ipv4/vs/conntrack

# The table comes before the VIPs: the first packet for one must find its service.
service -t 10.83.33.102:21 -s wlc
server rs1 ftp 3 -t 10.83.33.102:21 -r 10.83.33.76:21 -m
server rs2 ftp 1 -t 10.83.33.102:21 -r 10.83.33.2:21 -m
service -t '[fd00:7::110]:80' -s wrr
server rs1 web6 1 -t '[fd00:7::110]:80' -r '[fd00:7::76]:8080' -m

# What leaves with this host's own address; what stays in its network is let go before.
printf '%s\n' \
	'-A LVSCTL-NAT -d 10.83.33.76 -j MASQUERADE' \
	'-A LVSCTL-NAT -d 10.83.33.2 -j MASQUERADE' \
	'-A LVSCTL-NAT -s 10.83.33.76 -d 10.83.33.0/24 -j RETURN' \
	'-A LVSCTL-NAT -s 10.83.33.76 -p tcp --syn -j MASQUERADE' \
	'-A LVSCTL-NAT -s 10.83.33.76 -p udp --dport 1:65535 -j MASQUERADE' \
	'-A LVSCTL-NAT -s 10.83.33.2 -d 10.83.33.0/24 -j RETURN' \
	'-A LVSCTL-NAT -s 10.83.33.2 -p tcp --syn -j MASQUERADE' \
	'-A LVSCTL-NAT -s 10.83.33.2 -p udp --dport 1:65535 -j MASQUERADE' | own_chain iptables nat LVSCTL-NAT POSTROUTING -A || failed=1
printf '%s\n' \
	'-A LVSCTL-NAT -s fd00:7::76 -d fd00:7::/64 -j RETURN' \
	'-A LVSCTL-NAT -s fd00:7::76 -p tcp --syn -j MASQUERADE' \
	'-A LVSCTL-NAT -s fd00:7::76 -p udp --dport 1:65535 -j MASQUERADE' | own_chain ip6tables nat LVSCTL-NAT POSTROUTING -A || failed=1

hold 10.83.33.102 32 eth0 eth0:102
route add -host 10.83.33.102 dev eth0:102 2>/dev/null || :
hold fd00:7::110 128 eth0
announce 10.83.33.102 eth0
wait

exit $failed
