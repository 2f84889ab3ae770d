/* confer verify: the connection's steps in order, and the verdict. */
#include <stdlib.h>

#include "cli/cmd.h"
#include "cli/link.h"
#include "cli/print.h"
#include "cli/receipt.h"
#include "cli/report.h"

static void print_limits(const struct cli_term *t, const struct verdict *v)
{
	(void)printf("%s", cli_style(t, stdout, CLI_DIM));
	if (v->simulated)
		(void)printf(
		    "The processor is simulated: whoever runs this machine "
		    "can read everything.\n");
	else
		(void)printf(
		    "Not hidden: that you connect, when, from where, for how "
		    "long and about how much.\n");
	(void)printf(
	    "Not protected: your own device, and chips that somebody opened "
	    "in a laboratory.%s\n",
	    cli_style(t, stdout, CLI_PLAIN));
}

static void print_accepted(
    const struct cli_term *t, const struct client_conn *c)
{
	const struct verdict *v = &c->judgement.verdict;
	char when[CLI_WHEN_MAX];

	cli_report_when(when, v->checks.deadline_s, c->verified_at);
	(void)printf("\n%sAccepted until %s%s%s%s\n",
	    cli_style(t, stdout, v->simulated ? CLI_WARN : CLI_GOOD), when,
	    v->simulated ? ", but " : "", v->simulated ? VERDICT_SIMULATED : "",
	    cli_style(t, stdout, CLI_PLAIN));
	cli_report_print_release(t, stdout, &v->claims, c->verified_at);
	cli_report_print_old(t, stdout, &v->claims, c->verified_at);
	print_limits(t, v);
}

/* "Refused, nothing was sent: WHY", or what else went wrong. */
static void print_refused(const struct cli_term *t, const struct err_ctx *ctx)
{
	(void)printf("\n%s", cli_style(t, stdout, CLI_BAD));
	cli_put(t, stdout, 0, 0, ctx->msg);
	(void)printf("%s\n", cli_style(t, stdout, CLI_PLAIN));
}

static enum cli_exit verify(const struct cli_options *o, struct cli_term *t,
    struct cli_link *l, struct err_ctx *ctx)
{
	enum cli_exit x =
	    cli_link_prepare(l, o, o->args > 0 ? o->arg[0] : NULL, t, ctx);

	if (x == CLI_EXIT_OK)
		x = cli_link_open(l, ctx);
	if (x == CLI_EXIT_OK && o->receipt != NULL)
		x = cli_receipt_save(o->receipt, l, NULL, ctx);
	return x;
}

/* Options that speak of a receipt need one. */
static enum cli_exit check_options(
    const struct cli_options *o, struct err_ctx *ctx)
{
	if (!o->now && !o->at_its_time && !o->trust_receipt &&
	    o->public == NULL)
		return CLI_EXIT_OK;
	(void)err_set(ctx, ERR_FORMAT,
	    "--now, --at-its-time, --public and --trust-receipt are about a "
	    "receipt: name its file");
	return CLI_EXIT_USAGE;
}

/* Did we get as far as evidence? Then there are steps to show. */
static bool has_steps(const struct cli_link *l)
{
	return l->conn != NULL && l->conn->history.evidence_len > 0;
}

enum cli_exit cli_cmd_verify(const struct cli_options *o, struct cli_term *t)
{
	struct cli_link *l;
	struct err_ctx ctx = { 0 };
	enum cli_exit x = CLI_EXIT_INTERNAL;

	if (o->args > 0 && cli_receipt_is_file(o->arg[0]))
		return cli_receipt_verify(o, o->arg[0], t);
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return cli_exit_say(t, x, &ctx);
	x = check_options(o, &ctx);
	if (x == CLI_EXIT_OK)
		x = verify(o, t, l, &ctx);
	if (o->json) {
		cli_print_json(has_steps(l) ? l->conn : NULL, NULL, x, &ctx);
	} else if (has_steps(l)) {
		if (!o->quiet)
			cli_report_print_steps(t, stdout, l->conn);
		if (x == CLI_EXIT_OK)
			print_accepted(t, l->conn);
		else
			print_refused(t, &ctx);
	} else {
		(void)cli_exit_say(t, x, &ctx);
	}
	cli_link_close(l);
	free(l);
	return x;
}
