/* What makes an SNP report authentic: each check failing alone, in a world whose
 * AMD is ours. The policy's part is in attest_snp_policy_test.c. */
#include "snp_world.h"

static const enum snp_family families[] = { SNP_FAMILY_MILAN, SNP_FAMILY_GENOA,
	SNP_FAMILY_TURIN };
#define FAMILIES 3

TEST(snp_accepts_a_genuine_machine_of_each_family)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);
		struct check_list list;

		snp_world_accepted(&w, &list);
		CHECK_EQ(list.deadline_s, PKI_NOW + 20 * PKI_DAY);
		w.send_root = true;
		snp_world_accepted(&w, &list);
		snp_world_vlek(&w);
		snp_world_accepted(&w, &list);
		CHECK_EQ(list.deadline_s, w.list.next_update);
	}
}

TEST(snp_says_what_it_compared)
{
	static const char *const line[] = {
		"SNP report, version 3, processor Genoa",
		"SEV-VCEK by SEV-Genoa by ARK-Genoa",
		"ARK-Genoa, whose key is pinned; the certificate sent along "
		"has it",
		"RSA-PSS of ARK-Genoa over SEV-Genoa, of that over SEV-VCEK",
		"SEV-VCEK is valid until 2051-09-06 08:00 UTC",
		"SEV-Genoa is not among the 0 of ARK-Genoa's list, valid until "
		"2027-02-13 08:00 UTC",
		"VCEK, by KEY_INFO, certificate, issuer and hwID",
		"CHIP_ID c1c1c1c1c1c1.., as certified",
		"bootloader 10, tee 0, snp 23, microcode 84, as certified",
		"ECDSA P-384 of SEV-VCEK over the report",
	};
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	w.send_root = true;
	snp_world_accepted(&w, &list);
	for (size_t i = 0; i < SNP_CHECKS_AUTHENTIC; i++)
		CHECK_STR(list.line[i].text, line[i]);
	snp_world_vlek(&w);
	w.send_root = false;
	snp_world_accepted(&w, &list);
	CHECK_STR(list.line[2].text, "ARK-Genoa, whose key is pinned");
	CHECK_STR(list.line[6].text,
	    "VLEK, by KEY_INFO, certificate, issuer and hwID");
	CHECK_STR(
	    list.line[7].text, "no chip: the key is a provider's, CN=a-cloud");
}

TEST(snp_refuses_evidence_that_does_not_parse)
{
	struct check_list list;
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct snp_run run = {
		.roots = w.roots, .policy = &w.policy, .now_s = w.now_s
	};

	run.ev = snp_world_evidence(&w);
	run.ev.report.len--;
	CHECK_ERR(snp_judge(&list, &run), ERR_TRUNCATED);
	CHECK_EQ(list.line[list.failed].id, CHECK_REPORT);
	run.ev = snp_world_evidence(&w);
	run.ev.leaf.len--;
	CHECK_ERR(snp_judge(&list, &run), ERR_TRUNCATED);
	CHECK_EQ(list.line[list.failed].id, CHECK_CERTIFICATES);
	run.ev = snp_world_evidence(&w);
	run.ev.ca.len--;
	CHECK_ERR(snp_judge(&list, &run), ERR_TRUNCATED);
	CHECK_EQ(list.line[list.failed].id, CHECK_CERTIFICATES);
	w.send_root = true;
	run.ev = snp_world_evidence(&w);
	run.ev.root.len--;
	CHECK_ERR(snp_judge(&list, &run), ERR_TRUNCATED);
	CHECK_EQ(list.line[list.failed].id, CHECK_CERTIFICATES);
	run.ev = snp_world_evidence(&w);
	run.ev.crl.len--;
	CHECK_ERR(snp_judge(&list, &run), ERR_TRUNCATED);
	CHECK_EQ(list.line[list.failed].id, CHECK_REVOCATION);
	run.ev = (struct snp_evidence){ .report = run.ev.report };
	CHECK(snp_judge(&list, &run) != ERR_OK);
	CHECK_EQ(list.line[list.failed].id, CHECK_CERTIFICATES);
}

