/*
 * Views of a log on a server, played by a thread that answers what the test gave
 * it, whatever is asked.
 */
#include "view_read.h"

#include <pthread.h>
#include <unistd.h>

#include "http/http_fetch.h"
#include "sys/addr.h"
#include "sys/clock.h"

#define PATIENCE_MS 30000

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
