/* What the compiler of schemas is built on, and the graph as a whole. */
#include "engine/schema_build.h"

#include "base/assert.h"

/* ---- paths and errors ----------------------------------------------------- */

size_t schema_enter(struct schema_build *c, struct bytes name)
{
	const size_t before = c->path_n;

	if (before + name.len + 1 >= SCHEMA_PATH_LEN)
		return before;
	c->path[c->path_n++] = '/';
	for (size_t i = 0; i < name.len; i++)
		c->path[c->path_n++] =
		    (char)(name.p[i] > ' ' && name.p[i] < 0x7f ? name.p[i]
							       : '?');
	c->path[c->path_n] = 0;
	return before;
}

size_t schema_enter_word(struct schema_build *c, const char *name)
{
	return schema_enter(c, mem_str(name));
}

void schema_leave(struct schema_build *c, size_t before)
{
	c->path_n = before;
	c->path[before] = 0;
}

void schema_fail(struct schema_build *c, enum err e, const char *why)
{
	if (c->err == ERR_OK)
		c->err = err_set(c->ctx, e, "#%s: %s", c->path, why);
}

/* ---- nodes and their text ------------------------------------------------- */

/* A new node; 0 after an error, which is a node that may be written to. */
uint16_t schema_add(struct schema_build *c, enum schema_kind kind)
{
	struct schema *s = c->s;

	if (c->err == ERR_OK && s->node_n == SCHEMA_NODES_MAX)
		schema_fail(c, ERR_LIMIT, "the schema is too large");
	if (c->err != ERR_OK)
		return 0;
	s->node[s->node_n] = (struct schema_node){ .kind = (uint8_t)kind };
	return (uint16_t)s->node_n++;
}

void schema_add_text(struct schema_build *c, uint16_t node, struct bytes text)
{
	struct schema *s = c->s;

	if (c->err == ERR_OK && text.len > SCHEMA_TEXT_MAX - s->text_n)
		schema_fail(c, ERR_LIMIT, "names and constants are too long");
	if (c->err != ERR_OK)
		return;
	s->node[node].at = s->text_n;
	s->node[node].len = (uint32_t)text.len;
	mem_copy(s->text + s->text_n, text.p, text.len);
	s->text_n += (uint32_t)text.len;
}

struct schema_list schema_list_begin(
    struct schema_build *c, enum schema_kind kind)
{
	const uint16_t node = schema_add(c, kind);

	return (struct schema_list){ node, 0 };
}

uint16_t schema_list_add(
    struct schema_build *c, struct schema_list *l, uint16_t child)
{
	const uint16_t entry = schema_add(c, SCHEMA_ENTRY);

	if (entry == 0)
		return 0;
	c->s->node[entry].child = child;
	if (l->last == 0)
		c->s->node[l->node].child = entry;
	else
		c->s->node[l->last].next = entry;
	l->last = entry;
	return entry;
}

/* ---- constants ------------------------------------------------------------ */

/* A constant as it is written, without white space. */
static uint16_t add_constant(struct schema_build *c, const struct json *v)
{
	const uint16_t node = schema_add(c, SCHEMA_ENTRY);
	bool quoted = false;
	uint32_t n = 0;
	uint8_t *to;

	schema_add_text(c, node, v->text);
	if (c->err != ERR_OK)
		return 0;
	to = c->s->text + c->s->node[node].at;
	for (uint32_t i = 0; i < v->text.len; i++) {
		const uint8_t b = v->text.p[i];

		if (!quoted &&
		    (b == ' ' || b == '\t' || b == '\n' || b == '\r'))
			continue;
		to[n++] = b;
		if (quoted && b == '\\')
			to[n++] = v->text.p[++i];
		else if (b == '"')
			quoted = !quoted;
	}
	c->s->node[node].len = n;
	c->s->text_n = c->s->node[node].at + n;
	return node;
}

