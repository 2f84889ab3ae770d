/*
 * The text of a policy file over the strict policy; docs/attestation.md,
 * section 9. A table of keys says what each line sets and what no line can set.
 */
#include "attest/policy.h"

#include "base/hex.h"
#include "base/utc.h"

#define MAGIC_FORM    "confer-attest-policy/"
#define MAGIC         MAGIC_FORM "v1"
#define HEX64_LEN_MAX 16

struct parser {
	struct attest_policy *p;
	struct bytes line; /* what is left of the current one */
	size_t number;     /* of it, from 1 */
	uint64_t seen;     /* bit i: keys[i] had its line */
	unsigned products; /* bit i: product i had its line */
	bool has_fmc;      /* the product that is read has this component */
	struct err_ctx *ctx;
};

/* One key. What the other members mean depends on the function. */
struct key {
	const char *word;
	enum err (*read)(struct parser *, const struct key *);
	bool many;         /* may have several lines */
	size_t at;         /* what it sets: offset in struct attest_policy */
	const char *on;    /* the words for true and false */
	const char *off;   /* ... */
	uint64_t min, max; /* of a decimal number */
	uint64_t always;   /* bits that cannot be left out */
	uint64_t never;    /* bits that cannot be named */
};

static enum err fail(const struct parser *ps, enum err e, const char *why)
{
	return err_set(ps->ctx, e, "policy line %zu: %s", ps->number, why);
}

/* The next field, or {NULL, 0} at the end of the line. */
static struct bytes next_field(struct parser *ps)
{
	struct bytes *l = &ps->line, f = { NULL, 0 };

	while (l->len > 0 && l->p[0] == ' ') {
		l->p++;
		l->len--;
	}
	if (l->len == 0)
		return f;
	f.p = l->p;
	while (l->len > 0 && l->p[0] != ' ') {
		l->p++;
		l->len--;
		f.len++;
	}
	return f;
}

/* Decimal without leading zeros, at most max. */
static bool decimal(uint64_t *v, struct bytes f, uint64_t max)
{
	*v = 0;
	if (f.len == 0 || (f.len > 1 && f.p[0] == '0'))
		return false;
	for (size_t i = 0; i < f.len; i++) {
		uint64_t d = (uint64_t)f.p[i] - '0';

		if (f.p[i] < '0' || d > 9 || d > max || *v > (max - d) / 10)
			return false;
		*v = *v * 10 + d;
	}
	return true;
}

/* 0x and 1 to 16 lower-case digits. */
static bool bits(uint64_t *v, struct bytes f)
{
	*v = 0;
	if (f.len < 3 || f.len > 2 + HEX64_LEN_MAX || f.p[0] != '0' ||
	    f.p[1] != 'x')
		return false;
	for (size_t i = 2; i < f.len; i++) {
		uint8_t digits[2] = { '0', f.p[i] }, nibble;

		if (hex_decode(&nibble, 1, (struct bytes){ digits, 2 }) !=
		    ERR_OK)
			return false;
		*v = *v << 4 | nibble;
	}
	return true;
}

static void *target(const struct parser *ps, const struct key *k)
{
	return (uint8_t *)ps->p + k->at;
}

static enum err read_switch(struct parser *ps, const struct key *k)
{
	struct bytes f = next_field(ps);
	bool *v = target(ps, k);

	*v = mem_eq_str(f, k->on);
	if (*v || mem_eq_str(f, k->off))
		return ERR_OK;
	return err_set(ps->ctx, ERR_FORMAT,
	    "policy line %zu: %s is \"%s\" or \"%s\"", ps->number, k->word,
	    k->on, k->off);
}

static enum err read_number(struct parser *ps, const struct key *k)
{
	uint32_t *v = target(ps, k);
	uint64_t n;

	if (!decimal(&n, next_field(ps), k->max) || n < k->min)
		return err_set(ps->ctx, ERR_FORMAT,
		    "policy line %zu: %s is a number from %llu to %llu",
		    ps->number, k->word, (unsigned long long)k->min,
		    (unsigned long long)k->max);
	*v = (uint32_t)n;
	return ERR_OK;
}

static enum err read_bits(struct parser *ps, const struct key *k)
{
	uint64_t *v = target(ps, k);

