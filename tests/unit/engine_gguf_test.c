/* GGUF files that must be read, and all the kinds that must be refused. */
#include "test.h"

#include <unistd.h>

#include "engine/engine.h"
#include "engine/gguf.h"
#include "engine/model_file.h"
#include "tiny_model.h"

static struct gw g;

/* Parse what the writer has; the message must contain `word`. */
static void refused(enum err want, const char *word)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct gguf f;
	size_t n = gw_end(&g);

	CHECK_ERR(gguf_whole(&f, (struct bytes){ g.buf, n }, &ctx), want);
	if (strstr(ctx.msg, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, word);
	CHECK(f.pair == NULL && f.tensor == NULL && f.by_name == NULL);
	free(g.buf);
}

static void begin(void)
{
	gw_begin(&g, 65536);
	gw_str(&g, "general.architecture", "llama");
}

static void patch_u64(size_t at, uint64_t v)
{
	struct wr w = wr_init(g.buf + at, 8);

	wr_u64le(&w, v);
}

TEST(gguf_reads_pairs_and_tensors)
{
	struct gguf f;
	const struct gguf_tensor *t;
	const struct gguf_pair *a;
	struct bytes s, rest;
	uint32_t u;
	float v;
	bool b;

	for (uint8_t version = 2; version <= 3; version++) {
		begin();
		g.buf[4] = version;
		gw_u32(&g, "u", 7);
		gw_f32(&g, "f", 0.5f);
		gw_bool(&g, "b", 1);
		gw_array(&g, "a", GGUF_STRING, 2);
		gw_string(&g, "one");
		gw_string(&g, "");
		gw_array(&g, "n", GGUF_I32, 2);
		wr_u32le(&g.w, 5);
		wr_u32le(&g.w, 6);
		gw_tensor(&g, "y", GGUF_TENSOR_F32, 3, 2);
		gw_tensor(&g, "x", GGUF_TENSOR_Q8_0, 64, 0);
		CHECK_OK(
		    gguf_whole(&f, (struct bytes){ g.buf, gw_end(&g) }, NULL));
		CHECK_EQ(f.version, version);
		CHECK_OK(gguf_u32(&f, "u", &u, NULL));
		CHECK_OK(gguf_f32(&f, "f", &v, NULL));
		CHECK_OK(gguf_bool(&f, "b", &b, NULL));
		CHECK(u == 7 && v == 0.5f && b);
		CHECK_OK(gguf_string(&f, "general.architecture", &s, NULL));
		CHECK(mem_eq_str(s, "llama"));
		CHECK_OK(gguf_array(&f, "a", GGUF_STRING, &a, NULL));
		rest = a->value;
		CHECK(mem_eq_str(gguf_next_string(&rest), "one"));
		CHECK_EQ(gguf_next_string(&rest).len, 0);
		CHECK_EQ(rest.len, 0);
		CHECK_OK(gguf_array(&f, "n", GGUF_I32, &a, NULL));
		CHECK_EQ(gguf_item_u32(a, 1), 6);
		t = gguf_tensor(&f, "y");
		CHECK(t != NULL && t->rank == 2 && t->dim[0] == 3 &&
		      t->dim[1] == 2 && t->len == 24);
		t = gguf_tensor(&f, "x");
		CHECK(t != NULL && t->len == 68);
		CHECK(t->at % GW_ALIGN == 0);
		CHECK(gguf_tensor(&f, "z") == NULL);
		gguf_clear(&f);
		free(g.buf);
	}
}

TEST(gguf_values_of_other_types_are_refused)
{
	struct err_ctx ctx = { .code = ERR_OK };
	const struct gguf_pair *a;
	struct bytes s;
	struct gguf f;
	uint32_t u = 3;
	float v;
	bool b;

	begin();
	gw_key(&g, "negative", GGUF_I32);
	wr_u32le(&g.w, 0xffffffff);
	gw_key(&g, "wide", GGUF_U64);
	wr_u64le(&g.w, 1ull << 32);
	gw_u32(&g, "u", 1);
	CHECK_OK(gguf_whole(&f, (struct bytes){ g.buf, gw_end(&g) }, NULL));
	CHECK_ERR(gguf_u32(&f, "negative", &u, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "negative") != NULL);
	CHECK_ERR(gguf_u32(&f, "wide", &u, NULL), ERR_FORMAT);
	CHECK_ERR(gguf_u32(&f, "none", &u, NULL), ERR_NOTFOUND);
	CHECK_EQ(u, 3);
	CHECK_ERR(gguf_f32(&f, "u", &v, NULL), ERR_FORMAT);
	CHECK_ERR(gguf_bool(&f, "u", &b, NULL), ERR_FORMAT);
	CHECK_ERR(gguf_string(&f, "u", &s, NULL), ERR_FORMAT);
	CHECK_ERR(gguf_array(&f, "u", GGUF_I32, &a, NULL), ERR_FORMAT);
	gguf_clear(&f);
	free(g.buf);
}

