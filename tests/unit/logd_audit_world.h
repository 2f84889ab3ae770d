/*
 * A small release log for tests of the audit: entries in memory, written as
 * tiles below a directory of its own, as many times and as crooked as wanted.
 */
#ifndef CONFER_TESTS_UNIT_LOGD_AUDIT_WORLD_H
#define CONFER_TESTS_UNIT_LOGD_AUDIT_WORLD_H

#include "logd_records.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "logd/audit.h"
#include "sys/fd.h"
#include "tlog/checkpoint.h"
#include "tlog/tile.h"

#define ORIGIN      "log.example.org/releases"
#define ENTRIES_MAX 600
#define FOUND_MAX   64
#define COSIGNED    (NOW - 60)

static struct world {
	char root[64];
	struct signer alice, bob, mallory, rita; /* rita rebuilds */
	struct signer log, witness[2];
	char policy_text[2048];
	struct tlog_policy policy;
	struct tlog_keyset release, rebuilder;
	struct entry entry[ENTRIES_MAX];
	size_t n;
	uint64_t cosigned; /* time of cosignatures; 0: none */
	/* The audit. */
	struct logd_audit_spec spec;
	const char *view[LOGD_VIEWS_MAX],
	    *seen[LOGD_VIEWS_MAX]; /* names of directories */
	size_t n_views, n_seen;
	struct logd_audit_result result;
	struct err_ctx ctx;
	struct logd_finding found[FOUND_MAX];
	size_t n_found;
	size_t n_records; /* handed to the record function */
	uint64_t progress;
} world;

/* A test with a world of its own. */
#define WORLD_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* ---- files --------------------------------------------------------------- */

static inline const char *world_path(const char *name)
{
	static char path[4][512];
	static unsigned turn;
	char *p = path[turn++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", world.root, name);
	return p;
}

static inline void world_write(const char *name, const void *p, size_t len)
{
	char dir[512];
	FILE *f;

	(void)snprintf(dir, sizeof(dir), "%s", world_path(name));
	*strrchr(dir, '/') = '\0';
	CHECK_OK(fd_make_dirs(dir, NULL));
	f = fopen(world_path(name), "wb");
	assert_non_null(f);
	CHECK_EQ(fwrite(p, 1, len, f), len);
	CHECK_EQ(fclose(f), 0);
}

static inline bool world_has(const char *name)
{
	return access(world_path(name), F_OK) == 0;
}

/* Change one byte of a file. */
static inline void world_flip(const char *name, size_t at)
{
	size_t len;
	uint8_t *p = read_file(world_path(name), &len);

	CHECK(at < len);
	p[at] ^= 1;
	world_write(name, p, len);
	free(p);
}

static inline void world_remove(const char *name)
{
	CHECK_EQ(unlink(world_path(name)), 0);
}

/* ---- the log ------------------------------------------------------------- */

static inline void world_policy(const char *quorum)
{
	struct wr w = wr_init(world.policy_text, sizeof(world.policy_text));

	wr_str(&w, "log ");
	tlog_vkey_format(
	    &w, world.log.key.name, world.log.key.type, world.log.key.pub);
	for (size_t i = 0; i < 2; i++) {
		wr_fmt(&w, "\nwitness w%zu ", i);
		tlog_vkey_format(&w, world.witness[i].key.name,
		    world.witness[i].key.type, world.witness[i].key.pub);
	}
	wr_str(&w, "\ngroup both all w0 w1\nquorum ");
	wr_str(&w, quorum);
	wr_str(&w, "\n");
	CHECK_OK(w.err);
	CHECK_OK(tlog_policy_parse(
	    &world.policy, (struct bytes){ w.p, w.len }, true, NULL));
}

static inline struct tlog_hash world_leaf(size_t index)
{
	struct tlog_hash h;

	tlog_leaf_hash(&h, entry_bytes(&world.entry[index]));
	return h;
}

static inline struct tlog_range world_range(size_t n)
{
	struct tlog_range range = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct tlog_hash leaf = world_leaf(i);

		tlog_range_add(&range, &leaf);
	}
	return range;
}

/* The checkpoint of the first n entries. */
static inline void world_note(struct wr *w, size_t n)
{
	struct tlog_range range = world_range(n);
	struct tlog_hash root;
	struct bytes text;

	tlog_range_root(&root, &range);
	tlog_checkpoint_format(w, world.log.key.name, n, &root);
	text = (struct bytes){ w->p, w->len };
	tlog_note_format_end_text(w);
	signer_line(w, &world.log, text, 0);
	for (size_t i = 0; i < 2 && world.cosigned != 0; i++)
		signer_line(w, &world.witness[i], text, world.cosigned);
	CHECK_OK(w->err);
}

