/* Cutting text into words; see pretok.h. */
#include "engine/pretok.h"

#include <stdint.h>

#include "engine/unicode.h"

bool pretok_by_name(struct bytes name, enum pretok *out)
{
	static const struct {
		const char *name;
		enum pretok rule;
	} names[] = {
		{ "gpt-2", PRETOK_GPT2 },
		{ "default", PRETOK_GPT2 },
		{ "starcoder", PRETOK_STARCODER },
		{ "smollm", PRETOK_STARCODER },
		{ "refact", PRETOK_STARCODER },
		{ "command-r", PRETOK_STARCODER },
		{ "llama-bpe", PRETOK_LLAMA3 },
		{ "llama3", PRETOK_LLAMA3 },
		{ "llama-v3", PRETOK_LLAMA3 },
		{ "qwen2", PRETOK_QWEN2 },
		{ "deepseek-r1-qwen", PRETOK_QWEN2 },
		{ "megrez", PRETOK_QWEN2 },
		{ "gpt-4o", PRETOK_GPT4O },
		{ "llama4", PRETOK_GPT4O },
		{ "tekken", PRETOK_TEKKEN },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (mem_eq_str(name, names[i].name)) {
			*out = names[i].rule;
			return true;
		}
	}
	return false;
}

/* Text being cut. */
struct scan {
	struct bytes text;
	bool numbers_end; /* a number counts as the end of the text */
};

/* A character, its class and where the next one starts. */
struct at {
	uint32_t c;
	enum unicode_class class;
	size_t next;
};

static struct at look(const struct scan *s, size_t i)
{
	struct at a = { .class = UNICODE_END, .next = i };
	size_t len;

	if (i >= s->text.len)
		return a;
	a.c = unicode_at(s->text, i, &len);
	a.class = unicode_class(a.c);
	if (a.class == UNICODE_NUMBER && s->numbers_end)
		a.class = UNICODE_END;
	else
		a.next = i + len;
	return a;
}

/* End of the run of one class from i on, of at most max characters. */
static size_t run(
    const struct scan *s, size_t i, enum unicode_class class, uint32_t max)
{
	while (max-- > 0) {
		struct at a = look(s, i);

		if (a.class != class)
			break;
		i = a.next;
	}
	return i;
}

