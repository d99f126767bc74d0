/*
 * IPVS: FTP says addresses in its commands; NAT has to change them.
 */
#include <linux/module.h>
#include <net/ip_vs.h>

extern int register_ip_vs_app(void *app);

static int ip_vs_ftp;

static int ip_vs_ftp_init(void)
{
	return register_ip_vs_app(&ip_vs_ftp);
}

module_init(ip_vs_ftp_init)
MODULE_LICENSE("GPL");
