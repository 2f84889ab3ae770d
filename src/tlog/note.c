/* Signed notes; see note.h. */
#include "tlog/note.h"

#include "base/assert.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "tlog/text.h"

#define KEY_ID_LEN       4
#define SIG_TIME_LEN     8
#define COSIG_LEN        (SIG_TIME_LEN + ED25519_SIG_LEN)
#define BLOB_LEN_MAX     (KEY_ID_LEN + COSIG_LEN) /* of types that we verify */
#define BASE64_STEP      8  /* characters that surely hold the key id */
#define COSIG_HEADER_MAX 64 /* "cosignature/v1\ntime 9223372036854775807\n" */
#define DASH             "\xe2\x80\x94 " /* U+2014 and a space */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* ---- parsing ------------------------------------------------------------- */

/* Canonical base64 of at least KEY_ID_LEN + 1 bytes; the first are the id. */
static bool read_blob(struct bytes text, uint32_t *id)
{
	uint8_t first[BASE64_STEP / 4 * 3];
	size_t n;

	if (!tlog_text_is_base64(text, &n) || n <= KEY_ID_LEN)
		return false;
	if (base64_decode(first, sizeof(first), &n,
		(struct bytes){ text.p, BASE64_STEP }) != ERR_OK)
		return false;
	*id = be32(first);
	return true;
}

static enum err read_sig(struct tlog_sig *sig, struct bytes line)
{
	size_t dash = sizeof(DASH) - 1, sp = dash;

	if (line.len < dash || !mem_eq_ct(line.p, DASH, dash))
		return ERR_FORMAT;
	while (sp < line.len && line.p[sp] != ' ')
		sp++;
	if (sp == line.len)
		return ERR_FORMAT;
	sig->name = (struct bytes){ line.p + dash, sp - dash };
	sig->base64 = (struct bytes){ line.p + sp + 1, line.len - sp - 1 };
	if (!tlog_key_name_ok(sig->name) || !read_blob(sig->base64, &sig->id))
		return ERR_FORMAT;
	return ERR_OK;
}

/* Length of the text, up to the last empty line; 0 if there is none. */
static size_t find_text(struct bytes in)
{
	for (size_t i = in.len; i >= 2; i--) {
		if (in.p[i - 1] == '\n' && in.p[i - 2] == '\n')
			return i - 1;
	}
	return 0;
}

static enum err check_bytes(struct bytes in, struct err_ctx *ctx)
{
	size_t valid;

	if (in.len > TLOG_NOTE_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "note: %zu bytes", in.len);
	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] < 0x20 && in.p[i] != '\n')
			return err_set(ctx, ERR_FORMAT,
			    "note: control character at offset %zu", i);
	}
	valid = utf8_prefix(in);
	if (valid != in.len)
		return err_set(
		    ctx, ERR_FORMAT, "note: not UTF-8 at offset %zu", valid);
	return ERR_OK;
}

/* Signature lines from offset `from` of in to its end. */
static enum err read_sigs(
    struct tlog_note *out, struct bytes in, size_t from, struct err_ctx *ctx)
{
	struct tlog_text t = tlog_text_init(in, ctx);

	t.key = "note";
	t.off = from;
	while (t.off < in.len && t.err == ERR_OK) {
		struct bytes line = tlog_text_line(&t);

		if (out->n == TLOG_NOTE_SIGS_MAX)
			tlog_text_fail(&t, ERR_LIMIT, "too many signatures");
		else if (read_sig(&out->sig[out->n], line) != ERR_OK)
			tlog_text_fail(
			    &t, ERR_FORMAT, "the line before is no signature");
		else
			out->n++;
	}
	if (out->n == 0)
		tlog_text_fail(&t, ERR_FORMAT, "no signature");
	return t.err;
}

enum err tlog_note_parse(
    struct tlog_note *out, struct bytes in, struct err_ctx *ctx)
{
	size_t text;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = check_bytes(in, ctx);
	if (e != ERR_OK)
		return e;
	text = find_text(in);
	if (text == 0)
		return err_set(ctx, ERR_FORMAT, "note: no empty line");
	e = read_sigs(out, in, text + 1, ctx);
	if (e == ERR_OK)
		out->text = (struct bytes){ in.p, text };
	else
		memset(out, 0, sizeof(*out));
	return e;
}

enum err tlog_note_parse_sigs(struct tlog_note *out, struct bytes text,
    struct bytes lines, struct err_ctx *ctx)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	e = check_bytes(lines, ctx);
	if (e == ERR_OK)
		e = read_sigs(out, lines, 0, ctx);
	if (e == ERR_OK)
		out->text = text;
	else
		memset(out, 0, sizeof(*out));
	return e;
}

/* ---- verifying ----------------------------------------------------------- */

