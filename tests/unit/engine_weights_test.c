/* Weights of all families in their places, and files that must be refused. */
#include "test.h"

#include <math.h>

#include <unistd.h>

#include "engine/rope.h"
#include "engine/weights.h"
#include "family_model.h"

/* A file, what was read of it, and every byte that was seen. */
struct load {
	struct bytes file;
	struct gguf g;
	struct weights w;
	struct model_file src;
	uint8_t *seen;
	size_t seen_len;
	struct err_ctx ctx;
};

static void see(void *cookie, struct bytes next)
{
	struct load *l = cookie;

	CHECK(l->seen_len + next.len <= l->src.len);
	memcpy(l->seen + l->seen_len, next.p, next.len);
	l->seen_len += next.len;
}

static enum err load(struct load *l, struct bytes file)
{
	enum err e;

	memset(l, 0, sizeof(*l));
	l->file = file;
	l->seen = malloc(file.len + 1);
	model_file_image(&l->src, file);
	l->src.seen = see;
	l->src.cookie = l;
	e = gguf_read_head(&l->g, &l->src, &l->ctx);
	if (e == ERR_OK)
		e = weights_read(&l->w, &l->g, &l->src, &l->ctx);
	return e;
}

static void clear(struct load *l)
{
	weights_clear(&l->w);
	gguf_clear(&l->g);
	free(l->seen);
	free((void *)(uintptr_t)l->file.p);
}

static void accepted(struct load *l, struct bytes file)
{
	struct shape shape;
	uint64_t len;

	if (load(l, file) != ERR_OK)
		fail_msg("%s", l->ctx.msg);
	CHECK_OK(weights_plan(&l->g, &shape, &len, &l->ctx));
	CHECK_EQ(len, l->w.memory.len);
	CHECK(shape.family == l->w.shape.family);
	CHECK_EQ(l->seen_len, file.len);
	CHECK_MEM(l->seen, file.p, file.len);
	CHECK_EQ(l->src.at, file.len);
}

