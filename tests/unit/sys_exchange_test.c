/*
 * The server of single exchanges, over real sockets and one loop. The protocol
 * of these tests: a byte that says how many follow; the answer is the request
 * and then `tail`.
 */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/addr.h"
#include "sys/exchange.h"
#include "sys/fd.h"

#define CONNS       3
#define REQUEST_MAX 64
#define TIME_MS     60000 /* never over unless a test says so */

static struct loop loop = LOOP_INIT;
static struct addr addr;
static int listen_fd = -1;
static struct exchange *x;

/* ---- the server ----------------------------------------------------------- */

static uint8_t reply[CONNS][REQUEST_MAX];
static struct bytes tail;
static unsigned answered, gone;
static enum err why;   /* of the one that went last */
static size_t longest; /* request that was answered */
static bool greedy;    /* take whatever fits, as text protocols do */

static size_t on_need(void *cookie, size_t conn, struct bytes got)
{
	assert_ptr_equal(cookie, &answered);
	CHECK(conn < CONNS);
	if (got.len == 0)
		return greedy ? REQUEST_MAX : 1;
	if (got.len > got.p[0])
		return (size_t)got.p[0] + 1;
	return greedy ? REQUEST_MAX : (size_t)got.p[0] + 1;
}

static void on_answer(void *cookie, size_t conn, struct bytes request,
    struct exchange_answer *out)
{
	assert_ptr_equal(cookie, &answered);
	answered++;
	if (request.len > longest)
		longest = request.len;
	memcpy(reply[conn], request.p, request.len);
	out->part[0] = (struct bytes){ reply[conn], (size_t)request.p[0] + 1 };
	out->part[1] = tail;
}

static void on_gone(void *cookie, size_t conn, enum err e)
{
	assert_ptr_equal(cookie, &answered);
	CHECK(conn < CONNS);
	gone++;
	why = e;
}

static const struct exchange_ops ops = { on_need, on_answer, on_gone };

static void open_on(const char *text)
{
	const struct exchange_spec spec = { .conns = CONNS,
		.request_max = REQUEST_MAX,
		.time_ms = TIME_MS,
		.ops = &ops,
		.cookie = &answered };
	struct addr a;

	CHECK_OK(addr_parse(&a, text, NULL));
	CHECK_OK(addr_listen(&listen_fd, &a, NULL));
	CHECK_OK(addr_local(&addr, listen_fd));
	CHECK_OK(loop_init(&loop, NULL));
	CHECK_OK(exchange_start(&x, &loop, listen_fd, &spec));
	answered = gone = 0;
	longest = 0;
	tail = (struct bytes)BYTES_LITERAL("!");
	greedy = false;
}

static void close_it(void)
{
	exchange_stop(x);
	x = NULL;
	loop_clear(&loop);
	addr_unlink(&addr);
	fd_close(&listen_fd);
}

/* ---- clients -------------------------------------------------------------- */

static uint8_t got[8 << 20];

static int dial(void)
{
	int fd;

	CHECK_OK(addr_connect(&fd, &addr, 1000, NULL));
	return fd;
}

static void say(int fd, const void *p, size_t n)
{
	CHECK_OK(fd_write_full(fd, p, n, FD_NO_DEADLINE));
}

static void step_until_open(size_t n)
{
	while (exchange_open(x) != n)
		CHECK_OK(loop_step(&loop));
}

/* All that comes until the server has no more to say; it ends in good order,
 * or the last read fails. */
static size_t hear(int fd)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, got + len, sizeof(got) - len);
		if (n == 0)
			break;
		if (n < 0 && errno == EAGAIN) {
			CHECK_OK(loop_step(&loop));
			continue;
		}
		CHECK(n > 0);
		len += (size_t)n;
	}
	return len;
}

static void check_served(int fd)
{
	say(fd, "\3abc", 4);
	CHECK_EQ(hear(fd), 5);
	CHECK_MEM(got, "\3abc!", 5);
	fd_close(&fd);
}

/* ---- claims --------------------------------------------------------------- */

TEST(exchange_answers_a_request_however_it_comes)
{
	static const char text[] = "\5hello";

	open_on("tcp:127.0.0.1:0");
	for (size_t cut = 0; cut <= 6; cut++) {
		int fd = dial();

		step_until_open(1);
		say(fd, text, cut);
		if (cut > 0 && cut < 6) /* let it take what there is */
			CHECK_OK(loop_step(&loop));
		say(fd, text + cut, 6 - cut);
		CHECK_EQ(hear(fd), 7);
		CHECK_MEM(got, "\5hello!", 7);
		fd_close(&fd);
		step_until_open(0);
		CHECK_EQ(gone, cut + 1);
		CHECK_ERR(why, ERR_OK);
	}
	CHECK_EQ(answered, 7);
	close_it();
}

