/* Fetching collateral: what is asked for, when, how often, and what becomes of
 * the files. What makes a file right or wrong is client_fetch_judge_test.c. */
#include "fetch_world.h"

static struct fetch_world w;

static void check_says(const char *text)
{
	if (strstr(w.why.msg, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", w.why.msg, text);
}

static void check_amd_files(void)
{
	world_check_file(&w, "cert_chain.pem", w.amd.chain);
	world_check_file(&w, "ask.der", w.amd.ask_der);
	world_check_file(&w, "vcek.der", w.amd.vcek_der);
	world_check_file(&w, "crl.der", w.amd.crl);
}

static void check_intel_files(void)
{
	world_check_file(&w, "tcb_info.json", w.intel.ev.tcb_info);
	world_check_file(
	    &w, "tcb_signing_chain.pem", w.intel.ev.tcb_signing_chain);
	world_check_file(&w, "qe_identity.json", w.intel.ev.qe_identity);
	world_check_file(&w, "root_ca.crl.der", w.intel.ev.root_ca_crl);
	world_check_file(&w, "pck.crl.der", w.intel.ev.pck_crl);
	world_check_file(&w, "pck_crl_issuer_chain.pem",
	    PKI_PEM(w.intel.ca_der, w.intel.root_der));
}

static void check_outcomes(enum collateral_outcome want)
{
	for (size_t i = 0; i < w.fetch->results; i++)
		CHECK_EQ(w.fetch->result[i].outcome, want);
}

/* A directory filled from AMD, or Intel. */
static void filled_amd(void)
{
	world_open(&w);
	amd_init(&w.amd);
	world_serve_amd(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 3);
	check_outcomes(COLLATERAL_FETCHED);
}

static void filled_intel(uint16_t version, enum dcap_tee tee)
{
	world_open(&w);
	dcap_world_init(&w.intel, version, tee, false);
	world_serve_intel(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 4);
	check_outcomes(COLLATERAL_FETCHED);
}

TEST(fetch_fills_a_directory_for_snp_and_then_rests)
{
	filled_amd();
	check_amd_files();
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 0);
	check_outcomes(COLLATERAL_KEPT);
	world_close(&w);
}

TEST(fetch_fills_a_directory_for_tdx_and_sgx_and_then_rests)
{
	static const struct {
		uint16_t version;
		enum dcap_tee tee;
		bool by_processor;
	} rows[] = { { 4, DCAP_TEE_TDX, false }, { 3, DCAP_TEE_SGX, false },
		{ 3, DCAP_TEE_SGX, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_open(&w);
		w.intel.by_processor = rows[i].by_processor;
		dcap_world_init(&w.intel, rows[i].version, rows[i].tee, false);
		world_serve_intel(&w);
		CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
		check_intel_files();
		CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
		CHECK_EQ(w.service.n_asked, 0);
		world_close(&w);
	}
}

TEST(fetch_makes_the_directory)
{
	char below[80];

	world_open(&w);
	amd_init(&w.amd);
	world_serve_amd(&w);
	snprintf(below, sizeof(below), "%s/a", w.dir);
	w.fetch->dir = below;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	for (size_t i = 0; i < WORLD_FILES; i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", below, world_files[i]);
		(void)unlink(path);
	}
	CHECK_EQ(rmdir(below), 0);
	world_close(&w);
}

TEST(fetch_for_a_vlek_asks_for_no_leaf)
{
	world_open(&w);
	amd_init(&w.amd);
	w.amd.ask.subject = "SEV-VLEK-Genoa";
	w.amd.report[0x048] = SNP_KEY_VLEK << 2;
	memset(w.amd.report + 0x1A0, 0, SNP_CHIP_ID_LEN);
	world_serve_amd(&w);
	w.service.reply[0].url = "https://amd.test/vlek/v1/Genoa/cert_chain";
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 2);
	world_check_file(&w, "asvk.der", w.amd.ask_der);
	world_check_file(&w, "crl.der", w.amd.crl);
	CHECK(!world_has(&w, "vcek.der") && !world_has(&w, "ask.der"));
	world_close(&w);
}

TEST(fetch_asks_for_a_list_after_half_of_its_life)
{
	const uint64_t half = PKI_NOW - PKI_DAY + 15 * PKI_DAY;

	filled_amd();
	w.fetch->now_s = half - 1;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 0);
	w.fetch->now_s = half;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 1);
	CHECK_STR(w.service.asked[0], GENOA_CRL_URL);
	CHECK_EQ(world_result(&w, COLLATERAL_ITEM_AMD_CRL)->outcome,
	    COLLATERAL_SAME);

	w.amd.crl_list.this_update = half;
	w.amd.crl_list.next_update = half + 30 * PKI_DAY;
	world_serve_amd(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(world_result(&w, COLLATERAL_ITEM_AMD_CRL)->outcome,
	    COLLATERAL_FETCHED);
	world_check_file(&w, "crl.der", w.amd.crl);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 0);
	world_close(&w);
}

