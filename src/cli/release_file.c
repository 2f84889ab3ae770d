/* See release_file.h. */
#include "cli/release_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "sys/fd.h"

#define MODE 0644

/* Standard input may be a pipe, which has no size. */
static enum err read_input(
    uint8_t *out, size_t cap, size_t *len, struct err_ctx *ctx)
{
	size_t n = 0;
	enum err e = ERR_OK;

	*len = 0;
	while (e == ERR_OK && *len < cap) {
		e = fd_read_some(STDIN_FILENO, out + *len, cap - *len, &n);
		*len += n;
	}
	if (e == ERR_CLOSED)
		return ERR_OK;
	return e == ERR_OK ? err_set(ctx, ERR_LIMIT,
				 "standard input: more than %zu bytes", cap - 1)
			   : err_set(ctx, e, "standard input: %s", err_name(e));
}

enum err cli_release_text_read(uint8_t *out, size_t cap, size_t *len,
    const char *path, struct err_ctx *ctx)
{
	if (strcmp(path, "-") == 0)
		return read_input(out, cap, len, ctx);
	return fd_read_file(out, cap, len, path, ctx);
}

/* Signatures follow an empty line, and a record's text has none. */
static bool has_empty_line(struct bytes text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.p[i - 1] == '\n' && text.p[i] == '\n')
			return true;
	}
	return false;
}

enum err cli_release_file_read(
    struct cli_release_file *f, const char *path, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	size_t len = 0;
	enum err e;

	memset(f, 0, sizeof(*f));
	e = cli_release_text_read(f->buf, sizeof(f->buf), &len, path, ctx);
	if (e != ERR_OK)
		return e;
	f->all = (struct bytes){ f->buf, len };
	f->has_signatures = has_empty_line(f->all);
	f->note.text = f->all;
	if (f->has_signatures)
		e = tlog_note_parse(&f->note, f->all, &why);
	if (e == ERR_OK)
		e = tlog_record_parse(&f->rec, f->note.text, &why);
	if (e != ERR_OK)
		(void)err_set(ctx, e, "%.*s is no release record: %s",
		    CLI_RELEASE_SHOWN, path, why.msg);
	return e;
}

enum err cli_release_hash(struct tlog_hash *out, uint64_t *size,
    const char *path, struct err_ctx *ctx)
{
	struct fd_map map;
	const enum err e = fd_map_open(&map, path, ctx);

	if (e != ERR_OK)
		return e;
	*size = map.len;
	crypto_sha256(out->b, &(struct bytes){ map.p, map.len }, 1);
	fd_map_close(&map);
	return ERR_OK;
}

enum err cli_release_write(
    const char *path, struct bytes content, struct err_ctx *ctx)
{
	if (strcmp(path, "-") != 0)
		return fd_replace_file(path, content, MODE, ctx);
	if (fwrite(content.p, 1, content.len, stdout) == content.len &&
	    fflush(stdout) == 0)
		return ERR_OK;
	return err_set(ctx, ERR_IO, "cannot write to standard output");
}
