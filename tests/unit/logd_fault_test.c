/*
 * Every call of the writer fails once, in every way, and so does the machine:
 * docs/log.md, section 11. After each the log opens, goes on, and has never
 * signed two roots for one size.
 */
#include "logd_faults.h"
#include "logd_world.h"

#include <malloc.h>
#include <sys/wait.h>

/* Of the calls, each one; under sanitizers, which clear the tables of a log each
 * time, some. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define STRIDE 7
#endif
#endif
#if !defined(STRIDE) && defined(__SANITIZE_ADDRESS__)
#define STRIDE 7
#endif
#ifndef STRIDE
#define STRIDE 1
#endif

#define UNHURT 98    /* exit status: there was no call to be disturbed */
#define OTHER  69000 /* entries of another batch */

static char base[PATH_LEN]; /* a log to start from; `dir` is a copy of it */
static size_t base_signed;

/* ---- copies ---------------------------------------------------------------------- */

/* Files of a log are replaced, never written to, so links will do. */
static int copy_one(
    const char *path, const struct stat *st, int kind, struct FTW *at)
{
	const char *to;

	(void)at;
	if (strcmp(path, base) == 0)
		return 0;
	to = path_in(dir, path + strlen(base) + 1);
	if (kind == FTW_D)
		return mkdir(to, st->st_mode & 0777);
	return link(path, to);
}

static void beside(char out[PATH_LEN], const char *suffix)
{
	CHECK(snprintf(out, PATH_LEN, "%s%s", base, suffix) < PATH_LEN);
}

static void fresh_copy(void)
{
	beside(dir, ".copy");
	beside(kept_dir, ".kept");
	CHECK_EQ(mkdir(dir, 0755), 0);
	CHECK_EQ(mkdir(kept_dir, 0755), 0);
	CHECK_EQ(nftw(base, copy_one, 16, FTW_PHYS), 0);
	n_signed = base_signed; /* what other copies signed is forgotten */
	n_ops = 0;
}

static void drop_copy(void)
{
	logd_log_close(the_log);
	the_log = NULL;
	scratch_remove(dir);
	scratch_remove(kept_dir);
}

/* A published log of n entries to start from. */
static void make_base(uint64_t n)
{
	(void)world_setup(NULL);
	open_log();
	append(0, n);
	publish();
	CHECK_EQ(check_public(), n);
	logd_log_close(the_log);
	the_log = NULL;
	memcpy(base, dir, sizeof(base));
	base_signed = n_signed;
}

static void drop_base(void)
{
	memcpy(dir, base, sizeof(dir));
	(void)world_teardown(NULL);
}

/* ---- what left the process ----------------------------------------------------------- */

/* What a reader may have seen just before the power went. */
static void keep_public(void)
{
	(void)link(
	    path_in(dir, "public/checkpoint"), path_in(kept_dir, "seen"));
}

/* Note every signature that is on the disk, or was visible. */
static void note_all(void)
{
	struct tlog_checkpoint shown = { 0 };
	uint64_t size;

	if (exists_in(kept_dir, "seen")) {
		char here[PATH_LEN];

		memcpy(here, dir, sizeof(here));
		memcpy(dir, kept_dir, sizeof(dir));
		shown = read_checkpoint("seen");
		memcpy(dir, here, sizeof(dir));
	}
	size = read_head();
	CHECK(shown.size <= size);
	shown = read_checkpoint("public/checkpoint");
	CHECK(shown.size <= size);
}

static int is_temporary(
    const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	if (strcmp(path + at->base, ".tmp") == 0)
		fail_msg("%s was left", path);
	return 0;
}

/* ---- one fault -------------------------------------------------------------------------- */

static uint64_t from, to; /* the step that is disturbed */

