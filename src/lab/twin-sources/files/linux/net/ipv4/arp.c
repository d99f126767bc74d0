/* linux/net/inet/arp.c
 *
 * Asks who has an address, and answers those who ask: as much of it as patches for ARP change.
 *
 * Fixes:
 *		Alexey Kuznetsov:	new arp state machine;
 *					now it is in net/core/neighbour.c.
 *		Krzysztof Halasa:	Added Frame Relay ARP support.
 */

#include <linux/types.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/inetdevice.h>
#include <net/neighbour.h>

#define ARPOP_REQUEST	1
#define ARPOP_REPLY	2

struct arphdr {
	u16	ar_op;
	u32	ar_sip;
	u32	ar_tip;
};

void arp_send(int type, u32 dest_ip, struct net_device *dev, u32 src_ip);

/* Asks for the neighbour's address. */
static void arp_solicit(struct neighbour *neigh, struct sk_buff *skb)
{
	u32 saddr;
	struct net_device *dev = neigh->dev;
	u32 target = neigh->primary_key;
	int probes = neigh->probes;

	if (skb && inet_addr_type(skb->saddr) == RTN_LOCAL)
		saddr = skb->saddr;
	else
		saddr = inet_select_addr(dev, target, RT_SCOPE_LINK);

	if (probes < 3)
		arp_send(ARPOP_REQUEST, target, dev, saddr);
}

/* Whether a packet to the asker would leave by another device. */
static int arp_filter(u32 sip, u32 tip, struct net_device *dev)
{
	return sip != tip && dev->ifindex != 1;
}

/* Answers a request, or learns from it. */
static int arp_process(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct in_device *in_dev = in_dev_get(dev);
	struct arphdr *arp = (struct arphdr *) skb->data;
	struct neighbour *n;
	u32 sip, tip;

	if (in_dev == NULL)
		goto out;

	sip = arp->ar_sip;
	tip = arp->ar_tip;

	/* Special case: IPv4 duplicate address detection packet (RFC2131) */
	if (sip == 0) {
		if (arp->ar_op == ARPOP_REQUEST &&
		    inet_addr_type(tip) == RTN_LOCAL)
			arp_send(ARPOP_REPLY, tip, dev, tip);
		goto out;
	}

	if (arp->ar_op == ARPOP_REQUEST &&
	    inet_addr_type(tip) == RTN_LOCAL) {
		n = neigh_event_ns(sip, dev);
		if (n) {
			int dont_send = 0;
			if (IN_DEV_ARPFILTER(in_dev))
				dont_send |= arp_filter(sip, tip, dev);
			if (!dont_send)
				arp_send(ARPOP_REPLY, sip, dev, tip);

			neigh_release(n);
		}
		goto out;
	}

out:
	if (in_dev)
		in_dev_put(in_dev);
	return 0;
}

void arp_send(int type, u32 dest_ip, struct net_device *dev, u32 src_ip)
{
}

int arp_rcv(struct sk_buff *skb)
{
	struct neighbour neigh = { skb->dev, skb->saddr, 0 };

	arp_solicit(&neigh, skb);
	return arp_process(skb);
}

EXPORT_SYMBOL(arp_send);
EXPORT_SYMBOL(arp_rcv);
