/*
 * A witness and its directory: what it keeps, in which order, and what it
 * refuses to start from. L-133..L-138 of docs/log.md.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "witness_dir.h"

static struct err_ctx why;
static uint8_t answer[TLOG_WITNESS_ANSWER_MAX];
static size_t answer_len;

static struct logd_witnessd *open_witness(const char *dir)
{
	struct logd_witnessd *w;
	struct err_ctx ctx = { 0 };

	if (logd_witnessd_open(&w, dir, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	return w;
}

static enum err refused(const char *dir)
{
	struct logd_witnessd *w;
	enum err e;

	why = (struct err_ctx){ 0 };
	e = logd_witnessd_open(&w, dir, &why);
	CHECK(w == NULL && why.msg[0] != '\0');
	return e;
}

static unsigned add_at(
    struct logd_witnessd *w, struct bytes body, uint64_t now_s)
{
	struct wr out = wr_init(answer, sizeof(answer));
	unsigned status = logd_witnessd_add(w, &out, body, now_s);

	answer_len = out.len;
	CHECK_EQ(logd_witnessd_said(w)->status, status);
	return status;
}

static unsigned add(struct logd_witnessd *w, struct bytes body)
{
	return add_at(w, body, WORLD_NOW);
}

static bool answered(const char *text)
{
	return mem_eq_str((struct bytes){ answer, answer_len }, text);
}

/* The answer is the one cosignature of this tree at this time. */
static void check_cosigned(
    const struct tlog_hash *leaf, uint64_t size, uint64_t time_s)
{
	struct tlog_cosignature c;
	struct bytes body = { answer, answer_len };
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));

	CHECK_OK(tlog_cosignature_parse(
	    &c, &w_key, world_text(leaf, size), body, time_s, NULL));
	CHECK_EQ(c.time, time_s);
	tlog_note_format_line(&w, &c.line); /* and nothing else */
	CHECK(mem_eq(body, (struct bytes){ buf, w.len }));
}

static struct bytes seen(const struct logd_witnessd *w)
{
	static uint8_t buf[8192];
	struct wr out = wr_init(buf, sizeof(buf));
	struct bytes hex = { (const uint8_t *)world_seen() + 5, 64 };

	CHECK_OK(logd_witnessd_seen(w, &out, hex));
	return (struct bytes){ buf, out.len };
}

/* ---- cosigning ------------------------------------------------------------ */

TEST(a_witness_cosigns_keeps_and_answers_its_own_line_only)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	struct bytes note = world_note(world_leaf, 5), file;
	struct stat st;

	CHECK_EQ(add(w, world_grow(0, 5)), 200);
	check_cosigned(world_leaf, 5, WORLD_NOW);
	CHECK_EQ(logd_witnessd_said(w)->size, 5);
	CHECK(mem_eq_str(logd_witnessd_said(w)->origin, WORLD_ORIGIN));
	CHECK_STR(logd_witnessd_said(w)->why, "");

	/* on disk before the answer: the log's note and the answer's line */
	file = dir_read(dir, world_seen());
	CHECK(mem_eq(
	    file, world_more(note, (struct bytes){ answer, answer_len })));
	CHECK(mem_eq(file, seen(w)));
	CHECK_EQ(stat(dir_path(dir, world_seen()), &st), 0);
	CHECK_EQ(st.st_mode & 0133, 0); /* whatever the umask */

	CHECK_EQ(add_at(w, world_grow(5, 8), WORLD_NOW + 9), 200);
	check_cosigned(world_leaf, 8, WORLD_NOW + 9);
	logd_witnessd_close(w);
}

TEST(a_witness_goes_on_where_it_stopped)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	struct logd_witness_view v;
	struct wr out = wr_init(answer, sizeof(answer));

	CHECK(logd_witnessd_view(w, 0, &v));
	CHECK(!v.cosigned && v.size == 0 && v.time == 0);
	CHECK_ERR(logd_witnessd_seen(w, &out, str_bytes(v.hex)), ERR_NOTFOUND);
	CHECK_EQ(add(w, world_grow(0, 5)), 200);
	logd_witnessd_close(w);

	w = open_witness(dir);
	CHECK(logd_witnessd_view(w, 0, &v));
	CHECK(v.cosigned && v.size == 5 && v.time == WORLD_NOW);
	CHECK(mem_eq_str(v.origin, WORLD_ORIGIN));
	CHECK(memcmp(v.hex, world_seen() + 5, 64) == 0);
	CHECK(!logd_witnessd_view(w, 1, &v));
	CHECK(!v.cosigned && v.hex == NULL);
	CHECK_EQ(add(w, world_grow(0, 8)), 409);
	CHECK(answered("5\n"));
	CHECK_EQ(add(w, world_grow(5, 8)), 200);
	logd_witnessd_close(w);
}

