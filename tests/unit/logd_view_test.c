/*
 * Views of a log in a directory, with all that may lie in one. What is read is
 * never believed, so what matters is what is refused, and how it is said.
 */
#include "view_read.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/url.h"

#define LEAVES 300

/* ---- a directory ---------------------------------------------------------- */

struct place {
	char dir[64];
	struct logd_view view;
};

static const char *below(const struct place *p, const char *path)
{
	static char full[512];

	(void)snprintf(full, sizeof(full), "%s/%s", p->dir, path);
	return full;
}

static void put(const struct place *p, const char *path, struct bytes content)
{
	char dir[512];
	char *slash;

	(void)snprintf(dir, sizeof(dir), "%s/%s", p->dir, path);
	slash = strrchr(dir, '/');
	*slash = '\0';
	CHECK_OK(fd_make_dirs(dir, NULL));
	CHECK_OK(fd_replace_file(below(p, path), content, 0600, NULL));
}

static void put_str(const struct place *p, const char *path, const char *text)
{
	put(p, path, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

static void place_open(struct place *p)
{
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/logd_view_XXXXXX");
	CHECK(mkdtemp(p->dir) != NULL);
	CHECK_OK(logd_view_open(&p->view, p->dir, NULL, NULL));
	CHECK_STR(p->view.where, p->dir);
}

static void place_close(struct place *p)
{
	char command[128];

	logd_view_close(&p->view);
	CHECK_EQ(p->view.dir, -1);
	(void)snprintf(command, sizeof(command), "rm -r %s", p->dir);
	CHECK_EQ(system(command), 0);
}

TEST(a_directory_gives_its_files)
{
	struct place p;

	place_open(&p);
	put_str(&p, "checkpoint", "note");
	put_str(&p, "tile/0/x001/x234/067.p/8", "deep");
	put_str(&p, "empty", "");
	CHECK_OK(read_it(&p.view, "checkpoint"));
	CHECK(len == 4 && memcmp(buf, "note", 4) == 0);
	CHECK_OK(read_it(&p.view, "tile/0/x001/x234/067.p/8"));
	CHECK(len == 4 && memcmp(buf, "deep", 4) == 0);
	CHECK_OK(read_it(&p.view, "empty"));
	CHECK_EQ(len, 0);
	place_close(&p);
}

TEST(a_file_may_be_as_long_as_the_cap)
{
	struct place p;

	place_open(&p);
	put_str(&p, "checkpoint", "note");
	CHECK_OK(read_cap(&p.view, "checkpoint", 4));
	CHECK_EQ(len, 4);
	CHECK_ERR(read_cap(&p.view, "checkpoint", 3), ERR_LIMIT);
	check_says(": checkpoint is longer than 3 bytes");
	place_close(&p);
}

TEST(what_a_directory_lacks_is_not_found)
{
	struct place p;

	place_open(&p);
	CHECK_ERR(read_it(&p.view, "checkpoint"), ERR_NOTFOUND);
	check_says(" has no checkpoint");
	CHECK_ERR(read_it(&p.view, "tile/0/000"), ERR_NOTFOUND);
	put_str(&p, "tile/0/001", "x");
	CHECK_ERR(read_it(&p.view, "tile/0/000"), ERR_NOTFOUND);
	place_close(&p);
}

/* L-114: links, pipes and directories are no files of a log. */
TEST(a_directory_follows_no_link_and_reads_regular_files_only)
{
	struct place p;
	char target[128];

	place_open(&p);
	put_str(&p, "real/000", "x");
	(void)snprintf(target, sizeof(target), "%s/real", p.dir);
	CHECK_EQ(symlink(target, below(&p, "tile")), 0);
	CHECK_EQ(symlink("real/000", below(&p, "checkpoint")), 0);
	CHECK_EQ(symlink("/etc", below(&p, "out")), 0);
	CHECK_EQ(mkfifo(below(&p, "pipe"), 0600), 0);
	CHECK_OK(read_it(&p.view, "real/000"));
	CHECK_ERR(read_it(&p.view, "tile/000"), ERR_IO);
	check_says(": cannot read tile/000: Not a directory");
	CHECK_ERR(read_it(&p.view, "checkpoint"), ERR_IO);
	check_says("symbolic links");
	CHECK_ERR(read_it(&p.view, "out/hostname"), ERR_IO);
	CHECK_ERR(read_it(&p.view, "real"), ERR_IO);
	check_says("Is a directory");
	CHECK_ERR(read_it(&p.view, "pipe"), ERR_IO);
	CHECK_ERR(read_it(&p.view, "real/000/x"), ERR_IO);
	place_close(&p);
}

TEST(only_names_of_a_log_are_looked_up)
{
	static const char *const bad[] = { "", "/checkpoint", "checkpoint/",
		"tile//000", ".", "..", "../x", "tile/../checkpoint",
		"tile/./000", ".hidden", "a b", "a%2fb", "a?b", "a\\b", "\xc3",
		"a\n" };
	char name[FD_NAME_MAX + 2], path[FD_NAME_MAX + 8];
	struct place p;

	place_open(&p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_ERR(read_it(&p.view, bad[i]), ERR_FORMAT);
		check_says(" is no path of a log's file");
	}
	memset(name, 'a', sizeof(name) - 1);
	name[FD_NAME_MAX + 1] = '\0';
	CHECK_ERR(read_it(&p.view, name), ERR_FORMAT);
	name[FD_NAME_MAX] = '\0';
	CHECK_ERR(read_it(&p.view, name), ERR_NOTFOUND);
	(void)snprintf(path, sizeof(path), "%s/000", name);
	put_str(&p, path, "x");
	CHECK_OK(read_it(&p.view, path));
	place_close(&p);
}

TEST(reading_leaves_no_descriptor_open)
{
	static const char *const path[] = { "checkpoint", "tile/0/000",
		"tile/0/001", "tile/link/000", "nothing/000", "tile" };
	struct place p;
	int before, after;

	place_open(&p);
	put_str(&p, "checkpoint", "note");
	put_str(&p, "tile/0/000", "x");
	CHECK_EQ(symlink("0", below(&p, "tile/link")), 0);
	before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++)
		(void)read_it(&p.view, path[i]);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(after, before + 1);
	fd_close(&before);
	fd_close(&after);
	place_close(&p);
}

TEST(a_place_that_is_none_is_refused)
{
	static const struct {
		const char *where;
		enum err e;
		const char *says;
	} bad[] = {
		{ "/nonexistent/log", ERR_NOTFOUND, "cannot open directory" },
		{ "/dev/null", ERR_NOTFOUND, "Not a directory" },
		{ "ftp://host/log", ERR_UNSUPPORTED, "https://" },
		{ "http://", ERR_FORMAT, "" },
		{ "https://host/log?x=", ERR_FORMAT, "has a query" },
		{ "unix:", ERR_FORMAT, "" },
	};
	struct logd_view v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = (struct err_ctx){ 0 };
		CHECK_ERR(
		    logd_view_open(&v, bad[i].where, NULL, &why), bad[i].e);
		check_says(bad[i].says);
		CHECK(v.dir == -1 && v.where[0] == '\0');
		logd_view_close(&v);
	}
}

