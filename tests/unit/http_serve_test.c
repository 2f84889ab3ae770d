/* The HTTP server: requests and answers as bytes, then over real sockets. */
#include "test.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/serve_answer.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/exchange.h"

/* ---- the site: says what it was asked -------------------------------------- */

static unsigned asked;
static char method[HTTP_METHOD_LEN_MAX + 1], target[64];
static uint8_t body[HTTP_SERVE_BODY_MAX];
static size_t body_len;
static struct http_reply next; /* what it answers */

static void on_request(void *cookie, struct http_reply *reply,
    const struct http_head *head, struct bytes content)
{
	assert_ptr_equal(cookie, &asked);
	CHECK(mem_is_zero(reply, sizeof(*reply)));
	asked++;
	CHECK(head->target.len < sizeof(target));
	snprintf(method, sizeof(method), "%.*s", (int)head->method.len,
	    (const char *)head->method.p);
	snprintf(target, sizeof(target), "%.*s", (int)head->target.len,
	    (const char *)head->target.p);
	mem_copy(body, content.p, content.len);
	body_len = content.len;
	*reply = next;
}

static void will_say(unsigned status, const char *text)
{
	memset(&next, 0, sizeof(next));
	next.status = status;
	next.small_len = strlen(text);
	memcpy(next.small, text, next.small_len);
	asked = 0;
}

/* ---- bytes ---------------------------------------------------------------- */

static struct http_serve_conn conn;
static struct http_head got; /* the answer */
static struct bytes content;

static size_t need(const void *p, size_t n)
{
	return http_serve_need(&conn, (struct bytes){ p, n });
}

/* Feed a request byte by byte, then take the answer apart. */
static unsigned ask_bytes(const void *p, size_t len)
{
	struct exchange_answer out = { 0 };
	struct bytes v;
	size_t n = 0;

	http_serve_clear(&conn);
	while (need(p, n) > n) {
		CHECK(n < len);
		n++;
	}
	http_serve_answer(
	    &conn, &out, (struct bytes){ p, n }, on_request, &asked);
	CHECK_OK(http_response_parse(&got, out.part[0], NULL));
	content = out.part[1];
	CHECK(!got.keep_alive);
	CHECK_OK(http_field_get(&got, "X-Content-Type-Options", &v));
	CHECK(mem_eq_str(v, "nosniff"));
	CHECK_ERR(http_field_get(&got, "Date", &v), ERR_NOTFOUND);
	CHECK_EQ(got.framing, HTTP_LENGTH);
	return got.status;
}

static unsigned ask(const char *text)
{
	return ask_bytes(text, strlen(text));
}

static bool says(const char *name, const char *value)
{
	struct bytes v;

	return http_field_get(&got, name, &v) == ERR_OK && mem_eq_str(v, value);
}

static bool is_silent_on(const char *name)
{
	struct bytes v;

	return http_field_get(&got, name, &v) == ERR_NOTFOUND;
}

#define HOST "Host: log.example\r\n"

TEST(serve_passes_a_get_on_and_answers)
{
	will_say(200, "hello\n");
	CHECK_EQ(ask("GET /a?b=%63 HTTP/1.1\r\n" HOST "\r\n"), 200);
	CHECK_EQ(asked, 1);
	CHECK_STR(method, "GET");
	CHECK_STR(target, "/a?b=%63");
	CHECK_EQ(body_len, 0);
	CHECK(mem_eq_str(content, "hello\n"));
	CHECK(mem_eq_str(got.reason, "OK"));
	CHECK_EQ(got.length, 6);
	CHECK(says("Content-Type", "text/plain; charset=utf-8"));
	CHECK(is_silent_on("Cache-Control") && is_silent_on("Allow"));
	CHECK_EQ(ask("GET / HTTP/1.0\r\n\r\n"), 200);
}

/* [L-192] */
TEST(serve_says_what_the_reply_says)
{
	will_say(405, "no");
	next.type = "text/x.y";
	next.cache = "max-age=5";
	next.allow = "GET, HEAD";
	CHECK_EQ(ask("POST / HTTP/1.1\r\n" HOST "\r\n"), 405);
	CHECK(says("Content-Type", "text/x.y"));
	CHECK(says("Cache-Control", "max-age=5"));
	CHECK(says("Allow", "GET, HEAD"));
	CHECK(mem_eq_str(content, "no"));
}

