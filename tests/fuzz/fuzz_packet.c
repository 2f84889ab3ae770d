/* Packets: what is found lies inside the input, what is parsed borrows it. */
#include <assert.h>

#include "protocol/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size }, body;
	struct packet_hello hello;
	size_t used;

	if (packet_find(in, PACKET_FIRST_MAX, &body, &used) != ERR_OK)
		return 0;
	assert(used <= size && body.len + 2 == used);
	if (packet_hello_parse(&hello, body) != ERR_OK)
		return 0;
	assert(hello.bound.p == body.p);
	assert(hello.bound.len + hello.message.len == body.len);
	assert(hello.offer.n >= 1 && hello.offer.n <= NOISE_OFFER_MAX);
	return 0;
}
