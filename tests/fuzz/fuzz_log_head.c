/* state/head of a log: what is accepted is signed, and is written back the
 * same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "logd/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char vkey[] =
	    "log.example.org/releases+7bac1aec+"
	    "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
	struct tlog_key key;
	struct logd_head head;
	uint8_t *out;
	struct wr w;

	assert(tlog_vkey_parse(&key,
		   (struct bytes){ (const uint8_t *)vkey, sizeof(vkey) - 1 },
		   NULL) == ERR_OK);
	if (logd_head_parse(&head, &key, (struct bytes){ data, size }, NULL) !=
	    ERR_OK) {
		assert(head.note.p == NULL && head.size == 0);
		return 0;
	}
	out = malloc(size);
	w = wr_init(out, size);
	logd_head_format(&w, head.note);
	assert(w.err == ERR_OK && w.len == size);
	assert(memcmp(out, data, size) == 0);
	free(out);
	return 0;
}
