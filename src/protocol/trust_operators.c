/*
 * Who runs the witnesses, and that no quorum rests on one of them [L-40].
 */
#include "protocol/trust_parse.h"
#include "tlog/text.h"

/* What is shown for witnesses without a line: nobody can be called that. */
#define NOT_STATED "not stated"

/* The next letter or digit from *at on, small; 0 at the end. */
static uint8_t next_sign(struct bytes name, size_t *at)
{
	while (*at < name.len) {
		const uint8_t c = name.p[(*at)++];

		if (c >= 'A' && c <= 'Z')
			return (uint8_t)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			return c;
	}
	return 0;
}

/* Would a reader take one name for the other? */
static bool looks_like(struct bytes a, struct bytes b)
{
	size_t i = 0, j = 0;
	uint8_t c;

	do {
		c = next_sign(a, &i);
		if (c != next_sign(b, &j))
			return false;
	} while (c != 0);
	return true;
}

static bool imitates(struct bytes name, struct bytes other)
{
	return !mem_eq(name, other) && looks_like(name, other);
}

/* Of a line of the trust file, so 0x20..0x7e. Not one of the words that stand
 * for somebody else, nor what looks like one, or like nothing. */
static bool name_ok(struct bytes name)
{
	static const struct bytes here = BYTES_LITERAL(TRUST_THIS_MACHINE);
	static const struct bytes nobody = BYTES_LITERAL(NOT_STATED);
	size_t at = 0;

	return name.len >= 1 && name.len <= TRUST_OPERATOR_LEN_MAX &&
	       name.p[0] != ' ' && name.p[name.len - 1] != ' ' &&
	       next_sign(name, &at) != 0 && !looks_like(name, nobody) &&
	       !imitates(name, here);
}

/* One operator has one spelling: two would be counted as two people. */
static bool imitates_another(const struct trust *t, struct bytes name)
{
	for (size_t i = 0; i < t->n_ops; i++) {
		if (imitates(name, t->op[i].name))
			return true;
	}
	return false;
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
	if (imitates_another(t, name))
		return err_set(ctx, ERR_FORMAT,
		    "trust file line %u: this operator is spelled otherwise "
		    "above",
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
