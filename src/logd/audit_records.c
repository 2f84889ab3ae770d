/*
 * Entries: all hashes of the new part of the tree are read first and make the
 * log's root, so that what is judged afterwards is what the log has signed
 * [L-174].
 */
#include <stdlib.h>

#include "logd/audit_parts.h"
#include "tlog/note.h"

/* The part of the tree that is read. */
struct reading {
	struct audit *a;
	uint64_t start, end;    /* entries [start, end) */
	struct tlog_hash *hash; /* theirs, of the signed tree */
	uint8_t *bundle;        /* LOGD_BUNDLE_LEN_MAX */
	uint8_t *other;         /* the same, for releases that are looked up */
};

/* A tile or bundle that is not to be had, or not what it should be: a finding
 * if it was read, else the error. */
static enum err failed(struct audit *a, enum err e, const struct err_ctx *why)
{
	if (!logd_audit_is_wrong(e))
		return err_set(a->ctx, e, "%s", why->msg);
	a->broken = true;
	logd_audit_find(a, LOGD_ALARM,
	    e == ERR_NOTFOUND ? "tile-missing" : "tile-mismatch",
	    AUDIT_NO_INDEX, "%s", why->msg);
	return ERR_OK;
}

/* ---- hashes -------------------------------------------------------------- */

/* The level-0 tile, or the bundle, that has this entry. */
static struct tlog_tile tile_of(
    const struct reading *r, uint64_t index, bool entries)
{
	struct tlog_tile t = tlog_tile_of(r->a->head[0].size, 0, index);

	t.entries = entries;
	return t;
}

/* The first entry behind the tile that has `index`. */
static uint64_t tile_end(const struct tlog_tile *t)
{
	return t->index * TLOG_TILE_WIDTH + t->width;
}

static enum err read_hashes(struct reading *r)
{
	const struct logd_view *log = &r->a->spec->view[0];
	struct tlog_hash hash[TLOG_TILE_WIDTH];
	struct err_ctx why = { 0 };
	size_t len;

	for (uint64_t i = r->start; i < r->end;) {
		struct tlog_tile t = tile_of(r, i, false);
		enum err e = logd_view_tile(
		    log, &t, hash[0].b, sizeof(hash), &len, &why);

		if (e != ERR_OK)
			return failed(r->a, e, &why);
		for (; i < tile_end(&t); i++)
			r->hash[i - r->start] = hash[i % TLOG_TILE_WIDTH];
	}
	return ERR_OK;
}

/* What the run before has seen, or NULL. */
static const struct audit_head *remembered(const struct audit *a)
{
	for (size_t i = 0; i < a->n_heads; i++) {
		if (a->head[i].is_remembered)
			return &a->head[i];
	}
	return NULL;
}

/* The hashes make the log's root, and go past another root than `old` has. */
static enum err keep_fork(struct reading *r, const struct audit_head *old,
    const struct tlog_hash *proven)
{
	struct tlog_hash proof[TLOG_PATH_MAX];
	size_t n;

	tlog_consistency_path(
	    proof, &n, r->hash, (size_t)r->end, (size_t)old->size);
	return logd_audit_evidence(r->a, &r->a->head[0], old, proven, proof, n);
}

/*
 * Do the hashes lead to the log's root, and to the one remembered on the way?
 * The latter was looked at before, with tiles that a log may show but once: what
 * is read whole decides.
 */
static enum err check_root(struct reading *r, struct tlog_range *range)
{
	const struct audit_head *old = remembered(r->a);
	struct tlog_hash root, proven;
	bool forked = false;

	for (uint64_t i = r->start; i < r->end; i++) {
		tlog_range_add(range, &r->hash[i - r->start]);
		if (old == NULL || range->size != old->size)
			continue;
		tlog_range_root(&proven, range);
		forked = !tlog_hash_eq(&proven, &old->root);
	}
	tlog_range_root(&root, range);
	if (tlog_hash_eq(&root, &r->a->head[0].root))
		return forked ? keep_fork(r, old, &proven) : ERR_OK;
	r->a->broken = true;
	logd_audit_find(r->a, LOGD_ALARM, "tile-mismatch", AUDIT_NO_INDEX,
	    "the tiles of level 0 do not give the root of %llu entries",
	    (unsigned long long)r->end);
	return ERR_OK;
}

/* ---- rebuilds ------------------------------------------------------------ */

/* Index of the entry with this leaf hash before `end`; `end` if there is none.
 * Newer ones are likelier. Hashes before the new part are only a hint: the
 * entry found there is hashed. */
