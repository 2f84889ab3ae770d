/* The SNP report parser against real reports and their mutations. */
#include "test.h"

#include "attest/snp.h"
#include "base/hex.h"
#include "base/json.h"

#define MANIFEST_REPORTS 10 /* how many the manifest has */
#define HEX_FIELD_MAX    64

static const char *const golden_v3 =
    "attest/sev-snp/milan-v3-vcek-dstack/report.bin";
static const char *const golden_v5 =
    "attest/sev-snp/turin-v5-vcek-ms/report.bin";

/* A real report in memory that a test may change. */
static void load(uint8_t out[SNP_REPORT_LEN], const char *name)
{
	size_t len;
	uint8_t *p = read_file(vector_path(name), &len);

	CHECK_EQ(len, SNP_REPORT_LEN);
	memcpy(out, p, len);
	free(p);
}

static enum err parse(struct snp_report *r, const uint8_t *p, size_t len)
{
	return snp_report_parse(r, (struct bytes){ p, len }, NULL);
}

static void check_hex(
    const struct json *fields, const char *name, const uint8_t *got, size_t n)
{
	struct json v;
	uint8_t text[2 * HEX_FIELD_MAX], want[HEX_FIELD_MAX];
	size_t len;

	CHECK(json_get(fields, name, &v));
	CHECK_OK(json_string(&v, text, sizeof(text), &len));
	CHECK_OK(hex_decode(want, n, (struct bytes){ text, len }));
	CHECK_MEM(got, want, n);
}

/* A number, written as a number or as "0x..."; true if the field is there. */
static bool find_number(const struct json *o, const char *name, uint64_t *out)
{
	struct json v;
	uint8_t text[32] = { 0 };
	size_t len;

	if (!json_get(o, name, &v))
		return false;
	if (v.type == JSON_STRING) {
		CHECK_OK(json_string(&v, text, sizeof(text) - 1, &len));
		*out = strtoull((const char *)text, NULL, 16);
	} else {
		CHECK_OK(json_u64(&v, out));
	}
	return true;
}

static void check_number(const struct json *o, const char *name, uint64_t got)
{
	uint64_t want = 0;

	CHECK(find_number(o, name, &want));
	CHECK_EQ(got, want);
}

static void check_tcb(
    const struct json *fields, const char *name, const struct snp_tcb *got)
{
	struct json v;
	uint64_t fmc = 0;

	CHECK(json_get(fields, name, &v));
	check_hex(&v, "raw_le_bytes", got->raw, sizeof(got->raw));
	check_number(&v, "bootloader", got->bootloader);
	check_number(&v, "tee", got->tee);
	check_number(&v, "snp", got->snp);
	check_number(&v, "microcode", got->microcode);
	(void)find_number(&v, "fmc", &fmc);
	CHECK_EQ(got->fmc, fmc);
}

/* The numbers of an array against `got`; null stands for absent (all zero). */
static void check_array(
    const struct json *fields, const char *name, const uint8_t got[3])
{
	struct json v, item;
	struct json_iter it;
	size_t n = 0;

	CHECK(json_get(fields, name, &v));
	if (v.type == JSON_NULL) {
		CHECK(got[0] == 0 && got[1] == 0 && got[2] == 0);
		return;
	}
	for (it = json_iter(&v); json_next(&it, NULL, &item); n++) {
		uint64_t want;

		CHECK_OK(json_u64(&item, &want));
		CHECK(n < 3);
		CHECK_EQ(got[n], want);
	}
	CHECK_EQ(n, 3);
}