static void append_new(uint64_t first, size_t n, uint64_t at)
{
	struct err_ctx ctx = { 0 };

	if (try_append_at(first, n, at, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
}

static bool has_entry(uint64_t i)
{
	struct tlog_hash leaf;
	uint64_t index;

	tlog_leaf_hash(&leaf, entry(i));
	return logd_log_find(the_log, &leaf, &index);
}

/* In the child: the step, disturbed. */
static void disturbed(enum fault kind, unsigned at)
{
	struct err_ctx ctx = { 0 };
	uint64_t n = to - from;
	enum err e;

	open_log();
	arm(kind, at);
	e = try_append(from, (size_t)n, &ctx);
	if (e == ERR_OK)
		e = logd_log_publish(the_log, NULL, 0, 0, &ctx);
	(void)disarm();
	if (!faults.hit)
		_exit(UNHURT);
	if (e == ERR_OK)
		return;
	CHECK(ctx.msg[0] != '\0');
	/* Either nothing has happened, or nothing more happens. */
	if (try_append(from, (size_t)n, NULL) == ERR_OK) {
		CHECK(e == ERR_NOSPACE || e == ERR_NOMEM);
		publish();
	} else {
		CHECK_ERR(try_append(OTHER, 1, NULL), ERR_IO);
		CHECK_ERR(logd_log_publish(the_log, NULL, 0, 0, NULL), ERR_IO);
	}
}

/* Do it in a process of its own; false: no call was disturbed. */
static bool in_child(
    void (*fn)(enum fault, unsigned), enum fault kind, unsigned at)
{
	const bool may_die =
	    kind == FAULT_DIE || kind == FAULT_CUT || kind == FAULT_CUT_DATA;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setenv("CMOCKA_TEST_ABORT", "1", 1);
		fn(kind, at);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == UNHURT)
		return false;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != (may_die ? DIED : 0))
		fail_msg("fault %d at call %u, %u to %u: status %x", kind, at,
		    (unsigned)from, (unsigned)to, (unsigned)status);
	return true;
}

/* What a reader sees, and what the next writer makes of it. */
static void check_recovery(void)
{
	const uint64_t published = check_public();
	uint64_t size;

	CHECK(published == from || published == to);
	note_all();
	open_log();
	note_all();
	size = logd_log_size(the_log);
	CHECK(size == from || size == to);
	CHECK(size >= published);
	CHECK_EQ(check_public(), size);
	for (uint64_t i = from; i < to; i++)
		CHECK_EQ(has_entry(i), size == to);
	CHECK(!exists_in(dir, "state/wal"));
	if (to - from < 100)
		CHECK_EQ(nftw(dir, is_temporary, 16, FTW_PHYS), 0);
	/* Something else comes first: would it be signed at a size that has
	 * been signed already? */
	append_new(OTHER, 2, size);
	publish();
	note_all();
	CHECK_EQ(check_public(), size + 2);
	if (size == from)
		append_new(from, (size_t)(to - from), size + 2);
	publish();
	note_all();
	CHECK_EQ(check_public(), to + 2);
	open_log();
	for (uint64_t i = 0; i < to; i++)
		CHECK(has_entry(i));
}

static void disturb(enum fault kind, unsigned at)
{
	fresh_copy();
	if (in_child(disturbed, kind, at))
		check_recovery();
	drop_copy();
}

/* How many calls are there that this fault can be of? */
static unsigned count_calls(enum fault kind)
{
	unsigned n;

	fresh_copy();
	open_log();
	arm(kind == FAULT_NOMEM ? kind : FAULT_NONE, UINT32_MAX);
	append(from, to - from);
	publish();
	n = disarm();
	drop_copy();
	return n;
}

static void sweep(
    uint64_t a, uint64_t b, enum fault first, enum fault last, unsigned step)
{
	from = a;
	to = b;
	make_base(a);
	for (unsigned kind = first; kind <= last; kind++) {
		const unsigned n = count_calls((enum fault)kind);

		CHECK(n > (kind == FAULT_NOMEM ? 1 : 50));
		for (unsigned at = 0; at < n; at += step * STRIDE)
			disturb((enum fault)kind, at);
	}
	drop_base();
}

TEST(any_call_may_fail_in_any_way_from_0_to_1)
{
	sweep(0, 1, FAULT_DIE, FAULT_FULL, 1);
}

TEST(any_call_may_fail_in_any_way_from_255_to_258)
{
	sweep(255, 258, FAULT_DIE, FAULT_FULL, 1);
}

TEST(any_call_may_fail_from_255_to_256_and_to_257)
{
	sweep(255, 256, FAULT_DIE, FAULT_CUT, 1);
	sweep(256, 257, FAULT_DIE, FAULT_CUT, 1);
}

