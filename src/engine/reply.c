/* A model's words taken apart; see reply.h. */
#include "engine/reply.h"

#include <string.h>

#include "base/assert.h"
#include "base/json.h"

#define LINES_MAX 8  /* line breaks held back before a marker */
#define BARE_MAX  64 /* bytes until a bare call has said "name" */
#define CALL_MAX  (REPLY_CALLS_LEN_MAX - TOK_TEXT_LEN_MAX - ANSWER_HELD_MAX)

static const char think_start[] = "<think>", think_end[] = "</think>";

enum state {
	START,   /* nothing said yet */
	THINK,   /* reasoning */
	CONTENT, /* the answer */
	CALL,    /* what may be a call is gathered */
	SPILL    /* it was none: it becomes content */
};

void reply_init(struct reply *r, const struct chat *chat, const struct tok *tok,
    struct answer *content, struct answer *reasoning, bool tools)
{
	mem_wipe(r, sizeof(*r));
	r->form = chat_form(chat);
	r->tok = tok;
	r->content = content;
	r->reasoning = reasoning;
	r->tools = tools && r->form.calls != CHAT_CALLS_NONE;
	r->state = START;
}

static void emit(struct reply *r, const uint8_t *p, size_t n)
{
	if (r->stopped || n == 0)
		return;
	r->called = false;
	if (r->state == THINK)
		(void)answer_push(r->reasoning, (struct bytes){ p, n });
	else
		r->stopped = answer_push(r->content, (struct bytes){ p, n });
}

/* ---- calls ---- */

/* A name, so far as it is written, becomes what it stands for, in its place. */
static void decode_name(struct reply *r, struct engine_call *call)
{
	const struct json v = { .type = JSON_STRING, .text = call->name };
	uint8_t name[CHAT_CALL_LEN_MAX];
	uint8_t *place = r->text + (call->name.p - r->text);
	size_t len;
	enum err e = json_string(&v, name, sizeof(name), &len);

	assert(e == ERR_OK); /* it was checked, and is short enough */
	mem_copy(place, name, len);
	mem_wipe(name, sizeof(name));
	call->name.len = len;
}

/* {"name": ..., "arguments" or "parameters": {...}}; false: something else. */
static bool add_call(struct reply *r, const struct json *v)
{
	struct bytes none = BYTES_LITERAL("{}");
	struct engine_call call = { .arguments = none };
	struct json name, arguments;

	if (v->type != JSON_OBJECT || r->call_n == ENGINE_CALLS_MAX ||
	    !json_get(v, "name", &name) || name.type != JSON_STRING ||
	    name.text.len <= 2 || name.text.len > CHAT_CALL_LEN_MAX)
		return false;
	if (json_get(v, "arguments", &arguments) ||
	    json_get(v, "parameters", &arguments)) {
		if (arguments.type != JSON_OBJECT)
			return false;
		call.arguments = arguments.text;
	} else if (r->form.calls == CHAT_CALLS_BARE) {
		return false; /* an answer may well be {"name": "Ann"} */
	}
	call.name = name.text;
	r->call[r->call_n++] = call;
	return true;
}

/* Read a gathered text as calls; false: it is none. */
static bool read_calls(struct reply *r, struct bytes text)
{
	uint32_t before = r->call_n;
	struct json v, one;
	struct json_iter it;
	bool good = true;

	if (json_parse(&v, text, NULL) != ERR_OK)
		return false;
	if (v.type != JSON_ARRAY || r->form.calls != CHAT_CALLS_LIST)
		good = add_call(r, &v);
	else
		for (it = json_iter(&v); good && json_next(&it, NULL, &one);)
			good = add_call(r, &one);
	if (!good)
		r->call_n = before;
	for (uint32_t i = before; i < r->call_n; i++)
		decode_name(r, &r->call[i]);
	return r->call_n > before;
}

static struct bytes skip_lines(struct bytes text)
{
	while (text.len > 0 && text.p[0] == '\n')
		text = mem_skip(text, 1);
	return text;
}

/* What was gathered is complete: calls, or content after all. */
static void end_call(struct reply *r)
{
	struct bytes text =
	    skip_lines((struct bytes){ r->text + r->text_n, r->got });

	if (r->form.start != NULL && mem_starts(text, r->form.start))
		text = mem_skip(text, mem_strlen(r->form.start));
	if (r->form.end != NULL && mem_ends(text, r->form.end))
		text.len -= mem_strlen(r->form.end);
	if (!read_calls(r, text)) {
		r->state = SPILL;
		return;
	}
	r->text_n += r->got;
	r->got = 0;
	r->state = CONTENT;
	r->called = true;
}

/* Can this start of an answer, or one that begins so, be a bare call? */
static bool may_be_bare(struct bytes t, const char *tag)
{
	static const char *const keys[] = { "\"name\"", "\"type\"" };
	size_t i = 0, braces = 0;

	if (t.len > 0 && t.p[0] == (uint8_t)tag[0])
		return true; /* settle() saw the whole tag */
	for (; i < t.len && i < BARE_MAX; i++) {
		uint8_t c = t.p[i];

		if (c == '{' && braces++ == 0)
			continue;
		if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
			break;
	}
	if (i == t.len)
		return true;
	for (size_t k = 0; k < 2 && braces == 1; k++) {
		size_t n = mem_strlen(keys[k]);

		if (n > t.len - i)
			n = t.len - i;
		if (memcmp(t.p + i, keys[k], n) == 0)
			return true;
	}
	return false;
}

