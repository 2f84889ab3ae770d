/* Proof of misbehaviour, kept for whoever wants to check it [L-173]. */
#include "base/fmt.h"
#include "base/hex.h"
#include "logd/audit_parts.h"
#include "sys/fd.h"

#define ID_LEN      16         /* hex digits that name one case */
#define PROOF_MAX   (8 * 1024) /* 63 hashes in base64, and the head */
#define MODE        0644
#define PLACE_SHOWN 60 /* of a place, in a sentence */

/* One case: its files are DIR/<id>.note-1 and so on. */
struct evidence {
	const char *dir;
	char id[ID_LEN + 1];
	struct err_ctx *ctx;
};

/* The same two notes have the same name in each run. */
static void name_case(struct evidence *ev, const struct audit_head *first,
    const struct audit_head *second)
{
	const struct bytes part[] = { { first->note, first->note_len },
		{ second->note, second->note_len } };
	uint8_t id[SHA256_LEN];

	crypto_sha256(id, part, 2);
	hex_encode(ev->id, id, ID_LEN / 2);
}

static enum err keep(
    const struct evidence *ev, const char *suffix, struct bytes content)
{
	char path[FD_PATH_MAX];

	if (fmt_print(path, sizeof(path), "%s/%s.%s", ev->dir, ev->id,
		suffix) >= sizeof(path))
		return err_set(ev->ctx, ERR_LIMIT, "evidence: path too long");
	return fd_replace_file(path, content, MODE, ev->ctx);
}

static void put_root(
    struct wr *w, const char *word, uint64_t size, const struct tlog_hash *root)
{
	char text[BASE64_LEN(TLOG_HASH_LEN) + 1];

	base64_encode(text, root->b, TLOG_HASH_LEN);
	wr_fmt(w, "%s %llu %s\n", word, (unsigned long long)size, text);
}

/* The tree of the first note begins with one of `old` entries and this root,
 * which is not that of the second note. */
static enum err keep_proof(const struct evidence *ev,
    const struct audit_head *first, uint64_t old, const struct tlog_hash *root,
    const struct tlog_hash *proof, size_t n)
{
	uint8_t text[PROOF_MAX];
	struct wr w = wr_init(text, sizeof(text));
	char hash[BASE64_LEN(TLOG_HASH_LEN) + 1];

	wr_str(&w, "confer-consistency/v1\n");
	put_root(&w, "old", old, root);
	put_root(&w, "new", first->size, &first->root);
	for (size_t i = 0; i < n; i++) {
		base64_encode(hash, proof[i].b, TLOG_HASH_LEN);
		wr_fmt(&w, "%s\n", hash);
	}
	return keep(ev, "consistency", (struct bytes){ text, w.len });
}

/* The proof goes first: who finds two notes finds it as well. */
static enum err keep_all(const struct evidence *ev,
    const struct audit_head *first, const struct audit_head *second,
    const struct tlog_hash *proven, const struct tlog_hash *proof, size_t n)
{
	enum err e = fd_make_dirs(ev->dir, ev->ctx);

	if (e == ERR_OK && proven != NULL)
		e = keep_proof(ev, first, second->size, proven, proof, n);
	if (e == ERR_OK)
		e = keep(ev, "note-1",
		    (struct bytes){ first->note, first->note_len });
	if (e == ERR_OK)
		e = keep(ev, "note-2",
		    (struct bytes){ second->note, second->note_len });
	return e;
}

enum err logd_audit_evidence(struct audit *a, const struct audit_head *first,
    const struct audit_head *second, const struct tlog_hash *proven,
    const struct tlog_hash *proof, size_t n)
{
	struct evidence ev = { .dir = a->spec->evidence_dir, .ctx = a->ctx };
	bool forked = first->is_remembered || second->is_remembered;
	enum err e = ERR_OK;

	name_case(&ev, first, second);
	if (ev.dir != NULL)
		e = keep_all(&ev, first, second, proven, proof, n);
	a->forked = a->forked || forked;
	logd_audit_find(a, LOGD_MISBEHAVIOUR,
	    forked ? "forked" : "view-differs", AUDIT_NO_INDEX,
	    "the log signed two trees that contradict each other: %llu entries "
	    "(%.*s) and %llu (%.*s); evidence %s",
	    (unsigned long long)first->size, PLACE_SHOWN, first->who,
	    (unsigned long long)second->size, PLACE_SHOWN, second->who,
	    ev.dir == NULL || e != ERR_OK ? "not kept" : ev.id);
	if (e != ERR_OK)
		a->out->damaged = true;
	return e;
}
