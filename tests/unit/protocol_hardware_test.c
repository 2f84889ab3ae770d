/*
 * The verdict on evidence of real machines: attest/ joined with release and log.
 * The vendors are invented, everything else is as it is for connections.
 */
#include "attest/collateral.h"
#include "dcap_world.h"
#include "evidence_fixture.h"
#include "snp_world.h"

_Static_assert(PKI_NOW == FIX_NOW, "one clock for both worlds");

static struct fix f;
static struct verdict v;
static struct snp_world snp;
static struct dcap_world dcap;
static uint8_t kind;
static bool no_endorsement, no_collateral, wrong_part;

/* A container of parts first..last, in static storage by section. */
static struct bytes container(unsigned section, const struct collateral *c)
{
	static uint8_t buf[EVIDENCE_SECTION_MAX][COLLATERAL_LEN_MAX];
	struct wr w = wr_init(buf[section], COLLATERAL_LEN_MAX);

	CHECK_OK(collateral_write(&w, c));
	return (struct bytes){ buf[section], w.len };
}

static void put_snp(
    struct fix *fix, struct evidence *ev, const uint8_t *report_data)
{
	struct collateral certs = { 0 }, lists = { 0 };
	struct snp_evidence made;

	(void)fix;
	memcpy(snp.report + SNP_AT_REPORT_DATA, report_data, 64);
	made = snp_world_evidence(&snp);
	kind = TEE_SNP;
	certs.part[COLLATERAL_LEAF] = made.leaf;
	certs.part[COLLATERAL_CA] = made.ca;
	lists.part[wrong_part ? COLLATERAL_LEAF : COLLATERAL_AMD_CRL] =
	    made.crl;
	ev->section[EVIDENCE_KIND] = (struct bytes){ &kind, 1 };
	ev->section[EVIDENCE_REPORT] = made.report;
	ev->section[EVIDENCE_ENDORSEMENT] =
	    container(EVIDENCE_ENDORSEMENT, &certs);
	ev->section[EVIDENCE_COLLATERAL] =
	    container(EVIDENCE_COLLATERAL, &lists);
	if (no_endorsement)
		ev->section[EVIDENCE_ENDORSEMENT].len = 0;
	if (no_collateral)
		ev->section[EVIDENCE_COLLATERAL].len = 0;
}

static void put_dcap(
    struct fix *fix, struct evidence *ev, const uint8_t *report_data)
{
	bool tdx = dcap.q.tee == DCAP_TEE_TDX;
	struct collateral c = { 0 };

	(void)fix;
	memcpy(tdx ? dcap.q.td.report_data : dcap.q.sgx.report_data,
	    report_data, 64);
	dcap_world_make(&dcap);
	kind = tdx ? TEE_TDX : TEE_SGX;
	c.part[COLLATERAL_TCB_INFO] = dcap.ev.tcb_info;
	c.part[COLLATERAL_QE_IDENTITY] = dcap.ev.qe_identity;
	c.part[COLLATERAL_TCB_SIGNING] = dcap.ev.tcb_signing_chain;
	c.part[COLLATERAL_ROOT_CRL] = dcap.ev.root_ca_crl;
	c.part[COLLATERAL_PCK_CRL] = dcap.ev.pck_crl;
	if (wrong_part)
		c.part[COLLATERAL_AMD_CRL] = dcap.ev.pck_crl;
	ev->section[EVIDENCE_KIND] = (struct bytes){ &kind, 1 };
	ev->section[EVIDENCE_REPORT] = dcap.ev.quote;
	if (!no_endorsement)
		ev->section[EVIDENCE_ENDORSEMENT].len = 0;
	ev->section[EVIDENCE_COLLATERAL] = container(EVIDENCE_COLLATERAL, &c);
	if (no_collateral)
		ev->section[EVIDENCE_COLLATERAL].len = 0;
}

/* ---- worlds that are accepted ---------------------------------------------- */

static struct record_policy *policy(void)
{
	return &f.rec[FIX_POLICY].policy;
}

static struct record_image *image(void)
{
	return &f.rec[FIX_IMAGE].image;
}

