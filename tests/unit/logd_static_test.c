/* A log's public half over HTTP: what is there, and all that is not. */
#include "tlog_vectors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/serve_answer.h"
#include "logd/static.h"

static char dir[] = "/tmp/logd_static_XXXXXX";
static struct logd_static site = { .dir = -1 };
static struct http_reply reply;

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	CHECK_OK(fd_replace_file(in_dir(name), str_bytes(text), 0600, NULL));
}

static unsigned ask(const char *method, struct bytes target)
{
	const struct http_head head = { .method = str_bytes(method),
		.target = target };

	fd_map_close(&reply.file);
	memset(&reply, 0, sizeof(reply));
	logd_static_answer(&site, &reply, &head, (struct bytes){ NULL, 0 });
	if (reply.status != 200) {
		CHECK(reply.file.p == NULL && reply.small_len == 0);
		CHECK(reply.type == NULL && reply.cache == NULL);
	}
	return reply.status;
}

static unsigned get(const char *target)
{
	return ask("GET", str_bytes(target));
}

static bool has(const char *text)
{
	return mem_eq_str((struct bytes){ reply.file.p, reply.file.len }, text);
}

/* [L-193] [L-194] */
TEST(static_gives_the_checkpoint_and_tiles)
{
	CHECK_EQ(get("/checkpoint"), 200);
	CHECK(has("a note"));
	CHECK_STR(reply.type, "text/plain; charset=utf-8");
	CHECK_STR(reply.cache, "max-age=5");
	CHECK(reply.allow == NULL);
	CHECK_EQ(get("/tile/0/000"), 200);
	CHECK(has("full"));
	CHECK_STR(reply.type, "application/octet-stream");
	CHECK_STR(reply.cache, "public, max-age=31536000, immutable");
	CHECK_EQ(get("/tile/0/001.p/7"), 200);
	CHECK(has("partial"));
	CHECK_EQ(get("/tile/entries/x001/000"), 200);
	CHECK(has("bundle"));
	CHECK_EQ(ask("HEAD", str_bytes("/tile/0/000")), 200);
	CHECK(has("full"));
}

/* [L-193] */
TEST(static_has_nothing_else)
{
	static const char *const none[] = { "/", "", "/tile/0/002",
		"/tile/0/001.p/8", "/tile/0/001", "/tile/1/000", "checkpoint",
		"xtile/0/000", "tile/0/000", "//checkpoint", "/checkpoint/",
		"/Checkpoint", "/checkpoint?", "/checkpoint?x=1",
		"/tile/0/000?x=1", "/%63heckpoint", "/tile/0/%30%30%30",
		"/./checkpoint", "/tile/../checkpoint", "/tile/0/../0/000",
		"/tile/0/x000/000", "/tile/00/000", "/tile/0/000.p/0",
		"/tile/0/001.p/07", "/tile/0", "/tile/0/", "/tile", "/secret",
		"/state/key", "/../state/key", "/tile/entries/x001",
		"/tile/0/000/" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (get(none[i]) != 404)
			fail_msg("%s: %u", none[i], reply.status);
	}
}

/* L-103: also where there is a file at that path. */
TEST(static_answers_every_spelling_but_one_with_404)
{
	CHECK_EQ(mkdir(in_dir("tile/0/x000"), 0700), 0);
	put("tile/0/x000/000", "full");
	put("tile/0/0", "full");
	CHECK_EQ(get("/tile/0/x000/000"), 404);
	CHECK_EQ(get("/tile/0/0"), 404);
	(void)unlink(in_dir("tile/0/0"));
	(void)unlink(in_dir("tile/0/x000/000"));
	(void)rmdir(in_dir("tile/0/x000"));
}

static size_t check_none(const struct json *list)
{
	struct json_iter it = json_iter(list);
	uint8_t target[256] = "/";
	size_t n = 0, len;
	struct json v;

	for (; json_next(&it, NULL, &v); n++) {
		CHECK_OK(json_string(&v, target + 1, sizeof(target) - 1, &len));
		CHECK_EQ(ask("GET", (struct bytes){ target, len + 1 }), 404);
		CHECK_EQ(ask("GET", (struct bytes){ target + 1, len }), 404);
	}
	return n;
}

