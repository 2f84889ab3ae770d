/* What is said about a verdict. */
#include "test.h"

#include "base/json.h"
#include "cli/exit.h"
#include "cli/report.h"

static void hang_up(void *cookie)
{
	(void)cookie;
}

static uint64_t now(void *cookie)
{
	(void)cookie;
	return 0;
}

static struct client_io io = { .hang_up = hang_up, .mono_ms = now };
static struct client_config config = { .io = &io, .address = "unix:/x" };

static struct client_conn *sample(void)
{
	struct client_conn *c = client_conn_new(&config);
	uint8_t ids[CHECKS_MAX];
	struct verdict *v;

	assert_non_null(c);
	v = &c->judgement.verdict;
	v->accepted = v->simulated = true;
	v->checks.deadline_s = 1000 + 3600;
	v->claims.kind = TEE_SIM;
	memset(v->claims.measurement, 0x3f, SNP_MEASUREMENT_LEN);
	v->claims.measurement_len = SNP_MEASUREMENT_LEN;
	v->claims.image_seq = 3;
	v->claims.head.size = 5;
	(void)snprintf(v->claims.product, CLAIM_TEXT_MAX, "confer");
	(void)snprintf(v->claims.channel, CLAIM_TEXT_MAX, "local");
	(void)snprintf(v->claims.model_name, CLAIM_TEXT_MAX, "demo");
	v->checks.n = evidence_required(ids, TEE_SIM, false);
	for (size_t i = 0; i < v->checks.n; i++) {
		v->checks.line[i].id = ids[i];
		v->checks.line[i].result = CHECK_PASSED;
	}
	c->verified_at = 1000;
	return c;
}

TEST(summary_says_what_was_checked)
{
	struct client_conn *c = sample();
	char line[CLI_SUMMARY_MAX];

	setenv("TZ", "UTC", 1);
	cli_report_summary(line, &c->judgement.verdict, 1000);
	CHECK_STR(line,
	    "SIMULATED, NOT PRIVATE · enclave checked: launch 3f3f3f3f… = "
	    "release 3 of confer/local · model demo · log of 5 entries, no "
	    "witnesses · until 01:16");
	c->judgement.verdict.simulated = false;
	c->judgement.verdict.claims.kind = TEE_SNP;
	c->judgement.verdict.claims.family = SNP_FAMILY_GENOA;
	c->judgement.verdict.claims.head.time = 900;
	c->judgement.verdict.claims.head.witnesses = 2;
	c->judgement.verdict.claims.head.size = 1;
	cli_report_summary(line, &c->judgement.verdict, 1000);
	CHECK_STR(line,
	    "enclave checked on AMD SEV-SNP (Genoa): launch 3f3f3f3f… = "
	    "release 3 of confer/local · model demo · log of 1 entry, 2 "
	    "witnesses · until 01:16");
	client_conn_free(c);
}

TEST(times_far_away_have_a_date)
{
	char when[CLI_WHEN_MAX];

	setenv("TZ", "UTC", 1);
	cli_report_when(when, 86400 * 3, 1000);
	CHECK_STR(when, "04 Jan 00:00");
}

/* Also when a check's text came from elsewhere. */
TEST(json_is_valid_and_names_the_simulation)
{
	static uint8_t out[65536];
	struct wr w = wr_init(out, sizeof(out));
	struct client_conn *c = sample();
	struct json v, checks, warning, item;
	struct json_iter it;
	size_t n = 0;

	(void)snprintf(c->judgement.verdict.checks.line[3].text,
	    ERR_MSG_LEN_MAX, "quote \" backslash \\ newline \n");
	cli_report_json(&w, c);
	CHECK_OK(w.err);
	CHECK_OK(json_parse(&v, (struct bytes){ out, w.len }, NULL));
	CHECK(json_get(&v, "warning", &warning));
	CHECK(json_is_str(&warning, VERDICT_SIMULATED));
	CHECK(json_get(&v, "checks", &checks));
	it = json_iter(&checks);
	while (json_next(&it, NULL, &item))
		n++;
	CHECK_EQ(n, c->judgement.verdict.checks.n);
	client_conn_free(c);
}

TEST(a_refusal_makes_no_claims)
{
	static uint8_t out[65536];
	struct wr w = wr_init(out, sizeof(out));
	struct client_conn *c = sample();
	struct json v, x;

	c->judgement.split_view = true; /* whatever the verdict said */
	cli_report_json(&w, c);
	CHECK_OK(json_parse(&v, (struct bytes){ out, w.len }, NULL));
	CHECK(!json_get(&v, "claims", &x));
	CHECK(json_get(&v, "accepted", &x));
	CHECK(mem_eq_str(x.text, "false"));
	client_conn_free(c);
}

TEST(each_fault_has_its_exit_code)
{
	static const struct {
		enum client_fault fault;
		int code;
	} want[] = { { CLIENT_FAULT_NONE, 0 }, { CLIENT_FAULT_USAGE, 1 },
		{ CLIENT_FAULT_REFUSED, 2 }, { CLIENT_FAULT_UNREACHABLE, 3 },
		{ CLIENT_FAULT_INTERNAL, 4 }, { CLIENT_FAULT_MISBEHAVIOUR, 5 },
		{ CLIENT_FAULT_DAMAGE, 6 } };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		CHECK_EQ(cli_exit_of_fault(want[i].fault), want[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary_says_what_was_checked),
		cmocka_unit_test(times_far_away_have_a_date),
		cmocka_unit_test(json_is_valid_and_names_the_simulation),
		cmocka_unit_test(a_refusal_makes_no_claims),
		cmocka_unit_test(each_fault_has_its_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