void tlog_cosigned_format(struct wr *w, uint64_t time_s, struct bytes text)
{
	wr_fmt(w, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
	wr_bytes(w, text);
}

static enum err verify_plain(
    const struct tlog_key *key, struct bytes blob, struct bytes text)
{
	if (blob.len != ED25519_SIG_LEN)
		return ERR_AUTH;
	return crypto_ed25519_verify(key->pub, blob.p, text);
}

static enum err verify_cosig(const struct tlog_key *key, struct bytes blob,
    struct bytes text, uint64_t *time_s)
{
	uint8_t msg[COSIG_HEADER_MAX + TLOG_COSIGNED_LEN_MAX];
	struct wr w = wr_init(msg, sizeof(msg));

	*time_s = 0;
	if (text.len > TLOG_COSIGNED_LEN_MAX)
		return ERR_LIMIT;
	if (blob.len != COSIG_LEN)
		return ERR_AUTH;
	*time_s = (uint64_t)be32(blob.p) << 32 | be32(blob.p + 4);
	if (*time_s > TLOG_TIME_MAX)
		return ERR_AUTH;
	tlog_cosigned_format(&w, *time_s, text);
	assert(w.err == ERR_OK);
	return crypto_ed25519_verify(
	    key->pub, blob.p + SIG_TIME_LEN, (struct bytes){ msg, w.len });
}

/* One line of a known key. */
static enum err verify_line(struct tlog_seen *seen, const struct tlog_key *key,
    const struct tlog_sig *sig, struct bytes text, uint64_t latest)
{
	uint8_t raw[BLOB_LEN_MAX];
	struct bytes blob;
	uint64_t time_s;
	size_t n;
	enum err e;

	if (base64_decode(raw, sizeof(raw), &n, sig->base64) != ERR_OK)
		return ERR_AUTH; /* longer than a signature of this key */
	assert(n > KEY_ID_LEN);  /* as tlog_note_parse has seen */
	blob = (struct bytes){ raw + KEY_ID_LEN, n - KEY_ID_LEN };
	if (key->type == TLOG_KEY_ED25519) {
		e = verify_plain(key, blob, text);
		seen->timely = e == ERR_OK;
	} else {
		e = verify_cosig(key, blob, text, &time_s);
		if (e == ERR_OK && time_s <= latest) {
			seen->timely = true;
			seen->time = time_s > seen->time ? time_s : seen->time;
		}
	}
	if (e == ERR_OK)
		seen->ok = true;
	return e;
}

static bool can_verify(const struct tlog_key *key)
{
	return key->type == TLOG_KEY_ED25519 ||
	       key->type == TLOG_KEY_COSIGNATURE;
}

enum err tlog_note_verify(struct tlog_seen *seen, const struct tlog_note *note,
    const struct tlog_key *key, size_t n_keys, uint64_t latest,
    struct err_ctx *ctx)
{
	bool any = false;

	for (size_t k = 0; k < n_keys; k++)
		seen[k] = (struct tlog_seen){ 0 };
	for (size_t i = 0; i < note->n; i++) {
		const struct tlog_sig *sig = &note->sig[i];

		for (size_t k = 0; k < n_keys; k++) {
			enum err e;

			if (!can_verify(&key[k]) || key[k].id != sig->id ||
			    !mem_eq(key[k].name, sig->name))
				continue; /* L-12 */
			e = verify_line(
			    &seen[k], &key[k], sig, note->text, latest);
			if (e != ERR_OK)
				return err_set(ctx, e,
				    "note: signature %zu, of the known key "
				    "%.*s, does not verify",
				    i + 1, (int)sig->name.len,
				    (const char *)sig->name.p);
			any = true;
		}
	}
	if (!any)
		return err_set(
		    ctx, ERR_AUTH, "note: no signature of a known key");
	return ERR_OK;
}

/* ---- writing ------------------------------------------------------------- */

void tlog_note_format_end_text(struct wr *w)
{
	wr_u8(w, '\n');
}

void tlog_note_format_sig(struct wr *w, const struct tlog_key *key,
    const uint8_t sig[ED25519_SIG_LEN], uint64_t time_s)
{
	uint8_t raw[BLOB_LEN_MAX];
	char text[BASE64_LEN(BLOB_LEN_MAX) + 1];
	struct wr b = wr_init(raw, sizeof(raw));
	struct tlog_sig line = { .name = key->name };

	assert(can_verify(key));
	wr_u32be(&b, key->id);
	if (key->type == TLOG_KEY_COSIGNATURE)
		wr_u64be(&b, time_s);
	wr_copy(&b, sig, ED25519_SIG_LEN);
	base64_encode(text, raw, b.len);
	line.base64 = (struct bytes){ (const uint8_t *)text, mem_strlen(text) };
	tlog_note_format_line(w, &line);
}

void tlog_note_format_line(struct wr *w, const struct tlog_sig *sig)
{
	wr_str(w, DASH);
	wr_bytes(w, sig->name);
	wr_u8(w, ' ');
	wr_bytes(w, sig->base64);
	wr_u8(w, '\n');
}
