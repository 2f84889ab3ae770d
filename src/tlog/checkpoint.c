/* Checkpoints; see checkpoint.h. */
#include "tlog/checkpoint.h"

#include "base/hex.h"
#include "tlog/note.h"
#include "tlog/text.h"

#define KEYS_MAX (TLOG_POLICY_LOGS_MAX + TLOG_POLICY_WITNESSES_MAX)
#define DAY_S    86400

_Static_assert(KEYS_MAX <= TLOG_NOTE_SIGS_MAX,
    "every key of a policy finds a line in one note");

static void parse_root(
    struct tlog_text *t, struct tlog_checkpoint *out, struct bytes text)
{
	struct tlog_hash empty;
	size_t n;

	if (t->err != ERR_OK)
		return;
	if (base64_decode(out->root.b, TLOG_HASH_LEN, &n, text) != ERR_OK ||
	    n != TLOG_HASH_LEN) {
		tlog_text_fail(
		    t, ERR_FORMAT, "the root before is not base64 of 32 bytes");
		return;
	}
	tlog_root(&empty, NULL, 0);
	if (out->size == 0 && !tlog_hash_eq(&out->root, &empty))
		tlog_text_fail(t, ERR_AUTH, "size 0 with another root");
}

enum err tlog_checkpoint_parse(
    struct tlog_checkpoint *out, struct bytes text, struct err_ctx *ctx)
{
	struct tlog_text t = tlog_text_init(text, ctx);
	enum err e;

	memset(out, 0, sizeof(*out));
	t.key = "checkpoint";
	out->origin = tlog_text_line(&t);
	if (t.err == ERR_OK &&
	    (out->origin.len == 0 || out->origin.len > TLOG_KEY_NAME_LEN_MAX))
		tlog_text_fail(&t, ERR_FORMAT, "origin is empty or too long");
	e = tlog_text_decimal(&out->size, tlog_text_line(&t), TLOG_SIZE_MAX);
	if (e != ERR_OK)
		tlog_text_fail(&t, e, "the size before is no number or large");
	parse_root(&t, out, tlog_text_line(&t));
	if (t.err == ERR_OK && t.off < text.len)
		out->extensions =
		    (struct bytes){ text.p + t.off, text.len - t.off };
	while (t.err == ERR_OK && t.off < text.len) {
		if (tlog_text_line(&t).len == 0)
			tlog_text_fail(&t, ERR_FORMAT, "empty extension line");
	}
	if (t.err != ERR_OK)
		memset(out, 0, sizeof(*out));
	return t.err;
}

void tlog_checkpoint_format(struct wr *w, struct bytes origin, uint64_t size,
    const struct tlog_hash *root)
{
	char text[BASE64_LEN(TLOG_HASH_LEN) + 1];

	base64_encode(text, root->b, TLOG_HASH_LEN);
	wr_bytes(w, origin);
	wr_fmt(w, "\n%llu\n%s\n", (unsigned long long)size, text);
}

/* A log key has signed, and the origin line is its name. L-19 */
static enum err check_origin(const struct tlog_policy *policy,
    const struct tlog_seen *seen, struct bytes origin, struct err_ctx *ctx)
{
	bool any = false;

	for (size_t i = 0; i < policy->n_logs; i++) {
		any = any || seen[i].ok;
		if (seen[i].ok && mem_eq(policy->log[i].key.name, origin))
			return ERR_OK;
	}
	if (!any)
		return err_set(
		    ctx, ERR_AUTH, "checkpoint: no signature of a log key");
	return err_set(
	    ctx, ERR_POLICY, "checkpoint: origin is not the log that signed");
}

/* L-20, L-22: keys are counted, and only those that cosigned in time. */
static enum err check_quorum(struct tlog_head *out,
    const struct tlog_policy *policy, const struct tlog_seen *seen,
    struct err_ctx *ctx)
{
	uint64_t time[TLOG_POLICY_WITNESSES_MAX] = { 0 };
	unsigned n = 0;

	for (size_t i = 0; i < policy->n_witnesses; i++) {
		if (!seen[i].timely)
			continue;
		out->witnesses |= UINT32_C(1) << i;
		time[i] = seen[i].time;
		n++;
	}
	if (!tlog_policy_quorum(&out->time, policy, out->witnesses, time))
		return err_set(ctx, ERR_POLICY,
		    "checkpoint: %u witnesses do not make the quorum", n);
	out->has_time = policy->quorum != TLOG_QUORUM_NONE;
	return ERR_OK;
}

enum err tlog_checkpoint_verify(struct tlog_head *out,
    const struct tlog_policy *policy, uint64_t now_s, struct bytes note,
    struct err_ctx *ctx)
{
	struct tlog_key key[KEYS_MAX];
	struct tlog_seen seen[KEYS_MAX];
	struct tlog_checkpoint cp;
	struct tlog_head head = { 0 };
	struct tlog_note parsed;
	size_t n = 0;
	enum err e;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < policy->n_logs; i++)
		key[n++] = policy->log[i].key;
	for (size_t i = 0; i < policy->n_witnesses; i++)
		key[n++] = policy->witness[i].key;
	if (now_s > TLOG_TIME_MAX - TLOG_SKEW_S)
		return err_set(ctx, ERR_LIMIT, "checkpoint: clock");
	e = tlog_note_parse(&parsed, note, ctx);
	if (e == ERR_OK)
		e = tlog_note_verify(
		    seen, &parsed, key, n, now_s + TLOG_SKEW_S, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_parse(&cp, parsed.text, ctx);
	if (e == ERR_OK)
		e = check_origin(policy, seen, cp.origin, ctx);
	if (e == ERR_OK && cp.extensions.len != 0)
		e = err_set(ctx, ERR_POLICY, "checkpoint: extension lines");
	if (e == ERR_OK)
		e = check_quorum(&head, policy, seen + policy->n_logs, ctx);
	if (e != ERR_OK)
		return e;
	head.origin = cp.origin;
	head.size = cp.size;
	head.root = cp.root;
	*out = head;
	return ERR_OK;
}

enum err tlog_head_check_fresh(const struct tlog_head *head, uint64_t now_s,
    uint64_t max_age_s, struct err_ctx *ctx)
{
	/* Rounded up: eight days are what is more than seven. */
	const uint64_t unit = max_age_s < DAY_S ? 1 : DAY_S;

	if (!head->has_time || now_s <= head->time ||
	    now_s - head->time <= max_age_s)
		return ERR_OK;
	return err_set(ctx, ERR_EXPIRED,
	    "checkpoint: cosigned %llu %s ago, at most %llu are allowed",
	    (unsigned long long)((now_s - head->time + unit - 1) / unit),
	    unit == DAY_S ? "days" : "seconds",
	    (unsigned long long)(max_age_s / unit));
}

uint64_t tlog_head_deadline(const struct tlog_head *head)
{
	return head->has_time ? head->time + TLOG_FRESH_S : UINT64_MAX;
}
