/* The evidence bundle's bytes, and the trust file. */
#include "evidence_fixture.h"

static struct evidence ev;

static enum err parse(const uint8_t *p, size_t n, struct err_ctx *ctx)
{
	return evidence_parse(&ev, (struct bytes){ p, n }, ctx);
}

/* The example of the document. */
TEST(bundle_example_of_the_document)
{
	static const uint8_t example[] = { 1, 1, 0, 0, 1, 0xff, 5, 0, 0, 8, 0,
		0, 0, 0, 0, 0, 0, 0 };
	uint8_t digest[SHA256_LEN], out[sizeof(example)];
	char hex[2 * SHA256_LEN + 1];
	struct wr w = wr_init(out, sizeof(out));

	CHECK_OK(parse(example, sizeof(example), NULL));
	CHECK_EQ(ev.section[EVIDENCE_KIND].p[0], TEE_SIM);
	CHECK_EQ(ev.section[EVIDENCE_BINDING].len, 8);
	CHECK_EQ(ev.section[EVIDENCE_REPORT].len, 0);
	CHECK_OK(evidence_build(&w, &ev));
	CHECK_MEM(out, example, sizeof(example));
	evidence_digest(digest, (struct bytes){ example, sizeof(example) });
	hex_encode(hex, digest, sizeof(digest));
	CHECK_STR(hex, "d58dc89de7f37b3f9cd0d2ade72b39d2"
		       "4d06e25df86e8953d07dcc0ae5d0ab3c");
}

TEST(bundle_refuses_sections_that_are_not_in_order_once_and_known)
{
	static const uint8_t twice[] = { 1, 1, 0, 0, 1, 9, 1, 0, 0, 1, 9 };
	static const uint8_t back[] = { 1, 2, 0, 0, 1, 9, 1, 0, 0, 1, 9 };
	static const uint8_t empty[] = { 1, 1, 0, 0, 0 };
	struct err_ctx ctx = { 0 };

	CHECK_ERR(parse(twice, sizeof(twice), &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "offset 6") != NULL);
	CHECK(mem_is_zero(&ev, sizeof(ev)));
	CHECK_ERR(parse(back, sizeof(back), NULL), ERR_FORMAT);
	CHECK_ERR(parse(empty, sizeof(empty), NULL), ERR_FORMAT);
	for (unsigned type = 0; type < 256; type++) {
		const uint8_t one[] = { 1, (uint8_t)type, 0, 0, 1, 9 };
		bool known =
		    (type >= 1 && type <= 5) || (type >= 16 && type <= 23);

		CHECK_ERR(
		    parse(one, sizeof(one), NULL), known ? ERR_OK : ERR_FORMAT);
	}
}

TEST(bundle_refuses_lengths_beyond_its_end_and_its_limit)
{
	static uint8_t big[EVIDENCE_LEN_MAX + 1] = { 1, 2 };
	static const uint8_t lies[] = { 1, 2, 0xff, 0xff, 0xff, 9 };
	size_t body = EVIDENCE_LEN_MAX - 5;
	struct wr w = wr_init(big, sizeof(big));
	struct evidence out = { 0 };

	CHECK_ERR(parse(lies, sizeof(lies), NULL), ERR_TRUNCATED);
	CHECK_ERR(parse(NULL, 0, NULL), ERR_TRUNCATED);
	CHECK_OK(parse(big, 1, NULL));
	big[3] = (uint8_t)(body >> 8);
	big[4] = (uint8_t)body;
	CHECK_OK(parse(big, EVIDENCE_LEN_MAX, NULL));
	CHECK_ERR(parse(big, EVIDENCE_LEN_MAX + 1, NULL), ERR_LIMIT);

	out.section[EVIDENCE_COLLATERAL] = (struct bytes){ fix_buf, body + 1 };
	CHECK_ERR(evidence_build(&w, &out), ERR_LIMIT);
	w = wr_init(big, sizeof(big));
	out.section[EVIDENCE_COLLATERAL].len = body;
	CHECK_OK(evidence_build(&w, &out));
	CHECK_EQ(w.len, EVIDENCE_LEN_MAX);
	w = wr_init(big, 100);
	CHECK_ERR(evidence_build(&w, &out), ERR_NOSPACE);
	w = wr_init(big, sizeof(big));
	out.section[EVIDENCE_COLLATERAL].len = 0;
	out.section[7] = (struct bytes){ fix_buf, 1 };
	CHECK_ERR(evidence_build(&w, &out), ERR_FORMAT);
}

/* ---- trust --------------------------------------------------------------- */

static struct fix f;
static struct trust t;
static char head[4096], tail[4096]; /* above and from the empty line on */

static enum err trust(const char *text, struct err_ctx *ctx)
{
	return trust_parse(&t, fix_str(text), ctx);
}

