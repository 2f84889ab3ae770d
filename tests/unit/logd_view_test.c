/*
 * Views of a log: a directory with all that may lie in one, and servers, played
 * by a thread that answers what the test gave it. What is read is never
 * believed, so what matters is what is refused, and how it is said.
 */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/http_fetch.h"
#include "logd/view.h"
#include "sys/addr.h"
#include "sys/clock.h"

#define PATIENCE_MS 30000
#define LEAVES      300

static struct err_ctx why;
static uint8_t buf[LOGD_BUNDLE_LEN_MAX];
static size_t len;

static void check_says(const char *text)
{
	if (strstr(why.msg, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.msg, text);
}

static enum err read_cap(
    const struct logd_view *v, const char *path, size_t cap)
{
	enum err e;

	why = (struct err_ctx){ 0 };
	len = 99;
	e = logd_view_read(v, path, buf, cap, &len, &why);
	CHECK_EQ(why.code, e);
	CHECK((e == ERR_OK) == (why.msg[0] == '\0'));
	CHECK(e == ERR_OK || len == 0);
	return e;
}

static enum err read_it(const struct logd_view *v, const char *path)
{
	return read_cap(v, path, 64);
}

static enum err tile_cap(
    const struct logd_view *v, const struct tlog_tile *tile, size_t cap)
{
	enum err e;

	why = (struct err_ctx){ 0 };
	e = logd_view_tile(v, tile, buf, cap, &len, &why);
	CHECK(e == ERR_OK || len == 0);
	return e;
}

static enum err tile_it(const struct logd_view *v, const struct tlog_tile *tile)
{
	return tile_cap(v, tile, sizeof(buf));
}

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
	char name[FD_NAME_MAX + 2];
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
	static char longest[LOGD_WHERE_MAX + 1] = "http://host/";
	struct logd_view v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = (struct err_ctx){ 0 };
		CHECK_ERR(
		    logd_view_open(&v, bad[i].where, NULL, &why), bad[i].e);
		check_says(bad[i].says);
		CHECK(v.dir == -1 && v.where[0] == '\0');
		logd_view_close(&v);
	}
	memset(
	    longest + strlen(longest), 'a', LOGD_WHERE_MAX - strlen(longest));
	why = (struct err_ctx){ 0 };
	CHECK_ERR(logd_view_open(&v, longest, NULL, &why), ERR_LIMIT);
	check_says("aaa... is too long");
	longest[LOGD_WHERE_MAX - 1] = '\0';
	why = (struct err_ctx){ 0 };
	CHECK_ERR(logd_view_open(&v, longest, NULL, &why), ERR_LIMIT);
	check_says("too long for a URL");
}

/* ---- tiles in a directory ------------------------------------------------- */

static struct tlog_hash leaf[512];

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 512; i++) {
		uint8_t b[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		tlog_leaf_hash(&leaf[i], (struct bytes){ b, sizeof(b) });
	}
	return 0;
}

static struct bytes leaves(size_t first, size_t n)
{
	return (struct bytes){ leaf[first].b, n * sizeof(leaf[0]) };
}

static const struct tlog_tile partial = { .index = 1, .width = 44 };
static const struct tlog_tile whole = { .index = 1, .width = 256 };

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

/* ---- servers -------------------------------------------------------------- */

#define TURNS_MAX 8

/* Answers one connection after another; the last one's answer stays. */
struct server {
	int listener;
	pthread_t thread;
	struct addr addr;
	struct logd_view view;
	struct bytes answer[TURNS_MAX];
	size_t n;
	char asked[TURNS_MAX][512];
	char where[512];
	char dir[64]; /* of a socket; empty: TCP */
};

static void take_turn(struct server *s, size_t turn, uint64_t deadline)
{
	struct addr_peer peer;
	char *to = s->asked[turn];
	size_t n = 0;
	int fd = -1;

	if (fd_wait(s->listener, false, deadline) != ERR_OK ||
	    addr_accept(&fd, &peer, s->listener) != ERR_OK)
		return;
	while (n < sizeof(s->asked[0]) - 1 && strstr(to, "\r\n\r\n") == NULL &&
	       fd_read_full(fd, to + n, 1, deadline) == ERR_OK)
		n++;
	(void)!fd_write_full(
	    fd, s->answer[turn].p, s->answer[turn].len, deadline);
	fd_close(&fd);
}

