/* See collateral_fetch.h. */
#include "client/collateral_fetch.h"

#include <poll.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "sys/clock.h"

#define TURIN_HWID_LEN 8
#define NAME_SHOWN     60

/* ---- what, and from where ------------------------------------------------- */

static const struct plan {
	const char *file;
	const char *side;   /* what belongs to it; NULL: nothing */
	const char *header; /* of the answer, with the side; NULL: from it */
} plans[COLLATERAL_ITEMS] = {
	[COLLATERAL_ITEM_AMD_CHAIN] = { "cert_chain.pem", "ask.der", NULL },
	[COLLATERAL_ITEM_VCEK] = { "vcek.der", NULL, NULL },
	[COLLATERAL_ITEM_AMD_CRL] = { "crl.der", NULL, NULL },
	[COLLATERAL_ITEM_TCB_INFO] = { "tcb_info.json", "tcb_signing_chain.pem",
	    "TCB-Info-Issuer-Chain" },
	[COLLATERAL_ITEM_QE_IDENTITY] = { "qe_identity.json", NULL, NULL },
	[COLLATERAL_ITEM_ROOT_CRL] = { "root_ca.crl.der", NULL, NULL },
	[COLLATERAL_ITEM_PCK_CRL] = { "pck.crl.der", "pck_crl_issuer_chain.pem",
	    "SGX-PCK-CRL-Issuer-Chain" },
};

static bool is_vlek(const struct collateral_fetch *f)
{
	return f->want.req.key == SNP_KEY_VLEK;
}

/* The side file's name, which is another one for a VLEK. */
static const char *side_of(
    const struct collateral_fetch *f, enum collateral_item item)
{
	return item == COLLATERAL_ITEM_AMD_CHAIN && is_vlek(f)
		   ? "asvk.der"
		   : plans[item].side;
}

void collateral_fetch_plan(struct collateral_fetch *f)
{
	static const enum collateral_item amd[] = { COLLATERAL_ITEM_AMD_CHAIN,
		COLLATERAL_ITEM_AMD_CRL, COLLATERAL_ITEM_VCEK };
	static const enum collateral_item intel[] = { COLLATERAL_ITEM_TCB_INFO,
		COLLATERAL_ITEM_QE_IDENTITY, COLLATERAL_ITEM_ROOT_CRL,
		COLLATERAL_ITEM_PCK_CRL };
	const bool snp = f->want.req.kind == COLLATERAL_FOR_SNP;
	const size_t n = snp ? (is_vlek(f) ? 2 : 3) : 4;

	_Static_assert(sizeof(intel) / sizeof(intel[0]) == COLLATERAL_FILES_MAX,
	    "a result for each");
	memset(f->result, 0, sizeof(f->result));
	f->results = n;
	for (size_t i = 0; i < n; i++) {
		f->result[i].item = snp ? amd[i] : intel[i];
		f->result[i].file = plans[f->result[i].item].file;
	}
}

/* /vcek/v1/{product}/{hwid}?fmcSPL=..&blSPL=..: fmcSPL for Turin only. */
static void write_vcek_path(struct wr *w, const struct collateral_want *want)
{
	const bool turin = want->req.product == SNP_FAMILY_TURIN;
	char hwid[2 * SNP_CHIP_ID_LEN + 1];

	hex_encode(
	    hwid, want->req.chip_id, turin ? TURIN_HWID_LEN : SNP_CHIP_ID_LEN);
	wr_fmt(w, "/vcek/v1/%s/%s?", snp_family_name(want->req.product), hwid);
	if (turin)
		wr_fmt(w, "fmcSPL=%02u&", (unsigned)want->tcb.fmc);
	wr_fmt(w, "blSPL=%02u&teeSPL=%02u&snpSPL=%02u&ucodeSPL=%02u",
	    (unsigned)want->tcb.bootloader, (unsigned)want->tcb.tee,
	    (unsigned)want->tcb.snp, (unsigned)want->tcb.microcode);
}

static void write_path(
    struct wr *w, const struct collateral_fetch *f, enum collateral_item item)
{
	const char *product = snp_family_name(f->want.req.product);
	const char *tee =
	    f->want.req.kind == COLLATERAL_FOR_TDX ? "tdx" : "sgx";
	char fmspc[2 * PCK_FMSPC_LEN + 1];

