/* confer-log: the log of releases, its witness and its monitor. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "crypto/crypto_native.h"
#include "logd/cmd.h"

static const struct {
	enum logd_command command;
	logd_cmd_fn *run;
} commands[] = {
	{ LOGD_KEY, logd_cmd_key },
	{ LOGD_INIT, logd_cmd_init },
	{ LOGD_APPEND, logd_cmd_append },
	{ LOGD_REFRESH, logd_cmd_refresh },
	{ LOGD_PROVE, logd_cmd_prove },
	{ LOGD_VERIFY, logd_cmd_verify },
	{ LOGD_AUDIT, logd_cmd_audit },
	{ LOGD_WITNESS, logd_cmd_witness },
	{ LOGD_SERVE, logd_cmd_serve },
	{ LOGD_INSPECT, logd_cmd_inspect },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static enum logd_exit usage_error(const struct logd_options *o,
    struct logd_show *s, const struct err_ctx *ctx)
{
	const char *name = logd_options_name(o->command);

	(void)logd_show_fail(s, LOGD_EXIT_USAGE, NULL, ctx);
	(void)fprintf(stderr, "Try: confer-log help%s%s\n",
	    name != NULL ? " " : "", name != NULL ? name : "");
	return LOGD_EXIT_USAGE;
}

static enum logd_exit help(const struct logd_options *o, struct logd_show *s)
{
	enum logd_command about = o->command;
	struct err_ctx ctx = { 0 };

	if (about == LOGD_HELP)
		about = o->n_args > 0 ? logd_options_command(o->arg[0])
				      : LOGD_NO_COMMAND;
	if (about == LOGD_NO_COMMAND && o->n_args > 0) {
		(void)err_set(&ctx, ERR_FORMAT, "there is no command %.*s", 60,
		    o->arg[0]);
		return usage_error(o, s, &ctx);
	}
	logd_cmd_help(about);
	return LOGD_EXIT_OK;
}

static enum logd_exit run(const struct logd_options *o, struct logd_show *s)
{
	size_t i = 0;

	while (i + 1 < COMMANDS && commands[i].command != o->command)
		i++;
	return commands[i].run(o, s);
}

int main(int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };
	struct err_ctx ctx = { 0 };
	struct logd_options o;
	struct logd_show s;
	enum logd_exit x;
	enum err e = logd_options_read(&o, argc, argv, &ctx);

	(void)setrlimit(RLIMIT_CORE, &none); /* keys are in our memory */
	/* A web server has to read what is public; the rest is made private by
	 * its own mode. */
	(void)umask(S_IWGRP | S_IWOTH);
	if (e == ERR_OK && o.version) {
		(void)printf("confer-log %s\n", LOGD_VERSION);
		return LOGD_EXIT_OK;
	}
	if (e == ERR_OK && (o.help || o.command == LOGD_HELP ||
			       o.command == LOGD_NO_COMMAND)) {
		o.json = false; /* help is for people */
		logd_show_start(&s, &o);
		return (int)logd_show_end(&s, help(&o, &s));
	}
	logd_show_start(&s, &o);
	if (e != ERR_OK)
		x = usage_error(&o, &s, &ctx);
	else if (crypto_init() != ERR_OK)
		x = logd_show_refuse(
		    &s, LOGD_EXIT_INTERNAL, "libsodium does not start");
	else
		x = run(&o, &s);
	return (int)logd_show_end(&s, x);
}
