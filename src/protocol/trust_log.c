/*
 * The policies of the log in a trust file, each with the time in which it is
 * believed [L-39]. A proof that is judged for an earlier time is judged by the
 * policy of that time, so a receipt outlives the witnesses that it names.
 */
#include "base/utc.h"
#include "protocol/trust_parse.h"
#include "tlog/text.h"

#define VALID     "valid "
#define VALID_LEN (sizeof(VALID) - 1)
#define TIME_MAX  ((UINT64_C(1) << 63) - 1)

static bool is_valid_line(struct bytes text)
{
	return text.len >= VALID_LEN &&
	       mem_eq_str((struct bytes){ text.p, VALID_LEN }, VALID);
}

/* Take off the first line, without its LF. The text is not empty, and its last
 * byte is LF: trust_parse() has looked. */
static struct bytes take_line(struct bytes *text)
{
	struct bytes line = { text->p, 0 };

	while (line.p[line.len] != '\n')
		line.len++;
	text->p += line.len + 1;
	text->len -= line.len + 1;
	return line;
}

/* `valid <from> <until>`, ascending and without overlap. */
static enum err read_valid(struct trust *t, struct trust_policy *out,
    struct bytes line, unsigned number, struct err_ctx *ctx)
{
	struct bytes from = { line.p + VALID_LEN, 0 }, until;

	while (from.len < line.len - VALID_LEN && from.p[from.len] != ' ')
		from.len++;
	until = (struct bytes){ from.p + from.len, 0 };
	if (from.len < line.len - VALID_LEN)
		until = (struct bytes){ from.p + from.len + 1,
			line.len - VALID_LEN - from.len - 1 };
	if (tlog_text_decimal(&out->from, from, TIME_MAX) != ERR_OK ||
	    tlog_text_decimal(&out->until, until, TIME_MAX) != ERR_OK ||
	    out->from >= out->until)
		return err_set(ctx, ERR_FORMAT,
		    "trust file line %u: expected valid FROM UNTIL, two "
		    "times in order",
		    number);
	if (t->n_logs > 0 && out->from < t->log[t->n_logs - 1].until)
		return err_set(ctx, ERR_FORMAT,
		    "trust file line %u: starts before the one above ends",
		    number);
	return ERR_OK;
}

/* Policies number their lines from 1: say from where. */
static enum err read_policy(struct trust *t, struct tlog_policy *out,
    struct bytes text, unsigned above, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	enum err e = tlog_policy_parse(out, text, t->local, &why);

	if (e == ERR_OK)
		return ERR_OK;
	return err_set(ctx, e, "trust file, after line %u: %s", above, why.msg);
}

static enum err read_window(
    struct trust *t, struct bytes *text, unsigned *number, struct err_ctx *ctx)
{
	struct trust_policy *out = &t->log[t->n_logs];
	struct bytes policy;
	unsigned above = ++*number;
	enum err e;

	if (t->n_logs == TRUST_POLICIES_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "trust file line %u: more than %d valid lines", above,
		    TRUST_POLICIES_MAX);
	e = read_valid(t, out, take_line(text), above, ctx);
	policy = (struct bytes){ text->p, 0 };
	for (; e == ERR_OK && text->len > 0 && !is_valid_line(*text); ++*number)
		(void)take_line(text);
	policy.len = (size_t)(text->p - policy.p);
	if (e == ERR_OK)
		e = read_policy(t, &out->policy, policy, above, ctx);
	t->n_logs++;
	return e;
}

enum err trust_log_read(
    struct trust *t, struct bytes text, unsigned above, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	if (!is_valid_line(text)) {
		t->log[0].until = UINT64_MAX;
		t->n_logs = 1;
		return read_policy(t, &t->log[0].policy, text, above, ctx);
	}
	while (e == ERR_OK && text.len > 0)
		e = read_window(t, &text, &above, ctx);
	return e;
}

const struct trust_policy *trust_window_at(
    const struct trust *t, uint64_t now_s)
{
	for (size_t i = 0; i < t->n_logs; i++) {
		if (t->log[i].from <= now_s && now_s < t->log[i].until)
			return &t->log[i];
	}
	return NULL;
}

const struct tlog_policy *trust_policy_at(const struct trust *t, uint64_t now_s)
{
	const struct trust_policy *window = trust_window_at(t, now_s);

	return window != NULL ? &window->policy : NULL;
}

enum err trust_no_policy(
    const struct trust *t, uint64_t now_s, struct err_ctx *ctx)
{
	char when[UTC_TEXT_LEN + 1];

	for (size_t i = t->n_logs; i > 0; i--) {
		if (t->log[i - 1].until > now_s)
			continue;
		utc_format(when, t->log[i - 1].until);
		return err_set(ctx, ERR_EXPIRED,
		    "this client's list of logs and witnesses ended on %s: "
		    "update it",
		    when);
	}
	utc_format(when, t->log[0].from); /* there is at least one */
	return err_set(ctx, ERR_EXPIRED,
	    "this client's list of logs and witnesses begins on %s", when);
}
