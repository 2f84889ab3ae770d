/*
 * A statement and a receipt made by another implementation, written from
 * docs/receipt.md alone (tools/gen/receipt_vectors.mjs): we read, sign and judge
 * them alike.
 */
#include "crypto/crypto_native.h"
#include "json_hex.h"
#include "protocol/receipt_check.h"

#define FOLDER "tests/vectors/receipt/"

static struct json root;
static uint8_t *text;

static struct bytes member(const char *name, uint8_t *out, size_t cap)
{
	return (struct bytes){ out, json_hex(&root, name, out, cap) };
}

TEST(statement_of_another_implementation_is_ours)
{
	uint8_t st[RECEIPT_STATEMENT_LEN_MAX], sig[ED25519_SIG_LEN], seed[32],
	    pub[32], got[64], salt[32], buf[256], hash[SHA256_LEN];
	uint8_t msg[RECEIPT_SIGNED_LEN_MAX], again[RECEIPT_STATEMENT_LEN_MAX];
	struct wr m = wr_init(msg, sizeof(msg));
	struct wr w = wr_init(again, sizeof(again));
	struct receipt_statement s;
	struct bytes statement;

	root = json_file(FOLDER "statement.json", &text);
	statement = member("statement", st, sizeof(st));
	(void)member("signature", sig, sizeof(sig));
	(void)member("seed", seed, sizeof(seed));
	(void)member("public", pub, sizeof(pub));
	crypto_ed25519_public(got, seed);
	CHECK_MEM(got, pub, sizeof(pub));
	CHECK_OK(receipt_statement_parse(&s, statement, NULL));
	receipt_statement_write(&w, &s);
	CHECK(mem_eq((struct bytes){ again, w.len }, statement));
	CHECK_EQ(s.temperature, 0x3f333333);
	receipt_statement_signed(&m, statement);
	crypto_ed25519_sign(got, seed, (struct bytes){ msg, m.len });
	CHECK_MEM(got, sig, sizeof(sig));
	CHECK_OK(receipt_statement_verify(statement, sig, pub));
	(void)member("request_salt", salt, sizeof(salt));
	receipt_statement_hash(hash, salt, member("request", buf, sizeof(buf)));
	CHECK_MEM(hash, s.request_sha256, sizeof(hash));
	(void)member("answer_salt", salt, sizeof(salt));
	receipt_statement_hash(hash, salt, member("answer", buf, sizeof(buf)));
	CHECK_MEM(hash, s.answer_sha256, sizeof(hash));
	free(text);
}

static enum err judge(
    struct verdict *v, const struct receipt *r, const struct trust *trust)
{
	static struct evidence_work work;
	const struct evidence_demand d = { .trust = trust,
		.accept_simulated = true,
		.now_s = r->account.verified_at };
	bool answer[OBLIGATIONS_MAX];
	enum err e =
	    evidence_verify(v, &work, &d, r->evidence, r->channel_key.p);

	for (size_t i = 0; i < v->checks.obligations.n; i++)
		answer[i] = obligation_resolve(
				&v->checks.obligations.item[i]) == ERR_OK;
	return e == ERR_OK
		   ? evidence_conclude(v, answer, v->checks.obligations.n)
		   : e;
}

/* */
TEST(receipt_of_another_implementation_is_accepted)
{
	static uint8_t file[16384], trust_text[8192], again[16384];
	static struct verdict v;
	struct wr w = wr_init(again, sizeof(again));
	struct receipt_check c;
	struct trust trust;
	struct receipt r;
	struct bytes in;

	root = json_file(FOLDER "receipt.json", &text);
	in = member("receipt", file, sizeof(file));
	CHECK_OK(receipt_parse(&r, in, NULL));
	CHECK_OK(trust_parse(
	    &trust, member("trust", trust_text, sizeof(trust_text)), NULL));
	CHECK_OK(judge(&v, &r, &trust));
	CHECK_OK(receipt_check(&c, &r, &v, NULL));
	CHECK(c.accepted && c.answer_shown && c.request_shown);
	receipt_write(&w, &r);
	CHECK(mem_eq((struct bytes){ again, w.len }, in));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statement_of_another_implementation_is_ours),
		cmocka_unit_test(receipt_of_another_implementation_is_accepted),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
