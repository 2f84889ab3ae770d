/* What an enclave answers, read as a result, an error and a list of models. */
#include "base/assert.h"
#include "client/chat.h"
#include "client/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct client_model model[CLIENT_MODELS_MAX];
	static uint8_t clean[CLIENT_TEXT_LEN_MAX(4096)];
	struct wr w = wr_init(clean, sizeof(clean));
	const struct bytes in = { data, size };
	struct client_answer answer;
	struct client_failure failure;
	size_t n;

	if (client_answer_parse(&answer, in, NULL) == ERR_OK)
		assert(mem_strlen(answer.finish) < CLIENT_NAME_MAX);
	if (client_failure_parse(&failure, in, NULL) == ERR_OK)
		assert(mem_strlen(failure.message) < CLIENT_MESSAGE_MAX);
	if (client_models_parse(model, &n, in, NULL) == ERR_OK)
		assert(n <= CLIENT_MODELS_MAX);
	if (size > 4096)
		return 0;
	client_text_all(&w, in);
	assert(w.err == ERR_OK);
	for (size_t i = 0; i < w.len; i++)
		assert(
		    clean[i] >= 0x20 || clean[i] == '\n' || clean[i] == '\t');
	return 0;
}
