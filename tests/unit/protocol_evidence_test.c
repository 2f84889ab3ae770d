/* The verdict: the good case, and for each check the case that it alone stops. */
#include "evidence_fixture.h"

static struct fix f;
static struct verdict v;

static const struct check_line *line_of(unsigned id)
{
	for (size_t i = 0; i < v.checks.n; i++)
		if (v.checks.line[i].id == id)
			return &v.checks.line[i];
	fail_msg("no check %u on the list", id);
	return NULL;
}

static void check_accepted(void)
{
	struct bytes bundle = fix_bundle(&f);

	if (fix_judge(&v, &f, bundle) != ERR_OK)
		fail_msg("%s: %s", evidence_check_name(v.failed),
		    v.checks.reason.msg);
	CHECK(v.accepted);
}

/*
 * The world must be refused by this check and no other: all before it passed
 * (or wait for an obligation), none after it ran.
 */
static void check_refused(unsigned id, enum err want)
{
	struct bytes bundle = fix_bundle(&f);
	enum err e = fix_judge(&v, &f, bundle);

	if (e != want || v.failed != id)
		fail_msg("%s (%s): %s", evidence_check_name(v.failed),
		    err_name(e), v.checks.reason.msg);
	CHECK(!v.accepted);
	CHECK_EQ(v.checks.deadline_s, 0);
	CHECK(v.checks.reason.msg[0] != '\0');
	for (size_t i = 0; i < v.checks.n; i++) {
		const struct check_line *line = &v.checks.line[i];
		bool signature =
		    line->id == CHECK_CHAIN || line->id == CHECK_REPORT_SIG;

		if (line->id == id)
			CHECK_EQ(line->result, CHECK_FAILED);
		else if (signature)
			CHECK(line->result != CHECK_FAILED);
		else if (i < v.checks.failed)
			CHECK_EQ(line->result, CHECK_PASSED);
	}
	CHECK_EQ(fix_conclude(&v), e); /* asking again changes nothing */
	CHECK(!v.accepted);
}

/* */
TEST(evidence_is_accepted_with_its_whole_list)
{
	uint8_t ids[CHECKS_MAX];

	fix_init(&f);
	f.binding.not_after = FIX_NOW + 600;
	check_accepted();
	CHECK_EQ(v.checks.n, evidence_required(ids, TEE_SIM, false));
	for (size_t i = 0; i < v.checks.n; i++) {
		CHECK_EQ(v.checks.line[i].id, ids[i]);
		CHECK_EQ(v.checks.line[i].result, CHECK_PASSED);
		CHECK(v.checks.line[i].text[0] != '\0');
		CHECK(strcmp(evidence_check_name(ids[i]), "unknown") != 0);
	}
	CHECK_EQ(v.checks.obligations.n, 2);
	CHECK(v.simulated);
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + 600);
	CHECK(strstr(line_of(CHECK_FORMAT)->text, "10 sections") != NULL);
	CHECK_STR(line_of(CHECK_MEASUREMENT)->text,
	    "launch measurement 3f3f3f3f3f3f..: sim line of release seq 3");
	fix_clear(&f);
}

