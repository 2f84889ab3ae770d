/* confer model run and logits: the engine without an enclave. */
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "cli/flow.h"
#include "cli/model.h"
#include "sys/clock.h"

/* ---- logits ------------------------------------------------------------------- */

static enum cli_exit write_floats(
    struct model_job *j, const float *logits, size_t n)
{
	const char *path = j->options->engine.out;
	FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
	bool ok = f != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		uint8_t le[4];
		struct wr w = wr_init(le, sizeof(le));
		uint32_t bits;

		memcpy(&bits, &logits[i], sizeof(bits));
		wr_u32le(&w, bits);
		ok = fwrite(le, 1, sizeof(le), f) == sizeof(le);
	}
	if (f != NULL && f != stdout)
		ok = fclose(f) == 0 && ok;
	if (ok)
		return CLI_EXIT_OK;
	(void)err_set(&j->ctx, ERR_IO, "%.*s cannot be written", 60, path);
	return CLI_EXIT_DAMAGE;
}

static enum cli_exit compute_logits(
    struct model_job *j, const uint32_t *token, size_t n)
{
	const struct engine_options opt = { .context_max = (uint32_t)n };
	struct engine *e;
	enum cli_exit x = model_open_engine(&e, &opt, j);
	float *logits = NULL;
	uint32_t vocabulary = 0;
	enum err err = ERR_OK;

	if (x != CLI_EXIT_OK)
		return x;
	vocabulary = engine_info(e)->vocabulary;
	logits = calloc(n * vocabulary, sizeof(*logits));
	err = logits != NULL ? engine_logits(e, token, n, logits) : ERR_NOMEM;
	engine_close(e);
	if (err == ERR_FORMAT)
		(void)err_set(&j->ctx, err,
		    "a token is outside the vocabulary of %u", vocabulary);
	else if (err == ERR_LIMIT)
		(void)err_set(&j->ctx, err,
		    "%zu tokens are more than the model's context", n);
	else if (err != ERR_OK)
		(void)err_set(&j->ctx, err, "no logits: %s", err_name(err));
	x = err == ERR_OK ? write_floats(j, logits, n * vocabulary)
			  : model_exit_of(err);
	free(logits);
	return x;
}

enum cli_exit model_logits(struct model_job *j)
{
	const struct cli_model *m = &j->options->engine;
	uint32_t *token = NULL;
	size_t n = 0;
	enum cli_exit x;

	if (m->tokens == NULL || m->out == NULL) {
		(void)err_set(&j->ctx, ERR_FORMAT,
		    "confer model logits wants --tokens IDS and --out FILE");
		return CLI_EXIT_USAGE;
	}
	x = model_read_ids(&token, &n, m->tokens, "tokens", j);
	if (x == CLI_EXIT_OK)
		x = compute_logits(j, token, n);
	free(token);
	return x;
}

/* ---- run ------------------------------------------------------------------------ */

struct figures {
	double prompt_s, answer_s; /* seconds */
	uint32_t prompt_n, answer_n;
	enum engine_finish finish;
};

static double now_s(void)
{
	return (double)clock_mono_ns() * 1e-9;
}

/* Until the answer is complete; the text goes out as it comes. */
static void stream(
    struct engine *e, int slot, const struct cli_term *t, struct figures *out)
{
	struct cli_flow flow = { .columns = cli_columns(t, stdout) };
	const double start = now_s();
	double first = 0;
	struct engine_output o;

	do {
		(void)engine_step(e);
		engine_poll(e, slot, &o);
		if (o.completion_tokens > 0 && first <= 0)
			first = now_s();
		cli_flow_put(&flow, stdout, o.reasoning);
		cli_flow_put(&flow, stdout, o.text);
		if (o.text.len > 0 || o.reasoning.len > 0)
			(void)fflush(stdout);
	} while (o.finish == ENGINE_RUNNING);
	cli_flow_end(&flow, stdout);
	if (t->out_tty)
		(void)fputs("\n", stdout);
	(void)fflush(stdout);
	*out = (struct figures){ first - start, now_s() - first,
		o.prompt_tokens, o.completion_tokens, o.finish };
}

static void print_figures(
    const struct cli_term *t, const struct figures *f, const char *kernels)
{
	(void)fprintf(stderr, "%sprompt %u tokens, %.1f/s; answer %u tokens",
	    cli_style(t, stderr, CLI_DIM), f->prompt_n,
	    f->prompt_s > 0 ? f->prompt_n / f->prompt_s : 0.0, f->answer_n);
	if (f->answer_n > 1 && f->answer_s > 0)
		(void)fprintf(
		    stderr, ", %.1f/s", (f->answer_n - 1) / f->answer_s);
	(void)fprintf(stderr, "; %s, %s%s\n",
	    f->finish == ENGINE_STOP    ? "ended by the model"
	    : f->finish == ENGINE_CALLS ? "ended by a call of a tool"
					: "ended by its limit",
	    kernels, cli_style(t, stderr, CLI_PLAIN));
}

static enum cli_exit answer(
    struct model_job *j, struct engine *e, struct bytes prompt)
{
	const struct cli_options *o = j->options;
	const struct engine_message msg = { .role = ENGINE_USER,
		.text = prompt };
	struct bytes stop[CLIENT_STOPS_MAX];
	struct engine_request req = { .message = &msg,
		.message_n = 1,
		.max_tokens = (uint32_t)model_number(o->chat.max_tokens, 0),
		.stop = stop,
		.stop_n = o->chat.stops,
		.raw = !o->engine.chat };
	struct figures f = { 0 };
	enum err err;
	int slot;

	for (size_t i = 0; i < o->chat.stops; i++)
		stop[i] = (struct bytes){ (const uint8_t *)o->chat.stop[i],
			strlen(o->chat.stop[i]) };
	model_sampling(&req.sampling, o);
	err = engine_submit(e, &req, &slot, &j->ctx);
	if (err != ERR_OK)
		return model_exit_of(err);
	stream(e, slot, j->term, &f);
	engine_release(e, slot);
	if (o->engine.verbose || (j->term->err_tty && !o->quiet))
		print_figures(j->term, &f, engine_info(e)->kernels);
	return CLI_EXIT_OK;
}

enum cli_exit model_run(struct model_job *j)
{
	const struct cli_model *m = &j->options->engine;
	const struct engine_options opt = { .context_max = 0 };
	uint8_t *text = NULL;
	struct bytes prompt = { (const uint8_t *)m->prompt, 0 };
	struct engine *e = NULL;
	enum cli_exit x = CLI_EXIT_OK;

	if (m->chat && m->raw) {
		(void)err_set(
		    &j->ctx, ERR_FORMAT, "--chat and --raw exclude each other");
		return CLI_EXIT_USAGE;
	}
	if (m->prompt != NULL) {
		prompt.len = strlen(m->prompt);
	} else {
		text = calloc(1, ENGINE_TEXT_LEN_MAX);
		prompt.p = text;
		x = text == NULL ? model_exit_of(err_set(
				       &j->ctx, ERR_NOMEM, "out of memory"))
				 : model_read_stdin(text, ENGINE_TEXT_LEN_MAX,
				       &prompt.len, j);
	}
	if (x == CLI_EXIT_OK)
		x = model_open_engine(&e, &opt, j);
	if (x == CLI_EXIT_OK)
		x = answer(j, e, prompt);
	engine_close(e);
	if (text != NULL)
		mem_wipe(text, ENGINE_TEXT_LEN_MAX);
	free(text);
	return x;
}
