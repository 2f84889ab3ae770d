/*
 * The client's verdict on evidence: evidence.h, with the public-key operations
 * done here and now, and what this client has seen before (state.h) held
 * against what it is shown.
 */
#ifndef CONFER_CLIENT_JUDGE_H
#define CONFER_CLIENT_JUDGE_H

#include "client/state.h"
#include "protocol/evidence.h"

/* What is demanded; the rest comes from state. */
struct client_demand {
	const struct trust *trust;
	bool accept_simulated;
	uint64_t now_s;
};

struct client_judgement {
	struct verdict verdict; /* not to be copied */
	struct evidence_work work;
	/* The log showed two trees of one size: misbehaviour, whatever else. */
	bool split_view;
	uint64_t split_size;
	uint8_t split_proof; /* the section whose proof shows the other one */
};

/*
 * Judge `bundle` for the key. ERR_OK: accepted, and nothing in `state` speaks
 * against it. Otherwise the code of the verdict, or ERR_AUTH with split_view; j
 * has the details. Borrows bundle and trust as evidence_verify() does.
 */
enum err client_judge(struct client_judgement *j,
    const struct client_demand *demand, const struct client_state *state,
    struct bytes bundle, const uint8_t s_pub[X25519_LEN])
    __attribute__((warn_unused_result));

#endif
