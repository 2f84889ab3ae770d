/* Dates: edges of the calendar by hand, and every day against the C library. */
#include "test.h"

#include <time.h>

#include "base/utc.h"

TEST(utc_knows_the_edges_of_the_calendar)
{
	static const struct {
		uint64_t at;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01 00:00 UTC" },
		{ 951782399, "2000-02-28 23:59 UTC" },
		{ 951782400, "2000-02-29 00:00 UTC" },
		{ 1795361343, "2026-11-22 15:29 UTC" },
		{ 4107542400, "2100-03-01 00:00 UTC" },
		{ 253402300799, "9999-12-31 23:59 UTC" },
		{ 253402300800, "after the year 9999" },
		{ UINT64_MAX, "after the year 9999" },
	};
	char text[UTC_TEXT_LEN + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		utc_format(text, cases[i].at);
		CHECK_STR(text, cases[i].text);
	}
}

TEST(utc_agrees_with_the_library_on_every_day_of_300_years)
{
	for (time_t day = 0; day < 300 * 366; day++) {
		time_t at = day * 86400 + day % 86400;
		char want[32], got[UTC_TEXT_LEN + 1];
		struct tm tm;

		gmtime_r(&at, &tm);
		strftime(want, sizeof(want), "%Y-%m-%d %H:%M UTC", &tm);
		utc_format(got, (uint64_t)at);
		CHECK_STR(got, want);
	}
}

static enum err read_text(uint64_t *at, const char *text)
{
	return utc_from_text(
	    at, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

TEST(utc_reads_what_the_library_writes_on_every_day_of_300_years)
{
	for (time_t day = 0; day < 300 * 366; day++) {
		time_t at = day * 86400 + day % 86400;
		char text[32];
		struct tm tm;
		uint64_t got;

		gmtime_r(&at, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		CHECK_OK(read_text(&got, text));
		CHECK_EQ(got, (uint64_t)at);
	}
}

TEST(utc_reads_the_edges_of_the_calendar)
{
	uint64_t at;

	CHECK_OK(read_text(&at, "1970-01-01T00:00:00Z"));
	CHECK_EQ(at, 0);
	CHECK_OK(read_text(&at, "2000-02-29T23:59:59Z"));
	CHECK_EQ(at, 951868799);
	CHECK_OK(read_text(&at, "9999-12-31T23:59:59Z"));
	CHECK_EQ(at, 253402300799);
}

TEST(utc_refuses_days_and_times_that_do_not_exist)
{
	static const char *const bad[] = { "1969-12-31T23:59:59Z",
		"2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
		"2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
		"2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:60Z", "2026-01-01T00:00:00z",
		"2026-01-01 00:00:00Z", "2026/01-01T00:00:00Z",
		"2026-01-01T00:00:0/Z", "2026-01-01T00:00:0:Z", "" };
	static const char good[] = "2026-11-22T15:04:05Z";
	uint64_t at;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		at = 1;
		CHECK_ERR(read_text(&at, bad[i]), ERR_FORMAT);
		CHECK_EQ(at, 0);
	}
	for (size_t n = 0; n < sizeof(good); n++) {
		struct bytes text = { (const uint8_t *)good, n };

		CHECK_ERR(utc_from_text(&at, text),
		    n == sizeof(good) - 1 ? ERR_OK : ERR_FORMAT);
	}
	CHECK_ERR(utc_from_text(&at,
		      (struct bytes){ (const uint8_t *)good, sizeof(good) }),
	    ERR_FORMAT);
	CHECK_ERR(
	    utc_seconds(
		&at, &(struct utc_date){ .year = 10000, .month = 1, .day = 1 }),
	    ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc_knows_the_edges_of_the_calendar),
		cmocka_unit_test(
		    utc_agrees_with_the_library_on_every_day_of_300_years),
		cmocka_unit_test(
		    utc_reads_what_the_library_writes_on_every_day_of_300_years),
		cmocka_unit_test(utc_reads_the_edges_of_the_calendar),
		cmocka_unit_test(utc_refuses_days_and_times_that_do_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
