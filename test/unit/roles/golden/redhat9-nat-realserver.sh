#!/bin/sh
# LVS real server rs1 of the cluster tutorial: answers through the director.
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

put 0 net/ipv6/conf/all/accept_redirects
put 0 net/ipv6/conf/eth0/accept_redirects

# LVS-NAT: answers go back through the director, or clients would get them from a stranger.
default_route fd00:7::83 eth0 1 || failed=1

exit $failed