/* A good trust file, in two halves. */
static void make_trust(bool quorum_none)
{
	char *gap;

	fix_init(&f);
	f.quorum_none = quorum_none;
	memset(fix_text, 0, sizeof(fix_text));
	fix_trust(&f, f.tee.root.pub);
	gap = strstr(fix_text, "\n\n");
	assert_non_null(gap);
	(void)snprintf(
	    head, sizeof(head), "%.*s", (int)(gap + 1 - fix_text), fix_text);
	(void)snprintf(tail, sizeof(tail), "%s", gap + 1);
	fix_clear(&f);
}

/* */
TEST(trust_file_is_read_whole)
{
	uint8_t digest[SHA256_LEN];
	struct bytes text;

	make_trust(false);
	CHECK_OK(trust(fix_text, NULL));
	CHECK(mem_eq_str(t.product, "confer"));
	CHECK(mem_eq_str(t.channel, "local"));
	CHECK(!t.local);
	CHECK_EQ(t.release.n, 3);
	CHECK_EQ(t.release.need, 2);
	CHECK_EQ(t.n_sim_roots, 1);
	CHECK_EQ(t.sim_root[0][0], 4);
	CHECK_EQ(t.n_logs, 1);
	CHECK_EQ(t.log[0].from, 0);
	CHECK_EQ(t.log[0].until, UINT64_MAX);
	CHECK_EQ(t.log[0].policy.n_logs, 2);
	CHECK_EQ(t.log[0].policy.n_witnesses, 2);
	CHECK_EQ(t.n_ops, 2);
	CHECK_EQ(t.rebuilder.n, 1);
	text = fix_str(fix_text);
	crypto_sha256(digest, &text, 1);
	CHECK_MEM(t.digest, digest, sizeof(digest));
}

/* */
TEST(trust_file_without_quorum_must_be_local)
{
	char text[8192];
	char *local;

	make_trust(true);
	CHECK_OK(trust(fix_text, NULL));
	CHECK(t.local);
	local = strstr(fix_text, "local\nrelease");
	assert_non_null(local);
	(void)snprintf(text, sizeof(text), "%.*s%s", (int)(local - fix_text),
	    fix_text, local + 6);
	CHECK_ERR(trust(text, NULL), ERR_POLICY);
	CHECK(mem_is_zero(&t, sizeof(t)));
}

TEST(trust_file_rejects_every_truncation)
{
	size_t n;

	make_trust(false);
	n = strlen(fix_text);
	for (size_t i = 0; i < n; i++) {
		CHECK(trust_parse(&t,
			  (struct bytes){ (const uint8_t *)fix_text, i },
			  NULL) != ERR_OK);
		CHECK(mem_is_zero(&t, sizeof(t)));
	}
}

/* Replace the first `from` in the head by `to` and parse the whole. */
static enum err changed(const char *from, const char *to)
{
	static char text[16384];
	char *p = strstr(head, from);

	assert_non_null(p);
	(void)snprintf(text, sizeof(text), "%.*s%s%s%s", (int)(p - head), head,
	    to, p + strlen(from), tail);
	return trust(text, NULL);
}