/* Names of the leaf that are not exactly AMD's two. */
TEST(snp_refuses_a_leaf_of_another_name)
{
	static const char *const name[] = { "SEV-VCEKX", "XSEV-VCEK", "VCEK",
		"SEV-VLEKX", "SEV-Genoa", "ARK-Genoa", "sev-vcek", NULL };

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);

		w.leaf.subject = name[i];
		snp_world_fails(&w, CHECK_CERTIFICATES, ERR_AUTH,
		    "neither SEV-VCEK nor SEV-VLEK");
	}
}

TEST(snp_refuses_a_ca_of_another_name)
{
	static const char *const name[] = { "SEV-Genoa2", "SEV-", "Genoa",
		"XEV-Genoa", "SEV-X-Genoa", "SEV-VLEK-", "SEV-VLEK", "ARK",
		"SEV-VLEK-X-Genoa", "SEV-VLEK-Rome", "ARK-Genoa", "SEV-Rome",
		"-Genoa", "SEV--Genoa", "SEV-VCEK-Genoa" };

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);

		w.ca.subject = w.leaf.issuer = name[i];
		snp_world_fails(&w, CHECK_CERTIFICATES, ERR_AUTH,
		    "of no processor that we know");
	}
}

TEST(snp_refuses_a_leaf_that_is_a_ca)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	w.leaf.no_basic = false;
	w.leaf.ca = true;
	snp_world_fails(&w, CHECK_CERTIFICATES, ERR_AUTH, "is a CA");
}

TEST(snp_refuses_keys_of_another_kind)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;
	struct snp_run run;

	w.leaf.key = pki_p256(0);
	run = (struct snp_run){ .roots = w.roots, .policy = &w.policy };
	/* By hand: such a key cannot sign a report. */
	run.ev.report = (struct bytes){ w.report, sizeof(w.report) };
	w.leaf.ext = w.ext, w.leaf.n_ext = w.n_ext;
	run.ev.leaf = pki_cert(&w.leaf);
	run.ev.ca = pki_cert(&w.ca);
	CHECK_ERR(snp_judge(&list, &run), ERR_AUTH);
	CHECK_STR(list.reason.msg, "VCEK/VLEK: not a P-384 key");
	CHECK_EQ(list.line[list.failed].id, CHECK_CERTIFICATES);
	w = snp_world(SNP_FAMILY_GENOA);
	w.ca.key = w.leaf.signer = pki_p256(0);
	snp_world_fails(
	    &w, CHECK_CERTIFICATES, ERR_AUTH, "not an RSA 4096 key");
	w = snp_world(SNP_FAMILY_GENOA);
	w.leaf.signer = pki_p256(0); /* ECDSA under an RSA key's name */
	snp_world_fails(&w, CHECK_CHAIN, ERR_AUTH, "VCEK/VLEK: ");
	w = snp_world(SNP_FAMILY_GENOA);
	w.ca.signer = pki_p256(0);
	snp_world_fails(&w, CHECK_CHAIN, ERR_AUTH, "ASK/ASVK: ");
}

TEST(snp_refuses_names_that_do_not_chain)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	w.leaf.issuer = "SEV-Milan";
	snp_world_fails(
	    &w, CHECK_CERTIFICATES, ERR_AUTH, "VCEK/VLEK: issuer \"SEV-Milan");
	w = snp_world(SNP_FAMILY_GENOA);
	w.send_root = true;
	w.ca.issuer = "ARK-Milan";
	snp_world_fails(
	    &w, CHECK_CERTIFICATES, ERR_AUTH, "ASK/ASVK: issuer \"ARK-Milan");
	w = snp_world(SNP_FAMILY_GENOA);
	w.send_root = true;
	w.ark.issuer = "ARK-Milan"; /* not of its own */
	snp_world_fails(
	    &w, CHECK_CERTIFICATES, ERR_AUTH, "ARK: issuer \"ARK-Milan\"");
	w = snp_world(SNP_FAMILY_GENOA);
	w.ca.ca = false;
	snp_world_fails(&w, CHECK_CERTIFICATES, ERR_AUTH, "is not a CA");
	w = snp_world(SNP_FAMILY_GENOA);
	w.ca.usage = X509_USAGE_CRL_SIGN;
	snp_world_fails(&w, CHECK_CERTIFICATES, ERR_AUTH, "keyCertSign");
	w = snp_world(SNP_FAMILY_GENOA);
	w.send_root = true;
	w.ark.path_len = 0; /* no ASK beneath it */
	snp_world_fails(
	    &w, CHECK_CERTIFICATES, ERR_AUTH, "pathLenConstraint is 0");
	w.ark.path_len = 1;
	w.ca.path_len = 0;
	snp_world_accepted(&w, &(struct check_list){ 0 });
}