TEST(static_answers_the_paths_that_vectors_reject_with_404)
{
	struct json file = load("tlog/tiles/paths.json");
	struct json list = member(&file, "parse_reject");
	struct json strict = member(&file, "parse_reject_strict");

	CHECK_EQ(check_none(&list), 15);
	list = member(&strict, "paths");
	CHECK_EQ(check_none(&list), 15);
}

/* [L-195] */
TEST(static_is_read_only)
{
	CHECK_EQ(ask("POST", str_bytes("/checkpoint")), 405);
	CHECK_STR(reply.allow, "GET, HEAD");
	CHECK_EQ(ask("POST", str_bytes("/nothing")), 405);
}

/* [L-195] */
TEST(static_gives_regular_files_only_and_follows_no_link)
{
	CHECK_EQ(symlink("000", in_dir("tile/0/009")), 0);
	CHECK_EQ(get("/tile/0/009"), 500);
	(void)unlink(in_dir("tile/0/009"));
	CHECK_EQ(symlink("0", in_dir("tile/5")), 0);
	CHECK_EQ(get("/tile/5/000"), 404);
	(void)unlink(in_dir("tile/5"));
	CHECK_EQ(mkfifo(in_dir("tile/0/009"), 0600), 0);
	CHECK_EQ(get("/tile/0/009"), 500);
	(void)unlink(in_dir("tile/0/009"));
	CHECK_EQ(mkdir(in_dir("tile/0/009"), 0700), 0);
	CHECK_EQ(get("/tile/0/009"), 500);
	(void)rmdir(in_dir("tile/0/009"));
	put("tile/0/009", "");
	CHECK_EQ(get("/tile/0/009"), 500);
	(void)unlink(in_dir("tile/0/009"));
}

/* As a reader asks; [L-192] for what the head says. */
TEST(static_goes_through_a_whole_exchange)
{
	static const char request[] =
	    "GET /tile/0/000 HTTP/1.1\r\nHost: log.example\r\n\r\n";
	static struct http_serve_conn conn;
	struct exchange_answer out = { 0 };
	struct http_head head;
	struct bytes v;

	http_serve_answer(
	    &conn, &out, str_bytes(request), logd_static_answer, &site);
	CHECK_OK(http_response_parse(&head, out.part[0], NULL));
	CHECK_EQ(head.status, 200);
	CHECK_EQ(head.length, 4);
	CHECK_OK(http_field_get(&head, "Cache-Control", &v));
	CHECK(mem_eq_str(v, "public, max-age=31536000, immutable"));
	CHECK(mem_eq_str(out.part[1], "full"));
	http_serve_clear(&conn);
}

static int set_up(void **state)
{
	(void)state;
	CHECK(mkdtemp(dir) != NULL);
	CHECK_OK(fd_make_dirs(in_dir("tile/0/001.p"), NULL));
	CHECK_OK(fd_make_dirs(in_dir("tile/entries/x001"), NULL));
	put("checkpoint", "a note");
	put("secret", "not for you");
	put("tile/0/000", "full");
	put("tile/0/001.p/7", "partial");
	put("tile/entries/x001/000", "bundle");
	site.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return site.dir < 0;
}

static int tear_down(void **state)
{
	static const char *const name[] = { "checkpoint", "secret",
		"tile/0/000", "tile/0/001.p/7", "tile/0/001.p",
		"tile/entries/x001/000", "tile/entries/x001", "tile/entries",
		"tile/0", "tile" };

	(void)state;
	fd_map_close(&reply.file);
	fd_close(&site.dir);
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		(void)remove(in_dir(name[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(static_gives_the_checkpoint_and_tiles),
		cmocka_unit_test(static_has_nothing_else),
		cmocka_unit_test(
		    static_answers_every_spelling_but_one_with_404),
		cmocka_unit_test(
		    static_answers_the_paths_that_vectors_reject_with_404),
		cmocka_unit_test(static_is_read_only),
		cmocka_unit_test(
		    static_gives_regular_files_only_and_follows_no_link),
		cmocka_unit_test(static_goes_through_a_whole_exchange),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
