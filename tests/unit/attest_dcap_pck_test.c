/* The SGX extension of PCK certificates: real ones, written ones, mutations. */
#include "dcap_vectors.h"
#include "dcap_world.h"

#include "attest/dcap_pck.h"

/* Parse an extension of this value. */
static enum err parse(
    struct dcap_pck *out, struct bytes value, struct err_ctx *ctx)
{
	struct x509_cert cert = { .exts = pki_ext(DCAP_OID_SGX, value, false) };

	return dcap_pck_parse(out, &cert, ctx);
}

static void check_refused(struct bytes value, const char *text)
{
	struct err_ctx ctx = { 0 };
	struct dcap_pck pck;
	enum err e = parse(&pck, value, &ctx);

	if (e != ERR_FORMAT || strstr(ctx.msg, text) == NULL)
		fail_msg("%s: \"%s\"; want: %s", err_name(e), ctx.msg, text);
	CHECK(mem_is_zero(&pck, sizeof(pck)));
}

static void check_parts_refused(const struct pck_parts *m, const char *text)
{
	check_refused(pck_join(m), text);
}

/* A platform of which every member differs. */
static struct dcap_pck platform(void)
{
	struct dcap_pck p = { .pcesvn = 0x1234, .sgx_type = 2 };

	for (uint8_t i = 0; i < 16; i++) {
		p.ppid[i] = (uint8_t)(0x10 + i);
		p.svn[i] = p.cpusvn[i] = (uint8_t)(0x78 + i);
		p.instance[i] = (uint8_t)(0x30 + i);
	}
	for (uint8_t i = 0; i < 6; i++)
		p.fmspc[i] = (uint8_t)(0x50 + i);
	p.pceid[0] = 0x61, p.pceid[1] = 0x62;
	p.has_instance = p.has_config = true;
	p.dynamic = p.smt = true;
	return p;
}

static void check_same(const struct dcap_pck *a, const struct dcap_pck *b)
{
	CHECK_MEM(a->ppid, b->ppid, sizeof(a->ppid));
	CHECK_MEM(a->svn, b->svn, sizeof(a->svn));
	CHECK_EQ(a->pcesvn, b->pcesvn);
	CHECK_MEM(a->cpusvn, b->cpusvn, sizeof(a->cpusvn));
	CHECK_MEM(a->pceid, b->pceid, sizeof(a->pceid));
	CHECK_MEM(a->fmspc, b->fmspc, sizeof(a->fmspc));
	CHECK_EQ(a->sgx_type, b->sgx_type);
	CHECK_EQ(a->has_instance, b->has_instance);
	CHECK_MEM(a->instance, b->instance, sizeof(a->instance));
	CHECK_EQ(a->has_config, b->has_config);
	CHECK_EQ(a->dynamic, b->dynamic);
	CHECK_EQ(a->cached_keys, b->cached_keys);
	CHECK_EQ(a->smt, b->smt);
}

/* ---- certificates of real machines ---------------------------------- */
static void check_hex(
    const struct json *o, const char *name, const uint8_t *got, size_t n)
{
	uint8_t want[32];

	CHECK_EQ(json_hex(o, name, want, sizeof(want)), n);
	CHECK_MEM(got, want, n);
}

static void check_numbers(const struct json *o, const struct dcap_pck *p)
{
	struct json v = json_member(o, "comp"), item;
	struct json_iter it = json_iter(&v);
	uint64_t want = 0;

	for (size_t i = 0; i < DCAP_SVN_LEN; i++) {
		CHECK(json_next(&it, NULL, &item));
		CHECK_OK(json_u64(&item, &want));
		CHECK_EQ(p->svn[i], want);
	}
	v = json_member(o, "pcesvn");
	CHECK_OK(json_u64(&v, &want));
	CHECK_EQ(p->pcesvn, want);
}