TEST(snp_refuses_certificates_in_another_order)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct snp_run run = {
		.roots = w.roots, .policy = &w.policy, .now_s = w.now_s
	};
	struct snp_evidence ev;
	struct check_list list;

	w.send_root = true;
	ev = snp_world_evidence(&w);
	run.ev = ev, run.ev.leaf = ev.ca, run.ev.ca = ev.leaf;
	CHECK_ERR(snp_judge(&list, &run), ERR_AUTH);
	CHECK_EQ(list.line[list.failed].id, CHECK_CERTIFICATES);
	run.ev = ev, run.ev.ca = ev.root, run.ev.root = ev.ca;
	CHECK_ERR(snp_judge(&list, &run), ERR_AUTH);
	CHECK_EQ(list.line[list.failed].id, CHECK_CERTIFICATES);
	run.ev = ev, run.ev.leaf = ev.root, run.ev.root = ev.leaf;
	CHECK_ERR(snp_judge(&list, &run), ERR_AUTH);
	CHECK_EQ(list.line[list.failed].id, CHECK_CERTIFICATES);
	run.ev = ev;
	CHECK_OK(snp_judge(&list, &run));
}

TEST(snp_refuses_a_certificate_without_amd_extensions)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	w.n_ext = 0;
	snp_world_fails(
	    &w, CHECK_CERTIFICATES, ERR_FORMAT, "structVersion: missing");
	w = snp_world(SNP_FAMILY_GENOA);
	snp_world_ext(&w, SNP_AMD_OID "1")->value = pki_int(1);
	snp_world_fails(&w, CHECK_CERTIFICATES, ERR_UNSUPPORTED,
	    "structVersion is 1, this processor's is 0");
	w = snp_world(SNP_FAMILY_TURIN);
	snp_world_drop_ext(&w, SNP_AMD_OID "3.9");
	snp_world_fails(&w, CHECK_CERTIFICATES, ERR_FORMAT, "fmcSPL: missing");
}

/* A report of each family under the chain of each other. */
TEST(snp_refuses_the_chain_of_another_family)
{
	for (size_t i = 0; i < FAMILIES * FAMILIES; i++) {
		enum snp_family chain = families[i / FAMILIES];
		enum snp_family cpu = families[i % FAMILIES];
		struct snp_world other = snp_world(cpu), w = snp_world(chain);
		char why[80];

		if (chain == cpu)
			continue;
		memcpy(w.report + SNP_AT_CPUID, other.report + SNP_AT_CPUID, 3);
		(void)snprintf(why, sizeof(why),
		    "by ARK-%s, a %s report needs ARK-%s",
		    snp_family_name(chain), snp_family_name(cpu),
		    snp_family_name(cpu));
		snp_world_fails(&w, CHECK_ROOT, ERR_AUTH, why);
	}
}

TEST(snp_refuses_a_ca_of_one_family_under_the_root_of_another)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	w.ca.subject = w.leaf.issuer = "SEV-Milan"; /* signed by ARK-Genoa */
	snp_world_fails(&w, CHECK_ROOT, ERR_AUTH,
	    "chain SEV-Milan by ARK-Genoa, a Genoa report needs ARK-Genoa");
}

TEST(snp_refuses_an_impostor_with_the_genuine_name)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	/* All by a key of their own: whole, consistent, and sent along. */
	w.ark.key = w.ark.signer = w.ca.signer = w.list.signer = pki_rsa(4);
	w.send_root = true;
	snp_world_fails(&w, CHECK_ROOT, ERR_AUTH,
	    "root \"ARK-Genoa\" was sent, its key is not the pinned one");
	w.send_root = false; /* nothing sent: then the signature tells */
	snp_world_fails(&w, CHECK_CHAIN, ERR_AUTH,
	    "ASK/ASVK: the signature does not verify");
}