TEST(fetch_asks_for_a_certificate_thirty_days_before_its_end)
{
	world_open(&w);
	amd_init(&w.amd);
	w.amd.vcek.not_after = PKI_NOW + 31 * PKI_DAY - 1;
	w.amd.crl_list.next_update = PKI_NOW + 300 * PKI_DAY;
	world_serve_amd(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	w.fetch->now_s = PKI_NOW + PKI_DAY - 1;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 0);
	w.fetch->now_s = PKI_NOW + PKI_DAY;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 1);
	CHECK_STR(w.service.asked[0], genoa_vcek_url());
	world_close(&w);
}

TEST(fetch_asks_anew_for_what_has_ended_or_is_damaged)
{
	filled_intel(4, DCAP_TEE_TDX);
	w.fetch->now_s = PKI_NOW + 40 * PKI_DAY;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_REFUSED);
	CHECK_EQ(w.service.n_asked, 4); /* all are old, and the answers too */
	check_says("has ended: is the clock right?");
	CHECK(!world_result(&w, COLLATERAL_ITEM_TCB_INFO)->usable);
	check_intel_files();

	w.fetch->now_s = PKI_NOW;
	world_put_file(&w, "pck.crl.der", pki_str("garbage"));
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 1);
	check_intel_files();
	(void)unlink(world_path(&w, "tcb_signing_chain.pem"));
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 1);
	check_intel_files();
	world_close(&w);
}

TEST(fetch_asks_for_another_vcek_after_an_update)
{
	char url[400];

	filled_amd();
	w.amd.report[0x187] = 85;
	w.amd.spl[3] = 85;
	world_serve_amd(&w);
	snprintf(url, sizeof(url), "%.*s85", (int)strlen(genoa_vcek_url()) - 2,
	    genoa_vcek_url());
	w.service.reply[2].url = url;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 1);
	world_check_file(&w, "vcek.der", w.amd.vcek_der);
	world_close(&w);
}

TEST(fetch_refresh_asks_for_everything)
{
	filled_amd();
	w.fetch->refresh = true;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 3);
	check_outcomes(COLLATERAL_SAME);
	world_close(&w);
}

TEST(fetch_keeps_what_is_newer_than_the_answer)
{
	struct bytes newer;

	world_open(&w);
	amd_init(&w.amd);
	w.amd.crl_list.this_update = PKI_NOW - 10;
	world_serve_amd(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	newer = w.amd.crl;
	w.amd.crl_list.this_update = PKI_NOW - 11;
	world_serve_amd(&w);
	w.fetch->refresh = true;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(world_result(&w, COLLATERAL_ITEM_AMD_CRL)->outcome,
	    COLLATERAL_SAME);
	world_check_file(&w, "crl.der", newer);
	world_close(&w);
}

TEST(fetch_waits_longer_each_time_when_the_service_is_busy)
{
	world_open(&w);
	amd_init(&w.amd);
	world_serve_amd(&w);
	w.service.reply[2].busy = 4;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 7);
	CHECK_EQ(w.service.n_waited, 4);
	for (size_t i = 0; i < 4; i++)
		CHECK_EQ(w.service.waited[i], COLLATERAL_PAUSE_MS << i);
	check_amd_files();
	world_close(&w);
}

