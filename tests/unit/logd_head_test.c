/* state/head [L-143]. */
#include "test.h"

#include "logd/head.h"
#include "logd/key.h"
#include "tlog/checkpoint.h"

static struct logd_key key, other;

static int make_keys(void **state)
{
	(void)state;
	CHECK_OK(logd_key_make(
	    &key, "log.example.org/releases", TLOG_KEY_ED25519, NULL));
	CHECK_OK(
	    logd_key_make(&other, "other.example.org", TLOG_KEY_ED25519, NULL));
	return 0;
}

/* A checkpoint of 3 entries by `origin`, signed by n keys. */
static void put_note(struct wr *w, const char *origin, const char *extension,
    const struct logd_key *const *signer, size_t n)
{
	const size_t start = w->len;
	struct tlog_hash root;
	struct bytes text;

	memset(root.b, 7, sizeof(root.b));
	tlog_checkpoint_format(w,
	    (struct bytes){ (const uint8_t *)origin, strlen(origin) }, 3,
	    &root);
	wr_str(w, extension);
	text = (struct bytes){ w->p + start, w->len - start };
	tlog_note_format_end_text(w);
	for (size_t i = 0; i < n; i++)
		logd_key_sign(w, signer[i], text, 0);
}

static struct bytes head_of(uint8_t out[4096], const char *origin,
    const char *extension, const struct logd_key *a, const struct logd_key *b)
{
	const struct logd_key *signer[] = { a, b };
	uint8_t note[4096];
	struct wr n = wr_init(note, sizeof(note));
	struct wr w = wr_init(out, 4096);

	put_note(&n, origin, extension, signer, b == NULL ? 1 : 2);
	CHECK_OK(n.err);
	logd_head_format(&w, (struct bytes){ note, n.len });
	CHECK_OK(w.err);
	return (struct bytes){ out, w.len };
}

static const char *const origin = "log.example.org/releases";

static enum err parse(struct bytes file)
{
	struct logd_head head;
	struct err_ctx ctx = { 0 };
	enum err e = logd_head_parse(&head, &key.key, file, &ctx);

	CHECK((e == ERR_OK) == (ctx.msg[0] == '\0'));
	if (e != ERR_OK)
		CHECK(head.size == 0 && head.note.p == NULL);
	return e;
}

TEST(head_is_read_as_it_was_written)
{
	uint8_t buf[4096], again[4096];
	struct bytes file = head_of(buf, origin, "", &key, NULL);
	struct wr w = wr_init(again, sizeof(again));
	struct logd_head head;

	CHECK_OK(logd_head_parse(&head, &key.key, file, NULL));
	CHECK_EQ(head.size, 3);
	CHECK_EQ(head.root.b[0], 7);
	CHECK_MEM(file.p, "confer-log-head/v1\nlog.example.org/releases\n3\n",
	    19 + 25 + 2);
	logd_head_format(&w, head.note);
	CHECK_EQ(w.len, file.len);
	CHECK_MEM(again, file.p, file.len);
}

TEST(head_rejects_every_truncation)
{
	uint8_t buf[4096];
	struct bytes file = head_of(buf, origin, "", &key, NULL);

	for (size_t n = 0; n < file.len; n++)
		CHECK(parse((struct bytes){ file.p, n }) != ERR_OK);
}

TEST(head_rejects_every_flipped_bit_and_trailing_bytes)
{
	uint8_t buf[4096];
	struct bytes file = head_of(buf, origin, "", &key, NULL);

	for (size_t i = 0; i < 8 * file.len; i++) {
		buf[i / 8] ^= (uint8_t)(1u << i % 8);
		CHECK(parse(file) != ERR_OK);
		buf[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	buf[file.len] = '\n';
	CHECK_ERR(parse((struct bytes){ buf, file.len + 1 }), ERR_FORMAT);
	CHECK_OK(parse(file));
}

TEST(head_rejects_another_key_origin_or_second_signature)
{
	uint8_t buf[4096];

	CHECK_ERR(parse(head_of(buf, origin, "", &other, NULL)), ERR_AUTH);
	CHECK_ERR(
	    parse(head_of(buf, "other.example.org", "", &key, NULL)), ERR_AUTH);
	CHECK_ERR(parse(head_of(buf, origin, "", &key, &other)), ERR_FORMAT);
	CHECK_ERR(
	    parse(head_of(buf, origin, "extra\n", &key, NULL)), ERR_FORMAT);
}

TEST(head_has_a_limit_and_a_checksum_of_its_own_line)
{
	uint8_t buf[4096], big[LOGD_HEAD_LEN_MAX + 1] = { 0 };
	struct bytes file = head_of(buf, origin, "", &key, NULL);

	CHECK_ERR(parse((struct bytes){ big, sizeof(big) }), ERR_LIMIT);
	CHECK_ERR(parse((struct bytes){ file.p, 19 }), ERR_TRUNCATED);
	CHECK_ERR(parse((struct bytes){ big, 30 }), ERR_FORMAT);
	buf[file.len - 70] = 'S'; /* of "sha256", which no checksum covers */
	CHECK_ERR(parse(file), ERR_FORMAT);
}

TEST(head_of_the_longest_name_fits)
{
	char name[TLOG_KEY_NAME_LEN_MAX + 1];
	struct logd_key *longest = calloc(1, sizeof(*longest));
	struct logd_head head;
	uint8_t buf[4096];
	struct bytes file;

	assert_non_null(longest);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK_OK(logd_key_make(longest, name, TLOG_KEY_ED25519, NULL));
	file = head_of(buf, name, "", longest, NULL);
	CHECK(file.len + 18 <= LOGD_HEAD_LEN_MAX); /* 19 digits, not 1 */
	CHECK_OK(logd_head_parse(&head, &longest->key, file, NULL));
	free(longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_is_read_as_it_was_written),
		cmocka_unit_test(head_rejects_every_truncation),
		cmocka_unit_test(
		    head_rejects_every_flipped_bit_and_trailing_bytes),
		cmocka_unit_test(
		    head_rejects_another_key_origin_or_second_signature),
		cmocka_unit_test(
		    head_has_a_limit_and_a_checksum_of_its_own_line),
		cmocka_unit_test(head_of_the_longest_name_fits),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
