#ifndef _NET_NEIGHBOUR_H
#define _NET_NEIGHBOUR_H

#include <linux/skbuff.h>

struct neighbour {
	struct net_device *dev;
	u32	primary_key;
	int	probes;
};

struct neighbour *neigh_event_ns(u32 saddr, struct net_device *dev);
void neigh_release(struct neighbour *neigh);

#endif
