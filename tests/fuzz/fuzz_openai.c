/* Chat requests: what is accepted stays inside the buffer of decoded text. */
#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "openai/openai.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const struct openai_request *r, struct bytes b)
{
	assert(b.len == 0 ||
	       (b.p >= r->text && b.p + b.len <= r->text + r->text_len));
	assert(utf8_prefix(b) == b.len);
}

static void check_message(
    const struct openai_request *r, const struct engine_message *m)
{
	inside(r, m->text);
	inside(r, m->call_id);
	inside(r, m->name);
	for (size_t i = 0; i < m->call_n; i++) {
		inside(r, m->call[i].id);
		inside(r, m->call[i].name);
		inside(r, m->call[i].arguments);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct openai_request r;
	static uint8_t out[OPENAI_TAIL_LEN_MAX];
	const struct openai_usage usage = { 1, 2 };
	struct openai_error why;
	struct wr w = wr_init(out, sizeof(out));
	uint8_t *text = malloc(size + 1);

	if (openai_request_parse(&r, text, size, (struct bytes){ data, size },
		"demo", &why) != ERR_OK) {
		w.cap = OPENAI_ERROR_LEN_MAX;
		openai_error_write(&w, &why);
	} else {
		for (size_t i = 0; i < r.message_n; i++)
			check_message(&r, &r.message[i]);
		for (size_t i = 0; i < r.tool_n; i++) {
			inside(&r, r.tool[i].name);
			inside(&r, r.tool[i].definition);
			inside(&r, r.tool[i].parameters);
		}
		inside(&r, r.schema);
		for (size_t i = 0; i < r.stop_n; i++)
			inside(&r, r.stop[i]);
		openai_tail_write(&w, &r, ENGINE_STOP, &usage);
		openai_end_write(&w);
	}
	assert(w.err == ERR_OK);
	assert(r.text_len <= size);
	if (openai_embed_parse(&r, text, size, (struct bytes){ data, size },
		"demo", &why) == ERR_OK)
		for (size_t i = 0; i < r.message_n; i++)
			inside(&r, r.message[i].text);
	assert(r.text_len <= size);
	free(text);
	return 0;
}
