/*
 * Grammars: what random tokens spell under a schema fits it, documents that fit
 * are accepted byte by byte, and what is not understood is refused by its name.
 */
#include <math.h>

#include "schema_check.h"

#include "engine/grammar.h"

#define TEXT_MAX 65536

/* ---- a vocabulary of all bytes, pieces of JSON, and an end ---------------- */

static const char *const pieces[] = { "{\"", "\":", "\", \"", "\"}", "[]", "{}",
	"],", "true", "false", "null", "\n  ", ", ", ": ", "12", "0.5", "e+",
	"\\u", "\\ud8", "\\n", "ab", "abc", "hello", " world", "\xc3\xa9",
	"\xc3\xa9\xc3", "\xe2\x82", "\"a\"", "\"a", "name", "}}", "]}", "}\n",
	"-1", "1e5", "\",\"", "\"\"", "00", "red", "\"red\"" };

#define PIECE_N (sizeof(pieces) / sizeof(pieces[0]))
#define END_ID  (256 + (uint32_t)PIECE_N)
#define TOKEN_N (END_ID + 2)

static struct tok_entry entries[TOKEN_N];
static uint8_t bytes[256];
static struct tok vocabulary = { .n = TOKEN_N, .entry = entries };
static struct grammar_vocabulary sorted;
static struct grammar *g;

static void set_up(void)
{
	static const uint8_t longest[GRAMMAR_TOKEN_MAX + 1] = { ' ' };

	for (uint32_t i = 0; i < 256; i++) {
		bytes[i] = (uint8_t)i;
		entries[i] = (struct tok_entry){
			.text = &bytes[i], .len = 1, .type = TOK_NORMAL
		};
	}
	for (uint32_t i = 0; i < PIECE_N; i++)
		entries[256 + i] =
		    (struct tok_entry){ .text = (const uint8_t *)pieces[i],
			    .len = (uint32_t)strlen(pieces[i]),
			    .type = TOK_NORMAL };
	entries[END_ID] = (struct tok_entry){ .type = TOK_CONTROL };
	entries[END_ID + 1] = (struct tok_entry){
		.text = longest, .len = sizeof(longest), .type = TOK_NORMAL
	};
	vocabulary.end[0] = END_ID;
	vocabulary.end_n = 1;
	CHECK_OK(grammar_vocabulary_init(&sorted, &vocabulary));
	g = malloc(grammar_len());
	assert_non_null(g);
}

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static struct err_ctx ctx;

static enum err begin(const char *schema)
{
	const struct grammar_part part = { .schema = str(schema) };

	ctx = (struct err_ctx){ 0 };
	return grammar_init(g, &part, 1, &ctx);
}

/* ---- walks ---------------------------------------------------------------- */

static uint64_t seed;

