/* One peer's reconnect loop is slowed; others do not notice. */
#include "test.h"

#include "enclave/options.h"
#include "enclave/rate.h"

static struct rate r;

static bool allow(uint32_t peer, uint64_t now_ms)
{
	struct addr_peer p = { { 0 } };

	memcpy(p.key, &peer, sizeof(peer));
	return rate_allow(&r, &p, now_ms);
}

TEST(rate_allows_a_burst_and_then_a_steady_rate)
{
	unsigned n = 0;

	memset(&r, 0, sizeof(r));
	for (int i = 0; i < 1000; i++)
		n += allow(1, 5000);
	CHECK_EQ(n, RATE_BURST);
	for (uint64_t ms = 5001; ms <= 15000; ms++)
		n += allow(1, ms);
	CHECK_EQ(n, RATE_BURST + 10 * RATE_PER_S);
}

TEST(rate_keeps_peers_apart)
{
	memset(&r, 0, sizeof(r));
	while (allow(1, 0))
		continue;
	CHECK(allow(2, 0));
	CHECK(!allow(1, 0));
}

TEST(rate_forgets_the_peer_unseen_longest)
{
	memset(&r, 0, sizeof(r));
	while (allow(1, 0))
		continue;
	for (uint32_t i = 2; i <= RATE_PEERS_MAX; i++)
		CHECK(allow(i, i));
	CHECK(!allow(1, 0)); /* still known */
	for (uint32_t i = 1000; i < 1000 + RATE_PEERS_MAX; i++)
		CHECK(allow(i, i));
	CHECK(allow(1, 2000));
}

static enum err options(struct options *o, struct err_ctx *ctx, int n, ...)
{
	char *argv[16] = { (char[]){ "confer-enclave" } };
	va_list ap;

	va_start(ap, n);
	for (int i = 1; i <= n; i++)
		argv[i] = va_arg(ap, char *);
	va_end(ap);
	memset(ctx, 0, sizeof(*ctx));
	return options_read(o, n + 1, argv, ctx);
}

#define NEEDED                                                                 \
	"--listen", "unix:s", "--model", "m", "--simtee=unix:t", "--records",  \
	    "r"

TEST(options_are_read_with_their_defaults)
{
	struct err_ctx ctx;
	struct options o;

	CHECK_OK(options(&o, &ctx, 7, NEEDED));
	CHECK_STR(o.listen, "unix:s");
	CHECK_STR(o.simtee, "unix:t");
	CHECK_EQ(o.sessions, 64);
	CHECK_EQ(o.slots, 4);
	CHECK(o.threads >= 1);
	CHECK_OK(options(
	    &o, &ctx, 11, NEEDED, "--threads", "3", "--sessions", "1024"));
	CHECK_EQ(o.threads, 3);
	CHECK_EQ(o.sessions, 1024);
	CHECK_EQ(o.kv_mib, 0);
	CHECK(!o.speculate);
	CHECK_OK(options(
	    &o, &ctx, 10, NEEDED, "--kv-memory", "2048", "--speculate"));
	CHECK_EQ(o.kv_mib, 2048);
	CHECK(o.speculate);
	CHECK_OK(options(&o, &ctx, 1, "--help"));
	CHECK(o.help);
}

#define NO_SOURCE "--listen", "unix:s", "--model", "m", "--records", "r"

