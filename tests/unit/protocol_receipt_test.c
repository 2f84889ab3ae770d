/* Receipts: statement, account and file, strict and with one spelling. What they
 * are worth is tested in protocol_receipt_check_test.c. */
#include "crypto/crypto_native.h"
#include "protocol/receipt.h"
#include "test.h"

#define HEX_A "0101010101010101010101010101010101010101010101010101010101010101"
#define HEX_B "0202020202020202020202020202020202020202020202020202020202020202"
#define HEX_C "0303030303030303030303030303030303030303030303030303030303030303"
#define HEX_D "0404040404040404040404040404040404040404040404040404040404040404"

static const char statement_text[] = "confer-receipt-statement/v1\n"
				     "channel-key " HEX_A "\n"
				     "model-sha256 " HEX_B "\n"
				     "context 4096\n"
				     "temperature-f32 3f800000\n"
				     "top-p-f32 00000000\n"
				     "min-p-f32 3d4ccccd\n"
				     "top-k 40\n"
				     "max-tokens 0\n"
				     "stops 2\n"
				     "seed 18446744073709551615\n"
				     "request-sha256 " HEX_C "\n"
				     "answer-sha256 " HEX_D "\n"
				     "finish length\n";

static const char account_text[] = "confer-receipt-account/v1\n"
				   "client confer-0.1.0\n"
				   "verified-at 1800000000\n"
				   "deadline 1800001800\n"
				   "handshake ik-same\n"
				   "tee sim\n"
				   "check evidence format: 10 sections\n"
				   "check kind of TEE: simulated: \xc3\xa9\n";

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* A copy of `text` with the first `from` replaced by `to`. */
static struct bytes with(const char *text, const char *from, const char *to)
{
	static char out[8192];
	const char *at = strstr(text, from);

	assert_non_null(at);
	(void)snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - text), text, to,
	    at + strlen(from));
	return str(out);
}

/* ---- the statement --------------------------------------------------------- */

static struct receipt_statement sample(void)
{
	struct receipt_statement s = { .context = 4096,
		.temperature = 0x3f800000,
		.min_p = 0x3d4ccccd,
		.top_k = 40,
		.stops = 2,
		.seed = UINT64_MAX,
		.finish = RECEIPT_LENGTH };

	memset(s.channel_key, 1, sizeof(s.channel_key));
	memset(s.model_sha256, 2, sizeof(s.model_sha256));
	memset(s.request_sha256, 3, sizeof(s.request_sha256));
	memset(s.answer_sha256, 4, sizeof(s.answer_sha256));
	return s;
}

static void check_written(const struct receipt_statement *s, struct bytes want)
{
	uint8_t buf[RECEIPT_STATEMENT_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	receipt_statement_write(&w, s);
	CHECK_OK(w.err);
	CHECK_EQ(w.len, want.len);
	CHECK_MEM(buf, want.p, want.len);
}

/* */
TEST(statement_is_that_of_the_document)
{
	struct receipt_statement s = sample(), back;

	check_written(&s, str(statement_text));
	CHECK_OK(receipt_statement_parse(&back, str(statement_text), NULL));
	CHECK_EQ(back.context, 4096);
	CHECK_EQ(back.temperature, 0x3f800000);
	CHECK_EQ(back.min_p, 0x3d4ccccd);
	CHECK_EQ(back.top_k, 40);
	CHECK_EQ(back.max_tokens, 0);
	CHECK_EQ(back.stops, 2);
	CHECK(back.seed == UINT64_MAX);
	CHECK_EQ(back.finish, RECEIPT_LENGTH);
	CHECK_EQ(back.channel_key[31], 1);
	CHECK_EQ(back.model_sha256[31], 2);
	CHECK_EQ(back.request_sha256[31], 3);
	CHECK_EQ(back.answer_sha256[31], 4);
}

TEST(statement_rejects_every_truncation_and_trailing_bytes)
{
	struct receipt_statement s;
	const size_t n = sizeof(statement_text) - 1;

	for (size_t i = 0; i < n; i++) {
		enum err e = receipt_statement_parse(&s,
		    (struct bytes){ (const uint8_t *)statement_text, i }, NULL);

		CHECK(e != ERR_OK);
		CHECK(mem_is_zero(&s, sizeof(s)));
	}
	CHECK_ERR(
	    receipt_statement_parse(&s,
		with(statement_text, "finish length\n", "finish length\n\n"),
		NULL),
	    ERR_TRAILING);
}

/* Whatever byte changes: it is refused, or says exactly what it reads. */
TEST(statement_has_one_spelling)
{
	static const uint8_t other[] = { 0, '\n', ' ', '0', '9', 'a', 'F', 'z',
		0x80 };
	uint8_t text[sizeof(statement_text)];
	const size_t n = sizeof(statement_text) - 1;
	size_t read = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(other); k++) {
			struct receipt_statement s;

			memcpy(text, statement_text, n);
			text[i] = other[k];
			if (receipt_statement_parse(
				&s, (struct bytes){ text, n }, NULL) != ERR_OK)
				continue;
			check_written(&s, (struct bytes){ text, n });
			read++;
		}
	}
	CHECK(read > 400); /* digits of hashes and numbers */
}

