/*
 * Who else saw a head of the log, in words for people: how many of the witnesses
 * that this client knows, and how many people stand behind them [L-40]
 * [A-91].
 */
#ifndef CONFER_PROTOCOL_SEEN_BY_H
#define CONFER_PROTOCOL_SEEN_BY_H

#include <stdint.h>

#include "base/wr.h"
#include "protocol/trust.h"

#define SEEN_BY_NAMES_MAX 4 /* operators that are named; the rest is counted */
#define SEEN_BY_LEN_MAX   448 /* of the text, with the longest names */

/*
 * Write what the witnesses in `cosigners` (bit i: witness i of the policy at
 * now_s) are worth:
 *
 *	no witnesses
 *	seen by 2 of 3 witnesses (operators A, B)
 *	seen by 3 of 3 witnesses of 2 independent operators (A runs 2 of them, B)
 *	seen by 3 of 3 witnesses, all run by this machine
 *	seen by 2 of 2 witnesses (operators not stated)
 *
 * "no witnesses" is said under `quorum none` whoever cosigned, and where the
 * trust has no policy for that time.
 */
void seen_by_write(
    struct wr *w, const struct trust *t, uint64_t now_s, uint32_t cosigners);

/* Independent operators among them; 0 where "no witnesses" would be said. */
unsigned seen_by_operators(
    const struct trust *t, uint64_t now_s, uint32_t cosigners);

#endif
