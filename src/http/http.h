/*
 * HTTP/1.1 heads (RFC 9110, 9112), strictly: bytes in, borrowed slices out, no
 * allocation, no I/O. Both directions, so that clients and servers read the
 * same way. What two readers could understand differently is refused, not
 * repaired: line ends other than CRLF, folded lines, white space around names,
 * a length given twice or beside a transfer coding.
 *
 * Not here: HTTP/0.9 and HTTP/2, request targets other than paths, transfer
 * codings other than chunked. The body is for body.h.
 */
#ifndef CONFER_HTTP_HTTP_H
#define CONFER_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define HTTP_HEAD_LEN_MAX   (16 * 1024) /* two chains of certificates fit */
#define HTTP_FIELDS_MAX     64
#define HTTP_NAME_LEN_MAX   64
#define HTTP_VALUE_LEN_MAX  (8 * 1024)
#define HTTP_METHOD_LEN_MAX 16
#define HTTP_TARGET_LEN_MAX 4096
#define HTTP_LENGTH_MAX     0x7fffffffffffffff /* of a Content-Length */

struct http_field {
	struct bytes name;  /* a token; compare with http_name_is() */
	struct bytes value; /* without the white space around it; any bytes
			       but controls: not to be shown as it is */
};

/* How the body ends (RFC 9112, section 6.3). */
enum http_framing {
	HTTP_NO_BODY = 0,
	HTTP_LENGTH,
	HTTP_CHUNKED,
	HTTP_UNTIL_CLOSE, /* responses only */
};

/* All slices borrow from the head's bytes. */
struct http_head {
	struct bytes method; /* requests: a token */
	struct bytes target; /* requests: begins with "/" */
	unsigned status;     /* responses: 100 to 599 */
	struct bytes reason; /* responses: may be empty */
	unsigned minor;      /* the version is HTTP/1.minor, 0 or 1 */
	struct http_field field[HTTP_FIELDS_MAX];
	size_t fields;
	enum http_framing
	    framing;     /* in answer to a HEAD: no body all the same */
	uint64_t length; /* if framing is HTTP_LENGTH */
	bool keep_alive; /* another message may follow */
};

/*
 * Where does the head at the start of `in` end? *len counts its blank line.
 * ERR_AGAIN: not yet, read more; ERR_LIMIT: HTTP_HEAD_LEN_MAX bytes and no end.
 * *seen, 0 at first, is what earlier calls have looked through.
 */
enum err http_head_find(struct bytes in, size_t *seen, size_t *len,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Parse one head, the whole of `in`. ERR_TRUNCATED, ERR_TRAILING; ERR_LIMIT for
 * the limits above; ERR_UNSUPPORTED for another version, target form or
 * transfer coding; ERR_FORMAT otherwise, naming the offset. A request of
 * version 1.1 has one Host field. *out borrows `in` and is zero on failure.
 */
enum err http_request_parse(struct http_head *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err http_response_parse(struct http_head *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Is this field name (or token) `name`? Case does not matter. */
bool http_name_is(struct bytes a, const char *name);

/* The one field of this name. ERR_NOTFOUND; ERR_FORMAT: there are several. */
enum err http_field_get(const struct http_head *head, const char *name,
    struct bytes *value) __attribute__((warn_unused_result));

/* Is `token` in the comma-separated list of the fields of this name? */
bool http_field_has(
    const struct http_head *head, const char *name, const char *token);

/*
 * Decode %41 to A; everything else stays, "+" too. ERR_FORMAT for "%" without
 * two hexadecimal digits, ERR_NOSPACE above cap. in.len bytes always suffice.
 */
enum err http_percent_decode(uint8_t *out, size_t cap, size_t *len,
    struct bytes in) __attribute__((warn_unused_result));

#endif
