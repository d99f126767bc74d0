/*
 * dummy.c: a device that takes packets and does nothing with them.
 */
#include <linux/module.h>
#include <linux/netdevice.h>

extern int register_netdev(struct net_device *dev);
extern int unregister_netdev(struct net_device *dev);

static struct net_device dev_dummy = { "dummy0" };

static int dummy_init_module(void)
{
	return register_netdev(&dev_dummy);
}

static void dummy_cleanup_module(void)
{
	unregister_netdev(&dev_dummy);
}

module_init(dummy_init_module)
module_exit(dummy_cleanup_module)
MODULE_LICENSE("GPL");
