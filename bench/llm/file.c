/* Writing a model: the format is in engine/gguf.h, shapes in shapes.c. */
#include "llm/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "llm/tensors.h"

#define LETTERS   26
#define BYTES     256
#define PAIRS     (LETTERS * LETTERS) /* of letters: what merges make */
#define SPREAD    0.02f               /* standard deviation of weights */
#define BUFFER    (1u << 20)
#define BLOCK_MAX 210 /* bytes of one block of Q6_K */

struct out {
	FILE *f;
	uint64_t n; /* bytes written */
	uint64_t random;
	uint64_t data; /* where the next tensor's data will be */
	uint64_t count;
	bool failed;
};

static void put(struct out *o, const void *p, size_t n)
{
	o->failed |= fwrite(p, 1, n, o->f) != n;
	o->n += n;
}

static void put_u32(struct out *o, uint32_t v)
{
	put(o, &v, sizeof(v));
}

static void put_u64(struct out *o, uint64_t v)
{
	put(o, &v, sizeof(v));
}

static void put_str(struct out *o, const char *s)
{
	put_u64(o, strlen(s));
	put(o, s, strlen(s));
}

static void key(struct out *o, const char *name, enum gguf_value_type type)
{
	put_str(o, name);
	put_u32(o, type);
	o->count++;
}

static void key_str(struct out *o, const char *name, const char *v)
{
	key(o, name, GGUF_STRING);
	put_str(o, v);
}

static void key_u32(struct out *o, const char *name, uint32_t v)
{
	key(o, name, GGUF_U32);
	put_u32(o, v);
}

static void key_array(
    struct out *o, const char *name, enum gguf_value_type type, uint64_t n)
{
	key(o, name, GGUF_ARRAY);
	put_u32(o, type);
	put_u64(o, n);
}

/* ---- a vocabulary: bytes, pairs of letters, words, one end ------------------ */

/* A byte in the alphabet of byte-level BPE: itself, or a code from 256 on. */
static void put_byte_token(struct out *o, unsigned byte)
{
	char s[3] = { 0 };
	unsigned code = 0;

	for (unsigned b = 0; b <= byte; b++) {
		bool printable =
		    (b > ' ' && b < 0x7f) || (b > 0xa0 && b != 0xad);

		if (b == byte && printable)
			code = byte;
		else if (b == byte)
			code += BYTES;
		else if (!printable)
			code++;
	}
	if (code < 0x80) {
		s[0] = (char)code;
	} else {
		s[0] = (char)(0xc0 | code >> 6);
		s[1] = (char)(0x80 | (code & 0x3f));
	}
	put_str(o, s);
}

static void put_word_token(struct out *o, uint32_t i, size_t letters)
{
	char s[8] = { 0 };

	for (size_t k = 0; k < letters; k++, i /= LETTERS)
		s[k] = (char)('a' + i % LETTERS);
	put_str(o, s);
}

static void put_tokenizer(struct out *o, const struct llm_shape *s)
{
	key_str(o, "tokenizer.ggml.model", "gpt2");
	key_str(o, "tokenizer.ggml.pre", s->pretok);
	key_array(o, "tokenizer.ggml.tokens", GGUF_STRING, s->vocabulary);
	for (unsigned i = 0; i < BYTES; i++)
		put_byte_token(o, i);
	for (uint32_t i = 0; i < PAIRS; i++)
		put_word_token(o, i, 2);
	for (uint32_t i = 0; i < s->vocabulary - BYTES - PAIRS - 1; i++)
		put_word_token(o, i, 4);
	put_str(o, "<|endoftext|>");
	key_array(o, "tokenizer.ggml.token_type", GGUF_I32, s->vocabulary);
	for (uint32_t i = 0; i < s->vocabulary; i++)
		put_u32(o, i + 1 == s->vocabulary ? 3 : 1);
	key_array(o, "tokenizer.ggml.merges", GGUF_STRING, PAIRS);
	for (uint32_t i = 0; i < PAIRS; i++) {
		const char pair[] = { (char)('a' + i % LETTERS), ' ',
			(char)('a' + i / LETTERS), '\0' };

		put_str(o, pair);
	}
	key_u32(o, "tokenizer.ggml.bos_token_id", s->vocabulary - 1);
	key_u32(o, "tokenizer.ggml.eos_token_id", s->vocabulary - 1);
	key(o, "tokenizer.ggml.add_bos_token", GGUF_BOOL);
	put(o, "", 1);
}

