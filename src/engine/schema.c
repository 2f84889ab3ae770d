/* The keywords of a schema, one function for each type; see schema.h. */
#include "engine/schema_build.h"

#define COUNT_MAX                                                              \
	0x7fffffff /* of characters and items: more than any context */

enum keyword {
	KW_TYPE,
	KW_REF, /* from here on: alone */
	KW_ANY_OF,
	KW_ONE_OF,
	KW_ALL_OF,
	KW_ENUM,
	KW_CONST,
	KW_PROPERTIES, /* from here on: of one type */
	KW_REQUIRED,
	KW_ADDITIONAL,
	KW_ITEMS,
	KW_PREFIX_ITEMS,
	KW_MIN_ITEMS,
	KW_MAX_ITEMS,
	KW_MIN_LENGTH,
	KW_MAX_LENGTH,
	KW_MINIMUM,
	KW_MAXIMUM,
	KW_ABOVE,
	KW_BELOW,
	KW_N
};

static const struct {
	const char *name;
	uint8_t type; /* that it is about */
} keywords[KW_N] = {
	[KW_TYPE] = { "type", 0 },
	[KW_REF] = { "$ref", 0 },
	[KW_ANY_OF] = { "anyOf", 0 },
	[KW_ONE_OF] = { "oneOf", 0 },
	[KW_ALL_OF] = { "allOf", 0 },
	[KW_ENUM] = { "enum", 0 },
	[KW_CONST] = { "const", 0 },
	[KW_PROPERTIES] = { "properties", SCHEMA_TYPE_OBJECT },
	[KW_REQUIRED] = { "required", SCHEMA_TYPE_OBJECT },
	[KW_ADDITIONAL] = { "additionalProperties", SCHEMA_TYPE_OBJECT },
	[KW_ITEMS] = { "items", SCHEMA_TYPE_ARRAY },
	[KW_PREFIX_ITEMS] = { "prefixItems", SCHEMA_TYPE_ARRAY },
	[KW_MIN_ITEMS] = { "minItems", SCHEMA_TYPE_ARRAY },
	[KW_MAX_ITEMS] = { "maxItems", SCHEMA_TYPE_ARRAY },
	[KW_MIN_LENGTH] = { "minLength", SCHEMA_TYPE_STRING },
	[KW_MAX_LENGTH] = { "maxLength", SCHEMA_TYPE_STRING },
	[KW_MINIMUM] = { "minimum", SCHEMA_TYPE_NUMBER },
	[KW_MAXIMUM] = { "maximum", SCHEMA_TYPE_NUMBER },
	[KW_ABOVE] = { "exclusiveMinimum", SCHEMA_TYPE_NUMBER },
	[KW_BELOW] = { "exclusiveMaximum", SCHEMA_TYPE_NUMBER },
};

static const char *const silent[] = { "title", "description", "default",
	"examples", "$schema", "$comment", "$defs", "definitions", "deprecated",
	"readOnly", "writeOnly" };

/* A schema's keywords: text.p is NULL where one is missing. */
struct words {
	struct json word[KW_N];
};

static bool has(const struct words *w, enum keyword k)
{
	return w->word[k].text.p != NULL;
}

static void fail_at(
    struct schema_build *c, enum keyword k, enum err e, const char *why)
{
	const size_t before = schema_enter_word(c, keywords[k].name);

	schema_fail(c, e, why);
	schema_leave(c, before);
}

/* ---- values of one type --------------------------------------------------- */

/* The schema of a keyword. */
static uint16_t child_node(
    struct schema_build *c, const struct words *w, enum keyword k)
{
	const size_t before = schema_enter_word(c, keywords[k].name);
	const uint16_t node = schema_read(c, &w->word[k]);

	schema_leave(c, before);
	return node;
}

static int64_t count_of(struct schema_build *c, const struct words *w,
    enum keyword k, int64_t otherwise)
{
	uint64_t n;

	if (!has(w, k))
		return otherwise;
	if (json_u64(&w->word[k], &n) != ERR_OK) {
		fail_at(c, k, ERR_FORMAT, "must be an integer of at least 0");
		return otherwise;
	}
	return n < COUNT_MAX ? (int64_t)n : COUNT_MAX;
}

static uint16_t ranged(
    struct schema_build *c, enum schema_kind kind, int64_t lo, int64_t hi)
{
	const uint16_t node = schema_add(c, kind);

