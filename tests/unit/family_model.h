/*
 * Models of all families, of a few kilobytes, with arbitrary weights, in which
 * a test changes one tensor.
 */
#ifndef CONFER_TESTS_UNIT_FAMILY_MODEL_H
#define CONFER_TESTS_UNIT_FAMILY_MODEL_H

#include <stdio.h>

#include "gguf_writer.h"

#define FAMILY_BLOCKS     2
#define FAMILY_WIDTH      64
#define FAMILY_HIDDEN     96
#define FAMILY_HEADS      4
#define FAMILY_KV_HEADS   2
#define FAMILY_HEAD       16
#define FAMILY_VOCABULARY 20
#define FAMILY_CAP        (1u << 21)

struct family_model {
	const char *architecture;
	uint32_t type;        /* of matrices */
	uint32_t vector_type; /* of norms and biases; F32 is 0 */
	bool tied;            /* no output.weight */
	bool longrope;
	bool rope_freqs;
	/* One tensor that is otherwise; "" as the name of none. */
	struct {
		const char *name;
		bool left_out;
		uint32_t type;       /* + 1; 0: as it is */
		uint32_t cols, rows; /* 0: as it is */
	} change;
};

static inline void family_tensor(struct gw *g, const struct family_model *m,
    const char *name, uint32_t cols, uint32_t rows)
{
	uint32_t type = rows == 0 ? m->vector_type : m->type;

	if (m->change.name != NULL && strcmp(name, m->change.name) == 0) {
		if (m->change.left_out)
			return;
		type = m->change.type != 0 ? m->change.type - 1 : type;
		cols = m->change.cols != 0 ? m->change.cols : cols;
		rows = m->change.rows != 0 ? m->change.rows : rows;
	}
	gw_tensor(g, name, type, cols, rows);
}

static inline void family_pairs(struct gw *g, const struct family_model *m)
{
	static const struct {
		const char *name;
		uint32_t v;
	} sizes[] = {
		{ "context_length", 512 },
		{ "embedding_length", FAMILY_WIDTH },
		{ "block_count", FAMILY_BLOCKS },
		{ "feed_forward_length", FAMILY_HIDDEN },
		{ "attention.head_count", FAMILY_HEADS },
		{ "attention.head_count_kv", FAMILY_KV_HEADS },
	};
	char key[96];

	gw_str(g, "general.architecture", m->architecture);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(
		    key, sizeof(key), "%s.%s", m->architecture, sizes[i].name);
		gw_u32(g, key, sizes[i].v);
	}
	snprintf(key, sizeof(key), "%s.attention.layer_norm_rms_epsilon",
	    m->architecture);
	gw_f32(g, key, 1e-5f);
	gw_array(g, "tokenizer.ggml.tokens", GGUF_STRING, FAMILY_VOCABULARY);
	for (int i = 0; i < FAMILY_VOCABULARY; i++) {
		snprintf(key, sizeof(key), "t%d", i);
		gw_string(g, key);
	}
}