/* [L-192] */
TEST(serve_errors_have_a_body_and_no_cache)
{
	static const unsigned known[] = { 400, 403, 404, 405, 409, 413, 417,
		422, 431, 500, 501, 503, 505 };
	char text[64];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		will_say(known[i], "");
		next.type = "x/y"; /* of a body that there is not */
		CHECK_EQ(ask("GET / HTTP/1.1\r\n" HOST "\r\n"), known[i]);
		CHECK(says("Cache-Control", "no-store"));
		CHECK(says("Content-Type", "text/plain; charset=utf-8"));
		CHECK(got.reason.len > 0);
		snprintf(text, sizeof(text), "%.*s\n", (int)got.reason.len,
		    (const char *)got.reason.p);
		CHECK(mem_eq_str(content, text));
	}
	will_say(409, "7");
	CHECK_EQ(ask("GET / HTTP/1.1\r\n" HOST "\r\n"), 409);
	CHECK(mem_eq_str(content, "7"));
	CHECK(says("Cache-Control", "no-store"));
	CHECK_STR(http_reason(299), "");
}

TEST(serve_answers_500_when_nobody_decides)
{
	will_say(0, "");
	CHECK_EQ(ask("GET / HTTP/1.1\r\n" HOST "\r\n"), 500);
	CHECK_EQ(asked, 1);
	CHECK(mem_eq_str(content, "Internal Server Error\n"));
}

/* [L-192] */
TEST(serve_sends_no_body_for_head)
{
	will_say(200, "hello\n");
	CHECK_EQ(ask("HEAD /x HTTP/1.1\r\n" HOST "\r\n"), 200);
	CHECK_STR(method, "HEAD");
	CHECK_EQ(got.length, 6);
	CHECK_EQ(content.len, 0);
	CHECK_EQ(ask("HEAD / HTTP/1.1\r\n" HOST
		     "Transfer-Encoding: chunked\r\n\r\n"),
	    501);
	CHECK_EQ(content.len, 0);
	CHECK_EQ(got.length, strlen("Not Implemented\n"));
}

/* [L-190] */
TEST(serve_waits_for_the_whole_body_and_takes_no_more)
{
	static const char head[] =
	    "POST /add HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n";
	char text[128];

	will_say(200, "");
	snprintf(text, sizeof(text), "%sold 0GET / HTTP/1.1\r\n", head);
	CHECK_EQ(ask(text), 200);
	CHECK_EQ(body_len, 5);
	CHECK_MEM(body, "old 0", 5);
	CHECK_EQ(content.len, 0);
	CHECK_EQ(got.length, 0);
	http_serve_clear(&conn);
	CHECK_EQ(need(text, sizeof(head) - 2), HTTP_SERVE_REQUEST_MAX);
	CHECK_EQ(need(text, sizeof(head) - 1), sizeof(head) - 1 + 5);
	CHECK_EQ(need(text, strlen(text)), sizeof(head) - 1 + 5);
	asked = 0;
	CHECK_EQ(ask("POST / HTTP/1.1\r\n" HOST "\r\nold 0"), 200);
	CHECK_EQ(asked, 1);
	CHECK_EQ(body_len, 0); /* none was announced */
}

/* More may have been read than the request: it is not the site's. */
TEST(serve_gives_the_site_its_body_only)
{
	static const char text[] =
	    "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nokGET / HTTP";
	struct exchange_answer out = { 0 };

	will_say(200, "");
	http_serve_clear(&conn);
	http_serve_answer(&conn, &out,
	    (struct bytes){ (const uint8_t *)text, sizeof(text) - 1 },
	    on_request, &asked);
	CHECK_EQ(body_len, 2);
	CHECK_MEM(body, "ok", 2);
}

/* [L-191] */
TEST(serve_refuses_long_bodies_before_they_come)
{
	static char text[256 + HTTP_SERVE_BODY_MAX];
	int n;

	will_say(200, "");
	n = snprintf(text, sizeof(text),
	    "POST / HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
	    HTTP_SERVE_BODY_MAX);
	CHECK_EQ(ask_bytes(text, (size_t)n + HTTP_SERVE_BODY_MAX), 200);
	CHECK_EQ(body_len, HTTP_SERVE_BODY_MAX);
	asked = 0;
	n = snprintf(text, sizeof(text),
	    "POST / HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
	    HTTP_SERVE_BODY_MAX + 1);
	CHECK_EQ(ask_bytes(text, (size_t)n), 413);
	CHECK_EQ(asked, 0);
}

/* [L-191] */
TEST(serve_refuses_long_heads)
{
	static char text[HTTP_HEAD_LEN_MAX + 1];
	const char start[] = "GET / HTTP/1.1\r\nHost: ";

	will_say(200, "");
	memset(text, 'a', sizeof(text));
	memcpy(text, start, sizeof(start) - 1);
	CHECK_EQ(ask_bytes(text, HTTP_HEAD_LEN_MAX), 431);
	http_serve_clear(&conn);
	CHECK_EQ(need(text, HTTP_HEAD_LEN_MAX - 1), HTTP_SERVE_REQUEST_MAX);
	memcpy(text + HTTP_VALUE_LEN_MAX + 100, "\r\n\r\n", 4);
	CHECK_EQ(ask_bytes(text, sizeof(text)), 431);
	CHECK_EQ(asked, 0);
}