TEST(fetch_waits_as_the_service_says)
{
	static const struct {
		const char *wait;
		uint64_t ms;
	} rows[] = { { "7", 7000 }, { "59", 59000 }, { "0", 1000 },
		{ "", 1000 }, { "-5", 1000 }, { "soon", 1000 },
		{ "18446744073709551621", 1000 }, /* 5 in 64 bits */
		{ "Wed, 21 Oct 2026 07:28:00 GMT", 1000 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_open(&w);
		amd_init(&w.amd);
		world_serve_amd(&w);
		w.service.reply[2].busy = 1;
		w.service.reply[2].wait = rows[i].wait;
		CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
		CHECK_EQ(w.service.n_waited, 1);
		CHECK_EQ(w.service.waited[0], rows[i].ms);
		world_close(&w);
	}
}

TEST(fetch_gives_up_on_a_service_that_is_too_busy)
{
	world_open(&w);
	amd_init(&w.amd);
	world_serve_amd(&w);
	w.service.reply[2].busy = 1000;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_UNREACHABLE);
	check_says("amd.test is busy (429): the next try would be in 30 s");
	CHECK(w.service.now_ms < w.fetch->deadline_ms);
	CHECK(!world_has(&w, "vcek.der"));
	world_check_file(&w, "crl.der", w.amd.crl);
	world_close(&w);
}

TEST(fetch_does_not_wait_longer_than_it_may)
{
	static const char *const too_long[] = { "60", "301", "999999" };

	for (size_t i = 0; i < 3; i++) {
		world_open(&w);
		amd_init(&w.amd);
		world_serve_amd(&w);
		if (i == 1) /* longer than we ever wait, whatever the time */
			w.fetch->deadline_ms = 3600000;
		w.service.reply[0].busy = 1;
		w.service.reply[0].wait = too_long[i];
		CHECK_EQ(world_run(&w), CLIENT_FAULT_UNREACHABLE);
		check_says("which is too late");
		CHECK_EQ(w.service.n_waited, 0);
		world_close(&w);
	}
}

TEST(fetch_tries_again_when_a_service_is_down_for_a_moment)
{
	world_open(&w);
	amd_init(&w.amd);
	world_serve_amd(&w);
	w.service.reply[1].status = 503;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_UNREACHABLE);
	check_says("busy (503)");
	CHECK_EQ(w.service.n_waited, 5); /* 1 + 2 + 4 + 8 + 16 s of 60 */
	world_close(&w);
}

TEST(fetch_says_what_a_status_means)
{
	static const unsigned other[] = { 204, 400, 401, 403, 404, 500, 502 };

	filled_amd();
	w.fetch->refresh = true;
	w.service.reply[2].status = 404;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_REFUSED);
	check_says("knows no VCEK of this chip with this TCB");
	w.service.reply[2].status = 0;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		char want[64];

		w.service.reply[1].status = other[i];
		CHECK_EQ(world_run(&w), CLIENT_FAULT_REFUSED);
		snprintf(want, sizeof(want), "amd.test answers %u to crl.der",
		    other[i]);
		check_says(want);
		CHECK(world_result(&w, COLLATERAL_ITEM_AMD_CRL)->usable);
		CHECK_EQ(w.service.n_waited, 0);
	}
	check_amd_files();
	world_close(&w);
}

TEST(fetch_sorts_failures_by_whose_they_are)
{
	static const struct {
		enum err err;
		enum client_fault want;
	} rows[] = { { ERR_NOTFOUND, CLIENT_FAULT_UNREACHABLE },
		{ ERR_TIMEOUT, CLIENT_FAULT_UNREACHABLE },
		{ ERR_CLOSED, CLIENT_FAULT_UNREACHABLE },
		{ ERR_TRUNCATED, CLIENT_FAULT_UNREACHABLE },
		{ ERR_IO, CLIENT_FAULT_UNREACHABLE },
		{ ERR_AUTH, CLIENT_FAULT_REFUSED },
		{ ERR_FORMAT, CLIENT_FAULT_REFUSED },
		{ ERR_LIMIT, CLIENT_FAULT_REFUSED },
		{ ERR_PROTOCOL, CLIENT_FAULT_REFUSED },
		{ ERR_NOMEM, CLIENT_FAULT_INTERNAL } };

	filled_amd();
	w.fetch->refresh = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w.service.reply[0].err = rows[i].err;
		CHECK_EQ(world_run(&w), rows[i].want);
		check_says("the service fails");
		CHECK_EQ(w.service.n_asked, 3);
		/* The chain that lies there judges the others all the same. */
		CHECK_EQ(world_result(&w, COLLATERAL_ITEM_VCEK)->outcome,
		    COLLATERAL_SAME);
		CHECK(world_result(&w, COLLATERAL_ITEM_AMD_CHAIN)->usable);
	}
	check_amd_files();
	world_close(&w);
}

