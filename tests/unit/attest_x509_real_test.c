/*
 * Certificates and lists of AMD and Intel, as recorded: all of them parse, and
 * their chains hold or fail as OpenSSL finds.
 */
#include <glob.h>

#include "base/hex.h"
#include "crypto/crypto.h"
#include "crypto/crypto_native.h"
#include "x509_walks.h"

#define CERTS_MAX 4 /* in one file */

/* The certificates of one file: in DER, in PEM, or in PEM within a quote. */
struct file {
	uint8_t der[CERTS_MAX][X509_CERT_LEN_MAX];
	struct x509_cert cert[CERTS_MAX];
	size_t n;
};

static void add_cert(struct file *f, size_t len)
{
	struct err_ctx ctx = { 0 };
	struct bytes der = { f->der[f->n], len };

	if (x509_cert_parse(&f->cert[f->n], der, "certificate", &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	f->n++;
}

static void load_path(struct file *f, const char *path)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	struct err_ctx ctx = { 0 };
	struct bytes in;
	size_t len, n;
	uint8_t *p = read_file(path, &len), *pem;

	memset(f, 0, sizeof(*f));
	pem = memmem(p, len, begin, sizeof(begin) - 1);
	if (pem == NULL) {
		CHECK(len <= X509_CERT_LEN_MAX);
		memcpy(f->der[0], p, len);
		add_cert(f, len);
		free(p);
		return;
	}
	in = (struct bytes){ pem, len - (size_t)(pem - p) };
	while (in.len >= sizeof(begin) &&
	       memmem(in.p, in.len, begin, sizeof(begin) - 1) != NULL) {
		CHECK(f->n < CERTS_MAX);
		if (x509_pem_next(&in, f->der[f->n], X509_CERT_LEN_MAX, &n,
			path, &ctx) != ERR_OK)
			fail_msg("%s", ctx.msg);
		add_cert(f, n);
	}
	/* Quotes have zeros and other bytes there, files nothing. */
	if (pem == p)
		CHECK_OK(x509_pem_end(in, path, NULL));
	free(p);
}

static void load(struct file *f, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "attest/%s", name);
	load_path(f, vector_path(path));
}

/* All files of the vectors that match. */
static void find_files(glob_t *g, const char *pattern)
{
	char path[4200];
	size_t n;

	(void)snprintf(
	    path, sizeof(path), "%s", vector_path("attest/MANIFEST.json"));
	n = strlen(path) - strlen("MANIFEST.json");
	(void)snprintf(path + n, sizeof(path) - n, "%s", pattern);
	CHECK_EQ(glob(path, GLOB_BRACE, NULL, g), 0);
}

/* A chain of certificates from one file and their root's key. */
static struct chain chain_from(const struct file *f)
{
	struct chain c = { .n = f->n, .pin = f->cert[f->n - 1].spki };

	for (size_t i = 0; i < f->n; i++)
		c.cert[i] = f->cert[i].der;
	return c;
}

