/*
 * Schemas and the machine on them. The input is a schema, a zero byte, and
 * bytes that choose: each picks one of the tokens that may come. There always
 * is one, and what they spell is JSON as far as it goes.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/grammar.h"

#define END_ID   256
#define TOKEN_N  257
#define TEXT_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tok_entry entries[TOKEN_N];
static uint8_t bytes[256];
static struct tok vocabulary = {
	.n = TOKEN_N, .entry = entries, .end = { END_ID }, .end_n = 1
};
static struct grammar_vocabulary sorted;
static struct grammar *g;

static void open_once(void)
{
	if (g != NULL)
		return;
	for (uint32_t i = 0; i < 256; i++) {
		bytes[i] = (uint8_t)i;
		entries[i] = (struct tok_entry){
			.text = &bytes[i], .len = 1, .type = TOK_NORMAL
		};
	}
	entries[END_ID].type = TOK_CONTROL;
	assert(grammar_vocabulary_init(&sorted, &vocabulary) == ERR_OK);
	g = malloc(grammar_len());
	assert(g != NULL);
}

/* The token that `choice` picks of those that may come. */
static uint32_t pick(uint8_t choice)
{
	static float logits[TOKEN_N];
	uint32_t left, n;

	memset(logits, 0, sizeof(logits));
	left = grammar_mask(g, &sorted, logits);
	assert(left > 0);
	assert(grammar_whole(g) == !isinf(logits[END_ID]));
	n = choice % left;
	for (uint32_t i = 0; i < TOKEN_N; i++)
		if (!isinf(logits[i]) && n-- == 0)
			return i;
	abort();
}

static void walk(const uint8_t *choice, size_t n)
{
	static uint8_t text[TEXT_MAX];
	struct json v;
	enum err e;

	if (n > TEXT_MAX)
		n = TEXT_MAX;
	for (size_t i = 0; i < n; i++) {
		const uint32_t id = pick(choice[i]);

		assert(grammar_accept(g, &vocabulary, id));
		if (id == END_ID) {
			struct err_ctx ctx = { 0 };

			e = json_parse(&v, (struct bytes){ text, i }, &ctx);
			/* Names of a model's own may come twice. */
			assert(e == ERR_OK || strstr(ctx.msg, "repeated"));
			return;
		}
		text[i] = (uint8_t)id;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
	const size_t n = zero != NULL ? (size_t)(zero - data) : size;
	const struct grammar_part part = { .schema = { data, n } };
	struct err_ctx ctx = { 0 };

	open_once();
	if (grammar_init(g, &part, 1, &ctx) != ERR_OK)
		assert(ctx.msg[0] != 0);
	else if (zero != NULL)
		walk(zero + 1, size - n - 1);
	return 0;
}
