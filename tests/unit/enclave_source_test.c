/* Which source is chosen, and Gramine's files. */
#include "fake_tsm.h"

#include "dcap_build.h"
#include "enclave/source.h"

static char dir[] = "/tmp/enclave_source_XXXXXX";
static char tsm[64], device[64], gramine[64];
static struct source s;
static struct source_answer a;
static struct err_ctx ctx;
static uint8_t data[REPORT_DATA_LEN];
static struct addr simtee;

static void put_file(const char *d, const char *name, const void *p, size_t n)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", d, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

static void remove_file(const char *d, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", d, name);
	(void)unlink(path);
}

/* A machine that has some of: configfs-tsm, sev-guest, gramine. */
static void machine(bool has_tsm, bool has_sev, bool has_gramine)
{
	source_close(&s);
	remove_file(gramine, "attestation_type");
	remove_file(gramine, "user_report_data");
	remove_file(gramine, "quote");
	(void)rmdir(gramine);
	(void)rmdir(tsm);
	(void)unlink(device);
	fake_reset(tsm);
	if (has_tsm)
		CHECK_EQ(mkdir(tsm, 0700), 0);
	if (has_sev)
		put_file(dir, "sev-guest", "", 0);
	if (!has_gramine)
		return;
	CHECK_EQ(mkdir(gramine, 0700), 0);
	put_file(gramine, "attestation_type", "dcap", 4);
	put_file(gramine, "user_report_data", "", 0);
}

static enum err choose(enum source_choice choice)
{
	const struct source_places places = { .tsm_dir = tsm,
		.sev_guest_device = device,
		.gramine_dir = gramine,
		.simtee = &simtee };

	source_close(&s);
	ctx = (struct err_ctx){ 0 };
	return source_open(&s, choice, &places, &fake_os, &ctx);
}

static void check_chosen(
    enum source_choice choice, enum source_kind kind, enum tee_kind tee)
{
	CHECK_OK(choose(choice));
	CHECK_STR(source_kind_name(s.kind), source_kind_name(kind));
	CHECK_EQ(s.tee, tee);
}

static void check_refused(
    enum source_choice choice, enum err want, const char *why)
{
	CHECK_ERR(choose(choice), want);
	CHECK(strstr(ctx.msg, why) != NULL);
	CHECK_EQ(s.fd, -1);
	CHECK_EQ(s.kind, SOURCE_NONE);
}

TEST(source_auto_takes_the_first_that_is_there)
{
	machine(true, true, true);
	check_chosen(SOURCE_CHOOSE_AUTO, SOURCE_TSM, TEE_SNP);
	fake.provider = "tdx_guest\n";
	check_chosen(SOURCE_CHOOSE_AUTO, SOURCE_TSM, TEE_TDX);
	machine(false, true, true);
	check_chosen(SOURCE_CHOOSE_AUTO, SOURCE_SEV_GUEST, TEE_SNP);
	machine(false, false, true);
	check_chosen(SOURCE_CHOOSE_AUTO, SOURCE_GRAMINE, TEE_SGX);
	machine(false, false, false);
	check_refused(
	    SOURCE_CHOOSE_AUTO, ERR_NOTFOUND, "this machine has no TEE");
}

TEST(source_auto_passes_an_interface_without_a_tee)
{
	machine(true, true, false);
	fake.fault = (struct fake_fault){ ".", 'm', ENXIO, 1000 };
	check_chosen(SOURCE_CHOOSE_AUTO, SOURCE_SEV_GUEST, TEE_SNP);
	machine(true, false, false);
	fake.fault = (struct fake_fault){ ".", 'm', ENXIO, 1000 };
	check_refused(
	    SOURCE_CHOOSE_AUTO, ERR_NOTFOUND, "this machine has no TEE");
}

TEST(source_auto_does_not_pass_what_it_cannot_use)
{
	machine(true, true, true);
	fake.fault = (struct fake_fault){ ".", 'm', EPERM, 1000 };
	check_refused(SOURCE_CHOOSE_AUTO, ERR_IO, "a new request: i/o error");
	machine(true, true, true);
	fake.provider = "other\n";
	check_refused(
	    SOURCE_CHOOSE_AUTO, ERR_UNSUPPORTED, "a provider other than");
}

TEST(source_is_of_the_kind_that_was_demanded)
{
	machine(true, true, true);
	check_chosen(SOURCE_CHOOSE_SNP, SOURCE_TSM, TEE_SNP);
	check_refused(SOURCE_CHOOSE_TDX, ERR_UNSUPPORTED,
	    "this machine's TEE is snp, and not tdx as demanded");
	check_chosen(SOURCE_CHOOSE_SGX, SOURCE_GRAMINE, TEE_SGX);
	fake.provider = "tdx_guest\n";
	check_chosen(SOURCE_CHOOSE_TDX, SOURCE_TSM, TEE_TDX);
	check_refused(SOURCE_CHOOSE_SNP, ERR_UNSUPPORTED,
	    "this machine's TEE is tdx, and not snp as demanded");
	machine(false, true, false);
	check_chosen(SOURCE_CHOOSE_SNP, SOURCE_SEV_GUEST, TEE_SNP);
	check_refused(SOURCE_CHOOSE_TDX, ERR_NOTFOUND, "no TEE of the kind");
	check_refused(SOURCE_CHOOSE_SGX, ERR_NOTFOUND, "no TEE of the kind");
}

