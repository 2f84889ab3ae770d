/* Trust policy text and quorums; see policy.h. */
#include "tlog/policy.h"

#include "base/assert.h"
#include "base/utf8.h"
#include "tlog/text.h"

_Static_assert(TLOG_POLICY_WITNESSES_MAX <= 32 && TLOG_POLICY_GROUPS_MAX <= 32,
    "members are bits of a uint32_t");

struct parser {
	struct tlog_policy *p;
	struct bytes line; /* what is left of the current line */
	size_t number;     /* of the current line, from 1 */
	bool allow_no_quorum;
	struct err_ctx *ctx;
};

static enum err fail(const struct parser *ps, enum err e, const char *why)
{
	return err_set(ps->ctx, e, "policy line %zu: %s", ps->number, why);
}

/* The next field, or {NULL, 0} at the end of the line. */
static struct bytes next_field(struct parser *ps)
{
	struct bytes *l = &ps->line, f = { NULL, 0 };

	while (l->len > 0 && (l->p[0] == ' ' || l->p[0] == '\t')) {
		l->p++;
		l->len--;
	}
	if (l->len == 0)
		return f;
	f.p = l->p;
	while (l->len > 0 && l->p[0] != ' ' && l->p[0] != '\t') {
		l->p++;
		l->len--;
		f.len++;
	}
	return f;
}

/* An optional last field. */
static enum err read_url(struct parser *ps, struct bytes *url)
{
	*url = next_field(ps);
	if (next_field(ps).len != 0)
		return fail(ps, ERR_FORMAT, "a field too many");
	return ERR_OK;
}

/* Is the public key or, for a witness, the log's name taken? L-34 */
static enum err check_key(
    const struct parser *ps, const struct tlog_key *key, bool is_log)
{
	const struct tlog_policy *p = ps->p;

	for (size_t i = 0; i < p->n_logs + p->n_witnesses; i++) {
		bool other_is_log = i < p->n_logs;
		const struct tlog_key *other =
		    other_is_log ? &p->log[i].key
				 : &p->witness[i - p->n_logs].key;

		if (mem_eq_ct(other->pub, key->pub, sizeof(key->pub)))
			return fail(
			    ps, ERR_FORMAT, "this key is there already");
		if (other_is_log != is_log && mem_eq(other->name, key->name))
			return fail(
			    ps, ERR_FORMAT, "a witness has the name of a log");
	}
	return ERR_OK;
}

static enum err read_key(
    struct parser *ps, struct tlog_key *key, enum tlog_key_type type)
{
	enum err e = tlog_vkey_parse(key, next_field(ps), ps->ctx);

	if (e != ERR_OK)
		return e;
	if (key->type != type && key->type != TLOG_KEY_MLDSA44)
		return fail(ps, ERR_FORMAT, "wrong type of key"); /* L-32 */
	return check_key(ps, key, type == TLOG_KEY_ED25519);
}

static enum err read_log(struct parser *ps)
{
	struct tlog_policy *p = ps->p;
	struct tlog_policy_log log;
	enum err e;

	if (p->n_logs == TLOG_POLICY_LOGS_MAX)
		return fail(ps, ERR_LIMIT, "too many logs");
	e = read_key(ps, &log.key, TLOG_KEY_ED25519);
	if (e == ERR_OK)
		e = read_url(ps, &log.url);
	if (e == ERR_OK)
		p->log[p->n_logs++] = log;
	return e;
}

/* Index of a name, or the count when it is not there. */
static size_t find_witness(const struct tlog_policy *p, struct bytes name)
{
	size_t i = 0;

	while (i < p->n_witnesses && !mem_eq(p->witness[i].name, name))
		i++;
	return i;
}

static size_t find_group(const struct tlog_policy *p, struct bytes name)
{
	size_t i = 0;

	while (i < p->n_groups && !mem_eq(p->group[i].name, name))
		i++;
	return i;
}

/* A name that a new witness or group may take. L-33 */
static enum err read_new_name(struct parser *ps, struct bytes *name)
{
	const struct tlog_policy *p = ps->p;

