/*
 * What confer-log says, and where: results on standard output, errors, warnings
 * and progress on standard error; or, with --json, one object on standard
 * output, written as it comes. Everything that others had a hand in passes
 * logd_show_clean() on its way to a terminal or a file.
 */
#ifndef CONFER_LOGD_SHOW_H
#define CONFER_LOGD_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "logd/options.h"
#include "tlog/merkle.h"

/* Exit codes of all programs of the project. */
enum logd_exit {
	LOGD_EXIT_OK = 0,
	LOGD_EXIT_USAGE = 1,
	LOGD_EXIT_REFUSED = 2,
	LOGD_EXIT_UNREACHABLE = 3,
	LOGD_EXIT_INTERNAL = 4,
	LOGD_EXIT_MISBEHAVIOUR = 5,
	LOGD_EXIT_DAMAGE = 6,
};

#define LOGD_SHOW_LINE_MAX 6144 /* holds a vkey of 4096 bytes, escaped */

struct logd_show {
	bool json, quiet;
	bool colour_out, colour_err;       /* terminals that know colours */
	unsigned columns_out, columns_err; /* of a terminal; 0: none */
	bool moves;   /* standard error is a terminal with a cursor to move */
	bool status;  /* a status line is on the screen */
	bool members; /* the innermost JSON value has one: a comma comes next */
};

enum logd_mark { LOGD_GOOD, LOGD_WARN, LOGD_BAD, LOGD_PLAIN };

/* Start the output of a command; with --json, its object. */
void logd_show_start(struct logd_show *s, const struct logd_options *o);
/* End it; returns `code`. */
enum logd_exit logd_show_end(struct logd_show *s, enum logd_exit code);

/* Escape what a terminal would obey, and what hides or turns text around; bytes
 * that are no UTF-8 become U+FFFD. LF is escaped too: one text, one line. */
void logd_show_clean(struct wr *w, struct bytes text);

/*
 * A line of text on standard output, cleaned, LF added; nothing with --json.
 * say: not if quiet. answer: what was asked for, also if quiet. step:
 * "  ✓ name            text", not if quiet.
 */
void logd_show_say(struct logd_show *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void logd_show_answer(struct logd_show *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void logd_show_step(struct logd_show *s, enum logd_mark mark, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * What an audit found, also if quiet when somebody has to look: "  ! NAME
 * WHERE TEXT".
 */
void logd_show_finding(struct logd_show *s, enum logd_mark mark, bool loud,
    const char *name, const char *text);

/* A line on standard error: "confer-log: warning: ...". Not if quiet. */
void logd_show_warn(struct logd_show *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Replace the status line: what we wait for. On a terminal only. */
void logd_show_status(struct logd_show *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void logd_show_status_clear(struct logd_show *s);

/*
 * Why it failed: one sentence on standard error, and the member "error" with
 * --json. `what` names the file or so that it is about, or is NULL. Returns
 * code.
 */
enum logd_exit logd_show_fail(struct logd_show *s, enum logd_exit code,
    const char *what, const struct err_ctx *ctx);
/* The same with a text of our own. */
enum logd_exit logd_show_refuse(struct logd_show *s, enum logd_exit code,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * The code of an error: in what others wrote (a record, a proof, a trust file),
 * in a log or witness of this machine, or in reading a log of somebody else.
 */
enum logd_exit logd_show_code_input(enum err e);
enum logd_exit logd_show_code_local(enum err e);
enum logd_exit logd_show_code_view(enum err e);

/* Members of the JSON object; without --json they do nothing. */
void logd_show_str(struct logd_show *s, const char *name, struct bytes text);
void logd_show_cstr(struct logd_show *s, const char *name, const char *text);
void logd_show_num(struct logd_show *s, const char *name, uint64_t n);
void logd_show_bool(struct logd_show *s, const char *name, bool yes);
void logd_show_hash(
    struct logd_show *s, const char *name, const struct tlog_hash *h);
/* Objects '{' and arrays '[' in it; name is NULL inside an array. */
void logd_show_open(struct logd_show *s, const char *name, char bracket);
void logd_show_close(struct logd_show *s, char bracket);

/* For %.*s. */
#define LOGD_TEXT(b) (int)(b).len, (const char *)(b).p

#endif