TEST(the_writer_may_die_from_65535_to_65537)
{
	sweep(65535, 65537, FAULT_DIE, FAULT_DIE, 24);
}

/* ---- the recovery itself ------------------------------------------------------- */

/* In the child: the step, cut off at call number cut_at, then a disturbed
 * recovery. */
static unsigned cut_at;

static void only_die(enum fault kind, unsigned at)
{
	(void)kind;
	open_log();
	arm(FAULT_DIE, at);
	append(from, to - from);
	publish();
}

static void disturbed_open(enum fault kind, unsigned at)
{
	struct err_ctx ctx = { 0 };
	enum err e;

	arm(kind, at);
	e = try_open(&ctx);
	(void)disarm();
	if (!faults.hit)
		_exit(UNHURT);
	if (e == ERR_OK)
		return;
	CHECK(the_log == NULL && ctx.msg[0] != '\0');
	CHECK(
	    e == ERR_IO || e == ERR_NOSPACE || e == ERR_NOMEM || e == ERR_BUSY);
}

TEST(any_call_of_the_recovery_may_fail_too)
{
	from = 255;
	to = 257;
	make_base(from);
	const unsigned calls = count_calls(FAULT_NONE);

	for (cut_at = 8; cut_at < calls; cut_at += 29) {
		for (unsigned kind = FAULT_DIE; kind < FAULT_N; kind++) {
			/* Until there are no more calls. */
			for (unsigned at = 0, more = 1; more;
			     at += 7 * STRIDE) {
				fresh_copy();
				CHECK(in_child(only_die, FAULT_DIE, cut_at));
				n_ops = 0;
				more = in_child(
				    disturbed_open, (enum fault)kind, at);
				check_recovery();
				drop_copy();
				if (kind == FAULT_SHORT && at < 60)
					more =
					    1; /* not every call is a write */
			}
		}
	}
	drop_base();
}

static bool renamed_only(void)
{
	for (size_t i = 0; i < n_ops; i++) {
		if (ops[i].kind == OP_RENAME && !ops[i].safe)
			return true;
	}
	return false;
}

/* In the child: the step, killed where a name is not on the disk yet; then a
 * start, which sees that name, and a power cut in the midst of it. */
static void cut_after_kill(enum fault kind, unsigned at)
{
	open_log();
	arm(FAULT_STOP, cut_at);
	if (try_append(from, (size_t)(to - from), NULL) == ERR_OK)
		(void)!logd_log_publish(the_log, NULL, 0, 0, NULL);
	logd_log_close(the_log);
	the_log = NULL;
	(void)disarm();
	if (!renamed_only())
		_exit(UNHURT);
	arm(kind, at);
	CHECK_OK(try_open(NULL));
	_exit(UNHURT);
}

TEST(a_start_builds_on_no_name_that_a_power_cut_can_take_back)
{
	unsigned windows = 0;

	from = 255;
	to = 257;
	make_base(from);
	const unsigned calls = count_calls(FAULT_NONE);

	for (cut_at = 0; cut_at < calls; cut_at++) {
		for (unsigned at = 0, more = 1; more; at += 3 * STRIDE) {
			fresh_copy();
			more = in_child(cut_after_kill, FAULT_CUT, at);
			if (more)
				check_recovery();
			drop_copy();
			windows += more && at == 0;
		}
	}
	CHECK_EQ(windows, 3); /* wal, head, checkpoint */
	drop_base();
}

/* ---- making a log ---------------------------------------------------------------- */

static void disturbed_init(enum fault kind, unsigned at)
{
	struct err_ctx ctx = { 0 };
	enum err e;

	arm(kind, at);
	e = logd_log_init(dir, &key, &ctx);
	(void)disarm();
	if (!faults.hit)
		_exit(UNHURT);
	CHECK((e == ERR_OK) == (ctx.msg[0] == '\0'));
}

/* There is a log afterwards, or none and one can be made. */
static void check_made(void)
{
	enum err e = try_open(NULL);

	if (e != ERR_OK) {
		CHECK_ERR(e, ERR_NOTFOUND);
		CHECK_OK(logd_log_init(dir, &key, NULL));
		open_log();
	}
	n_signed = 0;
	CHECK_EQ(check_public(), 0);
	append(0, 1);
	publish();
	CHECK_EQ(check_public(), 1);
}