static uint32_t any(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static float logits[TOKEN_N];

static uint32_t mask(void)
{
	for (uint32_t i = 0; i < TOKEN_N; i++)
		logits[i] = 0.0f;
	return grammar_mask(g, &sorted, logits);
}

/* The mask says of each token what taking it says. */
static void check_mask(void)
{
	struct grammar *kept = malloc(grammar_len());

	memcpy(kept, g, grammar_len());
	for (uint32_t i = 0; i < TOKEN_N; i++) {
		bool may = grammar_accept(g, &vocabulary, i);

		if (may != !isinf(logits[i]))
			fail_msg("token %u: taken %d, mask %g", i, may,
			    (double)logits[i]);
		memcpy(g, kept, grammar_len());
	}
	free(kept);
}

/* A token that may come; after many, one that brings the end nearer. */
static uint32_t choose(bool hurry)
{
	static const char nearer[] = "\"}]:,0123456789tfn{[a/";
	uint32_t id;

	if (hurry && !isinf(logits[END_ID]))
		return END_ID;
	for (size_t i = 0; hurry && nearer[i] != 0; i++)
		if (!isinf(logits[(uint8_t)nearer[i]]))
			return (uint8_t)nearer[i];
	do
		id = any(TOKEN_N);
	while (isinf(logits[id]));
	return id;
}

static uint8_t said[TEXT_MAX];

/* One random text, checked at `looks` random places. */
static struct bytes walk(size_t budget, size_t looks)
{
	size_t n = 0;

	for (size_t step = 0;; step++) {
		uint32_t id;
		struct bytes text;

		assert_true(step < 20000);
		CHECK(mask() > 0);
		CHECK_EQ(grammar_whole(g), !isinf(logits[END_ID]));
		if (looks > 0 && any(16) == 0) {
			check_mask();
			looks--;
		}
		id = choose(step > budget);
		CHECK(grammar_accept(g, &vocabulary, id));
		if (id == END_ID)
			break;
		text = tok_text(&vocabulary, id);
		CHECK(n + text.len <= sizeof(said));
		memcpy(said + n, text.p, text.len);
		n += text.len;
	}
	return (struct bytes){ said, n };
}

static const char *const good[] = {
	"{}",
	"true",
	"{\"type\":\"string\"}",
	"{\"type\":\"string\",\"minLength\":3,\"maxLength\":5}",
	"{\"type\":\"boolean\"}",
	"{\"type\":[\"null\",\"integer\",\"string\"],\"minimum\":-3}",
	"{\"type\":\"integer\"}",
	"{\"type\":\"integer\",\"minimum\":7,\"maximum\":1234}",
	"{\"type\":\"integer\",\"exclusiveMinimum\":-12,"
	"\"exclusiveMaximum\":-9}",
	"{\"maximum\":0.5,\"minimum\":-0.25,\"type\":\"integer\"}",
	"{\"type\":\"integer\",\"minimum\":999999999999999998}",
	"{\"type\":\"number\"}",
	"{\"type\":\"number\",\"minimum\":0.1,\"maximum\":0.3}",
	"{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":12.5}",
	"{\"type\":\"number\",\"minimum\":-3e2,\"exclusiveMaximum\":-299.5}",
	"{\"type\":\"array\"}",
	"{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":2,"
	"\"maxItems\":4}",
	"{\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"}],"
	"\"items\":false}",
	"{\"prefixItems\":[{\"type\":\"null\"}],\"items\":{\"type\":\"string\"}"
	","
	"\"minItems\":3}",
	"{\"type\":\"object\"}",
	"{\"type\":\"object\",\"additionalProperties\":false}",
	"{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}",
	"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},"
	"\"ab\":{\"type\":\"string\"},\"b\":{\"type\":\"boolean\"}},"
	"\"required\":[\"ab\"],\"additionalProperties\":false}",
	"{\"properties\":{\"name\":{},\"\\u0061\\\"\":{\"type\":\"null\"}},"
	"\"required\":[\"a\\\"\",\"name\"]}",
	"{\"enum\":[\"red\",\"re\",\"r\",1,12,1.5,true,null,{\"a\": [1, 2]},"
	"\"red\"]}",
	"{\"enum\":[\"x\",5],\"type\":\"string\"}",
	"{\"enum\":[\"x\",5],\"type\":\"number\"}",
	"{\"const\":\"hello \\\" world\"}",
	"{\"const\":-17}",
	"{\"type\":\"array\",\"items\":{\"enum\":[1,12,123]}}",
	"{\"anyOf\":[{\"type\":\"string\"},{\"const\":\"ab\"},"
	"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"}}},"
	"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},"
	"\"required\":[\"a\"]}]}",
	"{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"array\"}],"
	"\"title\":\"t\",\"$comment\":1}",
	"{\"allOf\":[{\"$ref\":\"#/definitions/x\"}],\"definitions\":{\"x\":"
	"{\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/x\"}}}}",
	"{\"$defs\":{\"tree\":{\"type\":\"object\",\"properties\":{\"v\":"
	"{\"type\":\"integer\"},\"kids\":{\"type\":\"array\",\"items\":"
	"{\"$ref\":\"#/$defs/tree\"}},\"next\":{\"anyOf\":[{\"$ref\":"
	"\"#/$defs/tree\"},{\"type\":\"null\"}]}},\"required\":[\"v\","
	"\"next\"]}},\"$ref\":\"#/$defs/tree\"}",
	"{\"type\":\"object\",\"properties\":{\"again\":{\"$ref\":\"#\"},"
	"\"n\":{\"type\":\"integer\",\"minimum\":0}},\"required\":[\"n\"]}",
};

