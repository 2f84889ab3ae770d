/*
 * Evidence put together from a fake processor's report and the host's files,
 * and renewed without anybody noticing.
 */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/report_data.h"
#include "attest/sim.h"
#include "base/hex.h"
#include "enclave/bundle.h"
#include "sys/fd.h"
#include "tlog/proof.h"

/* ---- the hardware, in place of the real or simulated one */

static enum err answer = ERR_OK;
static uint8_t asked[SNP_REPORT_DATA_LEN];
static size_t report_len = SNP_REPORT_LEN;

enum err source_make(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
{
	(void)s;
	(void)ctx;
	memcpy(asked, report_data, sizeof(asked));
	memset(out, 0x77, sizeof(*out));
	out->tee = TEE_SIM;
	out->report_len = report_len;
	out->extra_len = SIM_ENDORSEMENT_LEN;
	return answer;
}

/* ---- the records */

static char dir[] = "/tmp/enclave_bundle_XXXXXX";
static char path[128];
static int dir_fd;

static const char *in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text, size_t n)
{
	CHECK_OK(fd_replace_file(in_dir(name),
	    (struct bytes){ (const uint8_t *)text, n }, 0600, NULL));
}

static void empty_dir(void)
{
	static const char *const names[] = { "image.record", "image.proof",
		"model.record", "model.proof", "policy.record", "policy.proof",
		"rebuild.record", "rebuild.proof" };

	for (size_t i = 0; i < RECORDS_FILES; i++)
		(void)unlink(in_dir(names[i]));
}

static bool is(struct bytes b, const char *s)
{
	return mem_eq_str(b, s);
}

TEST(records_are_relayed_as_they_are)
{
	static struct records r;
	struct evidence ev = { 0 };

	put("image.record", "I", 1);
	put("image.proof", "ip", 2);
	put("policy.proof", "pp", 2);
	put("rebuild.record", "R", 1);
	put("rebuild.proof", "rp", 2);
	CHECK_OK(records_read(&r, &ev, dir_fd, NULL));
	CHECK(is(ev.section[EVIDENCE_REBUILD_RECORD], "R"));
	CHECK(is(ev.section[EVIDENCE_REBUILD_PROOF], "rp"));
	CHECK(is(ev.section[EVIDENCE_IMAGE_RECORD], "I"));
	CHECK(is(ev.section[EVIDENCE_IMAGE_PROOF], "ip"));
	CHECK(is(ev.section[EVIDENCE_POLICY_PROOF], "pp"));
	CHECK_EQ(ev.section[EVIDENCE_MODEL_RECORD].len, 0);
	empty_dir();
}

TEST(records_that_are_too_long_or_no_files_are_named)
{
	static struct records r;
	static char big[RECORDS_LEN_MAX];
	struct evidence ev = { 0 };
	struct err_ctx ctx = { 0 };

	put("image.record", big, sizeof(big));
	CHECK_OK(records_read(&r, &ev, dir_fd, NULL));
	put("model.proof", "x", 1);
	CHECK_ERR(records_read(&r, &ev, dir_fd, &ctx), ERR_LIMIT);
	CHECK_STR(ctx.msg, "cannot read model.proof: the records are too long");
	empty_dir();
	CHECK_EQ(symlink("/etc/passwd", in_dir("policy.record")), 0);
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(records_read(&r, &ev, dir_fd, &ctx), ERR_IO);
	CHECK_STR(ctx.msg, "cannot read policy.record: no regular file");
	empty_dir();
}

TEST(records_directory_that_is_not_there_is_one_sentence)
{
	struct err_ctx ctx = { 0 };
	int fd;

	CHECK_ERR(records_open(&fd, in_dir("none"), &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "none: No such file") != NULL);
}

/* ---- the bundle */

static uint8_t s_pub[X25519_LEN] = { 9 };
static uint8_t receipt_pub[ED25519_PUB_LEN] = { 10 };

