/* See static.h. */
#include "logd/static.h"

#include "tlog/tile.h"

#define CHECKPOINT "checkpoint"

/* What may be fetched, and how it is described. */
struct resource {
	char path[TLOG_TILE_PATH_MAX]; /* below the directory */
	const char *type;
	const char *cache;
};

/* [L-193] [L-194] */
static bool find(struct resource *r, struct bytes target)
{
	struct tlog_tile tile;

	if (mem_eq_str(target, "/" CHECKPOINT)) {
		*r = (struct resource){ CHECKPOINT, "text/plain; charset=utf-8",
			"max-age=5" };
		return true;
	}
	if (target.len == 0 || target.p[0] != '/')
		return false;
	target.p++;
	target.len--;
	if (tlog_tile_path_parse(&tile, target, NULL) != ERR_OK)
		return false;
	(void)tlog_tile_path(r->path, &tile);
	r->type = "application/octet-stream";
	r->cache = "public, max-age=31536000, immutable";
	return true;
}

/* An empty file is none of ours. [L-195] */
static unsigned open_file(struct fd_map *file, int dir, const char *path)
{
	const enum err e = fd_map_open_at(file, dir, path);

	if (e == ERR_NOTFOUND)
		return 404;
	return e == ERR_OK && file->len > 0 ? 200 : 500;
}

void logd_static_answer(void *cookie, struct http_reply *reply,
    const struct http_head *head, struct bytes body)
{
	const struct logd_static *s = cookie;
	struct resource r;

	(void)body;
	if (!mem_eq_str(head->method, "GET") &&
	    !mem_eq_str(head->method, "HEAD")) {
		reply->status = 405;
		reply->allow = "GET, HEAD";
		return;
	}
	reply->status = 404;
	if (find(&r, head->target))
		reply->status = open_file(&reply->file, s->dir, r.path);
	if (reply->status == 200) {
		reply->type = r.type;
		reply->cache = r.cache;
	}
}
