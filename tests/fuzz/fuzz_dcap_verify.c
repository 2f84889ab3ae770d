/*
 * Table 1 of SGX and TDX over evidence of any kind: a byte that chooses the
 * TEE, then six parts, each behind its length as u16, little endian. The root
 * of the chain counts as pinned and signatures are not looked at, so that every
 * check is reached. Seeds: the synthetic Intel of the unit tests.
 */
#include <assert.h>

#include "attest/dcap_verify.h"
#include "base/rd.h"

#define NOW 1800000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes part(struct rd *r)
{
	uint16_t len = rd_u16le(r);

	return rd_take(r, len);
}

/* The key at the end of the PCK chain, whatever it is. */
static struct bytes find_root(struct dcap_run *run, struct check_list *list)
{
	check_list_init(list);
	(void)!check_run(list, tdx_checks_authentic, 2, run);
	return run->root.spki;
}

static void look(const struct dcap_run *run, const struct check_list *list)
{
	assert(
	    list->n == SGX_CHECKS_AUTHENTIC || list->n == TDX_CHECKS_AUTHENTIC);
	if (list->reason.code != ERR_OK) {
		assert(list->reason.msg[0] != '\0');
		assert(list->deadline_s == 0 && list->obligations.n <= 9);
		return;
	}
	assert(list->deadline_s > NOW && list->obligations.n == 9);
	for (size_t i = 0; i < list->obligations.n; i++) {
		const struct obligation *o = &list->obligations.item[i];

		assert(o->alg == SIG_ECDSA_P256_SHA256 && o->key.len == 65);
		assert(o->sig.len == 64 && o->msg.len > 0 && o->what != NULL);
	}
	assert(run->quote.tee == run->tee);
	assert(run->work->tcb_info.tee == run->tee);
	assert(run->tcb.status != DCAP_NOT_SUPPORTED);
	assert((run->tcb.module != NULL) == (run->tee == DCAP_TEE_TDX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dcap_work work;
	static struct check_list list;
	struct root_key roots[ATTEST_ROOTS] = { { NULL, { NULL, 0 } } };
	struct rd r = rd_init(data, size);
	bool sgx = (rd_u8(&r) & 1) != 0;
	struct dcap_run run = { .work = &work,
		.tee = sgx ? DCAP_TEE_SGX : DCAP_TEE_TDX,
		.roots = roots,
		.now_s = NOW };

	run.ev.quote = part(&r);
	run.ev.tcb_info = part(&r);
	run.ev.qe_identity = part(&r);
	run.ev.tcb_signing_chain = part(&r);
	run.ev.root_ca_crl = part(&r);
	run.ev.pck_crl = part(&r);
	if (r.err != ERR_OK)
		return 0;
	roots[ROOT_INTEL_SGX].name = "root";
	roots[ROOT_INTEL_SGX].spki = find_root(&run, &list);
	check_list_init(&list);
	if (sgx)
		(void)!check_run(
		    &list, sgx_checks_authentic, SGX_CHECKS_AUTHENTIC, &run);
	else
		(void)!check_run(
		    &list, tdx_checks_authentic, TDX_CHECKS_AUTHENTIC, &run);
	look(&run, &list);
	return 0;
}
