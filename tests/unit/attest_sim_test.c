/* The simulated endorsement: its bytes, and what must agree with the report. */
#include "test.h"

#include "attest/sim.h"

static uint8_t raw[SIM_ENDORSEMENT_LEN + 1];
static struct snp_report report;

/* An endorsement and a report that belong together; no real signatures. */
static void make(void)
{
	uint8_t root_id[SIM_ROOT_ID_LEN], chip_id[SNP_CHIP_ID_LEN];
	uint8_t tcb[SNP_TCB_LEN] = { 10, 0, 0, 0, 0, 0, 23, 84 };
	uint8_t pub[ECDSA_P384_PUB_LEN] = { 4 };
	struct wr w = wr_init(raw, SIM_ENDORSEMENT_LEN);

	memset(root_id, 0xaa, sizeof(root_id));
	memset(chip_id, 0xbb, sizeof(chip_id));
	memset(pub + 1, 0xcc, sizeof(pub) - 1);
	sim_endorsement_write(&w, root_id, chip_id, tcb, pub);
	CHECK_EQ(w.len, SIM_SIGNED_LEN);
	wr_fill(&w, 0xdd, ECDSA_P384_SIG_LEN);
	CHECK_EQ(w.len, SIM_ENDORSEMENT_LEN);
	memset(&report, 0, sizeof(report));
	memcpy(report.family_id, SIM_FAMILY_ID, sizeof(SIM_FAMILY_ID));
	memcpy(report.image_id, SIM_IMAGE_ID, sizeof(SIM_IMAGE_ID));
	memcpy(report.chip_id, chip_id, sizeof(chip_id));
	memcpy(report.reported_tcb.raw, tcb, sizeof(tcb));
}

static enum err parse(struct sim_endorsement *e, size_t len)
{
	return sim_endorsement_parse(e, (struct bytes){ raw, len }, NULL);
}

TEST(sim_endorsement_is_laid_out_as_documented)
{
	struct sim_endorsement e;

	make();
	CHECK_EQ(SIM_ENDORSEMENT_LEN, 323);
	CHECK_OK(parse(&e, SIM_ENDORSEMENT_LEN));
	CHECK_MEM(raw, "confer-sim-endorsement v1\0\xaa", 27);
	CHECK(e.chip_pub.p == raw + 130 && e.chip_pub.len == 97);
	CHECK(e.sig.p == raw + 227 && e.sig.len == 96);
	CHECK(e.signed_part.p == raw && e.signed_part.len == 227);
	CHECK_EQ(e.root_id[31], 0xaa);
	CHECK_EQ(e.chip_id[63], 0xbb);
	CHECK_EQ(e.reported_tcb[7], 84);
}

TEST(sim_endorsement_rejects_every_other_length_and_magic)
{
	struct sim_endorsement e;

	make();
	for (size_t n = 0; n < SIM_ENDORSEMENT_LEN; n++)
		CHECK_ERR(parse(&e, n), ERR_TRUNCATED);
	CHECK_ERR(parse(&e, SIM_ENDORSEMENT_LEN + 1), ERR_TRAILING);
	for (size_t i = 0; i < SIM_MAGIC_LEN; i++) {
		raw[i] ^= 1;
		CHECK_ERR(parse(&e, SIM_ENDORSEMENT_LEN), ERR_UNSUPPORTED);
		raw[i] ^= 1;
	}
	raw[130] = 2; /* a compressed point */
	CHECK_ERR(parse(&e, SIM_ENDORSEMENT_LEN), ERR_FORMAT);
}

/* */
TEST(sim_check_chip_wants_the_endorsed_chip_and_the_words)
{
	struct sim_endorsement e;
	struct snp_report r;

	make();
	CHECK_OK(parse(&e, SIM_ENDORSEMENT_LEN));
	CHECK_OK(sim_check_chip(&e, &report, NULL));
	r = report, r.chip_id[63] ^= 1;
	CHECK_ERR(sim_check_chip(&e, &r, NULL), ERR_AUTH);
	r = report, r.family_id[0] = 's';
	CHECK_ERR(sim_check_chip(&e, &r, NULL), ERR_AUTH);
	r = report, r.family_id[15] = 1; /* after the NULs */
	CHECK_ERR(sim_check_chip(&e, &r, NULL), ERR_AUTH);
	r = report, memset(r.image_id, 0, sizeof(r.image_id));
	CHECK_ERR(sim_check_chip(&e, &r, NULL), ERR_AUTH);
	r = report, r.key_info = SNP_KEY_VLEK << 2;
	CHECK_ERR(sim_check_chip(&e, &r, NULL), ERR_AUTH);
	r = report, memset(r.chip_id, 0, sizeof(r.chip_id));
	memset(e.chip_id, 0, sizeof(e.chip_id)); /* equal, but masked */
	CHECK_ERR(sim_check_chip(&e, &r, NULL), ERR_AUTH);
}

TEST(sim_check_tcb_wants_the_endorsed_tcb)
{
	struct sim_endorsement e;

	make();
	CHECK_OK(parse(&e, SIM_ENDORSEMENT_LEN));
	CHECK_OK(sim_check_tcb(&e, &report, NULL));
	report.reported_tcb.raw[4] = 1; /* even a reserved byte */
	CHECK_ERR(sim_check_tcb(&e, &report, NULL), ERR_AUTH);
}

TEST(sim_obligations_are_the_two_signatures)
{
	static struct obligations set;
	struct sim_endorsement e;
	uint8_t root[ECDSA_P384_PUB_LEN] = { 4 };

	make();
	CHECK_OK(parse(&e, SIM_ENDORSEMENT_LEN));
	report.signed_part = (struct bytes){ raw, 5 };
	memset(report.sig, 0xee, sizeof(report.sig));
	CHECK_OK(sim_oblige_endorsement(&set, &e, root));
	CHECK_OK(sim_oblige_report(&set, &e, &report));
	CHECK_EQ(set.n, 2);
	CHECK(set.item[0].key.p == root);
	CHECK(set.item[0].msg.p == raw && set.item[0].msg.len == 227);
	CHECK(set.item[1].key.p == raw + 130);
	CHECK_MEM(set.item[1].sig.p, report.sig, sizeof(report.sig));
	CHECK_EQ(set.item[1].msg.len, 5);
	set.n = OBLIGATIONS_MAX;
	CHECK_ERR(sim_oblige_endorsement(&set, &e, root), ERR_LIMIT);
	CHECK_ERR(sim_oblige_report(&set, &e, &report), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sim_endorsement_is_laid_out_as_documented),
		cmocka_unit_test(
		    sim_endorsement_rejects_every_other_length_and_magic),
		cmocka_unit_test(
		    sim_check_chip_wants_the_endorsed_chip_and_the_words),
		cmocka_unit_test(sim_check_tcb_wants_the_endorsed_tcb),
		cmocka_unit_test(sim_obligations_are_the_two_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