static void read_crl(struct chain *c, struct x509_crl *crl, const char *path)
{
	struct err_ctx ctx = { 0 };
	size_t len;
	uint8_t *p = read_file(path, &len);

	c->crl[c->n_crl] = PKI_CAT({ p, len });
	free(p);
	if (x509_crl_parse(crl, c->crl[c->n_crl++], path, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
}

/* Both walks, which must agree; ours tells. */
static enum err both(const struct chain *c)
{
	enum err e = ours(c);
	int they = theirs(c);

	if ((e == ERR_OK) != (they == X509_V_OK))
		fail_msg("we say \"%s\", OpenSSL \"%s\" at %llu", err_name(e),
		    X509_verify_cert_error_string(they),
		    (unsigned long long)c->now);
	return e;
}

static bool verifies(const struct x509_cert *ca, const struct x509_cert *cert)
{
	static struct obligations set;

	set.n = 0;
	CHECK_OK(x509_oblige_cert(&set, ca, cert, "certificate", NULL));
	CHECK_EQ(set.n, 1);
	return obligation_resolve(&set.item[0]) == ERR_OK;
}

static const char *const amd_dir[] = { "sev-snp/milan-v2-vcek-azure/vcek.der",
	"sev-snp/milan-v2-vcek-debug/vcek.der",
	"sev-snp/milan-v2-vcek-virtee/vcek.der",
	"sev-snp/milan-v2-vcek-azure-hcl/vcek.pem",
	"sev-snp/milan-v3-vcek-azure/vcek.pem",
	"sev-snp/milan-v3-vcek-dstack/vcek.pem",
	"sev-snp/milan-v3-vlek-aws/vlek.der",
	"sev-snp/genoa-v3-vcek-azure/vcek.pem",
	"sev-snp/turin-v5-vcek-ms/vcek.pem", "sev-snp/turin-vcek-only/vcek.der",
	"sev-snp/bad-wrong-chip-vcek/vcek.pem" };

/* The chain file for a leaf: by its issuer's name. */
static const char *chain_of(const struct x509_cert *leaf)
{
	static char name[64];
	bool vlek = mem_eq_str(leaf->cn, "SEV-VLEK");
	enum snp_family f = family_of_cn(leaf->issuer_cn);

	(void)snprintf(name, sizeof(name), "sev-snp/roots/%s-%s-cert_chain.pem",
	    f == SNP_FAMILY_MILAN   ? "milan"
	    : f == SNP_FAMILY_GENOA ? "genoa"
				    : "turin",
	    vlek ? "vlek" : "vcek");
	return name;
}

TEST(roots_have_the_digests_of_the_document)
{
	static const char *const digest[ATTEST_ROOTS] = {
		"9f056bee44377e29308cb5ffa895bdfb"
		"62d18881fa6bed8d6f075b0204089cb9",
		"429a69c9422aa258ee4d8db5fcda9c64"
		"70ef15f8cd5a9cebd6cbc7d90b863831",
		"4f125410563a2ab9a50356f9243f6fe0"
		"b6f73de98603f53f90339c70e9d7ad08",
		"a0af031289f5d5d4132f9186068a7fc1"
		"3628633ba235777472e29b6b6c67a49e",
	};

	for (size_t i = 0; i < ATTEST_ROOTS; i++) {
		uint8_t hash[SHA256_LEN];
		char hex[2 * SHA256_LEN + 1];

		crypto_sha256(hash, &attest_roots[i].spki, 1);
		hex_encode(hex, hash, sizeof(hash));
		CHECK_STR(hex, digest[i]);
	}
}

TEST(roots_are_those_of_the_vendors_certificates)
{
	static const char *const name[ATTEST_ROOTS] = {
		"sev-snp/roots/milan-vlek-cert_chain.pem",
		"sev-snp/roots/genoa-vlek-cert_chain.pem",
		"sev-snp/roots/turin-vlek-cert_chain.pem",
		"intel-root/IntelSGXRootCA.der",
	};
	static struct file f;

	for (size_t i = 0; i < ATTEST_ROOTS; i++) {
		const struct x509_cert *root;

		load(&f, name[i]);
		root = &f.cert[f.n - 1];
		CHECK(mem_eq(root->spki, attest_roots[i].spki));
		CHECK(mem_eq_str(root->cn, attest_roots[i].name));
		CHECK(verifies(root, root));
		CHECK_OK(x509_issued(root, root, 0, "root", NULL));
	}
}

TEST(roots_follow_from_the_family_and_the_name)
{
	static const struct {
		const char *cn;
		enum snp_family family;
	} c[] = {
		{ "ARK-Milan", SNP_FAMILY_MILAN },
		{ "SEV-Genoa", SNP_FAMILY_GENOA },
		{ "SEV-VLEK-Turin", SNP_FAMILY_TURIN },
		{ "-Milan", SNP_FAMILY_MILAN },
		{ "Milan", SNP_FAMILY_UNSTATED },
		{ "ARKMilan", SNP_FAMILY_UNSTATED },
		{ "ARK-Milan ", SNP_FAMILY_UNSTATED },
		{ "ARK-milan", SNP_FAMILY_UNSTATED },
		{ "SEV-VCEK", SNP_FAMILY_UNSTATED },
		{ "SEV-unstated", SNP_FAMILY_UNSTATED },
		{ "", SNP_FAMILY_UNSTATED },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct bytes cn = { (const uint8_t *)c[i].cn, strlen(c[i].cn) };

		CHECK_EQ(family_of_cn(cn), c[i].family);
	}
	CHECK_EQ(root_of_family(SNP_FAMILY_MILAN), ROOT_ARK_MILAN);
	CHECK_EQ(root_of_family(SNP_FAMILY_GENOA), ROOT_ARK_GENOA);
	CHECK_EQ(root_of_family(SNP_FAMILY_TURIN), ROOT_ARK_TURIN);
	CHECK_EQ(root_of_family(SNP_FAMILY_UNSTATED), ATTEST_ROOTS);
}

TEST(x509_every_certificate_of_the_vectors_parses)
{
	static struct file f;
	size_t n = 0;
	glob_t g;

	find_files(&g, "{sev-snp/*/v[cl]ek.*,sev-snp/roots/*.pem,"
		       "*/coll*/*.pem,sgx/bad*/*.pem,intel-root/*.der,"
		       "tdx/v*/quote.*,sgx/v*/quote.*}");
	for (size_t i = 0; i < g.gl_pathc; i++) {
		load_path(&f, g.gl_pathv[i]);
		n += f.n;
	}
	globfree(&g);
	/* 12 leaves of AMD, 6 files of 2, 18 of Intel of 2, 6 impostors, the
	 * root, 14 quotes of 3. */
	CHECK_EQ(n, 12 + 12 + 36 + 6 + 1 + 42);
}

TEST(x509_every_list_of_the_vectors_parses)
{
	size_t n = 0, revoked = 0;
	glob_t g;

	find_files(&g, "{sev-snp/roots/*.crl.der,*/coll*/*.crl.der,"
		       "sgx/bad*/*Crl.der}");
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct chain c = { .n = 0 };
		struct x509_crl crl;

		pki_reset();
		read_crl(&c, &crl, g.gl_pathv[i]);
		CHECK(crl.this_update < crl.next_update);
		n++;
		revoked += crl.n_revoked;
	}
	globfree(&g);
	CHECK_EQ(n, 3 + 18 + 2);
	CHECK(revoked > 300);
}

TEST(x509_amd_chains_hold)
{
	static struct file leaf, chain;

	for (size_t i = 0; i < sizeof(amd_dir) / sizeof(amd_dir[0]); i++) {
		const struct x509_cert *c = leaf.cert, *ca = chain.cert;
		struct chain all = { .n = 3 };

		load(&leaf, amd_dir[i]);
		CHECK_EQ(leaf.n, 1);
		load(&chain, chain_of(c));
		CHECK_EQ(chain.n, 2);
		CHECK_EQ(c->key, X509_KEY_P384);
		CHECK_EQ(c->pub.len, 97);
		CHECK(!c->has_basic && !c->ca && !c->has_usage);
		CHECK(ca->ca && ca->has_path_len && ca->path_len == 0);
		CHECK_EQ(ca->usage, X509_USAGE_CERT_SIGN);
		CHECK_EQ(ca->key, X509_KEY_RSA_4096);
		all.cert[0] = c->der;
		all.cert[1] = ca[0].der;
		all.cert[2] = ca[1].der;
		all.pin =
		    attest_roots[root_of_family(family_of_cn(c->issuer_cn))]
			.spki;
		all.now = c->not_before + 1;
		CHECK_OK(both(&all));
		all.now = c->not_before - 1;
		CHECK_ERR(both(&all), ERR_EXPIRED);
		all.now = c->not_after + 1;
		CHECK_ERR(both(&all), ERR_EXPIRED);
		/* Another family's root. */
		all.now = c->not_before + 1;
		all.pin = attest_roots[ROOT_INTEL_SGX].spki;
		CHECK_ERR(both(&all), ERR_AUTH);
		/* The ARK did not sign it, and says so. */
		CHECK(!verifies(ca + 1, c));
		CHECK_ERR(x509_issued(ca + 1, c, 0, "leaf", NULL), ERR_AUTH);
	}
}

TEST(x509_amd_lists_revoke_one_ask_of_genoa)
{
	static const char *const family[] = { "milan", "genoa", "turin" };
	static struct file f;

	for (size_t i = 0; i < 6; i++) {
		char name[64];
		struct chain c;
		struct x509_crl crl;

		pki_reset();
		(void)snprintf(name, sizeof(name),
		    "sev-snp/roots/%s-%s-cert_chain.pem", family[i / 2],
		    i % 2 == 0 ? "vcek" : "vlek");
		load(&f, name);
		c = chain_from(&f);
		(void)snprintf(name, sizeof(name),
		    "attest/sev-snp/roots/%s.crl.der", family[i / 2]);
		read_crl(&c, &crl, vector_path(name));
		CHECK(mem_eq(crl.issuer, f.cert[1].subject));
		CHECK_EQ(crl.n_revoked, i / 2 == 1);
		CHECK_EQ(x509_crl_has(&crl, pki_hex("020001")), i / 2 == 1);
		c.now = crl.this_update + 1;
		CHECK_OK(both(&c));
		c.now = crl.next_update + 1;
		CHECK_ERR(both(&c), ERR_EXPIRED);
		/* A list of another family. */
		(void)snprintf(name, sizeof(name),
		    "attest/sev-snp/roots/%s.crl.der", family[(i / 2 + 1) % 3]);
		c.n_crl = 0;
		read_crl(&c, &crl, vector_path(name));
		c.now = crl.this_update + 1;
		CHECK_ERR(both(&c), ERR_NOTFOUND);
	}
}

/* The lists of a collateral folder: the root's, then the PCK CA's. */
static void read_lists(struct chain *c, struct x509_crl crl[2], const char *dir)
{
	char path[4400];

	c->n_crl = 0;
	(void)snprintf(path, sizeof(path), "%s/root_ca.crl.der", dir);
	read_crl(c, &crl[0], path);
	(void)snprintf(path, sizeof(path), "%s/pck.crl.der", dir);
	read_crl(c, &crl[1], path);
}

TEST(x509_intel_chains_hold_with_the_lists_of_their_time)
{
	static struct file f;
	size_t held = 0, expired = 0, without = 0;
	glob_t quote, coll;

	find_files(&quote, "{tdx/v*/quote.*,sgx/v*/quote.*}");
	find_files(&coll, "*/coll*");
	for (size_t i = 0; i < quote.gl_pathc; i++) {
		load_path(&f, quote.gl_pathv[i]);
		CHECK_EQ(f.n, 3);
		CHECK(
		    mem_eq(f.cert[2].spki, attest_roots[ROOT_INTEL_SGX].spki));
		CHECK(mem_eq_str(f.cert[0].cn, "Intel SGX PCK Certificate"));
		CHECK(f.cert[0].has_basic && !f.cert[0].ca);
		for (size_t k = 0; k < coll.gl_pathc; k++) {
			struct chain c = chain_from(&f);
			struct x509_crl crl[2];
			enum err e;

			pki_reset();
			c.pin = attest_roots[ROOT_INTEL_SGX].spki;
			read_lists(&c, crl, coll.gl_pathv[k]);
			c.now = crl[1].this_update + 1;
			e = both(&c);
			held += e == ERR_OK;
			expired += e == ERR_EXPIRED;
			without += e == ERR_NOTFOUND;
			CHECK(e == ERR_OK || e == ERR_EXPIRED ||
			      e == ERR_NOTFOUND);
			c.now = crl[1].next_update + 1;
			CHECK(both(&c) != ERR_OK);
		}
	}
	/* Each pair did one or the other; most certificates were already
	 * there when the lists were made. */
	CHECK_EQ(held + expired + without, quote.gl_pathc * coll.gl_pathc);
	CHECK(held > 50 && expired > 10 && without > 10);
	globfree(&quote);
	globfree(&coll);
}

TEST(x509_intel_tcb_signing_chains_hold)
{
	static struct file f;
	char path[4400];
	glob_t coll;

	find_files(&coll, "*/coll*");
	CHECK_EQ(coll.gl_pathc, 9);
	for (size_t k = 0; k < coll.gl_pathc; k++) {
		struct x509_crl crl[2];
		struct chain c;

		pki_reset();
		(void)snprintf(path, sizeof(path), "%s/tcb_signing_chain.pem",
		    coll.gl_pathv[k]);
		load_path(&f, path);
		c = chain_from(&f);
		c.pin = attest_roots[ROOT_INTEL_SGX].spki;
		read_lists(&c, crl, coll.gl_pathv[k]);
		c.n_crl = 1; /* the PCK CA does not stand in this chain */
		CHECK(mem_eq_str(f.cert[0].cn, "Intel SGX TCB Signing"));
		CHECK_EQ(f.cert[0].key, X509_KEY_P256);
		c.now = crl[0].this_update > f.cert[0].not_before
			    ? crl[0].this_update
			    : f.cert[0].not_before;
		CHECK_OK(both(&c));
		c.now = crl[0].next_update + 1;
		CHECK_ERR(both(&c), ERR_EXPIRED);
	}
	globfree(&coll);
}

TEST(x509_impostors_chain_holds_under_its_own_root_alone)
{
#define IMPOSTOR "sgx/bad-impostor-root-intel-sample-v3/"
	static struct file leaf, f, tcb;
	struct x509_crl crl;
	struct chain c;

	pki_reset();
	load(&leaf, IMPOSTOR "pckCert.pem");
	load(&f, IMPOSTOR "pckSignChain.pem");
	c = chain_from(&f);
	memmove(c.cert + 1, c.cert, 2 * sizeof(c.cert[0]));
	c.cert[0] = leaf.cert[0].der;
	c.n = 3;
	read_crl(&c, &crl, vector_path("attest/" IMPOSTOR "rootCaCrl.der"));
	read_crl(
	    &c, &crl, vector_path("attest/" IMPOSTOR "intermediateCaCrl.der"));
	c.now = leaf.cert[0].not_before + 30 * PKI_DAY;
	CHECK_OK(both(&c));
	/* The name is Intel's, byte for byte; the key is not. */
	load(&tcb, "intel-root/IntelSGXRootCA.der");
	CHECK(mem_eq(f.cert[1].subject, tcb.cert[0].subject));
	c.pin = attest_roots[ROOT_INTEL_SGX].spki;
	CHECK_ERR(both(&c), ERR_AUTH);
	/* Nor does the real root beneath their chain help. */
	c.cert[2] = tcb.cert[0].der;
	CHECK_ERR(both(&c), ERR_AUTH);
	load(&tcb, IMPOSTOR "tcbSignChain.pem");
	c = chain_from(&tcb);
	c.now = tcb.cert[0].not_before + 1;
	CHECK_OK(both(&c));
	c.pin = attest_roots[ROOT_INTEL_SGX].spki;
	CHECK_ERR(both(&c), ERR_AUTH);
}

TEST(x509_reads_a_vcek_with_every_field)
{
	static const uint8_t hwid[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x9C,
		0x78, 0x01, 0x04 };
	static struct file f;
	const struct x509_cert *c = f.cert;
	struct bytes v;

	load(&f, "sev-snp/milan-v2-vcek-virtee/vcek.der");
	CHECK(mem_eq_str(c->cn, "SEV-VCEK"));
	CHECK(mem_eq_str(c->issuer_cn, "SEV-Milan"));
	CHECK(c->serial.len == 1 && c->serial.p[0] == 0);
	CHECK_EQ(c->not_before, 1680549823); /* 2023-04-03T19:23:43Z */
	CHECK_EQ(c->not_after, 1901474623);
	CHECK_EQ(c->alg, SIG_RSA_PSS_SHA384);
	CHECK_EQ(c->sig.len, 512);
	CHECK_EQ(c->tbs.len, 767);
	CHECK(x509_ext(c, (struct bytes){ hwid, sizeof(hwid) }, &v));
	CHECK_EQ(v.len, 64);
	CHECK_EQ(v.p[0], 0xD4);
	CHECK(!x509_ext(c, (struct bytes){ hwid, sizeof(hwid) - 1 }, &v));
	CHECK(v.p == NULL && v.len == 0);
}

TEST(x509_a_certificate_with_a_broken_signature_parses)
{
	static struct file leaf, chain;

	load(&leaf, "sev-snp/bad-vcek-hwid-raw/vcek.der");
	load(&chain, "sev-snp/roots/milan-vcek-cert_chain.pem");
	CHECK_OK(x509_issued(&chain.cert[0], &leaf.cert[0], 0, "leaf", NULL));
	CHECK(!verifies(&chain.cert[0], &leaf.cert[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_have_the_digests_of_the_document),
		cmocka_unit_test(roots_are_those_of_the_vendors_certificates),
		cmocka_unit_test(roots_follow_from_the_family_and_the_name),
		cmocka_unit_test(x509_every_certificate_of_the_vectors_parses),
		cmocka_unit_test(x509_every_list_of_the_vectors_parses),
		cmocka_unit_test(x509_amd_chains_hold),
		cmocka_unit_test(x509_amd_lists_revoke_one_ask_of_genoa),
		cmocka_unit_test(
		    x509_intel_chains_hold_with_the_lists_of_their_time),
		cmocka_unit_test(x509_intel_tcb_signing_chains_hold),
		cmocka_unit_test(
		    x509_impostors_chain_holds_under_its_own_root_alone),
		cmocka_unit_test(x509_reads_a_vcek_with_every_field),
		cmocka_unit_test(
		    x509_a_certificate_with_a_broken_signature_parses),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
