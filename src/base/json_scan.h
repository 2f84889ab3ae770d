/*
 * The scanner below json.h: steps over one value and checks it. Only json.c
 * uses it. The first error sticks, and what follows does not move.
 */
#ifndef CONFER_BASE_JSON_SCAN_H
#define CONFER_BASE_JSON_SCAN_H

#include "base/json.h"

struct json_scan {
	const uint8_t *p;
	size_t len;
	size_t off;
	enum err err;
	const char *what; /* the rule that was broken */
};

void json_scan_fail(struct json_scan *s, enum err e, const char *what);

/* The next byte, or 0 (which no rule accepts) at the end or after an error. */
uint8_t json_scan_peek(const struct json_scan *s);

void json_scan_space(struct json_scan *s);

/* One string; its decoded text goes to w unless that is NULL. */
void json_scan_string(struct json_scan *s, struct wr *w);

/*
 * One value of any type. `checked`: it has passed before, so its keys are not
 * compared again.
 */
void json_scan_value(struct json_scan *s, bool checked);

/* The type of a value that starts with c. */
enum json_type json_scan_type(uint8_t c);

#endif