/* The public case of sunlight, 2026: the stored note did not open again. */
TEST(a_bogus_line_in_its_own_name_is_not_kept)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	struct bytes note = world_note(world_leaf, 5);
	struct tlog_key other = w_key;
	uint8_t buf[4096];
	struct wr lines = wr_init(buf, sizeof(buf));

	other.name = str_bytes("w2.example");
	put_cosig(&lines, str_bytes("bogus\n"), &w_key, w_seed, WORLD_NOW);
	put_cosig(&lines, str_bytes("bogus\n"), &other, w_seed, WORLD_NOW);
	put_log_sig(&lines, world_text(world_leaf, 5), &log_key, log_seed);
	note = world_more(note, (struct bytes){ buf, lines.len });
	CHECK_EQ(add(w, world_body(world_leaf, 0, 0, 5, note)), 200);
	check_cosigned(world_leaf, 5, WORLD_NOW);
	/* one line of the log, one of ours */
	CHECK(mem_eq(dir_read(dir, world_seen()),
	    world_more(world_note(world_leaf, 5),
		(struct bytes){ answer, answer_len })));
	logd_witnessd_close(w);
	w = open_witness(dir);
	CHECK_EQ(add(w, world_grow(5, 8)), 200);
	logd_witnessd_close(w);
}

TEST(of_two_that_grow_from_one_size_the_second_gets_409)
{
	struct logd_witnessd *w = open_witness(dir_witness());

	CHECK_EQ(add(w, world_grow(0, 1)), 200);
	CHECK_EQ(add(w, world_grow(1, 5)), 200);
	CHECK_EQ(add(w, world_grow(1, 3)), 409);
	CHECK(answered("5\n"));
	CHECK_EQ(logd_witnessd_said(w)->size, 5);
	logd_witnessd_close(w);
}

/* A process that dies after it kept, and before anybody heard. */
TEST(after_a_death_before_the_answer_a_retry_learns_the_size)
{
	const char *dir = dir_witness();
	struct bytes body = world_grow(0, 5);
	struct logd_witnessd *w;
	int status = 0;
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		struct wr out = wr_init(answer, sizeof(answer));

		if (logd_witnessd_open(&w, dir, NULL) == ERR_OK)
			(void)logd_witnessd_add(w, &out, body, WORLD_NOW);
		_exit(42); /* the answer is lost, and nothing was closed */
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	w = open_witness(dir);
	CHECK_EQ(add(w, body), 409);
	CHECK(answered("5\n"));
	CHECK_EQ(add(w, world_grow(5, 5)), 200);
	check_cosigned(world_leaf, 5, WORLD_NOW);
	logd_witnessd_close(w);
}

TEST(refusals_are_sentences_and_change_nothing)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	struct bytes kept;

	CHECK_EQ(add(w, world_grow(0, 5)), 200);
	kept = dir_read(dir, world_seen());
	CHECK_EQ(add(w, str_bytes("old five\n\n")), 400);
	CHECK(answer[answer_len - 1] == '\n');
	CHECK_EQ(logd_witnessd_said(w)->origin.len, 0);
	CHECK_EQ(
	    add(w, world_body(fork_leaf, 5, 5, 8, world_note(fork_leaf, 8))),
	    422);
	CHECK(strstr(logd_witnessd_said(w)->why, "size 5") != NULL);
	CHECK(mem_eq_str(logd_witnessd_said(w)->origin, WORLD_ORIGIN));
	CHECK(mem_eq(kept, dir_read(dir, world_seen())));
	CHECK(mem_eq(kept, seen(w)));
	logd_witnessd_close(w);
}