static void check_config(const struct json *o, const struct dcap_pck *p)
{
	struct json config;
	uint8_t b;

	CHECK_EQ(p->has_instance, json_get(o, "platinst", &config));
	if (p->has_instance)
		check_hex(o, "platinst", p->instance, 16);
	CHECK_EQ(p->has_config, json_get(o, "config", &config));
	if (!p->has_config)
		return;
	CHECK_EQ(json_hex(&config, "1", &b, 1), 1);
	CHECK_EQ(p->dynamic, b == 0xff);
	CHECK_EQ(json_hex(&config, "2", &b, 1), 1);
	CHECK_EQ(p->cached_keys, b == 0xff);
	CHECK_EQ(json_hex(&config, "3", &b, 1), 1);
	CHECK_EQ(p->smt, b == 0xff);
}

static void check_item(const struct json *item)
{
	struct json fields = json_member(item, "fields");
	struct json want = json_member(&fields, "pck");
	struct bytes file = manifest_file(item, "quote");
	struct bytes pem = file;
	uint8_t der[DCAP_CERT_LEN_MAX];
	struct x509_cert cert;
	struct dcap_pck p;

	/* The chain is the first thing in the file that begins so. */
	while (pem.len > 5 && memcmp(pem.p, "-----", 5) != 0)
		pem.p++, pem.len--;
	pem.p = file.p + file.len - pem.len;
	CHECK_OK(x509_pem_next(&pem, der, sizeof(der), &file.len, "", NULL));
	CHECK_OK(
	    x509_cert_parse(&cert, (struct bytes){ der, file.len }, "", NULL));
	CHECK_OK(dcap_pck_parse(&p, &cert, NULL));
	check_hex(&want, "ppid", p.ppid, 16);
	check_hex(&want, "cpusvn", p.cpusvn, 16);
	check_hex(&want, "pceid", p.pceid, 2);
	check_hex(&want, "fmspc", p.fmspc, 6);
	check_hex(&want, "sgxtype", &p.sgx_type, 1);
	check_numbers(&want, &p);
	check_config(&want, &p);
	bytes_free(&file);
}

TEST(dcap_pck_has_the_fields_of_every_real_certificate)
{
	struct manifest m = manifest_open();
	struct json_iter it = json_iter(&m.items);
	struct json item;
	size_t n = 0;

	for (; manifest_next_quote(&it, &item); n++)
		check_item(&item);
	CHECK_EQ(n, DCAP_QUOTES);
	manifest_close(&m);
}

/* ---- written ones ------------------------------------------------------ */
TEST(dcap_pck_reads_back_what_was_written)
{
	struct dcap_pck want = platform(), p;
	struct pck_parts m;

	pki_reset();
	m = pck_parts(&want);
	CHECK_OK(parse(&p, pck_join(&m), NULL));
	check_same(&p, &want);
	memset(want.svn, 0xFF, sizeof(want.svn)); /* 02 02 00 FF */
	memset(want.cpusvn, 0xFF, sizeof(want.cpusvn));
	want.pcesvn = 0xFFFF;
	want.sgx_type = 0;
	want.has_config = want.dynamic = want.smt = false;
	want.has_instance = false;
	memset(want.instance, 0, sizeof(want.instance));
	m = pck_parts(&want);
	CHECK_OK(parse(&p, pck_join(&m), NULL));
	check_same(&p, &want);
}

TEST(dcap_pck_takes_members_in_any_order)
{
	struct dcap_pck want = platform(), p;
	struct pck_parts m;
	struct bytes swap;

	pki_reset();
	m = pck_parts(&want);
	swap = m.top[1], m.top[1] = m.top[6], m.top[6] = swap;
	swap = m.tcb[1], m.tcb[1] = m.tcb[18], m.tcb[18] = swap;
	swap = m.config[1], m.config[1] = m.config[3], m.config[3] = swap;
	CHECK_OK(parse(&p, pck_join(&m), NULL));
	check_same(&p, &want);
}

static const struct bytes none = { NULL, 0 };

