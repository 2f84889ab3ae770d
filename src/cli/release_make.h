/*
 * `confer release make`: the text of a record from options, from files, and
 * from the record before. What is written always parses; what is wrong is said
 * with the option that asks for it.
 */
#ifndef CONFER_CLI_RELEASE_MAKE_H
#define CONFER_CLI_RELEASE_MAKE_H

#include "cli/options.h"
#include "cli/release_file.h"
#include "cli/release_lines.h"

/* What is being made. About 100 KB; must not move. */
struct cli_release_make {
	const struct cli_release *r;
	enum record_kind kind;
	struct cli_release_file before; /* --from or --previous; or --release */
	bool has_before;
	struct cli_release_lines lines;
	char product[RECORD_TOKEN_LEN_MAX + 1];
	char channel[RECORD_TOKEN_LEN_MAX + 1];
	uint64_t seq;
	uint64_t issued;
	bool compared;    /* rebuild: --result-of was given ... */
	bool same;        /* ... and is what --release says */
	bool unreachable; /* the log of --log was not reached */
	struct err_ctx *ctx;
	struct tlog_record rec; /* the result; borrows from text */
	uint8_t text[RECORD_LEN_MAX];
	size_t len;
};

/*
 * Make a record of the kind named `kind` as the options say, issued at now_s
 * unless they say otherwise. ERR_FORMAT and ERR_LIMIT: an option, named in
 * ctx; the errors of reading files, git and logs.
 */
enum err cli_release_make(struct cli_release_make *m, const char *kind,
    const struct cli_release *r, uint64_t now_s, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* ERR_FORMAT if an option is there that `what` (key, sign, check, show, or the
 * name of a kind) has no use for. */
enum err cli_release_check_options(
    const char *what, const struct cli_release *r, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* ---- for release_kinds.c, release_log.c --------------------------------- */

/* Add the lines of this kind. */
enum err cli_release_kind_lines(struct cli_release_make *m)
    __attribute__((warn_unused_result));

/* Put a line of these fields, the first of which is the keyword, up to a NULL;
 * see cli_release_lines_put. */
enum err cli_release_put(struct cli_release_make *m, const char *option,
    const char *const *field) __attribute__((warn_unused_result));
#define CLI_RELEASE_PUT(m, option, ...)                                        \
	cli_release_put(m, option, (const char *const[]){ __VA_ARGS__, NULL })

/* "--NAME wants WHAT, not VALUE" */
enum err cli_release_wants(struct cli_release_make *m, const char *name,
    const char *what, const char *value) __attribute__((warn_unused_result));

/* A decimal number of an option, from min to max. */
enum err cli_release_number(struct cli_release_make *m, uint64_t *out,
    const char *name, const char *value, uint64_t max)
    __attribute__((warn_unused_result));

/* Unix seconds, or UTC as in 2026-11-22T15:04:05Z. ERR_FORMAT. */
enum err cli_release_time(uint64_t *out, const char *name, const char *value,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Set m->seq to the greatest of this kind, product and channel in the log at
 * `where`, 0 if there is none. The log's word is taken for it: a wrong one
 * makes a record that no log admits. The errors of logd/view.h; ERR_FORMAT,
 * ERR_LIMIT: that is no log.
 */
enum err cli_release_log_seq(struct cli_release_make *m, const char *where)
    __attribute__((warn_unused_result));

#endif
