/* See up_parts.h. */
#include "cli/up_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "attest/sim_wire.h"
#include "base/fmt.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/rd.h"
#include "client/home.h"
#include "crypto/crypto_native.h"
#include "sys/clock.h"

#define LOG_TAIL_MAX 16384 /* of a part's log, where its last words are */
#define LOG_ROOM     65536 /* bytes of disk for each log, at start */
#define ASK_MS       5000  /* for the simulated processor's answer */
#define ROOT_MS      10000 /* for making two keys, at the first start */
#define ENCLAVE_ARGS 9     /* of the enclave, always */
#define SERVING_ARGS 10    /* and at most as many that the user gives */

/* ---- places --------------------------------------------------------------- */

static enum err find_program(char out[FD_PATH_MAX], const char *bin,
    const char *name, struct err_ctx *ctx)
{
	enum err e = client_home_path(out, bin, name, NULL, ctx);

	if (e == ERR_OK && access(out, X_OK) != 0)
		e = err_set(ctx, ERR_NOTFOUND, "%s is missing", out);
	return e;
}

enum err up_parts_find(struct up_parts *p, struct err_ctx *ctx)
{
	char *slash;
	enum err e = proc_self_path(p->bin, sizeof(p->bin), ctx);

	if (e != ERR_OK)
		return e;
	slash = strrchr(p->bin, '/');
	if (slash != NULL)
		*slash = '\0';
	e = find_program(p->enclave_path, p->bin, "confer-enclave", ctx);
	if (e == ERR_OK)
		e = find_program(p->simtee_path, p->bin, "confer-simtee", ctx);
	if (e == ERR_OK)
		e = find_program(p->witness_path, p->bin, "confer-log", ctx);
	return e;
}

/* unix:DIR/NAME */
static enum err socket_addr(struct addr *out, const struct up_parts *p,
    const char *name, struct err_ctx *ctx)
{
	char text[FD_PATH_MAX + 32];

	(void)fmt_print(text, sizeof(text), "unix:%s/%s", p->dir, name);
	if (addr_parse(out, text, NULL) == ERR_OK)
		return ERR_OK;
	return err_set(ctx, ERR_LIMIT,
	    "%.*s is too long for a socket: choose a shorter --home", 60,
	    p->dir);
}

enum err up_parts_place(struct up_parts *p, const char *home,
    const char *listen, struct err_ctx *ctx)
{
	enum err e = client_home_path(p->dir, home, "up", NULL, ctx);

	if (e == ERR_OK)
		e = socket_addr(&p->simtee_addr, p, "simtee.sock", ctx);
	if (e == ERR_OK && listen == NULL)
		e = socket_addr(&p->listen, p, "enclave.sock", ctx);
	else if (e == ERR_OK)
		e = addr_parse(&p->listen, listen, ctx);
	return e;
}

/* ---- starting ------------------------------------------------------------- */

static enum err log_path(
    char out[FD_PATH_MAX], const struct up_parts *p, const char *name)
{
	char file[32];

	(void)fmt_print(file, sizeof(file), "%s.log", name);
	return client_home_path(out, p->dir, file, NULL, NULL);
}

/*
 * Open a part's log with room for its first words: on a full disk it could not
 * even say that it is ready.
 */
