/*
 * serve: the thread that talks to clients. A fixed table of connections over
 * one event loop; each has a timer for its ticks while an answer runs. What
 * goes wrong in one connection ends that connection.
 */
#ifndef CONFER_ENCLAVE_SERVE_H
#define CONFER_ENCLAVE_SERVE_H

#include "enclave/bundle.h"
#include "enclave/conn.h"
#include "enclave/rate.h"
#include "sys/loop.h"

#define SERVE_SESSIONS_MAX 1024
/* Descriptors beside those of sessions: loop, log, records, listener... */
#define SERVE_OTHER_FDS 32

/*
 * When all places are taken, a newcomer gets that of the connection that has
 * been idle longest, but only beyond these: who merely sits on a place, or
 * opens many and stalls, keeps nobody out.
 */
#define SERVE_YIELD_HANDSHAKE_MS 1000
#define SERVE_YIELD_IDLE_MS      30000

struct serve;

struct serve_slot {
	struct serve *serve;
	struct conn *conn; /* secret memory */
	struct loop_node node;
	struct timers_node tick;
	uint64_t heard_ns; /* when its client was last heard: ticks count from
			      the request [P-33], not from its handling */
	uint64_t id; /* of the session, for the log; 0: the slot is free */
};

struct serve {
	struct loop *loop;
	struct conn_env env;
	struct bundle bundle; /* what env.evidence points to */
	struct bundle_refresher *refresher;
	struct serve_slot *slot;
	size_t slot_n;
	size_t open_n;
	uint64_t last_id;
	uint64_t refused; /* since the last line about it in the log */
	struct rate rate;
	struct loop_node listener;
	struct loop_node signals;
	struct timers_node second;
	bool stopping;
};

/*
 * Take memory for `sessions` connections. env is copied but for its evidence,
 * which comes from `first` and later from the refresher. ERR_NOMEM.
 */
enum err serve_init(struct serve *s, struct loop *loop,
    const struct conn_env *env, const struct bundle *first, size_t sessions,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void serve_clear(struct serve *s);

/* Whose place a newcomer gets now; NULL: nobody's. */
struct serve_slot *serve_victim(const struct serve *s, uint64_t now_ms);

/*
 * Serve until a signal comes on signal_fd (-1: none). The descriptors are
 * borrowed. ERR_OK: stopped by the signal; ERR_IO.
 */
enum err serve_run(struct serve *s, int listen_fd, int signal_fd,
    struct bundle_refresher *refresher) __attribute__((warn_unused_result));

/* bundle_wake_fn: a new bundle is there. The cookie is the loop. */
void serve_bundle_ready(void *cookie);

#endif
