/*
 * Checkpoints of one log from several places, held against each other [L-172].
 *
 * The largest tree whose tiles somebody serves is the measure: its tiles give
 * the root that it has at each smaller size, with a proof that this is so. A
 * checkpoint with another root is the log's own signature under a second
 * history, whoever showed it.
 */
#include "base/fmt.h"
#include "base/hex.h"
#include "logd/audit_parts.h"
#include "tlog/tree.h"

#define PATH_MAX_LEN (2 * SHA256_LEN + 16) /* <hex64>/checkpoint */
#define WHO_SHOWN    80                    /* of a place, in a sentence */

/* ---- reading ------------------------------------------------------------- */

enum err logd_audit_read_head(struct audit *a, struct audit_head *h,
    struct tlog_head *verified, const struct logd_view *v, const char *path,
    struct err_ctx *ctx)
{
	enum err e;

	*h = (struct audit_head){ .who = v->where };
	e = logd_view_read(
	    v, path, h->note, sizeof(h->note), &h->note_len, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_verify(verified, &a->any, a->spec->now_s,
		    (struct bytes){ h->note, h->note_len }, ctx);
	if (e != ERR_OK)
		return e;
	if (a->origin[0] != '\0' && !mem_eq_str(verified->origin, a->origin))
		return err_set(ctx, ERR_POLICY, "of another log, %.*s",
		    (int)verified->origin.len,
		    (const char *)verified->origin.p);
	h->size = verified->size;
	h->root = verified->root;
	return ERR_OK;
}

static void read_view(
    struct audit *a, const struct logd_view *v, const char *path)
{
	struct audit_head *h = &a->head[a->n_heads];
	struct err_ctx why = { 0 };
	struct tlog_head verified;
	enum err e = logd_audit_read_head(a, h, &verified, v, path, &why);

	if (e == ERR_OK)
		a->n_heads++;
	else if (e == ERR_NOTFOUND)
		logd_audit_find(a, LOGD_NOTE, "view-behind", AUDIT_NO_INDEX,
		    "%.*s has no checkpoint of this log", WHO_SHOWN, v->where);
	else
		logd_audit_find(a, LOGD_ALARM,
		    logd_audit_is_wrong(e) || e == ERR_POLICY
			? "view-invalid"
			: "view-unreachable",
		    AUDIT_NO_INDEX, "%.*s: %s", WHO_SHOWN, v->where, why.msg);
}

void logd_audit_read_views(struct audit *a)
{
	const struct bytes origin = { (const uint8_t *)a->origin,
		mem_strlen(a->origin) };
	char path[PATH_MAX_LEN], hex[2 * SHA256_LEN + 1];
	uint8_t id[SHA256_LEN];

	for (size_t i = 1; i < a->spec->n_views; i++)
		read_view(a, &a->spec->view[i], "checkpoint");
	crypto_sha256(id, &origin, 1);
	hex_encode(hex, id, sizeof(id));
	(void)fmt_print(path, sizeof(path), "%s/checkpoint", hex);
	for (size_t i = 0; i < a->spec->n_witnesses; i++)
		read_view(a, &a->spec->witness[i], path);
}

/* ---- comparing ----------------------------------------------------------- */

/* Heads from the largest to the smallest; the log's before others of its size. */
static void sort_heads(struct audit *a, const struct audit_head **order)
{
	for (size_t i = 0; i < a->n_heads; i++) {
		size_t at = i;

		for (; at > 0 && order[at - 1]->size < a->head[i].size; at--)
			order[at] = order[at - 1];
		order[at] = &a->head[i];
	}
}

/* Two roots of one size need no tiles. */
static enum err compare_equal(
    struct audit *a, const struct audit_head *const *order)
{
	const struct audit_head *first = order[0];
	enum err e = ERR_OK;

	for (size_t i = 1; i < a->n_heads && e == ERR_OK; i++) {
		if (order[i]->size != first->size)
			first = order[i];
		else if (!tlog_hash_eq(&order[i]->root, &first->root))
			e = logd_audit_evidence(
			    a, first, order[i], NULL, NULL, 0);
	}
	return e;
}

/* Do the tiles of this view lead to the head's root? */
static enum err serves(
    const struct logd_view *v, const struct audit_head *h, struct err_ctx *ctx)
{
	struct tlog_tiles tiles = logd_view_tiles(v, h->size);
	struct tlog_range range;
	struct tlog_hash root;
	enum err e = tlog_tree_range(&range, &tiles, h->size, ctx);

	if (e != ERR_OK)
		return e;
	tlog_range_root(&root, &range);
	if (!tlog_hash_eq(&root, &h->root))
		return err_set(ctx, ERR_AUTH,
		    "%.*s: its tiles do not give the root of %llu entries",
		    WHO_SHOWN, v->where, (unsigned long long)h->size);
	return ERR_OK;
}

/* Who serves the tiles of this head: the log if it does; NULL: nobody. */
static const struct logd_view *find_server(
    const struct audit *a, const struct audit_head *h)
{
	for (size_t i = 0; i < a->spec->n_views; i++) {
		if (serves(&a->spec->view[i], h, NULL) == ERR_OK)
			return &a->spec->view[i];
	}
	return NULL;
}

/* The log has to serve its own tree. */
static enum err check_log(struct audit *a)
{
	struct err_ctx why = { 0 };
	enum err e = serves(&a->spec->view[0], &a->head[0], &why);