TEST(statement_refuses_what_no_field_allows)
{
	static const struct {
		const char *from, *to;
		enum err want;
	} bad[] = {
		{ "statement/v1", "statement/v2", ERR_FORMAT },
		{ "channel-key 01", "channel-key 1", ERR_FORMAT },
		{ "channel-key", "channel_key", ERR_FORMAT },
		{ "model-sha256 02", "model-sha256 0202", ERR_FORMAT },
		{ "3d4ccccd", "3D4CCCCD", ERR_FORMAT },
		{ "3f800000", "7f800000", ERR_FORMAT }, /* infinite */
		{ "3f800000", "7fc00000", ERR_FORMAT }, /* no number */
		{ "p-f32 00000000", "p-f32 80000000", ERR_FORMAT }, /* -0 */
		{ "3d4ccccd", "bd4ccccd", ERR_FORMAT },
		{ "context 4096", "context 4294967296", ERR_LIMIT },
		{ "top-k 40", "top-k 040", ERR_FORMAT },
		{ "top-k 40", "top-k 4294967296", ERR_LIMIT },
		{ "max-tokens 0", "max-tokens -1", ERR_FORMAT },
		{ "max-tokens 0", "max-tokens 4294967296", ERR_LIMIT },
		{ "stops 2", "stops 5", ERR_LIMIT },
		{ "18446744073709551615", "18446744073709551616", ERR_LIMIT },
		{ "finish length", "finish error", ERR_FORMAT },
		{ "finish length", "finish length ", ERR_FORMAT },
		{ "seed 18446744073709551615\n", "", ERR_FORMAT },
	};
	struct receipt_statement s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err_ctx ctx = { 0 };

		CHECK_ERR(
		    receipt_statement_parse(
			&s, with(statement_text, bad[i].from, bad[i].to), &ctx),
		    bad[i].want);
		CHECK(strstr(ctx.msg, "offset") != NULL);
		CHECK(mem_is_zero(&s, sizeof(s)));
	}
}

TEST(statement_is_not_written_with_values_that_none_may_have)
{
	uint8_t buf[RECEIPT_STATEMENT_LEN_MAX];
	struct receipt_statement s = sample();
	struct wr w = wr_init(buf, sizeof(buf));

	s.temperature = 0x80000000;
	receipt_statement_write(&w, &s);
	CHECK_ERR(w.err, ERR_FORMAT);
	s = sample(), s.stops = 5, w = wr_init(buf, sizeof(buf));
	receipt_statement_write(&w, &s);
	CHECK_ERR(w.err, ERR_FORMAT);
	s = sample(), s.finish = RECEIPT_FINISH_N;
	w = wr_init(buf, sizeof(buf));
	receipt_statement_write(&w, &s);
	CHECK_ERR(w.err, ERR_FORMAT);
}