TEST(evidence_claims_are_what_it_says)
{
	uint8_t digest[SHA256_LEN];

	fix_init(&f);
	check_accepted();
	evidence_digest(digest, fix_bundle(&f));
	CHECK_EQ(v.claims.kind, TEE_SIM);
	CHECK_EQ(v.claims.family, SNP_FAMILY_GENOA);
	CHECK_STR(v.claims.product, "confer");
	CHECK_STR(v.claims.channel, "local");
	CHECK_STR(v.claims.image_version, "1.0.0");
	CHECK_EQ(v.claims.image_seq, 3);
	CHECK_STR(v.claims.model_name, "demo");
	CHECK_EQ(v.claims.model_sha256[31], 0x77);
	CHECK_EQ(v.claims.model_seq, 2);
	CHECK_EQ(v.claims.policy_seq, 9);
	CHECK_STR(v.claims.log_origin, FIX_LOG);
	CHECK_EQ(v.claims.head.size, FIX_ENTRIES);
	CHECK_EQ(v.claims.trees, 3);
	for (size_t i = 0; i < 3; i++) {
		CHECK_EQ(v.claims.tree[i].size, FIX_ENTRIES);
		CHECK_EQ(v.claims.tree[i].proof, EVIDENCE_IMAGE_PROOF + 2 * i);
		CHECK_MEM(
		    v.claims.tree[i].root, v.claims.head.root, SHA256_LEN);
	}
	CHECK_EQ(v.claims.head.time, FIX_NOW - 3600);
	CHECK_EQ(v.claims.head.witnesses, 2);
	CHECK_EQ(v.claims.head.known, 2);
	CHECK_EQ(v.claims.head.mask, 3);
	CHECK_EQ(v.claims.head.operators, 2);
	CHECK_STR(v.claims.seen_by,
	    "seen by 2 of 2 witnesses (operators Alpha, Beta)");
	CHECK_EQ(v.claims.image_issued, FIX_NOW - FIX_DAY);
	CHECK_STR(v.claims.rebuilder, "");
	CHECK_MEM(v.claims.measurement, f.tee.measurement, 48);
	CHECK_MEM(v.claims.chip_id, f.tee.chip_id, 64);
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + FIX_LIFE);
	fix_clear(&f);
}

/* */
TEST(evidence_digest_names_the_bundle)
{
	struct bytes bundle;
	uint8_t digest[SHA256_LEN];

	fix_init(&f);
	bundle = fix_bundle(&f);
	CHECK_OK(fix_judge(&v, &f, bundle));
	evidence_digest(digest, bundle);
	CHECK_MEM(v.claims.evidence_digest, digest, sizeof(digest));
	fix_clear(&f);
}

TEST(evidence_format_is_checked_alone)
{
	struct bytes bundle;

	fix_init(&f);
	bundle = fix_bundle(&f);
	fix_buf[0] = 2;
	CHECK_ERR(fix_judge(&v, &f, bundle), ERR_UNSUPPORTED);
	CHECK_EQ(v.failed, CHECK_FORMAT);
	fix_buf[0] = 1;
	CHECK_OK(fix_judge(&v, &f, bundle));
	for (size_t n = 0; n < bundle.len; n++) {
		CHECK(
		    fix_judge(&v, &f, (struct bytes){ fix_buf, n }) != ERR_OK);
		CHECK(!v.accepted);
	}
	fix_clear(&f);
}

/* */
TEST(evidence_kind_is_checked_alone)
{
	fix_init(&f);
	f.demand.accept_simulated = false;
	check_refused(CHECK_TEE, ERR_POLICY);
	CHECK(v.simulated);
	CHECK(strstr(v.checks.reason.msg, "SIMULATED") != NULL);
	f.demand.accept_simulated = true;
	/* What is simulated cannot be shown for hardware: other sections. */
	f.kind = TEE_SNP;
	check_refused(CHECK_TEE, ERR_UNSUPPORTED);
	CHECK(!v.simulated);
	f.kind = TEE_TDX;
	check_refused(CHECK_TEE, ERR_FORMAT);
	f.kind = TEE_SGX;
	check_refused(CHECK_TEE, ERR_FORMAT);
	f.kind = 4;
	check_refused(CHECK_TEE, ERR_UNSUPPORTED);
	CHECK(strstr(v.checks.reason.msg, "unknown TEE kind 4") != NULL);
	f.kind = TEE_SIM;
	check_accepted();
	fix_clear(&f);
}