	switch (item) {
	case COLLATERAL_ITEM_AMD_CHAIN:
		wr_fmt(w, "/%s/v1/%s/cert_chain", is_vlek(f) ? "vlek" : "vcek",
		    product);
		break;
	case COLLATERAL_ITEM_VCEK:
		write_vcek_path(w, &f->want);
		break;
	case COLLATERAL_ITEM_AMD_CRL: /* one list for both kinds of key */
		wr_fmt(w, "/vcek/v1/%s/crl", product);
		break;
	case COLLATERAL_ITEM_TCB_INFO:
		hex_encode(fmspc, f->want.fmspc, PCK_FMSPC_LEN);
		wr_fmt(w, "/%s/certification/v4/tcb?fmspc=%s", tee, fmspc);
		break;
	case COLLATERAL_ITEM_QE_IDENTITY:
		wr_fmt(w, "/%s/certification/v4/qe/identity", tee);
		break;
	case COLLATERAL_ITEM_PCK_CRL:
		wr_fmt(w, "/sgx/certification/v4/pckcrl?ca=%s&encoding=der",
		    f->want.processor_ca ? "processor" : "platform");
		break;
	case COLLATERAL_ITEM_ROOT_CRL: /* has an address of its own */
	case COLLATERAL_ITEMS:
		break;
	}
}

enum err collateral_fetch_url(char out[HTTP_URL_LEN_MAX + 1],
    const struct collateral_fetch *f, enum collateral_item item,
    struct err_ctx *ctx)
{
	struct wr w = wr_init(out, HTTP_URL_LEN_MAX);

	if (item == COLLATERAL_ITEM_ROOT_CRL) {
		wr_str(&w, f->root_crl_url);
	} else {
		wr_str(&w, f->want.req.kind == COLLATERAL_FOR_SNP
			       ? f->amd_url
			       : f->intel_url);
		if (w.len > 0 && w.p[w.len - 1] == '/')
			w.len--;
		write_path(&w, f, item);
	}
	out[w.err == ERR_OK ? w.len : 0] = '\0';
	if (w.err == ERR_OK)
		return ERR_OK;
	return err_set(
	    ctx, ERR_LIMIT, "the address of %s is too long", plans[item].file);
}

/* ---- asking --------------------------------------------------------------- */

/* How long the service wants us to wait: seconds, or 0 if it does not say. The
 * other form, a date, needs clocks that agree. */
static uint64_t retry_after_s(const struct http_head *head)
{
	struct bytes v;
	uint64_t s = 0;

	if (http_field_get(head, "Retry-After", &v) != ERR_OK || v.len > 6)
		return 0;
	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return 0;
		s = s * 10 + (uint64_t)(v.p[i] - '0');
	}
	return s;
}

static bool is_busy(unsigned status)
{
	return status == 429 || status == 503;
}

/* The host of an address, for messages. */
static struct bytes host_of(const char *url)
{
	struct http_url u;

	if (http_url_parse(&u,
		(struct bytes){ (const uint8_t *)url, mem_strlen(url) },
		NULL) != ERR_OK)
		return (struct bytes){ NULL, 0 };
	if (u.host.len > NAME_SHOWN)
		u.host.len = NAME_SHOWN;
	return u.host;
}

/* A whole answer that is not what was asked for. */
static enum client_fault refused_by(const struct collateral_result *r,
    struct bytes host, unsigned status, struct err_ctx *ctx)
{
	if (status == 404 && r->item == COLLATERAL_ITEM_VCEK)
		(void)err_set(ctx, ERR_NOTFOUND,
		    "%.*s knows no VCEK of this chip with this TCB (404)",
		    (int)host.len, (const char *)host.p);
	else
		(void)err_set(ctx, ERR_NOTFOUND, "%.*s answers %u to %s",
		    (int)host.len, (const char *)host.p, status, r->file);
	return CLIENT_FAULT_REFUSED;
}

/*
 * Wait before the next try: what the service asks for, else *pause_ms, which
 * doubles. False, with a sentence, when the time does not suffice.
 */
static bool wait_for_turn(struct collateral_fetch *f, size_t i,
    uint64_t *pause_ms, struct bytes host, struct err_ctx *ctx)
{
	const uint64_t asked_s = retry_after_s(&f->answer.head);
	const uint64_t now = f->io.mono_ms(f->io.cookie);
	uint64_t ms = asked_s > 0 ? asked_s * 1000 : *pause_ms;

	if (asked_s > COLLATERAL_RETRY_AFTER_S_MAX || now >= f->deadline_ms ||
	    ms >= f->deadline_ms - now) {
		(void)err_set(ctx, ERR_BUSY,
		    "%.*s is busy (%u): the next try would be in %llu s, "
		    "which is too late",
		    (int)host.len, (const char *)host.p, f->answer.head.status,
		    (unsigned long long)(ms + 999) / 1000);
		return false;
	}
	f->io.progress(f->io.cookie, i, ms);
	f->io.pause(f->io.cookie, ms);
	*pause_ms *= 2;
	if (*pause_ms > COLLATERAL_PAUSE_MS_MAX)
		*pause_ms = COLLATERAL_PAUSE_MS_MAX;
	return true;
}

