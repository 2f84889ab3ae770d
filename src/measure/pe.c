/* See pe.h. The numbers are offsets of the PE specification. */
#include "measure/pe.h"

#include "base/rd.h"

#define DOS_LFANEW      0x3c
#define COFF_LEN        20
#define OPTIONAL_PE32   0x10b
#define OPTIONAL_PE32P  0x20b
#define SECTION_LEN     40
#define DIRECTORY_LEN   8
#define SECURITY        4 /* index of the directory of signatures */
#define SIZE_OF_HEADERS 60
#define CHECKSUM        64
#define CHECKSUM_LEN    4

struct section {
	uint32_t at, len;
};

/* What the headers say, checked against the file. */
struct pe {
	size_t optional; /* where the optional header starts */
	size_t security; /* where the directory stands, 0: there is none */
	uint32_t headers_len;
	uint32_t signature_at, signature_len;
	struct section section[PE_SECTIONS_MAX]; /* by offset, none empty */
	size_t n;
};

static struct rd reader_at(struct bytes pe, size_t at)
{
	struct rd r = rd_bytes_init(pe);

	(void)rd_take(&r, at);
	return r;
}

/* A field that the file ends before. */
static enum err cut(struct err_ctx *ctx, const char *what, size_t at)
{
	return err_set(ctx, ERR_TRUNCATED,
	    "PE file ends in its %s at offset %zu", what, at);
}

static enum err read_dos(size_t *coff, struct bytes file, struct err_ctx *ctx)
{
	struct rd r = reader_at(file, 0);
	uint16_t magic = rd_u16be(&r);
	uint32_t lfanew, sig;

	if (r.err != ERR_OK || magic != 0x4d5a) /* "MZ" */
		return err_set(
		    ctx, ERR_FORMAT, "kernel is no PE file: no MZ at offset 0");
	r = reader_at(file, DOS_LFANEW);
	lfanew = rd_u32le(&r);
	if (r.err != ERR_OK)
		return cut(ctx, "DOS header", DOS_LFANEW);
	r = reader_at(file, lfanew);
	sig = rd_u32be(&r);
	if (r.err != ERR_OK)
		return cut(ctx, "signature", lfanew);
	if (sig != 0x50450000) /* "PE\0\0" */
		return err_set(ctx, ERR_FORMAT,
		    "kernel is no PE file: no PE at offset %u", lfanew);
	*coff = (size_t)lfanew + 4;
	return ERR_OK;
}

/* The directories of the optional header; its fields are where they are. */
static enum err read_optional(
    struct pe *pe, size_t len, struct bytes file, struct err_ctx *ctx)
{
	struct rd r = reader_at(file, pe->optional);
	uint16_t magic = rd_u16le(&r);
	size_t fixed = magic == OPTIONAL_PE32P ? 112 : 96;
	uint32_t directories;

	if (r.err != ERR_OK)
		return cut(ctx, "optional header", pe->optional);
	if (magic != OPTIONAL_PE32 && magic != OPTIONAL_PE32P)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "PE file: optional header 0x%x at offset %zu", magic,
		    pe->optional);
	if (len < fixed || len > file.len - pe->optional)
		return err_set(ctx, ERR_FORMAT,
		    "PE file: optional header of %zu bytes at offset %zu", len,
		    pe->optional);
	r = reader_at(file, pe->optional + SIZE_OF_HEADERS);
	pe->headers_len = rd_u32le(&r);
	r = reader_at(file, pe->optional + fixed - 4);
	directories = rd_u32le(&r);
	if (directories > (len - fixed) / DIRECTORY_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "PE file: %u directories at offset %zu, room for %zu",
		    directories, pe->optional + fixed - 4,
		    (len - fixed) / DIRECTORY_LEN);
	if (directories <= SECURITY)
		return ERR_OK;
	pe->security = pe->optional + fixed + SECURITY * DIRECTORY_LEN;
	r = reader_at(file, pe->security);
	pe->signature_at = rd_u32le(&r);
	pe->signature_len = rd_u32le(&r);
	return ERR_OK;
}

/* Put a section in its place by offset. */
static void insert(struct pe *pe, struct section s)
{
	size_t at = pe->n++;

	for (; at > 0 && pe->section[at - 1].at > s.at; at--)
		pe->section[at] = pe->section[at - 1];
	pe->section[at] = s;
}

static enum err read_sections(struct pe *pe, size_t at, uint16_t count,
    struct bytes file, struct err_ctx *ctx)
{
	const size_t end = at + (size_t)count * SECTION_LEN;

