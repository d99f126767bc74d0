#!/bin/sh
# LVS real server rs1 of the cluster tutorial: holds the VIPs and keeps quiet about them.
# Written by lvsctl. Runs at boot; may be run by hand at any time, as often as you like.
PATH=/sbin:/usr/sbin:/bin:/usr/bin; export PATH
failed=0

# put VALUE KEY: a kernel setting
put() {
	echo "$1" > "/proc/sys/$2" || failed=1
}

put 0 net/ipv4/ip_forward

exit $failed
