/*
 * Evidence: what the enclave shows in its one handshake reply, and the verdict
 * on it. This joins attest (is it that hardware?) and tlog (is it that release?)
 * into one ordered list of checks. docs/attestation.md, sections 5 and 7.
 *
 * evidence_verify() decides all that needs no public-key operation other than
 * Ed25519 and leaves the rest as obligations; evidence_conclude() takes the
 * answers. Accepted means: every check of this TEE's list has passed, and every
 * obligation was answered yes. There is no partial result.
 */
#ifndef CONFER_PROTOCOL_EVIDENCE_H
#define CONFER_PROTOCOL_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/check.h"
#include "attest/dcap_verify.h"
#include "attest/policy.h"
#include "attest/report_data.h"
#include "attest/roots.h"
#include "attest/snp.h"
#include "attest/snp_verify.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"
#include "crypto/obligation.h"
#include "protocol/seen_by.h"
#include "protocol/trust.h"
#include "tlog/record.h"

#define EVIDENCE_LEN_MAX     61440 /* fits one Noise message with its frame */
#define EVIDENCE_VERSION     1
#define EVIDENCE_LIFE_MAX_S  3600 /* one report is good for no longer */
#define EVIDENCE_SECTION_MAX 23   /* the highest section type */

/* The kind of TEE, one byte in the evidence. */
enum tee_kind {
	TEE_SNP = 1,
	TEE_TDX = 2,
	TEE_SGX = 3,
	TEE_SIM = 255,
};

enum evidence_section {
	EVIDENCE_KIND = 1,
	EVIDENCE_REPORT = 2,
	EVIDENCE_ENDORSEMENT = 3, /* what vouches for the report's key */
	EVIDENCE_COLLATERAL = 4,  /* revocation and TCB data of vendors */
	EVIDENCE_BINDING = 5,     /* the fields of report_data.h after s_pub */
	EVIDENCE_IMAGE_RECORD = 16,
	EVIDENCE_IMAGE_PROOF = 17,
	EVIDENCE_MODEL_RECORD = 18,
	EVIDENCE_MODEL_PROOF = 19,
	EVIDENCE_POLICY_RECORD = 20,
	EVIDENCE_POLICY_PROOF = 21,
	EVIDENCE_REBUILD_RECORD = 22, /* these two: optional, together */
	EVIDENCE_REBUILD_PROOF = 23,
};

/* A bundle taken apart; an absent section has length 0. All borrowed. */
struct evidence {
	struct bytes section[EVIDENCE_SECTION_MAX + 1]; /* by type */
};

/*
 * Take a bundle apart. ERR_LIMIT above EVIDENCE_LEN_MAX; ERR_UNSUPPORTED for
 * another version; ERR_FORMAT for a type that is unknown, repeated or out of
 * order, or an empty section; ERR_TRUNCATED. *out borrows `in`.
 */
