/* The forward walk agrees with the scanner, and never leaves its text. */
#include "test.h"

#include "base/json_walk.h"

#define DEPTH_MAX 32

static struct json_walk walk_of(const char *s)
{
	struct bytes text = { (const uint8_t *)s, strlen(s) };
	struct json v;

	CHECK_OK(json_parse(&v, text, NULL));
	return json_walk(text);
}

static void check_text(struct bytes got, const char *want)
{
	if (!mem_eq_str(got, want))
		fail_msg("got '%.*s', want '%s'", (int)got.len, got.p, want);
}

static const char sample[] =
    " { \"a\" : [ 1 , { } , \"]}\\\"\\\\\" , [[],-2.5e3] ] ,\n"
    "\"b\\u0063\" :true, \"\":\"\", \"o\":{\"x\":{\"y\":null}} } ";

TEST(json_walk_meets_every_value_in_order)
{
	struct json_walk w = walk_of(sample);
	struct bytes key;

	CHECK_EQ(json_walk_type(&w), JSON_OBJECT);
	json_walk_enter(&w);
	CHECK(json_walk_more(&w, &key));
	check_text(key, "a");
	CHECK_EQ(json_walk_type(&w), JSON_ARRAY);
	json_walk_enter(&w);
	CHECK(json_walk_more(&w, NULL));
	check_text(json_walk_take(&w).text, "1");
	CHECK(json_walk_more(&w, NULL));
	json_walk_enter(&w);
	CHECK(!json_walk_more(&w, &key));
	CHECK(json_walk_more(&w, NULL));
	CHECK_EQ(json_walk_type(&w), JSON_STRING);
	check_text(json_walk_take(&w).text, "\"]}\\\"\\\\\"");
	CHECK(json_walk_more(&w, NULL));
	check_text(json_walk_take(&w).text, "[[],-2.5e3]");
	CHECK(!json_walk_more(&w, NULL));
	CHECK(json_walk_more(&w, &key));
	check_text(key, "b\\u0063");
	CHECK_EQ(json_walk_take(&w).type, JSON_BOOL);
	CHECK(json_walk_more(&w, &key));
	check_text(key, "");
	check_text(json_walk_take(&w).text, "\"\"");
	CHECK(json_walk_more(&w, &key));
	check_text(json_walk_take(&w).text, "{\"x\":{\"y\":null}}");
	CHECK(!json_walk_more(&w, &key));
	CHECK_EQ(w.off, sizeof(sample) - 2); /* behind the brace */
}

TEST(json_walk_takes_scalars_up_to_what_ends_them)
{
	static const char *const ends[] = { "[1,2]", "[1]", "[1 ,2]", "[1\n]",
		"[1\t]", "[1\r]", "{\"k\":1}" };
	struct bytes key;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct json_walk w = walk_of(ends[i]);

		json_walk_enter(&w);
		CHECK(json_walk_more(&w, ends[i][0] == '{' ? &key : NULL));
		check_text(json_walk_take(&w).text, "1");
	}
	struct json_walk w = walk_of(" 12 ");
	check_text(json_walk_take(&w).text, "12");
	w = walk_of("12");
	check_text(json_walk_take(&w).text, "12");
}

/* Every value of the walk is the value of the scanner, at every depth. */
static void compare(struct json v)
{
	struct json_iter stack_it[DEPTH_MAX];
	struct json_walk stack_w[DEPTH_MAX];
	size_t n = 1;

	stack_it[0] = json_iter(&v);
	stack_w[0] = json_walk(v.text);
	json_walk_enter(&stack_w[0]);
	while (n > 0) {
		struct json_iter *it = &stack_it[n - 1];
		struct json_walk *w = &stack_w[n - 1];
		struct json key, item, got;
		struct bytes name;
		bool more = json_next(it, &key, &item);

		CHECK_EQ(json_walk_more(w, it->object ? &name : NULL), more);
		if (!more) {
			n--;
			continue;
		}
		if (it->object)
			CHECK(name.p == key.text.p + 1 &&
			      name.len == key.text.len - 2);
		got = json_walk_take(w);
		CHECK(got.type == item.type && got.text.p == item.text.p &&
		      got.text.len == item.text.len);
		if (item.type != JSON_OBJECT && item.type != JSON_ARRAY)
			continue;
		stack_it[n] = json_iter(&item);
		stack_w[n] = json_walk(item.text);
		json_walk_enter(&stack_w[n++]);
	}
}

TEST(json_walk_agrees_with_the_scanner)
{
	struct json v;

	CHECK_OK(json_parse(&v,
	    (struct bytes){ (const uint8_t *)sample, sizeof(sample) - 1 },
	    NULL));
	compare(v);
}

/* Text that ends too soon ends what was entered. */
TEST(json_walk_ends_with_its_text)
{
	struct json_walk w = json_walk((struct bytes)BYTES_LITERAL("[1"));
	struct bytes key;

	json_walk_enter(&w);
	CHECK(json_walk_more(&w, NULL));
	check_text(json_walk_take(&w).text, "1");
	CHECK(!json_walk_more(&w, NULL));
	CHECK(!json_walk_more(&w, &key));
	CHECK_EQ(w.off, 2);
}

/* Whatever the text, and however it is asked: within its bytes, and on. The
 * copy has no byte to spare, so that a sanitizer sees one read too many. */
TEST(json_walk_stays_inside_text_that_is_no_json)
{
	static const char *const bad[] = { "", "{", "[", "\"", "\"\\", "{\"a",
		"{\"a\"", "{\"a\":", "[,", "[1", "]", "}", "[[", "{\"a\\",
		"[\"\\\"", "tru", ",,", "{,", "[]]", "{:}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t len = strlen(bad[i]);
		uint8_t *copy = malloc(len + (len == 0));
		struct bytes key;

		memcpy(copy, bad[i], len);
		for (unsigned plan = 0; plan < 81; plan++) {
			struct json_walk w =
			    json_walk((struct bytes){ copy, len });
			unsigned step = plan;

			for (int k = 0; k < 8;
			     k++, step = k % 4 ? step / 3 : plan) {
				if (step % 3 == 0)
					json_walk_enter(&w);
				else if (step % 3 == 1)
					(void)json_walk_more(
					    &w, k % 2 ? &key : NULL);
				else
					CHECK(
					    json_walk_take(&w).text.len <= len);
				(void)json_walk_type(&w);
				CHECK(w.off <= len);
			}
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_walk_meets_every_value_in_order),
		cmocka_unit_test(json_walk_takes_scalars_up_to_what_ends_them),
		cmocka_unit_test(json_walk_agrees_with_the_scanner),
		cmocka_unit_test(json_walk_ends_with_its_text),
		cmocka_unit_test(json_walk_stays_inside_text_that_is_no_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
