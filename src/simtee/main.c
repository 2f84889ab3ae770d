/*
 * confer-simtee: plays the security processor on machines without one. For
 * development: it protects nothing, and every verdict says so.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "crypto/crypto_native.h"
#include "simtee/launch.h"
#include "simtee/report.h"
#include "simtee/serve.h"
#include "sys/addr.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/loop.h"

/* Exit codes of all programs of the project. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_USAGE = 1,
	EXIT_REFUSED = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_INTERNAL = 4,
	EXIT_DAMAGE = 6,
};

struct options {
	const char *home;
	const char *listen;
	bool json;
	bool quiet;
	struct simtee_launch launch;
};

static const char usage[] =
    "usage: confer-simtee serve --home DIR --listen ADDR --launch "
    "NAME=FILE...\n"
    "                           [--cmdline TEXT] [--quiet]\n"
    "       confer-simtee measure --launch NAME=FILE... [--cmdline TEXT]\n"
    "                           [--json]\n"
    "       confer-simtee root --home DIR [--json]\n"
    "\n"
    "Plays the security processor on a machine without one. SIMULATED: "
    "nothing\n"
    "that it signs protects anything from the owner of this machine.\n"
    "\n"
    "serve    sign reports about the launched files for whoever connects\n"
    "measure  print the launch digest of the files\n"
    "root     print the public key of this machine's simulated root\n"
    "\n"
    "ADDR is unix:PATH, tcp:127.0.0.1:PORT or vsock:CID:PORT.\n";

static int exit_code(enum err e)
{
	if (e == ERR_FORMAT) /* a key file */
		return EXIT_DAMAGE;
	if (e == ERR_NOTFOUND || e == ERR_LIMIT || e == ERR_BUSY ||
	    e == ERR_UNSUPPORTED)
		return EXIT_REFUSED;
	return EXIT_INTERNAL;
}

static int fail(int code, const struct err_ctx *ctx)
{
	(void)fprintf(stderr, "confer-simtee: %s\n",
	    ctx->msg[0] != '\0' ? ctx->msg : err_name(ctx->code));
	return code;
}

static int usage_error(const char *why)
{
	(void)fprintf(stderr, "confer-simtee: %s\n%s", why, usage);
	return EXIT_USAGE;
}

static void print_hex(
    const struct options *o, const char *name, const uint8_t *p, size_t n)
{
	char hex[2 * ECDSA_P384_PUB_LEN + 1];

	hex_encode(hex, p, n);
	if (o->json)
		(void)printf("{\"%s\":\"%s\"}\n", name, hex);
	else
		(void)printf("%s\n", hex);
}

static int run_measure(const struct options *o)
{
	uint8_t digest[SIMTEE_LAUNCH_DIGEST_LEN];
	struct err_ctx ctx = { 0 };

	if (o->launch.n == 0)
		return usage_error("measure needs --launch");
	if (simtee_launch_digest(digest, &o->launch, &ctx) != ERR_OK)
		return fail(EXIT_INTERNAL, &ctx);
	print_hex(o, "measurement", digest, sizeof(digest));
	return EXIT_OK;
}

static int run_root(const struct options *o)
{
	struct simtee_key root = SIMTEE_KEY_INIT, chip = SIMTEE_KEY_INIT;
	struct err_ctx ctx = { 0 };
	enum err e;

	if (o->home == NULL)
		return usage_error("root needs --home");
	e = simtee_key_open_pair(&root, &chip, o->home, &ctx);
	if (e != ERR_OK)
		return fail(exit_code(e), &ctx);
	print_hex(o, "sim_root", root.pub, sizeof(root.pub));
	simtee_key_clear(&root);
	simtee_key_clear(&chip);
	return EXIT_OK;
}