/* Each prefix lies alone in memory, so that a read past it is seen. */
TEST(gguf_rejects_every_truncation)
{
	struct tiny t = { .type = GGUF_TENSOR_Q8_0 };
	struct bytes whole = tiny_model(&t);
	struct gguf f;
	size_t step = 1;

	CHECK_OK(gguf_whole(&f, whole, NULL));
	gguf_clear(&f);
	for (size_t n = 0; n < whole.len; n += step) {
		void *part;

		CHECK_EQ(posix_memalign(&part, 64, n), 0);
		memcpy(part, whole.p, n);
		if (gguf_whole(&f, (struct bytes){ part, n }, NULL) == ERR_OK)
			fail_msg(
			    "%zu of %zu bytes were accepted", n, whole.len);
		free(part);
		step = n > 12000 ? 97 : 1; /* beyond the tables: only data */
	}
	CHECK_ERR(
	    gguf_whole(&f, (struct bytes){ whole.p, whole.len - 1 }, NULL),
	    ERR_TRUNCATED);
	free((void *)(uintptr_t)whole.p);
}

/* Up to the padding more is wanted, without a message; then it is enough. */
TEST(gguf_parses_a_head_without_the_data)
{
	struct tiny t = { .type = GGUF_TENSOR_Q8_0 };
	struct bytes file = tiny_model(&t);
	struct gguf whole, head;

	CHECK_OK(gguf_whole(&whole, file, NULL));
	CHECK(whole.head_len < file.len && whole.file_len == file.len);
	for (size_t n = 0; n <= whole.head_len; n++) {
		struct err_ctx ctx = { .code = ERR_OK };
		uint8_t *part = malloc(n + 1);
		enum err want = n < whole.head_len ? ERR_AGAIN : ERR_OK;

		memcpy(part, file.p, n);
		CHECK_ERR(gguf_parse_head(
			      &head, (struct bytes){ part, n }, file.len, &ctx),
		    want);
		CHECK_STR(ctx.msg, "");
		for (uint32_t i = 0; i < head.tensor_n; i++) {
			const struct gguf_tensor *a = &whole.tensor[i];
			const struct gguf_tensor *b = &head.tensor[i];

			CHECK(a->at == b->at && a->len == b->len);
		}
		gguf_clear(&head);
		free(part);
	}
	gguf_clear(&whole);
	free((void *)(uintptr_t)file.p);
}

static void see(void *cookie, struct bytes next)
{
	*(size_t *)cookie += next.len;
}

/* A head of 3 MiB is read in steps; what is read too much comes again. */
TEST(gguf_reads_a_head_of_any_length)
{
	static const uint32_t lens[] = { 0, 3u << 20 };

	for (size_t i = 0; i < 2; i++) {
		struct model_file src;
		struct bytes file, s;
		uint8_t last[64];
		struct gguf f;
		size_t seen = 0;

		gw_begin(&g, 4u << 20);
		gw_key(&g, "long", GGUF_STRING);
		wr_u64le(&g.w, lens[i]);
		wr_fill(&g.w, 'x', lens[i]);
		gw_tensor(&g, "t", GGUF_TENSOR_F32, 16, 0);
		file = (struct bytes){ g.buf, gw_end(&g) };
		model_file_image(&src, file);
		src.seen = see;
		src.cookie = &seen;
		CHECK_OK(gguf_read_head(&f, &src, NULL));
		CHECK_OK(gguf_string(&f, "long", &s, NULL));
		CHECK_EQ(s.len, lens[i]);
		CHECK_EQ(src.at, f.head_len);
		CHECK_EQ(seen, file.len);
		CHECK_OK(
		    model_file_read(&src, last, f.tensor[0].at - src.at, NULL));
		CHECK_OK(model_file_read(&src, last, sizeof(last), NULL));
		CHECK_MEM(last, file.p + file.len - 64, sizeof(last));
		gguf_clear(&f);
		free(g.buf);
	}
}

