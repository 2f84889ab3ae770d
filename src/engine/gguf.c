/* The parser of GGUF files; see gguf.h. */
#include "engine/gguf.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/rd.h"

#define GGUF_MAGIC          0x46554747u     /* "GGUF" */
#define GGUF_PAIR_LEN_MIN   (8 + 1 + 4 + 1) /* key and value of one byte */
#define GGUF_TENSOR_LEN_MIN (8 + 1 + 4 + 8 + 4 + 8)

static const uint8_t value_len[GGUF_VALUE_TYPE_N] = {
	[GGUF_U8] = 1,
	[GGUF_I8] = 1,
	[GGUF_U16] = 2,
	[GGUF_I16] = 2,
	[GGUF_U32] = 4,
	[GGUF_I32] = 4,
	[GGUF_F32] = 4,
	[GGUF_BOOL] = 1,
	[GGUF_U64] = 8,
	[GGUF_I64] = 8,
	[GGUF_F64] = 8,
};

static const struct tensor_type {
	const char *name;
	uint32_t elements; /* of a block */
	uint32_t len;      /* bytes of a block */
} tensor_types[] = {
	[GGUF_TENSOR_F32] = { "F32", 1, 4 },
	[GGUF_TENSOR_F16] = { "F16", 1, 2 },
	[GGUF_TENSOR_Q4_0] = { "Q4_0", 32, 18 },
	[GGUF_TENSOR_Q4_1] = { "Q4_1", 32, 20 },
	[GGUF_TENSOR_Q5_0] = { "Q5_0", 32, 22 },
	[GGUF_TENSOR_Q5_1] = { "Q5_1", 32, 24 },
	[GGUF_TENSOR_Q8_0] = { "Q8_0", 32, 34 },
	[GGUF_TENSOR_Q2_K] = { "Q2_K", 256, 84 },
	[GGUF_TENSOR_Q3_K] = { "Q3_K", 256, 110 },
	[GGUF_TENSOR_Q4_K] = { "Q4_K", 256, 144 },
	[GGUF_TENSOR_Q5_K] = { "Q5_K", 256, 176 },
	[GGUF_TENSOR_Q6_K] = { "Q6_K", 256, 210 },
	[GGUF_TENSOR_BF16] = { "BF16", 1, 2 },
};
#define TENSOR_TYPE_N (sizeof(tensor_types) / sizeof(tensor_types[0]))

const char *gguf_type_name(enum gguf_tensor_type type)
{
	return (size_t)type < TENSOR_TYPE_N ? tensor_types[type].name : NULL;
}

bool gguf_type_block(
    enum gguf_tensor_type type, uint32_t *elements, uint32_t *len)
{
	if (gguf_type_name(type) == NULL)
		return false;
	*elements = tensor_types[type].elements;
	*len = tensor_types[type].len;
	return true;
}

/* What is being read, so that a message can name it. */
struct parser {
	struct rd rd;
	uint64_t file_len;
	struct err_ctx *ctx;
};

/* The input's error at the reader's place, as a message about `field`. */
static enum err fail(struct parser *p, enum err e, const char *field)
{
	return err_set(p->ctx, e, "gguf: %s at offset %zu: %s", field,
	    p->rd.off, err_name(e));
}

static enum err check(struct parser *p, const char *field)
{
	if (p->rd.err == ERR_TRUNCATED && p->rd.len < p->file_len)
		return ERR_AGAIN;
	return p->rd.err == ERR_OK ? ERR_OK : fail(p, p->rd.err, field);
}

/* Can the file have n more bytes here, and are they there? */
static enum err check_left(struct parser *p, uint64_t n, const char *field)
{
	if (n > p->file_len - p->rd.off)
		return fail(p, ERR_TRUNCATED, field);
	return n > rd_left(&p->rd) ? ERR_AGAIN : ERR_OK;
}

static enum err read_string(
    struct parser *p, const char *field, struct bytes *out, size_t max)
{
	uint64_t n = rd_u64le(&p->rd);
	enum err e = check(p, field);

	if (e == ERR_OK && n > max && n <= p->file_len - p->rd.off)
		return err_set(p->ctx, ERR_LIMIT,
		    "gguf: %s at offset %zu: %llu bytes, limit %zu", field,
		    p->rd.off, (unsigned long long)n, max);
	if (e == ERR_OK)
		e = check_left(p, n, field);
	if (e == ERR_OK)
		*out = rd_take(&p->rd, (size_t)n);
	return e;
}

