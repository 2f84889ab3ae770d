#include "enclave/bundle.h"

#include <string.h>
#include <time.h>

#include "attest/report_data.h"
#include "base/assert.h"
#include "enclave/endorse.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "tlog/note.h"
#include "tlog/proof.h"

/* What a bundle borrows while it is put together. About 250 KB. */
struct work {
	struct source_answer answer;
	struct endorse endorse;
	struct records records;
	uint8_t fields[REPORT_DATA_FIELDS_LEN_MAX];
	uint8_t kind;
};

/*
 * The text of the checkpoint under which the image record is shown here.
 * Without a proof there is none, and the client says what is missing.
 */
static enum err beacon(struct report_data_fields *fields,
    const struct evidence *ev, struct err_ctx *ctx)
{
	struct bytes file = ev->section[EVIDENCE_IMAGE_PROOF];
	struct tlog_proof proof;
	struct tlog_note note;
	enum err e;

	if (file.len == 0)
		return ERR_OK;
	e = tlog_proof_parse(&proof, file, ctx);
	if (e == ERR_OK)
		e = tlog_note_parse(&note, proof.checkpoint, ctx);
	if (e != ERR_OK)
		return err_set(ctx, e, "image.proof: %s", err_name(e));
	crypto_sha256(fields->beacon, &note.text, 1);
	fields->has_beacon = true;
	return ERR_OK;
}

/* The sections that say what this machine is. */
static enum err quote(struct evidence *ev, struct work *work,
    const struct bundle_source *src, uint64_t not_after, struct err_ctx *ctx)
{
	struct report_data_fields fields = { .has_not_after = true,
		.has_receipt_key = true,
		.not_after = not_after };
	struct wr binding = wr_init(work->fields, sizeof(work->fields));
	uint8_t report_data[REPORT_DATA_LEN];
	enum err e = beacon(&fields, ev, ctx);

	if (e != ERR_OK)
		return e;
	memcpy(
	    fields.receipt_key, src->receipt_pub, sizeof(fields.receipt_key));
	report_data_make(report_data, src->s_pub, &fields);
	e = source_make(&work->answer, src->tee, report_data, ctx);
	if (e == ERR_OK)
		e = endorse_sections(
		    ev, &work->endorse, &work->answer, src->collateral, ctx);
	if (e != ERR_OK)
		return e;
	report_data_fields_write(&binding, &fields);
	work->kind = (uint8_t)work->answer.tee;
	ev->section[EVIDENCE_KIND] = (struct bytes){ &work->kind, 1 };
	ev->section[EVIDENCE_REPORT] =
	    (struct bytes){ work->answer.report, work->answer.report_len };
	ev->section[EVIDENCE_BINDING] =
	    (struct bytes){ binding.p, binding.len };
	return binding.err;
}

enum err bundle_make(struct bundle *out, const struct bundle_source *src,
    uint64_t now_s, struct err_ctx *ctx)
{
	struct evidence ev = { 0 };
	struct work work;
	struct bundle made;
	struct wr w = wr_init(made.data, sizeof(made.data));
	enum err e;

	made.not_after = now_s + BUNDLE_LIFE_S;
	e = records_read(&work.records, &ev, src->records_fd, ctx);
	if (e == ERR_OK)
		e = quote(&ev, &work, src, made.not_after, ctx);
	if (e == ERR_OK)
		e = evidence_build(&w, &ev);
	if (e == ERR_LIMIT || e == ERR_NOSPACE)
		return err_set(ctx, ERR_LIMIT,
		    "quote, collateral and records are longer than %d bytes",
		    EVIDENCE_LEN_MAX);
	if (e != ERR_OK)
		return err_set(ctx, e, "evidence: %s", err_name(e));
	made.len = w.len;
	evidence_digest(made.hash, (struct bytes){ made.data, made.len });
	*out = made;
	return ERR_OK;
}

/* Wait for `seconds` or the end; true at the end. The lock is held. */
static bool wait_for(struct bundle_refresher *r, unsigned seconds)
{
	struct timespec until;
	int rc = clock_gettime(CLOCK_MONOTONIC, &until);

	assert(rc == 0);
	until.tv_sec += seconds;
	while (!r->stop && rc == 0)
		rc = pthread_cond_timedwait(&r->cond, &r->lock, &until);
	return r->stop;
}

enum err bundle_round(struct bundle_refresher *r, uint64_t now_s)
{
	struct bundle made;
	enum err e = bundle_make(&made, &r->source, now_s, NULL);

	if (e != ERR_OK) {
		log_event(LOG_EVIDENCE_FAILED, (uint64_t)e, 0, 0);
		return e;
	}
	(void)pthread_mutex_lock(&r->lock);
	r->next = made;
	r->fresh = true;
	(void)pthread_mutex_unlock(&r->lock);
	r->wake(r->cookie);
	return ERR_OK;
}

static void *run(void *cookie)
{
	struct bundle_refresher *r = cookie;
	unsigned wait_s = BUNDLE_REFRESH_S;

	(void)pthread_mutex_lock(&r->lock);
	while (!wait_for(r, wait_s)) {
		(void)pthread_mutex_unlock(&r->lock);
		wait_s = bundle_round(r, clock_unix_s()) == ERR_OK
			     ? BUNDLE_REFRESH_S
			     : BUNDLE_RETRY_S;
		(void)pthread_mutex_lock(&r->lock);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}

enum err bundle_start(struct bundle_refresher *r,
    const struct bundle_source *src, bundle_wake_fn *wake, void *cookie,
    struct err_ctx *ctx)
{
	pthread_condattr_t monotonic;

	memset(r, 0, sizeof(*r));
	r->source = *src;
	r->wake = wake;
	r->cookie = cookie;
	if (pthread_mutex_init(&r->lock, NULL) != 0 ||
	    pthread_condattr_init(&monotonic) != 0 ||
	    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&r->cond, &monotonic) != 0 ||
	    pthread_create(&r->thread, NULL, run, r) != 0)
		return err_set(ctx, ERR_IO,
		    "cannot start the thread that refreshes the evidence");
	r->started = true;
	return ERR_OK;
}

void bundle_stop(struct bundle_refresher *r)
{
	if (!r->started)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->stop = true;
	(void)pthread_cond_signal(&r->cond);
	(void)pthread_mutex_unlock(&r->lock);
	(void)pthread_join(r->thread, NULL);
	r->started = false;
}

bool bundle_take(struct bundle *out, struct bundle_refresher *r)
{
	bool fresh;

	(void)pthread_mutex_lock(&r->lock);
	fresh = r->fresh;
	if (fresh)
		*out = r->next;
	r->fresh = false;
	(void)pthread_mutex_unlock(&r->lock);
	return fresh;
}
