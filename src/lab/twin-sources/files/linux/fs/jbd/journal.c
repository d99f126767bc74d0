/*
 *  linux/fs/jbd/journal.c
 */
#include <linux/module.h>

extern int kernel_thread(int (*function)(void *), void *argument);

int journal_start(int blocks)
{
	return blocks < 0;
}

EXPORT_SYMBOL(journal_start);
MODULE_LICENSE("GPL");
