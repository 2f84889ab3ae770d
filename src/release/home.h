/*
 * home: what `confer up` announces about the enclave that it starts, before
 * it starts it: release records of image, model and policy, signed by this
 * home's keys, in this home's log, with their proofs; and the trust file that
 * makes a client of this home believe them. All below HOME/up:
 *
 *	keys/		release keys		log/	the log (local_log.h)
 *	records/	records and proofs, as the enclave reads them
 *	name		eight hex digits that tell this home from others
 *	trust		the trust file
 *
 * Every start publishes anew: three entries more in the log, each with the next
 * seq of its kind.
 */
#ifndef CONFER_RELEASE_HOME_H
#define CONFER_RELEASE_HOME_H

#include "client/local_log.h"
#include "crypto/obligation.h"
#include "release/records.h"
#include "sys/fd.h"

#define RELEASE_HOME_PRODUCT  "confer"
#define RELEASE_HOME_KEYS     2 /* so that k of n is more than one */
#define RELEASE_HOME_NAME_MAX 32

#define RELEASE_HOME_LIFE_S  (90 * 86400) /* of image and model records */
#define RELEASE_HOME_RENEW_S (RECORD_LIFE_POLICY_S / 2)

/* Must not move once opened. */
struct release_home {
	char dir[FD_PATH_MAX]; /* HOME/up */
	char records[FD_PATH_MAX];
	char channel[RELEASE_HOME_NAME_MAX]; /* "local-3fa9c201" */
	char origin[RELEASE_HOME_NAME_MAX];
	struct client_log log;
	struct release_keys keys;
	struct release_facts what; /* is published; its strings are borrowed */
};

#define RELEASE_HOME_INIT                                                      \
	{                                                                      \
		.log = CLIENT_LOG_INIT                                         \
	}

/*
 * Open or make everything; holds the log's lock from now on. ERR_BUSY: another
 * process publishes in this home. Errors of local_log.h and release.h.
 */
enum err release_home_open(struct release_home *p, const char *home,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Publish what runs: *what without product, channel, the three seqs, issued and
 * life_s, which are set here. Its strings, and sim, are borrowed until close.
 */
enum err release_home_announce(struct release_home *p,
    const struct release_facts *what, uint64_t now_s, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Publish the same again if the policy record has less than
 * RELEASE_HOME_RENEW_S left: for programs that run for days.
 */
enum err release_home_renew(struct release_home *p, uint64_t now_s,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the trust file for enclaves under this simulated root. */
enum err release_home_trust(const struct release_home *p,
    const uint8_t sim_root[ECDSA_P384_PUB_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Wipe keys, give the lock back. Accepts RELEASE_HOME_INIT. */
void release_home_close(struct release_home *p);

#endif
