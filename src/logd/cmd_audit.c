/*
 * confer-log audit: the monitor's findings as lines, its progress on a
 * terminal, and an exit code for cron. audit.h decides what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "base/utc.h"
#include "logd/audit.h"
#include "logd/cmd.h"
#include "logd/rebuild.h"
#include "protocol/seen_by.h"

#define REBUILD_S      3600 /* for one build, without --rebuild-timeout */
#define REBUILD_MAX_S  (7 * 86400)
#define EVIDENCE_BELOW "evidence" /* of --state, without --evidence */
#define PROGRESS_EVERY 64

struct audit {
	const struct logd_options *o;
	struct logd_show *s;
	uint64_t now_s;
	struct logd_trust *trust;
	struct logd_view view[LOGD_VIEWS_MAX];
	size_t n_views;
	struct logd_view witness[LOGD_VIEWS_MAX];
	size_t n_witnesses;
	char evidence[FD_PATH_MAX];
	size_t rebuilt, alarms; /* by rebuilding */
};

/* ---- findings ------------------------------------------------------------ */

static void show_finding(struct audit *a, const struct logd_finding *f)
{
	static const struct {
		const char *name;
		enum logd_mark mark;
	} kinds[] = {
		[LOGD_NOTE] = { "note", LOGD_PLAIN },
		[LOGD_ALARM] = { "alarm", LOGD_WARN },
		[LOGD_MISBEHAVIOUR] = { "misbehaviour", LOGD_BAD },
	};
	char text[sizeof(f->text) + 48];

	if (f->has_index)
		(void)snprintf(text, sizeof(text), "entry %llu: %s",
		    (unsigned long long)f->index, f->text);
	else
		(void)snprintf(text, sizeof(text), "%s", f->text);
	logd_show_finding(
	    a->s, kinds[f->kind].mark, f->kind != LOGD_NOTE, f->name, text);
	logd_show_open(a->s, NULL, '{');
	logd_show_cstr(a->s, "kind", kinds[f->kind].name);
	logd_show_cstr(a->s, "name", f->name);
	if (f->has_index)
		logd_show_num(a->s, "index", f->index);
	logd_show_cstr(a->s, "text", f->text);
	logd_show_close(a->s, '}');
}

static void on_finding(void *cookie, const struct logd_finding *f)
{
	show_finding(cookie, f);
}

static void on_progress(void *cookie, uint64_t done, uint64_t all)
{
	struct audit *a = cookie;

	if (done % PROGRESS_EVERY == 0 || done == all)
		logd_show_status(a->s, "reading entry %llu of %llu",
		    (unsigned long long)done, (unsigned long long)all);
}

static void rebuild_failed(
    struct audit *a, uint64_t index, const struct err_ctx *ctx)
{
	struct logd_finding f = { .kind = LOGD_ALARM,
		.has_index = true,
		.index = index,
		.name = "rebuild-failed" };

	(void)snprintf(f.text, sizeof(f.text), "%s", ctx->msg);
	a->alarms++;
	show_finding(a, &f);
}

/* A record that passed: build it again, if it is one that can be. */
static void on_record(void *cookie, uint64_t index,
    const struct tlog_record *rec, struct bytes entry)
{
	struct audit *a = cookie;
	const uint64_t limit =
	    a->o->rebuild_s > 0 ? a->o->rebuild_s : REBUILD_S;
	const struct logd_rebuild_spec spec = { .command = a->o->rebuild,
		.entry = entry,
		.log_fd = STDERR_FILENO,
		.time_ms = (unsigned)(limit * 1000) };
	struct err_ctx ctx = { 0 };
	struct logd_rebuild result;
	struct logd_finding f;
	enum err e;

	logd_show_status(a->s, "building %s %.*s seq %llu again",
	    tlog_record_kind_name(rec->kind), LOGD_TEXT(rec->channel),
	    (unsigned long long)rec->seq);
	e = logd_rebuild_run(&result, &spec, &ctx);
	if (e == ERR_UNSUPPORTED) /* nothing to build: the audit judged that */
		return;
	if (e != ERR_OK) {
		rebuild_failed(a, index, &ctx);
		return;
	}
	logd_rebuild_finding(&f, index, &result);
	a->rebuilt += result.same;
	a->alarms += f.kind == LOGD_ALARM;
	show_finding(a, &f);
}

/* ---- the whole ----------------------------------------------------------- */

static enum err open_views(struct audit *a, struct err_ctx *ctx)
{
	const struct logd_options *o = a->o;
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < o->n_args; i++) {
		e = logd_cmd_view_open(&a->view[i], o->arg[i], o->ca_file, ctx);
		a->n_views += e == ERR_OK;
	}
	for (size_t i = 0; e == ERR_OK && i < o->n_many; i++) {
		e = logd_view_open(&a->witness[i], o->many[i], o->ca_file, ctx);
		a->n_witnesses += e == ERR_OK;
	}
	return e;
}

static void close_all(struct audit *a)
{
	for (size_t i = 0; i < a->n_views; i++)
		logd_view_close(&a->view[i]);
	for (size_t i = 0; i < a->n_witnesses; i++)
		logd_view_close(&a->witness[i]);
	logd_cmd_trust_free(a->trust);
	free(a);
}

