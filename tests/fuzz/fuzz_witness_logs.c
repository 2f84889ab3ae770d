/* The logs of a witness: what is taken has one key once, in few logs. */
#include <assert.h>

#include "logd/witness_logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes part, struct bytes whole)
{
	assert(part.len != 0 && part.p >= whole.p &&
	       part.p + part.len <= whole.p + whole.len);
}

static void check_log(const struct logd_witness_log *log, struct bytes in)
{
	assert(log->n >= 1 && log->n <= TLOG_POLICY_LOGS_MAX);
	for (size_t i = 0; i < log->n; i++) {
		const struct tlog_key *key = &log->key[i];

		inside(key->name, in);
		assert(mem_eq(key->name, log->key[0].name));
		assert(key->type == TLOG_KEY_ED25519);
		assert(tlog_key_id(key->name, key->type, key->pub) == key->id);
		for (size_t k = 0; k < i; k++)
			assert(log->key[k].id != key->id);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct logd_witness_logs logs;
	struct bytes in = { data, size };
	struct err_ctx why = { 0 };

	if (logd_witness_logs_parse(&logs, in, &why) != ERR_OK) {
		assert(logs.n == 0 && why.msg[0] != '\0');
		return 0;
	}
	assert(logs.n <= LOGD_WITNESS_LOGS_MAX);
	for (size_t i = 0; i < logs.n; i++) {
		check_log(&logs.log[i], in);
		for (size_t k = 0; k < i; k++)
			assert(!mem_eq(
			    logs.log[i].key[0].name, logs.log[k].key[0].name));
	}
	return 0;
}