/* A file of 1 GiB in which one string is most of the head. */
TEST(gguf_limits_the_head)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct model_file src;
	struct gguf f;
	char path[64];
	FILE *file;

	gw_begin(&g, 4096);
	gw_key(&g, "long", GGUF_STRING);
	wr_u64le(&g.w, GGUF_HEAD_LEN_MAX);
	snprintf(path, sizeof(path), "/tmp/gguf_head.%d", (int)getpid());
	file = fopen(path, "wb");
	CHECK(file != NULL);
	CHECK_EQ(fwrite(g.buf, 1, gw_end(&g), file), g.w.len);
	CHECK_EQ(ftruncate(fileno(file), 1 << 30), 0);
	CHECK_EQ(fclose(file), 0);
	CHECK_OK(model_file_open(&src, path, NULL));
	CHECK_ERR(gguf_read_head(&f, &src, &ctx), ERR_LIMIT);
	CHECK(strstr(ctx.msg, "limit 268435456 bytes") != NULL);
	model_file_close(&src);
	CHECK_EQ(unlink(path), 0);
	free(g.buf);
}

TEST(gguf_rejects_a_bad_header)
{
	begin();
	g.buf[0] = 'g';
	refused(ERR_FORMAT, "offset 0");
	begin();
	g.buf[4] = 1;
	refused(ERR_UNSUPPORTED, "version at offset 4");
	begin();
	g.buf[4] = 4;
	refused(ERR_UNSUPPORTED, "version at offset 4");
}

static void header_counts(uint64_t tensors, uint64_t pairs, enum err want)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct gguf f;
	size_t n;

	begin();
	n = gw_end(&g);
	patch_u64(8, tensors);
	patch_u64(16, pairs);
	CHECK_ERR(gguf_whole(&f, (struct bytes){ g.buf, n }, &ctx), want);
	free(g.buf);
}

TEST(gguf_rejects_counts_before_it_allocates)
{
	header_counts(UINT64_MAX, 1, ERR_LIMIT);
	header_counts(0, UINT64_MAX, ERR_LIMIT);
	header_counts(GGUF_TENSORS_MAX, 1, ERR_TRUNCATED);
	header_counts(0, GGUF_PAIRS_MAX, ERR_TRUNCATED);
}

TEST(gguf_rejects_bad_pairs)
{
	char key[GGUF_KEY_LEN_MAX + 2] = { 0 };

	begin();
	gw_u32(&g, "general.architecture", 1);
	refused(ERR_FORMAT, "duplicate key");
	begin();
	gw_u32(&g, "", 1);
	refused(ERR_FORMAT, "empty key");
	memset(key, 'k', GGUF_KEY_LEN_MAX + 1);
	begin();
	gw_u32(&g, key, 1);
	refused(ERR_LIMIT, "key at offset");
	begin();
	gw_key(&g, "k", GGUF_VALUE_TYPE_N);
	wr_fill(&g.w, 0, 64);
	refused(ERR_FORMAT, "type of a value");
	begin();
	gw_bool(&g, "k", 2);
	refused(ERR_FORMAT, "boolean");
	begin();
	gw_array(&g, "k", GGUF_ARRAY, 1);
	wr_fill(&g.w, 0, 64);
	refused(ERR_UNSUPPORTED, "array of arrays");
	begin();
	gw_array(&g, "k", GGUF_VALUE_TYPE_N, 1);
	wr_fill(&g.w, 0, 64);
	refused(ERR_FORMAT, "items");
	begin();
	gw_array(&g, "k", GGUF_STRING, 1ull << 60);
	refused(ERR_LIMIT, "array at offset");
	begin();
	gw_array(&g, "k", GGUF_U64, GGUF_ARRAY_MAX);
	refused(ERR_TRUNCATED, "array items");
	begin();
	gw_key(&g, "k", GGUF_STRING);
	wr_u64le(&g.w, UINT64_MAX);
	refused(ERR_TRUNCATED, "string value at offset");
}

TEST(gguf_rejects_a_bad_alignment)
{
	static const uint32_t bad[] = { 0, 1, 24, 1u << 20 };

	for (size_t i = 0; i < 4; i++) {
		begin();
		gw_u32(&g, "general.alignment", bad[i]);
		refused(ERR_FORMAT, "general.alignment");
	}
}

