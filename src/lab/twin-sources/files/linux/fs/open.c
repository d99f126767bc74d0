/*
 *  linux/fs/open.c
 */
#include <linux/module.h>

int filp_open(const char *name)
{
	return name != NULL;
}

int register_filesystem(const char *name)
{
	return name == NULL;
}

EXPORT_SYMBOL(filp_open);
EXPORT_SYMBOL(register_filesystem);
