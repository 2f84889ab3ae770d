/*
 * Building a release again: a command of the auditor makes the lines of its own
 * build, and they are compared with those of the record. L-185..L-188 of
 * docs/log.md.
 */
#ifndef CONFER_LOGD_REBUILD_H
#define CONFER_LOGD_REBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "logd/audit.h"
#include "tlog/merkle.h"

#define LOGD_REBUILD_OUTPUT_MAX (64 * 1024) /* of the command */
#define LOGD_REBUILD_LINE_MAX   100 /* of a differing line: what is shown */

/* All borrowed. */
struct logd_rebuild_spec {
	const char *command; /* for sh -c; trusted: the auditor's own */
	struct bytes entry;  /* the signed record; its signatures were judged */
	int log_fd;          /* the command's standard error; -1: dropped */
	unsigned time_ms;    /* from its start to its end */
};

/* What came out. */
struct logd_rebuild {
	bool same;
	struct tlog_hash result; /* of the lines printed [L-85] */
	size_t line;             /* the first that differs, from 1; 0: none */
	/* That line here and in the record, without LF and cut; empty if there
	 * is none on that side. */
	char got[LOGD_REBUILD_LINE_MAX + 1];
	char want[LOGD_REBUILD_LINE_MAX + 1];
};

/*
 * Run the command and compare. ERR_UNSUPPORTED: a record that nobody can build
 * (no lines to compare, or no source); ERR_FORMAT ...: not a record; ERR_TIMEOUT,
 * ERR_LIMIT: it took too long or printed too much, and was killed with all that
 * it started; ERR_PROTOCOL: it ended with an error; ERR_IO, ERR_NOMEM,
 * ERR_NOTFOUND.
 */
enum err logd_rebuild_run(struct logd_rebuild *out,
    const struct logd_rebuild_spec *spec, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Compare what a command printed with the record's text. */
enum err logd_rebuild_compare(struct logd_rebuild *out, struct bytes printed,
    struct bytes record_text, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* The finding that says so: `rebuilt` (a note) or `rebuild-differs`. */
void logd_rebuild_finding(
    struct logd_finding *f, uint64_t index, const struct logd_rebuild *r);

#endif
