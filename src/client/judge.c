/* See judge.h. */
#include "client/judge.h"

static enum err conclude(struct verdict *v)
{
	bool answer[OBLIGATIONS_MAX] = { false };

	for (size_t i = 0; i < v->checks.obligations.n; i++)
		answer[i] = obligation_resolve(
				&v->checks.obligations.item[i]) == ERR_OK;
	return evidence_conclude(v, answer, v->checks.obligations.n);
}

/* L-26: one size, two roots, in whichever proof. */
static enum err compare(
    struct client_judgement *j, const struct client_head *seen)
{
	const struct claims *c = &j->verdict.claims;

	for (size_t i = 0; i < c->trees; i++) {
		const struct claim_tree *t = &c->tree[i];

		if (t->size != seen->size ||
		    mem_eq((struct bytes){ seen->root, SHA256_LEN },
			(struct bytes){ t->root, SHA256_LEN }))
			continue;
		j->split_view = true;
		j->split_size = seen->size;
		j->split_proof = t->proof;
		return ERR_AUTH;
	}
	return ERR_OK;
}

enum err client_judge(struct client_judgement *j,
    const struct client_demand *demand, const struct client_state *state,
    struct bytes bundle, const uint8_t s_pub[X25519_LEN])
{
	const struct evidence_demand d = { .trust = demand->trust,
		.accept_simulated = demand->accept_simulated,
		.roots = attest_roots,
		.now_s = demand->now_s,
		.policy_seq_min = state->policy_seq };
	const struct client_head *seen;
	enum err e;

	memset(j, 0, sizeof(*j));
	e = evidence_verify(&j->verdict, &j->work, &d, bundle, s_pub);
	/* Also of a refusal: whether what it speaks of is authentic at all. */
	if (e == ERR_OK || j->verdict.checks.obligations.n > 0)
		e = conclude(&j->verdict);
	if (e != ERR_OK)
		return e;
	seen = client_state_head(state, j->verdict.claims.log_origin);
	return seen == NULL ? ERR_OK : compare(j, seen);
}
