/*
 *  linux/init/main.c
 */
#include <linux/module.h>

char *saved_command_line;

int start_kernel(void)
{
	return saved_command_line != NULL;
}

EXPORT_SYMBOL(saved_command_line);
