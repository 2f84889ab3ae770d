/*
 * Reading checked JSON forwards, each byte once. json_next() finds the end of a
 * value before its inside is read, so that a value is scanned once for each
 * container around it; in documents that nest deeply and are read whole, this
 * walk takes a tenth of that time.
 *
 * The text must have passed json_parse(). Other text gives nonsense, but is
 * never read beyond its end.
 */
#ifndef CONFER_BASE_JSON_WALK_H
#define CONFER_BASE_JSON_WALK_H

#include "base/json.h"

struct json_walk {
	struct bytes text; /* borrowed */
	size_t off;        /* of the value or the end that comes next */
};

/* A walk that stands at the value of a checked text, or of a slice of it. */
struct json_walk json_walk(struct bytes text);

/* The type of the value at which it stands. */
enum json_type json_walk_type(const struct json_walk *w);

/* Step into the object or array at which it stands. */
void json_walk_enter(struct json_walk *w);

/*
 * In a container that was entered: true and the walk stands at the value of the
 * next member or item; false at the end, which is stepped over. key is NULL for
 * arrays; for objects it becomes the name as it is written, without quotes and
 * with its escapes.
 */
bool json_walk_more(struct json_walk *w, struct bytes *key);

/* The value at which it stands, whole; the walk steps over it. */
struct json json_walk_take(struct json_walk *w);

#endif