	if (e == ERR_OK)
		return ERR_OK;
	if (!logd_audit_is_wrong(e))
		return err_set(a->ctx, e, "%s", why.msg);
	a->broken = true;
	logd_audit_find(a, LOGD_ALARM,
	    e == ERR_NOTFOUND ? "tile-missing" : "tile-mismatch",
	    AUDIT_NO_INDEX, "%s", why.msg);
	return ERR_OK;
}

/* Signed once, and not to be had from the log now. */
static void find_shrunk(struct audit *a, const struct audit_head *h)
{
	logd_audit_find(a, LOGD_ALARM, "shrunk", AUDIT_NO_INDEX,
	    "the log signed a tree of %llu entries (seen at %.*s), and does "
	    "not "
	    "serve it; it shows %llu",
	    (unsigned long long)h->size, WHO_SHOWN, h->who,
	    (unsigned long long)a->head[0].size);
}

static void find_behind(
    struct audit *a, const struct audit_head *h, uint64_t largest)
{
	if (h->is_log && h->size < largest)
		logd_audit_find(a, LOGD_NOTE, "log-behind", AUDIT_NO_INDEX,
		    "the log shows %llu entries, and has %llu",
		    (unsigned long long)h->size, (unsigned long long)largest);
	else if (!h->is_log && !h->is_remembered && h->size < a->head[0].size)
		logd_audit_find(a, LOGD_NOTE, "view-behind", AUDIT_NO_INDEX,
		    "%.*s shows %llu entries of %llu", WHO_SHOWN, h->who,
		    (unsigned long long)h->size,
		    (unsigned long long)a->head[0].size);
}

/* Does the tree of `base`, whose tiles are given, begin with that of `h`? */
static enum err compare_smaller(struct audit *a, const struct audit_head *base,
    const struct audit_head *h, const struct tlog_tiles *tiles)
{
	struct tlog_hash proof[TLOG_PATH_MAX], proven;
	struct tlog_range range;
	size_t n;
	enum err e = ERR_OK;

	if (h->size > 0)
		e = tlog_tree_consistency(
		    proof, &n, tiles, h->size, &h->root, &base->root);
	if (e == ERR_OK) {
		find_behind(a, h, base->size);
		return ERR_OK;
	}
	if (e == ERR_AUTH)
		e = tlog_tree_range(&range, tiles, h->size, NULL);
	if (e == ERR_OK) {
		tlog_range_root(&proven, &range);
		e = tlog_tree_consistency(
		    proof, &n, tiles, h->size, &proven, &base->root);
	}
	if (e == ERR_OK)
		return logd_audit_evidence(a, base, h, &proven, proof, n);
	logd_audit_find(a, LOGD_ALARM, "tile-mismatch", AUDIT_NO_INDEX,
	    "no tiles show how %llu entries (seen at %.*s) became %llu: %s",
	    (unsigned long long)h->size, WHO_SHOWN, h->who,
	    (unsigned long long)base->size, err_name(e));
	return ERR_OK;
}

enum err logd_audit_compare(struct audit *a)
{
	const struct audit_head *order[AUDIT_HEADS_MAX];
	const struct logd_view *server = NULL;
	struct tlog_tiles tiles;
	size_t base = 0;
	enum err e;

	sort_heads(a, order);
	e = check_log(a);
	if (e == ERR_OK)
		e = compare_equal(a, order);
	if (e != ERR_OK)
		return e;
	for (; base < a->n_heads; base++) {
		server = find_server(a, order[base]);
		if (order[base]->size > a->head[0].size &&
		    server != &a->spec->view[0])
			find_shrunk(a, order[base]);
		if (server != NULL)
			break;
	}
	if (server == NULL)
		return ERR_OK;
	tiles = logd_view_tiles(server, order[base]->size);
	for (size_t i = base + 1; i < a->n_heads && e == ERR_OK; i++) {
		if (order[i]->size < order[base]->size)
			e = compare_smaller(a, order[base], order[i], &tiles);
	}
	return e;
}