static struct bundle_source source(void)
{
	return (struct bundle_source){
		.records_fd = dir_fd, .s_pub = s_pub, .receipt_pub = receipt_pub
	};
}

TEST(bundle_binds_both_keys_and_an_end)
{
	static struct bundle b;
	struct bundle_source src = source();
	struct report_data_fields fields;
	uint8_t want[REPORT_DATA_LEN], digest[SHA256_LEN];
	struct evidence ev;

	put("image.record", "I", 1);
	answer = ERR_OK;
	CHECK_OK(bundle_make(&b, &src, 1000, NULL));
	CHECK_EQ(b.not_after, 1000 + BUNDLE_LIFE_S);
	CHECK_OK(evidence_parse(&ev, (struct bytes){ b.data, b.len }, NULL));
	CHECK_EQ(ev.section[EVIDENCE_KIND].p[0], TEE_SIM);
	CHECK_EQ(ev.section[EVIDENCE_REPORT].len, SNP_REPORT_LEN);
	CHECK_EQ(ev.section[EVIDENCE_REPORT].p[5], 0x77);
	CHECK_EQ(ev.section[EVIDENCE_ENDORSEMENT].len, SIM_ENDORSEMENT_LEN);
	CHECK(is(ev.section[EVIDENCE_IMAGE_RECORD], "I"));
	/* What was asked for is what the binding section says. */
	CHECK_OK(report_data_fields_parse(
	    &fields, ev.section[EVIDENCE_BINDING], NULL));
	CHECK_EQ(fields.not_after, b.not_after);
	CHECK(fields.has_receipt_key);
	CHECK_MEM(fields.receipt_key, receipt_pub, sizeof(receipt_pub));
	report_data_make(want, s_pub, &fields);
	CHECK_MEM(asked, want, sizeof(want));
	evidence_digest(digest, (struct bytes){ b.data, b.len });
	CHECK_MEM(b.hash, digest, sizeof(digest));
	empty_dir();
}

TEST(bundle_failure_leaves_the_old_one)
{
	static struct bundle b;
	struct bundle_source src = source();

	b.len = 3;
	answer = ERR_NOTFOUND;
	CHECK_ERR(bundle_make(&b, &src, 1000, NULL), ERR_NOTFOUND);
	CHECK_EQ(b.len, 3);
}

/* A proof file with a note over `text`, whose signature is no matter here. */
static void put_proof(const char *text)
{
	static uint8_t file[4096];
	char sig[BASE64_LEN(68) + 1], note[1024];
	uint8_t blob[68] = { 1, 2, 3, 4 };
	struct tlog_proof proof = { .index = 0 };
	struct wr w = wr_init(file, sizeof(file));
	int n;

	base64_encode(sig, blob, sizeof(blob));
	n = snprintf(note, sizeof(note),
	    "%s\n\xe2\x80\x94 example.org/log %s\n", text, sig);
	proof.checkpoint = (struct bytes){ (const uint8_t *)note, (size_t)n };
	tlog_proof_format(&w, &proof);
	CHECK_OK(w.err);
	put("image.proof", (const char *)file, w.len);
}

/* [A-31] */
TEST(bundle_binds_the_checkpoint_of_its_own_image_proof)
{
	static const char head[] =
	    "example.org/log\n7\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	static struct bundle b;
	struct bundle_source src = source();
	struct bytes text = BYTES_LITERAL(head);
	struct report_data_fields fields;
	uint8_t want[SHA256_LEN], whole[REPORT_DATA_LEN];
	struct evidence ev;

	put_proof(head);
	CHECK_OK(bundle_make(&b, &src, 1000, NULL));
	CHECK_OK(evidence_parse(&ev, (struct bytes){ b.data, b.len }, NULL));
	CHECK_OK(report_data_fields_parse(
	    &fields, ev.section[EVIDENCE_BINDING], NULL));
	CHECK(fields.has_beacon);
	crypto_sha256(want, &text, 1);
	CHECK_MEM(fields.beacon, want, sizeof(want));
	report_data_make(whole, s_pub, &fields);
	CHECK_MEM(asked, whole, sizeof(whole));
	empty_dir();
	CHECK_OK(bundle_make(&b, &src, 1000, NULL));
	CHECK_OK(evidence_parse(&ev, (struct bytes){ b.data, b.len }, NULL));
	CHECK_OK(report_data_fields_parse(
	    &fields, ev.section[EVIDENCE_BINDING], NULL));
	CHECK(!fields.has_beacon);
}

