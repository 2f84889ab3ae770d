/* See releases.h. */
#include "logd/releases.h"

enum err logd_releases_load(
    struct logd_admit *a, const struct logd_log *log, struct err_ctx *ctx)
{
	const uint64_t size = logd_log_size(log);
	uint8_t entry[LOGD_ENTRY_LEN_MAX];
	size_t len;

	for (uint64_t i = 0; i < size; i++) {
		enum err e = logd_log_read(log, i, entry, sizeof(entry), &len);

		if (e != ERR_OK)
			return err_set(ctx, e, "log: entry %llu: %s",
			    (unsigned long long)i, err_name(e));
		logd_admit_seen(a, (struct bytes){ entry, len });
	}
	return ERR_OK;
}
