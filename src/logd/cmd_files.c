/* What the commands of confer-log share; see cmd.h. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fmt.h"
#include "base/utc.h"
#include "logd/cmd.h"
#include "logd/view.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define PATH_SHOWN 60 /* of a path in a message */

uint64_t logd_cmd_now(const struct logd_options *o, struct logd_show *s)
{
	char text[UTC_TEXT_LEN + 1];

	if (!o->has_now)
		return clock_unix_s();
	utc_format(text, o->now_s);
	logd_show_say(s, "As of %s, as --now says.", text);
	return o->now_s;
}

enum err logd_cmd_load(
    struct logd_file *f, const char *path, size_t cap, struct err_ctx *ctx)
{
	uint8_t *p = malloc(cap);
	size_t len = 0;
	enum err e;

	*f = (struct logd_file){ 0 };
	if (p == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for %zu bytes", cap);
	e = fd_read_file(p, cap, &len, path, ctx);
	if (e != ERR_OK) {
		free(p);
		return e;
	}
	f->p = p;
	f->text = (struct bytes){ p, len };
	return ERR_OK;
}

void logd_cmd_unload(struct logd_file *f)
{
	free(f->p);
	*f = (struct logd_file){ 0 };
}

enum err logd_cmd_trust_new(
    struct logd_trust **out, const char *path, struct err_ctx *ctx)
{
	struct logd_trust *t = calloc(1, sizeof(*t));
	struct err_ctx why = { 0 };
	enum err e;

	*out = NULL;
	if (t == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory is left");
	e = logd_cmd_load(&t->file, path, TRUST_LEN_MAX, ctx);
	if (e == ERR_OK) {
		e = trust_parse(&t->trust, t->file.text, &why);
		if (e != ERR_OK)
			(void)err_set(
			    ctx, e, "%.*s: %s", PATH_SHOWN, path, why.msg);
	}
	if (e != ERR_OK) {
		logd_cmd_trust_free(t);
		return e;
	}
	*out = t;
	return ERR_OK;
}

void logd_cmd_trust_free(struct logd_trust *t)
{
	if (t == NULL)
		return;
	logd_cmd_unload(&t->file);
	free(t);
}

enum err logd_cmd_path(char out[FD_PATH_MAX], const char *dir, const char *name,
    struct err_ctx *ctx)
{
	if (fmt_print(out, FD_PATH_MAX, "%s/%s", dir, name) >= FD_PATH_MAX)
		return err_set(ctx, ERR_LIMIT, "the path of %.*s is too long",
		    PATH_SHOWN, dir);
	return ERR_OK;
}

enum err logd_cmd_view_open(struct logd_view *v, const char *where,
    const char *ca_file, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	struct stat st;

	if (fmt_print(path, sizeof(path), "%s/public", where) < sizeof(path) &&
	    stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		where = path;
	return logd_view_open(v, where, ca_file, ctx);
}
