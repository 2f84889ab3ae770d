/* The reply as a client reads it, in XX, IK and XXfallback. */
#include <stdlib.h>

#include "noise_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum noise_pattern pattern[] = { NOISE_XX, NOISE_IK, NOISE_XXFALLBACK };
	uint8_t out[NOISE_HANDSHAKE_OVERHEAD_MAX + 1];
	struct noise_handshake hs;
	size_t len;

	for (size_t i = 0; i < 3; i++) {
		peer_init(&hs, pattern[i], true);
		if (pattern[i] != NOISE_XXFALLBACK &&
		    noise_write(&hs, out, sizeof(out), &len,
			(struct bytes){ NULL, 0 }) != ERR_OK)
			abort();
		if (!read_checked(&hs, data, size))
			continue;
		assert(noise_remote_static(&hs) != NULL);
		assert(noise_handshake_done(&hs) == (pattern[i] == NOISE_IK));
	}
	return 0;
}
