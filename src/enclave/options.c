#include "enclave/options.h"

#include <getopt.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

const char options_usage[] =
    "usage: confer-enclave --listen ADDR --model FILE --records DIR\n"
    "                      [--tee KIND] [--collateral ADDR | --simtee ADDR]\n"
    "                      [--threads N] [--sessions N] [--slots N]\n"
    "                      [--context N] [--kv-memory MIB] [--speculate]\n"
    "                      [--pin]\n"
    "\n"
    "Answers chats over confer's channel. ADDR is unix:PATH, tcp:HOST:PORT or\n"
    "vsock:CID:PORT.\n"
    "\n"
    "  --listen ADDR      where clients connect\n"
    "  --model FILE       the language model, a GGUF file\n"
    "  --records DIR      release records and proofs to show to clients\n"
    "  --tee KIND         auto (the default), snp, tdx, sgx or sim. sgx runs\n"
    "                     under Gramine, and was never tried on hardware\n"
    "  --collateral ADDR  the host's certificates and collateral, where\n"
    "                     `confer collateral serve` listens\n"
    "  --simtee ADDR      the simulated security processor: for --tee sim\n"
    "  --threads N        threads of the engine (default: one per CPU)\n"
    "  --sessions N       connections at once (default 64)\n"
    "  --slots N          answers computed at once (default 4)\n"
    "  --context N        tokens of prompt and answer (default 4096)\n"
    "  --kv-memory MIB    memory for keys and values of all answers (default:\n"
    "                     the whole context for each)\n"
    "  --speculate        guess words from the text so far: faster where "
    "texts\n"
    "                     repeat themselves, never another answer\n"
    "  --pin              a CPU for each thread: on a machine of its own\n"
    "  --help, --version\n"
    "\n"
    "Where the hardware is asked, if elsewhere than usual:\n"
    "  --tsm-dir DIR            " SOURCE_TSM_PLACE "\n"
    "  --sev-guest-device FILE  " SOURCE_SEV_PLACE "\n"
    "  --gramine-dir DIR        " SOURCE_GRAMINE_PLACE "\n";

enum {
	OPT_LISTEN = 'l',
	OPT_MODEL = 'm',
	OPT_SIMTEE = 's',
	OPT_RECORDS = 'r',
	OPT_TEE = 'k',
	OPT_COLLATERAL = 'o',
	OPT_TSM_DIR = 'd',
	OPT_SEV_GUEST = 'v',
	OPT_GRAMINE_DIR = 'g',
	OPT_THREADS = 't',
	OPT_SESSIONS = 'n',
	OPT_SLOTS = 'a',
	OPT_CONTEXT = 'c',
	OPT_KV_MEMORY = 'y',
	OPT_SPECULATE = 'p',
	OPT_PIN = 'i',
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
};

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "model", required_argument, NULL, OPT_MODEL },
	{ "simtee", required_argument, NULL, OPT_SIMTEE },
	{ "records", required_argument, NULL, OPT_RECORDS },
	{ "tee", required_argument, NULL, OPT_TEE },
	{ "collateral", required_argument, NULL, OPT_COLLATERAL },
	{ "tsm-dir", required_argument, NULL, OPT_TSM_DIR },
	{ "sev-guest-device", required_argument, NULL, OPT_SEV_GUEST },
	{ "gramine-dir", required_argument, NULL, OPT_GRAMINE_DIR },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "sessions", required_argument, NULL, OPT_SESSIONS },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "context", required_argument, NULL, OPT_CONTEXT },
	{ "kv-memory", required_argument, NULL, OPT_KV_MEMORY },
	{ "speculate", no_argument, NULL, OPT_SPECULATE },
	{ "pin", no_argument, NULL, OPT_PIN },
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

static enum err read_tee(
    struct options *o, const char *text, struct err_ctx *ctx)
{
	static const struct {
		const char *name;
		enum source_choice choice;
	} kinds[] = {
		{ "auto", SOURCE_CHOOSE_AUTO },
		{ "snp", SOURCE_CHOOSE_SNP },
		{ "tdx", SOURCE_CHOOSE_TDX },
		{ "sgx", SOURCE_CHOOSE_SGX },
		{ "sim", SOURCE_CHOOSE_SIM },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(text, kinds[i].name) == 0) {
			o->tee = kinds[i].choice;
			return ERR_OK;
		}
	return err_set(ctx, ERR_FORMAT,
	    "--tee takes auto, snp, tdx, sgx or sim, not \"%.*s\"", 40, text);
}