TEST(a_place_has_a_name_of_limited_length)
{
	static char where[LOGD_WHERE_MAX + 1];
	const size_t fits = HTTP_URL_LEN_MAX - strlen("/checkpoint");
	struct logd_view v;

	memset(where, 'a', sizeof(where) - 1);
	why = (struct err_ctx){ 0 };
	CHECK_ERR(logd_view_open(&v, where, NULL, &why), ERR_LIMIT);
	check_says("aaa... is too long");
	where[LOGD_WHERE_MAX - 1] = '\0';
	CHECK_ERR(logd_view_open(&v, where, NULL, NULL), ERR_IO);
	memcpy(where, "http://host/", strlen("http://host/"));
	why = (struct err_ctx){ 0 };
	CHECK_ERR(logd_view_open(&v, where, NULL, &why), ERR_LIMIT);
	check_says("aaa... is too long for a URL");
	where[fits + 1] = '\0';
	CHECK_ERR(logd_view_open(&v, where, NULL, NULL), ERR_LIMIT);
	where[fits] = '\0';
	CHECK_OK(logd_view_open(&v, where, NULL, NULL));
	logd_view_close(&v);
}

/* ---- tiles in a directory ------------------------------------------------- */

TEST(a_tile_is_read_as_it_is_or_cut_from_the_full_one)
{
	struct place p;

	place_open(&p);
	put(&p, "tile/0/001.p/44", leaves(256, 44));
	CHECK_OK(tile_cap(&p.view, &partial, 44 * TLOG_HASH_LEN));
	CHECK_EQ(len, 44 * TLOG_HASH_LEN);
	CHECK_MEM(buf, &leaf[256], len);
	CHECK_ERR(
	    tile_cap(&p.view, &partial, 44 * TLOG_HASH_LEN - 1), ERR_NOSPACE);
	CHECK_ERR(tile_it(&p.view, &whole), ERR_NOTFOUND);
	check_says(" has no tile/0/001");
	CHECK_EQ(unlink(below(&p, "tile/0/001.p/44")), 0);
	CHECK_ERR(tile_it(&p.view, &partial), ERR_NOTFOUND);
	check_says(" has no tile/0/001.p/44"); /* L-105 */
	put(&p, "tile/0/001", leaves(256, 256));
	memset(buf, 0, sizeof(buf));
	CHECK_OK(tile_cap(&p.view, &partial, 44 * TLOG_HASH_LEN));
	CHECK_EQ(len, 44 * TLOG_HASH_LEN);
	CHECK_MEM(buf, &leaf[256], len);
	CHECK(mem_is_zero(buf + len, TLOG_HASH_LEN));
	CHECK_OK(tile_it(&p.view, &whole));
	CHECK_EQ(len, TLOG_TILE_LEN);
	place_close(&p);
}