static void check_fields(const struct json *f, const struct snp_report *r)
{
	uint64_t mit = 0;

	check_number(f, "version", r->version);
	check_number(f, "guest_svn", r->guest_svn);
	check_number(f, "policy", r->policy);
	check_number(f, "vmpl", r->vmpl);
	check_number(f, "sig_algo", r->sig_algo);
	check_number(f, "platform_info", r->platform_info);
	check_number(f, "key_info", r->key_info);
	check_hex(f, "report_data", r->report_data, 64);
	check_hex(f, "measurement", r->measurement, 48);
	check_hex(f, "host_data", r->host_data, 32);
	check_hex(f, "id_key_digest", r->id_key_digest, 48);
	check_hex(f, "author_key_digest", r->author_key_digest, 48);
	check_hex(f, "report_id", r->report_id, 32);
	check_hex(f, "report_id_ma", r->report_id_ma, 32);
	check_hex(f, "chip_id", r->chip_id, 64);
	check_hex(f, "family_id", r->family_id, 16);
	check_hex(f, "image_id", r->image_id, 16);
	check_tcb(f, "current_tcb", &r->current_tcb);
	check_tcb(f, "reported_tcb", &r->reported_tcb);
	check_tcb(f, "committed_tcb", &r->committed_tcb);
	check_tcb(f, "launch_tcb", &r->launch_tcb);
	check_array(f, "cpuid_family_model_stepping",
	    (const uint8_t[]){
		r->cpuid_family, r->cpuid_model, r->cpuid_stepping });
	check_array(f, "current_version_major_minor_build",
	    (const uint8_t[]){
		r->current.major, r->current.minor, r->current.build });
	check_array(f, "committed_version_major_minor_build",
	    (const uint8_t[]){
		r->committed.major, r->committed.minor, r->committed.build });
	(void)find_number(f, "launch_mit_vector", &mit);
	CHECK_EQ(r->launch_mit_vector, mit);
	(void)find_number(f, "current_mit_vector", &mit);
	CHECK_EQ(r->current_mit_vector, mit);
}

static void check_item(const struct json *item)
{
	struct json files, path, fields;
	uint8_t name[256] = "attest/", raw[SNP_REPORT_LEN];
	struct snp_report r;
	size_t len;

	CHECK(json_get(item, "files", &files));
	CHECK(json_get(&files, "report", &path));
	CHECK(json_get(item, "fields", &fields));
	CHECK_OK(json_string(&path, name + 7, sizeof(name) - 8, &len));
	name[7 + len] = 0;
	load(raw, (const char *)name);
	CHECK_OK(parse(&r, raw, sizeof(raw)));
	check_fields(&fields, &r);
}

TEST(snp_report_has_the_fields_of_every_real_report)
{
	size_t len, n = 0;
	uint8_t *text = read_file(vector_path("attest/MANIFEST.json"), &len);
	struct json doc, items, item, kind;
	struct json_iter it;

	CHECK_OK(json_parse(&doc, (struct bytes){ text, len }, NULL));
	CHECK(json_get(&doc, "items", &items));
	for (it = json_iter(&items); json_next(&it, NULL, &item);) {
		if (!json_get(&item, "kind", &kind) ||
		    !json_is_str(&kind, "snp-report"))
			continue;
		check_item(&item);
		n++;
	}
	CHECK_EQ(n, MANIFEST_REPORTS);
	free(text);
}

/* */
TEST(snp_report_chooses_the_tcb_layout_by_processor)
{
	uint8_t raw[SNP_REPORT_LEN];
	struct snp_report r;

	load(raw, golden_v5);
	CHECK_OK(parse(&r, raw, sizeof(raw)));
	CHECK_EQ(r.family, SNP_FAMILY_TURIN);
	CHECK_EQ(r.reported_tcb.snp, 4);
	raw[0x188] = 0x19; /* a Milan that speaks version 5 */
	raw[0x189] = 0x01;
	CHECK_OK(parse(&r, raw, sizeof(raw)));
	CHECK_EQ(r.family, SNP_FAMILY_MILAN);
	CHECK_EQ(r.reported_tcb.snp, 0);
	CHECK_EQ(r.reported_tcb.fmc, 0);
	raw[0x189] = 0xA1;
	CHECK_OK(parse(&r, raw, sizeof(raw)));
	CHECK_STR(snp_family_name(r.family), "Genoa");
}