TEST(snp_refuses_the_root_of_another_family_sent_along)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	w.ark.key = w.ark.signer = pki_rsa(ROOT_ARK_MILAN);
	w.send_root = true;
	snp_world_fails(&w, CHECK_ROOT, ERR_AUTH, "is not the pinned one");
}

TEST(snp_takes_the_family_of_version_2_from_the_chain)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	snp_world_put(&w, SNP_AT_VERSION, 4, 2);
	snp_world_put(&w, SNP_AT_CPUID, 3, 0);
	w.policy.snp.report_version_min = 2;
	snp_world_accepted(&w, &list);
	w.ca.issuer = "ARK-Milan";
	snp_world_fails(
	    &w, CHECK_ROOT, ERR_AUTH, "a Genoa report needs ARK-Genoa");
	w = snp_world(SNP_FAMILY_TURIN);
	snp_world_put(&w, SNP_AT_VERSION, 4, 2);
	snp_world_put(&w, SNP_AT_CPUID, 3, 0);
	w.policy.snp.report_version_min = 2;
	snp_world_fails(&w, CHECK_CERTIFICATES, ERR_UNSUPPORTED,
	    "version 2 under a Turin certificate");
}

TEST(snp_refuses_each_bad_signature)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	w.ca.bad_sig = true;
	snp_world_fails(&w, CHECK_CHAIN, ERR_AUTH, "ASK/ASVK: the sig");
	w = snp_world(SNP_FAMILY_GENOA);
	w.leaf.bad_sig = true;
	snp_world_fails(&w, CHECK_CHAIN, ERR_AUTH, "VCEK/VLEK: the sig");
	w = snp_world(SNP_FAMILY_GENOA);
	w.leaf.signer = pki_rsa(4); /* another ASK */
	snp_world_fails(&w, CHECK_CHAIN, ERR_AUTH, "VCEK/VLEK: the sig");
	w = snp_world(SNP_FAMILY_GENOA);
	w.list.bad_sig = true;
	snp_world_fails(
	    &w, CHECK_REVOCATION, ERR_AUTH, "AMD's revocation list: the sig");
	w = snp_world(SNP_FAMILY_GENOA);
	w.list.signer = pki_rsa(3); /* the ASK may not */
	snp_world_fails(
	    &w, CHECK_REVOCATION, ERR_AUTH, "AMD's revocation list: the sig");
	w = snp_world(SNP_FAMILY_GENOA);
	w.bad_report_sig = true;
	snp_world_fails(&w, CHECK_REPORT_SIG, ERR_AUTH, "SNP report: the sig");
}

TEST(snp_refuses_certificates_outside_their_time)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	w.leaf.not_before = PKI_NOW + 1;
	snp_world_fails(
	    &w, CHECK_CERT_TIME, ERR_EXPIRED, "VCEK/VLEK: notBefore");
	w.leaf.not_before = PKI_NOW;
	snp_world_accepted(&w, &list);
	w.leaf.not_after = PKI_NOW - 1;
	w.leaf.not_before = PKI_NOW - 2;
	snp_world_fails(
	    &w, CHECK_CERT_TIME, ERR_EXPIRED, "VCEK/VLEK: notAfter");
	w.leaf.not_after = PKI_NOW;
	snp_world_accepted(&w, &list);
	CHECK_EQ(list.deadline_s, PKI_NOW);
	w = snp_world(SNP_FAMILY_GENOA);
	w.ca.not_before = PKI_NOW + 1;
	snp_world_fails(
	    &w, CHECK_CERT_TIME, ERR_EXPIRED, "ASK/ASVK: notBefore");
	w.ca.not_before = PKI_NOW - 2;
	w.ca.not_after = PKI_NOW - 1;
	snp_world_fails(&w, CHECK_CERT_TIME, ERR_EXPIRED, "ASK/ASVK: notAfter");
	w.ca.not_after = PKI_NOW + 1;
	snp_world_accepted(&w, &list);
	CHECK_EQ(list.deadline_s, PKI_NOW + 1);
}

