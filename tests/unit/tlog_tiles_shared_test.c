/*
 * The public test vectors of tiles: paths, bytes that other programs wrote, and
 * a real log of 28,886,886 entries. Not part of the repository.
 */
#include "tlog_vectors.h"

#include "crypto/crypto.h"
#include "tlog/checkpoint.h"
#include "tlog/tree.h"

#define GOLDEN  500
#define TESSERA 15
#define MIRROR  300

static bool accept(const struct json *c)
{
	struct json v = member(c, "expect");

	CHECK(json_is_str(&v, "accept") || json_is_str(&v, "reject"));
	return json_is_str(&v, "accept");
}

static struct tlog_hash base64_hash(struct bytes text)
{
	struct tlog_hash h;
	size_t len;

	CHECK_OK(base64_decode(h.b, TLOG_HASH_LEN, &len, text));
	CHECK_EQ(len, TLOG_HASH_LEN);
	return h;
}

/* ---- paths.json ----------------------------------------------------------- */

TEST(paths_are_written_as_the_vectors_say_and_read_back)
{
	struct json file = load("tlog/tiles/paths.json"), c;
	struct json list = member(&file, "format");
	struct json_iter it = json_iter(&list);
	size_t done = 0;

	for (; json_next(&it, NULL, &c); done++) {
		const struct tlog_tile t = {
			.level = (unsigned)num(&c, "level"),
			.index = num(&c, "index"),
			.width = (unsigned)num(&c, "width"),
		};
		char path[TLOG_TILE_PATH_MAX];
		struct tlog_tile again;
		size_t n = tlog_tile_path(path, &t);

		CHECK_STR(path, str(&c, "path", NULL));
		CHECK_OK(tlog_tile_path_parse(
		    &again, (struct bytes){ (uint8_t *)path, n }, NULL));
		CHECK(!again.entries && again.level == t.level &&
		      again.index == t.index && again.width == t.width);
	}
	CHECK_EQ(done, 10);
}

TEST(the_bundle_of_an_entry_has_the_path_of_the_vectors)
{
	struct json file = load("tlog/tiles/paths.json"), c;
	struct json list = member(&file, "entry_bundle_for_index");
	struct json_iter it = json_iter(&list);
	size_t done = 0;

	for (; json_next(&it, NULL, &c); done++) {
		struct tlog_tile t =
		    tlog_tile_of(num(&c, "tree_size"), 0, num(&c, "index"));
		char path[TLOG_TILE_PATH_MAX];

		t.entries = true;
		(void)tlog_tile_path(path, &t);
		CHECK_STR(path, str(&c, "path", NULL));
	}
	CHECK_EQ(done, 7);
}

static size_t count_refused(const struct json *list)
{
	struct json_iter it = json_iter(list);
	size_t done = 0, len;
	struct json v;
	char path[256];

	for (; json_next(&it, NULL, &v); done++) {
		struct tlog_tile t;

		CHECK_OK(json_string(&v, (uint8_t *)path, sizeof(path), &len));
		if (tlog_tile_path_parse(&t,
			(struct bytes){ (uint8_t *)path, len }, NULL) == ERR_OK)
			fail_msg("%.*s", (int)len, path);
	}
	return done;
}

TEST(wrong_paths_and_second_spellings_are_refused)
{
	struct json file = load("tlog/tiles/paths.json");
	struct json list = member(&file, "parse_reject");
	struct json strict = member(&file, "parse_reject_strict");

	CHECK_EQ(count_refused(&list), 15);
	list = member(&strict, "paths");
	CHECK_EQ(count_refused(&list), 15);
}

TEST(sizes_have_the_tiles_of_the_vectors)
{
	struct json file = load("tlog/tiles/paths.json"), c, l;
	struct json list = member(&file, "tiles_for_size");
	struct json_iter it = json_iter(&list);
	size_t done = 0;

	for (; json_next(&it, NULL, &c); done++) {
		struct json levels = member(&c, "levels");
		struct json_iter lt = json_iter(&levels);
		const uint64_t size = num(&c, "size");
		unsigned level = 0;

		for (; json_next(&lt, NULL, &l); level++) {
			CHECK_EQ(num(&l, "level"), level);
			CHECK_EQ(tlog_tile_full(size, level), num(&l, "full"));
			CHECK_EQ(tlog_tile_partial(size, level),
			    num(&l, "partial_width"));
		}
		for (; level <= TLOG_TILE_LEVEL_MAX; level++)
			CHECK(tlog_tile_full(size, level) == 0 &&
			      tlog_tile_partial(size, level) == 0);
	}
	CHECK_EQ(done, 11);
}

