/* The witness protocol; see witness.h. */
#include "tlog/witness.h"

#include "base/assert.h"
#include "base/hex.h"
#include "base/rd.h"
#include "tlog/text.h"

#define CHECKPOINT_LINES 3 /* origin, size, root; extensions are refused */

_Static_assert(TLOG_NOTE_SIGS_MAX <= 32, "tlog_witness_decision.verified");

/* ---- the request's body --------------------------------------------------- */

static void read_hash(
    struct tlog_text *t, struct tlog_add_checkpoint *out, struct bytes line)
{
	struct tlog_hash *h;
	size_t n;

	if (out->n == TLOG_PATH_MAX) {
		tlog_text_fail(t, ERR_LIMIT, "too many hashes");
		return;
	}
	h = &out->proof[out->n];
	if (base64_decode(h->b, TLOG_HASH_LEN, &n, line) != ERR_OK ||
	    n != TLOG_HASH_LEN) {
		tlog_text_fail(
		    t, ERR_FORMAT, "the line before is no hash of 32 bytes");
		return;
	}
	out->n++;
}

/* L-120, L-121 */
enum err tlog_add_checkpoint_parse(
    struct tlog_add_checkpoint *out, struct bytes body, struct err_ctx *ctx)
{
	struct tlog_text t = tlog_text_init(body, ctx);

	memset(out, 0, sizeof(*out));
	if (body.len > TLOG_WITNESS_BODY_MAX)
		return err_set(
		    ctx, ERR_LIMIT, "add-checkpoint: %zu bytes", body.len);
	tlog_text_key(&t, "old");
	out->old = tlog_text_num(&t, 0, TLOG_SIZE_MAX);
	tlog_text_eol(&t);
	while (t.err == ERR_OK) {
		struct bytes line = tlog_text_line(&t);

		if (t.err != ERR_OK || line.len == 0)
			break;
		read_hash(&t, out, line);
	}
	if (t.err == ERR_OK && t.off == body.len)
		tlog_text_fail(&t, ERR_TRUNCATED, "no checkpoint");
	if (t.err == ERR_OK)
		out->checkpoint =
		    (struct bytes){ body.p + t.off, body.len - t.off };
	else
		memset(out, 0, sizeof(*out));
	return t.err;
}

void tlog_add_checkpoint_format(
    struct wr *w, const struct tlog_add_checkpoint *req)
{
	char text[BASE64_LEN(TLOG_HASH_LEN) + 1];

	assert(req->n <= TLOG_PATH_MAX);
	wr_fmt(w, "old %llu\n", (unsigned long long)req->old);
	for (size_t i = 0; i < req->n; i++) {
		base64_encode(text, req->proof[i].b, TLOG_HASH_LEN);
		wr_fmt(w, "%s\n", text);
	}
	wr_u8(w, '\n');
	wr_bytes(w, req->checkpoint);
}

/* ---- the witness decides -------------------------------------------------- */

/* What a request says, so far. */
struct claim {
	struct tlog_add_checkpoint req;
	struct tlog_checkpoint cp;
	bool bad_root; /* size 0 with another root than the empty tree's */
};

/*
 * The text without judging the root of a tree of size 0, which comes later and
 * has another status: tlog_checkpoint_parse refuses it with ERR_AUTH, when
 * nothing but the lines after the root has not been looked at. L-122
 */
static enum err read_checkpoint(
    struct claim *c, struct bytes text, struct err_ctx *ctx)
{
	struct tlog_text t = tlog_text_init(text, NULL);
	size_t lines = 0;
	enum err e;

	for (size_t i = 0; i < text.len; i++)
		lines += text.p[i] == '\n';
	if (lines > CHECKPOINT_LINES)
		return err_set(ctx, ERR_FORMAT,
		    "checkpoint: lines after the root are not cosigned here");
	e = tlog_checkpoint_parse(&c->cp, text, NULL);
	c->bad_root = e == ERR_AUTH;
	if (c->bad_root)
		c->cp.origin = tlog_text_line(&t);
	else if (e != ERR_OK)
		return tlog_checkpoint_parse(&c->cp, text, ctx);
	return ERR_OK;
}

/* Which lines are the log's; all of its own have verified. L-125 */
static enum err check_log_sigs(struct tlog_witness_decision *out,
    const struct tlog_key *key, size_t n_keys, struct err_ctx *ctx)
{
	struct tlog_seen seen[TLOG_POLICY_LOGS_MAX];
	enum err e;

	assert(n_keys <= TLOG_POLICY_LOGS_MAX);
	e = tlog_note_verify(seen, &out->note, key, n_keys, 0, ctx);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < out->note.n; i++) {
		const struct tlog_sig *sig = &out->note.sig[i];

		for (size_t k = 0; k < n_keys; k++) {
			if (seen[k].ok && key[k].id == sig->id &&
			    mem_eq(key[k].name, sig->name))
				out->verified |= UINT32_C(1) << i;
		}
	}
	return ERR_OK;
}

static enum err proof_failed(const struct claim *c,
    const struct tlog_witnessed *last, struct err_ctx *ctx)
{
	const unsigned long long size = last->size;

	if (c->cp.size != last->size)
		return err_set(ctx, ERR_AUTH,
		    "the proof does not lead from size %llu to this tree",
		    size);
	if (tlog_hash_eq(&c->cp.root, &last->root))
		return err_set(ctx, ERR_AUTH,
		    "a proof where none is needed: size %llu is cosigned",
		    size);
	return err_set(ctx, ERR_AUTH,
	    "another tree of size %llu was cosigned: the log shows two "
	    "histories",
	    size);
}

