/* A random model; the format is in engine/gguf.h, the shapes in engine/shape.h. */
#include "live.h"

#include "base/fmt.h"
#include "engine/gguf.h"

#define VOCABULARY  1024
#define ASCII       128 /* tokens of one byte: what a prompt is made of */
#define QUANT_N     32
#define QUANT_LEN   34
#define QUANT_SCALE 0x1019 /* 0.0005 as a half: weights of about 1/sqrt(700) */
#define NAME_LEN    64

struct out {
	FILE *f;
	uint64_t n; /* bytes written */
	uint64_t random;
	uint64_t data; /* where the next tensor's data will be */
};

/* Of a matrix of `rows` rows, or of a vector where that is 0. */
struct tensor {
	const char *name;
	uint32_t rows, cols;
	uint32_t zero; /* rows at the beginning that are zero */
};

static void put(struct out *o, const void *p, size_t n)
{
	if (fwrite(p, 1, n, o->f) != n)
		live_die("the model cannot be written", "no space?");
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

/* Printable ASCII as it is; the rest in the alphabet of byte-level BPE. */
static void put_ascii_token(struct out *o, unsigned byte)
{
	unsigned code = byte <= ' ' ? 0x100 + byte : byte;
	char s[3] = { (char)byte };

	if (byte == 0x7f)
		code = 0x121;
	if (code > 0x7f) {
		s[0] = (char)(0xc0 | code >> 6);
		s[1] = (char)(0x80 | (code & 0x3f));
	}
	put_str(o, s);
}

static void put_tokenizer(struct out *o)
{
	key_str(o, "tokenizer.ggml.model", "gpt2");
	key_str(o, "tokenizer.ggml.pre", "gpt-2");
	key_array(o, "tokenizer.ggml.tokens", GGUF_STRING, VOCABULARY);
	for (unsigned i = 0; i < ASCII; i++)
		put_ascii_token(o, i);
	for (unsigned i = ASCII; i < VOCABULARY; i++) {
		char s[] = { (char)('a' + i % 26), (char)('a' + i / 26 % 26),
			(char)('a' + i / 26 / 26), 'e', '\0' };

		put_str(o, s);
	}
	key_array(o, "tokenizer.ggml.merges", GGUF_STRING, 0);
}

static uint64_t put_keys(struct out *o, const struct live_shape *s)
{
	const float epsilon = 1e-5f;

	key_str(o, "general.architecture", "llama");
	key_str(o, "general.name", "confer-bench");
	key_u32(o, "llama.context_length", s->context);
	key_u32(o, "llama.embedding_length", s->width);
	key_u32(o, "llama.block_count", s->blocks);
	key_u32(o, "llama.feed_forward_length", s->hidden);
	key_u32(o, "llama.attention.head_count", s->heads);
	key_u32(o, "llama.attention.head_count_kv", s->kv_heads);
	key(o, "llama.attention.layer_norm_rms_epsilon", GGUF_F32);
	put(o, &epsilon, sizeof(epsilon));
	put_tokenizer(o);
	return 9 + 4;
}

/* Calls fn for every tensor. */
static void each_tensor(struct out *o, const struct live_shape *s,
    void (*fn)(struct out *o, const struct tensor *t))
{
	uint32_t kv = s->width / s->heads * s->kv_heads;
	const struct tensor block[] = {
		{ "attn_norm", 0, s->width, 0 },
		{ "attn_q", s->width, s->width, 0 },
		{ "attn_k", kv, s->width, 0 },
		{ "attn_v", kv, s->width, 0 },
		{ "attn_output", s->width, s->width, 0 },
		{ "ffn_norm", 0, s->width, 0 },
		{ "ffn_gate", s->hidden, s->width, 0 },
		{ "ffn_up", s->hidden, s->width, 0 },
		{ "ffn_down", s->width, s->hidden, 0 },
	};
	/* Tokens of one byte get no weight in the end, so they never win. */
	const struct tensor whole[] = {
		{ "token_embd.weight", VOCABULARY, s->width, 0 },
		{ "output_norm.weight", 0, s->width, 0 },
		{ "output.weight", VOCABULARY, s->width, ASCII },
	};

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		fn(o, &whole[i]);
	for (uint32_t b = 0; b < s->blocks; b++) {
		for (size_t i = 0; i < sizeof(block) / sizeof(block[0]); i++) {
			struct tensor t = block[i];
			char name[NAME_LEN];

			(void)fmt_print(
			    name, sizeof(name), "blk.%u.%s.weight", b, t.name);
			t.name = name;
			fn(o, &t);
		}
	}
}

static void count(struct out *o, const struct tensor *t)
{
	(void)t;
	o->n++;
}

static uint64_t tensor_len(const struct tensor *t)
{
	if (t->rows == 0)
		return t->cols * sizeof(float);
	return (uint64_t)t->rows * t->cols / QUANT_N * QUANT_LEN;
}

static uint64_t aligned(uint64_t n)
{
	return (n + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
}

static void describe(struct out *o, const struct tensor *t)
{
	put_str(o, t->name);
	put_u32(o, t->rows == 0 ? 1 : 2);
	put_u64(o, t->cols);
	if (t->rows != 0)
		put_u64(o, t->rows);
	put_u32(o, t->rows == 0 ? GGUF_TENSOR_F32 : GGUF_TENSOR_Q8_0);
	put_u64(o, o->data);
	o->data += aligned(tensor_len(t));
}

static uint64_t next_random(struct out *o)
{
	o->random ^= o->random << 13;
	o->random ^= o->random >> 7;
	o->random ^= o->random << 17;
	return o->random;
}

static void put_quants(struct out *o, bool zero)
{
	const uint16_t scale = QUANT_SCALE;
	uint64_t q[QUANT_N / sizeof(uint64_t)] = { 0 };

	for (size_t i = 0; i < sizeof(q) / sizeof(q[0]) && !zero; i++)
		q[i] = next_random(o);
	put(o, &scale, sizeof(scale));
	put(o, q, sizeof(q));
}

static void pad(struct out *o)
{
	static const uint8_t zero[GGUF_ALIGNMENT];

	put(o, zero, aligned(o->n) - o->n);
}

static void put_data(struct out *o, const struct tensor *t)
{
	const float one = 1;

	pad(o);
	if (t->rows == 0)
		for (uint32_t i = 0; i < t->cols; i++)
			put(o, &one, sizeof(one));
	for (uint32_t r = 0; r < t->rows; r++)
		for (uint32_t i = 0; i < t->cols; i += QUANT_N)
			put_quants(o, r < t->zero);
}

void live_model_write(const char *path, const struct live_shape *shape)
{
	struct out o = { .f = fopen(path, "wb"), .random = 1 }, tensors = o;
	long pairs_at;
	uint64_t pairs;

	if (o.f == NULL)
		live_die("the model cannot be written", path);
	each_tensor(&tensors, shape, count);
	put(&o, "GGUF", 4);
	put_u32(&o, 3);
	put_u64(&o, tensors.n);
	pairs_at = ftell(o.f);
	put_u64(&o, 0);
	pairs = put_keys(&o, shape);
	each_tensor(&o, shape, describe);
	each_tensor(&o, shape, put_data);
	pad(&o);
	if (fseek(o.f, pairs_at, SEEK_SET) != 0)
		live_die("the model cannot be written", path);
	put_u64(&o, pairs);
	if (fclose(o.f) != 0)
		live_die("the model cannot be written", path);
}
