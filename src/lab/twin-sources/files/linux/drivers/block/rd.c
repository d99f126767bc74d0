/*
 * ramdisk.c - Multiple RAM disk driver.
 */
#include <linux/module.h>

extern int register_blkdev(unsigned int major, const char *name);

int rd_init(void)
{
	return register_blkdev(1, "ramdisk");
}
