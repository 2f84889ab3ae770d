#include "enclave/bundle.h"

#include <string.h>
#include <time.h>

#include "attest/report_data.h"
#include "base/assert.h"
#include "enclave/source_sim.h"
#include "sys/clock.h"
#include "sys/log.h"

/* The sections that say what this machine is. */
static enum err quote(struct evidence *ev, struct source_sim_evidence *sim,
    struct wr *binding, const struct bundle_source *src, uint64_t not_after,
    struct err_ctx *ctx)
{
	static const uint8_t kind = TEE_SIM;
	struct report_data_fields fields = { .has_not_after = true,
		.has_receipt_key = true,
		.not_after = not_after };
	uint8_t report_data[REPORT_DATA_LEN];
	enum err e;

	memcpy(
	    fields.receipt_key, src->receipt_pub, sizeof(fields.receipt_key));
	report_data_make(report_data, src->s_pub, &fields);
	e = enclave_source_sim_fetch(
	    sim, src->simtee, report_data, SOURCE_SIM_MS, ctx);
	if (e != ERR_OK)
		return e;
	report_data_fields_write(binding, &fields);
	ev->section[EVIDENCE_KIND] = (struct bytes){ &kind, 1 };
	ev->section[EVIDENCE_REPORT] =
	    (struct bytes){ sim->report, sizeof(sim->report) };
	ev->section[EVIDENCE_ENDORSEMENT] =
	    (struct bytes){ sim->endorsement, sizeof(sim->endorsement) };
	ev->section[EVIDENCE_BINDING] =
	    (struct bytes){ binding->p, binding->len };
	return binding->err;
}

enum err bundle_make(struct bundle *out, const struct bundle_source *src,
    uint64_t now_s, struct err_ctx *ctx)
{
	struct evidence ev = { 0 };
	struct source_sim_evidence sim;
	struct records records;
	struct bundle made;
	uint8_t fields[REPORT_DATA_FIELDS_LEN_MAX];
	struct wr binding = wr_init(fields, sizeof(fields));
	struct wr w = wr_init(made.data, sizeof(made.data));
	enum err e;

	made.not_after = now_s + BUNDLE_LIFE_S;
	e = quote(&ev, &sim, &binding, src, made.not_after, ctx);
	if (e == ERR_OK)
		e = records_read(&records, &ev, src->records_fd, ctx);
	if (e == ERR_OK)
		e = evidence_build(&w, &ev);
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