TEST(bundle_refuses_a_proof_that_is_none)
{
	static struct bundle b;
	struct bundle_source src = source();
	struct err_ctx ctx = { 0 };

	put("image.proof", "ip", 2);
	memset(asked, 0, sizeof(asked));
	CHECK(bundle_make(&b, &src, 1000, &ctx) != ERR_OK);
	CHECK(ctx.msg[0] != 0);
	CHECK(mem_is_zero(asked, sizeof(asked)));
	put_proof("no checkpoint");
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(bundle_make(&b, &src, 1000, &ctx), ERR_FORMAT);
	empty_dir();
}

TEST(bundle_has_one_size_for_all_its_parts)
{
	static struct bundle b;
	static char big[RECORDS_LEN_MAX];
	struct bundle_source src = source();
	struct err_ctx ctx = { 0 };

	put("image.record", big, sizeof(big));
	report_len = 11000;
	CHECK_OK(bundle_make(&b, &src, 1000, NULL));
	report_len = SOURCE_REPORT_LEN_MAX;
	CHECK_ERR(bundle_make(&b, &src, 1000, &ctx), ERR_LIMIT);
	CHECK_STR(ctx.msg,
	    "quote, collateral and records are longer than 61440 bytes");
	report_len = SNP_REPORT_LEN;
	empty_dir();
}

static unsigned wakes;

static void wake(void *cookie)
{
	(void)cookie;
	wakes++;
}

TEST(bundle_refresher_hands_over_what_is_new_once)
{
	static struct bundle_refresher r;
	static struct bundle b;
	struct bundle_source src = source();

	wakes = 0;
	CHECK_OK(bundle_start(&r, &src, wake, NULL, NULL));
	CHECK(!bundle_take(&b, &r));
	answer = ERR_TIMEOUT;
	CHECK_ERR(bundle_round(&r, 5), ERR_TIMEOUT);
	CHECK(!bundle_take(&b, &r));
	answer = ERR_OK;
	CHECK_OK(bundle_round(&r, 5));
	CHECK_EQ(wakes, 1);
	CHECK(bundle_take(&b, &r));
	CHECK_EQ(b.not_after, 5 + BUNDLE_LIFE_S);
	CHECK(!bundle_take(&b, &r));
	/* A new record is in the next one. */
	put("model.record", "M", 1);
	CHECK_OK(bundle_round(&r, 6));
	CHECK(bundle_take(&b, &r));
	CHECK(memchr(b.data, 'M', b.len) != NULL);
	bundle_stop(&r);
	bundle_stop(&r);
	empty_dir();
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return 1;
	return records_open(&dir_fd, dir, NULL) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	fd_close(&dir_fd);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_relayed_as_they_are),
		cmocka_unit_test(
		    records_that_are_too_long_or_no_files_are_named),
		cmocka_unit_test(
		    records_directory_that_is_not_there_is_one_sentence),
		cmocka_unit_test(bundle_binds_both_keys_and_an_end),
		cmocka_unit_test(
		    bundle_binds_the_checkpoint_of_its_own_image_proof),
		cmocka_unit_test(bundle_refuses_a_proof_that_is_none),
		cmocka_unit_test(bundle_has_one_size_for_all_its_parts),
		cmocka_unit_test(bundle_failure_leaves_the_old_one),
		cmocka_unit_test(bundle_refresher_hands_over_what_is_new_once),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
