/*
 * publish: what `confer up` announces about the enclave that it starts, before
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
#ifndef CONFER_CLIENT_PUBLISH_H
#define CONFER_CLIENT_PUBLISH_H

#include "client/local_log.h"
#include "client/release.h"
#include "crypto/obligation.h"
#include "sys/fd.h"

#define CLIENT_PUBLISH_PRODUCT  "confer"
#define CLIENT_PUBLISH_KEYS     2 /* so that k of n is more than one */
#define CLIENT_PUBLISH_NAME_MAX 32

#define CLIENT_PUBLISH_LIFE_S  (90 * 86400) /* of image and model records */
#define CLIENT_PUBLISH_RENEW_S (RECORD_LIFE_POLICY_S / 2)

/* Must not move once opened. */
struct client_publish {
	char dir[FD_PATH_MAX]; /* HOME/up */
	char records[FD_PATH_MAX];
	char channel[CLIENT_PUBLISH_NAME_MAX]; /* "local-3fa9c201" */
	char origin[CLIENT_PUBLISH_NAME_MAX];
	struct client_log log;
	struct client_release_keys keys;
	struct client_release what; /* is published; its strings are borrowed */
};

#define CLIENT_PUBLISH_INIT                                                    \
	{                                                                      \
		.log = CLIENT_LOG_INIT                                         \
	}

/*
 * Open or make everything; holds the log's lock from now on. ERR_BUSY: another
 * process publishes in this home. Errors of local_log.h and release.h.
 */
enum err client_publish_open(struct client_publish *p, const char *home,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Publish what runs: *what without product, channel, the three seqs, issued and
 * life_s, which are set here. Its strings, and sim, are borrowed until close.
 */
enum err client_publish_release(struct client_publish *p,
    const struct client_release *what, uint64_t now_s, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Publish the same again if the policy record has less than
 * CLIENT_PUBLISH_RENEW_S left: for programs that run for days.
 */
enum err client_publish_renew(struct client_publish *p, uint64_t now_s,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the trust file for enclaves under this simulated root. */
enum err client_publish_trust(const struct client_publish *p,
    const uint8_t sim_root[ECDSA_P384_PUB_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Wipe keys, give the lock back. Accepts CLIENT_PUBLISH_INIT. */
void client_publish_close(struct client_publish *p);

#endif
