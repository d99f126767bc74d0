/*
 * pcnet32.c: an ethernet driver for AMD PCnet chips.
 */
#include <linux/module.h>
#include <linux/netdevice.h>

extern int register_netdev(struct net_device *dev);
extern int netif_rx(struct net_device *dev);

static struct net_device pcnet32_dev = { "eth0" };

int pcnet32_probe(void)
{
	return register_netdev(&pcnet32_dev) || netif_rx(&pcnet32_dev);
}

MODULE_LICENSE("GPL");
