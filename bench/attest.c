/*
 * Evidence of hardware: the whole of attest/attest.h with its signatures, beside
 * the signatures alone, beside the same by OpenSSL with keys decoded once. A
 * synthetic AMD and Intel of the unit tests, and real machines where the shared
 * vectors are on this machine (CONFER_VECTORS names their folder).
 *
 * To be reached: SNP in 1.0 ms, TDX in 0.8 ms, and no more than 1.15 times the
 * signatures alone.
 */
#include "dcap_world.h"
#include "snp_world.h"

#include "attest/attest.h"
#include "bench.h"

#define SNP_NOW 1788000000 /* milan.crl.der is current */
#define TDX_NOW 1772707803 /* and so is the collateral of 2026-02 */

/* One verification; obligations borrow of its run. */
struct verification {
	struct check_list list;
	struct snp_run snp;
	struct dcap_run dcap;
};

/* One piece of evidence, and what verifying it asks for. */
struct subject {
	bool is_snp;
	struct snp_run snp; /* before any check */
	struct dcap_run dcap;
	struct verification asked; /* its obligations */
	EVP_PKEY *key[OBLIGATIONS_MAX];
	uint8_t der[OBLIGATIONS_MAX][160]; /* ECDSA signatures as OpenSSL's */
	struct bytes sig[OBLIGATIONS_MAX];
};

static struct dcap_work work;
static struct attest_policy baseline;

static void die(const char *what)
{
	fprintf(stderr, "bench: attest: %s\n", what);
	exit(4);
}

/* ---- what is measured ---------------------------------------------------- */

/* Both tables, no signature. */
static void tables(const struct subject *s, struct verification *v)
{
	enum err e;

	if (s->is_snp) {
		v->snp = s->snp;
		e = attest_snp(&v->list, &v->snp);
	} else {
		v->dcap = s->dcap;
		e = attest_dcap(&v->list, &v->dcap);
	}
	if (e != ERR_OK)
		die(v->list.reason.msg);
}

static void without_signatures(void *arg)
{
	static struct verification v;

	tables(arg, &v);
}

static void signatures(void *arg)
{
	const struct subject *s = arg;

	for (size_t i = 0; i < s->asked.list.obligations.n; i++) {
		if (obligation_resolve(&s->asked.list.obligations.item[i]) !=
		    ERR_OK)
			die("a signature");
	}
}

static void whole(void *arg)
{
	static struct verification v;
	const struct subject *s = arg;
	bool answer[OBLIGATIONS_MAX], authentic;
	size_t n;
	enum err e;

	tables(s, &v);
	n = v.list.obligations.n;
	for (size_t i = 0; i < n; i++)
		answer[i] =
		    obligation_resolve(&v.list.obligations.item[i]) == ERR_OK;
	e = s->is_snp ? attest_snp_conclude(&v.list, answer, n, &authentic)
		      : attest_dcap_conclude(
			    &v.list, DCAP_TEE_TDX, answer, n, &authentic);
	if (e != ERR_OK || !authentic)
		die(v.list.reason.msg);
}

/* The signature of item i by OpenSSL alone. */
static bool bare_one(const struct subject *s, size_t i)
{
	const struct obligation *o = &s->asked.list.obligations.item[i];
	bool p256 = o->alg == SIG_ECDSA_P256_SHA256;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	bool ok = EVP_DigestVerifyInit(ctx, &pctx,
		      p256 ? EVP_sha256() : EVP_sha384(), NULL, s->key[i]) == 1;

	if (ok && o->alg == SIG_RSA_PSS_SHA384)
		ok = EVP_PKEY_CTX_set_rsa_padding(
			 pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 48) == 1;
	ok = ok && EVP_DigestVerify(ctx, s->sig[i].p, s->sig[i].len, o->msg.p,
		       o->msg.len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void bare(void *arg)
{
	const struct subject *s = arg;

	for (size_t i = 0; i < s->asked.list.obligations.n; i++) {
		if (!bare_one(s, i))
			die("a signature by OpenSSL alone");
	}
}

/* ---- keys and signatures as OpenSSL wants them ---------------------------- */

static EVP_PKEY *ec_key(const char *group, struct bytes point)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *param;
	EVP_PKEY *key = NULL;

	CHECK(OSSL_PARAM_BLD_push_utf8_string(
	    bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0));
	CHECK(OSSL_PARAM_BLD_push_octet_string(
	    bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.len));
	param = OSSL_PARAM_BLD_to_param(bld);
	CHECK(EVP_PKEY_fromdata_init(ctx) == 1);
	CHECK(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, param) == 1);
	OSSL_PARAM_free(param);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static struct bytes ecdsa_der(uint8_t *out, struct bytes sig)
{
	int half = (int)sig.len / 2;
	ECDSA_SIG *es = ECDSA_SIG_new();
	uint8_t *p = out;
	int n;

	CHECK(ECDSA_SIG_set0(es, BN_bin2bn(sig.p, half, NULL),
		  BN_bin2bn(sig.p + half, half, NULL)) == 1);
	n = i2d_ECDSA_SIG(es, &p);
	ECDSA_SIG_free(es);
	return (struct bytes){ out, (size_t)n };
}

static void prepare(struct subject *s)
{
	tables(s, &s->asked);
	for (size_t i = 0; i < s->asked.list.obligations.n; i++) {
		const struct obligation *o = &s->asked.list.obligations.item[i];
		const uint8_t *p = o->key.p;

		s->sig[i] = o->sig;
		if (o->alg == SIG_RSA_PSS_SHA384) {
			s->key[i] = d2i_PUBKEY(NULL, &p, (long)o->key.len);
			continue;
		}
		s->key[i] =
		    ec_key(o->alg == SIG_ECDSA_P256_SHA256 ? "P-256" : "P-384",
			o->key);
		s->sig[i] = ecdsa_der(s->der[i], o->sig);
	}
}

/* ---- rows ---------------------------------------------------------------- */

static void row(const char *what, const char *name, double us, double ratio)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s%s", what, name);
	bench_row(text, us * 1e6, "us", ratio);
}

