/*
 * GGUF version 3: header, key-value pairs, tensor table, data. The whole file
 * is built in memory: it is a few megabytes.
 */
#include "gguf_write.h"

#include <immintrin.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

enum { T_U32 = 4, T_I32 = 5, T_F32 = 6, T_BOOL = 7, T_STR = 8, T_ARR = 9 };
enum { GGML_F32 = 0, GGML_Q8_0 = 8, QK = 32, Q8_BYTES = 34, ALIGN = 32 };
enum { TOKEN_NORMAL = 1, TOKEN_CONTROL = 3, FILE_TYPE_Q8_0 = 7 };

static const char chat_template[] =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
    "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

struct out {
	uint8_t *p;
	size_t n, cap;
	uint64_t pairs;
};

static void put(struct out *o, const void *p, size_t n)
{
	if (o->n + n > o->cap) {
		o->cap = (o->n + n) * 2;
		o->p = util_realloc(o->p, o->cap);
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static void put_u32(struct out *o, uint32_t v)
{
	put(o, &v, sizeof(v)); /* x86 is little-endian, and so is GGUF */
}

static void put_u64(struct out *o, uint64_t v)
{
	put(o, &v, sizeof(v));
}

static void put_str(struct out *o, const char *s, size_t n)
{
	put_u64(o, n);
	put(o, s, n);
}

static void key(struct out *o, const char *name, uint32_t type)
{
	put_str(o, name, strlen(name));
	put_u32(o, type);
	o->pairs++;
}

static void key_u32(struct out *o, const char *name, uint32_t v)
{
	key(o, name, T_U32);
	put_u32(o, v);
}

static void key_f32(struct out *o, const char *name, float v)
{
	key(o, name, T_F32);
	put(o, &v, sizeof(v));
}

static void key_bool(struct out *o, const char *name, uint8_t v)
{
	key(o, name, T_BOOL);
	put(o, &v, 1);
}

static void key_str(struct out *o, const char *name, const char *v)
{
	key(o, name, T_STR);
	put_str(o, v, strlen(v));
}

static void key_array(
    struct out *o, const char *name, uint32_t type, uint64_t n)
{
	key(o, name, T_ARR);
	put_u32(o, type);
	put_u64(o, n);
}

/* GPT-2 spells each byte as a printable character. Returns bytes written. */
static size_t spell_byte(char *out, unsigned byte)
{
	unsigned code = 256;

	for (unsigned i = 0; i < byte; i++)
		code += i < 33 || (i > 126 && i < 161) || i == 173;
	if (byte >= 33 && !(byte > 126 && byte < 161) && byte != 173)
		code = byte;
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	out[0] = (char)(0xc0 | code >> 6);
	out[1] = (char)(0x80 | (code & 0x3f));
	return 2;
}

static size_t spell(char *out, const struct bpe *b, unsigned id)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len[id]; i++) {
		if (id >= NET_VOCAB - BPE_SPECIALS)
			out[n++] = b->text[id][i];
		else
			n += spell_byte(out + n, (unsigned char)b->text[id][i]);
	}
	return n;
}

static void put_tokenizer(struct out *o, const struct bpe *b)
{
	char s[4 * BPE_TOKEN_MAX + 1];

	key_str(o, "tokenizer.ggml.model", "gpt2");
	key_str(o, "tokenizer.ggml.pre", "gpt-2");
	key_array(o, "tokenizer.ggml.tokens", T_STR, NET_VOCAB);
	for (unsigned i = 0; i < NET_VOCAB; i++)
		put_str(o, s, spell(s, b, i));
	key_array(o, "tokenizer.ggml.token_type", T_I32, NET_VOCAB);
	for (unsigned i = 0; i < NET_VOCAB; i++)
		put_u32(o, i < NET_VOCAB - BPE_SPECIALS ? TOKEN_NORMAL
							: TOKEN_CONTROL);
	key_array(o, "tokenizer.ggml.merges", T_STR, BPE_MERGES);
	for (unsigned i = 256; i < 256 + BPE_MERGES; i++) {
		size_t n = spell(s, b, b->left[i]);

		s[n++] = ' ';
		put_str(o, s, n + spell(s + n, b, b->right[i]));
	}
	key_u32(o, "tokenizer.ggml.bos_token_id", BPE_END_OF_TEXT);
	key_u32(o, "tokenizer.ggml.eos_token_id", BPE_IM_END);
	key_u32(o, "tokenizer.ggml.eot_token_id", BPE_IM_END);
	key_u32(o, "tokenizer.ggml.padding_token_id", BPE_END_OF_TEXT);
	key_bool(o, "tokenizer.ggml.add_bos_token", 0);
	key_str(o, "tokenizer.chat_template", chat_template);
}

static void put_keys(struct out *o)
{
	key_str(o, "general.architecture", "llama");
	key_str(o, "general.type", "model");
	key_str(o, "general.name", "confer-demo");
	key_str(o, "general.description",
	    "Small demonstration model of Confer in C; knows only about this "
	    "software");
	key_str(o, "general.license", "apache-2.0");
	key_u32(o, "general.file_type", FILE_TYPE_Q8_0);
	key_u32(o, "general.quantization_version", 2);
	key_u32(o, "general.alignment", ALIGN);
	key_u32(o, "llama.vocab_size", NET_VOCAB);
	key_u32(o, "llama.context_length", NET_CTX);
	key_u32(o, "llama.embedding_length", NET_DIM);
	key_u32(o, "llama.block_count", NET_LAYERS);
	key_u32(o, "llama.feed_forward_length", NET_FF);
	key_u32(o, "llama.attention.head_count", NET_HEADS);
	key_u32(o, "llama.attention.head_count_kv", NET_HEADS);
	key_u32(o, "llama.rope.dimension_count", NET_HEAD);
	key_f32(o, "llama.rope.freq_base", (float)NET_ROPE_BASE);
	key_f32(o, "llama.attention.layer_norm_rms_epsilon", NET_EPS);
}

