/* See url.h. */
#include "http/url.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_alnum(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static enum err wrong(struct err_ctx *ctx, const char *what)
{
	return err_set(ctx, ERR_FORMAT, "URL: %s", what);
}

/* Four numbers of 0 to 255 without leading zeros. */
static bool is_ipv4(struct bytes b)
{
	unsigned n = 0, digits = 0, dots = 0;

	for (size_t i = 0; i < b.len; i++) {
		if (b.p[i] == '.') {
			if (digits == 0)
				return false;
			dots++;
			n = digits = 0;
			continue;
		}
		if (!is_digit(b.p[i]) || (digits > 0 && n == 0))
			return false;
		n = n * 10 + (unsigned)(b.p[i] - '0');
		digits++;
		if (n > 255)
			return false;
	}
	return dots == 3 && digits > 0;
}

/* Letters, digits and hyphens between dots. */
static enum err check_name(struct bytes b, struct err_ctx *ctx)
{
	size_t label = 0; /* where it starts */

	for (size_t i = 0; i <= b.len; i++) {
		if (i < b.len && b.p[i] != '.') {
			if (!is_alnum(b.p[i]) && b.p[i] != '-')
				return wrong(
				    ctx, "a byte that no host name has");
			continue;
		}
		if (i == label || i - label > HTTP_LABEL_LEN_MAX)
			return wrong(ctx,
			    "a part of the host name is empty or too long");
		if (b.p[label] == '-' || b.p[i - 1] == '-')
			return wrong(ctx,
			    "a part of the host name begins or ends with -");
		/* "127.1" and "0x7f.1" are addresses to some resolvers. */
		if (i == b.len && is_digit(b.p[label]))
			return wrong(
			    ctx, "the host is no name and no IPv4 address");
		label = i + 1;
	}
	return ERR_OK;
}

static enum err check_ipv6(struct bytes b, struct err_ctx *ctx)
{
	size_t colons = 0;

	for (size_t i = 0; i < b.len; i++) {
		colons += b.p[i] == ':';
		if (!is_hex(b.p[i]) && b.p[i] != ':' && b.p[i] != '.')
			return wrong(
			    ctx, "what stands in [ ] is no IPv6 address");
	}
	if (colons < 2 || b.len > 45)
		return wrong(ctx, "what stands in [ ] is no IPv6 address");
	return ERR_OK;
}

static enum err parse_port(
    struct http_url *out, struct bytes b, struct err_ctx *ctx)
{
	unsigned n = 0;

	for (size_t i = 0; i < b.len; i++) {
		if (i >= 5 || !is_digit(b.p[i]) || b.p[0] == '0')
			return wrong(ctx, "the port is no number from 1 on");
		n = n * 10 + (unsigned)(b.p[i] - '0');
	}
	if (n == 0 || n > 65535)
		return wrong(ctx, "the port is not from 1 to 65535");
	out->port = (uint16_t)n;
	return ERR_OK;
}

/* host [ ":" port ] */
static enum err parse_authority(
    struct http_url *out, struct bytes b, struct err_ctx *ctx)
{
	size_t end = 0;
	enum err e;

	for (size_t i = 0; i < b.len; i++) {
		if (b.p[i] == '@')
			return wrong(ctx, "a user has no place in it");
	}
	out->ipv6 = b.len > 0 && b.p[0] == '[';
	while (end < b.len && b.p[end] != (out->ipv6 ? ']' : ':'))
		end++;
	if (out->ipv6 && end == b.len)
		return wrong(ctx, "no ] after the IPv6 address");
	out->host = out->ipv6 ? (struct bytes){ b.p + 1, end - 1 }
			      : (struct bytes){ b.p, end };
	end += out->ipv6;
	if (out->host.len == 0)
		return wrong(ctx, "there is no host");
	if (out->host.len > HTTP_HOST_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "URL: a host of %zu bytes, at most %d", out->host.len,
		    HTTP_HOST_LEN_MAX);
	out->ip = out->ipv6 || is_ipv4(out->host);
	e = out->ipv6 ? check_ipv6(out->host, ctx)
	    : out->ip ? ERR_OK
		      : check_name(out->host, ctx);
	if (e != ERR_OK)
		return e;
	out->port = out->tls ? 443 : 80;
	if (end < b.len && b.p[end] != ':')
		return wrong(ctx, "something follows the host");
	if (end < b.len)
		e = parse_port(
		    out, (struct bytes){ b.p + end + 1, b.len - end - 1 }, ctx);
	out->default_port = out->port == (out->tls ? 443 : 80);
	return e;
}

/* pchar, "/" and "?" of RFC 3986. */
static bool is_target_char(uint8_t c)
{
	static const struct bytes marks = BYTES_LITERAL("-._~!$&'()*+,;=:@/?");

	for (size_t i = 0; i < marks.len; i++) {
		if (c == marks.p[i])
			return true;
	}
	return is_alnum(c);
}

static enum err parse_target(
    struct http_url *out, struct bytes b, struct err_ctx *ctx)
{
	static const struct bytes root = BYTES_LITERAL("/");

	if (b.len > 0 && b.p[0] != '/')
		return wrong(ctx, "the path does not begin with /");
	for (size_t i = 0; i < b.len; i++) {
		if (b.p[i] == '#')
			return wrong(ctx, "a fragment has no place in it");
		if (b.p[i] == '%' && (b.len - i < 3 || !is_hex(b.p[i + 1]) ||
					 !is_hex(b.p[i + 2])))
			return wrong(ctx, "% without two digits");
		if (b.p[i] != '%' && !is_target_char(b.p[i]))
			return wrong(ctx, "a byte that has to be escaped");
		out->query = out->query || b.p[i] == '?';
	}
	out->target = b.len > 0 ? b : root;
	return ERR_OK;
}

enum err http_url_parse(
    struct http_url *out, struct bytes text, struct err_ctx *ctx)
{
	static const struct bytes plain = BYTES_LITERAL("http://");
	static const struct bytes tls = BYTES_LITERAL("https://");
	size_t start, end;
	enum err e;

	*out = (struct http_url){ 0 };
	if (text.len > HTTP_URL_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "URL: %zu bytes, at most %d",
		    text.len, HTTP_URL_LEN_MAX);
	if (text.len >= tls.len &&
	    mem_eq((struct bytes){ text.p, tls.len }, tls))
		out->tls = true;
	else if (text.len < plain.len ||
		 !mem_eq((struct bytes){ text.p, plain.len }, plain))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "URL: it does not begin with https:// or http://");
	start = out->tls ? tls.len : plain.len;
	for (end = start; end < text.len; end++) {
		if (text.p[end] == '/' || text.p[end] == '?' ||
		    text.p[end] == '#')
			break;
	}
	e = parse_authority(
	    out, (struct bytes){ text.p + start, end - start }, ctx);
	if (e == ERR_OK)
		e = parse_target(
		    out, (struct bytes){ text.p + end, text.len - end }, ctx);
	if (e != ERR_OK)
		*out = (struct http_url){ 0 };
	return e;
}

void http_url_write_host(struct wr *w, const struct http_url *url)
{
	if (url->ipv6)
		wr_str(w, "[");
	wr_bytes(w, url->host);
	if (url->ipv6)
		wr_str(w, "]");
	if (!url->default_port)
		wr_fmt(w, ":%u", (unsigned)url->port);
}