	if (!bits(v, next_field(ps)))
		return fail(ps, ERR_FORMAT,
		    "bits are 0x and up to 16 lower-case digits");
	if ((*v & k->always) != k->always)
		return err_set(ps->ctx, ERR_FORMAT,
		    "policy line %zu: %s cannot leave out 0x%llx: "
		    "debugging and migration are never accepted",
		    ps->number, k->word, (unsigned long long)k->always);
	if ((*v & k->never) != 0)
		return err_set(ps->ctx, ERR_FORMAT,
		    "policy line %zu: %s cannot name 0x%llx: "
		    "debugging and migration are never accepted",
		    ps->number, k->word, (unsigned long long)k->never);
	return ERR_OK;
}

static enum err read_statuses(struct parser *ps, const struct key *k)
{
	uint32_t *v = target(ps, k);
	struct bytes f;

	for (*v = 0; (f = next_field(ps)).len != 0;) {
		unsigned s = 0;

		while (s < DCAP_STATUSES &&
		       !mem_eq_str(f, dcap_status_name((enum dcap_status)s)))
			s++;
		if (s == DCAP_STATUSES)
			return fail(ps, ERR_FORMAT, "unknown status");
		if (s == DCAP_REVOKED || s == DCAP_NOT_SUPPORTED)
			return fail(ps, ERR_FORMAT,
			    "Revoked and NotSupported are never accepted");
		if ((*v >> s & 1) != 0)
			return fail(ps, ERR_FORMAT, "a status named twice");
		*v |= 1U << s;
	}
	return *v != 0 ? ERR_OK : fail(ps, ERR_FORMAT, "no status");
}

static bool advisory_char(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static enum err read_advisory(struct parser *ps, const struct key *k)
{
	struct dcap_policy *d = &ps->p->dcap;
	struct bytes f = next_field(ps);
	char *to;

	(void)k;
	if (d->n_advisories == POLICY_ADVISORIES_MAX)
		return fail(ps, ERR_LIMIT, "too many advisories");
	if (f.len == 0 || f.len >= POLICY_ADVISORY_LEN)
		return fail(ps, ERR_FORMAT, "an advisory has 1 to 23 bytes");
	for (size_t i = 0; i < f.len; i++) {
		if (!advisory_char(f.p[i]))
			return fail(ps, ERR_FORMAT,
			    "an advisory has A-Z, 0-9 and \"-\"");
	}
	for (size_t i = 0; i < d->n_advisories; i++) {
		if (mem_eq_str(f, d->advisory[i]))
			return fail(ps, ERR_FORMAT, "an advisory named twice");
	}
	to = d->advisory[d->n_advisories++];
	mem_copy(to, f.p, f.len);
	to[f.len] = '\0';
	return ERR_OK;
}

/* ID not-after DATE */
static enum err read_hardware(
    struct parser *ps, uint8_t *id, size_t len, uint64_t *not_after)
{
	if (hex_decode(id, len, next_field(ps)) != ERR_OK)
		return err_set(ps->ctx, ERR_FORMAT,
		    "policy line %zu: the id has %zu lower-case digits",
		    ps->number, 2 * len);
	if (mem_is_zero(id, len)) /* masked: it would stand for any machine */
		return fail(ps, ERR_FORMAT, "an id of zeros is no machine");
	if (!mem_eq_str(next_field(ps), "not-after") ||
	    utc_from_text(not_after, next_field(ps)) != ERR_OK)
		return fail(ps, ERR_FORMAT,
		    "after the id: not-after and a date "
		    "YYYY-MM-DDTHH:MM:SSZ");
	return ERR_OK;
}

static enum err read_chip(struct parser *ps, const struct key *k)
{
	struct attest_policy *p = ps->p;
	struct policy_chip c;
	enum err e;

	(void)k;
	if (p->n_chips == POLICY_CHIPS_MAX)
		return fail(ps, ERR_LIMIT, "too many chips");
	e = read_hardware(ps, c.id, sizeof(c.id), &c.not_after);
	for (size_t i = 0; e == ERR_OK && i < p->n_chips; i++) {
		if (mem_eq_ct(p->chip[i].id, c.id, sizeof(c.id)))
			e = fail(ps, ERR_FORMAT, "this chip is listed already");
	}
	if (e == ERR_OK)
		p->chip[p->n_chips++] = c;
	return e;
}

static enum err read_ppid(struct parser *ps, const struct key *k)
{
	struct attest_policy *p = ps->p;
	struct policy_platform c;
	enum err e;

	(void)k;
	if (p->n_ppids == POLICY_CHIPS_MAX)
		return fail(ps, ERR_LIMIT, "too many platforms");
	e = read_hardware(ps, c.ppid, sizeof(c.ppid), &c.not_after);
	for (size_t i = 0; e == ERR_OK && i < p->n_ppids; i++) {
		if (mem_eq_ct(p->ppid[i].ppid, c.ppid, sizeof(c.ppid)))
			e = fail(
			    ps, ERR_FORMAT, "this platform is listed already");
	}
	if (e == ERR_OK)
		p->ppid[p->n_ppids++] = c;
	return e;
}

/* "snp=24": 24 into the component of the floor, each once (bits of *seen). */
static enum err read_component(
    struct parser *ps, struct bytes f, struct snp_tcb *floor, unsigned *seen)
{
	const struct {
		const char *name;
		uint8_t *value;
	} part[] = { { "bootloader", &floor->bootloader },
		{ "tee", &floor->tee }, { "snp", &floor->snp },
		{ "microcode", &floor->microcode }, { "fmc", &floor->fmc } };
	size_t n = sizeof(part) / sizeof(part[0]) - !ps->has_fmc, len = 0;
	uint64_t v;

	while (len < f.len && f.p[len] != '=')
		len++;
	for (size_t i = 0; i < n; i++) {
		if (!mem_eq_str((struct bytes){ f.p, len }, part[i].name))
			continue;
		if (len == f.len || (*seen >> i & 1) != 0 ||
		    !decimal(&v,
			(struct bytes){ f.p + len + 1, f.len - len - 1 },
			UINT8_MAX))
			break;
		*seen |= 1U << i;
		*part[i].value = (uint8_t)v;
		return ERR_OK;
	}
	return fail(ps, ERR_FORMAT,
	    "a component of this product, once, \"=\" and a number up to 255");
}

static enum err read_product_demand(
    struct parser *ps, struct snp_product_policy *product)
{
	struct bytes f = next_field(ps);
	unsigned seen = 0;
	enum err e = ERR_OK;

	if (f.len == 0)
		return fail(ps, ERR_FORMAT, "nothing said of the product");
	if (mem_eq_str(f, "no")) {
		product->accepted = false;
		return ERR_OK;
	}
	if (mem_eq_str(f, "listed-only") || mem_eq_str(f, "as-hardware")) {
		product->only_listed = mem_eq_str(f, "listed-only");
		f = next_field(ps);
	}
	for (; e == ERR_OK && f.len != 0; f = next_field(ps))
		e = read_component(ps, f, &product->floor, &seen);
	return e;
}

static enum err read_product(struct parser *ps, const struct key *k)
{
	struct snp_policy *snp = &ps->p->snp;
	const struct {
		const char *word;
		struct snp_product_policy *product;
	} table[] = { { "milan", &snp->milan }, { "genoa", &snp->genoa },
		{ "turin", &snp->turin } };
	struct bytes f = next_field(ps);

	(void)k;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!mem_eq_str(f, table[i].word))
			continue;
		if ((ps->products >> i & 1) != 0)
			return fail(ps, ERR_FORMAT, "a product named twice");
		ps->products |= 1U << i;
		ps->has_fmc = table[i].product == &snp->turin;
		return read_product_demand(ps, table[i].product);
	}
	return fail(ps, ERR_FORMAT, "a product is milan, genoa or turin");
}

