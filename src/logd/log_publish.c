/* Cosignatures, and the public checkpoint; docs/log.md, section 11.5. */
#include "base/assert.h"
#include "logd/log_parts.h"
#include "logd/store.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

void logd_log_drop_partials(const struct logd_log *log, uint64_t from)
{
	char path[TLOG_TILE_PATH_MAX];

	for (unsigned level = 0; level < LOGD_LEVELS; level++) {
		const uint64_t end = tlog_tile_full(log->published, level);
		uint64_t i = tlog_tile_full(from, level);

		for (; i < end; i++) {
			logd_log_partial_dir(path, false, level, i);
			logd_store_drop(log->public, path);
			if (level > 0)
				continue;
			logd_log_partial_dir(path, true, 0, i);
			logd_store_drop(log->public, path);
		}
	}
}

enum err logd_log_release(
    struct logd_log *log, struct bytes note, struct err_ctx *ctx)
{
	const uint64_t before = log->published;
	enum err e;

	assert(note.len <= sizeof(log->note));
	e = logd_store_replace(log->public, "checkpoint", note, 0644, ctx);
	if (e == ERR_OK) {
		mem_copy(log->note, note.p, note.len);
		log->note_len = note.len;
		log->published = log->size;
		log->published_root = log->root;
	}
	if (e == ERR_OK && log->wal)
		e = logd_store_remove(log->state, "wal", ctx);
	if (e != ERR_OK) {
		log->broken = true;
		return e;
	}
	log->wal = false;
	logd_log_drop_partials(log, before);
	return ERR_OK;
}

/*
 * A witness says that it has seen more of this log than we have. If it shows
 * our own signature, then this copy is the old one and ends here; its word alone
 * stops this process only, since anybody can say so [L-153].
 */
static enum err stop(
    struct logd_log *log, const struct logd_witness *w, struct err_ctx *ctx)
{
	const size_t len = w->key.name.len < 64 ? w->key.name.len : 64;
	uint8_t text[ERR_MSG_LEN_MAX];
	struct wr f = wr_init(text, sizeof(text));
	enum err e;

	log->broken = true;
	wr_fmt(&f, "%.*s has cosigned another tree, of size %llu\n", (int)len,
	    (const char *)w->key.name.p, (unsigned long long)w->size);
	if (!w->proven)
		return err_set(ctx, ERR_PROTOCOL,
		    "nothing published: without proof, it is said that %.*s",
		    (int)f.len - 1, (const char *)text);
	e = logd_store_replace(
	    log->state, "dead", (struct bytes){ text, f.len }, 0600, NULL);
	return err_set(ctx, ERR_PROTOCOL, "this copy never signs again%s: %.*s",
	    e == ERR_OK ? "" : " (but state/dead could not be written)",
	    (int)f.len - 1, (const char *)text);
}

/* Copy the lines of `note` that are this key's, if they verify. */
static void keep_lines(struct wr *w, const struct tlog_note *note,
    const struct tlog_key *key, uint64_t latest)
{
	struct tlog_seen seen;

	if (tlog_note_verify(&seen, note, key, 1, latest, NULL) != ERR_OK ||
	    !seen.timely)
		return;
	for (size_t i = 0; i < note->n; i++) {
		const struct tlog_sig *sig = &note->sig[i];

		if (sig->id != key->id || !mem_eq(sig->name, key->name))
			continue;
		wr_str(w, "\xe2\x80\x94 ");
		wr_bytes(w, sig->name);
		wr_u8(w, ' ');
		wr_bytes(w, sig->base64);
		wr_u8(w, '\n');
	}
}

/* Cosignatures of the same tree, of witnesses that do not answer now [L-152]. */
static void keep_cosignatures(const struct logd_log *log, struct wr *out,
    const struct logd_witness *w, size_t n, uint64_t now_s)
{
	struct tlog_note note;

	if (log->published != log->size ||
	    tlog_note_parse(&note, logd_log_checkpoint(log), NULL) != ERR_OK)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!w[i].cosigned)
			keep_lines(out, &note, &w[i].key, now_s + TLOG_SKEW_S);
	}
}

/* Ask, and look whether one of them says that we are an old copy [L-153]. */
static enum err ask(struct logd_log *log, struct wr *out,
    struct logd_witness *w, size_t n, uint64_t now_s, struct err_ctx *ctx)
{
	const struct tlog_tiles tiles = logd_log_tiles(log);
	const struct logd_ask what = {
		.note = { log->head, log->head_len },
		.root = log->root,
		.log = &log->key.key,
		.tiles = &tiles,
		.now_s = now_s,
	};
	enum err e = logd_ask_witnesses(out, w, n, &what, ctx);

	const struct logd_witness *larger = NULL;

	for (size_t i = 0; i < n; i++) {
		if (w[i].rolled_back && (larger == NULL || w[i].proven))
			larger = &w[i];
	}
	return e == ERR_OK && larger != NULL ? stop(log, larger, ctx) : e;
}

enum err logd_log_publish(struct logd_log *log, struct logd_witness *w,
    size_t n, uint64_t now_s, struct err_ctx *ctx)
{
	uint8_t buf[LOGD_NOTE_MAX];
	struct wr out = wr_init(buf, sizeof(buf));
	struct bytes note;
	enum err e = ERR_OK;

	if (log->broken)
		return err_set(
		    ctx, ERR_IO, "an earlier write failed: open the log anew");
	wr_copy(&out, log->head, log->head_len);
	if (n > 0)
		e = ask(log, &out, w, n, now_s, ctx);
	if (e != ERR_OK)
		return e;
	keep_cosignatures(log, &out, w, n, now_s);
	if (wr_end(&out, &note.len) != ERR_OK)
		return err_set(ctx, ERR_NOSPACE,
		    "the cosignatures need more than %d bytes", LOGD_NOTE_MAX);
	note.p = buf;
	if (!log->wal && mem_eq(note, logd_log_checkpoint(log)))
		return ERR_OK; /* nothing new to say */
	return logd_log_release(log, note, ctx);
}
