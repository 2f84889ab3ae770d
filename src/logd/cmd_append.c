/*
 * confer-log append: judge records, add them to the log in one batch, publish
 * it under as many cosignatures as there are, write the proofs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "logd/admit.h"
#include "logd/cmd_keep.h"
#include "logd/releases.h"
#include "tlog/proof.h"

/* One record on the command line. */
struct item {
	const char *path;
	const char *name;  /* the last component of path */
	struct bytes stem; /* name without a last `.record` */
	struct logd_file file;
	struct tlog_hash leaf;
	bool there; /* in the log already */
};

struct append {
	struct logd_keep keep;
	struct logd_admit admit;
	char origin[TLOG_KEY_NAME_LEN_MAX + 1];
	struct item *item;
	struct bytes *entry;
	uint64_t *index;
	size_t n;
};

/* ---- loading ------------------------------------------------------------- */

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Enclaves want image.proof beside image.record. */
static struct bytes stem_of(const char *name)
{
	static const char ending[] = ".record";
	const size_t n = strlen(name), end = sizeof(ending) - 1;
	const bool has = n > end && strcmp(name + n - end, ending) == 0;

	return (struct bytes){ (const uint8_t *)name, has ? n - end : n };
}

/* Two records whose proofs would have one name? */
static bool same_names(const struct append *a)
{
	for (size_t i = 0; i < a->n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (mem_eq(a->item[i].stem, a->item[j].stem))
				return true;
		}
	}
	return false;
}

static enum logd_exit load(
    struct append *a, const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	enum err e = ERR_OK;

	a->n = o->n_args - 1;
	if (a->n > LOGD_BATCH_MAX)
		return logd_show_refuse(s, LOGD_EXIT_REFUSED,
		    "at most %d records fit one batch", LOGD_BATCH_MAX);
	a->item = calloc(a->n, sizeof(*a->item));
	a->entry = calloc(a->n, sizeof(*a->entry));
	a->index = calloc(a->n, sizeof(*a->index));
	if (a->item == NULL || a->entry == NULL || a->index == NULL)
		e = err_set(&ctx, ERR_NOMEM, "no memory is left");
	for (size_t i = 0; e == ERR_OK && i < a->n; i++) {
		struct item *t = &a->item[i];

		t->path = o->arg[1 + i];
		t->name = last_name(t->path);
		t->stem = stem_of(t->name);
		e = logd_cmd_load(&t->file, t->path, RECORD_LEN_MAX, &ctx);
		a->entry[i] = t->file.text;
		tlog_leaf_hash(&t->leaf, t->file.text);
	}
	if (e != ERR_OK)
		return logd_show_fail(s, logd_show_code_input(e), NULL, &ctx);
	if (o->proofs != NULL && same_names(a))
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "two records have one name, and so would their proofs");
	return LOGD_EXIT_OK;
}

static void unload(struct append *a)
{
	for (size_t i = 0; a->item != NULL && i < a->n; i++)
		logd_cmd_unload(&a->item[i].file);
	free(a->item);
	free(a->entry);
	free(a->index);
}

/* ---- admission ----------------------------------------------------------- */

/* What is in the log already decides which seq comes next. */
static enum err read_log(struct append *a, struct err_ctx *ctx)
{
	const struct trust *t = &a->keep.trust->trust;
	const struct bytes origin = logd_log_key(a->keep.log)->name;

	a->admit.release = t->release;
	a->admit.rebuilder = t->rebuilder;
	a->admit.product = t->product;
	mem_copy(a->origin, origin.p, origin.len);
	a->admit.origin = a->origin;
	return logd_releases_load(&a->admit, a->keep.log, ctx);
}

/* Is it the same record as one named before it? */
static bool named_before(const struct append *a, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (tlog_hash_eq(&a->item[j].leaf, &a->item[i].leaf))
			return true;
	}
	return false;
}

/* Judge each record that is not there yet; the first that is refused ends it,
 * and nothing has changed. */
static enum logd_exit admit(struct append *a)
{
	static struct tlog_record rec; /* 12 KB */
	struct logd_keep *k = &a->keep;
	struct err_ctx ctx = { 0 };
	enum err e = read_log(a, &ctx);

	if (e != ERR_OK)
		return logd_show_fail(
		    k->s, logd_show_code_local(e), NULL, &ctx);
	for (size_t i = 0; i < a->n; i++) {
		struct item *t = &a->item[i];
		uint64_t index;

		t->there = logd_log_find(k->log, &t->leaf, &index) ||
			   named_before(a, i); /* L-156 */
		if (t->there)
			continue;
		e = logd_admit_next(&a->admit, &rec, a->entry[i], &ctx);
		if (e != ERR_OK)
			return logd_show_fail(
			    k->s, logd_show_code_input(e), t->path, &ctx);
	}
	return LOGD_EXIT_OK;
}