TEST(snp_refuses_lists_outside_their_time)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	w.list.this_update = PKI_NOW + 1;
	snp_world_fails(&w, CHECK_REVOCATION, ERR_EXPIRED, "thisUpdate");
	w.list.this_update = PKI_NOW;
	snp_world_accepted(&w, &list);
	w.list.this_update = PKI_NOW - 2;
	w.list.next_update = PKI_NOW;
	snp_world_fails(&w, CHECK_REVOCATION, ERR_EXPIRED, "nextUpdate");
	w.list.next_update = PKI_NOW + 1;
	snp_world_accepted(&w, &list);
	CHECK_EQ(list.deadline_s, PKI_NOW + 1);
	w.policy.snp.require_crl = false; /* judged all the same */
	w.list.next_update = PKI_NOW;
	snp_world_fails(&w, CHECK_REVOCATION, ERR_EXPIRED, "nextUpdate");
}

TEST(snp_refuses_a_revoked_ask_or_asvk)
{
	static const uint64_t other[] = { 0x20001, 0x10101, 0, 1 };
	static const uint64_t listed[] = { 0x20001, 0x20002 };
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	w.ca.serial = 0x20002;
	w.list.revoked = other;
	w.list.n_revoked = 4; /* a VCEK's serial, 0, among them */
	snp_world_accepted(&w, &list);
	CHECK(strstr(list.line[5].text, "not among the 4 of") != NULL);
	w.list.revoked = listed;
	w.list.n_revoked = 2;
	snp_world_fails(&w, CHECK_REVOCATION, ERR_AUTH, "SEV-Genoa is revoked");
	w.policy.snp.require_crl = false;
	snp_world_fails(&w, CHECK_REVOCATION, ERR_AUTH, "SEV-Genoa is revoked");
	w.list.n_revoked = 1;
	snp_world_accepted(&w, &list);
	snp_world_vlek(&w);
	snp_world_accepted(&w, &list);
	w.list.n_revoked = 2;
	snp_world_fails(
	    &w, CHECK_REVOCATION, ERR_AUTH, "SEV-VLEK-Genoa is revoked");
}

TEST(snp_refuses_the_list_of_another_product)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	w.list.issuer = "ARK-Milan";
	w.list.signer = pki_rsa(ROOT_ARK_MILAN);
	snp_world_fails(&w, CHECK_REVOCATION, ERR_AUTH,
	    "is by \"ARK-Milan\", not by \"ARK-Genoa\"");
	w.list.issuer = "SEV-Genoa";
	snp_world_fails(&w, CHECK_REVOCATION, ERR_AUTH, "is by \"SEV-Genoa\"");
	w.list.issuer = "ARK-Genoa"; /* named right, signed by another */
	snp_world_fails(&w, CHECK_REVOCATION, ERR_AUTH, "the signature");
}

TEST(snp_demands_a_list_where_the_policy_does)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	w.no_crl = true;
	snp_world_fails(&w, CHECK_REVOCATION, ERR_POLICY,
	    "AMD's revocation list is missing, policy listed requires it");
	w.policy.snp.require_crl = false;
	snp_world_accepted(&w, &list);
	CHECK_STR(list.line[5].text, "NOT CHECKED: no list was sent, policy "
				     "listed does not require one");
	CHECK_EQ(list.obligations.n, 3);
}

/* Four things say of which kind the key is; each in turn says otherwise. */
TEST(snp_refuses_a_key_whose_kind_is_disputed)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	snp_world_put(&w, SNP_AT_KEY_INFO, 4, SNP_KEY_VLEK << 2);
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
	    "KEY_INFO says VLEK, the certificate's name does not");
	w = snp_world(SNP_FAMILY_GENOA);
	w.leaf.subject = "SEV-VLEK"; /* in the place of a VCEK */
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
	    "KEY_INFO says VCEK, the certificate's name does not");
	w = snp_world(SNP_FAMILY_GENOA);
	w.ca.subject = w.leaf.issuer = "SEV-VLEK-Genoa";
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
	    "KEY_INFO says VCEK, its issuer's name does not");
	w = snp_world(SNP_FAMILY_GENOA);
	snp_world_drop_ext(&w, SNP_AMD_OID "4");
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
	    "KEY_INFO says VCEK, the certificate has no hwID");
}

