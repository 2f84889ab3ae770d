/* The SEV-SNP report; see snp.h. Offsets in comments are the specification's. */
#include "attest/snp.h"

#include "base/rd.h"

#define SNP_SIG_FIELD_LEN 72 /* R and S as stored, little endian */
#define SNP_SIG_VALUE_LEN 48 /* what P-384 needs of it */
#define SNP_TAIL_LEN      368

_Static_assert(
    SNP_SIGNED_LEN + 2 * SNP_SIG_FIELD_LEN + SNP_TAIL_LEN == SNP_REPORT_LEN,
    "signed part, signature and tail fill the report");

static struct snp_tcb read_tcb(struct rd *r)
{
	struct snp_tcb t = { .fmc = 0 };

	rd_copy(r, t.raw, sizeof(t.raw));
	return t;
}

void snp_tcb_decode(struct snp_tcb *t, enum snp_family f)
{
	const uint8_t *b = t->raw;

	t->microcode = b[7];
	if (f == SNP_FAMILY_TURIN) {
		t->fmc = b[0];
		t->bootloader = b[1];
		t->tee = b[2];
		t->snp = b[3];
		return;
	}
	t->bootloader = b[0];
	t->tee = b[1];
	t->snp = b[6];
}

/* A major, minor and build, stored backwards, with a zero byte after them. */
static struct snp_firmware read_firmware(struct rd *r)
{
	struct snp_firmware f;

	f.build = rd_u8(r);
	f.minor = rd_u8(r);
	f.major = rd_u8(r);
	rd_zero(r, 1);
	return f;
}

/* Little endian, the upper bytes zero, into big endian of 48 bytes. */
static void read_sig_value(struct rd *r, uint8_t out[SNP_SIG_VALUE_LEN])
{
	uint8_t le[SNP_SIG_VALUE_LEN];

	rd_copy(r, le, sizeof(le));
	rd_zero(r, SNP_SIG_FIELD_LEN - SNP_SIG_VALUE_LEN);
	for (size_t i = 0; i < sizeof(le); i++)
		out[i] = le[sizeof(le) - 1 - i];
}

static void read_identity(struct snp_report *rep, struct rd *r)
{
	rep->version = rd_u32le(r);                                 /* 000 */
	rep->guest_svn = rd_u32le(r);                               /* 004 */
	rep->policy = rd_u64le(r);                                  /* 008 */
	rd_copy(r, rep->family_id, sizeof(rep->family_id));         /* 010 */
	rd_copy(r, rep->image_id, sizeof(rep->image_id));           /* 020 */
	rep->vmpl = rd_u32le(r);                                    /* 030 */
	rep->sig_algo = rd_u32le(r);                                /* 034 */
	rep->current_tcb = read_tcb(r);                             /* 038 */
	rep->platform_info = rd_u64le(r);                           /* 040 */
	rep->key_info = rd_u32le(r);                                /* 048 */
	rd_zero(r, 4);                                              /* 04C */
	rd_copy(r, rep->report_data, sizeof(rep->report_data));     /* 050 */
	rd_copy(r, rep->measurement, sizeof(rep->measurement));     /* 090 */
	rd_copy(r, rep->host_data, sizeof(rep->host_data));         /* 0C0 */
	rd_copy(r, rep->id_key_digest, sizeof(rep->id_key_digest)); /* 0E0 */
	rd_copy(r, rep->author_key_digest,
	    sizeof(rep->author_key_digest));                      /* 110 */
	rd_copy(r, rep->report_id, sizeof(rep->report_id));       /* 140 */
	rd_copy(r, rep->report_id_ma, sizeof(rep->report_id_ma)); /* 160 */
}

static void read_platform(struct snp_report *rep, struct rd *r)
{
	rep->reported_tcb = read_tcb(r); /* 180 */
	if (rep->version >= 3) {
		rep->cpuid_family = rd_u8(r);   /* 188 */
		rep->cpuid_model = rd_u8(r);    /* 189 */
		rep->cpuid_stepping = rd_u8(r); /* 18A */
	} else {
		rd_zero(r, 3);
	}
	rd_zero(r, 21);                                 /* 18B */
	rd_copy(r, rep->chip_id, sizeof(rep->chip_id)); /* 1A0 */
	rep->committed_tcb = read_tcb(r);               /* 1E0 */
	rep->current = read_firmware(r);                /* 1E8 */
	rep->committed = read_firmware(r);              /* 1EC */
	rep->launch_tcb = read_tcb(r);                  /* 1F0 */
	if (rep->version >= 5) {
		rep->launch_mit_vector = rd_u64le(r);  /* 1F8 */
		rep->current_mit_vector = rd_u64le(r); /* 200 */
	} else {
		rd_zero(r, 16);
	}
	rd_zero(r, 152); /* 208 */
}

static void read_signature(struct snp_report *rep, struct rd *r)
{
	read_sig_value(r, rep->sig);                     /* 2A0 */
	read_sig_value(r, rep->sig + SNP_SIG_VALUE_LEN); /* 2E8 */
	rd_zero(r, SNP_TAIL_LEN);                        /* 330 */
}

/* AMD's family and model ranges; false for processors that we do not know. */
static bool find_family(struct snp_report *rep)
{
	uint8_t model = rep->cpuid_model;

	rep->family = SNP_FAMILY_UNSTATED;
	if (rep->version < 3)
		return true;
	if (rep->cpuid_family == 0x19 && model <= 0x0F)
		rep->family = SNP_FAMILY_MILAN;
	else if (rep->cpuid_family == 0x19 &&
		 ((model >= 0x10 && model <= 0x1F) ||
		     (model >= 0xA0 && model <= 0xAF)))
		rep->family = SNP_FAMILY_GENOA;
	else if (rep->cpuid_family == 0x1A && model <= 0x11)
		rep->family = SNP_FAMILY_TURIN;
	return rep->family != SNP_FAMILY_UNSTATED;
}

