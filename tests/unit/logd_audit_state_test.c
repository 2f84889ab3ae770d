/* The state of an audit: one spelling, one checksum, and no silent loss. */
#include "logd_records.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "logd/audit_state.h"

static struct logd_audit_state state_, back;
static struct signer log_key;
static char dir[64];

/* A state after `size` entries with two series. */
static void make_state(struct logd_audit_state *s, unsigned size)
{
	struct wr w = wr_init(s->note, sizeof(s->note));
	struct tlog_hash leaf = { { 0 } };
	struct tlog_hash root;

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < size; i++) {
		leaf.b[0] = (uint8_t)i;
		tlog_range_add(&s->range, &leaf);
	}
	tlog_range_root(&root, &s->range);
	tlog_checkpoint_format(&w, log_key.key.name, size, &root);
	tlog_note_format_end_text(&w);
	signer_line(&w, &log_key, (struct bytes){ s->note, w.len - 1 }, 0);
	CHECK_OK(w.err);
	s->note_len = w.len;
	s->admit.entries = size;
	s->admit.n_streams = 2;
	s->admit.stream[0] = (struct logd_stream){ .kind = RECORD_IMAGE,
		.product = "confer",
		.channel = "stable",
		.seq = 17,
		.not_after = NOW,
		.leaf = { { 1 } } };
	s->admit.stream[1] = (struct logd_stream){ .kind = RECORD_POLICY,
		.product = "confer",
		.channel = "stable",
		.seq = 3,
		.not_after = NOW + 1,
		.leaf = { { 2 } } };
}

static int setup(void **state)
{
	(void)state;
	CHECK_OK(crypto_init());
	log_key = signer_make("log.example.org/releases", TLOG_KEY_ED25519);
	make_state(&state_, 11);
	memset(&back, 0, sizeof(back));
	(void)snprintf(dir, sizeof(dir), "/tmp/confer-audit-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/" LOGD_STATE_FILE, dir);
	(void)unlink(path);
	(void)rmdir(path);
	return rmdir(dir);
}

/* The text of a state, NUL-terminated. */
static char *text_of(const struct logd_audit_state *s, size_t *len)
{
	static char text[LOGD_STATE_LEN_MAX + 1];
	struct wr w = wr_init(text, LOGD_STATE_LEN_MAX);

	logd_audit_state_format(&w, s);
	CHECK_OK(w.err);
	text[w.len] = '\0';
	*len = w.len;
	return text;
}

/* Put the right checksum under a body. */
static struct bytes summed(char *text, size_t body_len)
{
	const struct bytes body = { (const uint8_t *)text, body_len };
	uint8_t sum[SHA256_LEN];

	crypto_sha256(sum, &body, 1);
	memcpy(text + body_len, "sha256 ", 7);
	hex_encode(text + body_len + 7, sum, sizeof(sum));
	text[body_len + 71] = '\n';
	return (struct bytes){ body.p, body_len + 72 };
}

/* Replace `old` by `new` in a good state and look at the error. */
static void check_changed(const char *old, const char *new, enum err want)
{
	static char out[2 * LOGD_STATE_LEN_MAX];
	struct err_ctx ctx = { 0 };
	size_t len, at;
	char *text = text_of(&state_, &len), *found = strstr(text, old);
	struct bytes in;

	if (found == NULL)
		fail_msg("no %s", old);
	at = (size_t)(found - text);
	len -= 72;
	memcpy(out, text, at);
	memcpy(out + at, new, strlen(new));
	memcpy(out + at + strlen(new), found + strlen(old),
	    len - at - strlen(old));
	in = summed(out, len - strlen(old) + strlen(new));
	CHECK_ERR(logd_audit_state_parse(&back, in, &ctx), want);
	if (want == ERR_OK)
		return;
	CHECK(ctx.msg[0] != '\0');
	CHECK_EQ(back.range.size, 0);
	CHECK_EQ(back.admit.n_streams, 0);
	CHECK_EQ(back.note_len, 0);
}

/* L-175 */
TEST(a_state_is_read_back_as_it_was_written)
{
	static char again[LOGD_STATE_LEN_MAX];
	size_t len, len2;
	char *text;

	for (unsigned size = 0; size < 9; size++) {
		struct tlog_checkpoint cp;

		make_state(&state_, size);
		state_.admit.retired = size % 2;
		state_.admit.successor = size / 2 % 2;
		text = text_of(&state_, &len);
		memcpy(again, text, len);
		CHECK_OK(logd_audit_state_parse(
		    &back, (struct bytes){ (uint8_t *)again, len }, NULL));
		text = text_of(&back, &len2);
		CHECK_EQ(len, len2);
		CHECK_MEM(text, again, len);
		CHECK_EQ(back.admit.entries, size);
		CHECK_EQ(back.admit.retired, size % 2);
		CHECK_EQ(back.admit.successor, size / 2 % 2);
		CHECK_EQ(back.admit.n_streams, 2);
		CHECK_EQ(back.admit.stream[1].kind, RECORD_POLICY);
		CHECK_EQ(back.admit.stream[1].not_after, NOW + 1);
		cp = logd_audit_state_checkpoint(&back);
		CHECK_EQ(cp.size, size);
		CHECK(mem_eq(cp.origin, log_key.key.name));
	}
}