TEST(a_clock_that_was_set_back_cosigns_nothing)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);

	CHECK_EQ(add(w, world_grow(0, 5)), 200);
	CHECK_EQ(add_at(w, world_grow(5, 8), WORLD_NOW - 1), 500);
	CHECK(answered("The clock of this witness was set back; nothing was "
		       "cosigned.\n"));
	CHECK(strstr(logd_witnessd_said(w)->why, "1799999999") != NULL);
	CHECK_EQ(add(w, world_grow(5, 5)), 200); /* the same second will do */
	logd_witnessd_close(w);
	w = open_witness(dir); /* and it is not forgotten */
	CHECK_EQ(add_at(w, world_grow(5, 8), WORLD_NOW - 1), 500);
	CHECK_EQ(add_at(w, world_grow(0, 8), WORLD_NOW - 1), 409);
	CHECK_EQ(add(w, world_grow(5, 8)), 200);
	logd_witnessd_close(w);
}

TEST(two_logs_do_not_know_of_each_other)
{
	const char *dir = dir_witness();
	struct tlog_key key =
	    world_key("log.example/other", TLOG_KEY_ED25519, log_seed);
	struct bytes text, note, none = { NULL, 0 };
	struct logd_witnessd *w;
	uint8_t buf[512];
	struct wr out = wr_init(buf, sizeof(buf));
	struct tlog_hash root;

	CHECK_OK(logd_witnessd_add_log(dir, world_vkey(&key), NULL));
	w = open_witness(dir);
	CHECK_EQ(add(w, world_grow(0, 5)), 200);
	tlog_root(&root, fork_leaf, 3);
	tlog_checkpoint_format(&out, key.name, 3, &root);
	text = (struct bytes){ buf, out.len };
	note = world_signed(text, &key, log_seed);
	CHECK_EQ(add(w, world_body(fork_leaf, 0, 0, 3, note)), 200);
	CHECK(mem_eq(logd_witnessd_said(w)->origin, key.name));
	CHECK_EQ(add(w, world_grow(5, 8)), 200);
	out.len = 0;
	CHECK_ERR(logd_witnessd_seen(w, &out, none), ERR_NOTFOUND);
	CHECK_ERR(logd_witnessd_seen(w, &out, str_bytes("00")), ERR_NOTFOUND);
	out.cap = 10;
	CHECK_ERR(logd_witnessd_seen(w, &out,
		      (struct bytes){ (const uint8_t *)world_seen() + 5, 64 }),
	    ERR_NOSPACE);
	logd_witnessd_close(w);
}

TEST(a_log_may_change_its_key)
{
	const char *dir = dir_witness();
	struct bytes both, text = world_text(world_leaf, 8);
	struct logd_witnessd *w = open_witness(dir);

	CHECK_EQ(add(w, world_grow(0, 5)), 200);
	logd_witnessd_close(w);
	CHECK_OK(logd_witnessd_add_log(dir, world_vkey(&new_key), NULL));
	w = open_witness(dir);
	both = world_signed(text, &log_key, log_seed);
	{
		uint8_t buf[1024];
		struct wr line = wr_init(buf, sizeof(buf));

		put_log_sig(&line, text, &new_key, new_seed);
		both = world_more(both, (struct bytes){ buf, line.len });
	}
	CHECK_EQ(add(w, world_body(world_leaf, 5, 5, 8, both)), 200);
	/* both lines are kept */
	CHECK(mem_eq(dir_read(dir, world_seen()),
	    world_more(both, (struct bytes){ answer, answer_len })));
	text = world_text(world_leaf, 9);
	both = world_signed(text, &new_key, new_seed);
	CHECK_EQ(add(w, world_body(world_leaf, 8, 8, 9, both)), 200);
	logd_witnessd_close(w);
	w = open_witness(dir);
	logd_witnessd_close(w);
}

/* ---- writes that fail ----------------------------------------------------- */

TEST(after_a_write_that_fails_nothing_is_cosigned)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	char *at = keep(strdup(dir_path(dir, world_seen())));

	*strrchr(at, '/') = '\0';
	CHECK_EQ(rmdir(at), 0);
	dir_write(dir, "in-the-way", str_bytes(""));
	CHECK_EQ(rename(dir_path(dir, "in-the-way"), at), 0);
	CHECK_EQ(add(w, world_grow(0, 5)), 500);
	CHECK(answered("This witness cannot keep what it signs; nothing was "
		       "cosigned.\n"));
	CHECK(strstr(logd_witnessd_said(w)->why, "cannot open seen/") != NULL);

	CHECK_EQ(unlink(at), 0); /* it would work again, and is not tried */
	CHECK_EQ(add(w, world_grow(0, 5)), 500);
	CHECK(strstr(logd_witnessd_said(w)->why, "start") != NULL);
	CHECK_EQ(add(w, str_bytes("")), 500);
	logd_witnessd_close(w);
	w = open_witness(dir);
	CHECK_EQ(add(w, world_grow(0, 5)), 200);
	logd_witnessd_close(w);
}