static void rows(const char *name, struct subject *s)
{
	void (*const fn[])(
	    void *) = { bare, signatures, whole, without_signatures };
	double t[4];

	prepare(s);
	bench_alternate(fn, 4, s, t);
	row("bare.openssl.", name, t[0], BENCH_NO_RATIO);
	row("bare.signatures.", name, t[1], t[1] / t[0]);
	row("attest.", name, t[2], t[2] / t[1]);
	row("attest.without.signatures.", name, t[3], BENCH_NO_RATIO);
	for (size_t i = 0; i < s->asked.list.obligations.n; i++)
		EVP_PKEY_free(s->key[i]);
}

static void synthetic_snp(void)
{
	static struct snp_world w;
	static struct subject s;

	w = snp_world(SNP_FAMILY_GENOA);
	s = (struct subject){ .is_snp = true,
		.snp = { .ev = snp_world_evidence(&w),
		    .roots = w.roots,
		    .policy = &w.policy,
		    .now_s = w.now_s } };
	rows("snp", &s);
}

static void synthetic_tdx(void)
{
	static struct dcap_world w;
	static struct subject s;

	pki_reset();
	dcap_world_init(&w, 5, DCAP_TEE_TDX, true);
	dcap_world_make(&w);
	s = (struct subject){ .dcap = { .ev = w.ev,
				  .work = &work,
				  .tee = DCAP_TEE_TDX,
				  .roots = w.roots,
				  .policy = &baseline,
				  .now_s = PKI_NOW } };
	rows("tdx", &s);
}

/* ---- real machines ------------------------------------------------------- */

/* A file of the vectors, never freed; empty if it is not here. */
static struct bytes load(const char *name)
{
	const char *dir = getenv("CONFER_VECTORS");
	struct bytes out = { NULL, 0 };
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/attest/%s",
	    dir != NULL ? dir : "../shared/vectors", name);
	f = fopen(path, "rb");
	if (f == NULL)
		return out;
	fclose(f);
	out.p = read_file(path, &out.len);
	return out;
}

/* The first certificate of a PEM file. */
static struct bytes load_pem(const char *name, uint8_t *der)
{
	struct bytes text = load(name), out = { der, 0 };

	if (text.len > 0 && x509_pem_next(&text, der, X509_CERT_LEN_MAX,
				&out.len, name, NULL) != ERR_OK)
		die(name);
	return out;
}

static void real_snp(void)
{
	static uint8_t leaf[X509_CERT_LEN_MAX], ca[X509_CERT_LEN_MAX];
	static struct subject s;
	struct snp_evidence ev = {
		.report = load("sev-snp/milan-v3-vcek-dstack/report.bin"),
		.leaf = load_pem("sev-snp/milan-v3-vcek-dstack/vcek.pem", leaf),
		.ca = load_pem("sev-snp/roots/milan-vcek-cert_chain.pem", ca),
		.crl = load("sev-snp/roots/milan.crl.der")
	};

	if (ev.report.len == 0)
		return;
	s = (struct subject){ .is_snp = true,
		.snp = { .ev = ev,
		    .roots = attest_roots,
		    .policy = &baseline,
		    .now_s = SNP_NOW } };
	rows("snp.milan", &s);
}

static void real_tdx(void)
{
	static struct subject s;
	struct dcap_evidence ev = { .quote = load(
					"tdx/v5-uptodate-90c06f-gcp/quote.dat"),
		.tcb_info = load("tdx/coll-90c06f-2026-02/tcb_info.json"),
		.qe_identity = load("tdx/coll-90c06f-2026-02/qe_identity.json"),
		.tcb_signing_chain =
		    load("tdx/coll-90c06f-2026-02/tcb_signing_chain.pem"),
		.root_ca_crl = load("tdx/coll-90c06f-2026-02/root_ca.crl.der"),
		.pck_crl = load("tdx/coll-90c06f-2026-02/pck.crl.der") };

	if (ev.quote.len == 0)
		return;
	s = (struct subject){ .dcap = { .ev = ev,
				  .work = &work,
				  .tee = DCAP_TEE_TDX,
				  .roots = attest_roots,
				  .policy = &baseline,
				  .now_s = TDX_NOW } };
	rows("tdx.90c06f", &s);
}

int main(void)
{
	baseline = attest_policy_baseline();
	synthetic_snp();
	real_snp();
	synthetic_tdx();
	real_tdx();
	return 0;
}