TEST(the_callers_part_is_left_alone)
{
	size_t len;
	char *text = text_of(&state_, &len);

	back.admit.origin = "mine";
	back.admit.release.n = 3;
	CHECK_OK(logd_audit_state_parse(
	    &back, (struct bytes){ (uint8_t *)text, len }, NULL));
	CHECK_STR(back.admit.origin, "mine");
	CHECK_EQ(back.admit.release.n, 3);
}

TEST(every_truncation_is_damage)
{
	size_t len;
	char *text = text_of(&state_, &len);

	for (size_t n = 0; n < len; n++) {
		enum err e = logd_audit_state_parse(
		    &back, (struct bytes){ (uint8_t *)text, n }, NULL);

		CHECK(e == ERR_TRUNCATED || e == ERR_FORMAT);
	}
}

TEST(every_flipped_bit_is_damage)
{
	size_t len;
	char *text = text_of(&state_, &len);

	for (size_t i = 0; i < len; i++) {
		enum err e;

		text[i] ^= 1;
		e = logd_audit_state_parse(
		    &back, (struct bytes){ (uint8_t *)text, len }, NULL);
		CHECK(e == ERR_AUTH || e == ERR_FORMAT);
		text[i] ^= 1;
	}
	CHECK_OK(logd_audit_state_parse(
	    &back, (struct bytes){ (uint8_t *)text, len }, NULL));
}

TEST(trailing_bytes_are_damage)
{
	size_t len;
	char *text = text_of(&state_, &len);

	text[len] = '\n';
	CHECK_ERR(logd_audit_state_parse(
		      &back, (struct bytes){ (uint8_t *)text, len + 1 }, NULL),
	    ERR_FORMAT);
}

#define CHARS16 "0123456789abcdef"
#define CHARS64 CHARS16 CHARS16 CHARS16 CHARS16

/* With the right checksum: the grammar alone refuses. */
TEST(each_line_is_checked)
{
	check_changed("audit/v1", "audit/v1", ERR_OK);
	check_changed("audit/v1", "audit/v2", ERR_UNSUPPORTED);
	check_changed("edge 0 ", "edge 00 ", ERR_FORMAT);
	check_changed("edge 1 ", "edge 0 ", ERR_LIMIT);
	check_changed("edge 3 ", "edge 63 ", ERR_LIMIT);
	check_changed("edge 3 ", "edge 62 ", ERR_AUTH);
	check_changed("edge 3 ", "edge 4 ", ERR_AUTH);
	check_changed("edge 0 0a", "edge 0 0b", ERR_AUTH);
	check_changed("stream image", "retired\nstream image", ERR_OK);
	check_changed(
	    "stream image", "successor\nretired\nstream image", ERR_FORMAT);
	check_changed("stream image", "stream images", ERR_FORMAT);
	check_changed("stream policy", "stream image", ERR_FORMAT);
	check_changed("confer stable 17", "con/fer stable 17", ERR_FORMAT);
	check_changed("stable 17", "st/able 17", ERR_FORMAT);
	check_changed("stable 17", "stable 0", ERR_LIMIT);
	check_changed("stable 17", "stable 1", ERR_OK);
	check_changed(" 1800000000 ", " 0 ", ERR_OK);
	check_changed("stream image", "stream rebuild", ERR_OK);
	check_changed("confer stable 17", "confer " CHARS64 " 17", ERR_OK);
	check_changed("confer stable 17", "confer " CHARS64 "x 17", ERR_LIMIT);
	check_changed(" 1800000000", " -1", ERR_FORMAT);
	check_changed(" 0100", " 010", ERR_FORMAT);
	check_changed("note 1", "note 2", ERR_TRUNCATED);
	check_changed("note 1", "note ", ERR_TRAILING);
	check_changed("note 1", "note 99999", ERR_LIMIT);
	check_changed("\n11\n", "\n12\n", ERR_AUTH);
	check_changed("\n11\n", "\nxi\n", ERR_FORMAT);
	check_changed("\n\n\xe2", "\n_\xe2", ERR_FORMAT);
}