/* [L-191] */
TEST(serve_refuses_what_it_does_not_do)
{
	will_say(200, "");
	CHECK_EQ(ask("PUT / HTTP/1.1\r\n" HOST "\r\n"), 501);
	CHECK_EQ(ask("get / HTTP/1.1\r\n" HOST "\r\n"), 501);
	CHECK_EQ(ask("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 501);
	CHECK_EQ(ask("GET http://a/ HTTP/1.1\r\n" HOST "\r\n"), 501);
	CHECK_EQ(ask("POST / HTTP/1.1\r\n" HOST
		     "Transfer-Encoding: chunked\r\n\r\n"),
	    501);
	CHECK_EQ(
	    ask("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n"),
	    501);
	CHECK_EQ(ask("GET / HTTP/2.0\r\n" HOST "\r\n"), 505);
	CHECK_EQ(ask("PRI * HTTP/2.0\r\n\r\n"), 505);
	CHECK_EQ(ask("GET / HTTP/1.2\r\n" HOST "\r\n"), 505);
	CHECK_EQ(ask("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
		     "Expect: 100-continue\r\n\r\n"),
	    417);
	CHECK_EQ(asked, 0);
	CHECK_EQ(ask("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), 200);
}

/* [L-191] */
TEST(serve_refuses_what_is_no_http)
{
	static const char *const bad[] = {
		"\r\n\r\n",
		"GET /\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n", /* no Host */
		"GET / HTTP/1.1\r\n" HOST HOST "\r\n",
		"GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n",
		"GET / SSH-2.0\r\n" HOST "\r\n",
		"GET / HTTP/1.1\n" HOST "\r\n\r\n",
		"POST / HTTP/1.1\r\n" HOST
		"Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"POST / HTTP/1.1\r\n" HOST
		"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n",
	};

	will_say(200, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(ask(bad[i]), 400);
	CHECK_EQ(asked, 0);
	CHECK(mem_eq_str(content, "Bad Request\n"));
}

/* ---- sockets -------------------------------------------------------------- */

static struct loop loop = LOOP_INIT;
static struct addr addr;
static int listen_fd = -1;
static struct http_serve *server;

static int set_up(void **state)
{
	(void)state;
	CHECK_OK(addr_parse(&addr, "tcp:127.0.0.1:0", NULL));
	CHECK_OK(addr_listen(&listen_fd, &addr, NULL));
	CHECK_OK(addr_local(&addr, listen_fd));
	CHECK_OK(loop_init(&loop, NULL));
	CHECK_OK(
	    http_serve_start(&server, &loop, listen_fd, on_request, &asked));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_serve_stop(server);
	CHECK_EQ(timers_next(&loop.timers), UINT64_MAX);
	loop_clear(&loop);
	fd_close(&listen_fd);
	return 0;
}

static int dial(const char *text)
{
	int fd;

	CHECK_OK(addr_connect(&fd, &addr, 1000, NULL));
	CHECK_OK(fd_write_full(fd, text, strlen(text), FD_NO_DEADLINE));
	return fd;
}

static char heard[8 << 20];

/* All that the server says, up to its end in good order. */
static size_t hear(int fd)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, heard + len, sizeof(heard) - 1 - len);
		if (n == 0)
			break;
		if (n < 0 && errno == EAGAIN) {
			CHECK_OK(loop_step(&loop));
			continue;
		}
		CHECK(n > 0);
		len += (size_t)n;
	}
	heard[len] = '\0';
	return len;
}

static void step_until_open(size_t n)
{
	while (http_serve_open(server) != n)
		CHECK_OK(loop_step(&loop));
}

static const char get[] = "GET / HTTP/1.1\r\n" HOST "\r\n";

TEST(serve_answers_over_a_socket_and_closes)
{
	int fd;

	will_say(200, "hello\n");
	fd = dial(get);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0); /* half-closed: answered all the
					       same */
	(void)hear(fd);
	CHECK_STR(heard, "HTTP/1.1 200 OK\r\n"
			 "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Length: 6\r\n"
			 "X-Content-Type-Options: nosniff\r\n"
			 "Connection: close\r\n\r\nhello\n");
	fd_close(&fd);
	step_until_open(0);
}

/* [L-190] */
TEST(serve_answers_one_request_per_connection)
{
	char twice[2 * sizeof(get)];
	int fd;

	will_say(200, "hello\n");
	snprintf(twice, sizeof(twice), "%s%s", get, get);
	fd = dial(twice);
	(void)hear(fd);
	CHECK_EQ(asked, 1);
	CHECK(strstr(heard + 1, "HTTP/1.1") == NULL);
	fd_close(&fd);
	step_until_open(0);
	/* and the next connection starts afresh */
	fd = dial(get);
	(void)hear(fd);
	CHECK_EQ(asked, 2);
	fd_close(&fd);
	step_until_open(0);
}

static bool is_mapped(const void *p)
{
	unsigned char core;

	return mincore((void *)(uintptr_t)p, 1, &core) == 0;
}

TEST(serve_sends_a_file_whole_and_lets_go_of_it)
{
	static char name[] = "/tmp/http_serve_XXXXXX";
	static uint8_t much[4 << 20];
	size_t n;
	int fd, file = mkstemp(name);

	CHECK(file >= 0);
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 7 + i / 256);
	CHECK_OK(fd_write_full(file, much, sizeof(much), FD_NO_DEADLINE));
	fd_close(&file);
	will_say(200, "");
	CHECK_OK(fd_map_open(&next.file, name, NULL));
	CHECK(is_mapped(next.file.p));
	fd = dial(get);
	n = hear(fd);
	CHECK(strstr(heard, "\r\nContent-Length: 4194304\r\n") != NULL);
	CHECK(n > sizeof(much));
	CHECK_MEM(heard + n - sizeof(much), much, sizeof(much));
	fd_close(&fd);
	step_until_open(0);
	CHECK(!is_mapped(next.file.p));
	CHECK_EQ(unlink(name), 0);
}

