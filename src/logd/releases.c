/* See releases.h. */
#include "logd/releases.h"

static void seen(void *cookie, uint64_t index, struct bytes entry)
{
	(void)index;
	logd_admit_seen(cookie, entry);
}

enum err logd_releases_load(
    struct logd_admit *a, const struct logd_log *log, struct err_ctx *ctx)
{
	return logd_log_each(log, 0, logd_log_size(log), seen, a, ctx);
}