TEST(grammar_lets_random_tokens_say_only_what_fits)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK_OK(json_parse(&check_root, str(good[i]), NULL));
		for (unsigned round = 0; round < 60; round++) {
			struct bytes text;
			struct json v;

			seed = round;
			if (begin(good[i]) != ERR_OK)
				fail_msg("%s: %s", good[i], ctx.msg);
			text = walk(any(100), round < 4 ? 8 : 0);
			if (json_parse(&v, text, &ctx) != ERR_OK &&
			    strstr(ctx.msg, "repeated") == NULL)
				fail_msg("%s: %s: %.*s", good[i], ctx.msg,
				    (int)text.len, (const char *)text.p);
			else if (ctx.code == ERR_OK &&
				 !check_fits(&check_root, &v))
				fail_msg("%s: does not fit: %.*s", good[i],
				    (int)text.len, (const char *)text.p);
			ctx.code = ERR_OK;
		}
	}
}

/* Byte by byte: 1 if all may come and then the end, 0 if whole too early. */
static bool takes(const char *text)
{
	for (; *text != 0; text++)
		if (!grammar_accept(g, &vocabulary, (uint8_t)*text))
			return false;
	return grammar_accept(g, &vocabulary, END_ID);
}

static const struct {
	const char *schema, *text;
	bool fits;
} texts[] = {
	{ "{}",
	    "{\"a\":[1, 2.5e-3,\n  {\"b\":\"\\ud83d\\ude00\xf0\x9f\x98"
	    "\x80\"}],\n\t\"c\":null}",
	    true },
	{ "{}", "\"\\ud83d\"", false },
	{ "{}", "\"\\ude00\"", false },
	{ "{}", "\"\\ud83d\\u0041\"", false },
	{ "{}", "\"\xed\xa0\x80\"", false },
	{ "{}", "\"\xc0\x80\"", false },
	{ "{}", "\"\xf4\x90\x80\x80\"", false },
	{ "{}", "\"\x1f\"", false },
	{ "{}", "01", false },
	{ "{}", "-", false },
	{ "{}", "1.", false },
	{ "{}", "1e", false },
	{ "{}", "-0.5E+10", true },
	{ "{}", " 1", false },
	{ "{}", "1 ", false },
	{ "{}", "[1,]", false },
	{ "{}", "[1  ]", false },
	{ "{}", "[1\n\n]", false },
	{ "{}", "[\n                    1\n]", true },
	{ "{}", "[\n                     1]", false },
	{ "{}", "{\"a\" :1}", false },
	{ "{}", "{\"a\": 1,\"b\":2 }", true },
	{ "{\"type\":\"string\",\"maxLength\":2}", "\"\xc3\xa9\\u00e9\"",
	    true },
	{ "{\"type\":\"string\",\"maxLength\":2}", "\"abc\"", false },
	{ "{\"type\":\"string\",\"minLength\":2}", "\"a\"", false },
	{ "{\"type\":\"string\",\"minLength\":1,\"maxLength\":1}",
	    "\"\\ud83d\\ude00\"", true },
	{ "{\"type\":\"integer\",\"minimum\":10,\"maximum\":120}", "9", false },
	{ "{\"type\":\"integer\",\"minimum\":10,\"maximum\":120}", "99", true },
	{ "{\"type\":\"integer\",\"minimum\":10,\"maximum\":120}", "120",
	    true },
	{ "{\"type\":\"integer\",\"minimum\":10,\"maximum\":120}", "121",
	    false },
	{ "{\"type\":\"integer\"}", "1.0", false },
	{ "{\"type\":\"integer\"}", "123456789012345678", true },
	{ "{\"type\":\"integer\"}", "1234567890123456789", false },
	{ "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}", "0.999999",
	    true },
	{ "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}", "1.000001",
	    false },
	{ "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}", "1.0", true },
	{ "{\"properties\":{\"a\":{},\"b\":{},\"c\":{}},\"required\":[\"b\"]}",
	    "{\"b\":1,\"c\":2}", true },
	{ "{\"properties\":{\"a\":{},\"b\":{},\"c\":{}},\"required\":[\"b\"]}",
	    "{\"a\":1,\"c\":2}", false },
	{ "{\"properties\":{\"a\":{},\"b\":{},\"c\":{}},\"required\":[\"b\"]}",
	    "{\"b\":1,\"a\":2}", false },
	{ "{\"properties\":{\"a\":{},\"b\":{},\"c\":{}},\"required\":[\"b\"]}",
	    "{}", false },
	{ "{\"properties\":{\"a\":{}}}", "{\"z\":1}", false },
	{ "{\"properties\":{\"a\":{}}}", "{}", true },
	{ "{\"type\":\"array\",\"maxItems\":0}", "[]", true },
	{ "{\"type\":\"array\",\"maxItems\":0}", "[1]", false },
	{ "{\"prefixItems\":[{\"const\":1}]}", "[1,\"x\"]", true },
	{ "{\"prefixItems\":[{\"const\":1}]}", "[2]", false },
	{ "{\"enum\":[1,12]}", "12", true },
	{ "{\"enum\":[1,12]}", "1", true },
	{ "{\"enum\":[1,12]}", "2", false },
	{ "{\"const\":{\"a\" : \"b c\" }}", "{\"a\":\"b c\"}", true },
};

