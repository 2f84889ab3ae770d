/*
 * How often one peer may connect: a bucket of RATE_BURST connections that
 * refills at RATE_PER_S. It stops reconnect loops from costing handshakes; a
 * gateway, which is one peer for all its users, stays well below.
 */
#ifndef CONFER_ENCLAVE_RATE_H
#define CONFER_ENCLAVE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/addr.h"

#define RATE_PEERS_MAX 256 /* remembered; the one unseen longest makes room */
#define RATE_BURST     64
#define RATE_PER_S     32 /* a handshake costs 0.1 ms: 0.3 % of one core */

struct rate_peer {
	struct addr_peer peer;
	uint64_t seen_ms;
	uint32_t left_milli; /* thousandths of a connection */
	bool used;
};

struct rate {
	struct rate_peer table[RATE_PEERS_MAX];
};

/* May this peer connect now? Counts it if so. Zeroes are a valid start. */
bool rate_allow(struct rate *r, const struct addr_peer *peer, uint64_t now_ms);

#endif
