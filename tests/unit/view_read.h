/* Reading from a view and looking at what it said; leaves to make tiles of. */
#ifndef CONFER_TESTS_UNIT_VIEW_READ_H
#define CONFER_TESTS_UNIT_VIEW_READ_H

#include "test.h"

#include "logd/view.h"

/* What was read last, and what was said. */
static struct err_ctx why;
static uint8_t buf[LOGD_BUNDLE_LEN_MAX];
static size_t len;

static inline void check_says(const char *text)
{
	if (strstr(why.msg, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.msg, text);
}

static inline enum err read_cap(
    const struct logd_view *v, const char *path, size_t cap)
{
	enum err e;

	why = (struct err_ctx){ 0 };
	len = 99;
	e = logd_view_read(v, path, buf, cap, &len, &why);
	CHECK_EQ(why.code, e);
	CHECK((e == ERR_OK) == (why.msg[0] == '\0'));
	CHECK(e == ERR_OK || len == 0);
	return e;
}

static inline enum err read_it(const struct logd_view *v, const char *path)
{
	return read_cap(v, path, 64);
}

static inline enum err tile_cap(
    const struct logd_view *v, const struct tlog_tile *tile, size_t cap)
{
	enum err e;

	why = (struct err_ctx){ 0 };
	e = logd_view_tile(v, tile, buf, cap, &len, &why);
	CHECK(e == ERR_OK || len == 0);
	return e;
}

static inline enum err tile_it(
    const struct logd_view *v, const struct tlog_tile *tile)
{
	return tile_cap(v, tile, sizeof(buf));
}

static struct tlog_hash leaf[512];

static inline int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 512; i++) {
		uint8_t b[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		tlog_leaf_hash(&leaf[i], (struct bytes){ b, sizeof(b) });
	}
	return 0;
}

static inline struct bytes leaves(size_t first, size_t n)
{
	return (struct bytes){ leaf[first].b, n * sizeof(leaf[0]) };
}

static const struct tlog_tile partial = { .index = 1, .width = 44 };
static const struct tlog_tile whole = { .index = 1, .width = 256 };

#endif
