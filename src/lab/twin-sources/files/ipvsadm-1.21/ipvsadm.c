/*
 *      ipvsadm for IPVS in kernel 2.4, as a lab's twin of it: the options and the words of 1.21, the work done by the ipvsadm
 *      of the lab's machine. Options that came later are refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <net/ip_vs.h>

#ifdef NEEDS_IP_VS
#if IP_VS_VERSION_CODE < NEEDS_IP_VS
#error "this ipvsadm is for the IPVS of Linux 2.4.29 and later"
#endif
#endif

#ifdef HAVE_POPT
#define PARSER "popt"
#else
#define PARSER "getopt_long"
#endif

static const char *const long_options[] = {
	"add-service", "edit-service", "delete-service", "clear", "restore", "save", "add-server", "edit-server", "delete-server",
	"list", "zero", "set", "start-daemon", "stop-daemon", "tcp-service", "udp-service", "fwmark-service", "scheduler",
	"persistent", "netmask", "real-server", "gatewaying", "ipip", "masquerading", "weight", "mcast-interface", "connection",
	"timeout", "daemon", "stats", "rate", "sort", "numeric", "help", "version", NULL
};

static void refuse(const char *option)
{
	fprintf(stderr, "ipvsadm: unrecognized option `%s'\n", option);
	fprintf(stderr, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n");
	exit(255);
}

static void show_version(void)
{
	printf("ipvsadm v" VERSION " 2002/11/12 (compiled with " PARSER " and IPVS v%d.%d.%d)\n", NVERSION(IP_VS_VERSION_CODE));
	exit(0);
}

static void check_long(const char *option)
{
	size_t length = strcspn(option + 2, "=");
	int i;

	for (i = 0; long_options[i] != NULL; i++) {
		if (strlen(long_options[i]) == length && strncmp(long_options[i], option + 2, length) == 0)
			break;
	}
	if (long_options[i] == NULL)
		refuse(option);
	if (strcmp(long_options[i], "version") == 0)
		show_version();
}

static void check_short(const char *option)
{
	const char *letter;

	for (letter = option + 1; *letter; letter++) {
		if (strchr("tufsMrwp", *letter))
			return; /* the rest is its value */
		if (*letter == 'v')
			show_version();
		if (strchr("AEDCRSaedLlZhgimcn", *letter) == NULL)
			refuse(option);
	}
}

static void check(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) == 0)
			check_long(argv[i]);
		else if (argv[i][0] == '-')
			check_short(argv[i]);
	}
}

/* The first line of a listing, with version and table size, is the running kernel's word, as it is for the real one. */
int main(int argc, char **argv)
{
	check(argc, argv);
	argv[0] = "ipvsadm";
	execv(REAL, argv);
	perror("ipvsadm: " REAL);
	return 127;
}