/* The file itself cannot be replaced: a directory has its name. */
TEST(a_checkpoint_that_cannot_be_replaced_is_500)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);

	CHECK_EQ(mkdir(dir_path(dir, world_seen()), 0700), 0);
	CHECK_EQ(add(w, world_grow(0, 5)), 500);
	CHECK_EQ(add(w, world_grow(0, 5)), 500);
	logd_witnessd_close(w);
	CHECK_ERR(refused(dir), ERR_IO);
	CHECK(strstr(why.msg, world_seen()) != NULL);
}

/* ---- starting ------------------------------------------------------------- */

TEST(a_second_process_is_refused)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);

	CHECK_ERR(refused(dir), ERR_BUSY);
	CHECK_ERR(
	    logd_witnessd_add_log(dir, world_vkey(&new_key), NULL), ERR_BUSY);
	logd_witnessd_close(w);
	w = open_witness(dir);
	logd_witnessd_close(w);
}

TEST(a_witness_needs_a_directory_and_a_key_of_its_kind)
{
	const char *dir = dir_new();

	CHECK_ERR(refused(dir_path(dir, "none")), ERR_NOTFOUND);
	CHECK_ERR(logd_witnessd_add_log(
		      dir_path(dir, "none"), world_vkey(&log_key), NULL),
	    ERR_NOTFOUND);
	dir_write(dir, "file", str_bytes(""));
	CHECK_ERR(refused(dir_path(dir, "file")), ERR_IO);
	CHECK_ERR(refused(dir), ERR_NOTFOUND);
	dir_write(dir, "key", str_bytes("no key\n"));
	CHECK_ERR(refused(dir), ERR_FORMAT);
	CHECK_EQ(unlink(dir_path(dir, "key")), 0);
	dir_put_key(dir, &log_key, log_seed);
	CHECK_ERR(refused(dir), ERR_POLICY);
	CHECK(strstr(why.msg, "not of a witness") != NULL);
	CHECK_EQ(unlink(dir_path(dir, "key")), 0);
	dir_put_key(dir, &w_key, w_seed);
	CHECK_EQ(chmod(dir_path(dir, "key"), 0644), 0);
	CHECK_ERR(refused(dir), ERR_POLICY);
}

TEST(a_path_that_is_too_long_is_refused)
{
	char path[FD_PATH_MAX + 8];
	const char *dir = dir_witness();
	size_t n = (size_t)snprintf(path, sizeof(path), "%s", dir);

	while (n < FD_PATH_MAX - 2)
		path[n++] = '/';
	path[n] = '\0';
	CHECK_ERR(refused(path), ERR_LIMIT);
}

TEST(a_witness_may_watch_nothing_yet)
{
	const char *dir = dir_new();
	struct logd_witnessd *w;
	struct logd_witness_view v;

	dir_put_key(dir, &w_key, w_seed);
	w = open_witness(dir);
	CHECK(!logd_witnessd_view(w, 0, &v));
	CHECK_EQ(add(w, world_grow(0, 5)), 404);
	CHECK(mem_eq(logd_witnessd_key(w)->key.name, w_key.name));
	logd_witnessd_close(w);
	logd_witnessd_close(NULL);
}

TEST(damage_of_the_file_of_logs_is_refused)
{
	const char *dir = dir_witness();
	struct tlog_key key =
	    world_key(WORLD_WITNESS, TLOG_KEY_ED25519, log_seed);

	dir_write(dir, "logs", str_bytes("log nothing\n"));
	CHECK_ERR(refused(dir), ERR_FORMAT);
	CHECK(strstr(why.msg, "logs, line 1") != NULL);
	CHECK_EQ(unlink(dir_path(dir, "logs")), 0);
	CHECK_EQ(mkdir(dir_path(dir, "logs"), 0700), 0);
	CHECK_ERR(refused(dir), ERR_IO);
	CHECK_EQ(rmdir(dir_path(dir, "logs")), 0);
	CHECK_OK(logd_witnessd_add_log(dir, world_vkey(&key), NULL));
	CHECK_ERR(refused(dir), ERR_POLICY);
	CHECK(strstr(why.msg, "name of this witness") != NULL);
}

