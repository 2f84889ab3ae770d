/* Reading a log from a directory or a server; see view.h. */
#include "logd/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "http/http_fetch.h"
#include "http/url.h"
#include "sys/addr.h"
#include "sys/clock.h"

#define WHERE_SHOWN 60                 /* of a view's name, in messages */
#define UNIX_URL    "http://localhost" /* whom a server on a socket is */

static bool is_unix(const char *where)
{
	return strncmp(where, "unix:", strlen("unix:")) == 0;
}

/* ---- opening -------------------------------------------------------------- */

/* `base` and a path below it, with one slash between them. */
static enum err make_url(char out[HTTP_URL_LEN_MAX + 1], const char *base,
    const char *path, struct err_ctx *ctx)
{
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	if (fmt_print(out, HTTP_URL_LEN_MAX + 1, "%.*s/%s", (int)n, base,
		path) > HTTP_URL_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "%.*s... is too long for a URL",
		    WHERE_SHOWN, base);
	return ERR_OK;
}

/* A prefix of URLs: something that paths can be put behind. */
static enum err check_prefix(const char *where, struct err_ctx *ctx)
{
	const struct bytes text = { (const uint8_t *)where, strlen(where) };
	char url[HTTP_URL_LEN_MAX + 1];
	struct http_url u;
	enum err e = http_url_parse(&u, text, ctx);

	if (e == ERR_OK && u.query)
		e = err_set(ctx, ERR_FORMAT, "%.*s has a query (?)",
		    WHERE_SHOWN, where);
	if (e == ERR_OK)
		e = make_url(url, where, "checkpoint", ctx);
	return e;
}

static enum err check_socket(const char *where, struct err_ctx *ctx)
{
	struct addr a;

	return addr_parse(&a, where, ctx);
}

static enum err open_dir(struct logd_view *v, struct err_ctx *ctx)
{
	v->dir = open(v->where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v->dir >= 0)
		return ERR_OK;
	return err_set(ctx,
	    errno == ENOENT || errno == ENOTDIR ? ERR_NOTFOUND : ERR_IO,
	    "cannot open directory %.*s: %s", WHERE_SHOWN, v->where,
	    strerrordesc_np(errno));
}

enum err logd_view_open(struct logd_view *v, const char *where,
    const char *ca_file, struct err_ctx *ctx)
{
	enum err e;

	*v = (struct logd_view)LOGD_VIEW_INIT;
	if (strlen(where) >= sizeof(v->where))
		return err_set(
		    ctx, ERR_LIMIT, "%.*s... is too long", WHERE_SHOWN, where);
	(void)fmt_print(v->where, sizeof(v->where), "%s", where);
	v->ca_file = ca_file;
	v->timeout_ms = LOGD_VIEW_TIMEOUT_MS;
	if (is_unix(where))
		e = check_socket(where, ctx);
	else if (strstr(where, "://") != NULL)
		e = check_prefix(where, ctx);
	else
		e = open_dir(v, ctx);
	if (e != ERR_OK)
		*v = (struct logd_view)LOGD_VIEW_INIT;
	return e;
}

void logd_view_close(struct logd_view *v)
{
	fd_close(&v->dir);
	*v = (struct logd_view)LOGD_VIEW_INIT;
}

/* ---- reading from a directory --------------------------------------------- */

/*
 * Names of our own making, joined by slashes: neither a way up, nor anything
 * that a URL would have to escape.
 */
static bool path_ok(const char *path)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	for (;;) {
		const size_t n = strspn(path, legal);

		if (n == 0 || n > FD_NAME_MAX || path[0] == '.')
			return false;
		if (path[n] == '\0')
			return true;
		if (path[n] != '/')
			return false;
		path += n + 1;
	}
}

