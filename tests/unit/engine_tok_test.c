/* Both kinds of tokenizer against recorded cases, and what they refuse. */
#include "test.h"

#include "base/json.h"
#include "engine/gguf.h"
#include "engine/tok.h"
#include "sys/pages.h"

#define TEXT_MAX  65536
#define TOKEN_MAX 65536

struct vocabulary {
	struct pages file;
	struct gguf gguf;
	struct tok tok;
	struct tok_work work;
	void *memory;
};

static struct vocabulary v;
static uint8_t text_buf[TEXT_MAX];
static uint32_t got[TOKEN_MAX], want[TOKEN_MAX];

static void load(const char *name)
{
	char path[128];
	struct err_ctx ctx = { .code = ERR_OK };

	snprintf(path, sizeof(path), "llm/vocab/ggml-vocab-%s.gguf", name);
	CHECK_OK(pages_load(&v.file, vector_path(path), &ctx));
	CHECK_OK(
	    gguf_parse(&v.gguf, (struct bytes){ v.file.p, v.file.len }, &ctx));
	if (tok_init(&v.tok, &v.gguf, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	v.memory = calloc(1, tok_work_len(TEXT_MAX));
	tok_work_init(&v.work, v.memory, TEXT_MAX);
}

static void unload(void)
{
	free(v.memory);
	tok_clear(&v.tok);
	gguf_clear(&v.gguf);
	pages_free(&v.file);
}

static size_t encode(struct bytes text)
{
	struct tok_out out = { .token = got, .cap = TOKEN_MAX };

	CHECK_OK(tok_encode(&v.tok, &v.work, text, true, &out));
	CHECK(mem_is_zero(v.memory, tok_work_len(TEXT_MAX)));
	return out.n;
}

static void same(struct bytes text, size_t want_n)
{
	size_t n = encode(text);

	if (n != want_n || memcmp(got, want, n * sizeof(got[0])) != 0) {
		for (size_t i = 0; i < n; i++)
			print_message("%u ", got[i]);
		fail_msg("\"%.*s\": %zu tokens, want %zu", (int)text.len,
		    (const char *)text.p, n, want_n);
	}
}

/* The text again, from the tokens. */
static void decodes(struct bytes text, size_t n)
{
	static uint8_t back[TEXT_MAX];
	size_t len = 0, skip = 0;

	for (size_t i = 0; i < n; i++) {
		struct bytes b = tok_text(&v.tok, got[i]);

		mem_copy(back + len, b.p, b.len);
		len += b.len;
	}
	if (v.tok.kind == TOK_SPM && len > 0)
		skip = 1; /* the blank that was put in front */
	CHECK(mem_eq(text, (struct bytes){ back + skip, len - skip }));
}

static void check_case(const struct json *item)
{
	struct json text, tokens, one;
	struct json_iter it;
	size_t len, n = 0;
	uint64_t id;

	CHECK(json_get(item, "text", &text));
	CHECK(json_get(item, "plain", &tokens));
	CHECK_OK(json_string(&text, text_buf, sizeof(text_buf), &len));
	for (it = json_iter(&tokens); json_next(&it, NULL, &one);) {
		CHECK_OK(json_u64(&one, &id));
		want[n++] = (uint32_t)id;
	}
	same((struct bytes){ text_buf, len }, n);
	if (!json_get(item, "detokenized", &one))
		decodes((struct bytes){ text_buf, len }, n);
}

static size_t check_cases(const char *name)
{
	char path[128];
	struct err_ctx ctx = { .code = ERR_OK };
	struct json doc, cases, item;
	struct json_iter it;
	size_t len, n = 0;
	uint8_t *file;

	snprintf(path, sizeof(path), "llm/vocab/%s.cases.json", name);
	file = read_file(vector_path(path), &len);
	CHECK_OK(json_parse(&doc, (struct bytes){ file, len }, &ctx));
	CHECK(json_get(&doc, "cases", &cases));
	for (it = json_iter(&cases); json_next(&it, NULL, &item); n++)
		check_case(&item);
	free(file);
	return n;
}

/* The texts of .inp between separator lines, the tokens of .out by line. */
static size_t check_inp_out(const char *name)
{
	static const char separator[] = "\n__ggml_vocab_test__\n";
	char path[128];
	size_t inp_len, out_len, count = 0;
	uint8_t *inp, *out;
	char *at, *line;

	snprintf(path, sizeof(path), "llm/vocab/ggml-vocab-%s.gguf.inp", name);
	inp = read_file(vector_path(path), &inp_len);
	snprintf(path, sizeof(path), "llm/vocab/ggml-vocab-%s.gguf.out", name);
	out = read_file(vector_path(path), &out_len);
	at = (char *)inp;
	for (line = (char *)out; *line != '\0'; count++) {
		char *end = memmem(at, inp_len - (size_t)(at - (char *)inp),
		    separator, sizeof(separator) - 1);
		size_t n = 0;

		while (*line != '\n' && *line != '\0')
			want[n++] = (uint32_t)strtoul(line, &line, 10);
		line += *line == '\n';
		same((struct bytes){ (uint8_t *)at,
			 end != NULL ? (size_t)(end - at)
				     : inp_len - (size_t)(at - (char *)inp) },
		    n);
		if (end == NULL)
			break;
		at = end + sizeof(separator) - 1;
	}
	free(inp);
	free(out);
	return count;
}

static void all_cases(const char *name)
{
	load(name);
	CHECK(check_inp_out(name) >= 40);
	CHECK(check_cases(name) >= 240);
	unload();
}

TEST(tok_matches_llama_spm)
{
	all_cases("llama-spm");
}
TEST(tok_matches_gpt2)
{
	all_cases("gpt-2");
}
TEST(tok_matches_starcoder)
{
	all_cases("starcoder");
}
TEST(tok_matches_llama_bpe)
{
	all_cases("llama-bpe");
}
TEST(tok_matches_qwen2)
{
	all_cases("qwen2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tok_matches_llama_spm),
		cmocka_unit_test(tok_matches_gpt2),
		cmocka_unit_test(tok_matches_starcoder),
		cmocka_unit_test(tok_matches_llama_bpe),
		cmocka_unit_test(tok_matches_qwen2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
