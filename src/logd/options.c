/* See options.h. */
#include "logd/options.h"

#include <string.h>

#include "base/fmt.h"
#include "tlog/text.h"

enum kind {
	FLAG,   /* bool */
	TEXT,   /* const char * */
	NUMBER, /* uint64_t, and the bool beside it, if there is one */
	MANY,   /* one more of many[] */
};

#define SHOWN 60 /* of a word in a message */
#define ALL   (2 * LOGD_HELP - 1)
/* Where a clock is read. */
#define JUDGES                                                                 \
	(LOGD_APPEND | LOGD_REFRESH | LOGD_PROVE | LOGD_VERIFY | LOGD_AUDIT |  \
	    LOGD_WITNESS)
#define AT(f)   offsetof(struct logd_options, f)
#define NO_FLAG 0 /* of no NUMBER: the command stands there */

static const struct row {
	const char *name;
	const char *value; /* its name in help; NULL: a flag */
	enum kind kind;
	unsigned commands;
	size_t at, has;
	const char *text;
} rows[] = {
	{ "kind", "KIND", TEXT, LOGD_KEY, AT(kind), NO_FLAG,
	    "new: log, witness, release or rebuilder" },
	{ "name", "NAME", TEXT, LOGD_KEY, AT(name), NO_FLAG,
	    "new: whose key it is, such as log.example.org/1" },
	{ "key", "FILE", TEXT, LOGD_INIT, AT(key), NO_FLAG,
	    "the log's signing key, which is copied" },
	{ "trust", "FILE", TEXT,
	    LOGD_INIT | LOGD_PROVE | LOGD_VERIFY | LOGD_AUDIT, AT(trust),
	    NO_FLAG, "the trust file of this log's clients" },
	{ "policy", "FILE", TEXT, LOGD_VERIFY, AT(policy), NO_FLAG,
	    "a tlog-policy, not --trust: the proof alone" },
	{ "proofs", "DIR", TEXT, LOGD_APPEND, AT(proofs), NO_FLAG,
	    "write a proof there for each record" },
	{ "force", NULL, FLAG, LOGD_REFRESH, AT(force), NO_FLAG,
	    "ask again, however fresh the checkpoint is" },
	{ "index", "N", NUMBER, LOGD_PROVE, AT(index), AT(has_index),
	    "the entry to prove, counted from 0" },
	{ "record", "FILE", TEXT, LOGD_PROVE, AT(record), NO_FLAG,
	    "the record to prove, wherever it is in the log" },
	{ "out", "FILE", TEXT, LOGD_PROVE, AT(out), NO_FLAG,
	    "where the proof goes" },
	{ "state", "DIR", TEXT, LOGD_AUDIT, AT(state), NO_FLAG,
	    "remember what was seen, read only what is new" },
	{ "evidence", "DIR", TEXT, LOGD_AUDIT, AT(evidence), NO_FLAG,
	    "for proof of misbehaviour (STATE/evidence)" },
	{ "full", NULL, FLAG, LOGD_AUDIT, AT(full), NO_FLAG,
	    "read all entries again, not only new ones" },
	{ "witness", "URL", MANY, LOGD_AUDIT, 0, NO_FLAG,
	    "ask this witness what it has seen; may be repeated" },
	{ "rebuild", "CMD", TEXT, LOGD_AUDIT, AT(rebuild), NO_FLAG,
	    "build each release with this again, and compare" },
	{ "rebuild-timeout", "SECONDS", NUMBER, LOGD_AUDIT, AT(rebuild_s),
	    NO_FLAG, "for one build (default: 3600)" },
	{ "listen", "ADDR", TEXT, LOGD_WITNESS | LOGD_SERVE, AT(listen),
	    NO_FLAG, "unix:PATH or tcp:HOST:PORT" },
	{ "init", "NAME", TEXT, LOGD_WITNESS, AT(init), NO_FLAG,
	    "make DIR and a key of this name, print its vkey" },
	{ "add-log", "VKEY", MANY, LOGD_WITNESS, 0, NO_FLAG,
	    "watch this log, too; may be repeated" },
	{ "ca", "FILE", TEXT,
	    LOGD_APPEND | LOGD_REFRESH | LOGD_PROVE | LOGD_AUDIT | LOGD_INSPECT,
	    AT(ca_file), NO_FLAG,
	    "PEM roots for https, instead of the system's" },
	{ "now", "SECONDS", NUMBER, JUDGES, AT(now_s), AT(has_now),
	    "judge as of this time, in Unix seconds" },
	{ "json", NULL, FLAG, ALL, AT(json), NO_FLAG,
	    "one JSON object on standard output" },
	{ "quiet", NULL, FLAG, ALL, AT(quiet), NO_FLAG,
	    "say nothing that is no error and was not asked for" },
	{ "help", NULL, FLAG, ALL, AT(help), NO_FLAG, "examples, and this" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct {
	const char *name;
	enum logd_command command;
	size_t args_min, args_max;
	const char *args; /* what they are, for messages */
} commands[] = {
	{ "key", LOGD_KEY, 2, 2, "new OUT, or show FILE" },
	{ "init", LOGD_INIT, 1, 1, "the directory of the log" },
	{ "append", LOGD_APPEND, 2, SIZE_MAX,
	    "the directory of the log, and records" },
	{ "refresh", LOGD_REFRESH, 1, 1, "the directory of the log" },
	{ "prove", LOGD_PROVE, 1, 1, "the directory or URL of the log" },
	{ "verify", LOGD_VERIFY, 2, 2, "a record and its proof" },
	{ "audit", LOGD_AUDIT, 1, 16,
	    "the directory or URL of the log, and mirrors of it" },
	{ "witness", LOGD_WITNESS, 1, 1, "the directory of the witness" },
	{ "serve", LOGD_SERVE, 1, 1, "the directory of the log" },
	{ "inspect", LOGD_INSPECT, 1, 1, "a file, a directory or a URL" },
	{ "help", LOGD_HELP, 0, 1, "a command" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const char *logd_options_name(enum logd_command command)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].command == command)
			return commands[i].name;
	}
	return NULL;
}