TEST(options_name_the_source_of_evidence)
{
	struct err_ctx ctx;
	struct options o;

	CHECK_OK(options(&o, &ctx, 7, NEEDED));
	CHECK_EQ(o.tee, SOURCE_CHOOSE_SIM);
	CHECK_OK(options(&o, &ctx, 9, NEEDED, "--tee", "sim"));
	CHECK_EQ(o.tee, SOURCE_CHOOSE_SIM);
	CHECK_OK(options(&o, &ctx, 6, NO_SOURCE));
	CHECK_EQ(o.tee, SOURCE_CHOOSE_AUTO);
	CHECK_STR(o.places.tsm_dir, "/sys/kernel/config/tsm/report");
	CHECK_STR(o.places.sev_guest_device, "/dev/sev-guest");
	CHECK_STR(o.places.gramine_dir, "/dev/attestation");
	CHECK_OK(options(&o, &ctx, 14, NO_SOURCE, "--tee", "snp",
	    "--collateral=unix:c", "--tsm-dir", "t", "--sev-guest-device", "s",
	    "--gramine-dir=g"));
	CHECK_EQ(o.tee, SOURCE_CHOOSE_SNP);
	CHECK_STR(o.collateral, "unix:c");
	CHECK_STR(o.places.tsm_dir, "t");
	CHECK_STR(o.places.sev_guest_device, "s");
	CHECK_OK(options(&o, &ctx, 7, NO_SOURCE, "--gramine-dir=g"));
	CHECK_STR(o.places.gramine_dir, "g");
	CHECK_OK(options(&o, &ctx, 8, NO_SOURCE, "--tee", "tdx"));
	CHECK_EQ(o.tee, SOURCE_CHOOSE_TDX);
	CHECK_OK(options(&o, &ctx, 8, NO_SOURCE, "--tee", "sgx"));
	CHECK_EQ(o.tee, SOURCE_CHOOSE_SGX);
}

TEST(options_take_a_simulated_source_only_by_name_and_alone)
{
	struct err_ctx ctx;
	struct options o;

	CHECK_ERR(options(&o, &ctx, 8, NO_SOURCE, "--tee", "sim"), ERR_FORMAT);
	CHECK_STR(ctx.msg, "--tee sim needs --simtee");
	CHECK_ERR(options(&o, &ctx, 9, NEEDED, "--tee", "snp"), ERR_FORMAT);
	CHECK_STR(ctx.msg, "--simtee is for --tee sim only");
	CHECK_ERR(options(&o, &ctx, 9, NEEDED, "--tee", "auto"), ERR_FORMAT);
	CHECK_ERR(
	    options(&o, &ctx, 8, NEEDED, "--collateral=unix:c"), ERR_FORMAT);
	CHECK_STR(ctx.msg, "--collateral is not for the simulated processor");
	CHECK_ERR(options(&o, &ctx, 8, NO_SOURCE, "--tee", "none"), ERR_FORMAT);
	CHECK_STR(
	    ctx.msg, "--tee takes auto, snp, tdx, sgx or sim, not \"none\"");
}

TEST(options_errors_name_the_option)
{
	struct err_ctx ctx;
	struct options o;

	CHECK_ERR(options(&o, &ctx, 2, "--listen", "x"), ERR_FORMAT);
	CHECK_STR(ctx.msg, "--model is missing");
	CHECK_ERR(options(&o, &ctx, 1, "--listen"), ERR_FORMAT);
	CHECK_STR(ctx.msg, "a value is missing after --listen");
	CHECK_ERR(options(&o, &ctx, 1, "--nope"), ERR_FORMAT);
	CHECK_STR(ctx.msg, "unknown option --nope");
	CHECK_ERR(options(&o, &ctx, 8, NEEDED, "x"), ERR_FORMAT);
	CHECK_STR(ctx.msg, "unexpected argument x");
	CHECK_ERR(options(&o, &ctx, 9, NEEDED, "--threads", "0"), ERR_FORMAT);
	CHECK_STR(ctx.msg, "--threads takes a number from 1 to 64, not \"0\"");
	CHECK_ERR(options(&o, &ctx, 9, NEEDED, "--slots", "65"), ERR_FORMAT);
	CHECK_ERR(options(&o, &ctx, 9, NEEDED, "--slots", "-1"), ERR_FORMAT);
	CHECK_ERR(
	    options(&o, &ctx, 9, NEEDED, "--context", "99999999999999999999"),
	    ERR_FORMAT);
	CHECK_ERR(options(&o, &ctx, 9, NEEDED, "--kv-memory", "16777217"),
	    ERR_FORMAT);
	CHECK_ERR(options(&o, &ctx, 8, NEEDED, "--speculate=1"), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_allows_a_burst_and_then_a_steady_rate),
		cmocka_unit_test(rate_keeps_peers_apart),
		cmocka_unit_test(rate_forgets_the_peer_unseen_longest),
		cmocka_unit_test(options_are_read_with_their_defaults),
		cmocka_unit_test(options_name_the_source_of_evidence),
		cmocka_unit_test(
		    options_take_a_simulated_source_only_by_name_and_alone),
		cmocka_unit_test(options_errors_name_the_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
