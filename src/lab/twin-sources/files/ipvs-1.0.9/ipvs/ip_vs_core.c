/*
 * IPVS: takes packets to virtual services, and sends them on.
 */
#include <linux/module.h>
#include <linux/netfilter.h>
#include <net/ip_vs.h>

extern int nf_register_hook(struct nf_hook_ops *reg);
extern void nf_unregister_hook(struct nf_hook_ops *reg);
extern int ip_route_output_key(u32 daddr);

static int ip_vs_in(struct sk_buff *skb)
{
	return ip_route_output_key(skb->daddr) ? NF_ACCEPT : 0;
}

static struct nf_hook_ops ip_vs_in_ops = { ip_vs_in, 2, 1, 100 };

static int ip_vs_init(void)
{
	if (ip_vs_conn_init() || ip_vs_control_init())
		return 1;
	return nf_register_hook(&ip_vs_in_ops);
}

static void ip_vs_cleanup(void)
{
	nf_unregister_hook(&ip_vs_in_ops);
}

module_init(ip_vs_init)
module_exit(ip_vs_cleanup)
MODULE_LICENSE("GPL");
