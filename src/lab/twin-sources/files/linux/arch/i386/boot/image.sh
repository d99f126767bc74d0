# Prints the twin kernel of the tree in $TOPDIR: what this Linux would be able to do, read from its sources and its configuration.
set -e
. $TOPDIR/.config
release=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' $TOPDIR/include/linux/version.h)
echo "lvsctl-twin-kernel $release"
if grep IN_DEV_HIDDEN $TOPDIR/net/ipv4/arp.c >/dev/null; then echo 'feature hidden'; fi
if grep IN_DEV_ARP_IGNORE $TOPDIR/net/ipv4/arp.c >/dev/null; then echo 'feature arp-flags'; fi
if [ "$CONFIG_IP_VS" = y -o "$CONFIG_IP_VS" = m ]; then
  code=$(sed -n 's/^#define IP_VS_VERSION_CODE[^0]*\(0x[0-9a-f]*\).*/\1/p' $TOPDIR/include/net/ip_vs.h)
  echo "feature ipvs $((code >> 16)).$((code >> 8 & 255)).$((code & 255)) $((1 << $CONFIG_IP_VS_TAB_BITS))"
fi
sed -n '/^feature /p' features
