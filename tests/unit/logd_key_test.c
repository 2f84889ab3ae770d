/* Signing keys: one spelling, files for their owner alone, good signatures. */
#include "test.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/crypto_native.h"
#include "logd/key.h"
#include "tlog/note.h"

/* The example of C2SP signed-note's reference implementation (Go, package
 * golang.org/x/mod/sumdb/note, "PeterNeumann"). */
static const char peter_private[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+"
    "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";
static const char peter_vkey[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

static char dir[] = "/tmp/logd_key_XXXXXX";
static char path[256];

static const char *in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct bytes of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static enum err parse(struct logd_key *key, const char *text)
{
	return logd_key_parse(key, of(text), NULL);
}

static const char *format(const struct logd_key *key)
{
	static char text[LOGD_KEY_LEN_MAX + 1];
	struct wr w = wr_init(text, LOGD_KEY_LEN_MAX);

	logd_key_format(&w, key);
	CHECK_OK(w.err);
	text[w.len] = 0;
	return text;
}

static const char *vkey(const struct logd_key *key)
{
	static char text[LOGD_KEY_LEN_MAX + 1];
	struct wr w = wr_init(text, LOGD_KEY_LEN_MAX);

	tlog_vkey_format(&w, key->key.name, key->key.type, key->key.pub);
	CHECK_OK(w.err);
	text[w.len] = 0;
	return text;
}

static void write_text(const char *to, const void *p, size_t n, mode_t mode)
{
	FILE *f = fopen(to, "wb");

	assert_non_null(f);
	CHECK_EQ(fwrite(p, 1, n, f), n);
	CHECK_EQ(fclose(f), 0);
	CHECK_EQ(chmod(to, mode), 0);
}

static void is_wiped(const struct logd_key *key)
{
	CHECK(mem_is_zero(key, sizeof(*key)));
}

TEST(key_of_another_implementation_has_its_public_key)
{
	struct logd_key key;

	CHECK_OK(parse(&key, peter_private));
	CHECK_STR(vkey(&key), peter_vkey);
	CHECK_STR(key.name, "PeterNeumann");
	CHECK_EQ(key.key.type, TLOG_KEY_ED25519);
	CHECK_STR(format(&key), peter_private);
}

TEST(key_needs_no_line_feed_and_takes_one)
{
	char text[sizeof(peter_private) + 1];
	struct logd_key key;

	snprintf(text, sizeof(text), "%s", peter_private);
	text[strlen(text) - 1] = 0;
	CHECK_OK(parse(&key, text));
	snprintf(text, sizeof(text), "%s\n", peter_private);
	CHECK_ERR(parse(&key, text), ERR_FORMAT);
	is_wiped(&key);
}

TEST(key_refuses_every_truncation)
{
	size_t whole = strlen(peter_private) - 1;
	struct logd_key key;

	for (size_t n = 0; n < whole; n++) {
		struct err_ctx ctx = { 0 };
		struct bytes cut = { (const uint8_t *)peter_private, n };

		CHECK(logd_key_parse(&key, cut, &ctx) != ERR_OK);
		CHECK(ctx.msg[0] != 0);
		is_wiped(&key);
	}
	CHECK_ERR(
	    logd_key_parse(&key, (struct bytes){ NULL, 0 }, NULL), ERR_FORMAT);
}

TEST(key_refuses_each_changed_byte)
{
	size_t whole = strlen(peter_private) - 1;
	struct logd_key key;

	for (size_t i = 0; i < whole; i++) {
		char text[sizeof(peter_private)];

		memcpy(text, peter_private, sizeof(text));
		text[i] = text[i] == 'A' ? 'B' : 'A';
		CHECK(parse(&key, text) != ERR_OK);
		is_wiped(&key);
	}
}

/* Each a change of one thing, and nothing else could refuse it. */
TEST(key_refuses_each_wrong_field_by_its_own_reason)
{
	const struct {
		const char *text;
		enum err want;
	} bad[] = {
		{ "PRIVATE+KEX+PeterNeumann+c74f20a3+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_FORMAT }, /* prefix */
		{ "PRIVATE+KEY+Peter Neumann+c74f20a3+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_FORMAT }, /* name */
		{ "PRIVATE+KEY++c74f20a3+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_FORMAT }, /* no name */
		{ "PRIVATE+KEY+PeterNeumann+C74F20A3+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_FORMAT }, /* id in capitals */
		{ "PRIVATE+KEY+PeterNeumann+c74f20a+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_FORMAT }, /* id too short */
		{ "PRIVATE+KEY+PeterNeumann+c74f20a4+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_AUTH }, /* another id */
		{ "PRIVATE+KEY+PeterNeumanN+c74f20a3+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_AUTH }, /* another name */
		{ "PRIVATE+KEY+PeterNeumann+c74f20a3+"
		  "AoEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_UNSUPPORTED }, /* type 2 */
		{ "PRIVATE+KEY+PeterNeumann+c74f20a3+"
		  "BIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
		    ERR_AUTH }, /* type 4: another id */
		{ "PRIVATE+KEY+PeterNeumann+c74f20a3+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKA==",
		    ERR_FORMAT }, /* one byte short */
		{ "PRIVATE+KEY+PeterNeumann+c74f20a3+"
		  "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFzAA==",
		    ERR_FORMAT }, /* one byte more */
		{ "PRIVATE+KEY+PeterNeumann+c74f20a3+", ERR_FORMAT },
		{ "PRIVATE+KEY+PeterNeumann", ERR_FORMAT },
	};
	struct logd_key key;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_ERR(parse(&key, bad[i].text), bad[i].want);
		is_wiped(&key);
	}
}

TEST(key_refuses_a_text_longer_than_any_key)
{
	char text[LOGD_KEY_LEN_MAX + 2];
	struct logd_key key;

	memset(text, 'a', sizeof(text));
	CHECK_ERR(
	    logd_key_parse(&key,
		(struct bytes){ (uint8_t *)text, LOGD_KEY_LEN_MAX + 1 }, NULL),
	    ERR_LIMIT);
	CHECK_ERR(
	    logd_key_parse(&key,
		(struct bytes){ (uint8_t *)text, LOGD_KEY_LEN_MAX }, NULL),
	    ERR_FORMAT);
}

TEST(key_made_is_new_each_time_and_reads_back)
{
	struct logd_key a, b, again;

	CHECK_OK(logd_key_make(&a, "log.example/1", TLOG_KEY_ED25519, NULL));
	CHECK_OK(logd_key_make(&b, "log.example/1", TLOG_KEY_ED25519, NULL));
	CHECK(!mem_eq_ct(a.seed_priv, b.seed_priv, ED25519_SEED_LEN));
	CHECK_OK(parse(&again, format(&a)));
	CHECK_STR(again.name, "log.example/1");
	CHECK_MEM(again.seed_priv, a.seed_priv, ED25519_SEED_LEN);
	CHECK_MEM(again.key.pub, a.key.pub, ED25519_PUB_LEN);
	CHECK_EQ(again.key.id, a.key.id);
	CHECK(again.key.name.p == (const uint8_t *)again.name);
}

TEST(key_of_the_longest_name_fits_its_file)
{
	char name[TLOG_KEY_NAME_LEN_MAX + 2];
	struct logd_key key;

	memset(name, 'n', sizeof(name));
	name[TLOG_KEY_NAME_LEN_MAX + 1] = 0;
	CHECK_ERR(
	    logd_key_make(&key, name, TLOG_KEY_COSIGNATURE, NULL), ERR_FORMAT);
	name[TLOG_KEY_NAME_LEN_MAX] = 0;
	CHECK_OK(logd_key_make(&key, name, TLOG_KEY_COSIGNATURE, NULL));
	CHECK_OK(parse(&key, format(&key)));
	CHECK_ERR(
	    logd_key_make(&key, "a+b", TLOG_KEY_ED25519, NULL), ERR_FORMAT);
}

TEST(key_signs_notes_that_verify)
{
	static const char text[] = "log.example/1\n1\nAAAA\n";
	const enum tlog_key_type type[] = { TLOG_KEY_ED25519,
		TLOG_KEY_COSIGNATURE };
	struct logd_key key[2];
	struct tlog_key pub[2];
	struct tlog_seen seen[2];
	struct tlog_note note;
	char out[1024];
	struct wr w = wr_init(out, sizeof(out));

	wr_str(&w, text);
	tlog_note_format_end_text(&w);
	for (size_t i = 0; i < 2; i++) {
		CHECK_OK(logd_key_make(&key[i], "a.example", type[i], NULL));
		logd_key_sign(&w, &key[i], of(text), 1767225600);
		pub[i] = key[i].key;
	}
	CHECK_OK(w.err);
	CHECK_OK(tlog_note_parse(
	    &note, (struct bytes){ (uint8_t *)out, w.len }, NULL));
	CHECK_OK(tlog_note_verify(seen, &note, pub, 2, 1767225600, NULL));
	CHECK(seen[0].ok && seen[1].ok);
	CHECK_EQ(seen[1].time, 1767225600);
}

TEST(key_cosigns_the_longest_text_that_may_be)
{
	uint8_t text[TLOG_COSIGNED_LEN_MAX];
	char out[256];
	struct wr w = wr_init(out, sizeof(out));
	struct logd_key key;

	memset(text, 'x', sizeof(text));
	CHECK_OK(logd_key_make(&key, "w.example", TLOG_KEY_COSIGNATURE, NULL));
	logd_key_sign(
	    &w, &key, (struct bytes){ text, sizeof(text) }, TLOG_TIME_MAX);
	CHECK_OK(w.err);
	CHECK(w.len > 0);
}

TEST(key_saved_is_the_owners_alone_and_loads)
{
	const char *file = in_dir("saved");
	struct logd_key key, again;
	struct stat st;

	umask(0);
	CHECK_OK(logd_key_make(&key, "log.example", TLOG_KEY_ED25519, NULL));
	CHECK_OK(logd_key_save(&key, file, NULL));
	CHECK_EQ(stat(file, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_OK(logd_key_load(&again, file, NULL));
	CHECK_MEM(again.seed_priv, key.seed_priv, ED25519_SEED_LEN);
}

TEST(key_is_never_written_over)
{
	const char *file = in_dir("twice");
	struct logd_key key, other, again;

	CHECK_OK(logd_key_make(&key, "log.example", TLOG_KEY_ED25519, NULL));
	CHECK_OK(logd_key_make(&other, "log.example", TLOG_KEY_ED25519, NULL));
	CHECK_OK(logd_key_save(&key, file, NULL));
	CHECK_ERR(logd_key_save(&other, file, NULL), ERR_BUSY);
	CHECK_OK(logd_key_load(&again, file, NULL));
	CHECK_MEM(again.seed_priv, key.seed_priv, ED25519_SEED_LEN);
}

TEST(key_is_saved_in_the_working_directory_and_where_a_run_was_killed)
{
	char tmp[64];
	char back[4096];
	struct logd_key key;

	assert_non_null(getcwd(back, sizeof(back)));
	CHECK_EQ(chdir(dir), 0);
	snprintf(tmp, sizeof(tmp), ".key.%d.tmp", (int)getpid());
	write_text(tmp, "torn", 4, 0600);
	CHECK_OK(logd_key_make(&key, "log.example", TLOG_KEY_ED25519, NULL));
	CHECK_OK(logd_key_save(&key, "here", NULL));
	CHECK_OK(logd_key_load(&key, "here", NULL));
	CHECK(access(tmp, F_OK) != 0);
	CHECK_EQ(chdir(back), 0);
}

TEST(key_is_not_saved_where_it_cannot_be)
{
	struct err_ctx ctx = { 0 };
	struct logd_key key;
	char name[300];
	char tmp[64];

	CHECK_OK(logd_key_make(&key, "log.example", TLOG_KEY_ED25519, NULL));
	CHECK_ERR(logd_key_save(&key, in_dir("none/key"), &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "none/key") != NULL);
	CHECK_ERR(logd_key_save(&key, in_dir(""), NULL), ERR_LIMIT);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	CHECK_ERR(logd_key_save(&key, name, NULL), ERR_LIMIT);
	snprintf(name, sizeof(name), "/%s", "dev");
	CHECK_ERR(logd_key_save(&key, name, NULL), ERR_BUSY);
	/* Something that cannot be taken away stands where it is written. */
	snprintf(tmp, sizeof(tmp), ".key.%d.tmp", (int)getpid());
	CHECK_EQ(mkdir(in_dir(tmp), 0700), 0);
	CHECK(logd_key_save(&key, in_dir("blocked"), NULL) != ERR_OK);
	CHECK_EQ(rmdir(in_dir(tmp)), 0);
	CHECK(access(in_dir("blocked"), F_OK) != 0);
}

TEST(key_that_others_may_read_is_refused)
{
	const mode_t open_to[] = { 0640, 0620, 0604, 0601, 0610 };
	const char *file = in_dir("open");
	struct err_ctx ctx = { 0 };
	struct logd_key key;

	for (size_t i = 0; i < sizeof(open_to) / sizeof(*open_to); i++) {
		write_text(
		    file, peter_private, strlen(peter_private), open_to[i]);
		ctx = (struct err_ctx){ 0 };
		CHECK_ERR(logd_key_load(&key, file, &ctx), ERR_POLICY);
		CHECK(strstr(ctx.msg, "chmod 600") != NULL);
		is_wiped(&key);
	}
	CHECK_EQ(chmod(file, 0400), 0);
	CHECK_OK(logd_key_load(&key, file, NULL));
}

TEST(key_that_is_no_key_is_refused_by_its_name)
{
	char text[LOGD_KEY_LEN_MAX + 100];
	struct err_ctx ctx = { 0 };
	struct logd_key key;

	CHECK_ERR(logd_key_load(&key, in_dir("absent"), &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "absent") != NULL);
	CHECK_ERR(logd_key_load(&key, dir, NULL), ERR_FORMAT);
	memset(text, 'x', sizeof(text));
	write_text(in_dir("long"), text, sizeof(text), 0600);
	CHECK_ERR(logd_key_load(&key, path, NULL), ERR_LIMIT);
	ctx = (struct err_ctx){ 0 };
	write_text(in_dir("torn"), peter_private, 40, 0600);
	CHECK_ERR(logd_key_load(&key, path, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "torn: ") != NULL);
	is_wiped(&key);
}

TEST(key_opened_is_made_once)
{
	struct logd_key first, second;
	const char *file = in_dir("opened");

	CHECK_OK(logd_key_open(
	    &first, file, "w.example", TLOG_KEY_COSIGNATURE, NULL));
	CHECK_OK(logd_key_open(
	    &second, file, "w.example", TLOG_KEY_COSIGNATURE, NULL));
	CHECK_MEM(first.seed_priv, second.seed_priv, ED25519_SEED_LEN);
}

TEST(key_opened_must_be_the_one_that_is_meant)
{
	struct err_ctx ctx = { 0 };
	struct logd_key key;
	const char *file = in_dir("meant");

	CHECK_OK(
	    logd_key_open(&key, file, "w.example", TLOG_KEY_COSIGNATURE, NULL));
	CHECK_ERR(
	    logd_key_open(&key, file, "w.example", TLOG_KEY_ED25519, NULL),
	    ERR_POLICY);
	is_wiped(&key);
	CHECK_ERR(
	    logd_key_open(&key, file, "v.example", TLOG_KEY_COSIGNATURE, &ctx),
	    ERR_POLICY);
	CHECK(strstr(ctx.msg, "another name") != NULL);
	CHECK_ERR(logd_key_open(
		      &key, in_dir("bad-name"), "a b", TLOG_KEY_ED25519, NULL),
	    ERR_FORMAT);
	CHECK(access(path, F_OK) != 0);
	write_text(in_dir("damaged"), "x", 1, 0600);
	CHECK_ERR(
	    logd_key_open(&key, path, "a", TLOG_KEY_ED25519, NULL), ERR_FORMAT);
	is_wiped(&key);
}

/* Many processes at once: one key. */
TEST(key_opened_by_many_at_once_is_one)
{
	const char *file = in_dir("race");
	int pipes[2];
	uint32_t first = 0;

	CHECK_EQ(pipe(pipes), 0);
	for (int i = 0; i < 8; i++) {
		struct logd_key key;

		if (fork() != 0)
			continue;
		if (logd_key_open(&key, file, "w", TLOG_KEY_ED25519, NULL) !=
		    ERR_OK)
			_exit(1);
		if (write(pipes[1], &key.key.id, sizeof(key.key.id)) !=
		    sizeof(key.key.id))
			_exit(2);
		_exit(0);
	}
	for (int i = 0; i < 8; i++) {
		uint32_t id = 0;
		int status = 1;

		CHECK(wait(&status) > 0);
		CHECK_EQ(status, 0);
		CHECK_EQ(read(pipes[0], &id, sizeof(id)), sizeof(id));
		if (i == 0)
			first = id;
		CHECK_EQ(id, first);
	}
	close(pipes[0]);
	close(pipes[1]);
}

static int set_up(void **state)
{
	(void)state;
	return crypto_init() == ERR_OK && mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    key_of_another_implementation_has_its_public_key),
		cmocka_unit_test(key_needs_no_line_feed_and_takes_one),
		cmocka_unit_test(key_refuses_every_truncation),
		cmocka_unit_test(key_refuses_each_changed_byte),
		cmocka_unit_test(
		    key_refuses_each_wrong_field_by_its_own_reason),
		cmocka_unit_test(key_refuses_a_text_longer_than_any_key),
		cmocka_unit_test(key_made_is_new_each_time_and_reads_back),
		cmocka_unit_test(key_of_the_longest_name_fits_its_file),
		cmocka_unit_test(key_signs_notes_that_verify),
		cmocka_unit_test(key_cosigns_the_longest_text_that_may_be),
		cmocka_unit_test(key_saved_is_the_owners_alone_and_loads),
		cmocka_unit_test(key_is_never_written_over),
		cmocka_unit_test(
		    key_is_saved_in_the_working_directory_and_where_a_run_was_killed),
		cmocka_unit_test(key_is_not_saved_where_it_cannot_be),
		cmocka_unit_test(key_that_others_may_read_is_refused),
		cmocka_unit_test(key_that_is_no_key_is_refused_by_its_name),
		cmocka_unit_test(key_opened_is_made_once),
		cmocka_unit_test(key_opened_must_be_the_one_that_is_meant),
		cmocka_unit_test(key_opened_by_many_at_once_is_one),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
