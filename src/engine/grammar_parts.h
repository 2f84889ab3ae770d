/* The machine of grammar.h, from within. */
#ifndef CONFER_ENGINE_GRAMMAR_PARTS_H
#define CONFER_ENGINE_GRAMMAR_PARTS_H

#include "engine/grammar.h"
#include "engine/schema.h"

#define GRAMMAR_NAMES_MAX                                                      \
	256 /* members with names of the model's own, as
				 many as base/json.h reads */

/* Every reading may be nested whole, and each of its bytes opens a frame. */
#define GRAMMAR_FRAMES_MAX                                                     \
	(1 + GRAMMAR_WAYS_MAX * (GRAMMAR_DEPTH_MAX + 4) + 256)

/* One node that is open, and how far it is. No padding: frames are compared. */
struct grammar_frame {
	uint16_t up; /* the frame below */
	uint16_t node;
	uint16_t at;     /* bytes of a text; a second half of a \u pair */
	uint16_t lo, hi; /* constants or properties in question; bounds of the
			    next byte of a character */
	uint16_t digits;
	uint8_t stage;
	uint8_t space;
	uint8_t depth; /* brackets around it, its own included */
	uint8_t need;  /* bytes of a character; a minus sign */
	uint32_t count;
	int64_t value;
};

_Static_assert(sizeof(struct grammar_frame) == 32, "no padding");

/* Readings of one text: their top frames. */
struct grammar_ways {
	uint32_t n;
	struct grammar_frame way[GRAMMAR_WAYS_MAX];
};

struct grammar {
	struct grammar_ways now;
	uint32_t frame_n;
	struct grammar_frame frame[GRAMMAR_FRAMES_MAX];
	/* Work memory: after so many bytes of a token. */
	struct grammar_ways after[GRAMMAR_TOKEN_MAX + 1];
	uint32_t frames_after[GRAMMAR_TOKEN_MAX + 1];
	struct schema schema;
};

/* The readings after one more byte. */
void grammar_step(struct grammar *g, struct grammar_ways *out,
    const struct grammar_ways *in, uint8_t c);

/* ---- strings and numbers (grammar_value.c) ---- */

enum grammar_end { GRAMMAR_WRONG, GRAMMAR_GOES_ON, GRAMMAR_ENDS };

/* One byte of a string, its quotes included; a wrong one may change f. */
enum grammar_end grammar_string(
    struct grammar_frame *f, const struct schema_node *n, uint8_t c);

/* Is a string inside its quotes, between two characters? */
bool grammar_string_plain(const struct grammar_frame *f);

/* One byte of a number. False: it does not belong to it; f may be changed. */
bool grammar_number(
    struct grammar_frame *f, const struct schema_node *n, uint8_t c);

/* May a number end here? */
bool grammar_number_whole(
    const struct grammar_frame *f, const struct schema_node *n);

#endif
