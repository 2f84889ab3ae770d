/*
 * The verdict on evidence: tables of checks, run in order; see evidence.h. Each
 * check writes what it compared into its line, so that the list reads as an
 * account of the decision.
 */
#include "base/assert.h"
#include "base/utc.h"
#include "protocol/evidence_run.h"

static enum err check_format(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	size_t n = 0;
	enum err e = evidence_parse(&r->ev, r->bundle, &list->reason);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i <= EVIDENCE_SECTION_MAX; i++)
		n += r->ev.section[i].len != 0;
	r->v->rebuild = r->ev.section[EVIDENCE_REBUILD_RECORD].len != 0 ||
			r->ev.section[EVIDENCE_REBUILD_PROOF].len != 0;
	check_say(list, "%zu bytes, %zu sections", r->bundle.len, n);
	return ERR_OK;
}

static enum err check_simulated(struct evidence_run *r, struct check_list *list)
{
	r->v->simulated = true;
	if (!r->demand->accept_simulated)
		return err_set(&list->reason, ERR_POLICY,
		    "evidence is SIMULATED: no hardware protects this enclave");
	check_say(list, "simulated, which this client was told to accept");
	return ERR_OK;
}

static enum err check_tee(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	struct bytes kind = r->ev.section[EVIDENCE_KIND];

	if (kind.len != 1)
		return err_set(&list->reason, ERR_FORMAT,
		    "evidence: TEE kind of %zu bytes, must be 1", kind.len);
	r->v->claims.kind = (enum tee_kind)kind.p[0];
	switch (kind.p[0]) {
	case TEE_SIM:
		return check_simulated(r, list);
	case TEE_SNP:
	case TEE_TDX:
	case TEE_SGX:
		check_say(
		    list, "%s hardware", tee_kind_name(r->v->claims.kind));
		return evidence_hardware_prepare(r, &list->reason);
	default:
		return err_set(&list->reason, ERR_UNSUPPORTED,
		    "evidence of unknown TEE kind %u", kind.p[0]);
	}
}

static enum err check_report_data(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	char hex[SHORT_HEX_LEN];
	enum err e = report_data_fields_parse(
	    &r->binding, r->ev.section[EVIDENCE_BINDING], &list->reason);

	if (e == ERR_OK)
		e = report_data_check(
		    r->report_data, r->s_pub, &r->binding, &list->reason);
	if (e == ERR_OK)
		check_say(list,
		    "REPORT_DATA is the hash of this channel's key %s..",
		    check_short_hex(hex, r->s_pub));
	return e;
}

/* Only lines of this kind of TEE count: `sim` never names hardware. */
static enum err check_measurement(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	const struct tlog_record *rec = r->image.rec;
	struct claims *c = &r->v->claims;
	const char *kind = tee_kind_name(c->kind);
	char hex[SHORT_HEX_LEN];

	evidence_hardware_claims(c, r);
	(void)check_short_hex(hex, c->measurement);
	if (!evidence_hardware_released(r, &rec->image))
		return err_set(&list->reason, ERR_POLICY,
		    "launch measurement %s.. is in no %s line of release "
		    "seq %llu",
		    hex, kind, (unsigned long long)rec->seq);
	check_say(list, "launch measurement %s..: %s line of release seq %llu",
	    hex, kind, (unsigned long long)rec->seq);
	return ERR_OK;
}

/* The records' and the log's times are in already; here comes the enclave's. */
static enum err check_deadline_left(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	uint64_t now = r->demand->now_s;
	char end[UTC_TEXT_LEN + 1], at[UTC_TEXT_LEN + 1];

	if (!r->binding.has_not_after)
		return err_set(&list->reason, ERR_POLICY,
		    "REPORT_DATA binds no end of its validity");
	if (r->binding.not_after > now + EVIDENCE_LIFE_MAX_S)
		return err_set(&list->reason, ERR_POLICY,
		    "REPORT_DATA is valid for more than %d s",
		    EVIDENCE_LIFE_MAX_S);
	check_deadline(list, r->binding.not_after);
	utc_format(end, list->deadline_s);
	utc_format(at, now);
	if (list->deadline_s <= now)
		return err_set(&list->reason, ERR_EXPIRED,
		    "evidence ended at %s, it is %s", end, at);
	check_say(
	    list, "%llu s left", (unsigned long long)(list->deadline_s - now));
	return ERR_OK;
}

