/* See collateral_fetch.h. */
#include "cli/collateral_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/utc.h"
#include "client/collateral_fetch.h"
#include "sys/clock.h"

#define TIMEOUT_S     60
#define TIMEOUT_S_MAX 3600
#define SHOWN         80 /* bytes of an argument in a message */
#define JSON_MAX      8192

struct fetching {
	struct collateral_fetch fetch;
	uint8_t evidence[DCAP_QUOTE_LEN_MAX + DCAP_ZEROS_MAX + 1];
	struct cli_term *term;
};

/* ---- the options ---------------------------------------------------------- */

/* A whole number that options.c has looked at; `otherwise` if not given. */
static uint64_t number(const char *text, uint64_t otherwise)
{
	struct json v = { .type = JSON_NUMBER };
	uint64_t n = 0;

	if (text == NULL)
		return otherwise;
	v.text = (struct bytes){ (const uint8_t *)text, strlen(text) };
	return json_u64(&v, &n) == ERR_OK ? n : UINT64_MAX;
}

/* An address is wrong before anything is asked. */
static enum err check_url(
    const char *option, const char *url, bool whole, struct err_ctx *ctx)
{
	const struct bytes text = { (const uint8_t *)url, strlen(url) };
	struct err_ctx why = { 0 };
	struct http_url u;
	enum err e = http_url_parse(&u, text, &why);

	if (e == ERR_OK && !whole && u.query)
		e = err_set(&why, ERR_FORMAT,
		    "URL: a query has no place in the start of addresses");
	return e == ERR_OK ? e : err_set(ctx, e, "--%s: %s", option, why.msg);
}

static enum err read_urls(struct collateral_fetch *f,
    const struct cli_options *o, struct err_ctx *ctx)
{
	enum err e;

	f->amd_url = o->amd_url != NULL ? o->amd_url : COLLATERAL_AMD_URL;
	f->intel_url =
	    o->intel_url != NULL ? o->intel_url : COLLATERAL_INTEL_URL;
	f->root_crl_url =
	    o->root_crl_url != NULL ? o->root_crl_url : COLLATERAL_ROOT_CRL_URL;
	e = check_url("amd-url", f->amd_url, false, ctx);
	if (e == ERR_OK)
		e = check_url("intel-url", f->intel_url, false, ctx);
	if (e == ERR_OK)
		e = check_url("intel-root-crl-url", f->root_crl_url, true, ctx);
	return e;
}

static enum cli_exit read_times(struct collateral_fetch *f,
    const struct cli_options *o, struct err_ctx *ctx)
{
	const uint64_t timeout_s = number(o->timeout, TIMEOUT_S);

	f->now_s = number(o->at, clock_unix_s());
	f->deadline_ms = clock_mono_ms() + timeout_s * 1000;
	if (timeout_s >= 1 && timeout_s <= TIMEOUT_S_MAX)
		return CLI_EXIT_OK;
	(void)err_set(ctx, ERR_FORMAT, "--timeout is from 1 to %d seconds",
	    TIMEOUT_S_MAX);
	return CLI_EXIT_USAGE;
}

static enum cli_exit read_chip(struct collateral_fetch *f,
    const struct cli_options *o, enum snp_family product, struct err_ctx *ctx)
{
	if (o->chip_id == NULL || o->tcb == NULL ||
	    product == SNP_FAMILY_UNSTATED) {
		(void)err_set(ctx, ERR_FORMAT,
		    "--for is missing; or say --product, --chip-id and "
		    "--tcb");
		return CLI_EXIT_USAGE;
	}
	return collateral_want_chip(
		   &f->want, product, o->chip_id, o->tcb, ctx) == ERR_OK
		   ? CLI_EXIT_OK
		   : CLI_EXIT_USAGE;
}

/* For which machine. */
static enum cli_exit read_want(
    struct fetching *g, const struct cli_options *o, struct err_ctx *ctx)
{
	enum snp_family product = SNP_FAMILY_UNSTATED;
	struct err_ctx why = { 0 };
	size_t n;

