/* The parts of `confer up`, with options for the enclave that it has not. */
#include "live.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fmt.h"
#include "cli/up_model.h"
#include "client/home.h"
#include "crypto/crypto_native.h"
#include "sys/clock.h"

#define STATUS_MAX 8192 /* of /proc/PID/status */

void live_die(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(4);
}

void live_must(enum err e, const char *what, const struct err_ctx *ctx)
{
	if (e != ERR_OK)
		live_die(what, ctx != NULL && ctx->msg[0] != '\0'
				   ? ctx->msg
				   : err_name(e));
}

/* Programs are in BUILD/bin, this one is in BUILD/bench. */
static void find_programs(struct up_parts *p)
{
	struct err_ctx ctx = { 0 };
	char self[FD_PATH_MAX];

	live_must(proc_self_path(self, sizeof(self), &ctx), "self", &ctx);
	for (int up = 0; up < 2; up++)
		*strrchr(self, '/') = '\0';
	live_must(
	    client_home_path(p->bin, self, "bin", NULL, &ctx), "path", &ctx);
	live_must(client_home_path(
		      p->enclave_path, p->bin, "confer-enclave", NULL, &ctx),
	    "path", &ctx);
	live_must(client_home_path(
		      p->simtee_path, p->bin, "confer-simtee", NULL, &ctx),
	    "path", &ctx);
	live_must(client_home_path(
		      p->witness_path, p->bin, "confer-log", NULL, &ctx),
	    "path", &ctx);
}

static void publish(struct live_service *s, struct up_model *m)
{
	struct release_facts r = { .version = "bench",
		.sim = s->parts.measurement,
		.model_name = m->name,
		.model_size = m->size,
		.model_sha256 = m->sha256,
		.tokenizer = m->tokenizer,
		.quant = m->quant,
		.context = m->context };
	struct err_ctx ctx = { 0 };
	struct fd_map map;
	struct bytes file;

	live_must(fd_map_open(&map, s->parts.enclave_path, &ctx),
	    "confer-enclave", &ctx);
	file = (struct bytes){ map.p, map.len };
	r.enclave_size = map.len;
	crypto_sha256(r.enclave_sha256.b, &file, 1);
	fd_map_close(&map);
	live_must(release_home_announce(&s->publish, &r, clock_unix_s(), &ctx),
	    "publishing", &ctx);
	live_must(release_home_trust(&s->publish, s->parts.sim_root, &ctx),
	    "publishing", &ctx);
}

static void read_trust(struct live_service *s)
{
	struct err_ctx ctx = { 0 };
	char path[FD_PATH_MAX];
	size_t n = 0;
	enum err e = client_home_path(path, s->home, "up", "trust", &ctx);

	if (e == ERR_OK)
		e = fd_read_file(
		    s->trust_text, sizeof(s->trust_text), &n, path, &ctx);
	if (e == ERR_OK)
		e = trust_parse(
		    &s->trust, (struct bytes){ s->trust_text, n }, &ctx);
	live_must(e, "the trust file", &ctx);
}

static void start_enclave(
    struct live_service *s, const struct live_options *options)
{
	const char *const argv[] = { s->parts.enclave_path, "--listen",
		s->parts.listen.text, "--model", options->model, "--simtee",
		s->parts.simtee_addr.text, "--records", s->publish.records,
		"--threads", options->threads, "--sessions", options->sessions,
		"--slots", options->slots, NULL };
	struct proc_spec spec = {
		.path = argv[0], .argv = argv, .in = -1, .out = -1
	};
	struct err_ctx ctx = { 0 };
	char path[FD_PATH_MAX];

	live_must(client_home_path(path, s->home, "enclave.log", NULL, &ctx),
	    "path", &ctx);
	spec.err = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	live_must(proc_spawn(&s->parts.enclave, &spec, &ctx), "enclave", &ctx);
	fd_close(&spec.err);
}

/* It listens before it is ready, and answers once it is. */
static void await_enclave(struct live_service *s)
{
	const uint64_t until = clock_mono_ms() + LIVE_READY_MS;
	int fd = -1, status = 0;

	while (addr_connect(&fd, &s->parts.listen, LIVE_READY_MS, NULL) !=
	       ERR_OK) {
		if (proc_wait(&s->parts.enclave, &status, UP_START_MS) !=
			ERR_TIMEOUT ||
		    clock_mono_ms() > until)
			live_die("the enclave does not start", s->home);
	}
	fd_close(&fd);
	fd_close(&(int){ live_hello(s, 0) });
}

void live_service_start(
    struct live_service *s, const struct live_options *options)
{
	struct err_ctx ctx = { 0 };
	struct up_model *m = calloc(1, sizeof(*m));

	if (m == NULL)
		live_die("no memory", "for a model's description");
	s->parts = (struct up_parts)UP_PARTS_INIT;
	memset(&s->publish, 0, sizeof(s->publish));
	(void)fmt_print(s->home, sizeof(s->home), "%s", options->home);
	find_programs(&s->parts);
	live_must(up_parts_place(&s->parts, s->home, options->listen, &ctx),
	    "addresses", &ctx);
	live_must(up_model_read(m, options->model, &ctx), "the model", &ctx);
	live_must(
	    release_home_open(&s->publish, s->home, &ctx), "a home", &ctx);
	if (up_parts_start_witnesses(&s->parts, &s->publish, &ctx) !=
	    CLI_EXIT_OK)
		live_die("confer-log", ctx.msg);
	if (up_parts_start_simtee(&s->parts, m->path, &ctx) != CLI_EXIT_OK)
		live_die("confer-simtee", ctx.msg);
	publish(s, m);
	read_trust(s);
	start_enclave(s, options);
	await_enclave(s);
	free(m);
}

void live_service_stop(struct live_service *s)
{
	up_parts_stop(&s->parts);
	release_home_close(&s->publish);
}

double live_service_cpu(const struct live_service *s)
{
	clockid_t id;

	if (clock_getcpuclockid(s->parts.enclave.pid, &id) != 0)
		live_die("no CPU clock", "of the enclave");
	return bench_clock(id);
}

double live_service_rss(const struct live_service *s)
{
	char path[64], text[STATUS_MAX] = "";
	const char *line;
	ssize_t n;
	int fd;

	(void)fmt_print(
	    path, sizeof(path), "/proc/%d/status", (int)s->parts.enclave.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	line = n > 0 ? strstr(text, "VmRSS:") : NULL;
	if (line == NULL)
		live_die("no VmRSS", path);
	return strtod(line + strlen("VmRSS:"), NULL) * 1024;
}
