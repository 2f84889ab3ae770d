/*
 * Whole fetches over loopback: a thread plays a server that reads a request,
 * then sends what the test gave it, in pieces of one size, and hangs up. What
 * servers do over TLS and with time is in tests/e2e.
 */
#include "test.h"

#include <pthread.h>
#include <unistd.h>

#include "http/http_fetch.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define PATIENCE_MS 30000

struct server {
	int listener;
	pthread_t thread;
	struct bytes answer;
	size_t piece;
	size_t post_len; /* of the request's body, as far as it is read */
	char request[4096];
	char url[512];
};

/* Up to the blank line, and the body; the rest of the buffer is zero. */
static void read_request(struct server *s, int fd, uint64_t deadline)
{
	size_t n = 0;

	while (n < sizeof(s->request) - 1 &&
	       strstr(s->request, "\r\n\r\n") == NULL &&
	       fd_read_full(fd, s->request + n, 1, deadline) == ERR_OK)
		n++;
	CHECK(n + s->post_len < sizeof(s->request));
	CHECK_OK(fd_read_full(fd, s->request + n, s->post_len, deadline));
}

static void *serve(void *cookie)
{
	const uint64_t deadline = clock_mono_ms() + PATIENCE_MS;
	struct server *s = cookie;
	struct addr_peer peer;
	int fd = -1;

	if (fd_wait(s->listener, false, deadline) != ERR_OK ||
	    addr_accept(&fd, &peer, s->listener) != ERR_OK)
		return NULL;
	read_request(s, fd, deadline);
	for (size_t at = 0; at < s->answer.len; at += s->piece) {
		const size_t left = s->answer.len - at;

		if (fd_write_full(fd, s->answer.p + at,
			left < s->piece ? left : s->piece, deadline) != ERR_OK)
			break;
	}
	fd_close(&fd);
	return NULL;
}

static void server_start(
    struct server *s, const void *text, size_t len, size_t piece)
{
	struct addr a, local;

	*s = (struct server){ .answer = { text, len }, .piece = piece };
	CHECK_OK(addr_parse(&a, "tcp:127.0.0.1:0", NULL));
	CHECK_OK(addr_listen(&s->listener, &a, NULL));
	CHECK_OK(addr_local(&local, s->listener));
	snprintf(s->url, sizeof(s->url), "http://%s/a?b=c",
	    local.text + strlen("tcp:"));
	CHECK_EQ(pthread_create(&s->thread, NULL, serve, s), 0);
}

static struct http_answer answer; /* of the last get() */
static uint8_t body[64];
static struct err_ctx why;

/* Ask a server that answers so; 64 bytes of body are allowed. */
static enum err get_bytes(const void *p, size_t len, size_t piece)
{
	struct server s;
	struct http_fetch g = { .deadline_ms = clock_mono_ms() + PATIENCE_MS };
	enum err e;

	server_start(&s, p, len, piece);
	g.url = s.url;
	why = (struct err_ctx){ 0 };
	e = http_fetch(&answer, body, sizeof(body), &g, &why);
	pthread_join(s.thread, NULL);
	fd_close(&s.listener);
	CHECK(strncmp(s.request,
		  "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:", 37) == 0);
	CHECK(strstr(s.request, "\r\nConnection: close\r\n\r\n") != NULL);
	if (e != ERR_OK) {
		CHECK(mem_is_zero(&answer, sizeof(answer)));
		CHECK(strncmp(why.msg, "127.0.0.1: ", 11) == 0);
	}
	return e;
}

static enum err get(const char *text)
{
	return get_bytes(text, strlen(text), strlen(text) + 1);
}

static void check_says(const char *text)
{
	if (strstr(why.msg, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.msg, text);
}

/* POST `post`, of which the server reads `read` bytes before it answers so. */
static enum err post(struct server *s, struct bytes content, size_t read,
    const char *type, const char *text)
{
	struct http_fetch p = { .url = s->url,
		.post = content,
		.type = type,
		.deadline_ms = clock_mono_ms() + PATIENCE_MS };
	enum err e;

	server_start(s, text, strlen(text), strlen(text));
	s->post_len = read;
	why = (struct err_ctx){ 0 };
	e = http_fetch(&answer, body, sizeof(body), &p, &why);
	pthread_join(s->thread, NULL);
	fd_close(&s->listener);
	return e;
}

static void check_body(const char *want)
{
	CHECK_EQ(answer.body_len, strlen(want));
	CHECK_MEM(body, want, strlen(want));
}

TEST(get_returns_head_and_body_however_they_come)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n"
				   "X-Chain: a%20b\r\n"
				   "Content-Length: 5\r\n\r\nhello";
	struct bytes v;

	for (size_t piece = 1; piece < sizeof(text); piece += 7) {
		CHECK_OK(get_bytes(text, sizeof(text) - 1, piece));
		CHECK_EQ(answer.head.status, 200);
		CHECK_OK(http_field_get(&answer.head, "x-chain", &v));
		CHECK(mem_eq_str(v, "a%20b"));
		check_body("hello");
	}
}

