/*
 *  linux/kernel/sched.c
 */
#include <linux/module.h>

int schedule(void)
{
	return 0;
}

int mod_timer(void *timer, unsigned long expires)
{
	return timer != NULL && expires > 0;
}

EXPORT_SYMBOL(schedule);
EXPORT_SYMBOL(mod_timer);
