/*
 * TCB Info, version 3; see dcap_collateral.h. Levels are sorted as Intel sorts
 * them, whatever their order in the file: by the SGX components, then PCESVN,
 * then the TDX components, highest first.
 */
#include "attest/dcap_doc.h"

static const struct dcap_doc_kind kind = {
	.what = "TCB Info",
	.name = "tcbInfo",
	.len_max = TCB_INFO_LEN_MAX,
	.version = 3,
	.id = { "SGX", "TDX" },
};

/* ---- Levels ---------------------------------------------------------------- */

static const struct dcap_member component_members[] = {
	{ "svn", dcap_doc_u8, 0, 0, false },
};

static void read_components(struct dcap_doc *d, void *to, size_t arg)
{
	uint8_t *svn = to;
	size_t n = 0;

	(void)arg;
	dcap_doc_array(d);
	while (dcap_doc_more(d)) {
		if (n == DCAP_SVN_LEN) {
			dcap_doc_fail(d, ERR_FORMAT, "more than 16");
			return;
		}
		dcap_doc_object(d, &svn[n++], component_members, 1);
	}
	if (n < DCAP_SVN_LEN)
		dcap_doc_fail(d, ERR_FORMAT, "fewer than 16");
}

#define AT(field) offsetof(struct tcb_level, field)

/* SGX lists have the first two. */
static const struct dcap_member tcb_members[] = {
	{ "sgxtcbcomponents", read_components, AT(sgx), 0, false },
	{ "pcesvn", dcap_doc_u16, AT(pcesvn), 0, false },
	{ "tdxtcbcomponents", read_components, AT(tdx), 0, false },
};

static void read_tcb(struct dcap_doc *d, void *to, size_t n_members)
{
	dcap_doc_object(d, to, tcb_members, n_members);
}

static void read_level(
    struct dcap_doc *d, struct tcb_level *level, enum dcap_tee tee)
{
	const struct dcap_member level_members[] = {
		{ "tcb", read_tcb, 0, tee == DCAP_TEE_TDX ? 3 : 2, false },
		{ "tcbDate", dcap_doc_date, AT(tcb_date), 0, false },
		{ "tcbStatus", dcap_doc_status, AT(status), DCAP_WORDS_PLATFORM,
		    false },
		{ "advisoryIDs", dcap_doc_advisories, AT(advisories), 0, true },
	};

	dcap_doc_object(d, level, level_members,
	    sizeof(level_members) / sizeof(*level_members));
}

#undef AT

static int compare_svn(
    const uint8_t a[DCAP_SVN_LEN], const uint8_t b[DCAP_SVN_LEN])
{
	for (size_t i = 0; i < DCAP_SVN_LEN; i++) {
		if (a[i] != b[i])
			return (int)a[i] - (int)b[i];
	}
	return 0;
}

static int compare(const struct tcb_level *a, const struct tcb_level *b)
{
	int c = compare_svn(a->sgx, b->sgx);

	if (c == 0)
		c = (int)a->pcesvn - (int)b->pcesvn;
	return c == 0 ? compare_svn(a->tdx, b->tdx) : c;
}

/* Move the last of n levels to its place. If there is its equal: false. */
static bool settle(struct tcb_level *level, size_t n)
{
	size_t i = n - 1;
	struct tcb_level last = level[i];

	for (; i > 0 && compare(&level[i - 1], &last) < 0; i--)
		level[i] = level[i - 1];
	level[i] = last;
	return i == 0 || compare(&level[i - 1], &last) != 0;
}

static void read_levels(struct dcap_doc *d, void *to, size_t arg)
{
	struct tcb_info *info = to;

	(void)arg;
	dcap_doc_array(d);
	while (dcap_doc_more(d)) {
		if (info->n_levels == TCB_LEVELS_MAX) {
			dcap_doc_fail(d, ERR_LIMIT, "more than 48");
			return;
		}
		read_level(d, &info->level[info->n_levels++], info->tee);
		if (d->err == ERR_OK && !settle(info->level, info->n_levels))
			dcap_doc_fail(
			    d, ERR_FORMAT, "two levels of the same numbers");
	}
	if (info->n_levels == 0)
		dcap_doc_fail(d, ERR_FORMAT, "must not be empty");
}

/* ---- TDX modules ----------------------------------------------------------- */

/* "TDX_03" is version 3; of either case, as Intel compares them. */
static void read_module_id(struct dcap_doc *d, void *to, size_t arg)
{
	static const uint8_t upper[] = { 'T', 'D', 'X', '_' };
	static const uint8_t lower[] = { 't', 'd', 'x', '_' };
	const size_t len = sizeof(upper);
	struct bytes s = dcap_doc_string(d);
	bool same = s.len == len + 2;

	(void)arg;
	for (size_t i = 0; same && i < len; i++)
		same = s.p[i] == upper[i] || s.p[i] == lower[i];
	if (same)
		dcap_doc_digits(d, to, 1, (struct bytes){ s.p + len, 2 });
	else
		dcap_doc_fail(d, ERR_FORMAT, "must be TDX_ and 2 digits");
}