/* The longest there is: its length stands in the header. */
TEST(statement_at_its_longest_has_room)
{
	struct receipt_statement s = sample();
	uint8_t buf[RECEIPT_STATEMENT_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t lines = 0;

	s.context = s.top_k = s.max_tokens = UINT32_MAX;
	s.finish = RECEIPT_CANCELLED;
	receipt_statement_write(&w, &s);
	CHECK_OK(w.err);
	CHECK_EQ(w.len, RECEIPT_STATEMENT_LONGEST);
	for (size_t i = 0; i < w.len; i++)
		lines += buf[i] == '\n';
	CHECK_EQ(lines, RECEIPT_STATEMENT_LINES);
	CHECK_OK(
	    receipt_statement_parse(&s, (struct bytes){ buf, w.len }, NULL));
	memset(buf, 'x', sizeof(buf));
	CHECK_ERR(receipt_statement_parse(
		      &s, (struct bytes){ buf, sizeof(buf) + 1 }, NULL),
	    ERR_LIMIT);
}

/* label and text, by this key alone. */
TEST(statement_signature_covers_label_and_text)
{
	const uint8_t seed[ED25519_SEED_LEN] = { 9 };
	uint8_t pub[ED25519_PUB_LEN], sig[ED25519_SIG_LEN];
	uint8_t buf[RECEIPT_SIGNED_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	const struct bytes text = str(statement_text);
	static uint8_t large[RECEIPT_STATEMENT_LEN_MAX + 1];

	crypto_ed25519_public(pub, seed);
	receipt_statement_signed(&w, text);
	CHECK_OK(w.err);
	CHECK_MEM(buf, "confer receipt statement v1\0confer-receipt", 42);
	crypto_ed25519_sign(sig, seed, (struct bytes){ buf, w.len });
	CHECK_OK(receipt_statement_verify(text, sig, pub));
	CHECK_ERR(receipt_statement_verify(
		      with(statement_text, "top-k 40", "top-k 41"), sig, pub),
	    ERR_AUTH);
	pub[0] ^= 1;
	CHECK_ERR(receipt_statement_verify(text, sig, pub), ERR_AUTH);
	pub[0] ^= 1, sig[63] ^= 1;
	CHECK_ERR(receipt_statement_verify(text, sig, pub), ERR_AUTH);
	CHECK_ERR(receipt_statement_verify(
		      (struct bytes){ large, sizeof(large) }, sig, pub),
	    ERR_LIMIT);
	/* Without the label it is another message. */
	crypto_ed25519_sign(sig, seed, text);
	CHECK_ERR(receipt_statement_verify(text, sig, pub), ERR_AUTH);
}

/* ---- the account ----------------------------------------------------------- */

/* */
TEST(account_is_that_of_the_document)
{
	struct receipt_account a;
	struct receipt_check_line c;
	struct bytes rest;
	char buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));

	CHECK_OK(receipt_account_parse(&a, str(account_text), NULL));
	CHECK(mem_eq_str(a.client, "confer-0.1.0"));
	CHECK_EQ(a.verified_at, 1800000000);
	CHECK_EQ(a.deadline, 1800001800);
	CHECK_EQ(a.handshake, RECEIPT_IK_SAME);
	CHECK_EQ(a.tee, TEE_SIM);
	CHECK_EQ(a.checks_n, 2);
	rest = a.checks;
	CHECK(receipt_account_next(&rest, &c));
	CHECK(mem_eq_str(c.name, "evidence format"));
	CHECK(mem_eq_str(c.text, "10 sections"));
	CHECK(receipt_account_next(&rest, &c));
	CHECK(mem_eq_str(c.text, "simulated: \xc3\xa9"));
	CHECK(!receipt_account_next(&rest, &c));

	receipt_account_write(&w, &a);
	receipt_account_check(&w, "evidence format", "10 sections");
	receipt_account_check(&w, "kind of TEE", "simulated: \xc3\xa9");
	CHECK_OK(w.err);
	CHECK_EQ(w.len, sizeof(account_text) - 1);
	CHECK_MEM(buf, account_text, w.len);
}

TEST(account_rejects_every_truncation_but_that_of_whole_checks)
{
	struct receipt_account a;
	const size_t n = sizeof(account_text) - 1;
	const size_t one =
	    (size_t)(strstr(account_text, "check kind") - account_text);

	for (size_t i = 0; i < n; i++) {
		enum err e = receipt_account_parse(&a,
		    (struct bytes){ (const uint8_t *)account_text, i }, NULL);

		CHECK_EQ(e == ERR_OK, i == one);
		CHECK(e == ERR_OK || mem_is_zero(&a, sizeof(a)));
	}
}

