/* Models that must not be opened, and what is said about those that are. */
#include "engine_test.h"

#include "engine/tok.h"
#include "tiny_model.h"

static const struct tiny base = { .type = GGUF_TENSOR_Q8_0,
	.chat_template = TINY_CHATML };
static struct gw g;

/* The file that the writer has: opens, or is refused with a word about it. */
static void opens(enum err want, const char *word)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct engine_options opt = { .threads = 1 };
	struct engine *e;

	opt.image = (struct bytes){ g.buf, gw_end(&g) };
	CHECK_ERR(engine_open(&e, &opt, &ctx), want);
	CHECK((e != NULL) == (want == ERR_OK));
	if (strstr(ctx.msg, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, word);
	engine_close(e);
	free(g.buf);
}

static void begin(const struct tiny *t)
{
	gw_begin(&g, TINY_CAP);
	tiny_pairs(&g, t);
}

TEST(engine_says_what_it_opened)
{
	struct engine_options opt = { .slots = 2,
		.threads = 2,
		.context_max = 100,
		.kernels = ENGINE_KERNELS_SCALAR };
	const struct engine_info *i;
	struct engine *e;

	begin(&base);
	gw_str(&g, "general.name", "na\x1bme");
	tiny_tensors(&g, base.type);
	opt.image = (struct bytes){ g.buf, gw_end(&g) };
	e = open_engine(&opt);
	i = engine_info(e);
	CHECK_STR(i->name, "na?me");
	CHECK_STR(i->architecture, "llama");
	CHECK_STR(i->chat, "chatml");
	CHECK_STR(i->kernels, "scalar");
	CHECK_EQ(i->vocabulary, TINY_N);
	CHECK_EQ(i->context, 100);
	CHECK_EQ(i->file_len, opt.image.len);
	CHECK_EQ(i->parameters,
	    TINY_N * 32 + 32 + 2 * (2 * 32 + 3 * 1024 + 3 * 2048));
	CHECK(i->slots == 2 && i->threads == 2);
	engine_close(e);
	opt.context_max = 0;
	opt.slots = opt.threads = 0;
	e = open_engine(&opt);
	CHECK_EQ(engine_info(e)->context, TINY_CONTEXT);
	CHECK_EQ(engine_info(e)->slots, 1);
	engine_close(e);
	free(g.buf);
}

struct seen {
	struct bytes image;
	size_t at;
};

static void see(void *cookie, struct bytes next)
{
	struct seen *s = cookie;

	CHECK(next.len <= s->image.len - s->at);
	CHECK_MEM(s->image.p + s->at, next.p, next.len);
	s->at += next.len;
}

/* Also bytes that nothing reads, behind the last tensor. */
TEST(engine_shows_each_byte_of_the_file_once)
{
	struct engine_options opt = { .threads = 1, .seen = see };
	struct seen seen = { .at = 0 };

	begin(&base);
	tiny_tensors(&g, base.type);
	seen.image = opt.image = (struct bytes){ g.buf, gw_end(&g) };
	opt.seen_cookie = &seen;
	engine_close(open_engine(&opt));
	CHECK_EQ(seen.at, seen.image.len);
	free(g.buf);
}

TEST(engine_refuses_bad_options)
{
	struct bytes image = tiny_model(&base);
	const struct engine_options bad[] = { { .threads = 1 },
		{ .image = image, .path = "x" },
		{ .image = image, .slots = ENGINE_SLOTS_MAX + 1 },
		{ .image = image, .threads = ENGINE_THREADS_MAX + 1 },
		{ .image = image, .context_max = ENGINE_CONTEXT_MAX + 1 },
		{ .image = image, .kernels = (enum engine_kernels)9 } };
	struct engine *e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err_ctx ctx = { .code = ERR_OK };
		enum err err = engine_open(&e, &bad[i], &ctx);

		CHECK(err == ERR_FORMAT || err == ERR_LIMIT);
		CHECK(e == NULL && strstr(ctx.msg, "engine: ") == ctx.msg);
	}
	free((void *)(uintptr_t)image.p);
}

