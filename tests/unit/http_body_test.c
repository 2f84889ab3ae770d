/* Bodies: each framing, cut at every place, and what is refused. */
#include "test.h"

#include "http/body.h"

#define ROOM 64

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static struct http_head head_of(enum http_framing framing, uint64_t length)
{
	return (struct http_head){ .framing = framing, .length = length };
}

/* Feed `in` in pieces of `step` bytes, up to an error or the end of the body.
 * The content goes to got; *left is what was not used of the last piece. */
static enum err feed(struct http_body *b, struct bytes in, size_t step,
    char got[ROOM + 1], size_t *left)
{
	enum err e = ERR_OK;
	size_t n = 0;

	while (e == ERR_OK && in.len > 0 && !http_body_done(b)) {
		struct bytes piece = { in.p, step < in.len ? step : in.len };
		struct bytes data;

		in.p += piece.len;
		in.len -= piece.len;
		do {
			e = http_body_next(b, &piece, &data, NULL);
			CHECK(n + data.len <= ROOM);
			mem_copy(got + n, data.p, data.len);
			n += data.len;
		} while (e == ERR_OK && data.len > 0);
		*left = piece.len + in.len;
	}
	got[n] = '\0';
	return e;
}

static const char chunked[] = "5\r\nhello\r\n"
			      "00A;name=\"v\" ;x\r\n, chunked \r\n"
			      "5 \r\nworld\r\n"
			      "0\r\n"
			      "Trailer: dropped\r\n"
			      "\r\n";

TEST(chunked_bodies_decode_at_any_cut)
{
	const struct http_head h = head_of(HTTP_CHUNKED, 0);
	char got[ROOM + 1], whole[sizeof(chunked) + 4];
	struct http_body b;
	size_t left;

	snprintf(whole, sizeof(whole), "%sNEXT", chunked);
	for (size_t step = 1; step < sizeof(whole); step++) {
		CHECK_OK(http_body_init(&b, &h, 20, NULL));
		CHECK_OK(feed(&b, text(whole), step, got, &left));
		CHECK(http_body_done(&b));
		CHECK_STR(got, "hello, chunked world");
		CHECK_EQ(left, 4);
		CHECK_OK(http_body_end(&b, NULL));
	}
}

TEST(chunked_bodies_end_only_at_their_end)
{
	const struct http_head h = head_of(HTTP_CHUNKED, 0);
	char got[ROOM + 1];
	struct err_ctx ctx;
	struct http_body b;
	size_t left;

	for (size_t n = 0; n < strlen(chunked); n++) {
		ctx = (struct err_ctx){ 0 };
		CHECK_OK(http_body_init(&b, &h, ROOM, NULL));
		CHECK_OK(feed(&b, (struct bytes){ (const uint8_t *)chunked, n },
		    7, got, &left));
		CHECK(!http_body_done(&b));
		CHECK_ERR(http_body_end(&b, &ctx), ERR_TRUNCATED);
		CHECK(strstr(ctx.msg, "in the middle") != NULL);
	}
}

TEST(chunks_are_strict)
{
	static const struct {
		const char *in;
		enum err want;
	} bad[] = {
		{ "\r\n", ERR_FORMAT },
		{ ";x\r\n", ERR_FORMAT },
		{ " 5\r\nhello", ERR_FORMAT },
		{ "-5\r\n", ERR_FORMAT },
		{ "0x5\r\nhello", ERR_FORMAT },
		{ "5\nhello", ERR_FORMAT },
		{ "5\rhello", ERR_FORMAT },
		{ "5;\nhello", ERR_FORMAT },
		{ "5;\x01\r\nhello", ERR_FORMAT },
		{ "5\r\nhello5", ERR_FORMAT },
		{ "5\r\nhello\n", ERR_FORMAT },
		{ "5\r\nhello\rx", ERR_FORMAT },
		{ "5\r\nhello\r\n\r\n", ERR_FORMAT },
		{ "0\r\n\rx", ERR_FORMAT },
		{ "0\r\n\nx", ERR_FORMAT },
		{ "0\r\nA: b\n\r\n", ERR_FORMAT },
		{ "0\r\nA: b\rC: d\r\n", ERR_FORMAT },
		{ "0\r\nA: \x7f\r\n", ERR_FORMAT },
		{ "000000005\r\nhello", ERR_LIMIT },
		{ "fffffffff\r\n", ERR_LIMIT },
		{ "41\r\n", ERR_LIMIT },
		{ "5\r\nhello\r\n3c\r\n", ERR_LIMIT },
		{ "ffffffff\r\n", ERR_LIMIT },
	};
	const struct http_head h = head_of(HTTP_CHUNKED, 0);
	struct bytes more, data;
	char got[ROOM + 1];
	struct http_body b;
	size_t left;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_OK(http_body_init(&b, &h, ROOM, NULL));
		CHECK_ERR(
		    feed(&b, text(bad[i].in), 1, got, &left), bad[i].want);
		more = text("0\r\n\r\n");
		CHECK_ERR(http_body_next(&b, &more, &data, NULL), ERR_FORMAT);
		CHECK(!http_body_done(&b));
		CHECK_ERR(http_body_end(&b, NULL), ERR_TRUNCATED);
	}
}