TEST(more_than_256_series_are_refused)
{
	static char text[LOGD_STATE_LEN_MAX];
	struct logd_admit *a = &state_.admit;
	char *good, *note, line[160];
	size_t len, at;

	a->n_streams = LOGD_STREAMS_MAX;
	for (unsigned i = 0; i < LOGD_STREAMS_MAX; i++) {
		a->stream[i] = a->stream[0];
		(void)snprintf(a->stream[i].channel,
		    sizeof(a->stream[i].channel), "c%u", i);
	}
	good = text_of(&state_, &len);
	CHECK_OK(logd_audit_state_parse(
	    &back, (struct bytes){ (uint8_t *)good, len }, NULL));
	CHECK_EQ(back.admit.n_streams, LOGD_STREAMS_MAX);
	note = strstr(good, "note ");
	at = (size_t)(note - good);
	memcpy(text, good, at);
	(void)snprintf(
	    line, sizeof(line), "stream image confer one-more 1 1 %064d\n", 0);
	memcpy(text + at, line, strlen(line));
	memcpy(text + at + strlen(line), note, len - at);
	CHECK_ERR(logd_audit_state_parse(
		      &back, summed(text, len - 72 + strlen(line)), NULL),
	    ERR_LIMIT);
}

TEST(the_longest_state_fits)
{
	struct logd_admit *a = &state_.admit;
	size_t len;

	state_.range.size = INT64_MAX;
	state_.note_len = sizeof(state_.note);
	a->n_streams = LOGD_STREAMS_MAX;
	a->retired = a->successor = true;
	for (unsigned i = 0; i < LOGD_STREAMS_MAX; i++) {
		struct logd_stream *s = &a->stream[i];

		s->kind = RECORD_REBUILD;
		memset(s->product, 'p', RECORD_TOKEN_LEN_MAX);
		memset(s->channel, 'c', RECORD_TOKEN_LEN_MAX);
		s->seq = s->not_after = INT64_MAX;
	}
	(void)text_of(&state_, &len);
	CHECK(len < LOGD_STATE_LEN_MAX);
}

TEST(a_saved_state_is_loaded)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/" LOGD_STATE_FILE, dir);
	CHECK_ERR(logd_audit_state_load(&back, dir, NULL), ERR_NOTFOUND);
	CHECK_OK(logd_audit_state_save(&state_, dir, NULL));
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	CHECK_OK(logd_audit_state_load(&back, dir, NULL));
	CHECK_EQ(back.range.size, 11);
	CHECK_EQ(back.note_len, state_.note_len);
	CHECK_MEM(back.note, state_.note, back.note_len);
}

TEST(a_missing_directory_is_made)
{
	char below[128], path[160];

	(void)snprintf(below, sizeof(below), "%s/below", dir);
	(void)snprintf(path, sizeof(path), "%s/" LOGD_STATE_FILE, below);
	CHECK_OK(logd_audit_state_save(&state_, below, NULL));
	CHECK_OK(logd_audit_state_load(&back, below, NULL));
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(rmdir(below), 0);
}

/* Nothing that is wrong with the file is a fresh start. */
TEST(a_state_that_cannot_be_read_is_an_error)
{
	static char large[LOGD_STATE_LEN_MAX + 1];
	char path[128], long_dir[5000];
	struct err_ctx ctx = { 0 };
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/" LOGD_STATE_FILE, dir);
	CHECK_EQ(mkdir(path, 0700), 0);
	CHECK_ERR(logd_audit_state_load(&back, dir, &ctx), ERR_IO);
	CHECK(strstr(ctx.msg, path) != NULL);
	CHECK_ERR(logd_audit_state_save(&state_, dir, NULL), ERR_IO);
	CHECK_EQ(rmdir(path), 0);
	f = fopen(path, "wb");
	assert_non_null(f);
	CHECK_EQ(fclose(f), 0);
	CHECK_ERR(logd_audit_state_load(&back, dir, NULL), ERR_TRUNCATED);
	f = fopen(path, "wb");
	assert_non_null(f);
	CHECK_EQ(fwrite(large, sizeof(large), 1, f), 1);
	CHECK_EQ(fclose(f), 0);
	CHECK_ERR(logd_audit_state_load(&back, dir, NULL), ERR_LIMIT);
	memset(long_dir, 'd', sizeof(long_dir));
	long_dir[sizeof(long_dir) - 1] = '\0';
	CHECK_ERR(logd_audit_state_load(&back, long_dir, NULL), ERR_LIMIT);
	CHECK_ERR(logd_audit_state_save(&state_, long_dir, NULL), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_state_is_read_back_as_it_was_written, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_callers_part_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    every_truncation_is_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    every_flipped_bit_is_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    trailing_bytes_are_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    each_line_is_checked, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    more_than_256_series_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_longest_state_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_saved_state_is_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_missing_directory_is_made, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_state_that_cannot_be_read_is_an_error, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