TEST(dcap_pck_misses_each_member_that_is_left_out)
{
	static const char *const top[] = { NULL, "PPID", NULL, "PCEID", "FMSPC",
		"SGX type" };
	struct dcap_pck pck = platform(), p;
	struct pck_parts good, m;
	char text[64];

	pki_reset();
	good = pck_parts(&pck);
	for (unsigned n = 1; n <= 5; n++) {
		m = good, m.top[n] = none;
		if (n == 2) /* an empty element: the whole list is gone */
			m.top[2] = (struct bytes){ (const uint8_t *)"", 0 };
		(void)snprintf(text, sizeof(text), "extension has no %s",
		    n == 2 ? "TCB" : top[n]);
		check_parts_refused(&m, text);
	}
	for (unsigned n = 1; n <= 18; n++) {
		m = good, m.tcb[n] = none;
		(void)snprintf(text, sizeof(text), "has no SVN %u", n);
		check_parts_refused(&m, n == 17   ? "has no PCESVN"
					: n == 18 ? "has no CPUSVN"
						  : text);
	}
	m = good, m.top[6] = none; /* these two are optional */
	CHECK_OK(parse(&p, pck_join(&m), NULL));
	CHECK(!p.has_instance && p.has_config);
	m = good, m.config[1] = none; /* so is each of the configuration */
	CHECK_OK(parse(&p, pck_join(&m), NULL));
	CHECK(p.has_config && !p.dynamic && p.smt);
	m.config[2] = m.config[3] = none;
	m.top[7] = pck_member("", 7, PKI_SEQ(none));
	CHECK_OK(parse(&p, pck_join(&m), NULL));
	CHECK(p.has_config && !p.dynamic && !p.cached_keys && !p.smt);
}

TEST(dcap_pck_refuses_each_member_twice)
{
	struct dcap_pck pck = platform();
	struct pck_parts good, m;
	struct bytes tcb;

	pki_reset();
	good = pck_parts(&pck);
	for (unsigned n = 1; n <= 6; n++) {
		m = good;
		if (n == 2)
			m.top[2] = pck_member(
			    "", 2, pki_tlv(DER_SEQUENCE, pki_cat(m.tcb, 19)));
		m.top[n] = PKI_CAT(m.top[n], m.top[n]);
		check_parts_refused(&m, "comes twice");
	}
	for (unsigned n = 1; n <= 18; n++) {
		m = good, m.tcb[n] = PKI_CAT(m.tcb[n], m.tcb[n]);
		check_parts_refused(&m, "comes twice");
	}
	for (unsigned n = 1; n <= 3; n++) {
		m = good, m.config[n] = PKI_CAT(m.config[n], m.config[n]);
		check_parts_refused(&m, "comes twice");
	}
	tcb = pki_tlv(DER_SEQUENCE, pki_cat(good.config, 4));
	m = good,
	m.top[7] = PKI_CAT(pck_member("", 7, tcb), pck_member("", 7, tcb));
	check_parts_refused(&m, "configuration at offset");
}

TEST(dcap_pck_refuses_octets_of_another_length)
{
	static const struct {
		unsigned n;
		size_t len;
		const char *text;
	} all[] = {
		{ 1, 16, "PPID at offset 4 of the SGX extension is malformed" },
		{ 3, 2, "PCEID at offset" },
		{ 4, 6, "FMSPC at offset" },
		{ 6, 16, "platform instance at offset" },
	};
	static const uint8_t bytes[17] = { 1 };
	struct dcap_pck pck = platform();
	struct pck_parts good, m;

	pki_reset();
	good = pck_parts(&pck);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		unsigned n = all[i].n;
		size_t len = all[i].len;

		m = good;
		m.top[n] = pck_member(
		    "", n, pki_octets((struct bytes){ bytes, len - 1 }));
		check_parts_refused(&m, all[i].text);
		m.top[n] = pck_member(
		    "", n, pki_octets((struct bytes){ bytes, len + 1 }));
		check_parts_refused(&m, all[i].text);
		m.top[n] = pck_member(
		    "", n, pki_bits((struct bytes){ bytes, len - 1 }));
		check_parts_refused(&m, all[i].text);
		m.top[n] = pck_member("", n,
		    PKI_CAT(pki_octets((struct bytes){ bytes, len }),
			pki_octets((struct bytes){ bytes, len })));
		check_parts_refused(&m, all[i].text);
	}
	m = good, m.tcb[18] = pck_member(
		      ".2", 18, pki_octets((struct bytes){ bytes, 15 }));
	check_parts_refused(&m, "CPUSVN at offset");
	m.tcb[18] =
	    pck_member(".2", 18, pki_octets((struct bytes){ bytes, 17 }));
	check_parts_refused(&m, "CPUSVN at offset");
}

