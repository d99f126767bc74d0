/*
 *  linux/kernel/fork.c
 */
#include <linux/module.h>

int do_fork(unsigned long clone_flags)
{
	return (int) clone_flags;
}

int kernel_thread(int (*function)(void *), void *argument)
{
	return function(argument);
}

EXPORT_SYMBOL(kernel_thread);
