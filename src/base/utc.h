/* Unix seconds as a date that people read, always in UTC. */
#ifndef CONFER_BASE_UTC_H
#define CONFER_BASE_UTC_H

#include <stdint.h>

#define UTC_TEXT_LEN 20 /* "2026-11-22 15:04 UTC" */

/*
 * Write "YYYY-MM-DD HH:MM UTC" and a NUL: the proleptic Gregorian calendar, as
 * POSIX counts. Times after the year 9999 read "after the year 9999".
 */
void utc_format(char out[UTC_TEXT_LEN + 1], uint64_t unix_s);

#endif
