/*
 * Opening a witness: its lock, its key, its logs, and what it cosigned last,
 * which is verified before anything is cosigned. L-133, L-137 of docs/log.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "logd/store.h"
#include "logd/witnessd_state.h"
#include "sys/fd.h"
#include "tlog/checkpoint.h"

#define DIR_SHOWN 90 /* of the directory in a message */
#define KEYS_MAX  (TLOG_POLICY_LOGS_MAX + 1)

/* ---- what was kept --------------------------------------------------------- */

/* Signed by the log and by us; the rest is as after a fresh cosigning. L-137 */
static enum err check_sigs(const struct logd_witnessd *w,
    struct logd_watched *l, const struct tlog_note *note, struct err_ctx *ctx)
{
	struct tlog_key key[KEYS_MAX];
	struct tlog_seen seen[KEYS_MAX];
	const size_t n = l->log->n;
	bool log_signed = false;
	enum err e;

	for (size_t i = 0; i < n; i++)
		key[i] = l->log->key[i];
	key[n] = w->key.key;
	e = tlog_note_verify(seen, note, key, n + 1, TLOG_TIME_MAX, ctx);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < n; i++)
		log_signed = log_signed || seen[i].ok;
	if (!log_signed)
		return err_set(ctx, ERR_AUTH, "no signature of the log");
	if (!seen[n].ok)
		return err_set(ctx, ERR_AUTH, "no cosignature of this witness");
	l->time = seen[n].time;
	return ERR_OK;
}

