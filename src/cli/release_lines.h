/*
 * The text of a release record, gathered line by line in any order from options
 * and from an earlier record, and written in its one spelling. The parser of
 * records judges the whole; its complaint is brought back to the option that
 * the line came from.
 */
#ifndef CONFER_CLI_RELEASE_LINES_H
#define CONFER_CLI_RELEASE_LINES_H

#include <stdbool.h>

#include "base/wr.h"
#include "tlog/record.h"

/* The most lines that any kind may have, policy: 8 above, 244 of its own. */
#define CLI_RELEASE_LINES_MAX 256

struct cli_release_line {
	struct bytes text; /* without its LF; in the arena */
	unsigned place;    /* of its keyword in a record */
	const char *option;
	bool earlier; /* of the record that was started from */
};

/* About 40 KB. Must not move: lines are slices of the arena. */
struct cli_release_lines {
	enum record_kind kind;
	struct cli_release_line line[CLI_RELEASE_LINES_MAX];
	size_t n;
	uint8_t arena[2 * RECORD_LEN_MAX]; /* replaced lines stay in it */
	size_t used;
};

void cli_release_lines_init(struct cli_release_lines *l, enum record_kind kind);

/*
 * Start from the lines of a record that has been parsed, all but its first two.
 * They give way to lines that are put later.
 */
void cli_release_lines_start(struct cli_release_lines *l, struct bytes text);

/* Take away what was started from: all lines of a keyword. False if there were
 * none, or no record has such a line. */
bool cli_release_lines_drop(struct cli_release_lines *l, struct bytes keyword);

/*
 * Put one line, without LF, that `option` (such as "--chip") asks for. It takes
 * the place of an earlier record's line of the same name (the same role, kind
 * and channel, chip ...). ERR_FORMAT: a character that no record has, a keyword
 * that is of no record, or options that name the same thing twice; ERR_LIMIT.
 */
enum err cli_release_lines_put(struct cli_release_lines *l, const char *option,
    struct bytes line, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Is there a line of this keyword? */
bool cli_release_lines_has(
    const struct cli_release_lines *l, const char *keyword);

/*
 * Write the record and read it back to *rec, which borrows from w. The errors
 * of tlog_record_parse; the message names the option.
 */
enum err cli_release_lines_write(struct wr *w, struct tlog_record *rec,
    struct cli_release_lines *l, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