static inline void world_checkpoint(const char *dir, size_t n)
{
	uint8_t note[8192];
	struct wr w = wr_init(note, sizeof(note));
	char name[300];

	world_note(&w, n);
	(void)snprintf(name, sizeof(name), "%s/checkpoint", dir);
	world_write(name, note, w.len);
}

/* Hash `i` of a level: the root of 256^level entries. */
static inline struct tlog_hash world_hash(unsigned level, size_t i)
{
	static struct tlog_hash leaf[ENTRIES_MAX];
	size_t span = level == 0 ? 1 : TLOG_TILE_WIDTH;
	struct tlog_hash root;

	CHECK(level <= 1);
	for (size_t k = 0; k < span; k++)
		leaf[k] = world_leaf(i * span + k);
	tlog_root(&root, leaf, span);
	return root;
}

static inline void world_tile(const char *dir, const struct tlog_tile *t)
{
	static uint8_t out[TLOG_TILE_WIDTH * (2 + RECORD_LEN_MAX)];
	struct wr w = wr_init(out, sizeof(out));
	char path[TLOG_TILE_PATH_MAX], name[300];
	size_t first = (size_t)t->index * TLOG_TILE_WIDTH;

	for (size_t i = first; i < first + t->width; i++) {
		struct tlog_hash h;

		if (t->entries) {
			wr_u16be(&w, (uint16_t)world.entry[i].len);
			wr_bytes(&w, entry_bytes(&world.entry[i]));
			continue;
		}
		h = world_hash(t->level, i);
		wr_copy(&w, h.b, sizeof(h.b));
	}
	CHECK_OK(w.err);
	(void)tlog_tile_path(path, t);
	(void)snprintf(name, sizeof(name), "%s/%s", dir, path);
	world_write(name, out, w.len);
}

/* The tiles of the first n entries. */
static inline void world_tiles(const char *dir, size_t n)
{
	for (unsigned kind = 0; kind < 3; kind++) {
		struct tlog_tile t = { .entries = kind == 2,
			.level = kind == 1,
			.width = TLOG_TILE_WIDTH };
		size_t full = (size_t)tlog_tile_full(n, t.level);

		for (t.index = 0; t.index < full; t.index++)
			world_tile(dir, &t);
		t.width = tlog_tile_partial(n, t.level);
		if (t.width != 0)
			world_tile(dir, &t);
	}
}

/* A whole log of the first n entries, as the public would read it. */
static inline void world_publish(const char *dir, size_t n)
{
	world_tiles(dir, n);
	world_checkpoint(dir, n);
}

/* What a witness shows: a checkpoint in a folder named after the origin. */
static inline const char *world_seen_dir(const char *dir)
{
	static char name[256];
	const struct bytes origin = text_bytes(ORIGIN);
	char hex[2 * SHA256_LEN + 1];
	uint8_t id[SHA256_LEN];

	crypto_sha256(id, &origin, 1);
	hex_encode(hex, id, sizeof(id));
	(void)snprintf(name, sizeof(name), "%s/%s", dir, hex);
	return name;
}

static inline void world_witness(const char *dir, size_t n)
{
	world_checkpoint(world_seen_dir(dir), n);
}

/* ---- entries ------------------------------------------------------------- */

static inline void world_add(const struct tlog_record *rec)
{
	const struct signer *const by[] = { &world.alice, &world.bob };
	const struct signer *const rebuilder[] = { &world.rita };

	CHECK(world.n < ENTRIES_MAX);
	if (rec->kind == RECORD_REBUILD)
		record_sign(&world.entry[world.n++], rec, rebuilder, 1);
	else
		record_sign(&world.entry[world.n++], rec, by, 2);
}

static inline void world_add_kind(enum record_kind kind, uint64_t seq)
{
	struct tlog_record rec = record_make(kind, seq);

	world_add(&rec);
}

/* ---- the audit ----------------------------------------------------------- */

static inline void world_finding(void *cookie, const struct logd_finding *f)
{
	(void)cookie;
	CHECK(world.n_found < FOUND_MAX);
	world.found[world.n_found++] = *f;
}

static inline void world_record(void *cookie, uint64_t index,
    const struct tlog_record *rec, struct bytes entry)
{
	(void)cookie;
	CHECK(mem_eq(entry, entry_bytes(&world.entry[index])));
	CHECK(rec->seq > 0);
	world.n_records++;
}

static inline void world_progress(void *cookie, uint64_t done, uint64_t all)
{
	(void)cookie;
	CHECK(done > world.progress && done <= all);
	world.progress = done;
}

static inline void world_open(struct logd_view *v, const char *name)
{
	CHECK_OK(logd_view_open(v,
	    strstr(name, "://") != NULL ? name : world_path(name), NULL, NULL));
}