/* Step from *dir, which is closed unless it is the view's, down into `name`. */
static enum err step_down(
    int *dir, const struct logd_view *v, const char *name, size_t n)
{
	char part[FD_NAME_MAX + 1];
	int next;

	(void)fmt_print(part, sizeof(part), "%.*s", (int)n, name);
	next =
	    openat(*dir, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*dir != v->dir) {
		const int why = errno;

		fd_close(dir);
		errno = why;
	}
	*dir = next;
	if (next >= 0)
		return ERR_OK;
	return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
}

/* Each directory on the way is opened in turn, so that no symbolic link leads
 * out of the view. L-114 */
static enum err read_below(const struct logd_view *v, const char *path,
    uint8_t *out, size_t cap, size_t *len)
{
	int dir = v->dir;
	enum err e = ERR_OK;
	const char *slash;

	for (; e == ERR_OK && (slash = strchr(path, '/')) != NULL;
	     path = slash + 1)
		e = step_down(&dir, v, path, (size_t)(slash - path));
	if (e == ERR_OK)
		e = fd_read_file_at(out, cap, len, dir, path);
	if (dir != v->dir) {
		const int why = errno;

		fd_close(&dir);
		errno = why;
	}
	return e;
}

static enum err read_file(const struct logd_view *v, const char *path,
    uint8_t *out, size_t cap, size_t *len, struct err_ctx *ctx)
{
	const enum err e = read_below(v, path, out, cap, len);

	if (e == ERR_OK)
		return e;
	if (e == ERR_NOTFOUND)
		return err_set(
		    ctx, e, "%.*s has no %s", WHERE_SHOWN, v->where, path);
	if (e == ERR_LIMIT)
		return err_set(ctx, e, "%.*s: %s is longer than %zu bytes",
		    WHERE_SHOWN, v->where, path, cap);
	return err_set(ctx, e, "%.*s: cannot read %s: %s", WHERE_SHOWN,
	    v->where, path, strerrordesc_np(errno));
}

/* ---- reading from a server ------------------------------------------------ */

/* Who says "not found" is heard; whom nobody finds, is a failure. */
static enum err fetch(struct http_answer *out, const struct logd_view *v,
    const char *url, uint8_t *body, size_t cap, struct err_ctx *ctx)
{
	const struct http_fetch what = {
		.url = url,
		.via = is_unix(v->where) ? v->where : NULL,
		.ca_file = v->ca_file,
		.only_200 = true,
		.deadline_ms = clock_mono_ms() + v->timeout_ms,
	};
	struct err_ctx why = { 0 };
	enum err e = http_fetch(out, body, cap, &what, &why);

	if (e == ERR_OK)
		return e;
	return err_set(ctx, e == ERR_NOTFOUND ? ERR_IO : e, "%s", why.msg);
}

/* L-115 */
static enum err read_url(const struct logd_view *v, const char *path,
    uint8_t *out, size_t cap, size_t *len, struct err_ctx *ctx)
{
	const char *base = is_unix(v->where) ? UNIX_URL : v->where;
	char url[HTTP_URL_LEN_MAX + 1];
	struct http_answer answer;
	enum err e = make_url(url, base, path, ctx);

	if (e == ERR_OK)
		e = fetch(&answer, v, url, out, cap, ctx);
	if (e != ERR_OK)
		return e;
	if (answer.head.status == 404)
		return err_set(ctx, ERR_NOTFOUND, "%.*s has no %s", WHERE_SHOWN,
		    v->where, path);
	if (answer.head.status != 200)
		return err_set(ctx, ERR_PROTOCOL,
		    "%.*s answers %s with status %u", WHERE_SHOWN, v->where,
		    path, answer.head.status);
	*len = answer.body_len;
	return ERR_OK;
}

enum err logd_view_read(const struct logd_view *v, const char *path,
    uint8_t *out, size_t cap, size_t *len, struct err_ctx *ctx)
{
	*len = 0;
	if (!path_ok(path))
		return err_set(ctx, ERR_FORMAT,
		    "%.*s is no path of a log's file", WHERE_SHOWN, path);
	if (v->dir >= 0)
		return read_file(v, path, out, cap, len, ctx);
	return read_url(v, path, out, cap, len, ctx);
}