TEST(evidence_report_is_checked_alone)
{
	fix_init(&f);
	f.report[0] = 6;
	check_refused(CHECK_REPORT, ERR_UNSUPPORTED);
	f.report[0] = 2; /* well formed, but nothing that plays hardware */
	memset(f.report + 0x188, 0, 3);
	check_refused(CHECK_REPORT, ERR_POLICY);
	fix_clear(&f);
	fix_init(&f);
	f.report[0x330] = 1; /* which no signature covers */
	check_refused(CHECK_REPORT, ERR_FORMAT);
	f.report[0x330] = 0;
	check_accepted();
	fix_clear(&f);
}

/* */
TEST(evidence_root_is_checked_alone)
{
	fix_init(&f);
	fix_trust(&f, f.tee.chip.pub); /* a good key, but not this root's */
	check_refused(CHECK_ROOT, ERR_AUTH);
	fix_trust(&f, f.tee.root.pub);
	check_accepted();
	fix_clear(&f);
}

/* */
TEST(evidence_chip_is_checked_alone)
{
	fix_init(&f);
	f.report[0x1A0] ^= 1;
	check_refused(CHECK_CHIP, ERR_AUTH);
	f.report[0x1A0] ^= 1;
	f.report[0x10] = 's'; /* FAMILY_ID no longer says SIMULATED */
	check_refused(CHECK_CHIP, ERR_AUTH);
	fix_clear(&f);
}

TEST(evidence_tcb_is_checked_alone)
{
	fix_init(&f);
	f.report[0x180]--; /* REPORTED_TCB below the endorsement's */
	check_refused(CHECK_TCB, ERR_AUTH);
	f.report[0x180]++;
	f.report[0x1E7]--; /* COMMITTED_TCB below REPORTED_TCB */
	check_refused(CHECK_TCB, ERR_POLICY);
	fix_clear(&f);
}

TEST(evidence_endorsement_signature_is_checked_alone)
{
	fix_init(&f);
	f.tee.endorsement[SIM_SIGNED_LEN + 50] ^= 1;
	check_refused(CHECK_CHAIN, ERR_AUTH);
	fix_clear(&f);
}

TEST(evidence_endorsement_covers_the_chip_key)
{
	uint8_t *pub;

	fix_init(&f);
	pub = f.tee.endorsement + SIM_SIGNED_LEN - ECDSA_P384_PUB_LEN;
	memcpy(pub, f.tee.root.pub, ECDSA_P384_PUB_LEN);
	check_refused(CHECK_CHAIN, ERR_AUTH);
	fix_clear(&f);
}

TEST(evidence_report_signature_is_checked_alone)
{
	fix_init(&f);
	f.report[0x0C0] = 1; /* HOST_DATA: nothing else looks at it */
	f.keep_report_sig = true;
	check_refused(CHECK_REPORT_SIG, ERR_AUTH);
	f.keep_report_sig = false;
	check_accepted();
	fix_clear(&f);
}

TEST(evidence_guest_policy_is_checked_alone)
{
	fix_init(&f);
	f.report[0x0A] |= 1 << 3; /* DEBUG, signed by the chip */
	check_refused(CHECK_GUEST, ERR_POLICY);
	f.report[0x0A] = (uint8_t)(f.report[0x0A] & ~(1 << 3));
	f.report[0x0A] |= 1 << 2; /* MIGRATE_MA */
	check_refused(CHECK_GUEST, ERR_POLICY);
	f.report[0x0A] = (uint8_t)(f.report[0x0A] & ~(1 << 2));
	f.report[0x30] = 1; /* VMPL */
	check_refused(CHECK_GUEST, ERR_POLICY);
	f.report[0x30] = 0;
	check_accepted();
	fix_clear(&f);
}