	if (o->product != NULL) {
		product = collateral_product(o->product);
		if (product == SNP_FAMILY_UNSTATED) {
			(void)err_set(ctx, ERR_FORMAT,
			    "--product is Milan, Genoa or Turin, not %.*s",
			    SHOWN, o->product);
			return CLI_EXIT_USAGE;
		}
	}
	if (o->evidence == NULL)
		return read_chip(&g->fetch, o, product, ctx);
	if (o->chip_id != NULL || o->tcb != NULL) {
		(void)err_set(ctx, ERR_FORMAT,
		    "--for names the chip already: no --chip-id and no --tcb");
		return CLI_EXIT_USAGE;
	}
	if (fd_read_file(g->evidence, sizeof(g->evidence), &n, o->evidence,
		ctx) != ERR_OK)
		return CLI_EXIT_REFUSED;
	if (collateral_want_of(&g->fetch.want, (struct bytes){ g->evidence, n },
		product, &why) == ERR_OK)
		return CLI_EXIT_OK;
	(void)err_set(ctx, why.code, "%.*s: %s", SHOWN, o->evidence, why.msg);
	return CLI_EXIT_REFUSED;
}

/* ---- what is shown -------------------------------------------------------- */

static void on_progress(void *cookie, size_t i, uint64_t ms)
{
	struct fetching *g = cookie;
	char text[80];

	if (ms == 0)
		(void)fmt_print(text, sizeof(text), "Fetching %s (%zu of %zu)",
		    g->fetch.result[i].file, i + 1, g->fetch.results);
	else
		(void)fmt_print(text, sizeof(text),
		    "Asked to wait: %s in %llu s", g->fetch.result[i].file,
		    (unsigned long long)(ms + 999) / 1000);
	cli_status(g->term, text);
}

static const char *outcome_name(enum collateral_outcome outcome)
{
	switch (outcome) {
	case COLLATERAL_NOT_TRIED:
		return "not tried";
	case COLLATERAL_KEPT:
		return "kept";
	case COLLATERAL_FETCHED:
		return "fetched";
	case COLLATERAL_SAME:
		return "unchanged";
	case COLLATERAL_MISSED:
		return "missed";
	}
	return "unknown";
}

static void print_result(
    const struct cli_term *t, const struct collateral_result *r)
{
	const bool bad = r->outcome == COLLATERAL_MISSED;
	char until[UTC_TEXT_LEN + 1];

	utc_format(until, r->life.until);
	(void)printf("%s%-16s %-10s%s %s%s\n",
	    cli_style(t, stdout, bad ? CLI_BAD : CLI_GOOD), r->file,
	    outcome_name(r->outcome), cli_style(t, stdout, CLI_PLAIN),
	    r->usable ? "good until " : "there is none that can be used",
	    r->usable ? until : "");
}

/* A list for people at a terminal; nothing in a pipe. */
static void print_results(
    const struct cli_term *t, const struct collateral_fetch *f)
{
	if (!t->out_tty || t->quiet)
		return;
	for (size_t i = 0; i < f->results; i++)
		print_result(t, &f->result[i]);
	if (f->want.req.kind == COLLATERAL_FOR_SNP &&
	    f->want.req.key == SNP_KEY_VLEK)
		(void)printf(
		    "vlek.der is not fetched: it comes from your cloud.\n");
}

static void json_str(struct wr *w, const char *name, const char *value)
{
	wr_fmt(w, "\"%s\":", name);
	json_write_string(
	    w, (struct bytes){ (const uint8_t *)value, strlen(value) });
}

