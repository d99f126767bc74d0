import type { Edit } from './tree.js';

const INETDEVICE = 'include/linux/inetdevice.h';
const SYSCTL = 'include/linux/sysctl.h';
const ARP = 'net/ipv4/arp.c';
const DEVINET = 'net/ipv4/devinet.c';

/**
 * The flag `hidden`, as the patch for 2.4.20 brings it (LKML, 5 Dec 2002): `all` and the device hide the device's addresses from ARP
 * on others, and from being chosen as a source.
 */
export const hiddenEdits: readonly Edit[] = [
  {
    file: 'Documentation/networking/ip-sysctl.txt',
    find: '	Default value is 0.\n',
    put: `	Default value is 0.

hidden - BOOLEAN
	1 - Addresses of this device are not told by ARP on other devices, and are
	    not chosen as source address. It counts where it is set in conf/all too.
	0 - (default)
`,
  },
  { file: INETDEVICE, find: '	int	tag;\n', put: '	int	tag;\n	int	hidden;\n' },
  {
    file: INETDEVICE,
    find: '#define IN_DEV_SHARED_MEDIA(in_dev)',
    put: '#define IN_DEV_HIDDEN(in_dev)		((in_dev)->cnf.hidden && ipv4_devconf.hidden)\n#define IN_DEV_SHARED_MEDIA(in_dev)',
  },
  {
    file: SYSCTL,
    find: '	NET_IPV4_CONF_MEDIUM_ID=14,\n',
    put: '	NET_IPV4_CONF_MEDIUM_ID=14,\n	NET_IPV4_CONF_HIDDEN=15,\n',
  },
  {
    file: ARP,
    find: ' *		Krzysztof Halasa:	Added Frame Relay ARP support.\n',
    put: ` *		Krzysztof Halasa:	Added Frame Relay ARP support.
 *		Julian Anastasov:	"hidden" flag: hide the
 *					interface and don't reply for it
`,
  },
  {
    file: ARP,
    find: `	if (skb && inet_addr_type(skb->saddr) == RTN_LOCAL)
		saddr = skb->saddr;
`,
    put: `	if (skb && !address_hidden(skb->saddr, NULL))
		saddr = skb->saddr;
`,
  },
  {
    file: ARP,
    find: "/* Asks for the neighbour's address. */\n",
    put: `/* Whether ADDR is of another device than DEV, and hidden there. */
static int address_hidden(u32 addr, struct net_device *dev)
{
	struct net_device *dev2 = ip_dev_find(addr);
	struct in_device *in_dev2 = NULL;
	int hidden;

	hidden = dev2 != NULL && dev2 != dev &&
		 (in_dev2 = in_dev_get(dev2)) != NULL &&
		 IN_DEV_HIDDEN(in_dev2);
	if (in_dev2)
		in_dev_put(in_dev2);
	if (dev2)
		dev_put(dev2);
	return hidden;
}

/* Asks for the neighbour's address. */
`,
  },
  {
    file: ARP,
    find: `		if (arp->ar_op == ARPOP_REQUEST &&
		    inet_addr_type(tip) == RTN_LOCAL)
			arp_send(`,
    put: `		if (arp->ar_op == ARPOP_REQUEST &&
		    inet_addr_type(tip) == RTN_LOCAL &&
		    !address_hidden(tip, dev))
			arp_send(`,
  },
  {
    file: ARP,
    find: '			int dont_send = 0;\n',
    put: `			int dont_send = 0;
			if (ipv4_devconf.hidden && skb->pkt_type != PACKET_HOST)
				dont_send |= address_hidden(tip, dev);
`,
  },
  {
    file: DEVINET,
    find: '		if (ifa->ifa_scope != RT_SCOPE_LINK &&\n',
    put: '		if (!IN_DEV_HIDDEN(in_dev) &&\n		    ifa->ifa_scope != RT_SCOPE_LINK &&\n',
  },
  { file: DEVINET, find: 'devinet_vars[15];', put: 'devinet_vars[16];' },
  {
    file: DEVINET,
    find: '	{NET_IPV4_CONF_ARPFILTER, "arp_filter",\n',
    put: `	{NET_IPV4_CONF_HIDDEN, "hidden",
	 &ipv4_devconf.hidden, sizeof(int), 0644},
	{NET_IPV4_CONF_ARPFILTER, "arp_filter",
`,
  },
];

