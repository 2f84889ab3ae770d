/*
 * The machine. A reading of the text so far is a stack of frames, one for each
 * node that is open; frames below the top do not change and are shared by
 * readings, so that the next byte costs little. Where alternatives begin alike,
 * all readings go on side by side.
 */
#include "engine/grammar.h"

#include "base/assert.h"
#include "engine/grammar_parts.h"

/* A blank, or a line feed and an indent; f->space says how far it is. */
#define SPACE_BLANK 255

static bool take_space(struct grammar_frame *f, uint8_t c)
{
	if (f->space == 0 && c == ' ')
		f->space = SPACE_BLANK;
	else if (f->space == 0 && c == '\n')
		f->space = 1;
	else if (f->space > 0 && f->space <= GRAMMAR_INDENT_MAX &&
		 (c == ' ' || c == '\t'))
		f->space++;
	else
		return false;
	return true;
}

static const struct schema_node *node_of(
    const struct grammar *g, const struct grammar_frame *f)
{
	return &g->schema.node[f->node];
}

/* ---- sets of readings ----------------------------------------------------- */

static void keep(struct grammar_ways *out, const struct grammar_frame *f)
{
	for (uint32_t i = 0; i < out->n; i++)
		if (memcmp(&out->way[i], f, sizeof(*f)) == 0)
			return;
	if (out->n < GRAMMAR_WAYS_MAX)
		out->way[out->n++] = *f;
}

/* The frame below one whose value is complete. */
static struct grammar_frame below(
    const struct grammar *g, const struct grammar_frame *f)
{
	struct grammar_frame p = g->frame[f->up];

	while (p.node != 0 && node_of(g, &p)->kind == SCHEMA_PART &&
	       node_of(g, &p)->hi == 0)
		p = g->frame[p.up];
	return p;
}

static void finish(const struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *f)
{
	const struct grammar_frame p = below(g, f);

	keep(out, &p);
}

/* Does a value of this node fit into what may still be nested here? */
static bool fits(
    const struct grammar *g, const struct grammar_frame *f, uint16_t node)
{
	const uint16_t h = g->schema.node[node].height;

	return h != SCHEMA_NEVER && f->depth + h <= GRAMMAR_DEPTH_MAX;
}

static void step_way(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *f, uint8_t c);

/* The first byte of a value below the frame that was pushed at `up`. */
static void start(struct grammar *g, struct grammar_ways *out, uint16_t up,
    uint16_t node, uint8_t c)
{
	const struct schema_node *n = &g->schema.node[node];
	const struct grammar_frame *p = &g->frame[up];
	const bool part = n->kind == SCHEMA_PART;
	const struct grammar_frame f = {
		.up = up, .node = node, .depth = (uint8_t)(p->depth + !part)
	};

	if (n->kind == SCHEMA_REF) {
		start(g, out, up, n->child, c);
	} else if (n->kind == SCHEMA_ANY_OF) {
		for (uint16_t i = n->child; i != 0; i = g->schema.node[i].next)
			start(g, out, up, g->schema.node[i].child, c);
	} else if (fits(g, p, node)) {
		step_way(g, out, &f, c);
	}
}

/* A value begins below f, which stands behind it already. */
static void descend(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *f, uint16_t node, uint8_t c)
{
	const uint32_t n = out->n;
	const uint32_t at = g->frame_n;

	if (at == GRAMMAR_FRAMES_MAX)
		return;
	g->frame[g->frame_n++] = *f;
	start(g, out, (uint16_t)at, node, c);
	if (out->n == n)
		g->frame_n = at;
}

/* ---- constants ------------------------------------------------------------ */

/* The first constant of [lo, hi) whose byte number `at` is c or above. */
static uint16_t seek(
    const struct grammar *g, const struct grammar_frame *f, unsigned c)
{
	const struct schema_node *first = node_of(g, f) + 1;
	uint16_t lo = f->lo, hi = f->hi;

	while (lo < hi) {
		const uint16_t mid = (uint16_t)((lo + hi) / 2);
		const struct schema_node *n = &first[mid];

		if (n->len > f->at && schema_text(&g->schema, n)[f->at] >= c)
			hi = mid;
		else
			lo = (uint16_t)(mid + 1);
	}
	return lo;
}

static bool set_whole(const struct grammar *g, const struct grammar_frame *f)
{
	return f->stage != 0 && (node_of(g, f) + 1 + f->lo)->len == f->at;
}