static void summary(struct audit *a, const struct logd_audit_result *r)
{
	char when[UTC_TEXT_LEN + 1], hex[2 * TLOG_HASH_LEN + 1];
	uint8_t seen[SEEN_BY_LEN_MAX];
	struct wr w = wr_init(seen, sizeof(seen));

	utc_format(when, r->quorum_time);
	hex_encode(hex, r->root.b, TLOG_HASH_LEN);
	logd_show_say(a->s, "%llu entries, %llu read now, root %.12s…",
	    (unsigned long long)r->size, (unsigned long long)r->entries_read,
	    hex);
	seen_by_write(&w, &a->trust->trust, a->now_s, r->witnesses);
	if (r->quorum_time != 0)
		logd_show_say(a->s, "%.*s, quorum of %s", (int)w.len,
		    (const char *)seen, when);
	if (r->proofs > 0)
		logd_show_answer(a->s, "THE LOG HAS MISBEHAVED; the proof: %s",
		    a->evidence[0] != '\0'
			? a->evidence
			: "not kept, for want of --evidence or --state");
	else if (r->alarms + a->alarms > 0)
		logd_show_say(a->s, "%zu to look at", r->alarms + a->alarms);
	else
		logd_show_say(a->s, "nothing to look at");
	logd_show_cstr(a->s, "origin", r->origin);
	logd_show_num(a->s, "size", r->size);
	logd_show_hash(a->s, "root", &r->root);
	logd_show_num(a->s, "entries_read", r->entries_read);
	logd_show_num(a->s, "quorum_time", r->quorum_time);
	logd_show_num(a->s, "alarms", r->alarms + a->alarms);
	logd_show_num(a->s, "proofs", r->proofs);
	if (a->o->rebuild != NULL)
		logd_show_num(a->s, "rebuilt", a->rebuilt);
}

/* What is proven stays proven, whatever failed afterwards. */
static enum logd_exit code_of(
    const struct audit *a, const struct logd_audit_result *r, enum err e)
{
	if (r->proofs > 0)
		return LOGD_EXIT_MISBEHAVIOUR;
	if (e != ERR_OK)
		return r->damaged ? LOGD_EXIT_DAMAGE : logd_show_code_view(e);
	return r->alarms + a->alarms > 0 ? LOGD_EXIT_REFUSED : LOGD_EXIT_OK;
}

static enum logd_exit run(struct audit *a)
{
	const struct trust *t = &a->trust->trust;
	const struct logd_audit_spec spec = {
		.policy = trust_policy_at(t, a->now_s),
		.release = &t->release,
		.rebuilder = &t->rebuilder,
		.product = t->product,
		.view = a->view,
		.n_views = a->n_views,
		.witness = a->witness,
		.n_witnesses = a->n_witnesses,
		.state_dir = a->o->state,
		.evidence_dir = a->evidence[0] != '\0' ? a->evidence : NULL,
		.full = a->o->full,
		.unpublished = t->local,
		.now_s = a->now_s,
		.finding = on_finding,
		.progress = on_progress,
		.record = a->o->rebuild != NULL ? on_record : NULL,
		.cookie = a,
	};
	struct logd_audit_result r = { 0 };
	struct err_ctx ctx = { 0 };
	enum err e;

	if (spec.policy == NULL) {
		e = trust_no_policy(t, a->now_s, &ctx);
		return logd_show_fail(
		    a->s, logd_show_code_input(e), NULL, &ctx);
	}
	logd_show_open(a->s, "findings", '[');
	e = logd_audit(&r, &spec, &ctx);
	logd_show_close(a->s, ']');
	if (e == ERR_OK)
		summary(a, &r);
	else
		(void)logd_show_fail(a->s, code_of(a, &r, e), NULL, &ctx);
	return code_of(a, &r, e);
}

static enum err prepare(struct audit *a, struct err_ctx *ctx)
{
	const struct logd_options *o = a->o;
	enum err e = logd_cmd_trust_new(&a->trust, o->trust, ctx);

	if (e == ERR_OK && o->evidence != NULL)
		(void)fmt_print(
		    a->evidence, sizeof(a->evidence), "%s", o->evidence);
	else if (e == ERR_OK && o->state != NULL)
		e = logd_cmd_path(a->evidence, o->state, EVIDENCE_BELOW, ctx);
	return e == ERR_OK ? open_views(a, ctx) : e;
}

enum logd_exit logd_cmd_audit(const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	struct audit *a;
	enum logd_exit x;
	enum err e;

	if (o->trust == NULL)
		return logd_show_refuse(
		    s, LOGD_EXIT_USAGE, "`confer-log audit` needs --trust");
	if (o->rebuild_s > REBUILD_MAX_S)
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "--rebuild-timeout is at most %d seconds", REBUILD_MAX_S);
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return logd_show_refuse(
		    s, LOGD_EXIT_INTERNAL, "no memory is left");
	a->o = o;
	a->s = s;
	a->now_s = logd_cmd_now(o, s);
	e = prepare(a, &ctx);
	x = e == ERR_OK
		? run(a)
		: logd_show_fail(s, logd_show_code_input(e), NULL, &ctx);
	close_all(a);
	return x;
}