static void begin(void)
{
	fix_init(&f);
	f.demand.accept_simulated = false;
	policy()->any_hardware = false;
	no_endorsement = no_collateral = wrong_part = false;
}

static void begin_snp(void)
{
	struct record_snp *line = &image()->snp[0];

	begin();
	snp = snp_world(SNP_FAMILY_GENOA);
	memset(snp.report + SNP_AT_MEASUREMENT, 0x5A, 48);
	f.hardware = put_snp;
	f.demand.roots = snp.roots;
	image()->n_snp = 1;
	line->vcpus = 1;
	line->vcpu_type = fix_str("EPYC-v4");
	line->policy = 0x30000;
	memset(line->measurement, 0x5A, sizeof(line->measurement));
	policy()->genoa = (struct record_snp_tcb){
		.listed = true, .bootloader = 10, .snp = 23, .microcode = 84
	};
	policy()->n_chips = 1;
	memcpy(policy()->chip[0].id, snp.report + SNP_AT_CHIP_ID, 64);
	policy()->chip[0].not_after = FIX_NOW + FIX_DAY;
}

static void begin_tdx(void)
{
	struct record_tdx *line = &image()->tdx[0];

	begin();
	dcap = (struct dcap_world){ 0 };
	pki_reset();
	dcap_world_init(&dcap, 4, DCAP_TEE_TDX, false);
	dcap.info.eval_number = dcap.qe_id.eval_number = 19;
	dcap.q.td.xfam = 0x602E7;
	f.hardware = put_dcap;
	dcap_world_make(&dcap);
	f.demand.roots = dcap.roots;
	image()->n_tdx = 1;
	line->shape = fix_str("2cpu");
	memcpy(line->mrtd, dcap.q.td.mrtd, sizeof(line->mrtd));
	memcpy(line->rtmr, dcap.q.td.rtmr, sizeof(line->rtmr));
	line->attributes = dcap.q.td.tdattributes;
	line->xfam = dcap.q.td.xfam;
	policy()->has_tdx = true;
	policy()->tdx_eval = 19;
	policy()->n_ppids = 1;
	memcpy(policy()->ppid[0].id, dcap.pck.ppid, RECORD_PPID_LEN);
	policy()->ppid[0].not_after = FIX_NOW + FIX_DAY;
}

static void begin_sgx(void)
{
	struct record_sgx *line = &image()->sgx[0];

	begin();
	dcap = (struct dcap_world){ 0 };
	pki_reset();
	dcap_world_init(&dcap, 3, DCAP_TEE_SGX, false);
	dcap.info.eval_number = dcap.qe_id.eval_number = 19;
	dcap.q.sgx.isvprodid = 7;
	dcap.q.sgx.isvsvn = 3;
	f.hardware = put_dcap;
	dcap_world_make(&dcap);
	f.demand.roots = dcap.roots;
	image()->n_sgx = 1;
	memcpy(line->mrenclave, dcap.q.sgx.mrenclave, 32);
	memcpy(line->mrsigner, dcap.q.sgx.mrsigner, 32);
	line->isvprodid = 7;
	line->isvsvn = 3;
	memcpy(line->attributes, dcap.q.sgx.attributes, 16);
	memset(line->mask, 0xff, 16);
	policy()->has_sgx = true;
	policy()->sgx_eval = 19;
	policy()->n_ppids = 1;
	memcpy(policy()->ppid[0].id, dcap.pck.ppid, RECORD_PPID_LEN);
	policy()->ppid[0].not_after = FIX_NOW + FIX_DAY;
}

static void accepted(enum tee_kind want)
{
	uint8_t ids[CHECKS_MAX];
	enum err e = fix_judge(&v, &f, fix_bundle(&f));

	if (e != ERR_OK)
		fail_msg("%s: %s", evidence_check_name(v.failed),
		    v.checks.reason.msg);
	CHECK(v.accepted && !v.simulated);
	CHECK_EQ(v.claims.kind, want);
	CHECK_EQ(v.checks.n, evidence_required(ids, want, false));
	for (size_t i = 0; i < v.checks.n; i++) {
		CHECK_EQ(v.checks.line[i].id, ids[i]);
		CHECK_EQ(v.checks.line[i].result, CHECK_PASSED);
		CHECK(v.checks.line[i].text[0] != '\0');
	}
}