TEST(snp_refuses_a_vlek_whose_kind_is_disputed)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	snp_world_vlek(&w);
	snp_world_put(&w, SNP_AT_KEY_INFO, 4, SNP_KEY_VCEK);
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
	    "KEY_INFO says VCEK, the certificate's name does not");
	w = snp_world(SNP_FAMILY_GENOA);
	snp_world_vlek(&w);
	w.leaf.subject = "SEV-VCEK";
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
	    "KEY_INFO says VLEK, the certificate's name does not");
	w = snp_world(SNP_FAMILY_GENOA);
	snp_world_vlek(&w);
	w.ca.subject = w.leaf.issuer = "SEV-Genoa";
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
	    "KEY_INFO says VLEK, its issuer's name does not");
	w = snp_world(SNP_FAMILY_GENOA);
	snp_world_vlek(&w);
	snp_world_ext(&w, SNP_AMD_OID "4")->value =
	    (struct bytes){ w.report, SNP_CHIP_ID_LEN };
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
	    "KEY_INFO says VLEK, the certificate has a hwID");
}

TEST(snp_refuses_other_keys_and_masked_ones)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	for (unsigned key = 2; key < 8; key++) {
		snp_world_put(&w, SNP_AT_KEY_INFO, 4, key << 2);
		snp_world_fails(&w, CHECK_KEY_KIND, ERR_AUTH,
		    "signed by neither VCEK nor VLEK");
	}
	snp_world_put(&w, SNP_AT_KEY_INFO, 4, SNP_KEY_INFO_MASK_CHIP);
	snp_world_fails(
	    &w, CHECK_KEY_KIND, ERR_POLICY, "KEY_INFO 00000002: masked");
	snp_world_put(&w, SNP_AT_KEY_INFO, 4, 1U << 5);
	snp_world_fails(
	    &w, CHECK_KEY_KIND, ERR_POLICY, "KEY_INFO 00000020: masked");
	snp_world_put(&w, SNP_AT_KEY_INFO, 4, 1U << 31);
	snp_world_fails(&w, CHECK_KEY_KIND, ERR_POLICY, "reserved bits");
	snp_world_put(&w, SNP_AT_KEY_INFO, 4, SNP_KEY_INFO_AUTHOR);
	snp_world_accepted(&w, &(struct check_list){ 0 });
}

TEST(snp_refuses_the_certificate_of_another_chip)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		size_t n = families[i] == SNP_FAMILY_TURIN ? 8 : 64;
		struct snp_world w = snp_world(families[i]);

		w.report[SNP_AT_CHIP_ID + n - 1] ^= 1;
		snp_world_fails(&w, CHECK_CHIP, ERR_AUTH, "CHIP_ID c1c1c1c1c1");
		w.report[SNP_AT_CHIP_ID + n - 1] ^= 1;
		w.report[SNP_AT_CHIP_ID] ^= 1;
		snp_world_fails(&w, CHECK_CHIP, ERR_AUTH,
		    "CHIP_ID c0c1c1c1c1c1.., the certificate is of chip "
		    "c1c1c1c1c1c1..");
	}
}

TEST(snp_demands_zeros_after_the_chip_id_of_a_turin)
{
	for (size_t i = 8; i < SNP_CHIP_ID_LEN; i++) {
		struct snp_world w = snp_world(SNP_FAMILY_TURIN);

		w.report[SNP_AT_CHIP_ID + i] = 1;
		snp_world_fails(&w, CHECK_CHIP, ERR_AUTH, "CHIP_ID");
	}
}

TEST(snp_refuses_a_chip_under_a_vlek)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	snp_world_vlek(&w);
	w.report[SNP_AT_CHIP_ID + 63] = 1;
	snp_world_fails(&w, CHECK_CHIP, ERR_AUTH,
	    "CHIP_ID 000000000000.. under a VLEK, must be zero");
}