/* A tensor: rows x cols, rows 0 for a vector; where it lies in the weights. */
struct tensor {
	char name[40];
	size_t rows, cols, at;
};

enum { PER_LAYER = 9, TENSORS = 2 + PER_LAYER * NET_LAYERS };

static void list_tensors(struct tensor t[TENSORS])
{
	static const struct tensor layer[PER_LAYER] = {
		{ "attn_norm", 0, NET_DIM, NET_NORM1 },
		{ "attn_q", NET_DIM, NET_DIM, NET_QKV },
		{ "attn_k", NET_DIM, NET_DIM, NET_QKV + NET_DIM * NET_DIM },
		{ "attn_v", NET_DIM, NET_DIM, NET_QKV + 2 * NET_DIM * NET_DIM },
		{ "attn_output", NET_DIM, NET_DIM, NET_WO },
		{ "ffn_norm", 0, NET_DIM, NET_NORM2 },
		{ "ffn_gate", NET_FF, NET_DIM, NET_GATE_UP },
		{ "ffn_up", NET_FF, NET_DIM, NET_GATE_UP + NET_FF * NET_DIM },
		{ "ffn_down", NET_DIM, NET_FF, NET_DOWN },
	};
	size_t n = 0;

	t[n++] = (struct tensor){ "token_embd.weight", NET_VOCAB, NET_DIM, 0 };
	for (int l = 0; l < NET_LAYERS; l++) {
		for (int i = 0; i < PER_LAYER; i++, n++) {
			t[n] = layer[i];
			t[n].at += NET_LAYER0 + (size_t)l * NET_LAYER;
			snprintf(t[n].name, sizeof(t[n].name),
			    "blk.%d.%.20s.weight", l, layer[i].name);
		}
	}
	t[n] = (struct tensor){ "output_norm.weight", 0, NET_DIM, NET_NORM };
}

static size_t tensor_bytes(const struct tensor *t)
{
	return t->rows == 0 ? t->cols * sizeof(float)
			    : t->rows * t->cols / QK * Q8_BYTES;
}

static void put_table(struct out *o, const struct tensor t[TENSORS])
{
	uint64_t at = 0;

	for (int i = 0; i < TENSORS; i++) {
		put_str(o, t[i].name, strlen(t[i].name));
		put_u32(o, t[i].rows == 0 ? 1 : 2);
		put_u64(o, t[i].cols);
		if (t[i].rows > 0)
			put_u64(o, t[i].rows);
		put_u32(o, t[i].rows == 0 ? GGML_F32 : GGML_Q8_0);
		put_u64(o, at);
		at += (tensor_bytes(&t[i]) + ALIGN - 1) / ALIGN * ALIGN;
	}
}

static void pad(struct out *o)
{
	static const uint8_t zero[ALIGN];

	put(o, zero, (ALIGN - o->n % ALIGN) % ALIGN);
}

/* One block: scale = largest magnitude / 127 as half, 32 signed bytes. */
static uint16_t quantise(int8_t q[QK], const float *w)
{
	float max = 0, d, inv;

	for (int i = 0; i < QK; i++) {
		float a = w[i] < 0 ? -w[i] : w[i];

		max = a > max ? a : max;
	}
	d = max / 127;
	inv = d > 0 ? 1 / d : 0;
	for (int i = 0; i < QK; i++)
		q[i] = (int8_t)_mm_cvtss_si32(_mm_set_ss(w[i] * inv));
	return _cvtss_sh(d, _MM_FROUND_TO_NEAREST_INT);
}

static void put_data(
    struct out *o, const float *w, const struct tensor t[TENSORS])
{
	for (int i = 0; i < TENSORS; i++) {
		const float *p = w + t[i].at;

		pad(o);
		if (t[i].rows == 0)
			put(o, p, t[i].cols * sizeof(float));
		for (size_t k = 0; k < t[i].rows * t[i].cols; k += QK) {
			int8_t q[QK];
			uint16_t d = quantise(q, p + k);

			put(o, &d, sizeof(d));
			put(o, q, sizeof(q));
		}
	}
	pad(o);
}

void gguf_round(float *w)
{
	struct tensor t[TENSORS];

	list_tensors(t);
	for (int i = 0; i < TENSORS; i++) {
		for (size_t k = 0; k < t[i].rows * t[i].cols; k += QK) {
			float *p = w + t[i].at + k, d;
			int8_t q[QK];

			d = _cvtsh_ss(quantise(q, p));
			for (int j = 0; j < QK; j++)
				p[j] = (float)q[j] * d;
		}
	}
}

void gguf_write(const char *path, const float *w, const struct bpe *b)
{
	struct out o = { 0 }, keys = { 0 };
	struct tensor t[TENSORS];
	char tmp[4096];
	FILE *f;

	list_tensors(t);
	put_keys(&keys);
	put_tokenizer(&keys, b);
	put(&o, "GGUF", 4);
	put_u32(&o, 3);
	put_u64(&o, TENSORS);
	put_u64(&o, keys.pairs);
	put(&o, keys.p, keys.n);
	put_table(&o, t);
	put_data(&o, w, t);
	snprintf(tmp, sizeof(tmp), "%s.part", path);
	f = fopen(tmp, "wb");
	if (f == NULL || fwrite(o.p, 1, o.n, f) != o.n || fclose(f) != 0 ||
	    rename(tmp, path) != 0)
		util_die("cannot write %s", path);
	util_free(o.p);
	util_free(keys.p);
}
