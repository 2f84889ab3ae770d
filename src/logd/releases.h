/*
 * A log together with what it admits: reading the records that are in it, so
 * that the next ones can be judged.
 */
#ifndef CONFER_LOGD_RELEASES_H
#define CONFER_LOGD_RELEASES_H

#include "base/err.h"
#include "logd/admit.h"
#include "logd/log.h"

/*
 * Count every entry of the log in *a, whose keys, product and origin are set.
 * The errors of logd_log_each.
 */
enum err logd_releases_load(struct logd_admit *a, const struct logd_log *log,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
