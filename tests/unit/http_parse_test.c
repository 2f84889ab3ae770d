/* Heads of requests and responses: what they mean, and what is refused. */
#include "test.h"

#include "http/http.h"

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

typedef enum err parse_fn(
    struct http_head *out, struct bytes in, struct err_ctx *ctx);

/* Refused with this code and a message that says so; *out is zero. */
static void check_refused(
    parse_fn *parse, struct bytes in, enum err want, const char *says)
{
	struct err_ctx ctx = { 0 };
	struct http_head h;

	memset(&h, 0xa5, sizeof(h));
	CHECK_ERR(parse(&h, in, &ctx), want);
	CHECK(mem_is_zero(&h, sizeof(h)));
	if (strstr(ctx.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, says);
}

static void check_value(
    const struct http_head *h, const char *name, const char *want)
{
	struct bytes v;

	CHECK_OK(http_field_get(h, name, &v));
	CHECK(mem_eq_str(v, want));
}

static const char answer[] = "HTTP/1.1 200 OK\r\n"
			     "Content-Type: application/json\r\n"
			     "TCB-Info-Issuer-Chain:\t a%20b \r\n"
			     "X-Empty:\r\n"
			     "Content-Length: 12\r\n"
			     "\r\n";

static const char question[] = "POST /add?x=1 HTTP/1.1\r\n"
			       "Host: log.example:8443\r\n"
			       "Connection: Upgrade, close\r\n"
			       "Transfer-Encoding: Chunked\r\n"
			       "\r\n";

TEST(response_parse_reads_status_and_fields)
{
	struct http_head h;

	CHECK_OK(http_response_parse(&h, text(answer), NULL));
	CHECK_EQ(h.status, 200);
	CHECK(mem_eq_str(h.reason, "OK"));
	CHECK_EQ(h.minor, 1);
	CHECK_EQ(h.fields, 4);
	check_value(&h, "content-TYPE", "application/json");
	check_value(&h, "tcb-info-issuer-chain", "a%20b");
	check_value(&h, "X-Empty", "");
	CHECK_EQ(h.framing, HTTP_LENGTH);
	CHECK_EQ(h.length, 12);
	CHECK(h.keep_alive);
	CHECK(h.method.len == 0 && h.target.len == 0);
}

TEST(response_parse_accepts_a_status_without_a_phrase)
{
	struct http_head h;

	CHECK_OK(http_response_parse(&h, text("HTTP/1.1 404 \r\n\r\n"), NULL));
	CHECK(h.status == 404 && h.reason.len == 0);
	CHECK_OK(http_response_parse(&h, text("HTTP/1.0 503\r\n\r\n"), NULL));
	CHECK(h.status == 503 && h.minor == 0 && !h.keep_alive);
}

TEST(request_parse_reads_method_target_and_fields)
{
	struct http_head h;

	CHECK_OK(http_request_parse(&h, text(question), NULL));
	CHECK(mem_eq_str(h.method, "POST"));
	CHECK(mem_eq_str(h.target, "/add?x=1"));
	check_value(&h, "host", "log.example:8443");
	CHECK_EQ(h.framing, HTTP_CHUNKED);
	CHECK(!h.keep_alive);
	CHECK(http_field_has(&h, "Connection", "upgrade"));
	CHECK(http_field_has(&h, "connection", "CLOSE"));
	CHECK(!http_field_has(&h, "Connection", "upgrad"));
	CHECK(!http_field_has(&h, "Connection", "keep-alive"));
	CHECK(!http_field_has(&h, "Upgrade", "websocket"));
	CHECK_EQ(h.status, 0);
}

TEST(heads_are_refused_at_every_truncation)
{
	for (size_t n = 0; n < strlen(answer); n++)
		check_refused(http_response_parse,
		    (struct bytes){ (const uint8_t *)answer, n }, ERR_TRUNCATED,
		    "before its blank line");
	for (size_t n = 0; n < strlen(question); n++)
		check_refused(http_request_parse,
		    (struct bytes){ (const uint8_t *)question, n },
		    ERR_TRUNCATED, "before its blank line");
	check_refused(http_response_parse, (struct bytes){ NULL, 0 },
	    ERR_TRUNCATED, "offset 0");
}

TEST(heads_are_refused_with_bytes_behind_them)
{
	check_refused(http_response_parse, text("HTTP/1.1 200 OK\r\n\r\nx"),
	    ERR_TRAILING, "1 bytes after");
	check_refused(http_request_parse, text("GET / HTTP/1.0\r\n\r\n\r\n"),
	    ERR_TRAILING, "2 bytes after");
}

TEST(start_lines_are_strict)
{
	static const struct {
		parse_fn *parse;
		const char *line;
		enum err want;
		const char *says;
	} bad[] = {
		{ http_response_parse, "SSH-2.0-x", ERR_FORMAT, "not HTTP" },
		{ http_response_parse, "HTTP/2 200 OK", ERR_UNSUPPORTED,
		    "version" },
		{ http_response_parse, "HTTP/1.2 200 OK", ERR_UNSUPPORTED,
		    "version" },
		{ http_response_parse, "http/1.1 200 OK", ERR_FORMAT,
		    "not HTTP" },
		{ http_response_parse, "HTTP/1.1", ERR_FORMAT, "digits" },
		{ http_response_parse, "HTTP/1.1 20", ERR_FORMAT, "digits" },
		{ http_response_parse, "HTTP/1.1 2x0 OK", ERR_FORMAT,
		    "digits" },
		{ http_response_parse, "HTTP/1.1 2000", ERR_FORMAT, "digits" },
		{ http_response_parse, "HTTP/1.1  200 OK", ERR_FORMAT,
		    "digits" },
		{ http_response_parse, "HTTP/1.1 099 OK", ERR_FORMAT,
		    "status 99" },
		{ http_response_parse, "HTTP/1.1 600 OK", ERR_FORMAT,
		    "status 600" },
		{ http_request_parse, "GET", ERR_FORMAT, "request line" },
		{ http_request_parse, "GET /", ERR_FORMAT, "request line" },
		{ http_request_parse, " GET / HTTP/1.0", ERR_FORMAT,
		    "request line" },
		{ http_request_parse, "G(T / HTTP/1.0", ERR_FORMAT,
		    "request line" },
		{ http_request_parse, "GET  / HTTP/1.0", ERR_UNSUPPORTED,
		    "not a path" },
		{ http_request_parse, "GET /  HTTP/1.0", ERR_FORMAT,
		    "not HTTP" },
		{ http_request_parse, "GET x HTTP/1.0", ERR_UNSUPPORTED,
		    "not a path" },
		{ http_request_parse, "OPTIONS * HTTP/1.0", ERR_UNSUPPORTED,
		    "not a path" },
		{ http_request_parse, "GET http://h/ HTTP/1.0", ERR_UNSUPPORTED,
		    "not a path" },
		{ http_request_parse, "GET /#a HTTP/1.0", ERR_FORMAT,
		    "byte 23 in the target" },
		{ http_request_parse, "GET /\t HTTP/1.0", ERR_FORMAT,
		    "byte 09 in the target" },
		{ http_request_parse, "GET /\xc3\xa4 HTTP/1.0", ERR_FORMAT,
		    "byte c3 in the target" },
		{ http_request_parse, "GET / HTTP/3.0", ERR_UNSUPPORTED,
		    "version" },
	};
	char head[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(head, sizeof(head), "%s\r\n\r\n", bad[i].line);
		check_refused(
		    bad[i].parse, text(head), bad[i].want, bad[i].says);
	}
}

TEST(fields_are_strict)
{
	static const struct {
		const char *fields;
		enum err want;
		const char *says;
	} bad[] = {
		{ " A: folded\r\n", ERR_FORMAT, "folded line at offset 17" },
		{ "A: b\r\n\tc\r\n", ERR_FORMAT, "folded line at offset 23" },
		{ "A : b\r\n", ERR_FORMAT, "no field name at offset 17" },
		{ ": b\r\n", ERR_FORMAT, "no field name" },
		{ "A\r\n", ERR_FORMAT, "no field name" },
		{ "A\xe4: b\r\n", ERR_FORMAT, "no field name" },
		{ "A: b\rC: d\r\n", ERR_FORMAT, "0d at offset 21" },
		{ "A: b\nC: d\r\n", ERR_FORMAT, "0a at offset 21" },
		{ "A: \x1b[2J\r\n", ERR_FORMAT, "1b at offset 20" },
		{ "A: \x7f\r\n", ERR_FORMAT, "7f at offset 20" },
		{ "Content-Length: 5\r\nContent-Length: 5\r\n", ERR_FORMAT,
		    "Content-Length occurs twice" },
		{ "Content-Length: 5, 5\r\n", ERR_FORMAT, "not a number" },
		{ "Content-Length: +5\r\n", ERR_FORMAT, "not a number" },
		{ "Content-Length: -1\r\n", ERR_FORMAT, "not a number" },
		{ "Content-Length: 0x5\r\n", ERR_FORMAT, "not a number" },
		{ "Content-Length:\r\n", ERR_FORMAT, "is empty" },
		{ "Content-Length: 9223372036854775808\r\n", ERR_LIMIT,
		    "above 2^63" },
		{ "Content-Length: 99999999999999999999\r\n", ERR_LIMIT,
		    "above 2^63" },
		{ "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
		    ERR_FORMAT, "both" },
		{ "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
		  "chunked\r\n",
		    ERR_FORMAT, "Transfer-Encoding occurs twice" },
		{ "Transfer-Encoding: gzip, chunked\r\n", ERR_UNSUPPORTED,
		    "other than chunked" },
		{ "Transfer-Encoding: identity\r\n", ERR_UNSUPPORTED,
		    "other than chunked" },
	};
	char head[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n%s\r\n",
		    bad[i].fields);
		check_refused(
		    http_response_parse, text(head), bad[i].want, bad[i].says);
	}
	check_refused(http_response_parse,
	    (struct bytes){
		(const uint8_t *)"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 25 },
	    ERR_FORMAT, "00 at offset 20");
	check_refused(http_response_parse,
	    text("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
	    ERR_FORMAT, "in HTTP/1.0");
}

TEST(a_request_names_its_host_once)
{
	struct http_head h;

	check_refused(http_request_parse, text("GET / HTTP/1.1\r\n\r\n"),
	    ERR_FORMAT, "Host");
	check_refused(http_request_parse,
	    text("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), ERR_FORMAT,
	    "Host");
	check_refused(http_request_parse,
	    text("GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n"), ERR_FORMAT,
	    "Host");
	CHECK_OK(http_request_parse(&h, text("GET / HTTP/1.0\r\n\r\n"), NULL));
	CHECK_EQ(h.framing, HTTP_NO_BODY);
	CHECK(!h.keep_alive);
}

TEST(framing_follows_the_status)
{
	static const struct {
		const char *head;
		enum http_framing want;
	} rows[] = {
		{ "HTTP/1.1 200 OK\r\n\r\n", HTTP_UNTIL_CLOSE },
		{ "HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n",
		    HTTP_NO_BODY },
		{ "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n",
		    HTTP_NO_BODY },
		{ "HTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\n",
		    HTTP_NO_BODY },
		{ "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n",
		    HTTP_CHUNKED },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 007\r\n\r\n",
		    HTTP_LENGTH },
	};
	struct http_head h;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_OK(http_response_parse(&h, text(rows[i].head), NULL));
		CHECK_EQ(h.framing, rows[i].want);
		CHECK(h.framing == HTTP_LENGTH || h.length == 0);
	}
	CHECK_EQ(h.length, 7);
}

/* `start`, then a field whose name and value have these lengths, n times. */
static struct bytes built(
    const char *start, size_t n, size_t name_len, size_t value_len)
{
	static char head[HTTP_HEAD_LEN_MAX + 1024];
	char *p = head + snprintf(head, sizeof(head), "%s\r\n", start);

	for (size_t i = 0; i < n; i++) {
		memset(p, 'n', name_len);
		p += name_len;
		*p++ = ':';
		memset(p, 'v', value_len);
		p += value_len;
		*p++ = '\r';
		*p++ = '\n';
	}
	*p++ = '\r';
	*p++ = '\n';
	return (struct bytes){ (const uint8_t *)head, (size_t)(p - head) };
}

TEST(limits_of_a_head_hold_to_the_byte)
{
	static const char ok[] = "HTTP/1.1 200 OK";
	char line[HTTP_TARGET_LEN_MAX + 64];
	struct http_head h;
	const size_t rest = strlen(ok) + 2 + 4 + 2; /* all but two values */

	CHECK_OK(
	    http_response_parse(&h, built(ok, HTTP_FIELDS_MAX, 1, 1), NULL));
	check_refused(http_response_parse, built(ok, HTTP_FIELDS_MAX + 1, 1, 1),
	    ERR_LIMIT, "64 fields");
	CHECK_OK(
	    http_response_parse(&h, built(ok, 1, HTTP_NAME_LEN_MAX, 1), NULL));
	check_refused(http_response_parse,
	    built(ok, 1, HTTP_NAME_LEN_MAX + 1, 1), ERR_LIMIT, "name of 65");
	CHECK_OK(
	    http_response_parse(&h, built(ok, 1, 1, HTTP_VALUE_LEN_MAX), NULL));
	check_refused(http_response_parse,
	    built(ok, 1, 1, HTTP_VALUE_LEN_MAX + 1), ERR_LIMIT,
	    "value of 8193");
	/* Two fields of "n:" and CRLF: 8 bytes of frame. */
	CHECK_OK(http_response_parse(
	    &h, built(ok, 2, 1, (HTTP_HEAD_LEN_MAX - rest - 4) / 2), NULL));
	check_refused(http_response_parse, built(ok, 2, 1, 8190), ERR_LIMIT,
	    "16384 bytes");
	memset(line, 'a', sizeof(line));
	memcpy(line, "GET /", 5);
	memcpy(line + 4 + HTTP_TARGET_LEN_MAX, " HTTP/1.0", 10);
	CHECK_OK(http_request_parse(&h, built(line, 0, 0, 0), NULL));
	memcpy(line + 4 + HTTP_TARGET_LEN_MAX, "a HTTP/1.0", 11);
	check_refused(http_request_parse, built(line, 0, 0, 0), ERR_LIMIT,
	    "target of 4097");
	check_refused(http_request_parse,
	    text("ABCDEFGHIJKLMNOPQ / HTTP/1.0\r\n\r\n"), ERR_LIMIT,
	    "method of 17");
	CHECK_OK(http_request_parse(
	    &h, text("ABCDEFGHIJKLMNOP / HTTP/1.0\r\n\r\n"), NULL));
}

TEST(head_find_needs_the_whole_blank_line)
{
	static const char two[] = "HTTP/1.1 200 OK\r\n\r\nbody\r\n\r\n";
	size_t seen = 0, len = 0;

	/* In pieces of one byte, looking at each byte once. */
	for (size_t n = 0; n < 19; n++) {
		CHECK_ERR(
		    http_head_find((struct bytes){ (const uint8_t *)two, n },
			&seen, &len, NULL),
		    ERR_AGAIN);
		CHECK_EQ(seen, n);
		CHECK_EQ(len, 0);
	}
	CHECK_OK(http_head_find(text(two), &seen, &len, NULL));
	CHECK_EQ(len, 19);
	seen = 0;
	CHECK_OK(http_head_find(text("\r\n\r\n"), &seen, &len, NULL));
	CHECK_EQ(len, 4);
}

TEST(head_find_gives_up_at_the_limit)
{
	static uint8_t in[HTTP_HEAD_LEN_MAX];
	size_t seen = 0, len = 0;
	struct err_ctx ctx = { 0 };

	memset(in, 'a', sizeof(in));
	CHECK_ERR(http_head_find(
		      (struct bytes){ in, sizeof(in) - 1 }, &seen, &len, NULL),
	    ERR_AGAIN);
	CHECK_ERR(
	    http_head_find((struct bytes){ in, sizeof(in) }, &seen, &len, &ctx),
	    ERR_LIMIT);
	CHECK(strstr(ctx.msg, "16384 bytes") != NULL);
	memcpy(in + sizeof(in) - 4, "\r\n\r\n", 4);
	seen = 0;
	CHECK_OK(http_head_find(
	    (struct bytes){ in, sizeof(in) }, &seen, &len, NULL));
	CHECK_EQ(len, sizeof(in));
}

TEST(field_get_tells_none_from_several)
{
	struct http_head h;
	struct bytes v;

	CHECK_OK(http_response_parse(
	    &h, text("HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nB: 3\r\n\r\n"), NULL));
	CHECK_ERR(http_field_get(&h, "A", &v), ERR_FORMAT);
	CHECK_OK(http_field_get(&h, "b", &v));
	CHECK_ERR(http_field_get(&h, "C", &v), ERR_NOTFOUND);
	CHECK(v.p == NULL && v.len == 0);
	CHECK(http_field_has(&h, "A", "2"));
}

TEST(percent_decode_is_strict)
{
	uint8_t out[8];
	size_t n;

	CHECK_OK(http_percent_decode(out, 8, &n, text("a%41%2b+%0A")));
	CHECK_EQ(n, 5);
	CHECK_MEM(out, "aA++\n", 5);
	CHECK_OK(http_percent_decode(out, 0, &n, (struct bytes){ NULL, 0 }));
	CHECK_ERR(http_percent_decode(out, 8, &n, text("%")), ERR_FORMAT);
	CHECK_ERR(http_percent_decode(out, 8, &n, text("%4")), ERR_FORMAT);
	CHECK_ERR(http_percent_decode(out, 8, &n, text("%4g")), ERR_FORMAT);
	CHECK_ERR(http_percent_decode(out, 8, &n, text("%%41")), ERR_FORMAT);
	CHECK_ERR(http_percent_decode(out, 2, &n, text("abc")), ERR_NOSPACE);
	CHECK_EQ(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(response_parse_reads_status_and_fields),
		cmocka_unit_test(
		    response_parse_accepts_a_status_without_a_phrase),
		cmocka_unit_test(request_parse_reads_method_target_and_fields),
		cmocka_unit_test(heads_are_refused_at_every_truncation),
		cmocka_unit_test(heads_are_refused_with_bytes_behind_them),
		cmocka_unit_test(start_lines_are_strict),
		cmocka_unit_test(fields_are_strict),
		cmocka_unit_test(a_request_names_its_host_once),
		cmocka_unit_test(framing_follows_the_status),
		cmocka_unit_test(limits_of_a_head_hold_to_the_byte),
		cmocka_unit_test(head_find_needs_the_whole_blank_line),
		cmocka_unit_test(head_find_gives_up_at_the_limit),
		cmocka_unit_test(field_get_tells_none_from_several),
		cmocka_unit_test(percent_decode_is_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