/* A simulated processor is nobody's service: only this machine may ask it. */
static bool addr_is_near(const struct addr *a)
{
	const struct sockaddr_in *v4 = (const void *)&a->sa;
	const struct sockaddr_in6 *v6 = (const void *)&a->sa;

	if (a->kind != ADDR_TCP)
		return true;
	if (a->sa.ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static struct loop main_loop = LOOP_INIT;

static void on_signal(int sig)
{
	(void)sig;
	loop_wake(&main_loop);
}

static void on_wake(void *cookie, unsigned ready)
{
	(void)ready;
	loop_stop(cookie);
}

static enum err serve_loop(int listen_fd, const struct simtee_report *source,
    const struct simtee_launch *launch, struct err_ctx *ctx)
{
	static struct simtee_serve serve; /* 50 KB */
	struct sigaction stop = { .sa_handler = on_signal };
	enum err e = loop_init(&main_loop, ctx);

	if (e != ERR_OK)
		return e;
	loop_on_wake(&main_loop, on_wake, &main_loop);
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGINT, &stop, NULL);
	e = simtee_serve_start(&serve, &main_loop, listen_fd, source, launch);
	if (e == ERR_OK) {
		e = loop_run(&main_loop);
		simtee_serve_stop(&serve);
	}
	loop_clear(&main_loop);
	return e;
}

static int serve_on(const struct options *o, const struct addr *a,
    const struct simtee_report *source)
{
	struct err_ctx ctx = { 0 };
	struct addr bound;
	int fd = -1;
	enum err e = addr_listen(&fd, a, &ctx);

	if (e != ERR_OK)
		return fail(EXIT_REFUSED, &ctx);
	if (addr_local(&bound, fd) != ERR_OK)
		bound = *a;
	if (!o->quiet) {
		(void)printf("listening %s\n", bound.text);
		(void)fflush(stdout);
	}
	log_init(o->quiet ? -1 : STDERR_FILENO, "confer-simtee");
	e = serve_loop(fd, source, &o->launch, &ctx);
	fd_close(&fd);
	addr_unlink(a);
	return e == ERR_OK ? EXIT_OK : fail(EXIT_INTERNAL, &ctx);
}

static int run_serve(const struct options *o)
{
	struct simtee_report source = SIMTEE_REPORT_INIT;
	uint8_t digest[SIMTEE_LAUNCH_DIGEST_LEN];
	struct err_ctx ctx = { 0 };
	struct addr a;
	enum err e;
	int rc;

	if (o->home == NULL || o->listen == NULL || o->launch.n == 0)
		return usage_error("serve needs --home, --listen and --launch");
	if (addr_parse(&a, o->listen, &ctx) != ERR_OK)
		return fail(EXIT_USAGE, &ctx);
	if (!addr_is_near(&a))
		return usage_error("--listen must be an address of this "
				   "machine alone");
	e = simtee_launch_digest(digest, &o->launch, &ctx);
	if (e == ERR_OK)
		e = simtee_report_open(&source, o->home, digest, &ctx);
	if (e != ERR_OK)
		return fail(exit_code(e), &ctx);
	rc = serve_on(o, &a, &source);
	simtee_report_clear(&source);
	return rc;
}

enum option_id {
	OPT_HOME = 256,
	OPT_LISTEN,
	OPT_LAUNCH,
	OPT_CMDLINE,
	OPT_JSON,
	OPT_QUIET,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "home", required_argument, NULL, OPT_HOME },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "launch", required_argument, NULL, OPT_LAUNCH },
	{ "cmdline", required_argument, NULL, OPT_CMDLINE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* -1 to go on, or the exit code. */
static int take_option(struct options *o, int id)
{
	struct err_ctx ctx = { 0 };
	enum err e = ERR_OK;

	switch (id) {
	case OPT_HOME:
		o->home = optarg;
		break;
	case OPT_LISTEN:
		o->listen = optarg;
		break;
	case OPT_LAUNCH:
		e = simtee_launch_add_file(&o->launch, optarg, &ctx);
		break;
	case OPT_CMDLINE:
		e = simtee_launch_add_cmdline(&o->launch, optarg, &ctx);
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_QUIET:
		o->quiet = true;
		break;
	case OPT_HELP:
		(void)fputs(usage, stdout);
		return EXIT_OK;
	default:
		return usage_error("unknown or incomplete option");
	}
	if (e != ERR_OK)
		return fail(e == ERR_FORMAT ? EXIT_USAGE : exit_code(e), &ctx);
	return -1;
}

static int run(struct options *o, int argc, char **argv)
{
	int id, rc = -1;

	opterr = 0;
	while (rc < 0 &&
	       (id = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		rc = take_option(o, id);
	if (rc >= 0)
		return rc;
	if (optind + 1 != argc)
		return usage_error("exactly one command is needed");
	if (strcmp(argv[optind], "serve") == 0)
		return run_serve(o);
	if (strcmp(argv[optind], "measure") == 0)
		return run_measure(o);
	if (strcmp(argv[optind], "root") == 0)
		return run_root(o);
	return usage_error("unknown command");
}

int main(int argc, char **argv)
{
	struct options o = { .launch = SIMTEE_LAUNCH_INIT };
	int rc;

	if (crypto_init() != ERR_OK) {
		(void)fputs(
		    "confer-simtee: libsodium does not start\n", stderr);
		return EXIT_INTERNAL;
	}
	rc = run(&o, argc, argv);
	simtee_launch_clear(&o.launch);
	return rc;
}