TEST(get_reads_chunks_and_bodies_until_close)
{
	CHECK_OK(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		     "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nignored"));
	check_body("hello");
	CHECK_OK(get("HTTP/1.0 200 OK\r\n\r\nhello"));
	check_body("hello");
	CHECK_OK(get("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
	check_body("");
}

TEST(get_passes_on_other_statuses)
{
	CHECK_OK(get("HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\n"
		     "Content-Length: 0\r\n\r\n"));
	CHECK_EQ(answer.head.status, 429);
	CHECK_OK(get("HTTP/1.1 404 Not Found\r\n\r\n<html>"));
	CHECK_EQ(answer.head.status, 404);
	check_body("<html>");
}

TEST(get_steps_over_a_few_interim_answers)
{
#define EARLY "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
	CHECK_OK(get(EARLY EARLY EARLY EARLY
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
	check_body("hello");
	CHECK_ERR(get(EARLY EARLY EARLY EARLY EARLY
		      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
	    ERR_LIMIT);
	check_says("interim");
}

TEST(get_follows_no_redirect_and_names_it)
{
	CHECK_ERR(get("HTTP/1.1 302 Found\r\n"
		      "Location: https://elsewhere.example/x\xe4\r\n\r\n"),
	    ERR_PROTOCOL);
	check_says("redirects (302) to https://elsewhere.example/x?");
	CHECK_ERR(get("HTTP/1.1 304 Not Modified\r\n\r\n"), ERR_PROTOCOL);
	check_says("redirects (304) to nowhere");
}

TEST(get_refuses_what_is_too_long)
{
	char text[256] = "HTTP/1.1 200 OK\r\n\r\n";
	static char head[HTTP_HEAD_LEN_MAX + 1] = "HTTP/1.1 200 OK\r\nA: ";
	const size_t n = strlen(text);

	memset(text + n, 'x', 64);
	CHECK_OK(get(text));
	CHECK_EQ(answer.body_len, 64);
	text[n + 64] = 'x';
	CHECK_ERR(get(text), ERR_LIMIT);
	check_says("more than 64 bytes");
	CHECK_ERR(
	    get("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n"), ERR_LIMIT);
	check_says("65 bytes are announced, at most 64");
	CHECK_ERR(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		      "41\r\n"),
	    ERR_LIMIT);
	memset(head + strlen(head), 'a', sizeof(head) - 1 - strlen(head));
	CHECK_ERR(get(head), ERR_LIMIT);
	check_says("longer than 16384 bytes");
}

TEST(get_refuses_what_is_no_http)
{
	CHECK_ERR(get("SSH-2.0-OpenSSH_9.2\r\n"), ERR_FORMAT);
	check_says("not HTTP");
	CHECK_ERR(get("\x16\x03\x01"), ERR_FORMAT);
	CHECK_ERR(get("HTTP/1.1 200 OK\r\nbroken\r\n\r\n"), ERR_FORMAT);
	check_says("no field name");
	CHECK_ERR(get("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nx"),
	    ERR_UNSUPPORTED);
	check_says("compressed");
	CHECK_OK(get("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\nx"));
}

TEST(get_notices_a_connection_that_ends_early)
{
	static const char text[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

	for (size_t n = 0; n < sizeof(text) - 1; n += 3) {
		const enum err e = get_bytes(text, n, 64);

		CHECK(e == ERR_CLOSED || e == ERR_TRUNCATED);
		CHECK(http_unreachable(e));
	}
	check_says("HTTP body: the connection ended in the middle of it");
	CHECK_ERR(get("HTTP/1.1 200"), ERR_CLOSED);
	check_says("ended the connection before its answer was whole");
}

TEST(get_names_what_cannot_be_reached)
{
	struct http_fetch g = { .deadline_ms = clock_mono_ms() + PATIENCE_MS };
	struct addr a, local;
	char url[512];
	int fd;

	why = (struct err_ctx){ 0 };
	g.url = "gopher://x/";
	CHECK_ERR(
	    http_fetch(&answer, body, sizeof(body), &g, &why), ERR_UNSUPPORTED);
	check_says("https://");

	/* A port that was free a moment ago. */
	CHECK_OK(addr_parse(&a, "tcp:127.0.0.1:0", NULL));
	CHECK_OK(addr_listen(&fd, &a, NULL));
	CHECK_OK(addr_local(&local, fd));
	fd_close(&fd);
	snprintf(url, sizeof(url), "http://%s/", local.text + 4);
	g.url = url;
	why = (struct err_ctx){ 0 };
	CHECK_ERR(
	    http_fetch(&answer, body, sizeof(body), &g, &why), ERR_NOTFOUND);
	check_says("127.0.0.1: nothing listens on");

	g.url = "http://[::zz]/";
	why = (struct err_ctx){ 0 };
	CHECK_ERR(
	    http_fetch(&answer, body, sizeof(body), &g, &why), ERR_FORMAT);
	g.url = "http://[::1::2]/";
	why = (struct err_ctx){ 0 };
	CHECK_ERR(
	    http_fetch(&answer, body, sizeof(body), &g, &why), ERR_NOTFOUND);
	check_says("there is no host ::1::2");
}

TEST(get_has_one_deadline_for_everything)
{
	struct http_fetch g = { .deadline_ms = clock_mono_ms() + PATIENCE_MS };
	struct addr a, local;
	char url[512];
	int fd;

	CHECK_OK(addr_parse(&a, "tcp:127.0.0.1:0", NULL));
	CHECK_OK(addr_listen(&fd, &a, NULL));
	CHECK_OK(addr_local(&local, fd));
	snprintf(url, sizeof(url), "http://%s/", local.text + 4);
	g.url = url;
	g.deadline_ms = clock_mono_ms(); /* now: it has passed */
	why = (struct err_ctx){ 0 };
	CHECK_ERR(
	    http_fetch(&answer, body, sizeof(body), &g, &why), ERR_TIMEOUT);
	g.deadline_ms = 0;
	g.url = "http://localhost/";
	why = (struct err_ctx){ 0 };
	CHECK_ERR(
	    http_fetch(&answer, body, sizeof(body), &g, &why), ERR_TIMEOUT);
	fd_close(&fd);
}

TEST(post_sends_its_body_with_type_and_length)
{
	static const struct bytes text = BYTES_LITERAL("old 0\n\nnote\n");
	static const char ok[] = "HTTP/1.1 200 OK\r\n\r\nline\n";
	struct server s;

	CHECK_OK(post(&s, text, text.len, NULL, ok));
	check_body("line\n");
	CHECK(strncmp(s.request,
		  "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:", 38) == 0);
	CHECK(strstr(s.request, "\r\nContent-Type: text/plain\r\n"
				"Content-Length: 12\r\n"
				"Connection: close\r\n\r\n"
				"old 0\n\nnote\n") != NULL);
	CHECK_OK(post(&s, text, text.len, "application/x", ok));
	CHECK(strstr(s.request, "\r\nContent-Type: application/x\r\n") != NULL);
	CHECK_OK(post(&s, (struct bytes)BYTES_LITERAL(""), 0, NULL, ok));
	CHECK(strstr(s.request, "\r\nContent-Length: 0\r\n") != NULL);
}

TEST(post_is_answered_as_strictly_as_get)
{
	static const struct bytes text = BYTES_LITERAL("x");
	struct server s;

	CHECK_OK(post(&s, text, 1, NULL,
	    "HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\n"
	    "Content-Length: 3\r\n\r\n17\n"));
	CHECK_EQ(answer.head.status, 409);
	check_body("17\n");
	CHECK_ERR(post(&s, text, 1, NULL,
		      "HTTP/1.1 307 There\r\nLocation: /b\r\n\r\n"),
	    ERR_PROTOCOL);
	check_says("redirects (307) to /b");
	CHECK(mem_is_zero(&answer, sizeof(answer)));
	CHECK_ERR(post(&s, text, 1, NULL, "HTTP/1.1 200"), ERR_CLOSED);
	CHECK_ERR(post(&s, text, 1, NULL,
		      "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n"),
	    ERR_LIMIT);
}

/* ---- via ------------------------------------------------------------------ */

static enum err fetch(const struct http_fetch *what)
{
	why = (struct err_ctx){ 0 };
	return http_fetch(&answer, body, sizeof(body), what, &why);
}

struct unix_server {
	struct server s;
	struct addr a;
	char dir[32];
	char via[64];
	struct http_fetch what;
};

static void unix_open(struct unix_server *u)
{
	*u = (struct unix_server){ .dir = "/tmp/http_fetch_XXXXXX" };
	CHECK(mkdtemp(u->dir) != NULL);
	snprintf(u->via, sizeof(u->via), "unix:%s/s", u->dir);
	u->what = (struct http_fetch){ .url = "http://witness.example/add",
		.via = u->via,
		.deadline_ms = clock_mono_ms() + PATIENCE_MS };
	CHECK_OK(addr_parse(&u->a, u->via, NULL));
	CHECK_OK(addr_listen(&u->s.listener, &u->a, NULL));
}

static void unix_close(struct unix_server *u)
{
	fd_close(&u->s.listener);
	addr_unlink(&u->a);
	CHECK_EQ(rmdir(u->dir), 0);
}

static enum err unix_fetch(struct unix_server *u, const char *text)
{
	enum err e;

	u->s.answer = (struct bytes){ (const uint8_t *)text, strlen(text) };
	u->s.piece = strlen(text);
	CHECK_EQ(pthread_create(&u->s.thread, NULL, serve, &u->s), 0);
	e = fetch(&u->what);
	pthread_join(u->s.thread, NULL);
	return e;
}

TEST(via_connects_there_and_still_names_the_host)
{
	struct unix_server u;

	unix_open(&u);
	CHECK_OK(unix_fetch(&u, "HTTP/1.1 200 OK\r\n\r\nhello"));
	check_body("hello");
	CHECK(strncmp(u.s.request,
		  "GET /add HTTP/1.1\r\nHost: witness.example\r\n", 42) == 0);
	CHECK_ERR(unix_fetch(&u, "SSH-2.0"), ERR_FORMAT);
	CHECK(strncmp(why.msg, u.via, strlen(u.via)) == 0);
	check_says(": what answers is not HTTP/1");
	u.what.deadline_ms = clock_mono_ms(); /* now: it has passed */
	CHECK_ERR(fetch(&u.what), ERR_TIMEOUT);
	check_says("no time is left");
	u.what.deadline_ms += PATIENCE_MS;
	unix_close(&u);
	CHECK_ERR(fetch(&u.what), ERR_NOTFOUND);
	check_says("nothing listens on unix:/tmp/http_fetch_");
}

/* An error page may be of any length, and compressed. */
TEST(only_200_leaves_other_bodies_unread)
{
	struct unix_server u;

	unix_open(&u);
	u.what.only_200 = true;
	CHECK_OK(unix_fetch(&u,
	    "HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: 65\r\n\r\n"));
	CHECK_EQ(answer.head.status, 404);
	check_body("");
	CHECK_OK(unix_fetch(&u, "HTTP/1.1 200 OK\r\n\r\nhello"));
	check_body("hello");
	CHECK_ERR(unix_fetch(&u, "HTTP/1.1 302 Found\r\n\r\n"), ERR_PROTOCOL);
	u.what.only_200 = false;
	CHECK_ERR(unix_fetch(&u,
		      "HTTP/1.1 404 Not Found\r\nContent-Length: 65\r\n\r\n"),
	    ERR_LIMIT);
	unix_close(&u);
}

TEST(via_is_a_unix_socket_and_not_for_https)
{
	struct http_fetch g = { .url = "http://a.example/",
		.deadline_ms = clock_mono_ms() + PATIENCE_MS };

	g.via = "tcp:127.0.0.1:1";
	CHECK_ERR(fetch(&g), ERR_FORMAT);
	check_says("tcp:127.0.0.1:1 is not unix:PATH");
	g.via = "/tmp/s";
	CHECK_ERR(fetch(&g), ERR_FORMAT);
	check_says("is not an address");
	g.via = "unix:/tmp/s";
	g.url = "https://a.example/";
	CHECK_ERR(fetch(&g), ERR_FORMAT);
	check_says("for http, not for https");
}

/* More than the socket holds, to one who has heard enough. */
TEST(post_takes_an_answer_that_comes_before_its_end)
{
	static const uint8_t much[4 << 20] = { 'x' };
	struct unix_server u;

	unix_open(&u);
	u.what.post = (struct bytes){ much, sizeof(much) };
	CHECK_OK(unix_fetch(&u, "HTTP/1.1 413 Too long\r\n\r\n"));
	CHECK_EQ(answer.head.status, 413);
	CHECK_ERR(unix_fetch(&u, ""), ERR_CLOSED);
	unix_close(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_returns_head_and_body_however_they_come),
		cmocka_unit_test(get_reads_chunks_and_bodies_until_close),
		cmocka_unit_test(get_passes_on_other_statuses),
		cmocka_unit_test(get_steps_over_a_few_interim_answers),
		cmocka_unit_test(get_follows_no_redirect_and_names_it),
		cmocka_unit_test(get_refuses_what_is_too_long),
		cmocka_unit_test(get_refuses_what_is_no_http),
		cmocka_unit_test(get_notices_a_connection_that_ends_early),
		cmocka_unit_test(get_names_what_cannot_be_reached),
		cmocka_unit_test(get_has_one_deadline_for_everything),
		cmocka_unit_test(post_sends_its_body_with_type_and_length),
		cmocka_unit_test(post_is_answered_as_strictly_as_get),
		cmocka_unit_test(via_connects_there_and_still_names_the_host),
		cmocka_unit_test(only_200_leaves_other_bodies_unread),
		cmocka_unit_test(via_is_a_unix_socket_and_not_for_https),
		cmocka_unit_test(
		    post_takes_an_answer_that_comes_before_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
