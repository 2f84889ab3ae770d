/*
 * confer-enclave: start by a table of phases, each of which either succeeds or
 * ends the program with one sentence; then serve. docs/man/confer-enclave.1.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto_native.h"
#include "enclave/confine.h"
#include "enclave/options.h"
#include "enclave/serve.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/proc.h"
#include "sys/rng.h"
#include "sys/secret.h"

#define VERSION 1 /* of the channel protocol; the release record names ours */

enum exit_code {
	EXIT_OK = 0,
	EXIT_USAGE = 1,
	EXIT_INVALID = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_INTERNAL = 4,
};

/* The channel key and the one that signs statements: in memory only, new
 * at every start. */
struct channel_key {
	uint8_t s_priv[X25519_LEN];
	uint8_t receipt_seed_priv[ED25519_SEED_LEN];
};

struct enclave {
	struct options opt;
	struct addr listen;
	struct addr simtee;
	struct addr collateral;
	struct source source;
	int listen_fd;
	int signal_fd;
	struct confine confine;
	struct channel_key *key; /* secret memory */
	uint8_t s_pub[X25519_LEN];
	uint8_t receipt_pub[ED25519_PUB_LEN];
	uint8_t model_sha256[SHA256_LEN];
	struct bundle first;
	struct engine *engine;
	struct worker worker;
	struct bundle_refresher refresher;
	struct loop loop;
	struct serve serve;
};

/* Zeroed, and with descriptors that are not open. */
static struct enclave the = {
	.listen_fd = -1,
	.signal_fd = -1,
	.source = SOURCE_INIT,
	.confine = { .model_fd = -1, .records_fd = -1 },
	.loop = LOOP_INIT,
};

/* ---- phases --------------------------------------------------------------- */

static enum err open_inputs(struct enclave *e, struct err_ctx *ctx)
{
	enum err err =
	    records_open(&e->confine.records_fd, e->opt.records, ctx);

	if (err != ERR_OK)
		return err;
	e->confine.model_fd = open(e->opt.model, O_PATH | O_CLOEXEC);
	if (e->confine.model_fd < 0)
		return err_set(ctx, ERR_NOTFOUND, "cannot open model %.*s: %s",
		    90, e->opt.model, strerrordesc_np(errno));
	return ERR_OK;
}

static enum err open_source(struct enclave *e, struct err_ctx *ctx)
{
	struct source_places places = e->opt.places;
	enum err err;

	places.simtee = &e->simtee;
	err =
	    source_open(&e->source, e->opt.tee, &places, &source_os_linux, ctx);
	if (err == ERR_OK)
		log_event(LOG_SOURCE, (uint64_t)e->source.kind,
		    (uint64_t)e->source.tee, 0);
	return err;
}

static enum err open_listener(struct enclave *e, struct err_ctx *ctx)
{
	return addr_listen(&e->listen_fd, &e->listen, ctx);
}

/* Whom we connect to, if anyone. */
static const struct addr *host_of(const struct enclave *e)
{
	if (e->opt.simtee != NULL)
		return &e->simtee;
	return e->opt.collateral != NULL ? &e->collateral : NULL;
}

static enum err give_up_rights(struct enclave *e, struct err_ctx *ctx)
{
	enum err err = proc_signals_open(&e->signal_fd);

	if (err != ERR_OK)
		return err_set(ctx, err, "cannot take signals");
	e->confine.fds_max = e->opt.sessions + SERVE_OTHER_FDS;
	e->confine.source = &e->source;
	e->confine.host = host_of(e);
	err = confine_start(&e->confine, ctx);
	if (err == ERR_OK && !secret_lock_all())
		log_event(LOG_SWAPPABLE, 0, 0, 0);
	return err;
}

static enum err give_up_files(struct enclave *e, struct err_ctx *ctx)
{
	return confine_files(&e->confine, ctx);
}

