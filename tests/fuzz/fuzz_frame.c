/* Frames: what parses from either side writes back to the same bytes. */
#include <assert.h>
#include <stdlib.h>

#include "protocol/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum frame_sender from[2] = { FRAME_FROM_CLIENT,
		FRAME_FROM_ENCLAVE };

	for (int i = 0; i < 2; i++) {
		struct frame f;

		if (frame_parse(&f, (struct bytes){ data, size }, from[i]) !=
		    ERR_OK)
			continue;
		uint8_t *out = malloc(size);

		assert(f.data.len <= size - FRAME_HEADER_LEN);
		frame_write(out, size, &f);
		assert(memcmp(out, data, size) == 0);
		free(out);
	}
	return 0;
}