TEST(fetch_names_a_directory_that_cannot_be_written)
{
	world_open(&w);
	amd_init(&w.amd);
	world_serve_amd(&w);
	world_put_file(&w, "crl.der", pki_str("a file"));
	w.fetch->dir = strdup(world_path(&w, "crl.der"));
	CHECK_EQ(world_run(&w), CLIENT_FAULT_DAMAGE);
	check_says("crl.der");
	CHECK_EQ(w.service.n_asked, 0);
	free((char *)(uintptr_t)w.fetch->dir);
	world_close(&w);
}

/* ---- addresses ------------------------------------------------------------ */

static void check_url(enum collateral_item item, const char *want)
{
	char url[HTTP_URL_LEN_MAX + 1];

	CHECK_OK(collateral_fetch_url(url, w.fetch, item, NULL));
	CHECK_STR(url, want);
}

TEST(fetch_of_a_turin_names_its_fmc_and_eight_bytes_of_its_id)
{
	world_open(&w);
	CHECK_OK(collateral_want_chip(&w.fetch->want, SNP_FAMILY_TURIN,
	    "0123456789abcdef", "01020304000000ff", NULL));
	check_url(COLLATERAL_ITEM_VCEK,
	    "https://amd.test/vcek/v1/Turin/0123456789abcdef?fmcSPL=01&"
	    "blSPL=02&teeSPL=03&snpSPL=04&ucodeSPL=255");
	check_url(COLLATERAL_ITEM_AMD_CHAIN,
	    "https://amd.test/vcek/v1/Turin/cert_chain");
	check_url(
	    COLLATERAL_ITEM_AMD_CRL, "https://amd.test/vcek/v1/Turin/crl");
	w.fetch->amd_url = "https://mirror.test/amd/";
	check_url(COLLATERAL_ITEM_AMD_CRL,
	    "https://mirror.test/amd/vcek/v1/Turin/crl");
	world_close(&w);
}

TEST(fetch_has_a_limit_for_addresses)
{
	static char longest[HTTP_URL_LEN_MAX + 1];
	char url[HTTP_URL_LEN_MAX + 1];
	struct err_ctx ctx = { 0 };

	world_open(&w);
	memset(longest, 'a', sizeof(longest) - 1);
	w.fetch->want.req.kind = COLLATERAL_FOR_TDX;
	w.fetch->root_crl_url = longest;
	w.fetch->intel_url = longest;
	check_url(COLLATERAL_ITEM_ROOT_CRL, longest);
	CHECK_ERR(collateral_fetch_url(
		      url, w.fetch, COLLATERAL_ITEM_QE_IDENTITY, &ctx),
	    ERR_LIMIT);
	CHECK_STR(url, "");
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    fetch_fills_a_directory_for_snp_and_then_rests),
		cmocka_unit_test(
		    fetch_fills_a_directory_for_tdx_and_sgx_and_then_rests),
		cmocka_unit_test(fetch_makes_the_directory),
		cmocka_unit_test(fetch_for_a_vlek_asks_for_no_leaf),
		cmocka_unit_test(fetch_asks_for_a_list_after_half_of_its_life),
		cmocka_unit_test(
		    fetch_asks_for_a_certificate_thirty_days_before_its_end),
		cmocka_unit_test(
		    fetch_asks_anew_for_what_has_ended_or_is_damaged),
		cmocka_unit_test(fetch_asks_for_another_vcek_after_an_update),
		cmocka_unit_test(fetch_refresh_asks_for_everything),
		cmocka_unit_test(fetch_keeps_what_is_newer_than_the_answer),
		cmocka_unit_test(
		    fetch_waits_longer_each_time_when_the_service_is_busy),
		cmocka_unit_test(fetch_waits_as_the_service_says),
		cmocka_unit_test(fetch_gives_up_on_a_service_that_is_too_busy),
		cmocka_unit_test(fetch_does_not_wait_longer_than_it_may),
		cmocka_unit_test(
		    fetch_tries_again_when_a_service_is_down_for_a_moment),
		cmocka_unit_test(fetch_says_what_a_status_means),
		cmocka_unit_test(fetch_sorts_failures_by_whose_they_are),
		cmocka_unit_test(
		    fetch_names_a_directory_that_cannot_be_written),
		cmocka_unit_test(
		    fetch_of_a_turin_names_its_fmc_and_eight_bytes_of_its_id),
		cmocka_unit_test(fetch_has_a_limit_for_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
