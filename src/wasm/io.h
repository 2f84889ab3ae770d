/* What the parts of src/wasm share; private to it. */
#ifndef CONFER_WASM_IO_H
#define CONFER_WASM_IO_H

#include "base/wr.h"
#include "protocol/evidence.h"
#include "wasm/core.h"

/* The len bytes at the start of a buffer; a length above it is a defect. */
struct bytes io_input(enum core_buffer which, size_t len);

/* A cursor over OUT, and the result of what wrote there. */
struct wr io_output(void);
enum err io_finish(const struct wr *w, enum err e)
    __attribute__((warn_unused_result));

/* Note a failure for core_error(); message may be NULL. Returns e. */
enum err io_error(enum err e, const char *message)
    __attribute__((warn_unused_result));

void io_wipe(void);

/* Addresses as the page sees them. */
uint32_t io_address(const void *p);

/* core_verify.c: the verdict that may open a session. */
const struct verdict *verify_verdict(void);
void verify_wipe(void);

/* core_session.c: the key of the present session, and the evidence of its last
 * event, {NULL, 0} unless that was EVIDENCE. */
const uint8_t *session_key(void);
struct bytes session_evidence(void);

#endif