/* */
TEST(evidence_binding_is_checked_alone)
{
	fix_init(&f);
	check_accepted();
	f.keep_binding = true;
	f.s_pub[0] ^= 1; /* the channel of somebody else */
	check_refused(CHECK_REPORT_DATA, ERR_AUTH);
	f.s_pub[0] ^= 1;
	f.binding.has_batch_root = true; /* in the evidence, not the report */
	check_refused(CHECK_REPORT_DATA, ERR_AUTH);
	f.binding.has_batch_root = false;
	memset(f.report + 0x50, 0, SNP_REPORT_DATA_LEN);
	check_refused(CHECK_REPORT_DATA, ERR_AUTH);
	f.keep_binding = false;
	check_accepted();
	fix_clear(&f);
}

/* */
TEST(evidence_beacon_is_checked_alone)
{
	fix_init(&f);
	f.no_beacon = true;
	check_refused(CHECK_BEACON, ERR_POLICY);
	f.no_beacon = false;
	f.wrong_beacon = true;
	check_refused(CHECK_BEACON, ERR_AUTH);
	f.wrong_beacon = false;
	check_accepted();
	fix_clear(&f);
}

/* ---- records ------------------------------------------------------------- */

struct record_checks {
	enum evidence_check_id is_signed;
	enum evidence_check_id logged;
	enum evidence_check_id time;
};

static const struct record_checks record_checks[FIX_RECORDS] = {
	{ CHECK_IMAGE_SIGNED, CHECK_IMAGE_LOGGED, CHECK_IMAGE_TIME },
	{ CHECK_MODEL_SIGNED, CHECK_MODEL_LOGGED, CHECK_MODEL_TIME },
	{ CHECK_POLICY_SIGNED, CHECK_POLICY_LOGGED, CHECK_POLICY_TIME },
};

/* */
TEST(evidence_signatures_of_each_record_are_checked_alone)
{
	for (unsigned i = 0; i < FIX_RECORDS; i++) {
		enum evidence_check_id id = record_checks[i].is_signed;

		fix_init(&f);
		f.signers[i] = FIX_NEED - 1;
		check_refused(id, ERR_POLICY);
		f.signers[i] = FIX_KEYS;
		check_accepted();
		f.rec[i].product = fix_str("other");
		check_refused(id, ERR_POLICY);
		f.rec[i].product = fix_str("confer");
		f.rec[i].channel = fix_str("stable");
		check_refused(id, ERR_POLICY);
		f.rec[i] = f.rec[(i + 1) % FIX_RECORDS]; /* another kind */
		check_refused(id, ERR_POLICY);
		fix_clear(&f);
	}
}

/* */
TEST(evidence_log_proof_of_each_record_is_checked_alone)
{
	for (unsigned i = 0; i < FIX_RECORDS; i++) {
		enum evidence_check_id id = record_checks[i].logged;

		fix_init(&f);
		f.index[i]++; /* the proof of its neighbour */
		check_refused(id, ERR_AUTH);
		f.index[i]--;
		f.cosigned[i] = 0; /* no witness */
		check_refused(id, ERR_POLICY);
		f.cosigned[i] = FIX_NOW - TLOG_FRESH_S - 1;
		check_refused(id, ERR_EXPIRED);
		f.cosigned[i] = FIX_NOW - 3600;
		check_accepted();
		fix_clear(&f);
	}
	fix_init(&f);
	f.log_signs = false;
	check_refused(CHECK_IMAGE_LOGGED, ERR_AUTH);
	fix_clear(&f);
}

/* [L-94] */
TEST(evidence_of_one_log_and_one_tree_is_checked_alone)
{
	static const enum evidence_check_id check[FIX_RECORDS] = {
		CHECK_IMAGE_LOGGED, CHECK_MODEL_LOGGED, CHECK_POLICY_LOGGED
	};

	for (unsigned i = FIX_MODEL; i < FIX_RECORDS; i++) {
		fix_init(&f);
		f.forked[i] = true;
		CHECK_ERR(fix_judge(&v, &f, fix_bundle(&f)), ERR_AUTH);
		CHECK_EQ(v.failed, check[i]);
		f.forked[i] = false;
		f.elsewhere[i] = true;
		CHECK_ERR(fix_judge(&v, &f, fix_bundle(&f)), ERR_POLICY);
		CHECK_EQ(v.failed, check[i]);
		f.elsewhere[FIX_IMAGE] = f.elsewhere[FIX_MODEL] =
		    f.elsewhere[FIX_POLICY] = true;
		CHECK_OK(fix_judge(&v, &f, fix_bundle(&f)));
		fix_clear(&f);
	}
}