TEST(bundles_have_their_verdicts)
{
	struct json file = load("tlog/tiles/paths.json"), c, v;
	struct json list = member(&file, "bundle_parse");
	struct json_iter it = json_iter(&list);
	size_t done = 0;

	for (; json_next(&it, NULL, &c); done++) {
		size_t n;
		char *hex = str(&c, "hex", &n);
		uint8_t raw[64];
		/* Of a refused one nobody says how many; it is wrong of any. */
		unsigned first = 0, last = TLOG_TILE_WIDTH;

		if (json_get(&c, "entries", &v))
			first = last = (unsigned)num(&c, "entries");
		unhex(raw, n / 2, hex);
		for (unsigned w = first; w <= last; w++)
			CHECK_EQ(tlog_bundle_parse((struct bytes){ raw, n / 2 },
				     w, NULL) == ERR_OK,
			    accept(&c));
	}
	CHECK_EQ(done, 4);
}

/* ---- golden500: the bytes of a log that grows ----------------------------- */

/* What a log has: its leaves, and the bundles of their entries. */
struct grown {
	struct tlog_range range;
	struct tlog_hash leaf[GOLDEN];
	uint8_t bundle[2][TLOG_TILE_WIDTH * 10];
	struct wr w[2];
};

static void grow(struct grown *g, size_t n)
{
	for (size_t i = 0; i < n && g->range.size < GOLDEN; i++) {
		const uint64_t at = g->range.size;
		uint8_t b[8];
		struct wr w = wr_init(b, sizeof(b));
		const struct bytes entry = { b, sizeof(b) };

		wr_u64be(&w, at);
		tlog_leaf_hash(&g->leaf[at], entry);
		tlog_bundle_add(&g->w[at / TLOG_TILE_WIDTH], entry);
		tlog_range_add(&g->range, &g->leaf[at]);
	}
}

/* The bytes of this tile; `up` holds a hash of level 1. */
static struct bytes golden_tile(
    const struct grown *g, const struct tlog_tile *t, struct tlog_hash *up)
{
	const size_t first = (size_t)t->index * TLOG_TILE_WIDTH;

	if (t->entries)
		return (struct bytes){ g->w[t->index].p, g->w[t->index].len };
	if (t->level == 0)
		return (struct bytes){ g->leaf[first].b,
			t->width * sizeof(g->leaf[0]) };
	CHECK(t->level == 1 && t->width == 1);
	tlog_tile_hash(up, g->leaf);
	return (struct bytes){ up->b, sizeof(*up) };
}

static void check_golden(const struct grown *g, const struct json *file)
{
	struct json files = member(file, "files_sha256"), name, v;
	struct json_iter it = json_iter(&files);
	size_t done = 0;

	for (; json_next(&it, &name, &v); done++) {
		char path[64], want[65], got[65];
		size_t n, len;
		struct tlog_hash up;
		struct tlog_tile t;
		struct bytes b;
		uint8_t h[SHA256_LEN];

		CHECK_OK(json_string(&name, (uint8_t *)path, sizeof(path), &n));
		CHECK_OK(json_string(&v, (uint8_t *)want, 64, &len));
		want[len] = '\0';
		CHECK_OK(tlog_tile_path_parse(
		    &t, (struct bytes){ (uint8_t *)path, n }, NULL));
		b = golden_tile(g, &t, &up);
		crypto_sha256(h, &b, 1);
		hex_encode(got, h, sizeof(h));
		CHECK_STR(got, want);
	}
	CHECK_EQ(done, 5);
}

TEST(a_log_of_500_has_its_golden_bytes_however_it_grew)
{
	static const size_t batch[] = { 1, 7, 44, 255, 256, 257, GOLDEN };
	struct json file = load("tlog/tiles/golden500.json");
	const struct tlog_hash want =
	    base64_hash(member_bytes(&file, "root_base64"));

	for (size_t i = 0; i < sizeof(batch) / sizeof(batch[0]); i++) {
		struct grown *g = calloc(1, sizeof(*g));
		struct tlog_hash root;

		assert_non_null(g);
		for (size_t k = 0; k < 2; k++)
			g->w[k] = wr_init(g->bundle[k], sizeof(g->bundle[k]));
		while (g->range.size < GOLDEN)
			grow(g, batch[i]);
		tlog_range_root(&root, &g->range);
		CHECK(tlog_hash_eq(&root, &want));
		check_golden(g, &file);
		free(g);
	}
}

/* ---- tiles in files ------------------------------------------------------- */

/* A folder of vectors: its files begin with `prefix` instead of "tile". */
struct folder {
	struct tlog_tiles tiles;
	const char *dir, *prefix;
	size_t reads;
};

