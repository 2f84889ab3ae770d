/* A local log; see local_log.h. */
#include "client/local_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/rd.h"
#include "client/seed.h"
#include "crypto/crypto_native.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "tlog/record.h"

#define LENGTH_LEN 2 /* before each entry */

_Static_assert(RECORD_LEN_MAX <= UINT16_MAX, "lengths are u16");

static enum err path_of(const struct client_log *log, char out[FD_PATH_MAX],
    const char *name, struct err_ctx *ctx)
{
	if (fmt_print(out, FD_PATH_MAX, "%s/%s", log->path, name) >=
	    FD_PATH_MAX)
		return err_set(ctx, ERR_LIMIT, "log: path is too long");
	return ERR_OK;
}

static enum err failed(struct err_ctx *ctx, const char *what)
{
	int e = errno;

	return err_set(ctx, e == ENOSPC || e == EDQUOT ? ERR_NOSPACE : ERR_IO,
	    "log: cannot %s: %s", what, strerrordesc_np(e));
}

static enum err contradiction(struct err_ctx *ctx, const char *what)
{
	return err_set(ctx, ERR_AUTH, "log: %s", what);
}

/* ---- opening ------------------------------------------------------------- */

static enum err lock_dir(struct client_log *log, struct err_ctx *ctx)
{
	enum err e = fd_make_dirs(log->path, ctx);