static inline void family_block(
    struct gw *g, const struct family_model *m, int block)
{
	enum {
		W = FAMILY_WIDTH,
		H = FAMILY_HIDDEN,
		Q = FAMILY_HEADS * FAMILY_HEAD,
		KV = FAMILY_KV_HEADS * FAMILY_HEAD
	};
	/* Families that have it: l q(wen2) (qwen)3 p g(emma) 2 G(emma3) */
	static const struct {
		const char *name, *families;
		uint32_t cols, rows;
	} all[] = {
		{ "attn_norm.weight", "lq3pg2G", W, 0 },
		{ "attn_q.weight", "lq3g2G", W, Q },
		{ "attn_k.weight", "lq3g2G", W, KV },
		{ "attn_v.weight", "lq3g2G", W, KV },
		{ "attn_qkv.weight", "p", W, Q + 2 * KV },
		{ "attn_q.bias", "q", Q, 0 },
		{ "attn_k.bias", "q", KV, 0 },
		{ "attn_v.bias", "q", KV, 0 },
		{ "attn_q_norm.weight", "3G", FAMILY_HEAD, 0 },
		{ "attn_k_norm.weight", "3G", FAMILY_HEAD, 0 },
		{ "attn_output.weight", "lq3pg2G", Q, W },
		{ "post_attention_norm.weight", "2G", W, 0 },
		{ "ffn_norm.weight", "lq3pg2G", W, 0 },
		{ "ffn_gate.weight", "lq3g2G", W, H },
		{ "ffn_up.weight", "lq3g2G", W, H },
		{ "ffn_up.weight", "p", W, 2 * H },
		{ "ffn_down.weight", "lq3pg2G", H, W },
		{ "post_ffw_norm.weight", "2G", W, 0 },
	};
	static const struct {
		const char *architecture;
		char letter;
	} letters[] = { { "llama", 'l' }, { "mistral3", 'l' },
		{ "smollm3", 'l' }, { "qwen2", 'q' }, { "qwen3", '3' },
		{ "phi3", 'p' }, { "gemma", 'g' }, { "gemma2", '2' },
		{ "gemma3", 'G' } };
	char name[64], letter = 0;

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (strcmp(m->architecture, letters[i].architecture) == 0)
			letter = letters[i].letter;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(name, sizeof(name), "blk.%d.%s", block, all[i].name);
		if (strchr(all[i].families, letter) != NULL)
			family_tensor(g, m, name, all[i].cols, all[i].rows);
	}
}

/* All but the end, so that a test may add tensors of its own. */
static inline void family_begin(struct gw *g, const struct family_model *m)
{
	gw_begin(g, FAMILY_CAP);
	family_pairs(g, m);
	family_tensor(
	    g, m, "token_embd.weight", FAMILY_WIDTH, FAMILY_VOCABULARY);
	family_tensor(g, m, "output_norm.weight", FAMILY_WIDTH, 0);
	if (!m->tied)
		family_tensor(
		    g, m, "output.weight", FAMILY_WIDTH, FAMILY_VOCABULARY);
	if (m->rope_freqs)
		family_tensor(g, m, "rope_freqs.weight", FAMILY_HEAD / 2, 0);
	if (m->longrope) {
		family_tensor(
		    g, m, "rope_factors_long.weight", FAMILY_HEAD / 2, 0);
		family_tensor(
		    g, m, "rope_factors_short.weight", FAMILY_HEAD / 2, 0);
	}
	for (int i = 0; i < FAMILY_BLOCKS; i++)
		family_block(g, m, i);
}

/* Where the data of a tensor starts. */
static inline uint8_t *family_data(struct bytes file, const char *name)
{
	const struct gguf_tensor *t;
	uint8_t *p = (uint8_t *)(uintptr_t)file.p;
	struct gguf g;

	if (gguf_parse_head(&g, file, file.len, NULL) != ERR_OK)
		return NULL;
	t = gguf_tensor(&g, name);
	p = t == NULL ? NULL : p + t->at;
	gguf_clear(&g);
	return p;
}

/* Counts, data, and divisors of frequencies that may be. free(.p) */
static inline struct bytes family_end(struct gw *g)
{
	static const char *const factors[] = { "rope_freqs.weight",
		"rope_factors_long.weight", "rope_factors_short.weight" };
	struct bytes file = { g->buf, gw_end(g) };

	for (size_t k = 0; k < 3; k++) {
		uint8_t *p = family_data(file, factors[k]);

		for (size_t i = 0; i < FAMILY_HEAD / 2 && p != NULL; i++) {
			float v = (float)(k + 1 + i);

			memcpy(p + i * sizeof(v), &v, sizeof(v));
		}
	}
	return file;
}

static inline struct bytes family_file(const struct family_model *m)
{
	struct gw g;

	family_begin(&g, m);
	return family_end(&g);
}

#endif