TEST(account_refuses_what_no_line_allows)
{
	static const struct {
		const char *from, *to;
		enum err want;
	} bad[] = {
		{ "account/v1", "account/v2", ERR_FORMAT },
		{ "client confer", "client con fer", ERR_FORMAT },
		{ "verified-at 18", "verified-at 018", ERR_FORMAT },
		{ "deadline 1800001800", "deadline 1800000000", ERR_FORMAT },
		{ "deadline 1800001800", "deadline 9223372036854775808",
		    ERR_LIMIT },
		{ "ik-same", "nk", ERR_FORMAT },
		{ "tee sim", "tee unknown", ERR_FORMAT },
		{ "tee sim\n", "", ERR_FORMAT },
		{ "check evidence", "note evidence", ERR_FORMAT },
		{ "check evidence format:", "check :", ERR_FORMAT },
		{ "format: 10 sections", "format:", ERR_FORMAT },
		{ "format: 10 sections", "format: ", ERR_FORMAT },
		{ "format: 10 sections", "format 10 sections", ERR_FORMAT },
		{ "10 sections", "10\tsections", ERR_FORMAT },
		{ "10 sections", "10 \x7f", ERR_FORMAT },
		{ "10 sections", "10 \xc3", ERR_FORMAT },
		{ "10 sections\n", "10 sections\n\n", ERR_FORMAT },
		{ "simulated: \xc3\xa9\n", "simulated: \xc3\xa9\nx",
		    ERR_TRUNCATED },
	};
	struct receipt_account a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err_ctx ctx = { 0 };

		CHECK_ERR(receipt_account_parse(&a,
			      with(account_text, bad[i].from, bad[i].to), &ctx),
		    bad[i].want);
		CHECK(strstr(ctx.msg, "offset") != NULL);
		CHECK(mem_is_zero(&a, sizeof(a)));
	}
}

TEST(account_has_limits)
{
	static uint8_t buf[RECEIPT_ACCOUNT_LEN_MAX + 1];
	char text[2 * RECEIPT_CHECK_TEXT_MAX], name[RECEIPT_CHECK_NAME_MAX + 2];
	const struct receipt_account head = { .client = BYTES_LITERAL("c"),
		.verified_at = 1,
		.deadline = 2,
		.tee = TEE_TDX };
	struct wr w = wr_init(buf, sizeof(buf));
	struct receipt_account a;

	/* Too long a text is cut where it is written. */
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	receipt_account_write(&w, &head);
	for (int i = 0; i < RECEIPT_CHECKS_MAX; i++)
		receipt_account_check(&w, "n", text);
	CHECK_OK(receipt_account_parse(&a, (struct bytes){ buf, w.len }, NULL));
	CHECK_EQ(a.checks_n, RECEIPT_CHECKS_MAX);
	receipt_account_check(&w, "n", "one more");
	CHECK_ERR(receipt_account_parse(&a, (struct bytes){ buf, w.len }, NULL),
	    ERR_LIMIT);
	CHECK_ERR(
	    receipt_account_parse(&a, (struct bytes){ buf, sizeof(buf) }, NULL),
	    ERR_LIMIT);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	w = wr_init(buf, sizeof(buf));
	receipt_account_write(&w, &head);
	receipt_account_check(&w, name, "x");
	CHECK_ERR(receipt_account_parse(&a, (struct bytes){ buf, w.len }, NULL),
	    ERR_FORMAT);
	CHECK_ERR(receipt_account_parse(
		      &a, with(account_text, "10 sections", text), NULL),
	    ERR_FORMAT);
}

TEST(account_is_written_clean)
{
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));
	struct receipt_account a = { .client = BYTES_LITERAL("c d"),
		.verified_at = 1,
		.deadline = 2,
		.tee = TEE_SNP };

	receipt_account_write(&w, &a);
	CHECK_ERR(w.err, ERR_FORMAT);
	a.client = str("c"), a.deadline = 1, w = wr_init(buf, sizeof(buf));
	receipt_account_write(&w, &a);
	CHECK_ERR(w.err, ERR_FORMAT);
	a.deadline = 2, w = wr_init(buf, sizeof(buf));
	receipt_account_write(&w, &a);
	receipt_account_check(&w, "a", "x\ny\x1b[31m \xff rest");
	receipt_account_check(&w, "b", "");
	CHECK_OK(receipt_account_parse(&a, (struct bytes){ buf, w.len }, NULL));
	CHECK(mem_eq_str(a.checks, "check a: x?y?[31m \ncheck b: -\n"));
}

