#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/config.h>
#include <linux/types.h>

/* Read by scripts/system-map.sh and scripts/modinst.sh. */
#define EXPORT_SYMBOL(symbol) struct __ksymtab_##symbol

#define MODULE_LICENSE(license) static const char __module_license[] = license

#define module_init(function) int init_module(void) { return function(); }
#define module_exit(function) void cleanup_module(void) { function(); }

#endif
