/*
 * State files of an audit: one spelling for each content. The input is a file
 * without its checksum line, which is added here, and also a file as it is.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/crypto.h"
#include "logd/audit_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK_LEN 72 /* "sha256 ", 64 digits, LF */

static void try_state(struct bytes in)
{
	static struct logd_audit_state state;
	static uint8_t out[LOGD_STATE_LEN_MAX];
	struct wr w = wr_init(out, sizeof(out));
	struct err_ctx ctx = { 0 };
	struct tlog_checkpoint cp;

	if (logd_audit_state_parse(&state, in, &ctx) != ERR_OK) {
		assert(ctx.msg[0] != '\0' && state.note_len == 0);
		return;
	}
	cp = logd_audit_state_checkpoint(&state);
	assert(cp.size == state.range.size);
	assert(state.admit.entries == cp.size);
	logd_audit_state_format(&w, &state);
	assert(w.err == ERR_OK && w.len == in.len);
	assert(memcmp(out, in.p, in.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes body = { data, size };
	uint8_t *file = malloc(size + CHECK_LEN + 1);
	uint8_t sum[SHA256_LEN];

	assert(file != NULL);
	try_state(body);
	mem_copy(file, data, size);
	crypto_sha256(sum, &body, 1);
	memcpy(file + size, "sha256 ", 7);
	hex_encode((char *)file + size + 7, sum, sizeof(sum));
	file[size + CHECK_LEN - 1] = '\n';
	try_state((struct bytes){ file, size + CHECK_LEN });
	free(file);
	return 0;
}