enum logd_command logd_options_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].command;
	}
	return LOGD_NO_COMMAND;
}

/* Does `arg` spell --NAME or --NAME=VALUE? Then *value is VALUE or NULL. */
static bool spells(const char *arg, const char *name, const char **value)
{
	size_t n = strlen(name);

	if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, name, n) != 0)
		return false;
	*value = arg[2 + n] == '=' ? arg + 3 + n : NULL;
	return arg[2 + n] == '\0' || arg[2 + n] == '=';
}

static const struct row *find(
    enum logd_command command, const char *arg, const char **value)
{
	for (size_t i = 0; i < ROWS; i++) {
		if ((rows[i].commands & command) != 0 &&
		    spells(arg, rows[i].name, value))
			return &rows[i];
	}
	return NULL;
}

/* Which command knows this option? For the message. */
static enum err unknown(
    enum logd_command command, const char *arg, struct err_ctx *ctx)
{
	const char *value;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (find(commands[i].command, arg, &value) != NULL)
			return err_set(ctx, ERR_FORMAT,
			    "%.*s is an option of `confer-log %s`, not of "
			    "`confer-log %s`",
			    SHOWN, arg, commands[i].name,
			    logd_options_name(command));
	}
	return err_set(ctx, ERR_FORMAT, "there is no option %.*s", SHOWN, arg);
}

static enum err store_many(struct logd_options *out, const struct row *row,
    const char *value, struct err_ctx *ctx)
{
	if (out->n_many == LOGD_OPTIONS_MANY_MAX)
		return err_set(ctx, ERR_FORMAT,
		    "at most %d --%s options are possible",
		    LOGD_OPTIONS_MANY_MAX, row->name);
	out->many[out->n_many++] = value;
	return ERR_OK;
}

static enum err store_number(struct logd_options *out, const struct row *row,
    const char *value, struct err_ctx *ctx)
{
	const struct bytes text = { (const uint8_t *)value, strlen(value) };
	const bool yes = true;
	uint64_t n;

	if (tlog_text_decimal(&n, text, INT64_MAX) != ERR_OK)
		return err_set(ctx, ERR_FORMAT,
		    "--%s wants a whole number, not %.*s", row->name, SHOWN,
		    value);
	memcpy((char *)out + row->at, &n, sizeof(n));
	if (row->has != NO_FLAG)
		memcpy((char *)out + row->has, &yes, sizeof(yes));
	return ERR_OK;
}

