/* Fixed keys for the Noise targets, so that the seeds stay valid. */
#ifndef CONFER_TESTS_FUZZ_NOISE_KEYS_H
#define CONFER_TESTS_FUZZ_NOISE_KEYS_H

#include <assert.h>
#include <string.h>

#include "noise/noise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t alice_s[NOISE_KEY_LEN] = "alice, static: 32 bytes of text";
static const uint8_t alice_e[NOISE_KEY_LEN] = "alice, ephemeral: bytes of text";
static const uint8_t bob_s[NOISE_KEY_LEN] = "bob, static: 32 bytes of a text";
static const uint8_t bob_e[NOISE_KEY_LEN] = "bob, ephemeral: bytes of a text";

/* One side before its first message; Bob speaks first in XXfallback. */
static inline void peer_init(
    struct noise_handshake *hs, enum noise_pattern pattern, bool alice)
{
	bool first = alice != (pattern == NOISE_XXFALLBACK);
	uint8_t rs[NOISE_KEY_LEN], re[NOISE_KEY_LEN];
	struct noise_config c = {
		.pattern = pattern,
		.role = first ? NOISE_INITIATOR : NOISE_RESPONDER,
		.prologue = BYTES_LITERAL("fuzz"),
		.s_priv = alice ? alice_s : bob_s,
		.e_priv = alice ? alice_e : bob_e,
	};

	crypto_x25519_base(rs, bob_s);
	crypto_x25519_base(re, alice_e);
	if (pattern == NOISE_IK && alice)
		c.rs = rs;
	if (pattern == NOISE_XXFALLBACK && !alice)
		c.re = re;
	noise_handshake_init(hs, &c);
}

/*
 * Read one message; what fails leaves neither plaintext nor a usable handshake.
 * Returns whether it was good.
 */
static inline bool read_checked(
    struct noise_handshake *hs, const uint8_t *data, size_t size)
{
	static uint8_t out[NOISE_MSG_LEN_MAX];
	size_t len;

	memset(out, 0, size < sizeof(out) ? size : sizeof(out));
	if (noise_read(hs, out, sizeof(out), &len,
		(struct bytes){ data, size }) == ERR_OK) {
		assert(len <= size);
		return true;
	}
	assert(len == 0);
	assert(mem_is_zero(hs, sizeof(*hs)));
	assert(mem_is_zero(out, size < sizeof(out) ? size : sizeof(out)));
	return false;
}

#endif