/* [L-190] */
TEST(serve_ends_the_slow_by_the_deadline)
{
	const uint64_t soon =
	    clock_mono_ns() + (HTTP_SERVE_EXCHANGE_MS + 60000) * 1000000ull;
	int slow, fd;

	will_say(200, "hello\n");
	slow = dial("GET / HT");
	step_until_open(1);
	fd = dial(get); /* is not held up by it */
	(void)hear(fd);
	CHECK_EQ(asked, 1);
	fd_close(&fd);
	step_until_open(1);
	timers_run(&loop.timers, soon);
	CHECK_EQ(http_serve_open(server), 0);
	CHECK_EQ(hear(slow), 0);
	fd_close(&slow);
}

/* [L-190] */
TEST(serve_lets_further_ones_wait)
{
	static int fd[HTTP_SERVE_CONNS_MAX + 1];

	will_say(200, "hello\n");
	for (size_t i = 0; i <= HTTP_SERVE_CONNS_MAX; i++)
		fd[i] = dial(i < HTTP_SERVE_CONNS_MAX ? "" : get);
	step_until_open(HTTP_SERVE_CONNS_MAX);
	fd_close(&fd[0]);
	CHECK(hear(fd[HTTP_SERVE_CONNS_MAX]) > 0);
	for (size_t i = 1; i <= HTTP_SERVE_CONNS_MAX; i++)
		fd_close(&fd[i]);
	step_until_open(0);
}

TEST(serve_starts_on_a_socket_only)
{
	struct http_serve *s;

	CHECK_ERR(http_serve_start(&s, &loop, -1, on_request, &asked), ERR_IO);
	CHECK(s == NULL);
	http_serve_stop(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serve_passes_a_get_on_and_answers),
		cmocka_unit_test(serve_says_what_the_reply_says),
		cmocka_unit_test(serve_errors_have_a_body_and_no_cache),
		cmocka_unit_test(serve_answers_500_when_nobody_decides),
		cmocka_unit_test(serve_sends_no_body_for_head),
		cmocka_unit_test(
		    serve_waits_for_the_whole_body_and_takes_no_more),
		cmocka_unit_test(serve_gives_the_site_its_body_only),
		cmocka_unit_test(serve_refuses_long_bodies_before_they_come),
		cmocka_unit_test(serve_refuses_long_heads),
		cmocka_unit_test(serve_refuses_what_it_does_not_do),
		cmocka_unit_test(serve_refuses_what_is_no_http),
		cmocka_unit_test(serve_answers_over_a_socket_and_closes),
		cmocka_unit_test(serve_answers_one_request_per_connection),
		cmocka_unit_test(serve_sends_a_file_whole_and_lets_go_of_it),
		cmocka_unit_test(serve_ends_the_slow_by_the_deadline),
		cmocka_unit_test(serve_lets_further_ones_wait),
		cmocka_unit_test(serve_starts_on_a_socket_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