static uint64_t find_leaf(
    const struct reading *r, const struct tlog_hash *leaf, uint64_t end)
{
	const struct logd_view *log = &r->a->spec->view[0];
	struct tlog_hash hash[TLOG_TILE_WIDTH];
	size_t len;

	for (uint64_t i = end; i > r->start; i--) {
		if (tlog_hash_eq(&r->hash[i - 1 - r->start], leaf))
			return i - 1;
	}
	for (uint64_t i = r->start; i > 0; i -= (i - 1) % TLOG_TILE_WIDTH + 1) {
		struct tlog_tile t = tile_of(r, i - 1, false);

		if (logd_view_tile(
			log, &t, hash[0].b, sizeof(hash), &len, NULL) != ERR_OK)
			continue;
		for (size_t k = (i - 1) % TLOG_TILE_WIDTH + 1; k > 0; k--) {
			if (tlog_hash_eq(&hash[k - 1], leaf))
				return t.index * TLOG_TILE_WIDTH + k - 1;
		}
	}
	return end;
}

/* The result that a release's record has, by its leaf hash. */
static enum err release_result(struct reading *r, struct tlog_hash *out,
    const struct tlog_hash *leaf, uint64_t end)
{
	uint64_t index = find_leaf(r, leaf, end);
	struct bytes rest, entry = { NULL, 0 };
	struct tlog_hash hash;
	struct tlog_tile t;
	struct tlog_note note;
	size_t len;
	enum err e;

	if (index == end)
		return ERR_NOTFOUND;
	t = tile_of(r, index, true);
	e = logd_view_tile(&r->a->spec->view[0], &t, r->other,
	    LOGD_BUNDLE_LEN_MAX, &len, NULL);
	rest = (struct bytes){ r->other, e == ERR_OK ? len : 0 };
	for (uint64_t i = 0; i <= index % TLOG_TILE_WIDTH; i++) {
		if (!tlog_bundle_next(&rest, &entry))
			return ERR_NOTFOUND;
	}
	tlog_leaf_hash(&hash, entry);
	if (!tlog_hash_eq(&hash, leaf))
		return ERR_NOTFOUND;
	e = tlog_note_parse(&note, entry, NULL);
	return e == ERR_OK ? tlog_rebuild_result(out, note.text) : e;
}

static void judge_rebuild(
    struct reading *r, uint64_t index, const struct record_rebuild *m)
{
	struct tlog_hash result;

	if (release_result(r, &result, &m->release, index) != ERR_OK)
		logd_audit_find(r->a, LOGD_ALARM, "rebuild-unknown", index,
		    "%.*s rebuilt something that is no release before it",
		    (int)m->rebuilder.len, (const char *)m->rebuilder.p);
	else if (!tlog_hash_eq(&result, &m->result))
		logd_audit_find(r->a, LOGD_ALARM, "rebuild-differs", index,
		    "%.*s built a release again, with another result",
		    (int)m->rebuilder.len, (const char *)m->rebuilder.p);
	else
		logd_audit_find(r->a, LOGD_NOTE, "rebuilt", index,
		    "%.*s built a release again, with the same result",
		    (int)m->rebuilder.len, (const char *)m->rebuilder.p);
}

/* ---- records ------------------------------------------------------------- */

static void find_lack(
    struct audit *a, bool lacks, const char *name, uint64_t i, const char *what)
{
	if (lacks)
		logd_audit_find(a,
		    a->spec->unpublished ? LOGD_NOTE : LOGD_ALARM, name, i,
		    "a release without its %s", what);
}

/* L-60 */
static void judge_release(
    struct audit *a, uint64_t index, const struct tlog_record *rec)
{
	if (rec->kind == RECORD_IMAGE) {
		find_lack(a, rec->image.source.url.len == 0, "no-source", index,
		    "source");
		find_lack(
		    a, !rec->image.has_recipe, "no-recipe", index, "recipe");
		find_lack(
		    a, !rec->image.has_builder, "no-builder", index, "builder");
	} else if (rec->kind == RECORD_WEB) {
		find_lack(a, rec->web.source.url.len == 0, "no-source", index,
		    "source");
		find_lack(
		    a, !rec->web.has_recipe, "no-recipe", index, "recipe");
	} else if (rec->kind == RECORD_CLIENT) {
		find_lack(a, rec->client.source.url.len == 0, "no-source",
		    index, "source");
		find_lack(
		    a, !rec->client.has_recipe, "no-recipe", index, "recipe");
	}
}

/* L-80: `last` is the tree before this record. */
static void judge_retire(struct audit *a, const struct record_retire *m,
    const struct tlog_range *before)
{
	struct tlog_hash root;

	if (!mem_eq_str(m->log, a->origin))
		return;
	tlog_range_root(&root, before);
	if (m->size != before->size || !tlog_hash_eq(&root, &m->root))
		logd_audit_find(a, LOGD_ALARM, "bad-retire", before->size,
		    "the retire record names another last tree than this "
		    "log's");
}

