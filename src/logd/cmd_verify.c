/*
 * confer-log verify: a record and its proof, offline, as clients check the ones
 * that are stapled to evidence (docs/log.md, section 7, L-90..L-92). With
 * --policy the proof alone, of any C2SP log.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/utc.h"
#include "logd/cmd.h"
#include "protocol/seen_by.h"
#include "tlog/proof.h"
#include "tlog/record.h"
#include "tlog/tile.h"

/* One run. Large: on the heap. */
struct verify {
	const struct logd_options *o;
	struct logd_show *s;
	uint64_t now_s;
	struct logd_trust *trust;
	struct logd_file policy_text;
	struct tlog_policy policy;
	const struct tlog_policy *log; /* of the two, whichever counts */
	struct logd_file record, proof;
	struct tlog_record rec;
	struct tlog_included in;
	uint64_t deadline;
};

/* "release" of an image, else the kind: the words of the clients' checks. */
static const char *subject(const struct verify *v)
{
	if (v->rec.kind == 0)
		return "entry";
	return v->rec.kind == RECORD_IMAGE ? "release"
					   : tlog_record_kind_name(v->rec.kind);
}

static void judged(
    struct verify *v, bool good, const char *what, const char *text)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s %s", subject(v), what);
	logd_show_step(v->s, good ? LOGD_GOOD : LOGD_BAD, name, "%s", text);
	logd_show_open(v->s, NULL, '{');
	logd_show_cstr(v->s, "check", name);
	logd_show_bool(v->s, "passed", good);
	logd_show_cstr(v->s, "text", text);
	logd_show_close(v->s, '}');
}

static void passed(struct verify *v, const char *what, const char *text)
{
	judged(v, true, what, text);
}

static void failed(struct verify *v, const char *what, const char *why)
{
	judged(v, false, what, why);
}

/* ---- the checks ---------------------------------------------------------- */

/* Whose keys count: rebuild records are signed by their rebuilder [L-51]. The
 * kind is only claimed here; with a wrong one, the keys will not fit. */
static const struct tlog_keyset *signers(const struct verify *v)
{
	const struct trust *t = &v->trust->trust;
	struct tlog_record rec;
	struct tlog_note note;

	if (tlog_note_parse(&note, v->record.text, NULL) == ERR_OK &&
	    tlog_record_parse(&rec, note.text, NULL) == ERR_OK &&
	    rec.kind == RECORD_REBUILD)
		return &t->rebuilder;
	return &t->release;
}

/* L-90, and product and channel are those of the trust file. */
static enum err check_signed(struct verify *v, struct err_ctx *ctx)
{
	const struct trust *t = &v->trust->trust;
	const struct tlog_keyset *keys = signers(v);
	char text[ERR_MSG_LEN_MAX];
	enum err e = tlog_record_verify(&v->rec, keys, v->record.text, ctx);

	if (e == ERR_OK && (!mem_eq(v->rec.product, t->product) ||
			       !mem_eq(v->rec.channel, t->channel)))
		e = err_set(ctx, ERR_POLICY,
		    "%s record is of another product or channel",
		    tlog_record_kind_name(v->rec.kind));
	if (e != ERR_OK) {
		failed(v, "signatures", ctx->msg);
		return e;
	}
	(void)snprintf(text, sizeof(text),
	    "%.*s/%.*s %s seq %llu, by %zu of %zu %s keys",
	    LOGD_TEXT(t->product), LOGD_TEXT(t->channel),
	    tlog_record_kind_name(v->rec.kind), (unsigned long long)v->rec.seq,
	    keys->need, keys->n, keys == &t->release ? "release" : "rebuilder");
	passed(v, "signatures", text);
	return ERR_OK;
}

/* L-91 */
static enum err check_logged(struct verify *v, struct err_ctx *ctx)
{
	const struct tlog_head *head = &v->in.head;
	char text[ERR_MSG_LEN_MAX];
	enum err e = tlog_proof_verify(
	    &v->in, v->log, v->now_s, v->record.text, v->proof.text, ctx);

	if (e != ERR_OK) {
		failed(v, "in the log", ctx->msg);
		return e;
	}
	if (!head->has_time)
		(void)snprintf(text, sizeof(text),
		    "entry %llu of %llu in the log of this machine, no "
		    "witnesses",
		    (unsigned long long)v->in.index,
		    (unsigned long long)head->size);
	else
		(void)snprintf(text, sizeof(text),
		    "entry %llu of %llu, %u of %zu witnesses, head %llu s old",
		    (unsigned long long)v->in.index,
		    (unsigned long long)head->size,
		    (unsigned)__builtin_popcount(head->witnesses),
		    v->log->n_witnesses,
		    (unsigned long long)(head->time < v->now_s
					     ? v->now_s - head->time
					     : 0));
	if (tlog_head_deadline(head) < v->deadline)
		v->deadline = tlog_head_deadline(head);
	passed(v, "in the log", text);
	return ERR_OK;
}

/* L-92 */
static enum err check_time(struct verify *v, struct err_ctx *ctx)
{
	char from[UTC_TEXT_LEN + 1], to[UTC_TEXT_LEN + 1];
	char text[ERR_MSG_LEN_MAX];
	enum err e = tlog_record_check_time(&v->rec, v->now_s, ctx);

	if (e != ERR_OK) {
		failed(v, "validity", ctx->msg);
		return e;
	}
	utc_format(from, v->rec.not_before);
	utc_format(to, v->rec.not_after);
	if (v->rec.not_after < v->deadline)
		v->deadline = v->rec.not_after;
	(void)snprintf(text, sizeof(text), "from %s to %s", from, to);
	passed(v, "validity", text);
	return ERR_OK;
}

