/* State of an audit; see audit_state.h. */
#include "logd/audit_state.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/hex.h"
#include "crypto/crypto.h"
#include "sys/fd.h"
#include "tlog/text.h"

#define MAGIC     "confer-audit/v1"
#define CHECK     "sha256 "
#define HEX_LEN   (2 * SHA256_LEN)
#define CHECK_LEN (sizeof(CHECK) - 1 + HEX_LEN + 1) /* the last line */

/* ---- reading ------------------------------------------------------------- */

/* The last line is the SHA-256 of everything before it. */
static enum err check_sum(struct bytes *body, struct bytes in)
{
	struct bytes line, digits;
	uint8_t sum[SHA256_LEN], want[SHA256_LEN];

	if (in.len < CHECK_LEN)
		return ERR_TRUNCATED;
	*body = (struct bytes){ in.p, in.len - CHECK_LEN };
	line = (struct bytes){ in.p + body->len, CHECK_LEN };
	digits = (struct bytes){ line.p + sizeof(CHECK) - 1, HEX_LEN };
	if (!mem_eq_ct(line.p, CHECK, sizeof(CHECK) - 1) ||
	    line.p[CHECK_LEN - 1] != '\n' ||
	    hex_decode(want, sizeof(want), digits) != ERR_OK)
		return ERR_FORMAT;
	crypto_sha256(sum, body, 1);
	return mem_eq_ct(sum, want, sizeof(sum)) ? ERR_OK : ERR_AUTH;
}

static void parse_edges(struct tlog_text *t, struct tlog_range *range)
{
	uint64_t next = 0; /* heights ascend */

	while (tlog_text_peek(t, "edge")) {
		struct tlog_hash h;
		uint64_t k;

		tlog_text_key(t, "edge");
		k = tlog_text_num(t, next, TLOG_RANGE_EDGES - 1);
		tlog_text_hex(t, h.b, sizeof(h.b));
		tlog_text_eol(t);
		if (t->err != ERR_OK)
			return;
		range->edge[k] = h;
		range->size |= UINT64_C(1) << k;
		next = k + 1;
	}
}

static bool parse_flag(struct tlog_text *t, const char *word)
{
	if (!tlog_text_peek(t, word))
		return false;
	tlog_text_key(t, word);
	tlog_text_eol(t);
	return true;
}

static enum record_kind parse_kind(struct tlog_text *t)
{
	struct bytes name = tlog_text_token(t);

	for (unsigned k = RECORD_IMAGE; k <= RECORD_REBUILD; k++) {
		if (mem_eq_str(
			name, tlog_record_kind_name((enum record_kind)k)))
			return (enum record_kind)k;
	}
	tlog_text_fail(t, ERR_FORMAT, "unknown kind");
	return RECORD_IMAGE;
}

static void keep(char out[RECORD_TOKEN_LEN_MAX + 1], struct bytes token)
{
	assert(token.len <= RECORD_TOKEN_LEN_MAX);
	mem_copy(out, token.p, token.len);
	out[token.len] = '\0';
}

static void parse_streams(struct tlog_text *t, struct logd_admit *a)
{
	while (tlog_text_peek(t, "stream")) {
		struct logd_stream s = { .kind = RECORD_IMAGE };
		struct bytes product, channel;

		tlog_text_key(t, "stream");
		s.kind = parse_kind(t);
		product = tlog_text_token(t);
		channel = tlog_text_token(t);
		s.seq = tlog_text_num(t, 1, INT64_MAX);
		s.not_after = tlog_text_num(t, 0, INT64_MAX);
		tlog_text_hex(t, s.leaf.b, sizeof(s.leaf.b));
		tlog_text_eol(t);
		if (t->err == ERR_OK && a->n_streams == LOGD_STREAMS_MAX)
			tlog_text_fail(t, ERR_LIMIT, "too many series");
		if (t->err == ERR_OK &&
		    logd_admit_stream(a, s.kind, product, channel) != NULL)
			tlog_text_fail(t, ERR_FORMAT, "a series twice");
		if (t->err != ERR_OK)
			return;
		keep(s.product, product);
		keep(s.channel, channel);
		a->stream[a->n_streams++] = s;
	}
}