static void step_set(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *was, uint8_t c)
{
	struct grammar_frame f = *was;

	if (f.stage == 0)
		f.hi = node_of(g, &f)->n;
	f.stage = 1;
	f.lo = seek(g, &f, c);
	f.hi = seek(g, &f, c + 1u);
	f.at++;
	if (f.lo == f.hi && set_whole(g, was)) {
		const struct grammar_frame p = below(g, was);

		step_way(g, out, &p, c);
	} else if (f.lo + 1 == f.hi && set_whole(g, &f)) {
		finish(g, out, &f);
	} else if (f.lo < f.hi) {
		keep(out, &f);
	}
}

/* ---- objects and arrays --------------------------------------------------- */

enum stage {
	AT_OPEN = 0, /* the bracket comes */
	AT_FIRST,    /* the first member or item, or the end */
	AT_NEXT,     /* after a comma */
	AT_NAME,     /* in the name of a property */
	AT_COLON,
	AT_VALUE, /* after the colon */
	AT_AFTER  /* after a value */
};

/* The property that may come at or after `from`; 0: none. */
static uint16_t may_come(
    const struct grammar *g, const struct grammar_frame *f, uint16_t from)
{
	const struct schema_node *node = g->schema.node;

	for (uint16_t p = from; p != 0; p = node[p].next) {
		if (fits(g, f, node[p].child))
			return p;
		assert(!node[p].required);
	}
	return 0;
}

/* Must a property still come? */
static bool must_come(const struct grammar *g, const struct grammar_frame *f)
{
	const struct schema_node *node = g->schema.node;

	for (uint16_t p = f->lo; p != 0; p = node[p].next)
		if (node[p].required)
			return true;
	return false;
}

/* One byte of a name: the properties up to the next required one compete. */
static void step_name(struct grammar *g, struct grammar_ways *out,
    struct grammar_frame f, uint8_t c)
{
	const struct schema_node *node = g->schema.node;
	const uint8_t *so_far = schema_text(&g->schema, &node[f.hi]);

	for (uint16_t p = may_come(g, &f, f.lo); p != 0;
	     p = may_come(g, &f, node[p].next)) {
		const uint8_t *name = schema_text(&g->schema, &node[p]);

		if (node[p].len > f.at && memcmp(name, so_far, f.at) == 0 &&
		    name[f.at] == c) {
			f.hi = p;
			f.at++;
			f.stage = f.at == node[p].len ? AT_COLON : AT_NAME;
			keep(out, &f);
			return;
		}
		if (node[p].required)
			return;
	}
}

static void step_object_name(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *was, uint8_t c)
{
	struct grammar_frame f = *was;

	f.space = 0;
	if (node_of(g, &f)->kind == SCHEMA_OBJECT) {
		f.at = f.hi = 0;
		step_name(g, out, f, c);
		return;
	}
	f.stage = AT_COLON;
	f.count++;
	if (fits(g, &f, SCHEMA_KEY))
		descend(g, out, &f, SCHEMA_KEY, c);
}

/* May a further member come? */
static bool object_goes_on(
    const struct grammar *g, const struct grammar_frame *f)
{
	const struct schema_node *n = node_of(g, f);

	if (n->kind == SCHEMA_OBJECT)
		return may_come(g, f, f->lo) != 0;
	return f->count < GRAMMAR_NAMES_MAX && fits(g, f, n->child);
}

static void step_object_value(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *was, uint8_t c)
{
	const struct schema_node *n = node_of(g, was);
	struct grammar_frame f = *was;
	uint16_t child = n->child;

	f.space = 0;
	f.stage = AT_AFTER;
	if (n->kind == SCHEMA_OBJECT) {
		child = g->schema.node[f.hi].child;
		f.lo = g->schema.node[f.hi].next;
		f.at = f.hi = 0;
	}
	descend(g, out, &f, child, c);
}

static void step_object(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *was, uint8_t c)
{
	struct grammar_frame f = *was;
	const bool may_end = f.stage == AT_FIRST || f.stage == AT_AFTER;

	if (f.stage == AT_OPEN && c == '{') {
		f.stage = AT_FIRST;
		f.lo = node_of(g, &f)->kind == SCHEMA_OBJECT
			   ? node_of(g, &f)->child
			   : 0;
		keep(out, &f);
	} else if (f.stage == AT_NAME) {
		step_name(g, out, f, c);
	} else if (f.stage == AT_COLON && c == ':') {
		f.stage = AT_VALUE;
		keep(out, &f);
	} else if (may_end && c == '}' && !must_come(g, &f)) {
		finish(g, out, &f);
	} else if (f.stage == AT_AFTER && c == ',' && f.space == 0 &&
		   object_goes_on(g, &f)) {
		f.stage = AT_NEXT;
		keep(out, &f);
	} else if (f.stage == AT_AFTER && must_come(g, &f)) {
		return;
	} else if (f.stage != AT_OPEN && f.stage != AT_COLON &&
		   take_space(&f, c)) {
		keep(out, &f);
	} else if (f.stage == AT_VALUE) {
		step_object_value(g, out, &f, c);
	} else if (c == '"' &&
		   (f.stage == AT_NEXT ||
		       (f.stage == AT_FIRST && object_goes_on(g, &f)))) {
		step_object_name(g, out, &f, c);
	}
}

