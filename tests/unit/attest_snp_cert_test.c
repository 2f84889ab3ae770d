/* AMD's certificate extensions: every field missing, malformed and cut. */
#include "snp_world.h"

/* Parse the leaf of a world as it is now. */
static enum err parse_as(struct snp_cert_ext *out, struct snp_world *w,
    enum snp_family family, struct err_ctx *ctx)
{
	struct x509_cert cert;

	w->leaf.ext = w->ext;
	w->leaf.n_ext = w->n_ext;
	CHECK_OK(x509_cert_parse(&cert, pki_cert(&w->leaf), "leaf", NULL));
	return snp_cert_ext_parse(out, &cert, family, ctx);
}

static void refuses(struct snp_world *w, enum err want, const char *why)
{
	struct err_ctx ctx = { 0 };
	struct snp_cert_ext ext;
	enum err e;

	memset(&ext, 0xff, sizeof(ext));
	e = parse_as(&ext, w, w->family, &ctx);
	if (e != want || strstr(ctx.msg, why) == NULL)
		fail_msg("%s: %s; want %s", err_name(e), ctx.msg, why);
	CHECK(mem_is_zero(&ext, sizeof(ext)));
}

static void accepts(struct snp_cert_ext *ext, struct snp_world *w)
{
	struct err_ctx ctx = { 0 };

	if (parse_as(ext, w, w->family, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
}

static const enum snp_family families[] = { SNP_FAMILY_MILAN, SNP_FAMILY_GENOA,
	SNP_FAMILY_TURIN };
#define FAMILIES 3

TEST(snp_cert_reads_the_extensions_of_each_family)
{
	static const uint8_t milan[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct snp_cert_ext ext;
	struct snp_world w;

	for (size_t i = 0; i < FAMILIES; i++) {
		w = snp_world(families[i]);
		snp_world_certify(&w, milan);
		accepts(&ext, &w);
		CHECK_EQ(ext.struct_version, families[i] == SNP_FAMILY_TURIN);
		CHECK(mem_eq_str(ext.product, snp_family_name(families[i])));
		CHECK_MEM(ext.tcb.raw, milan, sizeof(milan));
		CHECK(ext.has_hwid);
		CHECK_MEM(ext.hwid, w.report + SNP_AT_CHIP_ID, SNP_CHIP_ID_LEN);
		CHECK_EQ(ext.csp_id.len, 0);
		CHECK_EQ(ext.tcb.microcode, 8);
		if (families[i] == SNP_FAMILY_TURIN) {
			CHECK_EQ(ext.tcb.fmc, 1);
			CHECK_EQ(ext.tcb.bootloader, 2);
			CHECK_EQ(ext.tcb.tee, 3);
			CHECK_EQ(ext.tcb.snp, 4);
		} else {
			CHECK_EQ(ext.tcb.fmc, 0);
			CHECK_EQ(ext.tcb.bootloader, 1);
			CHECK_EQ(ext.tcb.tee, 2);
			CHECK_EQ(ext.tcb.snp, 7);
		}
	}
}

TEST(snp_cert_reads_a_vlek)
{
	struct snp_world w = snp_world(SNP_FAMILY_MILAN);
	struct snp_cert_ext ext;

	snp_world_vlek(&w);
	accepts(&ext, &w);
	CHECK(!ext.has_hwid);
	CHECK(mem_is_zero(ext.hwid, sizeof(ext.hwid)));
	CHECK(mem_eq_str(ext.csp_id, "CN=a-cloud"));
	snp_world_ext(&w, SNP_AMD_OID "5")->value = pki_str("CN=a-cloud");
	refuses(&w, ERR_FORMAT, "cspID: not an IA5String");
}

TEST(snp_cert_reads_versions_of_two_bytes)
{
	static const uint8_t high[] = { 0x7f, 0x80, 0xff, 0, 1, 0xdb, 0, 0 };
	struct snp_cert_ext ext;
	struct snp_world w;

	for (size_t i = 0; i < FAMILIES; i++) {
		w = snp_world(families[i]);
		snp_world_certify(&w, high);
		accepts(&ext, &w);
		CHECK_MEM(ext.tcb.raw, high, sizeof(high));
	}
}

TEST(snp_cert_demands_every_version_of_the_family)
{
	static const char *const name[][SNP_TCB_LEN] = {
		[SNP_FAMILY_MILAN] = { "blSPL", "teeSPL", "spl4", "spl5",
		    "spl6", "spl7", "snpSPL", "ucodeSPL" },
		[SNP_FAMILY_GENOA] = { "blSPL", "teeSPL", "spl4", "spl5",
		    "spl6", "spl7", "snpSPL", "ucodeSPL" },
		[SNP_FAMILY_TURIN] = { "fmcSPL", "blSPL", "teeSPL", "snpSPL",
		    "spl5", "spl6", "spl7", "ucodeSPL" },
	};
	static const char *const bad[] = { "", "02", "0201", "020100ff",
		"02020100", "020180", "02020001", "040101", "0203000100" };

	for (size_t i = 0; i < FAMILIES * SNP_TCB_LEN; i++) {
		enum snp_family f = families[i / SNP_TCB_LEN];
		const char *oid = snp_world_spl(f, i % SNP_TCB_LEN);
		struct snp_world w = snp_world(f);
		char why[80];

		(void)snprintf(why, sizeof(why),
		    "VCEK/VLEK extension %s: not an INTEGER up to 255",
		    name[f][i % SNP_TCB_LEN]);
		for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
			snp_world_ext(&w, oid)->value = pki_hex(bad[k]);
			refuses(&w, ERR_FORMAT, why);
		}
		(void)snprintf(why, sizeof(why),
		    "VCEK/VLEK extension %s: missing",
		    name[f][i % SNP_TCB_LEN]);
		snp_world_drop_ext(&w, oid);
		refuses(&w, ERR_FORMAT, why);
	}
}

TEST(snp_cert_refuses_a_version_that_the_family_has_not)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	snp_world_ext(&w, SNP_AMD_OID "3.9")->value = pki_int(0);
	refuses(&w, ERR_FORMAT, "fmcSPL: this processor has no such");
	w = snp_world(SNP_FAMILY_TURIN);
	snp_world_ext(&w, SNP_AMD_OID "3.4")->value = pki_int(0);
	refuses(&w, ERR_FORMAT, "spl4: this processor has no such");
}

TEST(snp_cert_demands_the_structure_of_the_family)
{
	struct err_ctx ctx = { 0 };
	struct snp_cert_ext ext;
	struct snp_world w;

	for (size_t i = 0; i < FAMILIES; i++) {
		bool turin = families[i] == SNP_FAMILY_TURIN;

		w = snp_world(families[i]);
		snp_world_ext(&w, SNP_AMD_OID "1")->value = pki_int(!turin);
		refuses(&w, ERR_UNSUPPORTED,
		    turin ? "structVersion is 0, this processor's is 1"
			  : "structVersion is 1, this processor's is 0");
		snp_world_ext(&w, SNP_AMD_OID "1")->value = pki_int(2);
		refuses(&w, ERR_UNSUPPORTED, "structVersion is 2");
		snp_world_ext(&w, SNP_AMD_OID "1")->value = pki_int(256);
		refuses(&w, ERR_FORMAT, "structVersion: not an INTEGER");
		snp_world_drop_ext(&w, SNP_AMD_OID "1");
		refuses(&w, ERR_FORMAT, "structVersion: missing");
	}
	w = snp_world(SNP_FAMILY_TURIN); /* in the layout of another */
	CHECK_ERR(parse_as(&ext, &w, SNP_FAMILY_GENOA, &ctx), ERR_UNSUPPORTED);
}

TEST(snp_cert_demands_a_product)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct snp_cert_ext ext;

	snp_world_ext(&w, SNP_AMD_OID "2")->value =
	    pki_tlv(DER_IA5_STRING, pki_str("Genoa-B1"));
	accepts(&ext, &w);
	CHECK(mem_eq_str(ext.product, "Genoa-B1"));
	snp_world_ext(&w, SNP_AMD_OID "2")->value =
	    pki_tlv(DER_UTF8_STRING, pki_str("Genoa"));
	refuses(&w, ERR_FORMAT, "productName: not an IA5String");
	snp_world_ext(&w, SNP_AMD_OID "2")->value =
	    PKI_CAT(pki_tlv(DER_IA5_STRING, pki_str("Genoa")), pki_hex("00"));
	refuses(&w, ERR_FORMAT, "productName: not an IA5String");
	snp_world_drop_ext(&w, SNP_AMD_OID "2");
	refuses(&w, ERR_FORMAT, "productName: missing");
}