/* L-100, L-113 */
TEST(a_tile_of_another_length_is_refused)
{
	struct place p;

	place_open(&p);
	put_str(&p, "tile/0/001.p/44", "");
	CHECK_ERR(tile_it(&p.view, &partial), ERR_FORMAT);
	check_says(": tile/0/001.p/44: not as long as its hashes");
	for (size_t n = 0; n <= 256; n++) {
		put(&p, "tile/0/001.p/44", leaves(256, n));
		CHECK_ERR(
		    tile_it(&p.view, &partial), n == 44 ? ERR_OK : ERR_FORMAT);
	}
	put(&p, "tile/0/001.p/44",
	    (struct bytes){ leaf[256].b, 44 * TLOG_HASH_LEN + 1 });
	CHECK_ERR(tile_it(&p.view, &partial), ERR_FORMAT);
	put(&p, "tile/0/001.p/44", leaves(0, 257));
	CHECK_ERR(tile_it(&p.view, &partial), ERR_LIMIT);
	CHECK_EQ(unlink(below(&p, "tile/0/001.p/44")), 0);
	put(&p, "tile/0/001", leaves(256, 255));
	CHECK_ERR(tile_it(&p.view, &partial), ERR_FORMAT);
	CHECK_ERR(tile_it(&p.view, &whole), ERR_FORMAT);
	place_close(&p);
}

static struct bytes bundle_of(unsigned n)
{
	static uint8_t room[TLOG_TILE_WIDTH * 8];
	struct wr w = wr_init(room, sizeof(room));

	for (unsigned i = 0; i < n; i++)
		tlog_bundle_add(
		    &w, (struct bytes){ (const uint8_t *)"entry", 1 + i % 5 });
	CHECK_OK(w.err);
	return (struct bytes){ w.p, w.len };
}

static const struct tlog_tile few = { .entries = true, .width = 44 };
static const struct tlog_tile all = { .entries = true, .width = 256 };

TEST(a_bundle_is_read_as_it_is_or_cut_from_the_full_one)
{
	struct place p;
	uint8_t want[512];
	size_t n;

	place_open(&p);
	n = bundle_of(44).len;
	memcpy(want, bundle_of(44).p, n);
	put(&p, "tile/entries/000.p/44", bundle_of(44));
	CHECK_OK(tile_cap(&p.view, &few, n));
	CHECK_EQ(len, n);
	CHECK_MEM(buf, want, n);
	CHECK_ERR(tile_cap(&p.view, &few, n - 1), ERR_LIMIT);
	CHECK_EQ(unlink(below(&p, "tile/entries/000.p/44")), 0);
	put(&p, "tile/entries/000", bundle_of(256));
	CHECK_OK(tile_it(&p.view, &few));
	CHECK_EQ(len, n);
	CHECK_MEM(buf, want, n);
	CHECK_OK(tile_it(&p.view, &all));
	CHECK_EQ(len, bundle_of(256).len);
	CHECK_ERR(tile_cap(&p.view, &few, n), ERR_LIMIT); /* all of it */
	place_close(&p);
}