TEST(grammar_takes_texts_that_fit_byte_by_byte_and_no_others)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (begin(texts[i].schema) != ERR_OK)
			fail_msg("%s: %s", texts[i].schema, ctx.msg);
		if (takes(texts[i].text) != texts[i].fits)
			fail_msg("%s: %s", texts[i].schema, texts[i].text);
	}
}

TEST(grammar_nests_as_deep_as_it_says_and_always_gets_out)
{
	begin("{}") == ERR_OK ? (void)0 : fail();
	for (int i = 0; i < GRAMMAR_DEPTH_MAX; i++)
		CHECK(grammar_accept(g, &vocabulary, '['));
	CHECK(!grammar_accept(g, &vocabulary, '['));
	CHECK(!grammar_accept(g, &vocabulary, '1'));
	for (int i = 0; i < GRAMMAR_DEPTH_MAX; i++)
		CHECK(grammar_accept(g, &vocabulary, ']'));
	CHECK(grammar_done(g));
	/* A chain whose every link needs one more level ends in time. */
	CHECK_OK(begin("{\"properties\":{\"a\":{\"anyOf\":[{\"$ref\":\"#\"},"
		       "{\"type\":\"object\",\"properties\":{\"b\":"
		       "{\"type\":\"array\",\"minItems\":1,\"items\":"
		       "{\"type\":\"null\"}}},\"required\":[\"b\"]}]}},"
		       "\"required\":[\"a\"]}"));
	for (int i = 0; i < GRAMMAR_DEPTH_MAX - 3; i++) {
		CHECK(grammar_accept(g, &vocabulary, '{'));
		CHECK(grammar_accept(g, &vocabulary, '"'));
		CHECK(grammar_accept(g, &vocabulary, 'a'));
		CHECK(grammar_accept(g, &vocabulary, '"'));
		CHECK(grammar_accept(g, &vocabulary, ':'));
	}
	seed = 1;
	(void)walk(0, 4);
}

TEST(grammar_of_json_starts_with_an_object)
{
	CHECK_OK(begin(""));
	CHECK(!grammar_accept(g, &vocabulary, '['));
	CHECK(!grammar_accept(g, &vocabulary, '1'));
	CHECK(takes("{\"a\":[true]}"));
	CHECK(grammar_done(g));
	CHECK_EQ(mask(), 1);
}