/* Get item i into f->answer and f->new_file. */
static enum client_fault ask(
    struct collateral_fetch *f, size_t i, struct err_ctx *ctx)
{
	struct collateral_result *r = &f->result[i];
	char url[HTTP_URL_LEN_MAX + 1];
	struct http_fetch what = {
		.url = url, .ca_file = f->ca_file, .deadline_ms = f->deadline_ms
	};
	uint64_t pause_ms = COLLATERAL_PAUSE_MS;
	struct bytes host;
	enum err e = collateral_fetch_url(url, f, r->item, ctx);

	if (e != ERR_OK)
		return CLIENT_FAULT_REFUSED;
	host = host_of(url);
	for (;;) {
		f->io.progress(f->io.cookie, i, 0);
		e = f->io.get(f->io.cookie, &f->answer, f->new_file,
		    sizeof(f->new_file), &what, ctx);
		if (e == ERR_NOMEM || e == ERR_INTERNAL)
			return CLIENT_FAULT_INTERNAL;
		if (e != ERR_OK)
			return http_unreachable(e) ? CLIENT_FAULT_UNREACHABLE
						   : CLIENT_FAULT_REFUSED;
		if (f->answer.head.status == 200)
			return CLIENT_FAULT_NONE;
		if (!is_busy(f->answer.head.status))
			return refused_by(r, host, f->answer.head.status, ctx);
		if (!wait_for_turn(f, i, &pause_ms, host, ctx))
			return CLIENT_FAULT_UNREACHABLE;
	}
}

/* ---- files ---------------------------------------------------------------- */

static enum err path_of(char out[FD_PATH_MAX], const struct collateral_fetch *f,
    const char *name, struct err_ctx *ctx)
{
	if (fmt_print(out, FD_PATH_MAX, "%s/%s", f->dir, name) < FD_PATH_MAX)
		return ERR_OK;
	return err_set(ctx, ERR_LIMIT, "the path of %s is too long", name);
}

/* A file of the directory; empty if it cannot be had, whatever the reason. */
static struct bytes load(const struct collateral_fetch *f, const char *name,
    uint8_t *buf, size_t cap)
{
	char path[FD_PATH_MAX];
	size_t n = 0;

	if (name == NULL || path_of(path, f, name, NULL) != ERR_OK ||
	    fd_read_file(buf, cap, &n, path, NULL) != ERR_OK)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ buf, n };
}

/* Put it there, unless it is there. */
static enum err store(const struct collateral_fetch *f, const char *name,
    struct bytes content, struct bytes old, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e;

	if (mem_eq(content, old))
		return ERR_OK;
	e = path_of(path, f, name, ctx);
	return e == ERR_OK ? fd_replace_file(path, content, 0644, ctx) : e;
}

/* ---- one item ------------------------------------------------------------- */

/* What came beside the file: from a field of the answer, or from itself. */
static enum err find_side(struct collateral_fetch *f, enum collateral_item item,
    struct bytes file, struct bytes *side, struct err_ctx *ctx)
{
	const char *header = plans[item].header;
	struct bytes text;
	size_t n = 0;
	enum err e;

	*side = (struct bytes){ NULL, 0 };
	if (header != NULL) {
		e = http_field_get(&f->answer.head, header, &text);
		if (e == ERR_OK)
			e = http_percent_decode(
			    f->new_side, sizeof(f->new_side), &n, text);
		if (e != ERR_OK)
			return err_set(ctx, e,
			    "no usable field %s in the "
			    "answer",
			    header);
	} else if (item == COLLATERAL_ITEM_AMD_CHAIN) {
		e = x509_pem_next(&file, f->new_side, sizeof(f->new_side), &n,
		    "issuer's certificate", ctx);
		if (e != ERR_OK)
			return e;
	}
	*side = (struct bytes){ f->new_side, n };
	return ERR_OK;
}

static enum err check_life(const struct collateral_life *life, uint64_t now_s,
    const char *file, struct err_ctx *ctx)
{
	if (now_s < life->from)
		return err_set(ctx, ERR_EXPIRED,
		    "what is offered as %s begins in the future: is the clock "
		    "right?",
		    file);
	if (now_s >= life->until)
		return err_set(ctx, ERR_EXPIRED,
		    "what is offered as %s has ended: is the clock right?",
		    file);
	return ERR_OK;
}

