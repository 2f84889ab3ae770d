/* What a statement is worth: the good case, and each check where it alone
 * fails. The evidence is that of the fixture. */
#include "evidence_fixture.h"
#include "protocol/receipt_check.h"

static struct fix f;
static struct verdict v;
static struct receipt r;
static struct receipt_check c;
static const uint8_t seed[ED25519_SEED_LEN] = { 77 };
static struct receipt_statement said;
static uint8_t statement[RECEIPT_STATEMENT_LEN_MAX];
static uint8_t signature[ED25519_SIG_LEN];
static uint8_t request[] = "salt of 32 bytes, for a request."
			   "{\"messages\":[]}";
static uint8_t answer[] = "salt of 32 bytes, for an answer."
			  "Nobody.";

/* The enclave's part: hash, write, sign. */
static void state_it(void)
{
	uint8_t buf[RECEIPT_SIGNED_LEN_MAX];
	struct wr w = wr_init(statement, sizeof(statement));
	struct wr m = wr_init(buf, sizeof(buf));

	receipt_statement_write(&w, &said);
	CHECK_OK(w.err);
	r.statement = (struct bytes){ statement, w.len };
	receipt_statement_signed(&m, r.statement);
	crypto_ed25519_sign(signature, seed, (struct bytes){ buf, m.len });
	r.signature = (struct bytes){ signature, sizeof(signature) };
}

static void begin(void)
{
	fix_init(&f);
	f.binding.has_receipt_key = true;
	crypto_ed25519_public(f.binding.receipt_key, seed);
	r = (struct receipt){ .evidence = fix_bundle(&f),
		.channel_key = { f.s_pub, X25519_LEN },
		.request = { request, sizeof(request) - 1 },
		.answer = { answer, sizeof(answer) - 1 } };
	CHECK_OK(fix_judge(&v, &f, r.evidence));
	said = (struct receipt_statement){ .finish = RECEIPT_STOP };
	memcpy(said.channel_key, f.s_pub, X25519_LEN);
	memset(said.model_sha256, 0x77, SHA256_LEN);
	receipt_statement_hash(said.request_sha256, request,
	    (struct bytes){ request + 32, sizeof(request) - 33 });
	receipt_statement_hash(said.answer_sha256, answer,
	    (struct bytes){ answer + 32, sizeof(answer) - 33 });
	state_it();
}

static void check_refused(enum receipt_check_id id, enum err want)
{
	struct err_ctx ctx = { 0 };

	CHECK_ERR(receipt_check(&c, &r, &v, &ctx), want);
	CHECK(!c.accepted && !c.answer_shown && !c.request_shown);
	CHECK(c.present);
	CHECK(mem_is_zero(&c.statement, sizeof(c.statement)));
	CHECK_STR(ctx.msg, c.line[id].text);
	for (unsigned i = 0; i < RECEIPT_CHECK_N; i++) {
		if (i < id)
			CHECK_EQ(c.line[i].result, CHECK_PASSED);
		else if (i == id)
			CHECK_EQ(c.line[i].result, CHECK_FAILED);
		else
			CHECK_EQ(c.line[i].result, CHECK_NOT_RUN);
	}
	fix_clear(&f);
}

/* */
TEST(receipt_is_accepted_with_its_whole_list)
{
	begin();
	CHECK_OK(receipt_check(&c, &r, &v, NULL));
	CHECK(c.present && c.accepted && c.request_shown && c.answer_shown);
	for (unsigned i = 0; i < RECEIPT_CHECK_N; i++) {
		CHECK_EQ(c.line[i].result, CHECK_PASSED);
		CHECK(c.line[i].text[0] != '\0');
		CHECK(strcmp(receipt_check_name(i), "unknown") != 0);
	}
	CHECK_STR(c.line[RECEIPT_CHECK_MODEL].text,
	    "that of the release, 777777777777..");
	CHECK_EQ(c.statement.channel_key[0], 0x42);
	fix_clear(&f);
}

