#include "enclave/rate.h"

#include "base/mem.h"

static bool same(const struct addr_peer *a, const struct addr_peer *b)
{
	return mem_eq((struct bytes){ a->key, sizeof(a->key) },
	    (struct bytes){ b->key, sizeof(b->key) });
}

/* The entry of this peer, or the one to give up for it. */
static struct rate_peer *find(struct rate *r, const struct addr_peer *peer)
{
	struct rate_peer *oldest = &r->table[0];

	for (size_t i = 0; i < RATE_PEERS_MAX; i++) {
		struct rate_peer *p = &r->table[i];

		if (p->used && same(&p->peer, peer))
			return p;
		if (oldest->used && (!p->used || p->seen_ms < oldest->seen_ms))
			oldest = p;
	}
	*oldest = (struct rate_peer){ .peer = *peer,
		.left_milli = RATE_BURST * 1000 };
	return oldest;
}

bool rate_allow(struct rate *r, const struct addr_peer *peer, uint64_t now_ms)
{
	struct rate_peer *p = find(r, peer);
	uint64_t left = p->left_milli;

	if (p->used && now_ms > p->seen_ms)
		left += (now_ms - p->seen_ms) * RATE_PER_S;
	if (left > RATE_BURST * 1000)
		left = RATE_BURST * 1000;
	p->used = true;
	p->seen_ms = now_ms;
	p->left_milli = (uint32_t)(left >= 1000 ? left - 1000 : left);
	return left >= 1000;
}
