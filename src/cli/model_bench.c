/*
 * confer model bench: how fast the engine reads a prompt and answers, beside
 * what the memory of this machine allows, measured in turn with it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/model_facts.h"
#include "cli/model_probe.h"
#include "sys/clock.h"

#define TURNS          3 /* odd: the median is one of them */
#define PROMPT         512
#define ANSWER         64
#define COMPANY_PROMPT 32   /* tokens that each of several answers follows */
#define FAR            8192 /* tokens of --context */
#define SPARE          16   /* positions: a start, an end */
#define TOKEN_LEN      16   /* bytes of text for one token, at most */

struct measured {
	uint32_t prompt_n, answer_n;
	double prompt_s, answer_s; /* tokens in a second */
	double from_s, to_s;       /* when all answers were being made */
	uint32_t before_n;         /* tokens that were there at from_s */
};

struct bench {
	struct model_job *job;
	struct model_facts facts;
	struct model_probe probe;
	struct engine *engine;
	const struct engine_info *info;
	struct engine_bias never[TOK_ENDS_MAX]; /* no answer ends early */
	uint32_t prompt_n, answer_n, streams;
	uint32_t far_n; /* 0: not asked for */
	double load_s;
	uint64_t rss;
	double read_s; /* bytes in a second */
	struct measured one, company, far;
};

static double now_s(void)
{
	return (double)clock_mono_ns() * 1e-9;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double v[TURNS])
{
	qsort(v, TURNS, sizeof(*v), compare);
	return v[TURNS / 2];
}

/* ---- prompts ------------------------------------------------------------------- */

/* Letters and blanks without a pattern, another text for each seed. */
static void make_text(uint8_t *p, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		p[i] =
		    (uint8_t)(seed >> 60 < 3 ? ' ' : 'a' + (seed >> 33) % 26);
	}
}

static size_t count_tokens(
    const struct tok *t, struct tok_work *work, struct bytes text)
{
	struct tok_out out = { .cap = 0 };

	return tok_encode(t, work, text, true, &out) == ERR_OK ? out.n : 0;
}

/* The first bytes of a text that make n tokens; fewer if it is too short. */
static struct bytes text_of(
    const struct bench *b, uint8_t *text, uint32_t n, uint64_t seed)
{
	const size_t max = (size_t)n * TOKEN_LEN;
	void *memory = malloc(tok_work_len(3 * max + 3));
	size_t lo = 0, hi = max;
	struct tok_work work;

	make_text(text, max, seed);
	if (memory != NULL)
		tok_work_init(&work, memory, 3 * max + 3);
	while (memory != NULL && lo + 1 < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (count_tokens(
			&b->facts.tok, &work, (struct bytes){ text, mid }) > n)
			hi = mid;
		else
			lo = mid;
	}
	free(memory);
	return (struct bytes){ text, lo };
}

/* ---- one measurement -------------------------------------------------------------- */

/* A request of n tokens into a free slot. */
static enum err submit(
    struct bench *b, uint32_t prompt_n, uint64_t seed, int *slot)
{
	uint8_t *text = malloc((size_t)prompt_n * TOKEN_LEN);
	struct engine_message msg = { .role = ENGINE_USER };
	struct engine_request req = { .message = &msg,
		.message_n = 1,
		.max_tokens = b->answer_n,
		.raw = true,
		.sampling = {
		    .bias = b->never, .bias_n = b->facts.tok.end_n } };
	enum err e;

	if (text == NULL)
		return err_set(&b->job->ctx, ERR_NOMEM, "out of memory");
	msg.text = text_of(b, text, prompt_n, seed);
	e = engine_submit(b->engine, &req, slot, &b->job->ctx);
	free(text);
	return e;
}

/* Steps until all n answers are complete. */
static void serve(
    struct bench *b, const int *slot, uint32_t n, struct measured *m)
{
	uint32_t begun = 0, done = 0;

	m->prompt_n = m->answer_n = 0;
	while (done < n) {
		(void)engine_step(b->engine);
		m->prompt_n = m->answer_n = begun = done = 0;
		for (uint32_t i = 0; i < n; i++) {
			struct engine_output out;

			engine_poll(b->engine, slot[i], &out);
			begun += out.completion_tokens > 0;
			done += out.finish != ENGINE_RUNNING;
			m->prompt_n += out.prompt_tokens;
			m->answer_n += out.completion_tokens;
		}
		if (begun == n && m->from_s <= 0) {
			m->from_s = now_s();
			m->before_n = m->answer_n;
		}
	}
	m->to_s = now_s();
}

static enum err measure(
    struct bench *b, uint32_t n, uint32_t prompt_n, struct measured *m)
{
	int slot[ENGINE_SLOTS_MAX];
	uint32_t taken = 0;
	enum err e = ERR_OK;
	double start;

