/* URLs: their parts, and what is refused. */
#include "test.h"

#include "http/url.h"

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void check_refused(const char *s, enum err want, const char *says)
{
	struct err_ctx ctx = { 0 };
	struct http_url u;

	memset(&u, 0xa5, sizeof(u));
	CHECK_ERR(http_url_parse(&u, text(s), &ctx), want);
	CHECK(mem_is_zero(&u, sizeof(u)));
	if (strstr(ctx.msg, says) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", s, ctx.msg, says);
}

TEST(url_parse_finds_the_parts)
{
	static const struct {
		const char *url, *host, *target, *host_field;
		unsigned port;
		bool tls, ip, ipv6, query;
	} rows[] = {
		{ "https://kdsintf.amd.com/vcek/v1/Milan/crl",
		    "kdsintf.amd.com", "/vcek/v1/Milan/crl", "kdsintf.amd.com",
		    443, true, false, false, false },
		{ "http://localhost:8080/a?b=c&d=%41?/", "localhost",
		    "/a?b=c&d=%41?/", "localhost:8080", 8080, false, false,
		    false, true },
		{ "http://127.0.0.1", "127.0.0.1", "/", "127.0.0.1", 80, false,
		    true, false, false },
		{ "https://[::1]:65535/", "::1", "/", "[::1]:65535", 65535,
		    true, true, true, false },
		{ "https://[2001:db8::7]:443/x", "2001:db8::7", "/x",
		    "[2001:db8::7]", 443, true, true, true, false },
		{ "http://a-b.c1.EXAMPLE:1/", "a-b.c1.EXAMPLE", "/",
		    "a-b.c1.EXAMPLE:1", 1, false, false, false, false },
		{ "http://1and1.example/", "1and1.example", "/",
		    "1and1.example", 80, false, false, false, false },
	};
	char field[300];
	struct http_url u;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wr w = wr_init(field, sizeof(field));

		CHECK_OK(http_url_parse(&u, text(rows[i].url), NULL));
		CHECK(mem_eq_str(u.host, rows[i].host));
		CHECK(mem_eq_str(u.target, rows[i].target));
		CHECK_EQ(u.port, rows[i].port);
		CHECK_EQ(u.tls, rows[i].tls);
		CHECK_EQ(u.ip, rows[i].ip);
		CHECK_EQ(u.ipv6, rows[i].ipv6);
		CHECK_EQ(u.query, rows[i].query);
		http_url_write_host(&w, &u);
		CHECK_OK(w.err);
		CHECK(mem_eq_str(
		    (struct bytes){ w.p, w.len }, rows[i].host_field));
	}
}

TEST(url_parse_refuses_other_schemes)
{
	check_refused("", ERR_UNSUPPORTED, "https://");
	check_refused("http:/x", ERR_UNSUPPORTED, "https://");
	check_refused("HTTPS://x/", ERR_UNSUPPORTED, "https://");
	check_refused("ftp://x/", ERR_UNSUPPORTED, "https://");
	check_refused("file:///etc/passwd", ERR_UNSUPPORTED, "https://");
	check_refused(" https://x/", ERR_UNSUPPORTED, "https://");
}

TEST(url_parse_refuses_bad_hosts)
{
	check_refused("https://", ERR_FORMAT, "no host");
	check_refused("https:///x", ERR_FORMAT, "no host");
	check_refused("https://:80/", ERR_FORMAT, "no host");
	check_refused("https://user@host/", ERR_FORMAT, "a user");
	check_refused("https://user:pw@host/", ERR_FORMAT, "a user");
	check_refused("https://a_b/", ERR_FORMAT, "no host name has");
	check_refused("https://a b/", ERR_FORMAT, "no host name has");
	check_refused("https://a%2eb/", ERR_FORMAT, "no host name has");
	check_refused("https://\xc3\xa4.de/", ERR_FORMAT, "no host name has");
	check_refused("https://a\\b/", ERR_FORMAT, "no host name has");
	check_refused("https://a..b/", ERR_FORMAT, "empty");
	check_refused("https://.a/", ERR_FORMAT, "empty");
	check_refused("https://a./", ERR_FORMAT, "empty");
	check_refused("https://-a.b/", ERR_FORMAT, "begins or ends with -");
	check_refused("https://a-.b/", ERR_FORMAT, "begins or ends with -");
	check_refused("https://127.1/", ERR_FORMAT, "no IPv4 address");
	check_refused("https://0x7f.0.0.0x1/", ERR_FORMAT, "no IPv4 address");
	check_refused("https://2130706433/", ERR_FORMAT, "no IPv4 address");
	check_refused("https://1.2.3.256/", ERR_FORMAT, "no IPv4 address");
	check_refused("https://1.2.3.04/", ERR_FORMAT, "no IPv4 address");
	check_refused("https://1.2.3.4.5/", ERR_FORMAT, "no IPv4 address");
	check_refused("https://[]/", ERR_FORMAT, "no host");
	check_refused("https://[::1/", ERR_FORMAT, "no ]");
	check_refused("https://[::1]x/", ERR_FORMAT, "follows the host");
	check_refused("https://[1.2.3.4]/", ERR_FORMAT, "no IPv6");
	check_refused("https://[fe80::1%25eth0]/", ERR_FORMAT, "no IPv6");
	check_refused("https://[1111:2222:3333:4444:5555:6666:111.111.111.1111]"
		      "/",
	    ERR_FORMAT, "no IPv6");
}

