/*
 * NET		An implementation of the SOCKET network access protocol.
 */
#include <linux/module.h>

int sock_register(int family)
{
	return family < 0;
}

int sock_create(int family)
{
	return family < 0;
}

EXPORT_SYMBOL(sock_register);
EXPORT_SYMBOL(sock_create);
