/* Making a log; docs/log.md, section 11.6 [L-158]. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fmt.h"
#include "logd/log_parts.h"
#include "logd/store.h"

/* What may be in a directory in which a log is to be made: what a run that was
 * cut short has left, and what a new file system has. */
static const char *const HARMLESS[] = { ".", "..", "state", "public",
	"lost+found" };

static enum err failed(struct err_ctx *ctx, const char *what, const char *path)
{
	return err_set(ctx, errno == ENOSPC ? ERR_NOSPACE : ERR_IO,
	    "cannot %s %.*s: %s", what, 90, path, strerrordesc_np(errno));
}

static bool harmless(const char *name)
{
	for (size_t i = 0; i < sizeof(HARMLESS) / sizeof(HARMLESS[0]); i++) {
		if (strcmp(name, HARMLESS[i]) == 0)
			return true;
	}
	return false;
}

/* NULL with errno 0 is the end, with another a failure. */
static const struct dirent *next(DIR *d)
{
	errno = 0;
	return readdir(d);
}

static enum err check_empty(const char *dir, struct err_ctx *ctx)
{
	const struct dirent *entry;
	enum err e = ERR_OK;
	DIR *d = opendir(dir);

	if (d == NULL)
		return failed(ctx, "read", dir);
	while (e == ERR_OK && (entry = next(d)) != NULL) {
		if (!harmless(entry->d_name))
			e = err_set(ctx, ERR_BUSY, "there is something in %.*s",
			    100, dir);
	}
	if (e == ERR_OK && errno != 0)
		e = failed(ctx, "read", dir);
	(void)closedir(d);
	return e;
}

/* Make dir, with what is missing above it. */
static enum err make_dir(const char *dir, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX], *slash;
	size_t n = strlen(dir);
	enum err e;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (fmt_print(path, sizeof(path), "%.*s", (int)n, dir) >= sizeof(path))
		return err_set(ctx, ERR_LIMIT, "the log's path is too long");
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return ERR_OK;
	slash = strrchr(path, '/');
	if (errno != ENOENT || slash == NULL || slash == path)
		return failed(ctx, "make", dir);
	*slash = '\0';
	e = fd_make_dirs(path, ctx);
	*slash = '/';
	if (e == ERR_OK && mkdir(path, 0755) != 0)
		e = failed(ctx, "make", dir);
	return e;
}

static enum err sync_dir(const char *path, struct err_ctx *ctx)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = ERR_OK;

	if (fd < 0 || fsync(fd) != 0)
		e = failed(ctx, "see on disk", path);
	fd_close(&fd);
	return e;
}

/* The directories of a log, on disk, and nothing else in them. */
static enum err make_dirs(const char *dir, struct err_ctx *ctx)
{
	static const char *const part[] = { "state", "public" };
	char path[FD_PATH_MAX];
	enum err e = make_dir(dir, ctx);

	if (e == ERR_OK)
		e = check_empty(dir, ctx);
	for (size_t i = 0; e == ERR_OK && i < 2; i++) {
		e = logd_log_path(path, dir, part[i], ctx);
		if (e == ERR_OK && mkdir(path, i == 0 ? 0700 : 0755) != 0 &&
		    errno != EEXIST)
			e = failed(ctx, "make", path);
	}
	if (e == ERR_OK)
		e = sync_dir(dir, ctx);
	if (e == ERR_OK)
		e = logd_log_path(path, dir, "..", ctx);
	if (e == ERR_OK)
		e = sync_dir(path, ctx);
	return e;
}

/* A key that has signed nothing is left of a run that was cut short. */
static enum err save_key(struct logd_log *log, const char *dir,
    const struct logd_key *key, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = logd_store_remove(log->state, "key", ctx);

	if (e == ERR_OK)
		e = logd_log_path(path, dir, "state/key", ctx);
	if (e == ERR_OK)
		e = logd_key_save(key, path, ctx);
	if (e != ERR_OK)
		return e;
	log->key = *key;
	log->key.key.name.p = (const uint8_t *)log->key.name;
	return ERR_OK;
}

static enum err init(struct logd_log *log, const char *dir,
    const struct logd_key *key, struct err_ctx *ctx)
{
	struct tlog_hash root;
	enum err e = make_dirs(dir, ctx);

	if (e == ERR_OK)
		e = logd_log_enter(log, dir, ctx);
	if (e == ERR_OK && !logd_log_unsigned(log))
		e = err_set(
		    ctx, ERR_BUSY, "there is a log in %.*s already", 100, dir);
	if (e == ERR_OK)
		e = save_key(log, dir, key, ctx);
	if (e != ERR_OK)
		return e;
	tlog_root(&root, NULL, 0);
	e = logd_log_sign(log, 0, &root, ctx);
	if (e == ERR_OK)
		e = logd_log_release(
		    log, (struct bytes){ log->head, log->head_len }, ctx);
	return e;
}

enum err logd_log_init(
    const char *dir, const struct logd_key *key, struct err_ctx *ctx)
{
	struct logd_log *log;
	enum err e;

	if (key->key.type != TLOG_KEY_ED25519)
		return err_set(ctx, ERR_FORMAT, "not the key of a log");
	log = logd_log_new();
	if (log == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for a log");
	e = init(log, dir, key, ctx);
	logd_log_close(log);
	return e;
}