TEST(exchange_answers_a_client_that_has_half_closed)
{
	int fd;

	open_on("tcp:127.0.0.1:0");
	fd = dial();
	say(fd, "\1x", 2);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	CHECK_EQ(hear(fd), 3);
	step_until_open(0); /* and does not wait for us to close */
	CHECK_ERR(why, ERR_OK);
	fd_close(&fd);
	close_it();
}

TEST(exchange_sends_answers_without_parts_and_of_many_bytes)
{
	static const uint8_t much[sizeof(got) / 2] = { 1, 2, 3 };
	int fd;

	open_on("tcp:127.0.0.1:0");
	tail = (struct bytes){ NULL, 0 };
	fd = dial();
	say(fd, "\0", 1);
	CHECK_EQ(hear(fd), 1);
	fd_close(&fd);
	tail = (struct bytes){ much, sizeof(much) };
	fd = dial();
	say(fd, "\0", 1);
	CHECK_EQ(hear(fd), 1 + sizeof(much));
	CHECK_MEM(got + 1, much, sizeof(much));
	fd_close(&fd);
	step_until_open(0);
	CHECK_ERR(why, ERR_OK);
	close_it();
}

TEST(exchange_forgets_who_leaves_early)
{
	static const uint8_t much[4 << 20];
	int fd;

	open_on("tcp:127.0.0.1:0");
	for (size_t n = 0; n < 4; n++) {
		fd = dial();
		say(fd, "\3abc", n);
		step_until_open(1);
		fd_close(&fd);
		step_until_open(0);
		CHECK_ERR(why, ERR_CLOSED);
	}
	CHECK_EQ(answered, 0);
	tail = (struct bytes){ much, sizeof(much) };
	fd = dial();
	say(fd, "\3abc", 4);
	while (answered == 0)
		CHECK_OK(loop_step(&loop));
	fd_close(&fd); /* without having read anything */
	step_until_open(0);
	CHECK_ERR(why, ERR_CLOSED);
	CHECK_EQ(gone, 5);
	close_it();
}

TEST(exchange_ends_the_slow_and_disturbs_nobody_else)
{
	static const uint8_t much[8 << 20];
	int silent, reader;

	open_on("tcp:127.0.0.1:0");
	silent = dial();
	say(silent, "\3a", 2);
	tail = (struct bytes){ much, sizeof(much) };
	reader = dial();
	say(reader, "\1b", 2);
	while (answered == 0)
		CHECK_OK(loop_step(&loop));
	step_until_open(2);
	tail = (struct bytes)BYTES_LITERAL("!");
	check_served(dial());
	step_until_open(2);
	timers_run(&loop.timers, timers_next(&loop.timers));
	CHECK_ERR(why, ERR_TIMEOUT);
	CHECK_EQ(exchange_open(x), 1);
	CHECK_EQ(hear(silent), 0);
	timers_run(&loop.timers, timers_next(&loop.timers));
	CHECK_ERR(why, ERR_TIMEOUT);
	CHECK_EQ(exchange_open(x), 0);
	CHECK_EQ(timers_next(&loop.timers), UINT64_MAX);
	check_served(dial());
	fd_close(&silent);
	fd_close(&reader);
	close_it();
}

/* The socket is not closed over unread bytes: that would take back what the
 * client has not read yet. */
TEST(exchange_answers_a_client_that_says_too_much)
{
	static const uint8_t more[256 * 1024], much[1 << 20] = { 7 };
	int fd;

	open_on("tcp:127.0.0.1:0");
	for (int i = 0; i < 2; i++) {
		greedy = i == 1;
		tail = (struct bytes){ much, sizeof(much) };
		fd = dial();
		say(fd, "\1x", 2);
		say(fd, more, sizeof(more));
		CHECK_EQ(hear(fd), 2 + sizeof(much));
		CHECK_MEM(got + 2, much, sizeof(much));
		CHECK_EQ(exchange_open(x), 1);
		fd_close(&fd);
		step_until_open(0);
		CHECK_ERR(why, ERR_OK);
	}
	CHECK_EQ(answered, 2);
	CHECK_EQ(longest, REQUEST_MAX); /* what was there when it was read */
	close_it();
}

TEST(exchange_hangs_up_on_who_never_stops)
{
	static const uint8_t more[4096];
	size_t n;
	enum err e = ERR_OK;
	int fd;

	open_on("tcp:127.0.0.1:0");
	fd = dial();
	say(fd, "\1x", 2);
	while (e == ERR_OK || e == ERR_AGAIN) {
		e = fd_write_some(fd, more, sizeof(more), &n);
		if (e == ERR_AGAIN && gone == 0)
			CHECK_OK(loop_step(&loop));
	}
	CHECK_ERR(e, ERR_CLOSED);
	CHECK_EQ(exchange_open(x), 0);
	CHECK_ERR(why, ERR_OK);
	fd_close(&fd);
	close_it();
}