static enum err folder_read(void *cookie, struct tlog_hash *out,
    const struct tlog_tile *tile, struct err_ctx *ctx)
{
	struct folder *f = cookie;
	char path[TLOG_TILE_PATH_MAX], name[256];
	struct bytes b;

	(void)ctx;
	(void)tlog_tile_path(path, tile);
	(void)snprintf(name, sizeof(name), "%s/%s%s", f->dir, f->prefix,
	    path + strlen("tile"));
	b = load_bytes(name);
	CHECK_EQ(b.len, tile->width * sizeof(*out));
	memcpy(out, b.p, b.len);
	f->reads++;
	return ERR_OK;
}

static struct folder *folder(const char *dir, const char *prefix, uint64_t size)
{
	struct folder *f = keep(calloc(1, sizeof(*f)));

	f->dir = dir;
	f->prefix = prefix;
	f->tiles = (struct tlog_tiles){ size, folder_read, f };
	return f;
}

static struct tlog_hash folder_root(const struct folder *f)
{
	struct tlog_range r;
	struct tlog_hash root;

	CHECK_OK(tlog_tree_range(&r, &f->tiles, f->tiles.size, NULL));
	tlog_range_root(&root, &r);
	return root;
}

/* The checkpoint in a note, verified under the one key of a file. */
static struct tlog_checkpoint signed_note(struct bytes text, const char *vkey)
{
	struct bytes key_text = load_bytes(vkey);
	struct tlog_checkpoint cp;
	struct tlog_seen seen;
	struct tlog_note note;
	struct tlog_key key;

	while (key_text.len > 0 && key_text.p[key_text.len - 1] == '\n')
		key_text.len--;
	CHECK_OK(tlog_vkey_parse(&key, key_text, NULL));
	CHECK_OK(tlog_note_parse(&note, text, NULL));
	CHECK_OK(tlog_note_verify(&seen, &note, &key, 1, TLOG_TIME_MAX, NULL));
	CHECK_OK(tlog_checkpoint_parse(&cp, note.text, NULL));
	return cp;
}

/* Its bundle's entries have the hashes of the tile of that width. */
static void check_bundle(const struct folder *f, unsigned width)
{
	const struct tlog_tile t = { .width = width };
	struct tlog_hash tile[TLOG_TILE_WIDTH], h;
	struct bytes rest, entry;
	char name[256];

	CHECK_OK(folder_read(f->tiles.cookie, tile, &t, NULL));
	(void)snprintf(
	    name, sizeof(name), "%s/tile/entries/000.p/%u", f->dir, width);
	rest = load_bytes(name);
	CHECK_OK(tlog_bundle_parse(rest, width, NULL));
	for (unsigned i = 0; i < width; i++) {
		CHECK(tlog_bundle_next(&rest, &entry));
		tlog_leaf_hash(&h, entry);
		CHECK(tlog_hash_eq(&h, &tile[i]));
	}
	CHECK(!tlog_bundle_next(&rest, &entry));
}

TEST(a_log_of_15_grows_consistently_as_its_writer_signed_it)
{
	static const char dir[] = "tlog/tiles/tessera15";
	struct tlog_hash proof[TLOG_PATH_MAX], root;
	struct tlog_checkpoint cp[TESSERA + 1];
	size_t n;

	for (unsigned s = 0; s <= TESSERA; s++) {
		struct folder *f = folder(dir, "tile", s);
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/checkpoint.%u", dir, s);
		cp[s] =
		    signed_note(load_bytes(path), "tlog/tiles/tessera15/vkey");
		CHECK_EQ(cp[s].size, s);
		root = folder_root(f);
		CHECK(tlog_hash_eq(&root, &cp[s].root));
		if (s > 0)
			check_bundle(f, s);
		for (unsigned m = 1; m <= s; m++)
			CHECK_OK(tlog_tree_consistency(
			    proof, &n, &f->tiles, m, &cp[m].root, &cp[s].root));
		CHECK_OK(tlog_consistency_verify(
		    &cp[0].root, 0, &cp[s].root, s, NULL, 0));
	}
}