/* [L-94] Neither of the two is of the size of the image's. */
TEST(evidence_of_two_later_trees_is_checked_alone)
{
	fix_init(&f);
	f.grown[FIX_MODEL] = f.grown[FIX_POLICY] = true;
	CHECK_OK(fix_judge(&v, &f, fix_bundle(&f)));
	f.forked[FIX_POLICY] = true;
	CHECK_ERR(fix_judge(&v, &f, fix_bundle(&f)), ERR_AUTH);
	CHECK_EQ(v.failed, CHECK_POLICY_LOGGED);
	f.grown[FIX_MODEL] = false; /* and now nobody can see it */
	CHECK_OK(fix_judge(&v, &f, fix_bundle(&f)));
	fix_clear(&f);
}

TEST(evidence_age_of_the_head_is_the_clients_choice)
{
	fix_init(&f);
	f.cosigned[FIX_MODEL] = FIX_NOW - 3601;
	f.demand.max_age_s = 3600;
	check_refused(CHECK_MODEL_LOGGED, ERR_EXPIRED);
	f.demand.max_age_s = 3601 + 60;
	check_accepted();
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + 60);
	f.demand.max_age_s = UINT64_MAX; /* never more than the log's own */
	f.cosigned[FIX_MODEL] = FIX_NOW - TLOG_FRESH_S + 5;
	check_accepted();
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + 5);
	fix_clear(&f);
}

/* */
TEST(evidence_time_of_each_record_is_checked_alone)
{
	for (unsigned i = 0; i < FIX_RECORDS; i++) {
		enum evidence_check_id id = record_checks[i].time;

		fix_init(&f);
		f.rec[i].not_after = FIX_NOW;
		check_refused(id, ERR_EXPIRED);
		f.rec[i].not_after = FIX_NOW + 1;
		check_accepted();
		CHECK_EQ(v.checks.deadline_s, FIX_NOW + 1);
		f.rec[i].not_after = FIX_NOW + 4 * FIX_DAY;
		f.rec[i].not_before = FIX_NOW + RECORD_SKEW_S + 1;
		check_refused(id, ERR_EXPIRED);
		fix_clear(&f);
	}
}

/* */
TEST(evidence_measurement_is_checked_alone)
{
	struct record_image *image;

	fix_init(&f);
	image = &f.rec[FIX_IMAGE].image;
	image->sim[0][47] ^= 1;
	check_refused(CHECK_MEASUREMENT, ERR_POLICY);
	image->snp[0].vcpus = 1; /* the same digest, but of hardware */
	image->snp[0].vcpu_type = fix_str("EPYC-v4");
	image->snp[0].policy = 0x30000;
	memcpy(image->snp[0].measurement, f.tee.measurement, 48);
	image->n_snp = 1;
	check_refused(CHECK_MEASUREMENT, ERR_POLICY);
	image->sim[0][47] ^= 1;
	check_accepted();
	fix_clear(&f);
}

/* */
TEST(evidence_model_of_the_image_is_checked_alone)
{
	fix_init(&f);
	f.rec[FIX_MODEL].model.sha256.b[0] ^= 1;
	check_refused(CHECK_MODEL_NAMED, ERR_POLICY);
	f.rec[FIX_MODEL].model.sha256.b[0] ^= 1;
	f.rec[FIX_IMAGE].image.n_models = 0;
	check_refused(CHECK_MODEL_NAMED, ERR_POLICY);
	f.rec[FIX_IMAGE].image.n_models = 1;
	check_accepted();
	fix_clear(&f);
}