static void json_result(struct wr *w, const struct collateral_result *r)
{
	wr_str(w, "{");
	json_str(w, "file", r->file);
	wr_str(w, ",");
	json_str(w, "outcome", outcome_name(r->outcome));
	wr_fmt(w, ",\"usable\":%s", r->usable ? "true" : "false");
	if (r->usable)
		wr_fmt(w, ",\"from\":%llu,\"until\":%llu,\"renew\":%llu",
		    (unsigned long long)r->life.from,
		    (unsigned long long)r->life.until,
		    (unsigned long long)r->life.renew);
	if (r->fault != CLIENT_FAULT_NONE) {
		wr_str(w, ",");
		json_str(w, "error", r->why.msg);
	}
	wr_str(w, "}");
}

static void json_want(struct wr *w, const struct collateral_want *want)
{
	static const char *const kind[] = { [COLLATERAL_FOR_SNP] = "snp",
		[COLLATERAL_FOR_TDX] = "tdx",
		[COLLATERAL_FOR_SGX] = "sgx" };
	char fmspc[2 * PCK_FMSPC_LEN + 1];

	wr_str(w, ",");
	json_str(w, "kind", kind[want->req.kind]);
	wr_str(w, ",");
	if (want->req.kind == COLLATERAL_FOR_SNP) {
		json_str(w, "product", snp_family_name(want->req.product));
		return;
	}
	hex_encode(fmspc, want->fmspc, PCK_FMSPC_LEN);
	json_str(w, "fmspc", fmspc);
	wr_str(w, ",");
	json_str(w, "ca", want->processor_ca ? "processor" : "platform");
}

static void print_json(const struct collateral_fetch *f, enum cli_exit x,
    const struct err_ctx *ctx)
{
	uint8_t buf[JSON_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_fmt(&w, "{\"exit\":%d", (int)x);
	if (f->results > 0) {
		json_want(&w, &f->want);
		wr_str(&w, ",\"files\":[");
		for (size_t i = 0; i < f->results; i++) {
			wr_str(&w, i > 0 ? "," : "");
			json_result(&w, &f->result[i]);
		}
		wr_str(&w, "]");
	}
	if (x != CLI_EXIT_OK) {
		wr_str(&w, ",\"error\":{");
		json_str(&w, "code", cli_exit_name(x));
		wr_str(&w, ",");
		json_str(&w, "message", ctx->msg);
		wr_str(&w, "}");
	}
	wr_str(&w, "}\n");
	if (w.err == ERR_OK)
		(void)fwrite(buf, 1, w.len, stdout);
	(void)fflush(stdout);
}

/* ---- the command ---------------------------------------------------------- */

static enum cli_exit run(struct fetching *g, const struct cli_options *o,
    struct cli_term *t, struct err_ctx *ctx)
{
	struct collateral_fetch *f = &g->fetch;
	enum cli_exit x;

	g->term = t;
	f->io.cookie = g;
	f->io.progress = on_progress;
	collateral_io_real(&f->io);
	f->roots = attest_roots;
	f->dir = o->dir;
	f->ca_file = o->ca_file;
	f->refresh = o->refresh;
	if (read_urls(f, o, ctx) != ERR_OK)
		return CLI_EXIT_USAGE;
	x = read_times(f, o, ctx);
	if (x == CLI_EXIT_OK)
		x = read_want(g, o, ctx);
	if (x == CLI_EXIT_OK)
		x = cli_exit_of_fault(collateral_fetch_run(f, ctx));
	cli_status_clear(t);
	return x;
}

enum cli_exit cli_collateral_fetch(
    const struct cli_options *o, struct cli_term *t, struct err_ctx *ctx)
{
	struct fetching *g = calloc(1, sizeof(*g));
	struct err_ctx why = { 0 };
	enum cli_exit x;

	if (g == NULL)
		return CLI_EXIT_INTERNAL;
	x = run(g, o, t, &why);
	if (o->json)
		print_json(&g->fetch, x, &why);
	else
		print_results(t, &g->fetch);
	if (x != CLI_EXIT_OK && !o->json)
		(void)err_set(ctx, why.code, "%s", why.msg);
	free(g);
	return x;
}