static enum err store(struct logd_options *out, const struct row *row,
    const char *value, struct err_ctx *ctx)
{
	const bool yes = true;

	switch (row->kind) {
	case FLAG:
		memcpy((char *)out + row->at, &yes, sizeof(yes));
		return ERR_OK;
	case NUMBER:
		return store_number(out, row, value, ctx);
	case MANY:
		return store_many(out, row, value, ctx);
	case TEXT:
		break;
	}
	if (value[0] == '\0')
		return err_set(
		    ctx, ERR_FORMAT, "--%s wants a %s", row->name, row->value);
	memcpy((char *)out + row->at, &value, sizeof(value));
	return ERR_OK;
}

/* An option at argv[*i]; steps over its value. */
static enum err read_option(struct logd_options *out, int argc, char **argv,
    int *i, struct err_ctx *ctx)
{
	const char *arg = argv[*i], *value = NULL;
	const struct row *row;

	if (strcmp(arg, "-h") == 0)
		arg = "--help";
	if (strcmp(arg, "-o") == 0)
		arg = "--out";
	row = find(out->command, arg, &value);
	if (row == NULL)
		return unknown(out->command, arg, ctx);
	if (row->value == NULL && value != NULL)
		return err_set(
		    ctx, ERR_FORMAT, "--%s takes no value", row->name);
	if (row->value != NULL && value == NULL) {
		if (*i + 1 >= argc)
			return err_set(ctx, ERR_FORMAT, "--%s wants a %s",
			    row->name, row->value);
		value = argv[++*i];
	}
	return store(out, row, value, ctx);
}

static enum err read_command(
    struct logd_options *out, const char *name, struct err_ctx *ctx)
{
	out->command = logd_options_command(name);
	if (out->command != LOGD_NO_COMMAND)
		return ERR_OK;
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		out->help = true;
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		out->version = true;
	else
		return err_set(
		    ctx, ERR_FORMAT, "there is no command %.*s", SHOWN, name);
	return ERR_OK;
}

static enum err count_args(const struct logd_options *o, struct err_ctx *ctx)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].command != o->command)
			continue;
		if (o->n_args > commands[i].args_max)
			return err_set(ctx, ERR_FORMAT,
			    "%.*s is one argument too many", SHOWN,
			    o->arg[commands[i].args_max]);
		if (o->n_args < commands[i].args_min)
			return err_set(ctx, ERR_FORMAT,
			    "`confer-log %s` needs %s", commands[i].name,
			    commands[i].args);
	}
	return ERR_OK;
}

enum err logd_options_read(
    struct logd_options *out, int argc, char **argv, struct err_ctx *ctx)
{
	bool only_args = false;
	enum err e;

	*out = (struct logd_options){ .arg = argv + argc };
	if (argc < 2)
		return ERR_OK;
	e = read_command(out, argv[1], ctx);
	if (out->command == LOGD_NO_COMMAND)
		return e;
	out->arg = argv + 1; /* written behind what has been read */
	for (int i = 2; e == ERR_OK && i < argc; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0)
			only_args = true;
		else if (!only_args && argv[i][0] == '-' && argv[i][1] != '\0')
			e = read_option(out, argc, argv, &i, ctx);
		else
			out->arg[out->n_args++] = argv[i];
	}
	return e == ERR_OK && !out->help ? count_args(out, ctx) : e;
}

bool logd_options_line(enum logd_command command, size_t i,
    char spelling[LOGD_SPELLING_MAX], const char **text)
{
	for (size_t r = 0; r < ROWS; r++) {
		if ((rows[r].commands & command) == 0 || i-- != 0)
			continue;
		(void)fmt_print(spelling, LOGD_SPELLING_MAX, "--%s%s%s",
		    rows[r].name, rows[r].value != NULL ? " " : "",
		    rows[r].value != NULL ? rows[r].value : "");
		*text = rows[r].text;
		return true;
	}
	return false;
}
