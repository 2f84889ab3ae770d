/*
 * confer up: one command from nothing to a private chat on this machine. It
 * plays all parts: the hardware (confer-simtee), the one who releases software
 * (records in a log of this home), the operator (starts the enclave), and then
 * the user, who verifies all of it as anywhere else. Only the root is simulated,
 * and every output says so.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "cli/chat.h"
#include "cli/cmd.h"
#include "cli/print.h"
#include "cli/report.h"
#include "cli/up_model.h"
#include "cli/up_parts.h"
#include "cli/up_serve.h"
#include "client/home.h"
#include "release/home.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/proc.h"

#define QUESTION    "Who can read this?"
#define LINE_MAX_UP 512

struct up {
	const struct cli_options *options;
	struct cli_term *term;
	char home[FD_PATH_MAX];
	struct up_model model;
	struct up_parts parts;
	struct release_home publish;
	struct cli_link link;
	struct cli_answer answer;
	bool announced; /* running.json is there */
	struct err_ctx ctx;
	int signal_fd; /* of --serve, once announced; else -1 */
};

/* One more thing is done: "✓ name  text". On a terminal only. */
static void done(struct up *u, const char *name, const char *text)
{
	cli_status_clear(u->term);
	if (!u->term->err_tty || u->term->quiet)
		return;
	(void)fprintf(stderr, "  %s✓%s %-10s %s\n",
	    cli_style(u->term, stderr, CLI_GOOD),
	    cli_style(u->term, stderr, CLI_PLAIN), name, text);
}

static void greet(const struct up *u)
{
	if (u->term->err_tty && !u->term->quiet)
		(void)fprintf(stderr,
		    "%sconfer%s · a private chat on this machine\n\n",
		    cli_style(u->term, stderr, CLI_BOLD),
		    cli_style(u->term, stderr, CLI_PLAIN));
}

/* Before all the work: can the enclave have its address at all? */
static enum cli_exit check_address(struct up *u)
{
	int fd = -1;
	enum err e = addr_listen(&fd, &u->parts.listen, &u->ctx);

	if (e != ERR_OK)
		return CLI_EXIT_UNREACHABLE;
	fd_close(&fd);
	addr_unlink(&u->parts.listen);
	return CLI_EXIT_OK;
}

/* What a failure of our own files or arguments means. */
static enum cli_exit exit_of(enum err e, enum cli_exit other)
{
	if (e == ERR_NOSPACE)
		return CLI_EXIT_DAMAGE;
	if (e == ERR_NOMEM || e == ERR_INTERNAL)
		return CLI_EXIT_INTERNAL;
	return other;
}

static enum cli_exit prepare_model(struct up *u)
{
	char path[FD_PATH_MAX], line[LINE_MAX_UP];
	const char *given = u->options->model;
	enum err e = ERR_OK;

	cli_status(u->term, "reading the model");
	if (given == NULL) {
		e = up_model_bundled(path, u->parts.bin, &u->ctx);
		given = path;
	}
	if (e == ERR_OK)
		e = up_model_read(&u->model, given, &u->ctx);
	if (e == ERR_OK)
		e = up_model_check(u->model.path, &u->ctx);
	if (e != ERR_OK)
		return exit_of(e, CLI_EXIT_REFUSED);
	(void)fmt_print(line, sizeof(line), "%s, %llu.%llu MB", u->model.name,
	    (unsigned long long)(u->model.size / 1000000),
	    (unsigned long long)(u->model.size / 100000 % 10));
	done(u, "model", line);
	return CLI_EXIT_OK;
}

static enum cli_exit open_home(struct up *u)
{
	struct err_ctx why = { 0 };
	enum err e = release_home_open(&u->publish, u->home, &why);

	if (e == ERR_BUSY)
		(void)err_set(&u->ctx, e,
		    "another `confer up` runs in this home already: talk to "
		    "it with `confer chat`");
	else if (e != ERR_OK)
		(void)err_set(&u->ctx, e, "%s", why.msg);
	if (e == ERR_BUSY)
		return CLI_EXIT_UNREACHABLE;
	if (e != ERR_OK)
		return exit_of(e, CLI_EXIT_DAMAGE);
	if (u->publish.moved_to[0] != '\0' && !u->term->quiet)
		(void)fprintf(stderr,
		    "The log of an earlier version of confer is now in %s\n",
		    u->publish.moved_to);
	return CLI_EXIT_OK;
}

static enum cli_exit start_witnesses(struct up *u)
{
	cli_status(u->term, "starting the witnesses of the log");
	return up_parts_start_witnesses(&u->parts, &u->publish, &u->ctx);
}

