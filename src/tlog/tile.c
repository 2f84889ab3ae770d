/* Coordinates, paths and bundles of tlog-tiles; see tile.h. */
#include "tlog/tile.h"

#include "base/assert.h"
#include "base/rd.h"
#include "tlog/text.h"

#define LEVEL_BITS 8
#define GROUPS_MAX 6 /* of three digits each: TLOG_TILE_INDEX_MAX */

/* ---- paths ---------------------------------------------------------------- */

size_t tlog_tile_path(
    char out[TLOG_TILE_PATH_MAX], const struct tlog_tile *tile)
{
	struct wr w = wr_init(out, TLOG_TILE_PATH_MAX);
	unsigned group[GROUPS_MAX], n = 0;
	uint64_t index = tile->index;

	assert(tile->width >= 1 && tile->width <= TLOG_TILE_WIDTH);
	assert(index <= TLOG_TILE_INDEX_MAX);
	assert(tile->level <= (tile->entries ? 0 : TLOG_TILE_LEVEL_MAX));
	if (tile->entries)
		wr_str(&w, "tile/entries");
	else
		wr_fmt(&w, "tile/%u", tile->level);
	do { /* lowest group first */
		group[n++] = (unsigned)(index % 1000);
		index /= 1000;
	} while (index > 0);
	while (--n > 0)
		wr_fmt(&w, "/x%03u", group[n]);
	wr_fmt(&w, "/%03u", group[0]);
	if (tile->width < TLOG_TILE_WIDTH)
		wr_fmt(&w, ".p/%u", tile->width);
	wr_u8(&w, 0);
	assert(w.err == ERR_OK);
	return w.len - 1;
}

/* Is `word` next? Steps over it if so. */
static bool skip(struct rd *r, const char *word)
{
	const size_t n = mem_strlen(word);

	if (n > rd_left(r) ||
	    !mem_eq_str((struct bytes){ r->p + r->off, n }, word))
		return false;
	r->off += n;
	return true;
}

/* Decimal without leading zero up to a slash, which stays, or to the end. */
static uint64_t take_number(struct rd *r, uint64_t max)
{
	struct bytes digits = { r->p + r->off, 0 };
	uint64_t v = 0;
	enum err e;

	while (digits.len < rd_left(r) && digits.p[digits.len] != '/')
		digits.len++;
	e = tlog_text_decimal(&v, digits, max);
	if (e != ERR_OK)
		rd_fail(r, e);
	else
		r->off += digits.len;
	return v;
}

static unsigned take_group(struct rd *r)
{
	unsigned v = 0;

	for (int i = 0; i < 3; i++, r->off++) {
		const unsigned c = rd_left(r) > 0 ? r->p[r->off] : 0U;

		if (c < '0' || c > '9') {
			rd_fail(r, ERR_FORMAT);
			return 0;
		}
		v = v * 10 + c - '0';
	}
	return v;
}

/* Groups of three digits, all but the last after an x, none needlessly zero.
 * L-103 */
static uint64_t take_index(struct rd *r)
{
	uint64_t index = 0;

	for (unsigned n = 1; r->err == ERR_OK; n++) {
		const bool more = skip(r, "x");
		const unsigned v = take_group(r);

		if (n > GROUPS_MAX)
			rd_fail(r, ERR_LIMIT);
		index = index * 1000 + v;
		if (!more)
			break;
		if (index == 0 || !skip(r, "/"))
			rd_fail(r, ERR_FORMAT);
	}
	return index;
}

enum err tlog_tile_path_parse(
    struct tlog_tile *out, struct bytes path, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(path);
	struct tlog_tile t = { .width = TLOG_TILE_WIDTH };

	memset(out, 0, sizeof(*out));
	if (!skip(&r, "tile/"))
		rd_fail(&r, ERR_FORMAT);
	else if (skip(&r, "entries"))
		t.entries = true;
	else
		t.level = (unsigned)take_number(&r, TLOG_TILE_LEVEL_MAX);
	if (!skip(&r, "/"))
		rd_fail(&r, ERR_FORMAT);
	t.index = take_index(&r);
	if (r.err == ERR_OK && skip(&r, ".p/")) {
		t.width = (unsigned)take_number(&r, TLOG_TILE_WIDTH - 1);
		if (t.width == 0)
			rd_fail(&r, ERR_FORMAT);
	}
	if (r.err == ERR_OK && rd_left(&r) == 0) {
		*out = t;
		return ERR_OK;
	}
	return err_set(ctx, r.err == ERR_LIMIT ? ERR_LIMIT : ERR_FORMAT,
	    "tile path: wrong or too large at byte %zu", r.off);
}

/* ---- coordinates ---------------------------------------------------------- */

/* Hashes that a tree has at this level, above the last of which is nothing. */
static uint64_t hashes(uint64_t size, unsigned level)
{
	return level * LEVEL_BITS < 64 ? size >> (level * LEVEL_BITS) : 0;
}

uint64_t tlog_tile_full(uint64_t size, unsigned level)
{
	return hashes(size, level) / TLOG_TILE_WIDTH;
}

unsigned tlog_tile_partial(uint64_t size, unsigned level)
{
	return (unsigned)(hashes(size, level) % TLOG_TILE_WIDTH);
}

struct tlog_tile tlog_tile_of(uint64_t size, unsigned level, uint64_t hash)
{
	struct tlog_tile t = { .level = level,
		.index = hash / TLOG_TILE_WIDTH,
		.width = TLOG_TILE_WIDTH };

	assert(hash < hashes(size, level));
	if (t.index == tlog_tile_full(size, level))
		t.width = tlog_tile_partial(size, level);
	return t;
}

void tlog_tile_hash(
    struct tlog_hash *out, const struct tlog_hash hash[TLOG_TILE_WIDTH])
{
	tlog_root(out, hash, TLOG_TILE_WIDTH);
}

/* ---- bundles -------------------------------------------------------------- */

void tlog_bundle_add(struct wr *w, struct bytes entry)
{
	assert(entry.len >= 1 && entry.len <= TLOG_ENTRY_LEN_MAX);
	wr_u16be(w, (uint16_t)entry.len);
	wr_bytes(w, entry);
}

enum err tlog_bundle_parse(
    struct bytes bundle, unsigned width, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(bundle);

	for (unsigned i = 0; i < width; i++) {
		const size_t n = rd_u16be(&r);

		(void)rd_take(&r, n);
		if (r.err != ERR_OK)
			return err_set(ctx, r.err,
			    "bundle: ends in entry %u of %u", i, width);
	}
	if (rd_left(&r) != 0)
		return err_set(ctx, ERR_TRAILING,
		    "bundle: %zu bytes after entry %u, its last", rd_left(&r),
		    width);
	return ERR_OK;
}

bool tlog_bundle_next(struct bytes *rest, struct bytes *entry)
{
	struct rd r = rd_bytes_init(*rest);
	const size_t n = rd_u16be(&r);

	*entry = rd_take(&r, n);
	if (r.err != ERR_OK)
		return false;
	*rest = (struct bytes){ rest->p + r.off, rest->len - r.off };
	return true;
}