TEST(exchange_waits_no_longer_for_a_hang_up_than_for_the_rest)
{
	int fd;

	open_on("tcp:127.0.0.1:0");
	fd = dial();
	say(fd, "\1x", 2);
	CHECK_EQ(hear(fd), 3);
	CHECK_EQ(exchange_open(x), 1);
	timers_run(&loop.timers, timers_next(&loop.timers));
	CHECK_EQ(exchange_open(x), 0);
	CHECK_ERR(why, ERR_OK);
	fd_close(&fd);
	close_it();
}

TEST(exchange_lets_further_ones_wait_until_there_is_room)
{
	int fd[CONNS + 1];

	open_on("tcp:127.0.0.1:0");
	for (size_t i = 0; i <= CONNS; i++)
		fd[i] = dial();
	step_until_open(CONNS);
	say(fd[CONNS], "\3abc", 4);
	say(fd[1], "\0", 1);
	CHECK_EQ(hear(fd[1]), 2);
	CHECK_EQ(answered, 1);
	fd_close(&fd[1]);
	check_served(fd[CONNS]);
	CHECK_EQ(answered, 2);
	fd_close(&fd[0]);
	fd_close(&fd[2]);
	step_until_open(0);
	close_it();
}

/* Neither spinning nor deaf for ever. */
TEST(exchange_tries_again_when_descriptors_run_out)
{
	struct rlimit was, none;
	struct pollfd idle;
	int fd, next;

	open_on("tcp:127.0.0.1:0");
	fd = dial();
	say(fd, "\3abc", 4);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &was), 0);
	next = dup(fd);
	CHECK(next > 0);
	fd_close(&next);
	none = was;
	none.rlim_cur = (rlim_t)fd + 1;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	CHECK_OK(loop_step(&loop));
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &was), 0);
	CHECK_EQ(exchange_open(x), 0);
	idle = (struct pollfd){ .fd = loop.epoll_fd, .events = POLLIN };
	CHECK_EQ(poll(&idle, 1, 0), 0); /* nothing to do for now */
	timers_run(&loop.timers, timers_next(&loop.timers));
	CHECK_EQ(hear(fd), 5);
	CHECK_EQ(answered, 1);
	fd_close(&fd);
	close_it();
}

TEST(exchange_stop_tells_of_everyone_and_leaves_no_timer)
{
	int fd[2];

	open_on("tcp:127.0.0.1:0");
	fd[0] = dial();
	fd[1] = dial();
	step_until_open(2);
	exchange_stop(x);
	CHECK_EQ(gone, 2);
	CHECK_ERR(why, ERR_CLOSED);
	CHECK_EQ(timers_next(&loop.timers), UINT64_MAX);
	CHECK_EQ(hear(fd[0]), 0);
	CHECK_EQ(hear(fd[1]), 0);
	fd_close(&fd[0]);
	fd_close(&fd[1]);
	x = NULL; /* which is legal to stop */
	close_it();
}

TEST(exchange_start_fails_without_memory_or_socket)
{
	struct exchange_spec spec = { .conns = SIZE_MAX / 64,
		.request_max = REQUEST_MAX,
		.time_ms = TIME_MS,
		.ops = &ops };

	CHECK_OK(loop_init(&loop, NULL));
	CHECK_ERR(exchange_start(&x, &loop, -1, &spec), ERR_NOMEM);
	spec.conns = 1;
	spec.request_max = SIZE_MAX;
	CHECK_ERR(exchange_start(&x, &loop, -1, &spec), ERR_NOMEM);
	CHECK(x == NULL);
	spec.request_max = REQUEST_MAX;
	CHECK_ERR(exchange_start(&x, &loop, -1, &spec), ERR_IO);
	CHECK(x == NULL);
	loop_clear(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchange_answers_a_request_however_it_comes),
		cmocka_unit_test(
		    exchange_answers_a_client_that_has_half_closed),
		cmocka_unit_test(
		    exchange_sends_answers_without_parts_and_of_many_bytes),
		cmocka_unit_test(exchange_forgets_who_leaves_early),
		cmocka_unit_test(
		    exchange_ends_the_slow_and_disturbs_nobody_else),
		cmocka_unit_test(exchange_answers_a_client_that_says_too_much),
		cmocka_unit_test(exchange_hangs_up_on_who_never_stops),
		cmocka_unit_test(
		    exchange_waits_no_longer_for_a_hang_up_than_for_the_rest),
		cmocka_unit_test(
		    exchange_lets_further_ones_wait_until_there_is_room),
		cmocka_unit_test(exchange_tries_again_when_descriptors_run_out),
		cmocka_unit_test(
		    exchange_stop_tells_of_everyone_and_leaves_no_timer),
		cmocka_unit_test(exchange_start_fails_without_memory_or_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