	*m = (struct measured){ .prompt_n = 0 };
	while (taken < n && e == ERR_OK) {
		e = submit(b, prompt_n, taken + 1, &slot[taken]);
		taken += e == ERR_OK;
	}
	start = now_s();
	if (e == ERR_OK) {
		serve(b, slot, n, m);
		m->prompt_s = m->prompt_n / (m->from_s - start);
		m->answer_s =
		    m->to_s > m->from_s
			? (m->answer_n - m->before_n) / (m->to_s - m->from_s)
			: 0;
	}
	for (uint32_t i = 0; i < taken; i++)
		engine_release(b->engine, slot[i]);
	return e;
}

/* Several turns, the medians of them. */
static enum err measure_turns(
    struct bench *b, uint32_t n, uint32_t prompt_n, struct measured *m)
{
	double prompt[TURNS], answer[TURNS];

	for (unsigned i = 0; i < TURNS; i++) {
		enum err e = measure(b, n, prompt_n, m);

		if (e != ERR_OK)
			return e;
		prompt[i] = m->prompt_s;
		answer[i] = m->answer_s;
	}
	m->prompt_s = median(prompt);
	m->answer_s = median(answer);
	return ERR_OK;
}

/* The answer alone, in turn with the probe: their ratio is what counts. */
static enum err measure_one(struct bench *b)
{
	double prompt[TURNS], answer[TURNS], read[TURNS];

	for (unsigned i = 0; i < TURNS; i++) {
		enum err e = measure(b, 1, b->prompt_n, &b->one);

		if (e != ERR_OK)
			return e;
		prompt[i] = b->one.prompt_s;
		answer[i] = b->one.answer_s;
		read[i] = model_probe_run(&b->probe);
	}
	b->one.prompt_s = median(prompt);
	b->one.answer_s = median(answer);
	b->read_s = median(read);
	return ERR_OK;
}

static uint64_t resident(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	unsigned long long kb = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "VmRSS: %llu kB", &kb) == 1)
			break;
	}
	if (f != NULL)
		(void)fclose(f);
	return kb * 1024;
}

/* ---- what is printed ---------------------------------------------------------------- */

/* How much of the memory's speed the answer uses. */
static double of_limit(const struct bench *b)
{
	if (b->read_s <= 0)
		return 0;
	return b->one.answer_s * (double)b->facts.read_len / b->read_s;
}

static void row(const struct cli_term *t, const char *what, uint32_t n,
    double per_s, double limit)
{
	(void)printf("  %-22s %6u %11.1f", what, n, per_s);
	if (limit > 0)
		(void)printf("   %s%.0f %%%s",
		    cli_style(t, stdout, limit >= 0.9 ? CLI_GOOD : CLI_PLAIN),
		    100 * limit, cli_style(t, stdout, CLI_PLAIN));
	(void)fputs("\n", stdout);
}

static void print(const struct bench *b)
{
	const struct cli_term *t = b->job->term;
	char what[40];

	(void)printf("%s%s%s  %s, %u thread%s, %.1f MB\n\n",
	    cli_style(t, stdout, CLI_BOLD), b->info->name,
	    cli_style(t, stdout, CLI_PLAIN), b->info->kernels, b->info->threads,
	    b->info->threads == 1 ? "" : "s", (double)b->job->map.len / 1e6);
	(void)printf("  loaded in %.2f s, %.1f MB of memory; this machine "
		     "reads %.1f GB/s\n\n",
	    b->load_s, (double)b->rss / 1e6, b->read_s / 1e9);
	(void)printf("  %s%-22s %6s %11s   %s%s\n",
	    cli_style(t, stdout, CLI_DIM), "", "tokens", "tokens/s",
	    "of the memory's speed", cli_style(t, stdout, CLI_PLAIN));
	row(t, "prompt", b->one.prompt_n, b->one.prompt_s, 0);
	row(t, "answer", b->one.answer_n, b->one.answer_s, of_limit(b));
	if (b->far_n > 0) {
		(void)snprintf(what, sizeof(what), "prompt of %u", b->far_n);
		row(t, what, b->far.prompt_n, b->far.prompt_s, 0);
		row(t, "answer behind it", b->far.answer_n, b->far.answer_s, 0);
	}
	if (b->streams > 1) {
		(void)snprintf(
		    what, sizeof(what), "%u answers at once", b->streams);
		row(t, what, b->company.answer_n, b->company.answer_s, 0);
	}
}

static void print_measured(const char *name, const struct measured *m)
{
	(void)printf(",\"%s\":{\"prompt_tokens\":%u,\"prompt_per_s\":%.3f,"
		     "\"answer_tokens\":%u,\"answer_per_s\":%.3f}",
	    name, m->prompt_n, m->prompt_s, m->answer_n, m->answer_s);
}

