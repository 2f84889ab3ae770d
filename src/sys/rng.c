#include "sys/rng.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

#include "base/assert.h"

void rng_fill(void *out, size_t n)
{
	uint8_t *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		assert(got > 0);
		p += (size_t)got;
		n -= (size_t)got;
	}
}