static void arch_key(struct out *o, const struct llm_shape *s, const char *name)
{
	char text[LLM_NAME_MAX];

	(void)snprintf(text, sizeof(text), "%s.%s", s->architecture, name);
	put_str(o, text);
	o->count++;
}

static void arch_u32(
    struct out *o, const struct llm_shape *s, const char *name, uint32_t v)
{
	arch_key(o, s, name);
	put_u32(o, GGUF_U32);
	put_u32(o, v);
}

static void arch_f32(
    struct out *o, const struct llm_shape *s, const char *name, float v)
{
	arch_key(o, s, name);
	put_u32(o, GGUF_F32);
	put(o, &v, sizeof(v));
}

static void put_keys(struct out *o, const struct llm_shape *s)
{
	key_str(o, "general.architecture", s->architecture);
	key_str(o, "general.name", s->name);
	arch_u32(o, s, "context_length", s->context);
	arch_u32(o, s, "embedding_length", s->width);
	arch_u32(o, s, "block_count", s->blocks);
	arch_u32(o, s, "feed_forward_length", s->hidden);
	arch_u32(o, s, "attention.head_count", s->heads);
	arch_u32(o, s, "attention.head_count_kv", s->kv_heads);
	arch_u32(o, s, "attention.key_length", s->head);
	arch_u32(o, s, "attention.value_length", s->head);
	arch_u32(o, s, "rope.dimension_count", s->head);
	arch_f32(o, s, "attention.layer_norm_rms_epsilon", s->epsilon);
	arch_f32(o, s, "rope.freq_base", s->rope_base);
	put_tokenizer(o, s);
}

/* ---- data -------------------------------------------------------------------- */

static uint64_t next_random(struct out *o)
{
	o->random ^= o->random << 13;
	o->random ^= o->random >> 7;
	o->random ^= o->random << 17;
	return o->random;
}

/* 6 bits of scale for 8 groups, each also its group's offset (of Q4_K). */
static void pack_scales(uint8_t p[12], uint64_t random)
{
	uint8_t sc[8];

	for (unsigned i = 0; i < 8; i++)
		sc[i] = (uint8_t)(32 | (random >> 8 * i & 31));
	for (unsigned i = 0; i < 4; i++) {
		p[i] = (uint8_t)(sc[i] | sc[i + 4] >> 4 << 6);
		p[i + 4] = p[i];
		p[i + 8] = (uint8_t)((sc[i + 4] & 15) | sc[i + 4] << 4);
	}
}

/* As an IEEE half; f is positive and below 1. */
static void put_half(uint8_t *p, float f)
{
	int exponent;
	const float part = frexpf(f, &exponent); /* 0.5 to 1 */
	const long fraction = exponent < -13 ? lrintf(f * 16777216.0f)
					     : lrintf((part * 2 - 1) * 1024);
	const uint16_t half =
	    (uint16_t)((exponent < -13 ? 0 : (exponent + 14) << 10) + fraction);

	memcpy(p, &half, sizeof(half));
}

/*
 * A block of random bytes becomes one of weights: scales such that the numbers,
 * which are uniform, have the spread wanted, one block more than another.
 */
