/* Judging evidence, for a page. */
#include "attest/attest.h"
#include "attest/claims.h"
#include "attest/collateral.h"
#include "protocol/claims_json.h"
#include "wasm/io.h"

_Static_assert(OBLIGATIONS_MAX <= 32, "answers are the bits of a u32");

static struct trust trust;
static bool have_trust;
static struct verdict verdict;
static struct evidence_work work;
static uint32_t run;     /* counts judgements; 0: none yet */
static bool in_progress; /* judged, not concluded */
static bool alone;       /* of a report or quote without a release */
static bool authentic;   /* likewise: what it says is what hardware said */

CORE_EXPORT unsigned core_trust(size_t len)
{
	static struct err_ctx ctx;
	enum err e;

	ctx.code = ERR_OK;
	e = trust_parse(&trust, io_input(CORE_TRUST, len), &ctx);
	verify_wipe();
	have_trust = e == ERR_OK;
	return io_error(e, ctx.msg);
}

void verify_wipe(void)
{
	mem_wipe(&verdict, sizeof(verdict));
	mem_wipe(&work, sizeof(work));
	in_progress = alone = authentic = false;
}

const struct verdict *verify_verdict(void)
{
	return verdict.accepted ? &verdict : NULL;
}

static enum err judge(const struct evidence_demand *demand, struct bytes bundle,
    const uint8_t *s_pub)
{
	enum err e;

	verify_wipe();
	run++;
	e = evidence_verify(&verdict, &work, demand, bundle, s_pub);
	in_progress = e == ERR_OK; /* the obligations borrow work */
	return io_error(e, verdict.checks.reason.msg);
}

static struct evidence_demand demand_of(
    unsigned flags, uint64_t now_s, uint64_t max_age_s, uint64_t policy_seq_min)
{
	return (struct evidence_demand){
		.trust = &trust,
		.roots = attest_roots,
		.accept_simulated = (flags & CORE_ACCEPT_SIMULATED) != 0,
		.now_s = now_s,
		.max_age_s = max_age_s,
		.policy_seq_min = policy_seq_min,
	};
}

CORE_EXPORT unsigned core_verify(size_t len, unsigned flags, uint64_t now_s,
    uint64_t max_age_s, uint64_t policy_seq_min)
{
	struct evidence_demand d =
	    demand_of(flags, now_s, max_age_s, policy_seq_min);
	struct bytes bundle = session_evidence();

	if (!have_trust || session_key() == NULL)
		return io_error(
		    ERR_PROTOCOL, "no evidence waits for a verdict");
	if (bundle.p == NULL)
		bundle = io_input(CORE_EVIDENCE, len);
	return judge(&d, bundle, session_key());
}

CORE_EXPORT unsigned core_judge(size_t len, unsigned flags, uint64_t now_s,
    uint64_t max_age_s, uint64_t policy_seq_min)
{
	struct evidence_demand d =
	    demand_of(flags, now_s, max_age_s, policy_seq_min);

	if (!have_trust)
		return io_error(ERR_PROTOCOL, "no trust file");
	return judge(
	    &d, io_input(CORE_EVIDENCE, len), io_input(CORE_IN, X25519_LEN).p);
}

static enum err attest_run_snp(
    const struct collateral *c, struct bytes report, uint64_t now_s)
{
	work.snp = (struct snp_run){
		.roots = attest_roots, .policy = &work.demand, .now_s = now_s
	};
	work.snp.ev = (struct snp_evidence){ .report = report,
		.leaf = c->part[COLLATERAL_LEAF],
		.ca = c->part[COLLATERAL_CA],
		.crl = c->part[COLLATERAL_AMD_CRL] };
	return attest_snp(&verdict.checks, &work.snp);
}

static enum err attest_run_dcap(
    const struct collateral *c, struct bytes quote, uint64_t now_s)
{
	work.dcap = (struct dcap_run){ .work = &work.dcap_work,
		.tee = verdict.claims.kind == TEE_TDX ? DCAP_TEE_TDX
						      : DCAP_TEE_SGX,
		.roots = attest_roots,
		.policy = &work.demand,
		.now_s = now_s };
	work.dcap.ev = (struct dcap_evidence){ .quote = quote,
		.tcb_info = c->part[COLLATERAL_TCB_INFO],
		.qe_identity = c->part[COLLATERAL_QE_IDENTITY],
		.tcb_signing_chain = c->part[COLLATERAL_TCB_SIGNING],
		.root_ca_crl = c->part[COLLATERAL_ROOT_CRL],
		.pck_crl = c->part[COLLATERAL_PCK_CRL] };
	return attest_dcap(&verdict.checks, &work.dcap);
}

