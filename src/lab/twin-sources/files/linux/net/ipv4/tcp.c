/*
 *		Implementation of the Transmission Control Protocol(TCP).
 */
#include <linux/module.h>
#include <linux/skbuff.h>

int tcp_v4_check(struct sk_buff *skb)
{
	return skb->saddr != skb->daddr;
}

EXPORT_SYMBOL(tcp_v4_check);