/* Texts are shown: nothing in them may move a terminal's cursor. */
TEST(snp_cert_demands_printable_texts_of_bounded_length)
{
	static const char *const oid[] = { SNP_AMD_OID "2", SNP_AMD_OID "5" };
	static const char *const edge[] = { "201f", "7f7e", "1b5b", "0041",
		"80" };
	char text[66];

	memset(text, '~', sizeof(text) - 1);
	text[64] = text[65] = 0;
	for (size_t i = 0; i < 2; i++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);
		struct snp_cert_ext ext;
		struct pki_ext *e = snp_world_ext(&w, oid[i]);

		for (size_t k = 0; k < sizeof(edge) / sizeof(edge[0]); k++) {
			e->value = pki_tlv(DER_IA5_STRING, pki_hex(edge[k]));
			refuses(&w, ERR_FORMAT, "not printable");
		}
		e->value = pki_tlv(DER_IA5_STRING, pki_str(" ~ "));
		accepts(&ext, &w);
		e->value = pki_tlv(DER_IA5_STRING, pki_str(text));
		accepts(&ext, &w);
		text[64] = '~';
		e->value = pki_tlv(DER_IA5_STRING, pki_str(text));
		refuses(&w, ERR_LIMIT, "longer than 64 bytes");
		text[64] = 0;
	}
}