	if (e != ERR_OK)
		return e;
	log->dir = open(log->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log->dir < 0)
		return failed(ctx, "open the directory");
	if (flock(log->dir, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	if (errno == EWOULDBLOCK)
		return err_set(ctx, ERR_BUSY,
		    "log: another process writes to %.*s", 100, log->path);
	return failed(ctx, "lock the directory");
}

/* Add an entry to what is in memory. */
static void remember(
    struct client_log *log, const struct tlog_hash *leaf, size_t entry_len)
{
	log->leaf[log->n] = *leaf;
	log->offset[log->n] = log->bytes;
	log->n++;
	log->bytes += LENGTH_LEN + entry_len;
}

/* Leaf hashes and offsets of the first `size` entries of the file. */
static enum err load_entries(
    struct client_log *log, uint64_t size, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	struct tlog_hash leaf;
	struct fd_map map;
	struct rd r;
	enum err e;

	if (size == 0)
		return ERR_OK;
	if (size > CLIENT_LOG_ENTRIES_MAX)
		return err_set(ctx, ERR_LIMIT, "log: too many entries");
	e = path_of(log, path, "entries", ctx);
	if (e == ERR_OK)
		e = fd_map_open(&map, path, ctx);
	if (e != ERR_OK)
		return e;
	r = rd_init(map.p, map.len);
	for (uint64_t i = 0; i < size; i++) {
		size_t len = rd_u16be(&r);
		struct bytes entry = rd_take(&r, len);

		if (r.err != ERR_OK || len == 0 || len > RECORD_LEN_MAX) {
			e = contradiction(
			    ctx, "entries do not reach the checkpoint");
			break;
		}
		tlog_leaf_hash(&leaf, entry);
		remember(log, &leaf, len);
	}
	fd_map_close(&map);
	return e;
}

/* Sign the tree of `size` entries into *w, a note. */
static void make_note(const struct client_log *log, struct wr *w, size_t size)
{
	uint8_t sig[ED25519_SIG_LEN];
	struct tlog_hash root;
	struct bytes text;

	tlog_root(&root, log->leaf, size);
	tlog_checkpoint_format(w, log->key.name, size, &root);
	text = (struct bytes){ w->p, w->len };
	crypto_ed25519_sign(sig, log->seed_priv, text);
	tlog_note_format_end_text(w);
	tlog_note_format_sig(w, &log->key, sig, 0);
	assert(w->err == ERR_OK);
}

/* Sign the tree of `size` entries and put its checkpoint on disk. */
static enum err publish(
    struct client_log *log, size_t size, struct err_ctx *ctx)
{
	uint8_t note[CLIENT_LOG_NOTE_MAX];
	struct wr w = wr_init(note, sizeof(note));
	char path[FD_PATH_MAX];
	enum err e = path_of(log, path, "checkpoint", ctx);

	if (e != ERR_OK)
		return e;
	make_note(log, &w, size);
	e = fd_replace_file(path, (struct bytes){ note, w.len }, 0644, ctx);
	if (e != ERR_OK)
		return e;
	mem_copy(log->note, note, w.len);
	log->note_len = w.len;
	return ERR_OK;
}

static enum err check_note(const struct client_log *log,
    struct tlog_checkpoint *cp, struct err_ctx *ctx)
{
	struct tlog_seen seen;
	struct tlog_note note;
	enum err e = tlog_note_parse(
	    &note, (struct bytes){ log->note, log->note_len }, ctx);

	if (e == ERR_OK)
		e = tlog_note_verify(&seen, &note, &log->key, 1, 0, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_parse(cp, note.text, ctx);
	if (e == ERR_OK && !mem_eq(cp->origin, log->key.name))
		e = contradiction(ctx, "checkpoint is of another log");
	return e;
}

/* The checkpoint on disk and the entries under it. */
static enum err load(struct client_log *log, struct err_ctx *ctx)
{
	struct tlog_checkpoint cp;
	struct tlog_hash root;
	enum err e = check_note(log, &cp, ctx);

	if (e == ERR_OK)
		e = load_entries(log, cp.size, ctx);
	if (e != ERR_OK)
		return e;
	tlog_root(&root, log->leaf, log->n);
	if (!tlog_hash_eq(&root, &cp.root))
		return contradiction(ctx, "entries are not those signed");
	return ERR_OK;
}

/* A log without checkpoint is new, unless something was written to it. */
static enum err open_files(struct client_log *log, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	struct err_ctx why = { 0 };
	bool fresh;
	enum err e = path_of(log, path, "checkpoint", ctx);

	if (e != ERR_OK)
		return e;
	e = fd_read_file(
	    log->note, sizeof(log->note), &log->note_len, path, &why);
	fresh = e == ERR_NOTFOUND;
	if (e != ERR_OK && !fresh)
		return err_set(ctx, e, "%s", why.msg);
	if (fresh && faccessat(log->dir, "entries", F_OK, 0) == 0)
		return contradiction(ctx, "entries without a checkpoint");
	e = path_of(log, path, "key", ctx);
	if (e == ERR_OK)
		e = client_seed_open(log->seed_priv, path, fresh, ctx);
	if (e != ERR_OK)
		return e;
	crypto_ed25519_public(log->key.pub, log->seed_priv);
	log->key = tlog_key_make(log->key.name, TLOG_KEY_ED25519, log->key.pub);
	return fresh ? publish(log, 0, ctx) : load(log, ctx);
}

enum err client_log_open(struct client_log *log, const char *path,
    const char *origin, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	assert(log->dir == -1);
	log->key.name =
	    (struct bytes){ (const uint8_t *)log->origin, mem_strlen(origin) };
	if (fmt_print(log->path, sizeof(log->path), "%s", path) >=
		sizeof(log->path) ||
	    fmt_print(log->origin, sizeof(log->origin), "%s", origin) >=
		sizeof(log->origin) ||
	    !tlog_key_name_ok(log->key.name))
		e = err_set(ctx, ERR_LIMIT, "log: path or origin");
	log->leaf = calloc(CLIENT_LOG_ENTRIES_MAX, sizeof(*log->leaf));
	log->offset = calloc(CLIENT_LOG_ENTRIES_MAX, sizeof(*log->offset));
	if (e == ERR_OK && (log->leaf == NULL || log->offset == NULL))
		e = err_set(ctx, ERR_NOMEM, "log: no memory");
	if (e == ERR_OK)
		e = lock_dir(log, ctx);
	if (e == ERR_OK)
		e = open_files(log, ctx);
	if (e != ERR_OK)
		client_log_close(log);
	return e;
}

void client_log_close(struct client_log *log)
{
	free(log->leaf);
	free(log->offset);
	fd_close(&log->dir); /* and with it the lock */
	mem_wipe(log, sizeof(*log));
	log->dir = -1;
}

/* ---- appending ----------------------------------------------------------- */

/* Put the entry after the valid part of the file, durably. */
static enum err write_entry(
    const struct client_log *log, struct bytes entry, struct err_ctx *ctx)
{
	const uint8_t len[LENGTH_LEN] = { (uint8_t)(entry.len >> 8),
		(uint8_t)entry.len };
	enum err e = ERR_OK;
	int fd = openat(log->dir, "entries",
	    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return failed(ctx, "open entries");
	if (ftruncate(fd, (off_t)log->bytes) != 0 ||
	    lseek(fd, 0, SEEK_END) != (off_t)log->bytes)
		e = failed(ctx, "drop what an earlier append left");
	if (e == ERR_OK &&
	    (fd_write_full(fd, len, sizeof(len), FD_NO_DEADLINE) != ERR_OK ||
		fd_write_full(fd, entry.p, entry.len, FD_NO_DEADLINE) !=
		    ERR_OK))
		e = failed(ctx, "write the entry");
	if (e == ERR_OK && (fsync(fd) != 0 || fsync(log->dir) != 0))
		e = failed(ctx, "see the entry on disk");
	if (close(fd) != 0 && e == ERR_OK)
		e = failed(ctx, "close entries");
	return e;
}

enum err client_log_append(struct client_log *log, uint64_t *index,
    struct bytes entry, struct err_ctx *ctx)
{
	struct tlog_hash leaf;
	enum err e;

	if (entry.len == 0 || entry.len > RECORD_LEN_MAX)
		return err_set(
		    ctx, ERR_LIMIT, "log: entry of %zu bytes", entry.len);
	if (log->dead)
		return err_set(ctx, ERR_IO, "log: an earlier write failed");
	tlog_leaf_hash(&leaf, entry);
	for (*index = 0; *index < log->n; ++*index) {
		if (tlog_hash_eq(&log->leaf[*index], &leaf))
			return ERR_OK;
	}
	if (log->n == CLIENT_LOG_ENTRIES_MAX ||
	    log->bytes + LENGTH_LEN + entry.len > CLIENT_LOG_BYTES_MAX)
		return err_set(ctx, ERR_LIMIT, "log: full");
	e = write_entry(log, entry, ctx);
	if (e == ERR_OK) {
		log->leaf[log->n] = leaf;
		e = publish(log, log->n + 1, ctx);
	}
	if (e != ERR_OK) {
		/* The checkpoint may or may not be on disk: sign no other
		 * tree of this size. */
		log->dead = true;
		return e;
	}
	remember(log, &leaf, entry.len);
	return ERR_OK;
}

/* ---- reading ------------------------------------------------------------- */

enum err client_log_read(const struct client_log *log, uint64_t index,
    uint8_t *out, size_t cap, size_t *len)
{
	uint64_t at, end;
	enum err e;
	int fd;

	*len = 0;
	if (index >= log->n)
		return ERR_NOTFOUND;
	at = log->offset[index] + LENGTH_LEN;
	end = index + 1 < log->n ? log->offset[index + 1] : log->bytes;
	if (end - at > cap)
		return ERR_NOSPACE;
	fd = openat(log->dir, "entries", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return ERR_IO;
	e = lseek(fd, (off_t)at, SEEK_SET) == (off_t)at ? ERR_OK : ERR_IO;
	if (e == ERR_OK)
		e = fd_read_full(fd, out, (size_t)(end - at), FD_NO_DEADLINE);
	fd_close(&fd);
	if (e != ERR_OK)
		return ERR_IO;
	*len = (size_t)(end - at);
	return ERR_OK;
}

enum err client_log_prove(
    const struct client_log *log, struct wr *out, uint64_t index)
{
	struct tlog_proof proof = { .index = index };

	if (index >= log->n)
		return ERR_NOTFOUND;
	tlog_inclusion_path(
	    proof.path, &proof.n, log->leaf, log->n, (size_t)index);
	proof.checkpoint = (struct bytes){ log->note, log->note_len };
	tlog_proof_format(out, &proof);
	return out->err;
}

void client_log_policy(const struct client_log *log, struct wr *out)
{
	wr_str(out, "log ");
	tlog_vkey_format(out, log->key.name, log->key.type, log->key.pub);
	wr_str(out, "\nquorum none\n");
}