static void step_array(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *was, uint8_t c)
{
	const struct schema_node *n = node_of(g, was);
	struct grammar_frame f = *was;
	const struct schema_node *entry = &g->schema.node[f.lo];
	const uint16_t item = f.lo != 0 ? entry->child : n->rest;
	const bool more = f.count < n->hi && item != 0 && fits(g, &f, item);
	const bool enough = f.count >= n->lo;
	const bool may_end =
	    enough && (f.stage == AT_FIRST || f.stage == AT_AFTER);

	if (f.stage == AT_OPEN && c == '[') {
		f.stage = AT_FIRST;
		f.lo = n->child;
		keep(out, &f);
	} else if (may_end && c == ']') {
		finish(g, out, &f);
	} else if (f.stage == AT_AFTER && c == ',' && f.space == 0 && more) {
		f.stage = AT_NEXT;
		keep(out, &f);
	} else if (f.stage != AT_OPEN && (f.stage != AT_AFTER || enough) &&
		   take_space(&f, c)) {
		keep(out, &f);
	} else if (more && (f.stage == AT_FIRST || f.stage == AT_NEXT)) {
		f.stage = AT_AFTER;
		f.space = 0;
		f.count++;
		f.lo = f.lo != 0 ? entry->next : 0;
		descend(g, out, &f, item, c);
	}
}

/* ---- what is around the JSON ---------------------------------------------- */

enum { PART_BEFORE = 0, PART_AFTER };

static void step_part(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *was, uint8_t c)
{
	const struct schema_node *n = node_of(g, was);
	const uint8_t *text = g->schema.text;
	struct grammar_frame f = *was;

	if (f.stage == PART_BEFORE) {
		f.stage = PART_AFTER;
		f.at = 0;
		descend(g, out, &f, n->child, c);
	} else if (text[(size_t)n->lo + f.at] == c) {
		f.at++;
		if (f.at == n->hi)
			finish(g, out, &f);
		else
			keep(out, &f);
	}
}

enum { START_FIRST = 0, START_DONE, START_BEFORE };

/* One byte more of the text before a part is right; f->hi: which part. */
static void take_before(
    struct grammar *g, struct grammar_ways *out, struct grammar_frame f)
{
	const struct grammar_frame done = { .stage = START_DONE };
	const struct schema_node *n = &g->schema.node[f.hi];

	f.stage = START_BEFORE;
	f.at++;
	if (f.at == n->len) {
		if (g->frame_n == GRAMMAR_FRAMES_MAX)
			return;
		g->frame[g->frame_n] = done;
		f = (struct grammar_frame){
			.up = (uint16_t)g->frame_n++, .node = f.hi, .at = f.at
		};
	}
	keep(out, &f);
}

/* Parts compete by the texts before them, of which none begins another. */
static void step_start(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *was, uint8_t c)
{
	const struct schema_node *node = g->schema.node;
	const uint8_t *so_far = schema_text(&g->schema, &node[was->hi]);
	const struct grammar_frame done = { .stage = START_DONE };
	struct grammar_frame f = *was;

	if (f.stage == START_DONE)
		return;
	for (uint16_t i = node[g->schema.root].child; i != 0;
	     i = node[i].next) {
		const struct schema_node *part = &node[node[i].child];
		const uint8_t *before = schema_text(&g->schema, part);

		if (part->len == 0 && f.at == 0)
			descend(g, out, &done, node[i].child, c);
		if (part->len <= f.at || before[f.at] != c ||
		    memcmp(before, so_far, f.at) != 0)
			continue;
		f.hi = node[i].child;
		take_before(g, out, f);
		return;
	}
}