TEST(grammar_forces_one_of_several_frames)
{
	const struct grammar_part part[] = {
		{ str("<f>"), str("{\"const\":1}"), str("</f>") },
		{ str("<g>"), str("{\"type\":\"integer\"}"), str("!") },
		{ str("<h>"), str(""), str("") },
		{ str(""), str("{\"type\":\"integer\"}"), str("") },
	};
	static const struct {
		const char *text;
		bool fits;
	} rows[] = { { "<f>1</f>", true }, { "<f>1", false },
		{ "<f>2</f>", false }, { "<g>17!", true }, { "<g>17", false },
		{ "<h>{}", true }, { "<h>{}x", false }, { "42", true },
		{ "<x", false }, { "<f>1</f>!", false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_OK(grammar_init(g, part, 4, &ctx));
		if (takes(rows[i].text) != rows[i].fits)
			fail_msg("%s", rows[i].text);
	}
	for (unsigned round = 0; round < 50; round++) {
		CHECK_OK(grammar_init(g, part, 4, &ctx));
		seed = round;
		(void)walk(30, 2);
	}
}

TEST(grammar_tells_all_parts_apart_however_many)
{
	static struct grammar_part part[GRAMMAR_PARTS_MAX];
	static char before[GRAMMAR_PARTS_MAX][32];

	for (int i = 0; i < GRAMMAR_PARTS_MAX; i++) {
		(void)snprintf(before[i], sizeof(before[i]),
		    "{\"name\":\"tool%d\",\"x\":", i);
		part[i].before = str(before[i]);
		part[i].schema = str(i == 63 ? "{\"const\":7}" : "");
		part[i].after = str("}");
	}
	for (int i = 0; i < GRAMMAR_PARTS_MAX; i++) {
		char text[2200];

		CHECK_OK(grammar_init(g, part, GRAMMAR_PARTS_MAX, &ctx));
		(void)snprintf(text, sizeof(text), "%s%s}", before[i],
		    i == 63 ? "7" : "{}");
		CHECK(takes(text));
	}
	CHECK_OK(grammar_init(g, part, GRAMMAR_PARTS_MAX, &ctx));
	CHECK(!takes("{\"name\":\"tool63\",\"x\":{}}"));
	CHECK_OK(grammar_init(g, part, GRAMMAR_PARTS_MAX, &ctx));
	CHECK(!takes("{\"name\":\"tool64\",\"x\":{}}"));
	for (unsigned round = 0; round < 20; round++) {
		CHECK_OK(grammar_init(g, part, GRAMMAR_PARTS_MAX, &ctx));
		seed = round;
		(void)walk(30, 2);
	}
}

static const struct {
	const char *schema;
	enum err e;
	const char *why; /* how the message starts */
} bad[] = {
	{ "{\"type\":\"string\",\"pattern\":\"a\"}", ERR_UNSUPPORTED,
	    "#/pattern: is not supported" },
	{ "{\"properties\":{\"a\":{\"format\":\"date\"}}}", ERR_UNSUPPORTED,
	    "#/properties/a/format: is not" },
	{ "{\"items\":{\"not\":{}}}", ERR_UNSUPPORTED, "#/items/not: is not" },
	{ "{\"$defs\":{\"x\":{\"multipleOf\":2}},\"$ref\":\"#/$defs/x\"}",
	    ERR_UNSUPPORTED, "#/$defs/x/multipleOf: is not" },
	{ "{\"anyOf\":[{\"if\":true}]}", ERR_UNSUPPORTED, "#/anyOf/if: " },
	{ "{\"uniqueItems\":true}", ERR_UNSUPPORTED, "#/uniqueItems" },
	{ "{\"minProperties\":1}", ERR_UNSUPPORTED, "#/minProperties" },
	{ "{\"patternProperties\":{}}", ERR_UNSUPPORTED, "#/patternProp" },
	{ "{\"$ref\":\"http://x\"}", ERR_UNSUPPORTED, "#/$ref: must be" },
	{ "{\"$ref\":\"#/$defs/x\"}", ERR_UNSUPPORTED, "#/$ref: must be" },
	{ "{\"$ref\":5}", ERR_UNSUPPORTED, "#/$ref: must be" },
	{ "{\"$ref\":\"#\"}", ERR_LIMIT, "#: references go in a circle" },
	{ "{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#\"}]}", ERR_LIMIT,
	    "#: references go in a circle" },
	{ "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},"
	  "\"b\":{\"$ref\":\"#/$defs/a\"}}}",
	    ERR_LIMIT, "#: references go" },
	{ "{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}",
	    ERR_FORMAT, "#: nothing fits" },
	{ "{\"properties\":{\"a\":{}},\"required\":[\"a\",\"\\u0061\"]}",
	    ERR_FORMAT, "#/required: must not repeat" },
	{ "{\"items\":{\"$ref\":\"#\"},\"minItems\":1}", ERR_FORMAT,
	    "#: nothing fits" },
	{ "{\"$ref\":\"#\",\"type\":\"string\"}", ERR_UNSUPPORTED,
	    "#/type: cannot stand" },
	{ "{\"anyOf\":[{}],\"properties\":{}}", ERR_UNSUPPORTED,
	    "#/properties: cannot stand" },
	{ "{\"enum\":[1],\"minimum\":0}", ERR_UNSUPPORTED, "#/minimum: cann" },
	{ "{\"allOf\":[{},{}]}", ERR_UNSUPPORTED, "#/allOf: may have one" },
	{ "{\"anyOf\":[]}", ERR_FORMAT, "#/anyOf: must not be empty" },
	{ "{\"anyOf\":1}", ERR_FORMAT, "#/anyOf: must be an array" },
	{ "{\"enum\":[]}", ERR_FORMAT, "#/enum: nothing fits" },
	{ "{\"enum\":{}}", ERR_FORMAT, "#/enum: must be an array" },
	{ "{\"enum\":[1],\"type\":\"string\"}", ERR_FORMAT, "#/enum: nothing" },
	{ "{\"type\":\"date\"}", ERR_FORMAT, "#/type: is no type" },
	{ "{\"type\":[]}", ERR_FORMAT, "#/type: nothing fits" },
	{ "{\"type\":[1]}", ERR_FORMAT, "#/type: is no type" },
	{ "{\"type\":\"string\",\"minLength\":2,\"maxLength\":1}", ERR_FORMAT,
	    "#: nothing fits" },
	{ "{\"minLength\":-1}", ERR_FORMAT, "#/minLength: must be an integer" },
	{ "{\"minItems\":2,\"maxItems\":1}", ERR_FORMAT, "#: nothing fits" },
	{ "{\"prefixItems\":[{}],\"items\":false,\"minItems\":2}", ERR_FORMAT,
	    "#: nothing fits" },
	{ "{\"prefixItems\":{}}", ERR_FORMAT, "#/prefixItems: must be" },
	{ "{\"items\":[{}]}", ERR_FORMAT, "#/items: is no schema" },
	{ "{\"minimum\":\"1\"}", ERR_FORMAT, "#/minimum: must be a number" },
	{ "{\"type\":\"integer\",\"minimum\":1.5,\"maximum\":1.7}", ERR_FORMAT,
	    "#: nothing fits" },
	{ "{\"type\":\"integer\",\"minimum\":1e18}", ERR_FORMAT, "#: nothing" },
	{ "{\"type\":\"number\",\"maximum\":-1e30}", ERR_FORMAT, "#: nothing" },
	{ "{\"exclusiveMinimum\":true}", ERR_FORMAT, "#/exclusiveMinimum: mu" },
	{ "{\"properties\":[]}", ERR_FORMAT, "#/properties: must be an obj" },
	{ "{\"properties\":{\"a\":1}}", ERR_FORMAT, "#/properties/a: is no" },
	{ "{\"properties\":{\"a\":false}}", ERR_FORMAT, "#/properties/a: not" },
	{ "{\"additionalProperties\":1}", ERR_FORMAT, "#/additionalProp" },
	{ "{\"required\":[\"a\"]}", ERR_UNSUPPORTED, "#/required: must name" },
	{ "{\"required\":{}}", ERR_FORMAT, "#/required: must be an array" },
	{ "{\"properties\":{\"a\":{}},\"required\":[\"b\"]}", ERR_UNSUPPORTED,
	    "#/required: must name" },
	{ "{\"properties\":{\"a\":{}},\"required\":[1]}", ERR_UNSUPPORTED,
	    "#/required: must name" },
	{ "false", ERR_FORMAT, "#: nothing fits" },
	{ "3", ERR_FORMAT, "#: is no schema" },
	{ "[]", ERR_FORMAT, "#: is no schema" },
};

TEST(grammar_refuses_a_schema_by_the_path_of_its_fault)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum err e = begin(bad[i].schema);

		if (e != bad[i].e ||
		    strncmp(ctx.msg, bad[i].why, strlen(bad[i].why)) != 0)
			fail_msg("%s: %s \"%s\"", bad[i].schema, err_name(e),
			    ctx.msg);
	}
}

