/*
 * A whole model of a few kilobytes with arbitrary weights: 256 byte tokens, a
 * few merges or longer pieces, and special tokens. What it says is noise, often
 * not even UTF-8; how it is served is what tests look at.
 */
#ifndef CONFER_TESTS_UNIT_TINY_MODEL_H
#define CONFER_TESTS_UNIT_TINY_MODEL_H

#include "gguf_writer.h"

#define TINY_CAP     (1u << 20)
#define TINY_WIDTH   32
#define TINY_CONTEXT 256
#define TINY_CHATML                                                            \
	"{% for message in messages %}{{'<|im_start|>' + message.role + "      \
	"'\n' + message.content + '<|im_end|>\n'}}{% endfor %}"                \
	"{{'<|im_start|>assistant\n'}}"

struct tiny {
	bool spm; /* else byte-level BPE */
	const char *chat_template;
	const char *architecture; /* NULL: llama */
	uint32_t type;            /* of the matrices */
	uint32_t context;         /* 0: TINY_CONTEXT */
	bool calls; /* <s> and <tool> are <tool_call> and </tool_call> */
};

/* Token numbers of the BPE form; bytes come first, in order. */
enum tiny_token {
	TINY_MERGED = 256, /* "he", "ll", "hell", "o!", " w" */
	TINY_END = 261,    /* <|endoftext|> */
	TINY_IM_START,
	TINY_IM_END,
	TINY_EXTRA, /* <s>, user defined <tool> */
	TINY_TOOL,
	TINY_N
};

/* One byte in the printable alphabet of byte-level BPE, as UTF-8. */
static inline size_t tiny_letter(uint8_t b, char out[3])
{
	uint32_t c = 256;

	for (uint32_t i = 0; i <= b; i++) {
		bool plain =
		    (i >= 0x21 && i <= 0x7e) || (i >= 0xa1 && i != 0xad);

		if (i == b)
			c = plain ? i : c;
		else if (!plain)
			c++;
	}
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = (char)(0xc0 | c >> 6);
	out[1] = (char)(0x80 | (c & 63));
	return 2;
}

static inline void tiny_item(struct gw *g, bool spm, uint32_t i)
{
	static const char *const bpe[] = { "he", "ll", "hell", "o!",
		"\xc4\xa0w", "<|endoftext|>", "<|im_start|>", "<|im_end|>",
		"<s>", "<tool>" };
	static const char *const more[] = { "he", "ll", "hell", "o!",
		"\xe2\x96\x81w", "<unk>", "<s>", "</s>", "hello",
		"\xe2\x96\x81" };
	char text[8] = { 0 };

	if (i >= 256) {
		gw_string(g, spm ? more[i - 256] : bpe[i - 256]);
	} else if (spm) {
		snprintf(text, sizeof(text), "<0x%02X>", i);
		gw_string(g, text);
	} else {
		(void)tiny_letter((uint8_t)i, text);
		gw_string(g, text);
	}
}

static inline uint32_t tiny_type(bool spm, uint32_t i)
{
	if (i < 256)
		return spm ? 6 : 1;
	if (spm)
		return i == 261               ? 2
		       : i == 262 || i == 263 ? 3
		       : i == 264             ? 4
					      : 1;
	return i < TINY_END ? 1 : i == TINY_TOOL ? 4 : 3;
}