/* Where evidence comes from; ERR_NOTFOUND: the option is about other things. */
static enum err read_source(
    struct options *o, int opt, const char *arg, struct err_ctx *ctx)
{
	switch (opt) {
	case OPT_TEE:
		o->tee_given = true;
		return read_tee(o, arg, ctx);
	case OPT_SIMTEE:
		o->simtee = arg;
		return ERR_OK;
	case OPT_COLLATERAL:
		o->collateral = arg;
		return ERR_OK;
	case OPT_TSM_DIR:
		o->places.tsm_dir = arg;
		return ERR_OK;
	case OPT_SEV_GUEST:
		o->places.sev_guest_device = arg;
		return ERR_OK;
	case OPT_GRAMINE_DIR:
		o->places.gramine_dir = arg;
		return ERR_OK;
	default:
		return ERR_NOTFOUND;
	}
}

/* What may be spent, and how; ERR_NOTFOUND as above. */
static enum err read_engine(
    struct options *o, int opt, const char *arg, struct err_ctx *ctx)
{
	switch (opt) {
	case OPT_THREADS:
		return read_count(
		    &o->threads, "threads", arg, OPTIONS_THREADS_MAX, ctx);
	case OPT_SLOTS:
		return read_count(
		    &o->slots, "slots", arg, OPTIONS_SLOTS_MAX, ctx);
	case OPT_CONTEXT:
		return read_count(
		    &o->context, "context", arg, OPTIONS_CONTEXT_MAX, ctx);
	case OPT_KV_MEMORY:
		return read_count(
		    &o->kv_mib, "kv-memory", arg, OPTIONS_KV_MIB_MAX, ctx);
	case OPT_SPECULATE:
		o->speculate = true;
		return ERR_OK;
	case OPT_PIN:
		o->pin = true;
		return ERR_OK;
	default:
		return ERR_NOTFOUND;
	}
}

static enum err read_option(
    struct options *o, int opt, const char *arg, struct err_ctx *ctx)
{
	enum err e = read_source(o, opt, arg, ctx);

	if (e == ERR_NOTFOUND)
		e = read_engine(o, opt, arg, ctx);
	if (e != ERR_NOTFOUND)
		return e;
	switch (opt) {
	case OPT_LISTEN:
		o->listen = arg;
		return ERR_OK;
	case OPT_MODEL:
		o->model = arg;
		return ERR_OK;
	case OPT_RECORDS:
		o->records = arg;
		return ERR_OK;
	case OPT_SESSIONS:
		return read_count(
		    &o->sessions, "sessions", arg, OPTIONS_SESSIONS_MAX, ctx);
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
		{ "records", o->records },
	};

	for (size_t i = 0; i < sizeof(required) / sizeof(*required); i++)
		if (required[i].value == NULL)
			return err_set(ctx, ERR_FORMAT, "--%s is missing",
			    required[i].name);
	return ERR_OK;
}

/* A simulated TEE only where it is named, and nothing else with it. */
static enum err check_source(struct options *o, struct err_ctx *ctx)
{
	if (o->simtee != NULL && !o->tee_given)
		o->tee = SOURCE_CHOOSE_SIM;
	if (o->tee == SOURCE_CHOOSE_SIM && o->simtee == NULL)
		return err_set(ctx, ERR_FORMAT, "--tee sim needs --simtee");
	if (o->tee != SOURCE_CHOOSE_SIM && o->simtee != NULL)
		return err_set(
		    ctx, ERR_FORMAT, "--simtee is for --tee sim only");
	if (o->tee == SOURCE_CHOOSE_SIM && o->collateral != NULL)
		return err_set(ctx, ERR_FORMAT,
		    "--collateral is not for the simulated processor");
	return ERR_OK;
}

enum err options_read(
    struct options *out, int argc, char **argv, struct err_ctx *ctx)
{
	int opt;

	*out = (struct options){ .threads = cpu_count(),
		.sessions = 64,
		.slots = 4,
		.context = 4096,
		.places = { .tsm_dir = SOURCE_TSM_PLACE,
		    .sev_guest_device = SOURCE_SEV_PLACE,
		    .gramine_dir = SOURCE_GRAMINE_PLACE } };
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
	if (out->help || out->version)
		return ERR_OK;
	if (check_required(out, ctx) != ERR_OK)
		return ERR_FORMAT;
	return check_source(out, ctx);
}
