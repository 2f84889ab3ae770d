/*
 * The checks of what was released: the image, model and policy records, their
 * signatures, their place in the log, their times. docs/attestation.md,
 * section 7. The same for every kind of TEE.
 */
#include "base/utc.h"
#include "protocol/evidence_run.h"
#include "tlog/checkpoint.h"

/* Three lines: a name, a decimal size, a hash in base64. */
#define BEACON_TEXT_MAX (TLOG_KEY_NAME_LEN_MAX + 96)

enum err evidence_record_is(const struct evidence_run *r,
    struct check_list *list, const struct tlog_record *rec,
    enum record_kind kind)
{
	const struct trust *t = r->demand->trust;

	if (rec->kind != kind)
		return err_set(&list->reason, ERR_POLICY,
		    "record of kind %s where kind %s belongs",
		    tlog_record_kind_name(rec->kind),
		    tlog_record_kind_name(kind));
	if (!mem_eq(rec->product, t->product) ||
	    !mem_eq(rec->channel, t->channel))
		return err_set(&list->reason, ERR_POLICY,
		    "%s record is of another product or channel",
		    tlog_record_kind_name(kind));
	return ERR_OK;
}

static enum err record_signed(struct evidence_run *r, struct check_list *list,
    struct evidence_logged *l, enum evidence_section section,
    enum record_kind kind)
{
	const struct trust *t = r->demand->trust;
	enum err e = tlog_record_verify(
	    l->rec, &t->release, r->ev.section[section], &list->reason);

