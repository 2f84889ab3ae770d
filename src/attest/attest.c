/* See attest.h. */
#include "attest/attest.h"

/* Two tables, one after the other; the first makes claims authentic. */
struct tables {
	const struct check_def *first;
	size_t n_first;
	const struct check_def *second;
	size_t n_second;
};

static const struct tables snp = { snp_checks_authentic, SNP_CHECKS_AUTHENTIC,
	snp_checks_policy, SNP_CHECKS_POLICY };
static const struct tables tdx = { tdx_checks_authentic, TDX_CHECKS_AUTHENTIC,
	dcap_checks_policy, DCAP_CHECKS_POLICY };
static const struct tables sgx = { sgx_checks_authentic, SGX_CHECKS_AUTHENTIC,
	dcap_checks_policy, DCAP_CHECKS_POLICY };

/* After a failure of the first the second is only listed. */
static enum err run_both(
    struct check_list *list, const struct tables *t, void *run)
{
	enum err e;

	check_list_init(list);
	e = check_run(list, t->first, t->n_first, run);
	return check_run(list, t->second, t->n_second, run) == ERR_OK
		   ? e
		   : list->reason.code;
}

enum err attest_snp(struct check_list *list, struct snp_run *run)
{
	return run_both(list, &snp, run);
}

enum err attest_dcap(struct check_list *list, struct dcap_run *run)
{
	return run_both(list, run->tee == DCAP_TEE_TDX ? &tdx : &sgx, run);
}

static enum err conclude(struct check_list *list, const struct tables *t,
    const bool *answer, size_t n, bool *authentic)
{
	uint8_t required[CHECKS_MAX];
	enum err e;

	for (size_t i = 0; i < t->n_first; i++)
		required[i] = t->first[i].id;
	for (size_t i = 0; i < t->n_second; i++)
		required[t->n_first + i] = t->second[i].id;
	e = check_conclude(list, answer, n, required, t->n_first + t->n_second);
	*authentic = list->n == t->n_first + t->n_second;
	for (size_t i = 0; *authentic && i < t->n_first; i++)
		*authentic = list->line[i].result == CHECK_PASSED;
	return e;
}

enum err attest_snp_conclude(
    struct check_list *list, const bool *answer, size_t n, bool *authentic)
{
	return conclude(list, &snp, answer, n, authentic);
}

enum err attest_dcap_conclude(struct check_list *list, enum dcap_tee tee,
    const bool *answer, size_t n, bool *authentic)
{
	return conclude(
	    list, tee == DCAP_TEE_TDX ? &tdx : &sgx, answer, n, authentic);
}