static enum cli_exit start_simtee(struct up *u)
{
	char hex[2 * SNP_MEASUREMENT_LEN + 1], line[LINE_MAX_UP];
	enum cli_exit x;

	cli_status(u->term, "measuring enclave and model");
	x = up_parts_start_simtee(&u->parts, u->model.path, &u->ctx);
	if (x != CLI_EXIT_OK)
		return x;
	hex_encode(hex, u->parts.measurement, 8);
	(void)fmt_print(line, sizeof(line),
	    "simulated; it measured enclave and model: %s…", hex);
	done(u, "processor", line);
	return CLI_EXIT_OK;
}

/* Size and hash of the enclave's program, for its image record. */
static enum err hash_enclave(struct up *u, struct release_facts *r)
{
	struct fd_map map;
	struct bytes file;
	enum err e = fd_map_open(&map, u->parts.enclave_path, &u->ctx);

	if (e != ERR_OK)
		return e;
	file = (struct bytes){ map.p, map.len };
	r->enclave_size = map.len;
	crypto_sha256(r->enclave_sha256.b, &file, 1);
	fd_map_close(&map);
	return ERR_OK;
}

static enum cli_exit publish(struct up *u)
{
	struct release_facts r = { .version = CLI_VERSION,
		.sim = u->parts.measurement,
		.model_name = u->model.name,
		.model_size = u->model.size,
		.model_sha256 = u->model.sha256,
		.tokenizer = u->model.tokenizer,
		.quant = u->model.quant,
		.context = u->model.context };
	char line[LINE_MAX_UP];
	enum err e = hash_enclave(u, &r);

	if (e == ERR_OK)
		e = release_home_announce(
		    &u->publish, &r, clock_unix_s(), &u->ctx);
	if (e == ERR_OK)
		e = release_home_trust(&u->publish, u->parts.sim_root, &u->ctx);
	if (e != ERR_OK)
		return exit_of(e, CLI_EXIT_DAMAGE);
	(void)fmt_print(line, sizeof(line),
	    "number %llu, in this machine's own log of %llu entries, %d "
	    "witnesses",
	    (unsigned long long)u->publish.what.image_seq,
	    (unsigned long long)logd_log_size(u->publish.log),
	    RELEASE_HOME_WITNESSES);
	done(u, "release", line);
	return CLI_EXIT_OK;
}

/*
 * Say where the enclave is, for `confer ask` and the others. Whoever reads that
 * may also end us: from here on, signals are read and no longer fatal.
 */
static enum cli_exit announce(struct up *u)
{
	struct client_running r = { .pid = (uint64_t)getpid() };
	enum err e = ERR_OK;

	if (u->options->serve)
		e = proc_signals_open(&u->signal_fd);
	if (e != ERR_OK) {
		(void)err_set(
		    &u->ctx, e, "signals cannot be read: %s", err_name(e));
		return CLI_EXIT_INTERNAL;
	}

	(void)fmt_print(
	    r.address, sizeof(r.address), "%s", u->parts.listen.text);
	(void)fmt_print(r.model, sizeof(r.model), "%s", u->model.name);
	e = client_running_save(&r, u->home, &u->ctx);
	u->announced = e == ERR_OK;
	return e == ERR_OK ? CLI_EXIT_OK : exit_of(e, CLI_EXIT_DAMAGE);
}

static enum cli_exit start_enclave(struct up *u)
{
	enum cli_exit x;

	cli_status(u->term, "starting the enclave");
	x = up_parts_start_enclave(
	    &u->parts, u->model.path, u->publish.records, u->options, &u->ctx);
	if (x != CLI_EXIT_OK)
		return x;
	done(u, "enclave", u->parts.listen.text);
	return announce(u);
}

static enum cli_exit start_all(struct up *u)
{
	static enum cli_exit (*const steps[])(struct up * u) = { prepare_model,
		open_home, check_address, start_witnesses, start_simtee,
		publish, start_enclave };
	enum cli_exit x = CLI_EXIT_OK;

	if (client_home_find(u->home, u->options->home, &u->ctx) != ERR_OK ||
	    up_parts_place(&u->parts, u->home, u->options->listen, &u->ctx) !=
		ERR_OK)
		return CLI_EXIT_USAGE;
	if (up_parts_find(&u->parts, &u->ctx) != ERR_OK)
		return CLI_EXIT_INTERNAL;
	for (size_t i = 0;
	     x == CLI_EXIT_OK && i < sizeof(steps) / sizeof(steps[0]); i++)
		x = steps[i](u);
	return x;
}

