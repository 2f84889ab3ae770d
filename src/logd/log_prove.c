/*
 * Proof files from a log or a view of one. What is made of the tiles is verified
 * as a client of the policy would do it, before it is handed out [L-159].
 */
#include "logd/log_parts.h"
#include "tlog/proof.h"

/* What a proof is made of. */
struct parts {
	const struct tlog_tiles *tiles; /* of the tree of `note` */
	struct tlog_hash root;
	struct bytes note;
	uint64_t index; /* below tiles->size */
	struct bytes entry;
};

static enum err write_proof(struct wr *out, const struct parts *p,
    const struct tlog_policy *policy, uint64_t now_s, struct err_ctx *ctx)
{
	const size_t start = out->len;
	struct tlog_proof proof = { .index = p->index, .checkpoint = p->note };
	struct tlog_included in;
	struct tlog_hash leaf;
	enum err e = tlog_tree_inclusion(
	    proof.path, &proof.n, &leaf, p->tiles, p->index, &p->root);

	if (e != ERR_OK)
		return err_set(ctx, e, "the tiles do not lead to the root");
	tlog_proof_format(out, &proof);
	if (out->err != ERR_OK)
		return err_set(ctx, out->err, "no room for the proof");
	e = tlog_proof_verify(&in, policy, now_s, p->entry,
	    (struct bytes){ out->p + start, out->len - start }, ctx);
	if (e != ERR_OK)
		out->len = start;
	return e;
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
		.index = index };
	uint8_t entry[LOGD_ENTRY_LEN_MAX];
	enum err e;

	if (index >= log->published)
		return err_set(ctx, ERR_NOTFOUND,
		    "the published tree has no entry %llu",
		    (unsigned long long)index);
	p.entry.p = entry;
	e = logd_log_read(log, index, entry, sizeof(entry), &p.entry.len);
	if (e != ERR_OK)
		return err_set(ctx, e, "cannot read entry %llu",
		    (unsigned long long)index);
	return write_proof(out, &p, policy, now_s, ctx);
}
