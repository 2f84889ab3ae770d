/* confer collateral: what enclaves on real hardware need beside a report. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/cmd.h"
#include "cli/collateral_fetch.h"
#include "client/collateral_serve.h"
#include "sys/addr.h"
#include "sys/fd.h"
#include "sys/proc.h"

#define SHOWN 80 /* bytes of an argument in a message */

/* ---- serve ---------------------------------------------------------------- */

struct serving {
	struct loop loop;
	struct collateral_serve serve;
	struct loop_node signals;
	struct addr addr;
	int listen_fd, dir_fd, signal_fd;
	bool quiet;
};

static const char *kind_name(enum collateral_kind kind)
{
	switch (kind) {
	case COLLATERAL_FOR_SNP:
		return "snp";
	case COLLATERAL_FOR_TDX:
		return "tdx";
	case COLLATERAL_FOR_SGX:
		return "sgx";
	}
	return "unknown";
}

static void print_request(const struct collateral_request *req)
{
	char chip[2 * SNP_CHIP_ID_LEN + 1], tcb[2 * SNP_TCB_LEN + 1];

	(void)fprintf(stderr, "%s", kind_name(req->kind));
	if (req->kind != COLLATERAL_FOR_SNP)
		return;
	hex_encode(chip, req->chip_id, sizeof(req->chip_id));
	hex_encode(tcb, req->reported_tcb, sizeof(req->reported_tcb));
	(void)fprintf(stderr, " %s %s, CHIP_ID %s, REPORTED_TCB %s",
	    snp_family_name(req->product),
	    req->key == SNP_KEY_VLEK ? "VLEK" : "VCEK", chip, tcb);
}

/* One line for each answer, so that an operator sees what to fetch. */
static void on_told(void *cookie, const struct collateral_request *req,
    const struct collateral_head *head, const char *why)
{
	const struct serving *s = cookie;

	if (s->quiet)
		return;
	(void)fputs("confer: ", stderr);
	if (req != NULL)
		print_request(req);
	switch (head->status) {
	case COLLATERAL_OK:
		(void)fprintf(stderr, ": gave %u bytes\n", head->len);
		break;
	case COLLATERAL_NONE:
		(void)fputs(": there is nothing in the directory\n", stderr);
		break;
	case COLLATERAL_FAILED:
		(void)fprintf(stderr, ": %s\n", why);
		break;
	default:
		(void)fprintf(stderr, "refused: %s\n", why);
	}
}

static void on_signal(void *cookie, unsigned ready)
{
	struct serving *s = cookie;

	(void)ready;
	if (proc_signals_next(s->signal_fd) != 0)
		loop_stop(&s->loop);
}

static enum cli_exit serve_open(
    struct serving *s, const struct cli_options *o, struct err_ctx *ctx)
{
	enum err e;

	if (addr_parse(&s->addr, o->listen, ctx) != ERR_OK)
		return CLI_EXIT_USAGE;
	s->dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0) {
		(void)err_set(ctx, ERR_NOTFOUND, "cannot open %.*s: %s", SHOWN,
		    o->dir, strerrordesc_np(errno));
		return CLI_EXIT_REFUSED;
	}
	if (addr_listen(&s->listen_fd, &s->addr, ctx) != ERR_OK)
		return CLI_EXIT_UNREACHABLE;
	e = proc_signals_open(&s->signal_fd);
	if (e == ERR_OK)
		e = loop_init(&s->loop, ctx);
	if (e == ERR_OK)
		e = collateral_serve_start(
		    &s->serve, &s->loop, s->listen_fd, s->dir_fd, on_told, s);
	s->signals = (struct loop_node){ .fd = s->signal_fd,
		.want = LOOP_READ,
		.fn = on_signal,
		.cookie = s };
	if (e == ERR_OK)
		e = loop_add(&s->loop, &s->signals);
	if (e == ERR_OK)
		return CLI_EXIT_OK;
	(void)err_set(ctx, e, "cannot start: %s", err_name(e));
	return CLI_EXIT_INTERNAL;
}

static enum cli_exit serve(
    const struct cli_options *o, struct cli_term *t, struct err_ctx *ctx)
{
	struct serving *s = calloc(1, sizeof(*s));
	enum cli_exit x;

	(void)t;
	if (s == NULL)
		return CLI_EXIT_INTERNAL;
	s->loop = (struct loop)LOOP_INIT;
	s->listen_fd = s->dir_fd = s->signal_fd = -1;
	s->quiet = o->quiet;
	x = serve_open(s, o, ctx);
	if (x == CLI_EXIT_OK) {
		if (!o->quiet)
			(void)fprintf(stderr, "confer: %.*s is served on %s\n",
			    SHOWN, o->dir, s->addr.text);
		if (loop_run(&s->loop) != ERR_OK)
			x = CLI_EXIT_INTERNAL;
		collateral_serve_stop(&s->serve);
		addr_unlink(&s->addr);
	}
	loop_clear(&s->loop);
	fd_close(&s->listen_fd);
	fd_close(&s->dir_fd);
	fd_close(&s->signal_fd);
	free(s);
	return x;
}

/* ---- the command ---------------------------------------------------------- */

static const struct subcommand {
	const char *name;
	enum cli_exit (*run)(const struct cli_options *o, struct cli_term *t,
	    struct err_ctx *ctx);
	bool wants_listen;
	bool has_json; /* and then says what goes wrong itself */
} subcommands[] = {
	{ "fetch", cli_collateral_fetch, false, true },
	{ "serve", serve, true, false },
};

static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(*subcommands); i++)
		if (name != NULL && strcmp(name, subcommands[i].name) == 0)
			return &subcommands[i];
	return NULL;
}

enum cli_exit cli_cmd_collateral(
    const struct cli_options *o, struct cli_term *t)
{
	const char *name = o->args > 0 ? o->arg[0] : NULL;
	const struct subcommand *sub = find(name);
	struct err_ctx ctx = { 0 };
	enum cli_exit x = CLI_EXIT_USAGE;

	if (sub == NULL)
		(void)err_set(&ctx, ERR_FORMAT,
		    name == NULL ? "confer collateral wants a subcommand%.*s"
				 : "confer collateral has no subcommand %.*s",
		    SHOWN, name == NULL ? "" : name);
	else if (o->dir == NULL)
		(void)err_set(&ctx, ERR_FORMAT, "--dir is missing");
	else if (sub->wants_listen && o->listen == NULL)
		(void)err_set(&ctx, ERR_FORMAT, "--listen is missing");
	else if (o->json && !sub->has_json)
		(void)err_set(&ctx, ERR_FORMAT,
		    "confer collateral %s has no --json", sub->name);
	else
		x = sub->run(o, t, &ctx);
	if (x == CLI_EXIT_OK || (o->json && ctx.code == ERR_OK))
		return x;
	return cli_exit_say(t, x, &ctx);
}
