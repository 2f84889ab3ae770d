/* Civil dates and counts of days, by eras of 400 years; see utc.h. */
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

/* The inverse of civil_from_days(). */
static uint64_t days_from_civil(const struct utc_date *d)
{
	uint32_t year = d->month <= 2 ? d->year - 1 : d->year;
	uint32_t mp = d->month <= 2 ? d->month + 9 : d->month - 3;
	uint32_t yoe = year % 400, doy = (153 * mp + 2) / 5 + d->day - 1;
	uint32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (uint64_t)year / 400 * ERA_DAYS + doe - EPOCH_FROM_ERA;
}

/* Is there such a day? Then counting there and back ends at it. */
static bool day_exists(const struct utc_date *d)
{
	struct civil c;

	if (d->year < 1970 || d->year > 9999 || d->month < 1 || d->month > 12 ||
	    d->day < 1 || d->day > 31)
		return false;
	c = civil_from_days((uint32_t)days_from_civil(d));
	return c.day == d->day && c.month == d->month;
}

enum err utc_seconds(uint64_t *unix_s, const struct utc_date *d)
{
	*unix_s = 0;
	if (!day_exists(d) || d->hour > 23 || d->minute > 59 || d->second > 59)
		return ERR_FORMAT;
	*unix_s = days_from_civil(d) * DAY_S + d->hour * 3600 + d->minute * 60 +
		  d->second;
	return ERR_OK;
}

enum err utc_from_text(uint64_t *unix_s, struct bytes text)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	struct utc_date d = { 0 };
	uint32_t *const part[] = { &d.year, &d.month, &d.day, &d.hour,
		&d.minute, &d.second };
	size_t at = 0;

	*unix_s = 0;
	if (text.len != sizeof(form) - 1)
		return ERR_FORMAT;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];

		if (form[i] != '0') {
			if (c != (uint8_t)form[i])
				return ERR_FORMAT;
			at++;
		} else if (c < '0' || c > '9') {
			return ERR_FORMAT;
		} else {
			*part[at] = *part[at] * 10 + (uint32_t)(c - '0');
		}
	}
	return utc_seconds(unix_s, &d);
}
