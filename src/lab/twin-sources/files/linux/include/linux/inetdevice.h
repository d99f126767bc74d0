#ifndef _LINUX_INETDEVICE_H
#define _LINUX_INETDEVICE_H

#include <linux/netdevice.h>

struct ipv4_devconf
{
	int	accept_redirects;
	int	send_redirects;
	int	secure_redirects;
	int	shared_media;
	int	accept_source_route;
	int	rp_filter;
	int	proxy_arp;
	int	bootp_relay;
	int	log_martians;
	int	forwarding;
	int	mc_forwarding;
	int	tag;
	int     arp_filter;
	int	medium_id;
	void	*sysctl;
};

extern struct ipv4_devconf ipv4_devconf;

struct in_ifaddr
{
	struct in_ifaddr *ifa_next;
	u32	ifa_local;
	u8	ifa_scope;
};

struct in_device
{
	struct net_device *dev;
	struct in_ifaddr *ifa_list;
	struct ipv4_devconf cnf;
};

#define IN_DEV_FORWARD(in_dev)		((in_dev)->cnf.forwarding)
#define IN_DEV_RPFILTER(in_dev)		(ipv4_devconf.rp_filter && (in_dev)->cnf.rp_filter)
#define IN_DEV_LOG_MARTIANS(in_dev)	(ipv4_devconf.log_martians || (in_dev)->cnf.log_martians)
#define IN_DEV_PROXY_ARP(in_dev)	(ipv4_devconf.proxy_arp || (in_dev)->cnf.proxy_arp)
#define IN_DEV_SHARED_MEDIA(in_dev)	(ipv4_devconf.shared_media || (in_dev)->cnf.shared_media)
#define IN_DEV_TX_REDIRECTS(in_dev)	(ipv4_devconf.send_redirects || (in_dev)->cnf.send_redirects)
#define IN_DEV_SEC_REDIRECTS(in_dev)	(ipv4_devconf.secure_redirects || (in_dev)->cnf.secure_redirects)
#define IN_DEV_IDTAG(in_dev)		((in_dev)->cnf.tag)
#define IN_DEV_ARPFILTER(in_dev)	(ipv4_devconf.arp_filter || (in_dev)->cnf.arp_filter)
#define IN_DEV_MEDIUM_ID(in_dev)	((in_dev)->cnf.medium_id)

#define RT_SCOPE_LINK	253
#define RTN_LOCAL	2

struct net_device *ip_dev_find(u32 addr);
struct in_device *in_dev_get(const struct net_device *dev);
int inet_addr_type(u32 addr);
u32 inet_select_addr(const struct net_device *dev, u32 dst, int scope);
void in_dev_put(struct in_device *in_dev);
void dev_put(struct net_device *dev);

#endif
