/* QE Identity: what parses has its levels in order, and its bytes in place. */
#include <assert.h>
#include <string.h>

#include "attest/dcap_tcb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_levels(const struct qe_identity *q)
{
	char id[POLICY_ADVISORY_LEN];

	assert(q->n_levels > 0 && q->n_levels <= TCB_MODULE_LEVELS_MAX);
	for (size_t i = 0; i < q->n_levels; i++) {
		const struct isv_level *l = &q->level[i];
		size_t pos = 0, n = 0;

		assert(i == 0 || l->isvsvn < l[-1].isvsvn);
		assert(l->status < DCAP_NOT_SUPPORTED);
		while (tcb_advisory_next(&l->advisories, &pos, id))
			n++;
		assert(n == l->advisories.n);
	}
}

/* A QE with exactly the identity's values is that QE, unless they ask for bits
 * that their masks hide, or for debugging. */
static void match(const struct qe_identity *q)
{
	struct sgx_report r = { .isvprodid = q->isvprodid };
	bool hidden = (q->attributes[0] & 2) != 0;

	memcpy(r.miscselect, q->miscselect, sizeof(r.miscselect));
	memcpy(r.attributes, q->attributes, sizeof(r.attributes));
	memcpy(r.mrsigner, q->mrsigner, sizeof(r.mrsigner));
	for (size_t i = 0; i < sizeof(r.miscselect); i++)
		hidden |= (q->miscselect[i] & ~q->miscselect_mask[i]) != 0;
	for (size_t i = 0; i < sizeof(r.attributes); i++)
		hidden |= (q->attributes[i] & ~q->attributes_mask[i]) != 0;
	assert((dcap_qe_match(q, &r, NULL) == ERR_OK) == !hidden);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_ctx ctx = { 0 };
	struct qe_identity q;
	enum err e = qe_identity_parse(&q, (struct bytes){ data, size }, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&q, sizeof(q)));
		return 0;
	}
	assert(q.id == QE_ID_QE || q.id == QE_ID_TD_QE);
	assert(q.issued < q.next_update);
	assert(q.signed_part.p > data &&
	       q.signed_part.p + q.signed_part.len < data + size);
	look_at_levels(&q);
	match(&q);
	return 0;
}
