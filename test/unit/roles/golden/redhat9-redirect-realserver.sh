#!/bin/sh
# LVS real server rs1 of the cluster tutorial: takes what is sent to the VIPs, and holds none of them.
# Written by lvsctl. Runs at boot; may be run by hand at any time, as often as you like.
PATH=/sbin:/usr/sbin:/bin:/usr/bin; export PATH
failed=0

# put VALUE KEY: a kernel setting
put() {
	echo "$1" > "/proc/sys/$2" || failed=1
}

# redirect PROTOCOL VIP PORT [TO]: what is sent there is taken by the host itself
redirect() {
	is_redirected "$@" && return
	if [ -n "$4" ]; then
		iptables -t nat -I PREROUTING -p "$1" -d "$2" --dport "$3" -j REDIRECT --to-ports "$4" || failed=1
	else
		iptables -t nat -I PREROUTING -p "$1" -d "$2" --dport "$3" -j REDIRECT || failed=1
	fi
}

is_redirected() {
	iptables -t nat -L PREROUTING -n 2>/dev/null | (
		found=1
		while read -r target number options source destination rest; do
			[ "$target $source $destination $rest" = "REDIRECT 0.0.0.0/0 $2 $1 dpt:$3${4:+ redir ports $4}" ] && found=0
		done
		exit $found
	)
}

# drop ADDRESS LABEL: an address that the host is not to hold, wherever it is
drop() {
	ifconfig "$2" down 2>/dev/null
}

# No VIP on the host, and so no ARP for it.
redirect tcp 10.83.33.100 80 8080
drop 10.83.33.100 lo:100

put 0 net/ipv4/ip_forward

exit $failed
