/* First messages as a responder reads them, in XX and in IK. */
#include "noise_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct noise_handshake hs;
	uint8_t re[NOISE_KEY_LEN], out[NOISE_HANDSHAKE_OVERHEAD_MAX];
	struct bytes in = { data, size };
	size_t len;

	peer_init(&hs, NOISE_XX, false);
	if (read_checked(&hs, data, size) &&
	    noise_write(&hs, out, sizeof(out), &len,
		(struct bytes){ NULL, 0 }) == ERR_OK)
		assert(len == sizeof(out));
	peer_init(&hs, NOISE_IK, false);
	if (read_checked(&hs, data, size))
		assert(noise_remote_static(&hs) != NULL);
	assert((noise_first_ephemeral(re, in) == ERR_OK) ==
	       (size >= NOISE_KEY_LEN));
	return 0;
}
