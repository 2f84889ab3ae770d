/*
 * The checks of what was released: the image, model and policy records, their
 * signatures, their place in the log, their times. docs/attestation.md,
 * section 7. The same for every kind of TEE but for check_measurement.
 */
#include "base/utc.h"
#include "protocol/evidence_run.h"

static enum err record_signed(struct evidence_run *r, struct evidence_logged *l,
    enum evidence_section section, enum record_kind kind)
{
	const struct trust *t = r->demand->trust;
	enum err e = tlog_record_verify(
	    l->rec, &t->release, r->ev.section[section], r->ctx);

	if (e != ERR_OK)
		return e;
	if (l->rec->kind != kind)
		return err_set(r->ctx, ERR_POLICY,
		    "record of kind %s where kind %s belongs",
		    tlog_record_kind_name(l->rec->kind),
		    tlog_record_kind_name(kind));
	if (!mem_eq(l->rec->product, t->product) ||
	    !mem_eq(l->rec->channel, t->channel))
		return err_set(r->ctx, ERR_POLICY,
		    "%s record is of another product or channel",
		    tlog_record_kind_name(kind));
	evidence_say(r, "%.*s/%.*s %s seq %llu, by %zu of %zu release keys",
	    (int)t->product.len, (const char *)t->product.p,
	    (int)t->channel.len, (const char *)t->channel.p,
	    tlog_record_kind_name(kind), (unsigned long long)l->rec->seq,
	    t->release.need, t->release.n);
	return ERR_OK;
}

/* How old may the log's head be? Never older than the log's own limit. */
static uint64_t max_age(const struct evidence_run *r)
{
	uint64_t age = r->demand->max_age_s;

	return age == 0 || age > TLOG_FRESH_S ? TLOG_FRESH_S : age;
}

/*
 * All proofs of one evidence show one log, and where they show it at one size,
 * one tree [L-94]: nobody lists the image for us and the revocation for others.
 */
static enum err same_log(
    const struct evidence_run *r, const struct tlog_head *head)
{
	const struct tlog_head *first = &r->image.in.head;

	if (head == first)
		return ERR_OK;
	if (!mem_eq(head->origin, first->origin))
		return err_set(r->ctx, ERR_POLICY,
		    "proof is of another log than the release's");
	if (head->size == first->size &&
	    !mem_eq_ct(&head->root, &first->root, sizeof(head->root)))
		return err_set(r->ctx, ERR_AUTH,
		    "the log shows two different trees of size %llu",
		    (unsigned long long)head->size);
	return ERR_OK;
}

static enum err record_logged(struct evidence_run *r, struct evidence_logged *l,
    enum evidence_section record, enum evidence_section proof)
{
	const struct tlog_head *head = &l->in.head;
	uint64_t now = r->demand->now_s;
	enum err e = tlog_proof_verify(&l->in, &r->demand->trust->log, now,
	    r->ev.section[record], r->ev.section[proof], r->ctx);

	if (e == ERR_OK)
		e = same_log(r, head);
	if (e != ERR_OK)
		return e;
	if (!head->has_time) {
		evidence_say(r,
		    "entry %llu of %llu in the log of this machine, no "
		    "witnesses",
		    (unsigned long long)l->in.index,
		    (unsigned long long)head->size);
		return ERR_OK;
	}
	if (head->time < now && now - head->time > max_age(r))
		return err_set(r->ctx, ERR_EXPIRED,
		    "log head is %llu s old, this client accepts %llu",
		    (unsigned long long)(now - head->time),
		    (unsigned long long)max_age(r));
	evidence_deadline(r, tlog_head_deadline(head));
	evidence_deadline(r, head->time + max_age(r));
	evidence_say(r, "entry %llu of %llu, %u witnesses, head %llu s old",
	    (unsigned long long)l->in.index, (unsigned long long)head->size,
	    (unsigned)__builtin_popcount(head->witnesses),
	    (unsigned long long)(head->time < now ? now - head->time : 0));
	return ERR_OK;
}

static enum err record_time(
    struct evidence_run *r, const struct evidence_logged *l)
{
	char from[UTC_TEXT_LEN + 1], to[UTC_TEXT_LEN + 1];
	enum err e = tlog_record_check_time(l->rec, r->demand->now_s, r->ctx);

	if (e != ERR_OK)
		return e;
	evidence_deadline(r, l->rec->not_after);
	utc_format(from, l->rec->not_before);
	utc_format(to, l->rec->not_after);
	evidence_say(r, "from %s to %s", from, to);
	return ERR_OK;
}

enum err evidence_check_image_signed(struct evidence_run *r)
{
	return record_signed(r, &r->image, EVIDENCE_IMAGE_RECORD, RECORD_IMAGE);
}

