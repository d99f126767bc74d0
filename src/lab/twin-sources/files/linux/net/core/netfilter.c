/*
 * netfilter.c: look after the filters for various protocols.
 */
#include <linux/module.h>
#include <linux/netfilter.h>

int nf_register_hook(struct nf_hook_ops *reg)
{
	return reg->hook == NULL;
}

void nf_unregister_hook(struct nf_hook_ops *reg)
{
}

int nf_register_sockopt(void *reg)
{
	return reg == NULL;
}

EXPORT_SYMBOL(nf_register_hook);
EXPORT_SYMBOL(nf_unregister_hook);
EXPORT_SYMBOL(nf_register_sockopt);