static inline enum err world_audit(void)
{
	static struct logd_view view[LOGD_VIEWS_MAX], seen[LOGD_VIEWS_MAX];
	enum err e;

	for (size_t i = 0; i < world.n_views; i++)
		world_open(&view[i], world.view[i]);
	for (size_t i = 0; i < world.n_seen; i++)
		world_open(&seen[i], world.seen[i]);
	world.spec.view = view;
	world.spec.n_views = world.n_views;
	world.spec.witness = seen;
	world.spec.n_witnesses = world.n_seen;
	world.n_found = world.n_records = 0;
	world.progress = 0;
	world.ctx = (struct err_ctx){ 0 };
	e = logd_audit(&world.result, &world.spec, &world.ctx);
	for (size_t i = 0; i < world.n_views; i++)
		logd_view_close(&view[i]);
	for (size_t i = 0; i < world.n_seen; i++)
		logd_view_close(&seen[i]);
	CHECK((e == ERR_OK) == (world.ctx.msg[0] == '\0'));
	return e;
}

static inline void world_fail_found(const char *what)
{
	for (size_t i = 0; i < world.n_found; i++)
		print_message(
		    "%s: %s\n", world.found[i].name, world.found[i].text);
	fail_msg("%s, %zu findings", what, world.n_found);
}

/* The audit ends well, and finds nothing. */
static inline void check_clean(void)
{
	CHECK_OK(world_audit());
	if (world.n_found != 0)
		world_fail_found("not clean");
	CHECK_EQ(world.result.alarms, 0);
	CHECK_EQ(world.result.proofs, 0);
	CHECK(!world.result.damaged);
}

/* It ends well and finds this alone; its text. */
static inline const char *check_alone(
    enum logd_finding_kind kind, const char *name)
{
	CHECK_OK(world_audit());
	if (world.n_found != 1 || strcmp(world.found[0].name, name) != 0)
		world_fail_found(name);
	CHECK_EQ(world.found[0].kind, kind);
	CHECK(world.found[0].text[0] != '\0');
	CHECK_EQ(world.result.alarms, kind == LOGD_ALARM);
	CHECK_EQ(world.result.proofs, kind == LOGD_MISBEHAVIOUR);
	CHECK(!world.result.damaged);
	return world.found[0].text;
}

/* The same, and it is about this entry. */
static inline const char *check_alone_at(
    enum logd_finding_kind kind, const char *name, uint64_t index)
{
	const char *text = check_alone(kind, name);

	CHECK(world.found[0].has_index);
	CHECK_EQ(world.found[0].index, index);
	return text;
}

/* A log of an image and a policy record, in directory log, with state and
 * evidence beside it; nothing is wrong with it. */
static inline int world_setup(void **state)
{
	static char state_dir[128], evidence_dir[128];

	(void)state;
	CHECK_OK(crypto_init());
	memset(&world, 0, sizeof(world));
	(void)snprintf(
	    world.root, sizeof(world.root), "/tmp/confer-world-XXXXXX");
	assert_non_null(mkdtemp(world.root));
	world.alice = signer_make("release.example.org/a", TLOG_KEY_ED25519);
	world.bob = signer_make("release.example.org/b", TLOG_KEY_ED25519);
	world.mallory = signer_make("m.example.org", TLOG_KEY_ED25519);
	world.rita = signer_make("rebuilder.example.net", TLOG_KEY_ED25519);
	world.log = signer_make(ORIGIN, TLOG_KEY_ED25519);
	world.witness[0] = signer_make("w0.example.net", TLOG_KEY_COSIGNATURE);
	world.witness[1] = signer_make("w1.example.net", TLOG_KEY_COSIGNATURE);
	world_policy("both");
	world.release = (struct tlog_keyset){
		.key = { world.alice.key, world.bob.key }, .n = 2, .need = 2
	};
	world.rebuilder = (struct tlog_keyset){
		.key = { world.rita.key }, .n = 1, .need = 1
	};
	world.cosigned = COSIGNED;
	world.view[0] = "log";
	world.n_views = 1;
	(void)snprintf(state_dir, sizeof(state_dir), "%s", world_path("state"));
	(void)snprintf(
	    evidence_dir, sizeof(evidence_dir), "%s", world_path("evidence"));
	world.spec = (struct logd_audit_spec){
		.policy = &world.policy,
		.release = &world.release,
		.rebuilder = &world.rebuilder,
		.product = BYTES_LITERAL("confer"),
		.state_dir = state_dir,
		.evidence_dir = evidence_dir,
		.now_s = NOW,
		.finding = world_finding,
		.progress = world_progress,
		.record = world_record,
	};
	world_add_kind(RECORD_IMAGE, 1);
	world_add_kind(RECORD_POLICY, 1);
	world_publish("log", 2);
	return 0;
}

static inline int world_teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", world.root);
	return system(command);
}

#endif
