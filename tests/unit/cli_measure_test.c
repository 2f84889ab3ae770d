/* The lines that `confer measure` prints are lines of a release record. */
#include "test.h"

#include "cli/measure_show.h"
#include "tlog/record.h"

#define HEAD                                                                   \
	"confer-release/v1\nkind image\nproduct p\nchannel c\nseq 1\n"         \
	"issued 1800000000\nnot-before 1800000000\nnot-after 1800086400\n"     \
	"version 1\n"

static void parse(struct tlog_record *r, const struct wr *w)
{
	struct err_ctx ctx = { 0 };

	CHECK_OK(w->err);
	if (tlog_record_parse(r, (struct bytes){ w->p, w->len }, &ctx) !=
	    ERR_OK)
		fail_msg("%s: %.*s", ctx.msg, (int)w->len, (const char *)w->p);
}

TEST(snp_line_is_one_of_a_release_record)
{
	static struct tlog_record r;
	static struct cli_measure_snp m;
	static const char longest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				      "opqrstuvwxyz0123456789.+";
	uint8_t buf[2048], digest[SHA384_LEN];
	struct wr w = wr_init(buf, sizeof(buf));
	const struct record_snp *s = &r.image.snp[0];

	memset(digest, 0xa5, sizeof(digest));
	m.policy = 0x30000;
	m.in.launch.machine.vcpus = SNP_VCPUS_MAX;
	CHECK_OK(snp_inputs_vcpu(&m.in,
	    (struct bytes){ (const uint8_t *)longest, strlen(longest) },
	    &(const uint32_t){ 1 }, NULL));
	wr_str(&w, HEAD);
	cli_measure_record_snp(&w, &m, digest);
	wr_str(&w, "\n");
	parse(&r, &w);
	CHECK_EQ(r.image.n_snp, 1);
	CHECK_EQ(s->vcpus, SNP_VCPUS_MAX);
	CHECK_MEM(s->measurement, digest, sizeof(digest));
	CHECK(mem_eq_str(s->vcpu_type, longest));
	CHECK_EQ(s->policy, 0x30000);
}

TEST(snp_line_of_a_signature_alone_is_one_too)
{
	static struct tlog_record r;
	static struct cli_measure_snp m;
	uint8_t buf[2048], digest[SHA384_LEN] = { 0 };
	struct wr w = wr_init(buf, sizeof(buf));

	m.in.launch.machine.vcpus = 1;
	CHECK_OK(snp_inputs_vcpu(&m.in, (struct bytes){ NULL, 0 },
	    &(const uint32_t){ 0x800f12 }, NULL));
	wr_str(&w, HEAD);
	cli_measure_record_snp(&w, &m, digest);
	wr_str(&w, "\n");
	parse(&r, &w);
	CHECK(mem_eq_str(r.image.snp[0].vcpu_type, "0x00800f12"));
}

TEST(tdx_line_is_one_of_a_release_record)
{
	static struct tlog_record r;
	static struct cli_measure_tdx m;
	static struct tdx_values v;
	uint8_t buf[2048];
	struct wr w = wr_init(buf, sizeof(buf));
	const struct record_tdx *t = &r.image.tdx[0];

	memset(v.mrtd, 1, SHA384_LEN);
	for (int i = 0; i < 3; i++)
		memset(v.rtmr[i], 2 + i, SHA384_LEN);
	m.shape = "q35-2g";
	m.attributes = 0x10000000;
	m.xfam = 0x602e7;
	wr_str(&w, HEAD);
	cli_measure_record_tdx(&w, &m, &v);
	wr_str(&w, "\n");
	parse(&r, &w);
	CHECK_EQ(r.image.n_tdx, 1);
	CHECK(mem_eq_str(t->shape, "q35-2g"));
	CHECK_MEM(t->mrtd, v.mrtd, SHA384_LEN);
	for (int i = 0; i < 3; i++)
		CHECK_MEM(t->rtmr[i], v.rtmr[i], SHA384_LEN);
	CHECK(mem_is_zero(t->rtmr[3], SHA384_LEN));
	CHECK_EQ(t->attributes, 0x10000000);
	CHECK_EQ(t->xfam, 0x602e7);
}

TEST(tdx_line_exists_only_with_all_four_values)
{
	struct tdx_values v = { .has_mrtd = true,
		.has_rtmr = { true, true, true } };

	CHECK(cli_measure_complete(&v));
	v.has_mrtd = false;
	CHECK(!cli_measure_complete(&v));
	v.has_mrtd = true;
	for (int i = 0; i < 3; i++) {
		v.has_rtmr[i] = false;
		CHECK(!cli_measure_complete(&v));
		v.has_rtmr[i] = true;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snp_line_is_one_of_a_release_record),
		cmocka_unit_test(snp_line_of_a_signature_alone_is_one_too),
		cmocka_unit_test(tdx_line_is_one_of_a_release_record),
		cmocka_unit_test(tdx_line_exists_only_with_all_four_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
