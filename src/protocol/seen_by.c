/* See seen_by.h. */
#include "protocol/seen_by.h"

/* The operators of a set of witnesses, each once, in the policy's order. */
struct tally {
	struct bytes name[TLOG_POLICY_WITNESSES_MAX];
	unsigned runs[TLOG_POLICY_WITNESSES_MAX]; /* how many of them */
	unsigned n;
	unsigned here;     /* run by this machine: nobody's */
	unsigned unstated; /* together one operator */
	unsigned seen;
};

static void count_one(struct tally *c, struct bytes name)
{
	unsigned i = 0;

	c->seen++;
	if (name.len == 0) {
		c->unstated++;
		return;
	}
	if (mem_eq_str(name, TRUST_THIS_MACHINE)) {
		c->here++;
		return;
	}
	while (i < c->n && !mem_eq(c->name[i], name))
		i++;
	if (i == c->n)
		c->name[c->n++] = name;
	c->runs[i]++;
}

/* NULL: there are no witnesses to speak of. */
static const struct tlog_policy *tally(
    struct tally *c, const struct trust *t, uint64_t now_s, uint32_t cosigners)
{
	const struct tlog_policy *p = trust_policy_at(t, now_s);

	memset(c, 0, sizeof(*c));
	if (p == NULL || p->quorum == TLOG_QUORUM_NONE)
		return NULL;
	for (size_t i = 0; i < p->n_witnesses; i++) {
		if ((cosigners >> i & 1) != 0)
			count_one(
			    c, trust_operator_of(t, p->witness[i].key.name));
	}
	return p;
}

static unsigned independent(const struct tally *c)
{
	return c->n + (c->unstated > 0);
}

/* Does every operator run exactly one of them? Then a list of names says all. */
static bool one_each(const struct tally *c)
{
	return c->here == 0 && independent(c) == c->seen;
}

static void write_list(struct wr *w, const struct tally *c)
{
	const char *comma = "";

	for (unsigned i = 0; i < c->n && i < SEEN_BY_NAMES_MAX; i++) {
		wr_str(w, comma);
		wr_bytes(w, c->name[i]);
		if (c->runs[i] > 1)
			wr_fmt(w, " runs %u of them", c->runs[i]);
		comma = ", ";
	}
	if (c->n > SEEN_BY_NAMES_MAX)
		wr_fmt(w, ", and %u more", c->n - SEEN_BY_NAMES_MAX);
	if (c->unstated == 1)
		wr_fmt(w, "%sone not stated", comma);
	else if (c->unstated > 1)
		wr_fmt(w, "%s%u not stated", comma, c->unstated);
	if (c->unstated > 0)
		comma = ", ";
	if (c->here > 0)
		wr_fmt(w, "%sthis machine runs %u of them", comma, c->here);
}

static void write_operators(struct wr *w, const struct tally *c)
{
	if (c->seen == c->here) {
		wr_str(w, c->seen == 1 ? ", run by this machine"
				       : ", all run by this machine");
		return;
	}
	if (c->seen == c->unstated) {
		wr_str(w, c->seen == 1 ? " (operator not stated)"
				       : " (operators not stated)");
		return;
	}
	if (one_each(c))
		wr_fmt(w, " (operator%s ", c->seen == 1 ? "" : "s");
	else
		wr_fmt(w, " of %u independent operator%s (", independent(c),
		    independent(c) == 1 ? "" : "s");
	write_list(w, c);
	wr_str(w, ")");
}

void seen_by_write(
    struct wr *w, const struct trust *t, uint64_t now_s, uint32_t cosigners)
{
	struct tally c;
	const struct tlog_policy *p = tally(&c, t, now_s, cosigners);

	if (p == NULL) {
		wr_str(w, "no witnesses");
		return;
	}
	wr_fmt(w, "seen by %u of %zu witness%s", c.seen, p->n_witnesses,
	    p->n_witnesses == 1 ? "" : "es");
	if (c.seen > 0)
		write_operators(w, &c);
}

unsigned seen_by_operators(
    const struct trust *t, uint64_t now_s, uint32_t cosigners)
{
	struct tally c;

	return tally(&c, t, now_s, cosigners) == NULL ? 0 : independent(&c);
}
