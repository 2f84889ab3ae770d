/*
 * An AMD of our own for tests: roots, ASK or ASVK, VCEK or VLEK, revocation list
 * and report of one machine, all of which the strict policy accepts once the
 * chip is on its list, as snp_world() puts it. A test changes what it likes,
 * then snp_world_judge() signs everything anew and runs all checks.
 *
 *	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
 *	snp_world_put(&w, SNP_AT_POLICY, 8, 0x30000 | SNP_POLICY_DEBUG);
 *	CHECK_ERR(snp_world_judge(&w, &list), ERR_POLICY);
 */
#ifndef CONFER_TESTS_UNIT_SNP_WORLD_H
#define CONFER_TESTS_UNIT_SNP_WORLD_H

#include "attest/snp_verify.h"
#include "pki.h"

#define SNP_WORLD_EXTS 12
#define SNP_AMD_OID    "1.3.6.1.4.1.3704.1."

/* Offsets of AMD 56860. */
enum snp_at {
	SNP_AT_VERSION = 0x000,
	SNP_AT_POLICY = 0x008,
	SNP_AT_VMPL = 0x030,
	SNP_AT_CURRENT_TCB = 0x038,
	SNP_AT_PLATFORM_INFO = 0x040,
	SNP_AT_KEY_INFO = 0x048,
	SNP_AT_REPORT_DATA = 0x050,
	SNP_AT_MEASUREMENT = 0x090,
	SNP_AT_REPORTED_TCB = 0x180,
	SNP_AT_CPUID = 0x188,
	SNP_AT_CHIP_ID = 0x1A0,
	SNP_AT_COMMITTED_TCB = 0x1E0,
	SNP_AT_CURRENT = 0x1E8, /* build, minor, major */
	SNP_AT_COMMITTED = 0x1EC,
	SNP_AT_LAUNCH_TCB = 0x1F0,
	SNP_AT_R = 0x2A0,
	SNP_AT_S = 0x2E8,
};

struct snp_world {
	enum snp_family family;
	struct pki_cert ark, ca, leaf;
	struct pki_ext ext[SNP_WORLD_EXTS]; /* of the leaf */
	size_t n_ext;
	struct pki_list list;
	bool no_crl, send_root;
	uint8_t report[SNP_REPORT_LEN]; /* unsigned */
	bool bad_report_sig;
	struct root_key roots[ATTEST_ROOTS];
	struct attest_policy policy;
	uint64_t now_s;
};

/* Write n bytes of a field, little endian. */
static inline void snp_world_put(
    struct snp_world *w, size_t at, size_t n, uint64_t v)
{
	for (size_t i = 0; i < n; i++)
		w->report[at + i] = (uint8_t)(v >> 8 * i);
}

static inline void snp_world_put_tcb(
    struct snp_world *w, size_t at, const uint8_t tcb[SNP_TCB_LEN])
{
	memcpy(w->report + at, tcb, SNP_TCB_LEN);
}

/* All four TCBs of the report. */
static inline void snp_world_put_tcbs(
    struct snp_world *w, const uint8_t tcb[SNP_TCB_LEN])
{
	static const size_t at[] = { SNP_AT_CURRENT_TCB, SNP_AT_REPORTED_TCB,
		SNP_AT_COMMITTED_TCB, SNP_AT_LAUNCH_TCB };

	for (size_t i = 0; i < 4; i++)
		snp_world_put_tcb(w, at[i], tcb);
}

/* The leaf's AMD extension of this name below SNP_AMD_OID; made if absent. */
static inline struct pki_ext *snp_world_ext(
    struct snp_world *w, const char *oid)
{
	for (size_t i = 0; i < w->n_ext; i++) {
		if (strcmp(w->ext[i].oid, oid) == 0)
			return &w->ext[i];
	}
	CHECK(w->n_ext < SNP_WORLD_EXTS);
	w->ext[w->n_ext].oid = oid;
	return &w->ext[w->n_ext++];
}

static inline void snp_world_drop_ext(struct snp_world *w, const char *oid)
{
	struct pki_ext *e = snp_world_ext(w, oid);

	*e = w->ext[--w->n_ext];
}

/* The extension that certifies byte i of a TCB. */
static inline const char *snp_world_spl(enum snp_family family, size_t i)
{
	static const char *const milan[SNP_TCB_LEN] = { SNP_AMD_OID "3.1",
		SNP_AMD_OID "3.2", SNP_AMD_OID "3.4", SNP_AMD_OID "3.5",
		SNP_AMD_OID "3.6", SNP_AMD_OID "3.7", SNP_AMD_OID "3.3",
		SNP_AMD_OID "3.8" };
	static const char *const turin[SNP_TCB_LEN] = { SNP_AMD_OID "3.9",
		SNP_AMD_OID "3.1", SNP_AMD_OID "3.2", SNP_AMD_OID "3.3",
		SNP_AMD_OID "3.5", SNP_AMD_OID "3.6", SNP_AMD_OID "3.7",
		SNP_AMD_OID "3.8" };

	return (family == SNP_FAMILY_TURIN ? turin : milan)[i];
}

