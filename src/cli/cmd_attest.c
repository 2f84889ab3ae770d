/*
 * confer attest: judge recorded evidence of real hardware, offline. Everything
 * but the measurement, which only a release record can judge.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/claims.h"
#include "base/json.h"

#include "cli/cmd.h"
#include "cli/report.h"
#include "client/attest_files.h"
#include "sys/clock.h"

#define JSON_OUT_MAX (64 * 1024)

struct attesting {
	struct attest_files files;
	struct attest_policy policy;
	struct snp_run snp;
	struct dcap_run dcap;
	struct dcap_work dcap_work;
	struct check_list list;
	uint64_t now_s;
	bool accepted;
	bool authentic; /* the claims are what real hardware said */
	bool parsed;    /* there are claims at all */
};

static void resolve(const struct check_list *list, bool answer[OBLIGATIONS_MAX])
{
	for (size_t i = 0; i < list->obligations.n; i++)
		answer[i] =
		    obligation_resolve(&list->obligations.item[i]) == ERR_OK;
}

static enum err judge_snp(
    struct attesting *a, const struct cli_options *o, struct err_ctx *ctx)
{
	const struct attest_snp_paths paths = { .report = o->report,
		.cert = o->cert,
		.chain = o->chain,
		.crl = o->crl };
	bool answer[OBLIGATIONS_MAX] = { false };
	enum err e = attest_files_snp(&a->snp.ev, &a->files, &paths, ctx);

	if (e != ERR_OK)
		return e;
	a->snp.roots = attest_roots;
	a->snp.policy = &a->policy;
	a->snp.now_s = a->now_s;
	/* Also of a refusal: is what it speaks of authentic at all? */
	if (attest_snp(&a->list, &a->snp) == ERR_OK ||
	    a->list.obligations.n > 0)
		resolve(&a->list, answer);
	a->accepted = attest_snp_conclude(&a->list, answer,
			  a->list.obligations.n, &a->authentic) == ERR_OK;
	a->parsed = a->snp.report.version != 0;
	return ERR_OK;
}

/* The quote says which TEE it is of; whoever asks here accepts both. */
static enum dcap_tee tee_of(struct bytes quote)
{
	return quote.len > 4 && quote.p[4] == DCAP_TEE_TDX ? DCAP_TEE_TDX
							   : DCAP_TEE_SGX;
}

static enum err judge_dcap(
    struct attesting *a, const struct cli_options *o, struct err_ctx *ctx)
{
	bool answer[OBLIGATIONS_MAX] = { false };
	enum err e = attest_files_dcap(
	    &a->dcap.ev, &a->files, o->quote, o->collateral, ctx);

	if (e != ERR_OK)
		return e;
	a->dcap.work = &a->dcap_work;
	a->dcap.tee = tee_of(a->dcap.ev.quote);
	a->dcap.roots = attest_roots;
	a->dcap.policy = &a->policy;
	a->dcap.now_s = a->now_s;
	if (attest_dcap(&a->list, &a->dcap) == ERR_OK ||
	    a->list.obligations.n > 0)
		resolve(&a->list, answer);
	a->accepted = attest_dcap_conclude(&a->list, a->dcap.tee, answer,
			  a->list.obligations.n, &a->authentic) == ERR_OK;
	a->parsed = a->dcap.quote.version != 0;
	return ERR_OK;
}

static void member_str(struct wr *w, const char *name, const char *s)
{
	wr_fmt(w, ",\"%s\":", name);
	json_write_string(w, (struct bytes){ (const uint8_t *)s, strlen(s) });
}

static enum cli_exit print_json(const struct attesting *a, bool snp)
{
	uint8_t *out = malloc(JSON_OUT_MAX);
	struct wr w;