TEST(engine_refuses_files_that_are_no_model)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct engine_options opt = { .path = "no/such/file.gguf" };
	struct engine *e;

	CHECK_ERR(engine_open(&e, &opt, &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "no/such/file.gguf") != NULL);
	opt.path = "/";
	CHECK_ERR(engine_open(&e, &opt, NULL), ERR_IO);
	opt.path = "/dev/null";
	CHECK_ERR(engine_open(&e, &opt, NULL), ERR_IO);
}

/* Each prefix lies alone in memory, so that a read past it is seen. */
TEST(engine_refuses_every_truncation)
{
	struct bytes whole = tiny_model(&base);
	struct engine *e;

	for (size_t n = 1; n < whole.len; n += n < 12000 ? 7 : 601) {
		struct engine_options opt = { .image = { NULL, n } };
		void *part;

		CHECK_EQ(posix_memalign(&part, 64, n), 0);
		memcpy(part, whole.p, n);
		opt.image.p = part;
		if (engine_open(&e, &opt, NULL) == ERR_OK)
			fail_msg(
			    "%zu of %zu bytes were accepted", n, whole.len);
		free(part);
	}
	free((void *)(uintptr_t)whole.p);
}

TEST(engine_names_what_it_does_not_know)
{
	struct tiny t = base;

	t.architecture = "rwkv6";
	begin(&t);
	tiny_tensors(&g, t.type);
	opens(ERR_UNSUPPORTED, "\"rwkv6\"");
	t = base;
	t.chat_template = "{{ messages }}";
	begin(&t);
	tiny_tensors(&g, t.type);
	opens(ERR_UNSUPPORTED, "tokenizer.chat_template");
	t = base;
	t.type = 16; /* IQ2_XXS */
	begin(&t);
	tiny_tensors(&g, t.type);
	opens(ERR_UNSUPPORTED, "type number 16");
	begin(&base);
	gw_str(&g, "llama.rope.scaling.type", "dynamic");
	tiny_tensors(&g, base.type);
	opens(ERR_UNSUPPORTED, "rope.scaling.type");
	begin(&base);
	gw_u32(&g, "llama.expert_count", 8);
	tiny_tensors(&g, base.type);
	opens(ERR_UNSUPPORTED, "expert_count");
	begin(&base);
	tiny_tensors(&g, base.type);
	gw_tensor(&g, "blk.0.attn_gate.weight", GGUF_TENSOR_F32, 32, 32);
	opens(ERR_UNSUPPORTED, "blk.0.attn_gate.weight");
}

TEST(engine_refuses_shapes_that_do_not_fit)
{
	static const struct {
		const char *key;
		uint32_t v;
		const char *word;
	} more[] = {
		{ "llama.attention.key_length", 16, "attn_q.weight" },
		{ "llama.attention.key_length", 4096, "key_length is 4096" },
		{ "llama.attention.value_length", 4, "no such attention" },
		{ "llama.rope.dimension_count", 7, "no such attention" },
		{ "llama.rope.dimension_count", 9, "dimension_count is 9" },
	};

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		struct err_ctx ctx = { .code = ERR_OK };
		struct engine_options opt = { .threads = 1 };
		struct engine *e;

		begin(&base);
		gw_u32(&g, more[i].key, more[i].v);
		tiny_tensors(&g, base.type);
		opt.image = (struct bytes){ g.buf, gw_end(&g) };
		CHECK(engine_open(&e, &opt, &ctx) != ERR_OK);
		if (strstr(ctx.msg, more[i].word) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", ctx.msg,
			    more[i].word);
		free(g.buf);
	}
	begin(&base);
	gw_f32(&g, "llama.rope.freq_base", 0.0f);
	tiny_tensors(&g, base.type);
	opens(ERR_FORMAT, "freq_base");
	begin(&base);
	gw_tensor(&g, "token_embd.weight", base.type, 32, TINY_N - 1);
	opens(ERR_FORMAT, "token_embd.weight at offset");
}