TEST(trust_file_has_one_spelling)
{
	static const char *const bad[][2] = {
		{ "product confer\n", "" },
		{ "product confer\n", "product confer\nproduct confer\n" },
		{ "product confer\n", "product  confer\n" },
		{ "product confer\n", "product \n" },
		{ "product confer\n", "product con/fer\n" },
		{ "product confer\n", "product/confer\n" },
		{ "product confer\n", "product confer\r\n" },
		{ "product confer\n", "Product confer\n" },
		{ "channel local\n", "channel local\nunknown x\n" },
		{ "threshold 2\n", "" },
		{ "threshold 2\n", "threshold 0\n" },
		{ "threshold 2\n", "threshold 02\n" },
		{ "threshold 2\n", "threshold 4\n" },
		{ "threshold 2\n", "threshold 256\n" },
		{ "threshold 2\n", "threshold \n" },
		{ "threshold 2\n", "threshold -\n" },
		{ "threshold 2\n", "threshold 2\nthreshold 2\n" },
		{ "sim-root 04", "sim-root 02" },
		{ "sim-root 04", "sim-root 0" },
		{ "sim-root 04", "sim-root 0400" },
		{ "sim-root 04", "sim-root  04" },
	};
	struct err_ctx ctx = { 0 };

	make_trust(false);
	CHECK_OK(changed("threshold 2\n", "threshold 3\n"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (changed(bad[i][0], bad[i][1]) != ERR_FORMAT)
			fail_msg("accepted: %s", bad[i][1]);
	}
	CHECK_ERR(trust("confer-trust/v1\r\n", &ctx), ERR_FORMAT);
	CHECK_STR(ctx.msg, "trust file line 1: byte 0x0d is not allowed");
	CHECK_ERR(
	    changed("confer-trust/v1", "confer-trust/v2"), ERR_UNSUPPORTED);
	CHECK_ERR(trust("", NULL), ERR_TRUNCATED);
}

TEST(trust_file_refuses_keys_given_twice_and_too_many_roots)
{
	static char lines[4096];
	char hex[2 * ECDSA_P384_PUB_LEN + 1];
	uint8_t pub[ECDSA_P384_PUB_LEN] = { 4 };
	size_t len = 0;
	char *p;

	make_trust(false);
	hex_encode(hex, pub, sizeof(pub));
	(void)snprintf(lines, sizeof(lines),
	    "sim-root %s\nsim-root %s\nsim-root 04", hex, hex);
	CHECK_ERR(changed("sim-root 04", lines), ERR_FORMAT);

	p = strstr(head, "release-key ");
	(void)snprintf(
	    lines, sizeof(lines), "%.*s", (int)(strchr(p, '\n') + 1 - p), p);
	(void)snprintf(
	    lines + strlen(lines), sizeof(lines) / 2, "release-key ");
	CHECK_ERR(changed("release-key ", lines), ERR_FORMAT);

	for (unsigned i = 0; i < TRUST_SIM_ROOTS_MAX; i++) {
		pub[1] = (uint8_t)i;
		hex_encode(hex, pub, sizeof(pub));
		len += (size_t)snprintf(
		    lines + len, sizeof(lines) - len, "sim-root %s\n", hex);
	}
	(void)snprintf(lines + len, sizeof(lines) - len, "sim-root 04");
	CHECK_ERR(changed("sim-root 04", lines), ERR_LIMIT);
}

/* The most keys, and the thresholds that they allow. */
TEST(trust_file_takes_sixteen_keys_and_decimal_thresholds)
{
	static const char *const bad[] = { "17", ":", "1/", "1:", "/9", "1 ",
		" 1", "+1", "016", "100" };
	char keys[2048], line[64];
	struct wr w = wr_init(keys, sizeof(keys));

	make_trust(true);
	for (unsigned i = 0; i < RECORD_KEYS_MAX - FIX_KEYS; i++) {
		uint8_t seed[ED25519_SEED_LEN] = { (uint8_t)i }, pub[32];

		crypto_ed25519_public(pub, seed);
		wr_str(&w, "release-key ");
		tlog_vkey_format(&w, fix_str("more"), TLOG_KEY_ED25519, pub);
		wr_str(&w, "\n");
	}
	wr_str(&w, "threshold X\n");
	wr_u8(&w, 0);
	CHECK_OK(w.err);
	memcpy(strstr(head, "threshold "), keys, w.len);
	CHECK_OK(changed("threshold X", "threshold 16"));
	CHECK_EQ(t.release.n, 16);
	CHECK_EQ(t.release.need, 16);
	CHECK_OK(changed("threshold X", "threshold 10"));
	CHECK_OK(changed("threshold X", "threshold 9"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(line, sizeof(line), "threshold %s", bad[i]);
		if (changed("threshold X", line) != ERR_FORMAT)
			fail_msg("accepted: %s", line);
	}
}

TEST(trust_file_names_are_tokens)
{
	static const char good[] = "azAZ09._+-";
	static const char bad[] = "/:@[`{,*";
	char line[160] = "product ";

	make_trust(false);
	(void)snprintf(line, sizeof(line), "product %s", good);
	CHECK_OK(changed("product confer", line));
	for (size_t i = 0; i < sizeof(bad) - 1; i++) {
		(void)snprintf(line, sizeof(line), "product a%c", bad[i]);
		CHECK_ERR(changed("product confer", line), ERR_FORMAT);
	}
	memset(line + 8, 'a', RECORD_TOKEN_LEN_MAX);
	line[8 + RECORD_TOKEN_LEN_MAX] = '\0';
	CHECK_OK(changed("product confer", line));
	line[8 + RECORD_TOKEN_LEN_MAX] = 'a';
	line[9 + RECORD_TOKEN_LEN_MAX] = '\0';
	CHECK_ERR(changed("product confer", line), ERR_FORMAT);
	CHECK_ERR(changed("product confer", "product con\x7f"), ERR_FORMAT);
	CHECK_ERR(changed("product confer", "product con\x1f"), ERR_FORMAT);
}

TEST(trust_file_has_limits)
{
	static char big[TRUST_LEN_MAX + 2];

	memset(big, 'x', TRUST_LEN_MAX + 1);
	CHECK_ERR(trust(big, NULL), ERR_LIMIT);
	big[TRUST_LEN_MAX] = '\0';
	CHECK_ERR(trust(big, NULL), ERR_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bundle_example_of_the_document),
		cmocka_unit_test(
		    bundle_refuses_sections_that_are_not_in_order_once_and_known),
		cmocka_unit_test(
		    bundle_refuses_lengths_beyond_its_end_and_its_limit),
		cmocka_unit_test(trust_file_is_read_whole),
		cmocka_unit_test(trust_file_without_quorum_must_be_local),
		cmocka_unit_test(trust_file_rejects_every_truncation),
		cmocka_unit_test(trust_file_has_one_spelling),
		cmocka_unit_test(
		    trust_file_refuses_keys_given_twice_and_too_many_roots),
		cmocka_unit_test(
		    trust_file_takes_sixteen_keys_and_decimal_thresholds),
		cmocka_unit_test(trust_file_names_are_tokens),
		cmocka_unit_test(trust_file_has_limits),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
