/* Strict JSON: what is accepted, what is refused and where. */
#include "test.h"

#include "base/json.h"
#include "base/utf8.h"

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static struct json parsed(const char *s)
{
	struct json v;
	struct err_ctx ctx = { 0 };

	if (json_parse(&v, text_of(s), &ctx) != ERR_OK)
		fail_msg("%s: %s", s, ctx.msg);
	return v;
}

static const char sample[] =
    " {\"model\":\"demo\",\"n\":1,\"t\":-0.75e1,\"on\":true,"
    "\"list\":[1,[],{},\"\\u00e9\\ud83d\\ude00\\n\"],\"none\":null} ";

TEST(json_finds_members_of_every_type)
{
	struct json v = parsed(sample), m, item;
	uint64_t n;
	double d;
	bool b;

	CHECK_EQ(v.type, JSON_OBJECT);
	CHECK(json_get(&v, "model", &m) && json_is_str(&m, "demo"));
	CHECK(!json_is_str(&m, "dem") && !json_is_str(&m, "demo1"));
	CHECK(json_get(&v, "n", &m));
	CHECK_OK(json_u64(&m, &n));
	CHECK_EQ(n, 1);
	CHECK(json_get(&v, "t", &m));
	CHECK_OK(json_double(&m, &d));
	CHECK(d == -7.5);
	CHECK_ERR(json_u64(&m, &n), ERR_FORMAT);
	CHECK(json_get(&v, "on", &m));
	CHECK_OK(json_bool(&m, &b));
	CHECK(b);
	CHECK(json_get(&v, "none", &m));
	CHECK_EQ(m.type, JSON_NULL);
	CHECK(!json_get(&v, "absent", &m));
	CHECK(json_get(&v, "list", &m));
	struct json_iter it = json_iter(&m);
	for (int i = 0; i < 4; i++)
		CHECK(json_next(&it, NULL, &item));
	CHECK(!json_next(&it, NULL, &m));
	uint8_t out[16];
	size_t len;
	CHECK_OK(json_string(&item, out, sizeof(out), &len));
	CHECK_EQ(len, 7);
	CHECK_MEM(out, "\xc3\xa9\xf0\x9f\x98\x80\n", 7);
	CHECK_ERR(json_string(&item, out, 6, &len), ERR_NOSPACE);
}

TEST(json_rejects_every_truncation)
{
	struct json v;
	size_t end = strlen(sample) - 1; /* the last byte is white space */

	for (size_t n = 0; n < end; n++) {
		char *cut = malloc(n + 1); /* exact, so ASan sees overreads */

		memcpy(cut, sample, n);
		CHECK_ERR(
		    json_parse(&v, (struct bytes){ (uint8_t *)cut, n }, NULL),
		    ERR_TRUNCATED);
		free(cut);
	}
	CHECK_ERR(
	    json_parse(&v, (struct bytes){ NULL, 0 }, NULL), ERR_TRUNCATED);
}

TEST(json_rejects_what_is_not_json)
{
	static const struct {
		const char *text;
		enum err want;
	} bad[] = {
		{ "{}x", ERR_TRAILING },
		{ "{\"a\":1,}", ERR_FORMAT },
		{ "[1,]", ERR_FORMAT },
		{ "[1 2]", ERR_FORMAT },
		{ "{'a':1}", ERR_FORMAT },
		{ "{\"a\" 1}", ERR_FORMAT },
		{ "{\"a\":1,\"a\":2}", ERR_FORMAT },
		{ "{\"a\":1,\"\\u0061\":2}", ERR_FORMAT },
		{ "{\"b\":{\"a\":1},\"a\":1,\"b\":0}", ERR_FORMAT },
		{ "01", ERR_FORMAT },
		{ "-", ERR_TRUNCATED },
		{ "+1", ERR_FORMAT },
		{ "1.", ERR_TRUNCATED },
		{ ".5", ERR_FORMAT },
		{ "1e", ERR_TRUNCATED },
		{ "tru", ERR_TRUNCATED },
		{ "True", ERR_FORMAT },
		{ "nul", ERR_TRUNCATED },
		{ "NaN", ERR_FORMAT },
		{ "\"\n\"", ERR_FORMAT },
		{ "\"\\x\"", ERR_FORMAT },
		{ "\"\\ud800\"", ERR_FORMAT },
		{ "\"\\udc00\\udc00\"", ERR_FORMAT },
		{ "\"\\ud800\\u0041\"", ERR_FORMAT },
		{ "\"\xff\"", ERR_FORMAT },
		{ "\"\xc0\xaf\"", ERR_FORMAT },
		{ "\"\xed\xa0\x80\"", ERR_FORMAT },
		{ "]", ERR_FORMAT },
		{ "[}", ERR_FORMAT },
		{ "", ERR_TRUNCATED },
	};
	struct json v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err_ctx ctx = { 0 };
		enum err e = json_parse(&v, text_of(bad[i].text), &ctx);

		if (e != bad[i].want)
			fail_msg("%s: %s", bad[i].text, err_name(e));
		CHECK(strstr(ctx.msg, "offset") != NULL);
	}
}

TEST(json_same_key_in_sibling_objects_is_fine)
{
	parsed("[{\"a\":1},{\"a\":2},{\"b\":{\"a\":{\"a\":1}},\"a\":1}]");
}