/* ---- the file -------------------------------------------------------------- */

static const uint8_t fill[64];
static uint8_t file[RECEIPT_LEN_MAX + 1];

static struct receipt whole(void)
{
	static const char salted[] = "saltsaltsaltsaltsaltsaltsaltsaltHELLO";

	return (struct receipt){
		.account_text = str(account_text),
		.channel_key = { fill, X25519_LEN },
		.evidence = BYTES_LITERAL("evidence"),
		.trust = BYTES_LITERAL("trust"),
		.statement = str(statement_text),
		.signature = { fill, ED25519_SIG_LEN },
		.request = str(salted),
		.answer = { (const uint8_t *)salted, RECEIPT_SALT_LEN },
	};
}

static struct bytes written(const struct receipt *r)
{
	struct wr w = wr_init(file, sizeof(file));

	receipt_write(&w, r);
	CHECK_OK(w.err);
	return (struct bytes){ file, w.len };
}

static void check_same(struct bytes a, struct bytes b)
{
	CHECK(mem_eq(a, b));
}

/* */
TEST(receipt_round_trips_with_and_without_its_parts)
{
	struct receipt r = whole(), back;

	for (int i = 0; i < 5; i++) {
		if (i == 1)
			r.request.len = 0;
		if (i == 2) /* each for itself */
			r.request = whole().request, r.answer.len = 0;
		if (i == 3)
			r.request.len = 0;
		if (i == 4)
			r.statement.len = r.signature.len = 0;
		CHECK_OK(receipt_parse(&back, written(&r), NULL));
		check_same(back.account_text, r.account_text);
		CHECK_EQ(back.account.checks_n, 2);
		check_same(back.channel_key, r.channel_key);
		check_same(back.evidence, r.evidence);
		check_same(back.trust, r.trust);
		check_same(back.statement, r.statement);
		check_same(back.signature, r.signature);
		check_same(back.request, r.request);
		check_same(back.answer, r.answer);
	}
}

/* A cut between sections is another receipt only where what is left is whole. */
TEST(receipt_rejects_every_truncation_and_trailing_bytes)
{
	struct receipt r = whole(), back;
	const struct bytes all = written(&r);
	size_t accepted = 0;

	for (size_t n = 0; n < all.len; n++) {
		enum err e =
		    receipt_parse(&back, (struct bytes){ all.p, n }, NULL);

		if (e == ERR_OK) {
			CHECK(back.answer.len == 0);
			accepted++;
		} else {
			CHECK(mem_is_zero(&back, sizeof(back)));
		}
	}
	/* after 4, after 6, after 16 */
	CHECK_EQ(accepted, 3);
	file[all.len] = 0;
	CHECK_ERR(
	    receipt_parse(&back, (struct bytes){ file, all.len + 1 }, NULL),
	    ERR_TRUNCATED);
	memset(file + all.len, 0, 5);
	CHECK_ERR(
	    receipt_parse(&back, (struct bytes){ file, all.len + 5 }, NULL),
	    ERR_FORMAT);
}

/* Where section i of a written file begins. */
static size_t section_at(size_t i)
{
	size_t at = 18;

	while (i-- > 0)
		at += 5 + ((size_t)file[at + 2] << 16 |
			      (size_t)file[at + 3] << 8 | file[at + 4]);
	return at;
}

TEST(receipt_refuses_other_types_and_orders)
{
	struct receipt r = whole(), back;
	struct bytes all = written(&r);
	struct err_ctx ctx = { 0 };

	file[section_at(1)] = 3; /* then 3 comes twice */
	CHECK_ERR(receipt_parse(&back, all, &ctx), ERR_FORMAT);
	all = written(&r);
	file[section_at(2)] = 2;
	memset(&ctx, 0, sizeof(ctx));
	CHECK_ERR(receipt_parse(&back, all, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "repeated") != NULL);
	for (unsigned type = 0; type < 256; type++) {
		if ((type >= 1 && type <= 6) || type == 16 || type == 17)
			continue;
		all = written(&r);
		file[section_at(3)] = (uint8_t)type;
		memset(&ctx, 0, sizeof(ctx));
		CHECK_ERR(receipt_parse(&back, all, &ctx), ERR_FORMAT);
		CHECK(strstr(ctx.msg, "unknown") != NULL);
	}
}