/* ---- tiles ---------------------------------------------------------------- */

/*
 * The tile, or the full one in its place if it is gone; *width says which. Where
 * neither is there, it is the first that is missed. L-105
 */
static enum err read_either(const struct logd_view *v, unsigned *width,
    const struct tlog_tile *tile, struct wr *out, struct err_ctx *ctx)
{
	char path[TLOG_TILE_PATH_MAX];
	struct tlog_tile full = *tile;
	struct err_ctx first = { 0 }, second = { 0 };
	enum err e;

	(void)tlog_tile_path(path, tile);
	*width = tile->width;
	e = logd_view_read(v, path, out->p, out->cap, &out->len, &first);
	if (e == ERR_NOTFOUND && tile->width < TLOG_TILE_WIDTH) {
		full.width = *width = TLOG_TILE_WIDTH;
		(void)tlog_tile_path(path, &full);
		e = logd_view_read(
		    v, path, out->p, out->cap, &out->len, &second);
		if (e != ERR_NOTFOUND)
			first = second;
	}
	return e == ERR_OK ? e : err_set(ctx, e, "%s", first.msg);
}

static enum err wrong(struct err_ctx *ctx, enum err e,
    const struct logd_view *v, const struct tlog_tile *tile, const char *why)
{
	char path[TLOG_TILE_PATH_MAX];

	(void)tlog_tile_path(path, tile);
	return err_set(
	    ctx, e, "%.*s: %s: %s", WHERE_SHOWN, v->where, path, why);
}

static enum err read_hashes(const struct logd_view *v,
    const struct tlog_tile *tile, struct wr *out, struct err_ctx *ctx)
{
	uint8_t hashes[TLOG_TILE_LEN];
	struct wr whole = wr_init(hashes, sizeof(hashes));
	unsigned width;
	enum err e = read_either(v, &width, tile, &whole, ctx);

	if (e != ERR_OK)
		return e;
	if (whole.len != (size_t)width * TLOG_HASH_LEN)
		return wrong(
		    ctx, ERR_FORMAT, v, tile, "not as long as its hashes");
	wr_copy(out, hashes, (size_t)tile->width * TLOG_HASH_LEN);
	return out->err;
}

static enum err read_bundle(const struct logd_view *v,
    const struct tlog_tile *tile, struct wr *out, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	struct bytes rest, entry;
	unsigned width;
	enum err e = read_either(v, &width, tile, out, ctx);

	if (e != ERR_OK)
		return e;
	rest = (struct bytes){ out->p, out->len };
	e = tlog_bundle_parse(rest, width, &why);
	if (e != ERR_OK)
		return wrong(ctx, e, v, tile, why.msg);
	for (unsigned i = 0; i < tile->width; i++) {
		const bool more = tlog_bundle_next(&rest, &entry);

		assert(more);
	}
	out->len -= rest.len;
	return ERR_OK;
}

enum err logd_view_tile(const struct logd_view *v, const struct tlog_tile *tile,
    uint8_t *out, size_t cap, size_t *len, struct err_ctx *ctx)
{
	struct wr w = wr_init(out, cap);
	const enum err e = tile->entries ? read_bundle(v, tile, &w, ctx)
					 : read_hashes(v, tile, &w, ctx);

	*len = e == ERR_OK ? w.len : 0;
	return e;
}

static enum err read_tile(void *cookie, struct tlog_hash *out,
    const struct tlog_tile *tile, struct err_ctx *ctx)
{
	size_t len;

	return logd_view_tile(
	    cookie, tile, out->b, tile->width * sizeof(*out), &len, ctx);
}

struct tlog_tiles logd_view_tiles(const struct logd_view *v, uint64_t size)
{
	const union {
		const struct logd_view *in;
		void *out;
	} p = { .in = v }; /* read_tile() does not write to it */

	return (struct tlog_tiles){ size, read_tile, p.out };
}
