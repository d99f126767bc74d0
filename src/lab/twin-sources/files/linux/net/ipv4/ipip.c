/*
 *	Linux NET3:	IP/IP protocol decoder.
 */
#include <linux/module.h>
#include <linux/netdevice.h>

extern int register_netdev(struct net_device *dev);
extern int ip_route_output_key(u32 daddr);

static struct net_device ipip_fb_tunnel_dev = { "tunl0" };

static int ipip_init(void)
{
	return register_netdev(&ipip_fb_tunnel_dev) || ip_route_output_key(0);
}

module_init(ipip_init)
MODULE_LICENSE("GPL");
