#include "logd/head.h"

#include "base/hex.h"
#include "crypto/crypto.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

static const struct bytes VERSION = BYTES_LITERAL("confer-log-head/v1\n");
static const struct bytes CHECKSUM = BYTES_LITERAL("sha256 ");

#define CHECKSUM_LEN (7 + 2 * SHA256_LEN + 1) /* the last line */

static void checksum_line(char out[2 * SHA256_LEN + 1], struct bytes covered)
{
	uint8_t sum[SHA256_LEN];

	crypto_sha256(sum, &covered, 1);
	hex_encode(out, sum, sizeof(sum));
}

void logd_head_format(struct wr *w, struct bytes note)
{
	const size_t start = w->len;
	char sum[2 * SHA256_LEN + 1];

	wr_bytes(w, VERSION);
	wr_bytes(w, note);
	if (w->err != ERR_OK)
		return;
	checksum_line(sum, (struct bytes){ w->p + start, w->len - start });
	wr_bytes(w, CHECKSUM);
	wr_fmt(w, "%s\n", sum);
}

static bool has(struct bytes in, size_t at, struct bytes want)
{
	return in.len >= at + want.len &&
	       mem_eq((struct bytes){ in.p + at, want.len }, want);
}

/* Version and checksum; *note is what lies between them. */
static enum err unwrap(
    struct bytes *note, struct bytes file, struct err_ctx *ctx)
{
	char sum[2 * SHA256_LEN + 1];
	size_t end;

	if (file.len > LOGD_HEAD_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "head: longer than %d bytes",
		    LOGD_HEAD_LEN_MAX);
	if (!has(file, 0, VERSION))
		return err_set(ctx, ERR_FORMAT, "head: not confer-log-head/v1");
	if (file.len < VERSION.len + CHECKSUM_LEN)
		return err_set(ctx, ERR_TRUNCATED, "head: no checksum");
	end = file.len - CHECKSUM_LEN;
	checksum_line(sum, (struct bytes){ file.p, end });
	if (!has(file, end, CHECKSUM) ||
	    !has(file, end + CHECKSUM.len,
		(struct bytes){ (const uint8_t *)sum, 2 * SHA256_LEN }) ||
	    file.p[file.len - 1] != '\n')
		return err_set(ctx, ERR_FORMAT, "head: the checksum is wrong");
	*note = (struct bytes){ file.p + VERSION.len, end - VERSION.len };
	return ERR_OK;
}

enum err logd_head_parse(struct logd_head *out, const struct tlog_key *key,
    struct bytes file, struct err_ctx *ctx)
{
	struct tlog_checkpoint cp;
	struct tlog_seen seen;
	struct tlog_note note;
	struct bytes text;
	enum err e = unwrap(&text, file, ctx);

	*out = (struct logd_head){ 0 };
	if (e == ERR_OK)
		e = tlog_note_parse(&note, text, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_parse(&cp, note.text, ctx);
	if (e != ERR_OK)
		return e;
	if (note.n != 1 || cp.extensions.len != 0)
		return err_set(
		    ctx, ERR_FORMAT, "head: more than one signed tree");
	e = tlog_note_verify(&seen, &note, key, 1, 0, ctx);
	if (e != ERR_OK)
		return e;
	if (!mem_eq(cp.origin, key->name))
		return err_set(ctx, ERR_AUTH, "head: of another log");
	out->size = cp.size;
	out->root = cp.root;
	out->note = text;
	return ERR_OK;
}
