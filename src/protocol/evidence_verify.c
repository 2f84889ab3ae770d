/*
 * The verdict on evidence: one function per check, run in the order of enum
 * evidence_check_id by a table; see evidence.h. Each writes what it compared
 * into its line, so that the list reads as an account of the decision.
 */
#include "base/assert.h"
#include "base/fmt.h"
#include "base/hex.h"
#include "protocol/evidence_run.h"

typedef enum err check_fn(struct evidence_run *r);

void evidence_say(struct evidence_run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fmt_vprint(r->text, ERR_MSG_LEN_MAX, fmt, ap);
	va_end(ap);
}

const char *evidence_short_hex(char out[SHORT_HEX_LEN], const uint8_t *p)
{
	hex_encode(out, p, SHORT_HEX_BYTES);
	return out;
}

void evidence_deadline(struct evidence_run *r, uint64_t t)
{
	if (t < r->v->deadline_s)
		r->v->deadline_s = t;
}

static void copy_text(char *out, size_t cap, struct bytes b)
{
	size_t n = b.len < cap - 1 ? b.len : cap - 1;

	mem_copy(out, b.p, n);
	out[n] = '\0';
}

/* Every check, none optional; a missing one is a hole that verify() traps. */
static check_fn *const sim_checks[EVIDENCE_CHECKS] = {
	[CHECK_FORMAT] = evidence_check_format,
	[CHECK_TEE] = evidence_check_tee,
	[CHECK_REPORT] = evidence_check_report,
	[CHECK_ROOT] = evidence_check_root,
	[CHECK_CHIP] = evidence_check_chip,
	[CHECK_TCB] = evidence_check_tcb,
	[CHECK_ENDORSEMENT_SIG] = evidence_check_endorsement_sig,
	[CHECK_REPORT_SIG] = evidence_check_report_sig,
	[CHECK_GUEST] = evidence_check_guest,
	[CHECK_REPORT_DATA] = evidence_check_report_data,
	[CHECK_IMAGE_SIGNED] = evidence_check_image_signed,
	[CHECK_IMAGE_LOGGED] = evidence_check_image_logged,
	[CHECK_IMAGE_TIME] = evidence_check_image_time,
	[CHECK_MEASUREMENT] = evidence_check_measurement,
	[CHECK_MODEL_SIGNED] = evidence_check_model_signed,
	[CHECK_MODEL_LOGGED] = evidence_check_model_logged,
	[CHECK_MODEL_TIME] = evidence_check_model_time,
	[CHECK_MODEL_NAMED] = evidence_check_model_named,
	[CHECK_POLICY_SIGNED] = evidence_check_policy_signed,
	[CHECK_POLICY_LOGGED] = evidence_check_policy_logged,
	[CHECK_POLICY_TIME] = evidence_check_policy_time,
	[CHECK_POLICY_SEQ] = evidence_check_policy_seq,
	[CHECK_IMAGE_ALLOWED] = evidence_check_image_allowed,
	[CHECK_MODEL_ALLOWED] = evidence_check_model_allowed,
	[CHECK_DEADLINE] = evidence_check_deadline,
};

static void fill_claims(struct claims *c, const struct evidence_run *r)
{
	const struct tlog_head *head = &r->image.in.head;

	c->family = r->report.family;
	c->reported_tcb = r->report.reported_tcb;
	memcpy(c->chip_id, r->report.chip_id, sizeof(c->chip_id));
	memcpy(c->measurement, r->report.measurement, sizeof(c->measurement));
	memcpy(c->report_data, r->report.report_data, sizeof(c->report_data));
	c->binding = r->binding;
	copy_text(c->product, sizeof(c->product), r->image.rec->product);
	copy_text(c->channel, sizeof(c->channel), r->image.rec->channel);
	copy_text(c->image_version, sizeof(c->image_version),
	    r->image.rec->image.version);
	c->image_seq = r->image.rec->seq;
	copy_text(
	    c->model_name, sizeof(c->model_name), r->model.rec->model.name);
	memcpy(c->model_sha256, r->model.rec->model.sha256.b, SHA256_LEN);
	c->model_seq = r->model.rec->seq;
	c->policy_seq = r->policy.rec->seq;
	copy_text(c->log_origin, sizeof(c->log_origin), head->origin);
	c->head.size = head->size;
	memcpy(c->head.root, head->root.b, sizeof(c->head.root));
	c->head.time = head->has_time ? head->time : 0;
	c->head.witnesses = (unsigned)__builtin_popcount(head->witnesses);
}

