/*
 * IPVS: the list of schedulers.
 */
#include <linux/module.h>
#include <net/ip_vs.h>

int register_ip_vs_scheduler(struct ip_vs_scheduler *scheduler)
{
	return scheduler->name == NULL;
}

int register_ip_vs_app(void *app)
{
	return app == NULL;
}

int ip_vs_schedule(const struct ip_vs_scheduler *scheduler, int servers)
{
	return scheduler->schedule(servers);
}

EXPORT_SYMBOL(register_ip_vs_scheduler);
EXPORT_SYMBOL(register_ip_vs_app);