TEST(grammar_refuses_every_truncation_of_a_schema)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (size_t n = 1; n < strlen(good[i]); n++) {
			const struct grammar_part part = {
				.schema = { (const uint8_t *)good[i], n }
			};

			CHECK(grammar_init(g, &part, 1, NULL) != ERR_OK);
		}
}

/* {"enum":["0000","0001",...]} or so many properties or definitions. */
static char *large(
    size_t n, const char *head, const char *item, const char *tail)
{
	const size_t cap = n * 80 + 200;
	char *s = malloc(cap);
	size_t at = (size_t)snprintf(s, cap, "%s", head);

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			s[at++] = ',';
		at += (size_t)snprintf(s + at, cap - at, item, i, i);
	}
	(void)snprintf(s + at, cap - at, "%s", tail);
	return s;
}

TEST(grammar_bounds_nodes_text_and_definitions)
{
	char *s = large(4000, "{\"enum\":[", "\"%05zu\"", "]}");

	CHECK_OK(begin(s));
	CHECK(takes("\"03999\""));
	free(s);
	s = large(4200, "{\"enum\":[", "%05zu1", "]}");
	CHECK(begin(s) != ERR_OK);
	free(s);
	s = large(4200, "{\"enum\":[", "1%05zu", "]}");
	CHECK_ERR(begin(s), ERR_LIMIT);
	free(s);
	s = large(700, "{\"enum\":[",
	    "\"%05zuxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxx\"",
	    "]}");
	CHECK_OK(begin(s));
	free(s);
	s = large(1100, "{\"enum\":[",
	    "\"%05zuxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxx\"",
	    "]}");
	CHECK_ERR(begin(s), ERR_LIMIT);
	free(s);
	s = large(256, "{\"$ref\":\"#/$defs/d0\",\"$defs\":{",
	    "\"d%zu\":{\"type\":\"array\",\"items\":{\"$ref\":"
	    "\"#/$defs/d%zu\"}}",
	    "}}");
	CHECK_OK(begin(s));
	free(s);
}