CORE_EXPORT unsigned core_attest(unsigned kind, size_t len,
    size_t container_len, uint64_t now_s, enum core_policy policy)
{
	struct bytes in = io_input(CORE_EVIDENCE, len);
	struct collateral c;
	enum err e;

	if (kind != TEE_SNP && kind != TEE_TDX && kind != TEE_SGX)
		return io_error(ERR_UNSUPPORTED, "no such kind of hardware");
	verify_wipe();
	run++;
	verdict.claims.kind = (enum tee_kind)kind;
	work.demand = policy == CORE_POLICY_BASELINE ? attest_policy_baseline()
						     : attest_policy_strict();
	e = collateral_parse(
	    &c, io_input(CORE_BODY, container_len), &verdict.checks.reason);
	if (e != ERR_OK)
		return io_error(e, verdict.checks.reason.msg);
	e = kind == TEE_SNP ? attest_run_snp(&c, in, now_s)
			    : attest_run_dcap(&c, in, now_s);
	alone = in_progress = true;
	return io_error(e, verdict.checks.reason.msg);
}

static enum err conclude_alone(const bool *answer, size_t n)
{
	if (verdict.claims.kind == TEE_SNP)
		return attest_snp_conclude(
		    &verdict.checks, answer, n, &authentic);
	return attest_dcap_conclude(
	    &verdict.checks, work.dcap.tee, answer, n, &authentic);
}

CORE_EXPORT bool core_authentic(void)
{
	return authentic;
}

CORE_EXPORT unsigned core_claims(void)
{
	struct wr w = io_output();

	if (!alone && !verdict.accepted)
		return io_error(
		    ERR_PROTOCOL, "nothing was judged that makes claims");
	if (!alone)
		claims_json(&w, &verdict.claims);
	else if (verdict.claims.kind == TEE_SNP)
		attest_claims_snp(&w, &work.snp);
	else
		attest_claims_dcap(&w, &work.dcap);
	return io_finish(&w, w.err);
}

CORE_EXPORT uint32_t core_run(void)
{
	return run;
}

CORE_EXPORT uint32_t core_obligations(void)
{
	return in_progress ? (uint32_t)verdict.checks.obligations.n : 0;
}

CORE_EXPORT const struct core_obligation *core_obligation(uint32_t i)
{
	static struct core_obligation out;
	const struct obligation *o = &verdict.checks.obligations.item[i];

	if (i >= core_obligations())
		return NULL;
	out = (struct core_obligation){
		.alg = o->alg,
		.key = io_address(o->key.p),
		.key_len = (uint32_t)o->key.len,
		.sig = io_address(o->sig.p),
		.sig_len = (uint32_t)o->sig.len,
		.msg = io_address(o->msg.p),
		.msg_len = (uint32_t)o->msg.len,
		.check = verdict.checks.obligation_line[i],
	};
	return &out;
}

CORE_EXPORT unsigned core_conclude(uint32_t of_run, uint32_t answers)
{
	bool answer[OBLIGATIONS_MAX];
	enum err e;

	if (!in_progress || of_run != run)
		return io_error(ERR_PROTOCOL, "not the judgement at hand");
	for (size_t i = 0; i < OBLIGATIONS_MAX; i++)
		answer[i] = (answers >> i & 1) != 0;
	if (alone) {
		e = conclude_alone(answer, verdict.checks.obligations.n);
	} else {
		e = evidence_conclude(
		    &verdict, answer, verdict.checks.obligations.n);
		mem_wipe(&work, sizeof(work));
	}
	in_progress = false;
	return io_error(e, verdict.checks.reason.msg);
}

CORE_EXPORT uint32_t core_checks(void)
{
	return (uint32_t)verdict.checks.n;
}

CORE_EXPORT const struct core_check *core_check(uint32_t i)
{
	static struct core_check out;
	const struct check_line *line = &verdict.checks.line[i];

	if (i >= verdict.checks.n)
		return NULL;
	out = (struct core_check){
		.result = line->result,
		.name = io_address(evidence_check_name(line->id)),
		.text = io_address(line->text),
	};
	return &out;
}

CORE_EXPORT uint64_t core_deadline(void)
{
	return verdict.accepted ? verdict.checks.deadline_s : 0;
}

CORE_EXPORT bool core_simulated(void)
{
	return verdict.accepted && verdict.simulated;
}

CORE_EXPORT uint64_t core_policy_seq(void)
{
	return verdict.accepted ? verdict.claims.policy_seq : 0;
}

CORE_EXPORT const uint8_t *core_digest(void)
{
	return verdict.accepted ? verdict.claims.evidence_digest : NULL;
}
