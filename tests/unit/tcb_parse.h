/* Parsing the documents of tcb_doc.h, and looking at what came of it. */
#ifndef CONFER_TESTS_UNIT_TCB_PARSE_H
#define CONFER_TESTS_UNIT_TCB_PARSE_H

#include "tcb_doc.h"

static struct tcb_info info;
static struct qe_identity qe;
static struct doc doc;

static inline enum err parse_tcb(struct bytes text, struct err_ctx *ctx)
{
	memset(&info, 0xa5, sizeof(info));
	return tcb_info_parse(&info, text, ctx);
}

static inline enum err parse_qe(struct bytes text, struct err_ctx *ctx)
{
	memset(&qe, 0xa5, sizeof(qe));
	return qe_identity_parse(&qe, text, ctx);
}

/* A parser that refuses says why, and leaves nothing behind. */
static inline void check_refused(
    struct bytes text, bool is_qe, enum err want, const char *message)
{
	struct err_ctx ctx = { .code = ERR_OK };
	enum err e = is_qe ? parse_qe(text, &ctx) : parse_tcb(text, &ctx);

	if (e != want || strstr(ctx.msg, message) == NULL)
		fail_msg("got \"%s\", \"%s\"; want \"%s\", \"%s\"", err_name(e),
		    ctx.msg, err_name(want), message);
	CHECK_EQ(ctx.code, e);
	CHECK(strncmp(ctx.msg, is_qe ? "QE Identity" : "TCB Info", 8) == 0);
	if (is_qe)
		CHECK(mem_is_zero(&qe, sizeof(qe)));
	else
		CHECK(mem_is_zero(&info, sizeof(info)));
}

static const struct doc_level levels[] = {
	{ { 5, 5, 2 }, 5, { 3, 0, 5 }, "OutOfDate", "\"SA-1\"" },
	{ { 7, 6, 255, [15] = 9 }, 65535, { 4, 0, 7, [15] = 255 }, "UpToDate",
	    NULL },
	{ { 5, 5, 2 }, 11, { 3, 0, 6 }, "SWHardeningNeeded",
	    "\"INTEL-SA-00289\",\n\"INTEL-SA-00615\"" },
	{ { 5, 5, 2 }, 11, { 3, 0, 7 }, "ConfigurationNeeded", "" },
};

#define N_LEVELS (sizeof(levels) / sizeof(levels[0]))

static inline void write_tdx(void)
{
	doc_tcb(&doc, DCAP_TEE_TDX, levels, N_LEVELS);
}

/* A walk of ids ends with "" and stays there. */
static inline void check_ids(
    const struct tcb_advisories *a, const char *const *want)
{
	char id[POLICY_ADVISORY_LEN];
	size_t pos = 0;

	for (; *want != NULL; want++) {
		CHECK(tcb_advisory_next(a, &pos, id));
		CHECK_STR(id, *want);
	}
	CHECK(!tcb_advisory_next(a, &pos, id));
	CHECK(!tcb_advisory_next(a, &pos, id));
	CHECK_STR(id, "");
}

#endif