/* ---- results ------------------------------------------------------------- */

static void show_entries(struct append *a)
{
	struct logd_show *s = a->keep.s;
	char hex[2 * TLOG_HASH_LEN + 1];

	logd_show_open(s, "entries", '[');
	for (size_t i = 0; i < a->n; i++) {
		const struct item *t = &a->item[i];

		hex_encode(hex, t->leaf.b, TLOG_HASH_LEN);
		logd_show_step(s, t->there ? LOGD_PLAIN : LOGD_GOOD,
		    t->there ? "there already" : "in the log",
		    "%s is entry %llu, leaf hash %.12s…", t->name,
		    (unsigned long long)a->index[i], hex);
		logd_show_open(s, NULL, '{');
		logd_show_cstr(s, "record", t->path);
		logd_show_num(s, "index", a->index[i]);
		logd_show_hash(s, "leaf", &t->leaf);
		logd_show_bool(s, "already", t->there);
		logd_show_close(s, '}');
	}
	logd_show_close(s, ']');
}

static enum err write_proof(
    const struct append *a, size_t i, struct err_ctx *ctx)
{
	const struct logd_keep *k = &a->keep;
	static uint8_t proof[TLOG_PROOF_LEN_MAX];
	struct wr w = wr_init(proof, sizeof(proof));
	const struct bytes stem = a->item[i].stem;
	char name[FD_PATH_MAX], path[FD_PATH_MAX];
	enum err e = ERR_OK;

	if (fmt_print(name, sizeof(name), "%.*s.proof", (int)stem.len,
		(const char *)stem.p) >= sizeof(name))
		e = err_set(ctx, ERR_LIMIT, "a proof's name is too long");
	if (e == ERR_OK)
		e = logd_cmd_path(path, k->o->proofs, name, ctx);
	if (e == ERR_OK)
		e = logd_log_prove(
		    k->log, &w, a->index[i], k->policy, k->now_s, ctx);
	if (e == ERR_OK)
		e = fd_replace_file(
		    path, (struct bytes){ proof, w.len }, 0644, ctx);
	if (e == ERR_OK) {
		logd_show_step(k->s, LOGD_GOOD, "proof", "%s", path);
		logd_show_cstr(k->s, NULL, path);
	}
	return e;
}

static enum logd_exit write_proofs(struct append *a)
{
	struct logd_keep *k = &a->keep;
	struct err_ctx ctx = { 0 };
	enum err e = fd_make_dirs(k->o->proofs, &ctx);

	logd_show_open(k->s, "proofs", '[');
	for (size_t i = 0; e == ERR_OK && i < a->n; i++)
		e = write_proof(a, i, &ctx);
	logd_show_close(k->s, ']');
	return e == ERR_OK
		   ? LOGD_EXIT_OK
		   : logd_show_fail(k->s, logd_show_code_local(e), NULL, &ctx);
}

/* ---- the command --------------------------------------------------------- */

static enum logd_exit run(struct append *a)
{
	struct logd_keep *k = &a->keep;
	struct err_ctx ctx = { 0 };
	enum logd_exit x = admit(a);
	enum err e;

	if (x != LOGD_EXIT_OK)
		return x;
	e = logd_log_append(k->log, a->index, a->entry, a->n, &ctx);
	if (e != ERR_OK)
		return logd_show_fail(
		    k->s, logd_show_code_local(e), NULL, &ctx);
	show_entries(a);
	x = logd_keep_publish(k);
	if (x != LOGD_EXIT_OK)
		return x;
	e = logd_keep_check(k, &ctx);
	if (e == ERR_OK && k->o->proofs != NULL)
		x = write_proofs(a);
	return x == LOGD_EXIT_OK ? logd_keep_verdict(k, e, &ctx) : x;
}

enum logd_exit logd_cmd_append(
    const struct logd_options *o, struct logd_show *s)
{
	struct append *a = calloc(1, sizeof(*a));
	enum logd_exit x;

	if (a == NULL)
		return logd_show_refuse(
		    s, LOGD_EXIT_INTERNAL, "no memory is left");
	x = load(a, o, s);
	if (x == LOGD_EXIT_OK)
		x = logd_keep_open(&a->keep, o, s);
	if (x == LOGD_EXIT_OK)
		x = run(a);
	logd_keep_close(&a->keep);
	unload(a);
	free(a);
	return x;
}
