/* PEM: one spelling but for the length of lines and their ends. */
#include "attest/x509.h"
#include "base/hex.h"
#include "test.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"
#define CAP   64

static uint8_t out[CAP];

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* Decode `text`; `want` in base64 without line ends. */
static void accept(const char *text, const char *want)
{
	struct err_ctx ctx = { 0 };
	struct bytes in = str(text);
	char base64[BASE64_LEN(CAP) + 1];
	size_t len;

	if (x509_pem_next(&in, out, CAP, &len, "chain", &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	base64_encode(base64, out, len);
	CHECK_STR(base64, want);
	CHECK_OK(x509_pem_end(in, "chain", NULL));
}

static void refuse_at(struct bytes in, enum err want, size_t off)
{
	struct err_ctx ctx = { 0 };
	struct bytes before = in;
	char msg[ERR_MSG_LEN_MAX];
	size_t len = 7;

	CHECK_ERR(x509_pem_next(&in, out, CAP, &len, "chain", &ctx), want);
	(void)snprintf(msg, sizeof(msg), "chain: PEM: %s at offset %zu",
	    err_name(want), off);
	CHECK_STR(ctx.msg, msg);
	CHECK_EQ(len, 0);
	CHECK(in.p == before.p && in.len == before.len);
}

static void refuse(const char *text, enum err want, size_t off)
{
	refuse_at(str(text), want, off);
}

TEST(pem_reads_lines_of_any_length)
{
	accept(BEGIN "AAECAwQF\n" END, "AAECAwQF");
	accept(BEGIN "AAEC\nAwQF\n" END, "AAECAwQF");
	accept(BEGIN "A\nA\nE\nC\nAw\nQF\n" END, "AAECAwQF");
	accept(BEGIN "AAECA\nwQF\n" END, "AAECAwQF");
	accept(BEGIN "AAECAw\nQFAAE\nC\n" END, "AAECAwQFAAEC");
	accept(BEGIN "AAECAw==\n" END, "AAECAw==");
	accept(BEGIN "AAECAw\n==\n" END, "AAECAw==");
	accept(BEGIN "AAECA\nw=\n=\n" END, "AAECAw==");
	accept(BEGIN "AAECAwQ=\n" END, "AAECAwQ=");
	accept(BEGIN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
		     "ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4\n" END,
	    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
	    "ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4");
	/* No certificate at all, but a block. */
	accept(BEGIN END, "");
}

TEST(pem_reads_lf_and_crlf_and_space_around)
{
	accept("-----BEGIN CERTIFICATE-----\r\nAAEC\r\nAwQF\r\n"
	       "-----END CERTIFICATE-----\r\n",
	    "AAECAwQF");
	accept(BEGIN "AAEC\r\nAwQF\n" END, "AAECAwQF");
	accept(" \t\r\n\n" BEGIN "AAEC\n" END " \n\t ", "AAEC");
	accept(BEGIN "AAEC\n-----END CERTIFICATE-----", "AAEC");
}

TEST(pem_blocks_come_one_after_another)
{
	static const char text[] =
	    BEGIN "AAEC\n" END "\n" BEGIN "AwQF\n" END "\0\0\n";
	struct bytes in = { (const uint8_t *)text, sizeof(text) };
	struct err_ctx ctx = { 0 };
	size_t len;

	CHECK_OK(x509_pem_next(&in, out, CAP, &len, "chain", NULL));
	CHECK(len == 3 && out[0] == 0);
	CHECK_ERR(x509_pem_end(in, "chain", &ctx), ERR_TRAILING);
	CHECK_STR(ctx.msg, "chain: PEM: trailing bytes at offset 2");
	CHECK_OK(x509_pem_next(&in, out, CAP, &len, "chain", NULL));
	CHECK(len == 3 && out[0] == 3);
	/* White space and NULs are no certificate. */
	CHECK_OK(x509_pem_end(in, "chain", NULL));
	ctx.code = ERR_OK;
	CHECK_ERR(
	    x509_pem_next(&in, out, CAP, &len, "chain", &ctx), ERR_TRUNCATED);
	CHECK_STR(ctx.msg, "chain: no PEM certificate");
	CHECK_OK(x509_pem_end((struct bytes){ NULL, 0 }, "chain", NULL));
	in = (struct bytes){ NULL, 0 };
	CHECK_ERR(
	    x509_pem_next(&in, out, CAP, &len, "chain", NULL), ERR_TRUNCATED);
}

TEST(pem_may_end_in_a_nul)
{
	static const char text[] = BEGIN "AAEC\n-----END CERTIFICATE-----";
	/* sizeof counts the NUL, as Intel's chains in quotes do. */
	struct bytes in = { (const uint8_t *)text, sizeof(text) };
	size_t len;

	CHECK_OK(x509_pem_next(&in, out, CAP, &len, "chain", NULL));
	CHECK_EQ(len, 3);
	CHECK_EQ(in.len, 1);
	CHECK_OK(x509_pem_end(in, "chain", NULL));
}

TEST(pem_refuses_every_truncation)
{
	static const char text[] = BEGIN "AAEC\nAwQF\r\n"
					 "-----END CERTIFICATE-----";

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct bytes in;
		size_t len;
		uint8_t *copy = malloc(n + (n == 0));

		assert_non_null(copy);
		memcpy(copy, text, n);
		in = (struct bytes){ copy, n };
		CHECK_ERR(x509_pem_next(&in, out, CAP, &len, "chain", NULL),
		    ERR_TRUNCATED);
		CHECK(in.p == copy && in.len == n && len == 0);
		free(copy);
	}
}

TEST(pem_refuses_other_labels)
{
	refuse("-----BEGIN X509 CERTIFICATE-----\n", ERR_FORMAT, 0);
	refuse("-----BEGIN CERTIFICATE----\n", ERR_FORMAT, 0);
	refuse("-----begin certificate-----\n", ERR_FORMAT, 0);
	refuse("text\n" BEGIN "AAEC\n" END, ERR_FORMAT, 0);
	refuse("\n  MIIE", ERR_FORMAT, 3);
	refuse("\xef\xbb\xbf" BEGIN "AAEC\n" END, ERR_FORMAT, 0);
	refuse("-----BEGIN CERTIFICATE-----AAEC\n" END, ERR_FORMAT, 27);
	refuse("-----BEGIN CERTIFICATE----- \nAAEC\n" END, ERR_FORMAT, 27);
	refuse("-----BEGIN CERTIFICATE-----\r\r\nAAEC\n" END, ERR_FORMAT, 27);
	refuse(BEGIN "AAEC\n-----END X509 CRL-----\n", ERR_FORMAT, 33);
	refuse(BEGIN "AAEC\n" BEGIN, ERR_FORMAT, 33);
	refuse(BEGIN "AAEC\n-----END CERTIFICATE------\n", ERR_FORMAT, 58);
	refuse(BEGIN "AAEC\n-----END CERTIFICATE-----" BEGIN, ERR_FORMAT, 58);
	refuse(BEGIN "AAEC-----END CERTIFICATE-----\n", ERR_FORMAT, 28);
}

TEST(pem_refuses_other_base64)
{
	refuse(BEGIN "\nAAEC\n" END, ERR_FORMAT, 28);
	refuse(BEGIN "AAEC\n\n" END, ERR_FORMAT, 33);
	refuse(BEGIN " AAEC\n" END, ERR_FORMAT, 28);
	/* Taken for the first of four, which then do not come. */
	refuse(BEGIN "AAEC \n" END, ERR_FORMAT, 34);
	refuse(BEGIN "AA_C\n" END, ERR_FORMAT, 28);
	refuse(BEGIN "A\n___AAEC\n" END, ERR_FORMAT, 30);
	refuse(BEGIN "A\n___\n" END, ERR_FORMAT, 30);
	refuse(BEGIN "AAE\n" END, ERR_FORMAT, 32);
	refuse(BEGIN "AAECA\n" END, ERR_FORMAT, 34);
	refuse(BEGIN "AAECAx==\n" END, ERR_FORMAT, 28);
	refuse(BEGIN "AAECAwR=\n" END, ERR_FORMAT, 28);
	refuse(BEGIN "AAECA===\n" END, ERR_FORMAT, 28);
	refuse(BEGIN "====\n" END, ERR_FORMAT, 28);
	/* Padding, then more: in the line, by halves, on the next. */
	refuse(BEGIN "AA==AAEC\n" END, ERR_FORMAT, 28);
	refuse(BEGIN "AA==\nAAEC\n" END, ERR_FORMAT, 33);
	refuse(BEGIN "AA==\nA\nAEC\n" END, ERR_FORMAT, 33);
	refuse(BEGIN "A\nA==AAEC\n" END, ERR_FORMAT, 30);
	refuse(BEGIN "A\nA==A\n" END, ERR_FORMAT, 30);
	refuse(BEGIN "AAEC\rAwQF\n" END, ERR_FORMAT, 32);
	refuse(BEGIN "AAEC\rAwQF", ERR_FORMAT, 32);
	refuse(BEGIN "Proc-Type: 4\n\nAAEC\n" END, ERR_FORMAT, 28);
	refuse_at((struct bytes){ (const uint8_t *)BEGIN "AA\0C\n" END,
		      sizeof(BEGIN "AA\0C\n" END) - 1 },
	    ERR_FORMAT, 28);
}

TEST(pem_lines_end_at_their_limit)
{
	char text[256] = BEGIN;
	size_t at = strlen(BEGIN);

	memset(text + at, 'A', 76);
	memcpy(text + at + 76, "\n" END, sizeof("\n" END));
	accept(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	memset(text + at, 'A', 80);
	memcpy(text + at + 80, "\n" END, sizeof("\n" END));
	refuse(text, ERR_FORMAT, at);
	memset(text + at, 'A', 77);
	memcpy(text + at + 77, "\nAAA\n" END, sizeof("\nAAA\n" END));
	refuse(text, ERR_FORMAT, at);
}

TEST(pem_says_when_there_is_no_room)
{
	struct bytes in = str(BEGIN "AAEC\nAwQF\n" END);
	uint8_t small[6];
	size_t len;

	for (size_t cap = 0; cap < 6; cap++) {
		CHECK_ERR(x509_pem_next(&in, small, cap, &len, "chain", NULL),
		    ERR_NOSPACE);
		CHECK_EQ(len, 0);
	}
	CHECK_OK(x509_pem_next(&in, small, 6, &len, "chain", NULL));
	CHECK_EQ(len, 6);
}

TEST(pem_end_allows_white_space_and_nuls_alone)
{
	struct err_ctx ctx = { 0 };

	CHECK_OK(x509_pem_end(
	    (struct bytes){ (const uint8_t *)"\0 \r\n\t\0", 6 }, "c", NULL));
	CHECK_ERR(x509_pem_end((struct bytes){ (const uint8_t *)"\0\0\x01", 3 },
		      "c", &ctx),
	    ERR_TRAILING);
	CHECK_STR(ctx.msg, "c: PEM: trailing bytes at offset 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pem_reads_lines_of_any_length),
		cmocka_unit_test(pem_reads_lf_and_crlf_and_space_around),
		cmocka_unit_test(pem_blocks_come_one_after_another),
		cmocka_unit_test(pem_may_end_in_a_nul),
		cmocka_unit_test(pem_refuses_every_truncation),
		cmocka_unit_test(pem_refuses_other_labels),
		cmocka_unit_test(pem_refuses_other_base64),
		cmocka_unit_test(pem_lines_end_at_their_limit),
		cmocka_unit_test(pem_says_when_there_is_no_room),
		cmocka_unit_test(pem_end_allows_white_space_and_nuls_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
