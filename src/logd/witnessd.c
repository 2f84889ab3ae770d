/*
 * The witness; see witnessd.h. The order of one request: decide, sign, keep on
 * disk, remember, answer. A failure at any step leaves what was remembered.
 */
#include "logd/witnessd.h"

#include "base/assert.h"
#include "base/fmt.h"
#include "logd/store.h"
#include "logd/witnessd_state.h"
#include "sys/fd.h"

/* ---- answering ------------------------------------------------------------- */

static bool find_log(void *cookie, struct bytes origin,
    const struct tlog_key **key, size_t *n_keys, struct tlog_witnessed *last)
{
	struct logd_witnessd *w = cookie;

	for (size_t i = 0; i < w->logs.n; i++) {
		struct logd_watched *l = &w->watched[i];

		if (!mem_eq(l->log->key[0].name, origin))
			continue;
		*key = l->log->key;
		*n_keys = l->log->n;
		*last = l->last;
		w->asked = l;
		w->said.origin = l->log->key[0].name;
		return true;
	}
	return false;
}

/* 500, and what people elsewhere are told: nothing of this machine. */
static unsigned fail(struct wr *out, const char *people)
{
	wr_fmt(out, "%s\n", people);
	return 500;
}

/* The note to keep: one verified line of each key of the log, and ours. What
 * else came with it is nobody's word. L-135 */
static struct bytes make_kept(struct wr *w, const struct logd_watched *l,
    const struct tlog_witness_decision *d, struct bytes line)
{
	wr_bytes(w, d->note.text);
	tlog_note_format_end_text(w);
	for (size_t k = 0; k < l->log->n; k++) {
		for (size_t i = 0; i < d->note.n; i++) {
			if ((d->verified >> i & 1) == 0 ||
			    d->note.sig[i].id != l->log->key[k].id)
				continue;
			tlog_note_format_line(w, &d->note.sig[i]);
			break;
		}
	}
	wr_bytes(w, line);
	assert(w->err == ERR_OK); /* LOGD_WITNESS_KEPT_MAX */
	return (struct bytes){ w->p, w->len };
}

static enum err write_kept(const struct logd_witnessd *w,
    const struct logd_watched *l, struct bytes kept, struct err_ctx *ctx)
{
	int at;
	enum err e = logd_watched_dir(&at, w, l, ctx);

	if (e != ERR_OK)
		return e;
	e = logd_store_replace(at, LOGD_WITNESS_KEPT_NAME, kept, 0644, ctx);
	fd_close(&at);
	return e;
}

/* L-134..L-136 */
static unsigned cosign(struct logd_witnessd *w, struct wr *out,
    const struct tlog_witness_decision *d, uint64_t now_s)
{
	uint8_t kept_buf[LOGD_WITNESS_KEPT_MAX],
	    line_buf[LOGD_WITNESS_KEPT_MAX];
	struct wr k = wr_init(kept_buf, sizeof(kept_buf));
	struct wr line = wr_init(line_buf, sizeof(line_buf));
	struct logd_watched *l = w->asked;
	struct err_ctx why = { 0 };
	struct bytes kept;

	if (now_s < l->time) {
		(void)fmt_print(w->said.why, sizeof(w->said.why),
		    "the clock says %llu and was set back: the last "
		    "cosignature is of %llu",
		    (unsigned long long)now_s, (unsigned long long)l->time);
		return fail(out,
		    "The clock of this witness was set back; nothing was "
		    "cosigned.");
	}
	logd_key_sign(&line, &w->key, d->note.text, now_s);
	kept = make_kept(&k, l, d, (struct bytes){ line.p, line.len });
	if (write_kept(w, l, kept, &why) != ERR_OK) {
		w->broken = true;
		mem_copy(w->said.why, why.msg, sizeof(why.msg));
		return fail(out,
		    "This witness cannot keep what it signs; nothing was "
		    "cosigned.");
	}
	mem_copy(l->kept, kept.p, kept.len);
	l->kept_len = kept.len;
	l->last = d->now;
	l->time = now_s;
	w->said.size = d->now.size;
	wr_copy(out, line.p, line.len);
	return 200;
}

static unsigned answer(
    struct logd_witnessd *w, struct wr *out, struct bytes body, uint64_t now_s)
{
	struct tlog_witness_decision d;
	struct err_ctx why = { 0 };

	if (w->broken) {
		(void)fmt_print(w->said.why, sizeof(w->said.why),
		    "an earlier write failed: start the witness anew");
		return fail(out,
		    "This witness cannot keep what it signs; nothing was "
		    "cosigned.");
	}
	tlog_witness_decide(&d, body, find_log, w, &why);
	if (d.status == 200)
		return cosign(w, out, &d, now_s);
	mem_copy(w->said.why, why.msg, sizeof(why.msg));
	if (d.status == 409) {
		w->said.size = d.now.size;
		tlog_witness_size_format(out, d.now.size);
	} else {
		wr_fmt(out, "%s\n", why.msg);
	}
	return d.status;
}

unsigned logd_witnessd_add(
    struct logd_witnessd *w, struct wr *out, struct bytes body, uint64_t now_s)
{
	assert(now_s <= TLOG_TIME_MAX);
	w->asked = NULL;
	w->said = (struct logd_witness_said){ 0 };
	w->said.status = answer(w, out, body, now_s);
	assert(out->err == ERR_OK); /* the caller's room */
	return w->said.status;
}

/* ---- looking --------------------------------------------------------------- */

const struct logd_key *logd_witnessd_key(const struct logd_witnessd *w)
{
	return &w->key;
}

const struct logd_witness_said *logd_witnessd_said(
    const struct logd_witnessd *w)
{
	return &w->said;
}

enum err logd_witnessd_seen(
    const struct logd_witnessd *w, struct wr *out, struct bytes origin_hex)
{
	for (size_t i = 0; i < w->logs.n; i++) {
		const struct logd_watched *l = &w->watched[i];

		if (l->kept_len == 0 || !mem_eq_str(origin_hex, l->hex))
			continue;
		wr_copy(out, l->kept, l->kept_len);
		return out->err;
	}
	return ERR_NOTFOUND;
}

bool logd_witnessd_view(
    const struct logd_witnessd *w, size_t i, struct logd_witness_view *out)
{
	const struct logd_watched *l;

	*out = (struct logd_witness_view){ 0 };
	if (i >= w->logs.n)
		return false;
	l = &w->watched[i];
	out->origin = l->log->key[0].name;
	out->hex = l->hex;
	out->cosigned = l->kept_len != 0;
	out->size = l->last.size;
	out->time = l->time;
	return true;
}
