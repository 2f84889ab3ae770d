/* confer chat: a conversation. */
#include <stdlib.h>

#include "cli/chat.h"
#include "cli/cmd.h"
#include "cli/report.h"

enum cli_exit cli_cmd_chat(const struct cli_options *o, struct cli_term *t)
{
	struct cli_link *l = calloc(1, sizeof(*l));
	struct err_ctx ctx = { 0 };
	enum cli_exit x = CLI_EXIT_INTERNAL;

	if (l == NULL) {
		(void)err_set(&ctx, ERR_NOMEM, "out of memory");
		return cli_exit_say(t, x, &ctx);
	}
	x = cli_link_prepare(l, o, o->args > 0 ? o->arg[0] : NULL, t, &ctx);
	if (x == CLI_EXIT_OK)
		x = cli_link_open(l, &ctx);
	if (x != CLI_EXIT_OK) {
		(void)cli_exit_say(t, x, &ctx);
	} else {
		if (!o->quiet)
			cli_report_print_summary(t, stderr, l->conn);
		if (!o->quiet && t->err_tty)
			(void)fprintf(stderr,
			    "%sCtrl-C stops an answer, Ctrl-D leaves, /help "
			    "lists the commands.%s\n\n",
			    cli_style(t, stderr, CLI_DIM),
			    cli_style(t, stderr, CLI_PLAIN));
		x = cli_chat_run(l, o, t);
	}
	cli_link_close(l);
	free(l);
	return x;
}
