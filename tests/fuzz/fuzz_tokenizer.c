/*
 * Tokenizers: any text gives ordinary tokens only, whose bytes are the text
 * again; text that is not UTF-8 is refused. The first byte chooses the kind.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/tiny_model.h"
#include "base/utf8.h"
#include "engine/answer.h"
#include "engine/tok.h"

#define TEXT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tok toks[2];
static struct tok_work work;

static void open_once(void)
{
	static bool done;

	if (done)
		return;
	for (int spm = 0; spm < 2; spm++) {
		struct tiny t = { .spm = spm != 0 };
		struct gguf f;
		struct gw g;

		gw_begin(&g, TINY_CAP);
		tiny_vocabulary(&g, &t);
		assert(gguf_whole(&f, (struct bytes){ g.buf, gw_end(&g) },
			   NULL) == ERR_OK);
		assert(tok_init(&toks[spm], &f, NULL) == ERR_OK);
		gguf_clear(&f);
		free(g.buf);
	}
	tok_work_init(&work, malloc(tok_work_len(TEXT_MAX)), TEXT_MAX);
	done = true;
}

static void check_tokens(
    const struct tok *t, const struct tok_out *out, struct bytes text)
{
	static uint8_t back[TEXT_MAX * 3];
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++) {
		struct bytes b = tok_text(t, out->token[i]);

		assert(t->entry[out->token[i]].type != TOK_CONTROL);
		assert(n + b.len <= sizeof(back));
		mem_copy(back + n, b.p, b.len);
		n += b.len;
	}
	/* SentencePiece writes its mark as a blank: no way back from that. */
	if (t->kind == TOK_BPE)
		assert(mem_eq(text, (struct bytes){ back, n }));
}

/* The text through an answer, cut anywhere, is valid UTF-8 when it comes out. */
static void check_answer(struct bytes text)
{
	static struct answer a;
	struct bytes stop = { text.p, text.len < 4 ? text.len : 4 };
	bool stopped = false;

	if (answer_init(&a, &stop, stop.len > 0 ? 1 : 0, false) != ERR_OK)
		return;
	for (size_t i = 0; i < text.len && !stopped; i += 3) {
		struct bytes part = { text.p + i,
			text.len - i < 3 ? text.len - i : 3 },
			     got;

		stopped = answer_push(&a, part);
		got = answer_take(&a);
		assert(utf8_prefix(got) == got.len);
	}
	if (!stopped)
		answer_finish(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint32_t token[TEXT_MAX + 1];
	struct tok_out out = { .token = token, .cap = TEXT_MAX + 1 };
	struct bytes text = { data + 1, size - 1 };
	struct tok *t;
	enum err e;

	if (size == 0 || size > TEXT_MAX)
		return 0;
	open_once();
	t = &toks[data[0] & 1];
	t->pretok = (enum pretok)((data[0] >> 1 & 7) % (PRETOK_TEKKEN + 1));
	e = tok_encode(t, &work, text, true, &out);
	assert((e == ERR_OK) == (utf8_prefix(text) == text.len));
	if (e == ERR_OK)
		check_tokens(t, &out, text);
	check_answer(text);
	return 0;
}
