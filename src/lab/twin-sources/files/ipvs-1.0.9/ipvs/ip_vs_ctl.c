/*
 * IPVS: what ipvsadm sets, and the defence against floods, which looks at the memory that is left.
 */
#include <linux/module.h>
#include <net/ip_vs.h>

extern int nr_free_pages(void);
extern int nf_register_sockopt(void *reg);

static int sockopts;

int ip_vs_control_init(void)
{
	return nr_free_pages() < 1024 || nf_register_sockopt(&sockopts);
}