static enum err check_kind(const struct snp_report *rep, struct err_ctx *ctx)
{
	if (rep->version < SNP_VERSION_MIN || rep->version > SNP_VERSION_MAX)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "SNP report version %u at offset 0, known are %u to %u",
		    rep->version, SNP_VERSION_MIN, SNP_VERSION_MAX);
	if (rep->sig_algo != SNP_SIG_ECDSA_P384)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "SNP report SIG_ALGO %u at offset 52, known is %u",
		    rep->sig_algo, SNP_SIG_ECDSA_P384);
	return ERR_OK;
}

static enum err parse(
    struct snp_report *rep, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	enum err e;

	if (in.len != SNP_REPORT_LEN)
		return err_set(ctx,
		    in.len < SNP_REPORT_LEN ? ERR_TRUNCATED : ERR_TRAILING,
		    "SNP report of %zu bytes, must be %d", in.len,
		    SNP_REPORT_LEN);
	read_identity(rep, &r);
	e = check_kind(rep, ctx);
	if (e != ERR_OK)
		return e;
	read_platform(rep, &r);
	read_signature(rep, &r);
	e = rd_end(&r);
	if (e != ERR_OK)
		return err_set(ctx, e,
		    "SNP report: reserved bytes at offset %zu are not zero",
		    r.off);
	if (!find_family(rep))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "SNP report from CPUID family 0x%x model 0x%x, unknown",
		    rep->cpuid_family, rep->cpuid_model);
	snp_tcb_decode(&rep->current_tcb, rep->family);
	snp_tcb_decode(&rep->reported_tcb, rep->family);
	snp_tcb_decode(&rep->committed_tcb, rep->family);
	snp_tcb_decode(&rep->launch_tcb, rep->family);
	rep->signed_part = (struct bytes){ in.p, SNP_SIGNED_LEN };
	return ERR_OK;
}

enum err snp_report_parse(
    struct snp_report *out, struct bytes in, struct err_ctx *ctx)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	e = parse(out, in, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

enum snp_signing_key snp_signing_key(const struct snp_report *r)
{
	return (enum snp_signing_key)(r->key_info >> 2 & 7);
}

bool snp_tcb_at_most(const struct snp_tcb *a, const struct snp_tcb *b)
{
	/* Reserved bytes take part: a value there is not below anything. */
	for (size_t i = 0; i < SNP_TCB_LEN; i++) {
		if (a->raw[i] > b->raw[i])
			return false;
	}
	return true;
}

const char *snp_family_name(enum snp_family f)
{
	static const char *const name[] = {
		[SNP_FAMILY_UNSTATED] = "unstated",
		[SNP_FAMILY_MILAN] = "Milan",
		[SNP_FAMILY_GENOA] = "Genoa",
		[SNP_FAMILY_TURIN] = "Turin",
	};

	return (unsigned)f < sizeof(name) / sizeof(name[0]) ? name[f]
							    : "unknown";
}

enum err snp_policy_bits_check(const struct snp_report *r, struct err_ctx *ctx)
{
	if ((r->policy & SNP_POLICY_RESERVED) != 0 ||
	    (r->policy & SNP_POLICY_MUST_BE_1) == 0)
		return err_set(ctx, ERR_POLICY,
		    "POLICY %016llx has reserved bits of the wrong value",
		    (unsigned long long)r->policy);
	if ((r->policy & SNP_POLICY_DEBUG) != 0)
		return err_set(ctx, ERR_POLICY,
		    "POLICY allows DEBUG: the host may read the memory");
	if ((r->policy & SNP_POLICY_MIGRATE_MA) != 0)
		return err_set(ctx, ERR_POLICY,
		    "POLICY allows MIGRATE_MA: a migration agent may export "
		    "it");
	return ERR_OK;
}

enum err snp_key_info_check(const struct snp_report *r, struct err_ctx *ctx)
{
	if ((r->key_info & SNP_KEY_INFO_MASK_CHIP) != 0 ||
	    (r->key_info & SNP_KEY_INFO_RESERVED) != 0)
		return err_set(ctx, ERR_POLICY,
		    "KEY_INFO %08x: masked chip key or reserved bits",
		    r->key_info);
	return ERR_OK;
}

enum err snp_guest_check(const struct snp_report *r, struct err_ctx *ctx)
{
	enum err e = snp_policy_bits_check(r, ctx);

	if (e == ERR_OK && r->vmpl != 0)
		e = err_set(ctx, ERR_POLICY,
		    "report was asked for at VMPL %u, must be 0", r->vmpl);
	return e == ERR_OK ? snp_key_info_check(r, ctx) : e;
}

enum err snp_tcb_check(const struct snp_report *r, struct err_ctx *ctx)
{
	if (!snp_tcb_at_most(&r->reported_tcb, &r->committed_tcb))
		return err_set(
		    ctx, ERR_POLICY, "REPORTED_TCB is above COMMITTED_TCB");
	if (!snp_tcb_at_most(&r->committed_tcb, &r->current_tcb))
		return err_set(
		    ctx, ERR_POLICY, "COMMITTED_TCB is above CURRENT_TCB");
	if (!snp_tcb_at_most(&r->launch_tcb, &r->current_tcb))
		return err_set(
		    ctx, ERR_POLICY, "LAUNCH_TCB is above CURRENT_TCB");
	return ERR_OK;
}