/* Judge what was fetched, and let it take the place of the old. */
static enum client_fault take(struct collateral_fetch *f,
    struct collateral_result *r, struct bytes old_file, struct bytes old_side,
    struct err_ctx *ctx)
{
	const struct bytes file = { f->new_file, f->answer.body_len };
	struct collateral_life life;
	struct err_ctx why = { 0 };
	struct bytes side;
	enum err e = find_side(f, r->item, file, &side, &why);

	if (e == ERR_OK)
		e = collateral_judge_item(
		    &f->judge, r->item, file, side, &life, &why);
	if (e == ERR_OK)
		e = check_life(&life, f->now_s, r->file, &why);
	if (e != ERR_OK) {
		(void)err_set(ctx, e, "%s was not replaced: %s", r->file,
		    why.msg[0] != '\0' ? why.msg : err_name(e));
		return CLIENT_FAULT_REFUSED;
	}
	if (r->usable && life.from < r->life.from) {
		r->outcome = COLLATERAL_SAME;
		return CLIENT_FAULT_NONE;
	}
	r->outcome = mem_eq(file, old_file) && mem_eq(side, old_side)
			 ? COLLATERAL_SAME
			 : COLLATERAL_FETCHED;
	if (side.len > 0)
		e = store(f, side_of(f, r->item), side, old_side, ctx);
	if (e == ERR_OK)
		e = store(f, r->file, file, old_file, ctx);
	if (e != ERR_OK)
		return CLIENT_FAULT_DAMAGE;
	r->usable = true;
	r->life = life;
	return CLIENT_FAULT_NONE;
}

/* Look at what is there. True: it is right and not due. */
static bool keep(struct collateral_fetch *f, struct collateral_result *r,
    struct bytes file, struct bytes side)
{
	struct collateral_life life;

	if (file.len == 0 || (plans[r->item].side != NULL && side.len == 0) ||
	    collateral_judge_item(
		&f->judge, r->item, file, side, &life, NULL) != ERR_OK)
		return false;
	r->life = life;
	r->usable = f->now_s >= life.from && f->now_s < life.until;
	return r->usable && f->now_s < life.renew && !f->refresh;
}

static void do_item(struct collateral_fetch *f, size_t i)
{
	struct collateral_result *r = &f->result[i];
	const struct bytes file =
	    load(f, r->file, f->old_file, sizeof(f->old_file));
	const struct bytes side =
	    load(f, side_of(f, r->item), f->old_side, sizeof(f->old_side));

	if (keep(f, r, file, side)) {
		r->outcome = COLLATERAL_KEPT;
		return;
	}
	r->fault = ask(f, i, &r->why);
	if (r->fault == CLIENT_FAULT_NONE)
		r->fault = take(f, r, file, side, &r->why);
	if (r->fault != CLIENT_FAULT_NONE)
		r->outcome = COLLATERAL_MISSED;
	/* What signs the items after this one is what lies there now. */
	if (r->outcome != COLLATERAL_FETCHED)
		(void)keep(f, r, file, side);
}

enum client_fault collateral_fetch_run(
    struct collateral_fetch *f, struct err_ctx *ctx)
{
	enum client_fault fault = CLIENT_FAULT_NONE;

	collateral_fetch_plan(f);
	f->judge.want = &f->want;
	f->judge.roots = f->roots;
	if (fd_make_dirs(f->dir, ctx) != ERR_OK)
		return CLIENT_FAULT_DAMAGE;
	for (size_t i = 0; i < f->results; i++) {
		struct collateral_result *r = &f->result[i];

		do_item(f, i);
		if (r->fault == CLIENT_FAULT_NONE || fault != CLIENT_FAULT_NONE)
			continue;
		fault = r->fault;
		(void)err_set(ctx, r->why.code, "%s", r->why.msg);
	}
	return fault;
}

/* ---- the world ------------------------------------------------------------ */

static enum err real_get(void *cookie, struct http_answer *out, uint8_t *body,
    size_t cap, const struct http_fetch *what, struct err_ctx *ctx)
{
	(void)cookie;
	return http_fetch(out, body, cap, what, ctx);
}

static void real_pause(void *cookie, uint64_t ms)
{
	(void)cookie;
	(void)poll(NULL, 0, (int)ms);
}

static uint64_t real_mono_ms(void *cookie)
{
	(void)cookie;
	return clock_mono_ms();
}

void collateral_io_real(struct collateral_io *io)
{
	io->get = real_get;
	io->pause = real_pause;
	io->mono_ms = real_mono_ms;
}
