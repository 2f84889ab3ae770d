/*
 * Log events: a number from the table below and up to three unsigned integers,
 * whose names the table gives. There is no way to log text, so nothing that a
 * peer wrote can reach a log, by mistake or otherwise. What is logged must be
 * what the host sees anyway: no token counts, no times inside an answer.
 *
 * One line per event, one write(2) per line:
 *	2026-11-22T14:30:00Z confer-enclave session-end session=3 reason=7
 */
#ifndef CONFER_SYS_LOG_H
#define CONFER_SYS_LOG_H

#include <stdint.h>

/*	  name		      text		     names of its integers */
#define LOG_EVENTS(X)                                                          \
	X(LOG_START, "start", "version", NULL, NULL)                           \
	X(LOG_SOURCE, "source", "kind", "tee", NULL)                           \
	X(LOG_READY, "ready", "sessions", "threads", NULL)                     \
	X(LOG_STOP, "stop", "signal", NULL, NULL)                              \
	X(LOG_NO_LANDLOCK, "no-landlock", "errno", NULL, NULL)                 \
	X(LOG_OLD_LANDLOCK, "old-landlock", "abi", NULL, NULL)                 \
	X(LOG_SWAPPABLE, "swappable", NULL, NULL, NULL)                        \
	X(LOG_CONFINED, "confined", "phase", NULL, NULL)                       \
	X(LOG_EVIDENCE_NEW, "evidence-new", "bytes", "not_after", NULL)        \
	X(LOG_EVIDENCE_FAILED, "evidence-failed", "error", NULL, NULL)         \
	X(LOG_SESSION_START, "session-start", "session", "open", NULL)         \
	X(LOG_SESSION_END, "session-end", "session", "error", "seconds")       \
	X(LOG_SESSION_REFUSED, "session-refused", "count", "open", NULL)       \
	X(LOG_ACCEPT_FAILED, "accept-failed", "error", NULL, NULL)             \
	X(LOG_REPORT_SIGNED, "report-signed", "bytes", NULL, NULL)             \
	X(LOG_REPORT_REFUSED, "report-refused", "error", NULL, NULL)

enum log_event {
#define LOG_ENUM(name, text, a, b, c) name,
	LOG_EVENTS(LOG_ENUM)
#undef LOG_ENUM
	    LOG_EVENT_N
};

/*
 * Where lines go and what they begin with. `program` is borrowed for ever; fd
 * is not closed. Until called, nothing is written. Once, before any thread.
 */
void log_init(int fd, const char *program);

/* Write one event. Integers beyond those its row names are not shown. */
void log_event(enum log_event e, uint64_t a, uint64_t b, uint64_t c);

/* The line of an event without its time, for tests and for log_event. */
#define LOG_LINE_MAX 256
void log_format(char out[LOG_LINE_MAX], uint64_t unix_s, const char *program,
    enum log_event e, const uint64_t v[3]);

#endif