static enum err check_kept(
    const struct logd_witnessd *w, struct logd_watched *l, struct err_ctx *ctx)
{
	struct tlog_checkpoint cp;
	struct tlog_note note;
	enum err e;

	e = tlog_note_parse(&note, (struct bytes){ l->kept, l->kept_len }, ctx);
	if (e == ERR_OK)
		e = check_sigs(w, l, &note, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_parse(&cp, note.text, ctx);
	if (e != ERR_OK)
		return e;
	if (!mem_eq(cp.origin, l->log->key[0].name))
		return err_set(ctx, ERR_AUTH, "it is of another log");
	l->last = (struct tlog_witnessed){ cp.size, cp.root };
	return ERR_OK;
}

/* Open the log's directory, which is made if it is not there. */
enum err logd_watched_dir(int *fd, const struct logd_witnessd *w,
    const struct logd_watched *l, struct err_ctx *ctx)
{
	if (mkdirat(w->seen, l->hex, 0700) != 0 && errno != EEXIST)
		return err_set(ctx, ERR_IO, "cannot make seen/%s: %s", l->hex,
		    strerrordesc_np(errno));
	*fd = openat(
	    w->seen, l->hex, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return err_set(ctx, ERR_IO, "cannot open seen/%s: %s", l->hex,
		    strerrordesc_np(errno));
	return ERR_OK;
}

static enum err load_kept(
    const struct logd_witnessd *w, struct logd_watched *l, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	int at;
	enum err e = logd_watched_dir(&at, w, l, ctx);

	if (e != ERR_OK)
		return e;
	e = fd_read_file_at(
	    l->kept, sizeof(l->kept), &l->kept_len, at, LOGD_WITNESS_KEPT_NAME);
	/* It is shown and built on, so a power cut must not take it back. */
	if (e == ERR_OK && logd_store_sync(at, "seen", &why) != ERR_OK)
		e = ERR_IO;
	fd_close(&at);
	if (e == ERR_NOTFOUND)
		return ERR_OK; /* nothing cosigned yet */
	if (e == ERR_OK)
		e = check_kept(w, l, &why);
	else
		(void)err_set(&why, e, "cannot be read: %s", err_name(e));
	if (e != ERR_OK)
		return err_set(ctx, e, "seen/%s/" LOGD_WITNESS_KEPT_NAME ": %s",
		    l->hex, why.msg);
	return ERR_OK;
}

static enum err load_logs(struct logd_witnessd *w, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < w->logs.n; i++) {
		struct logd_watched *l = &w->watched[i];
		struct bytes origin;
		uint8_t hash[SHA256_LEN];

		l->log = &w->logs.log[i];
		origin = l->log->key[0].name;
		if (mem_eq(origin, w->key.key.name))
			return err_set(ctx, ERR_POLICY,
			    "logs: a log bears the name of this witness");
		crypto_sha256(hash, &origin, 1);
		hex_encode(l->hex, hash, sizeof(hash));
		e = load_kept(w, l, ctx);
	}
	return e;
}

/* ---- opening --------------------------------------------------------------- */

static enum err open_dir(int *fd, const char *dir, struct err_ctx *ctx)
{
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return err_set(ctx, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
		    "cannot open %.*s: %s", DIR_SHOWN, dir,
		    strerrordesc_np(errno));
	return ERR_OK;
}

/* The file of logs; without one there are none. */
static enum err read_logs(
    uint8_t *out, size_t cap, size_t *len, int dir, struct err_ctx *ctx)
{
	enum err e = fd_read_file_at(out, cap, len, dir, "logs");

	if (e == ERR_NOTFOUND)
		return ERR_OK;
	return e == ERR_OK
		   ? e
		   : err_set(ctx, e, "logs: cannot be read: %s", err_name(e));
}

static enum err load_key(
    struct logd_witnessd *w, const char *dir, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e;

	if (fmt_print(path, sizeof(path), "%s/key", dir) >= sizeof(path))
		return err_set(
		    ctx, ERR_LIMIT, "%.*s is too long a path", DIR_SHOWN, dir);
	e = logd_key_load(&w->key, path, ctx);
	if (e == ERR_OK && w->key.key.type != TLOG_KEY_COSIGNATURE)
		return err_set(ctx, ERR_POLICY,
		    "%.*s/key is the key of a log, not of a witness", DIR_SHOWN,
		    dir);
	return e;
}

/*
 * The directories under seen/ are made now and not when they are needed, so
 * that a checkpoint's own directory is all that has to be made durable then.
 */
static enum err open_seen(struct logd_witnessd *w, struct err_ctx *ctx)
{
	if (mkdirat(w->dir, "seen", 0700) != 0 && errno != EEXIST)
		return err_set(ctx, ERR_IO, "cannot make seen: %s",
		    strerrordesc_np(errno));
	w->seen = openat(
	    w->dir, "seen", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->seen < 0)
		return err_set(ctx, ERR_IO, "cannot open seen: %s",
		    strerrordesc_np(errno));
	return ERR_OK;
}

static enum err sync_dirs(const struct logd_witnessd *w, struct err_ctx *ctx)
{
	if (fsync(w->seen) != 0 || fsync(w->dir) != 0)
		return err_set(ctx, ERR_IO, "cannot see seen/ on disk: %s",
		    strerrordesc_np(errno));
	return ERR_OK;
}

static enum err load(
    struct logd_witnessd *w, const char *dir, struct err_ctx *ctx)
{
	size_t len = 0;
	enum err e = open_dir(&w->dir, dir, ctx);

	if (e == ERR_OK)
		e = logd_store_lock(&w->lock, w->dir, "lock", ctx);
	if (e == ERR_OK)
		e = load_key(w, dir, ctx);
	if (e == ERR_OK)
		e = read_logs(w->text, sizeof(w->text), &len, w->dir, ctx);
	if (e == ERR_OK)
		e = logd_witness_logs_parse(
		    &w->logs, (struct bytes){ w->text, len }, ctx);
	if (e == ERR_OK)
		e = open_seen(w, ctx);
	if (e == ERR_OK)
		e = load_logs(w, ctx);
	return e == ERR_OK ? sync_dirs(w, ctx) : e;
}

enum err logd_witnessd_open(
    struct logd_witnessd **out, const char *dir, struct err_ctx *ctx)
{
	struct logd_witnessd *w = calloc(1, sizeof(*w));
	enum err e;

	*out = NULL;
	if (w == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for a witness");
	w->dir = w->lock = w->seen = -1;
	e = load(w, dir, ctx);
	if (e == ERR_OK)
		*out = w;
	else
		logd_witnessd_close(w);
	return e;
}

void logd_witnessd_close(struct logd_witnessd *w)
{
	if (w == NULL)
		return;
	logd_key_wipe(&w->key);
	fd_close(&w->seen);
	fd_close(&w->dir);
	fd_close(&w->lock);
	free(w);
}

/* Append the line and see that the whole still parses. */
static enum err append_log(int dir, struct bytes vkey, struct err_ctx *ctx)
{
	uint8_t text[LOGD_WITNESS_LOGS_LEN_MAX + 1];
	struct logd_witness_logs logs;
	struct tlog_key key;
	struct wr w = wr_init(text, sizeof(text));
	enum err e = tlog_vkey_parse(&key, vkey, ctx);

	if (e == ERR_OK)
		e = read_logs(
		    text, LOGD_WITNESS_LOGS_LEN_MAX, &w.len, dir, ctx);
	if (e == ERR_OK) /* also its last line, which must have an end */
		e = logd_witness_logs_parse(
		    &logs, (struct bytes){ text, w.len }, ctx);
	if (e != ERR_OK)
		return e;
	wr_str(&w, "log ");
	wr_bytes(&w, vkey);
	wr_u8(&w, '\n');
	if (w.err != ERR_OK)
		return err_set(ctx, ERR_LIMIT, "logs: the file is full");
	e = logd_witness_logs_parse(&logs, (struct bytes){ text, w.len }, ctx);
	if (e != ERR_OK)
		return e;
	return logd_store_replace(
	    dir, "logs", (struct bytes){ text, w.len }, 0644, ctx);
}

enum err logd_witnessd_add_log(
    const char *dir, struct bytes vkey, struct err_ctx *ctx)
{
	int lock = -1, fd = -1;
	enum err e = open_dir(&fd, dir, ctx);

	if (e == ERR_OK)
		e = logd_store_lock(&lock, fd, "lock", ctx);
	if (e == ERR_OK)
		e = append_log(fd, vkey, ctx);
	fd_close(&fd);
	fd_close(&lock);
	return e;
}
