/*
 * Writes small GGUF files for tests: a few pairs, then tensors with arbitrary
 * but reproducible contents. Nothing is checked, so that a test can also write
 * what must be refused.
 */
#ifndef CONFER_TESTS_UNIT_GGUF_WRITER_H
#define CONFER_TESTS_UNIT_GGUF_WRITER_H

#include <stdlib.h>
#include <string.h>

#include "base/wr.h"
#include "engine/gguf.h"

#define GW_TENSORS_MAX 512
#define GW_ALIGN       32

struct gw {
	uint8_t *buf; /* 64-byte aligned; free() it */
	struct wr w;
	uint32_t pairs, tensors;
	uint64_t data_len;
	struct {
		uint32_t type;
		uint64_t at, len;
	} tensor[GW_TENSORS_MAX];
};

static inline void gw_begin(struct gw *g, size_t cap)
{
	memset(g, 0, sizeof(*g));
	g->buf = aligned_alloc(64, (cap + 63) / 64 * 64);
	g->w = wr_init(g->buf, cap);
	wr_str(&g->w, "GGUF");
	wr_u32le(&g->w, 3);
	wr_u64le(&g->w, 0);
	wr_u64le(&g->w, 0);
}

static inline void gw_string(struct gw *g, const char *s)
{
	wr_u64le(&g->w, strlen(s));
	wr_str(&g->w, s);
}

static inline void gw_key(struct gw *g, const char *key, uint32_t type)
{
	gw_string(g, key);
	wr_u32le(&g->w, type);
	g->pairs++;
}

static inline void gw_u32(struct gw *g, const char *key, uint32_t v)
{
	gw_key(g, key, GGUF_U32);
	wr_u32le(&g->w, v);
}

static inline void gw_f32(struct gw *g, const char *key, float v)
{
	gw_key(g, key, GGUF_F32);
	wr_copy(&g->w, &v, sizeof(v));
}

static inline void gw_bool(struct gw *g, const char *key, uint8_t v)
{
	gw_key(g, key, GGUF_BOOL);
	wr_u8(&g->w, v);
}

static inline void gw_str(struct gw *g, const char *key, const char *s)
{
	gw_key(g, key, GGUF_STRING);
	gw_string(g, s);
}

static inline void gw_array(
    struct gw *g, const char *key, uint32_t type, uint64_t n)
{
	gw_key(g, key, GGUF_ARRAY);
	wr_u32le(&g->w, type);
	wr_u64le(&g->w, n);
}

static inline uint64_t gw_tensor_len(
    uint32_t type, uint32_t cols, uint32_t rows)
{
	uint32_t n = 1, len = 1;

	(void)gguf_type_block((enum gguf_tensor_type)type, &n, &len);
	return (uint64_t)cols / n * len * rows;
}

/* Describe a tensor whose data lies at `at`; rows 0 writes a vector. */
static inline void gw_tensor_at(struct gw *g, const char *name, uint32_t type,
    uint32_t cols, uint32_t rows, uint64_t at)
{
	uint64_t len = gw_tensor_len(type, cols, rows == 0 ? 1 : rows);

	gw_string(g, name);
	wr_u32le(&g->w, rows == 0 ? 1 : 2);
	wr_u64le(&g->w, cols);
	if (rows != 0)
		wr_u64le(&g->w, rows);
	wr_u32le(&g->w, type);
	wr_u64le(&g->w, at);
	if (g->tensors < GW_TENSORS_MAX) {
		g->tensor[g->tensors].type = type;
		g->tensor[g->tensors].at = at;
		g->tensor[g->tensors].len = len;
	}
	g->tensors++;
	if (at + len > g->data_len)
		g->data_len = at + len;
}

/* The same behind all that are there already. */
static inline void gw_tensor(
    struct gw *g, const char *name, uint32_t type, uint32_t cols, uint32_t rows)
{
	gw_tensor_at(g, name, type, cols, rows,
	    (g->data_len + GW_ALIGN - 1) / GW_ALIGN * GW_ALIGN);
}

static inline uint32_t gw_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static inline void gw_fill(
    uint8_t *p, uint32_t type, uint64_t len, uint32_t *state)
{
	for (uint64_t i = 0; i + 4 <= len && type == GGUF_TENSOR_F32; i += 4) {
		float v = (float)(gw_random(state) % 2000) / 1000.0f - 1.0f;

		memcpy(p + i, &v, 4);
	}
	for (uint64_t i = 0; i + 2 <= len && type == GGUF_TENSOR_F16; i += 2) {
		uint32_t r = gw_random(state); /* +-0.25 to 1 */

		p[i] = (uint8_t)r;
		p[i + 1] = (uint8_t)(0x34 + (r >> 8 & 7) + (r >> 9 & 0x80));
	}
	for (uint64_t i = 0; i < len && type == GGUF_TENSOR_Q8_0; i++) {
		p[i] = (uint8_t)gw_random(state);
		if (i % 34 == 0)
			p[i] = 0;
		else if (i % 34 == 1)
			p[i] = 0x20; /* a scale of 2^-7 */
	}
}

/* Counts into the header, padding, data. Returns the file's length. */
static inline size_t gw_end(struct gw *g)
{
	size_t pad = (GW_ALIGN - g->w.len % GW_ALIGN) % GW_ALIGN;
	struct wr head = wr_init(g->buf + 8, 16);
	uint32_t state = 1;
	uint8_t *data;

	wr_u64le(&head, g->tensors);
	wr_u64le(&head, g->pairs);
	if (g->tensors > 0)
		wr_fill(&g->w, 0, pad);
	data = wr_reserve(&g->w, (size_t)g->data_len);
	if (g->w.err != ERR_OK)
		abort(); /* the test's buffer is too small */
	if (data != NULL)
		memset(data, 0, (size_t)g->data_len);
	for (uint32_t i = 0; i < g->tensors && i < GW_TENSORS_MAX; i++)
		gw_fill(data + g->tensor[i].at, g->tensor[i].type,
		    g->tensor[i].len, &state);
	return g->w.len;
}

/* Parse a whole file in memory. */
static inline enum err gguf_whole(
    struct gguf *g, struct bytes file, struct err_ctx *ctx)
{
	return gguf_parse_head(g, file, file.len, ctx);
}

#endif
