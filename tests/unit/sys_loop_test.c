/* Timers over numbers, the loop over real descriptors, the lines of the log. */
#include "test.h"

#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/rng.h"

static uint64_t fired[8];
static size_t fired_count;

static void note(void *cookie, uint64_t periods)
{
	fired[fired_count++] = (uint64_t)(uintptr_t)cookie * 100 + periods;
}

TEST(timers_fire_in_order_of_their_due_times)
{
	struct timers ts = { 0 };
	struct timers_node a = { .fn = note, .cookie = (void *)1 };
	struct timers_node b = { .fn = note, .cookie = (void *)2 };
	struct timers_node c = { .fn = note, .cookie = (void *)3 };

	fired_count = 0;
	timers_once(&ts, &a, 30);
	timers_once(&ts, &b, 10);
	timers_once(&ts, &c, 20);
	timers_stop(&ts, &c);
	timers_stop(&ts, &c);
	CHECK_EQ(timers_next(&ts), 10);
	timers_run(&ts, 9);
	CHECK_EQ(fired_count, 0);
	timers_run(&ts, 30);
	CHECK_EQ(fired_count, 2);
	CHECK_EQ(fired[0], 201);
	CHECK_EQ(fired[1], 101);
	CHECK(timers_next(&ts) == UINT64_MAX);
}

TEST(timers_of_a_fixed_rate_do_not_drift)
{
	struct timers ts = { 0 };
	struct timers_node a = { .fn = note, .cookie = (void *)1 };

	fired_count = 0;
	timers_every(&ts, &a, 100, 50);
	timers_run(&ts, 107); /* late by 7: the next is at 150, not 157 */
	CHECK_EQ(timers_next(&ts), 150);
	timers_run(&ts, 270); /* 150, 200 and 250 have passed */
	CHECK_EQ(timers_next(&ts), 300);
	CHECK_EQ(fired_count, 2);
	CHECK_EQ(fired[0], 101);
	CHECK_EQ(fired[1], 103);
	timers_stop(&ts, &a);
}

struct seen {
	struct loop *loop;
	struct loop_node *other;
	unsigned count;
	unsigned ready;
};

static void see(void *cookie, unsigned ready)
{
	struct seen *s = cookie;

	s->count++;
	s->ready = ready;
	if (s->other != NULL)
		loop_remove(s->loop, s->other);
}

TEST(loop_calls_readers_and_writers)
{
	struct loop l;
	struct seen s = { 0 };
	struct loop_node n = { .fn = see, .cookie = &s };
	int fd[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	CHECK_OK(loop_init(&l, NULL));
	n.fd = fd[0];
	n.want = LOOP_WRITE;
	CHECK_OK(loop_add(&l, &n));
	CHECK_OK(loop_step(&l));
	CHECK_EQ(s.ready, LOOP_WRITE);
	CHECK_OK(fd_write_full(fd[1], "x", 1, FD_NO_DEADLINE));
	loop_want(&l, &n, LOOP_READ);
	CHECK_OK(loop_step(&l));
	CHECK_EQ(s.ready, LOOP_READ);
	loop_want(&l, &n, 0);
	fd_close(&fd[1]);
	CHECK_OK(loop_step(&l));
	CHECK_EQ(s.ready, LOOP_ERROR);
	loop_remove(&l, &n);
	fd_close(&fd[0]);
	loop_clear(&l);
}

TEST(loop_does_not_call_what_was_removed_in_the_same_round)
{
	struct loop l;
	struct seen a = { .loop = &l }, b = { .loop = &l };
	struct loop_node na = { .fn = see, .cookie = &a, .want = LOOP_WRITE };
	struct loop_node nb = { .fn = see, .cookie = &b, .want = LOOP_WRITE };
	int fd[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	CHECK_OK(loop_init(&l, NULL));
	na.fd = fd[0];
	nb.fd = fd[1];
	a.other = &nb;
	b.other = &na;
	CHECK_OK(loop_add(&l, &na));
	CHECK_OK(loop_add(&l, &nb));
	CHECK_OK(loop_step(&l));
	CHECK_EQ(a.count + b.count, 1);
	loop_remove(&l, &na);
	loop_remove(&l, &nb);
	fd_close(&fd[0]);
	fd_close(&fd[1]);
	loop_clear(&l);
}

static void stop(void *cookie, unsigned ready)
{
	(void)ready;
	loop_stop(cookie);
}

static void wake(void *cookie, uint64_t periods)
{
	(void)periods;
	loop_wake(cookie);
}

TEST(loop_runs_timers_and_wakes_until_stopped)
{
	struct loop l;
	struct timers_node t = { .fn = wake, .cookie = &l };

	CHECK_OK(loop_init(&l, NULL));
	loop_on_wake(&l, stop, &l);
	timers_once(&l.timers, &t, clock_mono_ns());
	CHECK_OK(loop_run(&l));
	CHECK(!t.armed);
	loop_clear(&l);
}

TEST(log_line_holds_names_and_integers_only)
{
	char line[LOG_LINE_MAX];
	const uint64_t v[3] = { 3, UINT64_MAX, 7 };

	log_format(line, 951782399, "p", LOG_SESSION_END, v);
	CHECK_STR(line, "2000-02-28T23:59:59Z p session-end session=3 "
			"error=18446744073709551615 seconds=7\n");
	log_format(line, 951782400, "p", LOG_READY, v);
	CHECK_STR(line, "2000-02-29T00:00:00Z p ready sessions=3 "
			"threads=18446744073709551615\n");
	log_format(line, 1795357812, "p", LOG_STOP, v);
	CHECK_STR(line, "2026-11-22T14:30:12Z p stop signal=3\n");
}

TEST(log_event_writes_one_line_to_its_descriptor)
{
	int fd[2];
	char got[LOG_LINE_MAX] = { 0 };
	size_t n;

	CHECK_EQ(pipe(fd), 0);
	log_init(fd[1], "unit");
	log_event(LOG_CONFINED, 2, 9, 9);
	CHECK_OK(fd_read_some(fd[0], got, sizeof(got) - 1, &n));
	CHECK_STR(got + sizeof("2000-02-28T23:59:59Z ") - 1,
	    "unit confined phase=2\n");
	log_init(-1, "");
	fd_close(&fd[0]);
	fd_close(&fd[1]);
}

TEST(rng_fills_every_byte)
{
	uint8_t all[64] = { 0 };
	uint8_t b[64];

	for (int i = 0; i < 64; i++) {
		rng_fill(b, sizeof(b));
		for (size_t k = 0; k < sizeof(b); k++)
			all[k] |= b[k];
	}
	for (size_t k = 0; k < sizeof(b); k++)
		CHECK(all[k] != 0);
	rng_fill(b, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order_of_their_due_times),
		cmocka_unit_test(timers_of_a_fixed_rate_do_not_drift),
		cmocka_unit_test(loop_calls_readers_and_writers),
		cmocka_unit_test(
		    loop_does_not_call_what_was_removed_in_the_same_round),
		cmocka_unit_test(loop_runs_timers_and_wakes_until_stopped),
		cmocka_unit_test(log_line_holds_names_and_integers_only),
		cmocka_unit_test(log_event_writes_one_line_to_its_descriptor),
		cmocka_unit_test(rng_fills_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
