#ifndef _LINUX_NETDEVICE_H
#define _LINUX_NETDEVICE_H

#include <linux/types.h>

struct net_device {
	char	name[16];
	int	ifindex;
	u8	dev_addr[8];
	void	*ip_ptr;
};

#endif