/* Feed `start`, then `c` over and over; how many of them were taken? */
static size_t endless(const char *start, char c)
{
	const struct http_head h = head_of(HTTP_CHUNKED, 0);
	struct bytes in = text(start), data;
	struct http_body b;
	size_t n = 0;

	CHECK_OK(http_body_init(&b, &h, ROOM, NULL));
	CHECK_OK(http_body_next(&b, &in, &data, NULL));
	for (; n < 2 * HTTP_DROPPED_MAX; n++) {
		in = (struct bytes){ (const uint8_t *)&c, 1 };
		if (http_body_next(&b, &in, &data, NULL) != ERR_OK)
			return n;
		CHECK_EQ(data.len, 0);
	}
	return n;
}

TEST(what_is_dropped_is_bounded)
{
	CHECK_EQ(endless("5;", 'x'), HTTP_DROPPED_MAX - 1);
	CHECK_EQ(endless("0\r\n", 'x'), HTTP_DROPPED_MAX);
	CHECK_EQ(endless("0\r\nA: b\r\n", 'x'), HTTP_DROPPED_MAX - 4);
}

TEST(a_length_ends_the_body_to_the_byte)
{
	const struct http_head five = head_of(HTTP_LENGTH, 5);
	const struct http_head none = head_of(HTTP_LENGTH, 0);
	char got[ROOM + 1];
	struct http_body b;
	size_t left;

	for (size_t step = 1; step < 9; step++) {
		CHECK_OK(http_body_init(&b, &five, 5, NULL));
		CHECK_OK(feed(&b, text("helloNEXT"), step, got, &left));
		CHECK_STR(got, "hello");
		CHECK_EQ(left, 4);
	}
	CHECK_OK(http_body_init(&b, &five, 5, NULL));
	CHECK_OK(feed(&b, text("hell"), 9, got, &left));
	CHECK_ERR(http_body_end(&b, NULL), ERR_TRUNCATED);
	CHECK_OK(http_body_init(&b, &none, 0, NULL));
	CHECK(http_body_done(&b));
	CHECK_OK(http_body_end(&b, NULL));
}

TEST(a_length_above_the_limit_is_refused_at_once)
{
	const struct http_head h = head_of(HTTP_LENGTH, 6);
	struct err_ctx ctx = { 0 };
	struct http_body b;

	CHECK_ERR(http_body_init(&b, &h, 5, &ctx), ERR_LIMIT);
	CHECK(strstr(ctx.msg, "6 bytes are announced, at most 5") != NULL);
	CHECK_ERR(http_body_end(&b, NULL), ERR_TRUNCATED);
}

TEST(a_body_until_close_is_bounded_too)
{
	const struct http_head h = head_of(HTTP_UNTIL_CLOSE, 0);
	char got[ROOM + 1];
	struct http_body b;
	size_t left;

	CHECK_OK(http_body_init(&b, &h, 5, NULL));
	CHECK_OK(feed(&b, text("hello"), 2, got, &left));
	CHECK_STR(got, "hello");
	CHECK(!http_body_done(&b));
	CHECK_OK(http_body_end(&b, NULL));
	CHECK(http_body_done(&b));
	CHECK_OK(http_body_init(&b, &h, 5, NULL));
	CHECK_ERR(feed(&b, text("hello!"), 2, got, &left), ERR_LIMIT);
	CHECK_ERR(http_body_end(&b, NULL), ERR_TRUNCATED);
}

TEST(without_a_body_everything_is_the_next_message)
{
	const struct http_head h = head_of(HTTP_NO_BODY, 0);
	struct bytes in = text("GET"), data;
	struct http_body b;

	CHECK_OK(http_body_init(&b, &h, 0, NULL));
	CHECK_OK(http_body_next(&b, &in, &data, NULL));
	CHECK(in.len == 3 && data.len == 0 && http_body_done(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunked_bodies_decode_at_any_cut),
		cmocka_unit_test(chunked_bodies_end_only_at_their_end),
		cmocka_unit_test(chunks_are_strict),
		cmocka_unit_test(what_is_dropped_is_bounded),
		cmocka_unit_test(a_length_ends_the_body_to_the_byte),
		cmocka_unit_test(a_length_above_the_limit_is_refused_at_once),
		cmocka_unit_test(a_body_until_close_is_bounded_too),
		cmocka_unit_test(without_a_body_everything_is_the_next_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
