/*
 *  linux/fs/ext3/super.c
 */
#include <linux/module.h>

extern int register_filesystem(const char *name);
extern int journal_start(int blocks);

int init_ext3_fs(void)
{
	return register_filesystem("ext3") || journal_start(1);
}

MODULE_LICENSE("GPL");
