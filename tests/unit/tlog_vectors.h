/* Reading the JSON files of test vectors of the log. */
#ifndef CONFER_TESTS_UNIT_TLOG_VECTORS_H
#define CONFER_TESTS_UNIT_TLOG_VECTORS_H

#include "test.h"

#include "base/hex.h"
#include "base/json.h"

/* What tests borrow from; reachable until the process ends. */
static inline void *keep(void *p)
{
	static void *kept[4096];
	static size_t n;

	CHECK(p != NULL && n < sizeof(kept) / sizeof(kept[0]));
	kept[n++] = p;
	return p;
}

/* A shared vector file, or skip the test. */
static inline struct bytes load_bytes(const char *name)
{
	struct bytes b;

	b.p = keep(read_file(vector_path(name), &b.len));
	return b;
}

static inline struct json load(const char *name)
{
	struct json v;

	CHECK_OK(json_parse(&v, load_bytes(name), NULL));
	return v;
}

/* A file of ours, below tests/vectors/tlog/. */
static inline struct json load_own(const char *name)
{
	char path[256];
	struct bytes b;
	struct json v;

	(void)snprintf(path, sizeof(path), "tests/vectors/tlog/%s", name);
	b.p = keep(read_file(path, &b.len));
	CHECK_OK(json_parse(&v, b, NULL));
	return v;
}

static inline struct bytes str_bytes(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static inline struct json member(const struct json *o, const char *name)
{
	struct json v;

	if (!json_get(o, name, &v))
		fail_msg("no member %s", name);
	return v;
}

/* A decoded string with a NUL. */
static inline char *str(const struct json *o, const char *name, size_t *len)
{
	struct json v = member(o, name);
	char *s = keep(malloc(v.text.len + 1));
	size_t n;

	CHECK_OK(json_string(&v, (uint8_t *)s, v.text.len, &n));
	s[n] = '\0';
	if (len != NULL)
		*len = n;
	return s;
}

static inline uint64_t num(const struct json *o, const char *name)
{
	struct json v = member(o, name);
	uint64_t n;

	CHECK_OK(json_u64(&v, &n));
	return n;
}

/* The same as bytes. */
static inline struct bytes member_bytes(const struct json *o, const char *name)
{
	size_t n;
	char *s = str(o, name, &n);

	return (struct bytes){ (const uint8_t *)s, n };
}

static inline void unhex(uint8_t *out, size_t n, const char *text)
{
	CHECK_OK(hex_decode(out, n, str_bytes(text)));
}

#endif
