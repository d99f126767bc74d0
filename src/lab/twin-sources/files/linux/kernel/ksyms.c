/*
 * linux/kernel/ksyms.c: what modules may use of the kernel.
 */
#include <linux/module.h>

int nr_free_pages(void)
{
	return 4096;
}

int printk(const char *format)
{
	return format != NULL;
}

/* memory management */
EXPORT_SYMBOL(kmalloc);
EXPORT_SYMBOL(kfree);
EXPORT_SYMBOL(vmalloc);
EXPORT_SYMBOL(vfree);

/* process management */
EXPORT_SYMBOL(printk);
EXPORT_SYMBOL(sprintf);