/* */
TEST(evidence_policy_rollback_is_checked_alone)
{
	fix_init(&f);
	f.demand.policy_seq_min = 10;
	check_refused(CHECK_POLICY_SEQ, ERR_POLICY);
	CHECK_STR(v.checks.reason.msg,
	    "rolled back: it shows policy 9, and this client has accepted "
	    "policy 10 before");
	f.rec[FIX_POLICY].seq = 10;
	check_accepted();
	CHECK_EQ(v.claims.policy_seq, 10);
	fix_clear(&f);
}

/* A minimum that is one above what the record has. */
static void demand_seq(unsigned i, enum record_kind kind)
{
	struct record_policy *p = &f.rec[FIX_POLICY].policy;

	p->n_min_seq = 1;
	p->min_seq[0] = (struct record_min_seq){ .kind = kind,
		.product = fix_str("confer"),
		.channel = fix_str("local"),
		.seq = f.rec[i].seq + 1 };
}

/* */
TEST(evidence_revocation_of_each_record_is_checked_alone)
{
	static const enum evidence_check_id id[] = { CHECK_IMAGE_ALLOWED,
		CHECK_MODEL_ALLOWED };
	static const enum record_kind kind[] = { RECORD_IMAGE, RECORD_MODEL };

	for (unsigned i = 0; i < 2; i++) {
		struct record_policy *p = &f.rec[FIX_POLICY].policy;

		fix_init(&f);
		tlog_leaf_hash(&p->revoked[0], fix_sign_record(&f, i));
		p->n_revoked = 1;
		check_refused(id[i], ERR_POLICY);
		p->revoked[0].b[0] ^= 1;
		check_accepted();
		demand_seq(i, kind[i]);
		check_refused(id[i], ERR_POLICY);
		p->min_seq[0].seq--;
		check_accepted();
		fix_clear(&f);
	}
}

/* */
TEST(evidence_deadline_is_checked_alone)
{
	fix_init(&f);
	f.binding.not_after = FIX_NOW;
	check_refused(CHECK_DEADLINE, ERR_EXPIRED);
	f.binding.not_after = FIX_NOW + 1;
	check_accepted();
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + 1);
	f.binding.not_after = FIX_NOW + EVIDENCE_LIFE_MAX_S;
	check_accepted();
	f.binding.not_after++;
	check_refused(CHECK_DEADLINE, ERR_POLICY);
	f.binding.has_not_after = false;
	check_refused(CHECK_DEADLINE, ERR_POLICY);
	fix_clear(&f);
}

TEST(evidence_of_a_log_without_witnesses_needs_a_local_trust_file)
{
	fix_init(&f);
	f.quorum_none = true;
	fix_trust(&f, f.tee.root.pub);
	check_accepted();
	CHECK_EQ(v.claims.head.time, 0);
	CHECK_EQ(v.claims.head.witnesses, 0);
	CHECK_EQ(v.claims.head.known, 0);
	CHECK_STR(v.claims.seen_by, "no witnesses");
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + FIX_LIFE);
	fix_clear(&f);
}

/* */
TEST(evidence_needs_every_answer_and_each_to_be_yes)
{
	static struct evidence_work work;
	bool answer[3] = { true, true, true };
	struct bytes bundle;

	fix_init(&f);
	bundle = fix_bundle(&f);
	for (size_t n = 0; n <= 3; n++) {
		CHECK_OK(
		    evidence_verify(&v, &work, &f.demand, bundle, f.s_pub));
		CHECK(!v.accepted);
		CHECK_EQ(line_of(CHECK_CHAIN)->result, CHECK_WAITING);
		CHECK_EQ(line_of(CHECK_REPORT_SIG)->result, CHECK_WAITING);
		if (n == 2)
			CHECK_OK(evidence_conclude(&v, answer, n));
		else
			CHECK_ERR(
			    evidence_conclude(&v, answer, n), ERR_INTERNAL);
		CHECK_EQ(v.accepted, n == 2);
	}
	for (size_t i = 0; i < 2; i++) {
		CHECK_OK(
		    evidence_verify(&v, &work, &f.demand, bundle, f.s_pub));
		answer[i] = false;
		CHECK_ERR(evidence_conclude(&v, answer, 2), ERR_AUTH);
		answer[i] = true;
		CHECK_ERR(evidence_conclude(&v, answer, 2), ERR_AUTH);
		CHECK(!v.accepted);
	}
	memset(&v, 0, sizeof(v)); /* never verified */
	check_list_init(&v.checks);
	CHECK_ERR(evidence_conclude(&v, answer, 0), ERR_INTERNAL);
	CHECK(!v.accepted);
	fix_clear(&f);
}

