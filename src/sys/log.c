#include "sys/log.h"

#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/mem.h"
#include "sys/clock.h"

#define LOG_VALUES_MAX 3

static const struct {
	const char *text;
	const char *value[LOG_VALUES_MAX];
} events[LOG_EVENT_N] = {
#define LOG_ROW(name, text, a, b, c) [name] = { text, { a, b, c } },
	LOG_EVENTS(LOG_ROW)
#undef LOG_ROW
};

static int log_fd = -1;
static const char *log_program = "";

void log_init(int fd, const char *program)
{
	log_fd = fd;
	log_program = program;
}

/* gmtime_r() would read the time zone's file: not inside a sandbox. */
static size_t format_time(char *out, size_t cap, uint64_t unix_s)
{
	uint64_t days = unix_s / 86400;
	unsigned second = (unsigned)(unix_s % 86400);
	uint64_t year = 1970;
	unsigned month = 0;
	static const unsigned char length[12] = { 31, 28, 31, 30, 31, 30, 31,
		31, 30, 31, 30, 31 };

	for (;; year++) {
		bool leap =
		    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
		unsigned n = leap ? 366 : 365;

		if (days >= n) {
			days -= n;
			continue;
		}
		for (; month < 12; month++) {
			unsigned m =
			    length[month] + (month == 1 && leap ? 1u : 0u);

			if (days < m)
				break;
			days -= m;
		}
		break;
	}
	return fmt_print(out, cap, "%04llu-%02u-%02uT%02u:%02u:%02uZ",
	    (unsigned long long)year, month + 1, (unsigned)days + 1,
	    second / 3600, second / 60 % 60, second % 60);
}

void log_format(char out[LOG_LINE_MAX], uint64_t unix_s, const char *program,
    enum log_event e, const uint64_t v[3])
{
	size_t n = format_time(out, LOG_LINE_MAX, unix_s);

	assert(e < LOG_EVENT_N);
	n += fmt_print(
	    out + n, LOG_LINE_MAX - n, " %.*s %s", 32, program, events[e].text);
	for (size_t i = 0; i < LOG_VALUES_MAX; i++) {
		if (events[e].value[i] == NULL)
			break;
		n += fmt_print(out + n, LOG_LINE_MAX - n, " %s=%llu",
		    events[e].value[i], (unsigned long long)v[i]);
	}
	(void)fmt_print(out + n, LOG_LINE_MAX - n, "\n");
}

void log_event(enum log_event e, uint64_t a, uint64_t b, uint64_t c)
{
	char line[LOG_LINE_MAX];
	const uint64_t v[LOG_VALUES_MAX] = { a, b, c };
	ssize_t put;

	if (log_fd < 0)
		return;
	log_format(line, clock_unix_s(), log_program, e, v);
	put = write(log_fd, line, mem_strlen(line));
	(void)put; /* nobody is left to tell when the log is gone */
}