static void print_json(const struct bench *b)
{
	uint8_t name[6 * ENGINE_NAME_LEN_MAX + 2];
	struct wr w = wr_init(name, sizeof(name));

	json_write_string(&w, (struct bytes){ (const uint8_t *)b->info->name,
				  strlen(b->info->name) });
	(void)printf("{\"exit\":0,\"name\":%.*s,\"kernels\":\"%s\","
		     "\"threads\":%u,\"bytes\":%zu,\"read_per_token\":%llu,"
		     "\"load_s\":%.3f,\"rss\":%llu,\"memory_per_s\":%.0f,"
		     "\"of_limit\":%.4f",
	    (int)w.len, (const char *)name, b->info->kernels, b->info->threads,
	    b->job->map.len, (unsigned long long)b->facts.read_len, b->load_s,
	    (unsigned long long)b->rss, b->read_s, of_limit(b));
	print_measured("one", &b->one);
	if (b->far_n > 0)
		print_measured("context", &b->far);
	if (b->streams > 1) {
		(void)printf(",\"streams\":%u", b->streams);
		print_measured("parallel", &b->company);
	}
	(void)fputs("}\n", stdout);
}

/* ---- the verb ------------------------------------------------------------------------ */

static enum cli_exit read_options(struct bench *b)
{
	const struct cli_options *o = b->job->options;
	const uint64_t prompt = model_number(o->engine.prompt_tokens, PROMPT);
	const uint64_t answer = model_number(o->chat.max_tokens, ANSWER);
	const uint64_t streams = model_number(o->engine.parallel, 1);

	if (prompt < 1 || prompt > ENGINE_CONTEXT_MAX)
		(void)err_set(&b->job->ctx, ERR_FORMAT,
		    "--prompt-tokens wants 1 to %d", ENGINE_CONTEXT_MAX);
	else if (answer < 2 || answer > ENGINE_CONTEXT_MAX)
		(void)err_set(&b->job->ctx, ERR_FORMAT,
		    "--max-tokens wants 2 to %d", ENGINE_CONTEXT_MAX);
	else if (streams < 1 || streams > ENGINE_SLOTS_MAX)
		(void)err_set(&b->job->ctx, ERR_FORMAT,
		    "--parallel wants 1 to %d", ENGINE_SLOTS_MAX);
	b->prompt_n = (uint32_t)prompt;
	b->answer_n = (uint32_t)answer;
	b->streams = (uint32_t)streams;
	b->far_n = o->engine.context ? FAR : 0;
	return b->job->ctx.code == ERR_OK ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

static enum cli_exit load(struct bench *b)
{
	const uint32_t prompt = b->far_n > b->prompt_n ? b->far_n : b->prompt_n;
	const struct engine_options opt = { .slots = b->streams,
		.context_max = prompt + b->answer_n + SPARE,
		.kv_len = 0 };
	double start;
	enum cli_exit x = model_open_head(b->job);

	if (x != CLI_EXIT_OK)
		return x;
	model_facts_read(&b->facts, &b->job->head);
	for (uint32_t i = 0; i < b->facts.tok.end_n; i++)
		b->never[i] = (struct engine_bias){ b->facts.tok.end[i], -100 };
	start = now_s();
	x = model_open_engine(&b->engine, &opt, b->job);
	if (x != CLI_EXIT_OK)
		return x;
	b->load_s = now_s() - start;
	b->info = engine_info(b->engine);
	if (b->info->context < opt.context_max) {
		(void)err_set(&b->job->ctx, ERR_LIMIT,
		    "the model's context of %u tokens is shorter than that",
		    b->info->context);
		return CLI_EXIT_USAGE;
	}
	return CLI_EXIT_OK;
}

static enum err run(struct bench *b)
{
	struct measured warm;
	enum err e;

	cli_status(b->job->term, "measuring");
	e = measure(b, 1, b->prompt_n < 8 ? b->prompt_n : 8, &warm);
	b->rss = resident();
	if (e == ERR_OK)
		e = model_probe_init(&b->probe, b->info->threads);
	if (e == ERR_OK)
		e = measure_one(b);
	model_probe_clear(&b->probe);
	if (e == ERR_OK && b->streams > 1)
		e = measure_turns(b, b->streams,
		    b->prompt_n < COMPANY_PROMPT ? b->prompt_n : COMPANY_PROMPT,
		    &b->company);
	if (e == ERR_OK && b->far_n > 0)
		e = measure(b, 1, b->far_n, &b->far);
	cli_status_clear(b->job->term);
	return e;
}

enum cli_exit model_bench(struct model_job *j)
{
	struct bench *b = calloc(1, sizeof(*b));
	enum cli_exit x = CLI_EXIT_INTERNAL;

	if (b == NULL)
		return model_exit_of(
		    err_set(&j->ctx, ERR_NOMEM, "out of memory"));
	b->job = j;
	x = read_options(b);
	if (x == CLI_EXIT_OK)
		x = load(b);
	if (x == CLI_EXIT_OK)
		x = model_exit_of(run(b));
	if (x == CLI_EXIT_OK && j->options->json)
		print_json(b);
	else if (x == CLI_EXIT_OK)
		print(b);
	engine_close(b->engine);
	model_facts_clear(&b->facts);
	free(b);
	return x;
}
