/*
 *  linux/init/version.c
 */
#include <linux/module.h>
#include <linux/version.h>

const char *linux_banner = "Linux version " UTS_RELEASE "\n";

EXPORT_SYMBOL(linux_banner);