static void refused_file(struct bytes file, enum err want, const char *word)
{
	struct load l;

	CHECK_ERR(load(&l, file), want);
	if (strstr(l.ctx.msg, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", l.ctx.msg, word);
	CHECK(l.w.block == NULL && l.w.memory.p == NULL);
	if (l.g.file_len > 0) { /* what the head alone tells is no other */
		struct shape shape;
		uint64_t len;
		const enum err e = weights_plan(&l.g, &shape, &len, NULL);

		CHECK(e == ERR_OK || (e == want && len == 0));
	}
	clear(&l);
}

static void refused(
    const struct family_model *m, enum err want, const char *word)
{
	refused_file(family_file(m), want, word);
}

/* The rows of an F32 matrix are those of the tensor, from `first` on. */
static void holds(const struct load *l, const struct matrix *m,
    const char *name, uint32_t first, uint32_t rows)
{
	const struct gguf_tensor *t = gguf_tensor(&l->g, name);
	float row[FAMILY_HIDDEN];

	CHECK(t != NULL && m->data != NULL);
	CHECK_EQ((uintptr_t)m->data % MATRIX_LINE, 0);
	CHECK(m->rows == rows && m->cols == t->dim[0]);
	for (uint32_t r = 0; r < rows; r++) {
		matrix_row(row, m, r);
		CHECK_MEM(row,
		    l->file.p + t->at + (size_t)(first + r) * m->cols * 4,
		    m->cols * 4);
	}
}

static void holds_vector(const struct load *l, const float *v, const char *name)
{
	const struct gguf_tensor *t = gguf_tensor(&l->g, name);

	CHECK(t != NULL && v != NULL);
	CHECK_EQ((uintptr_t)v % MATRIX_LINE, 0);
	CHECK_MEM(v, l->file.p + t->at, t->dim[0] * sizeof(float));
}

static void holds_parts(const struct load *l, const struct weights_block *b)
{
	enum {
		Q = FAMILY_HEADS * FAMILY_HEAD,
		KV = FAMILY_KV_HEADS * FAMILY_HEAD,
		H = FAMILY_HIDDEN
	};

	if (l->w.shape.family->fused_qkv) {
		holds(l, &b->q, "blk.1.attn_qkv.weight", 0, Q);
		holds(l, &b->k, "blk.1.attn_qkv.weight", Q, KV);
		holds(l, &b->v, "blk.1.attn_qkv.weight", Q + KV, KV);
	} else {
		holds(l, &b->q, "blk.1.attn_q.weight", 0, Q);
		holds(l, &b->k, "blk.1.attn_k.weight", 0, KV);
		holds(l, &b->v, "blk.1.attn_v.weight", 0, KV);
	}
	if (l->w.shape.family->fused_up) {
		holds(l, &b->gate, "blk.1.ffn_up.weight", 0, H);
		holds(l, &b->up, "blk.1.ffn_up.weight", H, H);
	} else {
		holds(l, &b->gate, "blk.1.ffn_gate.weight", 0, H);
		holds(l, &b->up, "blk.1.ffn_up.weight", 0, H);
	}
	holds(l, &b->attn_out, "blk.1.attn_output.weight", 0, FAMILY_WIDTH);
	holds(l, &b->down, "blk.1.ffn_down.weight", 0, FAMILY_WIDTH);
}

static void holds_vectors(const struct load *l, const struct weights_block *b)
{
	const struct family *f = l->w.shape.family;

	holds_vector(l, b->attn_norm, "blk.1.attn_norm.weight");
	holds_vector(l, b->ffn_norm, "blk.1.ffn_norm.weight");
	if (f->head_norm) {
		holds_vector(l, b->q_norm, "blk.1.attn_q_norm.weight");
		holds_vector(l, b->k_norm, "blk.1.attn_k_norm.weight");
	} else {
		CHECK(b->q_norm == NULL && b->k_norm == NULL);
	}
	if (f->post_norms) {
		holds_vector(
		    l, b->attn_post_norm, "blk.1.post_attention_norm.weight");
		holds_vector(l, b->ffn_post_norm, "blk.1.post_ffw_norm.weight");
	} else {
		CHECK(b->attn_post_norm == NULL && b->ffn_post_norm == NULL);
	}
	if (strcmp(f->architecture, "qwen2") == 0) {
		holds_vector(l, b->q_bias, "blk.1.attn_q.bias");
		holds_vector(l, b->k_bias, "blk.1.attn_k.bias");
		holds_vector(l, b->v_bias, "blk.1.attn_v.bias");
	} else {
		CHECK(b->q_bias == NULL && b->k_bias == NULL &&
		      b->v_bias == NULL);
	}
}

TEST(weights_of_all_families_are_in_their_places)
{
	static const char *const names[] = { "llama", "mistral3", "smollm3",
		"qwen2", "qwen3", "phi3", "gemma", "gemma2", "gemma3" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct family_model m = { .architecture = names[i] };
		struct load l;

		accepted(&l, family_file(&m));
		CHECK_STR(l.w.shape.family->architecture, names[i]);
		holds(&l, &l.w.embedding, "token_embd.weight", 0,
		    FAMILY_VOCABULARY);
		holds(&l, &l.w.output, "output.weight", 0, FAMILY_VOCABULARY);
		holds_vector(&l, l.w.output_norm, "output_norm.weight");
		holds_parts(&l, &l.w.block[1]);
		holds_vectors(&l, &l.w.block[1]);
		CHECK(weights_rope_factors(&l.w, 512) == NULL);
		clear(&l);
	}
}

TEST(weights_count_parameters_and_fit_the_memory)
{
	struct family_model m = { .architecture = "llama",
		.type = GGUF_TENSOR_Q8_0 };
	struct load l;
	uint64_t n = 0;

	accepted(&l, family_file(&m));
	for (uint32_t i = 0; i < l.g.tensor_n; i++)
		n += (uint64_t)l.g.tensor[i].dim[0] * l.g.tensor[i].dim[1];
	CHECK_EQ(l.w.parameters, n);
	CHECK(l.w.memory.len < l.file.len * 3 / 2);
	clear(&l);
}

TEST(weights_without_an_output_matrix_use_the_embedding)
{
	struct family_model m = { .architecture = "llama", .tied = true };
	struct load l;

	accepted(&l, family_file(&m));
	CHECK(l.w.output.data == l.w.embedding.data);
	CHECK(l.w.output.data != NULL && l.w.output.rows == FAMILY_VOCABULARY);
	clear(&l);
}

/* Norms may be halves: what they are as floats is exact. */
TEST(weights_read_vectors_of_halves)
{
	static const uint32_t types[] = { GGUF_TENSOR_F16, GGUF_TENSOR_BF16 };

	for (size_t i = 0; i < 2; i++) {
		struct family_model m = { .architecture = "llama",
			.vector_type = types[i] };
		struct bytes file = family_file(&m);
		uint8_t *p = family_data(file, "output_norm.weight");
		struct load l;

		p[6] = 0x80; /* the fourth number */
		p[7] = types[i] == GGUF_TENSOR_F16 ? 0xbe : 0xbf;
		accepted(&l, file);
		CHECK(l.w.output_norm[3] ==
		      (types[i] == GGUF_TENSOR_F16 ? -1.625f : -1.0f));
		clear(&l);
	}
}

TEST(weights_choose_divisors_by_the_context)
{
	struct family_model m = { .architecture = "phi3", .longrope = true };
	struct load l;

	accepted(&l, family_file(&m));
	CHECK(l.w.shape.scaling.original_context == 512);
	CHECK(weights_rope_factors(&l.w, 512) == l.w.rope_short);
	CHECK(weights_rope_factors(&l.w, 513) == l.w.rope_long);
	CHECK(l.w.rope_long[0] == 2 && l.w.rope_short[0] == 3);
	clear(&l);
	m = (struct family_model){ .architecture = "llama",
		.rope_freqs = true };
	accepted(&l, family_file(&m));
	CHECK(weights_rope_factors(&l.w, 513) == l.w.rope_freqs);
	CHECK(l.w.rope_freqs[7] == 8);
	clear(&l);
}

/* Bytes between and after tensors are read, and so are many tensors. */
TEST(weights_read_to_the_last_byte)
{
	struct family_model m = { .architecture = "llama",
		.change = { "output.weight", .left_out = true } };
	struct bytes file;
	struct load l;
	struct gw g;
	uint64_t at;

	family_begin(&g, &m);
	at = (g.data_len + 2000000) / GW_ALIGN * GW_ALIGN;
	CHECK(at + 20000 < FAMILY_CAP * 2);
	g.buf = realloc(g.buf, FAMILY_CAP * 2);
	g.w.p = g.buf;
	g.w.cap = FAMILY_CAP * 2;
	gw_tensor_at(&g, "output.weight", GGUF_TENSOR_F32, FAMILY_WIDTH,
	    FAMILY_VOCABULARY, at);
	g.data_len += 12345;
	file = (struct bytes){ g.buf, gw_end(&g) };
	accepted(&l, file);
	holds(&l, &l.w.output, "output.weight", 0, FAMILY_VOCABULARY);
	clear(&l);
}

TEST(weights_are_read_from_files)
{
	struct family_model m = { .architecture = "qwen3" };
	struct bytes file = family_file(&m);
	struct model_file src;
	struct weights w;
	struct gguf g;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/weights.%d", (int)getpid());
	f = fopen(path, "wb");
	CHECK(f != NULL && fwrite(file.p, 1, file.len, f) == file.len &&
	      fclose(f) == 0);
	CHECK_OK(model_file_open(&src, path, NULL));
	CHECK_OK(gguf_read_head(&g, &src, NULL));
	CHECK_EQ(src.at, g.head_len);
	CHECK_OK(weights_read(&w, &g, &src, NULL));
	CHECK_EQ(src.at, file.len);
	weights_clear(&w);
	gguf_clear(&g);
	model_file_close(&src);
	CHECK_EQ(unlink(path), 0);
	free((void *)(uintptr_t)file.p);
}

/* A llama of one block whose rows are longer than what is read at a time. */
static struct bytes long_rows(uint32_t hidden)
{
	struct gw g;

	gw_begin(&g, 16u << 20);
	gw_str(&g, "general.architecture", "llama");
	gw_u32(&g, "llama.context_length", 512);
	gw_u32(&g, "llama.embedding_length", 4);
	gw_u32(&g, "llama.block_count", 1);
	gw_u32(&g, "llama.feed_forward_length", hidden);
	gw_u32(&g, "llama.attention.head_count", 1);
	gw_f32(&g, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 1);
	gw_string(&g, "t");
	gw_tensor(&g, "token_embd.weight", GGUF_TENSOR_F32, 4, 1);
	gw_tensor(&g, "output_norm.weight", GGUF_TENSOR_F32, 4, 0);
	gw_tensor(&g, "blk.0.attn_norm.weight", GGUF_TENSOR_F32, 4, 0);
	gw_tensor(&g, "blk.0.attn_q.weight", GGUF_TENSOR_F32, 4, 4);
	gw_tensor(&g, "blk.0.attn_k.weight", GGUF_TENSOR_F32, 4, 4);
	gw_tensor(&g, "blk.0.attn_v.weight", GGUF_TENSOR_F32, 4, 4);
	gw_tensor(&g, "blk.0.attn_output.weight", GGUF_TENSOR_F32, 4, 4);
	gw_tensor(&g, "blk.0.ffn_norm.weight", GGUF_TENSOR_F32, 4, 0);
	gw_tensor(&g, "blk.0.ffn_gate.weight", GGUF_TENSOR_F32, 4, hidden);
	gw_tensor(&g, "blk.0.ffn_up.weight", GGUF_TENSOR_F32, 4, hidden);
	gw_tensor(&g, "blk.0.ffn_down.weight", GGUF_TENSOR_F32, hidden, 4);
	return family_end(&g);
}

TEST(weights_of_long_rows_are_read_whole)
{
	const uint32_t hidden = 1u << 16;
	float *row = malloc(hidden * sizeof(*row));
	struct load l;
	uint64_t at;

	accepted(&l, long_rows(hidden));
	at = gguf_tensor(&l.g, "blk.0.ffn_down.weight")->at;
	for (uint32_t r = 0; r < 4; r++) {
		matrix_row(row, &l.w.block[0].down, r);
		CHECK_MEM(
		    row, l.file.p + at + (size_t)r * hidden * 4, hidden * 4);
	}
	free(row);
	clear(&l);
}

/* The file shrinks under our hands: within a matrix, and after the last. */
TEST(weights_notice_that_a_file_shrinks)
{
	struct bytes file = long_rows(1u << 17);
	char path[64];

	snprintf(path, sizeof(path), "/tmp/weights.%d", (int)getpid());
	for (int cut = 1; cut < 3; cut++) {
		struct err_ctx ctx = { .code = ERR_OK };
		FILE *f = fopen(path, "wb");
		size_t len = cut == 1 ? file.len - 1 : file.len;
		struct model_file src;
		struct weights w;
		struct gguf g;

		CHECK(f != NULL && fwrite(file.p, 1, file.len, f) == file.len &&
		      fwrite("more", 1, 4, f) == 4 && fclose(f) == 0);
		CHECK_OK(model_file_open(&src, path, NULL));
		CHECK_OK(gguf_read_head(&g, &src, NULL));
		CHECK_EQ(truncate(path, (off_t)len), 0);
		CHECK_ERR(weights_read(&w, &g, &src, &ctx), ERR_TRUNCATED);
		CHECK(strstr(ctx.msg, "model: ends at") != NULL);
		CHECK(w.block == NULL && w.memory.p == NULL);
		gguf_clear(&g);
		model_file_close(&src);
	}
	CHECK_EQ(unlink(path), 0);
	free((void *)(uintptr_t)file.p);
}

TEST(weights_reject_every_truncation)
{
	struct family_model m = {
		.architecture = "llama", .type = GGUF_TENSOR_Q8_0, .tied = true
	};
	struct bytes whole = family_file(&m);

	for (size_t n = 1; n < whole.len; n += n < 4000 ? 1 : 61) {
		uint8_t *part = malloc(n);
		struct load l;
		enum err e;

		memcpy(part, whole.p, n);
		e = load(&l, (struct bytes){ part, n });
		if (e != ERR_TRUNCATED)
			fail_msg(
			    "%zu of %zu bytes: %s", n, whole.len, err_name(e));
		clear(&l);
	}
	free((void *)(uintptr_t)whole.p);
}

TEST(weights_miss_no_tensor)
{
	static const struct {
		const char *architecture, *name;
	} all[] = { { "llama", "token_embd.weight" },
		{ "llama", "output_norm.weight" },
		{ "llama", "blk.0.attn_norm.weight" },
		{ "llama", "blk.1.attn_q.weight" },
		{ "llama", "blk.1.attn_k.weight" },
		{ "llama", "blk.1.attn_v.weight" },
		{ "llama", "blk.1.attn_output.weight" },
		{ "llama", "blk.1.ffn_norm.weight" },
		{ "llama", "blk.1.ffn_gate.weight" },
		{ "llama", "blk.1.ffn_up.weight" },
		{ "llama", "blk.1.ffn_down.weight" },
		{ "phi3", "blk.1.attn_qkv.weight" },
		{ "phi3", "blk.1.ffn_up.weight" },
		{ "phi3", "rope_factors_short.weight" },
		{ "qwen3", "blk.1.attn_q_norm.weight" },
		{ "gemma3", "blk.1.attn_k_norm.weight" },
		{ "gemma2", "blk.1.post_attention_norm.weight" },
		{ "gemma2", "blk.1.post_ffw_norm.weight" } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct family_model m = { .architecture = all[i].architecture,
			.longrope = all[i].architecture[0] == 'p',
			.change = { all[i].name, .left_out = true } };
		char want[80];

		snprintf(want, sizeof(want), "no tensor %s", all[i].name);
		refused(&m, ERR_FORMAT, want);
	}
}

static void one_more(const char *architecture, const char *name)
{
	struct family_model m = { .architecture = architecture };
	char want[80];
	struct gw g;

	family_begin(&g, &m);
	gw_tensor(&g, name, GGUF_TENSOR_F32, 64, 0);
	snprintf(want, sizeof(want), "tensor %s at offset", name);
	refused_file(family_end(&g), ERR_UNSUPPORTED, want);
}

/* Each would be a part of the computation that we leave out. */
TEST(weights_refuse_tensors_without_a_place)
{
	one_more("llama", "blk.0.attn_output.bias");
	one_more("llama", "blk.2.attn_norm.weight");
	one_more("llama", "blk.00.attn_norm.weight");
	one_more("llama", "blk.0.attn_q_norm.weight");
	one_more("llama", "blk.0.post_ffw_norm.weight");
	one_more("llama", "blk.0.attn_qkv.weight");
	one_more("qwen3", "blk.0.attn_q.bias");
	one_more("phi3", "blk.0.attn_q.weight");
	one_more("phi3", "blk.0.ffn_gate.weight");
	one_more("llama", "rope_factors_short.weight");
	one_more("llama", "mm.0.weight");
}

TEST(weights_refuse_other_shapes)
{
	static const struct {
		const char *architecture, *name;
		uint32_t cols, rows;
	} all[] = { { "llama", "token_embd.weight", 96, 0 },
		{ "llama", "token_embd.weight", 0, 19 },
		{ "llama", "output.weight", 0, 21 },
		{ "llama", "output_norm.weight", 65, 0 },
		{ "llama", "output_norm.weight", 0, 2 },
		{ "llama", "blk.0.attn_q.weight", 32, 0 },
		{ "llama", "blk.0.attn_k.weight", 0, 16 },
		{ "phi3", "blk.0.attn_qkv.weight", 0, 127 },
		{ "qwen2", "blk.0.attn_q.bias", 63, 0 },
		{ "qwen3", "blk.0.attn_k_norm.weight", 32, 0 } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct family_model m = { .architecture = all[i].architecture,
			.change = { all[i].name, .cols = all[i].cols,
			    .rows = all[i].rows } };

		refused(&m, ERR_FORMAT, all[i].name);
	}
}

TEST(weights_refuse_a_third_dimension)
{
	struct family_model m = { .architecture = "llama",
		.change = { "output_norm.weight", .left_out = true } };
	struct gw g;

	family_begin(&g, &m);
	gw_string(&g, "output_norm.weight");
	wr_u32le(&g.w, 3);
	wr_u64le(&g.w, FAMILY_WIDTH);
	wr_u64le(&g.w, 1);
	wr_u64le(&g.w, 2);
	wr_u32le(&g.w, GGUF_TENSOR_F32);
	g.data_len = (g.data_len + GW_ALIGN - 1) / GW_ALIGN * GW_ALIGN;
	wr_u64le(&g.w, g.data_len);
	g.data_len += FAMILY_WIDTH * 8;
	g.tensor[g.tensors++].len = 0;
	refused_file(family_end(&g), ERR_FORMAT, "output_norm.weight");
}

TEST(weights_refuse_types_that_they_cannot_use)
{
	struct family_model m = { .architecture = "llama",
		.change = {
		    "blk.0.ffn_norm.weight", .type = GGUF_TENSOR_Q8_0 + 1 } };
	struct gw g;

	refused(&m, ERR_UNSUPPORTED, "no floats");
	/* Blocks of 256 columns need a model of another width. */
	gw_begin(&g, FAMILY_CAP);
	gw_str(&g, "general.architecture", "llama");
	gw_u32(&g, "llama.context_length", 512);
	gw_u32(&g, "llama.embedding_length", 256);
	gw_u32(&g, "llama.block_count", 1);
	gw_u32(&g, "llama.feed_forward_length", 256);
	gw_u32(&g, "llama.attention.head_count", 4);
	gw_f32(&g, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 1);
	gw_string(&g, "t");
	gw_tensor(&g, "token_embd.weight", GGUF_TENSOR_Q2_K, 256, 1);
	refused_file(family_end(&g), ERR_UNSUPPORTED, "Q2_K");
}

/* Matrices of one tensor must end with a whole group of 16 rows. */
TEST(weights_refuse_cuts_within_a_group)
{
	struct gw g;

	gw_begin(&g, FAMILY_CAP);
	gw_str(&g, "general.architecture", "phi3");
	gw_u32(&g, "phi3.context_length", 512);
	gw_u32(&g, "phi3.embedding_length", 32);
	gw_u32(&g, "phi3.block_count", 1);
	gw_u32(&g, "phi3.feed_forward_length", 40);
	gw_u32(&g, "phi3.attention.head_count", 2);
	gw_f32(&g, "phi3.attention.layer_norm_rms_epsilon", 1e-5f);
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 1);
	gw_string(&g, "t");
	gw_tensor(&g, "token_embd.weight", GGUF_TENSOR_F32, 32, 1);
	gw_tensor(&g, "output_norm.weight", GGUF_TENSOR_F32, 32, 0);
	gw_tensor(&g, "blk.0.attn_norm.weight", GGUF_TENSOR_F32, 32, 0);
	gw_tensor(&g, "blk.0.attn_qkv.weight", GGUF_TENSOR_F32, 32, 96);
	gw_tensor(&g, "blk.0.attn_output.weight", GGUF_TENSOR_F32, 32, 32);
	gw_tensor(&g, "blk.0.ffn_norm.weight", GGUF_TENSOR_F32, 32, 0);
	gw_tensor(&g, "blk.0.ffn_up.weight", GGUF_TENSOR_F32, 32, 80);
	gw_tensor(&g, "blk.0.ffn_down.weight", GGUF_TENSOR_F32, 40, 32);
	refused_file(
	    family_end(&g), ERR_UNSUPPORTED, "blk.0.ffn_up.weight at offset");
}

/* A number that is not finite: the message has its offset in the file. */
static void poisoned(
    const struct family_model *m, const char *name, size_t at, float v)
{
	struct bytes file = family_file(m);
	uint8_t *p = family_data(file, name);
	char want[128];

	snprintf(want, sizeof(want), "tensor %s: number at offset %zu", name,
	    (size_t)(p - file.p) + at);
	memcpy(p + at, &v, sizeof(v));
	refused_file(file, ERR_FORMAT, want);
}

TEST(weights_refuse_numbers_that_are_not_finite)
{
	struct family_model m = { .architecture = "llama", .rope_freqs = true };
	struct family_model q = { .architecture = "phi3",
		.type = GGUF_TENSOR_Q8_0 };
	size_t row = FAMILY_WIDTH * 4;

	poisoned(&m, "blk.1.ffn_down.weight", 0, NAN);
	poisoned(&m, "blk.1.attn_v.weight", 31 * row + 20, INFINITY);
	poisoned(&m, "token_embd.weight", 19 * row, -INFINITY);
	poisoned(&m, "blk.0.ffn_norm.weight", 252, NAN);
	poisoned(&m, "output_norm.weight", 0, INFINITY);
	poisoned(&m, "rope_freqs.weight", 4, 0.0f);
	poisoned(&m, "rope_freqs.weight", 4, ROPE_FACTOR_MIN / 2);
	poisoned(&m, "rope_freqs.weight", 28, 2e6f);
	/* 0x7c007c00: the scale of row 17 of the keys is infinite */
	poisoned(&q, "blk.0.attn_qkv.weight", (64 + 17) * 68, 0x1.00f8p121f);
}

TEST(weights_refuse_matrices_that_would_fill_the_memory)
{
	const uint32_t hidden = SHAPE_HIDDEN_MAX;
	struct gw g;

	gw_begin(&g, 16u << 20);
	gw_str(&g, "general.architecture", "llama");
	gw_u32(&g, "llama.context_length", 512);
	gw_u32(&g, "llama.embedding_length", 1);
	gw_u32(&g, "llama.block_count", 1);
	gw_u32(&g, "llama.feed_forward_length", hidden);
	gw_u32(&g, "llama.attention.head_count", 1);
	gw_u32(&g, "llama.attention.key_length", 2);
	gw_u32(&g, "llama.attention.value_length", 2);
	gw_f32(&g, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 1);
	gw_string(&g, "t");
	gw_tensor(&g, "token_embd.weight", GGUF_TENSOR_F32, 1, 1);
	gw_tensor(&g, "output_norm.weight", GGUF_TENSOR_F32, 1, 0);
	gw_tensor(&g, "blk.0.attn_norm.weight", GGUF_TENSOR_F32, 1, 0);
	gw_tensor(&g, "blk.0.attn_q.weight", GGUF_TENSOR_F32, 1, 2);
	gw_tensor(&g, "blk.0.attn_k.weight", GGUF_TENSOR_F32, 1, 2);
	gw_tensor(&g, "blk.0.attn_v.weight", GGUF_TENSOR_F32, 1, 2);
	gw_tensor(&g, "blk.0.attn_output.weight", GGUF_TENSOR_F32, 2, 1);
	gw_tensor(&g, "blk.0.ffn_norm.weight", GGUF_TENSOR_F32, 1, 0);
	gw_tensor(&g, "blk.0.ffn_gate.weight", GGUF_TENSOR_F32, 1, hidden);
	gw_tensor(&g, "blk.0.ffn_up.weight", GGUF_TENSOR_F32, 1, hidden);
	gw_tensor(&g, "blk.0.ffn_down.weight", GGUF_TENSOR_F32, hidden, 1);
	refused_file(family_end(&g), ERR_LIMIT, "few rows");
}

/* Real files, as another engine wrote them. */
TEST(weights_of_recorded_models_load)
{
	static const char *const names[] = { "llama-F32", "llama-BF16",
		"llama-F16", "llama-Q4_1", "llama-Q5_0", "llama-Q5_1",
		"llama-Q4_K_M", "llama-k256-Q4_K_M", "llama-k256-Q6_K",
		"llama3-Q4_0", "qwen2-Q8_0", "qwen3-Q4_0", "gemma2-Q8_0",
		"gemma3-Q4_0", "phi3-Q4_0" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[64];
		struct load l;
		uint8_t *p;
		size_t n;

		snprintf(name, sizeof(name), "llm/tiny/%s.gguf", names[i]);
		p = read_file(vector_path(name), &n);
		accepted(&l, (struct bytes){ p, n });
		CHECK_EQ(l.w.shape.vocabulary, 384);
		CHECK(l.w.memory.len < n + n / 4);
		clear(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_of_all_families_are_in_their_places),
		cmocka_unit_test(weights_count_parameters_and_fit_the_memory),
		cmocka_unit_test(
		    weights_without_an_output_matrix_use_the_embedding),
		cmocka_unit_test(weights_read_vectors_of_halves),
		cmocka_unit_test(weights_choose_divisors_by_the_context),
		cmocka_unit_test(weights_read_to_the_last_byte),
		cmocka_unit_test(weights_are_read_from_files),
		cmocka_unit_test(weights_of_long_rows_are_read_whole),
		cmocka_unit_test(weights_notice_that_a_file_shrinks),
		cmocka_unit_test(weights_reject_every_truncation),
		cmocka_unit_test(weights_miss_no_tensor),
		cmocka_unit_test(weights_refuse_tensors_without_a_place),
		cmocka_unit_test(weights_refuse_other_shapes),
		cmocka_unit_test(weights_refuse_a_third_dimension),
		cmocka_unit_test(weights_refuse_types_that_they_cannot_use),
		cmocka_unit_test(weights_refuse_cuts_within_a_group),
		cmocka_unit_test(weights_refuse_numbers_that_are_not_finite),
		cmocka_unit_test(
		    weights_refuse_matrices_that_would_fill_the_memory),
		cmocka_unit_test(weights_of_recorded_models_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
