/* confer: a private chat whose other end one verifies oneself. */
#include <locale.h>
#include <string.h>
#include <sys/resource.h>

#include "base/hex.h"
#include "cli/cmd.h"
#include "crypto/crypto_native.h"
#include "sys/fd.h"

static enum cli_exit usage_error(
    struct cli_term *t, const struct cli_options *o, const struct err_ctx *ctx)
{
	const char *name = cli_command_name(o->command);

	(void)cli_exit_say(t, CLI_EXIT_USAGE, ctx);
	(void)fprintf(stderr, "Try: confer help%s%s\n", name != NULL ? " " : "",
	    name != NULL ? name : "");
	return CLI_EXIT_USAGE;
}

static enum cli_exit run_help(const struct cli_options *o, struct cli_term *t)
{
	enum cli_command topic = o->command;
	struct err_ctx ctx = { 0 };

	if (topic == CLI_HELP)
		topic = o->args > 0 ? cli_help_topic(o->arg[0]) : CLI_NONE;
	if (topic == CLI_NONE && o->args > 0) {
		(void)err_set(&ctx, ERR_FORMAT, "there is no command %.*s", 60,
		    o->arg[0]);
		return usage_error(t, o, &ctx);
	}
	cli_help(topic);
	return CLI_EXIT_OK;
}

/* Which program is this? Its own bytes say so, to compare with the log. */
static enum cli_exit run_version(
    const struct cli_options *o, struct cli_term *t)
{
	char hex[2 * SHA256_LEN + 1];
	uint8_t hash[SHA256_LEN];
	struct err_ctx ctx = { 0 };
	struct fd_map self;

	if (fd_map_open(&self, "/proc/self/exe", &ctx) != ERR_OK)
		return cli_exit_say(t, CLI_EXIT_INTERNAL, &ctx);
	crypto_sha256(hash, &(struct bytes){ self.p, self.len }, 1);
	fd_map_close(&self);
	hex_encode(hex, hash, sizeof(hash));
	(void)printf(o->json ? "{\"exit\":0,\"version\":\"%s\","
			       "\"sha256\":\"%s\"}\n"
			     : "confer %s\nsha256:%s\n",
	    CLI_VERSION, hex);
	return CLI_EXIT_OK;
}

static enum cli_exit run(const struct cli_options *o, struct cli_term *t)
{
	if (o->version)
		return run_version(o, t);
	if (o->help)
		return run_help(o, t);
	switch (o->command) {
	case CLI_UP:
		return cli_cmd_up(o, t);
	case CLI_ASK:
		return cli_cmd_ask(o, t);
	case CLI_CHAT:
		return cli_cmd_chat(o, t);
	case CLI_VERIFY:
		return cli_cmd_verify(o, t);
	case CLI_MEASURE:
		return cli_cmd_measure(o, t);
	case CLI_ATTEST:
		return cli_cmd_attest(o, t);
	case CLI_COLLATERAL:
		return cli_cmd_collateral(o, t);
	case CLI_RELEASE:
		return cli_cmd_release(o, t);
	case CLI_MODEL:
		return cli_cmd_model(o, t);
	case CLI_REPLAY:
		return cli_cmd_replay(o, t);
	case CLI_HELP:
	case CLI_NONE:
		break;
	}
	return run_help(o, t);
}

int main(int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };
	struct cli_options o;
	struct cli_term t;
	struct err_ctx ctx = { 0 };
	enum err e = cli_options_read(&o, argc, argv, &ctx);

	cli_term_init(&t, o.quiet);
	(void)setlocale(LC_CTYPE, "");
	(void)setrlimit(RLIMIT_CORE, &none); /* prompts are in our memory */
	if (e != ERR_OK)
		return (int)usage_error(&t, &o, &ctx);
	if (crypto_init() != ERR_OK) {
		(void)err_set(&ctx, ERR_INTERNAL, "libsodium does not start");
		return (int)cli_exit_say(&t, CLI_EXIT_INTERNAL, &ctx);
	}
	return (int)run(&o, &t);
}