static uint8_t lower(uint8_t c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* End of an English contraction at i, or i. */
static size_t contraction(const struct scan *s, size_t i, bool fold)
{
	static const char *const tails[] = { "s", "t", "re", "ve", "m", "ll",
		"d" };

	if (i == s->text.len || s->text.p[i] != '\'')
		return i;
	for (size_t k = 0; k < sizeof(tails) / sizeof(tails[0]); k++) {
		size_t n = 0;

		while (
		    tails[k][n] != '\0' && i + 1 + n < s->text.len &&
		    lower(s->text.p[i + 1 + n], fold) == (uint8_t)tails[k][n])
			n++;
		if (tails[k][n] == '\0')
			return i + 1 + n;
	}
	return i;
}

/* S+(?!\S)|S+ from i on: all of it at the end, else all but the last. */
static size_t spaces(const struct scan *s, size_t i)
{
	size_t last = i;
	size_t end = i;
	struct at a = look(s, i);

	while (a.class == UNICODE_SPACE) {
		last = end;
		end = a.next;
		a = look(s, end);
	}
	return a.class == UNICODE_END || last == i ? end : last;
}

static size_t next_gpt2(const struct scan *s, size_t i)
{
	struct at a = look(s, i);
	size_t end = contraction(s, i, false);

	if (end > i)
		return end;
	if (a.c == ' ') {
		struct at b = look(s, a.next);

		if (b.class != UNICODE_SPACE && b.class != UNICODE_END)
			return run(s, a.next, b.class, UINT32_MAX);
	}
	if (a.class == UNICODE_SPACE)
		return spaces(s, i);
	return run(s, i, a.class, UINT32_MAX);
}

static size_t next_starcoder(const struct scan *s, size_t i)
{
	const struct scan between = { .text = s->text, .numbers_end = true };
	struct at a = look(s, i);

	return a.class == UNICODE_NUMBER ? a.next : next_gpt2(&between, i);
}

static bool is_newline(uint32_t c)
{
	return c == '\r' || c == '\n';
}

/* S*[\r\n]+ at i: the end of the last line break in the run, or i. */
static size_t line_breaks(const struct scan *s, size_t i)
{
	size_t end = i;

	for (struct at a = look(s, i); a.class == UNICODE_SPACE;
	     a = look(s, a.next)) {
		if (is_newline(a.c))
			end = a.next;
	}
	return end;
}

/* What is no word: numbers, signs with what may end them, white space. */
static size_t next_other(
    const struct scan *s, size_t i, uint32_t digits, bool slash)
{
	struct at a = look(s, i);
	struct at b = look(s, a.next);
	size_t end;

	if (a.class == UNICODE_NUMBER)
		return run(s, i, UNICODE_NUMBER, digits);
	if (a.class == UNICODE_OTHER ||
	    (a.c == ' ' && b.class == UNICODE_OTHER)) {
		end = a.c == ' ' ? a.next : i;
		end = run(s, end, UNICODE_OTHER, UINT32_MAX);
		while (
		    end < s->text.len && (is_newline(s->text.p[end]) ||
					     (slash && s->text.p[end] == '/')))
			end++;
		return end;
	}
	end = line_breaks(s, i);
	return end > i ? end : spaces(s, i);
}

static size_t next_llama3(const struct scan *s, size_t i, uint32_t digits)
{
	struct at a = look(s, i);
	struct at b = look(s, a.next);
	size_t end = contraction(s, i, true);

	if (end > i)
		return end;
	if (a.class == UNICODE_LETTER)
		return run(s, i, UNICODE_LETTER, UINT32_MAX);
	if (b.class == UNICODE_LETTER && a.class != UNICODE_NUMBER &&
	    !is_newline(a.c))
		return run(s, a.next, UNICODE_LETTER, UINT32_MAX);
	return next_other(s, i, digits, false);
}

static enum unicode_case case_at(const struct scan *s, size_t i)
{
	struct at a = look(s, i);

	return a.class == UNICODE_END ? UNICODE_CASE_NONE : unicode_case(a.c);
}

/*
 * U*l+ at i (`lower`), or U+l*: its end, or i. Where U* has taken all, l+ gets
 * back the last character that is both.
 */
static size_t cased(const struct scan *s, size_t i, bool lower)
{
	size_t at = i, both = i, end;
	enum unicode_case c = case_at(s, at);

	while (c == UNICODE_CASE_UPPER || c == UNICODE_CASE_BOTH) {
		at = look(s, at).next;
		both = c == UNICODE_CASE_BOTH ? at : both;
		c = case_at(s, at);
	}
	end = at;
	while (c == UNICODE_CASE_LOWER || c == UNICODE_CASE_BOTH) {
		end = look(s, end).next;
		c = case_at(s, end);
	}
	if (end > at || !lower)
		return lower || at > i ? end : i;
	return both;
}

static size_t next_cased(const struct scan *s, size_t i, bool gpt4o)
{
	struct at a = look(s, i);
	bool prefix = a.class != UNICODE_LETTER && a.class != UNICODE_NUMBER &&
		      !is_newline(a.c);

	for (int lower = 1; lower >= 0; lower--) {
		size_t end = a.next;

		if (prefix)
			end = cased(s, a.next, lower == 1);
		if (!prefix || end == a.next) {
			end = cased(s, i, lower == 1);
			if (end == i)
				continue;
		}
		return gpt4o ? contraction(s, end, true) : end;
	}
	return next_other(s, i, gpt4o ? 3 : 1, true);
}

size_t pretok_next(enum pretok rule, struct bytes text, size_t at)
{
	const struct scan s = { .text = text };

	switch (rule) {
	case PRETOK_STARCODER:
		return next_starcoder(&s, at);
	case PRETOK_LLAMA3:
		return next_llama3(&s, at, 3);
	case PRETOK_QWEN2:
		return next_llama3(&s, at, 1);
	case PRETOK_GPT4O:
		return next_cased(&s, at, true);
	case PRETOK_TEKKEN:
		return next_cased(&s, at, false);
	case PRETOK_GPT2:
	default:
		return next_gpt2(&s, at);
	}
}
