/* Textual encoding of certificates, RFC 7468; see x509.h. */
#include "attest/x509.h"
#include "base/hex.h"
#include "base/wr.h"

#define PEM_LINE_LEN_MAX 76 /* MIME's limit; RFC 7468 writes 64 */
#define QUAD_LEN         4  /* characters of base64 that stand for 3 bytes */

static const struct bytes pem_begin =
    BYTES_LITERAL("-----BEGIN CERTIFICATE-----");
static const struct bytes pem_end = BYTES_LITERAL("-----END CERTIFICATE-----");

/* A block being decoded. */
struct pem {
	struct bytes in; /* what is not read yet */
	struct wr out;
	uint8_t quad[QUAD_LEN]; /* begun on the line before */
	size_t n_quad;
	bool padded; /* '=' has come: nothing may follow */
};

static void skip(struct bytes *in, size_t n)
{
	in->p += n;
	in->len -= n;
}

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Take the line `want` away, without its end; false if it is another. */
static bool take_line(struct bytes *in, struct bytes want)
{
	if (in->len < want.len ||
	    !mem_eq((struct bytes){ in->p, want.len }, want))
		return false;
	skip(in, want.len);
	return true;
}

/* Take LF or CRLF. */
static enum err take_eol(struct bytes *in)
{
	size_t n = in->len > 0 && in->p[0] == '\r';

	if (in->len == n)
		return ERR_TRUNCATED;
	if (in->p[n] != '\n')
		return ERR_FORMAT;
	skip(in, n + 1);
	return ERR_OK;
}

/* Decode whole quads. */
static enum err decode(struct pem *p, struct bytes text)
{
	size_t n = 0;
	enum err e;

	if (text.len == 0)
		return ERR_OK;
	if (p->padded)
		return ERR_FORMAT;
	e = base64_decode(
	    p->out.p + p->out.len, p->out.cap - p->out.len, &n, text);
	p->out.len += n;
	p->padded = n != text.len / QUAD_LEN * 3;
	return e;
}

/* One line of base64; a quad may go on from line to line. */
static enum err decode_line(struct pem *p, struct bytes line)
{
	enum err e = ERR_OK;
	size_t whole;

	while (p->n_quad > 0 && p->n_quad < QUAD_LEN && line.len > 0) {
		p->quad[p->n_quad++] = line.p[0];
		skip(&line, 1);
	}
	if (p->n_quad == QUAD_LEN) {
		e = decode(p, (struct bytes){ p->quad, QUAD_LEN });
		p->n_quad = 0;
	}
	whole = line.len / QUAD_LEN * QUAD_LEN;
	if (e == ERR_OK)
		e = decode(p, (struct bytes){ line.p, whole });
	if (e == ERR_OK && line.len > whole) {
		if (p->padded)
			return ERR_FORMAT;
		skip(&line, whole);
		mem_copy(p->quad, line.p, line.len);
		p->n_quad = line.len;
	}
	return e;
}

/* The lines between BEGIN and END. */
static enum err read_lines(struct pem *p)
{
	while (p->in.len > 0 && p->in.p[0] != '-') {
		size_t n = 0;
		enum err e;

		while (
		    n < p->in.len && p->in.p[n] != '\r' && p->in.p[n] != '\n') {
			if (n++ == PEM_LINE_LEN_MAX)
				return ERR_FORMAT;
		}
		e = n > 0 ? decode_line(p, (struct bytes){ p->in.p, n })
			  : ERR_FORMAT;
		if (e != ERR_OK)
			return e;
		skip(&p->in, n);
		e = take_eol(&p->in);
		if (e != ERR_OK)
			return e;
	}
	return p->n_quad == 0 ? ERR_OK : ERR_FORMAT;
}

/* What stands in the place of `want`: its beginning, cut off, or other text. */
static enum err missing(struct bytes in, struct bytes want)
{
	if (in.len < want.len && mem_eq(in, (struct bytes){ want.p, in.len }))
		return ERR_TRUNCATED;
	return ERR_FORMAT;
}

static enum err read_block(struct pem *p)
{
	enum err e;

	if (!take_line(&p->in, pem_begin))
		return missing(p->in, pem_begin);
	e = take_eol(&p->in);
	if (e == ERR_OK)
		e = read_lines(p);
	if (e != ERR_OK)
		return e;
	if (!take_line(&p->in, pem_end))
		return missing(p->in, pem_end);
	/* White space, a NUL or nothing ends the line. */
	if (p->in.len > 0 && p->in.p[0] != 0 && !is_white(p->in.p[0]))
		return ERR_FORMAT;
	return ERR_OK;
}

enum err x509_pem_next(struct bytes *in, uint8_t *out, size_t cap, size_t *len,
    const char *what, struct err_ctx *ctx)
{
	struct pem p = { .in = *in, .out = wr_init(out, cap) };
	enum err e;

	*len = 0;
	while (p.in.len > 0 && is_white(p.in.p[0]))
		skip(&p.in, 1);
	if (p.in.len == 0 || p.in.p[0] == 0)
		return err_set(
		    ctx, ERR_TRUNCATED, "%s: no PEM certificate", what);
	e = read_block(&p);
	if (e != ERR_OK)
		return err_set(ctx, e, "%s: PEM: %s at offset %zu", what,
		    err_name(e), in->len - p.in.len);
	*in = p.in;
	*len = p.out.len;
	return ERR_OK;
}

enum err x509_pem_end(struct bytes in, const char *what, struct err_ctx *ctx)
{
	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] != 0 && !is_white(in.p[i]))
			return err_set(ctx, ERR_TRAILING,
			    "%s: PEM: trailing bytes at offset %zu", what, i);
	}
	return ERR_OK;
}