static void *play(void *cookie)
{
	struct server *s = cookie;

	for (size_t i = 0; i < s->n; i++)
		take_turn(s, i, clock_mono_ms() + PATIENCE_MS);
	return NULL;
}

static void server_open(struct server *s, bool socket, const char *prefix)
{
	char listen[96] = "tcp:127.0.0.1:0";
	struct addr a;

	memset(s, 0, sizeof(*s));
	if (socket) {
		(void)snprintf(s->dir, sizeof(s->dir), "/tmp/logd_view_XXXXXX");
		CHECK(mkdtemp(s->dir) != NULL);
		(void)snprintf(listen, sizeof(listen), "unix:%s/s", s->dir);
	}
	CHECK_OK(addr_parse(&a, listen, NULL));
	CHECK_OK(addr_listen(&s->listener, &a, NULL));
	s->addr = a;
	if (socket) {
		(void)snprintf(s->where, sizeof(s->where), "%s", listen);
	} else {
		CHECK_OK(addr_local(&a, s->listener));
		(void)snprintf(s->where, sizeof(s->where), "http://%s%s",
		    a.text + strlen("tcp:"), prefix);
	}
	CHECK_OK(logd_view_open(&s->view, s->where, NULL, NULL));
	CHECK_EQ(s->view.dir, -1);
	s->view.timeout_ms = PATIENCE_MS;
}

static void server_close(struct server *s)
{
	logd_view_close(&s->view);
	fd_close(&s->listener);
	if (s->dir[0] != '\0') {
		addr_unlink(&s->addr);
		CHECK_EQ(rmdir(s->dir), 0);
	}
}

static void says(struct server *s, struct bytes answer)
{
	CHECK(s->n < TURNS_MAX);
	s->answer[s->n++] = answer;
}