TEST(snp_report_knows_processors_up_to_the_edges_of_their_ranges)
{
	static const uint8_t edge[][3] = { { 0x19, 0x00, SNP_FAMILY_MILAN },
		{ 0x19, 0x0F, SNP_FAMILY_MILAN },
		{ 0x19, 0x10, SNP_FAMILY_GENOA },
		{ 0x19, 0x1F, SNP_FAMILY_GENOA },
		{ 0x19, 0xA0, SNP_FAMILY_GENOA },
		{ 0x19, 0xAF, SNP_FAMILY_GENOA },
		{ 0x1A, 0x00, SNP_FAMILY_TURIN },
		{ 0x1A, 0x11, SNP_FAMILY_TURIN } };
	uint8_t raw[SNP_REPORT_LEN];
	struct snp_report r;

	load(raw, golden_v3);
	for (size_t i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
		memcpy(raw + 0x188, edge[i], 2);
		CHECK_OK(parse(&r, raw, sizeof(raw)));
		CHECK_EQ(r.family, edge[i][2]);
	}
}

TEST(snp_report_refuses_processors_that_it_does_not_know)
{
	static const uint8_t unknown[][2] = { { 0x19, 0x20 }, { 0x19, 0x9F },
		{ 0x19, 0xB0 }, { 0x1A, 0x12 }, { 0x1B, 0x00 }, { 0, 0 } };
	uint8_t raw[SNP_REPORT_LEN];
	struct snp_report r;

	load(raw, golden_v3);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		memcpy(raw + 0x188, unknown[i], 2);
		CHECK_ERR(parse(&r, raw, sizeof(raw)), ERR_UNSUPPORTED);
		CHECK_EQ(r.version, 0);
	}
}

/* */
TEST(snp_report_rejects_every_other_length)
{
	uint8_t raw[SNP_REPORT_LEN + 1] = { 0 };
	struct snp_report r;

	load(raw, golden_v3);
	for (size_t n = 0; n < SNP_REPORT_LEN; n++)
		CHECK_ERR(parse(&r, raw, n), ERR_TRUNCATED);
	CHECK_ERR(parse(&r, raw, SNP_REPORT_LEN + 1), ERR_TRAILING);
	CHECK_ERR(parse(&r, NULL, 0), ERR_TRUNCATED);
}

/* */
TEST(snp_report_refuses_other_versions_and_algorithms)
{
	static const uint32_t version[] = { 0, 1, 6, 0xffffffff };
	uint8_t raw[SNP_REPORT_LEN];
	struct snp_report r;
	struct err_ctx ctx = { 0 };

	load(raw, golden_v3);
	for (size_t i = 0; i < sizeof(version) / sizeof(version[0]); i++) {
		memcpy(raw, &version[i], 4);
		CHECK_ERR(parse(&r, raw, sizeof(raw)), ERR_UNSUPPORTED);
	}
	raw[0] = 4, raw[1] = raw[2] = raw[3] = 0;
	CHECK_OK(parse(&r, raw, sizeof(raw)));
	raw[0x34] = 0;
	CHECK_ERR(parse(&r, raw, sizeof(raw)), ERR_UNSUPPORTED);
	raw[0x34] = 2;
	CHECK_ERR(
	    snp_report_parse(&r, (struct bytes){ raw, sizeof(raw) }, &ctx),
	    ERR_UNSUPPORTED);
	CHECK(strstr(ctx.msg, "SIG_ALGO 2 at offset 52") != NULL);
}

/* */
TEST(snp_report_demands_reserved_bytes_and_the_tail_zero)
{
	/* First and last byte of every reserved range of version 3. */
	static const size_t at[] = { 0x4C, 0x4F, 0x18B, 0x19F, 0x1EB, 0x1EF,
		0x1F8, 0x207, 0x208, 0x29F, 0x2D0, 0x2E7, 0x318, 0x32F, 0x330,
		0x49F };
	uint8_t raw[SNP_REPORT_LEN];
	struct snp_report r;

	load(raw, golden_v3);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		raw[at[i]] = 1;
		CHECK_ERR(parse(&r, raw, sizeof(raw)), ERR_FORMAT);
		raw[at[i]] = 0;
	}
	CHECK_OK(parse(&r, raw, sizeof(raw)));
	load(raw, "attest/sev-snp/milan-v2-vcek-virtee/report.bin");
	raw[0x188] = 0x19; /* no CPUID bytes before version 3 */
	CHECK_ERR(parse(&r, raw, sizeof(raw)), ERR_FORMAT);
}

