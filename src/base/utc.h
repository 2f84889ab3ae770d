/* Unix seconds and dates, always in UTC, as POSIX counts. */
#ifndef CONFER_BASE_UTC_H
#define CONFER_BASE_UTC_H

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define UTC_TEXT_LEN 20 /* "2026-11-22 15:04 UTC" */

struct utc_date {
	uint32_t year; /* 1970 to 9999 */
	uint32_t month, day;
	uint32_t hour, minute, second;
};

/*
 * Write "YYYY-MM-DD HH:MM UTC" and a NUL: the proleptic Gregorian calendar, as
 * POSIX counts. Times after the year 9999 read "after the year 9999".
 */
void utc_format(char out[UTC_TEXT_LEN + 1], uint64_t unix_s);

/* Unix seconds of a date. ERR_FORMAT if there is no such day or time of day;
 * *unix_s is 0 then. Leap seconds do not exist. */
enum err utc_seconds(uint64_t *unix_s, const struct utc_date *d)
    __attribute__((warn_unused_result));

/* Read "2026-11-22T15:04:05Z", the one spelling of RFC 3339 that our formats
 * and Intel's have. ERR_FORMAT otherwise, with *unix_s 0. */
enum err utc_from_text(uint64_t *unix_s, struct bytes text)
    __attribute__((warn_unused_result));

#endif