/* Does the new tree contain the one that was cosigned? L-128 */
static enum err check_growth(const struct claim *c,
    const struct tlog_witnessed *last, struct err_ctx *ctx)
{
	struct tlog_hash old = last->root;

	if (c->bad_root)
		return err_set(ctx, ERR_AUTH,
		    "size 0 goes with the root of the empty tree");
	if (last->size == 0)
		tlog_root(&old, NULL, 0);
	if (tlog_consistency_verify(&old, last->size, &c->cp.root, c->cp.size,
		c->req.proof, c->req.n) != ERR_OK)
		return proof_failed(c, last, ctx);
	return ERR_OK;
}

/* Sizes and the proof, once the log's signature has verified. */
static unsigned judge(const struct claim *c, const struct tlog_witnessed *last,
    struct err_ctx *ctx)
{
	if (c->req.old > c->cp.size) { /* L-126 */
		(void)err_set(ctx, ERR_FORMAT,
		    "old size %llu is above the checkpoint's, %llu",
		    (unsigned long long)c->req.old,
		    (unsigned long long)c->cp.size);
		return 400;
	}
	if (c->req.old != last->size) { /* L-127 */
		(void)err_set(ctx, ERR_AGAIN,
		    "old size is %llu, and %llu was cosigned last",
		    (unsigned long long)c->req.old,
		    (unsigned long long)last->size);
		return 409;
	}
	return check_growth(c, last, ctx) == ERR_OK ? 200 : 422;
}

static enum err read_request(struct claim *c, struct tlog_note *note,
    struct bytes body, struct err_ctx *ctx)
{
	enum err e = tlog_add_checkpoint_parse(&c->req, body, ctx);

	if (e == ERR_OK)
		e = tlog_note_parse(note, c->req.checkpoint, ctx);
	return e == ERR_OK ? read_checkpoint(c, note->text, ctx) : e;
}

void tlog_witness_decide(struct tlog_witness_decision *out, struct bytes body,
    tlog_witness_log_fn *log, void *cookie, struct err_ctx *ctx)
{
	struct claim c = { .bad_root = false };
	struct tlog_witnessed last = { 0 };
	const struct tlog_key *key = NULL;
	size_t n_keys = 0;

	memset(out, 0, sizeof(*out));
	if (read_request(&c, &out->note, body, ctx) != ERR_OK) {
		out->status = 400;
		return;
	}
	out->origin = c.cp.origin;
	if (!log(cookie, out->origin, &key, &n_keys, &last)) { /* L-124 */
		(void)err_set(
		    ctx, ERR_NOTFOUND, "this witness does not know that log");
		out->status = 404;
		return;
	}
	if (check_log_sigs(out, key, n_keys, ctx) != ERR_OK) {
		out->status = 403;
		return;
	}
	out->status = judge(&c, &last, ctx);
	if (out->status == 200)
		out->now = (struct tlog_witnessed){ c.cp.size, c.cp.root };
	else if (out->status == 409)
		out->now = last;
}

/* ---- the log's side ------------------------------------------------------- */

/* The time in a cosignature's line, which has verified. */
static uint64_t line_time(const struct tlog_sig *sig)
{
	uint8_t raw[4 + 8 + ED25519_SIG_LEN] = { 0 }; /* L-15 */
	size_t n = 0;
	enum err e = base64_decode(raw, sizeof(raw), &n, sig->base64);
	struct rd r = rd_init(raw, n);

	assert(e == ERR_OK);
	(void)rd_u32be(&r);
	return rd_u64be(&r);
}

/* L-131, L-132 */
enum err tlog_cosignature_parse(struct tlog_cosignature *out,
    const struct tlog_key *witness, struct bytes text, struct bytes body,
    uint64_t latest, struct err_ctx *ctx)
{
	struct tlog_note note;
	struct tlog_seen seen;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (body.len > TLOG_WITNESS_ANSWER_MAX)
		return err_set(ctx, ERR_LIMIT, "answer: %zu bytes", body.len);
	e = tlog_note_parse_sigs(&note, text, body, ctx);
	if (e == ERR_OK)
		e = tlog_note_verify(&seen, &note, witness, 1, latest, ctx);
	if (e != ERR_OK)
		return e;
	if (!seen.timely)
		return err_set(
		    ctx, ERR_AUTH, "its cosignature's time is in the future");
	for (size_t i = 0; i < note.n; i++) {
		const struct tlog_sig *sig = &note.sig[i];

		if (sig->id == witness->id &&
		    mem_eq(sig->name, witness->name) &&
		    line_time(sig) == seen.time)
			out->line = *sig;
	}
	out->time = seen.time;
	return ERR_OK;
}

void tlog_witness_size_format(struct wr *w, uint64_t size)
{
	wr_fmt(w, "%llu\n", (unsigned long long)size);
}

enum err tlog_witness_size_parse(uint64_t *out, struct bytes body)
{
	*out = 0;
	if (body.len == 0 || body.p[body.len - 1] != '\n')
		return ERR_FORMAT;
	body.len--;
	return tlog_text_decimal(out, body, TLOG_SIZE_MAX);
}
