/* What a client reads back from its own files; byte 0 chooses which. */
#include "base/assert.h"
#include "client/resume.h"
#include "client/running.h"
#include "client/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct client_state state, again;
	static uint8_t text[2 * CLIENT_STATE_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));
	struct client_running running;
	struct client_resume resume;
	struct bytes in = { data + 1, size - 1 };

	if (size == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		if (client_state_parse(&state, in, NULL) != ERR_OK)
			break;
		client_state_format(&w, &state);
		assert(client_state_parse(&again, (struct bytes){ text, w.len },
			   NULL) == ERR_OK ||
		       w.len > CLIENT_STATE_LEN_MAX);
		break;
	case 1:
		if (client_running_parse(&running, in, NULL) == ERR_OK)
			client_running_format(&w, &running);
		break;
	default:
		if (client_resume_parse(&resume, in) == ERR_OK)
			assert(resume.bundle.len > 0);
	}
	return 0;
}