/* `at` counts the bytes that go in front of the section's end. */
static enum err with_length(size_t i, uint32_t len)
{
	struct receipt r = whole(), back;
	struct bytes all = written(&r);
	size_t at = section_at(i) + 1;

	for (int k = 0; k < 4; k++)
		file[at + k] = (uint8_t)(len >> (24 - 8 * k));
	return receipt_parse(&back, all, NULL);
}

TEST(receipt_refuses_lengths_that_no_section_has)
{
	for (size_t i = 0; i < 8; i++) {
		static const uint32_t max[] = { RECEIPT_ACCOUNT_LEN_MAX,
			X25519_LEN, EVIDENCE_LEN_MAX, TRUST_LEN_MAX,
			RECEIPT_STATEMENT_LEN_MAX, ED25519_SIG_LEN,
			RECEIPT_REQUEST_MAX,
			RECEIPT_SALT_LEN + RECEIPT_TEXT_MAX };

		CHECK_ERR(with_length(i, 0), ERR_FORMAT);
		CHECK_ERR(with_length(i, max[i] + 1), ERR_LIMIT);
		CHECK_ERR(with_length(i, UINT32_MAX), ERR_LIMIT);
	}
	CHECK_ERR(with_length(1, X25519_LEN - 1), ERR_FORMAT);
	CHECK_ERR(with_length(5, ED25519_SIG_LEN - 1), ERR_FORMAT);
	CHECK_ERR(with_length(6, RECEIPT_SALT_LEN), ERR_FORMAT);
	CHECK_ERR(with_length(7, RECEIPT_SALT_LEN - 1), ERR_FORMAT);
}

/* Written by hand, since receipt_write() would not. */
static enum err parse_parts(const unsigned *type, const struct bytes *b)
{
	struct wr w = wr_init(file, sizeof(file));
	struct receipt back;

	wr_str(&w, "confer-receipt/v1\n");
	for (size_t i = 0; type[i] != 0; i++) {
		wr_u8(&w, (uint8_t)type[i]);
		wr_u32be(&w, (uint32_t)b[type[i] - 1].len);
		wr_bytes(&w, b[type[i] - 1]);
	}
	CHECK_OK(w.err);
	return receipt_parse(&back, (struct bytes){ file, w.len }, NULL);
}

TEST(receipt_needs_the_parts_that_go_together)
{
	const struct receipt r = whole();
	const struct bytes b[17] = { [0] = r.account_text,
		[1] = r.channel_key,
		[2] = r.evidence,
		[3] = r.trust,
		[4] = r.statement,
		[5] = r.signature,
		[15] = r.request,
		[16] = r.answer };
	struct receipt out;
	struct wr w = wr_init(file, sizeof(file));

	CHECK_OK(parse_parts((unsigned[]){ 1, 2, 3, 4, 0 }, b));
	CHECK_ERR(parse_parts((unsigned[]){ 2, 3, 4, 0 }, b), ERR_FORMAT);
	CHECK_ERR(parse_parts((unsigned[]){ 1, 3, 4, 0 }, b), ERR_FORMAT);
	CHECK_ERR(parse_parts((unsigned[]){ 1, 2, 4, 0 }, b), ERR_FORMAT);
	CHECK_ERR(parse_parts((unsigned[]){ 1, 2, 3, 0 }, b), ERR_FORMAT);
	CHECK_ERR(parse_parts((unsigned[]){ 1, 2, 3, 4, 5, 0 }, b), ERR_FORMAT);
	CHECK_ERR(parse_parts((unsigned[]){ 1, 2, 3, 4, 6, 0 }, b), ERR_FORMAT);
	CHECK_ERR(
	    parse_parts((unsigned[]){ 1, 2, 3, 4, 16, 0 }, b), ERR_FORMAT);
	CHECK_ERR(
	    parse_parts((unsigned[]){ 1, 2, 3, 4, 17, 0 }, b), ERR_FORMAT);
	CHECK_ERR(parse_parts((unsigned[]){ 1, 2, 3, 4, 5, 6, 17, 16, 0 }, b),
	    ERR_FORMAT);
	out = r, out.signature.len = 0;
	receipt_write(&w, &out);
	CHECK_ERR(w.err, ERR_FORMAT);
	out = r, out.channel_key.len = 31, w = wr_init(file, sizeof(file));
	receipt_write(&w, &out);
	CHECK_ERR(w.err, ERR_FORMAT);
}