enum err evidence_parse(struct evidence *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Write the sections that are not empty. ERR_FORMAT for a section whose type
 * is not in the enum, ERR_LIMIT above EVIDENCE_LEN_MAX in all, ERR_NOSPACE.
 */
enum err evidence_build(struct wr *w, const struct evidence *ev)
    __attribute__((warn_unused_result));

/* SHA-256 of the bundle: its name when a client resumes. */
void evidence_digest(uint8_t out[SHA256_LEN], struct bytes bundle);

/*
 * The checks of channel and release; those of the hardware have the ids below
 * CHECK_HARDWARE_END. Each kind of TEE has its own list of both, in the order in
 * which they run and are shown: evidence_required().
 */
enum evidence_check_id {
	CHECK_FORMAT = CHECK_HARDWARE_END, /* the bundle's sections */
	CHECK_TEE,                         /* a kind that this client accepts */
	CHECK_REPORT_DATA,  /* the report names this channel's key */
	CHECK_IMAGE_SIGNED, /* by k of n release keys */
	CHECK_IMAGE_LOGGED, /* in the log, quorum of witnesses, fresh */
	CHECK_IMAGE_TIME,   /* inside its validity */
	CHECK_BEACON,       /* the report is younger than that log head */
	CHECK_MODEL_SIGNED,
	CHECK_MODEL_LOGGED,
	CHECK_MODEL_TIME,
	CHECK_MODEL_NAMED, /* the image record names this model */
	CHECK_POLICY_SIGNED,
	CHECK_POLICY_LOGGED,
	CHECK_POLICY_TIME,
	CHECK_POLICY_SEQ,    /* not older than one seen before */
	CHECK_IMAGE_ALLOWED, /* neither revoked nor below the minimum */
	CHECK_MODEL_ALLOWED,
	CHECK_REBUILD,     /* a rebuilder got the same; only if one is shown */
	CHECK_MEASUREMENT, /* what was launched is what was released */
	CHECK_DEADLINE,    /* some time is left, and not too much */
	EVIDENCE_CHECK_IDS
};

#define CLAIM_TEXT_MAX (RECORD_TOKEN_LEN_MAX + 1) /* a token and its NUL */
#define CLAIM_NAME_MAX (TLOG_KEY_NAME_LEN_MAX + 1)

/* A tree of the log that a proof of the evidence shows. */
#define CLAIM_TREES_MAX 4
struct claim_tree {
	uint64_t size;
	uint8_t root[SHA256_LEN];
	uint8_t proof; /* the section, enum evidence_section */
};

/* The head of the log under which a record was shown. */
struct claim_head {
	uint64_t size;
	uint8_t root[SHA256_LEN];
	uint64_t time;      /* 0: `quorum none` */
	uint32_t witnesses; /* how many cosigned; 0 under `quorum none` */
	uint32_t known;     /* of how many; likewise */
	uint32_t mask;      /* which: bits of the policy's witnesses */
	uint32_t operators; /* independent ones among those [L-40] */
};

/* What accepted evidence says. Meaningless unless verdict.accepted. */
struct claims {
	enum tee_kind kind;
	enum snp_family family;      /* of a simulated chip: what it plays */
	struct snp_tcb reported_tcb; /* SNP and simulated */
	uint8_t chip_id[SNP_CHIP_ID_LEN]; /* likewise; TDX and SGX: PPID */
	size_t chip_id_len;
	uint8_t
	    measurement[SNP_MEASUREMENT_LEN]; /* TDX: MRTD; SGX: MRENCLAVE */
	size_t measurement_len;
	enum dcap_status tcb_status; /* TDX, SGX */
	uint32_t tcb_eval;           /* tcbEvaluationDataNumber; else 0 */
	uint8_t report_data[SNP_REPORT_DATA_LEN];
	struct report_data_fields binding;
	char product[CLAIM_TEXT_MAX];
	char channel[CLAIM_TEXT_MAX];
	char image_version[CLAIM_TEXT_MAX];
	uint64_t image_seq;
	uint64_t image_issued; /* when it was published, Unix seconds */
	char rebuilder[CLAIM_NAME_MAX]; /* name of its key; "": nobody known */
	char model_name[CLAIM_TEXT_MAX];
	uint8_t model_sha256[SHA256_LEN];
	uint64_t model_seq;
	uint64_t policy_seq;
	char log_origin[CLAIM_NAME_MAX];
	struct claim_head head;                  /* of the image's proof */
	struct claim_tree tree[CLAIM_TREES_MAX]; /* of every proof */
	size_t trees; /* the first is the largest of them */
	char seen_by[SEEN_BY_LEN_MAX + 1]; /* by whom, in words */
	uint8_t evidence_digest[SHA256_LEN];
};

/* Not to be copied: see struct obligations. */
struct verdict {
	bool accepted;  /* set by evidence_conclude alone */
	bool simulated; /* show VERDICT_SIMULATED wherever the verdict shows */
	bool
	    rebuild; /* a rebuild statement is shown, so CHECK_REBUILD is due */
	uint8_t failed; /* id of the check, if checks.reason has a code */
	struct check_list
	    checks; /* why not, and until when: reason, deadline_s */
	struct claims claims;
};

#define VERDICT_SIMULATED "SIMULATED, NOT PRIVATE"

/* What this client demands. All from the client's own side. */
struct evidence_demand {
	const struct trust *trust;
	bool accept_simulated;
	uint64_t now_s;
	uint64_t max_age_s;           /* of the log's head; 0: TLOG_FRESH_S */
	uint64_t policy_seq_min;      /* highest policy seq seen; 0: none yet */
	const struct root_key *roots; /* attest_roots; tests have their own */
};

/* Storage from evidence_verify to evidence_conclude. About 120 KB. */
struct evidence_work {
	struct tlog_record image;
	struct tlog_record model;
	struct tlog_record policy;
	struct tlog_record rebuild;
	struct attest_policy
	    demand; /* strict, and what the policy record says */
	struct snp_run snp;
	struct dcap_run dcap;
	struct dcap_work dcap_work;
};

/*
 * Judge a bundle for the channel whose responder key the handshake showed as
 * s_pub. Checks run in order and stop at the first that fails. ERR_OK: nothing
 * failed, v->checks.obligations wait for answers, nothing is accepted yet.
 * Otherwise the failure's code, with v->failed and v->checks.reason. v borrows
 * work, demand and `bundle` until it is concluded.
 */
enum err evidence_verify(struct verdict *v, struct evidence_work *work,
    const struct evidence_demand *demand, struct bytes bundle,
    const uint8_t s_pub[X25519_LEN]) __attribute__((warn_unused_result));

/*
 * answer[i] says whether obligation i holds; n must be their number. ERR_OK,
 * with v->accepted, only if evidence_verify found nothing, every check has
 * passed and every answer is yes. ERR_AUTH if one is no; the earlier failure's
 * code if there was one; ERR_INTERNAL if the list is not complete.
 */
enum err evidence_conclude(struct verdict *v, const bool *answer, size_t n)
    __attribute__((warn_unused_result));

/*
 * The checks that evidence of this kind, with a rebuild statement or without,
 * has to pass, in order: writes at most CHECKS_MAX ids and returns how many. 0
 * for an unknown kind.
 */
size_t evidence_required(
    uint8_t id[CHECKS_MAX], enum tee_kind kind, bool rebuild);

/* A few words for a column of a table: "launch measurement". Static. */
const char *evidence_check_name(uint8_t id);

/* "snp", "tdx", "sgx", "sim" or "unknown". */
const char *tee_kind_name(enum tee_kind kind);

#endif
