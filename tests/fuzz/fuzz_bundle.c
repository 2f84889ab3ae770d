/* Bundles of entries: the first byte says how many, and as many come out. */
#include <assert.h>

#include "tlog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest, entry;
	const uint8_t *end = data + size;
	unsigned width, n = 0;
	size_t sum = 0;
	enum err e;

	if (size == 0)
		return 0;
	width = data[0] + 1U;
	rest = (struct bytes){ data + 1, size - 1 };
	e = tlog_bundle_parse(rest, width, NULL);
	assert(e == ERR_OK || e == ERR_TRUNCATED || e == ERR_TRAILING);
	for (; tlog_bundle_next(&rest, &entry); n++) {
		assert(entry.len == 0 || entry.p + entry.len <= end);
		sum += 2 + entry.len;
	}
	assert(sum + rest.len == size - 1);
	if (e == ERR_OK)
		assert(n == width && rest.len == 0);
	return 0;
}
