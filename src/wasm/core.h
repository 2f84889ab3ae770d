/*
 * core.wasm: what a page calls. One instance of the module is one session or
 * one judgement of stored evidence; a page makes a new one for the next.
 *
 * The module has no memory of the page's and no functions of its own beyond the
 * primitives it imports (crypto_host.c). Bytes pass through five buffers at
 * fixed addresses: the page writes an input there and gives its length, the
 * module leaves outputs there. Functions that return unsigned return an enum err;
 * core_error() has its message. Wrong order is ERR_PROTOCOL, never a crash. A
 * length above a buffer's is the page's defect and traps.
 *
 * A session:
 *
 *   core_trust(n)                    the trust file is in TRUST
 *   core_session(resume)             keys are in IN: see there
 *   core_start()                     OUT has the first packet
 *   core_packet(n) ...               IN has a packet's body; see core_event()
 *   core_verify(...)                 after EVIDENCE or SAME
 *   core_obligation(i) ...           the page checks each, perhaps slowly
 *   core_conclude(run, answers)
 *   core_accept(now)                 OUT has the last handshake packet, if any
 *   core_request(...), core_packet(n) ...
 *   core_end(reason), core_wipe()
 *
 * Stored evidence, for a receipt: core_trust, core_judge, obligations, conclude.
 * A report or quote alone: core_attest, obligations, conclude, core_claims.
 */
#ifndef CONFER_WASM_CORE_H
#define CONFER_WASM_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CORE_EXPORT __attribute__((visibility("default")))
#define CORE_ABI    1 /* changes when a page made for another would break */

enum core_buffer {
	CORE_TRUST = 0,    /* trust file; stays in use */
	CORE_EVIDENCE = 1, /* evidence, received or held; stays in use */
	CORE_IN = 2,       /* packets from the enclave, keys, small inputs */
	CORE_BODY = 3,     /* the body of a request */
	CORE_OUT = 4,      /* packets for the enclave; core_out_len() bytes */
	CORE_BUFFERS
};

uint32_t core_abi(void);
uint8_t *core_buffer(unsigned which);
size_t core_buffer_len(unsigned which);
size_t core_out_len(void);

/* Message of the last failure, NUL-terminated; empty if it has none. */
const char *core_error(void);

/* Take the trust file in TRUST. */
unsigned core_trust(size_t len);

/*
 * Begin a session with the keys in IN, which are wiped: 32 random bytes, 32 more
 * and, if resume, the remembered enclave key and the SHA-256 of the evidence held
 * for it (zeros: none).
 */
unsigned core_session(bool resume);
unsigned core_start(void);

/* The largest packet body that may come now; 0: none may. */
size_t core_packet_max(void);

/* What a packet meant. All fields u32 in this order. */
struct core_event {
	uint32_t type; /* enum session_client_event_type */
	uint32_t stream;
	uint32_t last;
	uint32_t reason;
	uint32_t data; /* address, inside IN or EVIDENCE */
	uint32_t data_len;
};

/* Handle the packet body in IN. */
unsigned core_packet(size_t len);
const struct core_event *core_event(void);

/* The enclave's static key, 32 bytes; NULL before the reply. */
const uint8_t *core_server_key(void);

/* What the user demands, besides the trust file. */
#define CORE_ACCEPT_SIMULATED 1u

/*
 * Judge the evidence of this session: what the last event brought, or, after
 * SAME, the len bytes that are held and were put into EVIDENCE by the page.
 */
unsigned core_verify(size_t len, unsigned flags, uint64_t now_s,
    uint64_t max_age_s, uint64_t policy_seq_min);

/* Judge len bytes in EVIDENCE for the key in IN; no session is needed. */
unsigned core_judge(size_t len, unsigned flags, uint64_t now_s,
    uint64_t max_age_s, uint64_t policy_seq_min);

/*
 * Judge recorded evidence of real hardware alone, without a release: len bytes
 * of report or quote in EVIDENCE, a container of certificates and collateral
 * (attest/collateral.h) in BODY. kind: enum tee_kind but for TEE_SIM. ERR_OK, or
 * the failure; obligations and core_conclude() as for the others, also after a
 * failure: then core_authentic() says whether the claims are what hardware said.
 */
enum core_policy { CORE_POLICY_STRICT = 0, CORE_POLICY_BASELINE = 1 };
unsigned core_attest(unsigned kind, size_t len, size_t container_len,
    uint64_t now_s, enum core_policy policy);
bool core_authentic(void);

/*
 * The claims as a JSON object, to OUT: those of core_attest(), or of evidence
 * that was accepted (protocol/claims_json.h): release, publication, who saw it,
 * who rebuilt it. ERR_PROTOCOL without either.
 */
unsigned core_claims(void);

/* Which judgement this is: core_conclude wants it back. */
uint32_t core_run(void);

/* A signature check that the page performs; addresses and lengths are u32. */
struct core_obligation {
	uint32_t alg; /* enum sig_alg */
	uint32_t key, key_len;
	uint32_t sig, sig_len;
	uint32_t msg, msg_len;
	uint32_t check; /* for core_check() */
};

uint32_t core_obligations(void);
/* Valid until the next call; NULL past the end. */
const struct core_obligation *core_obligation(uint32_t i);

/*
 * Bit i of answers: obligation i holds. ERR_PROTOCOL if `run` is not the present
 * judgement: the answers belong to another one. ERR_OK means accepted.
 */
unsigned core_conclude(uint32_t of_run, uint32_t answers);

/* One line of the verdict; NUL-terminated texts. */
struct core_check {
	uint32_t result; /* enum check_result */
	uint32_t name;
	uint32_t text;
};

uint32_t core_checks(void);
const struct core_check *core_check(uint32_t i);

/* Of the concluded verdict: zero, false and NULL before. */
uint64_t core_deadline(void);
bool core_simulated(void);
uint64_t core_policy_seq(void);
const uint8_t *core_digest(void); /* SHA-256 of the evidence */

/* Go on with a session whose evidence was accepted. */
unsigned core_accept(uint64_t now_s);
bool core_expired(uint64_t now_s);

/*
 * Send a request: credit_len bytes in IN, body_len in BODY. Both are wiped.
 * core_stream() is its number.
 */
unsigned core_request(unsigned method, size_t credit_len, size_t body_len);
uint32_t core_stream(void);
unsigned core_cancel(uint32_t stream);
unsigned core_credit(uint32_t stream, uint32_t n);
unsigned core_ping(void); /* 8 bytes in IN */
unsigned core_end(unsigned reason);

/* Forget everything but the trust file. */
void core_wipe(void);

#endif