	if (lo > hi)
		schema_fail(c, ERR_FORMAT, "nothing fits");
	if (c->err == ERR_OK) {
		c->s->node[node].lo = lo;
		c->s->node[node].hi = hi;
	}
	return node;
}

static uint16_t string_node(struct schema_build *c, const struct words *w)
{
	return ranged(c, SCHEMA_STRING, count_of(c, w, KW_MIN_LENGTH, 0),
	    count_of(c, w, KW_MAX_LENGTH, COUNT_MAX));
}

/* Integers that a double does not hold are read by their digits. */
static bool read_exact(const struct json *v, int64_t limit, int64_t *out)
{
	const bool minus = v->text.p[0] == '-';
	const struct json digits = { JSON_NUMBER,
		{ v->text.p + minus, v->text.len - minus } };
	uint64_t n;

	if (json_u64(&digits, &n) != ERR_OK || n > (uint64_t)limit)
		return false;
	*out = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

/* A bound in units, rounded to what is inside it. */
static int64_t bound_of(struct schema_build *c, const struct words *w,
    enum keyword k, bool whole, int64_t otherwise)
{
	const int64_t limit =
	    whole ? SCHEMA_INTEGER_LIMIT : SCHEMA_NUMBER_LIMIT;
	const double scale = whole ? 1.0 : SCHEMA_NUMBER_SCALE;
	const bool above = k == KW_MINIMUM || k == KW_ABOVE;
	const int64_t open = k == KW_ABOVE ? 1 : k == KW_BELOW ? -1 : 0;
	int64_t n;
	double d;

	if (!has(w, k))
		return otherwise;
	if (json_double(&w->word[k], &d) != ERR_OK) {
		fail_at(c, k, ERR_FORMAT, "must be a number");
		return otherwise;
	}
	if (whole && read_exact(&w->word[k], limit, &n))
		return n + open;
	if (d * scale >= (double)limit)
		return limit;
	if (d * scale <= -(double)limit)
		return -limit;
	n = (int64_t)(d * scale);
	while (above && (double)n / scale < d)
		n++;
	while (!above && (double)n / scale > d)
		n--;
	return (double)n / scale == d ? n + open : n;
}

static uint16_t number_node(
    struct schema_build *c, const struct words *w, bool whole)
{
	const int64_t most =
	    (whole ? SCHEMA_INTEGER_LIMIT : SCHEMA_NUMBER_LIMIT) - 1;
	int64_t lo = bound_of(c, w, KW_MINIMUM, whole, -most);
	int64_t hi = bound_of(c, w, KW_MAXIMUM, whole, most);
	const int64_t above = bound_of(c, w, KW_ABOVE, whole, -most);
	const int64_t below = bound_of(c, w, KW_BELOW, whole, most);

	if (!whole && !has(w, KW_MINIMUM) && !has(w, KW_MAXIMUM) &&
	    !has(w, KW_ABOVE) && !has(w, KW_BELOW))
		return schema_add(c, SCHEMA_NUMBER);
	lo = above > lo ? above : lo;
	hi = below < hi ? below : hi;
	return ranged(c, whole ? SCHEMA_INTEGER : SCHEMA_BOUNDED,
	    lo < -most ? -most : lo, hi > most ? most : hi);
}

/* The schemas of a keyword's array become entries of a list: how many. */
static int64_t add_items(struct schema_build *c, struct schema_list *l,
    const struct words *w, enum keyword k)
{
	const size_t before = schema_enter_word(c, keywords[k].name);
	const struct json *v = &w->word[k];
	struct json_iter it = json_iter(v);
	struct json item;
	int64_t n = 0;

	if (v->type != JSON_ARRAY)
		schema_fail(c, ERR_FORMAT, "must be an array");
	for (; c->err == ERR_OK && json_next(&it, NULL, &item); n++)
		(void)schema_list_add(c, l, schema_read(c, &item));
	schema_leave(c, before);
	return n;
}

static uint16_t array_node(struct schema_build *c, const struct words *w)
{
	struct schema_list l = schema_list_begin(c, SCHEMA_ARRAY);
	int64_t lo = count_of(c, w, KW_MIN_ITEMS, 0);
	int64_t hi = count_of(c, w, KW_MAX_ITEMS, COUNT_MAX);
	int64_t n = 0;
	uint16_t rest = SCHEMA_ANY;

	if (has(w, KW_PREFIX_ITEMS))
		n = add_items(c, &l, w, KW_PREFIX_ITEMS);
	if (has(w, KW_ITEMS) && mem_eq_str(w->word[KW_ITEMS].text, "false"))
		rest = 0;
	else if (has(w, KW_ITEMS))
		rest = child_node(c, w, KW_ITEMS);
	if (rest == 0 && hi > n)
		hi = n;
	if (lo > hi)
		schema_fail(c, ERR_FORMAT, "nothing fits");
	if (c->err != ERR_OK)
		return 0;
	c->s->node[l.node].rest = rest;
	c->s->node[l.node].lo = lo;
	c->s->node[l.node].hi = hi;
	return l.node;
}

/* ---- objects -------------------------------------------------------------- */

/* Are two strings of JSON the same text? Names are short. */
static bool same_name(const struct json *a, const struct json *b)
{
	uint8_t x[JSON_KEY_LEN_MAX], y[JSON_KEY_LEN_MAX];
	size_t m, n;

	return json_string(a, x, sizeof(x), &m) == ERR_OK &&
	       json_string(b, y, sizeof(y), &n) == ERR_OK &&
	       mem_eq((struct bytes){ x, m }, (struct bytes){ y, n });
}

/*
 * Mark the properties that `required` names; all of them must be there. None
 * comes twice, which bounds the comparisons as well.
 */
static void mark_required(
    struct schema_build *c, uint16_t object, const struct json *names)
{
	struct schema *s = c->s;
	struct json_iter it;
	struct json name;

	if (names->type != JSON_ARRAY)
		schema_fail(c, ERR_FORMAT, "must be an array");
	if (c->err != ERR_OK)
		return;
	it = json_iter(names);
	while (json_next(&it, NULL, &name)) {
		uint16_t p = s->node[object].child;

		for (; p != 0; p = s->node[p].next) {
			const struct json key = { JSON_STRING,
				{ schema_text(s, &s->node[p]),
				    s->node[p].len } };

			if (same_name(&key, &name))
				break;
		}
		if (p == 0)
			schema_fail(
			    c, ERR_UNSUPPORTED, "must name listed properties");
		else if (s->node[p].required)
			schema_fail(c, ERR_FORMAT, "must not repeat a name");
		if (c->err != ERR_OK)
			return;
		s->node[p].required = true;
	}
}

static void add_properties(
    struct schema_build *c, struct schema_list *l, const struct json *v)
{
	struct json_iter it;
	struct json key, value;

	if (v->type != JSON_OBJECT)
		schema_fail(c, ERR_FORMAT, "must be an object");
	if (c->err != ERR_OK)
		return;
	it = json_iter(v);
	while (c->err == ERR_OK && json_next(&it, &key, &value)) {
		const size_t before = schema_enter(
		    c, (struct bytes){ key.text.p + 1, key.text.len - 2 });
		const uint16_t child = schema_read(c, &value);
		const uint16_t p = schema_list_add(c, l, child);

		schema_add_text(c, p, key.text);
		schema_leave(c, before);
	}
}

/* An object whose names are the model's own: none are listed. */
static uint16_t map_node(
    struct schema_build *c, const struct words *w, bool additional)
{
	const struct json *v = &w->word[KW_ADDITIONAL];
	uint16_t child = SCHEMA_ANY;
	uint16_t node;

	if (!additional)
		return schema_add(c, SCHEMA_OBJECT);
	if (has(w, KW_ADDITIONAL) && v->type == JSON_OBJECT)
		child = child_node(c, w, KW_ADDITIONAL);
	node = schema_add(c, SCHEMA_MAP);
	if (node != 0)
		c->s->node[node].child = child;
	return node;
}

static uint16_t object_node(struct schema_build *c, const struct words *w)
{
	const struct json *v = &w->word[KW_ADDITIONAL];
	struct schema_list l = { 0, 0 };
	bool additional = true;
	size_t before;

	if (has(w, KW_ADDITIONAL) && v->type != JSON_OBJECT &&
	    json_bool(v, &additional) != ERR_OK)
		fail_at(c, KW_ADDITIONAL, ERR_FORMAT,
		    "must be a schema, true or false");
	if (has(w, KW_PROPERTIES)) {
		l = schema_list_begin(c, SCHEMA_OBJECT);
		before = schema_enter_word(c, keywords[KW_PROPERTIES].name);
		add_properties(c, &l, &w->word[KW_PROPERTIES]);
		schema_leave(c, before);
	}
	if (l.last == 0)
		l.node = map_node(c, w, additional);
	if (has(w, KW_REQUIRED)) {
		const uint16_t object = l.last != 0 ? l.node : 0;

		before = schema_enter_word(c, keywords[KW_REQUIRED].name);
		mark_required(c, object, &w->word[KW_REQUIRED]);
		schema_leave(c, before);
	}
	return l.node;
}

/* ---- what stands alone in a schema ---------------------------------------- */

static uint16_t any_of_node(
    struct schema_build *c, const struct words *w, enum keyword k)
{
	struct schema_list l = schema_list_begin(c, SCHEMA_ANY_OF);
	const int64_t n = add_items(c, &l, w, k);

	if (n == 0)
		fail_at(c, k, ERR_FORMAT, "must not be empty");
	if (k == KW_ALL_OF && n > 1)
		fail_at(c, k, ERR_UNSUPPORTED, "may have one schema only");
	return l.node;
}

/* The member of an object whose name is this text. */
static bool member(
    const struct json *object, struct bytes name, struct json *out)
{
	uint8_t text[JSON_KEY_LEN_MAX];
	struct json_iter it;
	struct json key;
	size_t n;

	if (object->type != JSON_OBJECT)
		return false;
	it = json_iter(object);
	while (json_next(&it, &key, out))
		if (json_string(&key, text, sizeof(text), &n) == ERR_OK &&
		    mem_eq((struct bytes){ text, n }, name))
			return true;
	return false;
}

/* The schema that a $ref means. */
static bool find_definition(
    struct schema_build *c, struct bytes ref, struct json *out)
{
	static const struct {
		const char *path, *name;
	} places[] = { { "#/$defs/", "$defs" },
		{ "#/definitions/", "definitions" } };
	struct json all;

	*out = c->root;
	if (mem_eq_str(ref, "#"))
		return true;
	for (size_t i = 0; i < 2; i++) {
		const size_t n = mem_strlen(places[i].path);
		const struct bytes name = { ref.p + n, ref.len - n };

		if (ref.len > n &&
		    mem_eq_str((struct bytes){ ref.p, n }, places[i].path) &&
		    json_get(&c->root, places[i].name, &all) &&
		    member(&all, name, out))
			return true;
	}
	return false;
}

/*
 * Definitions are compiled after what refers to them, each once for each way to
 * spell its $ref (so few are looked up): until then `child` is their number.
 */
static uint16_t ref_node(struct schema_build *c, const struct json *v)
{
	const uint16_t node = schema_add(c, SCHEMA_REF);
	uint8_t text[JSON_KEY_LEN_MAX + 16];
	struct definition *d = c->definition;
	const struct definition *end = d + c->definition_n;
	size_t n;

	while (d < end && !mem_eq(d->ref, v->text))
		d++;
	if (c->err != ERR_OK)
		return 0;
	c->s->node[node].child = (uint16_t)(d - c->definition);
	if (d < end)
		return node;
	if (c->definition_n == SCHEMA_REFS_MAX)
		fail_at(c, KW_REF, ERR_LIMIT, "too many definitions");
	else if (json_string(v, text, sizeof(text), &n) != ERR_OK ||
		 !find_definition(c, (struct bytes){ text, n }, &d->schema))
		fail_at(c, KW_REF, ERR_UNSUPPORTED,
		    "must be # or name one of $defs or definitions");
	if (c->err != ERR_OK)
		return 0;
	d->ref = v->text;
	c->definition_n++;
	return node;
}

/* ---- a schema ------------------------------------------------------------- */

static bool is_silent(const struct json *key)
{
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		if (json_is_str(key, silent[i]))
			return true;
	return false;
}

static void read_words(
    struct schema_build *c, struct words *w, const struct json *v)
{
	struct json_iter it = json_iter(v);
	struct json key, value;

	*w = (struct words){ 0 };
	while (c->err == ERR_OK && json_next(&it, &key, &value)) {
		size_t k = 0;

		while (k < KW_N && !json_is_str(&key, keywords[k].name))
			k++;
		if (k < KW_N) {
			w->word[k] = value;
		} else if (!is_silent(&key)) {
			(void)schema_enter(c,
			    (struct bytes){ key.text.p + 1, key.text.len - 2 });
			schema_fail(c, ERR_UNSUPPORTED, "is not supported");
		}
	}
}

static uint32_t named_type(struct schema_build *c, const struct json *v)
{
	static const char *const names[] = { "object", "array", "string",
		"number", "integer", "boolean", "null" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (v->type == JSON_STRING && json_is_str(v, names[i]))
			return 1u << i;
	fail_at(c, KW_TYPE, ERR_FORMAT, "is no type");
	return 0;
}

/* The types that a schema allows; keywords of a type imply it. */
static uint32_t types_of(struct schema_build *c, const struct words *w)
{
	const struct json *v = &w->word[KW_TYPE];
	struct json_iter it;
	struct json item;
	uint32_t types = 0;

	if (!has(w, KW_TYPE)) {
		for (size_t k = 0; k < KW_N; k++)
			types |= has(w, (enum keyword)k) ? keywords[k].type : 0;
		return types;
	}
	if (v->type != JSON_ARRAY)
		return named_type(c, v);
	it = json_iter(v);
	while (json_next(&it, NULL, &item))
		types |= named_type(c, &item);
	if (types == 0)
		fail_at(c, KW_TYPE, ERR_FORMAT, "nothing fits");
	return types;
}

static uint16_t type_node(
    struct schema_build *c, const struct words *w, uint32_t type)
{
	switch (type) {
	case SCHEMA_TYPE_OBJECT:
		return object_node(c, w);
	case SCHEMA_TYPE_ARRAY:
		return array_node(c, w);
	case SCHEMA_TYPE_STRING:
		return string_node(c, w);
	case SCHEMA_TYPE_BOOLEAN:
		return schema_literals(c, "[false,true]");
	case SCHEMA_TYPE_NULL:
		return schema_literals(c, "[null]");
	default:
		return number_node(c, w, type == SCHEMA_TYPE_INTEGER);
	}
}

static uint16_t typed_node(
    struct schema_build *c, const struct words *w, uint32_t types)
{
	struct schema_list l;

	if ((types & SCHEMA_TYPE_NUMBER) != 0)
		types &= ~(uint32_t)SCHEMA_TYPE_INTEGER;
	if ((types & (types - 1)) == 0)
		return types == 0 ? SCHEMA_ANY : type_node(c, w, types);
	l = schema_list_begin(c, SCHEMA_ANY_OF);
	for (uint32_t t = 1; t <= SCHEMA_TYPE_NULL; t <<= 1)
		if ((types & t) != 0)
			(void)schema_list_add(c, &l, type_node(c, w, t));
	return l.node;
}

/* What stands alone; `type` may stand beside constants. */
static uint16_t alone_node(
    struct schema_build *c, const struct words *w, enum keyword k)
{
	const bool constant = k == KW_ENUM || k == KW_CONST;
	uint32_t types = ~0u;
	uint16_t node;
	size_t before;

	for (size_t i = 0; i < KW_N; i++)
		if (i != k && has(w, (enum keyword)i) &&
		    !(constant && i == KW_TYPE))
			fail_at(c, (enum keyword)i, ERR_UNSUPPORTED,
			    "cannot stand beside a constant, a choice or $ref");
	if (k == KW_REF)
		return ref_node(c, &w->word[k]);
	if (!constant)
		return any_of_node(c, w, k);
	if (has(w, KW_TYPE))
		types = types_of(c, w);
	if ((types & SCHEMA_TYPE_NUMBER) != 0)
		types |= SCHEMA_TYPE_INTEGER;
	before = schema_enter_word(c, keywords[k].name);
	if (k == KW_ENUM && w->word[k].type != JSON_ARRAY)
		schema_fail(c, ERR_FORMAT, "must be an array");
	node = c->err != ERR_OK
		   ? 0
		   : schema_set(c, &w->word[k], k == KW_ENUM, types);
	schema_leave(c, before);
	return node;
}

/* Any schema; its text nests at most as deep as json_parse allows. */
uint16_t schema_read(struct schema_build *c, const struct json *v)
{
	struct words w;
	bool anything = false;

	if (v->type == JSON_BOOL && json_bool(v, &anything) == ERR_OK &&
	    anything)
		return SCHEMA_ANY;
	if (v->type != JSON_OBJECT)
		schema_fail(c, ERR_FORMAT,
		    v->type == JSON_BOOL ? "nothing fits" : "is no schema");
	if (c->err != ERR_OK)
		return 0;
	read_words(c, &w, v);
	if (c->err != ERR_OK)
		return 0;
	for (enum keyword k = KW_REF; k <= KW_CONST; k++)
		if (has(&w, k))
			return alone_node(c, &w, k);
	return typed_node(c, &w, types_of(c, &w));
}
