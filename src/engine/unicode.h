/* As much of Unicode as the tokenizers' rules ask for. */
#ifndef CONFER_ENGINE_UNICODE_H
#define CONFER_ENGINE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum unicode_class {
	UNICODE_END, /* no character: the end of the text */
	UNICODE_LETTER,
	UNICODE_NUMBER,
	UNICODE_SPACE,
	UNICODE_OTHER
};

/* Letters and marks by case; both: those that have none. */
enum unicode_case {
	UNICODE_CASE_NONE,  /* neither letter nor mark */
	UNICODE_CASE_UPPER, /* title case too */
	UNICODE_CASE_LOWER,
	UNICODE_CASE_BOTH
};

struct unicode_range {
	uint32_t first, last;
};

extern const struct unicode_range unicode_tab_letters[];
extern const uint32_t unicode_tab_letters_n;
extern const struct unicode_range unicode_tab_numbers[];
extern const uint32_t unicode_tab_numbers_n;

/* Every `step`th character from first to last. */
struct unicode_steps {
	uint32_t first, last, step;
};

extern const struct unicode_range unicode_tab_marks[];
extern const uint32_t unicode_tab_marks_n;
extern const struct unicode_steps unicode_tab_upper[];
extern const uint32_t unicode_tab_upper_n;
extern const struct unicode_steps unicode_tab_lower[];
extern const uint32_t unicode_tab_lower_n;

enum unicode_class unicode_class(uint32_t c);

enum unicode_case unicode_case(uint32_t c);

/*
 * The character at offset `at` of valid UTF-8; at < text.len. *len is its
 * length in bytes, 1 to 4.
 */
uint32_t unicode_at(struct bytes text, size_t at, size_t *len);

#endif
