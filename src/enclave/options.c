#include "enclave/options.h"

#include <getopt.h>
#include <sched.h>
#include <stddef.h>

const char options_usage[] =
    "usage: confer-enclave --listen ADDR --model FILE --simtee ADDR\n"
    "                      --records DIR [--threads N] [--sessions N]\n"
    "                      [--slots N] [--context N]\n"
    "\n"
    "Answers chats over confer's channel. ADDR is unix:PATH, tcp:HOST:PORT or\n"
    "vsock:CID:PORT.\n"
    "\n"
    "  --listen ADDR   where clients connect\n"
    "  --model FILE    the language model, a GGUF file\n"
    "  --simtee ADDR   the simulated security processor\n"
    "  --records DIR   release records and proofs to show to clients\n"
    "  --threads N     threads of the engine (default: one per CPU)\n"
    "  --sessions N    connections at once (default 64)\n"
    "  --slots N       answers computed at once (default 4)\n"
    "  --context N     tokens of prompt and answer (default 4096)\n"
    "  --help, --version\n";

enum {
	OPT_LISTEN = 'l',
	OPT_MODEL = 'm',
	OPT_SIMTEE = 's',
	OPT_RECORDS = 'r',
	OPT_THREADS = 't',
	OPT_SESSIONS = 'n',
	OPT_SLOTS = 'a',
	OPT_CONTEXT = 'c',
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
};

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "model", required_argument, NULL, OPT_MODEL },
	{ "simtee", required_argument, NULL, OPT_SIMTEE },
	{ "records", required_argument, NULL, OPT_RECORDS },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "sessions", required_argument, NULL, OPT_SESSIONS },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "context", required_argument, NULL, OPT_CONTEXT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static uint32_t cpu_count(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n < OPTIONS_THREADS_MAX ? (uint32_t)n : OPTIONS_THREADS_MAX;
}

static enum err read_count(uint32_t *out, const char *name, const char *text,
    uint32_t max, struct err_ctx *ctx)
{
	uint64_t n = 0;
	const char *s = text;

	for (; *s >= '0' && *s <= '9' && n <= max; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	if (s == text || *s != 0 || n == 0 || n > max)
		return err_set(ctx, ERR_FORMAT,
		    "--%s takes a number from 1 to %u, not \"%.*s\"", name, max,
		    40, text);
	*out = (uint32_t)n;
	return ERR_OK;
}

static enum err read_option(
    struct options *o, int opt, const char *arg, struct err_ctx *ctx)
{
	switch (opt) {
	case OPT_LISTEN:
		o->listen = arg;
		return ERR_OK;
	case OPT_MODEL:
		o->model = arg;
		return ERR_OK;
	case OPT_SIMTEE:
		o->simtee = arg;
		return ERR_OK;
	case OPT_RECORDS:
		o->records = arg;
		return ERR_OK;
	case OPT_THREADS:
		return read_count(
		    &o->threads, "threads", arg, OPTIONS_THREADS_MAX, ctx);
	case OPT_SESSIONS:
		return read_count(
		    &o->sessions, "sessions", arg, OPTIONS_SESSIONS_MAX, ctx);
	case OPT_SLOTS:
		return read_count(
		    &o->slots, "slots", arg, OPTIONS_SLOTS_MAX, ctx);
	case OPT_CONTEXT:
		return read_count(
		    &o->context, "context", arg, OPTIONS_CONTEXT_MAX, ctx);
	case OPT_HELP:
		o->help = true;
		return ERR_OK;
	case OPT_VERSION:
		o->version = true;
		return ERR_OK;
	default:
		return ERR_FORMAT;
	}
}

static enum err check_required(const struct options *o, struct err_ctx *ctx)
{
	const struct {
		const char *name;
		const char *value;
	} required[] = {
		{ "listen", o->listen },
		{ "model", o->model },
		{ "simtee", o->simtee },
		{ "records", o->records },
	};

	for (size_t i = 0; i < sizeof(required) / sizeof(*required); i++)
		if (required[i].value == NULL)
			return err_set(ctx, ERR_FORMAT, "--%s is missing",
			    required[i].name);
	return ERR_OK;
}

enum err options_read(
    struct options *out, int argc, char **argv, struct err_ctx *ctx)
{
	int opt;

	*out = (struct options){ .threads = cpu_count(),
		.sessions = 64,
		.slots = 4,
		.context = 4096 };
	optind = 0; /* from the start, also when called again */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		enum err e;

		if (opt == '?' || opt == ':')
			return err_set(ctx, ERR_FORMAT, "%s %.*s",
			    opt == ':' ? "a value is missing after"
				       : "unknown option",
			    60, argv[optind - 1]);
		e = read_option(out, opt, optarg, ctx);
		if (e != ERR_OK)
			return e;
	}
	if (optind < argc)
		return err_set(ctx, ERR_FORMAT, "unexpected argument %.*s", 60,
		    argv[optind]);
	return out->help || out->version ? ERR_OK : check_required(out, ctx);
}