TEST(a_bundle_of_another_number_is_refused)
{
	struct place p;
	struct bytes b;

	place_open(&p);
	put(&p, "tile/entries/000.p/44", bundle_of(43));
	CHECK_ERR(tile_it(&p.view, &few), ERR_TRUNCATED);
	check_says(": tile/entries/000.p/44: bundle: ends in entry 43 of 44");
	put(&p, "tile/entries/000.p/44", bundle_of(45));
	CHECK_ERR(tile_it(&p.view, &few), ERR_TRAILING);
	put_str(&p, "tile/entries/000.p/44", "");
	CHECK_ERR(tile_it(&p.view, &few), ERR_TRUNCATED);
	CHECK_EQ(unlink(below(&p, "tile/entries/000.p/44")), 0);
	b = bundle_of(256); /* damaged behind what is wanted of it */
	b.len--;
	put(&p, "tile/entries/000", b);
	CHECK_ERR(tile_it(&p.view, &few), ERR_TRUNCATED);
	place_close(&p);
}

static void put_tiles(const struct place *p)
{
	struct tlog_hash up;

	tlog_tile_hash(&up, leaf);
	put(p, "tile/0/000", leaves(0, 256));
	put(p, "tile/0/001.p/44", leaves(256, 44));
	put(p, "tile/1/000.p/1", (struct bytes){ up.b, sizeof(up) });
}

TEST(proofs_come_from_a_directory)
{
	struct tlog_hash path[TLOG_PATH_MAX], at, root, old;
	struct tlog_tiles t;
	struct place p;
	size_t n;

	place_open(&p);
	put_tiles(&p);
	t = logd_view_tiles(&p.view, LEAVES);
	CHECK_EQ(t.size, LEAVES);
	tlog_root(&root, leaf, LEAVES);
	tlog_root(&old, leaf, 100);
	for (size_t i = 0; i < LEAVES; i += 13) {
		CHECK_OK(tlog_tree_inclusion(path, &n, &at, &t, i, &root));
		CHECK(tlog_hash_eq(&at, &leaf[i]));
	}
	CHECK_OK(tlog_tree_consistency(path, &n, &t, 100, &old, &root));
	/* The log has grown, and partial tiles are swept up. */
	CHECK_EQ(unlink(below(&p, "tile/0/001.p/44")), 0);
	put(&p, "tile/0/001", leaves(256, 256));
	CHECK_OK(tlog_tree_inclusion(path, &n, &at, &t, 299, &root));
	put(&p, "tile/0/001", leaves(255, 256));
	CHECK_ERR(tlog_tree_inclusion(path, &n, &at, &t, 299, &root), ERR_AUTH);
	place_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_gives_its_files),
		cmocka_unit_test(a_file_may_be_as_long_as_the_cap),
		cmocka_unit_test(what_a_directory_lacks_is_not_found),
		cmocka_unit_test(
		    a_directory_follows_no_link_and_reads_regular_files_only),
		cmocka_unit_test(only_names_of_a_log_are_looked_up),
		cmocka_unit_test(reading_leaves_no_descriptor_open),
		cmocka_unit_test(a_place_that_is_none_is_refused),
		cmocka_unit_test(a_place_has_a_name_of_limited_length),
		cmocka_unit_test(
		    a_tile_is_read_as_it_is_or_cut_from_the_full_one),
		cmocka_unit_test(a_tile_of_another_length_is_refused),
		cmocka_unit_test(
		    a_bundle_is_read_as_it_is_or_cut_from_the_full_one),
		cmocka_unit_test(a_bundle_of_another_number_is_refused),
		cmocka_unit_test(proofs_come_from_a_directory),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
