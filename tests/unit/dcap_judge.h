/* Running the DCAP tables over evidence, with OpenSSL's answers. */
#ifndef CONFER_TESTS_UNIT_DCAP_JUDGE_H
#define CONFER_TESTS_UNIT_DCAP_JUDGE_H

#include "test.h"

#include "attest/dcap_verify.h"

/* One verification; large, so tests keep theirs static. */
struct dcap_judged {
	struct dcap_work work;
	struct dcap_run run;
	struct check_list list;
	uint8_t required[SGX_CHECKS_AUTHENTIC + TDX_CHECKS_AUTHENTIC];
	size_t n_required;
};

static inline void dcap_judge_init(struct dcap_judged *j,
    const struct dcap_evidence *ev, enum dcap_tee tee,
    const struct root_key *roots, uint64_t now_s)
{
	memset(j, 0, sizeof(*j));
	check_list_init(&j->list);
	j->run.ev = *ev;
	j->run.work = &j->work;
	j->run.tee = tee;
	j->run.roots = roots;
	j->run.now_s = now_s;
}

static inline void dcap_judge_run(
    struct dcap_judged *j, const struct check_def *def, size_t n)
{
	enum err e = check_run(&j->list, def, n, &j->run);

	CHECK_EQ(e, j->list.reason.code);
	for (size_t i = 0; i < n; i++)
		j->required[j->n_required++] = def[i].id;
}

static inline void dcap_judge_conclude(struct dcap_judged *j)
{
	bool answer[OBLIGATIONS_MAX];
	size_t n = j->list.obligations.n;
	enum err e;

	for (size_t i = 0; i < n; i++)
		answer[i] =
		    obligation_resolve(&j->list.obligations.item[i]) == ERR_OK;
	e = check_conclude(&j->list, answer, n, j->required, j->n_required);
	CHECK_EQ(e, j->list.reason.code);
}

/* Table 1 of the TEE. */
static inline void dcap_judge_table_1(struct dcap_judged *j)
{
	if (j->run.tee == DCAP_TEE_SGX)
		dcap_judge_run(j, sgx_checks_authentic, SGX_CHECKS_AUTHENTIC);
	else
		dcap_judge_run(j, tdx_checks_authentic, TDX_CHECKS_AUTHENTIC);
}

/* The check that failed; CHECK_HARDWARE_END if all passed. */
static inline uint8_t dcap_judge_failed(const struct dcap_judged *j)
{
	return j->list.reason.code == ERR_OK ? (uint8_t)CHECK_HARDWARE_END
					     : j->list.line[j->list.failed].id;
}

/* Was it refused by this check, with this code, for this reason? */
static inline void dcap_judge_expect(
    const struct dcap_judged *j, uint8_t id, enum err want, const char *text)
{
	const struct err_ctx *got = &j->list.reason;

	if (dcap_judge_failed(j) != id || got->code != want ||
	    strstr(got->msg, text) == NULL)
		fail_msg("%s: %s: \"%s\"; want %s: %s: \"%s\"",
		    check_name(dcap_judge_failed(j)), err_name(got->code),
		    got->msg, check_name(id), err_name(want), text);
	CHECK_EQ(j->list.deadline_s, 0);
	CHECK_STR(j->list.line[j->list.failed].text, got->msg);
}

/* Everything passed, and every line says something. */
static inline void dcap_judge_expect_passed(const struct dcap_judged *j)
{
	if (j->list.reason.code != ERR_OK)
		fail_msg("%s: %s", check_name(dcap_judge_failed(j)),
		    j->list.reason.msg);
	CHECK_EQ(j->list.n, j->n_required);
	for (size_t i = 0; i < j->list.n; i++) {
		CHECK_EQ(j->list.line[i].result, CHECK_PASSED);
		CHECK(j->list.line[i].text[0] != '\0');
	}
}

#endif