/* ---- the lists ----------------------------------------------------------- */

static const struct check_def opening[] = {
	{ CHECK_FORMAT, check_format },
	{ CHECK_TEE, check_tee },
};

static const struct check_def channel[] = {
	{ CHECK_REPORT_DATA, check_report_data },
};

static const struct check_def closing[] = {
	{ CHECK_MEASUREMENT, check_measurement },
	{ CHECK_DEADLINE, check_deadline_left },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One stretch of a list. */
struct stretch {
	const struct check_def *def;
	size_t n;
};

/* The hardware's own two run on the state of its verifier, the rest on ours. */
enum {
	OPENING,
	AUTHENTIC,
	CHANNEL,
	RELEASE,
	REBUILD, /* only where a statement is shown */
	DEMANDS,
	CLOSING,
	STRETCHES
};

#define LIST(authentic, n_authentic, demands, n_demands)                       \
	{                                                                      \
		[OPENING] = { opening, COUNT(opening) },                       \
		[AUTHENTIC] = { authentic, n_authentic },                      \
		[CHANNEL] = { channel, COUNT(channel) },                       \
		[RELEASE] = { evidence_release_checks,                         \
			EVIDENCE_RELEASE_CHECKS },                             \
		[REBUILD] = { evidence_rebuild_checks,                         \
			EVIDENCE_REBUILD_CHECKS },                             \
		[DEMANDS] = { demands, n_demands },                            \
		[CLOSING] = { closing, COUNT(closing) },                       \
	}

/* What each kind has to pass; NULL for an unknown one. */
static const struct stretch *list_of(enum tee_kind kind)
{
	static const struct stretch sim[STRETCHES] =
	    LIST(evidence_sim_checks, EVIDENCE_SIM_CHECKS, NULL, 0);
	static const struct stretch snp[STRETCHES] = LIST(snp_checks_authentic,
	    SNP_CHECKS_AUTHENTIC, snp_checks_policy, SNP_CHECKS_POLICY);
	static const struct stretch tdx[STRETCHES] = LIST(tdx_checks_authentic,
	    TDX_CHECKS_AUTHENTIC, dcap_checks_policy, DCAP_CHECKS_POLICY);
	static const struct stretch sgx[STRETCHES] = LIST(sgx_checks_authentic,
	    SGX_CHECKS_AUTHENTIC, dcap_checks_policy, DCAP_CHECKS_POLICY);

	switch (kind) {
	case TEE_SIM:
		return sim;
	case TEE_SNP:
		return snp;
	case TEE_TDX:
		return tdx;
	case TEE_SGX:
		return sgx;
	}
	return NULL;
}

size_t evidence_required(
    uint8_t id[CHECKS_MAX], enum tee_kind kind, bool rebuild)
{
	const struct stretch *s = list_of(kind);
	size_t n = 0;

	for (size_t i = 0; s != NULL && i < STRETCHES; i++) {
		if (i == REBUILD && !rebuild)
			continue;
		for (size_t k = 0; k < s[i].n; k++) {
			assert(n < CHECKS_MAX);
			id[n++] = s[i].def[k].id;
		}
	}
	return n;
}

/* ---- running them -------------------------------------------------------- */

static void copy_text(char *out, size_t cap, struct bytes b)
{
	size_t n = b.len < cap - 1 ? b.len : cap - 1;

	mem_copy(out, b.p, n);
	out[n] = '\0';
}

/* What the log shows, in each proof on its own: L-26 is about all of them. */
static void claim_tree(
    struct claims *c, const struct tlog_head *head, uint8_t proof)
{
	struct claim_tree *t = &c->tree[c->trees];

	assert(c->trees < CLAIM_TREES_MAX);
	if (c->trees > 0 && head->size > c->tree[0].size) {
		*t = c->tree[0];
		t = &c->tree[0];
	}
	c->trees++;
	t->size = head->size;
	memcpy(t->root, head->root.b, sizeof(t->root));
	t->proof = proof;
}

static void claim_trees(struct claims *c, const struct evidence_run *r)
{
	claim_tree(c, &r->image.in.head, EVIDENCE_IMAGE_PROOF);
	claim_tree(c, &r->model.in.head, EVIDENCE_MODEL_PROOF);
	claim_tree(c, &r->policy.in.head, EVIDENCE_POLICY_PROOF);
	if (r->rebuilder != NULL)
		claim_tree(c, &r->rebuild.in.head, EVIDENCE_REBUILD_PROOF);
}

/* Who else saw the head under which the release was shown. */
static void claim_head(struct claims *c, const struct evidence_run *r)
{
	const struct trust *t = r->demand->trust;
	const struct tlog_head *head = &r->image.in.head;
	const uint64_t now = r->demand->now_s;
	struct wr w = wr_init(c->seen_by, SEEN_BY_LEN_MAX);

	copy_text(c->log_origin, sizeof(c->log_origin), head->origin);
	c->head.size = head->size;
	memcpy(c->head.root, head->root.b, sizeof(c->head.root));
	seen_by_write(&w, t, now, head->witnesses);
	assert(w.err == ERR_OK);
	if (!head->has_time)
		return;
	c->head.time = head->time;
	c->head.mask = head->witnesses;
	c->head.witnesses = (unsigned)__builtin_popcount(head->witnesses);
	c->head.known = (unsigned)trust_policy_at(t, now)->n_witnesses;
	c->head.operators = seen_by_operators(t, now, head->witnesses);
}

static void claim_release(struct claims *c, const struct evidence_run *r)
{
	memcpy(c->report_data, r->report_data, sizeof(c->report_data));
	c->binding = r->binding;
	copy_text(c->product, sizeof(c->product), r->image.rec->product);
	copy_text(c->channel, sizeof(c->channel), r->image.rec->channel);
	copy_text(c->image_version, sizeof(c->image_version),
	    r->image.rec->image.version);
	c->image_seq = r->image.rec->seq;
	c->image_issued = r->image.rec->issued;
	if (r->rebuilder != NULL)
		copy_text(
		    c->rebuilder, sizeof(c->rebuilder), r->rebuilder->name);
	copy_text(
	    c->model_name, sizeof(c->model_name), r->model.rec->model.name);
	memcpy(c->model_sha256, r->model.rec->model.sha256.b, SHA256_LEN);
	c->model_seq = r->model.rec->seq;
	c->policy_seq = r->policy.rec->seq;
	claim_head(c, r);
	claim_trees(c, r);
}

/* The id of the check that failed, for whoever explains it. */
static enum err failed(struct verdict *v)
{
	v->failed = v->checks.line[v->checks.failed].id;
	return v->checks.reason.code;
}

static enum err run_stretches(struct evidence_run *r)
{
	struct check_list *list = &r->v->checks;
	enum err e = check_run(list, opening, COUNT(opening), r);
	const struct stretch *s = list_of(r->v->claims.kind);

	if (s == NULL) /* then that has failed, and what follows is not run */
		s = list_of(TEE_SIM);
	for (size_t i = AUTHENTIC; i < STRETCHES; i++) {
		bool theirs = i == AUTHENTIC || i == DEMANDS;

		if (i == REBUILD && !r->v->rebuild)
			continue;
		if (i == DEMANDS && e == ERR_OK && s[i].n > 0)
			evidence_hardware_demand(
			    &r->work->demand, &r->policy.rec->policy);
		e = check_run(list, s[i].def, s[i].n,
		    theirs ? evidence_hardware_run(r) : r);
	}
	return e;
}

enum err evidence_verify(struct verdict *v, struct evidence_work *work,
    const struct evidence_demand *demand, struct bytes bundle,
    const uint8_t s_pub[X25519_LEN])
{
	struct evidence_run r = { .v = v,
		.demand = demand,
		.work = work,
		.bundle = bundle,
		.s_pub = s_pub,
		.image.rec = &work->image,
		.model.rec = &work->model,
		.policy.rec = &work->policy,
		.rebuild.rec = &work->rebuild };

	memset(v, 0, sizeof(*v));
	check_list_init(&v->checks);
	evidence_digest(v->claims.evidence_digest, bundle);
	r.report_data = r.report.report_data;
	if (run_stretches(&r) != ERR_OK)
		return failed(v);
	claim_release(&v->claims, &r);
	return ERR_OK;
}

enum err evidence_conclude(struct verdict *v, const bool *answer, size_t n)
{
	uint8_t required[CHECKS_MAX];
	size_t n_required =
	    evidence_required(required, v->claims.kind, v->rebuild);
	enum err e =
	    check_conclude(&v->checks, answer, n, required, n_required);

	v->accepted = e == ERR_OK;
	return v->accepted ? ERR_OK : failed(v);
}
