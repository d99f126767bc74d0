/*
 *  linux/drivers/block/loop.c
 */
#include <linux/module.h>

extern int register_blkdev(unsigned int major, const char *name);
extern int kernel_thread(int (*function)(void *), void *argument);

int loop_init(void)
{
	return register_blkdev(7, "loop");
}

MODULE_LICENSE("GPL");
