/*
 * Pseudo-driver for the loopback interface.
 */
#include <linux/module.h>
#include <linux/netdevice.h>

struct net_device loopback_dev = { "lo", 1 };

EXPORT_SYMBOL(loopback_dev);
