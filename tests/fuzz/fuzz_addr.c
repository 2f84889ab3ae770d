/* Addresses: the canonical text of what is accepted means the same again. */
#include <assert.h>
#include <string.h>

#include "sys/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr a, b;
	char text[512];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	if (addr_parse(&a, text, NULL) != ERR_OK)
		return 0;
	assert(addr_parse(&b, a.text, NULL) == ERR_OK);
	assert(a.kind == b.kind && a.len == b.len);
	assert(memcmp(&a.sa, &b.sa, sizeof(a.sa)) == 0);
	return 0;
}
