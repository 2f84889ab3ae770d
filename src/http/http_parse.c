/* See http.h. A head is taken line by line; the first fault ends it. */
#include "http/http.h"

struct lines {
	struct bytes in;
	size_t off; /* of the next line */
	struct err_ctx *ctx;
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* tchar of RFC 9110, section 5.6.2. */
static bool is_token_char(uint8_t c)
{
	static const struct bytes marks = BYTES_LITERAL("!#$%&'*+-.^_`|~");

	for (size_t i = 0; i < marks.len; i++) {
		if (c == marks.p[i])
			return true;
	}
	return is_alnum(c);
}

static bool is_token(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (!is_token_char(b.p[i]))
			return false;
	}
	return b.len > 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static struct bytes trim(struct bytes b)
{
	while (b.len > 0 && is_blank(b.p[0])) {
		b.p++;
		b.len--;
	}
	while (b.len > 0 && is_blank(b.p[b.len - 1]))
		b.len--;
	return b;
}

/* What stands before the first `c`; *b moves behind it. False: no `c`. */
static bool split(struct bytes *b, uint8_t c, struct bytes *before)
{
	for (size_t i = 0; i < b->len; i++) {
		if (b->p[i] == c) {
			*before = (struct bytes){ b->p, i };
			b->p += i + 1;
			b->len -= i + 1;
			return true;
		}
	}
	return false;
}

bool http_name_is(struct bytes a, const char *name)
{
	if (a.len != mem_strlen(name))
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.p[i]) != lower((uint8_t)name[i]))
			return false;
	}
	return true;
}

/* Does the blank line end here, with the line before it? */
static bool ends_head(const uint8_t *last)
{
	return last[0] == '\n' && last[-1] == '\r' && last[-2] == '\n' &&
	       last[-3] == '\r';
}

enum err http_head_find(
    struct bytes in, size_t *seen, size_t *len, struct err_ctx *ctx)
{
	*len = 0;
	for (; *seen < in.len && *seen < HTTP_HEAD_LEN_MAX; (*seen)++) {
		if (*seen >= 3 && ends_head(in.p + *seen)) {
			*len = *seen + 1;
			return ERR_OK;
		}
	}
	if (in.len < HTTP_HEAD_LEN_MAX)
		return ERR_AGAIN;
	return err_set(ctx, ERR_LIMIT, "HTTP head: longer than %d bytes",
	    HTTP_HEAD_LEN_MAX);
}

/* The next line without its CRLF. */
static enum err next_line(struct lines *l, struct bytes *out)
{
	*out = (struct bytes){ NULL, 0 };
	for (size_t i = l->off; i < l->in.len; i++) {
		const uint8_t c = l->in.p[i];

		if (c == '\r' && i + 1 == l->in.len)
			break;
		if (c == '\r' && l->in.p[i + 1] == '\n') {
			*out = (struct bytes){ l->in.p + l->off, i - l->off };
			l->off = i + 2;
			return ERR_OK;
		}
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return err_set(l->ctx, ERR_FORMAT,
			    "HTTP head: control character %02x at offset %zu",
			    c, i);
	}
	return err_set(l->ctx, ERR_TRUNCATED,
	    "HTTP head: ends at offset %zu, before its blank line", l->in.len);
}

static enum err parse_version(
    struct http_head *out, struct bytes b, struct err_ctx *ctx)
{
	out->minor = mem_eq_str(b, "HTTP/1.1");
	if (out->minor == 1 || mem_eq_str(b, "HTTP/1.0"))
		return ERR_OK;
	if (b.len >= 5 && mem_eq_str((struct bytes){ b.p, 5 }, "HTTP/"))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "HTTP head: a version other than HTTP/1.0 and HTTP/1.1");
	return err_set(ctx, ERR_FORMAT, "HTTP head: this is not HTTP");
}

/* HTTP-version SP status-code SP [ reason-phrase ]; the second SP is often
 * forgotten where no phrase follows. */
static enum err parse_status_line(
    struct http_head *out, struct bytes line, struct err_ctx *ctx)
{
	struct bytes version = line;
	enum err e;

	if (!split(&line, ' ', &version))
		line.len = 0;
	e = parse_version(out, version, ctx);
	if (e != ERR_OK)
		return e;
	if (line.len < 3 || (line.len > 3 && line.p[3] != ' ') ||
	    !is_digit(line.p[0]) || !is_digit(line.p[1]) ||
	    !is_digit(line.p[2]))
		return err_set(ctx, ERR_FORMAT,
		    "HTTP head: the status is not a number of three digits");
	out->status = (unsigned)(line.p[0] - '0') * 100 +
		      (unsigned)(line.p[1] - '0') * 10 +
		      (unsigned)(line.p[2] - '0');
	if (out->status < 100 || out->status > 599)
		return err_set(
		    ctx, ERR_FORMAT, "HTTP head: status %u", out->status);
	if (line.len > 4)
		out->reason = (struct bytes){ line.p + 4, line.len - 4 };
	return ERR_OK;
}

