/* Keys and pastes: the text stays UTF-8, the cursor stays on a character, and the
 * drawing fits and holds nothing that steers the terminal but our own codes. */
#include "base/assert.h"
#include "base/utf8.h"
#include "cli/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cli_edit e;
	static uint8_t out[CLI_EDIT_DRAW_MAX];

	e.prompt = "> ";
	cli_edit_start(&e);
	for (size_t i = 1; i < size; i++) {
		struct wr w = wr_init(out, sizeof(out));

		if (cli_edit_feed(&e, data[i]) != CLI_EDIT_MORE)
			cli_edit_start(&e);
		assert(e.pos <= e.n && e.n <= CLI_INPUT_MAX);
		assert(utf8_prefix((struct bytes){ e.text, e.n }) == e.n);
		assert(e.pos == e.n || (e.text[e.pos] & 0xc0) != 0x80);
		if (i % 16 != 0)
			continue;
		cli_edit_draw(&e, &w, 20 + data[0]);
		assert(w.err == ERR_OK);
	}
	return 0;
}