static enum err check_all(struct verify *v, struct err_ctx *ctx)
{
	const bool ours = v->o->trust != NULL;
	enum err e = ours ? check_signed(v, ctx) : ERR_OK;

	if (e == ERR_OK)
		e = check_logged(v, ctx);
	if (e == ERR_OK && ours)
		e = check_time(v, ctx);
	return e;
}

/* ---- the verdict --------------------------------------------------------- */

static void show_json(struct verify *v)
{
	const struct tlog_head *head = &v->in.head;

	logd_show_open(v->s, "log", '{');
	logd_show_str(v->s, "origin", head->origin);
	logd_show_num(v->s, "size", head->size);
	logd_show_hash(v->s, "root", &head->root);
	logd_show_num(v->s, "index", v->in.index);
	logd_show_hash(v->s, "leaf", &v->in.leaf);
	logd_show_open(v->s, "witnesses", '[');
	for (size_t i = 0; i < v->log->n_witnesses; i++) {
		if ((head->witnesses >> i & 1) != 0)
			logd_show_str(v->s, NULL, v->log->witness[i].name);
	}
	logd_show_close(v->s, ']');
	if (head->has_time)
		logd_show_num(v->s, "time", head->time);
	logd_show_close(v->s, '}');
	if (v->deadline != UINT64_MAX)
		logd_show_num(v->s, "deadline", v->deadline);
}

/* Who else saw that head: the clients' words. */
static void show_seen_by(const struct verify *v)
{
	uint8_t text[SEEN_BY_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));

	if (v->trust == NULL)
		return;
	seen_by_write(&w, &v->trust->trust, v->now_s, v->in.head.witnesses);
	logd_show_step(v->s, LOGD_PLAIN, "witnesses", "%.*s", (int)w.len,
	    (const char *)text);
	logd_show_str(v->s, "seen_by", (struct bytes){ text, w.len });
}

static enum logd_exit accept(struct verify *v)
{
	char until[UTC_TEXT_LEN + 1];

	show_json(v);
	show_seen_by(v);
	if (v->o->trust != NULL)
		logd_show_step(v->s, LOGD_PLAIN, "not judged",
		    "whether a policy record has revoked it since");
	else
		logd_show_step(v->s, LOGD_PLAIN, "not judged",
		    "who signed the entry, and what it says");
	utc_format(until, v->deadline);
	if (v->deadline == UINT64_MAX)
		logd_show_say(v->s, "Accepted.");
	else
		logd_show_say(v->s, "Accepted until %s.", until);
	return LOGD_EXIT_OK;
}

static enum logd_exit judge(struct verify *v)
{
	struct err_ctx ctx = { 0 };
	enum err e;

	logd_show_open(v->s, "checks", '[');
	e = check_all(v, &ctx);
	logd_show_close(v->s, ']');
	logd_show_bool(v->s, "accepted", e == ERR_OK);
	if (e == ERR_OK)
		return accept(v);
	return logd_show_fail(
	    v->s, logd_show_code_input(e), v->o->arg[0], &ctx);
}

static enum err load_policy(struct verify *v, struct err_ctx *ctx)
{
	const struct trust_policy *window;
	enum err e;

	v->deadline = UINT64_MAX;

	if (v->o->trust != NULL) {
		e = logd_cmd_trust_new(&v->trust, v->o->trust, ctx);
		if (e != ERR_OK)
			return e;
		window = trust_window_at(&v->trust->trust, v->now_s);
		if (window == NULL)
			return trust_no_policy(&v->trust->trust, v->now_s, ctx);
		v->log = &window->policy;
		v->deadline = window->until;
		return ERR_OK;
	}
	e = logd_cmd_load(
	    &v->policy_text, v->o->policy, TLOG_POLICY_LEN_MAX, ctx);
	if (e == ERR_OK)
		e = tlog_policy_parse(
		    &v->policy, v->policy_text.text, false, ctx);
	v->log = &v->policy;
	return e;
}

static enum err load(struct verify *v, struct err_ctx *ctx)
{
	enum err e = load_policy(v, ctx);

	if (e == ERR_OK)
		e = logd_cmd_load(
		    &v->record, v->o->arg[0], TLOG_ENTRY_LEN_MAX, ctx);
	if (e == ERR_OK)
		e = logd_cmd_load(
		    &v->proof, v->o->arg[1], TLOG_PROOF_LEN_MAX, ctx);
	return e;
}

enum logd_exit logd_cmd_verify(
    const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	struct verify *v;
	enum logd_exit x;
	enum err e;

	if ((o->trust == NULL) == (o->policy == NULL))
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "`confer-log verify` needs --trust or --policy, and not "
		    "both");
	v = calloc(1, sizeof(*v));
	if (v == NULL)
		return logd_show_refuse(
		    s, LOGD_EXIT_INTERNAL, "no memory is left");
	v->o = o;
	v->s = s;
	v->now_s = logd_cmd_now(o, s);
	e = load(v, &ctx);
	x = e == ERR_OK
		? judge(v)
		: logd_show_fail(s, logd_show_code_input(e), NULL, &ctx);
	logd_cmd_unload(&v->record);
	logd_cmd_unload(&v->proof);
	logd_cmd_unload(&v->policy_text);
	logd_cmd_trust_free(v->trust);
	free(v);
	return x;
}
