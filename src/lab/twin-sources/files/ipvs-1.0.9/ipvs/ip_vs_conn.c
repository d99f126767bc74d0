/*
 * IPVS: the table of connections.
 */
#include <linux/module.h>
#include <net/ip_vs.h>

extern int mod_timer(void *timer, unsigned long expires);

static int ip_vs_conn_tab[IP_VS_TAB_SIZE];

int ip_vs_conn_init(void)
{
	return mod_timer(ip_vs_conn_tab, 60);
}