TEST(url_parse_refuses_bad_ports)
{
	check_refused("https://a:/", ERR_FORMAT, "1 to 65535");
	check_refused("https://a:0/", ERR_FORMAT, "no number");
	check_refused("https://a:080/", ERR_FORMAT, "no number");
	check_refused("https://a:65536/", ERR_FORMAT, "1 to 65535");
	check_refused("https://a:123456/", ERR_FORMAT, "no number");
	check_refused("https://a:-1/", ERR_FORMAT, "no number");
	check_refused("https://a:80:80/", ERR_FORMAT, "no number");
}

TEST(url_parse_refuses_bad_targets)
{
	check_refused("https://a?x", ERR_FORMAT, "begin with /");
	check_refused("https://a#x", ERR_FORMAT, "begin with /");
	check_refused("https://a/#x", ERR_FORMAT, "fragment");
	check_refused("https://a/b c", ERR_FORMAT, "escaped");
	check_refused("https://a/\r\nX: y", ERR_FORMAT, "escaped");
	check_refused("https://a/\"", ERR_FORMAT, "escaped");
	check_refused("https://a/\xc3\xa4", ERR_FORMAT, "escaped");
	check_refused("https://a/%", ERR_FORMAT, "two digits");
	check_refused("https://a/%4", ERR_FORMAT, "two digits");
	check_refused("https://a/%4x", ERR_FORMAT, "two digits");
}

TEST(url_parse_has_limits)
{
	char url[HTTP_URL_LEN_MAX + 2];
	struct http_url u;

	memset(url, 'a', sizeof(url));
	memcpy(url, "http://h/", 9);
	url[HTTP_URL_LEN_MAX] = '\0';
	CHECK_OK(http_url_parse(&u, text(url), NULL));
	url[HTTP_URL_LEN_MAX] = 'a';
	url[HTTP_URL_LEN_MAX + 1] = '\0';
	check_refused(url, ERR_LIMIT, "2049 bytes");

	for (size_t i = 7; i < 7 + HTTP_HOST_LEN_MAX; i++)
		url[i] = (i - 6) % 50 == 0 ? '.' : 'a';
	url[7 + HTTP_HOST_LEN_MAX] = '\0';
	CHECK_OK(http_url_parse(&u, text(url), NULL));
	url[7 + HTTP_HOST_LEN_MAX] = 'a';
	url[8 + HTTP_HOST_LEN_MAX] = '\0';
	check_refused(url, ERR_LIMIT, "254 bytes");

	memset(url + 7, 'a', 64);
	url[7 + 63] = '\0';
	CHECK_OK(http_url_parse(&u, text(url), NULL));
	url[7 + 63] = 'a';
	url[7 + 64] = '\0';
	check_refused(url, ERR_FORMAT, "too long");
}

TEST(url_parse_has_an_answer_to_every_prefix)
{
	static const char whole[] = "https://[::1]:8443/a%20b?c=d";
	struct err_ctx ctx;
	struct http_url u;

	for (size_t n = 0; n < strlen(whole); n++) {
		ctx = (struct err_ctx){ 0 };
		if (http_url_parse(&u,
			(struct bytes){ (const uint8_t *)whole, n },
			&ctx) == ERR_OK)
			CHECK(u.ipv6 && u.target.p[0] == '/');
		else
			CHECK(ctx.msg[0] != '\0' && mem_is_zero(&u, sizeof(u)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_parse_finds_the_parts),
		cmocka_unit_test(url_parse_refuses_other_schemes),
		cmocka_unit_test(url_parse_refuses_bad_hosts),
		cmocka_unit_test(url_parse_refuses_bad_ports),
		cmocka_unit_test(url_parse_refuses_bad_targets),
		cmocka_unit_test(url_parse_has_limits),
		cmocka_unit_test(url_parse_has_an_answer_to_every_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
