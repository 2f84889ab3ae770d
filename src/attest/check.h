/*
 * The account of a verdict: an ordered list of checks, each with its result and
 * a line that says what was compared with what, and the signature checks
 * (obligations) that some of them still wait for. A verifier is a table of
 * functions; check_run() runs it and stops at the first that fails.
 *
 * Accepted means: the list is exactly the one that this kind of evidence
 * requires, and every check on it has passed. docs/attestation.md, section 7.
 */
#ifndef CONFER_ATTEST_CHECK_H
#define CONFER_ATTEST_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/obligation.h"

#define CHECKS_MAX 48 /* the longest list, TDX with its release, has 40 */

/*
 * Checks of the hardware, whatever the TEE; each kind has its own list of them.
 * Protocol adds those of channel and release from CHECK_HARDWARE_END on.
 */
enum hardware_check {
	CHECK_REPORT = 0,   /* the report's or quote's own format */
	CHECK_CERTIFICATES, /* format, roles and names of the chain */
	CHECK_ROOT,         /* it ends in a key that is pinned */
	CHECK_CHAIN,        /* obligations: each is signed by the next */
	CHECK_CERT_TIME,    /* now is inside the validity of each */
	CHECK_REVOCATION,   /* obligations: lists current, nobody listed */
	CHECK_KEY_KIND,     /* VCEK or VLEK, and everything agrees which */
	CHECK_CHIP,         /* the certificate is of the chip reported */
	CHECK_TCB,          /* so are its firmware versions, and in order */
	CHECK_REPORT_SIG,   /* obligation: by the certified key */
	CHECK_QE_REPORT,    /* obligation: quoting enclave vouched by PCK */
	CHECK_QE_KEY,       /* which vouches for the attestation key */
	CHECK_PCK,          /* the PCK certificate's platform data */
	CHECK_TCB_INFO,     /* obligation: Intel's list for this platform */
	CHECK_QE_IDENTITY,  /* obligation: Intel's word on the QE */
	CHECK_QE_MATCH,     /* the QE is the one of that identity */
	CHECK_TDX_MODULE,   /* the module is one of Intel's */
	CHECK_TCB_LEVEL,    /* a level of the list matches */
	CHECK_GUEST,        /* no debug, no migration, VMPL 0, ... */
	CHECK_PRODUCT,      /* processor and report version accepted */
	CHECK_MEMORY,       /* encryption and page-swap bits, where offered */
	CHECK_TCB_STATUS,   /* firmware not below what policy demands */
	CHECK_HARDWARE,     /* this very machine is allowed */
	CHECK_HARDWARE_END
};

enum check_result {
	CHECK_NOT_RUN, /* an earlier check failed */
	CHECK_PASSED,
	CHECK_FAILED,
	CHECK_WAITING, /* for the answers to its obligations */
};

struct check_line {
	uint8_t id; /* enum hardware_check, or above */
	enum check_result result;
	char text[ERR_MSG_LEN_MAX]; /* what was compared, or why it failed */
};

/* Not to be copied: see struct obligations. */
struct check_list {
	struct check_line line[CHECKS_MAX];
	size_t n;
	struct err_ctx reason; /* code ERR_OK while nothing has failed */
	size_t failed;         /* index of the line, if it has */
	struct obligations obligations;
	uint8_t obligation_line[OBLIGATIONS_MAX]; /* index into line */
	uint64_t deadline_s; /* Unix seconds; what is judged ends then */
};

/* One check. It writes its line with check_say(), adds obligations to
 * list->obligations, and reports failure through &list->reason. */
typedef enum err check_fn(void *run, struct check_list *list);

struct check_def {
	uint8_t id;
	check_fn *fn;
};

void check_list_init(struct check_list *list);

/*
 * Run n checks with `run`, appending a line for each. After a failure, also one
 * of an earlier call, the rest is appended as not run. Returns the code of the
 * first failure of the list, or ERR_OK; it also stands in list->reason. A check that added obligations waits
 * for their answers. More than CHECKS_MAX lines is our own defect and traps.
 */
enum err check_run(struct check_list *list, const struct check_def *def,
    size_t n, void *run) __attribute__((warn_unused_result));

/* Write the text of the line of the check that runs. */
void check_say(struct check_list *list, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What is judged ends at t at the latest. */
void check_deadline(struct check_list *list, uint64_t t);

/*
 * Take the answers to all n obligations. ERR_OK only if nothing had failed, n
 * is their number and not zero, all are yes, and the lines are exactly the
 * checks `required` (ids, in order), all passed. ERR_AUTH for a "no", also
 * where a later check had failed: what that one read was then not authentic;
 * else the code of the earlier failure; ERR_INTERNAL otherwise. list->reason
 * says which.
 */
enum err check_conclude(struct check_list *list, const bool *answer, size_t n,
    const uint8_t *required, size_t n_required)
    __attribute__((warn_unused_result));

/* "report format": a few words for a column; "" above CHECK_HARDWARE_END. */
const char *check_name(uint8_t id);

/* The start of a hash in hexadecimal, enough to tell two apart; returns out. */
#define SHORT_HEX_BYTES 6
#define SHORT_HEX_LEN   (2 * SHORT_HEX_BYTES + 1)
const char *check_short_hex(char out[SHORT_HEX_LEN], const uint8_t *p);

#endif
