/* What is said about a verdict. */
#include "test.h"

#include "base/json.h"
#include "cli/exit.h"
#include "cli/report.h"
#include "tlog/checkpoint.h"

#define NOW (86400ull * 30)

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
	v->checks.deadline_s = NOW + 3600;
	v->claims.kind = TEE_SIM;
	memset(v->claims.measurement, 0x3f, SNP_MEASUREMENT_LEN);
	v->claims.measurement_len = SNP_MEASUREMENT_LEN;
	v->claims.image_seq = 3;
	v->claims.image_issued = NOW - 3 * 86400;
	v->claims.head.size = 5;
	(void)snprintf(v->claims.image_version, CLAIM_TEXT_MAX, "1.4.0");
	(void)snprintf(
	    v->claims.seen_by, sizeof(v->claims.seen_by), "no witnesses");
	(void)snprintf(v->claims.product, CLAIM_TEXT_MAX, "confer");
	(void)snprintf(v->claims.channel, CLAIM_TEXT_MAX, "local");
	(void)snprintf(v->claims.model_name, CLAIM_TEXT_MAX, "demo");
	v->checks.n = evidence_required(ids, TEE_SIM, false);
	for (size_t i = 0; i < v->checks.n; i++) {
		v->checks.line[i].id = ids[i];
		v->checks.line[i].result = CHECK_PASSED;
	}
	c->verified_at = NOW;
	return c;
}

TEST(summary_says_what_was_checked)
{
	struct client_conn *c = sample();
	struct claims *claims = &c->judgement.verdict.claims;
	char line[CLI_SUMMARY_MAX];

	setenv("TZ", "UTC", 1);
	cli_report_summary(line, &c->judgement.verdict, NOW);
	CHECK_STR(line,
	    "SIMULATED, NOT PRIVATE · enclave checked: launch 3f3f3f3f… = "
	    "release 1.4.0 of confer/local, published 3 days ago, no witnesses "
	    "· model demo · until 01:00");
	c->judgement.verdict.simulated = false;
	claims->kind = TEE_SNP;
	claims->family = SNP_FAMILY_GENOA;
	claims->head.time = NOW - 100;
	(void)snprintf(claims->seen_by, sizeof(claims->seen_by),
	    "seen by 2 of 3 witnesses (operators A, B)");
	(void)snprintf(
	    claims->rebuilder, sizeof(claims->rebuilder), "rebuilder.example");
	cli_report_summary(line, &c->judgement.verdict, NOW);
	CHECK_STR(line,
	    "enclave checked on AMD SEV-SNP (Genoa): launch 3f3f3f3f… = "
	    "release 1.4.0 of confer/local, published 3 days ago, seen by 2 of "
	    "3 witnesses (operators A, B), rebuilt identically by "
	    "rebuilder.example · model demo · until 01:00");
	client_conn_free(c);
}

static const char *release_at(const struct claims *c, uint64_t now)
{
	static char text[CLI_SUMMARY_MAX];
	struct wr w = wr_init(text, sizeof(text) - 1);

	cli_report_release(&w, c, now);
	CHECK_OK(w.err);
	text[w.len] = '\0';
	return text;
}

TEST(a_release_has_an_age_in_one_unit)
{
	static const struct {
		uint64_t age;
		const char *words;
	} want[] = { { 0, "published just now," },
		{ 119, "published just now," },
		{ 120, "published 2 minutes ago," },
		{ 7199, "published 119 minutes ago," },
		{ 7200, "published 2 hours ago," },
		{ 172799, "published 47 hours ago," },
		{ 172800, "published 2 days ago," } };
	struct client_conn *c = sample();
	struct claims *claims = &c->judgement.verdict.claims;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		claims->image_issued = NOW - want[i].age;
		if (strstr(release_at(claims, NOW), want[i].words) == NULL)
			fail_msg("%s", release_at(claims, NOW));
	}
	claims->image_issued = NOW + 60; /* clocks differ */
	CHECK(strstr(release_at(claims, NOW), "just now") != NULL);
	client_conn_free(c);
}

/* [L-24] */
TEST(an_old_head_is_spoken_of)
{
	struct client_conn *c = sample();
	struct claims *claims = &c->judgement.verdict.claims;
	const struct cli_term plain = { 0 };
	char line[CLI_SUMMARY_MAX];
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	claims->head.time = NOW - TLOG_FRESH_WARN_S;
	cli_report_print_old(&plain, f, claims, NOW);
	CHECK_EQ(fflush(f), 0);
	CHECK_EQ(n, 0);
	cli_report_summary(line, &c->judgement.verdict, NOW);
	CHECK(strstr(line, "newest look") == NULL);
	claims->head.time -= 3600 * 7;
	cli_report_print_old(&plain, f, claims, NOW);
	CHECK_EQ(fclose(f), 0);
	CHECK_STR(text,
	    "The newest look of witnesses at the log is 31 hours old: "
	    "something may be wrong with it. After 7 days it is refused.\n");
	cli_report_summary(line, &c->judgement.verdict, NOW);
	CHECK(
	    strstr(line, " · witnesses' newest look 31 hours old · ") != NULL);
	free(text);
	client_conn_free(c);
}

/* Every name at its longest still fits. */
TEST(the_longest_names_fit)
{
	struct client_conn *c = sample();
	struct claims *claims = &c->judgement.verdict.claims;
	char line[CLI_SUMMARY_MAX];

	memset(claims->product, 'p', CLAIM_TEXT_MAX - 1);
	memset(claims->channel, 'c', CLAIM_TEXT_MAX - 1);
	memset(claims->image_version, 'v', CLAIM_TEXT_MAX - 1);
	memset(claims->model_name, 'm', CLAIM_TEXT_MAX - 1);
	memset(claims->rebuilder, 'r', CLAIM_NAME_MAX - 1);
	memset(claims->seen_by, 's', SEEN_BY_LEN_MAX);
	claims->head.time = 1;
	cli_report_summary(line, &c->judgement.verdict, NOW);
	CHECK(strstr(line, "rrr · model mmm") != NULL);
	CHECK(strstr(line, " · until 01:00") != NULL);
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
	CHECK(json_get(&v, "claims", &item));
	CHECK(json_get(&item, "image_version", &warning));
	CHECK(json_is_str(&warning, "1.4.0"));
	CHECK(json_get(&item, "seen_by", &warning));
	CHECK(json_is_str(&warning, "no witnesses"));
	CHECK(!json_get(&item, "rebuilder", &warning));
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
		cmocka_unit_test(a_release_has_an_age_in_one_unit),
		cmocka_unit_test(an_old_head_is_spoken_of),
		cmocka_unit_test(the_longest_names_fit),
		cmocka_unit_test(times_far_away_have_a_date),
		cmocka_unit_test(json_is_valid_and_names_the_simulation),
		cmocka_unit_test(a_refusal_makes_no_claims),
		cmocka_unit_test(each_fault_has_its_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
