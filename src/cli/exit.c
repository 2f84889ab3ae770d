/* See exit.h. */
#include "cli/exit.h"

#include <string.h>

#include "base/json.h"

#define PREFIX_LEN 8 /* "confer: " */

enum cli_exit cli_exit_of_fault(enum client_fault fault)
{
	switch (fault) {
	case CLIENT_FAULT_NONE:
		return CLI_EXIT_OK;
	case CLIENT_FAULT_USAGE:
		return CLI_EXIT_USAGE;
	case CLIENT_FAULT_REFUSED:
		return CLI_EXIT_REFUSED;
	case CLIENT_FAULT_UNREACHABLE:
		return CLI_EXIT_UNREACHABLE;
	case CLIENT_FAULT_MISBEHAVIOUR:
		return CLI_EXIT_MISBEHAVIOUR;
	case CLIENT_FAULT_DAMAGE:
		return CLI_EXIT_DAMAGE;
	case CLIENT_FAULT_INTERNAL:
		break;
	}
	return CLI_EXIT_INTERNAL;
}

const char *cli_exit_name(enum cli_exit code)
{
	static const char *const name[] = { "ok", "usage", "refused",
		"unreachable", "internal", "misbehaviour", "damage" };

	return name[code];
}

enum cli_exit cli_exit_say(
    struct cli_term *t, enum cli_exit code, const struct err_ctx *ctx)
{
	const char *msg = ctx->msg[0] != '\0' ? ctx->msg : err_name(ctx->code);

	cli_status_clear(t);
	(void)fprintf(stderr, "%sconfer:%s ", cli_style(t, stderr, CLI_BAD),
	    cli_style(t, stderr, CLI_PLAIN));
	cli_put(t, stderr, PREFIX_LEN, 0, msg);
	(void)fputc('\n', stderr);
	return code;
}

enum cli_exit cli_exit_tell(struct cli_term *t, bool json, enum cli_exit code,
    const struct err_ctx *ctx)
{
	const char *msg = ctx->msg[0] != '\0' ? ctx->msg : err_name(ctx->code);
	uint8_t buf[6 * ERR_MSG_LEN_MAX + 128];
	struct wr w = wr_init(buf, sizeof(buf));

	if (!json)
		return cli_exit_say(t, code, ctx);
	wr_fmt(&w,
	    "{\"exit\":%d,\"error\":{\"code\":\"%s\",\"message\":", (int)code,
	    cli_exit_name(code));
	json_write_string(
	    &w, (struct bytes){ (const uint8_t *)msg, strlen(msg) });
	wr_str(&w, "}}\n");
	(void)fwrite(buf, 1, w.len, stdout);
	return code;
}