/* Choices among choices: each level has them eight times as often. */
TEST(grammar_bounds_the_choices_behind_choices)
{
	for (unsigned levels = 1; levels <= 15; levels++) {
		char s[8192];
		size_t at = (size_t)snprintf(s, sizeof(s),
		    "{\"$ref\":\"#/$defs/"
		    "0\",\"$defs\":{\"%u\":{\"type\":\"null\"}",
		    levels);

		for (unsigned i = 0; i < levels; i++) {
			at += (size_t)snprintf(
			    s + at, sizeof(s) - at, ",\"%u\":{\"anyOf\":[", i);
			for (unsigned k = 0; k < 8; k++)
				at += (size_t)snprintf(s + at, sizeof(s) - at,
				    "%s{\"$ref\":\"#/$defs/%u\"}",
				    k > 0 ? "," : "", i + 1);
			at += (size_t)snprintf(s + at, sizeof(s) - at, "]}");
		}
		(void)snprintf(s + at, sizeof(s) - at, "}}");
		if (levels <= 3) {
			CHECK_OK(begin(s));
			CHECK(takes("null"));
		} else {
			CHECK_ERR(begin(s), ERR_LIMIT);
			CHECK_STR(ctx.msg, "#: too many choices at one place");
		}
	}
}

/* A definition that is spelled in 257 ways is looked up 257 times. */
TEST(grammar_bounds_the_spellings_of_definitions)
{
	char *same =
	    large(257, "{\"$defs\":{\"a\":{\"type\":\"null\"}},\"anyOf\":[",
		"{\"title\":\"%zu\",\"$ref\":\"#/$defs/a\"}", "]}");
	char s[257 * 80 + 100];
	size_t at = (size_t)snprintf(
	    s, sizeof(s), "{\"$defs\":{\"abcdefghi\":{}},\"anyOf\":[{}");

	for (unsigned i = 0; i < 257; i++) {
		at += (size_t)snprintf(
		    s + at, sizeof(s) - at, ",{\"$ref\":\"#/$defs/");
		for (unsigned k = 0; k < 9; k++)
			at += (size_t)snprintf(s + at, sizeof(s) - at,
			    (i >> k & 1) != 0 ? "\\u%04x" : "%c", 'a' + k);
		at += (size_t)snprintf(s + at, sizeof(s) - at, "\"}");
	}
	(void)snprintf(s + at, sizeof(s) - at, "]}");
	CHECK_OK(begin(same));
	CHECK_ERR(begin(s), ERR_LIMIT);
	CHECK_STR(ctx.msg, "#/anyOf/$ref: too many definitions");
	free(same);
}

