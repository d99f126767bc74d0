#ifndef _LINUX_SKBUFF_H
#define _LINUX_SKBUFF_H

#include <linux/netdevice.h>

#define PACKET_HOST	0

struct sk_buff {
	struct net_device *dev;
	u32	saddr;
	u32	daddr;
	u8	pkt_type;
	u8	*data;
};

#endif
