#ifndef _LINUX_NETFILTER_H
#define _LINUX_NETFILTER_H

#include <linux/skbuff.h>

#define NF_ACCEPT	1

struct nf_hook_ops {
	int	(*hook)(struct sk_buff *skb);
	int	pf;
	int	hooknum;
	int	priority;
};

#endif