static void says_str(struct server *s, const char *text)
{
	says(s, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

/* All that was to be said is asked for, and then the server rests. */
static void server_play(struct server *s)
{
	memset(s->asked, 0, sizeof(s->asked));
	CHECK_EQ(pthread_create(&s->thread, NULL, play, s), 0);
}

static void server_rest(struct server *s)
{
	pthread_join(s->thread, NULL);
	s->n = 0;
}

static enum err ask(struct server *s, const char *text)
{
	enum err e;

	says_str(s, text);
	server_play(s);
	e = read_it(&s->view, "checkpoint");
	server_rest(s);
	return e;
}

static void check_asked(const struct server *s, size_t turn, const char *path)
{
	char want[512];

	(void)snprintf(want, sizeof(want), "GET %s HTTP/1.1\r\nHost: ", path);
	if (strncmp(s->asked[turn], want, strlen(want)) != 0)
		fail_msg("asked %s", s->asked[turn]);
}

#define OK   "HTTP/1.1 200 OK\r\n"
#define NONE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

TEST(a_server_is_asked_below_its_prefix)
{
	static const char *const prefix[] = { "", "/", "/logs/1", "/logs/1/" };
	static const char *const path[] = { "/checkpoint", "/checkpoint",
		"/logs/1/checkpoint", "/logs/1/checkpoint" };
	struct server s;

	for (size_t i = 0; i < 4; i++) {
		server_open(&s, false, prefix[i]);
		CHECK_OK(ask(&s, OK "Content-Length: 4\r\n\r\nnote"));
		CHECK(len == 4 && memcmp(buf, "note", 4) == 0);
		check_asked(&s, 0, path[i]);
		server_close(&s);
	}
}

TEST(a_server_on_a_socket_is_asked_as_localhost)
{
	struct server s;

	server_open(&s, true, "");
	CHECK_OK(ask(&s, OK "Content-Length: 4\r\n\r\nnote"));
	CHECK(len == 4 && memcmp(buf, "note", 4) == 0);
	check_asked(&s, 0, "/checkpoint");
	CHECK(strstr(s.asked[0], "\r\nHost: localhost\r\n") != NULL);
	CHECK_ERR(read_it(&s.view, "../checkpoint"), ERR_FORMAT);
	server_close(&s);
}

/* L-115 */
TEST(not_found_is_heard_whatever_page_comes_with_it)
{
	struct server s;

	server_open(&s, true, "");
	CHECK_ERR(ask(&s, NONE), ERR_NOTFOUND);
	check_says(" has no checkpoint");
	CHECK_ERR(ask(&s, "HTTP/1.1 404 Not Found\r\n"
			  "Content-Encoding: gzip\r\n"
			  "Content-Length: 1000000\r\n\r\n\x1f\x8b"),
	    ERR_NOTFOUND);
	server_close(&s);
}

TEST(any_other_status_is_an_error_in_words)
{
	struct server s;

	server_open(&s, false, "");
	CHECK_ERR(ask(&s, "HTTP/1.1 302 Found\r\n"
			  "Location: https://other.example/\r\n\r\n"),
	    ERR_PROTOCOL);
	check_says("127.0.0.1: it redirects (302) to https://other.example/");
	CHECK_ERR(ask(&s, "HTTP/1.1 500 Oops\r\n\r\nbody"), ERR_PROTOCOL);
	check_says(" answers checkpoint with status 500");
	CHECK_ERR(ask(&s, "HTTP/1.1 206 Partial Content\r\n"
			  "Content-Length: 4\r\n\r\nnote"),
	    ERR_PROTOCOL);
	check_says("status 206");
	CHECK_ERR(ask(&s, "HTTP/1.1 410 Gone\r\n\r\n"), ERR_PROTOCOL);
	server_close(&s);
}

TEST(a_server_that_sends_too_much_is_cut_off)
{
	static char text[256] = OK "\r\n";
	struct server s;

	server_open(&s, true, "");
	CHECK_ERR(ask(&s, OK "Content-Length: 65\r\n\r\n"), ERR_LIMIT);
	check_says("at most 64");
	CHECK_ERR(ask(&s, OK "Content-Length: 9223372036854775807\r\n\r\n"),
	    ERR_LIMIT);
	CHECK_ERR(
	    ask(&s, OK "Transfer-Encoding: chunked\r\n\r\n41\r\n"), ERR_LIMIT);
	memset(text + strlen(text), 'x', 64);
	CHECK_OK(ask(&s, text));
	CHECK_EQ(len, 64);
	text[strlen(text)] = 'x';
	CHECK_ERR(ask(&s, text), ERR_LIMIT);
	server_close(&s);
}

TEST(what_is_no_answer_is_refused)
{
	struct server s;

	server_open(&s, true, "");
	CHECK_ERR(ask(&s, "SSH-2.0-OpenSSH_9.2\r\n"), ERR_FORMAT);
	check_says("not HTTP");
	CHECK_ERR(ask(&s, ""), ERR_CLOSED);
	CHECK_ERR(ask(&s, OK "Content-Length: 5\r\n\r\nhell"), ERR_TRUNCATED);
	CHECK_ERR(
	    ask(&s, OK "Content-Encoding: gzip\r\n\r\nx"), ERR_UNSUPPORTED);
	server_close(&s);
}

/* Nobody accepts here: the connection stands, and no answer ever comes. */
TEST(a_silent_server_is_left_at_the_deadline)
{
	struct server s;

	server_open(&s, true, "");
	s.view.timeout_ms = 1;
	CHECK_ERR(read_it(&s.view, "checkpoint"), ERR_TIMEOUT);
	CHECK(http_unreachable(ERR_TIMEOUT));
	server_close(&s);
}

/* A server that is not there has not said that it has no such file. */
TEST(a_server_that_is_not_there_is_not_a_file_that_is_not_there)
{
	struct server s;

	server_open(&s, false, "");
	fd_close(&s.listener);
	CHECK_ERR(read_it(&s.view, "checkpoint"), ERR_IO);
	check_says("127.0.0.1: nothing listens on");
	CHECK(http_unreachable(ERR_IO));
	server_close(&s);
}

TEST(a_server_of_https_shows_a_certificate_of_these_roots)
{
	struct logd_view v;
	struct server s;
	char where[640];

	server_open(&s, false, "");
	(void)snprintf(where, sizeof(where), "https%s", s.where + 4);
	CHECK_OK(logd_view_open(&v, where, "/dev/null", NULL));
	v.timeout_ms = PATIENCE_MS;
	CHECK_ERR(read_it(&v, "checkpoint"), ERR_FORMAT);
	check_says("/dev/null holds no roots");
	logd_view_close(&v);
	server_close(&s);
}

TEST(a_path_that_makes_the_url_too_long_is_refused)
{
	static char where[LOGD_WHERE_MAX] = "http://host/";
	struct logd_view v;

	memset(where + strlen(where), 'a', 2020 - strlen(where));
	CHECK_OK(logd_view_open(&v, where, NULL, NULL));
	CHECK_ERR(read_it(&v, "tile/0/x001/x234/x567/x890/123"), ERR_LIMIT);
	check_says("aaa... is too long for a URL");
	logd_view_close(&v);
}

/* An answer that holds these bytes. */
static struct bytes answer_of(struct bytes body)
{
	static uint8_t room[2][TLOG_TILE_LEN + 64];
	static size_t turn;
	uint8_t *p = room[turn++ % 2];
	struct wr w = wr_init(p, sizeof(room[0]));

	wr_fmt(&w, OK "Content-Length: %zu\r\n\r\n", body.len);
	wr_bytes(&w, body);
	CHECK_OK(w.err);
	return (struct bytes){ w.p, w.len };
}

TEST(a_server_without_the_partial_tile_is_asked_for_the_full_one)
{
	struct server s;

	server_open(&s, true, "");
	says_str(&s, NONE);
	says(&s, answer_of(leaves(256, 256)));
	server_play(&s);
	CHECK_OK(tile_it(&s.view, &partial));
	server_rest(&s);
	CHECK_EQ(len, 44 * TLOG_HASH_LEN);
	CHECK_MEM(buf, &leaf[256], len);
	check_asked(&s, 0, "/tile/0/001.p/44");
	check_asked(&s, 1, "/tile/0/001");

	says_str(&s, NONE);
	says_str(&s, "HTTP/1.1 500 Oops\r\n\r\n");
	server_play(&s);
	CHECK_ERR(tile_it(&s.view, &partial), ERR_PROTOCOL);
	server_rest(&s);
	check_says(" answers tile/0/001 with status 500");
	server_close(&s);
}

/* One turn each: a second question would wait for an answer until the end. */
TEST(only_not_found_makes_it_ask_for_the_full_tile)
{
	struct server s;

	server_open(&s, true, "");
	says_str(&s, "HTTP/1.1 500 Oops\r\n\r\n");
	server_play(&s);
	CHECK_ERR(tile_it(&s.view, &partial), ERR_PROTOCOL);
	server_rest(&s);
	check_says(" answers tile/0/001.p/44 with status 500");
	says(&s, answer_of((struct bytes){ NULL, 0 }));
	server_play(&s);
	CHECK_ERR(tile_it(&s.view, &partial), ERR_FORMAT);
	server_rest(&s);
	check_says(": tile/0/001.p/44: not as long as its hashes");
	says(&s, answer_of(leaves(256, 45)));
	server_play(&s);
	CHECK_ERR(tile_it(&s.view, &partial), ERR_FORMAT);
	server_rest(&s);
	says_str(&s, NONE); /* a full tile has nothing in its stead */
	server_play(&s);
	CHECK_ERR(tile_it(&s.view, &whole), ERR_NOTFOUND);
	server_rest(&s);
	server_close(&s);
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
		cmocka_unit_test(
		    a_tile_is_read_as_it_is_or_cut_from_the_full_one),
		cmocka_unit_test(a_tile_of_another_length_is_refused),
		cmocka_unit_test(
		    a_bundle_is_read_as_it_is_or_cut_from_the_full_one),
		cmocka_unit_test(a_bundle_of_another_number_is_refused),
		cmocka_unit_test(proofs_come_from_a_directory),
		cmocka_unit_test(a_server_is_asked_below_its_prefix),
		cmocka_unit_test(a_server_on_a_socket_is_asked_as_localhost),
		cmocka_unit_test(
		    not_found_is_heard_whatever_page_comes_with_it),
		cmocka_unit_test(any_other_status_is_an_error_in_words),
		cmocka_unit_test(a_server_that_sends_too_much_is_cut_off),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(a_silent_server_is_left_at_the_deadline),
		cmocka_unit_test(
		    a_server_that_is_not_there_is_not_a_file_that_is_not_there),
		cmocka_unit_test(
		    a_server_of_https_shows_a_certificate_of_these_roots),
		cmocka_unit_test(a_path_that_makes_the_url_too_long_is_refused),
		cmocka_unit_test(
		    a_server_without_the_partial_tile_is_asked_for_the_full_one),
		cmocka_unit_test(only_not_found_makes_it_ask_for_the_full_tile),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
