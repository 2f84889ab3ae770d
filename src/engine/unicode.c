/* Characters and their classes; see unicode.h. */
#include "engine/unicode.h"

#include <stdbool.h>

#include "base/assert.h"
#include "base/utf8.h"

static bool in_ranges(const struct unicode_range *r, uint32_t n, uint32_t c)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c > r[mid].last)
			lo = mid + 1;
		else if (c < r[mid].first)
			hi = mid;
		else
			return true;
	}
	return false;
}

/* White_Space=yes in PropList.txt. */
static bool is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 ||
	       c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	       c == 0x3000;
}

enum unicode_class unicode_class(uint32_t c)
{
	if (is_space(c))
		return UNICODE_SPACE;
	if (in_ranges(unicode_tab_letters, unicode_tab_letters_n, c))
		return UNICODE_LETTER;
	if (in_ranges(unicode_tab_numbers, unicode_tab_numbers_n, c))
		return UNICODE_NUMBER;
	return UNICODE_OTHER;
}

static bool in_steps(const struct unicode_steps *r, uint32_t n, uint32_t c)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (c > r[mid].last)
			lo = mid + 1;
		else if (c < r[mid].first)
			hi = mid;
		else
			return (c - r[mid].first) % r[mid].step == 0;
	}
	return false;
}

enum unicode_case unicode_case(uint32_t c)
{
	if (in_steps(unicode_tab_lower, unicode_tab_lower_n, c))
		return UNICODE_CASE_LOWER;
	if (in_steps(unicode_tab_upper, unicode_tab_upper_n, c))
		return UNICODE_CASE_UPPER;
	if (in_ranges(unicode_tab_letters, unicode_tab_letters_n, c) ||
	    in_ranges(unicode_tab_marks, unicode_tab_marks_n, c))
		return UNICODE_CASE_BOTH;
	return UNICODE_CASE_NONE;
}

uint32_t unicode_at(struct bytes text, size_t at, size_t *len)
{
	static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	struct bytes rest = { text.p + at, text.len - at };
	bool valid;
	size_t n = utf8_scan(rest, &valid);
	uint32_t c;

	assert(valid);
	c = rest.p[0] & first_bits[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (rest.p[i] & 0x3f);
	*len = n;
	return c;
}