/* Run one check; false if it failed. */
static bool run_check(struct evidence_run *r, enum evidence_check_id id)
{
	struct verdict *v = r->v;
	struct evidence_check *c = &v->check[id];
	enum err e;

	assert(sim_checks[id] != NULL);
	r->text = c->text;
	e = sim_checks[id](r);
	if (e == ERR_OK) {
		bool waits =
		    id == CHECK_ENDORSEMENT_SIG || id == CHECK_REPORT_SIG;

		c->result = waits ? CHECK_WAITING : CHECK_PASSED;
		return true;
	}
	c->result = CHECK_FAILED;
	v->failed = id;
	(void)err_set(&v->reason, e, "%s", err_name(e)); /* if none said why */
	v->reason.code = e;
	copy_text(c->text, sizeof(c->text),
	    (struct bytes){
		(const uint8_t *)v->reason.msg, mem_strlen(v->reason.msg) });
	return false;
}

enum err evidence_verify(struct verdict *v, struct evidence_work *work,
    const struct evidence_demand *demand, struct bytes bundle,
    const uint8_t s_pub[X25519_LEN])
{
	struct evidence_run r = { .v = v,
		.demand = demand,
		.bundle = bundle,
		.s_pub = s_pub,
		.image.rec = &work->image,
		.model.rec = &work->model,
		.policy.rec = &work->policy,
		.ctx = &v->reason };

	memset(v, 0, sizeof(*v));
	v->deadline_s = UINT64_MAX;
	evidence_digest(v->claims.evidence_digest, bundle);
	for (unsigned id = 0; id < EVIDENCE_CHECKS; id++) {
		if (!run_check(&r, (enum evidence_check_id)id)) {
			v->deadline_s = 0;
			v->obligations.n = 0;
			return v->reason.code;
		}
	}
	fill_claims(&v->claims, &r);
	return ERR_OK;
}

/* Take the answers; the first "no" fails its check. */
static enum err take_answers(struct verdict *v, const bool *answer, size_t n)
{
	if (n != v->obligations.n || n == 0)
		return err_set(&v->reason, ERR_INTERNAL,
		    "%zu signatures to check, %zu answers", v->obligations.n,
		    n);
	for (size_t i = 0; i < n; i++) {
		struct evidence_check *c = &v->check[v->obligation_check[i]];

		c->result = answer[i] ? CHECK_PASSED : CHECK_FAILED;
		if (answer[i])
			continue;
		v->failed = v->obligation_check[i];
		return err_set(&v->reason, ERR_AUTH,
		    "%s: the signature does not verify",
		    v->obligations.item[i].what);
	}
	return ERR_OK;
}

/* The list has to be complete, whatever happened before. */
static enum err demand_all_passed(struct verdict *v)
{
	for (unsigned id = 0; id < EVIDENCE_CHECKS; id++) {
		if (v->check[id].result == CHECK_PASSED)
			continue;
		v->failed = (enum evidence_check_id)id;
		return err_set(&v->reason, ERR_INTERNAL,
		    "the check of the %s was not concluded",
		    evidence_check_name(v->failed));
	}
	return ERR_OK;
}

enum err evidence_conclude(struct verdict *v, const bool *answer, size_t n)
{
	enum err e = v->reason.code;

	v->accepted = false;
	if (e == ERR_OK)
		e = take_answers(v, answer, n);
	if (e == ERR_OK)
		e = demand_all_passed(v);
	v->accepted = e == ERR_OK;
	if (!v->accepted)
		v->deadline_s = 0;
	return e;
}