/* what is left out is not shown, and nothing else changes. */
TEST(receipt_without_texts_says_less_and_is_as_good)
{
	begin();
	r.request.len = 0;
	CHECK_OK(receipt_check(&c, &r, &v, NULL));
	CHECK(c.accepted && !c.request_shown && c.answer_shown);
	CHECK_EQ(c.line[RECEIPT_CHECK_REQUEST].result, CHECK_NOT_RUN);
	CHECK(strstr(c.line[RECEIPT_CHECK_REQUEST].text, "not shown") != NULL);
	r.answer.len = 0;
	CHECK_OK(receipt_check(&c, &r, &v, NULL));
	CHECK(c.accepted && !c.request_shown && !c.answer_shown);
	fix_clear(&f);
}

/* */
TEST(receipt_without_a_statement_says_nothing_of_answers)
{
	begin();
	r.statement.len = r.signature.len = 0;
	CHECK_OK(receipt_check(&c, &r, &v, NULL));
	CHECK(!c.present && !c.accepted && !c.answer_shown);
	fix_clear(&f);
}

TEST(receipt_of_refused_evidence_is_nothing)
{
	begin();
	v.accepted = false;
	CHECK_ERR(receipt_check(&c, &r, &v, NULL), ERR_POLICY);
	CHECK(!c.accepted && !c.answer_shown);
	fix_clear(&f);
}

TEST(receipt_refuses_a_statement_that_is_none)
{
	begin();
	statement[5] = 'X';
	check_refused(RECEIPT_CHECK_FORMAT, ERR_FORMAT);
}

TEST(receipt_refuses_another_signature)
{
	begin();
	signature[10] ^= 1;
	check_refused(RECEIPT_CHECK_SIGNATURE, ERR_AUTH);
}

/* the key is that of REPORT_DATA, and there must be one. */
TEST(receipt_refuses_the_key_of_another_enclave)
{
	begin();
	f.binding.receipt_key[0] ^= 1;
	r.evidence = fix_bundle(&f);
	CHECK_OK(fix_judge(&v, &f, r.evidence));
	check_refused(RECEIPT_CHECK_SIGNATURE, ERR_AUTH);
	begin();
	f.binding.has_receipt_key = false;
	r.evidence = fix_bundle(&f);
	CHECK_OK(fix_judge(&v, &f, r.evidence));
	check_refused(RECEIPT_CHECK_SIGNATURE, ERR_POLICY);
}

TEST(receipt_refuses_a_statement_of_another_channel)
{
	begin();
	said.channel_key[31] ^= 1;
	state_it();
	check_refused(RECEIPT_CHECK_CHANNEL, ERR_AUTH);
}

TEST(receipt_refuses_a_statement_of_another_model)
{
	begin();
	said.model_sha256[0] ^= 1;
	state_it();
	check_refused(RECEIPT_CHECK_MODEL, ERR_AUTH);
}

TEST(receipt_refuses_another_question_or_salt)
{
	static const size_t at[] = { 0, 31, 32, sizeof(request) - 2 };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		begin();
		request[at[i]] ^= 1;
		check_refused(RECEIPT_CHECK_REQUEST, ERR_AUTH);
		request[at[i]] ^= 1;
	}
	begin();
	r.request.len--;
	check_refused(RECEIPT_CHECK_REQUEST, ERR_AUTH);
}

TEST(receipt_refuses_another_answer_or_salt)
{
	static const size_t at[] = { 0, 31, 32, sizeof(answer) - 2 };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		begin();
		answer[at[i]] ^= 1;
		check_refused(RECEIPT_CHECK_ANSWER, ERR_AUTH);
		answer[at[i]] ^= 1;
	}
	begin();
	r.answer.len--;
	check_refused(RECEIPT_CHECK_ANSWER, ERR_AUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(receipt_is_accepted_with_its_whole_list),
		cmocka_unit_test(
		    receipt_without_texts_says_less_and_is_as_good),
		cmocka_unit_test(
		    receipt_without_a_statement_says_nothing_of_answers),
		cmocka_unit_test(receipt_of_refused_evidence_is_nothing),
		cmocka_unit_test(receipt_refuses_a_statement_that_is_none),
		cmocka_unit_test(receipt_refuses_another_signature),
		cmocka_unit_test(receipt_refuses_the_key_of_another_enclave),
		cmocka_unit_test(
		    receipt_refuses_a_statement_of_another_channel),
		cmocka_unit_test(receipt_refuses_a_statement_of_another_model),
		cmocka_unit_test(receipt_refuses_another_question_or_salt),
		cmocka_unit_test(receipt_refuses_another_answer_or_salt),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
