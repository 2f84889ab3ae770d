/* See link.h. */
#include "cli/link.h"

#include <string.h>

#include "base/fmt.h"
#include "client/home.h"

static enum cli_exit find_home(
    struct cli_link *l, const struct cli_options *options, struct err_ctx *ctx)
{
	enum err e = client_home_find(l->home, options->home, ctx);

	if (e != ERR_OK)
		return CLI_EXIT_USAGE;
	e = client_running_load(&l->running, l->home, ctx);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return CLI_EXIT_DAMAGE;
	return CLI_EXIT_OK;
}

/* The address given, or that of the running `confer up`. */
static enum cli_exit find_address(
    struct cli_link *l, const char *given, struct err_ctx *ctx)
{
	const char *running = l->running.address;
	struct addr a;

	if (given == NULL && running[0] == '\0') {
		(void)err_set(ctx, ERR_NOTFOUND,
		    "no enclave is running here: start one with `confer up`, "
		    "or name one with --connect ADDR");
		return CLI_EXIT_UNREACHABLE;
	}
	if (addr_parse(&a, given != NULL ? given : running, ctx) != ERR_OK)
		return CLI_EXIT_USAGE;
	(void)fmt_print(l->address, sizeof(l->address), "%s", a.text);
	l->own = strcmp(l->address, running) == 0;
	return CLI_EXIT_OK;
}

/*
 * --trust, else the file that the running `confer up` made for its enclave,
 * else HOME/trust.
 */
static enum cli_exit find_trust(
    struct cli_link *l, const char *given, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	enum err e;

	if (given != NULL) {
		l->own = false;
		if (fmt_print(l->trust_path, sizeof(l->trust_path), "%s",
			given) >= sizeof(l->trust_path))
			return CLI_EXIT_USAGE;
	} else if (client_home_path(l->trust_path, l->home,
		       l->own ? "up" : "trust", l->own ? "trust" : NULL,
		       ctx) != ERR_OK) {
		return CLI_EXIT_USAGE;
	}
	e = fd_read_file(l->trust_text, sizeof(l->trust_text), &l->trust_len,
	    l->trust_path, &why);
	if (e == ERR_NOTFOUND && given == NULL && !l->own) {
		(void)err_set(ctx, e,
		    "whom should I believe? Name a trust file with --trust "
		    "FILE, or keep one in HOME/trust");
		return CLI_EXIT_USAGE;
	}
	if (e == ERR_OK)
		e = trust_parse(&l->trust,
		    (struct bytes){ l->trust_text, l->trust_len }, &why);
	if (e == ERR_OK)
		return CLI_EXIT_OK;
	(void)err_set(
	    ctx, e, "the trust file %.*s: %s", 60, l->trust_path, why.msg);
	return given != NULL ? CLI_EXIT_USAGE : CLI_EXIT_DAMAGE;
}

static void show_stage(void *cookie, enum client_stage stage)
{
	static const char *const text[] = {
		[CLIENT_STAGE_DIAL] = "connecting",
		[CLIENT_STAGE_REPLY] = "waiting for the enclave's evidence",
		[CLIENT_STAGE_JUDGE] = "checking the evidence",
	};
	struct cli_link *l = cookie;

	if (stage == CLIENT_STAGE_OPEN)
		cli_status_clear(l->term);
	else
		cli_status(l->term, text[stage]);
}

enum cli_exit cli_link_prepare(struct cli_link *l,
    const struct cli_options *options, const char *address,
    struct cli_term *term, struct err_ctx *ctx)
{
	enum cli_exit x;

	*l = (struct cli_link){ .term = term, .stream = { .fd = -1 } };
	x = find_home(l, options, ctx);
	if (x == CLI_EXIT_OK)
		x = find_address(l,
		    options->connect != NULL ? options->connect : address, ctx);
	if (x == CLI_EXIT_OK)
		x = find_trust(l, options->trust, ctx);
	if (x != CLI_EXIT_OK)
		return x;
	if (client_stream_init(&l->stream, &l->io, l->address, ctx) != ERR_OK)
		return CLI_EXIT_USAGE;
	l->config = (struct client_config){ .io = &l->io,
		.address = l->address,
		.home = l->home,
		.trust = &l->trust,
		.accept_simulated = l->own || options->accept_simulated,
		.progress = show_stage,
		.cookie = l };
	l->conn = client_conn_new(&l->config);
	if (l->conn != NULL)
		return CLI_EXIT_OK;
	(void)err_set(ctx, ERR_NOMEM, "out of memory");
	return CLI_EXIT_INTERNAL;
}

enum cli_exit cli_link_open(struct cli_link *l, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	enum err e = client_conn_open(l->conn, &why);

	cli_status_clear(l->term);
	if (e == ERR_OK)
		return CLI_EXIT_OK;
	if (e == ERR_NOTFOUND && l->own &&
	    l->conn->fault == CLIENT_FAULT_UNREACHABLE)
		(void)err_set(ctx, e,
		    "the enclave that `confer up` started has ended: start it "
		    "again with `confer up`");
	else if (l->conn->fault == CLIENT_FAULT_REFUSED)
		(void)err_set(ctx, e, "Refused, nothing was sent: %s%s",
		    why.msg,
		    l->conn->judgement.verdict.failed == CHECK_TEE &&
			    l->conn->judgement.verdict.simulated
			? " (--accept-simulated takes it all the same)"
			: "");
	else
		(void)err_set(ctx, e, "%s", why.msg);
	return cli_exit_of_fault(l->conn->fault);
}

void cli_link_close(struct cli_link *l)
{
	client_conn_free(l->conn);
	l->conn = NULL;
}
