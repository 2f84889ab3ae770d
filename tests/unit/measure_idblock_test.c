/* ID blocks and key digests: published ones, and keys that are none. */
#include "firmware.h"
#include "json_hex.h"

#include "measure/snp_idblock.h"

#define FOLDER "attest/measure/id-block/"
#define BEGIN  "-----BEGIN PUBLIC KEY-----\n"
#define END    "-----END PUBLIC KEY-----\n"
#define LINE1                                                                  \
	"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAENOkBFIrrDE+VjXjN7Bqvke3wdrCV1/Aj\n"
#define LINE2                                                                  \
	"WNFoawB+p6vpw77eTrJh0Hqi9jZM/YUDb0wYg22A0XFCVXmhqbIKnmfGZWpwIlKg\n"
#define LINE3 "yn4fRNBya3i5/jWBuo+8Q14y73hu7/0g\n"
#define KEY   BEGIN LINE1 LINE2 LINE3 END

static enum err parse(
    uint8_t out[SHA384_LEN], const char *pem, struct err_ctx *ctx)
{
	return snp_idblock_parse_key(
	    out, (struct bytes){ (const uint8_t *)pem, strlen(pem) }, ctx);
}

static void check_published(
    const struct json *root, const char *file, const char *member)
{
	uint8_t got[SHA384_LEN], want[SHA384_LEN];
	size_t len;
	uint8_t *pem = read_file(vector_path(file), &len);

	CHECK_OK(snp_idblock_parse_key(got, (struct bytes){ pem, len }, NULL));
	CHECK_EQ(json_hex(root, member, want, sizeof(want)), sizeof(want));
	CHECK_MEM(got, want, sizeof(want));
	free(pem);
}

TEST(idblock_and_key_digests_are_the_published_ones)
{
	uint8_t *text, ld[SHA384_LEN], got[SNP_IDBLOCK_LEN],
	    want[SNP_IDBLOCK_LEN];
	struct json root =
	    json_file(vector_path(FOLDER "expected.json"), &text);

	check_published(&root, FOLDER "id_key.pub.pem", "id_key_digest_hex");
	check_published(
	    &root, FOLDER "author_key.pub.pem", "author_key_digest_hex");
	CHECK_EQ(
	    json_hex(&root, "launch_digest_hex", ld, sizeof(ld)), sizeof(ld));
	CHECK_EQ(
	    json_hex(&root, "id_block_hex", want, sizeof(want)), sizeof(want));
	snp_idblock_write(got, ld, 0x30000);
	CHECK_MEM(got, want, sizeof(want));
	free(text);
}

TEST(idblock_holds_digest_version_and_policy)
{
	uint8_t ld[SHA384_LEN], b[SNP_IDBLOCK_LEN];

	memset(ld, 0xab, sizeof(ld));
	snp_idblock_write(b, ld, 0x0102030405060708);
	CHECK_MEM(b, ld, sizeof(ld));
	CHECK(mem_is_zero(b + 48, 32));
	CHECK_MEM(b + 80, ((const uint8_t[]){ 1, 0, 0, 0, 0, 0, 0, 0 }), 8);
	CHECK_MEM(b + 88, ((const uint8_t[]){ 8, 7, 6, 5, 4, 3, 2, 1 }), 8);
}

TEST(key_digest_agrees_with_another_calculation)
{
	uint8_t got[SHA384_LEN];

	CHECK_OK(parse(got, KEY, NULL));
	FW_CHECK(got, "9678726f7ff72034e33a77b31c98c13b1bfc8d7a4455f0c9"
		      "68ce47e519ba68a2a3870625d0b2739b9b8ce43314935bf4");
	/* Lines of another length say the same. */
	CHECK_OK(parse(got, BEGIN LINE1 "\n" LINE2 LINE3 END, NULL));
	FW_CHECK(got, "9678726f7ff72034e33a77b31c98c13b1bfc8d7a4455f0c9"
		      "68ce47e519ba68a2a3870625d0b2739b9b8ce43314935bf4");
}

TEST(key_refuses_every_truncation_but_of_the_last_line_end)
{
	static const char key[] = KEY;
	uint8_t got[SHA384_LEN];

	for (size_t n = 0; n < strlen(key) - 1; n++) {
		struct err_ctx ctx = { 0 };

		if (snp_idblock_parse_key(got,
			(struct bytes){ (const uint8_t *)key, n },
			&ctx) == ERR_OK)
			fail_msg("%zu bytes are accepted", n);
		CHECK(ctx.msg[0] != '\0');
		CHECK(mem_is_zero(got, sizeof(got)));
	}
	CHECK_OK(snp_idblock_parse_key(got,
	    (struct bytes){ (const uint8_t *)key, strlen(key) - 1 }, NULL));
}

static void refused(const char *pem, enum err want, const char *why)
{
	struct err_ctx ctx = { 0 };
	uint8_t got[SHA384_LEN];

	CHECK_ERR(parse(got, pem, &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
	CHECK(mem_is_zero(got, sizeof(got)));
}

TEST(key_is_one_public_key_of_p384)
{
	static char longer[SNP_PEM_LEN_MAX + 2];

	memset(longer, 'A', sizeof(longer) - 1);
	refused(longer, ERR_LIMIT, "at most 1024");
	refused("-----BEGIN EC PRIVATE KEY-----\n" LINE1, ERR_FORMAT,
	    "does not start with");
	refused(KEY "x", ERR_FORMAT, "1 bytes after its end");
	refused(KEY KEY, ERR_FORMAT, "after its end");
	refused(BEGIN LINE1 LINE2 LINE3 "A" END, ERR_FORMAT,
	    "more than a P-384 key");
	refused(BEGIN LINE1 LINE2 END, ERR_FORMAT, "128 characters");
	refused(BEGIN LINE1 LINE2 LINE3, ERR_TRUNCATED, "no END PUBLIC KEY");
	refused(BEGIN LINE1 LINE2 "yn4fRNBya3i5/jWBuo+8Q14y73hu7/0\r" END,
	    ERR_FORMAT, "not canonical");
	refused(BEGIN LINE1 LINE2 "yn4fRNBya3i5/jWBuo+8Q14y73hu7w==" END,
	    ERR_FORMAT, "no P-384 key");
	/* The next curve's identifier; a compressed point. */
	refused(BEGIN "MHYwEAYHKoZIzj0CAQYFK4EEACMD"
		      "YgAENOkBFIrrDE+VjXjN7Bqvke3wdrCV1/Aj\n" LINE2 LINE3 END,
	    ERR_FORMAT, "no P-384 key");
	refused(BEGIN "MHYwEAYHKoZIzj0CAQYFK4EEACID"
		      "YgACNOkBFIrrDE+VjXjN7Bqvke3wdrCV1/Aj\n" LINE2 LINE3 END,
	    ERR_FORMAT, "no P-384 key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    idblock_and_key_digests_are_the_published_ones),
		cmocka_unit_test(idblock_holds_digest_version_and_policy),
		cmocka_unit_test(key_digest_agrees_with_another_calculation),
		cmocka_unit_test(
		    key_refuses_every_truncation_but_of_the_last_line_end),
		cmocka_unit_test(key_is_one_public_key_of_p384),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