TEST(a_mirror_of_300_records_has_the_cosigned_root)
{
	struct folder *f = folder("tlog/tiles/mirror300", "tile", MIRROR);
	struct tlog_checkpoint cp =
	    signed_note(load_bytes("tlog/tiles/mirror300/checkpoint"),
		"tlog/tiles/mirror300/vkey");
	struct tlog_hash path[TLOG_PATH_MAX], leaf, want, root;
	size_t n;

	CHECK_EQ(cp.size, MIRROR);
	root = folder_root(f);
	CHECK(tlog_hash_eq(&root, &cp.root));
	for (unsigned i = 0; i < MIRROR; i++) {
		char text[32];
		int len = snprintf(text, sizeof(text), "record %u", i);

		tlog_leaf_hash(
		    &want, (struct bytes){ (uint8_t *)text, (size_t)len });
		CHECK_OK(tlog_tree_inclusion(
		    path, &n, &leaf, &f->tiles, i, &cp.root));
		CHECK(tlog_hash_eq(&leaf, &want));
	}
}

/* ---- sumdb: a real log ---------------------------------------------------- */

#define SUMDB      "tlog/tiles/sumdb"
#define SUMDB_SIZE 28886886
#define SUMDB_KEY  SUMDB "/vkey"

static struct folder *sumdb(void)
{
	return folder(SUMDB, "tile/8", SUMDB_SIZE);
}

static void check_proof(
    const struct json *list, const struct tlog_hash *path, size_t n)
{
	struct json_iter it = json_iter(list);
	char text[64];
	struct json v;
	size_t i = 0, len;

	for (; json_next(&it, NULL, &v); i++) {
		struct tlog_hash want;

		CHECK_OK(json_string(&v, (uint8_t *)text, sizeof(text), &len));
		want = base64_hash((struct bytes){ (uint8_t *)text, len });
		CHECK(i < n && tlog_hash_eq(&path[i], &want));
	}
	CHECK_EQ(i, n);
}

TEST(a_real_log_has_its_signed_root_and_eight_of_its_records)
{
	struct tlog_checkpoint latest =
	    signed_note(load_bytes(SUMDB "/latest"), SUMDB_KEY);
	struct json file = load(SUMDB "/records.json"), c;
	struct json list = member(&file, "records");
	struct json_iter it = json_iter(&list);
	struct tlog_hash path[TLOG_PATH_MAX], leaf, want, root;
	struct folder *f = sumdb();
	size_t done = 0, n;

	CHECK_EQ(latest.size, SUMDB_SIZE);
	root = folder_root(f);
	CHECK(tlog_hash_eq(&root, &latest.root));
	for (; json_next(&it, NULL, &c); done++) {
		struct json proof = member(&c, "inclusion_proof_at_latest");

		CHECK_OK(tlog_tree_inclusion(path, &n, &leaf, &f->tiles,
		    num(&c, "index"), &latest.root));
		tlog_leaf_hash(&want, member_bytes(&c, "record"));
		CHECK(tlog_hash_eq(&leaf, &want));
		check_proof(&proof, path, n);
	}
	CHECK_EQ(done, 8);
}

TEST(a_real_log_is_consistent_with_twenty_of_its_earlier_trees)
{
	struct tlog_checkpoint latest =
	    signed_note(load_bytes(SUMDB "/latest"), SUMDB_KEY);
	struct json file = load(SUMDB "/records.json"), c;
	struct json list = member(&file, "earlier_signed_trees");
	struct json_iter it = json_iter(&list);
	struct tlog_hash proof[TLOG_PATH_MAX];
	struct folder *f = sumdb();
	size_t done = 0, n;

	for (; json_next(&it, NULL, &c); done++) {
		struct json want = member(&c, "consistency_to_latest");
		struct tlog_checkpoint cp =
		    signed_note(member_bytes(&c, "signed_tree"), SUMDB_KEY);

		CHECK_EQ(cp.size, num(&c, "size"));
		CHECK_OK(tlog_tree_consistency(
		    proof, &n, &f->tiles, cp.size, &cp.root, &latest.root));
		check_proof(&want, proof, n);
	}
	CHECK_EQ(done, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    paths_are_written_as_the_vectors_say_and_read_back),
		cmocka_unit_test(
		    the_bundle_of_an_entry_has_the_path_of_the_vectors),
		cmocka_unit_test(wrong_paths_and_second_spellings_are_refused),
		cmocka_unit_test(sizes_have_the_tiles_of_the_vectors),
		cmocka_unit_test(bundles_have_their_verdicts),
		cmocka_unit_test(
		    a_log_of_500_has_its_golden_bytes_however_it_grew),
		cmocka_unit_test(
		    a_log_of_15_grows_consistently_as_its_writer_signed_it),
		cmocka_unit_test(a_mirror_of_300_records_has_the_cosigned_root),
		cmocka_unit_test(
		    a_real_log_has_its_signed_root_and_eight_of_its_records),
		cmocka_unit_test(
		    a_real_log_is_consistent_with_twenty_of_its_earlier_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
