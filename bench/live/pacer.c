#include "live.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

__attribute__((noreturn)) static void pace(int fd)
{
	const struct timespec period = { .tv_nsec = FRAME_TICK_MS * 1000000L };
	const struct itimerspec when = { period, period };
	const uint8_t tick[FRAME_TICK_LEN] = { 0 };
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t due;

	if (timer < 0 || timerfd_settime(timer, 0, &when, NULL) != 0)
		_exit(1);
	/* Nobody may be reading: what finds no room is not sent. */
	while (read(timer, &due, sizeof(due)) == sizeof(due))
		for (; due > 0; due--)
			(void)send(fd, tick, sizeof(tick), MSG_DONTWAIT);
	_exit(1);
}

int live_pacer_start(void)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		live_die("no pair of sockets", "for the bare timer");
	pid = fork();
	if (pid < 0)
		live_die("no process", "for the bare timer");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		pace(pair[1]);
	}
	close(pair[1]);
	return pair[0];
}

void live_ticks_add(struct live_ticks *t, size_t n, double now)
{
	t->bytes += n;
	for (; t->bytes >= FRAME_TICK_LEN; t->bytes -= FRAME_TICK_LEN)
		if (t->n < LIVE_TICKS_MAX)
			t->at[t->n++] = now;
}

void live_ticks_deviate(struct live_deviations *d, const struct live_ticks *t)
{
	static double offset[LIVE_TICKS_MAX], sorted[LIVE_TICKS_MAX];
	double middle;

	if (t->n == 0)
		return;
	for (size_t i = 0; i < t->n; i++) {
		offset[i] = t->at[i] - t->at[0] - (double)i * LIVE_TICK_S;
		sorted[i] = offset[i];
	}
	middle = bench_median(sorted, t->n);
	for (size_t i = 0; i < t->n && d->n < LIVE_TICKS_MAX; i++) {
		double x = offset[i] - middle;

		d->v[d->n++] = x < 0 ? -x : x;
	}
}
