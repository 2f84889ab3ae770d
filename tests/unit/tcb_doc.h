/* TCB Info and QE Identity as text, for tests that change them. */
#ifndef CONFER_TESTS_UNIT_TCB_DOC_H
#define CONFER_TESTS_UNIT_TCB_DOC_H

#include "test.h"

#include "attest/dcap_collateral.h"

#define DOC_CAP (96 * 1024)

struct doc {
	char p[DOC_CAP];
	size_t len;
};

static inline struct bytes doc_bytes(const struct doc *d)
{
	return (struct bytes){ (const uint8_t *)d->p, d->len };
}

static inline void doc_add(struct doc *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static inline void doc_add(struct doc *d, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(d->p + d->len, DOC_CAP - d->len, fmt, ap);
	va_end(ap);
	CHECK(n >= 0 && (size_t)n < DOC_CAP - d->len);
	d->len += (size_t)n;
}

/* Replace the n-th (from 0) occurrence of `from`, which must exist. */
static inline void doc_edit_nth(
    struct doc *d, const char *from, const char *to, unsigned n)
{
	static char rest[DOC_CAP];
	char *at = strstr(d->p, from);

	for (; at != NULL && n > 0; n--)
		at = strstr(at + 1, from);
	if (at == NULL)
		fail_msg("the document has no %s", from);
	(void)snprintf(rest, sizeof(rest), "%s", at + strlen(from));
	d->len = (size_t)(at - d->p);
	doc_add(d, "%s%s", to, rest);
}

static inline void doc_edit(struct doc *d, const char *from, const char *to)
{
	doc_edit_nth(d, from, to, 0);
}

/* One level of a TCB info. */
struct doc_level {
	uint8_t sgx[DCAP_SVN_LEN];
	uint16_t pcesvn;
	uint8_t tdx[DCAP_SVN_LEN];
	const char *status;
	const char *advisories; /* what stands in the array; NULL: no array */
};

static inline void doc_svns(
    struct doc *d, const char *name, const uint8_t svn[DCAP_SVN_LEN])
{
	doc_add(d, "\"%s\":[", name);
	for (unsigned i = 0; i < DCAP_SVN_LEN; i++)
		doc_add(d, "%s{\"svn\":%u%s}", i == 0 ? "" : ",", svn[i],
		    i == 1 ? ",\"category\":\"BIOS\",\"type\":\"x\"" : "");
	doc_add(d, "]");
}

static inline void doc_level(
    struct doc *d, const struct doc_level *l, enum dcap_tee tee)
{
	doc_add(d, "{\"tcb\":{");
	doc_svns(d, "sgxtcbcomponents", l->sgx);
	doc_add(d, ",\"pcesvn\":%u", l->pcesvn);
	if (tee == DCAP_TEE_TDX) {
		doc_add(d, ",");
		doc_svns(d, "tdxtcbcomponents", l->tdx);
	}
	doc_add(d,
	    "},\"tcbDate\":\"2024-03-13T00:00:00Z\","
	    "\"tcbStatus\":\"%s\"",
	    l->status);
	if (l->advisories != NULL)
		doc_add(d, ",\"advisoryIDs\":[%s]", l->advisories);
	doc_add(d, "}");
}

static inline void doc_isv_level(
    struct doc *d, unsigned isvsvn, const char *status, const char *advisories)
{
	doc_add(d,
	    "{\"tcb\":{\"isvsvn\":%u},\"tcbDate\":\"2023-08-09T00:00:00Z\","
	    "\"tcbStatus\":\"%s\"",
	    isvsvn, status);
	if (advisories != NULL)
		doc_add(d, ",\"advisoryIDs\":[%s]", advisories);
	doc_add(d, "}");
}

#define DOC_HEX_8  "0123456789abcdef"
#define DOC_HEX_48 DOC_HEX_8 DOC_HEX_8 DOC_HEX_8 DOC_HEX_8 DOC_HEX_8 DOC_HEX_8
#define DOC_HEX_64 DOC_HEX_48 DOC_HEX_8 DOC_HEX_8
#define DOC_ZERO_8 "0000000000000000"
#define DOC_ZERO_48                                                            \
	DOC_ZERO_8 DOC_ZERO_8 DOC_ZERO_8 DOC_ZERO_8 DOC_ZERO_8 DOC_ZERO_8
#define DOC_IDENTITY                                                           \
	"\"mrsigner\":\"" DOC_ZERO_48 "\",\"attributes\":\"" DOC_ZERO_8        \
	"\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\""

/* Up to the levels, and after them. */
static inline void doc_tcb_begin(struct doc *d, enum dcap_tee tee)
{
	d->len = 0;
	doc_add(d,
	    "{\"tcbInfo\":{\"id\":\"%s\",\"version\":3,"
	    "\"issueDate\":\"2025-06-19T10:16:03Z\","
	    "\"nextUpdate\":\"2025-07-19T10:16:03Z\","
	    "\"fmspc\":\"b0C06f0000a1\",\"pceId\":\"01fE\",\"tcbType\":0,"
	    "\"tcbEvaluationDataNumber\":17,",
	    tee == DCAP_TEE_TDX ? "TDX" : "SGX");
	if (tee != DCAP_TEE_TDX) {
		doc_add(d, "\"tcbLevels\":[");
		return;
	}
	doc_add(d, "\"tdxModule\":{" DOC_IDENTITY "},\"tdxModuleIdentities\":[{"
		   "\"id\":\"TDX_03\"," DOC_IDENTITY ",\"tcbLevels\":[");
	doc_isv_level(d, 3, "UpToDate", NULL);
	doc_add(d, "]},{\"id\":\"TDX_01\"," DOC_IDENTITY ",\"tcbLevels\":[");
	doc_isv_level(d, 2, "OutOfDate", "\"INTEL-SA-00111\"");
	doc_add(d, ",");
	doc_isv_level(d, 5, "UpToDate", NULL);
	doc_add(d, ",");
	doc_isv_level(d, 4, "Revoked", NULL);
	doc_add(d, "]}],\"tcbLevels\":[");
}

static inline void doc_tcb_end(struct doc *d)
{
	doc_add(d, "]},\"signature\":\"" DOC_HEX_64 "\"}");
}

static inline void doc_tcb(
    struct doc *d, enum dcap_tee tee, const struct doc_level *level, size_t n)
{
	doc_tcb_begin(d, tee);
	for (size_t i = 0; i < n; i++) {
		doc_add(d, "%s", i == 0 ? "" : ",");
		doc_level(d, &level[i], tee);
	}
	doc_tcb_end(d);
}

static inline void doc_qe_begin(struct doc *d)
{
	d->len = 0;
	doc_add(d, "{\"enclaveIdentity\":{\"id\":\"TD_QE\",\"version\":2,"
		   "\"issueDate\":\"2025-06-19T10:32:27Z\","
		   "\"nextUpdate\":\"2025-07-19T10:32:27Z\","
		   "\"tcbEvaluationDataNumber\":18,\"miscselect\":\"00000001\","
		   "\"miscselectMask\":\"FFFFFF7F\","
		   "\"attributes\":\"11000000000000000000000000000000\","
		   "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000002\","
		   "\"mrsigner\":\"" DOC_HEX_8 DOC_HEX_8 DOC_HEX_8 DOC_HEX_8
		   "\",\"isvprodid\":2,\"tcbLevels\":[");
}

static inline void doc_qe_end(struct doc *d)
{
	doc_add(d, "]},\"signature\":\"" DOC_HEX_64 "\"}");
}

static inline void doc_qe(struct doc *d)
{
	doc_qe_begin(d);
	doc_isv_level(d, 4, "OutOfDateConfigurationNeeded", NULL);
	doc_add(d, ",");
	doc_isv_level(d, 6, "UpToDate", NULL);
	doc_add(d, ",");
	doc_isv_level(
	    d, 5, "OutOfDate", "\"INTEL-SA-00615\", \"INTEL-SA-00616\"");
	doc_qe_end(d);
}

#endif
