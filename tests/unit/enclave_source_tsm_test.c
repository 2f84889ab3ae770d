/* Requests to configfs-tsm, on files that behave like the kernel's. */
#include "fake_tsm.h"

#include "attest/snp.h"
#include "dcap_build.h"
#include "enclave/source.h"

static char root[] = "/tmp/source_tsm_XXXXXX";
static struct source s;
static struct source_answer a;
static struct err_ctx ctx;
static uint8_t data[REPORT_DATA_LEN];

static enum err find(void)
{
	ctx = (struct err_ctx){ 0 };
	s = (struct source)SOURCE_INIT;
	s.os = &fake_os;
	return source_tsm_find(&s, root, &ctx);
}

/* A fresh kernel, its source found, and counters at zero. */
static void start(void)
{
	source_close(&s);
	fake_reset(root);
	CHECK_OK(find());
	fake.made = fake.removed = 0;
}

static enum err make(void)
{
	ctx = (struct err_ctx){ 0 };
	return source_make(&a, &s, data, &ctx);
}

/* A failure says why, and leaves nothing behind: no answer, no directory. */
static void check_fails(enum err want, const char *why)
{
	CHECK_ERR(make(), want);
	CHECK_STR(ctx.msg, why);
	CHECK_EQ(a.report_len, 0);
	CHECK_EQ(a.extra_len, 0);
	CHECK_EQ(fake.made, fake.removed);
}

TEST(tsm_gives_a_report_and_the_hosts_table)
{
	start();
	memcpy(fake.aux, "table", 5);
	fake.aux_len = 5;
	CHECK_OK(make());
	CHECK_EQ(a.tee, TEE_SNP);
	CHECK_EQ(a.report_len, SNP_REPORT_LEN);
	CHECK_MEM(a.report + 0x50, data, sizeof(data));
	CHECK_EQ(a.extra_len, 5);
	CHECK_MEM(a.extra, "table", 5);
	/* One directory for the request, which is gone. */
	CHECK_EQ(fake.made, 1);
	CHECK_EQ(fake.removed, 1);
	CHECK_EQ(fake.waits, 0);
	CHECK_EQ(fake.level, 0);
}

TEST(tsm_needs_neither_a_table_nor_its_file)
{
	start();
	CHECK_OK(make());
	CHECK_EQ(a.extra_len, 0);
	fake.no_file = "auxblob";
	CHECK_OK(make());
	CHECK_EQ(a.extra_len, 0);
}

TEST(tsm_asks_for_the_most_privileged_level_where_there_are_levels)
{
	start();
	fake.floor = "0\n";
	CHECK_OK(make());
	CHECK_EQ(fake.level, '0');
	fake.floor = "2\n";
	check_fails(ERR_UNSUPPORTED,
	    "configfs-tsm: privlevel_floor is 2, so there is no report for "
	    "VMPL 0 (an SVSM is above this guest)");
	fake.floor = "x\n";
	check_fails(ERR_FORMAT, "configfs-tsm: privlevel_floor: bad format");
}

TEST(tsm_refuses_an_answer_to_another_question)
{
	start();
	fake.data_at = 0; /* a recorded report */
	check_fails(ERR_AUTH,
	    "tsm: the report is about another REPORT_DATA than the one asked "
	    "for");
	CHECK_EQ(fake.made, 1);
}

TEST(tsm_asks_again_when_somebody_else_wrote_to_the_request)
{
	start();
	fake.strangers = 2;
	CHECK_OK(make());
	CHECK_EQ(fake.made, 3);
	CHECK_EQ(fake.removed, 3);
	CHECK_EQ(fake.waits, 2);
	fake.strangers = SOURCE_TRIES;
	fake.made = fake.removed = 0;
	check_fails(
	    ERR_BUSY, "configfs-tsm: generation counts other writes than ours");
	CHECK_EQ(fake.made, SOURCE_TRIES);
}

TEST(tsm_notices_a_question_that_the_kernel_dropped)
{
	start();
	fake.lost_write = true; /* close() reports nothing */
	check_fails(
	    ERR_BUSY, "configfs-tsm: generation counts other writes than ours");
}

/* `call` of `file` fails with `error` for ever, and once. */
static void check_fault(
    const char *file, char call, int error, enum err want, const char *why)
{
	start();
	fake.floor = "0\n";
	fake.aux_len = 1;
	fake.fault = (struct fake_fault){ file, call, error, 1000 };
	check_fails(want, why);
	CHECK_EQ(fake.made <= 1, want != ERR_BUSY || call == 'm');
}

