/*
 * Records: a frame, padded, sealed and wrapped in a packet, in one step; shared
 * by both sides of a session. docs/protocol.md section 5.
 */
#ifndef CONFER_PROTOCOL_RECORD_H
#define CONFER_PROTOCOL_RECORD_H

#include "base/wr.h"
#include "noise/noise.h"
#include "protocol/frame.h"

/*
 * Seal f as one record of plaintext `size` into out, padding in place: the
 * plaintext exists only in the bytes that become ciphertext. f->data may lie
 * where record_slot() pointed. ERR_NOSPACE (nothing written), ERR_LIMIT at the
 * end of all nonces, ERR_PROTOCOL for a dead transport.
 */
enum err record_seal(struct noise_transport *t, struct wr *out, size_t size,
    const struct frame *f) __attribute__((warn_unused_result));

/*
 * Where the data of a record of plaintext `size` will stand in out, for callers
 * who produce it there; NULL if the record does not fit.
 */
uint8_t *record_slot(const struct wr *out, size_t size);

/* Open a packet's body in place and take the frame apart; f borrows body. */
enum err record_open(struct noise_transport *t, uint8_t *body, size_t len,
    enum frame_sender from, struct frame *f)
    __attribute__((warn_unused_result));

/* Seal a frame without a stream, in the smallest record: PING, PONG, END. */
enum err record_seal_control(struct noise_transport *t, struct wr *out,
    enum frame_type type, struct bytes data)
    __attribute__((warn_unused_result));

#endif