static enum err read_array(struct parser *p, struct gguf_pair *pair)
{
	uint32_t type = rd_u32le(&p->rd);
	uint64_t count = rd_u64le(&p->rd);
	size_t start = p->rd.off;
	enum err e = check(p, "array header");

	if (e != ERR_OK)
		return e;
	if (type >= GGUF_VALUE_TYPE_N)
		return fail(p, ERR_FORMAT, "type of an array's items");
	if (type == GGUF_ARRAY)
		return fail(p, ERR_UNSUPPORTED, "array of arrays");
	if (count > GGUF_ARRAY_MAX)
		return err_set(p->ctx, ERR_LIMIT,
		    "gguf: array at offset %zu: %llu items, limit %u", start,
		    (unsigned long long)count, GGUF_ARRAY_MAX);
	pair->item_type = (enum gguf_value_type)type;
	pair->count = (uint32_t)count;
	if (type == GGUF_STRING) {
		struct bytes s;

		for (uint64_t i = 0; i < count && e == ERR_OK; i++)
			e = read_string(p, "string in an array", &s, SIZE_MAX);
	} else {
		e = check_left(p, count * value_len[type], "array items");
		if (e == ERR_OK)
			(void)rd_take(&p->rd, (size_t)count * value_len[type]);
	}
	if (e == ERR_OK && p->rd.off > start) {
		pair->value.p = p->rd.p + start;
		pair->value.len = p->rd.off - start;
	}
	return e;
}

static enum err read_pair(struct parser *p, struct gguf_pair *pair)
{
	enum err e = read_string(p, "key", &pair->key, GGUF_KEY_LEN_MAX);
	uint32_t type;

	if (e != ERR_OK)
		return e;
	if (pair->key.len == 0)
		return fail(p, ERR_FORMAT, "empty key");
	type = rd_u32le(&p->rd);
	e = check(p, "type of a value");
	if (e != ERR_OK)
		return e;
	pair->offset = p->rd.off;
	if (type >= GGUF_VALUE_TYPE_N)
		return fail(p, ERR_FORMAT, "type of a value");
	pair->type = (enum gguf_value_type)type;
	if (type == GGUF_ARRAY)
		return read_array(p, pair);
	if (type == GGUF_STRING)
		return read_string(p, "string value", &pair->value, SIZE_MAX);
	pair->value = rd_take(&p->rd, value_len[type]);
	e = check(p, "value");
	if (e == ERR_OK && type == GGUF_BOOL && pair->value.p[0] > 1)
		return fail(p, ERR_FORMAT, "boolean value");
	return e;
}

static enum err read_pairs(struct parser *p, struct gguf *g)
{
	enum err e = ERR_OK;

	g->pair = calloc(g->pair_n + 1, sizeof(*g->pair));
	if (g->pair == NULL)
		return fail(p, ERR_NOMEM, "table of keys");
	for (uint32_t i = 0; i < g->pair_n && e == ERR_OK; i++) {
		e = read_pair(p, &g->pair[i]);
		for (uint32_t k = 0; k < i && e == ERR_OK; k++) {
			if (mem_eq(g->pair[k].key, g->pair[i].key))
				e = fail(p, ERR_FORMAT, "duplicate key");
		}
	}
	return e;
}

/* The data's length from type and dimensions, or an error. */
static enum err tensor_len(
    struct parser *p, const struct gguf_tensor *t, uint64_t *len)
{
	const struct tensor_type *type = &tensor_types[t->type];
	uint64_t blocks = t->dim[0] / type->elements;

	if (t->dim[0] % type->elements != 0)
		return err_set(p->ctx, ERR_FORMAT,
		    "gguf: tensor at offset %zu: row of %u is no multiple of "
		    "%u (%s)",
		    (size_t)t->offset, t->dim[0], type->elements, type->name);
	for (uint32_t i = 1; i < t->rank; i++) {
		if (__builtin_mul_overflow(blocks, t->dim[i], &blocks))
			return fail(p, ERR_LIMIT, "tensor dimensions");
	}
	if (__builtin_mul_overflow(blocks, type->len, len))
		return fail(p, ERR_LIMIT, "tensor dimensions");
	return ERR_OK;
}

static enum err read_dims(struct parser *p, struct gguf_tensor *t)
{
	enum err e;