TEST(dcap_pck_refuses_numbers_out_of_range)
{
	struct dcap_pck pck = platform();
	struct pck_parts good, m;
	char text[32];

	pki_reset();
	good = pck_parts(&pck);
	for (unsigned n = 1; n <= 16; n++) {
		(void)snprintf(text, sizeof(text), "SVN %u at offset", n);
		m = good, m.tcb[n] = pck_member(".2", n, pki_int(256));
		check_parts_refused(&m, text);
		m.tcb[n] = pck_member(".2", n, pki_hex("0201ff")); /* -1 */
		check_parts_refused(&m, text);
		m.tcb[n] = pck_member(".2", n, pki_hex("02020001"));
		check_parts_refused(&m, text); /* not the shortest form */
		m.tcb[n] = pck_member(".2", n, pki_hex("0200"));
		check_parts_refused(&m, text);
	}
	m = good, m.tcb[17] = pck_member(".2", 17, pki_int(0x10000));
	check_parts_refused(&m, "PCESVN at offset");
	m = good, m.top[5] = pck_member("", 5, pki_hex("0a0103"));
	check_parts_refused(&m, "SGX type at offset");
	m.top[5] = pck_member("", 5, pki_hex("0a020001"));
	check_parts_refused(&m, "SGX type at offset");
	m.top[5] = pck_member("", 5, pki_hex("0a00"));
	check_parts_refused(&m, "SGX type at offset");
	m.top[5] = pck_member("", 5, pki_int(1)); /* INTEGER, not ENUMERATED */
	check_parts_refused(&m, "SGX type at offset");
	m = good, m.config[2] = pck_member(".7", 2, pki_hex("010101"));
	check_parts_refused(&m, "cached keys at offset");
	m.config[2] = pck_member(".7", 2, pki_int(1));
	check_parts_refused(&m, "cached keys at offset");
}

TEST(dcap_pck_refuses_members_that_it_does_not_know)
{
	struct dcap_pck pck = platform();
	struct pck_parts good, m;

	pki_reset();
	good = pck_parts(&pck);
	m = good, m.top[0] = pck_member("", 8, pki_int(1));
	check_parts_refused(&m, "member at offset 4 of the SGX extension is "
				"unknown");
	m = good, m.top[0] = pck_member("", 0, pki_int(1));
	check_parts_refused(&m, "is unknown");
	m = good, m.top[0] = pck_member("", 200, pki_int(1));
	check_parts_refused(&m, "is unknown"); /* a number of two bytes */
	m = good, m.top[0] = PKI_SEQ(pki_oid("2.5.29.20"), pki_int(1));
	check_parts_refused(&m, "is unknown");
	m = good,
	m.top[0] = PKI_SEQ(pki_oid("1.2.840.113741.1.14.1.1"), pki_int(1));
	check_parts_refused(&m, "is unknown");
	m = good, m.tcb[0] = pck_member(".2", 19, pki_int(1));
	check_parts_refused(&m, "member of TCB at offset");
	m = good, m.tcb[0] = pck_member(".7", 1, pki_int(1));
	check_parts_refused(&m, "member of TCB at offset");
	m = good, m.config[0] = pck_member(".7", 4, pki_bool(true));
	check_parts_refused(&m, "member of configuration at offset");
	m = good, m.config[0] = pck_member(".2", 1, pki_bool(true));
	check_parts_refused(&m, "member of configuration at offset");
}

