/*
 * For tests of fetching: an AMD of our own (Intel's is dcap_world.h), a service
 * that answers from a table and writes down what it was asked, a directory, and
 * a clock that moves only when somebody waits.
 */
#ifndef CONFER_TESTS_UNIT_FETCH_WORLD_H
#define CONFER_TESTS_UNIT_FETCH_WORLD_H

#include "dcap_world.h"

#include <unistd.h>

#include "base/hex.h"
#include "client/collateral_fetch.h"

/* ---- AMD ------------------------------------------------------------------ */

#define AMD_OID  "1.3.6.1.4.1.3704.1"
#define AMD_EXTS 11

/* A Genoa with its certificates. Change, then amd_make(). */
struct amd_world {
	struct pki_cert ark, ask, vcek;
	struct pki_list crl_list;
	uint8_t hwid[SNP_CHIP_ID_LEN];
	unsigned spl[4]; /* bootloader, tee, snp, microcode */

	struct bytes ark_der, ask_der, chain, vcek_der, crl;
	struct root_key roots[ATTEST_ROOTS];
	uint8_t report[SNP_REPORT_LEN];
};

static inline void amd_init(struct amd_world *a)
{
	static const unsigned spl[4] = { 10, 0, 23, 84 };

	memset(a, 0, sizeof(*a));
	a->ark = pki_ca("ARK-Genoa", NULL, pki_rsa(0));
	a->ask = pki_ca("SEV-Genoa", &a->ark, pki_rsa(1));
	a->vcek = pki_leaf("SEV-VCEK", &a->ask, pki_p384(0));
	a->crl_list = pki_list(&a->ark);
	memset(a->hwid, 0xC7, sizeof(a->hwid));
	memcpy(a->spl, spl, sizeof(spl));
	memset(a->report, 0, sizeof(a->report));
	a->report[0x000] = 3;    /* VERSION */
	a->report[0x00A] = 3;    /* POLICY: SMT, and the bit that is 1 */
	a->report[0x034] = 1;    /* SIG_ALGO */
	a->report[0x188] = 0x19; /* family, model: a Genoa */
	a->report[0x189] = 0x11;
	memset(a->report + 0x1A0, 0xC7, SNP_CHIP_ID_LEN);
	a->report[0x180] = 10; /* REPORTED_TCB */
	a->report[0x186] = 23;
	a->report[0x187] = 84;
}

static inline void amd_make(struct amd_world *a)
{
	struct pki_ext ext[AMD_EXTS] = {
		{ AMD_OID ".1", pki_int(0), false },
		{ AMD_OID ".2", pki_tlv(DER_IA5_STRING, pki_str("Genoa")),
		    false },
		{ AMD_OID ".3.1", pki_int(a->spl[0]), false },
		{ AMD_OID ".3.2", pki_int(a->spl[1]), false },
		{ AMD_OID ".3.4", pki_int(0), false },
		{ AMD_OID ".3.5", pki_int(0), false },
		{ AMD_OID ".3.6", pki_int(0), false },
		{ AMD_OID ".3.7", pki_int(0), false },
		{ AMD_OID ".3.3", pki_int(a->spl[2]), false },
		{ AMD_OID ".3.8", pki_int(a->spl[3]), false },
		{ AMD_OID ".4", { a->hwid, sizeof(a->hwid) }, false },
	};

	a->vcek.ext = ext;
	a->vcek.n_ext = AMD_EXTS;
	a->ark_der = pki_cert(&a->ark);
	a->ask_der = pki_cert(&a->ask);
	a->vcek_der = pki_cert(&a->vcek);
	a->vcek.ext = NULL;
	a->vcek.n_ext = 0;
	a->chain = PKI_PEM(a->ask_der, a->ark_der);
	a->crl = pki_crl(&a->crl_list);
	a->roots[ROOT_ARK_GENOA] =
	    (struct root_key){ "ARK-Genoa", pki_spki(pki_rsa(0)) };
}

/* ---- the service ---------------------------------------------------------- */

#define REPLIES_MAX 8
#define ASKED_MAX   32

/* What one address answers. */
struct reply {
	const char *url; /* whole */
	unsigned status; /* 0: 200 */
	struct bytes body;
	const char *header; /* the name of a field, or NULL */
	struct bytes chain; /* its value, before it is escaped */
	const char *raw;    /* further fields, each with its CRLF, or NULL */
	unsigned busy;      /* so often 429 comes first, */
	const char *wait;   /* with this Retry-After, or NULL */
	enum err err;       /* or this instead of an answer */
};

struct service {
	struct reply reply[REPLIES_MAX];
	size_t replies;
	char asked[ASKED_MAX][400];
	size_t n_asked;
	uint64_t now_ms;
	uint64_t waited[ASKED_MAX];
	size_t n_waited;
};

static inline void put_escaped(struct wr *w, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		if (c <= ' ' || c == '+' || c == '=' || c == '/' || c == '%')
			wr_fmt(w, "%%%02x", (unsigned)c);
		else
			wr_u8(w, c);
	}
}