enum err evidence_check_image_logged(struct evidence_run *r)
{
	return record_logged(
	    r, &r->image, EVIDENCE_IMAGE_RECORD, EVIDENCE_IMAGE_PROOF);
}

enum err evidence_check_image_time(struct evidence_run *r)
{
	return record_time(r, &r->image);
}

/* Only a `sim` line may name a simulated launch: never an `snp` line. */
enum err evidence_check_measurement(struct evidence_run *r)
{
	const struct tlog_record *rec = r->image.rec;
	char hex[SHORT_HEX_LEN];

	(void)evidence_short_hex(hex, r->report.measurement);
	if (!tlog_image_has_sim(&rec->image, r->report.measurement))
		return err_set(r->ctx, ERR_POLICY,
		    "launch measurement %s.. is in no sim line of release "
		    "seq %llu",
		    hex, (unsigned long long)rec->seq);
	evidence_say(r, "launch measurement %s..: sim line of release seq %llu",
	    hex, (unsigned long long)rec->seq);
	return ERR_OK;
}

enum err evidence_check_model_signed(struct evidence_run *r)
{
	return record_signed(r, &r->model, EVIDENCE_MODEL_RECORD, RECORD_MODEL);
}

enum err evidence_check_model_logged(struct evidence_run *r)
{
	return record_logged(
	    r, &r->model, EVIDENCE_MODEL_RECORD, EVIDENCE_MODEL_PROOF);
}

enum err evidence_check_model_time(struct evidence_run *r)
{
	return record_time(r, &r->model);
}

enum err evidence_check_model_named(struct evidence_run *r)
{
	const struct record_model *m = &r->model.rec->model;
	char hex[SHORT_HEX_LEN];

	(void)evidence_short_hex(hex, m->sha256.b);
	if (!tlog_image_has_model(&r->image.rec->image, &m->sha256))
		return err_set(r->ctx, ERR_POLICY,
		    "model %s.. is not one that release seq %llu names", hex,
		    (unsigned long long)r->image.rec->seq);
	evidence_say(r, "%.*s, sha256 %s.., named by release seq %llu",
	    (int)m->name.len, (const char *)m->name.p, hex,
	    (unsigned long long)r->image.rec->seq);
	return ERR_OK;
}

enum err evidence_check_policy_signed(struct evidence_run *r)
{
	return record_signed(
	    r, &r->policy, EVIDENCE_POLICY_RECORD, RECORD_POLICY);
}

enum err evidence_check_policy_logged(struct evidence_run *r)
{
	return record_logged(
	    r, &r->policy, EVIDENCE_POLICY_RECORD, EVIDENCE_POLICY_PROOF);
}

enum err evidence_check_policy_time(struct evidence_run *r)
{
	return record_time(r, &r->policy);
}

enum err evidence_check_policy_seq(struct evidence_run *r)
{
	unsigned long long seq = r->policy.rec->seq;
	unsigned long long min = r->demand->policy_seq_min;

	if (seq < min)
		return err_set(r->ctx, ERR_POLICY,
		    "policy seq %llu, but seq %llu was seen before", seq, min);
	evidence_say(r, "policy seq %llu, highest seen before %llu", seq, min);
	return ERR_OK;
}

static enum err record_allowed(
    struct evidence_run *r, const struct evidence_logged *l)
{
	char hex[SHORT_HEX_LEN];
	enum err e = tlog_record_check_policy(
	    l->rec, &l->in.leaf, r->policy.rec, r->ctx);

	if (e == ERR_OK)
		evidence_say(r,
		    "leaf %s.., seq %llu: not revoked by policy seq %llu",
		    evidence_short_hex(hex, l->in.leaf.b),
		    (unsigned long long)l->rec->seq,
		    (unsigned long long)r->policy.rec->seq);
	return e;
}

enum err evidence_check_image_allowed(struct evidence_run *r)
{
	return record_allowed(r, &r->image);
}

enum err evidence_check_model_allowed(struct evidence_run *r)
{
	return record_allowed(r, &r->model);
}

/* The records' and the log's times are in already; here comes the enclave's. */
enum err evidence_check_deadline(struct evidence_run *r)
{
	uint64_t now = r->demand->now_s;
	char end[UTC_TEXT_LEN + 1], at[UTC_TEXT_LEN + 1];

	if (r->binding.has_not_after)
		evidence_deadline(r, r->binding.not_after);
	utc_format(end, r->v->deadline_s);
	utc_format(at, now);
	if (r->v->deadline_s <= now)
		return err_set(r->ctx, ERR_EXPIRED,
		    "evidence ended at %s, it is %s", end, at);
	evidence_say(
	    r, "%llu s left", (unsigned long long)(r->v->deadline_s - now));
	return ERR_OK;
}