#define AT(member) .at = offsetof(struct attest_policy, member)
#define NEVER_SNP  (SNP_POLICY_DEBUG | SNP_POLICY_MIGRATE_MA)

static const struct key keys[] = {
	{ "snp-product", read_product, .many = true },
	{ "snp-vlek", read_switch, AT(snp.allow_vlek), .on = "allow",
	    .off = "refuse" },
	{ "snp-masked-chip", read_switch, AT(snp.allow_masked_chip),
	    .on = "allow", .off = "refuse" },
	{ "snp-report-version-min", read_number, AT(snp.report_version_min),
	    .min = SNP_VERSION_MIN, .max = SNP_VERSION_MAX },
	{ "snp-vmpl-max", read_number, AT(snp.vmpl_max), .max = 3 },
	{ "snp-crl", read_switch, AT(snp.require_crl), .on = "required",
	    .off = "if-given" },
	{ "snp-guest-require", read_bits, AT(snp.guest_require),
	    .never = NEVER_SNP },
	{ "snp-guest-refuse", read_bits, AT(snp.guest_refuse),
	    .always = NEVER_SNP },
	{ "snp-platform-require", read_bits, AT(snp.platform_require) },
	{ "snp-protect-memory", read_switch, AT(snp.protect_memory),
	    .on = "yes", .off = "no" },
	{ "snp-current-is-committed", read_switch, AT(snp.current_is_committed),
	    .on = "yes", .off = "no" },
	{ "dcap-status", read_statuses, AT(dcap.statuses) },
	{ "dcap-advisory", read_advisory, .many = true },
	{ "tdx-eval-min", read_number, AT(dcap.tdx_eval_min),
	    .max = UINT32_MAX },
	{ "sgx-eval-min", read_number, AT(dcap.sgx_eval_min),
	    .max = UINT32_MAX },
	{ "td-require", read_bits, AT(dcap.td_require), .never = TD_DEBUG },
	{ "td-allow", read_bits, AT(dcap.td_allow), .never = TD_DEBUG },
	{ "xfam-allow", read_bits, AT(dcap.xfam_allow) },
	{ "td-service", read_switch, AT(dcap.allow_service_td), .on = "allow",
	    .off = "refuse" },
	{ "td-config", read_switch, AT(dcap.zero_config), .on = "zero",
	    .off = "any" },
	{ "dcap-dynamic", read_switch, AT(dcap.allow_dynamic), .on = "allow",
	    .off = "refuse" },
	{ "tdx", read_switch, AT(dcap.accept_tdx), .on = "accept",
	    .off = "refuse" },
	{ "sgx", read_switch, AT(dcap.accept_sgx), .on = "accept",
	    .off = "refuse" },
	{ "hardware", read_switch, AT(any_hardware), .on = "any",
	    .off = "listed" },
	{ "chip", read_chip, .many = true },
	{ "ppid", read_ppid, .many = true },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

_Static_assert(KEYS <= 64, "keys are bits of a uint64_t");

/* A "#" at the start of a line or after a space begins a comment. */
static void cut_comment(struct bytes *line)
{
	for (size_t i = 0; i < line->len; i++) {
		if (line->p[i] == '#' && (i == 0 || line->p[i - 1] == ' '))
			line->len = i;
	}
}

static enum err read_line(struct parser *ps)
{
	struct bytes word;
	enum err e;

	cut_comment(&ps->line);
	word = next_field(ps);
	if (word.len == 0)
		return ERR_OK;
	for (size_t i = 0; i < KEYS; i++) {
		if (!mem_eq_str(word, keys[i].word))
			continue;
		if ((ps->seen >> i & 1) != 0 && !keys[i].many)
			return fail(
			    ps, ERR_FORMAT, "this key is there already");
		ps->seen |= 1ULL << i;
		e = keys[i].read(ps, &keys[i]);
		if (e == ERR_OK && next_field(ps).len != 0)
			e = fail(ps, ERR_FORMAT, "a field too many");
		return e;
	}
	return fail(ps, ERR_FORMAT, "unknown key");
}

static enum err read_magic(struct parser *ps)
{
	static const struct bytes form = BYTES_LITERAL(MAGIC_FORM);

	if (mem_eq_str(ps->line, MAGIC))
		return ERR_OK;
	if (ps->line.len > form.len &&
	    mem_eq((struct bytes){ ps->line.p, form.len }, form))
		return fail(ps, ERR_UNSUPPORTED, "known is " MAGIC);
	return fail(ps, ERR_FORMAT, "not \"" MAGIC "\"");
}

/* Printable ASCII up to the newline, which every line has. */
static enum err take_line(struct parser *ps, struct bytes *text)
{
	size_t n = 0;

	while (n < text->len && text->p[n] >= 0x20 && text->p[n] <= 0x7e)
		n++;
	ps->number++;
	if (n == text->len)
		return fail(ps, ERR_TRUNCATED, "no newline at its end");
	if (text->p[n] != '\n')
		return fail(ps, ERR_FORMAT, "a byte that is not ASCII text");
	ps->line = (struct bytes){ text->p, n };
	text->p += n + 1;
	text->len -= n + 1;
	return ERR_OK;
}

enum err attest_policy_parse(struct attest_policy *out, struct bytes text,
    const char *name, struct err_ctx *ctx)
{
	struct parser ps = { .p = out, .ctx = ctx };
	enum err e = ERR_OK;

	*out = attest_policy_strict();
	out->name = name;
	if (text.len > POLICY_LEN_MAX)
		e = err_set(ctx, ERR_LIMIT, "policy of %zu bytes, at most %u",
		    text.len, (unsigned)POLICY_LEN_MAX);
	do {
		if (e == ERR_OK)
			e = take_line(&ps, &text);
		if (e == ERR_OK)
			e = ps.number == 1 ? read_magic(&ps) : read_line(&ps);
	} while (e == ERR_OK && text.len > 0);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}