TEST(snp_refuses_the_certificate_of_another_product)
{
	static const char *const wrong[] = { "Milan-B0", "Genoa2", "Geno", "",
		"-Genoa", "genoa", "Turin" };
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snp_world_ext(&w, SNP_AMD_OID "2")->value =
		    pki_tlv(DER_IA5_STRING, pki_str(wrong[i]));
		snp_world_fails(&w, CHECK_CHIP, ERR_AUTH, "report of a Genoa");
	}
	snp_world_ext(&w, SNP_AMD_OID "2")->value =
	    pki_tlv(DER_IA5_STRING, pki_str("Genoa-Z9-x"));
	snp_world_accepted(&w, &list);
	snp_world_ext(&w, SNP_AMD_OID "2")->value =
	    pki_tlv(DER_IA5_STRING, pki_str("Genoa-"));
	snp_world_accepted(&w, &list);
}

/* Each byte of the TCB, one more and one less than certified. */
TEST(snp_refuses_each_component_that_is_not_certified)
{
	static const char *const name[][SNP_TCB_LEN] = {
		[SNP_FAMILY_MILAN] = { "bootloader", "tee", "byte 2", "byte 3",
		    "byte 4", "byte 5", "snp", "microcode" },
		[SNP_FAMILY_GENOA] = { "bootloader", "tee", "byte 2", "byte 3",
		    "byte 4", "byte 5", "snp", "microcode" },
		[SNP_FAMILY_TURIN] = { "fmc", "bootloader", "tee", "snp",
		    "byte 4", "byte 5", "byte 6", "microcode" },
	};
	static const uint8_t tcb[] = { 30, 31, 32, 33, 34, 35, 36, 230 };

	for (size_t i = 0; i < FAMILIES * SNP_TCB_LEN * 2; i++) {
		enum snp_family f = families[i / (2 * SNP_TCB_LEN)];
		size_t at = i / 2 % SNP_TCB_LEN;
		struct snp_world w = snp_world(f);
		uint8_t reported[SNP_TCB_LEN];
		char why[80];

		memcpy(reported, tcb, sizeof(tcb));
		reported[at] = (uint8_t)(reported[at] + (i % 2 ? 1 : -1));
		snp_world_certify(&w, tcb);
		snp_world_put_tcbs(&w, reported);
		(void)snprintf(why, sizeof(why),
		    "REPORTED_TCB has %s %u, the certificate %u", name[f][at],
		    reported[at], tcb[at]);
		snp_world_fails(&w, CHECK_TCB, ERR_AUTH, why);
		snp_world_put_tcbs(&w, tcb);
		snp_world_accepted(&w, &(struct check_list){ 0 });
	}
}

TEST(snp_refuses_tcbs_out_of_order)
{
	static const struct {
		size_t at;
		int by;
		const char *why;
	} cases[] = {
		{ SNP_AT_COMMITTED_TCB, -1, "REPORTED_TCB is above" },
		{ SNP_AT_COMMITTED_TCB, 1, "COMMITTED_TCB is above CURRENT" },
		{ SNP_AT_CURRENT_TCB, -1, "COMMITTED_TCB is above CURRENT" },
		{ SNP_AT_LAUNCH_TCB, 1, "LAUNCH_TCB is above CURRENT" },
	};

	for (size_t i = 0; i < 4 * SNP_TCB_LEN; i++) {
		static const uint8_t tcb[] = { 30, 31, 32, 33, 34, 35, 36,
			230 };
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);
		uint8_t *byte =
		    w.report + cases[i / SNP_TCB_LEN].at + i % SNP_TCB_LEN;

		snp_world_certify(&w, tcb);
		snp_world_put_tcbs(&w, tcb);
		*byte = (uint8_t)(*byte + cases[i / SNP_TCB_LEN].by);
		snp_world_fails(
		    &w, CHECK_TCB, ERR_POLICY, cases[i / SNP_TCB_LEN].why);
	}
}

