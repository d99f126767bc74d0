#!/bin/sh
# LVS real server rs1 of the cluster tutorial: answers through the director.
# Written by lvsctl. Runs at boot; may be run by hand at any time, as often as you like.
PATH=/sbin:/usr/sbin:/bin:/usr/bin; export PATH
failed=0

# put VALUE KEY: a kernel setting
put() {
	echo "$1" > "/proc/sys/$2" || failed=1
}

put 0 net/ipv6/conf/all/accept_redirects
put 0 net/ipv6/conf/eth0/accept_redirects

# LVS-NAT: answers go back through the director, or clients would get them from a stranger.
route -A inet6 del default gw fd00:7::83 metric 1 dev eth0 2>/dev/null
route -A inet6 add default gw fd00:7::83 metric 1 dev eth0 || failed=1

exit $failed
