/*
 * The body behind a head: a push decoder for all framings of RFC 9112, section
 * 6. Bytes in as they come, content out as slices of them; it holds no bytes
 * itself. Extensions of chunks and trailer fields are checked, bounded and
 * dropped.
 */
#ifndef CONFER_HTTP_BODY_H
#define CONFER_HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "http/http.h"

#define HTTP_CHUNK_DIGITS_MAX 8 /* of a chunk's size: below 4 GiB */
#define HTTP_DROPPED_MAX                                                       \
	(16 * 1024) /* bytes of extensions and trailers in one body */

enum http_body_state {
	HTTP_BODY_DONE = 0,
	HTTP_BODY_DATA,      /* `left` bytes of the body or chunk to come */
	HTTP_BODY_SIZE,      /* digits of a chunk's size */
	HTTP_BODY_EXTENSION, /* between size and CR */
	HTTP_BODY_SIZE_LF,   /* after that CR */
	HTTP_BODY_DATA_CR,   /* after a chunk's data */
	HTTP_BODY_DATA_LF,
	HTTP_BODY_TRAILER,    /* at the start of a line after the last chunk */
	HTTP_BODY_TRAILER_IN, /* inside such a line */
	HTTP_BODY_TRAILER_LF, /* at its end */
	HTTP_BODY_LAST_LF,    /* at the end of the blank line */
	HTTP_BODY_FAILED,
};

struct http_body {
	enum http_framing framing;
	enum http_body_state state;
	uint64_t left;   /* of the body or chunk */
	uint64_t room;   /* content that may still come */
	uint64_t max;    /* for messages */
	unsigned digits; /* of the size so far */
	size_t dropped;
};

/*
 * Begin the body of `head`: at most `max` bytes of content. ERR_LIMIT if the
 * head announces more already.
 */
enum err http_body_init(struct http_body *b, const struct http_head *head,
    uint64_t max, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Take from *in up to the next piece of content: *data borrows it and *in moves
 * behind it. An empty piece: *in is used up, or the body is complete and what
 * is left in *in belongs to the next message. ERR_FORMAT, ERR_LIMIT; an error
 * stays.
 */
enum err http_body_next(struct http_body *b, struct bytes *in,
    struct bytes *data, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

bool http_body_done(const struct http_body *b);

/* The stream has ended. ERR_TRUNCATED unless the body may end here. */
enum err http_body_end(struct http_body *b, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
