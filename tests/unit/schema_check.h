/*
 * A judge of JSON by schema for tests, written for its own sake: recursive, on
 * whole values, with none of the engine's code but the reader of JSON.
 */
#ifndef CONFER_TESTS_UNIT_SCHEMA_CHECK_H
#define CONFER_TESTS_UNIT_SCHEMA_CHECK_H

#include "test.h"

#include "base/json.h"

static struct json check_root; /* in which $ref looks */

static inline bool check_fits(const struct json *s, const struct json *v);

static inline double check_number(const struct json *v)
{
	double d = 0.0;

	CHECK_OK(json_double(v, &d));
	return d;
}

static inline bool check_type(const char *name, const struct json *v)
{
	static const char *const names[] = { "null", "boolean", "number",
		"string", "array", "object" };

	if (strcmp(name, "integer") == 0)
		return v->type == JSON_NUMBER &&
		       check_number(v) == (double)(int64_t)check_number(v);
	return strcmp(name, names[v->type]) == 0;
}

static inline bool check_types(const struct json *t, const struct json *v)
{
	struct json_iter it = json_iter(t);
	struct json item = *t;
	bool many = t->type == JSON_ARRAY;

	while (!many || json_next(&it, NULL, &item)) {
		char name[16] = { 0 };
		size_t n;

		CHECK_OK(json_string(&item, (uint8_t *)name, 15, &n));
		if (check_type(name, v))
			return true;
		if (!many)
			break;
	}
	return false;
}

static inline size_t check_chars(const struct json *v)
{
	static uint8_t text[1 << 16];
	size_t n, chars = 0;

	CHECK_OK(json_string(v, text, sizeof(text), &n));
	for (size_t i = 0; i < n; i++)
		chars += (text[i] & 0xc0) != 0x80;
	return chars;
}

/* Equal but for white space and the spelling of strings. */
static inline bool check_equal(const struct json *a, const struct json *b)
{
	struct json_iter x = json_iter(a), y = json_iter(b);
	struct json ka, kb, va, vb;
	uint8_t p[256], q[256];
	size_t m, n;

	if (a->type != b->type)
		return false;
	if (a->type == JSON_STRING)
		return json_string(a, p, 256, &m) == ERR_OK &&
		       json_string(b, q, 256, &n) == ERR_OK &&
		       mem_eq((struct bytes){ p, m }, (struct bytes){ q, n });
	if (a->type == JSON_NUMBER)
		return check_number(a) == check_number(b);
	if (a->type == JSON_BOOL || a->type == JSON_NULL)
		return mem_eq(a->text, b->text);
	for (;;) {
		bool more = json_next(&x, &ka, &va);

		if (more != json_next(&y, &kb, &vb))
			return false;
		if (!more)
			return true;
		if (a->type == JSON_OBJECT && !check_equal(&ka, &kb))
			return false;
		if (!check_equal(&va, &vb))
			return false;
	}
}

static inline bool check_member(
    const struct json *o, const struct json *name, struct json *out)
{
	struct json_iter it = json_iter(o);
	struct json key;

	while (json_next(&it, &key, out))
		if (check_equal(&key, name))
			return true;
	return false;
}

static inline bool check_object(const struct json *s, const struct json *v)
{
	struct json_iter it = json_iter(v);
	struct json all, key, value, sub, names;
	bool has_all = json_get(s, "properties", &all);

	while (json_next(&it, &key, &value)) {
		if (has_all && check_member(&all, &key, &sub)) {
			if (!check_fits(&sub, &value))
				return false;
		} else if (json_get(s, "additionalProperties", &sub) &&
			   !check_fits(&sub, &value)) {
			return false;
		}
	}
	if (!json_get(s, "required", &names))
		return true;
	it = json_iter(&names);
	while (json_next(&it, NULL, &key))
		if (!check_member(v, &key, &value))
			return false;
	return true;
}

static inline bool check_array(const struct json *s, const struct json *v)
{
	struct json_iter it = json_iter(v), pre = { 0 };
	struct json prefix, item, sub;
	double n = 0, limit;
	bool in = json_get(s, "prefixItems", &prefix);

	if (in)
		pre = json_iter(&prefix);
	for (; json_next(&it, NULL, &item); n++) {
		in = in && json_next(&pre, NULL, &sub);
		if (in || json_get(s, "items", &sub)) {
			if (!check_fits(&sub, &item))
				return false;
		}
	}
	if (json_get(s, "minItems", &sub)) {
		limit = check_number(&sub);
		if (n < limit)
			return false;
	}
	return !json_get(s, "maxItems", &sub) || n <= check_number(&sub);
}

static inline bool check_scalar(const struct json *s, const struct json *v)
{
	struct json x;

	if (v->type == JSON_STRING) {
		double n = (double)check_chars(v);

		return (!json_get(s, "minLength", &x) ||
			   n >= check_number(&x)) &&
		       (!json_get(s, "maxLength", &x) || n <= check_number(&x));
	}
	if (v->type == JSON_NUMBER) {
		double d = check_number(v);

		return (!json_get(s, "minimum", &x) || d >= check_number(&x)) &&
		       (!json_get(s, "maximum", &x) || d <= check_number(&x)) &&
		       (!json_get(s, "exclusiveMinimum", &x) ||
			   d > check_number(&x)) &&
		       (!json_get(s, "exclusiveMaximum", &x) ||
			   d < check_number(&x));
	}
	return true;
}

static inline bool check_ref(const struct json *ref, const struct json *v)
{
	char text[128] = { 0 };
	struct json at = check_root;
	size_t n;

	CHECK_OK(json_string(ref, (uint8_t *)text, 127, &n));
	for (char *p = strtok_r(text, "/", &(char *){ NULL }); p != NULL;
	     p = NULL)
		CHECK_STR(p, "#");
	if (n > 1) {
		char *name = text + strlen(text) + 1;
		char *last = strchr(name, '/');

		*last = 0;
		CHECK(json_get(&at, name, &at));
		CHECK(json_get(&at, last + 1, &at));
	}
	return check_fits(&at, v);
}

static inline bool check_some(
    const struct json *s, const char *word, const struct json *v)
{
	struct json list, item;
	struct json_iter it;

	if (!json_get(s, word, &list))
		return true;
	it = json_iter(&list);
	while (json_next(&it, NULL, &item))
		if (word[0] == 'e' ? check_equal(&item, v)
				   : check_fits(&item, v))
			return true;
	return false;
}

static inline bool check_fits(const struct json *s, const struct json *v)
{
	struct json x;

	if (s->type == JSON_BOOL)
		return mem_eq_str(s->text, "true");
	if (json_get(s, "type", &x) && !check_types(&x, v))
		return false;
	if (json_get(s, "const", &x) && !check_equal(&x, v))
		return false;
	if (json_get(s, "$ref", &x) && !check_ref(&x, v))
		return false;
	if (!check_some(s, "enum", v) || !check_some(s, "anyOf", v) ||
	    !check_some(s, "oneOf", v) || !check_some(s, "allOf", v))
		return false;
	if (v->type == JSON_OBJECT)
		return check_object(s, v);
	if (v->type == JSON_ARRAY)
		return check_array(s, v);
	return check_scalar(s, v);
}

#endif
