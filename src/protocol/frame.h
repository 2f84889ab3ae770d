/*
 * Frames: the plaintext of records, docs/protocol.md section 5. A frame is padded
 * to one of a few sizes, so that the length of a record says little.
 */
#ifndef CONFER_PROTOCOL_FRAME_H
#define CONFER_PROTOCOL_FRAME_H

#include "base/err.h"
#include "base/mem.h"
#include "noise/noise.h"

#define FRAME_HEADER_LEN   10
#define FRAME_SIZE_MIN     256
#define FRAME_SIZE_MAX     NOISE_PLAIN_LEN_MAX /* 65519 */
#define FRAME_DATA_MAX     (FRAME_SIZE_MAX - FRAME_HEADER_LEN)
#define FRAME_SLOT_DATA    (FRAME_SIZE_MIN - FRAME_HEADER_LEN) /* 246 */
#define FRAME_FLAG_LAST    1
#define FRAME_PING_LEN     8
#define FRAME_REQUEST_MAX  262144 /* a request message: some 60,000 tokens */
#define FRAME_STREAMS_MAX  8      /* open at once in a session */
#define FRAME_WINDOW_FIRST 65536  /* bytes of answer before any CREDIT */
#define FRAME_WINDOW_MAX   16777216
#define FRAME_TICK_MS      50
#define FRAME_TICK_RECORDS 4

/* A record on the wire: packet header, ciphertext, tag. */
#define FRAME_RECORD_LEN(size) (2 + (size) + NOISE_TAG_LEN)
#define FRAME_TICK_LEN         (FRAME_TICK_RECORDS * FRAME_RECORD_LEN(FRAME_SIZE_MIN))

enum frame_type {
	FRAME_IDLE = 0,
	FRAME_REQUEST = 1,
	FRAME_DELTA = 2,
	FRAME_RESULT = 3,
	FRAME_CANCEL = 4,
	FRAME_ERROR = 5,
	FRAME_PING = 6,
	FRAME_PONG = 7,
	FRAME_CREDIT = 8,
	FRAME_END = 9,
	FRAME_REASONING = 10,
	FRAME_TYPE_N
};

enum frame_end {
	FRAME_END_DONE = 0,
	FRAME_END_IDLE = 1,
	FRAME_END_STOPPING = 2,
	FRAME_END_PROTOCOL = 3,
	FRAME_END_EXPIRED = 4,
	FRAME_END_N
};

enum frame_sender { FRAME_FROM_CLIENT = 1, FRAME_FROM_ENCLAVE = 2 };

struct frame {
	enum frame_type type;
	bool last;
	uint32_t stream;   /* 0 for frames of the session */
	struct bytes data; /* borrowed */
};

/* The record size [P-21] for n <= FRAME_DATA_MAX bytes of data. */
size_t frame_size_for(size_t n);

/*
 * Write f and its padding: exactly `size` bytes to out, a size of [P-20] that
 * holds it. Data may lie at out + FRAME_HEADER_LEN already.
 */
void frame_write(uint8_t *out, size_t size, const struct frame *f);

/*
 * Read the plaintext of a record written by `from`; data borrows plain.
 * ERR_FORMAT: size, padding, flag, length, stream or a fixed data length does not
 * fit its type. ERR_PROTOCOL: a type that this sender may not use.
 */
enum err frame_parse(struct frame *out, struct bytes plain,
    enum frame_sender from) __attribute__((warn_unused_result));

#endif