TEST(making_a_log_may_fail_at_any_call)
{
	for (unsigned kind = FAULT_DIE; kind < FAULT_N; kind++) {
		unsigned done = 0;

		if (kind == FAULT_CUT || kind == FAULT_CUT_DATA)
			continue; /* these undo what has a descriptor */
		for (unsigned at = 0;; at++) {
			bool hit;

			scratch_make(dir);
			hit = in_child(disturbed_init, (enum fault)kind, at);
			check_made();
			logd_log_close(the_log);
			the_log = NULL;
			scratch_remove(dir);
			done += hit;
			if (!hit && (kind != FAULT_SHORT || at > 60))
				break;
		}
		CHECK(done > 1);
	}
}

/* ---- disks ------------------------------------------------------------------------- */

/* [L-154]: nothing has changed, and the log goes on when there is room. */
TEST(a_batch_needs_its_reserve)
{
	struct err_ctx ctx = { 0 };

	(void)world_setup(NULL);
	open_log();
	append(0, 1);
	publish();
	disk_is_small = true;
	CHECK_ERR(try_append(1, 1, &ctx), ERR_NOSPACE);
	CHECK(strstr(ctx.msg, "the disk has 3 MiB left") != NULL);
	CHECK(!exists_in(dir, "state/wal"));
	disk_is_small = false;
	append(1, 1);
	publish();
	CHECK_EQ(check_public(), 2);
	(void)world_teardown(NULL);
}

TEST(a_disk_that_nothing_can_be_written_to_is_said_and_left_alone)
{
	struct err_ctx ctx = { 0 };
	const uint8_t *before;
	size_t len;

	(void)world_setup(NULL);
	open_log();
	append(0, 1);
	publish();
	before = read_in(dir, "state/head", &len);
	arm(FAULT_EROFS, 0);
	CHECK_ERR(try_append(1, 1, NULL), ERR_IO);
	CHECK_ERR(try_open(&ctx), ERR_IO);
	(void)disarm();
	CHECK(
	    strstr(ctx.msg, "cannot open lock: Read-only file system") != NULL);
	check_file(dir, "state/head", before, len);
	CHECK(!exists_in(dir, "state/wal"));
	free((void *)before);
	open_log();
	append(1, 1);
	publish();
	CHECK_EQ(check_public(), 2);
	(void)world_teardown(NULL);
}

static void count_entry(void *cookie, uint64_t index, struct bytes e)
{
	unsigned *n = cookie;

	(void)index;
	(void)e;
	++*n;
}

TEST(without_memory_nothing_happens_and_it_is_said)
{
	struct err_ctx ctx = { 0 };
	enum err e = ERR_NOMEM;
	unsigned seen = 0;

	(void)world_setup(NULL);
	for (unsigned at = 0; e == ERR_NOMEM; at++) {
		arm(FAULT_NOMEM, at);
		e = try_open(&ctx);
		(void)disarm();
		CHECK(e == ERR_OK ? at > 4 : the_log == NULL);
		CHECK_STR(ctx.msg, "no memory for a log");
	}
	CHECK_OK(e);
	arm(FAULT_NOMEM, 0);
	CHECK_ERR(try_append(0, 1, NULL), ERR_NOMEM);
	arm(FAULT_NOMEM, 1);
	CHECK_ERR(try_append(0, 1, NULL), ERR_NOMEM);
	(void)disarm();
	CHECK(!exists_in(dir, "state/wal"));
	append(0, 1);
	arm(FAULT_NOMEM, 0);
	CHECK_ERR(
	    logd_log_each(the_log, 0, 1, count_entry, &seen, NULL), ERR_NOMEM);
	(void)disarm();
	CHECK_EQ(seen, 0);
	CHECK_OK(logd_log_each(the_log, 0, 1, count_entry, &seen, NULL));
	CHECK_EQ(seen, 1);
	arm(FAULT_NOMEM, 0);
	CHECK_ERR(logd_log_init(dir, &key, NULL), ERR_NOMEM);
	(void)disarm();
	publish();
	CHECK_EQ(check_public(), 1);
	(void)world_teardown(NULL);
}

