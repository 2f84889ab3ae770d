/* What the commands of confer-log share; see cmd.h. */
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "logd/cmd.h"
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

enum err logd_cmd_trust_open(
    struct logd_trust *t, const char *path, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	enum err e;

	memset(t, 0, sizeof(*t));
	e = logd_cmd_load(&t->file, path, TRUST_LEN_MAX, ctx);
	if (e == ERR_OK)
		e = trust_parse(&t->trust, t->file.text, &why);
	if (e == ERR_OK)
		return e;
	if (why.msg[0] != '\0')
		(void)err_set(ctx, e, "%.*s: %s", PATH_SHOWN, path, why.msg);
	logd_cmd_trust_close(t);
	return e;
}

void logd_cmd_trust_close(struct logd_trust *t)
{
	logd_cmd_unload(&t->file);
	memset(&t->trust, 0, sizeof(t->trust));
}
