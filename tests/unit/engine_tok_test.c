/* Both kinds of tokenizer against recorded cases, and what they refuse. */
#include "test.h"

#include "base/json.h"
#include "engine/gguf.h"
#include "engine/tok.h"
#include "gguf_writer.h"
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
	    gguf_whole(&v.gguf, (struct bytes){ v.file.p, v.file.len }, &ctx));
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
	CHECK(text.len > 4096 || mem_is_zero(v.memory, tok_work_len(TEXT_MAX)));
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

static size_t get_tokens(const struct json *item, const char *key)
{
	struct json tokens, one;
	struct json_iter it;
	uint64_t id;
	size_t n = 0;

	CHECK(json_get(item, key, &tokens));
	for (it = json_iter(&tokens); json_next(&it, NULL, &one);) {
		CHECK_OK(json_u64(&one, &id));
		want[n++] = (uint32_t)id;
	}
	return n;
}

/* With special tokens parsed, and the start token where there is one. */
static void check_special(const struct json *item, struct bytes text)
{
	struct tok_out out = { .token = got, .cap = TOKEN_MAX };
	struct json one;
	bool differs = json_get(item, "add_special_parse_special", &one);
	size_t n =
	    get_tokens(item, differs ? "add_special_parse_special" : "plain");

	CHECK_OK(tok_encode_special(&v.tok, &v.work, text, &out));
	if (out.n != n || memcmp(got, want, n * sizeof(got[0])) != 0)
		fail_msg("special \"%.*s\": %zu tokens, want %zu",
		    (int)text.len, (const char *)text.p, out.n, n);
}

static void check_case(const struct json *item)
{
	struct json text, one;
	size_t len, n;

	CHECK(json_get(item, "text", &text));
	CHECK_OK(json_string(&text, text_buf, sizeof(text_buf), &len));
	n = get_tokens(item, "plain");
	same((struct bytes){ text_buf, len }, n);
	if (!json_get(item, "detokenized", &one))
		decodes((struct bytes){ text_buf, len }, n);
	check_special(item, (struct bytes){ text_buf, len });
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

/* ---- every character ---- */

static size_t put_utf8(uint8_t *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (uint8_t)(0xc0 | c >> 6);
		p[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (uint8_t)(0xe0 | c >> 12);
		p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		p[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (uint8_t)(0xf0 | c >> 18);
	p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	p[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* A text and back; the work memory is looked at only now and then. */
static void there_and_back(struct bytes text)
{
	struct tok_out out = { .token = got, .cap = TOKEN_MAX };

	CHECK_OK(tok_encode(&v.tok, &v.work, text, true, &out));
	decodes(text, out.n);
}

/* Characters alone, twice, between letters, and in runs of neighbours. */
static void every_character(void)
{
	size_t run = 0;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t b[32];
		size_t n;

		/* SentencePiece's blank mark is a blank: no way back. */
		if ((c >= 0xd800 && c <= 0xdfff) || c == 0x2581)
			continue;
		n = put_utf8(b, c);
		/* StarCoder has no tokens for bytes of some unused planes. */
		if (n == 4 && v.tok.kind == TOK_BPE &&
		    v.tok.byte[b[0]] == TOK_NONE) {
			CHECK(c >= 0x40000);
			continue;
		}
		there_and_back((struct bytes){ b, n });
		n += put_utf8(b + n, c);
		b[n++] = 'a';
		n += put_utf8(b + n, c);
		b[n++] = ' ';
		n += put_utf8(b + n, c);
		there_and_back((struct bytes){ b, n });
		run += put_utf8(text_buf + run, c);
		if (run > 4000 || c == 0x10ffff) {
			there_and_back((struct bytes){ text_buf, run });
			run = 0;
		}
	}
}

static void all_cases(const char *name)
{
	load(name);
	CHECK(check_inp_out(name) >= 40);
	CHECK(check_cases(name) >= 240);
	every_character();
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

TEST(tok_matches_phi3)
{
	all_cases("phi-3");
	load("phi-3");
	CHECK(!tok_strips(&v.tok, v.tok.bos));
	CHECK(tok_strips(&v.tok, 32007));
	CHECK(tok_is_end(&v.tok, 32007));
	unload();
}

/* A text of n bytes looks at 3 n candidates at most, whatever it is. */
static void work_is_bounded(const char *name)
{
	const size_t n = 1u << 20;
	struct tok_work w;
	struct tok_out out = { .token = NULL };
	uint8_t *text = malloc(n);
	void *memory = calloc(1, tok_work_len(n));
	uint32_t random = 1;

	load(name);
	tok_work_init(&w, memory, n);
	for (int kind = 0; kind < 4; kind++) {
		static const char chars[] = "a \n";

		for (size_t i = 0; i < n; i++) {
			random = random * 1664525 + 1013904223;
			text[i] = kind < 3 ? (uint8_t)chars[kind]
					   : (uint8_t)(random >> 25);
		}
		w.steps = 0;
		CHECK_OK(tok_encode(
		    &v.tok, &w, (struct bytes){ text, n }, true, &out));
		CHECK(w.steps <= 3 * n);
	}
	unload();
	free(memory);
	free(text);
}

TEST(tok_work_grows_with_the_text_and_no_faster)
{
	work_is_bounded("llama-spm");
	work_is_bounded("qwen2");
}

/* What the published expressions of two models cut, by Python's re. */
TEST(pretok_cuts_as_the_expressions_do)
{
	static const char *const names[] = { "gpt-4o", "tekken" };
	struct json doc, row, text, cuts, one;
	struct json_iter it, it2;
	size_t len, n = 0;
	uint8_t *file = read_file("tests/vectors/tok/pretok.json", &len);
	enum pretok rule;

	CHECK_OK(json_parse(&doc, (struct bytes){ file, len }, NULL));
	for (it = json_iter(&doc); json_next(&it, NULL, &row); n++) {
		CHECK(json_get(&row, "text", &text));
		CHECK_OK(json_string(&text, text_buf, sizeof(text_buf), &len));
		for (size_t i = 0; i < 2; i++) {
			size_t at = 0;
			uint64_t word;

			CHECK(pretok_by_name(
			    (struct bytes){ (const uint8_t *)names[i], 6 },
			    &rule));
			CHECK(json_get(&row, names[i], &cuts));
			for (it2 = json_iter(&cuts);
			     json_next(&it2, NULL, &one);) {
				CHECK_OK(json_u64(&one, &word));
				if (pretok_next(rule,
					(struct bytes){ text_buf, len },
					at) != at + word)
					fail_msg("%s: \"%.*s\" at %zu",
					    names[i], (int)len,
					    (const char *)text_buf, at);
				at += (size_t)word;
			}
			CHECK_EQ(at, len);
		}
	}
	free(file);
	CHECK(n > 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tok_matches_llama_spm),
		cmocka_unit_test(tok_matches_gpt2),
		cmocka_unit_test(tok_matches_starcoder),
		cmocka_unit_test(tok_matches_llama_bpe),
		cmocka_unit_test(tok_matches_qwen2),
		cmocka_unit_test(tok_matches_phi3),
		cmocka_unit_test(tok_work_grows_with_the_text_and_no_faster),
		cmocka_unit_test(pretok_cuts_as_the_expressions_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