/* method SP request-target SP HTTP-version. Of the four forms of a target only
 * the path: proxies and tunnels are somebody else's. */
static enum err parse_request_line(
    struct http_head *out, struct bytes line, struct err_ctx *ctx)
{
	if (!split(&line, ' ', &out->method) || !is_token(out->method) ||
	    !split(&line, ' ', &out->target))
		return err_set(
		    ctx, ERR_FORMAT, "HTTP head: this is not a request line");
	if (out->method.len > HTTP_METHOD_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "HTTP head: a method of %zu bytes, at most %d",
		    out->method.len, HTTP_METHOD_LEN_MAX);
	if (out->target.len > HTTP_TARGET_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "HTTP head: a target of %zu bytes, at most %d",
		    out->target.len, HTTP_TARGET_LEN_MAX);
	for (size_t i = 0; i < out->target.len; i++) {
		const uint8_t c = out->target.p[i];

		if (c <= 0x20 || c >= 0x7f || c == '#')
			return err_set(ctx, ERR_FORMAT,
			    "HTTP head: byte %02x in the target", c);
	}
	if (out->target.len == 0 || out->target.p[0] != '/')
		return err_set(ctx, ERR_UNSUPPORTED,
		    "HTTP head: the target is not a path");
	return parse_version(out, line, ctx);
}

static enum err parse_field(
    struct http_head *out, struct lines *l, struct bytes line)
{
	const size_t at = (size_t)(line.p - l->in.p);
	struct http_field f;

	if (is_blank(line.p[0]))
		return err_set(l->ctx, ERR_FORMAT,
		    "HTTP head: a folded line at offset %zu", at);
	if (!split(&line, ':', &f.name) || !is_token(f.name))
		return err_set(l->ctx, ERR_FORMAT,
		    "HTTP head: no field name at offset %zu", at);
	f.value = trim(line);
	if (f.name.len > HTTP_NAME_LEN_MAX)
		return err_set(l->ctx, ERR_LIMIT,
		    "HTTP head: a name of %zu bytes at offset %zu, at most %d",
		    f.name.len, at, HTTP_NAME_LEN_MAX);
	if (f.value.len > HTTP_VALUE_LEN_MAX)
		return err_set(l->ctx, ERR_LIMIT,
		    "HTTP head: a value of %zu bytes at offset %zu, at most %d",
		    f.value.len, at, HTTP_VALUE_LEN_MAX);
	if (out->fields == HTTP_FIELDS_MAX)
		return err_set(l->ctx, ERR_LIMIT,
		    "HTTP head: more than %d fields", HTTP_FIELDS_MAX);
	out->field[out->fields++] = f;
	return ERR_OK;
}

/* Digits only: "+5", "5, 5" and "0x5" have been read in different ways. */
static enum err parse_length(uint64_t *out, struct bytes v, struct err_ctx *ctx)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v.len; i++) {
		if (!is_digit(v.p[i]))
			return err_set(ctx, ERR_FORMAT,
			    "HTTP head: Content-Length is not a number");
		if (n > (HTTP_LENGTH_MAX - 9) / 10)
			return err_set(ctx, ERR_LIMIT,
			    "HTTP head: Content-Length is above 2^63");
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	if (v.len == 0)
		return err_set(
		    ctx, ERR_FORMAT, "HTTP head: Content-Length is empty");
	*out = n;
	return ERR_OK;
}

/* RFC 9112, section 6.3, for a message that is not the answer to a HEAD. */
static enum err find_framing(
    struct http_head *out, bool request, struct err_ctx *ctx)
{
	struct bytes length, coding;
	const enum err has_length =
	    http_field_get(out, "Content-Length", &length);
	const enum err has_coding =
	    http_field_get(out, "Transfer-Encoding", &coding);
	const bool empty =
	    !request &&
	    (out->status < 200 || out->status == 204 || out->status == 304);
	enum err e;

