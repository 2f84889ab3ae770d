/*
 * confer-log prove: the proof that an entry stands in a log, from what the log
 * shows everybody, verified before it is written.
 */
#include <stdlib.h>

#include "logd/cmd.h"
#include "logd/log.h"
#include "logd/view.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "tlog/tile.h"

struct prove {
	const struct logd_options *o;
	struct logd_show *s;
	uint64_t now_s;
	struct logd_trust *trust;
	const struct tlog_policy *policy;
	struct logd_view view;
	bool absent; /* the log was read, and has no such entry */
};

/* The size of the tree that the log shows now, accepted as a client would. */
static enum err read_size(
    const struct prove *p, uint64_t *size, struct err_ctx *ctx)
{
	static uint8_t note[LOGD_NOTE_MAX];
	struct tlog_head head;
	size_t len;
	enum err e = logd_view_read(
	    &p->view, "checkpoint", note, sizeof(note), &len, ctx);

	if (e == ERR_OK)
		e = tlog_checkpoint_verify(&head, p->policy, p->now_s,
		    (struct bytes){ note, len }, ctx);
	*size = e == ERR_OK ? head.size : 0;
	return e;
}

/* The newest entry with this leaf hash. The tiles are not authenticated here:
 * the proof that is made of them is. */
static enum err find_leaf(struct prove *p, uint64_t *index,
    const struct tlog_hash *leaf, struct err_ctx *ctx)
{
	struct tlog_hash hash[TLOG_TILE_WIDTH];
	struct tlog_tiles tiles;
	uint64_t size;
	enum err e = read_size(p, &size, ctx);

	if (e != ERR_OK)
		return e;
	tiles = logd_view_tiles(&p->view, size);
	while (e == ERR_OK && size > 0) {
		struct tlog_tile tile = tlog_tile_of(tiles.size, 0, size - 1);

		logd_show_status(p->s, "looking for it, entry %llu",
		    (unsigned long long)size);
		e = tiles.read(tiles.cookie, hash, &tile, ctx);
		for (unsigned i = tile.width; e == ERR_OK && i-- > 0; size--) {
			if (tlog_hash_eq(&hash[i], leaf)) {
				*index = size - 1;
				return ERR_OK;
			}
		}
	}
	if (e != ERR_OK)
		return e;
	p->absent = true;
	return err_set(ctx, ERR_NOTFOUND, "the log has no such record");
}

static enum err find_record(
    struct prove *p, uint64_t *index, struct err_ctx *ctx)
{
	struct logd_file f;
	struct tlog_hash leaf;
	enum err e = logd_cmd_load(&f, p->o->record, TLOG_ENTRY_LEN_MAX, ctx);

	if (e != ERR_OK)
		return e;
	tlog_leaf_hash(&leaf, f.text);
	logd_cmd_unload(&f);
	return find_leaf(p, index, &leaf, ctx);
}

/* Is there an entry of this index? */
static enum err find_index(
    struct prove *p, uint64_t *index, struct err_ctx *ctx)
{
	uint64_t size;
	enum err e = read_size(p, &size, ctx);

	*index = p->o->index;
	p->absent = e == ERR_OK && *index >= size;
	return p->absent
		   ? err_set(ctx, ERR_NOTFOUND,
			 "the log has %llu entries; there is no entry "
			 "%llu",
			 (unsigned long long)size, (unsigned long long)*index)
		   : e;
}

static enum err prove(struct prove *p, uint64_t *index, struct err_ctx *ctx)
{
	static uint8_t proof[TLOG_PROOF_LEN_MAX];
	struct wr w = wr_init(proof, sizeof(proof));
	enum err e;

	e = p->o->has_index ? find_index(p, index, ctx)
			    : find_record(p, index, ctx);
	if (e == ERR_OK)
		e = logd_view_prove(
		    &p->view, &w, *index, p->policy, p->now_s, ctx);
	if (e == ERR_OK)
		e = fd_replace_file(
		    p->o->out, (struct bytes){ proof, w.len }, 0644, ctx);
	return e;
}

/* Without --trust: the one of the log itself, which is of this machine then. */
static enum err load_trust(struct prove *p, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = logd_cmd_path(path, p->o->arg[0], LOGD_TRUST_NAME, ctx);

	if (e == ERR_OK)
		e = logd_cmd_trust_new(
		    &p->trust, p->o->trust != NULL ? p->o->trust : path, ctx);
	if (e != ERR_OK)
		return e;
	p->policy = trust_policy_at(&p->trust->trust, p->now_s);
	return p->policy != NULL
		   ? ERR_OK
		   : trust_no_policy(&p->trust->trust, p->now_s, ctx);
}

static enum logd_exit run(struct prove *p)
{
	struct err_ctx ctx = { 0 };
	uint64_t index = 0;
	enum err e;

	p->now_s = logd_cmd_now(p->o, p->s);
	e = load_trust(p, &ctx);
	if (e != ERR_OK)
		return logd_show_fail(
		    p->s, logd_show_code_input(e), NULL, &ctx);
	e = logd_cmd_view_open(&p->view, p->o->arg[0], p->o->ca_file, &ctx);
	if (e == ERR_OK) {
		e = prove(p, &index, &ctx);
		logd_view_close(&p->view);
	}
	if (e != ERR_OK)
		return logd_show_fail(p->s,
		    p->absent ? LOGD_EXIT_REFUSED : logd_show_code_view(e),
		    NULL, &ctx);
	logd_show_say(p->s, "%s proves entry %llu.", p->o->out,
	    (unsigned long long)index);
	logd_show_num(p->s, "index", index);
	logd_show_cstr(p->s, "proof", p->o->out);
	return LOGD_EXIT_OK;
}

enum logd_exit logd_cmd_prove(const struct logd_options *o, struct logd_show *s)
{
	struct prove p = { .o = o, .s = s, .view = LOGD_VIEW_INIT };
	enum logd_exit x;

	if (o->has_index == (o->record != NULL) || o->out == NULL)
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "`confer-log prove` needs --out, and --index or --record");
	x = run(&p);
	logd_cmd_trust_free(p.trust);
	return x;
}
