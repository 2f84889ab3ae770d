/* Civil dates from a count of days, by eras of 400 years; see utc.h. */
#include "base/utc.h"

#include "base/fmt.h"

#define DAY_S          86400
#define YEAR_10000_S   253402300800 /* 10000-01-01 00:00 UTC */
#define ERA_DAYS       146097       /* days in 400 years */
#define EPOCH_FROM_ERA 719468       /* days from 0000-03-01 to 1970-01-01 */

struct civil {
	uint32_t year;
	uint32_t month;
	uint32_t day;
};

/*
 * Years are counted from March, so that the leap day comes last and the lengths
 * of months follow (153 m + 2) / 5.
 */
static struct civil civil_from_days(uint32_t days)
{
	uint32_t z = days + EPOCH_FROM_ERA;
	uint32_t era = z / ERA_DAYS, doe = z % ERA_DAYS;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (5 * doy + 2) / 153;
	struct civil c = { .day = doy - (153 * mp + 2) / 5 + 1,
		.month = mp < 10 ? mp + 3 : mp - 9,
		.year = yoe + era * 400 };

	c.year += c.month <= 2;
	return c;
}

void utc_format(char out[UTC_TEXT_LEN + 1], uint64_t unix_s)
{
	uint32_t in_day = (uint32_t)(unix_s % DAY_S);
	struct civil c;

	if (unix_s >= YEAR_10000_S) {
		(void)fmt_print(out, UTC_TEXT_LEN + 1, "after the year 9999");
		return;
	}
	c = civil_from_days((uint32_t)(unix_s / DAY_S));
	(void)fmt_print(out, UTC_TEXT_LEN + 1, "%04u-%02u-%02u %02u:%02u UTC",
	    c.year, c.month, c.day, in_day / 3600, in_day / 60 % 60);
}
