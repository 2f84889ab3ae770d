/* See proof.h. */
#include "client/proof.h"

#include "base/hex.h"
#include "protocol/receipt_check.h"

bool client_proof_possible(const struct client_conn *c)
{
	const struct verdict *v = &c->judgement.verdict;

	return v->accepted && v->claims.binding.has_receipt_key;
}

/* Texts are wiped as far as they were used. */
void client_proof_forget(struct client_proof *p)
{
	mem_wipe(p->request, p->request_len);
	mem_wipe(p->answer, p->answer_len);
	mem_wipe(p, offsetof(struct client_proof, request));
}

void client_proof_begin(
    struct client_proof *p, const struct client_conn *c, struct wr *body)
{
	const struct client_io *io = c->config->io;
	uint8_t salts[CLIENT_SALTS_LEN];

	client_proof_forget(p);
	io->random(io->cookie, salts, sizeof(salts));
	wr_copy(body, salts, sizeof(salts));
	mem_wipe(salts, sizeof(salts));
}

/* {"statement": text, "signature": base64}. */
static enum err read_member(
    struct client_proof *p, const struct json *member, struct err_ctx *ctx)
{
	uint8_t text[BASE64_LEN(ED25519_SIG_LEN)];
	struct json v;
	size_t n = 0, len = 0;

	if (member->type != JSON_OBJECT || !json_get(member, "statement", &v) ||
	    v.type != JSON_STRING ||
	    json_string(&v, p->statement, sizeof(p->statement),
		&p->statement_len) != ERR_OK)
		return err_set(ctx, ERR_FORMAT,
		    "the enclave was asked for a statement and gave none");
	if (!json_get(member, "signature", &v) || v.type != JSON_STRING ||
	    json_string(&v, text, sizeof(text), &n) != ERR_OK ||
	    base64_decode(p->signature, sizeof(p->signature), &len,
		(struct bytes){ text, n }) != ERR_OK ||
	    len != ED25519_SIG_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "the enclave's statement has no signature");
	return ERR_OK;
}

/* Salts and texts beside each other, as a receipt has them. */
static enum err keep_texts(struct client_proof *p, struct bytes body,
    struct bytes text, struct err_ctx *ctx)
{
	const struct bytes chat = { body.p + CLIENT_SALTS_LEN,
		body.len - CLIENT_SALTS_LEN };
	struct wr r = wr_init(p->request, sizeof(p->request));
	struct wr a = wr_init(p->answer, sizeof(p->answer));

	wr_copy(&r, body.p, RECEIPT_SALT_LEN);
	wr_bytes(&r, chat);
	wr_copy(&a, body.p + RECEIPT_SALT_LEN, RECEIPT_SALT_LEN);
	wr_bytes(&a, text);
	p->request_len = r.len;
	p->answer_len = a.len;
	if (r.err != ERR_OK || a.err != ERR_OK)
		return err_set(
		    ctx, ERR_LIMIT, "the answer is too long for a receipt");
	return ERR_OK;
}

/* as anybody would verify it later. */
static enum err verify(
    struct client_proof *p, const struct client_conn *c, struct err_ctx *ctx)
{
	struct receipt_check check;
	struct err_ctx why = { 0 };
	struct receipt r = { 0 };
	enum err e;

	client_proof_parts(&r, p, true);
	r.channel_key = (struct bytes){ p->channel_key, X25519_LEN };
	e = receipt_check(&check, &r, &c->judgement.verdict, &why);
	if (e != ERR_OK)
		return err_set(ctx, e,
		    "the enclave signed something else "
		    "about this answer: %s",
		    why.msg);
	return ERR_OK;
}

enum err client_proof_take(struct client_proof *p, const struct client_conn *c,
    const struct json *member, struct bytes body, struct bytes text,
    struct err_ctx *ctx)
{
	enum err e = read_member(p, member, ctx);

	memcpy(p->channel_key, c->key, sizeof(p->channel_key));
	if (e == ERR_OK)
		e = keep_texts(p, body, text, ctx);
	if (e == ERR_OK)
		e = verify(p, c, ctx);
	p->stated = e == ERR_OK;
	if (e != ERR_OK)
		client_proof_forget(p);
	return e;
}

void client_proof_parts(
    struct receipt *out, const struct client_proof *p, bool texts)
{
	out->statement = (struct bytes){ p->statement, p->statement_len };
	out->signature = (struct bytes){ p->signature, ED25519_SIG_LEN };
	out->request = (struct bytes){ p->request, texts ? p->request_len : 0 };
	out->answer = (struct bytes){ p->answer, texts ? p->answer_len : 0 };
}