static enum err open_log(
    int *fd, const struct up_parts *p, const char *name, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = log_path(path, p, name);

	if (e != ERR_OK)
		return err_set(ctx, e, "the path of the logs is too long");
	*fd = open(
	    path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (*fd < 0)
		return err_set(ctx, errno == ENOSPC ? ERR_NOSPACE : ERR_IO,
		    "cannot write %.*s: %s", 90, path, strerrordesc_np(errno));
	if (fallocate(*fd, FALLOC_FL_KEEP_SIZE, 0, LOG_ROOM) != 0 &&
	    errno == ENOSPC) {
		fd_close(fd);
		return err_set(ctx, ERR_NOSPACE,
		    "cannot write %.*s: the disk is full", 90, path);
	}
	return ERR_OK;
}

/* Spawn with standard error into the part's log, and standard output to `out`. */
static enum err start(struct proc *proc, const struct up_parts *p,
    const char *const *argv, int out, struct err_ctx *ctx)
{
	struct proc_spec spec = {
		.path = argv[0], .argv = argv, .in = -1, .out = out, .err = -1
	};
	enum err e = open_log(&spec.err, p, strrchr(argv[0], '/') + 1, ctx);

	if (e == ERR_OK)
		e = proc_spawn(proc, &spec, ctx);
	fd_close(&spec.err);
	return e;
}

static enum cli_exit start_failed(const struct err_ctx *ctx)
{
	return ctx->code == ERR_NOSPACE ? CLI_EXIT_DAMAGE : CLI_EXIT_INTERNAL;
}

/* The end of a part's log as text; "" if there is none. */
static void read_log(
    char out[LOG_TAIL_MAX + 1], const struct up_parts *p, const char *name)
{
	char path[FD_PATH_MAX];
	ssize_t n = 0;
	int fd = -1;

	if (log_path(path, p, name) == ERR_OK)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		const off_t len = lseek(fd, 0, SEEK_END);

		(void)lseek(
		    fd, len > LOG_TAIL_MAX ? len - LOG_TAIL_MAX : 0, SEEK_SET);
		n = read(fd, out, LOG_TAIL_MAX);
	}
	out[n > 0 ? n : 0] = '\0';
	fd_close(&fd);
}

/*
 * A part ended before it was ready: its last sentence, which begins with
 * "NAME: ", is the reason, and its exit code is ours.
 */
static enum cli_exit explain_end(
    const struct up_parts *p, const char *name, int status, struct err_ctx *ctx)
{
	char log[LOG_TAIL_MAX + 1], prefix[32];
	const char *found = NULL, *at = log;
	size_t n;

	read_log(log, p, name);
	n = fmt_print(prefix, sizeof(prefix), "%s: ", name);
	while ((at = strstr(at, prefix)) != NULL) {
		at += n;
		found = at;
	}
	if (found == NULL)
		(void)err_set(ctx, ERR_INTERNAL,
		    "%s ended with status %d before it was ready", name,
		    status);
	else
		(void)err_set(ctx, ERR_IO, "%s does not start: %.*s", name,
		    (int)strcspn(found, "\n"), found);
	if (found == NULL || status <= 0 || status > CLI_EXIT_DAMAGE)
		return CLI_EXIT_INTERNAL;
	return (enum cli_exit)status;
}

/* Wait for a log event of a part that starts, or for its end. */
static enum cli_exit await_event(struct up_parts *p, struct proc *proc,
    const char *name, const char *event, struct err_ctx *ctx)
{
	char log[LOG_TAIL_MAX + 1], line[64];
	int status = 0;

	(void)fmt_print(line, sizeof(line), "Z %s %s ", name, event);
	for (;;) {
		read_log(log, p, name);
		if (strstr(log, line) != NULL)
			return CLI_EXIT_OK;
		if (proc_wait(proc, &status, UP_START_MS) != ERR_TIMEOUT)
			return explain_end(p, name, status, ctx);
	}
}

/* ---- the simulated processor ---------------------------------------------- */

/* {"sim_root":"HEX"} from `confer-simtee root`. */
static enum err read_root(struct up_parts *p, int fd)
{
	uint8_t text[1024], hex[2 * ECDSA_P384_PUB_LEN];
	const uint64_t until = clock_mono_ms() + ROOT_MS;
	struct json root, v;
	size_t n = 0, got;
	enum err e = ERR_OK;

