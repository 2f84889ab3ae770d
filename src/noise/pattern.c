/* The patterns of Noise Pipes; see pattern.h. */
#include "noise/pattern.h"

#include "base/assert.h"

static const struct noise_pattern_def patterns[NOISE_PATTERN_END] = {
	/*
	 * -> e
	 * <- e, ee, s, es
	 * -> s, se
	 */
	[NOISE_XX] = {
		.name = BYTES_LITERAL("Noise_XX_25519_ChaChaPoly_SHA256"),
		.pre = NOISE_PRE_NONE,
		.messages = 3,
		.token = {
			{ NOISE_E },
			{ NOISE_E, NOISE_EE, NOISE_S, NOISE_ES },
			{ NOISE_S, NOISE_SE },
		},
	},
	/*
	 * <- s
	 * ...
	 * -> e, es, s, ss
	 * <- e, ee, se
	 */
	[NOISE_IK] = {
		.name = BYTES_LITERAL("Noise_IK_25519_ChaChaPoly_SHA256"),
		.pre = NOISE_PRE_RESPONDER_S,
		.messages = 2,
		.token = {
			{ NOISE_E, NOISE_ES, NOISE_S, NOISE_SS },
			{ NOISE_E, NOISE_EE, NOISE_SE },
		},
	},
	/*
	 * Section 10.2 prints it with Alice on the left, as responder. Here
	 * the initiator (Bob) is on the left, which swaps es and se.
	 *
	 * <- e
	 * ...
	 * -> e, ee, s, se
	 * <- s, es
	 */
	[NOISE_XXFALLBACK] = {
		.name = BYTES_LITERAL(
		    "Noise_XXfallback_25519_ChaChaPoly_SHA256"),
		.pre = NOISE_PRE_RESPONDER_E,
		.messages = 2,
		.token = {
			{ NOISE_E, NOISE_EE, NOISE_S, NOISE_SE },
			{ NOISE_S, NOISE_ES },
		},
	},
};

const struct noise_pattern_def *noise_pattern_get(enum noise_pattern pattern)
{
	assert(pattern >= NOISE_XX && pattern < NOISE_PATTERN_END);
	return &patterns[pattern];
}
