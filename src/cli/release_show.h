/* A release record in words, and as JSON. */
#ifndef CONFER_CLI_RELEASE_SHOW_H
#define CONFER_CLI_RELEASE_SHOW_H

#include <stdio.h>

#include "base/wr.h"
#include "cli/release_file.h"
#include "cli/term.h"

#define CLI_RELEASE_JSON_MAX (128 * 1024) /* a record's text, five times */

/* What it says, line by line: dates as dates, hashes cut. */
void cli_release_show(const struct cli_term *t, FILE *f,
    const struct cli_release_file *file, uint64_t now_s);

/* Members of all of it, whole: ,"kind":"image", ... */
void cli_release_json(struct wr *w, const struct cli_release_file *file);

/* "  LABEL       TEXT", for others that print below it; long texts go on below
 * their beginning. */
void cli_release_row(const struct cli_term *t, FILE *f, const char *label,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