TEST(tsm_names_the_file_that_fails)
{
	check_fault(
	    "inblob", 'o', EACCES, ERR_IO, "configfs-tsm: inblob: i/o error");
	check_fault(
	    "inblob", 'w', EINVAL, ERR_IO, "configfs-tsm: inblob: i/o error");
	check_fault(
	    "inblob", 'c', EIO, ERR_IO, "configfs-tsm: inblob: i/o error");
	check_fault(
	    "outblob", 'r', EIO, ERR_IO, "configfs-tsm: outblob: i/o error");
	check_fault("outblob", 'r', EFBIG, ERR_LIMIT,
	    "configfs-tsm: outblob is too long");
	check_fault("outblob", 'r', ETIMEDOUT, ERR_TIMEOUT,
	    "configfs-tsm: outblob: timed out");
	check_fault(
	    "auxblob", 'r', EIO, ERR_IO, "configfs-tsm: auxblob: i/o error");
	check_fault("provider", 'o', ENOENT, ERR_NOTFOUND,
	    "configfs-tsm: provider: not found");
	check_fault("generation", 'o', ENOENT, ERR_NOTFOUND,
	    "configfs-tsm: generation: not found");
	check_fault("outblob", 'o', ENOENT, ERR_NOTFOUND,
	    "configfs-tsm: outblob: not found");
	check_fault("privlevel", 'w', EINVAL, ERR_IO,
	    "configfs-tsm: privlevel: i/o error");
	check_fault(".", 'm', ENXIO, ERR_NOTFOUND,
	    "configfs-tsm: a new request: not found");
	check_fault(
	    ".", 'm', EPERM, ERR_IO, "configfs-tsm: a new request: i/o error");
}

TEST(tsm_tries_again_while_the_kernel_is_busy)
{
	static const int busy[] = { EBUSY, EAGAIN, EINTR, ETXTBSY };

	for (size_t i = 0; i < sizeof(busy) / sizeof(*busy); i++) {
		start();
		fake.fault = (struct fake_fault){ "outblob", 'r', busy[i], 2 };
		CHECK_OK(make());
		CHECK_EQ(fake.waits, 2);
		CHECK_EQ(fake.removed, 3);
	}
	start();
	fake.fault = (struct fake_fault){ "outblob", 'r', EBUSY, 1000 };
	check_fails(ERR_BUSY, "configfs-tsm: outblob: busy");
	CHECK_EQ(fake.made, SOURCE_TRIES);
	/* A name that is taken is as good as busy. */
	start();
	fake.fault = (struct fake_fault){ ".", 'm', EEXIST, 1 };
	CHECK_OK(make());
}

static unsigned slow_waits;

static void slow_wait(unsigned ms)
{
	slow_waits++;
	fake.now_ms += ms + SOURCE_MS;
}

TEST(tsm_begins_no_try_after_its_time)
{
	struct source_os slow = fake_os;

	slow.wait_ms = slow_wait;
	start();
	s.os = &slow;
	fake.fault = (struct fake_fault){ "outblob", 'r', EBUSY, 1000 };
	CHECK_ERR(make(), ERR_BUSY);
	CHECK_EQ(slow_waits, 1);
	CHECK_EQ(fake.made, 1);
	s.os = &fake_os;
}

TEST(tsm_writes_whole_values_only)
{
	start();
	fake.write_max = 63;
	fake.lost_write = true;
	check_fails(ERR_IO, "configfs-tsm: inblob: i/o error");
}

TEST(tsm_takes_no_answer_above_its_limits)
{
	start();
	fake.out_len = SOURCE_REPORT_LEN_MAX + 1;
	check_fails(ERR_LIMIT, "configfs-tsm: outblob is too long");
	start();
	fake.out_len = SNP_REPORT_LEN - 1;
	CHECK_ERR(make(), ERR_TRUNCATED);
	fake.out_len = SNP_REPORT_LEN + 1;
	CHECK_ERR(make(), ERR_TRAILING);
	fake.out_len = SNP_REPORT_LEN;
	fake.aux_len = SOURCE_EXTRA_LEN_MAX;
	CHECK_OK(make());
	CHECK_EQ(a.extra_len, SOURCE_EXTRA_LEN_MAX);
	fake.aux_len++;
	check_fails(ERR_LIMIT, "configfs-tsm: auxblob is too long");
}

TEST(tsm_reads_a_generation_strictly)
{
	static const char *const bad[] = { "", "\n", "4a\n", "-1\n", " 41\n",
		"18446744073709551616\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		start();
		fake.generation = bad[i];
		check_fails(ERR_FORMAT, "configfs-tsm: generation: bad format");
	}
	start();
	fake.generation = "41\n"; /* it does not count our own write */
	check_fails(
	    ERR_BUSY, "configfs-tsm: generation counts other writes than ours");
}

/* ---- TDX */

static const uint8_t zeros[DCAP_AK_LEN];

