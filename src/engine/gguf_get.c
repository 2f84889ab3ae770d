/* Looking things up in a parsed GGUF file; see gguf.h. */
#include "engine/gguf.h"

#include "base/assert.h"
#include "base/rd.h"

const struct gguf_pair *gguf_find(const struct gguf *g, const char *key)
{
	for (uint32_t i = 0; i < g->pair_n; i++) {
		if (mem_eq_str(g->pair[i].key, key))
			return &g->pair[i];
	}
	return NULL;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name)
{
	struct bytes want = mem_str(name);
	uint32_t lo = 0, hi = g->tensor_n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct gguf_tensor *t = &g->tensor[g->by_name[mid]];
		int order = gguf_order(t->name, want);

		if (order == 0)
			return t;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static enum err wrong(
    const struct gguf_pair *pair, const char *want, struct err_ctx *ctx)
{
	return err_set(ctx, ERR_FORMAT, "gguf: %.*s at offset %zu: not %s",
	    (int)pair->key.len, (const char *)pair->key.p, (size_t)pair->offset,
	    want);
}

enum err gguf_u32(
    const struct gguf *g, const char *key, uint32_t *out, struct err_ctx *ctx)
{
	const struct gguf_pair *pair = gguf_find(g, key);
	uint64_t v = 0;

	if (pair == NULL)
		return ERR_NOTFOUND;
	if (pair->type != GGUF_U8 && pair->type != GGUF_U16 &&
	    pair->type != GGUF_U32 && pair->type != GGUF_I32 &&
	    pair->type != GGUF_U64)
		return wrong(pair, "an unsigned integer", ctx);
	for (size_t i = pair->value.len; i > 0; i--)
		v = v << 8 | pair->value.p[i - 1];
	if (v > UINT32_MAX || (pair->type == GGUF_I32 && v > INT32_MAX))
		return wrong(pair, "an unsigned integer of 32 bits", ctx);
	*out = (uint32_t)v;
	return ERR_OK;
}

enum err gguf_f32(
    const struct gguf *g, const char *key, float *out, struct err_ctx *ctx)
{
	const struct gguf_pair *pair = gguf_find(g, key);

	if (pair == NULL)
		return ERR_NOTFOUND;
	if (pair->type != GGUF_F32)
		return wrong(pair, "a 32-bit float", ctx);
	memcpy(out, pair->value.p, sizeof(*out));
	return ERR_OK;
}

enum err gguf_bool(
    const struct gguf *g, const char *key, bool *out, struct err_ctx *ctx)
{
	const struct gguf_pair *pair = gguf_find(g, key);

	if (pair == NULL)
		return ERR_NOTFOUND;
	if (pair->type != GGUF_BOOL)
		return wrong(pair, "a boolean", ctx);
	*out = pair->value.p[0] != 0;
	return ERR_OK;
}

enum err gguf_string(const struct gguf *g, const char *key, struct bytes *out,
    struct err_ctx *ctx)
{
	const struct gguf_pair *pair = gguf_find(g, key);

	if (pair == NULL)
		return ERR_NOTFOUND;
	if (pair->type != GGUF_STRING)
		return wrong(pair, "a string", ctx);
	*out = pair->value;
	return ERR_OK;
}

enum err gguf_array(const struct gguf *g, const char *key,
    enum gguf_value_type item_type, const struct gguf_pair **out,
    struct err_ctx *ctx)
{
	const struct gguf_pair *pair = gguf_find(g, key);

	if (pair == NULL)
		return ERR_NOTFOUND;
	if (pair->type != GGUF_ARRAY || pair->item_type != item_type)
		return wrong(pair, "an array of the expected type", ctx);
	*out = pair;
	return ERR_OK;
}

uint32_t gguf_item_u32(const struct gguf_pair *array, uint32_t i)
{
	struct rd r;

	assert(i < array->count && array->value.len / array->count == 4);
	r = rd_init(array->value.p + (size_t)i * 4, 4);
	return rd_u32le(&r);
}

float gguf_item_f32(const struct gguf_pair *array, uint32_t i)
{
	uint32_t bits = gguf_item_u32(array, i);
	float v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

struct bytes gguf_next_string(struct bytes *rest)
{
	struct rd r = rd_bytes_init(*rest);
	struct bytes s = rd_take(&r, (size_t)rd_u64le(&r));

	assert(r.err == ERR_OK);
	*rest = mem_skip(*rest, r.off);
	return s;
}