static inline void tiny_vocabulary(struct gw *g, const struct tiny *t)
{
	static const char *const merges[] = { "h e", "l l", "he ll", "o !",
		"\xc4\xa0 w" };

	gw_str(g, "tokenizer.ggml.model", t->spm ? "llama" : "gpt2");
	gw_str(g, "tokenizer.ggml.pre", t->spm ? "default" : "gpt-2");
	gw_array(g, "tokenizer.ggml.tokens", GGUF_STRING, TINY_N);
	for (uint32_t i = 0; i < TINY_N; i++) {
		if (t->calls && i >= TINY_EXTRA)
			gw_string(g,
			    i == TINY_EXTRA ? "<tool_call>" : "</tool_call>");
		else
			tiny_item(g, t->spm, i);
	}
	gw_array(g, "tokenizer.ggml.token_type", GGUF_I32, TINY_N);
	for (uint32_t i = 0; i < TINY_N; i++)
		wr_u32le(&g->w, tiny_type(t->spm, i));
	if (t->spm) {
		gw_array(g, "tokenizer.ggml.scores", GGUF_F32, TINY_N);
		for (uint32_t i = 0; i < TINY_N; i++) {
			float score = -(float)i;

			wr_copy(&g->w, &score, sizeof(score));
		}
		gw_u32(g, "tokenizer.ggml.bos_token_id", 262);
		gw_u32(g, "tokenizer.ggml.eos_token_id", 263);
		gw_u32(g, "tokenizer.ggml.unknown_token_id", 261);
	} else {
		gw_array(g, "tokenizer.ggml.merges", GGUF_STRING, 5);
		for (size_t i = 0; i < 5; i++)
			gw_string(g, merges[i]);
		gw_u32(g, "tokenizer.ggml.eos_token_id", TINY_END);
	}
	if (t->chat_template != NULL)
		gw_str(g, "tokenizer.chat_template", t->chat_template);
}

static inline void tiny_tensors(struct gw *g, uint32_t type)
{
	static const struct {
		const char *name;
		uint32_t cols, rows;
	} block[] = {
		{ "attn_norm", 32, 0 },
		{ "attn_q", 32, 32 },
		{ "attn_k", 32, 16 },
		{ "attn_v", 32, 16 },
		{ "attn_output", 32, 32 },
		{ "ffn_norm", 32, 0 },
		{ "ffn_gate", 32, 64 },
		{ "ffn_up", 32, 64 },
		{ "ffn_down", 64, 32 },
	};

	gw_tensor(g, "token_embd.weight", type, TINY_WIDTH, TINY_N);
	gw_tensor(g, "output_norm.weight", GGUF_TENSOR_F32, TINY_WIDTH, 0);
	for (size_t b = 0; b < 2; b++) {
		for (size_t i = 0; i < sizeof(block) / sizeof(block[0]); i++) {
			char name[64];

			snprintf(name, sizeof(name), "blk.%zu.%s.weight", b,
			    block[i].name);
			gw_tensor(g, name,
			    block[i].rows == 0 ? GGUF_TENSOR_F32 : type,
			    block[i].cols, block[i].rows);
		}
	}
}

/* Everything but the end: a test may add pairs before the tensors. */
static inline void tiny_pairs(struct gw *g, const struct tiny *t)
{
	const char *a = t->architecture != NULL ? t->architecture : "llama";
	static const struct {
		const char *name;
		uint32_t v;
	} sizes[] = {
		{ "context_length", TINY_CONTEXT },
		{ "embedding_length", TINY_WIDTH },
		{ "block_count", 2 },
		{ "feed_forward_length", 64 },
		{ "attention.head_count", 4 },
		{ "attention.head_count_kv", 2 },
	};
	char key[96];

	gw_str(g, "general.architecture", a);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(key, sizeof(key), "%s.%s", a, sizes[i].name);
		gw_u32(g, key,
		    i == 0 && t->context != 0 ? t->context : sizes[i].v);
	}
	snprintf(key, sizeof(key), "%s.attention.layer_norm_rms_epsilon", a);
	gw_f32(g, key, 1e-5f);
	tiny_vocabulary(g, t);
}

/* The whole file; free(.p), which is 64-byte aligned. */
static inline struct bytes tiny_model(const struct tiny *t)
{
	struct gw g;
	size_t n;

	gw_begin(&g, TINY_CAP);
	tiny_pairs(&g, t);
	tiny_tensors(&g, t->type);
	n = gw_end(&g);
	return (struct bytes){ g.buf, n };
}

#endif
