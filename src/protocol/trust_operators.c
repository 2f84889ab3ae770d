/*
 * Who runs the witnesses, and that no quorum rests on one of them [L-40].
 */
#include "protocol/trust_parse.h"
#include "tlog/text.h"

/* What is shown for witnesses without a line: nobody can be called that. */
#define NOT_STATED "not stated"

/* Of a line of the trust file, so 0x20..0x7e. */
static bool name_ok(struct bytes name)
{
	return name.len >= 1 && name.len <= TRUST_OPERATOR_LEN_MAX &&
	       name.p[0] != ' ' && name.p[name.len - 1] != ' ' &&
	       !mem_eq_str(name, NOT_STATED);
}

enum err trust_operator_read(
    struct trust *t, struct bytes value, unsigned line, struct err_ctx *ctx)
{
	struct bytes witness = { value.p, 0 }, name = { NULL, 0 };

	while (witness.len < value.len && value.p[witness.len] != ' ')
		witness.len++;
	if (witness.len < value.len)
		name = (struct bytes){ value.p + witness.len + 1,
			value.len - witness.len - 1 };
	if (!tlog_key_name_ok(witness) || !name_ok(name))
		return err_set(ctx, ERR_FORMAT,
		    "trust file line %u: expected operator, the name of a "
		    "witness key, and who runs it",
		    line);
	if (t->n_ops > 0 &&
	    tlog_text_compare(t->op[t->n_ops - 1].witness, witness) >= 0)
		return err_set(ctx, ERR_FORMAT,
		    "trust file line %u: operator lines ascend by witness",
		    line);
	if (t->n_ops == TRUST_OPERATORS_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "trust file line %u: more than %d operator lines", line,
		    TRUST_OPERATORS_MAX);
	t->op[t->n_ops++] = (struct trust_operator){ witness, name };
	return ERR_OK;
}

struct bytes trust_operator_of(const struct trust *t, struct bytes key_name)
{
	for (size_t i = 0; i < t->n_ops; i++) {
		if (mem_eq(t->op[i].witness, key_name))
			return t->op[i].name;
	}
	return (struct bytes){ NULL, 0 };
}

static bool is_witness(const struct trust *t, struct bytes key_name)
{
	for (size_t i = 0; i < t->n_logs; i++) {
		const struct tlog_policy *p = &t->log[i].policy;

		for (size_t k = 0; k < p->n_witnesses; k++)
			if (mem_eq(p->witness[k].key.name, key_name))
				return true;
	}
	return false;
}

/* Could this operator, with the witnesses that count for nobody, do alone? */
static bool meets_alone(
    const struct trust *t, const struct tlog_policy *p, struct bytes who)
{
	static const uint64_t always[TLOG_POLICY_WITNESSES_MAX];
	uint32_t have = 0;
	uint64_t when;

	for (size_t i = 0; i < p->n_witnesses; i++) {
		struct bytes of = trust_operator_of(t, p->witness[i].key.name);

		if (mem_eq(of, who) || mem_eq_str(of, TRUST_THIS_MACHINE))
			have |= UINT32_C(1) << i;
	}
	return tlog_policy_quorum(&when, p, have, always);
}

static enum err check_quorum(
    const struct trust *t, const struct tlog_policy *p, struct err_ctx *ctx)
{
	for (size_t i = 0; i < p->n_witnesses; i++) {
		struct bytes of = trust_operator_of(t, p->witness[i].key.name);

		if (!meets_alone(t, p, of))
			continue;
		if (of.len == 0)
			of = (struct bytes)BYTES_LITERAL(NOT_STATED);
		return err_set(ctx, ERR_POLICY,
		    "trust file: one operator (%.*s) can meet the quorum of "
		    "witnesses alone",
		    (int)of.len, (const char *)of.p);
	}
	return ERR_OK;
}

enum err trust_operators_check(const struct trust *t, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < t->n_ops; i++) {
		if (!is_witness(t, t->op[i].witness))
			return err_set(ctx, ERR_FORMAT,
			    "trust file: operator of %.*s, which is no witness "
			    "of it",
			    (int)t->op[i].witness.len,
			    (const char *)t->op[i].witness.p);
	}
	for (size_t i = 0; e == ERR_OK && !t->local && i < t->n_logs; i++)
		e = check_quorum(t, &t->log[i].policy, ctx);
	return e;
}
