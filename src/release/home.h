/*
 * home: what `confer up` announces about the enclave that it starts, before it
 * starts it: release records of image, model and policy, signed by this home's
 * keys, in this home's log, cosigned by this machine's witnesses, with their
 * proofs; and the trust file that makes a client of this home believe them. The
 * path is that of a published release; only the roots are this machine's. All
 * below HOME/up:
 *
 *	keys/		release keys
 *	log/		the log (logd/log.h)
 *	witness-1/ ..	the witnesses (logd/witnessd.h), and their sockets
 *	records/	records and proofs, as the enclave reads them
 *	name		eight hex digits that tell this home from others
 *	trust		the trust file
 *
 * Every start publishes anew: three entries more in the log, each with the next
 * seq of its kind.
 */
#ifndef CONFER_RELEASE_HOME_H
#define CONFER_RELEASE_HOME_H

#include "crypto/obligation.h"
#include "logd/admit.h"
#include "logd/log.h"
#include "release/records.h"
#include "sys/addr.h"
#include "sys/fd.h"

#define RELEASE_HOME_PRODUCT   "confer"
#define RELEASE_HOME_KEYS      2 /* so that k of n is more than one */
#define RELEASE_HOME_WITNESSES 3
#define RELEASE_HOME_QUORUM    2 /* one may be away */
#define RELEASE_HOME_RECORDS   3 /* image, model, policy */
#define RELEASE_HOME_OLD_MAX   9 /* homes of earlier versions kept */
#define RELEASE_HOME_NAME_MAX  64
#define RELEASE_HOME_POLICY    4096 /* of the log's policy text */

#define RELEASE_HOME_LIFE_S   (90 * 86400) /* of image and model records */
#define RELEASE_HOME_RENEW_S  (RECORD_LIFE_POLICY_S / 2)
#define RELEASE_HOME_COSIGN_S (12 * 3600) /* half of TLOG_FRESH_WARN_S */

/* One witness of this machine: `confer-log witness DIR --listen ADDR`. */
struct release_witness {
	char dir[FD_PATH_MAX];
	char listen[ADDR_TEXT_MAX]; /* unix:HOME/up/witness-1.sock */
	struct logd_key key;        /* without its seed: the process has that */
};

/* Must not move once opened. About 150 KB. */
struct release_home {
	char dir[FD_PATH_MAX];      /* HOME/up */
	char moved_to[FD_PATH_MAX]; /* where an earlier version's went; or "" */
	char records[FD_PATH_MAX];
	char channel[RELEASE_HOME_NAME_MAX]; /* "local-3fa9c201" */
	char origin[RELEASE_HOME_NAME_MAX];
	struct logd_log *log; /* NULL when closed; holds the lock */
	struct logd_admit admit;
	struct release_keys keys;
	struct release_witness witness[RELEASE_HOME_WITNESSES];
	char policy_text[RELEASE_HOME_POLICY];
	struct tlog_policy policy;
	struct release_facts what; /* is published; its strings are borrowed */
	uint64_t index[RELEASE_HOME_RECORDS]; /* of what is published */
	uint64_t cosigned_s;                  /* when witnesses were asked */
};

/*
 * Open or make everything; holds the log's lock from now on. *p is all zero
 * before. What an earlier version of confer left is moved away (moved_to). ERR_BUSY: another process publishes in this home. Errors of
 * logd/log.h, logd/key.h and logd/witnessd.h.
 */
enum err release_home_open(struct release_home *p, const char *home,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Publish what runs, with the witnesses running: *what without product, channel,
 * the three seqs, issued and life_s, which are set here. Its strings, and sim,
 * are borrowed until close. ERR_POLICY: fewer witnesses than the quorum
 * answered.
 */
enum err release_home_announce(struct release_home *p,
    const struct release_facts *what, uint64_t now_s, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * For programs that run for days: publish the same again if the policy record
 * has less than RELEASE_HOME_RENEW_S left, else ask the witnesses again if their
 * cosignatures are older than RELEASE_HOME_COSIGN_S, and write new proofs.
 */
enum err release_home_renew(struct release_home *p, uint64_t now_s,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the trust file for enclaves under this simulated root. */
enum err release_home_trust(const struct release_home *p,
    const uint8_t sim_root[ECDSA_P384_PUB_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Wipe keys, give the lock back. All zero is legal. */
void release_home_close(struct release_home *p);

#endif