static enum err make_key(struct enclave *e, struct err_ctx *ctx)
{
	e->key = secret_new(sizeof(*e->key));
	if (e->key == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for the channel key");
	rng_fill(e->key->s_priv, sizeof(e->key->s_priv));
	crypto_x25519_base(e->s_pub, e->key->s_priv);
	rng_fill(e->key->receipt_seed_priv, sizeof(e->key->receipt_seed_priv));
	crypto_ed25519_public(e->receipt_pub, e->key->receipt_seed_priv);
	secret_scrub_stack();
	return ERR_OK;
}

static struct bundle_source bundle_source(const struct enclave *e)
{
	return (struct bundle_source){ .tee = &e->source,
		.collateral = e->opt.collateral != NULL ? &e->collateral : NULL,
		.records_fd = e->confine.records_fd,
		.s_pub = e->s_pub,
		.receipt_pub = e->receipt_pub };
}

static enum err get_evidence(struct enclave *e, struct err_ctx *ctx)
{
	struct bundle_source src = bundle_source(e);

	return bundle_make(&e->first, &src, clock_unix_s(), ctx);
}

static void hash_model(void *cookie, struct bytes next)
{
	crypto_sha256_update(cookie, next);
}

/* What is hashed is what is run: the engine reads each byte once. */
static enum err load_model(struct enclave *e, struct err_ctx *ctx)
{
	struct crypto_sha256_stream hash;
	const struct engine_options opt = {
		.path = e->opt.model,
		.threads = e->opt.threads,
		.slots = e->opt.slots,
		.context_max = e->opt.context,
		.kv_len = (uint64_t)e->opt.kv_mib << 20,
		.speculate = e->opt.speculate,
		.pin = e->opt.pin,
		.seen = hash_model,
		.seen_cookie = &hash,
	};
	enum err err;

	crypto_sha256_init(&hash);
	err = engine_open(&e->engine, &opt, ctx);
	crypto_sha256_final(&hash, e->model_sha256);
	fd_close(&e->confine.model_fd);
	return err;
}

static enum err make_tables(struct enclave *e, struct err_ctx *ctx)
{
	const struct engine_info *info = engine_info(e->engine);
	const struct conn_env env = {
		.worker = &e->worker,
		.model = info->name,
		.context = info->context,
		.s_priv = e->key->s_priv,
		.s_pub = e->s_pub,
		.signer = { .seed_priv = e->key->receipt_seed_priv,
		    .s_pub = e->s_pub,
		    .model_sha256 = e->model_sha256,
		    .context = info->context },
	};
	enum err err;

	/* One for every session, and some for who asks several at once. */
	err = worker_init(&e->worker, e->engine, e->opt.sessions,
	    2 * (size_t)e->opt.slots, ctx);
	if (err == ERR_OK)
		err = loop_init(&e->loop, ctx);
	if (err == ERR_OK)
		err = serve_init(
		    &e->serve, &e->loop, &env, &e->first, e->opt.sessions, ctx);
	return err;
}

static enum err start_threads(struct enclave *e, struct err_ctx *ctx)
{
	struct bundle_source src = bundle_source(e);
	enum err err = worker_start(&e->worker, ctx);

	if (err == ERR_OK)
		err = bundle_start(
		    &e->refresher, &src, serve_bundle_ready, &e->loop, ctx);
	return err;
}

static enum err give_up_calls(struct enclave *e, struct err_ctx *ctx)
{
	return confine_calls(&e->confine, ctx);
}

static enum err serve(struct enclave *e, struct err_ctx *ctx)
{
	enum err err;