TEST(something_else_in_the_place_of_seen_is_refused)
{
	const char *dir = dir_witness();

	dir_write(dir, "seen", str_bytes(""));
	CHECK_ERR(refused(dir), ERR_IO);
	CHECK_EQ(unlink(dir_path(dir, "seen")), 0);
	CHECK_EQ(symlink("/", dir_path(dir, "seen")), 0);
	CHECK_ERR(refused(dir), ERR_IO);
}

/* What is damaged is named, and stays as it is. */
static void check_damaged(const char *dir, struct bytes content, enum err want)
{
	dir_write(dir, world_seen(), content);
	CHECK_ERR(refused(dir), want);
	if (strstr(why.msg, world_seen()) == NULL)
		fail_msg("%s", why.msg);
	CHECK(mem_eq(dir_read(dir, world_seen()), content));
}

TEST(every_truncation_of_what_was_kept_is_refused)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	struct bytes kept;

	CHECK_EQ(add(w, world_grow(0, 5)), 200);
	logd_witnessd_close(w);
	kept = dir_read(dir, world_seen());
	for (size_t n = 0; n < kept.len; n += n < 80 ? 1 : 7) {
		dir_write(dir, world_seen(), (struct bytes){ kept.p, n });
		CHECK(refused(dir) != ERR_OK);
		CHECK(strstr(why.msg, world_seen()) != NULL);
	}
	dir_write(dir, world_seen(), kept);
	w = open_witness(dir);
	logd_witnessd_close(w);
}

TEST(what_was_kept_must_be_signed_by_both_and_of_that_log)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	struct bytes text = world_text(world_leaf, 5), log, own, other;
	struct tlog_key stranger = log_key;
	uint8_t buf[8192];
	struct wr out = wr_init(buf, sizeof(buf));

	logd_witnessd_close(w);
	log = world_signed(text, &log_key, log_seed);
	put_cosig(&out, text, &w_key, w_seed, WORLD_NOW);
	own = world_keep(&out);
	dir_write(dir, world_seen(), world_more(log, own));
	w = open_witness(dir);
	logd_witnessd_close(w);

	check_damaged(dir, log, ERR_AUTH); /* we did not cosign */
	stranger.id ^= 1;
	other = world_signed(text, &stranger, log_seed);
	check_damaged(dir, world_more(other, own), ERR_AUTH);
	other = world_signed(text, &log_key, w_seed); /* does not verify */
	check_damaged(dir, world_more(other, own), ERR_AUTH);
	out.len = 0;
	put_cosig(&out, text, &w_key, log_seed, WORLD_NOW);
	check_damaged(
	    dir, world_more(log, (struct bytes){ buf, out.len }), ERR_AUTH);

	/* signed by both, and no checkpoint; or one of another log */
	text = str_bytes("text\n");
	out.len = 0;
	put_cosig(&out, text, &w_key, w_seed, WORLD_NOW);
	other = world_keep(&out);
	check_damaged(dir,
	    world_more(world_signed(text, &log_key, log_seed), other),
	    ERR_TRUNCATED);
	text = str_bytes("log.example/other\n0\n"
			 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	out.len = 0;
	put_cosig(&out, text, &w_key, w_seed, WORLD_NOW);
	other = world_keep(&out);
	check_damaged(dir,
	    world_more(world_signed(text, &log_key, log_seed), other),
	    ERR_AUTH);
	CHECK(strstr(why.msg, "another log") != NULL);
	memset(buf, 'x', sizeof(buf));
	check_damaged(dir, (struct bytes){ buf, sizeof(buf) }, ERR_LIMIT);
}

/* ---- adding a log --------------------------------------------------------- */

TEST(adding_a_log_appends_a_line_and_keeps_the_rest)
{
	const char *dir = dir_new();
	struct bytes a = world_vkey(&log_key), b = world_vkey(&new_key), file;

	dir_write(dir, "logs", str_bytes("# ours\n\n"));
	CHECK_OK(logd_witnessd_add_log(dir, a, NULL));
	CHECK_OK(logd_witnessd_add_log(dir, b, NULL));
	file = dir_read(dir, "logs");
	CHECK_EQ(file.len, 8 + a.len + b.len + 2 * 5);
	CHECK(strncmp((const char *)file.p, "# ours\n\nlog ", 12) == 0);
	CHECK(mem_eq((struct bytes){ file.p + 12, a.len }, a));
	CHECK(mem_eq((struct bytes){ file.p + 17 + a.len, b.len }, b));
}

