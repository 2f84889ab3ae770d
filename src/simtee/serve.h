/*
 * The simulated processor's socket: one exchange of sim_wire.h per connection,
 * from a fixed table of connections, each with a deadline.
 */
#ifndef CONFER_SIMTEE_SERVE_H
#define CONFER_SIMTEE_SERVE_H

#include "attest/sim_wire.h"
#include "base/err.h"
#include "simtee/launch.h"
#include "simtee/report.h"
#include "sys/loop.h"

#define SIMTEE_CONNS_MAX   32   /* one enclave needs one */
#define SIMTEE_EXCHANGE_MS 2000 /* from accept to the last byte */

struct simtee_serve;

struct simtee_conn {
	struct simtee_serve *serve; /* NULL: the entry is free */
	struct loop_node node;
	struct timers_node deadline;
	uint8_t request[SIMTEE_REQUEST_LEN];
	size_t got;
	uint8_t answer[SIMTEE_ANSWER_LEN];
	size_t len;
	size_t sent;
};

struct simtee_serve {
	struct loop *loop;
	const struct simtee_report *source;
	const struct simtee_launch *launch;
	struct loop_node listener;
	struct simtee_conn conn[SIMTEE_CONNS_MAX];
	size_t open;
};

/*
 * Answer on listen_fd, which the caller owns, by the loop, until
 * simtee_serve_stop. Everything is borrowed and stays in place. ERR_IO.
 */
enum err simtee_serve_start(struct simtee_serve *s, struct loop *loop,
    int listen_fd, const struct simtee_report *source,
    const struct simtee_launch *launch) __attribute__((warn_unused_result));
void simtee_serve_stop(struct simtee_serve *s);

#endif