static inline struct reply *service_find(struct service *s, const char *url)
{
	for (size_t i = 0; i < s->replies; i++) {
		if (strcmp(s->reply[i].url, url) == 0)
			return &s->reply[i];
	}
	fail_msg("nobody expects %s", url);
	return NULL;
}

static inline void service_head(
    struct http_answer *out, const struct reply *r, bool busy)
{
	struct wr w = wr_init(out->raw, sizeof(out->raw));
	size_t n;

	wr_fmt(&w, "HTTP/1.1 %u X\r\n",
	    busy             ? 429
	    : r->status != 0 ? r->status
			     : 200);
	if (busy && r->wait != NULL)
		wr_fmt(&w, "Retry-After: %s\r\n", r->wait);
	if (!busy && r->header != NULL) {
		wr_fmt(&w, "%s: ", r->header);
		put_escaped(&w, r->chain);
		wr_str(&w, "\r\n");
	}
	if (!busy && r->raw != NULL)
		wr_str(&w, r->raw);
	wr_str(&w, "\r\n");
	CHECK_OK(wr_end(&w, &n));
	CHECK_OK(http_response_parse(
	    &out->head, (struct bytes){ out->raw, n }, NULL));
}

static inline enum err service_get(void *cookie, struct http_answer *out,
    uint8_t *body, size_t cap, const struct http_fetch *what,
    struct err_ctx *ctx)
{
	struct service *s = cookie;
	struct reply *r = service_find(s, what->url);
	const bool busy = r->busy > 0;

	CHECK(s->n_asked < ASKED_MAX);
	(void)snprintf(
	    s->asked[s->n_asked++], sizeof(s->asked[0]), "%s", what->url);
	memset(out, 0, sizeof(*out));
	if (r->err != ERR_OK)
		return err_set(ctx, r->err, "the service fails");
	service_head(out, r, busy);
	r->busy -= busy;
	if (busy)
		return ERR_OK;
	CHECK(r->body.len <= cap);
	mem_copy(body, r->body.p, r->body.len);
	out->body_len = r->body.len;
	return ERR_OK;
}

static inline void service_pause(void *cookie, uint64_t ms)
{
	struct service *s = cookie;

	CHECK(s->n_waited < ASKED_MAX);
	s->waited[s->n_waited++] = ms;
	s->now_ms += ms;
}

static inline uint64_t service_mono_ms(void *cookie)
{
	return ((struct service *)cookie)->now_ms;
}

static inline void service_progress(void *cookie, size_t i, uint64_t ms)
{
	(void)cookie;
	(void)i;
	(void)ms;
}

/* ---- one run -------------------------------------------------------------- */

struct fetch_world {
	struct amd_world amd;
	struct dcap_world intel;
	struct service service;
	struct collateral_fetch *fetch;
	struct err_ctx why;
	char dir[64];
};

static inline void world_open(struct fetch_world *w)
{
	pki_reset();
	memset(w, 0, sizeof(*w));
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/client_fetch_XXXXXX");
	CHECK(mkdtemp(w->dir) != NULL);
	w->fetch = calloc(1, sizeof(*w->fetch));
	assert_non_null(w->fetch);
	w->fetch->io = (struct collateral_io){ .cookie = &w->service,
		.get = service_get,
		.pause = service_pause,
		.mono_ms = service_mono_ms,
		.progress = service_progress };
	w->fetch->dir = w->dir;
	w->fetch->amd_url = "https://amd.test";
	w->fetch->intel_url = "https://intel.test/";
	w->fetch->root_crl_url = "https://root.test/crl";
	w->fetch->deadline_ms = 60000;
	w->fetch->now_s = PKI_NOW;
}

static const char *const world_files[] = { "cert_chain.pem", "ask.der",
	"asvk.der", "vcek.der", "crl.der", "tcb_info.json",
	"tcb_signing_chain.pem", "qe_identity.json", "root_ca.crl.der",
	"pck.crl.der", "pck_crl_issuer_chain.pem" };
#define WORLD_FILES (sizeof(world_files) / sizeof(world_files[0]))

static inline const char *world_path(
    const struct fetch_world *w, const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return path;
}

static inline void world_clear(const struct fetch_world *w)
{
	for (size_t i = 0; i < WORLD_FILES; i++)
		(void)unlink(world_path(w, world_files[i]));
}

static inline void world_close(struct fetch_world *w)
{
	world_clear(w);
	CHECK_EQ(rmdir(w->dir), 0); /* and nothing else was left there */
	free(w->fetch);
}

static inline enum client_fault world_run(struct fetch_world *w)
{
	w->why = (struct err_ctx){ 0 };
	w->service.n_asked = w->service.n_waited = 0;
	return collateral_fetch_run(w->fetch, &w->why);
}

static inline bool world_has(const struct fetch_world *w, const char *name)
{
	return access(world_path(w, name), F_OK) == 0;
}