	if (count > PE_SECTIONS_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "PE file: %u sections, at most %d", count, PE_SECTIONS_MAX);
	if (end > pe->headers_len || pe->headers_len > file.len)
		return err_set(ctx, ERR_FORMAT,
		    "PE file: SizeOfHeaders %u at offset %zu, sections end at "
		    "%zu, the file at %zu",
		    pe->headers_len, pe->optional + SIZE_OF_HEADERS, end,
		    file.len);
	for (; at < end; at += SECTION_LEN) {
		struct rd r = reader_at(file, at + 16);
		struct section s;

		s.len = rd_u32le(&r);
		s.at = rd_u32le(&r);
		if (s.len == 0)
			continue;
		if (s.at > file.len || s.len > file.len - s.at)
			return err_set(ctx, ERR_TRUNCATED,
			    "PE file: section at offset %zu, %u + %u bytes, "
			    "ends outside of the file",
			    at, s.at, s.len);
		insert(pe, s);
	}
	return ERR_OK;
}

/*
 * Headers and sections follow each other without a gap, so that the bytes
 * hashed are all bytes of the file, each once.
 */
static enum err check_order(
    size_t *end, const struct pe *pe, struct err_ctx *ctx)
{
	size_t at = pe->headers_len;

	for (size_t i = 0; i < pe->n; i++) {
		const struct section *s = &pe->section[i];

		if (s->at < at)
			return err_set(ctx, ERR_FORMAT,
			    "PE file: bytes at offset %u are in two sections, "
			    "or in one and the headers",
			    s->at);
		if (s->at > at)
			return err_set(ctx, ERR_FORMAT,
			    "PE file: bytes at offset %zu are in no section",
			    at);
		at += s->len;
	}
	*end = at;
	return ERR_OK;
}

static enum err check_signature(
    const struct pe *pe, size_t hashed, size_t file_len, struct err_ctx *ctx)
{
	if (pe->signature_len == 0 && pe->signature_at == 0)
		return ERR_OK;
	if (pe->signature_len > file_len - hashed ||
	    pe->signature_at != file_len - pe->signature_len)
		return err_set(ctx, ERR_FORMAT,
		    "PE file: signature of %u bytes at %u, by offset %zu, is "
		    "not its end",
		    pe->signature_len, pe->signature_at, pe->security);
	return ERR_OK;
}

static enum err read_headers(
    struct pe *pe, size_t *hashed, struct bytes file, struct err_ctx *ctx)
{
	size_t coff = 0;
	struct rd r;
	uint16_t count, optional_len;
	enum err e = read_dos(&coff, file, ctx);

	if (e != ERR_OK)
		return e;
	r = reader_at(file, coff + 2);
	count = rd_u16le(&r);
	(void)rd_take(&r, 12);
	optional_len = rd_u16le(&r);
	(void)rd_take(&r, 2);
	if (r.err != ERR_OK)
		return cut(ctx, "COFF header", coff);
	pe->optional = coff + COFF_LEN;
	e = read_optional(pe, optional_len, file, ctx);
	if (e == ERR_OK)
		e = read_sections(
		    pe, pe->optional + optional_len, count, file, ctx);
	if (e == ERR_OK)
		e = check_order(hashed, pe, ctx);
	if (e == ERR_OK)
		e = check_signature(pe, *hashed, file.len, ctx);
	return e;
}

static void hash_range(
    struct crypto_sha384_stream *h, struct bytes file, size_t from, size_t to)
{
	crypto_sha384_update(h, (struct bytes){ file.p + from, to - from });
}

enum err pe_parse_authenticode(
    uint8_t out[SHA384_LEN], struct bytes file, struct err_ctx *ctx)
{
	struct pe pe = { .n = 0 };
	struct crypto_sha384_stream h;
	size_t hashed = 0, at;
	enum err e;

	memset(out, 0, SHA384_LEN);
	if (file.len > PE_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "PE file of %zu bytes, at most %u", file.len, PE_LEN_MAX);
	e = read_headers(&pe, &hashed, file, ctx);
	if (e != ERR_OK)
		return e;
	crypto_sha384_init(&h);
	at = pe.optional + CHECKSUM;
	hash_range(&h, file, 0, at);
	at += CHECKSUM_LEN;
	if (pe.security != 0) {
		hash_range(&h, file, at, pe.security);
		at = pe.security + DIRECTORY_LEN;
	}
	hash_range(&h, file, at, pe.headers_len);
	for (size_t i = 0; i < pe.n; i++)
		hash_range(&h, file, pe.section[i].at,
		    (size_t)pe.section[i].at + pe.section[i].len);
	hash_range(&h, file, hashed, file.len - pe.signature_len);
	e = crypto_sha384_final(&h, out);
	return e == ERR_OK ? e : err_set(ctx, e, "SHA-384 failed");
}