TEST(source_sim_is_taken_only_when_named)
{
	machine(false, false, false);
	check_chosen(SOURCE_CHOOSE_SIM, SOURCE_SIM, TEE_SIM);
	CHECK(s.simtee == &simtee);
	CHECK_EQ(s.fd, -1);
}

/* ---- gramine */

static enum err make(void)
{
	ctx = (struct err_ctx){ 0 };
	return source_make(&a, &s, data, &ctx);
}

static const uint8_t zeros[DCAP_AK_LEN];

/* What Gramine would answer to `report_data`. */
static void put_quote(enum dcap_tee tee, const uint8_t *report_data)
{
	static uint8_t out[FAKE_OUT];
	struct dcap_quote q = { .version = tee == DCAP_TEE_SGX ? 3 : 4,
		.tee = tee,
		.sig = { zeros, DCAP_SIG_LEN },
		.ak = { zeros, DCAP_AK_LEN },
		.qe_sig = { zeros, DCAP_SIG_LEN },
		.qe_auth = { zeros, 32 },
		.pck_pem = BYTES_LITERAL("-----BEGIN CERTIFICATE-----") };
	size_t n;

	memcpy(q.sgx.report_data, report_data, REPORT_DATA_LEN);
	memcpy(q.td.report_data, report_data, REPORT_DATA_LEN);
	n = quote_write(out, sizeof(out), &q);
	put_file(gramine, "quote", out, n);
}

TEST(gramine_gives_a_quote)
{
	uint8_t *asked;
	size_t n;
	char path[128];

	machine(false, false, true);
	CHECK_OK(choose(SOURCE_CHOOSE_SGX));
	put_quote(DCAP_TEE_SGX, data);
	CHECK_OK(make());
	CHECK_EQ(a.tee, TEE_SGX);
	CHECK(a.report_len > 1000);
	CHECK_EQ(a.extra_len, 0);
	(void)snprintf(path, sizeof(path), "%s/user_report_data", gramine);
	asked = read_file(path, &n);
	CHECK_EQ(n, REPORT_DATA_LEN);
	CHECK_MEM(asked, data, n);
	free(asked);
}

TEST(gramine_answers_are_looked_at)
{
	uint8_t other[REPORT_DATA_LEN] = { 9 };

	machine(false, false, true);
	CHECK_OK(choose(SOURCE_CHOOSE_SGX));
	CHECK_ERR(make(), ERR_NOTFOUND);
	CHECK_STR(ctx.msg, "gramine: quote: not found");
	put_quote(DCAP_TEE_SGX, other);
	CHECK_ERR(make(), ERR_AUTH);
	CHECK_STR(ctx.msg,
	    "gramine: the report is about another REPORT_DATA than the one "
	    "asked for");
	put_quote(DCAP_TEE_TDX, data);
	CHECK_ERR(make(), ERR_PROTOCOL);
	CHECK_STR(ctx.msg, "gramine: a quote of another kind of TEE");
	put_file(gramine, "quote", a.report, SOURCE_REPORT_LEN_MAX);
	CHECK(make() != ERR_OK);
	put_file(gramine, "quote", a.extra, SOURCE_REPORT_LEN_MAX + 1);
	CHECK_ERR(make(), ERR_LIMIT);
	CHECK_STR(ctx.msg, "gramine: quote: too long");
	fake.fault = (struct fake_fault){ "user_report_data", 'w', EIO, 1 };
	CHECK_ERR(make(), ERR_IO);
	CHECK_STR(ctx.msg, "gramine: user_report_data: i/o error");
	CHECK_EQ(a.report_len, 0);
}

TEST(gramine_must_be_set_up_for_dcap)
{
	machine(false, false, true);
	put_file(gramine, "attestation_type", "dcap\n", 5);
	CHECK_OK(choose(SOURCE_CHOOSE_SGX));
	put_file(gramine, "attestation_type", "none", 4);
	check_refused(SOURCE_CHOOSE_SGX, ERR_UNSUPPORTED, "is not dcap");
	check_refused(SOURCE_CHOOSE_AUTO, ERR_UNSUPPORTED, "is not dcap");
	put_file(gramine, "attestation_type", a.extra, 100);
	check_refused(SOURCE_CHOOSE_SGX, ERR_LIMIT, "attestation_type");
}

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i + 1);
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(tsm, sizeof(tsm), "%s/tsm", dir);
	(void)snprintf(device, sizeof(device), "%s/sev-guest", dir);
	(void)snprintf(gramine, sizeof(gramine), "%s/gramine", dir);
	s = (struct source)SOURCE_INIT;
	s.os = &fake_os;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	machine(false, false, false);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_auto_takes_the_first_that_is_there),
		cmocka_unit_test(source_auto_passes_an_interface_without_a_tee),
		cmocka_unit_test(source_auto_does_not_pass_what_it_cannot_use),
		cmocka_unit_test(source_is_of_the_kind_that_was_demanded),
		cmocka_unit_test(source_sim_is_taken_only_when_named),
		cmocka_unit_test(gramine_gives_a_quote),
		cmocka_unit_test(gramine_answers_are_looked_at),
		cmocka_unit_test(gramine_must_be_set_up_for_dcap),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
