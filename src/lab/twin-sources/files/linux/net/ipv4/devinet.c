/*
 *	NET3	IP device support routines.
 */
#include <linux/module.h>
#include <linux/inetdevice.h>
#include <linux/sysctl.h>

struct ipv4_devconf ipv4_devconf = { 1, 1, 1, 1 };

static struct in_device loopback_in_dev;

struct in_device *in_dev_get(const struct net_device *dev)
{
	return dev->ip_ptr;
}

void in_dev_put(struct in_device *in_dev)
{
}

struct net_device *ip_dev_find(u32 addr)
{
	return loopback_in_dev.dev;
}

int inet_addr_type(u32 addr)
{
	return RTN_LOCAL;
}

/* The address that a packet to DST gets as its source. */
u32 inet_select_addr(const struct net_device *dev, u32 dst, int scope)
{
	u32 addr = 0;
	struct in_device *in_dev = dev->ip_ptr;
	struct in_ifaddr *ifa;

	if (in_dev == NULL)
		return 0;

	for (ifa = in_dev->ifa_list; ifa; ifa = ifa->ifa_next) {
		if (ifa->ifa_scope != RT_SCOPE_LINK &&
		    ifa->ifa_scope <= scope) {
			addr = ifa->ifa_local;
			break;
		}
	}
	return addr;
}

static struct devinet_sysctl_table
{
	void *sysctl_header;
	ctl_table devinet_vars[15];
	ctl_table devinet_dev[2];
} devinet_sysctl = {
	NULL,
	{
	{NET_IPV4_CONF_FORWARDING, "forwarding",
	 &ipv4_devconf.forwarding, sizeof(int), 0644},
	{NET_IPV4_CONF_PROXY_ARP, "proxy_arp",
	 &ipv4_devconf.proxy_arp, sizeof(int), 0644},
	{NET_IPV4_CONF_RP_FILTER, "rp_filter",
	 &ipv4_devconf.rp_filter, sizeof(int), 0644},
	{NET_IPV4_CONF_TAG, "tag",
	 &ipv4_devconf.tag, sizeof(int), 0644},
	{NET_IPV4_CONF_ARPFILTER, "arp_filter",
	 &ipv4_devconf.arp_filter, sizeof(int), 0644},
	{NET_IPV4_CONF_MEDIUM_ID, "medium_id",
	 &ipv4_devconf.medium_id, sizeof(int), 0444},
	 {0}},
};

void *devinet_sysctl_of(void)
{
	return &devinet_sysctl;
}

EXPORT_SYMBOL(in_dev_get);
EXPORT_SYMBOL(inet_addr_type);
EXPORT_SYMBOL(inet_select_addr);