	while (e == ERR_OK && n < sizeof(text)) {
		e = fd_wait(fd, false, until);
		if (e == ERR_AGAIN) {
			e = ERR_OK;
			continue;
		}
		if (e == ERR_OK)
			e = fd_read_some(fd, text + n, sizeof(text) - n, &got);
		if (e == ERR_OK)
			n += got;
	}
	if (e != ERR_CLOSED)
		return e == ERR_OK ? ERR_LIMIT : e;
	e = json_parse(&root, (struct bytes){ text, n }, NULL);
	if (e != ERR_OK || root.type != JSON_OBJECT ||
	    !json_get(&root, "sim_root", &v))
		return ERR_FORMAT;
	e = json_string(&v, hex, sizeof(hex), &n);
	if (e == ERR_OK)
		e = hex_decode(
		    p->sim_root, sizeof(p->sim_root), (struct bytes){ hex, n });
	return e;
}

static enum cli_exit ask_root(
    struct up_parts *p, const char *keys, struct err_ctx *ctx)
{
	const char *const argv[] = { p->simtee_path, "root", "--home", keys,
		"--json", NULL };
	int out[2], status = 0;
	enum err e = proc_pipe(out);

	if (e == ERR_OK)
		e = start(&p->simtee, p, argv, out[1], ctx);
	fd_close(&out[1]);
	if (e == ERR_OK)
		e = read_root(p, out[0]);
	fd_close(&out[0]);
	if (e == ERR_OK)
		e = proc_wait(&p->simtee, &status, ROOT_MS);
	else
		status = proc_stop(&p->simtee, 0);
	if (e == ERR_OK && status == 0)
		return CLI_EXIT_OK;
	if (ctx->code != ERR_OK)
		return start_failed(ctx);
	return explain_end(p, "confer-simtee", status, ctx);
}

/* Ask for a report about what was launched; only its digest matters here. */
static enum err ask_measurement(struct up_parts *p, struct err_ctx *ctx)
{
	uint8_t request[SIMTEE_REQUEST_LEN], answer[SIMTEE_ANSWER_LEN];
	const uint64_t until = clock_mono_ms() + ASK_MS;
	struct snp_report report;
	int fd = -1;
	enum err e = addr_connect(&fd, &p->simtee_addr, ASK_MS, ctx);

	memcpy(request, SIMTEE_MAGIC, SIMTEE_MAGIC_LEN);
	crypto_random(request + SIMTEE_MAGIC_LEN, SNP_REPORT_DATA_LEN);
	if (e == ERR_OK)
		e = fd_write_full(fd, request, sizeof(request), until);
	if (e == ERR_OK)
		e = fd_read_full(fd, answer, sizeof(answer), until);
	fd_close(&fd);
	if (e == ERR_OK)
		e = snp_report_parse(&report,
		    (struct bytes){ answer + SIMTEE_HEAD_LEN, SNP_REPORT_LEN },
		    ctx);
	if (e != ERR_OK)
		return err_set(ctx, e,
		    "the simulated processor gave no report: %s", err_name(e));
	memcpy(p->measurement, report.measurement, sizeof(p->measurement));
	return ERR_OK;
}

/* "NAME=PATH" */
static enum err launch_arg(char *out, size_t cap, const char *name,
    const char *path, struct err_ctx *ctx)
{
	if (fmt_print(out, cap, "%s=%s", name, path) >= cap)
		return err_set(ctx, ERR_LIMIT, "%.*s is too long", 60, path);
	return ERR_OK;
}

/* It says "listening ADDR" once it serves. */
static enum cli_exit await_listening(struct up_parts *p, struct proc *proc,
    const char *name, int fd, struct err_ctx *ctx)
{
	char byte = 0;
	int status;

	if (fd_read_full(fd, &byte, 1, FD_NO_DEADLINE) == ERR_OK)
		return CLI_EXIT_OK;
	status = proc_stop(proc, UP_STOP_MS);
	return explain_end(p, name, status, ctx);
}

/* Start a part that says on its standard output when it listens. */
static enum cli_exit start_listening(struct up_parts *p, struct proc *proc,
    const char *const *argv, struct err_ctx *ctx)
{
	int out[2] = { -1, -1 };
	enum cli_exit x;

	if (proc_pipe(out) != ERR_OK ||
	    start(proc, p, argv, out[1], ctx) != ERR_OK) {
		fd_close(&out[0]);
		fd_close(&out[1]);
		return start_failed(ctx);
	}
	fd_close(&out[1]);
	x = await_listening(p, proc, strrchr(argv[0], '/') + 1, out[0], ctx);
	fd_close(&out[0]);
	return x;
}