/* A TDX quote with nothing in it; where its REPORT_DATA stands. */
static size_t put_quote(enum dcap_tee tee)
{
	struct dcap_quote q = { .version = tee == DCAP_TEE_TDX ? 4 : 3,
		.tee = tee,
		.sig = { zeros, DCAP_SIG_LEN },
		.ak = { zeros, DCAP_AK_LEN },
		.qe_sig = { zeros, DCAP_SIG_LEN },
		.qe_auth = { zeros, 32 },
		.pck_pem = BYTES_LITERAL("-----BEGIN CERTIFICATE-----") };

	fake.out_len = quote_write(fake.out, sizeof(fake.out), &q);
	return DCAP_HEADER_LEN + (tee == DCAP_TEE_TDX ? 520 : 320);
}

static void start_tdx(void)
{
	source_close(&s);
	fake_reset(root);
	fake.provider = "tdx_guest\n";
	CHECK_OK(find());
	CHECK_EQ(s.tee, TEE_TDX);
	fake.made = fake.removed = 0;
	fake.data_at = put_quote(DCAP_TEE_TDX);
}

TEST(tsm_gives_a_quote_under_tdx)
{
	start_tdx();
	fake.aux_len = 9; /* not for TDX */
	CHECK_OK(make());
	CHECK_EQ(a.tee, TEE_TDX);
	CHECK_EQ(a.report_len, fake.out_len);
	CHECK_MEM(a.report + 568, data, sizeof(data));
	CHECK_EQ(a.extra_len, 0);
}

TEST(tsm_looks_at_quotes_too)
{
	start_tdx();
	fake.data_at = 0;
	check_fails(ERR_AUTH,
	    "tsm: the report is about another REPORT_DATA than the one asked "
	    "for");
	start_tdx();
	fake.data_at = put_quote(DCAP_TEE_SGX);
	check_fails(ERR_PROTOCOL, "tsm: a quote of another kind of TEE");
	start_tdx();
	fake.out_len--;
	CHECK(make() != ERR_OK);
	CHECK(ctx.msg[0] != 0);
}

TEST(tsm_refuses_a_provider_that_changes_or_is_unknown)
{
	start();
	fake.provider = "tdx_guest\n";
	check_fails(ERR_PROTOCOL, "configfs-tsm: the provider has changed");
	fake.provider = "arm_cca_guest\n";
	check_fails(ERR_UNSUPPORTED,
	    "configfs-tsm: a provider other than sev_guest and tdx_guest");
	CHECK_ERR(find(), ERR_UNSUPPORTED);
	CHECK_EQ(s.fd, -1);
	fake.provider = "sev_guest"; /* without a line feed */
	CHECK_OK(find());
}

TEST(tsm_is_not_there_without_a_directory_or_a_tee_behind_it)
{
	source_close(&s);
	fake_reset(root);
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(
	    source_tsm_find(&s, "/tmp/source_tsm_none", &ctx), ERR_NOTFOUND);
	CHECK_EQ(ctx.msg[0], 0);
	fake.fault = (struct fake_fault){ ".", 'm', ENXIO, 1 };
	CHECK_ERR(find(), ERR_NOTFOUND);
	CHECK_EQ(ctx.msg[0], 0);
	CHECK_EQ(s.fd, -1);
	CHECK_OK(find());
	CHECK_EQ(fake.made, fake.removed); /* the probe is gone */
}

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i + 1);
	s = (struct source)SOURCE_INIT;
	s.os = &fake_os;
	return mkdtemp(root) == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	source_close(&s);
	return rmdir(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tsm_gives_a_report_and_the_hosts_table),
		cmocka_unit_test(tsm_needs_neither_a_table_nor_its_file),
		cmocka_unit_test(
		    tsm_asks_for_the_most_privileged_level_where_there_are_levels),
		cmocka_unit_test(tsm_refuses_an_answer_to_another_question),
		cmocka_unit_test(
		    tsm_asks_again_when_somebody_else_wrote_to_the_request),
		cmocka_unit_test(
		    tsm_notices_a_question_that_the_kernel_dropped),
		cmocka_unit_test(tsm_names_the_file_that_fails),
		cmocka_unit_test(tsm_tries_again_while_the_kernel_is_busy),
		cmocka_unit_test(tsm_begins_no_try_after_its_time),
		cmocka_unit_test(tsm_writes_whole_values_only),
		cmocka_unit_test(tsm_takes_no_answer_above_its_limits),
		cmocka_unit_test(tsm_reads_a_generation_strictly),
		cmocka_unit_test(tsm_gives_a_quote_under_tdx),
		cmocka_unit_test(tsm_looks_at_quotes_too),
		cmocka_unit_test(
		    tsm_refuses_a_provider_that_changes_or_is_unknown),
		cmocka_unit_test(
		    tsm_is_not_there_without_a_directory_or_a_tee_behind_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
