/* Simulated reports; see report.h. Offsets are the specification's. */
#include "simtee/report.h"

#include "base/wr.h"
#include "crypto/crypto_native.h"

#define REPORT_VERSION 3
#define SIG_FIELD_LEN  72 /* of R and of S, little endian */
#define SIG_VALUE_LEN  48

/* Platform: SMT, ECC, memory aliases checked. What a sound machine says. */
#define PLATFORM_INFO 0x25

/* A Genoa of firmware 1.55.40: bootloader 10, snp 23, microcode 84. */
static const uint8_t tcb[SNP_TCB_LEN] = { 10, 0, 0, 0, 0, 0, 23, 84 };
static const uint8_t cpuid[3] = { 0x19, 0x11, 0x01 };
static const uint8_t firmware[4] = { 40, 55, 1, 0 };

static const char chip_label[] = "confer simulated chip v1"; /* with its NUL */

void simtee_report_clear(struct simtee_report *s)
{
	simtee_key_clear(&s->root);
	simtee_key_clear(&s->chip);
}

static enum err endorse(struct simtee_report *s)
{
	uint8_t id[SIM_ROOT_ID_LEN];
	struct wr w = wr_init(s->endorsement, sizeof(s->endorsement));
	uint8_t *sig;

	sim_root_id(id, s->root.pub);
	sim_endorsement_write(&w, id, s->chip_id, tcb, s->chip.pub);
	sig = wr_reserve(&w, ECDSA_P384_SIG_LEN);
	if (sig == NULL)
		return ERR_INTERNAL;
	return simtee_key_sign(
	    sig, &s->root, (struct bytes){ s->endorsement, SIM_SIGNED_LEN });
}

enum err simtee_report_open(struct simtee_report *s, const char *dir,
    const uint8_t measurement[SNP_MEASUREMENT_LEN], struct err_ctx *ctx)
{
	struct bytes part[2] = { { (const uint8_t *)chip_label,
				     sizeof(chip_label) },
		{ s->chip.pub, sizeof(s->chip.pub) } };
	enum err e = simtee_key_open_pair(&s->root, &s->chip, dir, ctx);

	if (e != ERR_OK)
		return e;
	crypto_sha512(s->chip_id, part, 2); /* a chip is its key */
	crypto_random(s->report_id, sizeof(s->report_id));
	memcpy(s->measurement, measurement, sizeof(s->measurement));
	e = endorse(s);
	if (e != ERR_OK) {
		simtee_report_clear(s);
		return err_set(ctx, e, "cannot sign the endorsement");
	}
	return ERR_OK;
}

/* A text in 16 bytes, padded with NULs. */
static void put_id(struct wr *w, const char *text)
{
	wr_str(w, text);
	wr_fill(w, 0, SNP_ID_LEN - mem_strlen(text));
}

static void put_signed_part(struct wr *w, const struct simtee_report *s,
    const uint8_t report_data[SNP_REPORT_DATA_LEN])
{
	wr_u32le(w, REPORT_VERSION);                        /* 000 */
	wr_u32le(w, 0);                                     /* 004 */
	wr_u64le(w, SNP_POLICY_MUST_BE_1 | SNP_POLICY_SMT); /* 008 */
	put_id(w, SIM_FAMILY_ID);                           /* 010 */
	put_id(w, SIM_IMAGE_ID);                            /* 020 */
	wr_u32le(w, 0);                                     /* 030 VMPL */
	wr_u32le(w, SNP_SIG_ECDSA_P384);                    /* 034 */
	wr_copy(w, tcb, sizeof(tcb));                       /* 038 */
	wr_u64le(w, PLATFORM_INFO);                         /* 040 */
	wr_u32le(w, 0);                                     /* 048 */
	wr_u32le(w, 0);                                     /* 04C */
	wr_copy(w, report_data, SNP_REPORT_DATA_LEN);       /* 050 */
	wr_copy(w, s->measurement, sizeof(s->measurement)); /* 090 */
	wr_fill(w, 0, SNP_HASH_LEN);                        /* 0C0 */
	wr_fill(w, 0, 2 * (size_t)SNP_DIGEST_LEN);          /* 0E0 */
	wr_copy(w, s->report_id, sizeof(s->report_id));     /* 140 */
	wr_fill(w, 0xff, SNP_HASH_LEN);                     /* 160 */
	wr_copy(w, tcb, sizeof(tcb));                       /* 180 */
	wr_copy(w, cpuid, sizeof(cpuid));                   /* 188 */
	wr_fill(w, 0, 21);                                  /* 18B */
	wr_copy(w, s->chip_id, sizeof(s->chip_id));         /* 1A0 */
	wr_copy(w, tcb, sizeof(tcb));                       /* 1E0 */
	wr_copy(w, firmware, sizeof(firmware));             /* 1E8 */
	wr_copy(w, firmware, sizeof(firmware));             /* 1EC */
	wr_copy(w, tcb, sizeof(tcb));                       /* 1F0 */
	wr_fill(w, 0, SNP_SIGNED_LEN - w->len);             /* 1F8 */
}

static void put_sig_value(struct wr *w, const uint8_t be[SIG_VALUE_LEN])
{
	for (size_t i = SIG_VALUE_LEN; i > 0; i--)
		wr_u8(w, be[i - 1]);
	wr_fill(w, 0, SIG_FIELD_LEN - SIG_VALUE_LEN);
}

enum err simtee_report_make(uint8_t out[SNP_REPORT_LEN],
    const struct simtee_report *s,
    const uint8_t report_data[SNP_REPORT_DATA_LEN])
{
	uint8_t sig[ECDSA_P384_SIG_LEN];
	struct wr w = wr_init(out, SNP_REPORT_LEN);
	enum err e;

	put_signed_part(&w, s, report_data);
	e = simtee_key_sign(sig, &s->chip, (struct bytes){ out, w.len });
	if (e != ERR_OK)
		return e;
	put_sig_value(&w, sig);
	put_sig_value(&w, sig + SIG_VALUE_LEN);
	wr_fill(&w, 0, SNP_REPORT_LEN - w.len);
	return w.err;
}
