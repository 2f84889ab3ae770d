/*
 * Vocabularies from a hostile file: refused, or good for encoding any text into
 * tokens that exist, of which none is special, in work that grows with the text
 * and no faster. The input is the size of a text (one byte), the text, and a
 * GGUF file.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "engine/gguf.h"
#include "engine/tok.h"

#define TEXT_MAX 256
#define FILE_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct tok *t, struct bytes text, bool special)
{
	static uint32_t token[4 * TEXT_MAX];
	static void *memory;
	struct tok_out out = { .token = token, .cap = 4 * TEXT_MAX };
	struct tok_work w;
	enum err e;

	if (memory == NULL)
		memory = malloc(tok_work_len(TEXT_MAX));
	tok_work_init(&w, memory, TEXT_MAX);
	e = special ? tok_encode_special(t, &w, text, &out)
		    : tok_encode(t, &w, text, true, &out);
	if (utf8_prefix(text) != text.len) {
		/* A special token may have taken what was no UTF-8. */
		assert(special || e == ERR_FORMAT);
		return;
	}
	assert(e == ERR_OK || special);
	assert(w.steps <= 3 * (text.len + 1) && out.n <= out.cap);
	for (size_t i = 0; i < out.n; i++) {
		assert(token[i] < t->n);
		assert(special || token[i] == t->unknown ||
		       t->entry[token[i]].type != TOK_CONTROL);
		(void)tok_text(t, token[i]);
		(void)tok_strips(t, token[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(64) uint8_t file[FILE_MAX];
	struct bytes text;
	size_t len;
	struct gguf g;
	struct tok t;

	if (size == 0 || data[0] >= size)
		return 0;
	text = (struct bytes){ data + 1, data[0] };
	len = size - 1 - text.len;
	if (len > FILE_MAX)
		return 0;
	mem_copy(file, text.p + text.len, len);
	if (gguf_parse_head(&g, (struct bytes){ file, len }, len, NULL) !=
	    ERR_OK)
		return 0;
	if (tok_init(&t, &g, NULL) == ERR_OK) {
		check(&t, text, false);
		check(&t, text, true);
		tok_clear(&t);
	}
	gguf_clear(&g);
	return 0;
}