static int compare(const struct schema *s, const struct schema_node *a,
    const struct schema_node *b)
{
	const uint32_t n = a->len < b->len ? a->len : b->len;
	const int d = memcmp(schema_text(s, a), schema_text(s, b), n);

	return d != 0 ? d : a->len < b->len ? -1 : a->len > b->len;
}

/* Sort the last n nodes (Shell's gaps) and drop what comes twice. */
static uint16_t sort_constants(struct schema *s, uint16_t first, uint32_t n)
{
	struct schema_node *a = &s->node[first];
	uint32_t kept = 1;

	for (uint32_t gap = n / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
		for (uint32_t i = gap; i < n; i++) {
			const struct schema_node x = a[i];
			uint32_t j = i;

			for (; j >= gap && compare(s, &x, &a[j - gap]) < 0;
			     j -= gap)
				a[j] = a[j - gap];
			a[j] = x;
		}
	for (uint32_t i = 1; i < n; i++)
		if (compare(s, &a[i], &a[kept - 1]) != 0)
			a[kept++] = a[i];
	s->node_n = first + kept;
	return (uint16_t)kept;
}

static uint32_t type_of(const struct json *v)
{
	switch (v->type) {
	case JSON_OBJECT:
		return SCHEMA_TYPE_OBJECT;
	case JSON_ARRAY:
		return SCHEMA_TYPE_ARRAY;
	case JSON_STRING:
		return SCHEMA_TYPE_STRING;
	case JSON_BOOL:
		return SCHEMA_TYPE_BOOLEAN;
	case JSON_NULL:
		return SCHEMA_TYPE_NULL;
	case JSON_NUMBER:
	default:
		break;
	}
	for (size_t i = 0; i < v->text.len; i++)
		if (v->text.p[i] != '-' &&
		    (v->text.p[i] < '0' || v->text.p[i] > '9'))
			return SCHEMA_TYPE_NUMBER;
	return SCHEMA_TYPE_NUMBER | SCHEMA_TYPE_INTEGER;
}

/* The constants of an array, or one, where they have one of the types. */
uint16_t schema_set(
    struct schema_build *c, const struct json *v, bool many, uint32_t types)
{
	const uint16_t node = schema_add(c, SCHEMA_SET);
	struct json_iter it = json_iter(v);
	struct json value = *v;
	uint32_t n = 0;

	while (c->err == ERR_OK && (!many || json_next(&it, NULL, &value))) {
		if ((type_of(&value) & types) != 0)
			n += add_constant(c, &value) != 0;
		if (!many)
			break;
	}
	if (n == 0)
		schema_fail(c, ERR_FORMAT, "nothing fits");
	if (c->err != ERR_OK)
		return 0;
	c->s->node[node].child = (uint16_t)(node + 1);
	c->s->node[node].n = sort_constants(c->s, (uint16_t)(node + 1), n);
	return node;
}

uint16_t schema_literals(struct schema_build *c, const char *array)
{
	const struct json v = { JSON_ARRAY, mem_str(array) };

	return schema_set(c, &v, true, SCHEMA_TYPE_BOOLEAN | SCHEMA_TYPE_NULL);
}

/* ---- the whole ------------------------------------------------------------ */

static uint16_t height_over(const struct schema *s, uint16_t child)
{
	const uint16_t h = s->node[child].height;

	return h < GRAMMAR_DEPTH_MAX ? (uint16_t)(h + 1) : SCHEMA_NEVER;
}

static uint16_t higher(uint16_t a, uint16_t b)
{
	return a > b ? a : b;
}

/* The height of a list's node, as far as those of its entries are known. */
static uint16_t list_height(const struct schema *s, const struct schema_node *n)
{
	uint16_t h = n->kind == SCHEMA_ANY_OF ? SCHEMA_NEVER : 1;
	int64_t left = n->kind == SCHEMA_ARRAY ? n->lo : 0;

	for (uint16_t i = n->child; i != 0; i = s->node[i].next) {
		const struct schema_node *entry = &s->node[i];
		const uint16_t own = s->node[entry->child].height;

		if (n->kind == SCHEMA_ANY_OF)
			h = own < h ? own : h;
		else if (entry->required || left-- > 0)
			h = higher(h, height_over(s, entry->child));
	}
	return left > 0 ? higher(h, height_over(s, n->rest)) : h;
}

static uint16_t height_of(const struct schema *s, const struct schema_node *n)
{
	switch ((enum schema_kind)n->kind) {
	case SCHEMA_START:
	case SCHEMA_ENTRY:
		return SCHEMA_NEVER;
	case SCHEMA_REF:
	case SCHEMA_PART:
		return s->node[n->child].height;
	case SCHEMA_ANY_OF:
	case SCHEMA_OBJECT:
	case SCHEMA_ARRAY:
		return list_height(s, n);
	case SCHEMA_SET:
	case SCHEMA_STRING:
	case SCHEMA_NUMBER:
	case SCHEMA_INTEGER:
	case SCHEMA_BOUNDED:
	case SCHEMA_MAP:
	default:
		return 1;
	}
}

/*
 * Heights only fall, from "never", and none is above GRAMMAR_DEPTH_MAX, so the
 * rounds end. What stays "never" cannot be written: it needs itself.
 */
static void set_heights(struct schema *s)
{
	bool changed = true;

	for (uint32_t i = 0; i < s->node_n; i++)
		s->node[i].height = SCHEMA_NEVER;
	while (changed) {
		changed = false;
		for (uint32_t i = s->node_n; i-- > 0;) {
			const uint16_t h = height_of(s, &s->node[i]);

			changed |= h != s->node[i].height;
			s->node[i].height = h;
		}
	}
}

/* What is counted of a node, where it is known of those that it refers to. */
typedef uint16_t count_fn(
    const struct schema *s, const uint16_t *known, const struct schema_node *n);

/* How many choices and references stand between a node and the first byte. */
static uint16_t chain_of(
    const struct schema *s, const uint16_t *chain, const struct schema_node *n)
{
	uint16_t most = 0;

	if (n->kind == SCHEMA_REF)
		return (uint16_t)(chain[n->child] + 1);
	if (n->kind != SCHEMA_ANY_OF)
		return 0;
	for (uint16_t i = n->child; i != 0; i = s->node[i].next)
		most = higher(most, chain[s->node[i].child]);
	return (uint16_t)(most + 1);
}

/* How many values are tried for the first byte; few suffice to be too many. */
static uint16_t ways_of(
    const struct schema *s, const uint16_t *ways, const struct schema_node *n)
{
	uint16_t sum = 0;

	if (n->kind == SCHEMA_REF)
		return ways[n->child];
	if (n->kind != SCHEMA_ANY_OF)
		return 1;
	for (uint16_t i = n->child; i != 0 && sum <= SCHEMA_WAYS_MAX;
	     i = s->node[i].next)
		sum = (uint16_t)(sum + ways[s->node[i].child]);
	return sum;
}

/* Counts only rise: they settle, or one is above the limit. */
static void check_counts(
    struct schema_build *c, count_fn *count, uint16_t most, const char *why)
{
	const struct schema *s = c->s;
	uint16_t known[SCHEMA_NODES_MAX] = { 0 };
	bool changed = c->err == ERR_OK;

	while (changed) {
		changed = false;
		for (uint32_t i = s->node_n; i-- > 0;) {
			const uint16_t n = count(s, known, &s->node[i]);

			changed |= n != known[i];
			known[i] = n;
			if (n <= most)
				continue;
			schema_fail(c, ERR_LIMIT, why);
			return;
		}
	}
}

/* The nodes that stand for any value, and for a name of the model's own. */
static void add_fixed(struct schema_build *c)
{
	struct schema_list any;
	uint16_t node;

	(void)schema_add(c, SCHEMA_START);
	any = schema_list_begin(c, SCHEMA_ANY_OF);
	node = schema_add(c, SCHEMA_STRING);
	c->s->node[node].hi = SCHEMA_KEY_CHARS;
	assert(any.node == SCHEMA_ANY && node == SCHEMA_KEY);
	node = schema_add(c, SCHEMA_STRING);
	c->s->node[node].hi = INT64_MAX;
	(void)schema_list_add(c, &any, node);
	(void)schema_list_add(c, &any, schema_add(c, SCHEMA_NUMBER));
	(void)schema_list_add(c, &any, schema_literals(c, "[false,null,true]"));
	node = schema_add(c, SCHEMA_MAP);
	c->s->node[node].child = SCHEMA_ANY;
	(void)schema_list_add(c, &any, node);
	node = schema_add(c, SCHEMA_ARRAY);
	c->s->node[node].rest = SCHEMA_ANY;
	c->s->node[node].hi = INT64_MAX;
	(void)schema_list_add(c, &any, node);
}

/* Compile what is referred to, until nothing new is, and resolve. */
static void add_definitions(struct schema_build *c, uint32_t from)
{
	for (size_t i = 0; i < c->definition_n && c->err == ERR_OK; i++) {
		struct definition *d = &c->definition[i];

		c->path_n = 0;
		/* Without its quotes and "#/". */
		if (d->ref.len > 4)
			(void)schema_enter(
			    c, (struct bytes){ d->ref.p + 3, d->ref.len - 4 });
		d->node = schema_read(c, &d->schema);
	}
	if (c->err != ERR_OK)
		return;
	for (uint32_t i = from; i < c->s->node_n; i++)
		if (c->s->node[i].kind == SCHEMA_REF)
			c->s->node[i].child =
			    c->definition[c->s->node[i].child].node;
}

static uint16_t add_value(struct schema_build *c, struct bytes schema)
{
	const uint32_t from = c->s->node_n;
	uint16_t node;

	c->definition_n = 0;
	c->path_n = 0;
	c->path[0] = 0;
	if (schema.len == 0) {
		node = schema_add(c, SCHEMA_MAP);
		c->s->node[node].child = SCHEMA_ANY;
		return node;
	}
	c->err = json_parse(&c->root, schema, c->ctx);
	if (c->err != ERR_OK)
		return 0;
	node = schema_read(c, &c->root);
	add_definitions(c, from);
	return node;
}

static uint16_t add_part(struct schema_build *c, const struct grammar_part *p)
{
	const uint16_t node = schema_add(c, SCHEMA_PART);
	const uint16_t value = add_value(c, p->schema);

	schema_add_text(c, node, p->after);
	if (c->err != ERR_OK)
		return 0;
	c->s->node[node].lo = c->s->node[node].at;
	c->s->node[node].hi = c->s->node[node].len;
	schema_add_text(c, node, p->before);
	c->s->node[node].child = value;
	return node;
}

enum err schema_compile(struct schema *s, const struct grammar_part *part,
    size_t n, struct err_ctx *ctx)
{
	struct schema_build c = { .s = s, .ctx = ctx };
	struct schema_list parts;

	assert(n > 0 && n <= GRAMMAR_PARTS_MAX);
	s->node_n = s->text_n = 0;
	add_fixed(&c);
	parts = schema_list_begin(&c, SCHEMA_ANY_OF);
	s->root = parts.node;
	for (size_t i = 0; i < n && c.err == ERR_OK; i++)
		(void)schema_list_add(&c, &parts, add_part(&c, &part[i]));
	if (c.err != ERR_OK)
		return c.err;
	c.path_n = 0;
	c.path[0] = 0;
	check_counts(&c, chain_of, SCHEMA_CHAIN_MAX,
	    "references go in a circle, or too far");
	check_counts(
	    &c, ways_of, SCHEMA_WAYS_MAX, "too many choices at one place");
	set_heights(s);
	for (uint16_t i = s->node[s->root].child; i != 0; i = s->node[i].next)
		if (s->node[s->node[i].child].height == SCHEMA_NEVER)
			schema_fail(&c, ERR_FORMAT,
			    "nothing fits that is not nested too deep");
	return c.err;
}