	if (has_length == ERR_FORMAT || has_coding == ERR_FORMAT)
		return err_set(ctx, ERR_FORMAT, "HTTP head: %s occurs twice",
		    has_length == ERR_FORMAT ? "Content-Length"
					     : "Transfer-Encoding");
	if (has_length == ERR_OK && has_coding == ERR_OK)
		return err_set(ctx, ERR_FORMAT,
		    "HTTP head: both Content-Length and Transfer-Encoding");
	if (has_coding == ERR_OK && out->minor == 0)
		return err_set(ctx, ERR_FORMAT,
		    "HTTP head: Transfer-Encoding in HTTP/1.0");
	if (has_coding == ERR_OK && !http_name_is(coding, "chunked"))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "HTTP head: a Transfer-Encoding other than chunked");
	if (has_length == ERR_OK) {
		e = parse_length(&out->length, length, ctx);
		if (e != ERR_OK)
			return e;
	}
	if (empty)
		out->framing = HTTP_NO_BODY;
	else if (has_coding == ERR_OK)
		out->framing = HTTP_CHUNKED;
	else if (has_length == ERR_OK)
		out->framing = HTTP_LENGTH;
	else
		out->framing = request ? HTTP_NO_BODY : HTTP_UNTIL_CLOSE;
	if (out->framing != HTTP_LENGTH)
		out->length = 0;
	return ERR_OK;
}

static enum err parse_fields(
    struct http_head *out, struct lines *l, bool request)
{
	struct bytes line, host;
	enum err e;

	for (;;) {
		e = next_line(l, &line);
		if (e == ERR_OK && line.len == 0)
			break;
		if (e == ERR_OK)
			e = parse_field(out, l, line);
		if (e != ERR_OK)
			return e;
	}
	if (l->off != l->in.len)
		return err_set(l->ctx, ERR_TRAILING,
		    "HTTP head: %zu bytes after its end", l->in.len - l->off);
	e = http_field_get(out, "Host", &host);
	if (request && (e == ERR_FORMAT || (e != ERR_OK && out->minor > 0)))
		return err_set(l->ctx, ERR_FORMAT,
		    "HTTP head: not exactly one Host field");
	if (out->minor == 0)
		out->keep_alive =
		    http_field_has(out, "Connection", "keep-alive");
	else
		out->keep_alive = !http_field_has(out, "Connection", "close");
	return find_framing(out, request, l->ctx);
}

static enum err parse(
    struct http_head *out, struct bytes in, bool request, struct err_ctx *ctx)
{
	struct lines l = { in, 0, ctx };
	struct bytes line;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (in.len > HTTP_HEAD_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "HTTP head: longer than %d bytes", HTTP_HEAD_LEN_MAX);
	e = next_line(&l, &line);
	if (e == ERR_OK)
		e = request ? parse_request_line(out, line, ctx)
			    : parse_status_line(out, line, ctx);
	if (e == ERR_OK)
		e = parse_fields(out, &l, request);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

enum err http_request_parse(
    struct http_head *out, struct bytes in, struct err_ctx *ctx)
{
	return parse(out, in, true, ctx);
}

enum err http_response_parse(
    struct http_head *out, struct bytes in, struct err_ctx *ctx)
{
	return parse(out, in, false, ctx);
}

enum err http_field_get(
    const struct http_head *head, const char *name, struct bytes *value)
{
	enum err e = ERR_NOTFOUND;

	*value = (struct bytes){ NULL, 0 };
	for (size_t i = 0; i < head->fields; i++) {
		if (!http_name_is(head->field[i].name, name))
			continue;
		if (e == ERR_OK)
			return ERR_FORMAT;
		*value = head->field[i].value;
		e = ERR_OK;
	}
	return e;
}

bool http_field_has(
    const struct http_head *head, const char *name, const char *token)
{
	for (size_t i = 0; i < head->fields; i++) {
		struct bytes rest = head->field[i].value;
		struct bytes item = { NULL, 0 };
		bool more = true;

		if (!http_name_is(head->field[i].name, name))
			continue;
		while (more) {
			more = split(&rest, ',', &item);
			if (http_name_is(trim(more ? item : rest), token))
				return true;
		}
	}
	return false;
}

static int hex_value(uint8_t c)
{
	c = lower(c);
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err http_percent_decode(
    uint8_t *out, size_t cap, size_t *len, struct bytes in)
{
	size_t n = 0;

	*len = 0;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.p[i];

		if (c == '%') {
			if (in.len - i < 3 || hex_value(in.p[i + 1]) < 0 ||
			    hex_value(in.p[i + 2]) < 0)
				return ERR_FORMAT;
			c = (uint8_t)(hex_value(in.p[i + 1]) * 16 +
				      hex_value(in.p[i + 2]));
			i += 2;
		}
		if (n == cap)
			return ERR_NOSPACE;
		out[n++] = c;
	}
	*len = n;
	return ERR_OK;
}
