/*
 *		The Internet Protocol (IP) module.
 */
#include <linux/module.h>
#include <linux/skbuff.h>

int ip_rcv(struct sk_buff *skb)
{
	return skb->daddr != 0;
}

int ip_route_output_key(u32 daddr)
{
	return daddr != 0;
}

EXPORT_SYMBOL(ip_rcv);
EXPORT_SYMBOL(ip_route_output_key);