	*name = next_field(ps);
	if (!tlog_key_name_ok(*name))
		return fail(ps, ERR_FORMAT, "missing or bad name");
	if (mem_eq_str(*name, "none") || mem_eq_str(*name, "any") ||
	    mem_eq_str(*name, "all"))
		return fail(ps, ERR_FORMAT, "this name is reserved");
	if (find_witness(p, *name) < p->n_witnesses ||
	    find_group(p, *name) < p->n_groups)
		return fail(ps, ERR_FORMAT, "this name is taken");
	return ERR_OK;
}

static enum err read_witness(struct parser *ps)
{
	struct tlog_policy *p = ps->p;
	struct tlog_policy_witness w;
	enum err e;

	if (p->n_witnesses == TLOG_POLICY_WITNESSES_MAX)
		return fail(ps, ERR_LIMIT, "too many witnesses");
	e = read_new_name(ps, &w.name);
	if (e == ERR_OK)
		e = read_key(ps, &w.key, TLOG_KEY_COSIGNATURE);
	if (e == ERR_OK)
		e = read_url(ps, &w.url);
	if (e == ERR_OK)
		p->witness[p->n_witnesses++] = w;
	return e;
}

/* Members that other groups have already. */
static void taken(
    const struct tlog_policy *p, uint32_t *witnesses, uint32_t *groups)
{
	*witnesses = *groups = 0;
	for (size_t i = 0; i < p->n_groups; i++) {
		*witnesses |= p->group[i].witnesses;
		*groups |= p->group[i].groups;
	}
}

static enum err read_members(
    struct parser *ps, struct tlog_policy_group *g, size_t *n)
{
	const struct tlog_policy *p = ps->p;
	uint32_t witnesses, groups;
	struct bytes name;

	taken(p, &witnesses, &groups);
	for (*n = 0; (name = next_field(ps)).len != 0; ++*n) {
		size_t w = find_witness(p, name), s = find_group(p, name);
		uint32_t w_bit = w < p->n_witnesses ? UINT32_C(1) << w : 0;
		uint32_t g_bit = s < p->n_groups ? UINT32_C(1) << s : 0;

		if ((w_bit | g_bit) == 0)
			return fail(
			    ps, ERR_FORMAT, "a member is not defined above");
		if (((witnesses | g->witnesses) & w_bit) != 0 ||
		    ((groups | g->groups) & g_bit) != 0)
			return fail(
			    ps, ERR_FORMAT, "a member is in a group already");
		g->witnesses |= w_bit;
		g->groups |= g_bit;
	}
	return ERR_OK;
}

static enum err read_group(struct parser *ps)
{
	struct tlog_policy *p = ps->p;
	struct tlog_policy_group g = { 0 };
	struct bytes need;
	uint64_t k = 0;
	size_t n;
	enum err e;

	if (p->n_groups == TLOG_POLICY_GROUPS_MAX)
		return fail(ps, ERR_LIMIT, "too many groups");
	e = read_new_name(ps, &g.name);
	if (e != ERR_OK)
		return e;
	need = next_field(ps);
	e = read_members(ps, &g, &n);
	if (e != ERR_OK)
		return e;
	if (mem_eq_str(need, "any"))
		k = 1;
	else if (mem_eq_str(need, "all"))
		k = n;
	else if (tlog_text_decimal(&k, need, n) != ERR_OK)
		return fail(ps, ERR_FORMAT, "bad threshold");
	if (k < 1 || k > n)
		return fail(ps, ERR_FORMAT, "threshold and members differ");
	g.need = (size_t)k;
	p->group[p->n_groups++] = g;
	return ERR_OK;
}

static enum err read_quorum(struct parser *ps)
{
	struct tlog_policy *p = ps->p;
	struct bytes name = next_field(ps);
	size_t w = find_witness(p, name), g = find_group(p, name);

	if (p->quorum != TLOG_QUORUM_UNSET)
		return fail(ps, ERR_FORMAT, "a second quorum line");
	if (next_field(ps).len != 0)
		return fail(ps, ERR_FORMAT, "a field too many");
	if (mem_eq_str(name, "none")) {
		if (!ps->allow_no_quorum)
			return fail(ps, ERR_POLICY,
			    "`quorum none` is for a local trust file only");
		p->quorum = TLOG_QUORUM_NONE;
	} else if (w < p->n_witnesses) {
		p->quorum = TLOG_QUORUM_WITNESS;
		p->quorum_index = w;
	} else if (g < p->n_groups) {
		p->quorum = TLOG_QUORUM_GROUP;
		p->quorum_index = g;
	} else {
		return fail(ps, ERR_FORMAT, "the quorum is not defined above");
	}
	return ERR_OK;
}

