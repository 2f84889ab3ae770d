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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc_knows_the_edges_of_the_calendar),
		cmocka_unit_test(
		    utc_agrees_with_the_library_on_every_day_of_300_years),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
