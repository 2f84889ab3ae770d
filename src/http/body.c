/* See body.h. One state for each place a chunked body can be cut at. */
#include "http/body.h"

enum err http_body_init(struct http_body *b, const struct http_head *head,
    uint64_t max, struct err_ctx *ctx)
{
	*b = (struct http_body){
		.framing = head->framing, .room = max, .max = max
	};
	switch (head->framing) {
	case HTTP_NO_BODY:
		break;
	case HTTP_LENGTH:
		b->left = head->length;
		b->state = b->left > 0 ? HTTP_BODY_DATA : HTTP_BODY_DONE;
		break;
	case HTTP_CHUNKED:
		b->state = HTTP_BODY_SIZE;
		break;
	case HTTP_UNTIL_CLOSE:
		b->left = UINT64_MAX;
		b->state = HTTP_BODY_DATA;
		break;
	}
	if (head->framing == HTTP_LENGTH && head->length > max) {
		b->state = HTTP_BODY_FAILED;
		return err_set(ctx, ERR_LIMIT,
		    "HTTP body: %llu bytes are announced, at most %llu",
		    (unsigned long long)head->length, (unsigned long long)max);
	}
	return ERR_OK;
}

static enum err fail(
    struct http_body *b, enum err e, const char *what, struct err_ctx *ctx)
{
	b->state = HTTP_BODY_FAILED;
	return err_set(ctx, e, "HTTP body: %s", what);
}

/* One byte of what is dropped: text, and not too much of it. */
static enum err drop(struct http_body *b, uint8_t c, struct err_ctx *ctx)
{
	if ((c < 0x20 && c != '\t') || c == 0x7f)
		return fail(b, ERR_FORMAT,
		    "a control character in an extension or trailer", ctx);
	if (++b->dropped > HTTP_DROPPED_MAX)
		return fail(
		    b, ERR_LIMIT, "too long extensions or trailers", ctx);
	return ERR_OK;
}

/* A byte of the line that holds a chunk's size. */
static enum err size_byte(struct http_body *b, uint8_t c, struct err_ctx *ctx)
{
	const uint8_t l = c | 0x20;
	unsigned digit = 16;

	if (c >= '0' && c <= '9')
		digit = (unsigned)(c - '0');
	else if (l >= 'a' && l <= 'f')
		digit = (unsigned)(l - 'a') + 10;
	if (digit < 16) {
		if (++b->digits > HTTP_CHUNK_DIGITS_MAX)
			return fail(b, ERR_LIMIT,
			    "a chunk's size has too many digits", ctx);
		b->left = b->left * 16 + digit;
		return ERR_OK;
	}
	if (b->digits == 0)
		return fail(b, ERR_FORMAT, "a chunk without a size", ctx);
	if (c == '\r') {
		b->state = HTTP_BODY_SIZE_LF;
		return ERR_OK;
	}
	if (c != ';' && c != ' ' && c != '\t')
		return fail(b, ERR_FORMAT, "a chunk's size is no number", ctx);
	b->state = HTTP_BODY_EXTENSION;
	return drop(b, c, ctx);
}

/* The size is known: data follow, or trailers behind the last chunk. */
static enum err size_known(struct http_body *b, struct err_ctx *ctx)
{
	b->digits = 0;
	if (b->left > b->room) {
		b->state = HTTP_BODY_FAILED;
		return err_set(ctx, ERR_LIMIT,
		    "HTTP body: more than %llu bytes",
		    (unsigned long long)b->max);
	}
	b->state = b->left > 0 ? HTTP_BODY_DATA : HTTP_BODY_TRAILER;
	return ERR_OK;
}

static enum err expect(struct http_body *b, uint8_t c, uint8_t want,
    enum http_body_state next, struct err_ctx *ctx)
{
	if (c != want)
		return fail(b, ERR_FORMAT, "no CRLF where a line ends", ctx);
	b->state = next;
	return ERR_OK;
}

/* One byte that is not content. */
static enum err step(struct http_body *b, uint8_t c, struct err_ctx *ctx)
{
	switch (b->state) {
	case HTTP_BODY_SIZE:
		return size_byte(b, c, ctx);
	case HTTP_BODY_EXTENSION:
		if (c != '\r')
			return drop(b, c, ctx);
		b->state = HTTP_BODY_SIZE_LF;
		return ERR_OK;
	case HTTP_BODY_SIZE_LF:
		if (c != '\n')
			return expect(b, c, '\n', b->state, ctx);
		return size_known(b, ctx);
	case HTTP_BODY_DATA_CR:
		return expect(b, c, '\r', HTTP_BODY_DATA_LF, ctx);
	case HTTP_BODY_DATA_LF:
		return expect(b, c, '\n', HTTP_BODY_SIZE, ctx);
	case HTTP_BODY_TRAILER:
		b->state = c == '\r' ? HTTP_BODY_LAST_LF : HTTP_BODY_TRAILER_IN;
		return c == '\r' ? ERR_OK : drop(b, c, ctx);
	case HTTP_BODY_TRAILER_IN:
		if (c != '\r')
			return drop(b, c, ctx);
		b->state = HTTP_BODY_TRAILER_LF;
		return ERR_OK;
	case HTTP_BODY_TRAILER_LF:
		return expect(b, c, '\n', HTTP_BODY_TRAILER, ctx);
	case HTTP_BODY_LAST_LF:
		return expect(b, c, '\n', HTTP_BODY_DONE, ctx);
	case HTTP_BODY_DATA:
	case HTTP_BODY_DONE:
	case HTTP_BODY_FAILED:
		break;
	}
	return fail(b, ERR_FORMAT, "it has failed before", ctx);
}

/* As much content as *in and the body hold. */
static enum err take(struct http_body *b, struct bytes *in, struct bytes *data,
    struct err_ctx *ctx)
{
	const size_t n = b->left < in->len ? (size_t)b->left : in->len;

	if (n > b->room) {
		b->state = HTTP_BODY_FAILED;
		return err_set(ctx, ERR_LIMIT,
		    "HTTP body: more than %llu bytes",
		    (unsigned long long)b->max);
	}
	*data = (struct bytes){ in->p, n };
	in->p += n;
	in->len -= n;
	b->room -= n;
	if (b->framing != HTTP_UNTIL_CLOSE)
		b->left -= n;
	if (b->left == 0)
		b->state = b->framing == HTTP_CHUNKED ? HTTP_BODY_DATA_CR
						      : HTTP_BODY_DONE;
	return ERR_OK;
}

enum err http_body_next(struct http_body *b, struct bytes *in,
    struct bytes *data, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	*data = (struct bytes){ NULL, 0 };
	while (e == ERR_OK && in->len > 0 && b->state != HTTP_BODY_DONE) {
		if (b->state == HTTP_BODY_DATA)
			return take(b, in, data, ctx);
		e = step(b, in->p[0], ctx);
		in->p++;
		in->len--;
	}
	return e;
}

bool http_body_done(const struct http_body *b)
{
	return b->state == HTTP_BODY_DONE;
}

enum err http_body_end(struct http_body *b, struct err_ctx *ctx)
{
	if (b->state == HTTP_BODY_DATA && b->framing == HTTP_UNTIL_CLOSE)
		b->state = HTTP_BODY_DONE;
	if (b->state == HTTP_BODY_DONE)
		return ERR_OK;
	return fail(
	    b, ERR_TRUNCATED, "the connection ended in the middle of it", ctx);
}