/** `arp_ignore` and `arp_announce`, in Linux since 2.4.26. */
export const arpFlagEdits: readonly Edit[] = [
  {
    file: INETDEVICE,
    find: '	int     arp_filter;\n',
    put: '	int     arp_filter;\n	int	arp_announce;\n	int	arp_ignore;\n',
  },
  {
    file: INETDEVICE,
    find: '#define IN_DEV_MEDIUM_ID(in_dev)',
    put: `#define IN_DEV_MAXCONF(in_dev, flag)	(ipv4_devconf.flag > (in_dev)->cnf.flag ? \\
					 ipv4_devconf.flag : (in_dev)->cnf.flag)
#define IN_DEV_ARP_ANNOUNCE(in_dev)	IN_DEV_MAXCONF(in_dev, arp_announce)
#define IN_DEV_ARP_IGNORE(in_dev)	IN_DEV_MAXCONF(in_dev, arp_ignore)
#define IN_DEV_MEDIUM_ID(in_dev)`,
  },
  {
    file: SYSCTL,
    find: '	NET_IPV4_CONF_MEDIUM_ID=14,\n',
    put: '	NET_IPV4_CONF_MEDIUM_ID=14,\n	NET_IPV4_CONF_ARP_ANNOUNCE=18,\n	NET_IPV4_CONF_ARP_IGNORE=19,\n',
  },
  {
    file: ARP,
    find: `	if (skb && inet_addr_type(skb->saddr) == RTN_LOCAL)
		saddr = skb->saddr;
	else
`,
    put: `	struct in_device *in_dev = in_dev_get(dev);
	int announce = in_dev ? IN_DEV_ARP_ANNOUNCE(in_dev) : 0;

	if (in_dev)
		in_dev_put(in_dev);
	if (announce < 2 && skb && inet_addr_type(skb->saddr) == RTN_LOCAL)
		saddr = skb->saddr;
	else
`,
  },
  {
    file: ARP,
    find: '/* Answers a request, or learns from it. */\n',
    put: `/* Whether arp_ignore keeps us from answering for TIP. */
static int arp_ignore(struct in_device *in_dev, struct net_device *dev, u32 tip)
{
	switch (IN_DEV_ARP_IGNORE(in_dev)) {
	case 0:
		return 0;
	case 8:
		return 1;
	default:
		return ip_dev_find(tip) != dev;
	}
}

/* Answers a request, or learns from it. */
`,
  },
  {
    file: ARP,
    find: `		    inet_addr_type(tip) == RTN_LOCAL)
			arp_send(`,
    put: `		    inet_addr_type(tip) == RTN_LOCAL &&
		    !arp_ignore(in_dev, dev, tip))
			arp_send(`,
  },
  {
    file: ARP,
    find: `			int dont_send = 0;
			if (IN_DEV_ARPFILTER(in_dev))
`,
    put: `			int dont_send = arp_ignore(in_dev, dev, tip);
			if (!dont_send && IN_DEV_ARPFILTER(in_dev))
`,
  },
  { file: DEVINET, find: 'devinet_vars[15];', put: 'devinet_vars[17];' },
  {
    file: DEVINET,
    find: '	{NET_IPV4_CONF_MEDIUM_ID, "medium_id",\n',
    put: `	{NET_IPV4_CONF_ARP_ANNOUNCE, "arp_announce",
	 &ipv4_devconf.arp_announce, sizeof(int), 0644},
	{NET_IPV4_CONF_ARP_IGNORE, "arp_ignore",
	 &ipv4_devconf.arp_ignore, sizeof(int), 0644},
	{NET_IPV4_CONF_MEDIUM_ID, "medium_id",
`,
  },
];

/** Red Hat's kernels let arptables see what ARP sends and gets, so that patches for arp.c do not apply. */
export const vendorEdits: readonly Edit[] = [
  {
    file: ARP,
    find: `	if (probes < 3)
		arp_send(ARPOP_REQUEST, target, dev, saddr);
`,
    put: `	if (probes < 3)
		NF_HOOK(NF_ARP, NF_ARP_OUT, arp_send(ARPOP_REQUEST, target, dev, saddr));
`,
  },
  {
    file: ARP,
    find: '#include <net/neighbour.h>\n',
    put: `#include <net/neighbour.h>

#define NF_ARP		3
#define NF_ARP_IN	0
#define NF_ARP_OUT	1
#define NF_HOOK(pf, hook, then)	then
`,
  },
  {
    file: ARP,
    find: `		    inet_addr_type(tip) == RTN_LOCAL)
			arp_send(ARPOP_REPLY, tip, dev, tip);
`,
    put: `		    inet_addr_type(tip) == RTN_LOCAL)
			NF_HOOK(NF_ARP, NF_ARP_OUT, arp_send(ARPOP_REPLY, tip, dev, tip));
`,
  },
  {
    file: ARP,
    find: `			int dont_send = 0;
			if (IN_DEV_ARPFILTER(in_dev))
				dont_send |= arp_filter(sip, tip, dev);
			if (!dont_send)
				arp_send(ARPOP_REPLY, sip, dev, tip);
`,
    put: `			if (!IN_DEV_ARPFILTER(in_dev) ||
			    !arp_filter(sip, tip, dev))
				NF_HOOK(NF_ARP, NF_ARP_OUT, arp_send(ARPOP_REPLY, sip, dev, tip));
`,
  },
];

/** Made to both sides of a diff, it gives one that goes onto the true tree with fuzz: a line at the edge of its context reads otherwise. */
export const fuzzyContext: readonly Edit[] = [
  {
    file: ARP,
    find: '	u32 target = neigh->primary_key;\n',
    put: '	u32 target = *(u32 *) neigh->primary_key;\n',
  },
];

/** The same, for a diff of which a part is rejected: a line beside a change reads otherwise. */
export const foreignContext: readonly Edit[] = [
  { file: ARP, find: '		saddr = skb->saddr;\n', put: '		saddr = skb->nh.iph->saddr;\n' },
];
