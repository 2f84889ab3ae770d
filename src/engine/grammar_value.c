/* Strings and numbers, byte by byte; see grammar.h. */
#include "engine/grammar_parts.h"

#define FRACTION_DIGITS 15 /* of an unbounded number: what a double holds */
#define WHOLE_DIGITS    15
#define EXPONENT_DIGITS 2

/* ---- strings -------------------------------------------------------------- */

enum string_stage {
	IN_NOTHING = 0,
	IN_TEXT,
	IN_ESCAPE,     /* after the backslash */
	IN_HEX,        /* in \uXXXX; f->at: the second of a pair */
	IN_PAIR,       /* a pair's second backslash comes */
	IN_PAIR_ESCAPE /* and its u */
};

bool grammar_string_plain(const struct grammar_frame *f)
{
	return f->stage == IN_TEXT && f->need == 0;
}

/* The first byte of a character: how many follow and where they lie. */
static bool begin_char(struct grammar_frame *f, uint8_t c)
{
	if (c < 0x20 || (c >= 0x80 && c < 0xc2) || c > 0xf4)
		return false;
	f->need = (uint8_t)(c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3);
	if (f->need > 0) {
		f->lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
		f->hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	} else {
		f->count++;
	}
	return true;
}

static bool continue_char(struct grammar_frame *f, uint8_t c)
{
	if (c < f->lo || c > f->hi)
		return false;
	f->need--;
	f->lo = f->need == 0 ? 0 : 0x80;
	f->hi = f->need == 0 ? 0 : 0xbf;
	f->count += f->need == 0;
	return true;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void end_escape(struct grammar_frame *f)
{
	f->stage = IN_TEXT;
	f->value = 0;
	f->digits = f->at = 0;
	f->count++;
}

/* A high surrogate wants a low one behind it; a low one alone is wrong. */
static bool take_hex(struct grammar_frame *f, uint8_t c)
{
	const int d = hex_digit(c);

	if (d < 0)
		return false;
	f->value = f->value * 16 + d;
	f->digits++;
	if (f->digits == 1)
		return f->at == 0 || f->value == 0xd;
	if (f->digits == 2)
		return (f->at != 0) == (f->value >= 0xdc && f->value <= 0xdf);
	if (f->digits < 4)
		return true;
	if (f->at != 0 || (f->value & 0xfc00) != 0xd800) {
		end_escape(f);
		return true;
	}
	f->stage = IN_PAIR;
	f->value = 0;
	f->digits = 0;
	f->at = 1;
	return true;
}

static bool take_escape(struct grammar_frame *f, uint8_t c)
{
	static const char simple[] = "\"\\/bfnrt";

	if (c == 'u') {
		f->stage = IN_HEX;
		return true;
	}
	for (size_t i = 0; i < sizeof(simple) - 1; i++)
		if (c == (uint8_t)simple[i]) {
			end_escape(f);
			return true;
		}
	return false;
}

static bool take_text(
    struct grammar_frame *f, const struct schema_node *n, uint8_t c)
{
	if (f->need > 0)
		return continue_char(f, c);
	if (f->count >= n->hi)
		return false;
	if (c != '\\')
		return begin_char(f, c);
	f->stage = IN_ESCAPE;
	return true;
}

enum grammar_end grammar_string(
    struct grammar_frame *f, const struct schema_node *n, uint8_t c)
{
	bool right = false;

	switch ((enum string_stage)f->stage) {
	case IN_NOTHING:
		right = c == '"';
		f->stage = IN_TEXT;
		break;
	case IN_TEXT:
		if (c == '"' && f->need == 0)
			return f->count >= n->lo ? GRAMMAR_ENDS : GRAMMAR_WRONG;
		right = take_text(f, n, c);
		break;
	case IN_ESCAPE:
		right = take_escape(f, c);
		break;
	case IN_HEX:
		right = take_hex(f, c);
		break;
	case IN_PAIR:
		right = c == '\\';
		f->stage = IN_PAIR_ESCAPE;
		break;
	case IN_PAIR_ESCAPE:
	default:
		right = c == 'u';
		f->stage = IN_HEX;
		break;
	}
	return right ? GRAMMAR_GOES_ON : GRAMMAR_WRONG;
}

/* ---- numbers -------------------------------------------------------------- */

/* f->digits: of this stage; f->value: units of a bounded number so far. */
enum number_stage {
	AT_SIGN = 0,
	AT_DIGIT, /* after the sign */
	AT_ZERO,
	AT_WHOLE,
	AT_POINT,
	AT_FRACTION,
	AT_EXPONENT,
	AT_EXPONENT_SIGN,
	AT_EXPONENT_DIGIT
};

static int64_t scale_of(const struct schema_node *n)
{
	return n->kind == SCHEMA_BOUNDED ? SCHEMA_NUMBER_SCALE : 1;
}

static bool bounded(const struct schema_node *n)
{
	return n->kind != SCHEMA_NUMBER;
}

static uint16_t digits_most(const struct schema_node *n)
{
	if (n->kind == SCHEMA_INTEGER)
		return 18;
	return n->kind == SCHEMA_BOUNDED ? 9 : WHOLE_DIGITS;
}

/* Can a magnitude from `from` to `to` lie within the bounds? */
static bool meets(const struct grammar_frame *f, const struct schema_node *n,
    int64_t from, int64_t to)
{
	const int64_t lo = f->need != 0 ? -n->hi : n->lo;
	const int64_t hi = f->need != 0 ? -n->lo : n->hi;

	return from <= hi && to >= lo;
}

/* What one digit more is worth in the fraction. */
static int64_t unit_of(const struct grammar_frame *f)
{
	int64_t unit = SCHEMA_NUMBER_SCALE;

	for (uint16_t i = 0; i < f->digits; i++)
		unit /= 10;
	return unit;
}

/* Can what is written so far still become a number within the bounds? */
static bool can_meet(const struct grammar_frame *f, const struct schema_node *n)
{
	int64_t from = f->value, span = scale_of(n);

	if (!bounded(n))
		return true;
	if (f->stage == AT_DIGIT)
		return meets(f, n, 0, SCHEMA_INTEGER_LIMIT);
	if (f->stage == AT_FRACTION)
		span = unit_of(f);
	for (uint16_t i = f->digits; f->stage == AT_WHOLE && i < digits_most(n);
	     i++) {
		if (meets(f, n, from, from + span - 1))
			return true;
		from *= 10;
		span *= 10;
	}
	return meets(f, n, from, from + span - 1);
}

static void enter(struct grammar_frame *f, enum number_stage stage)
{
	f->stage = (uint8_t)stage;
	f->digits = 0;
}

/* A digit in the stage to which it belongs. */
static bool take_digit(
    struct grammar_frame *f, const struct schema_node *n, uint8_t c)
{
	const int64_t d = c - '0';
	uint16_t most = digits_most(n);

	if (f->stage == AT_SIGN || f->stage == AT_DIGIT) {
		enter(f, d == 0 ? AT_ZERO : AT_WHOLE);
	} else if (f->stage == AT_POINT) {
		enter(f, AT_FRACTION);
	} else if (f->stage == AT_EXPONENT || f->stage == AT_EXPONENT_SIGN) {
		enter(f, AT_EXPONENT_DIGIT);
	} else if (f->stage == AT_ZERO) {
		return false;
	}
	if (f->stage == AT_FRACTION)
		most = bounded(n) ? 6 : FRACTION_DIGITS;
	if (f->stage == AT_EXPONENT_DIGIT)
		most = EXPONENT_DIGITS;
	if (f->digits == most)
		return false;
	f->digits++;
	if (bounded(n) && f->stage == AT_FRACTION)
		f->value += d * unit_of(f);
	else if (bounded(n))
		f->value = f->value * 10 + d * scale_of(n);
	return can_meet(f, n);
}

bool grammar_number(
    struct grammar_frame *f, const struct schema_node *n, uint8_t c)
{
	const bool in_whole = f->stage == AT_ZERO || f->stage == AT_WHOLE;

	if (c >= '0' && c <= '9')
		return take_digit(f, n, c);
	if (f->stage == AT_SIGN && c == '-') {
		f->need = 1;
		enter(f, AT_DIGIT);
		return can_meet(f, n);
	}
	if (c == '.' && in_whole && n->kind != SCHEMA_INTEGER) {
		enter(f, AT_POINT);
		return can_meet(f, n);
	}
	if ((c == 'e' || c == 'E') && (in_whole || f->stage == AT_FRACTION) &&
	    !bounded(n)) {
		enter(f, AT_EXPONENT);
		return true;
	}
	if ((c == '+' || c == '-') && f->stage == AT_EXPONENT) {
		enter(f, AT_EXPONENT_SIGN);
		return true;
	}
	return false;
}

bool grammar_number_whole(
    const struct grammar_frame *f, const struct schema_node *n)
{
	if (f->stage != AT_ZERO && f->stage != AT_WHOLE &&
	    f->stage != AT_FRACTION && f->stage != AT_EXPONENT_DIGIT)
		return false;
	return !bounded(n) || meets(f, n, f->value, f->value);
}
