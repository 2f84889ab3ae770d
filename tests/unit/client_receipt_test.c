/* Receipts on the client's side: what an answer needs to get one, what goes into
 * the file, and what is said of it at which time. */
#include "client/receipt.h"
#include "evidence_fixture.h"
#include "protocol/receipt_check.h"

#define BODY "{\"messages\":[{\"role\":\"user\",\"content\":\"Who?\"}]}"
#define TEXT "Nobody."

static const uint8_t seed[ED25519_SEED_LEN] = { 77 };
static struct fix f;
static struct client_io io;
static struct client_config config = { .io = &io };
static struct client_conn c;
static struct client_state seen;
static struct client_proof proof;
static struct client_judgement j;
static uint8_t wire[4096]; /* of a request: salts and BODY */
static struct bytes body;
static char member_text[4096];
static struct json member;
static uint8_t file[RECEIPT_LEN_MAX];
static struct receipt r;

/* 1, 2, 3, ...: no two salts alike. */
static void count(void *cookie, void *out, size_t n)
{
	static uint8_t next;

	(void)cookie;
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = next++;
}

static struct client_demand demand(uint64_t now)
{
	return (struct client_demand){
		.trust = &f.trust, .accept_simulated = true, .now_s = now
	};
}

/* An open session with accepted evidence that ends after ten minutes. */
static void begin(void)
{
	const struct client_demand d = demand(FIX_NOW);
	struct wr w = wr_init(wire, sizeof(wire));

	fix_init(&f);
	f.binding.has_receipt_key = f.binding.has_not_after = true;
	f.binding.not_after = FIX_NOW + 600;
	crypto_ed25519_public(f.binding.receipt_key, seed);
	io.random = count;
	memset(&c, 0, sizeof(c));
	memset(&seen, 0, sizeof(seen));
	c.config = &config;
	c.bundle = fix_bundle(&f);
	c.verified_at = FIX_NOW;
	memcpy(c.key, f.s_pub, sizeof(c.key));
	CHECK_OK(client_judge(&c.judgement, &d, &seen, c.bundle, c.key));
	CHECK(client_proof_possible(&c));
	client_proof_begin(&proof, &c, &w);
	CHECK_EQ(w.len, CLIENT_SALTS_LEN);
	CHECK(!mem_eq_ct(wire, wire + RECEIPT_SALT_LEN, RECEIPT_SALT_LEN));
	wr_str(&w, BODY);
	body = (struct bytes){ wire, w.len };
}

/* The enclave's part. */
static void state_it(const char *text)
{
	struct receipt_statement s = { .finish = RECEIPT_STOP };
	uint8_t buf[RECEIPT_SIGNED_LEN_MAX], sig[ED25519_SIG_LEN];
	struct wr m = wr_init(buf, sizeof(buf));
	struct wr w = wr_init(member_text, sizeof(member_text));
	char st[RECEIPT_STATEMENT_LEN_MAX], b64[BASE64_LEN(64) + 1];
	struct wr t = wr_init(st, sizeof(st));

	memcpy(s.channel_key, f.s_pub, X25519_LEN);
	memset(s.model_sha256, 0x77, SHA256_LEN);
	receipt_statement_hash(s.request_sha256, wire, fix_str(BODY));
	receipt_statement_hash(
	    s.answer_sha256, wire + RECEIPT_SALT_LEN, fix_str(text));
	receipt_statement_write(&t, &s);
	receipt_statement_signed(&m, (struct bytes){ (uint8_t *)st, t.len });
	crypto_ed25519_sign(sig, seed, (struct bytes){ buf, m.len });
	base64_encode(b64, sig, sizeof(sig));
	wr_str(&w, "{\"statement\":");
	json_write_string(&w, (struct bytes){ (uint8_t *)st, t.len });
	wr_fmt(&w, ",\"signature\":\"%s\"}", b64);
	CHECK_OK(json_parse(
	    &member, (struct bytes){ (uint8_t *)member_text, w.len }, NULL));
}

static enum err take(struct bytes text, struct err_ctx *ctx)
{
	return client_proof_take(&proof, &c, &member, body, text, ctx);
}

static void check_forgotten(void)
{
	CHECK(!proof.stated);
	CHECK(mem_is_zero(&proof, sizeof(proof)));
	fix_clear(&f);
}

static void take_good(void)
{
	begin();
	state_it(TEXT);
	CHECK_OK(take(fix_str(TEXT), NULL));
	CHECK(proof.stated);
}

/* ---- the proof -------------------------------------------------------------- */

/* */
TEST(proof_is_taken_when_the_statement_is_about_this_answer)
{
	struct receipt_check check;
	struct receipt parts = { .channel_key = { f.s_pub, X25519_LEN } };

	take_good();
	client_proof_parts(&parts, &proof, true);
	CHECK_OK(receipt_check(&check, &parts, &c.judgement.verdict, NULL));
	CHECK(check.answer_shown && check.request_shown);
	CHECK_EQ(parts.request.len, RECEIPT_SALT_LEN + strlen(BODY));
	client_proof_parts(&parts, &proof, false);
	CHECK_EQ(parts.request.len + parts.answer.len, 0);
	CHECK_OK(receipt_check(&check, &parts, &c.judgement.verdict, NULL));
	CHECK(check.accepted && !check.answer_shown);
	fix_clear(&f);
}

