/*
 * state/wal of a log. The checksum is made to fit, or every input would end
 * there; what is accepted is written back the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "logd/wal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct bytes file)
{
	struct logd_wal wal;
	struct wr w;
	uint8_t *out;

	if (logd_wal_parse(&wal, file, NULL) != ERR_OK) {
		assert(wal.entries.p == NULL && wal.new_size == 0);
		return;
	}
	assert(wal.old_size < wal.new_size && wal.new_size <= LOGD_ENTRIES_MAX);
	out = malloc(file.len);
	w = wr_init(out, file.len);
	logd_wal_format(&w, &wal);
	assert(w.err == ERR_OK && w.len == file.len);
	assert(memcmp(out, file.p, file.len) == 0);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *fitted;

	check((struct bytes){ data, size });
	if (size < SHA256_LEN)
		return 0;
	fitted = malloc(size);
	memcpy(fitted, data, size);
	crypto_sha256(fitted + size - SHA256_LEN,
	    &(struct bytes){ fitted, size - SHA256_LEN }, 1);
	check((struct bytes){ fitted, size });
	free(fitted);
	return 0;
}