	t->rank = rd_u32le(&p->rd);
	e = check(p, "rank of a tensor");
	if (e != ERR_OK)
		return e;
	if (t->rank == 0 || t->rank > GGUF_RANK_MAX)
		return fail(p, ERR_FORMAT, "rank of a tensor");
	for (uint32_t i = 0; i < GGUF_RANK_MAX; i++) {
		uint64_t d = i < t->rank ? rd_u64le(&p->rd) : 1;

		e = check(p, "tensor dimension");
		if (e != ERR_OK)
			return e;
		if (d == 0 || d > GGUF_DIM_MAX)
			return err_set(p->ctx, ERR_LIMIT,
			    "gguf: tensor dimension at offset %zu: %llu, "
			    "limit 1 to %u",
			    p->rd.off - 8, (unsigned long long)d, GGUF_DIM_MAX);
		t->dim[i] = (uint32_t)d;
	}
	return ERR_OK;
}

/* t->at is from the data's start still. */
static enum err read_tensor(struct parser *p, struct gguf_tensor *t)
{
	uint32_t type;
	enum err e;

	t->offset = p->rd.off;
	e = read_string(p, "tensor name", &t->name, GGUF_NAME_LEN_MAX);
	if (e != ERR_OK)
		return e;
	if (t->name.len == 0)
		return fail(p, ERR_FORMAT, "empty tensor name");
	e = read_dims(p, t);
	if (e != ERR_OK)
		return e;
	type = rd_u32le(&p->rd);
	t->at = rd_u64le(&p->rd);
	e = check(p, "tensor type and offset");
	if (e != ERR_OK)
		return e;
	if (type >= TENSOR_TYPE_N || tensor_types[type].name == NULL)
		return err_set(p->ctx, ERR_UNSUPPORTED,
		    "gguf: tensor at offset %zu: type number %u",
		    (size_t)t->offset, type);
	t->type = (enum gguf_tensor_type)type;
	e = tensor_len(p, t, &t->len);
	if (e == ERR_OK && t->len > p->file_len)
		e = fail(p, ERR_TRUNCATED, "tensor larger than the file");
	return e;
}

/* Offsets are relative to the data's start, which is known only at the end. */
static enum err place_tensor(
    struct parser *p, struct gguf *g, struct gguf_tensor *t, uint64_t start)
{
	const char *reason = NULL;
	enum err e = ERR_FORMAT;

	if (t->at % g->alignment != 0) {
		reason = "misaligned";
	} else if (start > p->file_len || t->at > p->file_len - start ||
		   t->len > p->file_len - start - t->at) {
		reason = "beyond the file's end";
		e = ERR_TRUNCATED;
	}
	if (reason != NULL)
		return err_set(p->ctx, e,
		    "gguf: tensor described at offset %zu: data %s",
		    (size_t)t->offset, reason);
	t->at += start;
	return ERR_OK;
}

