/* The monitor; see audit.h. This file runs an audit from its state to its state;
 * the work is done by the parts. */
#include "logd/audit.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/utc.h"
#include "logd/audit_parts.h"

void logd_audit_find(struct audit *a, enum logd_finding_kind kind,
    const char *name, uint64_t index, const char *fmt, ...)
{
	struct logd_finding f = { .kind = kind,
		.has_index = index != AUDIT_NO_INDEX,
		.index = index == AUDIT_NO_INDEX ? 0 : index,
		.name = name };
	va_list ap;

	va_start(ap, fmt);
	(void)fmt_vprint(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	a->out->alarms += kind == LOGD_ALARM;
	a->out->proofs += kind == LOGD_MISBEHAVIOUR;
	a->spec->finding(a->spec->cookie, &f);
}

bool logd_audit_is_wrong(enum err e)
{
	return e == ERR_NOTFOUND || e == ERR_FORMAT || e == ERR_LIMIT ||
	       e == ERR_TRUNCATED || e == ERR_TRAILING || e == ERR_AUTH;
}

/* ---- the log's own checkpoint -------------------------------------------- */

/* L-22, L-171 */
static void judge_quorum(struct audit *a, const struct audit_head *h)
{
	const struct logd_audit_spec *spec = a->spec;
	struct err_ctx why = { 0 };
	char when[UTC_TEXT_LEN + 1];
	struct tlog_head head;

	if (tlog_checkpoint_verify(&head, spec->policy, spec->now_s,
		(struct bytes){ h->note, h->note_len }, &why) != ERR_OK) {
		logd_audit_find(a, LOGD_ALARM, "below-quorum", AUDIT_NO_INDEX,
		    "%s", why.msg);
		return;
	}
	a->out->quorum_time = head.time;
	if (!head.has_time || head.time >= spec->now_s ||
	    spec->now_s - head.time <= LOGD_STALE_S)
		return;
	utc_format(when, head.time);
	logd_audit_find(a, LOGD_ALARM, "stale-checkpoint", AUDIT_NO_INDEX,
	    "the witnesses cosigned last at %s", when);
}

static enum err read_log(struct audit *a)
{
	struct audit_head *h = &a->head[0];
	struct tlog_head head;
	enum err e = logd_audit_read_head(
	    a, h, &head, &a->spec->view[0], "checkpoint", a->ctx);

	if (e != ERR_OK)
		return e;
	h->is_log = true;
	a->n_heads = 1;
	a->out->size = h->size;
	a->out->root = h->root;
	a->out->witnesses = head.witnesses;
	(void)fmt_print(a->out->origin, sizeof(a->out->origin), "%.*s",
	    (int)head.origin.len, (const char *)head.origin.p);
	a->state.admit.origin = a->origin;
	if (h->size > LOGD_ENTRIES_MAX)
		return err_set(a->ctx, ERR_LIMIT,
		    "the log has %llu entries, more than are ever audited",
		    (unsigned long long)h->size);
	judge_quorum(a, h);
	return ERR_OK;
}

/* ---- the state ----------------------------------------------------------- */

static enum err load_state(struct audit *a)
{
	enum err e;

	if (a->spec->state_dir == NULL)
		return ERR_OK;
	e = logd_audit_state_load(&a->state, a->spec->state_dir, NULL);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	a->out->damaged = true;
	e = logd_audit_state_load(&a->state, a->spec->state_dir, a->ctx);
	if (e != ERR_OK)
		return e;
	a->out->damaged = false;
	a->remembered = true;
	return ERR_OK;
}

/* What is remembered is one more checkpoint to compare with. */
static enum err add_remembered(struct audit *a)
{
	struct audit_head *h = &a->head[a->n_heads];
	struct tlog_checkpoint cp;

	if (!a->remembered)
		return ERR_OK;
	cp = logd_audit_state_checkpoint(&a->state);
	if (!mem_eq_str(cp.origin, a->origin)) {
		a->out->damaged = true;
		return err_set(a->ctx, ERR_FORMAT,
		    "audit state: of the log %.*s, not of this one",
		    (int)cp.origin.len, (const char *)cp.origin.p);
	}
	*h = (struct audit_head){ .who = "the audit before",
		.is_remembered = true,
		.size = cp.size,
		.root = cp.root,
		.note_len = a->state.note_len };
	mem_copy(h->note, a->state.note, h->note_len);
	a->n_heads++;
	return ERR_OK;
}

static enum err save_state(struct audit *a)
{
	enum err e;

	if (a->spec->state_dir == NULL)
		return ERR_OK;
	e = logd_audit_state_save(&a->state, a->spec->state_dir, a->ctx);
	a->out->damaged = e != ERR_OK;
	return e;
}

/* ---- what the whole log says --------------------------------------------- */

static void judge_policy(struct audit *a, const struct logd_stream *s)
{
	char when[UTC_TEXT_LEN + 1];
	bool over = a->spec->now_s >= s->not_after;

	if (!over && s->not_after - a->spec->now_s > LOGD_EXPIRES_S)
		return;
	utc_format(when, s->not_after);
	logd_audit_find(a, LOGD_ALARM, "policy-expires", AUDIT_NO_INDEX,
	    "the newest policy record of channel %s %s at %s", s->channel,
	    over ? "ended" : "ends", when);
}

/* L-178 */
static void judge_whole(struct audit *a)
{
	const struct logd_admit *admit = &a->state.admit;

	if (admit->retired) {
		logd_audit_find(a, LOGD_NOTE, "retired", AUDIT_NO_INDEX,
		    "the log has ended with a retire record");
		return;
	}
	for (size_t i = 0; i < admit->n_streams; i++) {
		if (admit->stream[i].kind == RECORD_POLICY)
			judge_policy(a, &admit->stream[i]);
	}
}

static enum err run(struct audit *a)
{
	enum err e = load_state(a);

	if (e == ERR_OK)
		e = read_log(a);
	if (e == ERR_OK)
		e = add_remembered(a);
	if (e != ERR_OK)
		return e;
	logd_audit_read_views(a);
	e = logd_audit_compare(a);
	/* A log that is behind what it showed before has nothing new, and a
	 * forked one is not what the state could be advanced with. */
	if (e == ERR_OK && !a->forked && !a->broken &&
	    a->head[0].size >= a->state.range.size) {
		e = logd_audit_entries(a);
		if (e == ERR_OK && !a->broken && !a->forked)
			e = save_state(a);
	}
	if (e == ERR_OK && !a->broken)
		judge_whole(a);
	return e;
}

enum err logd_audit(struct logd_audit_result *out,
    const struct logd_audit_spec *spec, struct err_ctx *ctx)
{
	struct audit *a = calloc(1, sizeof(*a));
	enum err e;

	assert(spec->n_views >= 1 && spec->n_views <= LOGD_VIEWS_MAX);
	assert(spec->n_witnesses <= LOGD_VIEWS_MAX);
	memset(out, 0, sizeof(*out));
	if (a == NULL)
		return err_set(ctx, ERR_NOMEM, "audit: no memory");
	a->spec = spec;
	a->out = out;
	a->origin = out->origin;
	a->ctx = ctx;
	a->any = *spec->policy;
	a->any.quorum = TLOG_QUORUM_NONE;
	a->state.admit.release = *spec->release;
	a->state.admit.rebuilder = *spec->rebuilder;
	a->state.admit.product = spec->product;
	e = run(a);
	free(a);
	return e;
}
