/*
 * Proof files from a log or a view of one. What is made of the tiles is verified
 * as a client of the policy would do it, before it is handed out [L-159].
 */
#include <stdlib.h>

#include "logd/log_parts.h"
#include "logd/view.h"
#include "tlog/proof.h"

/* What a proof is made of. */
struct parts {
	const struct tlog_tiles *tiles; /* of the tree of `note` */
	struct tlog_hash root;
	struct bytes note;
	uint64_t index; /* below tiles->size */
	struct bytes entry;
	const struct tlog_policy *policy;
	uint64_t now_s;
};

static enum err no_entry(uint64_t index, struct err_ctx *ctx)
{
	return err_set(ctx, ERR_NOTFOUND,
	    "the published tree has no entry %llu", (unsigned long long)index);
}

static enum err write_proof(
    struct wr *out, const struct parts *p, struct err_ctx *ctx)
{
	const size_t start = out->len;
	struct tlog_proof proof = { .index = p->index, .checkpoint = p->note };
	struct tlog_included in;
	struct tlog_hash leaf;
	enum err e = tlog_tree_inclusion(
	    proof.path, &proof.n, &leaf, p->tiles, p->index, &p->root);

	if (e != ERR_OK)
		return err_set(ctx, e,
		    e == ERR_AUTH ? "the tiles do not lead to the signed root"
				  : "cannot read the tiles");
	tlog_proof_format(out, &proof);
	if (out->err != ERR_OK)
		return err_set(ctx, out->err, "no room for the proof");
	e = tlog_proof_verify(&in, p->policy, p->now_s, p->entry,
	    (struct bytes){ out->p + start, out->len - start }, ctx);
	if (e != ERR_OK)
		out->len = start;
	return e;
}

/* An entry that outlives the call that read it. */
struct copy {
	uint8_t buf[LOGD_ENTRY_LEN_MAX];
	struct bytes entry;
};

static void copy_entry(void *cookie, uint64_t index, struct bytes entry)
{
	struct copy *c = cookie;

	(void)index;
	mem_copy(c->buf, entry.p, entry.len);
	c->entry = (struct bytes){ c->buf, entry.len };
}

enum err logd_log_prove(const struct logd_log *log, struct wr *out,
    uint64_t index, const struct tlog_policy *policy, uint64_t now_s,
    struct err_ctx *ctx)
{
	const struct tlog_tiles tiles =
	    logd_leaves_tiles(log->leaves, log->published);
	struct parts p = { .tiles = &tiles,
		.root = log->published_root,
		.note = logd_log_checkpoint(log),
		.index = index,
		.policy = policy,
		.now_s = now_s };
	struct copy c;
	enum err e;

	if (index >= log->published)
		return no_entry(index, ctx);
	e = logd_log_each(log, index, index + 1, copy_entry, &c, ctx);
	if (e != ERR_OK)
		return e;
	p.entry = c.entry;
	return write_proof(out, &p, ctx);
}

/* ---- from a view --------------------------------------------------------------- */

/* What a view gave, which may be large. */
struct fetched {
	uint8_t note[TLOG_PROOF_LEN_MAX];
	uint8_t bundle[LOGD_BUNDLE_LEN_MAX];
};

/* The entry at p->index; what it hashes to decides later. */
static enum err fetch_entry(struct fetched *f, struct parts *p,
    const struct logd_view *v, struct err_ctx *ctx)
{
	struct tlog_tile tile = tlog_tile_of(p->tiles->size, 0, p->index);
	struct bytes rest = { f->bundle, 0 };
	enum err e;

	tile.entries = true;
	e = logd_view_tile(
	    v, &tile, f->bundle, sizeof(f->bundle), &rest.len, ctx);
	if (e != ERR_OK)
		return e;
	for (uint64_t i = 0; i <= p->index % TLOG_TILE_WIDTH; i++)
		(void)tlog_bundle_next(&rest, &p->entry);
	return ERR_OK;
}

static enum err prove_fetched(struct fetched *f, struct parts *p,
    const struct logd_view *v, struct wr *out, struct err_ctx *ctx)
{
	struct tlog_tiles tiles;
	struct tlog_head head;
	enum err e;

	p->note.p = f->note;
	e = logd_view_read(
	    v, "checkpoint", f->note, sizeof(f->note), &p->note.len, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_verify(
		    &head, p->policy, p->now_s, p->note, ctx);
	if (e == ERR_OK && p->index >= head.size)
		e = no_entry(p->index, ctx);
	if (e != ERR_OK)
		return e;
	tiles = logd_view_tiles(v, head.size);
	p->tiles = &tiles;
	p->root = head.root;
	e = fetch_entry(f, p, v, ctx);
	return e == ERR_OK ? write_proof(out, p, ctx) : e;
}

enum err logd_view_prove(const struct logd_view *v, struct wr *out,
    uint64_t index, const struct tlog_policy *policy, uint64_t now_s,
    struct err_ctx *ctx)
{
	struct parts p = { .index = index, .policy = policy, .now_s = now_s };
	struct fetched *f = malloc(sizeof(*f));
	enum err e;

	if (f == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for a proof");
	e = prove_fetched(f, &p, v, out, ctx);
	free(f);
	return e;
}