/* Certify this TCB. The bytes live in the pool until the next judgement, which
 * takes them along. */
static inline void snp_world_certify(
    struct snp_world *w, const uint8_t tcb[SNP_TCB_LEN])
{
	for (size_t i = 0; i < SNP_TCB_LEN; i++)
		snp_world_ext(w, snp_world_spl(w->family, i))->value =
		    pki_int(tcb[i]);
}

static inline const uint8_t *snp_world_tcb(enum snp_family family)
{
	static const uint8_t tcb[][SNP_TCB_LEN] = {
		[SNP_FAMILY_MILAN] = { 4, 0, 0, 0, 0, 0, 24, 219 },
		[SNP_FAMILY_GENOA] = { 10, 0, 0, 0, 0, 0, 23, 84 },
		[SNP_FAMILY_TURIN] = { 1, 1, 1, 4, 0, 0, 0, 81 },
	};

	return tcb[family];
}

static inline void snp_world_report(struct snp_world *w)
{
	static const uint64_t cpuid[] = { [SNP_FAMILY_MILAN] = 0x010119,
		[SNP_FAMILY_GENOA] = 0x011119,
		[SNP_FAMILY_TURIN] = 0x01021A };

	snp_world_put(w, SNP_AT_VERSION, 4, 3);
	snp_world_put(w, SNP_AT_POLICY, 8, 0x30000);
	snp_world_put(w, 0x034, 4, SNP_SIG_ECDSA_P384);
	snp_world_put(w, SNP_AT_PLATFORM_INFO, 8, 0x25);
	snp_world_put(w, SNP_AT_CPUID, 3, cpuid[w->family]);
	snp_world_put(w, SNP_AT_CURRENT, 3, 1 << 16 | 55 << 8 | 40);
	snp_world_put(w, SNP_AT_COMMITTED, 3, 1 << 16 | 55 << 8 | 40);
	memset(w->report + SNP_AT_CHIP_ID, 0xC1,
	    w->family == SNP_FAMILY_TURIN ? 8 : SNP_CHIP_ID_LEN);
	snp_world_put_tcbs(w, snp_world_tcb(w->family));
}

static inline void snp_world_exts(struct snp_world *w)
{
	size_t hwid = w->family == SNP_FAMILY_TURIN ? 8 : SNP_CHIP_ID_LEN;

	snp_world_ext(w, SNP_AMD_OID "1")->value =
	    pki_int(w->family == SNP_FAMILY_TURIN);
	snp_world_ext(w, SNP_AMD_OID "2")->value =
	    pki_tlv(DER_IA5_STRING, pki_str(snp_family_name(w->family)));
	snp_world_certify(w, snp_world_tcb(w->family));
	snp_world_ext(w, SNP_AMD_OID "4")->value =
	    PKI_CAT({ w->report + SNP_AT_CHIP_ID, hwid });
}

/* Make it a machine of a cloud: ASVK, VLEK, no chip. */
static inline void snp_world_vlek(struct snp_world *w)
{
	static const char *const asvk[] = { [SNP_FAMILY_MILAN] =
						"SEV-VLEK-Milan",
		[SNP_FAMILY_GENOA] = "SEV-VLEK-Genoa",
		[SNP_FAMILY_TURIN] = "SEV-VLEK-Turin" };

	w->ca.subject = w->leaf.issuer = asvk[w->family];
	w->leaf.subject = "SEV-VLEK";
	snp_world_drop_ext(w, SNP_AMD_OID "4");
	snp_world_ext(w, SNP_AMD_OID "5")->value =
	    pki_tlv(DER_IA5_STRING, pki_str("CN=a-cloud"));
	memset(w->report + SNP_AT_CHIP_ID, 0, SNP_CHIP_ID_LEN);
	snp_world_put(w, SNP_AT_KEY_INFO, 4, SNP_KEY_VLEK << 2);
	w->policy.snp.allow_vlek = w->policy.any_hardware = true;
	w->policy.snp.milan.only_listed = false;
}

static inline struct snp_world snp_world(enum snp_family family)
{
	static const char *const ask[] = { [SNP_FAMILY_MILAN] = "SEV-Milan",
		[SNP_FAMILY_GENOA] = "SEV-Genoa",
		[SNP_FAMILY_TURIN] = "SEV-Turin" };
	struct snp_world w = { .family = family, .now_s = PKI_NOW };

	pki_reset();
	for (unsigned i = 0; i < ROOT_INTEL_SGX; i++)
		w.roots[i] = (struct root_key){ attest_roots[i].name,
			pki_spki(pki_rsa(i)) };
	w.roots[ROOT_INTEL_SGX] = attest_roots[ROOT_INTEL_SGX];
	w.ark = pki_ca(attest_roots[root_of_family(family)].name, NULL,
	    pki_rsa(root_of_family(family)));
	w.ca = pki_ca(ask[family], &w.ark, pki_rsa(3));
	w.leaf = pki_leaf("SEV-VCEK", &w.ca, pki_p384(0));
	w.leaf.serial = 0;
	w.list = pki_list(&w.ark);
	snp_world_report(&w);
	snp_world_exts(&w);
	w.policy = attest_policy_strict();
	w.policy.name = "listed";
	w.policy.n_chips = 1;
	memcpy(w.policy.chip[0].id, w.report + SNP_AT_CHIP_ID, SNP_CHIP_ID_LEN);
	w.policy.chip[0].not_after = PKI_NOW + 20 * PKI_DAY;
	return w;
}