TEST(json_bounds_depth_and_members)
{
	char deep[80] = { 0 };
	size_t room = 8 * 300, n = 1;
	char *wide = calloc(1, room);
	struct json v;

	memset(deep, '[', 32);
	memset(deep + 32, ']', 32);
	parsed(deep);
	memset(deep, '[', 33);
	CHECK_ERR(json_parse(&v, text_of(deep), NULL), ERR_LIMIT);
	wide[0] = '{';
	for (int i = 0; i < 257; i++)
		n += (size_t)snprintf(
		    wide + n, room - n, "%s\"%d\":0", i ? "," : "", i);
	wide[n] = '}';
	CHECK_ERR(json_parse(&v, text_of(wide), NULL), ERR_LIMIT);
	free(wide);
}

TEST(json_numbers_at_their_limits)
{
	struct json v = parsed("18446744073709551615");
	uint64_t n;
	double d;

	CHECK_OK(json_u64(&v, &n));
	CHECK(n == UINT64_MAX);
	v = parsed("18446744073709551616");
	CHECK_ERR(json_u64(&v, &n), ERR_LIMIT);
	v = parsed("-1");
	CHECK_ERR(json_u64(&v, &n), ERR_FORMAT);
	v = parsed("1e400");
	CHECK_ERR(json_double(&v, &d), ERR_LIMIT);
	v = parsed("1e-400");
	CHECK_OK(json_double(&v, &d));
	v = parsed("0.7");
	CHECK_OK(json_double(&v, &d));
	CHECK(d == 0.7);
}

TEST(json_written_strings_read_back)
{
	const uint8_t raw[] = "a\"\\\n\t\x01\x7f\xc3\xa9";
	uint8_t text[64], back[64];
	struct wr w = wr_init(text, sizeof(text));
	size_t len, n;
	struct json v;

	json_write_string(&w, (struct bytes){ raw, sizeof(raw) - 1 });
	CHECK_OK(wr_end(&w, &len));
	CHECK_OK(json_parse(&v, (struct bytes){ text, len }, NULL));
	CHECK_OK(json_string(&v, back, sizeof(back), &n));
	CHECK_EQ(n, sizeof(raw) - 1);
	CHECK_MEM(back, raw, n);
}

static const char *written(const char *text, size_t len)
{
	static char out[128];
	struct wr w = wr_init(out, sizeof(out) - 1);

	json_write_string(&w, (struct bytes){ (const uint8_t *)text, len });
	CHECK_OK(w.err);
	out[w.len] = '\0';
	return out;
}

TEST(json_written_strings_are_json_whatever_the_bytes)
{
	CHECK_STR(written("a\xff\xc3", 3), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
	CHECK_STR(written("\xe2\x80x", 3), "\"\xef\xbf\xbd\xef\xbf\xbdx\"");
	CHECK_STR(written("\xc0\x80", 2), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	CHECK_STR(written("\0", 1), "\"\\u0000\"");
}

TEST(json_written_strings_do_not_steer_a_terminal)
{
	CHECK_STR(written("\x1b\x7f\xc2\x80\xc2\x9b", 6),
	    "\"\\u001b\\u007f\\u0080\\u009b\"");
	CHECK_STR(written("\xc2\xa0\xc3\x9b", 4), "\"\xc2\xa0\xc3\x9b\"");
}

TEST(utf8_prefix_stops_at_what_is_incomplete)
{
	CHECK_EQ(utf8_prefix(text_of("ab\xc3")), 2);
	CHECK_EQ(utf8_prefix(text_of("ab\xc3\xa9")), 4);
	CHECK_EQ(utf8_prefix(text_of("\xf0\x9f\x98")), 0);
	CHECK_EQ(utf8_prefix(text_of("\xf4\x90\x80\x80")), 0);
}

/* Two words that FNV-1a cannot tell apart. */
#define ALIKE "{\"costarring\":0,\"liquid\":0}"

TEST(json_keys_that_only_look_alike_are_fine_but_bounded)
{
	static char text[40000];
	size_t n = 0;
	struct json v;

	(void)parsed(ALIKE);
	CHECK_ERR(json_parse(&v,
		      text_of("{\"liquid\":0,\"costarring\":0,"
			      "\"li\\u0071uid\":0}"),
		      NULL),
	    ERR_FORMAT);
	text[n++] = '[';
	for (int i = 0; i < JSON_ALIKE_MAX; i++) {
		memcpy(text + n, ALIKE ",", sizeof(ALIKE));
		n += sizeof(ALIKE);
	}
	text[n - 1] = ']';
	CHECK_OK(json_parse(&v, (struct bytes){ (uint8_t *)text, n }, NULL));
	text[n - 1] = ',';
	memcpy(text + n, ALIKE "]", sizeof(ALIKE));
	n += sizeof(ALIKE);
	CHECK_ERR(json_parse(&v, (struct bytes){ (uint8_t *)text, n }, NULL),
	    ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_finds_members_of_every_type),
		cmocka_unit_test(json_rejects_every_truncation),
		cmocka_unit_test(json_rejects_what_is_not_json),
		cmocka_unit_test(json_same_key_in_sibling_objects_is_fine),
		cmocka_unit_test(json_bounds_depth_and_members),
		cmocka_unit_test(json_numbers_at_their_limits),
		cmocka_unit_test(json_written_strings_read_back),
		cmocka_unit_test(
		    json_written_strings_are_json_whatever_the_bytes),
		cmocka_unit_test(json_written_strings_do_not_steer_a_terminal),
		cmocka_unit_test(
		    json_keys_that_only_look_alike_are_fine_but_bounded),
		cmocka_unit_test(utf8_prefix_stops_at_what_is_incomplete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