/* Vocabularies. Only the pairs are read: there are no tensors. */
static void vocabulary(enum err want, const char *word)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct gguf f;
	struct tok t;

	CHECK_OK(gguf_whole(&f, (struct bytes){ g.buf, gw_end(&g) }, NULL));
	CHECK_ERR(tok_init(&t, &f, &ctx), want);
	if (strstr(ctx.msg, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, word);
	CHECK(t.entry == NULL && t.index == NULL && t.merge == NULL);
	gguf_clear(&f);
	free(g.buf);
}

static void bpe(const char *merge)
{
	gw_begin(&g, 65536);
	gw_str(&g, "tokenizer.ggml.model", "gpt2");
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 256);
	for (uint32_t i = 0; i < 256; i++)
		tiny_item(&g, false, i);
	gw_array(&g, "tokenizer.ggml.merges", GGUF_STRING, 1);
	gw_string(&g, merge);
}

TEST(engine_refuses_bad_vocabularies)
{
	gw_begin(&g, 65536);
	vocabulary(ERR_NOTFOUND, "no tokenizer.ggml.model");
	gw_begin(&g, 65536);
	gw_str(&g, "tokenizer.ggml.model", "t5");
	vocabulary(ERR_UNSUPPORTED, "\"t5\"");
	gw_begin(&g, 65536);
	gw_str(&g, "tokenizer.ggml.model", "gpt2");
	gw_str(&g, "tokenizer.ggml.pre", "jina-v2-de");
	vocabulary(ERR_UNSUPPORTED, "\"jina-v2-de\"");
	gw_begin(&g, 65536);
	gw_str(&g, "tokenizer.ggml.model", "gpt2");
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 0);
	vocabulary(ERR_LIMIT, "tokens: 0");
	bpe("h");
	vocabulary(ERR_FORMAT, "merges[0]");
	bpe("h e");
	vocabulary(ERR_FORMAT, "merges[0]");
	bpe("a b");
	gw_u32(&g, "tokenizer.ggml.bos_token_id", 256);
	vocabulary(ERR_FORMAT, "merges[0]");
	gw_begin(&g, 65536);
	gw_str(&g, "tokenizer.ggml.model", "gpt2");
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 1);
	gw_string(&g, "a");
	gw_array(&g, "tokenizer.ggml.merges", GGUF_STRING, 0);
	vocabulary(ERR_FORMAT, "no token for byte 0");
	gw_begin(&g, 65536);
	gw_str(&g, "tokenizer.ggml.model", "gpt2");
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 1);
	gw_string(&g, "a b");
	vocabulary(ERR_FORMAT, "tokens[0]: not in the alphabet");
	gw_begin(&g, 65536);
	gw_str(&g, "tokenizer.ggml.model", "llama");
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 1);
	gw_string(&g, "a");
	vocabulary(ERR_FORMAT, "scores or token_type is missing");
}

TEST(engine_refuses_token_numbers_out_of_range)
{
	struct tiny t = base;

	begin(&t);
	gw_u32(&g, "tokenizer.ggml.bos_token_id", TINY_N);
	tiny_tensors(&g, t.type);
	opens(ERR_FORMAT, "bos_token_id is 266");
	begin(&t);
	gw_u32(&g, "tokenizer.ggml.bos_token_id", UINT32_MAX);
	tiny_tensors(&g, t.type);
	opens(ERR_OK, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_says_what_it_opened),
		cmocka_unit_test(engine_shows_each_byte_of_the_file_once),
		cmocka_unit_test(engine_refuses_bad_options),
		cmocka_unit_test(engine_refuses_files_that_are_no_model),
		cmocka_unit_test(engine_refuses_every_truncation),
		cmocka_unit_test(engine_names_what_it_does_not_know),
		cmocka_unit_test(engine_refuses_shapes_that_do_not_fit),
		cmocka_unit_test(engine_refuses_bad_vocabularies),
		cmocka_unit_test(engine_refuses_token_numbers_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