TEST(proof_refuses_a_statement_about_something_else)
{
	struct err_ctx ctx = { 0 };

	begin();
	state_it("Everybody.");
	CHECK_ERR(take(fix_str(TEXT), &ctx), ERR_AUTH);
	CHECK(strstr(ctx.msg, "something else") != NULL);
	check_forgotten();
	begin();
	state_it(TEXT);
	wire[CLIENT_SALTS_LEN + 3] ^= 1; /* of the request */
	CHECK_ERR(take(fix_str(TEXT), NULL), ERR_AUTH);
	check_forgotten();
	begin();
	state_it(TEXT);
	f.binding.receipt_key[0] ^= 1;
	c.judgement.verdict.claims.binding = f.binding;
	CHECK_ERR(take(fix_str(TEXT), NULL), ERR_AUTH);
	check_forgotten();
}

TEST(proof_needs_statement_and_signature)
{
	static const char *const bad[] = { "{}", "null", "{\"statement\":1}",
		"{\"statement\":\"x\"}",
		"{\"statement\":\"x\",\"signature\":\"AAAA\"}",
		"{\"statement\":\"x\",\"signature\":7}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		CHECK_OK(json_parse(&member, fix_str(bad[i]), NULL));
		CHECK_ERR(take(fix_str(TEXT), NULL), ERR_FORMAT);
		check_forgotten();
	}
}

TEST(proof_says_when_an_answer_is_too_long)
{
	static uint8_t large[RECEIPT_TEXT_MAX + 1];

	begin();
	state_it(TEXT);
	CHECK_ERR(
	    take((struct bytes){ large, sizeof(large) }, NULL), ERR_LIMIT);
	check_forgotten();
}

TEST(proof_is_impossible_without_a_receipt_key)
{
	begin();
	c.judgement.verdict.claims.binding.has_receipt_key = false;
	CHECK(!client_proof_possible(&c));
	c.judgement.verdict.claims.binding.has_receipt_key = true;
	c.judgement.verdict.accepted = false;
	CHECK(!client_proof_possible(&c));
	fix_clear(&f);
}

/* ---- the file ---------------------------------------------------------------- */

static void write_receipt(const struct client_proof *p)
{
	const struct client_receipt what = { .conn = &c,
		.client = "confer-test",
		.trust_text = fix_str(fix_text),
		.proof = p };
	struct wr w = wr_init(file, sizeof(file));

	CHECK_OK(client_receipt_write(&w, &what, NULL));
	CHECK_OK(receipt_parse(&r, (struct bytes){ file, w.len }, NULL));
}

TEST(receipt_holds_what_was_verified)
{
	struct receipt_check_line line;
	struct bytes rest;
	size_t n = 0;

	take_good();
	c.history.resumed = c.history.same = true;
	write_receipt(&proof);
	CHECK(mem_eq_str(r.account.client, "confer-test"));
	CHECK_EQ(r.account.verified_at, FIX_NOW);
	CHECK_EQ(r.account.deadline, FIX_NOW + 600);
	CHECK_EQ(r.account.handshake, RECEIPT_IK_SAME);
	CHECK_EQ(r.account.tee, TEE_SIM);
	CHECK(mem_eq(r.evidence, c.bundle));
	CHECK(mem_eq(r.trust, fix_str(fix_text)));
	CHECK(r.answer.len > 0 && r.request.len > 0);
	for (rest = r.account.checks; receipt_account_next(&rest, &line); n++)
		CHECK(mem_eq_str(
		    line.name, evidence_check_name(
				   c.judgement.verdict.checks.line[n].id)));
	CHECK_EQ(n, c.judgement.verdict.checks.n);
	c.history.same = false;
	write_receipt(NULL);
	CHECK_EQ(r.account.handshake, RECEIPT_IK);
	CHECK_EQ(r.statement.len + r.answer.len, 0);
	c.history.fell_back = true;
	write_receipt(NULL);
	CHECK_EQ(r.account.handshake, RECEIPT_XXFALLBACK);
	c.history.fell_back = c.history.resumed = false;
	write_receipt(NULL);
	CHECK_EQ(r.account.handshake, RECEIPT_XX);
	fix_clear(&f);
}

TEST(receipt_is_made_of_accepted_evidence_and_its_own_answer_only)
{
	const struct client_receipt what = { .conn = &c,
		.client = "x",
		.trust_text = fix_str("t"),
		.proof = &proof };
	struct wr w = wr_init(file, sizeof(file));
	struct err_ctx ctx = { 0 };

	take_good();
	c.key[0] ^= 1; /* the session was taken up with another enclave */
	CHECK_ERR(client_receipt_write(&w, &what, &ctx), ERR_POLICY);
	CHECK(strstr(ctx.msg, "another key") != NULL);
	c.key[0] ^= 1;
	c.judgement.split_view = true;
	CHECK_ERR(client_receipt_write(&w, &what, NULL), ERR_POLICY);
	c.judgement.split_view = false;
	c.judgement.verdict.accepted = false;
	CHECK_ERR(client_receipt_write(&w, &what, NULL), ERR_POLICY);
	c.judgement.verdict.accepted = true;
	c.bundle.len = 0;
	CHECK_ERR(client_receipt_write(&w, &what, NULL), ERR_POLICY);
	CHECK_EQ(w.len, 0);
	fix_clear(&f);
}

