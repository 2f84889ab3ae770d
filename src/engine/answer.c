/* Text on its way out; see answer.h. */
#include "engine/answer.h"

#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"

static const uint8_t replacement[] = { 0xef, 0xbf, 0xbd }; /* U+FFFD */

enum err answer_init(
    struct answer *a, const struct bytes *stop, size_t n, bool strip)
{
	mem_wipe(a, sizeof(*a));
	a->strip = strip;
	if (n > ENGINE_STOPS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		/* Half a character could match inside another one. */
		if (stop[i].len == 0 || utf8_prefix(stop[i]) != stop[i].len)
			return ERR_FORMAT;
		if (stop[i].len > ENGINE_STOP_LEN_MAX)
			return ERR_LIMIT;
		mem_copy(a->stop[i], stop[i].p, stop[i].len);
		a->stop_len[i] = (uint8_t)stop[i].len;
	}
	a->stop_n = (uint32_t)n;
	return ERR_OK;
}

/* Forget what was handed out. */
static void drop_taken(struct answer *a)
{
	size_t left = a->len - a->taken;

	if (a->taken == 0)
		return;
	memmove(a->text, a->text + a->taken, left);
	mem_wipe(a->text + left, a->taken);
	a->len = left;
	a->ready -= a->taken;
	a->taken = 0;
}

bool answer_has_room(const struct answer *a)
{
	return a->len - a->taken + ANSWER_ROOM <= sizeof(a->text);
}

static void append(struct answer *a, const uint8_t *p, size_t n)
{
	assert(n <= sizeof(a->text) - a->len);
	mem_copy(a->text + a->len, p, n);
	a->len += n;
}

/* Move whole characters from the tail and the token's bytes to the text. */
static void append_checked(struct answer *a, struct bytes token)
{
	size_t used = 0;

	for (;;) {
		bool valid;
		size_t n;

		while (a->tail_n < sizeof(a->tail) && used < token.len)
			a->tail[a->tail_n++] = token.p[used++];
		n = utf8_scan((struct bytes){ a->tail, a->tail_n }, &valid);
		if (n == 0)
			return; /* empty or unfinished */
		append(a, valid ? a->tail : replacement,
		    valid ? n : sizeof(replacement));
		memmove(a->tail, a->tail + n, a->tail_n - n);
		a->tail_n -= (uint32_t)n;
	}
}

/* Where the first stop string starts at or after `from`, or a->len. */
static size_t find_stop(const struct answer *a, size_t from)
{
	size_t first = a->len;

	for (uint32_t i = 0; i < a->stop_n; i++) {
		const uint8_t *p = memmem(
		    a->text + from, a->len - from, a->stop[i], a->stop_len[i]);

		if (p != NULL && (size_t)(p - a->text) < first)
			first = (size_t)(p - a->text);
	}
	return first;
}

/* How much of the text's end from `from` on could begin a stop string. */
static size_t held(const struct answer *a, size_t from)
{
	for (size_t start = from; start < a->len; start++) {
		size_t n = a->len - start;

		for (uint32_t i = 0; i < a->stop_n; i++) {
			if (n < a->stop_len[i] &&
			    mem_eq((struct bytes){ a->text + start, n },
				(struct bytes){ a->stop[i], n }))
				return n;
		}
	}
	return 0;
}

bool answer_push(struct answer *a, struct bytes token)
{
	size_t from, at;

	drop_taken(a);
	from = a->ready;
	assert(token.len <= TOK_TEXT_LEN_MAX);
	if (a->strip && token.len > 0) {
		if (token.p[0] == ' ')
			token = mem_skip(token, 1);
		a->strip = false;
	}
	append_checked(a, token);
	at = find_stop(a, from);
	if (at == a->len) {
		a->ready = a->len - held(a, from);
		return false;
	}
	mem_wipe(a->text + at, a->len - at);
	mem_wipe(a->tail, sizeof(a->tail));
	a->tail_n = 0;
	a->len = a->ready = at;
	return true;
}

void answer_finish(struct answer *a)
{
	drop_taken(a);
	if (a->tail_n > 0)
		append(a, replacement, sizeof(replacement));
	mem_wipe(a->tail, sizeof(a->tail));
	a->tail_n = 0;
	a->ready = a->len;
}

struct bytes answer_take(struct answer *a)
{
	drop_taken(a);
	a->taken = a->ready;
	return (struct bytes){ a->text, a->taken };
}
