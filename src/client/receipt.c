/* See receipt.h. */
#include "client/receipt.h"

#include <stdlib.h>

#include "sys/fd.h"

static enum receipt_handshake handshake_of(const struct client_history *h)
{
	if (h->fell_back)
		return RECEIPT_XXFALLBACK;
	if (!h->resumed)
		return RECEIPT_XX;
	return h->same ? RECEIPT_IK_SAME : RECEIPT_IK;
}

/* What was seen, line by line; all of it has passed. */
static void write_account(struct wr *w, const struct client_receipt *what)
{
	const struct client_conn *c = what->conn;
	const struct verdict *v = &c->judgement.verdict;
	const struct receipt_account a = {
		.client = { (const uint8_t *)what->client,
		    mem_strlen(what->client) },
		.verified_at = c->verified_at,
		.deadline = v->checks.deadline_s,
		.handshake = handshake_of(&c->history),
		.tee = v->claims.kind,
	};

	receipt_account_write(w, &a);
	for (size_t i = 0; i < v->checks.n; i++)
		receipt_account_check(w,
		    evidence_check_name(v->checks.line[i].id),
		    v->checks.line[i].text);
}

enum err client_receipt_write(
    struct wr *w, const struct client_receipt *what, struct err_ctx *ctx)
{
	const struct client_conn *c = what->conn;
	const bool stated = what->proof != NULL && what->proof->stated;
	uint8_t account[RECEIPT_ACCOUNT_LEN_MAX];
	struct wr a = wr_init(account, sizeof(account));
	struct receipt r = { .channel_key = { c->key, X25519_LEN },
		.evidence = c->bundle,
		.trust = what->trust_text };

	if (!c->judgement.verdict.accepted || c->judgement.split_view ||
	    c->bundle.len == 0)
		return err_set(ctx, ERR_POLICY,
		    "nothing was verified that a receipt could tell");
	if (stated &&
	    !mem_eq(r.channel_key,
		(struct bytes){ what->proof->channel_key, X25519_LEN }))
		return err_set(ctx, ERR_POLICY,
		    "the session of that answer has ended, and the enclave "
		    "has another key now");
	if (stated)
		client_proof_parts(&r, what->proof, true);
	write_account(&a, what);
	r.account_text = (struct bytes){ account, a.len };
	receipt_write(w, &r);
	if (a.err != ERR_OK || w->err != ERR_OK)
		return err_set(ctx, ERR_INTERNAL, "the receipt has no room");
	return ERR_OK;
}

enum err client_receipt_save(
    const char *path, const struct client_receipt *what, struct err_ctx *ctx)
{
	uint8_t *buf = malloc(RECEIPT_LEN_MAX);
	struct wr w = wr_init(buf, buf != NULL ? RECEIPT_LEN_MAX : 0);
	struct err_ctx why = { 0 };
	enum err e = ERR_NOMEM;

	if (buf != NULL)
		e = client_receipt_write(&w, what, &why);
	if (e == ERR_OK)
		e = fd_replace_file(
		    path, (struct bytes){ buf, w.len }, 0600, &why);
	if (buf != NULL)
		mem_wipe(buf, w.len);
	free(buf);
	if (e != ERR_OK)
		return err_set(ctx, e, "the receipt cannot be written: %s",
		    why.msg[0] != '\0' ? why.msg : err_name(e));
	return ERR_OK;
}

enum err client_receipt_judge(struct client_judgement *j,
    const struct client_demand *demand, const struct client_state *state,
    const struct receipt *r, enum client_receipt_time at)
{
	struct client_demand d = *demand;
	struct client_state past = *state;
	const uint64_t then = r->account.verified_at;

	if (at == CLIENT_RECEIPT_NOW)
		return client_judge(
		    j, demand, state, r->evidence, r->channel_key.p);
	if (then > demand->now_s &&
	    then - demand->now_s > CLIENT_RECEIPT_AHEAD_S) {
		memset(j, 0, sizeof(*j));
		return err_set(&j->verdict.checks.reason, ERR_POLICY,
		    "the receipt is dated in the future");
	}
	d.now_s = then;
	past.policy_seq = 0;
	return client_judge(j, &d, &past, r->evidence, r->channel_key.p);
}
