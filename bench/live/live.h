/*
 * What the parts of bench/live.c share: a real enclave in a process of its own,
 * a model for it, and answers by it and by the bare engine.
 *
 * Whatever goes wrong ends the benchmark: a figure of something that failed is
 * worth nothing.
 */
#ifndef CONFER_BENCH_LIVE_LIVE_H
#define CONFER_BENCH_LIVE_LIVE_H

#include "bench.h"

#include "cli/up_parts.h"
#include "client/conn.h"
#include "release/home.h"
#include "client/stream.h"
#include "engine/engine.h"

#define LIVE_TICK_S     (FRAME_TICK_MS / 1e3)
#define LIVE_MARKS_MAX  8192  /* pieces of one answer */
#define LIVE_TEXT_MAX   65536 /* bytes of one answer */
#define LIVE_TICKS_MAX  65536 /* ticks seen while one recorder is used */
#define LIVE_READY_MS   60000 /* for an enclave to load its model */
#define LIVE_REQUEST_MS 60000 /* for one answer of the enclave */

/* Say what failed and end. */
__attribute__((noreturn)) void live_die(const char *what, const char *why);
void live_must(enum err e, const char *what, const struct err_ctx *ctx);

/* ---- model.c: a model of a real shape ------------------------------------- */

struct live_shape {
	uint32_t blocks, width, hidden, heads, kv_heads, context;
};

/*
 * Write a GGUF file in Q8_0 with random weights, the same ones each time. It
 * never ends an answer by itself; every token of its answers has 4 letters.
 */
void live_model_write(const char *path, const struct live_shape *shape);

/* ---- service.c: simulated processor and enclave, as `confer up` has them -- */

struct live_options {
	const char *home; /* a directory that does not exist yet */
	const char *model;
	const char *listen; /* NULL: a Unix socket */
	const char *threads;
	const char *sessions;
	const char *slots;
};

/* Must not move once started. */
struct live_service {
	char home[FD_PATH_MAX];
	struct up_parts parts;
	struct release_home publish;
	uint8_t trust_text[TRUST_LEN_MAX];
	struct trust trust;
};

void live_service_start(
    struct live_service *s, const struct live_options *options);
void live_service_stop(struct live_service *s);

/* CPU time that the enclave has used, in seconds; its memory in RAM, bytes. */
double live_service_cpu(const struct live_service *s);
double live_service_rss(const struct live_service *s);

/* ---- answer.c: one question to the bare engine and through the channel ---- */

struct live_question {
	const char *text;
	const char *max_tokens;
};

struct live_answer {
	double cpu;  /* of the engine's process, seconds */
	double wall; /* from the question to the end */
	uint32_t tokens;
	size_t len;
	size_t marks;
	double at[LIVE_MARKS_MAX]; /* when a piece came, since the question */
	size_t reached[LIVE_MARKS_MAX]; /* bytes of text by then */
	uint8_t text[LIVE_TEXT_MAX];
};

void live_answer_bare(struct live_answer *out, struct engine *engine,
    const struct live_question *q);

/* When ticks arrived, seconds of bench_wall(). */
struct live_ticks {
	size_t bytes; /* of the tick that is not complete */
	size_t n;
	double at[LIVE_TICKS_MAX];
};

/* A client of a service, over a real socket. Must not move. */
struct live_channel {
	struct live_service *service;
	struct client_stream stream;
	struct client_io io;
	struct client_io real; /* what io adds its records to */
	struct client_config config;
	struct client_conn *conn;
	int pacer_fd;
	struct live_ticks ticks; /* of the answer now or last heard */
	struct live_ticks pacer; /* of the bare timer in the same time */
};

/*
 * Connect, verify as any client does. pacer_fd: where a bare timer's ticks come
 * (live_pacer_start), or -1.
 */
void live_channel_open(
    struct live_channel *c, struct live_service *s, int pacer_fd);
void live_channel_close(struct live_channel *c);
void live_answer_channel(struct live_answer *out, struct live_channel *c,
    const struct live_question *q);

/* ---- pacer.c: the least that a tick can be -------------------------------- */

/*
 * Start a process that writes FRAME_TICK_LEN bytes at every FRAME_TICK_MS of a
 * timerfd into a socket, of which the other end is returned. It ends with us.
 * Before any thread.
 */
int live_pacer_start(void);

/* Count n bytes that came at `now`. */
void live_ticks_add(struct live_ticks *t, size_t n, double now);

/* How far ticks were from where they should be, without sign. */
struct live_deviations {
	size_t n;
	double v[LIVE_TICKS_MAX];
};

/* Add those of ticks from the grid of FRAME_TICK_MS that fits them best. */
void live_ticks_deviate(struct live_deviations *d, const struct live_ticks *t);

/* ---- hello.c: handshakes without a verdict -------------------------------- */

/*
 * Connect to the service and shake hands over a socket, without judging what
 * the enclave shows: the enclave's speed is measured, not the client's. `turn`
 * chooses a source address where there is a choice (TCP), so that no limit on
 * one peer is met. The socket.
 */
int live_hello(const struct live_service *s, unsigned turn);

/* The same without a socket: both sides here, one after the other. Seconds of
 * CPU for both, and for the enclave's side alone. */
struct live_hello_cost {
	double both;
	double server;
};
struct live_hello_cost live_hello_bare(size_t evidence_len);

/* An address of this machine on which nobody listens just now. */
void live_free_port(char out[ADDR_TEXT_MAX]);

/* Length of the evidence that the last live_hello() was shown. */
size_t live_hello_evidence_len(void);

#endif
