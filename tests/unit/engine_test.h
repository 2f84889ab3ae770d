/* What the engine's tests share: sidecar files and opening with messages. */
#ifndef CONFER_TESTS_UNIT_ENGINE_TEST_H
#define CONFER_TESTS_UNIT_ENGINE_TEST_H

#include "base/json.h"
#include "engine/engine.h"
#include "test.h"

/* A parsed JSON file; free(*text) afterwards. */
static inline struct json load_json(const char *name, uint8_t **text)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct json doc;
	size_t len;

	*text = read_file(vector_path(name), &len);
	if (json_parse(&doc, (struct bytes){ *text, len }, &ctx) != ERR_OK)
		fail_msg("%s: %s", name, ctx.msg);
	return doc;
}

/* The numbers of the array `key` of an object. */
static inline size_t json_tokens(
    const struct json *object, const char *key, uint32_t *out, size_t cap)
{
	struct json array, one;
	struct json_iter it;
	size_t n = 0;
	uint64_t id;

	assert_true(json_get(object, key, &array));
	for (it = json_iter(&array); json_next(&it, NULL, &one); n++) {
		assert_true(n < cap);
		CHECK_OK(json_u64(&one, &id));
		out[n] = (uint32_t)id;
	}
	return n;
}

static inline struct engine *open_engine(const struct engine_options *opt)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct engine *e;

	if (engine_open(&e, opt, &ctx) != ERR_OK)
		fail_msg("engine_open: %s", ctx.msg);
	return e;
}

static inline struct bytes str_bytes(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

#endif