	if (out == NULL)
		return CLI_EXIT_INTERNAL;
	w = wr_init(out, JSON_OUT_MAX);
	wr_fmt(&w, "{\"accepted\":%s,\"authentic\":%s",
	    a->accepted ? "true" : "false", a->authentic ? "true" : "false");
	member_str(&w, "policy", a->policy.name);
	wr_fmt(&w, ",\"now\":%llu", (unsigned long long)a->now_s);
	if (a->accepted) {
		wr_fmt(&w, ",\"deadline\":%llu",
		    (unsigned long long)a->list.deadline_s);
	} else {
		member_str(
		    &w, "failed", check_name(a->list.line[a->list.failed].id));
		member_str(&w, "reason", a->list.reason.msg);
	}
	cli_report_json_checks(&w, &a->list);
	if (a->parsed) {
		wr_str(&w, ",\"claims\":");
		if (snp)
			attest_claims_snp(&w, &a->snp);
		else
			attest_claims_dcap(&w, &a->dcap);
	}
	wr_str(&w, "}\n");
	if (w.err == ERR_OK)
		(void)fwrite(out, 1, w.len, stdout);
	free(out);
	if (w.err != ERR_OK)
		return CLI_EXIT_INTERNAL;
	return a->accepted ? CLI_EXIT_OK : CLI_EXIT_REFUSED;
}

static enum cli_exit print_text(
    const struct attesting *a, struct cli_term *t, bool snp)
{
	struct err_ctx why = a->list.reason;

	(void)printf("%s evidence, policy %s\n",
	    snp                           ? "AMD SEV-SNP"
	    : a->dcap.tee == DCAP_TEE_TDX ? "Intel TDX"
					  : "Intel SGX",
	    a->policy.name);
	cli_report_print_checks(t, stdout, &a->list);
	if (!a->accepted)
		return cli_exit_say(t, CLI_EXIT_REFUSED, &why);
	(void)printf("%sAccepted%s: genuine hardware, as this policy demands. "
		     "Its measurement was not\njudged: only a release record "
		     "says what should run.\n",
	    cli_style(t, stdout, CLI_GOOD), cli_style(t, stdout, CLI_PLAIN));
	return CLI_EXIT_OK;
}

static bool missing(const struct cli_options *o, bool snp, struct err_ctx *ctx)
{
	const char *what = NULL;

	if (snp && o->report == NULL)
		what = "--report";
	else if (snp && o->cert == NULL)
		what = "--cert";
	else if (snp && o->chain == NULL)
		what = "--chain";
	else if (!snp && o->quote == NULL)
		what = "--quote";
	if (what == NULL)
		return false;
	(void)err_set(ctx, ERR_FORMAT, "%s is missing", what);
	return true;
}

static bool read_now(
    struct attesting *a, const struct cli_options *o, struct err_ctx *ctx)
{
	const struct bytes text = { (const uint8_t *)o->unix_s,
		o->unix_s == NULL ? 0 : strlen(o->unix_s) };
	struct json v;

	a->now_s = clock_unix_s();
	if (o->unix_s == NULL)
		return true;
	if (json_parse(&v, text, NULL) == ERR_OK &&
	    json_u64(&v, &a->now_s) == ERR_OK)
		return true;
	(void)err_set(ctx, ERR_FORMAT, "--now wants Unix seconds");
	return false;
}

static enum cli_exit attest(struct attesting *a, const struct cli_options *o,
    struct cli_term *t, struct err_ctx *ctx)
{
	bool snp = strcmp(o->arg[0], "snp") == 0;
	enum err e;

	if (missing(o, snp, ctx) || !read_now(a, o, ctx))
		return cli_exit_say(t, CLI_EXIT_USAGE, ctx);
	e = attest_files_policy(&a->policy, &a->files,
	    o->policy != NULL ? o->policy : "strict", ctx);
	if (e == ERR_OK)
		e = snp ? judge_snp(a, o, ctx) : judge_dcap(a, o, ctx);
	if (e != ERR_OK)
		return cli_exit_say(t, CLI_EXIT_REFUSED, ctx);
	return o->json ? print_json(a, snp) : print_text(a, t, snp);
}

enum cli_exit cli_cmd_attest(const struct cli_options *o, struct cli_term *t)
{
	struct err_ctx ctx = { 0 };
	struct attesting *a;
	enum cli_exit x;

	if (o->args != 1 ||
	    (strcmp(o->arg[0], "snp") != 0 && strcmp(o->arg[0], "dcap") != 0)) {
		(void)err_set(
		    &ctx, ERR_FORMAT, "confer attest wants `snp` or `dcap`");
		return cli_exit_say(t, CLI_EXIT_USAGE, &ctx);
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return CLI_EXIT_INTERNAL;
	x = attest(a, o, t, &ctx);
	free(a);
	return x;
}
