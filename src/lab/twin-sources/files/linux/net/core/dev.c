/*
 * 	NET3	Protocol independent device support routines.
 */
#include <linux/module.h>
#include <linux/netdevice.h>

int register_netdev(struct net_device *dev)
{
	return dev == NULL;
}

int unregister_netdev(struct net_device *dev)
{
	return dev == NULL;
}

int netif_rx(struct net_device *dev)
{
	return dev->ifindex;
}

void dev_put(struct net_device *dev)
{
}

EXPORT_SYMBOL(register_netdev);
EXPORT_SYMBOL(unregister_netdev);
EXPORT_SYMBOL(netif_rx);
EXPORT_SYMBOL(dev_put);
