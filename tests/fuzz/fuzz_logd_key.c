/* Signing keys: what is accepted has one spelling, and a key that signs. */
#include <assert.h>
#include <string.h>

#include "logd/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t out[LOGD_KEY_LEN_MAX + 1];
	struct wr w = wr_init(out, sizeof(out));
	struct err_ctx ctx = { 0 };
	struct logd_key key;

	if (logd_key_parse(&key, (struct bytes){ data, size }, &ctx) !=
	    ERR_OK) {
		assert(ctx.msg[0] != '\0');
		assert(mem_is_zero(&key, sizeof(key)));
		return 0;
	}
	assert(
	    key.key.id == tlog_key_id(key.key.name, key.key.type, key.key.pub));
	logd_key_format(&w, &key);
	assert(w.err == ERR_OK);
	if (data[size - 1] != '\n')
		w.len--;
	assert(w.len == size && memcmp(out, data, size) == 0);
	return 0;
}
