/* tlog-proof files; see proof.h. */
#include "tlog/proof.h"

#include "base/hex.h"
#include "tlog/text.h"

#define HEADER "c2sp.org/tlog-proof@v1"

static void parse_extra(struct tlog_text *t, struct tlog_proof *out)
{
	size_t n;

	if (!tlog_text_peek(t, "extra"))
		return;
	tlog_text_key(t, "extra");
	out->extra = tlog_text_visible(t, TLOG_EXTRA_LEN_MAX);
	if (t->err == ERR_OK && !tlog_text_is_base64(out->extra, &n))
		tlog_text_fail(t, ERR_FORMAT, "not base64");
	tlog_text_eol(t);
}

/* Hashes up to the first empty line. L-43, L-44 */
static void parse_path(struct tlog_text *t, struct tlog_proof *out)
{
	struct bytes line;
	size_t n;

	t->key = "path";
	while ((line = tlog_text_line(t)).len != 0) {
		if (out->n == TLOG_PATH_MAX) {
			tlog_text_fail(t, ERR_LIMIT, "too many hashes");
			return;
		}
		if (base64_decode(out->path[out->n].b, TLOG_HASH_LEN, &n,
			line) != ERR_OK ||
		    n != TLOG_HASH_LEN) {
			tlog_text_fail(t, ERR_FORMAT,
			    "the line before is not base64 of 32 bytes");
			return;
		}
		out->n++;
	}
}

enum err tlog_proof_parse(
    struct tlog_proof *out, struct bytes in, struct err_ctx *ctx)
{
	struct tlog_text t = tlog_text_init(in, ctx);

	memset(out, 0, sizeof(*out));
	if (in.len > TLOG_PROOF_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "proof: %zu bytes", in.len);
	tlog_text_key(&t, HEADER);
	tlog_text_eol(&t);
	parse_extra(&t, out);
	tlog_text_key(&t, "index"); /* L-42 */
	out->index = tlog_text_num(&t, 0, TLOG_SIZE_MAX - 1);
	tlog_text_eol(&t);
	parse_path(&t, out);
	if (t.err == ERR_OK && t.off == in.len)
		tlog_text_fail(&t, ERR_TRUNCATED, "no checkpoint follows");
	if (t.err != ERR_OK)
		memset(out, 0, sizeof(*out));
	else
		out->checkpoint =
		    (struct bytes){ in.p + t.off, in.len - t.off };
	return t.err;
}

void tlog_proof_format(struct wr *w, const struct tlog_proof *proof)
{
	char text[BASE64_LEN(TLOG_HASH_LEN) + 1];

	wr_str(w, HEADER "\n");
	if (proof->extra.p != NULL) {
		wr_str(w, "extra ");
		wr_bytes(w, proof->extra);
		wr_u8(w, '\n');
	}
	wr_fmt(w, "index %llu\n", (unsigned long long)proof->index);
	for (size_t i = 0; i < proof->n; i++) {
		base64_encode(text, proof->path[i].b, TLOG_HASH_LEN);
		wr_fmt(w, "%s\n", text);
	}
	wr_u8(w, '\n');
	wr_bytes(w, proof->checkpoint);
}

static enum err check_inclusion(const struct tlog_included *in,
    const struct tlog_proof *proof, struct err_ctx *ctx)
{
	enum err e = tlog_inclusion_verify(&in->head.root, in->head.size,
	    in->index, &in->leaf, proof->path, proof->n);

	if (e == ERR_FORMAT)
		return err_set(ctx, e,
		    "proof: %zu hashes do not fit index %llu of %llu", proof->n,
		    (unsigned long long)in->index,
		    (unsigned long long)in->head.size);
	if (e != ERR_OK)
		return err_set(ctx, e,
		    "proof: the record is not entry %llu of the tree",
		    (unsigned long long)in->index);
	return ERR_OK;
}

enum err tlog_proof_verify(struct tlog_included *out,
    const struct tlog_policy *policy, uint64_t now_s, struct bytes entry,
    struct bytes file, struct err_ctx *ctx)
{
	struct tlog_included in;
	struct tlog_proof proof;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = tlog_proof_parse(&proof, file, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_verify(
		    &in.head, policy, now_s, proof.checkpoint, ctx);
	if (e == ERR_OK)
		e = tlog_head_check_fresh(&in.head, now_s, TLOG_FRESH_S, ctx);
	if (e != ERR_OK)
		return e;
	in.index = proof.index;
	tlog_leaf_hash(&in.leaf, entry);
	e = check_inclusion(&in, &proof, ctx);
	if (e == ERR_OK)
		*out = in;
	return e;
}
