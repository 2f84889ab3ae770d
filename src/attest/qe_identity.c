/* Enclave Identity of a quoting enclave, version 2; see dcap_collateral.h. */
#include "attest/dcap_doc.h"

static const struct dcap_doc_kind kind = {
	.what = "QE Identity",
	.name = "enclaveIdentity",
	.len_max = QE_IDENTITY_LEN_MAX,
	.version = 2,
	.id = { "QE", "TD_QE" },
};

static void read_levels(struct dcap_doc *d, void *to, size_t arg)
{
	struct qe_identity *q = to;

	(void)arg;
	dcap_doc_isv_levels(d, q->level, &q->n_levels, DCAP_WORDS_QE);
}

#define AT(field) offsetof(struct qe_identity, field)

static const struct dcap_member members[] = {
	{ "issueDate", dcap_doc_date, AT(issued), 0, false },
	{ "nextUpdate", dcap_doc_date, AT(next_update), 0, false },
	{ "tcbEvaluationDataNumber", dcap_doc_u32, AT(eval_number), 0, false },
	{ "miscselect", dcap_doc_hex, AT(miscselect), 4, false },
	{ "miscselectMask", dcap_doc_hex, AT(miscselect_mask), 4, false },
	{ "attributes", dcap_doc_hex, AT(attributes), 16, false },
	{ "attributesMask", dcap_doc_hex, AT(attributes_mask), 16, false },
	{ "mrsigner", dcap_doc_hex, AT(mrsigner), SGX_MEASUREMENT_LEN, false },
	{ "isvprodid", dcap_doc_u16, AT(isvprodid), 0, false },
	{ "tcbLevels", read_levels, 0, 0, false },
};

enum err qe_identity_parse(
    struct qe_identity *out, struct bytes in, struct err_ctx *ctx)
{
	struct dcap_doc d = { .kind = &kind, .ctx = ctx };
	size_t id = 0;

	memset(out, 0, sizeof(*out));
	dcap_doc_open(&d, in, &out->signed_part, out->sig, &id);
	out->id = id == 0 ? QE_ID_QE : QE_ID_TD_QE;
	dcap_doc_object(&d, out, members, sizeof(members) / sizeof(members[0]));
	dcap_doc_check_dates(&d, out->issued, out->next_update);
	if (d.err != ERR_OK)
		memset(out, 0, sizeof(*out));
	return d.err;
}
