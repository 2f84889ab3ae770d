/* What append and refresh share: a log open for writing, and its witnesses. */
#ifndef CONFER_LOGD_CMD_KEEP_H
#define CONFER_LOGD_CMD_KEEP_H

#include "logd/ask.h"
#include "logd/cmd.h"
#include "logd/log.h"
#include "logd/view.h"
#include "tlog/checkpoint.h"

/* Large: on the heap. All zero: nothing is open. */
struct logd_keep {
	const struct logd_options *o;
	struct logd_show *s;
	uint64_t now_s;
	struct logd_trust *trust;
	const struct tlog_policy *policy; /* of now_s, in trust */
	struct logd_log *log;
	struct logd_witness witness[TLOG_POLICY_WITNESSES_MAX];
	char url[TLOG_POLICY_WITNESSES_MAX][LOGD_WHERE_MAX];
	size_t n_witnesses;    /* those that have a URL */
	struct tlog_head head; /* what is published, if it was accepted */
};

/* Open the log in o->arg[0] and its trust file. What is wrong has been said
 * when the code is not LOGD_EXIT_OK. */
enum logd_exit logd_keep_open(
    struct logd_keep *k, const struct logd_options *o, struct logd_show *s);
void logd_keep_close(struct logd_keep *k);

/* Does a client accept the published checkpoint now? Then k->head is it. */
enum err logd_keep_check(struct logd_keep *k, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Ask the witnesses, publish, and say who cosigned and why others did not.
 * LOGD_EXIT_OK also below quorum: see logd_keep_check.
 */
enum logd_exit logd_keep_publish(struct logd_keep *k);

/* The last lines: the quorum holds until ..., or is missing (which is why). */
enum logd_exit logd_keep_verdict(
    struct logd_keep *k, enum err quorum, const struct err_ctx *why);

#endif