/* Sign the report: r and s little endian where they belong. */
static inline struct bytes snp_world_sign(const struct snp_world *w)
{
	uint8_t *p = pki_copy((struct bytes){ w->report, SNP_REPORT_LEN });
	struct bytes sig =
	    pki_sign(w->leaf.key, (struct bytes){ p, SNP_SIGNED_LEN });

	for (size_t i = 0; i < 48; i++) {
		p[SNP_AT_R + i] = sig.p[47 - i];
		p[SNP_AT_S + i] = sig.p[95 - i];
	}
	p[SNP_AT_S] ^= w->bad_report_sig;
	return (struct bytes){ p, SNP_REPORT_LEN };
}

/* The evidence, as it is now; in the pool. */
static inline struct snp_evidence snp_world_evidence(struct snp_world *w)
{
	struct snp_evidence ev = { .report = snp_world_sign(w) };

	w->leaf.ext = w->ext;
	w->leaf.n_ext = w->n_ext;
	ev.leaf = pki_cert(&w->leaf);
	ev.ca = pki_cert(&w->ca);
	if (w->send_root)
		ev.root = pki_cert(&w->ark);
	if (!w->no_crl)
		ev.crl = pki_crl(&w->list);
	return ev;
}

/* Both tables over this evidence, signatures answered by OpenSSL, and the
 * conclusion. */
static inline enum err snp_judge(struct check_list *list, struct snp_run *run)
{
	uint8_t required[SNP_CHECKS_AUTHENTIC + SNP_CHECKS_POLICY];
	bool answer[OBLIGATIONS_MAX];
	size_t n;

	for (size_t i = 0; i < SNP_CHECKS_AUTHENTIC; i++)
		required[i] = snp_checks_authentic[i].id;
	for (size_t i = 0; i < SNP_CHECKS_POLICY; i++)
		required[SNP_CHECKS_AUTHENTIC + i] = snp_checks_policy[i].id;
	check_list_init(list);
	if (check_run(list, snp_checks_authentic, SNP_CHECKS_AUTHENTIC, run) ==
	    ERR_OK)
		CHECK(list->obligations.n > 0);
	if (check_run(list, snp_checks_policy, SNP_CHECKS_POLICY, run) !=
	    ERR_OK)
		CHECK(list->reason.msg[0] != 0);
	n = list->obligations.n;
	for (size_t i = 0; i < n; i++)
		answer[i] =
		    obligation_resolve(&list->obligations.item[i]) == ERR_OK;
	return check_conclude(list, answer, n, required, sizeof(required));
}

static inline enum err snp_world_judge(
    struct snp_world *w, struct check_list *list)
{
	struct snp_run run = { .ev = snp_world_evidence(w),
		.roots = w->roots,
		.policy = &w->policy,
		.now_s = w->now_s };

	return snp_judge(list, &run);
}

/*
 * The world is refused by check `id` and no other: what came before passed or
 * waited, what follows did not run, and the reason says `why`.
 */
static inline void snp_world_fails(
    struct snp_world *w, uint8_t id, enum err want, const char *why)
{
	struct check_list list;
	enum err e = snp_world_judge(w, &list);
	const struct check_line *line = &list.line[list.failed];

	if (e != want || line->id != id || strstr(line->text, why) == NULL)
		fail_msg("got %s in \"%s\": %s; want %s in \"%s\": %s",
		    err_name(e), check_name(line->id), list.reason.msg,
		    err_name(want), check_name(id), why);
	CHECK_EQ(list.reason.code, want);
	CHECK_EQ(line->result, CHECK_FAILED);
	CHECK_STR(line->text, list.reason.msg);
	CHECK_EQ(list.deadline_s, 0);
	CHECK_EQ(list.n, SNP_CHECKS_AUTHENTIC + SNP_CHECKS_POLICY);
	for (size_t i = 0; i < list.failed; i++)
		CHECK(list.line[i].result == CHECK_PASSED ||
		      list.line[i].result == CHECK_WAITING);
}

static inline void snp_world_accepted(
    struct snp_world *w, struct check_list *list)
{
	if (snp_world_judge(w, list) != ERR_OK)
		fail_msg("%s: %s", check_name(list->line[list->failed].id),
		    list->reason.msg);
	for (size_t i = 0; i < list->n; i++)
		CHECK_EQ(list->line[i].result, CHECK_PASSED);
}

#endif