static const char *misfit_name(enum logd_misfit why)
{
	static const char *const name[] = {
		[LOGD_NO_RECORD] = "bad-record",
		[LOGD_KEYS] = "unknown-key",
		[LOGD_AFTER_RETIRE] = "after-retire",
		[LOGD_OTHER_PRODUCT] = "other-product",
		[LOGD_OTHER_RETIRE] = "bad-retire",
		[LOGD_SEQ_SKIPPED] = "seq-skipped",
		[LOGD_SEQ_REPEATED] = "seq-repeated",
		[LOGD_MANY_STREAMS] = "too-many-series",
	};

	return name[why];
}

/* Judge entry number before->size. What its signers are not known of is not
 * counted, so that nobody else can skip a seq [L-176]. */
static void judge(
    struct reading *r, const struct tlog_range *before, struct bytes entry)
{
	struct audit *a = r->a;
	struct logd_admit *admit = &a->state.admit;
	struct err_ctx why = { 0 };
	enum logd_misfit misfit;
	struct tlog_record rec;
	enum err e = logd_admit_judge(&misfit, &rec, admit, entry, &why);

	if (e != ERR_OK)
		logd_audit_find(a, LOGD_ALARM, misfit_name(misfit),
		    before->size, "%s", why.msg);
	if (misfit == LOGD_NO_RECORD || misfit == LOGD_KEYS) {
		admit->entries++;
		return;
	}
	logd_admit_seen(admit, entry);
	if (e != ERR_OK)
		return;
	judge_release(a, before->size, &rec);
	if (rec.kind == RECORD_RETIRE)
		judge_retire(a, &rec.retire, before);
	if (rec.kind == RECORD_REBUILD)
		judge_rebuild(r, before->size, &rec.rebuild);
	if (a->spec->record != NULL)
		a->spec->record(a->spec->cookie, before->size, &rec, entry);
}

/* ---- bundles ------------------------------------------------------------- */

/* Entry number range->size, which the tree says has a certain hash. */
static void read_entry(
    struct reading *r, struct tlog_range *range, struct bytes entry)
{
	const struct tlog_hash *want = &r->hash[range->size - r->start];
	struct tlog_hash hash;

	tlog_leaf_hash(&hash, entry);
	r->a->out->entries_read++;
	if (tlog_hash_eq(&hash, want)) {
		judge(r, range, entry);
	} else {
		r->a->broken = true;
		logd_audit_find(r->a, LOGD_ALARM, "tile-mismatch", range->size,
		    "the entry is not the one in the tree");
	}
	tlog_range_add(range, want);
}

static enum err read_bundles(struct reading *r, struct tlog_range *range)
{
	const struct logd_audit_spec *spec = r->a->spec;
	struct err_ctx why = { 0 };

	while (range->size < r->end) {
		struct tlog_tile t = tile_of(r, range->size, true);
		uint64_t i = t.index * TLOG_TILE_WIDTH;
		struct bytes rest, entry;
		size_t len;
		enum err e = logd_view_tile(&spec->view[0], &t, r->bundle,
		    LOGD_BUNDLE_LEN_MAX, &len, &why);

		if (e != ERR_OK)
			return failed(r->a, e, &why);
		rest = (struct bytes){ r->bundle, len };
		for (; tlog_bundle_next(&rest, &entry); i++) {
			if (i >= r->start)
				read_entry(r, range, entry);
		}
		if (spec->progress != NULL)
			spec->progress(spec->cookie, range->size - r->start,
			    r->end - r->start);
	}
	return ERR_OK;
}

static enum err read_all(struct reading *r)
{
	struct audit *a = r->a;
	struct tlog_range whole = a->state.range, range = whole;
	enum err e = read_hashes(r);

	if (e == ERR_OK && !a->broken)
		e = check_root(r, &whole);
	if (e == ERR_OK && !a->broken && !a->forked)
		e = read_bundles(r, &range);
	if (e != ERR_OK || a->broken || a->forked)
		return e;
	a->state.range = whole;
	a->state.note_len = a->head[0].note_len;
	mem_copy(a->state.note, a->head[0].note, a->state.note_len);
	return ERR_OK;
}

enum err logd_audit_entries(struct audit *a)
{
	struct reading r = { .a = a, .end = a->head[0].size };
	struct logd_admit *admit = &a->state.admit;
	enum err e = ERR_NOMEM;

	if (a->spec->full) {
		memset(&a->state.range, 0, sizeof(a->state.range));
		admit->entries = 0;
		admit->n_streams = 0;
		admit->retired = admit->successor = false;
	}
	r.start = a->state.range.size;
	r.hash = malloc((size_t)(r.end - r.start) * sizeof(*r.hash) + 1);
	r.bundle = malloc(LOGD_BUNDLE_LEN_MAX);
	r.other = malloc(LOGD_BUNDLE_LEN_MAX);
	if (r.hash != NULL && r.bundle != NULL && r.other != NULL)
		e = read_all(&r);
	else
		(void)err_set(a->ctx, e, "audit: no memory");
	free(r.hash);
	free(r.bundle);
	free(r.other);
	return e;
}
