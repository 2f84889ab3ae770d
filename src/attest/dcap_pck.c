/*
 * The SGX extension; see dcap_pck.h. It is a list of {OID, value}, and two of
 * the values are such lists again. Each list is walked by the same loop.
 */
#include "attest/dcap_pck.h"

#include "attest/der.h"

#define ARC_LEN     9 /* 1.2.840.113741.1.13.1 */
#define ARC         0x2A, 0x86, 0x48, 0x86, 0xF8, 0x4D, 0x01, 0x0D, 0x01
#define MEMBERS_MAX 18

/* Members of the extension: the last number of their OIDs. */
enum top {
	TOP_PPID = 1,
	TOP_TCB,
	TOP_PCEID,
	TOP_FMSPC,
	TOP_SGX_TYPE,
	TOP_INSTANCE,
	TOP_CONFIG,
};

/* Of the list TOP_TCB. 1 to DCAP_SVN_LEN are the components. */
enum tcb {
	TCB_PCESVN = DCAP_SVN_LEN + 1,
	TCB_CPUSVN,
};

/* Of the list TOP_CONFIG. */
enum config {
	CONFIG_DYNAMIC = 1,
	CONFIG_CACHED_KEYS,
	CONFIG_SMT,
};

_Static_assert(TCB_CPUSVN == MEMBERS_MAX, "the longest list");

struct reader {
	struct dcap_pck pck;
	struct bytes ext;      /* the extension: offsets count from here */
	struct rd tcb, config; /* the nested lists, once they were met */
	struct err_ctx *ctx;
};

/* Reads the value of member n; what is wrong with it sticks to the cursor. */
typedef void value_fn(struct reader *rd, struct rd *value, unsigned n);

struct list_def {
	uint8_t arc[ARC_LEN + 1]; /* of its members, without their number */
	size_t arc_len;
	unsigned n;        /* members are 1..n */
	unsigned required; /* of which 1..required must be there */
	value_fn *read;
	const char *name[MEMBERS_MAX + 1];
};

/* An OCTET STRING of this very length. */
static void take_octets(struct rd *value, uint8_t *out, size_t n)
{
	struct bytes b = der_take(value, DER_OCTET_STRING);

	if (b.len != n)
		rd_fail(value, ERR_FORMAT);
	else
		memcpy(out, b.p, n);
}

static void read_top(struct reader *r, struct rd *value, unsigned n)
{
	struct dcap_pck *p = &r->pck;
	struct bytes b;

	switch ((enum top)n) {
	case TOP_PPID:
		take_octets(value, p->ppid, sizeof(p->ppid));
		break;
	case TOP_TCB:
		r->tcb = der_enter(value, DER_SEQUENCE);
		break;
	case TOP_PCEID:
		take_octets(value, p->pceid, sizeof(p->pceid));
		break;
	case TOP_FMSPC:
		take_octets(value, p->fmspc, sizeof(p->fmspc));
		break;
	case TOP_SGX_TYPE:
		b = der_take(value, DER_ENUMERATED);
		if (b.len != 1 || b.p[0] > 2)
			rd_fail(value, ERR_FORMAT);
		else
			p->sgx_type = b.p[0];
		break;
	case TOP_INSTANCE:
		take_octets(value, p->instance, sizeof(p->instance));
		p->has_instance = true;
		break;
	case TOP_CONFIG:
		r->config = der_enter(value, DER_SEQUENCE);
		p->has_config = true;
		break;
	}
}

static void read_tcb(struct reader *r, struct rd *value, unsigned n)
{
	if (n == TCB_CPUSVN)
		take_octets(value, r->pck.cpusvn, sizeof(r->pck.cpusvn));
	else if (n == TCB_PCESVN)
		r->pck.pcesvn = (uint16_t)der_small(value, UINT16_MAX);
	else
		r->pck.svn[n - 1] = (uint8_t)der_small(value, UINT8_MAX);
}

static void read_config(struct reader *r, struct rd *value, unsigned n)
{
	bool set = der_bool(value);

	if (n == CONFIG_DYNAMIC)
		r->pck.dynamic = set;
	else if (n == CONFIG_CACHED_KEYS)
		r->pck.cached_keys = set;
	else
		r->pck.smt = set;
}

static const struct list_def top_def = {
	{ ARC },
	ARC_LEN,
	TOP_CONFIG,
	TOP_SGX_TYPE,
	read_top,
	{ "member", "PPID", "TCB", "PCEID", "FMSPC", "SGX type",
	    "platform instance", "configuration" },
};

