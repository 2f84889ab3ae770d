/*
 * Errors: one enum for the whole project, and a context that says what failed.
 *
 * A function that can fail returns `enum err` and, where a person will want to
 * know more, fills an optional `struct err_ctx` at the place of detection.
 * Libraries never print; programs print once.
 */
#ifndef CONFER_BASE_ERR_H
#define CONFER_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Ordered by who is at fault: nobody, the input, the peer, the policy, us. */
enum
#if defined(__clang__)
    __attribute__((warn_unused_result))
#endif
    err {
	    ERR_OK = 0,
	    ERR_TRUNCATED, /* input ends before its format does */
	    ERR_TRAILING,  /* bytes are left after the end of the format */
	    ERR_FORMAT,    /* a field has a value the format does not allow */
	    ERR_LIMIT, /* a length, count or depth is above its named limit */
	    ERR_UNSUPPORTED, /* well formed, but a version or kind we lack */
	    ERR_AUTH,        /* a signature, tag, hash or key does not verify */
	    ERR_PROTOCOL, /* the peer broke the order or rules of the protocol */
	    ERR_CLOSED,   /* the peer ended the stream */
	    ERR_TIMEOUT,  /* the peer was silent for too long */
	    ERR_BUSY,     /* no capacity now; trying later may work */
	    ERR_CANCELLED, /* stopped because somebody asked for it */
	    ERR_POLICY,    /* authentic, but not what the policy accepts */
	    ERR_EXPIRED,   /* authentic, but outside its time */
	    ERR_NOTFOUND,  /* the thing named does not exist */
	    ERR_AGAIN, /* more input or more room is needed; nothing is lost */
	    ERR_NOSPACE,  /* the caller's buffer or the disk is full */
	    ERR_NOMEM,    /* allocation failed */
	    ERR_IO,       /* the operating system reported a failure */
	    ERR_INTERNAL, /* our own defect */
	    ERR_N
    };

#define ERR_MSG_LEN_MAX 160 /* one line on a terminal of two rows */

struct err_ctx {
	enum err code;
	char msg[ERR_MSG_LEN_MAX]; /* NUL-terminated; empty if unset */
};

/*
 * Record `code` and a formatted message in *ctx and return `code`, so that a
 * failing function can end with `return err_set(...)`. `ctx` may be NULL. The
 * first message wins: a caller that adds context later does not hide the cause.
 * Formats: see fmt.h. Too long a message is cut.
 */
enum err err_set(struct err_ctx *ctx, enum err code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A short lower-case name of `code`, such as "truncated"; static storage. */
const char *err_name(enum err code);

#endif