static inline void world_check_file(
    const struct fetch_world *w, const char *name, struct bytes want)
{
	size_t n;
	uint8_t *p = read_file(world_path(w, name), &n);

	CHECK_EQ(n, want.len);
	CHECK_MEM(p, want.p, n);
	free(p);
}

static inline void world_put_file(
    const struct fetch_world *w, const char *name, struct bytes content)
{
	CHECK_OK(fd_replace_file(world_path(w, name), content, 0600, NULL));
}

/* The result of one item. */
static inline const struct collateral_result *world_result(
    const struct fetch_world *w, enum collateral_item item)
{
	for (size_t i = 0; i < w->fetch->results; i++) {
		if (w->fetch->result[i].item == item)
			return &w->fetch->result[i];
	}
	fail_msg("item %d was not planned", (int)item);
	return NULL;
}

static inline void service_add(struct service *s, struct reply r)
{
	CHECK(s->replies < REPLIES_MAX);
	s->reply[s->replies++] = r;
}

#define GENOA_CHAIN_URL "https://amd.test/vcek/v1/Genoa/cert_chain"
#define GENOA_CRL_URL   "https://amd.test/vcek/v1/Genoa/crl"

static inline const char *genoa_vcek_url(void)
{
	static char url[400];
	int n = snprintf(url, sizeof(url), "https://amd.test/vcek/v1/Genoa/");

	for (size_t i = 0; i < SNP_CHIP_ID_LEN; i++)
		n += snprintf(url + n, sizeof(url) - (size_t)n, "c7");
	(void)snprintf(url + n, sizeof(url) - (size_t)n,
	    "?blSPL=10&teeSPL=00&snpSPL=23&ucodeSPL=84");
	return url;
}

/* A service that has what the Genoa needs. Its parts may be changed first. */
static inline void world_serve_amd(struct fetch_world *w)
{
	struct service *s = &w->service;

	amd_make(&w->amd);
	s->replies = 0;
	service_add(
	    s, (struct reply){ .url = GENOA_CHAIN_URL, .body = w->amd.chain });
	service_add(
	    s, (struct reply){ .url = GENOA_CRL_URL, .body = w->amd.crl });
	service_add(s,
	    (struct reply){ .url = genoa_vcek_url(), .body = w->amd.vcek_der });
	w->fetch->roots = w->amd.roots;
	CHECK_OK(collateral_want_of(&w->fetch->want,
	    (struct bytes){ w->amd.report, SNP_REPORT_LEN },
	    SNP_FAMILY_UNSTATED, NULL));
}

#define TDX_TCB_URL "https://intel.test/tdx/certification/v4/tcb?fmspc="
#define TDX_QE_URL  "https://intel.test/tdx/certification/v4/qe/identity"
#define SGX_TCB_URL "https://intel.test/sgx/certification/v4/tcb?fmspc="
#define SGX_QE_URL  "https://intel.test/sgx/certification/v4/qe/identity"
#define PCK_CRL_URL "https://intel.test/sgx/certification/v4/pckcrl?ca="

/* The service's replies in the order of the items. */
enum { REPLY_TCB, REPLY_QE, REPLY_ROOT, REPLY_PCK };

static inline void world_serve_intel(struct fetch_world *w)
{
	static char tcb[128], pck[128];
	const bool tdx = w->intel.q.tee == DCAP_TEE_TDX;
	char fmspc[2 * PCK_FMSPC_LEN + 1];
	struct service *s = &w->service;

	dcap_world_make(&w->intel);
	hex_encode(fmspc, w->intel.pck.fmspc, PCK_FMSPC_LEN);
	(void)snprintf(
	    tcb, sizeof(tcb), "%s%s", tdx ? TDX_TCB_URL : SGX_TCB_URL, fmspc);
	(void)snprintf(pck, sizeof(pck), "%s%s&encoding=der", PCK_CRL_URL,
	    w->intel.by_processor ? "processor" : "platform");
	s->replies = 0;
	service_add(s, (struct reply){ .url = tcb,
			   .body = w->intel.ev.tcb_info,
			   .header = "TCB-Info-Issuer-Chain",
			   .chain = w->intel.ev.tcb_signing_chain });
	service_add(s, (struct reply){ .url = tdx ? TDX_QE_URL : SGX_QE_URL,
			   .body = w->intel.ev.qe_identity });
	service_add(s, (struct reply){ .url = "https://root.test/crl",
			   .body = w->intel.ev.root_ca_crl });
	service_add(
	    s, (struct reply){ .url = pck,
		   .body = w->intel.ev.pck_crl,
		   .header = "SGX-PCK-CRL-Issuer-Chain",
		   .chain = PKI_PEM(w->intel.ca_der, w->intel.root_der) });
	w->fetch->roots = w->intel.roots;
	CHECK_OK(collateral_want_of(
	    &w->fetch->want, w->intel.ev.quote, SNP_FAMILY_UNSTATED, NULL));
}

#endif