/* Both encodings occur, and an id may begin like either. */
TEST(snp_cert_tells_hwid_by_its_length_alone)
{
	static const uint8_t first[] = { 0x00, 0x02, 0x04, 0x30, 0xff };
	struct snp_cert_ext ext;
	struct snp_world w;

	for (size_t i = 0; i < FAMILIES * sizeof(first); i++) {
		enum snp_family f = families[i / sizeof(first)];
		size_t n = f == SNP_FAMILY_TURIN ? 8 : 64;
		uint8_t id[SNP_CHIP_ID_LEN] = { 0 };
		struct bytes raw = { id, n };

		memset(id, 0x5A, n);
		id[0] = first[i % sizeof(first)];
		id[1] = (uint8_t)n; /* the worst case: as if wrapped */
		w = snp_world(f);
		snp_world_ext(&w, SNP_AMD_OID "4")->value = raw;
		accepts(&ext, &w);
		CHECK_MEM(ext.hwid, id, SNP_CHIP_ID_LEN);
		snp_world_ext(&w, SNP_AMD_OID "4")->value = pki_octets(raw);
		accepts(&ext, &w);
		CHECK_MEM(ext.hwid, id, SNP_CHIP_ID_LEN);
	}
}

TEST(snp_cert_refuses_a_hwid_of_another_length)
{
	static const char zero[80] = { 0 };
	struct snp_world w;

	for (size_t i = 0; i < FAMILIES; i++) {
		size_t n = families[i] == SNP_FAMILY_TURIN ? 8 : 64;

		for (size_t len = 0; len <= n + 3; len++) {
			w = snp_world(families[i]);
			snp_world_ext(&w, SNP_AMD_OID "4")->value =
			    (struct bytes){ (const uint8_t *)zero, len };
			if (len != n)
				refuses(&w, ERR_FORMAT, "hwID: ");
		}
		/* Right length, but no OCTET STRING of it. */
		snp_world_ext(&w, SNP_AMD_OID "4")->value =
		    pki_tlv(DER_UTF8_STRING, (struct bytes){ w.report, n });
		refuses(&w, ERR_FORMAT, "hwID: ");
		snp_world_ext(&w, SNP_AMD_OID "4")->value =
		    PKI_CAT(pki_octets((struct bytes){ w.report, n - 1 }),
			pki_hex("00"));
		refuses(&w, ERR_FORMAT, "hwID: ");
	}
}

/* Cutting an extension's value, byte by byte, while the rest stays whole. */
TEST(snp_cert_refuses_every_truncation_of_an_extension)
{
	static const char *const oid[] = { SNP_AMD_OID "1", SNP_AMD_OID "2",
		SNP_AMD_OID "3.1", SNP_AMD_OID "3.8", SNP_AMD_OID "4",
		SNP_AMD_OID "5" };
	static const uint8_t tcb[] = { 0xdb, 1, 1, 1, 1, 1, 1, 0xdb };

	for (size_t i = 0; i < FAMILIES * 6; i++) {
		struct snp_world w = snp_world(families[i / 6]);
		struct pki_ext *ext;
		struct bytes whole;

		snp_world_certify(&w, tcb);
		snp_world_ext(&w, SNP_AMD_OID "5")->value =
		    pki_tlv(DER_IA5_STRING, pki_str("CN=x"));
		ext = snp_world_ext(&w, oid[i % 6]);
		whole = ext->value;
		for (size_t n = 0; n < whole.len; n++) {
			ext->value = (struct bytes){ whole.p, n };
			refuses(&w, ERR_FORMAT, "VCEK/VLEK extension ");
		}
		ext->value = PKI_CAT(whole, pki_hex("00"));
		refuses(&w, ERR_FORMAT, "VCEK/VLEK extension ");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snp_cert_reads_the_extensions_of_each_family),
		cmocka_unit_test(snp_cert_reads_a_vlek),
		cmocka_unit_test(snp_cert_reads_versions_of_two_bytes),
		cmocka_unit_test(snp_cert_demands_every_version_of_the_family),
		cmocka_unit_test(
		    snp_cert_refuses_a_version_that_the_family_has_not),
		cmocka_unit_test(snp_cert_demands_the_structure_of_the_family),
		cmocka_unit_test(snp_cert_demands_a_product),
		cmocka_unit_test(
		    snp_cert_demands_printable_texts_of_bounded_length),
		cmocka_unit_test(snp_cert_tells_hwid_by_its_length_alone),
		cmocka_unit_test(snp_cert_refuses_a_hwid_of_another_length),
		cmocka_unit_test(
		    snp_cert_refuses_every_truncation_of_an_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