TEST(gguf_rejects_bad_tensors)
{
	begin();
	gw_tensor_at(&g, "a", GGUF_TENSOR_F32, 8, 2, 8);
	refused(ERR_FORMAT, "misaligned");
	begin();
	gw_tensor_at(&g, "a", GGUF_TENSOR_F32, 16, 2, 0);
	gw_tensor_at(&g, "b", GGUF_TENSOR_F32, 16, 2, 96);
	refused(ERR_FORMAT, "overlap");
	begin();
	gw_tensor(&g, "a", GGUF_TENSOR_F32, 8, 2);
	gw_tensor(&g, "a", GGUF_TENSOR_F32, 8, 2);
	refused(ERR_FORMAT, "one name");
	begin();
	gw_tensor(&g, "a", 99, 8, 2);
	refused(ERR_UNSUPPORTED, "type number 99");
	begin();
	gw_tensor(&g, "a", GGUF_TENSOR_Q8_0, 33, 2);
	refused(ERR_FORMAT, "no multiple of 32");
	begin();
	gw_tensor(&g, "", GGUF_TENSOR_F32, 8, 2);
	refused(ERR_FORMAT, "empty tensor name");
}

static void one_tensor(uint32_t rank, const uint64_t *dim, uint64_t at,
    enum err want, const char *word)
{
	begin();
	gw_string(&g, "t");
	wr_u32le(&g.w, rank);
	for (uint32_t i = 0; i < rank && i < 8; i++)
		wr_u64le(&g.w, dim[i]);
	wr_u32le(&g.w, GGUF_TENSOR_F32);
	wr_u64le(&g.w, at);
	wr_fill(&g.w, 0, 256);
	g.tensors = GW_TENSORS_MAX + 1; /* no data of the writer's own */
	{
		struct err_ctx ctx = { .code = ERR_OK };
		struct gguf f;

		patch_u64(8, 1);
		patch_u64(16, 1);
		CHECK_ERR(
		    gguf_whole(&f, (struct bytes){ g.buf, g.w.len }, &ctx),
		    want);
		if (strstr(ctx.msg, word) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", ctx.msg, word);
	}
	free(g.buf);
}

TEST(gguf_rejects_absurd_dimensions)
{
	static const uint64_t zero[] = { 4, 0 }, huge[] = { 1ull << 40, 1 },
			      product[] = { 1 << 24, 1 << 24, 1 << 24, 1 << 24,
				      1 },
			      bytes[] = { 1 << 24, 1 << 24, 1 << 15 },
			      large[] = { 1 << 20, 1 << 20 },
			      small[] = { 4, 4 };

	one_tensor(0, small, 0, ERR_FORMAT, "rank");
	one_tensor(5, product, 0, ERR_FORMAT, "rank");
	one_tensor(2, zero, 0, ERR_LIMIT, "dimension at offset");
	one_tensor(2, huge, 0, ERR_LIMIT, "dimension at offset");
	one_tensor(4, product, 0, ERR_LIMIT, "dimensions");
	one_tensor(3, bytes, 0, ERR_LIMIT, "dimensions");
	one_tensor(2, large, 0, ERR_TRUNCATED, "larger than the file");
	one_tensor(2, small, 1ull << 63, ERR_TRUNCATED, "beyond the file");
	one_tensor(2, small, UINT64_MAX - 31, ERR_TRUNCATED, "beyond the file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gguf_reads_pairs_and_tensors),
		cmocka_unit_test(gguf_values_of_other_types_are_refused),
		cmocka_unit_test(gguf_rejects_every_truncation),
		cmocka_unit_test(gguf_parses_a_head_without_the_data),
		cmocka_unit_test(gguf_reads_a_head_of_any_length),
		cmocka_unit_test(gguf_limits_the_head),
		cmocka_unit_test(gguf_rejects_a_bad_header),
		cmocka_unit_test(gguf_rejects_counts_before_it_allocates),
		cmocka_unit_test(gguf_rejects_bad_pairs),
		cmocka_unit_test(gguf_rejects_a_bad_alignment),
		cmocka_unit_test(gguf_rejects_bad_tensors),
		cmocka_unit_test(gguf_rejects_absurd_dimensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