/* One byte of what may be a call. */
static void gather(struct reply *r, uint8_t c)
{
	struct bytes text;

	r->text[r->text_n + r->got++] = c;
	text = (struct bytes){ r->text + r->text_n, r->got };
	if (r->state == SPILL)
		return; /* the rest of a token */
	if (r->text_n + r->got >= CALL_MAX) {
		r->state = SPILL;
		r->tools = false;
	} else if (r->form.end != NULL && mem_ends(text, r->form.end)) {
		end_call(r);
	} else if (r->form.calls == CHAT_CALLS_BARE &&
		   !may_be_bare(skip_lines(text), r->form.start)) {
		r->state = SPILL;
	}
}

/* ---- markers ---- */

static const char *start_marker(const struct reply *r)
{
	bool late = r->form.calls == CHAT_CALLS_BARE && r->state != START;

	return r->tools && !late && r->state != THINK ? r->form.start : NULL;
}

static const char *think_marker(const struct reply *r)
{
	if (r->state == THINK)
		return think_end;
	return r->state == START && r->form.reasons ? think_start : NULL;
}

/* Is `b` the start of the marker, or all of it? */
static bool begins(const char *marker, struct bytes b, bool *whole)
{
	size_t n = marker == NULL ? 0 : mem_strlen(marker);

	*whole = n > 0 && b.len == n && memcmp(b.p, marker, n) == 0;
	return *whole || (b.len < n && memcmp(b.p, marker, b.len) == 0);
}

/* With the line breaks before it, should it be none. */
static void begin_call(struct reply *r)
{
	r->state = CALL;
	r->spilled = 0;
	for (size_t i = 0; i < r->held_n; i++)
		gather(r, r->held[i]);
	r->held_n = 0;
}

/* Take markers from what is held; let go what cannot become one. */
static void settle(struct reply *r)
{
	while (r->held_n > 0 && (r->state != CALL && r->state != SPILL)) {
		struct bytes b = { r->held, r->held_n };
		size_t lines = 0;
		bool whole, wait;

		while (lines < b.len && lines < LINES_MAX && b.p[lines] == '\n')
			lines++;
		b = mem_skip(b, lines);
		wait = begins(think_marker(r), b, &whole);
		if (whole) {
			r->state = r->state == THINK ? CONTENT : THINK;
			r->fresh = true;
			r->held_n = 0;
			return;
		}
		wait |= begins(start_marker(r), b, &whole);
		if (whole ||
		    (r->state == START && r->tools && b.len > 0 &&
			r->form.calls == CHAT_CALLS_BARE && b.p[0] == '{')) {
			begin_call(r);
			return;
		}
		if (wait && (b.len > 0 || lines < LINES_MAX))
			return;
		if (r->state == START)
			r->state = CONTENT;
		emit(r, r->held, 1);
		r->held_n--;
		memmove(r->held, r->held + 1, r->held_n);
	}
}

static void feed(struct reply *r, uint8_t c)
{
	if (r->state == CALL || r->state == SPILL) {
		gather(r, c);
		return;
	}
	if (r->fresh && c == '\n')
		return;
	r->fresh = false;
	assert(r->held_n < ANSWER_HELD_MAX);
	r->held[r->held_n++] = c;
	settle(r);
}

/* What a token says; of special tokens only those that are markers. */
static struct bytes spelled(const struct reply *r, uint32_t token)
{
	const char *const markers[] = { r->form.start, r->form.end, think_start,
		think_end };
	const struct tok_entry *x = &r->tok->entry[token];
	struct bytes text = tok_text(r->tok, token);

	for (size_t i = 0; text.len == 0 && i < 4; i++) {
		if (markers[i] != NULL &&
		    mem_eq_str((struct bytes){ x->text, x->len }, markers[i]))
			text = (struct bytes){ x->text, x->len };
	}
	return text;
}

/* ---- in and out ---- */

bool reply_ready(struct reply *r)
{
	while (r->state == SPILL && answer_has_room(r->content)) {
		uint32_t left = r->got - r->spilled;
		uint32_t n = left < TOK_TEXT_LEN_MAX ? left : TOK_TEXT_LEN_MAX;

		emit(r, r->text + r->text_n + r->spilled, n);
		r->spilled += n;
		if (r->spilled < r->got)
			continue;
		mem_wipe(r->text + r->text_n, r->got);
		r->got = 0;
		r->state = CONTENT;
		if (r->finished)
			answer_finish(r->content);
	}
	return r->state != SPILL && answer_has_room(r->content) &&
	       answer_has_room(r->reasoning);
}

bool reply_push(struct reply *r, uint32_t token)
{
	struct bytes text = spelled(r, token);

	assert(!r->finished && (r->state != SPILL || r->got == 0));
	for (size_t i = 0; i < text.len && !r->stopped; i++)
		feed(r, text.p[i]);
	return r->stopped;
}

void reply_finish(struct reply *r)
{
	r->finished = true;
	if (r->state == CALL)
		end_call(r);
	else if (!r->called || r->held_n == 0 || r->held[0] != '\n')
		emit(r, r->held, r->held_n);
	mem_wipe(r->held, sizeof(r->held));
	r->held_n = 0;
	answer_finish(r->reasoning);
	if (r->state != SPILL && !r->stopped)
		answer_finish(r->content);
}