static void make_block(struct out *o, uint8_t *p, enum gguf_tensor_type type)
{
	const uint64_t r = next_random(o);
	const float spread = SPREAD * (0.75f + (float)(r >> 56) / 512.0f);

	switch ((int)type) {
	case GGUF_TENSOR_Q8_0:
		put_half(p, spread / 73.9f);
		break;
	case GGUF_TENSOR_Q4_0:
		put_half(p, spread / 4.61f);
		break;
	case GGUF_TENSOR_Q5_0:
		put_half(p, spread / 9.23f);
		break;
	case GGUF_TENSOR_Q4_K:
		put_half(p, spread / (4.61f * 48));
		put_half(p + 2, 7.5f * spread / (4.61f * 48));
		pack_scales(p + 4, r);
		break;
	case GGUF_TENSOR_Q6_K:
		for (unsigned i = 0; i < 16; i++)
			p[192 + i] |= 64;
		put_half(p + 208, spread / (18.5f * 96));
		break;
	default:
		abort();
	}
}

static void put_matrix(struct out *o, const struct llm_tensor *t)
{
	static union {
		uint64_t word[BUFFER / 8];
		uint8_t byte[BUFFER];
	} buf;
	uint32_t elements, len;
	uint64_t left;

	if (!gguf_type_block(t->type, &elements, &len) || len > BLOCK_MAX)
		abort();
	left = (uint64_t)t->rows * t->cols / elements;
	while (left > 0) {
		const uint64_t fit = BUFFER / len;
		const size_t n = (size_t)(left < fit ? left : fit);

		for (size_t i = 0; i < (n * len + 7) / 8; i++)
			buf.word[i] = next_random(o);
		for (size_t i = 0; i < n; i++)
			make_block(o, buf.byte + i * len, t->type);
		put(o, buf.byte, n * len);
		left -= n;
	}
}

static void put_vector(struct out *o, const struct llm_tensor *t)
{
	for (uint32_t i = 0; i < t->cols; i++) {
		float v = 1;

		if (t->fill == LLM_SMALL)
			v = SPREAD *
			    ((float)(next_random(o) >> 40) / 8388608.0f - 1);
		put(o, &v, sizeof(v));
	}
}

static void pad(struct out *o)
{
	static const uint8_t zero[GGUF_ALIGNMENT];

	put(o, zero, (GGUF_ALIGNMENT - o->n % GGUF_ALIGNMENT) % GGUF_ALIGNMENT);
}

static void count(void *cookie, const struct llm_tensor *t)
{
	struct out *o = cookie;

	(void)t;
	o->count++;
}

static void describe(void *cookie, const struct llm_tensor *t)
{
	struct out *o = cookie;
	uint32_t elements, len;
	uint64_t bytes;

	if (!gguf_type_block(t->type, &elements, &len))
		abort();
	bytes =
	    (uint64_t)(t->rows == 0 ? 1 : t->rows) * t->cols / elements * len;
	put_str(o, t->name);
	put_u32(o, t->rows == 0 ? 1 : 2);
	put_u64(o, t->cols);
	if (t->rows != 0)
		put_u64(o, t->rows);
	put_u32(o, t->type);
	put_u64(o, o->data);
	o->data +=
	    (bytes + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
}

static void put_data(void *cookie, const struct llm_tensor *t)
{
	struct out *o = cookie;

	pad(o);
	if (t->rows == 0)
		put_vector(o, t);
	else
		put_matrix(o, t);
}

bool llm_model_write(
    const char *path, const struct llm_shape *s, enum llm_mix mix)
{
	struct out o = { .f = fopen(path, "wb"), .random = 1 };
	struct out tensors = { .n = 0 };
	long pairs_at;

	if (o.f == NULL)
		return false;
	llm_each_tensor(s, mix, count, &tensors);
	put(&o, "GGUF", 4);
	put_u32(&o, 3);
	put_u64(&o, tensors.count);
	pairs_at = ftell(o.f);
	put_u64(&o, 0);
	put_keys(&o, s);
	llm_each_tensor(s, mix, describe, &o);
	llm_each_tensor(s, mix, put_data, &o);
	pad(&o);
	o.failed |= fseek(o.f, pairs_at, SEEK_SET) != 0;
	put_u64(&o, o.count);
	o.failed |= fclose(o.f) != 0;
	return !o.failed;
}
