/*
 * The simulated processor's socket: one exchange of sim_wire.h per connection,
 * by sys/exchange.h.
 */
#ifndef CONFER_SIMTEE_SERVE_H
#define CONFER_SIMTEE_SERVE_H

#include "attest/sim_wire.h"
#include "base/err.h"
#include "simtee/launch.h"
#include "simtee/report.h"
#include "sys/exchange.h"

#define SIMTEE_CONNS_MAX   32   /* one enclave needs one */
#define SIMTEE_EXCHANGE_MS 2000 /* from accept to the last byte */

struct simtee_serve {
	struct exchange *exchange;
	const struct simtee_report *source;
	const struct simtee_launch *launch;
	uint8_t answer[SIMTEE_CONNS_MAX][SIMTEE_ANSWER_LEN];
};

/*
 * Answer on listen_fd, which the caller owns, by the loop, until
 * simtee_serve_stop. Everything is borrowed and stays in place. ERR_NOMEM,
 * ERR_IO.
 */
enum err simtee_serve_start(struct simtee_serve *s, struct loop *loop,
    int listen_fd, const struct simtee_report *source,
    const struct simtee_launch *launch) __attribute__((warn_unused_result));
void simtee_serve_stop(struct simtee_serve *s);

#endif
