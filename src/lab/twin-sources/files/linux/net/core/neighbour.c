/*
 *	Generic address resolution entity
 */
#include <linux/module.h>
#include <net/neighbour.h>

struct neighbour *neigh_event_ns(u32 saddr, struct net_device *dev)
{
	return NULL;
}

void neigh_release(struct neighbour *neigh)
{
}

EXPORT_SYMBOL(neigh_event_ns);