	log_event(LOG_READY, e->opt.sessions, e->opt.threads, 0);
	err = serve_run(&e->serve, e->listen_fd, e->signal_fd, &e->refresher);
	log_event(LOG_STOP, (uint64_t)proc_signals_next(e->signal_fd), 0, 0);
	if (err != ERR_OK)
		return err_set(ctx, ERR_INTERNAL, "the event loop failed");
	return ERR_OK;
}

/*
 * Inputs are opened and the address is taken while that is still possible;
 * rights go before anything of the inputs is read, files before any thread
 * starts, system calls when nothing is left to set up.
 */
static const struct phase {
	enum err (*run)(struct enclave *e, struct err_ctx *ctx);
	enum exit_code other; /* unless the error itself says better */
} phases[] = {
	{ open_inputs, EXIT_INVALID },
	{ open_source, EXIT_UNREACHABLE },
	{ open_listener, EXIT_INVALID },
	{ give_up_rights, EXIT_INTERNAL },
	{ give_up_files, EXIT_INTERNAL },
	{ make_key, EXIT_INTERNAL },
	{ get_evidence, EXIT_UNREACHABLE },
	{ load_model, EXIT_INVALID },
	{ make_tables, EXIT_INTERNAL },
	{ start_threads, EXIT_INTERNAL },
	{ give_up_calls, EXIT_INTERNAL },
	{ serve, EXIT_INTERNAL },
};

/* ---- the program ---------------------------------------------------------- */

static int exit_code_of(const struct phase *p, enum err e)
{
	if (e == ERR_OK)
		return EXIT_OK;
	if (e == ERR_NOMEM || e == ERR_INTERNAL)
		return EXIT_INTERNAL;
	if (e == ERR_BUSY) /* an address in use */
		return EXIT_UNREACHABLE;
	if (e == ERR_POLICY || e == ERR_AUTH || e == ERR_LIMIT ||
	    e == ERR_FORMAT)
		return EXIT_INVALID;
	return (int)p->other;
}

static void clean_up(struct enclave *e)
{
	bundle_stop(&e->refresher);
	serve_clear(&e->serve);
	worker_clear(&e->worker);
	engine_close(e->engine);
	loop_clear(&e->loop);
	secret_free(e->key, sizeof(*e->key));
	source_close(&e->source);
	fd_close(&e->listen_fd);
}

static enum err read_addresses(struct enclave *e, struct err_ctx *ctx)
{
	enum err err = addr_parse(&e->listen, e->opt.listen, ctx);

	if (err == ERR_OK && e->opt.simtee != NULL)
		err = addr_parse(&e->simtee, e->opt.simtee, ctx);
	if (err == ERR_OK && e->opt.collateral != NULL)
		err = addr_parse(&e->collateral, e->opt.collateral, ctx);
	return err;
}

static int complain(int code, const struct err_ctx *ctx)
{
	(void)fprintf(stderr, "confer-enclave: %s\n", ctx->msg);
	if (code == EXIT_USAGE)
		(void)fprintf(stderr, "%s", options_usage);
	return code;
}

int main(int argc, char **argv)
{
	struct err_ctx ctx = { 0 };
	int code = EXIT_OK;

	if (options_read(&the.opt, argc, argv, &ctx) != ERR_OK)
		return complain(EXIT_USAGE, &ctx);
	if (the.opt.help || the.opt.version) {
		(void)printf(
		    "%s", the.opt.help ? options_usage : "confer-enclave 1\n");
		return EXIT_OK;
	}
	if (read_addresses(&the, &ctx) != ERR_OK)
		return complain(EXIT_USAGE, &ctx);
	fd_close_from(STDERR_FILENO + 1);
	/* One arena: another would read a file of /proc when it shrinks. */
	(void)mallopt(M_ARENA_MAX, 1);
	if (crypto_init() != ERR_OK) {
		(void)err_set(&ctx, ERR_INTERNAL, "libsodium does not start");
		return complain(EXIT_INTERNAL, &ctx);
	}
	log_init(STDERR_FILENO, "confer-enclave");
	log_event(LOG_START, VERSION, 0, 0);
	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
		enum err e = phases[i].run(&the, &ctx);

		code = exit_code_of(&phases[i], e);
		if (code != EXIT_OK) {
			(void)err_set(&ctx, e, "%s", err_name(e));
			(void)complain(code, &ctx);
			break;
		}
	}
	clean_up(&the);
	return code;
}