static enum err read_line(struct parser *ps)
{
	static const struct {
		const char *word;
		enum err (*read)(struct parser *);
	} table[] = {
		{ "log", read_log },
		{ "witness", read_witness },
		{ "group", read_group },
		{ "quorum", read_quorum },
	};
	struct bytes word = next_field(ps);

	if (word.len == 0 || word.p[0] == '#')
		return ERR_OK;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (mem_eq_str(word, table[i].word))
			return table[i].read(ps);
	}
	return fail(ps, ERR_FORMAT, "unknown keyword");
}

static enum err check_text(struct bytes text, struct err_ctx *ctx)
{
	if (text.len > TLOG_POLICY_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "policy: %zu bytes", text.len);
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return err_set(ctx, ERR_FORMAT,
			    "policy: control character at offset %zu", i);
	}
	if (utf8_prefix(text) != text.len)
		return err_set(ctx, ERR_FORMAT, "policy: not UTF-8");
	return ERR_OK;
}

enum err tlog_policy_parse(struct tlog_policy *out, struct bytes text,
    bool allow_no_quorum, struct err_ctx *ctx)
{
	struct parser ps = {
		.p = out, .allow_no_quorum = allow_no_quorum, .ctx = ctx
	};
	enum err e = check_text(text, ctx);

	memset(out, 0, sizeof(*out));
	for (size_t at = 0; e == ERR_OK && at < text.len;) {
		size_t end = at;

		while (end < text.len && text.p[end] != '\n')
			end++;
		ps.line = (struct bytes){ text.p + at, end - at };
		ps.number++;
		e = read_line(&ps);
		at = end + 1;
	}
	if (e == ERR_OK && out->quorum == TLOG_QUORUM_UNSET)
		e = fail(&ps, ERR_FORMAT, "no quorum line up to here");
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

/* Insert v into t[0..*n), which is in descending order. */
static void insert(uint64_t *t, size_t *n, uint64_t v)
{
	size_t i = (*n)++;

	for (; i > 0 && t[i - 1] < v; i--)
		t[i] = t[i - 1];
	t[i] = v;
}

bool tlog_policy_quorum(uint64_t *when, const struct tlog_policy *policy,
    uint32_t have, const uint64_t time[TLOG_POLICY_WITNESSES_MAX])
{
	uint64_t at[TLOG_POLICY_GROUPS_MAX] = { 0 };
	uint32_t holds = 0; /* bit i: group i does, at at[i] */

	*when = 0;
	/* Members come before their group, so one pass settles all. */
	for (size_t g = 0; g < policy->n_groups; g++) {
		uint64_t t[TLOG_POLICY_WITNESSES_MAX + TLOG_POLICY_GROUPS_MAX];
		const struct tlog_policy_group *grp = &policy->group[g];
		size_t n = 0;

		for (size_t i = 0; i < policy->n_witnesses; i++) {
			if ((grp->witnesses & have) >> i & 1)
				insert(t, &n, time[i]);
		}
		for (size_t i = 0; i < g; i++) {
			if ((grp->groups & holds) >> i & 1)
				insert(t, &n, at[i]);
		}
		assert(grp->need >= 1);
		if (n >= grp->need) {
			holds |= UINT32_C(1) << g;
			at[g] = t[grp->need - 1];
		}
	}
	switch (policy->quorum) {
	case TLOG_QUORUM_NONE:
		return true;
	case TLOG_QUORUM_WITNESS:
		*when = time[policy->quorum_index];
		return (have >> policy->quorum_index & 1) != 0;
	case TLOG_QUORUM_GROUP:
		*when = at[policy->quorum_index];
		return (holds >> policy->quorum_index & 1) != 0;
	case TLOG_QUORUM_UNSET:
		break;
	}
	return false;
}
