/* The simulated endorsement; see sim.h. */
#include "attest/sim.h"

#include "base/rd.h"

static const char magic[] = "confer-sim-endorsement v1"; /* with its NUL */

_Static_assert(sizeof(magic) == SIM_MAGIC_LEN, "the magic has a fixed length");
_Static_assert(
    sizeof(SIM_FAMILY_ID) <= SNP_ID_LEN && sizeof(SIM_IMAGE_ID) <= SNP_ID_LEN,
    "both texts fit their fields");

enum err sim_endorsement_parse(
    struct sim_endorsement *out, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	struct bytes m;

	memset(out, 0, sizeof(*out));
	if (in.len != SIM_ENDORSEMENT_LEN)
		return err_set(ctx,
		    in.len < SIM_ENDORSEMENT_LEN ? ERR_TRUNCATED : ERR_TRAILING,
		    "simulated endorsement of %zu bytes, must be %d", in.len,
		    SIM_ENDORSEMENT_LEN);
	m = rd_take(&r, sizeof(magic));
	if (!mem_eq(m, (struct bytes){ (const uint8_t *)magic, sizeof(magic) }))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "simulated endorsement: unknown magic at offset 0");
	if (in.p[SIM_SIGNED_LEN - ECDSA_P384_PUB_LEN] != 4)
		return err_set(ctx, ERR_FORMAT,
		    "simulated endorsement: chip key at offset %d is not an "
		    "uncompressed point",
		    SIM_SIGNED_LEN - ECDSA_P384_PUB_LEN);
	rd_copy(&r, out->root_id, sizeof(out->root_id));
	rd_copy(&r, out->chip_id, sizeof(out->chip_id));
	rd_copy(&r, out->reported_tcb, sizeof(out->reported_tcb));
	out->chip_pub = rd_take(&r, ECDSA_P384_PUB_LEN);
	out->sig = rd_take(&r, ECDSA_P384_SIG_LEN);
	out->signed_part = (struct bytes){ in.p, SIM_SIGNED_LEN };
	return rd_end(&r);
}

void sim_endorsement_write(struct wr *w, const uint8_t root_id[SIM_ROOT_ID_LEN],
    const uint8_t chip_id[SNP_CHIP_ID_LEN], const uint8_t tcb[SNP_TCB_LEN],
    const uint8_t chip_pub[ECDSA_P384_PUB_LEN])
{
	wr_copy(w, magic, sizeof(magic));
	wr_copy(w, root_id, SIM_ROOT_ID_LEN);
	wr_copy(w, chip_id, SNP_CHIP_ID_LEN);
	wr_copy(w, tcb, SNP_TCB_LEN);
	wr_copy(w, chip_pub, ECDSA_P384_PUB_LEN);
}

void sim_root_id(
    uint8_t out[SIM_ROOT_ID_LEN], const uint8_t root_pub[ECDSA_P384_PUB_LEN])
{
	struct bytes part = { root_pub, ECDSA_P384_PUB_LEN };

	crypto_sha256(out, &part, 1);
}

/* Is a 16-byte field exactly this text and NULs? */
static bool id_is(const uint8_t field[SNP_ID_LEN], const char *text)
{
	uint8_t want[SNP_ID_LEN] = { 0 };

	memcpy(want, text, mem_strlen(text));
	return mem_eq_ct(field, want, sizeof(want));
}

enum err sim_check_chip(const struct sim_endorsement *end,
    const struct snp_report *rep, struct err_ctx *ctx)
{
	if (!id_is(rep->family_id, SIM_FAMILY_ID) ||
	    !id_is(rep->image_id, SIM_IMAGE_ID))
		return err_set(ctx, ERR_AUTH,
		    "simulated report does not say so in FAMILY_ID, IMAGE_ID");
	if (snp_signing_key(rep) != SNP_KEY_VCEK)
		return err_set(ctx, ERR_AUTH,
		    "KEY_INFO names signing key %u, endorsed is a chip key",
		    (unsigned)snp_signing_key(rep));
	if (mem_is_zero(rep->chip_id, sizeof(rep->chip_id)))
		return err_set(ctx, ERR_AUTH, "CHIP_ID is masked (all zero)");
	if (!mem_eq_ct(rep->chip_id, end->chip_id, sizeof(rep->chip_id)))
		return err_set(
		    ctx, ERR_AUTH, "CHIP_ID is not that of the endorsed chip");
	return ERR_OK;
}

enum err sim_check_tcb(const struct sim_endorsement *end,
    const struct snp_report *rep, struct err_ctx *ctx)
{
	if (!mem_eq_ct(rep->reported_tcb.raw, end->reported_tcb, SNP_TCB_LEN))
		return err_set(ctx, ERR_AUTH,
		    "REPORTED_TCB is not that of the endorsement");
	return ERR_OK;
}

enum err sim_oblige_endorsement(struct obligations *set,
    const struct sim_endorsement *end,
    const uint8_t root_pub[ECDSA_P384_PUB_LEN])
{
	struct obligation *o = obligation_add(set);

	if (o == NULL)
		return ERR_LIMIT;
	o->alg = SIG_ECDSA_P384_SHA384;
	o->what = "endorsement by the simulated root";
	o->key = (struct bytes){ root_pub, ECDSA_P384_PUB_LEN };
	o->sig = end->sig;
	o->msg = end->signed_part;
	return ERR_OK;
}

enum err sim_oblige_report(struct obligations *set,
    const struct sim_endorsement *end, const struct snp_report *rep)
{
	struct obligation *o = obligation_add(set);

	if (o == NULL)
		return ERR_LIMIT;
	o->alg = SIG_ECDSA_P384_SHA384;
	o->what = "report by the simulated chip";
	o->key = end->chip_pub;
	memcpy(o->sig_buf, rep->sig, sizeof(rep->sig));
	o->sig = (struct bytes){ o->sig_buf, sizeof(rep->sig) };
	o->msg = rep->signed_part;
	return ERR_OK;
}