/* A set that is full already: nothing is dropped silently. */
TEST(snp_refuses_to_judge_without_room_for_signatures)
{
	static const struct {
		size_t room;
		uint8_t id;
	} cases[] = { { 0, CHECK_CHAIN }, { 1, CHECK_CHAIN },
		{ 2, CHECK_REVOCATION }, { 3, CHECK_REPORT_SIG } };

	for (size_t i = 0; i < 4; i++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);
		struct snp_run run = { .ev = snp_world_evidence(&w),
			.roots = w.roots,
			.policy = &w.policy,
			.now_s = w.now_s };
		struct check_list list;

		check_list_init(&list);
		list.obligations.n = OBLIGATIONS_MAX - cases[i].room;
		CHECK_ERR(check_run(&list, snp_checks_authentic,
			      SNP_CHECKS_AUTHENTIC, &run),
		    ERR_LIMIT);
		CHECK_EQ(list.line[list.failed].id, cases[i].id);
	}
}

/* Each byte that is signed: a report of anybody else's making is refused. */
TEST(snp_refuses_a_report_changed_after_it_was_signed)
{
	static const size_t at[] = { SNP_AT_POLICY, SNP_AT_REPORT_DATA,
		SNP_AT_REPORT_DATA + 63, SNP_AT_MEASUREMENT,
		SNP_AT_MEASUREMENT + 47, 0x0C0, 0x140 };
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct snp_run run = {
		.roots = w.roots, .policy = &w.policy, .now_s = w.now_s
	};
	struct check_list list;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		uint8_t *p;

		run.ev = snp_world_evidence(&w);
		p = pki_copy(run.ev.report);
		p[at[i]] ^= 1;
		run.ev.report.p = p;
		CHECK_ERR(snp_judge(&list, &run), ERR_AUTH);
		CHECK_EQ(list.line[list.failed].id, CHECK_REPORT_SIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snp_accepts_a_genuine_machine_of_each_family),
		cmocka_unit_test(snp_says_what_it_compared),
		cmocka_unit_test(snp_refuses_evidence_that_does_not_parse),
		cmocka_unit_test(snp_refuses_a_leaf_of_another_name),
		cmocka_unit_test(snp_refuses_a_ca_of_another_name),
		cmocka_unit_test(snp_refuses_a_leaf_that_is_a_ca),
		cmocka_unit_test(snp_refuses_keys_of_another_kind),
		cmocka_unit_test(snp_refuses_names_that_do_not_chain),
		cmocka_unit_test(snp_refuses_certificates_in_another_order),
		cmocka_unit_test(
		    snp_refuses_a_certificate_without_amd_extensions),
		cmocka_unit_test(snp_refuses_the_chain_of_another_family),
		cmocka_unit_test(
		    snp_refuses_a_ca_of_one_family_under_the_root_of_another),
		cmocka_unit_test(snp_refuses_an_impostor_with_the_genuine_name),
		cmocka_unit_test(
		    snp_refuses_the_root_of_another_family_sent_along),
		cmocka_unit_test(
		    snp_takes_the_family_of_version_2_from_the_chain),
		cmocka_unit_test(snp_refuses_each_bad_signature),
		cmocka_unit_test(snp_refuses_certificates_outside_their_time),
		cmocka_unit_test(snp_refuses_lists_outside_their_time),
		cmocka_unit_test(snp_refuses_a_revoked_ask_or_asvk),
		cmocka_unit_test(snp_refuses_the_list_of_another_product),
		cmocka_unit_test(snp_demands_a_list_where_the_policy_does),
		cmocka_unit_test(snp_refuses_a_key_whose_kind_is_disputed),
		cmocka_unit_test(snp_refuses_a_vlek_whose_kind_is_disputed),
		cmocka_unit_test(snp_refuses_other_keys_and_masked_ones),
		cmocka_unit_test(snp_refuses_the_certificate_of_another_chip),
		cmocka_unit_test(
		    snp_demands_zeros_after_the_chip_id_of_a_turin),
		cmocka_unit_test(snp_refuses_a_chip_under_a_vlek),
		cmocka_unit_test(
		    snp_refuses_the_certificate_of_another_product),
		cmocka_unit_test(
		    snp_refuses_each_component_that_is_not_certified),
		cmocka_unit_test(snp_refuses_tcbs_out_of_order),
		cmocka_unit_test(
		    snp_refuses_to_judge_without_room_for_signatures),
		cmocka_unit_test(
		    snp_refuses_a_report_changed_after_it_was_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
