/*
 * bundle: the evidence that every handshake shows, made at start and again
 * every BUNDLE_REFRESH_S by a thread of its own, since asking the processor
 * for a report blocks. The quote binds the channel key and a time after which
 * it must not be believed, and the log's head that the image's proof shows: the
 * quote was not made before it. Records and proofs are relayed as the host last
 * put them.
 */
#ifndef CONFER_ENCLAVE_BUNDLE_H
#define CONFER_ENCLAVE_BUNDLE_H

#include <pthread.h>
#include <stdbool.h>

#include "crypto/crypto.h"
#include "enclave/records.h"
#include "enclave/source.h"
#include "protocol/evidence.h"
#include "sys/addr.h"

#define BUNDLE_REFRESH_S 300  /* cryptography.md 1.4: every 5 to 10 minutes */
#define BUNDLE_RETRY_S   15   /* after a failure */
#define BUNDLE_LIFE_S    1800 /* not-after; several refreshes may fail */

struct bundle {
	uint8_t data[EVIDENCE_LEN_MAX];
	size_t len;
	uint8_t hash[SHA256_LEN];
	uint64_t not_after; /* Unix seconds */
};

/* Where its parts come from; all borrowed. */
struct bundle_source {
	const struct source *tee;
	const struct addr *collateral; /* the host's side channel, or NULL */
	int records_fd;
	const uint8_t *s_pub;       /* X25519_LEN */
	const uint8_t *receipt_pub; /* ED25519_PUB_LEN */
};

/*
 * Make one. Blocks as source_make() does. What that, endorse_sections() and
 * records_read() report; ERR_LIMIT: all of it is longer than evidence may be;
 * what tlog_proof_parse() reports of the image's proof. *out is as it was on
 * failure.
 */
enum err bundle_make(struct bundle *out, const struct bundle_source *src,
    uint64_t now_s, struct err_ctx *ctx) __attribute__((warn_unused_result));

typedef void bundle_wake_fn(void *cookie);

/* The thread that makes the next ones. */
struct bundle_refresher {
	struct bundle_source source;
	struct bundle next; /* valid if fresh */
	bool fresh;
	bool started;
	bool stop;
	bundle_wake_fn *wake; /* called on the refresher's thread */
	void *cookie;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
};

/* wake(cookie) says that bundle_take() has something. ERR_IO. */
enum err bundle_start(struct bundle_refresher *r,
    const struct bundle_source *src, bundle_wake_fn *wake, void *cookie,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void bundle_stop(struct bundle_refresher *r);

/* Copy the newest bundle to *out if there is one that was not taken yet. */
bool bundle_take(struct bundle *out, struct bundle_refresher *r);

/*
 * What the thread does when it is time: make one, hand it over, wake. The errors
 * of bundle_make; the bundle that is in use then stays.
 */
enum err bundle_round(struct bundle_refresher *r, uint64_t now_s)
    __attribute__((warn_unused_result));

#endif
