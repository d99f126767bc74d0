/*
 *  linux/drivers/block/ll_rw_blk.c
 */
#include <linux/module.h>

int register_blkdev(unsigned int major, const char *name)
{
	return major > 255 || name == NULL;
}

int blk_init_queue(void *queue)
{
	return queue != NULL;
}

EXPORT_SYMBOL(register_blkdev);
EXPORT_SYMBOL(blk_init_queue);
