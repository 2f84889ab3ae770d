/* confer model: what is in a GGUF file, and the engine by itself. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/model.h"

#define SHOWN   60         /* bytes of an argument in a message */
#define IDS_MAX (1u << 20) /* more than any context */

enum { INFO = 1, TOKENIZE = 2, LOGITS = 4, RUN = 8, BENCH = 16 };

static const struct verb {
	const char *name;
	unsigned bit;
	enum cli_exit (*run)(struct model_job *j);
} verbs[] = {
	{ "info", INFO, model_info },
	{ "tokenize", TOKENIZE, model_tokenize },
	{ "logits", LOGITS, model_logits },
	{ "run", RUN, model_run },
	{ "bench", BENCH, model_bench },
};

uint64_t model_number(const char *text, uint64_t otherwise)
{
	struct json v;
	uint64_t n;

	if (text == NULL ||
	    json_parse(&v,
		(struct bytes){ (const uint8_t *)text, strlen(text) },
		NULL) != ERR_OK ||
	    json_u64(&v, &n) != ERR_OK)
		return otherwise;
	return n;
}

static float fraction(const char *text)
{
	struct json v;
	double d;

	if (text == NULL ||
	    json_parse(&v,
		(struct bytes){ (const uint8_t *)text, strlen(text) },
		NULL) != ERR_OK ||
	    json_double(&v, &d) != ERR_OK)
		return 0;
	return (float)d;
}

void model_sampling(struct engine_sampling *out, const struct cli_options *o)
{
	*out = (struct engine_sampling){
		.temperature = fraction(o->chat.temperature),
		.top_p = fraction(o->chat.top_p),
		.min_p = fraction(o->chat.min_p),
		.top_k = (uint32_t)model_number(o->chat.top_k, 0),
		.seed = model_number(o->chat.seed, 0),
	};
}

enum cli_exit model_exit_of(enum err e)
{
	if (e == ERR_OK)
		return CLI_EXIT_OK;
	if (e == ERR_NOTFOUND)
		return CLI_EXIT_USAGE;
	return e == ERR_NOMEM || e == ERR_INTERNAL || e == ERR_BUSY
		   ? CLI_EXIT_INTERNAL
		   : CLI_EXIT_REFUSED;
}

enum cli_exit model_open_head(struct model_job *j)
{
	enum err e = fd_map_open(&j->map, j->options->model, &j->ctx);

	if (e == ERR_OK)
		e = gguf_parse_head(&j->head,
		    (struct bytes){ j->map.p, j->map.len }, j->map.len,
		    &j->ctx);
	return model_exit_of(e);
}

static bool read_kernels(enum engine_kernels *out, const char *name)
{
	static const char *const names[] = { [ENGINE_KERNELS_SCALAR] = "scalar",
		[ENGINE_KERNELS_AVX2] = "avx2",
		[ENGINE_KERNELS_AVX512] = "avx512" };

	if (name == NULL)
		return true;
	for (unsigned i = ENGINE_KERNELS_SCALAR; i <= ENGINE_KERNELS_AVX512;
	     i++) {
		if (strcmp(names[i], name) == 0) {
			*out = (enum engine_kernels)i;
			return true;
		}
	}
	return false;
}

enum cli_exit model_open_engine(struct engine **out,
    const struct engine_options *wanted, struct model_job *j)
{
	struct engine_options opt = *wanted;
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t threads = model_number(j->options->engine.threads,
	    cpus < 1                    ? 1
	    : cpus > ENGINE_THREADS_MAX ? ENGINE_THREADS_MAX
					: (uint64_t)cpus);

	*out = NULL;
	if (threads < 1 || threads > ENGINE_THREADS_MAX)
		(void)err_set(&j->ctx, ERR_FORMAT, "--threads wants 1 to %d",
		    ENGINE_THREADS_MAX);
	else if (!read_kernels(&opt.kernels, j->options->engine.kernels))
		(void)err_set(&j->ctx, ERR_FORMAT,
		    "--kernels wants scalar, avx2 or avx512");
	if (j->ctx.code != ERR_OK)
		return CLI_EXIT_USAGE;
	opt.path = j->options->model;
	opt.threads = (uint32_t)threads;
	cli_status(j->term, "loading the model");
	(void)model_exit_of(engine_open(out, &opt, &j->ctx));
	cli_status_clear(j->term);
	return model_exit_of(j->ctx.code);
}

enum cli_exit model_read_stdin(
    uint8_t *out, size_t cap, size_t *len, struct model_job *j)
{
	*len = fread(out, 1, cap, stdin);
	if (ferror(stdin) != 0) {
		(void)err_set(&j->ctx, ERR_IO, "standard input cannot be read");
		return CLI_EXIT_REFUSED;
	}
	if (*len < cap || fgetc(stdin) == EOF)
		return CLI_EXIT_OK;
	(void)err_set(
	    &j->ctx, ERR_LIMIT, "standard input has more than %zu bytes", cap);
	return CLI_EXIT_REFUSED;
}

