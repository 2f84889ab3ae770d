/*
 * How fast this machine reads memory: what bounds an answer, which reads every
 * weight once for each token. One sequential stream for each thread, huge
 * pages, much more than caches hold.
 */
#ifndef CONFER_CLI_MODEL_PROBE_H
#define CONFER_CLI_MODEL_PROBE_H

#include "base/err.h"
#include "sys/pages.h"

#define MODEL_PROBE_LEN (512u << 20) /* bytes; caches of servers: to 384 MB */

struct model_probe {
	struct pages memory;
	unsigned threads;
};

/* Take and fill the memory. ERR_NOMEM. */
enum err model_probe_init(struct model_probe *p, unsigned threads)
    __attribute__((warn_unused_result));
void model_probe_clear(struct model_probe *p);

/* Bytes per second now, the best of a few passes; 0: no threads to be had. */
double model_probe_run(const struct model_probe *p);

#endif