/* */
TEST(snp_report_turns_the_signature_around)
{
	uint8_t raw[SNP_REPORT_LEN];
	struct snp_report r;

	load(raw, golden_v3);
	CHECK_OK(parse(&r, raw, sizeof(raw)));
	for (size_t i = 0; i < 48; i++) {
		CHECK_EQ(r.sig[i], raw[0x2A0 + 47 - i]);
		CHECK_EQ(r.sig[48 + i], raw[0x2E8 + 47 - i]);
	}
	CHECK(r.signed_part.p == raw && r.signed_part.len == 0x2A0);
}

/* */
TEST(snp_guest_check_refuses_each_weak_guest)
{
	uint8_t raw[SNP_REPORT_LEN];
	struct snp_report good, r;

	load(raw, golden_v3);
	CHECK_OK(parse(&good, raw, sizeof(raw)));
	CHECK_OK(snp_guest_check(&good, NULL));
	r = good, r.policy |= SNP_POLICY_DEBUG;
	CHECK_ERR(snp_guest_check(&r, NULL), ERR_POLICY);
	r = good, r.policy |= SNP_POLICY_MIGRATE_MA;
	CHECK_ERR(snp_guest_check(&r, NULL), ERR_POLICY);
	r = good, r.policy &= ~SNP_POLICY_MUST_BE_1;
	CHECK_ERR(snp_guest_check(&r, NULL), ERR_POLICY);
	r = good, r.policy |= 1ULL << 26;
	CHECK_ERR(snp_guest_check(&r, NULL), ERR_POLICY);
	r = good, r.vmpl = 1;
	CHECK_ERR(snp_guest_check(&r, NULL), ERR_POLICY);
	r = good, r.key_info |= SNP_KEY_INFO_MASK_CHIP;
	CHECK_ERR(snp_guest_check(&r, NULL), ERR_POLICY);
	r = good, r.key_info |= 1U << 5;
	CHECK_ERR(snp_guest_check(&r, NULL), ERR_POLICY);
	load(raw, "attest/sev-snp/milan-v2-vcek-debug/report.bin");
	CHECK_OK(parse(&r, raw, sizeof(raw)));
	CHECK_ERR(snp_guest_check(&r, NULL), ERR_POLICY);
}

/* */
TEST(snp_tcb_check_wants_each_pair_in_order)
{
	uint8_t raw[SNP_REPORT_LEN];
	struct snp_report good, r;

	load(raw, golden_v3);
	CHECK_OK(parse(&good, raw, sizeof(raw)));
	CHECK_OK(snp_tcb_check(&good, NULL));
	r = good, r.reported_tcb.raw[6] = r.committed_tcb.raw[6] + 1;
	CHECK_ERR(snp_tcb_check(&r, NULL), ERR_POLICY);
	r = good, r.committed_tcb.raw[7] = r.current_tcb.raw[7] + 1;
	CHECK_ERR(snp_tcb_check(&r, NULL), ERR_POLICY);
	r = good, r.launch_tcb.raw[0] = r.current_tcb.raw[0] + 1;
	CHECK_ERR(snp_tcb_check(&r, NULL), ERR_POLICY);
	/* A higher first byte does not outweigh a lower second one. */
	r = good, r.reported_tcb.raw[7] = 0, r.reported_tcb.raw[1] = 1;
	CHECK_ERR(snp_tcb_check(&r, NULL), ERR_POLICY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    snp_report_has_the_fields_of_every_real_report),
		cmocka_unit_test(
		    snp_report_chooses_the_tcb_layout_by_processor),
		cmocka_unit_test(
		    snp_report_knows_processors_up_to_the_edges_of_their_ranges),
		cmocka_unit_test(
		    snp_report_refuses_processors_that_it_does_not_know),
		cmocka_unit_test(snp_report_rejects_every_other_length),
		cmocka_unit_test(
		    snp_report_refuses_other_versions_and_algorithms),
		cmocka_unit_test(
		    snp_report_demands_reserved_bytes_and_the_tail_zero),
		cmocka_unit_test(snp_report_turns_the_signature_around),
		cmocka_unit_test(snp_guest_check_refuses_each_weak_guest),
		cmocka_unit_test(snp_tcb_check_wants_each_pair_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
