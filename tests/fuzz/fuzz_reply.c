/*
 * A model's words: whatever a model says, calls are JSON objects with names,
 * what comes out is valid UTF-8, and nothing is held back at the end. The first
 * byte chooses the family, the second how the words are cut into tokens; with
 * its highest bit set all is also said token by token, with the same outcome.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "engine/chat_family.h"
#include "engine/reply.h"

#define OUT_MAX 131072

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	uint8_t text[2][OUT_MAX];
	size_t len[2];
	uint32_t call_n;
};

static struct reply reply;
static struct answer answers[2];

static void drain(struct outcome *o)
{
	for (size_t i = 0; i < 2; i++) {
		struct bytes b = answer_take(&answers[i]);

		assert(utf8_prefix(b) == b.len);
		assert(b.len <= OUT_MAX - o->len[i]);
		mem_copy(o->text[i] + o->len[i], b.p, b.len);
		o->len[i] += b.len;
	}
}

static void until_ready(struct outcome *o)
{
	for (int i = 0; i < 64 && !reply_ready(&reply); i++)
		drain(o);
	assert(reply_ready(&reply));
	drain(o);
}

static void check_calls(void)
{
	for (uint32_t i = 0; i < reply.call_n; i++) {
		struct json v;

		assert(reply.call[i].name.len > 0);
		assert(json_parse(&v, reply.call[i].arguments, NULL) == ERR_OK);
		assert(v.type == JSON_OBJECT);
	}
}

static void say(
    struct outcome *o, uint8_t head, struct bytes words, size_t step)
{
	struct chat chat = { .family = head % (chat_family_n + 1) };
	struct tok_entry entry = { .type = TOK_NORMAL };
	struct tok tok = { .n = 1, .entry = &entry };

	memset(o, 0, sizeof(*o));
	for (size_t i = 0; i < 2; i++) {
		enum err e = answer_init(&answers[i], NULL, 0, false);

		assert(e == ERR_OK);
	}
	reply_init(
	    &reply, &chat, &tok, &answers[0], &answers[1], (head & 0x40) == 0);
	for (size_t i = 0; i < words.len; i += step) {
		entry.text = words.p + i;
		entry.len =
		    (uint32_t)(words.len - i < step ? words.len - i : step);
		until_ready(o);
		assert(!reply_push(&reply, 0));
	}
	reply_finish(&reply);
	until_ready(o);
	assert(reply.held_n == 0 && reply.got == 0);
	check_calls();
	o->call_n = reply.call_n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome one, other;
	struct bytes words;

	if (size < 2 || size > 32768)
		return 0;
	words = (struct bytes){ data + 2, size - 2 };
	say(&one, data[0], words, (size_t)(data[1] & 0x7f) + 1);
	if ((data[1] & 0x80) == 0 || words.len > 1024)
		return 0;
	say(&other, data[0], words, 1);
	/* Without a spill, whose rest of a token is not looked at again. */
	if (one.call_n == other.call_n && one.len[1] == other.len[1])
		assert(memcmp(one.text[1], other.text[1], one.len[1]) == 0);
	return 0;
}
