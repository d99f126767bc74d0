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
	case "$(ip -o addr show dev "$3")" in
	*" $1/$2 "*) ;;
	*) if [ -n "$4" ]; then ip addr add "$1/$2" dev "$3" label "$4"; else hold6 "$1/$2" "$3"; fi || failed=1 ;;
	esac
}

# hold6 ADDRESS/PREFIX DEVICE: preferred for 0 seconds, so that the host sends nothing from it of its own accord. The kernel tells the
# neighbours of an address only after it was looked for in the network, which accept_dad 0 makes a matter of no time.
hold6() {
	conf=/proc/sys/net/ipv6/conf
	if [ -w "$conf/$2/ndisc_notify" ] && [ "$(cat $conf/all/accept_dad)" -le 0 ]; then
		dad=$(cat "$conf/$2/accept_dad") notify=$(cat "$conf/$2/ndisc_notify") status=0
		echo 0 > "$conf/$2/accept_dad"; echo 1 > "$conf/$2/ndisc_notify"
		ip addr add "$1" dev "$2" preferred_lft 0 2>/dev/null || status=1
		echo "$dad" > "$conf/$2/accept_dad"; echo "$notify" > "$conf/$2/ndisc_notify"
		[ $status -eq 0 ] && return
	fi
	ip addr add "$1" dev "$2" nodad preferred_lft 0 2>/dev/null || ip addr add "$1" dev "$2" nodad 2>/dev/null || ip addr add "$1" dev "$2"
}

# announce ADDRESS DEVICE: to the neighbours, who may remember another host for it
announce() {
	if command -v arping >/dev/null 2>&1; then
		# iputils and busybox, else Habets
		{ arping -q -c 2 -U -I "$2" "$1" || arping -q -c 2 -U -i "$2" -S "$1" "$1"; } >/dev/null 2>&1 &
	else
		# A request from the address to a host that does not hold it corrects all who hear it.
		ip neigh del 10.83.33.50 dev "$2" 2>/dev/null
		ping -c 1 -I "$1" 10.83.33.50 >/dev/null 2>&1
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

# sync_daemon STATE ARGUMENTS: a daemon that tells other directors of the connections, or takes note of theirs; unless it runs
sync_daemon() {
	case "$(ipvsadm -L --daemon)" in
	*"$1 sync daemon"*) return ;;
	esac
	shift
	ipvsadm "$@" || failed=1
}

# own_table: rules on stdin, which tables of our own are to have; all are changed at once
own_table() {
  rules=$(cat)
  printf '%s\n' "$rules" | nft -f - 2>/dev/null && return
  printf '%s\n' "$rules" | sed 's/^flush table/delete table/' | nft -f -
}

put 0 net/ipv4/ip_forward
put 1 net/ipv4/conf/all/send_redirects
put 1 net/ipv4/conf/default/send_redirects
put 1 net/ipv4/conf/eth0/send_redirects

for module in ip_vs ip_vs_wrr; do modprobe "$module" || failed=1; done
[ ! -e "/proc/sys/"net/ipv4/vs/expire_quiescent_template ] || put 1 net/ipv4/vs/expire_quiescent_template
[ ! -e "/proc/sys/"net/ipv4/vs/conn_reuse_mode ] || put 2 net/ipv4/vs/conn_reuse_mode

# The table comes before the VIPs: the first packet for one must find its service.
service -f 21 -s wrr -p 300 -M 255.255.255.0
server rs1 ftp 3 -f 21 -r 10.83.33.76:0 -g
server rs2 ftp 1 -f 21 -r 10.83.33.2:0 -g
service -f 21 -6 -s wrr
server rs1 web6 3 -f 21 -6 -r 10.83.33.76:0 -g
server rs2 web6 1 -f 21 -6 -r 10.83.33.2:0 -g

# Seconds until a connection is forgotten: TCP, TCP after a FIN, UDP; 0 keeps what is set.
ipvsadm --set 7200 0 60 || failed=1

# Packets that belong to a service of several ports get its mark, in a table of our own.
printf '%s\n' \
	'table inet lvsctl_marks' \
	'flush table inet lvsctl_marks' \
	'table inet lvsctl_marks {' \
	'chain prerouting {' \
	'type filter hook prerouting priority -150;' \
	'ip daddr 10.83.33.100 tcp dport 21 meta mark set 21' \
	'ip daddr 10.83.33.100 tcp dport 50000-50100 meta mark set 21' \
	'ip6 daddr fd00:7::110 tcp dport 80 meta mark set 21' \
	'ip6 daddr fd00:7::110 tcp dport 443 meta mark set 21' \
	'}' \
	'}' | own_table || failed=1

sync_daemon master --start-daemon master --mcast-interface eth0 --syncid 7 --mcast-ttl 2
sync_daemon backup --start-daemon backup --mcast-interface eth0 --syncid 7 --mcast-ttl 2

hold 10.83.33.100 32 eth0 eth0:100
hold fd00:7::110 128 eth0
announce 10.83.33.100 eth0
wait

exit $failed