enum cli_exit up_parts_start_simtee(
    struct up_parts *p, const char *model, struct err_ctx *ctx)
{
	char keys[FD_PATH_MAX], enclave_arg[FD_PATH_MAX + 16],
	    model_arg[FD_PATH_MAX + 16];
	const char *const argv[] = { p->simtee_path, "serve", "--home", keys,
		"--listen", p->simtee_addr.text, "--launch", enclave_arg,
		"--launch", model_arg, NULL };
	enum cli_exit x;

	if (client_home_path(keys, p->dir, "simtee", NULL, ctx) != ERR_OK ||
	    launch_arg(enclave_arg, sizeof(enclave_arg), "enclave",
		p->enclave_path, ctx) != ERR_OK ||
	    launch_arg(model_arg, sizeof(model_arg), "model", model, ctx) !=
		ERR_OK)
		return CLI_EXIT_USAGE;
	x = ask_root(p, keys, ctx);
	if (x == CLI_EXIT_OK)
		x = start_listening(p, &p->simtee, argv, ctx);
	if (x == CLI_EXIT_OK && ask_measurement(p, ctx) != ERR_OK)
		x = CLI_EXIT_INTERNAL;
	return x;
}

/* ---- the witnesses -------------------------------------------------------- */

enum cli_exit up_parts_start_witnesses(
    struct up_parts *p, const struct release_home *home, struct err_ctx *ctx)
{
	enum cli_exit x = CLI_EXIT_OK;

	for (int i = 0; x == CLI_EXIT_OK && i < RELEASE_HOME_WITNESSES; i++) {
		const char *const argv[] = { p->witness_path, "witness",
			home->witness[i].dir, "--listen",
			home->witness[i].listen, NULL };

		x = start_listening(p, &p->witness[i], argv, ctx);
	}
	return x;
}

/* ---- the enclave ---------------------------------------------------------- */

/* Behind the fixed arguments, those that were given. */
static void add_serving(const char **argv, const struct cli_options *o)
{
	const struct {
		const char *name, *value;
	} given[] = {
		{ "--threads", o->engine.threads },
		{ "--slots", o->serving.slots },
		{ "--context", o->serving.context },
		{ "--kv-memory", o->serving.kv_memory },
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		if (given[i].value == NULL)
			continue;
		*argv++ = given[i].name;
		*argv++ = given[i].value;
	}
	if (o->serving.speculate)
		*argv++ = "--speculate";
	if (o->serving.pin)
		*argv++ = "--pin";
	*argv = NULL;
}

enum cli_exit up_parts_start_enclave(struct up_parts *p, const char *model,
    const char *records, const struct cli_options *o, struct err_ctx *ctx)
{
	const char *argv[ENCLAVE_ARGS + SERVING_ARGS + 1] = { p->enclave_path,
		"--listen", p->listen.text, "--model", model, "--simtee",
		p->simtee_addr.text, "--records", records };

	add_serving(argv + ENCLAVE_ARGS, o);
	if (start(&p->enclave, p, argv, -1, ctx) != ERR_OK)
		return start_failed(ctx);
	return await_event(p, &p->enclave, "confer-enclave", "ready", ctx);
}

void up_parts_stop(struct up_parts *p)
{
	if (p->enclave.pid != 0) {
		(void)proc_stop(&p->enclave, UP_STOP_MS);
		addr_unlink(&p->listen);
	}
	if (p->simtee.pid != 0) {
		(void)proc_stop(&p->simtee, UP_STOP_MS);
		addr_unlink(&p->simtee_addr);
	}
	/* They remove their own sockets. */
	for (int i = 0; i < RELEASE_HOME_WITNESSES; i++) {
		if (p->witness[i].pid != 0)
			(void)proc_stop(&p->witness[i], UP_STOP_MS);
	}
}
