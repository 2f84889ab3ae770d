/* See receipt.h. */
#include "cli/receipt.h"

#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "cli/cmd.h"
#include "client/home.h"
#include "sys/clock.h"

enum cli_exit cli_receipt_save(const char *path, const struct cli_link *l,
    const struct client_proof *proof, struct err_ctx *ctx)
{
	const struct client_receipt what = { .conn = l->conn,
		.client = "confer-" CLI_VERSION,
		.trust_text = { l->trust_text, l->trust_len },
		.proof = proof };
	enum err e = client_receipt_save(path, &what, ctx);

	if (e == ERR_OK)
		return CLI_EXIT_OK;
	return e == ERR_POLICY ? CLI_EXIT_REFUSED : CLI_EXIT_DAMAGE;
}

bool cli_receipt_is_file(const char *arg)
{
	static const char *const scheme[] = { "unix:", "tcp:", "vsock:" };

	for (size_t i = 0; i < sizeof(scheme) / sizeof(scheme[0]); i++) {
		if (strncmp(arg, scheme[i], strlen(scheme[i])) == 0)
			return false;
	}
	return true;
}

/* ---- what is read ----------------------------------------------------------- */

static enum cli_exit check_options(
    const struct cli_options *o, struct err_ctx *ctx)
{
	if (o->now && o->at_its_time)
		(void)err_set(ctx, ERR_FORMAT,
		    "--now and --at-its-time exclude each other");
	else if (o->trust != NULL && o->trust_receipt)
		(void)err_set(ctx, ERR_FORMAT,
		    "--trust and --trust-receipt exclude each other");
	else if (o->connect != NULL || o->receipt != NULL)
		(void)err_set(ctx, ERR_FORMAT,
		    "a receipt is verified without a connection: --connect "
		    "and --receipt do not go with it");
	return ctx->code == ERR_OK ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

static enum cli_exit read_receipt(
    struct cli_receipt *r, const char *path, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	enum err e =
	    fd_read_file(r->file, sizeof(r->file), &r->len, path, &why);

	if (e == ERR_NOTFOUND) {
		(void)err_set(ctx, e,
		    "%.*s is neither an address nor a file that is there", 60,
		    path);
		return CLI_EXIT_USAGE;
	}
	if (e == ERR_OK)
		e = receipt_parse(
		    &r->receipt, (struct bytes){ r->file, r->len }, &why);
	r->parsed = e == ERR_OK;
	if (r->parsed) {
		crypto_sha256(r->brought, &r->receipt.trust, 1);
		return CLI_EXIT_OK;
	}
	(void)err_set(ctx, e, "%.*s: %s", 60, path, why.msg);
	return CLI_EXIT_REFUSED;
}

/* ---- whom to believe [R-09] ------------------------------------------------- */

static enum err load_trust(
    struct cli_receipt *r, const char *path, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	size_t n = 0;
	enum err e =
	    fd_read_file(r->trust_text, sizeof(r->trust_text), &n, path, &why);

	if (e == ERR_OK)
		e = trust_parse(
		    &r->trust, (struct bytes){ r->trust_text, n }, &why);
	if (e != ERR_OK)
		return err_set(
		    ctx, e, "the trust file %.*s: %s", 60, path, why.msg);
	r->same = mem_eq_ct(r->trust.digest, r->brought, SHA256_LEN);
	return ERR_OK;
}

/* HOME/trust, or what `confer up` made for its enclave. */
static enum err load_own(struct cli_receipt *r, bool own, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = client_home_path(
	    path, r->home, own ? "up" : "trust", own ? "trust" : NULL, ctx);

	r->own = own;
	return e == ERR_OK ? load_trust(r, path, ctx) : e;
}

/* Of the user's own files the one that the receipt was made with, if it is
 * there; else HOME/trust before the other. */
static enum cli_exit find_own_trust(struct cli_receipt *r, struct err_ctx *ctx)
{
	struct err_ctx why[2] = { { 0 }, { 0 } };
	enum err e[2];

	e[0] = load_own(r, false, &why[0]);
	if (e[0] == ERR_OK && r->same)
		return CLI_EXIT_OK;
	e[1] = load_own(r, true, &why[1]);
	if (e[1] == ERR_OK && (r->same || e[0] == ERR_NOTFOUND))
		return CLI_EXIT_OK;
	if (e[0] == ERR_OK && load_own(r, false, ctx) == ERR_OK)
		return CLI_EXIT_OK;
	if (e[0] == ERR_NOTFOUND && e[1] == ERR_NOTFOUND) {
		(void)err_set(ctx, ERR_NOTFOUND,
		    "whom should I believe? Name a trust file with --trust "
		    "FILE, or keep one in HOME/trust");
		return CLI_EXIT_USAGE;
	}
	(void)err_set(ctx, ERR_IO, "%s",
	    why[e[0] == ERR_NOTFOUND || e[0] == ERR_OK ? 1 : 0].msg);
	return CLI_EXIT_DAMAGE;
}

static enum cli_exit find_trust(struct cli_receipt *r, struct err_ctx *ctx)
{
	const struct cli_options *o = r->options;
	struct err_ctx why = { 0 };

	if (o->trust != NULL)
		return load_trust(r, o->trust, ctx) == ERR_OK ? CLI_EXIT_OK
							      : CLI_EXIT_USAGE;
	if (!o->trust_receipt)
		return find_own_trust(r, ctx);
	r->same = true;
	if (trust_parse(&r->trust, r->receipt.trust, &why) == ERR_OK)
		return CLI_EXIT_OK;
	(void)err_set(
	    ctx, why.code, "the trust file in the receipt: %s", why.msg);
	return CLI_EXIT_REFUSED;
}

/* ---- the verdict ------------------------------------------------------------- */

static enum cli_exit explain(const struct cli_receipt *r,
    const struct client_judgement *j, enum err e, struct err_ctx *ctx)
{
	const struct verdict *v = &j->verdict;

	if (j->split_view) {
		(void)err_set(ctx, e,
		    "the log %.*s shows two different trees of size %llu: it "
		    "lies to somebody. Keep this receipt, it proves it",
		    40, v->claims.log_origin,
		    (unsigned long long)j->split_size);
		return CLI_EXIT_MISBEHAVIOUR;
	}
	(void)err_set(ctx, e, "Refused%s: %s%s", r->options->now ? " now" : "",
	    v->checks.reason.msg,
	    v->failed == CHECK_TEE && v->simulated
		? " (--accept-simulated takes it all the same)"
		: "");
	return CLI_EXIT_REFUSED;
}

static enum cli_exit judge(struct cli_receipt *r, struct err_ctx *ctx)
{
	const struct cli_options *o = r->options;
	const struct client_demand d = { .trust = &r->trust,
		.accept_simulated = r->own || o->accept_simulated,
		.now_s = r->now_s };
	struct err_ctx why = { 0 };
	enum err e = client_receipt_judge(&r->judgement, &d, &r->state,
	    &r->receipt, o->now ? CLIENT_RECEIPT_NOW : CLIENT_RECEIPT_THEN);

	r->judged = true;
	if (!o->now && !o->at_its_time)
		r->today_ok = client_receipt_judge(&r->today, &d, &r->state,
				  &r->receipt, CLIENT_RECEIPT_NOW) == ERR_OK;
	if (e != ERR_OK)
		return explain(r, &r->judgement, e, ctx);
	e = receipt_check(&r->check, &r->receipt, &r->judgement.verdict, &why);
	if (e == ERR_OK)
		return CLI_EXIT_OK;
	(void)err_set(ctx, e, "Refused: %s", why.msg);
	return CLI_EXIT_REFUSED;
}

/* The same receipt without what is private. */
static enum cli_exit write_public(struct cli_receipt *r, struct err_ctx *ctx)
{
	struct receipt copy = r->receipt;
	uint8_t *buf = malloc(r->len);
	struct wr w = wr_init(buf, buf != NULL ? r->len : 0);
	struct err_ctx why = { 0 };
	enum err e;

	copy.request.len = copy.answer.len = 0;
	receipt_write(&w, &copy);
	e = buf != NULL ? w.err : ERR_NOMEM;
	if (e == ERR_OK)
		e = fd_replace_file(r->options->public,
		    (struct bytes){ buf, w.len }, 0600, &why);
	free(buf);
	if (e == ERR_OK)
		return CLI_EXIT_OK;
	(void)err_set(ctx, e, "the copy cannot be written: %s",
	    why.msg[0] != '\0' ? why.msg : err_name(e));
	return CLI_EXIT_DAMAGE;
}

enum cli_exit cli_receipt_judge(
    struct cli_receipt *r, const char *path, struct err_ctx *ctx)
{
	enum cli_exit x = check_options(r->options, ctx);

	if (x == CLI_EXIT_OK &&
	    client_home_find(r->home, r->options->home, ctx) != ERR_OK)
		x = CLI_EXIT_USAGE;
	if (x == CLI_EXIT_OK)
		x = read_receipt(r, path, ctx);
	if (x == CLI_EXIT_OK)
		x = find_trust(r, ctx);
	if (x == CLI_EXIT_OK &&
	    client_state_load(&r->state, r->home, &r->trust, ctx) != ERR_OK)
		x = CLI_EXIT_DAMAGE;
	r->now_s = clock_unix_s();
	if (x == CLI_EXIT_OK)
		x = judge(r, ctx);
	if (x == CLI_EXIT_OK && r->options->public != NULL)
		x = write_public(r, ctx);
	return x;
}

enum cli_exit cli_receipt_verify(
    const struct cli_options *o, const char *path, struct cli_term *t)
{
	struct cli_receipt *r = calloc(1, sizeof(*r));
	struct err_ctx ctx = { 0 };
	enum cli_exit x = CLI_EXIT_INTERNAL;

	if (r == NULL) {
		(void)err_set(&ctx, ERR_NOMEM, "out of memory");
		return cli_exit_say(t, x, &ctx);
	}
	r->options = o;
	r->term = t;
	x = cli_receipt_judge(r, path, &ctx);
	if (o->json)
		cli_receipt_print_json(r, x, &ctx);
	else if (r->judged)
		cli_receipt_print(r, x, &ctx);
	else
		(void)cli_exit_say(t, x, &ctx);
	mem_wipe(r->file, r->len);
	free(r);
	return x;
}
