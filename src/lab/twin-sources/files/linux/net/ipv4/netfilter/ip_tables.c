/*
 * Packet matching code.
 */
#include <linux/module.h>

extern int nf_register_sockopt(void *reg);

static int sockopts;

int ipt_register_table(void *table)
{
	return nf_register_sockopt(&sockopts) || table == NULL;
}

EXPORT_SYMBOL(ipt_register_table);
MODULE_LICENSE("GPL");