/* Refused by this check and no other. */
static void refused(unsigned id, enum err want)
{
	enum err e = fix_judge(&v, &f, fix_bundle(&f));

	if (e != want || v.failed != id)
		fail_msg("%s (%s): %s", evidence_check_name(v.failed),
		    err_name(e), v.checks.reason.msg);
	CHECK(!v.accepted);
	for (size_t i = 0; i < v.checks.failed; i++)
		CHECK_EQ(v.checks.line[i].result, CHECK_PASSED);
}

/* */
TEST(hardware_of_each_kind_is_accepted_with_its_whole_list)
{
	begin_snp();
	accepted(TEE_SNP);
	CHECK_EQ(v.claims.family, SNP_FAMILY_GENOA);
	CHECK_EQ(v.claims.chip_id_len, SNP_CHIP_ID_LEN);
	CHECK_EQ(v.claims.measurement[47], 0x5A);
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + FIX_LIFE);
	fix_clear(&f);
	begin_tdx();
	accepted(TEE_TDX);
	CHECK_MEM(v.claims.measurement, dcap.q.td.mrtd, 48);
	CHECK_EQ(v.claims.tcb_status, DCAP_UP_TO_DATE);
	CHECK_EQ(v.claims.tcb_eval, 19);
	CHECK_EQ(v.claims.chip_id_len, 16);
	fix_clear(&f);
	begin_sgx();
	accepted(TEE_SGX);
	CHECK_EQ(v.claims.measurement_len, 32);
	fix_clear(&f);
}

/* */
TEST(hardware_wants_its_own_sections)
{
	begin_snp();
	no_endorsement = true;
	refused(CHECK_CERTIFICATES, ERR_NOTFOUND);
	no_endorsement = false;
	no_collateral = true;
	refused(CHECK_REVOCATION, ERR_POLICY);
	no_collateral = false;
	wrong_part = true;
	refused(CHECK_TEE, ERR_FORMAT);
	fix_clear(&f);
	begin_tdx();
	no_collateral = true;
	refused(CHECK_CERTIFICATES, ERR_NOTFOUND);
	no_collateral = false;
	wrong_part = true;
	refused(CHECK_TEE, ERR_FORMAT);
	wrong_part = false;
	no_endorsement = true; /* it keeps the simulated one */
	refused(CHECK_TEE, ERR_FORMAT);
	fix_clear(&f);
}

/* each field of a line, and no line of another kind. */
TEST(hardware_launch_is_checked_alone)
{
	begin_snp();
	image()->snp[0].measurement[0] ^= 1;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	image()->n_sim = 1;
	memset(image()->sim[0], 0x5A, RECORD_MEASUREMENT_LEN);
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	image()->snp[0].measurement[0] ^= 1;
	image()->snp[0].policy = 0x30001;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	image()->snp[1] = image()->snp[0]; /* the next line counts too */
	image()->snp[1].vcpus = 2;
	image()->snp[1].policy = 0x30000;
	image()->n_snp = 2;
	accepted(TEE_SNP);
	fix_clear(&f);
}

TEST(hardware_launch_of_a_td_is_checked_alone)
{
	begin_tdx();
	image()->tdx[0].mrtd[0] ^= 1;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	image()->tdx[0].mrtd[0] ^= 1;
	for (size_t i = 0; i < 4; i++) {
		image()->tdx[0].rtmr[i][47] ^= 1;
		refused(CHECK_MEASUREMENT, ERR_POLICY);
		image()->tdx[0].rtmr[i][47] ^= 1;
	}
	image()->tdx[0].attributes ^= 1ULL << 30;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	image()->tdx[0].attributes ^= 1ULL << 30;
	image()->tdx[0].xfam = 0x2E7; /* AMX is beyond it */
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	image()->tdx[0].xfam = 0x602E7 | 1ULL << 9;
	accepted(TEE_TDX);
	fix_clear(&f);
}