/* The note is the rest: its length says so, and its root is the edges'. */
static void parse_note(struct tlog_text *t, struct logd_audit_state *out)
{
	struct tlog_checkpoint cp;
	struct tlog_note note;
	struct tlog_hash root;
	uint64_t n;
	enum err e;

	tlog_text_key(t, "note");
	n = tlog_text_num(t, 1, sizeof(out->note));
	tlog_text_eol(t);
	if (t->err != ERR_OK)
		return;
	if (n != t->in.len - t->off) {
		tlog_text_fail(t,
		    n > t->in.len - t->off ? ERR_TRUNCATED : ERR_TRAILING,
		    "not the length of the note");
		return;
	}
	mem_copy(out->note, t->in.p + t->off, (size_t)n);
	out->note_len = (size_t)n;
	t->off = t->in.len;
	e = tlog_note_parse(
	    &note, (struct bytes){ out->note, out->note_len }, t->ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_parse(&cp, note.text, t->ctx);
	tlog_range_root(&root, &out->range);
	if (e == ERR_OK &&
	    (cp.size != out->range.size || !tlog_hash_eq(&cp.root, &root)))
		e = ERR_AUTH;
	if (e != ERR_OK)
		tlog_text_fail(t, e, "the note is not of these edges");
	out->admit.entries = out->range.size;
}

/* Forget everything but what is the caller's. */
static void clear(struct logd_audit_state *s)
{
	memset(&s->range, 0, sizeof(s->range));
	s->admit.entries = 0;
	s->admit.n_streams = 0;
	s->admit.retired = s->admit.successor = false;
	s->note_len = 0;
}

enum err logd_audit_state_parse(
    struct logd_audit_state *out, struct bytes in, struct err_ctx *ctx)
{
	struct bytes body = { NULL, 0 };
	struct tlog_text t;
	enum err e = check_sum(&body, in);

	clear(out);
	if (e != ERR_OK)
		return err_set(ctx, e, "audit state: damaged (checksum)");
	t = tlog_text_init(body, ctx);
	t.key = "audit state";
	if (!tlog_text_peek(&t, MAGIC))
		tlog_text_fail(&t, ERR_UNSUPPORTED, "not " MAGIC);
	tlog_text_key(&t, MAGIC);
	tlog_text_eol(&t);
	parse_edges(&t, &out->range);
	out->admit.retired = parse_flag(&t, "retired");
	out->admit.successor = parse_flag(&t, "successor");
	parse_streams(&t, &out->admit);
	parse_note(&t, out);
	if (t.err != ERR_OK)
		clear(out);
	return t.err;
}

struct tlog_checkpoint logd_audit_state_checkpoint(
    const struct logd_audit_state *state)
{
	struct tlog_checkpoint cp;
	struct tlog_note note;

	assert(tlog_note_parse(&note,
		   (struct bytes){ state->note, state->note_len },
		   NULL) == ERR_OK);
	assert(tlog_checkpoint_parse(&cp, note.text, NULL) == ERR_OK);
	return cp;
}

/* ---- writing ------------------------------------------------------------- */

static void write_hex(struct wr *w, const uint8_t b[SHA256_LEN])
{
	char text[HEX_LEN + 1];

	hex_encode(text, b, SHA256_LEN);
	wr_fmt(w, " %s\n", text);
}

void logd_audit_state_format(struct wr *w, const struct logd_audit_state *state)
{
	const struct logd_admit *a = &state->admit;
	size_t start = w->len;
	uint8_t sum[SHA256_LEN];
	struct bytes body;

	wr_str(w, MAGIC "\n");
	for (unsigned k = 0; k < TLOG_RANGE_EDGES; k++) {
		if ((state->range.size >> k & 1) == 0)
			continue;
		wr_fmt(w, "edge %u", k);
		write_hex(w, state->range.edge[k].b);
	}
	wr_str(w, a->retired ? "retired\n" : "");
	wr_str(w, a->successor ? "successor\n" : "");
	for (size_t i = 0; i < a->n_streams; i++) {
		const struct logd_stream *s = &a->stream[i];

		wr_fmt(w, "stream %s %s %s %llu %llu",
		    tlog_record_kind_name(s->kind), s->product, s->channel,
		    (unsigned long long)s->seq,
		    (unsigned long long)s->not_after);
		write_hex(w, s->leaf.b);
	}
	wr_fmt(w, "note %zu\n", state->note_len);
	wr_copy(w, state->note, state->note_len);
	body = (struct bytes){ w->p + start, w->len - start };
	crypto_sha256(sum, &body, 1);
	wr_str(w, "sha256");
	write_hex(w, sum);
}

/* ---- the file ------------------------------------------------------------ */

static enum err path_of(
    char out[FD_PATH_MAX], const char *dir, struct err_ctx *ctx)
{
	if (fmt_print(out, FD_PATH_MAX, "%s/" LOGD_STATE_FILE, dir) >=
	    FD_PATH_MAX)
		return err_set(ctx, ERR_LIMIT, "audit state: path too long");
	return ERR_OK;
}

enum err logd_audit_state_load(
    struct logd_audit_state *out, const char *dir, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	uint8_t *buf = malloc(LOGD_STATE_LEN_MAX);
	size_t len;
	enum err e = path_of(path, dir, ctx);

	clear(out);
	if (buf == NULL)
		return err_set(ctx, ERR_NOMEM, "audit state: no memory");
	if (e == ERR_OK)
		e = fd_read_file(buf, LOGD_STATE_LEN_MAX, &len, path, ctx);
	if (e == ERR_OK)
		e = logd_audit_state_parse(
		    out, (struct bytes){ buf, len }, ctx);
	free(buf);
	return e;
}

enum err logd_audit_state_save(
    const struct logd_audit_state *state, const char *dir, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	uint8_t *buf = malloc(LOGD_STATE_LEN_MAX);
	struct wr w = wr_init(buf, LOGD_STATE_LEN_MAX);
	enum err e = path_of(path, dir, ctx);

	if (buf == NULL)
		return err_set(ctx, ERR_NOMEM, "audit state: no memory");
	if (e == ERR_OK)
		e = fd_make_dirs(dir, ctx);
	logd_audit_state_format(&w, state);
	assert(w.err == ERR_OK); /* LOGD_STATE_LEN_MAX holds the longest */
	if (e == ERR_OK)
		e = fd_replace_file(
		    path, (struct bytes){ buf, w.len }, 0600, ctx);
	free(buf);
	return e;
}
