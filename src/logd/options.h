/*
 * The command line of confer-log as data: one table of commands and one of
 * options, which says where each is allowed and where its value goes. Help is
 * written from the same tables.
 */
#ifndef CONFER_LOGD_OPTIONS_H
#define CONFER_LOGD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum logd_command {
	LOGD_NO_COMMAND = 0,
	LOGD_KEY = 1,
	LOGD_INIT = 2,
	LOGD_APPEND = 4,
	LOGD_REFRESH = 8,
	LOGD_PROVE = 16,
	LOGD_VERIFY = 32,
	LOGD_AUDIT = 64,
	LOGD_WITNESS = 128,
	LOGD_SERVE = 256,
	LOGD_INSPECT = 512,
	LOGD_HELP = 1024,
};

#define LOGD_OPTIONS_MANY_MAX 16 /* of one option that may be repeated */
#define LOGD_SPELLING_MAX     40 /* "--rebuild-timeout SECONDS" and a NUL */

/* Strings are of argv; NULL: not given. */
struct logd_options {
	enum logd_command command;
	bool help, version;
	bool json, quiet;
	bool has_now; /* --now: judge as of this time, not of the clock */
	uint64_t now_s;
	const char *kind, *name; /* key new */
	const char *key, *trust, *policy;
	const char *proofs, *out;
	const char *state, *evidence;
	const char *rebuild;
	const char *listen, *init, *ca_file;
	const char *record;
	bool has_index;
	uint64_t index;
	uint64_t rebuild_s; /* --rebuild-timeout; 0: not given */
	bool force, full;
	const char *many[LOGD_OPTIONS_MANY_MAX]; /* --witness, --add-log */
	size_t n_many;
	char **arg; /* the n_args arguments, in argv */
	size_t n_args;
};

/*
 * Read argv[1..argc); argv is put in another order: arguments stand together
 * afterwards, and borrow it. ERR_FORMAT, with one sentence in ctx: a command or
 * option that does not exist or does not belong there, a value that is missing
 * or no number, too few or too many arguments. With --help, a command's
 * arguments are not counted.
 */
enum err logd_options_read(struct logd_options *out, int argc, char **argv,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* "key", "init", ... or NULL; and the command of a name, or LOGD_NO_COMMAND. */
const char *logd_options_name(enum logd_command command);
enum logd_command logd_options_command(const char *name);

/* Line i of the help on a command's options: its spelling and what it does.
 * False at the end. */
bool logd_options_line(enum logd_command command, size_t i,
    char spelling[LOGD_SPELLING_MAX], const char **text);

#endif