TEST(a_second_writer_is_refused_and_a_dead_one_is_no_obstacle)
{
	struct logd_log *second;
	struct err_ctx ctx = { 0 };

	(void)world_setup(NULL);
	open_log();
	CHECK_ERR(logd_log_open(&second, dir, &ctx), ERR_BUSY);
	CHECK_STR(ctx.msg, "another process holds the lock");
	CHECK(second == NULL);
	logd_log_close(the_log);
	the_log = NULL;
	from = 0;
	to = 3;
	(void)in_child(only_die, FAULT_DIE, 20);
	CHECK(exists_in(dir, "state/lock"));
	open_log();
	CHECK_EQ(logd_log_size(the_log), 3);
	(void)world_teardown(NULL);
}

/* [L-141]: the sizes that they sign differ, so no tile stands in the way. */
TEST(of_two_writers_without_a_lock_one_signs_nothing_more)
{
	struct logd_log *first;
	struct err_ctx ctx = { 0 };

	(void)world_setup(NULL);
	open_log();
	append(0, 5);
	publish();
	first = the_log;
	the_log = NULL;
	CHECK_EQ(unlink(path_in(dir, "state/lock")), 0);
	open_log();
	append(5, 2);
	publish();
	logd_log_close(the_log);
	the_log = first;
	CHECK_ERR(try_append_at(OTHER, 1, 5, &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg,
	    "another process has changed state/head: nothing is signed");
	CHECK(!exists_in(dir, "state/wal"));
	CHECK_ERR(try_append_at(OTHER, 1, 5, NULL), ERR_IO);
	CHECK_ERR(logd_log_publish(the_log, NULL, 0, 0, NULL), ERR_IO);
	open_log();
	append(7, 1);
	publish();
	CHECK_EQ(check_public(), 8);
	(void)world_teardown(NULL);
}

TEST(a_directory_that_cannot_be_read_is_not_taken_for_an_empty_one)
{
	struct err_ctx ctx = { 0 };

	(void)world_setup(NULL);
	open_log();
	append(0, 5);
	publish();
	logd_log_close(the_log);
	the_log = NULL;
	CHECK_EQ(link(path_in(dir, "state/key"),
		     path_in(dir, "public/tile/0/000.p/9")),
	    0);
	CHECK_ERR(try_open(NULL), ERR_AUTH); /* beyond the head */
	directories_fail = true;
	CHECK_ERR(try_open(&ctx), ERR_IO);
	CHECK(strstr(ctx.msg, "cannot read tile/entries/000.p") != NULL);
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(
	    logd_log_init(path_in(dir, "public/tile"), &key, &ctx), ERR_IO);
	CHECK(strstr(ctx.msg, "cannot read") != NULL);
	CHECK(!exists_in(dir, "public/tile/state"));
	directories_fail = false;
	(void)world_teardown(NULL);
}

static int group_setup(void **state)
{
	(void)state;
	before_cut = keep_public;
	/* The tables of a log are large and mostly empty: fresh pages of the
	 * kernel each time cost less than cleared ones. Sanitizers have their
	 * own allocator, which does not know this. */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_call_may_fail_in_any_way_from_0_to_1),
		cmocka_unit_test(any_call_may_fail_in_any_way_from_255_to_258),
		cmocka_unit_test(any_call_may_fail_from_255_to_256_and_to_257),
		cmocka_unit_test(the_writer_may_die_from_65535_to_65537),
		cmocka_unit_test(any_call_of_the_recovery_may_fail_too),
		cmocka_unit_test(
		    a_start_builds_on_no_name_that_a_power_cut_can_take_back),
		cmocka_unit_test(making_a_log_may_fail_at_any_call),
		cmocka_unit_test(a_batch_needs_its_reserve),
		cmocka_unit_test(
		    a_disk_that_nothing_can_be_written_to_is_said_and_left_alone),
		cmocka_unit_test(without_memory_nothing_happens_and_it_is_said),
		cmocka_unit_test(
		    a_second_writer_is_refused_and_a_dead_one_is_no_obstacle),
		cmocka_unit_test(
		    of_two_writers_without_a_lock_one_signs_nothing_more),
		cmocka_unit_test(
		    a_directory_that_cannot_be_read_is_not_taken_for_an_empty_one),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