/* ---- judging it again --------------------------------------------------------- */

static enum err judge_at(uint64_t now, enum client_receipt_time at)
{
	const struct client_demand d = demand(now);

	return client_receipt_judge(&j, &d, &seen, &r, at);
}

/* */
TEST(receipt_is_good_for_its_time_and_not_for_ever)
{
	take_good();
	write_receipt(&proof);
	CHECK_OK(judge_at(FIX_NOW + 10, CLIENT_RECEIPT_NOW));
	CHECK_OK(judge_at(FIX_NOW + 10, CLIENT_RECEIPT_THEN));
	CHECK_OK(judge_at(FIX_NOW + 3650 * FIX_DAY, CLIENT_RECEIPT_THEN));
	CHECK(j.verdict.accepted);
	CHECK_ERR(judge_at(FIX_NOW + 700, CLIENT_RECEIPT_NOW), ERR_EXPIRED);
	CHECK(!j.verdict.accepted);
	/* Whoever dates it ahead wants it to last. */
	CHECK_OK(
	    judge_at(FIX_NOW - CLIENT_RECEIPT_AHEAD_S, CLIENT_RECEIPT_THEN));
	CHECK_ERR(
	    judge_at(FIX_NOW - CLIENT_RECEIPT_AHEAD_S - 1, CLIENT_RECEIPT_THEN),
	    ERR_POLICY);
	CHECK_STR(
	    j.verdict.checks.reason.msg, "the receipt is dated in the future");
	CHECK(!j.verdict.accepted);
	fix_clear(&f);
}

/* A time outside of what the evidence allows helps nobody. */
TEST(receipt_with_another_time_is_judged_for_that_time)
{
	take_good();
	write_receipt(&proof);
	r.account.verified_at = FIX_NOW + 700;
	CHECK_ERR(judge_at(FIX_NOW + 800, CLIENT_RECEIPT_THEN), ERR_EXPIRED);
	r.account.verified_at = FIX_NOW - 10 * FIX_DAY;
	CHECK(judge_at(FIX_NOW + 800, CLIENT_RECEIPT_THEN) != ERR_OK);
	fix_clear(&f);
}

/* */
TEST(receipt_is_not_bound_by_policies_that_came_later)
{
	take_good();
	write_receipt(&proof);
	seen.policy_seq = 10; /* the one in the evidence has 9 */
	CHECK(judge_at(FIX_NOW + 10, CLIENT_RECEIPT_NOW) != ERR_OK);
	CHECK_OK(judge_at(FIX_NOW + 10, CLIENT_RECEIPT_THEN));
	fix_clear(&f);
}

/* two trees of one size, at any time. */
TEST(receipt_that_shows_another_tree_is_misbehaviour)
{
	take_good();
	write_receipt(&proof);
	CHECK(client_state_learn(&seen, &c.judgement.verdict.claims));
	CHECK_OK(judge_at(FIX_NOW + 10, CLIENT_RECEIPT_THEN));
	seen.head[0].root[0] ^= 1;
	CHECK_ERR(judge_at(FIX_NOW + 10, CLIENT_RECEIPT_THEN), ERR_AUTH);
	CHECK(j.split_view);
	CHECK_EQ(j.split_size, FIX_ENTRIES);
	fix_clear(&f);
}

TEST(receipt_is_about_its_channel_key)
{
	uint8_t other[X25519_LEN] = { 1 };

	take_good();
	write_receipt(&proof);
	r.channel_key.p = other;
	CHECK_ERR(judge_at(FIX_NOW + 10, CLIENT_RECEIPT_THEN), ERR_AUTH);
	CHECK_EQ(j.verdict.failed, CHECK_REPORT_DATA);
	fix_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    proof_is_taken_when_the_statement_is_about_this_answer),
		cmocka_unit_test(
		    proof_refuses_a_statement_about_something_else),
		cmocka_unit_test(proof_needs_statement_and_signature),
		cmocka_unit_test(proof_says_when_an_answer_is_too_long),
		cmocka_unit_test(proof_is_impossible_without_a_receipt_key),
		cmocka_unit_test(receipt_holds_what_was_verified),
		cmocka_unit_test(
		    receipt_is_made_of_accepted_evidence_and_its_own_answer_only),
		cmocka_unit_test(receipt_is_good_for_its_time_and_not_for_ever),
		cmocka_unit_test(
		    receipt_with_another_time_is_judged_for_that_time),
		cmocka_unit_test(
		    receipt_is_not_bound_by_policies_that_came_later),
		cmocka_unit_test(
		    receipt_that_shows_another_tree_is_misbehaviour),
		cmocka_unit_test(receipt_is_about_its_channel_key),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