/* As any user of this home would. */
static enum cli_exit connect_and_verify(struct up *u)
{
	const struct cli_options as_user = { .command = CLI_CHAT,
		.home = u->home };
	const struct check_list *list;
	unsigned passed = 0;
	char line[LINE_MAX_UP];
	enum cli_exit x =
	    cli_link_prepare(&u->link, &as_user, NULL, u->term, &u->ctx);

	if (x == CLI_EXIT_OK)
		x = cli_link_open(&u->link, &u->ctx);
	if (x != CLI_EXIT_OK)
		return x;
	list = &u->link.conn->judgement.verdict.checks;
	for (size_t i = 0; i < list->n; i++)
		passed += list->line[i].result == CHECK_PASSED;
	(void)fmt_print(line, sizeof(line),
	    "%u checks passed; `confer verify` shows them", passed);
	done(u, "verified", line);
	return x;
}

static void print_summary(const struct up *u)
{
	if (u->term->quiet)
		return;
	if (u->term->err_tty)
		(void)fputc('\n', stderr);
	cli_report_print_summary(u->term, stderr, u->link.conn);
}

static enum cli_exit converse(struct up *u)
{
	print_summary(u);
	(void)fprintf(stderr,
	    "%sThe processor is simulated, so this machine's owner can read "
	    "along.\nCtrl-C stops an answer, Ctrl-D leaves, /help lists the "
	    "commands.%s\n\n",
	    cli_style(u->term, stderr, CLI_DIM),
	    cli_style(u->term, stderr, CLI_PLAIN));
	return cli_chat_run(&u->link, u->options, u->term);
}

/* Nobody is there to chat: show that it works. */
static enum cli_exit demonstrate(struct up *u)
{
	const struct client_message message = { CLIENT_USER,
		BYTES_LITERAL(QUESTION) };
	const struct client_options options = { .temperature = "0" };
	const struct cli_question q = {
		.options = &options, .message = &message, .n = 1, .stream = true
	};
	enum cli_exit x;

	u->answer.print = !u->options->json;
	u->answer.term = u->term;
	if (u->answer.print)
		(void)printf("> %s\n\n", QUESTION);
	(void)fflush(stdout);
	x = cli_talk(u->link.conn, &u->answer, &q, &u->ctx);
	if (u->answer.print)
		(void)printf("\n\n");
	(void)fflush(stdout);
	if (x == CLI_EXIT_OK && u->answer.failed)
		x = cli_talk_failure(&u->answer, &u->ctx);
	if (u->options->json)
		cli_print_json(u->link.conn, &u->answer, x, &u->ctx);
	else if (x == CLI_EXIT_OK)
		print_summary(u);
	return x;
}

static void print_serving(const struct up *u)
{
	const bool given = u->options->home != NULL;

	if (u->options->json) {
		cli_print_json(u->link.conn, NULL, CLI_EXIT_OK, &u->ctx);
		return;
	}
	print_summary(u);
	if (u->term->quiet)
		return;
	(void)fprintf(stderr,
	    "Chat with it from another terminal: confer chat%s%s\n"
	    "Ctrl-C ends it.\n",
	    given ? " --home " : "", given ? u->options->home : "");
}

static enum cli_exit serve(struct up *u)
{
	print_serving(u);
	cli_link_close(&u->link);
	return up_serve(&u->parts, &u->publish, u->signal_fd, &u->ctx);
}

static enum cli_exit use(struct up *u)
{
	if (u->options->serve)
		return serve(u);
	if (isatty(STDIN_FILENO) != 0 && !u->options->json)
		return converse(u);
	return demonstrate(u);
}

static void stop_all(struct up *u)
{
	cli_link_close(&u->link);
	if (u->announced)
		client_running_remove(u->home);
	cli_status(u->term, "stopping");
	up_parts_stop(&u->parts);
	cli_status_clear(u->term);
	release_home_close(&u->publish);
	fd_close(&u->signal_fd);
}

enum cli_exit cli_cmd_up(const struct cli_options *o, struct cli_term *t)
{
	struct up *u = calloc(1, sizeof(*u));
	enum cli_exit x;

	if (u == NULL)
		return CLI_EXIT_INTERNAL;
	u->options = o;
	u->term = t;
	u->signal_fd = -1;
	u->parts = (struct up_parts)UP_PARTS_INIT;
	greet(u);
	x = start_all(u);
	if (x == CLI_EXIT_OK)
		x = connect_and_verify(u);
	if (x == CLI_EXIT_OK)
		x = use(u);
	if (x != CLI_EXIT_OK && u->ctx.code != ERR_OK)
		(void)cli_exit_say(t, x, &u->ctx);
	stop_all(u);
	mem_wipe(u, sizeof(*u));
	free(u);
	return x;
}