TEST(hardware_launch_of_an_enclave_is_checked_alone)
{
	struct record_sgx *line = &image()->sgx[0];

	begin_sgx();
	line->mrenclave[0] ^= 1;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	line->mrenclave[0] ^= 1;
	line->mrsigner[31] ^= 1;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	line->mrsigner[31] ^= 1;
	line->isvprodid++;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	line->isvprodid--;
	line->isvsvn = 4;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	line->isvsvn = 2;
	accepted(TEE_SGX);
	line->attributes[15] ^= 0x80;
	refused(CHECK_MEASUREMENT, ERR_POLICY);
	line->mask[15] = 0;
	line->attributes[15] = 0;
	accepted(TEE_SGX);
	fix_clear(&f);
}

/* a perfectly signed report of a machine that the log does not list. */
TEST(hardware_not_or_no_longer_listed_is_refused)
{
	begin_snp();
	policy()->chip[0].id[63] ^= 1;
	refused(CHECK_HARDWARE, ERR_POLICY);
	policy()->chip[0].id[63] ^= 1;
	policy()->chip[0].not_after = FIX_NOW;
	refused(CHECK_HARDWARE, ERR_EXPIRED);
	policy()->chip[0].not_after = FIX_NOW + 1;
	accepted(TEE_SNP);
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + 1);
	policy()->n_chips = 0;
	policy()->any_hardware = true;
	refused(CHECK_HARDWARE, ERR_POLICY);
	fix_clear(&f);
	begin_tdx();
	policy()->ppid[0].id[0] ^= 1;
	refused(CHECK_HARDWARE, ERR_POLICY);
	policy()->ppid[0].id[0] ^= 1;
	policy()->ppid[0].not_after = FIX_NOW;
	refused(CHECK_HARDWARE, ERR_EXPIRED);
	fix_clear(&f);
}

/* what has no floor in the record is refused, and floors add up. */
TEST(hardware_below_the_floor_of_the_log_is_refused)
{
	begin_snp();
	policy()->genoa.listed = false;
	policy()->genoa = (struct record_snp_tcb){ 0 };
	policy()->milan.listed = true;
	refused(CHECK_PRODUCT, ERR_POLICY);
	policy()->genoa.listed = true; /* our own floor still holds */
	accepted(TEE_SNP);
	policy()->genoa.microcode = 85;
	refused(CHECK_TCB_STATUS, ERR_POLICY);
	fix_clear(&f);
	begin_tdx();
	policy()->tdx_eval = 20;
	refused(CHECK_TCB_STATUS, ERR_POLICY);
	policy()->has_tdx = false;
	policy()->tdx_eval = 0;
	policy()->has_sgx = true;
	policy()->sgx_eval = 1;
	refused(CHECK_TCB_STATUS, ERR_POLICY);
	fix_clear(&f);
}

TEST(hardware_is_bound_to_the_channel)
{
	begin_snp();
	accepted(TEE_SNP);
	f.keep_binding = true;
	f.s_pub[0] ^= 1;
	refused(CHECK_REPORT_DATA, ERR_AUTH);
	fix_clear(&f);
	begin_tdx();
	accepted(TEE_TDX);
	f.keep_binding = true;
	f.s_pub[0] ^= 1;
	refused(CHECK_REPORT_DATA, ERR_AUTH);
	fix_clear(&f);
}

/* A vendor that is not compiled in vouches for nobody. */
TEST(hardware_of_another_vendor_is_refused)
{
	begin_snp();
	f.demand.roots = attest_roots;
	refused(CHECK_CHAIN, ERR_AUTH);
	fix_clear(&f);
	begin_tdx();
	f.demand.roots = attest_roots;
	refused(CHECK_ROOT, ERR_AUTH);
	fix_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    hardware_of_each_kind_is_accepted_with_its_whole_list),
		cmocka_unit_test(hardware_wants_its_own_sections),
		cmocka_unit_test(hardware_launch_is_checked_alone),
		cmocka_unit_test(hardware_launch_of_a_td_is_checked_alone),
		cmocka_unit_test(
		    hardware_launch_of_an_enclave_is_checked_alone),
		cmocka_unit_test(hardware_not_or_no_longer_listed_is_refused),
		cmocka_unit_test(
		    hardware_below_the_floor_of_the_log_is_refused),
		cmocka_unit_test(hardware_is_bound_to_the_channel),
		cmocka_unit_test(hardware_of_another_vendor_is_refused),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
