/*
 * This is the 1999 rewrite of IP Firewalling, aiming for kernel 2.3.x.
 */
#include <linux/module.h>
#include <linux/netfilter.h>

extern int ipt_register_table(void *table);
extern int nf_register_hook(struct nf_hook_ops *reg);

static struct nf_hook_ops ipt_ops;

static int init(void)
{
	return ipt_register_table(&ipt_ops) || nf_register_hook(&ipt_ops);
}

module_init(init)
MODULE_LICENSE("GPL");
