/* See print.h. */
#include "cli/print.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "cli/report.h"

#define REST_MAX (256 * 1024) /* all but the answer */
#define ESCAPED  6            /* bytes of JSON for one of text */

static void write_str(struct wr *w, const char *s)
{
	json_write_string(w, (struct bytes){ (const uint8_t *)s, strlen(s) });
}

/* An answer that was cut may end inside a character. */
static void write_answer(
    struct wr *w, const struct cli_answer *a, enum cli_exit x)
{
	const struct bytes text = { a->text, a->len };

	wr_str(w, ",\"answer\":");
	json_write_string(w, (struct bytes){ text.p, utf8_prefix(text) });
	wr_fmt(w, ",\"complete\":%s",
	    x == CLI_EXIT_OK && !a->failed ? "true" : "false");
	if (x != CLI_EXIT_OK || a->failed)
		return;
	wr_str(w, ",\"model\":");
	write_str(w, a->result.model);
	wr_str(w, ",\"finish_reason\":");
	write_str(w, a->result.finish);
	if (a->result.usage.type == JSON_OBJECT) {
		wr_str(w, ",\"usage\":");
		wr_bytes(w, a->result.usage.text);
	}
	if (a->result.ignored.type == JSON_ARRAY) {
		wr_str(w, ",\"ignored\":");
		wr_bytes(w, a->result.ignored.text);
	}
}

void cli_print_json(const struct client_conn *c, const struct cli_answer *a,
    enum cli_exit x, const struct err_ctx *ctx)
{
	const size_t cap = REST_MAX + (a != NULL ? ESCAPED * a->len + 2 : 0);
	uint8_t *buf = malloc(cap);
	struct wr w = wr_init(buf, buf != NULL ? cap : 0);

	wr_fmt(&w, "{\"exit\":%d", (int)x);
	if (a != NULL)
		write_answer(&w, a, x);
	if (c != NULL) {
		wr_str(&w, ",\"verification\":");
		cli_report_json(&w, c);
	}
	if (x != CLI_EXIT_OK) {
		wr_fmt(&w, ",\"error\":{\"code\":\"%s\",\"message\":",
		    cli_exit_name(x));
		write_str(
		    &w, ctx->msg[0] != '\0' ? ctx->msg : err_name(ctx->code));
		wr_str(&w, "}");
	}
	wr_str(&w, "}\n");
	if (w.err == ERR_OK)
		(void)fwrite(buf, 1, w.len, stdout);
	(void)fflush(stdout);
	if (buf != NULL)
		mem_wipe(buf, cap);
	free(buf);
}
