/* TCB Info: what parses keeps the promises that the evaluation relies on. */
#include <assert.h>
#include <string.h>

#include "attest/dcap_tcb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_ids(const struct tcb_advisories *a)
{
	char id[POLICY_ADVISORY_LEN];
	size_t pos = 0, n = 0;

	while (tcb_advisory_next(a, &pos, id)) {
		assert(strlen(id) > 0 && strlen(id) < sizeof(id));
		n++;
	}
	assert(n == a->n && n <= TCB_ADVISORIES_MAX);
}

static void look_at_module(const struct tdx_module *m)
{
	assert(m->n_levels > 0 && m->n_levels <= TCB_MODULE_LEVELS_MAX);
	for (size_t i = 0; i < m->n_levels; i++) {
		look_at_ids(&m->level[i].advisories);
		assert(i == 0 || m->level[i].isvsvn < m->level[i - 1].isvsvn);
	}
}

static bool count(void *cookie, const char *id)
{
	unsigned *n = cookie;

	assert(id[0] != '\0');
	return ++*n <= 3 * TCB_ADVISORIES_MAX;
}

/* A platform that has exactly a level's numbers matches that or a better one;
 * nothing traps on the way. */
static void evaluate(const struct tcb_info *info, size_t i)
{
	static const struct qe_identity qe_id = { .id = QE_ID_QE,
		.n_levels = 1 };
	const struct sgx_report qe = { .isvsvn = 1 };
	struct dcap_pck pck = { .pcesvn = info->level[i].pcesvn };
	struct td_report td = { .is_15 = true };
	struct dcap_tcb t = { .module = NULL };
	bool tdx = info->tee == DCAP_TEE_TDX;
	unsigned n = 0;

	memcpy(pck.svn, info->level[i].sgx, sizeof(pck.svn));
	memcpy(td.tee_tcb_svn, info->level[i].tdx, sizeof(td.tee_tcb_svn));
	memcpy(td.tee_tcb_svn2, info->level[0].tdx, sizeof(td.tee_tcb_svn2));
	if (tdx && dcap_module_match(info, &td, &t.module, NULL) != ERR_OK)
		return;
	dcap_tcb_evaluate(&t, info, &qe_id, &pck, &qe, tdx ? &td : NULL);
	assert(t.sgx_level != NULL && t.sgx_level <= &info->level[i]);
	assert(!tdx || t.tdx_level != NULL);
	assert(t.platform_status < DCAP_NOT_SUPPORTED);
	assert(dcap_tcb_advisories(&t, count, &n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tcb_info info;
	struct err_ctx ctx = { 0 };
	enum err e = tcb_info_parse(&info, (struct bytes){ data, size }, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&info, sizeof(info)));
		return 0;
	}
	assert(info.n_levels > 0 && info.n_levels <= TCB_LEVELS_MAX);
	assert(info.has_module == (info.tee == DCAP_TEE_TDX));
	assert(info.issued < info.next_update);
	assert(info.signed_part.p > data &&
	       info.signed_part.p + info.signed_part.len < data + size);
	assert(info.signed_part.p[0] == '{' &&
	       info.signed_part.p[info.signed_part.len - 1] == '}');
	for (size_t i = 0; i < info.n_identities; i++)
		look_at_module(&info.identity[i]);
	for (size_t i = 0; i < info.n_levels; i++) {
		look_at_ids(&info.level[i].advisories);
		evaluate(&info, i);
	}
	return 0;
}