TEST(grammar_keeps_the_first_of_too_many_readings)
{
	char *s = large(40, "{\"anyOf\":[",
	    "{\"properties\":{\"a\":{\"const\":%zu},\"b\":{}},"
	    "\"required\":[\"a\"]}",
	    "]}");

	CHECK_OK(begin(s));
	CHECK(takes("{\"a\":7,\"b\":1}"));
	CHECK_OK(begin(s));
	CHECK(!takes("{\"a\":39}"));
	for (unsigned round = 0; round < 20; round++) {
		CHECK_OK(begin(s));
		seed = round;
		(void)walk(50, 2);
	}
	free(s);
}

/* A model's logits may be anything: what may come is never like the rest. */
TEST(grammar_mask_leaves_numbers_where_a_token_may_come)
{
	static const float odd[] = { NAN, -INFINITY, INFINITY, -3e38f };

	for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++) {
		CHECK_OK(begin("{\"enum\":[\"a\",7]}"));
		for (uint32_t i = 0; i < TOKEN_N; i++)
			logits[i] = odd[k];
		CHECK(grammar_mask(g, &sorted, logits) > 0);
		CHECK(logits['7'] >= -1e30f && logits['\"'] >= -1e30f);
		CHECK(logits['8'] < -1e30f && logits[END_ID] < -1e30f);
	}
}

TEST(grammar_is_wiped_whole)
{
	CHECK_OK(begin("{\"const\":\"SECRET\"}"));
	grammar_wipe(g);
	CHECK(mem_is_zero(g, grammar_len()));
	CHECK(mem_is_zero(
	    sorted.allowed, sorted.words * sizeof(*sorted.allowed)));
}

TEST(grammar_says_when_a_vocabulary_cannot_go_on)
{
	static struct tok few = { .n = 3, .entry = entries };
	struct grammar_vocabulary v;

	CHECK_OK(grammar_vocabulary_init(&v, &few));
	CHECK_OK(begin("{}"));
	CHECK_EQ(grammar_mask(g, &v, logits), 0);
	CHECK(!grammar_accept(g, &few, 0));
	CHECK(!grammar_accept(g, &vocabulary, END_ID));
	CHECK(!grammar_accept(g, &vocabulary, END_ID + 1));
	grammar_vocabulary_clear(&v);
	grammar_vocabulary_clear(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grammar_lets_random_tokens_say_only_what_fits),
		cmocka_unit_test(
		    grammar_takes_texts_that_fit_byte_by_byte_and_no_others),
		cmocka_unit_test(
		    grammar_nests_as_deep_as_it_says_and_always_gets_out),
		cmocka_unit_test(grammar_of_json_starts_with_an_object),
		cmocka_unit_test(grammar_forces_one_of_several_frames),
		cmocka_unit_test(grammar_tells_all_parts_apart_however_many),
		cmocka_unit_test(
		    grammar_refuses_a_schema_by_the_path_of_its_fault),
		cmocka_unit_test(grammar_refuses_every_truncation_of_a_schema),
		cmocka_unit_test(grammar_bounds_nodes_text_and_definitions),
		cmocka_unit_test(grammar_bounds_the_choices_behind_choices),
		cmocka_unit_test(grammar_bounds_the_spellings_of_definitions),
		cmocka_unit_test(grammar_keeps_the_first_of_too_many_readings),
		cmocka_unit_test(
		    grammar_mask_leaves_numbers_where_a_token_may_come),
		cmocka_unit_test(grammar_is_wiped_whole),
		cmocka_unit_test(grammar_says_when_a_vocabulary_cannot_go_on),
	};
	int failed;

	set_up();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	grammar_vocabulary_clear(&sorted);
	free(g);
	return failed;
}