static void step_way(struct grammar *g, struct grammar_ways *out,
    const struct grammar_frame *was, uint8_t c)
{
	struct grammar_frame f = *was;

	switch ((enum schema_kind)node_of(g, was)->kind) {
	case SCHEMA_START:
		step_start(g, out, was, c);
		return;
	case SCHEMA_PART:
		step_part(g, out, was, c);
		return;
	case SCHEMA_SET:
		step_set(g, out, was, c);
		return;
	case SCHEMA_STRING:
		switch (grammar_string(&f, node_of(g, was), c)) {
		case GRAMMAR_GOES_ON:
			keep(out, &f);
			return;
		case GRAMMAR_ENDS:
			finish(g, out, &f);
			return;
		case GRAMMAR_WRONG:
		default:
			return;
		}
	case SCHEMA_NUMBER:
	case SCHEMA_INTEGER:
	case SCHEMA_BOUNDED:
		if (grammar_number(&f, node_of(g, was), c)) {
			keep(out, &f);
		} else if (grammar_number_whole(was, node_of(g, was))) {
			f = below(g, was);
			step_way(g, out, &f, c);
		}
		return;
	case SCHEMA_OBJECT:
	case SCHEMA_MAP:
		step_object(g, out, was, c);
		return;
	case SCHEMA_ARRAY:
		step_array(g, out, was, c);
		return;
	case SCHEMA_ANY_OF:
	case SCHEMA_REF:
	case SCHEMA_ENTRY:
	default:
		assert(false);
	}
}

void grammar_step(struct grammar *g, struct grammar_ways *out,
    const struct grammar_ways *in, uint8_t c)
{
	out->n = 0;
	for (uint32_t i = 0; i < in->n; i++)
		step_way(g, out, &in->way[i], c);
}

/* ---- the text as a whole -------------------------------------------------- */

size_t grammar_len(void)
{
	return sizeof(struct grammar);
}

enum err grammar_init(struct grammar *g, const struct grammar_part *part,
    size_t n, struct err_ctx *ctx)
{
	const enum err e = schema_compile(&g->schema, part, n, ctx);

	g->frame_n = 1; /* none has number 0 */
	g->now = (struct grammar_ways){ .n = e == ERR_OK ? 1 : 0 };
	return e;
}

void grammar_wipe(struct grammar *g)
{
	mem_wipe(g, sizeof(*g));
}

/* Only live frames stay, in their order: a frame is above those below it. */
static void compact(struct grammar *g)
{
	uint16_t moved[GRAMMAR_FRAMES_MAX] = { 0 };
	uint32_t n = 1;

	for (uint32_t i = 0; i < g->now.n; i++)
		for (uint16_t f = g->now.way[i].up; f != 0 && moved[f] == 0;
		     f = g->frame[f].up)
			moved[f] = 1;
	for (uint32_t i = 1; i < g->frame_n; i++) {
		if (moved[i] == 0)
			continue;
		moved[i] = (uint16_t)n;
		g->frame[n] = g->frame[i];
		g->frame[n].up = moved[g->frame[n].up];
		n++;
	}
	for (uint32_t i = 0; i < g->now.n; i++)
		g->now.way[i].up = moved[g->now.way[i].up];
	g->frame_n = n;
}

bool grammar_accept(struct grammar *g, const struct tok *t, uint32_t token)
{
	const struct bytes text = tok_text(t, token);
	const uint32_t frames = g->frame_n;

	if (tok_is_end(t, token))
		return grammar_whole(g);
	if (text.len == 0 || text.len > GRAMMAR_TOKEN_MAX)
		return false;
	g->after[0] = g->now;
	for (size_t i = 0; i < text.len; i++)
		grammar_step(g, &g->after[i + 1], &g->after[i], text.p[i]);
	if (g->after[text.len].n == 0) {
		g->frame_n = frames;
		return false;
	}
	g->now = g->after[text.len];
	compact(g);
	return true;
}

static bool way_whole(const struct grammar *g, struct grammar_frame f)
{
	const struct schema_node *n = node_of(g, &f);

	if ((n->kind == SCHEMA_SET && set_whole(g, &f)) ||
	    ((n->kind == SCHEMA_NUMBER || n->kind == SCHEMA_INTEGER ||
		 n->kind == SCHEMA_BOUNDED) &&
		grammar_number_whole(&f, n)))
		f = below(g, &f);
	return f.node == 0 && f.stage == START_DONE;
}

bool grammar_whole(const struct grammar *g)
{
	for (uint32_t i = 0; i < g->now.n; i++)
		if (way_whole(g, g->now.way[i]))
			return true;
	return false;
}

bool grammar_done(const struct grammar *g)
{
	for (uint32_t i = 0; i < g->now.n; i++)
		if (g->now.way[i].node != 0 ||
		    g->now.way[i].stage != START_DONE)
			return false;
	return true;
}