	if (e == ERR_OK)
		e = evidence_record_is(r, list, l->rec, kind);
	if (e != ERR_OK)
		return e;
	check_say(list, "%.*s/%.*s %s seq %llu, by %zu of %zu release keys",
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
 * All proofs of one evidence show one log, and where two of them show it at one
 * size, one tree [L-94]: nobody lists the image for us and the revocation for
 * others. Compared with those that were judged before.
 */
static enum err same_log(const struct evidence_run *r, struct check_list *list,
    const struct tlog_head *head)
{
	const struct evidence_logged *const all[] = { &r->image, &r->model,
		&r->policy, &r->rebuild };

	for (size_t i = 0; &all[i]->in.head != head; i++) {
		const struct tlog_head *other = &all[i]->in.head;

		if (!mem_eq(head->origin, other->origin))
			return err_set(&list->reason, ERR_POLICY,
			    "proof is of another log than the release's");
		if (head->size == other->size &&
		    !tlog_hash_eq(&head->root, &other->root))
			return err_set(&list->reason, ERR_AUTH,
			    "the log shows two different trees of size %llu: "
			    "it tells different people different things",
			    (unsigned long long)head->size);
	}
	return ERR_OK;
}

enum err evidence_record_logged(struct evidence_run *r, struct check_list *list,
    struct evidence_logged *l, enum evidence_section record,
    enum evidence_section proof)
{
	const struct tlog_head *head = &l->in.head;
	const struct trust *t = r->demand->trust;
	uint64_t now = r->demand->now_s;
	const struct trust_policy *window = trust_window_at(t, now);
	enum err e;

	if (window == NULL)
		return trust_no_policy(t, now, &list->reason);
	e = tlog_proof_verify(&l->in, &window->policy, now,
	    r->ev.section[record], r->ev.section[proof], &list->reason);
	if (e == ERR_OK)
		e = same_log(r, list, head);
	if (e != ERR_OK)
		return e;
	check_deadline(list, window->until);
	if (!head->has_time) {
		check_say(list,
		    "entry %llu of %llu in the log of this machine, no "
		    "witnesses",
		    (unsigned long long)l->in.index,
		    (unsigned long long)head->size);
		return ERR_OK;
	}
	if (head->time < now && now - head->time > max_age(r))
		return err_set(&list->reason, ERR_EXPIRED,
		    "log head is %llu s old, this client accepts %llu",
		    (unsigned long long)(now - head->time),
		    (unsigned long long)max_age(r));
	check_deadline(list, tlog_head_deadline(head));
	check_deadline(list, head->time + max_age(r));
	check_say(list,
	    "entry %llu of %llu, %u of %zu witnesses, head %llu s old",
	    (unsigned long long)l->in.index, (unsigned long long)head->size,
	    (unsigned)__builtin_popcount(head->witnesses),
	    window->policy.n_witnesses,
	    (unsigned long long)(head->time < now ? now - head->time : 0));
	return ERR_OK;
}

enum err evidence_record_time(const struct evidence_run *r,
    struct check_list *list, const struct evidence_logged *l)
{
	char from[UTC_TEXT_LEN + 1], to[UTC_TEXT_LEN + 1];
	enum err e =
	    tlog_record_check_time(l->rec, r->demand->now_s, &list->reason);

	if (e != ERR_OK)
		return e;
	check_deadline(list, l->rec->not_after);
	utc_format(from, l->rec->not_before);
	utc_format(to, l->rec->not_after);
	check_say(list, "from %s to %s", from, to);
	return ERR_OK;
}

static enum err check_image_signed(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return record_signed(
	    r, list, &r->image, EVIDENCE_IMAGE_RECORD, RECORD_IMAGE);
}

static enum err check_image_logged(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return evidence_record_logged(
	    r, list, &r->image, EVIDENCE_IMAGE_RECORD, EVIDENCE_IMAGE_PROOF);
}

static enum err check_image_time(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return evidence_record_time(r, list, &r->image);
}

/* The report was made after the log showed this head: not long ago. */
static enum err check_beacon(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	const struct tlog_head *head = &r->image.in.head;
	uint8_t text[BEACON_TEXT_MAX], want[SHA256_LEN];
	struct wr w = wr_init(text, sizeof(text));
	char hex[SHORT_HEX_LEN];

	tlog_checkpoint_format(&w, head->origin, head->size, &head->root);
	if (w.err != ERR_OK)
		return err_set(&list->reason, ERR_LIMIT, "log head: too long");
	crypto_sha256(want, &(struct bytes){ text, w.len }, 1);
	if (!r->binding.has_beacon)
		return err_set(&list->reason, ERR_POLICY,
		    "REPORT_DATA binds no head of the log");
	if (!mem_eq_ct(r->binding.beacon, want, sizeof(want)))
		return err_set(&list->reason, ERR_AUTH,
		    "REPORT_DATA binds another head of the log than its proof");
	check_say(list, "REPORT_DATA binds head %s.. of size %llu",
	    check_short_hex(hex, want), (unsigned long long)head->size);
	return ERR_OK;
}

static enum err check_model_signed(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return record_signed(
	    r, list, &r->model, EVIDENCE_MODEL_RECORD, RECORD_MODEL);
}

static enum err check_model_logged(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return evidence_record_logged(
	    r, list, &r->model, EVIDENCE_MODEL_RECORD, EVIDENCE_MODEL_PROOF);
}

static enum err check_model_time(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return evidence_record_time(r, list, &r->model);
}

static enum err check_model_named(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	const struct record_model *m = &r->model.rec->model;
	char hex[SHORT_HEX_LEN];

	(void)check_short_hex(hex, m->sha256.b);
	if (!tlog_image_has_model(&r->image.rec->image, &m->sha256))
		return err_set(&list->reason, ERR_POLICY,
		    "model %s.. is not one that release seq %llu names", hex,
		    (unsigned long long)r->image.rec->seq);
	check_say(list, "%.*s, sha256 %s.., named by release seq %llu",
	    (int)m->name.len, (const char *)m->name.p, hex,
	    (unsigned long long)r->image.rec->seq);
	return ERR_OK;
}

static enum err check_policy_signed(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return record_signed(
	    r, list, &r->policy, EVIDENCE_POLICY_RECORD, RECORD_POLICY);
}

static enum err check_policy_logged(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return evidence_record_logged(
	    r, list, &r->policy, EVIDENCE_POLICY_RECORD, EVIDENCE_POLICY_PROOF);
}

static enum err check_policy_time(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return evidence_record_time(r, list, &r->policy);
}

static enum err check_policy_seq(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	unsigned long long seq = r->policy.rec->seq;
	unsigned long long min = r->demand->policy_seq_min;

	if (seq < min)
		return err_set(&list->reason, ERR_POLICY,
		    "rolled back: it shows policy %llu, and this client has "
		    "accepted policy %llu before",
		    seq, min);
	check_say(list, "policy seq %llu, highest seen before %llu", seq, min);
	return ERR_OK;
}

enum err evidence_record_allowed(const struct evidence_run *r,
    struct check_list *list, const struct evidence_logged *l)
{
	char hex[SHORT_HEX_LEN];
	enum err e = tlog_record_check_policy(
	    l->rec, &l->in.leaf, r->policy.rec, &list->reason);

	if (e == ERR_OK)
		check_say(list,
		    "leaf %s.., seq %llu: not revoked by policy seq %llu",
		    check_short_hex(hex, l->in.leaf.b),
		    (unsigned long long)l->rec->seq,
		    (unsigned long long)r->policy.rec->seq);
	return e;
}

static enum err check_image_allowed(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return evidence_record_allowed(r, list, &r->image);
}

static enum err check_model_allowed(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	return evidence_record_allowed(r, list, &r->model);
}

const struct check_def evidence_release_checks[EVIDENCE_RELEASE_CHECKS] = {
	{ CHECK_IMAGE_SIGNED, check_image_signed },
	{ CHECK_IMAGE_LOGGED, check_image_logged },
	{ CHECK_IMAGE_TIME, check_image_time },
	{ CHECK_BEACON, check_beacon },
	{ CHECK_MODEL_SIGNED, check_model_signed },
	{ CHECK_MODEL_LOGGED, check_model_logged },
	{ CHECK_MODEL_TIME, check_model_time },
	{ CHECK_MODEL_NAMED, check_model_named },
	{ CHECK_POLICY_SIGNED, check_policy_signed },
	{ CHECK_POLICY_LOGGED, check_policy_logged },
	{ CHECK_POLICY_TIME, check_policy_time },
	{ CHECK_POLICY_SEQ, check_policy_seq },
	{ CHECK_IMAGE_ALLOWED, check_image_allowed },
	{ CHECK_MODEL_ALLOWED, check_model_allowed },
};