TEST(evidence_survives_every_flipped_byte_without_acceptance)
{
	static uint8_t copy[EVIDENCE_LEN_MAX];
	struct bytes bundle;
	size_t report_end;

	fix_init(&f);
	bundle = fix_bundle(&f);
	memcpy(copy, bundle.p, bundle.len);
	report_end = 1 + 5 + 4 + SNP_REPORT_LEN;
	for (size_t i = 0; i < bundle.len; i++) {
		/* Each P-384 check takes a millisecond: sample the report. */
		if (i > 10 && i < report_end && i % 16 != 0)
			continue;
		copy[i] ^= 1;
		CHECK(fix_judge(&v, &f, (struct bytes){ copy, bundle.len }) !=
		      ERR_OK);
		CHECK(!v.accepted);
		copy[i] ^= 1;
	}
	fix_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_is_accepted_with_its_whole_list),
		cmocka_unit_test(evidence_claims_are_what_it_says),
		cmocka_unit_test(evidence_digest_names_the_bundle),
		cmocka_unit_test(evidence_format_is_checked_alone),
		cmocka_unit_test(evidence_kind_is_checked_alone),
		cmocka_unit_test(evidence_report_is_checked_alone),
		cmocka_unit_test(evidence_root_is_checked_alone),
		cmocka_unit_test(evidence_chip_is_checked_alone),
		cmocka_unit_test(evidence_tcb_is_checked_alone),
		cmocka_unit_test(
		    evidence_endorsement_signature_is_checked_alone),
		cmocka_unit_test(evidence_endorsement_covers_the_chip_key),
		cmocka_unit_test(evidence_report_signature_is_checked_alone),
		cmocka_unit_test(evidence_guest_policy_is_checked_alone),
		cmocka_unit_test(evidence_binding_is_checked_alone),
		cmocka_unit_test(evidence_beacon_is_checked_alone),
		cmocka_unit_test(
		    evidence_signatures_of_each_record_are_checked_alone),
		cmocka_unit_test(
		    evidence_log_proof_of_each_record_is_checked_alone),
		cmocka_unit_test(
		    evidence_of_one_log_and_one_tree_is_checked_alone),
		cmocka_unit_test(evidence_of_two_later_trees_is_checked_alone),
		cmocka_unit_test(
		    evidence_age_of_the_head_is_the_clients_choice),
		cmocka_unit_test(evidence_time_of_each_record_is_checked_alone),
		cmocka_unit_test(evidence_measurement_is_checked_alone),
		cmocka_unit_test(evidence_model_of_the_image_is_checked_alone),
		cmocka_unit_test(evidence_policy_rollback_is_checked_alone),
		cmocka_unit_test(
		    evidence_revocation_of_each_record_is_checked_alone),
		cmocka_unit_test(evidence_deadline_is_checked_alone),
		cmocka_unit_test(
		    evidence_of_a_log_without_witnesses_needs_a_local_trust_file),
		cmocka_unit_test(
		    evidence_needs_every_answer_and_each_to_be_yes),
		cmocka_unit_test(
		    evidence_survives_every_flipped_byte_without_acceptance),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
