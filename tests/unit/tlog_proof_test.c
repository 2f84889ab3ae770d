/* Stapled proofs: each reason for refusal, on its own, with a clock. */
#include "tlog_vectors.h"

#include "tlog/proof.h"

static struct json file;
static struct tlog_policy policy;
static struct bytes entry;

static int setup(void **state)
{
	(void)state;
	file = load_own("proofs.json");
	entry = member_bytes(&file, "entry");
	CHECK_OK(tlog_policy_parse(
	    &policy, member_bytes(&file, "policy"), false, NULL));
	return 0;
}

static struct json case_named(const char *name)
{
	struct json list = member(&file, "cases"), c, v;
	struct json_iter it = json_iter(&list);

	while (json_next(&it, NULL, &c)) {
		v = member(&c, "name");
		if (json_is_str(&v, name))
			return c;
	}
	fail_msg("no case %s", name);
	return file;
}

/* L-10 to L-46: the verdict is the one of the second implementation. */
TEST(each_case_has_its_verdict)
{
	struct json list = member(&file, "cases"), c, v;
	struct json_iter it = json_iter(&list);
	size_t done = 0;

	for (; json_next(&it, NULL, &c); done++) {
		struct tlog_included in;
		struct err_ctx ctx = { 0 };
		struct bytes leaf = json_get(&c, "entry", &v)
					? member_bytes(&c, "entry")
					: entry;
		char *want = str(&c, "expect", NULL);
		enum err e = tlog_proof_verify(&in, &policy, num(&c, "now"),
		    leaf, member_bytes(&c, "proof"), &ctx);

		if (strcmp(err_name(e), want) != 0)
			fail_msg("%s: got %s (%s), want %s",
			    str(&c, "name", NULL), err_name(e), ctx.msg, want);
		CHECK((e == ERR_OK) == (ctx.msg[0] == '\0'));
		CHECK(e == ERR_OK || in.head.size == 0);
	}
	CHECK_EQ(done, 41);
}

TEST(a_proof_says_what_it_proves)
{
	struct json c = case_named("good, three witnesses");
	uint64_t now = num(&c, "now");
	struct tlog_included in;
	struct tlog_hash leaf;

	CHECK_OK(tlog_proof_verify(
	    &in, &policy, now, entry, member_bytes(&c, "proof"), NULL));
	tlog_leaf_hash(&leaf, entry);
	CHECK(tlog_hash_eq(&in.leaf, &leaf));
	CHECK_EQ(in.index, 7);
	CHECK_EQ(in.head.size, 13);
	CHECK_EQ(in.head.witnesses, 7);
	CHECK(in.head.has_time && in.head.time == now);
	CHECK(mem_eq_str(in.head.origin, "log.example.org/releases"));
}

TEST(the_second_newest_of_two_of_three_is_the_time)
{
	struct json c = case_named("good, the fresh two of three count");
	struct tlog_included in;

	CHECK_OK(tlog_proof_verify(&in, &policy, num(&c, "now"), entry,
	    member_bytes(&c, "proof"), NULL));
	CHECK_EQ(in.head.time, num(&c, "now"));
}

TEST(every_truncation_and_every_changed_byte_of_a_proof_is_rejected)
{
	struct json c = case_named("good");
	struct bytes good = member_bytes(&c, "proof");
	uint64_t now = num(&c, "now");
	struct tlog_included in;
	uint8_t *bad = keep(malloc(good.len));

	for (size_t n = 0; n < good.len; n++) {
		struct bytes cut = { good.p, n };

		CHECK(tlog_proof_verify(&in, &policy, now, entry, cut, NULL) !=
		      ERR_OK);
	}
	memcpy(bad, good.p, good.len);
	for (size_t i = 0; i < good.len; i++) {
		struct bytes b = { bad, good.len };

		bad[i] ^= 1;
		CHECK(tlog_proof_verify(&in, &policy, now, entry, b, NULL) !=
		      ERR_OK);
		bad[i] ^= 1;
	}
}

TEST(proof_files_have_limits)
{
	struct tlog_proof proof;
	size_t len = TLOG_PROOF_LEN_MAX + 1;
	uint8_t *big = keep(malloc(len));
	struct wr w = wr_init(big, len);

	wr_str(&w, "c2sp.org/tlog-proof@v1\nextra ");
	wr_fill(&w, 'A', TLOG_EXTRA_LEN_MAX);
	wr_str(&w, "\nindex 0\n\nx");
	CHECK_OK(tlog_proof_parse(&proof, (struct bytes){ big, w.len }, NULL));
	w = wr_init(big, len);
	wr_str(&w, "c2sp.org/tlog-proof@v1\nextra ");
	wr_fill(&w, 'A', TLOG_EXTRA_LEN_MAX + 4); /* L-41 */
	wr_str(&w, "\nindex 0\n\nx");
	CHECK_ERR(tlog_proof_parse(&proof, (struct bytes){ big, w.len }, NULL),
	    ERR_LIMIT);
	CHECK(proof.extra.p == NULL); /* zeroed on failure */
	memset(big, '\n', len);       /* L-45 */
	CHECK_ERR(tlog_proof_parse(&proof, (struct bytes){ big, len }, NULL),
	    ERR_LIMIT);
}

TEST(what_is_parsed_is_written_the_same)
{
	struct json list = member(&file, "cases"), c;
	struct json_iter it = json_iter(&list);

	while (json_next(&it, NULL, &c)) {
		struct bytes text = member_bytes(&c, "proof");
		struct tlog_proof proof;
		uint8_t *out = keep(malloc(text.len + 1));
		struct wr w = wr_init(out, text.len + 1);

		if (tlog_proof_parse(&proof, text, NULL) != ERR_OK)
			continue;
		tlog_proof_format(&w, &proof);
		CHECK_EQ(w.len, text.len);
		CHECK_MEM(out, text.p, text.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_has_its_verdict),
		cmocka_unit_test(a_proof_says_what_it_proves),
		cmocka_unit_test(the_second_newest_of_two_of_three_is_the_time),
		cmocka_unit_test(
		    every_truncation_and_every_changed_byte_of_a_proof_is_rejected),
		cmocka_unit_test(proof_files_have_limits),
		cmocka_unit_test(what_is_parsed_is_written_the_same),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
