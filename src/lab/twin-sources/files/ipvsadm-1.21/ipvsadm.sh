#!/bin/bash
#
# Startup script handle the initialisation of LVS
#
# chkconfig: - 08 92
# description: Initialise the Linux Virtual Server
#
case "$1" in
  start)
	ipvsadm-restore < /etc/sysconfig/ipvsadm
	;;
  stop)
	ipvsadm -C
	;;
  save)
	ipvsadm-save -n > /etc/sysconfig/ipvsadm
	;;
  *)
	echo "Usage: $0 {start|stop|save}"
	exit 1
esac