TEST(dcap_pck_refuses_components_that_disagree_with_cpusvn)
{
	struct dcap_pck pck = platform();
	struct pck_parts m;

	pki_reset();
	for (size_t i = 0; i < DCAP_SVN_LEN; i++) {
		pck.cpusvn[i]++;
		m = pck_parts(&pck);
		check_parts_refused(&m, "CPUSVN differs from SVN 1 to 16");
		pck.cpusvn[i]--;
	}
}

TEST(dcap_pck_refuses_what_is_not_a_list_of_members)
{
	struct dcap_pck pck = platform();
	struct pck_parts good, m;
	struct bytes tcb;

	pki_reset();
	good = pck_parts(&pck);
	tcb = pki_tlv(DER_SEQUENCE, pki_cat(good.tcb, 19));
	m = good, m.top[1] = pki_int(7);
	check_parts_refused(&m, "member at offset 4 of the SGX extension is "
				"malformed");
	m = good, m.top[1] = PKI_SEQ(pki_int(7), pki_int(7));
	check_parts_refused(&m, "is malformed");
	m = good, m.top[2] = pck_member("", 2, pki_int(7));
	check_parts_refused(&m, "TCB at offset");
	m = good, m.top[2] = pck_member("", 2, PKI_CAT(tcb, pki_int(7)));
	check_parts_refused(&m, "TCB at offset");
	m = good, m.top[7] = pck_member("", 7, pki_int(7));
	check_parts_refused(&m, "configuration at offset");
	m = good, m.top[0] = pki_hex("30");
	check_parts_refused(&m, "is malformed");
	check_refused(
	    PKI_CAT(pck_join(&good), pki_hex("00")), "list at offset");
	check_refused(pki_int(7), "list at offset 0");
	check_refused(PKI_SEQ(none), "extension has no PPID");
}

TEST(dcap_pck_rejects_every_truncation)
{
	struct dcap_pck pck = platform(), p;
	struct pck_parts m;
	struct bytes all;

	pki_reset();
	m = pck_parts(&pck);
	all = pck_join(&m);
	for (size_t n = 0; n < all.len; n++)
		CHECK_ERR(
		    parse(&p, (struct bytes){ all.p, n }, NULL), ERR_FORMAT);
	CHECK_OK(parse(&p, all, NULL));
}

TEST(dcap_pck_refuses_a_certificate_without_the_extension)
{
	struct x509_cert cert = { .exts = none };
	struct err_ctx ctx = { 0 };
	struct dcap_pck p;

	pki_reset();
	CHECK_ERR(dcap_pck_parse(&p, &cert, &ctx), ERR_FORMAT);
	CHECK_STR(ctx.msg, "PCK certificate: no SGX extension "
			   "(1.2.840.113741.1.13.1)");
	cert.exts = pki_ext("1.2.840.113741.1.13.2", pki_int(1), false);
	CHECK_ERR(dcap_pck_parse(&p, &cert, NULL), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    dcap_pck_has_the_fields_of_every_real_certificate),
		cmocka_unit_test(dcap_pck_reads_back_what_was_written),
		cmocka_unit_test(dcap_pck_takes_members_in_any_order),
		cmocka_unit_test(dcap_pck_misses_each_member_that_is_left_out),
		cmocka_unit_test(dcap_pck_refuses_each_member_twice),
		cmocka_unit_test(dcap_pck_refuses_octets_of_another_length),
		cmocka_unit_test(dcap_pck_refuses_numbers_out_of_range),
		cmocka_unit_test(
		    dcap_pck_refuses_members_that_it_does_not_know),
		cmocka_unit_test(
		    dcap_pck_refuses_components_that_disagree_with_cpusvn),
		cmocka_unit_test(
		    dcap_pck_refuses_what_is_not_a_list_of_members),
		cmocka_unit_test(dcap_pck_rejects_every_truncation),
		cmocka_unit_test(
		    dcap_pck_refuses_a_certificate_without_the_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
