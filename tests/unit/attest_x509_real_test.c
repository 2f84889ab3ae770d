/* Certificates and lists of AMD and Intel, as recorded: all of them parse. */
#include "attest/roots.h"
#include "base/hex.h"
#include "crypto/crypto.h"
#include "crypto/crypto_native.h"
#include "test.h"

#define CERTS_MAX 4 /* in one file */

/* The certificates of one file, in DER or PEM. */
struct file {
	uint8_t der[CERTS_MAX][X509_CERT_LEN_MAX];
	struct x509_cert cert[CERTS_MAX];
	size_t n;
};

static bool is_pem(const uint8_t *p, size_t len)
{
	return len > 5 && memcmp(p, "-----", 5) == 0;
}

static void add_cert(struct file *f, size_t len)
{
	struct err_ctx ctx = { 0 };
	struct bytes der = { f->der[f->n], len };

	if (x509_cert_parse(&f->cert[f->n], der, "certificate", &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	f->n++;
}

static void load(struct file *f, const char *name)
{
	char path[256];
	struct err_ctx ctx = { 0 };
	size_t len, n;
	uint8_t *p;
	struct bytes in;

	memset(f, 0, sizeof(*f));
	(void)snprintf(path, sizeof(path), "attest/%s", name);
	p = read_file(vector_path(path), &len);
	if (!is_pem(p, len)) {
		CHECK(len <= X509_CERT_LEN_MAX);
		memcpy(f->der[0], p, len);
		add_cert(f, len);
	}
	in = (struct bytes){ p, is_pem(p, len) ? len : 0 };
	while (x509_pem_end(in, "file", NULL) != ERR_OK) {
		CHECK(f->n < CERTS_MAX);
		if (x509_pem_next(&in, f->der[f->n], X509_CERT_LEN_MAX, &n,
			name, &ctx) != ERR_OK)
			fail_msg("%s", ctx.msg);
		add_cert(f, n);
	}
	free(p);
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

TEST(x509_amd_chains_hold)
{
	static struct file leaf, chain;

	for (size_t i = 0; i < sizeof(amd_dir) / sizeof(amd_dir[0]); i++) {
		const struct x509_cert *c = leaf.cert, *ca = chain.cert;

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
		CHECK_OK(x509_issued(ca, c, 0, "leaf", NULL));
		CHECK_OK(x509_issued(ca + 1, ca, 1, "ASK", NULL));
		CHECK(verifies(ca, c));
		CHECK(verifies(ca + 1, ca));
		/* The ARK did not sign it, and says so. */
		CHECK(!verifies(ca + 1, c));
		CHECK_ERR(x509_issued(ca + 1, c, 0, "leaf", NULL), ERR_AUTH);
	}
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
		cmocka_unit_test(x509_amd_chains_hold),
		cmocka_unit_test(x509_reads_a_vcek_with_every_field),
		cmocka_unit_test(
		    x509_a_certificate_with_a_broken_signature_parses),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
