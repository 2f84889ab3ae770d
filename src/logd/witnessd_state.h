/* What a witness holds: for witnessd.c, which answers, and witnessd_open.c. */
#ifndef CONFER_LOGD_WITNESSD_STATE_H
#define CONFER_LOGD_WITNESSD_STATE_H

#include <stdbool.h>

#include "logd/witnessd.h"

#define LOGD_WITNESS_HEX_LEN   (2 * (size_t)SHA256_LEN)
#define LOGD_WITNESS_KEPT_NAME "checkpoint"

/*
 * With names of 255 bytes: three lines of text in 321, eight of the log in 353
 * each, our own in 365: 3,511 in all.
 */
#define LOGD_WITNESS_KEPT_MAX 4096

/* One log, and the checkpoint of it that was cosigned last. */
struct logd_watched {
	const struct logd_witness_log *log;
	char hex[LOGD_WITNESS_HEX_LEN + 1];
	struct tlog_witnessed last;
	uint64_t time; /* of that cosignature */
	uint8_t kept[LOGD_WITNESS_KEPT_MAX];
	size_t kept_len; /* 0: none yet */
};

struct logd_witnessd {
	int dir, lock, seen;
	bool broken; /* the disk may differ from what is remembered */
	struct logd_key key;
	uint8_t text[LOGD_WITNESS_LOGS_LEN_MAX];
	struct logd_witness_logs logs; /* borrows text */
	struct logd_watched watched[LOGD_WITNESS_LOGS_MAX];
	struct logd_watched *asked; /* by the request being answered */
	struct logd_witness_said said;
};

/* Open the log's directory below seen/, which is made if it is not there.
 * ERR_IO. */
enum err logd_watched_dir(int *fd, const struct logd_witnessd *w,
    const struct logd_watched *l, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
