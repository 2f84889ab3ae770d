/* confer-log refresh: ask the witnesses again, before clients find it stale. */
#include <stdlib.h>

#include "logd/cmd_keep.h"

#define FRESH_S 3600 /* younger than this it is left alone, but for --force */

/* Is nothing to be won by asking? */
static bool fresh(const struct logd_keep *k)
{
	if (!k->head.has_time)
		return k->n_witnesses == 0;
	return k->head.time + FRESH_S > k->now_s;
}

static enum logd_exit run(struct logd_keep *k)
{
	struct err_ctx ctx = { 0 };
	enum err e = logd_keep_check(k, &ctx);
	enum logd_exit x;

	if (e == ERR_OK && !k->o->force && fresh(k)) {
		logd_show_bool(k->s, "asked", false);
		logd_show_say(k->s, "%s",
		    k->n_witnesses > 0
			? "Fresh enough; nobody was asked."
			: "No witness has a URL to be asked at.");
		return logd_keep_verdict(k, e, &ctx);
	}
	logd_show_bool(k->s, "asked", true);
	x = logd_keep_publish(k);
	if (x != LOGD_EXIT_OK)
		return x;
	ctx = (struct err_ctx){ 0 };
	e = logd_keep_check(k, &ctx);
	return logd_keep_verdict(k, e, &ctx);
}

enum logd_exit logd_cmd_refresh(
    const struct logd_options *o, struct logd_show *s)
{
	struct logd_keep *k = calloc(1, sizeof(*k));
	enum logd_exit x;

	if (k == NULL)
		return logd_show_refuse(
		    s, LOGD_EXIT_INTERNAL, "no memory is left");
	x = logd_keep_open(k, o, s);
	if (x == LOGD_EXIT_OK)
		x = run(k);
	logd_keep_close(k);
	free(k);
	return x;
}