static const struct list_def tcb_def = {
	{ ARC, TOP_TCB },
	ARC_LEN + 1,
	TCB_CPUSVN,
	TCB_CPUSVN,
	read_tcb,
	{ "member of TCB", "SVN 1", "SVN 2", "SVN 3", "SVN 4", "SVN 5", "SVN 6",
	    "SVN 7", "SVN 8", "SVN 9", "SVN 10", "SVN 11", "SVN 12", "SVN 13",
	    "SVN 14", "SVN 15", "SVN 16", "PCESVN", "CPUSVN" },
};

static const struct list_def config_def = {
	{ ARC, TOP_CONFIG },
	ARC_LEN + 1,
	CONFIG_SMT,
	0,
	read_config,
	{ "member of configuration", "dynamic platform", "cached keys", "SMT" },
};

/* The number of a member by its OID; 0 if the list has no such member. */
static unsigned member_number(const struct list_def *def, struct bytes oid)
{
	unsigned n;

	if (oid.len != def->arc_len + 1 ||
	    !mem_eq((struct bytes){ oid.p, def->arc_len },
		(struct bytes){ def->arc, def->arc_len }))
		return 0;
	n = oid.p[def->arc_len];
	return n <= def->n ? n : 0;
}

static enum err refuse(
    struct reader *r, const char *name, size_t off, const char *why)
{
	return err_set(r->ctx, ERR_FORMAT,
	    "PCK certificate: %s at offset %zu of the SGX extension %s", name,
	    off, why);
}

/* Every member of one list: known, once, well formed; none missing. */
static enum err walk(
    struct reader *r, struct rd list, const struct list_def *def)
{
	size_t start = list.p == NULL ? 0 : (size_t)(list.p - r->ext.p);
	uint32_t seen = 0;

	while (rd_left(&list) > 0) {
		size_t off = start + list.off;
		struct rd value = der_enter(&list, DER_SEQUENCE);
		unsigned n = member_number(def, der_take(&value, DER_OID));

		if (value.err != ERR_OK)
			return refuse(r, def->name[0], off, "is malformed");
		if (n == 0)
			return refuse(r, def->name[0], off, "is unknown");
		if ((seen >> n & 1) != 0)
			return refuse(r, def->name[n], off, "comes twice");
		seen |= (uint32_t)1 << n;
		def->read(r, &value, n);
		if (rd_end(&value) != ERR_OK)
			return refuse(r, def->name[n], off, "is malformed");
	}
	for (unsigned n = 1; n <= def->required; n++) {
		if ((seen >> n & 1) == 0)
			return err_set(r->ctx, ERR_FORMAT,
			    "PCK certificate: the SGX extension has no %s",
			    def->name[n]);
	}
	return ERR_OK;
}

static enum err parse(struct reader *r)
{
	struct rd ext = rd_bytes_init(r->ext);
	struct rd top = der_enter(&ext, DER_SEQUENCE);
	enum err e;

	if (rd_end(&ext) != ERR_OK)
		return refuse(r, "list", ext.off, "is malformed");
	e = walk(r, top, &top_def);
	if (e == ERR_OK)
		e = walk(r, r->tcb, &tcb_def);
	if (e == ERR_OK && r->pck.has_config)
		e = walk(r, r->config, &config_def);
	if (e == ERR_OK &&
	    !mem_eq((struct bytes){ r->pck.svn, sizeof(r->pck.svn) },
		(struct bytes){ r->pck.cpusvn, sizeof(r->pck.cpusvn) }))
		e = err_set(r->ctx, ERR_FORMAT,
		    "PCK certificate: CPUSVN differs from SVN 1 to 16");
	return e;
}

/* */
enum err dcap_pck_parse(
    struct dcap_pck *out, const struct x509_cert *cert, struct err_ctx *ctx)
{
	static const uint8_t arc[] = { ARC };
	struct reader r = { .ctx = ctx };
	enum err e;

	memset(out, 0, sizeof(*out));
	if (!x509_ext(cert, (struct bytes){ arc, sizeof(arc) }, &r.ext))
		return err_set(ctx, ERR_FORMAT,
		    "PCK certificate: no SGX extension "
		    "(1.2.840.113741.1.13.1)");
	e = parse(&r);
	if (e == ERR_OK)
		*out = r.pck;
	return e;
}