/* The next number of a list; false at its end, and *bad at anything else. */
static bool next_id(const char **text, uint32_t *id, bool *bad)
{
	const char *p = *text + strspn(*text, ", \t\r\n");
	uint64_t n = 0;

	*text = p;
	if (*p == '\0')
		return false;
	for (; *p >= '0' && *p <= '9' && n <= UINT32_MAX; p++)
		n = 10 * n + (uint64_t)(*p - '0');
	*bad = p == *text || n > UINT32_MAX ||
	       (*p != '\0' && strchr(", \t\r\n", *p) == NULL);
	*id = (uint32_t)n;
	*text = p;
	return !*bad;
}

enum cli_exit model_read_ids(uint32_t **out, size_t *n, const char *text,
    const char *option, struct model_job *j)
{
	const size_t cap = strlen(text) / 2 + 1;
	bool bad = false;

	*n = 0;
	*out = cap <= IDS_MAX ? malloc(cap * sizeof(**out)) : NULL;
	while (*out != NULL && next_id(&text, &(*out)[*n], &bad))
		(*n)++;
	if (*out != NULL && !bad && *n > 0)
		return CLI_EXIT_OK;
	(void)err_set(&j->ctx, ERR_FORMAT,
	    "--%s wants numbers of tokens, such as 1,2,3", option);
	return CLI_EXIT_USAGE;
}

/* An option of another verb would change nothing: say so. */
static bool all_apply(struct model_job *j, const struct verb *verb)
{
	const struct cli_model *m = &j->options->engine;
	const struct client_options *c = &j->options->chat;
	const struct {
		const char *name;
		bool given;
		unsigned of;
	} option[] = {
		{ "text", m->text != NULL, TOKENIZE },
		{ "decode", m->decode != NULL, TOKENIZE },
		{ "pieces", m->pieces, TOKENIZE },
		{ "special", m->special, TOKENIZE },
		{ "tokens", m->tokens != NULL, LOGITS },
		{ "out", m->out != NULL, LOGITS },
		{ "prompt", m->prompt != NULL, RUN },
		{ "chat", m->chat, RUN },
		{ "raw", m->raw, RUN },
		{ "verbose", m->verbose, RUN },
		{ "temperature", c->temperature != NULL, RUN },
		{ "top-p", c->top_p != NULL, RUN },
		{ "top-k", c->top_k != NULL, RUN },
		{ "min-p", c->min_p != NULL, RUN },
		{ "seed", c->seed != NULL, RUN },
		{ "stop", c->stops > 0, RUN },
		{ "max-tokens", c->max_tokens != NULL, RUN | BENCH },
		{ "prompt-tokens", m->prompt_tokens != NULL, BENCH },
		{ "parallel", m->parallel != NULL, BENCH },
		{ "context", m->context, BENCH },
		{ "threads", m->threads != NULL, LOGITS | RUN | BENCH },
		{ "kernels", m->kernels != NULL, LOGITS | RUN | BENCH },
	};

	for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++) {
		if (option[i].given && (option[i].of & verb->bit) == 0) {
			(void)err_set(&j->ctx, ERR_FORMAT,
			    "`confer model %s` has no option --%s", verb->name,
			    option[i].name);
			return false;
		}
	}
	return true;
}

static const struct verb *find_verb(struct model_job *j)
{
	const struct cli_options *o = j->options;
	const char *name = o->args > 0 ? o->arg[0] : "";

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		if (o->model == NULL)
			(void)err_set(&j->ctx, ERR_FORMAT,
			    "which model? Name it with --model FILE");
		return j->ctx.code == ERR_OK && all_apply(j, &verbs[i])
			   ? &verbs[i]
			   : NULL;
	}
	(void)err_set(&j->ctx, ERR_FORMAT,
	    "confer model wants info, tokenize, logits, run or bench%s%.*s",
	    name[0] != '\0' ? ", not " : "", SHOWN, name);
	return NULL;
}

enum cli_exit cli_cmd_model(const struct cli_options *o, struct cli_term *t)
{
	struct model_job j = { .options = o, .term = t };
	const struct verb *verb = find_verb(&j);
	enum cli_exit x = CLI_EXIT_USAGE;

	if (verb != NULL)
		x = verb->run(&j);
	if (j.ctx.code != ERR_OK)
		(void)cli_exit_tell(t, o->json, x, &j.ctx);
	gguf_clear(&j.head);
	fd_map_close(&j.map);
	return x;
}
