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
	if [ -n "$4" ]; then ifconfig "$4" "$1" broadcast "$1" netmask 255.255.255.255 up; else ifconfig "$3" add "$1/$2"; fi || failed=1
}

# arp_rules VIP [OWN]: nobody is told of VIP by ARP, and the host's own requests give OWN as their sender
arp_rules() {
	has_rule "$incoming" DROP "$1" -d || arptables -I "$incoming" -d "$1" -j DROP || failed=1
	if [ -n "$2" ]; then
		has_rule "$outgoing" mangle "$1" -s " --mangle-ip-s $2" || arptables -I "$outgoing" -s "$1" -j mangle --mangle-ip-s "$2" || failed=1
	fi
}

# has_rule CHAIN TARGET VIP OPTION [REST]: whether the rule is there, in the list of either arptables
has_rule() {
	arptables -L "$1" -n 2>/dev/null | (
		found=1
		while read -r rule; do
			case "$rule " in
			"-j $2 $4 $3$5 " | "$2 "*" $3 "*"$5 ") found=0 ;;
			esac
		done
		exit $found
	)
}

# No ARP for the VIPs. This comes before they are up: a real server that answers once is remembered for minutes.
put 2 net/ipv4/conf/all/arp_announce
case $(arptables -L -n) in
*'Chain INPUT '*) incoming=INPUT outgoing=OUTPUT ;;
*) incoming=IN outgoing=OUT ;;
esac
arp_rules 10.83.33.100
if [ $failed -ne 0 ]; then
	echo "lvsctl: this kernel ($(uname -r)) was not kept from answering ARP for the VIPs: they stay down" >&2
	exit 1
fi

put 0 net/ipv4/ip_forward

hold 10.83.33.100 32 lo lo:100
route add -host 10.83.33.100 dev lo:100 2>/dev/null || :

exit $failed