int gguf_order(struct bytes a, struct bytes b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		if (a.p[i] != b.p[i])
			return a.p[i] < b.p[i] ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int compare_names(const void *a, const void *b, void *cookie)
{
	const struct gguf_tensor *t = cookie;

	return gguf_order(
	    t[*(const uint32_t *)a].name, t[*(const uint32_t *)b].name);
}

static int compare_places(const void *a, const void *b, void *cookie)
{
	const struct gguf_tensor *t = cookie;
	uint64_t x = t[*(const uint32_t *)a].at;
	uint64_t y = t[*(const uint32_t *)b].at;

	return x < y ? -1 : x > y;
}

/* No two tensors with one name or with common bytes. Leaves by_name sorted. */
static enum err check_tensors(struct parser *p, struct gguf *g)
{
	uint32_t *order = g->by_name;
	struct gguf_tensor *t = g->tensor;

	for (uint32_t i = 0; i < g->tensor_n; i++)
		order[i] = i;
	qsort_r(order, g->tensor_n, sizeof(*order), compare_places, t);
	for (uint32_t i = 1; i < g->tensor_n; i++) {
		const struct gguf_tensor *a = &t[order[i - 1]];
		const struct gguf_tensor *b = &t[order[i]];

		if (a->at + a->len > b->at)
			return err_set(p->ctx, ERR_FORMAT,
			    "gguf: tensors described at offsets %zu and %zu "
			    "overlap",
			    (size_t)a->offset, (size_t)b->offset);
	}
	qsort_r(order, g->tensor_n, sizeof(*order), compare_names, t);
	for (uint32_t i = 1; i < g->tensor_n; i++) {
		if (compare_names(&order[i - 1], &order[i], t) == 0)
			return err_set(p->ctx, ERR_FORMAT,
			    "gguf: two tensors of one name at offset %zu",
			    (size_t)t[order[i]].offset);
	}
	return ERR_OK;
}

static enum err read_tensors(struct parser *p, struct gguf *g)
{
	uint64_t start;
	enum err e = ERR_OK;

	g->tensor = calloc(g->tensor_n + 1, sizeof(*g->tensor));
	g->by_name = calloc(g->tensor_n + 1, sizeof(*g->by_name));
	if (g->tensor == NULL || g->by_name == NULL)
		e = fail(p, ERR_NOMEM, "table of tensors");
	for (uint32_t i = 0; i < g->tensor_n && e == ERR_OK; i++)
		e = read_tensor(p, &g->tensor[i]);
	g->head_len = p->rd.off;
	start = (p->rd.off + g->alignment - 1) / g->alignment * g->alignment;
	for (uint32_t i = 0; i < g->tensor_n && e == ERR_OK; i++)
		e = place_tensor(p, g, &g->tensor[i], start);
	return e == ERR_OK ? check_tensors(p, g) : e;
}

/* A count must be below its limit and possible in the bytes that are left. */
static enum err read_count(struct parser *p, const char *field, uint64_t v,
    uint32_t max, uint32_t *out)
{
	if (v > max)
		return err_set(p->ctx, ERR_LIMIT, "gguf: %s: %llu, limit %u",
		    field, (unsigned long long)v, max);
	*out = (uint32_t)v;
	return ERR_OK;
}

static enum err read_header(struct parser *p, struct gguf *g)
{
	uint64_t tensors, pairs;
	enum err e;

	if (rd_u32le(&p->rd) != GGUF_MAGIC && p->rd.err == ERR_OK)
		return err_set(p->ctx, ERR_FORMAT,
		    "gguf: not a GGUF file (no \"GGUF\" at offset 0)");
	g->version = rd_u32le(&p->rd);
	tensors = rd_u64le(&p->rd);
	pairs = rd_u64le(&p->rd);
	e = check(p, "header");
	if (e != ERR_OK)
		return e;
	if (g->version != 2 && g->version != 3)
		return err_set(p->ctx, ERR_UNSUPPORTED,
		    "gguf: version at offset 4 is %u, not 2 or 3", g->version);
	e = read_count(p, "tensor count at offset 8", tensors, GGUF_TENSORS_MAX,
	    &g->tensor_n);
	if (e == ERR_OK)
		e = read_count(p, "key count at offset 16", pairs,
		    GGUF_PAIRS_MAX, &g->pair_n);
	if (e == ERR_OK)
		e = check_left(p,
		    (uint64_t)g->tensor_n * GGUF_TENSOR_LEN_MIN +
			(uint64_t)g->pair_n * GGUF_PAIR_LEN_MIN,
		    "tables of keys and tensors");
	return e;
}

static enum err read_alignment(struct parser *p, struct gguf *g)
{
	enum err e;

	g->alignment = GGUF_ALIGNMENT;
	e = gguf_optional(
	    gguf_u32(g, "general.alignment", &g->alignment, p->ctx));
	if (e != ERR_OK)
		return e;
	if (g->alignment < 8 || g->alignment > GGUF_ALIGNMENT_MAX ||
	    (g->alignment & (g->alignment - 1)) != 0)
		return err_set(p->ctx, ERR_FORMAT,
		    "gguf: general.alignment is %u, not a power of two from 8 "
		    "to %u",
		    g->alignment, GGUF_ALIGNMENT_MAX);
	return ERR_OK;
}

enum err gguf_parse_head(
    struct gguf *g, struct bytes first, uint64_t file_len, struct err_ctx *ctx)
{
	struct parser p = {
		.rd = rd_bytes_init(first), .file_len = file_len, .ctx = ctx
	};
	enum err e;

	assert(first.len <= file_len);
	*g = (struct gguf){ .file_len = file_len };
	e = read_header(&p, g);
	if (e == ERR_OK)
		e = read_pairs(&p, g);
	if (e == ERR_OK)
		e = read_alignment(&p, g);
	if (e == ERR_OK)
		e = read_tensors(&p, g);
	if (e != ERR_OK)
		gguf_clear(g);
	return e;
}

void gguf_clear(struct gguf *g)
{
	free(g->pair);
	free(g->tensor);
	free(g->by_name);
	free(g->owned);
	*g = (struct gguf){ .pair = NULL };
}