TEST(adding_what_is_no_new_log_changes_nothing)
{
	const char *dir = dir_witness();
	struct bytes before = dir_read(dir, "logs");
	struct bytes line = world_more(world_vkey(&log_key), str_bytes("\n"));

	CHECK_ERR(
	    logd_witnessd_add_log(dir, world_vkey(&log_key), NULL), ERR_BUSY);
	CHECK_ERR(logd_witnessd_add_log(dir, world_vkey(&w_key), NULL),
	    ERR_UNSUPPORTED);
	CHECK_ERR(logd_witnessd_add_log(dir, line, NULL), ERR_FORMAT);
	CHECK_ERR(logd_witnessd_add_log(dir, str_bytes(""), NULL), ERR_FORMAT);
	CHECK(mem_eq(before, dir_read(dir, "logs")));

	/* nor is a line joined to one that does not end */
	dir_write(dir, "logs", str_bytes("# no end"));
	CHECK_ERR(logd_witnessd_add_log(dir, world_vkey(&log_key), NULL),
	    ERR_TRUNCATED);
	CHECK(mem_eq_str(dir_read(dir, "logs"), "# no end"));
}

TEST(the_file_of_logs_has_a_limit)
{
	const char *dir = dir_new();
	uint8_t *p = keep(malloc(LOGD_WITNESS_LOGS_LEN_MAX + 2));
	struct bytes vkey = world_vkey(&log_key);
	size_t line = vkey.len + 5;

	memset(p, '\n', LOGD_WITNESS_LOGS_LEN_MAX + 2);
	dir_write(dir, "logs",
	    (struct bytes){ p, LOGD_WITNESS_LOGS_LEN_MAX - line + 1 });
	CHECK_ERR(logd_witnessd_add_log(dir, vkey, NULL), ERR_LIMIT);
	dir_write(
	    dir, "logs", (struct bytes){ p, LOGD_WITNESS_LOGS_LEN_MAX - 1 });
	CHECK_ERR(logd_witnessd_add_log(dir, vkey, NULL), ERR_LIMIT);
	dir_write(
	    dir, "logs", (struct bytes){ p, LOGD_WITNESS_LOGS_LEN_MAX - line });
	CHECK_OK(logd_witnessd_add_log(dir, vkey, NULL));
	dir_write(
	    dir, "logs", (struct bytes){ p, LOGD_WITNESS_LOGS_LEN_MAX + 1 });
	CHECK_ERR(logd_witnessd_add_log(dir, vkey, NULL), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_witness_cosigns_keeps_and_answers_its_own_line_only),
		cmocka_unit_test(a_witness_goes_on_where_it_stopped),
		cmocka_unit_test(a_bogus_line_in_its_own_name_is_not_kept),
		cmocka_unit_test(
		    of_two_that_grow_from_one_size_the_second_gets_409),
		cmocka_unit_test(
		    after_a_death_before_the_answer_a_retry_learns_the_size),
		cmocka_unit_test(refusals_are_sentences_and_change_nothing),
		cmocka_unit_test(a_clock_that_was_set_back_cosigns_nothing),
		cmocka_unit_test(two_logs_do_not_know_of_each_other),
		cmocka_unit_test(a_log_may_change_its_key),
		cmocka_unit_test(after_a_write_that_fails_nothing_is_cosigned),
		cmocka_unit_test(a_checkpoint_that_cannot_be_replaced_is_500),
		cmocka_unit_test(a_second_process_is_refused),
		cmocka_unit_test(
		    a_witness_needs_a_directory_and_a_key_of_its_kind),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
		cmocka_unit_test(a_witness_may_watch_nothing_yet),
		cmocka_unit_test(damage_of_the_file_of_logs_is_refused),
		cmocka_unit_test(
		    something_else_in_the_place_of_seen_is_refused),
		cmocka_unit_test(every_truncation_of_what_was_kept_is_refused),
		cmocka_unit_test(
		    what_was_kept_must_be_signed_by_both_and_of_that_log),
		cmocka_unit_test(
		    adding_a_log_appends_a_line_and_keeps_the_rest),
		cmocka_unit_test(adding_what_is_no_new_log_changes_nothing),
		cmocka_unit_test(the_file_of_logs_has_a_limit),
	};

	return cmocka_run_group_tests(tests, dir_setup, dir_teardown);
}