TEST(receipt_of_another_version_is_named_so)
{
	struct receipt r = whole(), back;
	struct bytes all = written(&r);
	struct err_ctx ctx = { 0 };

	CHECK(receipt_is(all));
	file[16] = '2';
	CHECK(receipt_is(all));
	CHECK_ERR(receipt_parse(&back, all, &ctx), ERR_UNSUPPORTED);
	CHECK(strstr(ctx.msg, "not of version 1") != NULL);
	file[0] = 'C';
	CHECK(!receipt_is(all));
	CHECK_ERR(receipt_parse(&back, all, NULL), ERR_UNSUPPORTED);
	CHECK(!receipt_is((struct bytes){ NULL, 0 }));
	CHECK_ERR(receipt_parse(&back, (struct bytes){ NULL, 0 }, NULL),
	    ERR_TRUNCATED);
	CHECK_ERR(
	    receipt_parse(&back, (struct bytes){ file, sizeof(file) }, NULL),
	    ERR_LIMIT);
}

/* Everything at its longest is exactly the limit. */
TEST(receipt_at_its_longest_has_room)
{
	static uint8_t a[RECEIPT_ACCOUNT_LEN_MAX], zero[RECEIPT_LEN_MAX];
	struct receipt r = whole(), back;
	struct wr w = wr_init(a, sizeof(a));
	const struct receipt_account head = { .client = BYTES_LITERAL("c"),
		.verified_at = 1,
		.deadline = 2,
		.tee = TEE_SGX };

	receipt_account_write(&w, &head);
	receipt_account_check(&w, "n", "t");
	r.account_text = (struct bytes){ a, w.len };
	r.evidence = (struct bytes){ zero, EVIDENCE_LEN_MAX };
	r.trust = (struct bytes){ zero, TRUST_LEN_MAX };
	r.statement = (struct bytes){ zero, RECEIPT_STATEMENT_LEN_MAX };
	r.request = (struct bytes){ zero, RECEIPT_REQUEST_MAX };
	r.answer = (struct bytes){ zero, RECEIPT_SALT_LEN + RECEIPT_TEXT_MAX };
	CHECK_EQ(written(&r).len + sizeof(a) - w.len, RECEIPT_LEN_MAX);
	CHECK_OK(receipt_parse(&back, written(&r), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statement_is_that_of_the_document),
		cmocka_unit_test(
		    statement_rejects_every_truncation_and_trailing_bytes),
		cmocka_unit_test(statement_has_one_spelling),
		cmocka_unit_test(statement_refuses_what_no_field_allows),
		cmocka_unit_test(
		    statement_is_not_written_with_values_that_none_may_have),
		cmocka_unit_test(statement_at_its_longest_has_room),
		cmocka_unit_test(statement_signature_covers_label_and_text),
		cmocka_unit_test(account_is_that_of_the_document),
		cmocka_unit_test(
		    account_rejects_every_truncation_but_that_of_whole_checks),
		cmocka_unit_test(account_refuses_what_no_line_allows),
		cmocka_unit_test(account_has_limits),
		cmocka_unit_test(account_is_written_clean),
		cmocka_unit_test(
		    receipt_round_trips_with_and_without_its_parts),
		cmocka_unit_test(
		    receipt_rejects_every_truncation_and_trailing_bytes),
		cmocka_unit_test(receipt_refuses_other_types_and_orders),
		cmocka_unit_test(receipt_refuses_lengths_that_no_section_has),
		cmocka_unit_test(receipt_needs_the_parts_that_go_together),
		cmocka_unit_test(receipt_of_another_version_is_named_so),
		cmocka_unit_test(receipt_at_its_longest_has_room),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