static void read_module_levels(struct dcap_doc *d, void *to, size_t arg)
{
	struct tdx_module *m = to;

	(void)arg;
	dcap_doc_isv_levels(d, m->level, &m->n_levels, DCAP_WORDS_MODULE);
}

#define AT(field) offsetof(struct tdx_module, field)

/* tdxModule has the first three. */
static const struct dcap_member module_members[] = {
	{ "mrsigner", dcap_doc_hex, AT(mrsigner), TDX_MEASUREMENT_LEN, false },
	{ "attributes", dcap_doc_hex, AT(attributes), 8, false },
	{ "attributesMask", dcap_doc_hex, AT(mask), 8, false },
	{ "id", read_module_id, AT(version), 0, false },
	{ "tcbLevels", read_module_levels, 0, 0, false },
};

#undef AT

static void read_module(struct dcap_doc *d, void *to, size_t arg)
{
	struct tcb_info *info = to;

	(void)arg;
	dcap_doc_object(d, &info->module, module_members, 3);
	info->has_module = true;
}

static void read_identities(struct dcap_doc *d, void *to, size_t arg)
{
	struct tcb_info *info = to;
	struct tdx_module *m = info->identity;

	(void)arg;
	dcap_doc_array(d);
	for (; dcap_doc_more(d); m++) {
		if (info->n_identities == TCB_MODULES_MAX) {
			dcap_doc_fail(d, ERR_LIMIT, "more than 16");
			return;
		}
		dcap_doc_object(d, m, module_members, 5);
		for (size_t i = 0; i < info->n_identities; i++) {
			if (info->identity[i].version == m->version)
				dcap_doc_fail(
				    d, ERR_FORMAT, "two of the same id");
		}
		info->n_identities++;
	}
	if (info->n_identities == 0)
		dcap_doc_fail(d, ERR_FORMAT, "must not be empty");
}

/* ---- The document ---------------------------------------------------------- */

static void read_tcb_type(struct dcap_doc *d, void *to, size_t arg)
{
	uint32_t type;

	(void)to;
	dcap_doc_u32(d, &type, arg);
	if (type != 0)
		dcap_doc_fail(
		    d, ERR_UNSUPPORTED, "a composition that is not read here");
}

/* Lists for TDX have a module, those for SGX nothing of the kind. */
static void check_modules(struct dcap_doc *d, const struct tcb_info *info)
{
	bool tdx = info->tee == DCAP_TEE_TDX;

	d->member = "tdxModule";
	if (info->has_module != tdx)
		dcap_doc_fail(d, ERR_FORMAT, "must be there for TDX alone");
	d->member = "tdxModuleIdentities";
	if (info->n_identities > 0 && !tdx)
		dcap_doc_fail(d, ERR_FORMAT, "must be there for TDX alone");
}

#define AT(field) offsetof(struct tcb_info, field)

static const struct dcap_member members[] = {
	{ "issueDate", dcap_doc_date, AT(issued), 0, false },
	{ "nextUpdate", dcap_doc_date, AT(next_update), 0, false },
	{ "fmspc", dcap_doc_hex, AT(fmspc), PCK_FMSPC_LEN, false },
	{ "pceId", dcap_doc_hex, AT(pceid), PCK_PCEID_LEN, false },
	{ "tcbType", read_tcb_type, 0, 0, false },
	{ "tcbEvaluationDataNumber", dcap_doc_u32, AT(eval_number), 0, false },
	{ "tdxModule", read_module, 0, 0, true },
	{ "tdxModuleIdentities", read_identities, 0, 0, true },
	{ "tcbLevels", read_levels, 0, 0, false },
};

enum err tcb_info_parse(
    struct tcb_info *out, struct bytes in, struct err_ctx *ctx)
{
	struct dcap_doc d = { .kind = &kind, .ctx = ctx };
	size_t id = 0;

	memset(out, 0, sizeof(*out));
	dcap_doc_open(&d, in, &out->signed_part, out->sig, &id);
	out->tee = id == 0 ? DCAP_TEE_SGX : DCAP_TEE_TDX;
	dcap_doc_object(&d, out, members, sizeof(members) / sizeof(members[0]));
	check_modules(&d, out);
	dcap_doc_check_dates(&d, out->issued, out->next_update);
	if (d.err != ERR_OK)
		memset(out, 0, sizeof(*out));
	return d.err;
}
