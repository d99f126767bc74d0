/*
 *      IP Virtual Server: what the kernel and ipvsadm share.
 */
#ifndef _IP_VS_H
#define _IP_VS_H

#include <linux/config.h>

#define IP_VS_VERSION_CODE	0x010009
#define NVERSION(version)			\
	(version >> 16) & 0xFF,			\
	(version >> 8) & 0xFF,			\
	version & 0xFF

#ifdef CONFIG_IP_VS_TAB_BITS
#define IP_VS_TAB_BITS	CONFIG_IP_VS_TAB_BITS
#else
#define IP_VS_TAB_BITS	12
#endif
#if IP_VS_TAB_BITS < 8 || IP_VS_TAB_BITS > 20
#error "CONFIG_IP_VS_TAB_BITS must be 8 to 20"
#endif
#define IP_VS_TAB_SIZE	(1 << IP_VS_TAB_BITS)

#ifdef __KERNEL__
struct ip_vs_scheduler {
	const char	*name;
	int		(*schedule)(int servers);
};

int ip_vs_conn_init(void);
int ip_vs_control_init(void);
int ip_vs_schedule(const struct ip_vs_scheduler *scheduler, int servers);
#endif

#endif
