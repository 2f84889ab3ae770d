/*
 * llm-ttft MODEL THREADS RUNS: does the time to a session's first token tell
 * what another session asked? The other one asks either the very same text
 * (whose keys and values would be worth reusing) or another text of as many
 * tokens, in an order that is drawn; the times of the two kinds are compared by
 * the test of Mann and Whitney. Two ways: the other session has ended before,
 * or its answer is being made meanwhile. A third row, the control, makes the
 * asker's own text shorter by a 16th in one of the kinds: what the test can see.
 *
 * Prints for each: name, median of both kinds in ms, p.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench.h"
#include "engine/engine.h"

#define RUNS_MAX 4096
#define PROMPT   128 /* bytes of text; the vocabulary has a token for each */
#define ANSWER   512 /* of the other session: outlasts the asker's prompt */

enum way { EARLIER, MEANWHILE, CONTROL, WAYS };

static const char *const names[WAYS] = { "ttft.other_ended",
	"ttft.other_answered_meanwhile", "ttft.control_a_16th_shorter" };

struct sample {
	double ms;
	bool same; /* which kind */
};

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Letters that join to nothing: a digit is no part of a pair. */
static void make_text(uint8_t text[PROMPT])
{
	for (unsigned i = 0; i < PROMPT; i++)
		text[i] = (uint8_t)('0' + draw() % 10);
}

static int submit(
    struct engine *e, const uint8_t *text, size_t len, uint32_t max)
{
	const struct engine_message msg = { .role = ENGINE_USER,
		.text = { text, len } };
	const struct engine_request req = {
		.message = &msg, .message_n = 1, .max_tokens = max, .raw = true
	};
	struct err_ctx ctx = { .code = ERR_OK };
	int slot;

	if (engine_submit(e, &req, &slot, &ctx) != ERR_OK) {
		fprintf(stderr, "llm-ttft: %s\n", ctx.msg);
		exit(1);
	}
	return slot;
}

/* Until this slot has so many tokens of its answer. */
static void step_until(struct engine *e, int slot, int other, uint32_t n)
{
	struct engine_output out, unused;

	do {
		(void)engine_step(e);
		if (other >= 0)
			engine_poll(e, other, &unused);
		engine_poll(e, slot, &out);
	} while (out.completion_tokens < n && out.finish == ENGINE_RUNNING);
}

static double run(struct engine *e, enum way way, bool same)
{
	uint8_t asked[PROMPT], other[PROMPT];
	int slot, other_slot;
	double start, ms;

	make_text(asked);
	make_text(other);
	other_slot = submit(
	    e, same ? asked : other, PROMPT, way == MEANWHILE ? ANSWER : 1);
	step_until(e, other_slot, -1, 1);
	if (way != MEANWHILE) {
		engine_release(e, other_slot);
		other_slot = -1;
	}
	start = bench_wall();
	slot = submit(e, asked,
	    way == CONTROL && same ? PROMPT - PROMPT / 16 : PROMPT, 1);
	step_until(e, slot, other_slot, 1);
	ms = (bench_wall() - start) * 1e3;
	engine_release(e, slot);
	if (other_slot >= 0)
		engine_release(e, other_slot);
	return ms;
}

static int compare(const void *a, const void *b)
{
	const double x = ((const struct sample *)a)->ms;
	const double y = ((const struct sample *)b)->ms;

	return (x > y) - (x < y);
}

/* Mann and Whitney's U by its normal approximation, two-sided; sorts. */
static double p_of(struct sample *s, size_t n)
{
	double ranks = 0, same = 0, other, mean, deviation;

	qsort(s, n, sizeof(*s), compare);
	for (size_t i = 0; i < n; i++) {
		if (s[i].same) {
			ranks += (double)(i + 1);
			same++;
		}
	}
	other = (double)n - same;
	mean = same * other / 2;
	deviation = sqrt(same * other * ((double)n + 1) / 12);
	return erfc(
	    fabs(ranks - same * (same + 1) / 2 - mean) / deviation / sqrt(2.0));
}

/* The median of one kind; s is sorted. */
static double middle(const struct sample *s, size_t n, bool same)
{
	size_t all = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		all += s[i].same == same;
	for (size_t i = 0; i < n; i++) {
		if (s[i].same == same && at++ == all / 2)
			return s[i].ms;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct sample s[WAYS][RUNS_MAX];
	struct err_ctx ctx = { .code = ERR_OK };
	struct engine_options opt = { .slots = 2, .context_max = 1024 };
	const size_t runs = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	struct engine *e;

	if (runs < 2 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: llm-ttft MODEL THREADS RUNS\n");
		return 1;
	}
	opt.path = argv[1];
	opt.threads = (uint32_t)strtoul(argv[2], NULL, 10);
	if (engine_open(&e, &opt, &ctx) != ERR_OK) {
		fprintf(stderr, "llm-ttft: %s\n", ctx.msg);
		return 1;
	}
	for (size_t i = 0; i < runs; i++) {
		for (unsigned w = 0; w < WAYS; w++) {
			s[w][i].same = draw() % 2 == 0;
			s[w][i].ms = run(e, (enum way)w, s[w][i].same);
		}
	}
	engine_close(e);
	for (unsigned w = 0; w < WAYS; w++) {
		const double p = p_of(s[w], runs);

		printf("%s %.3f %.3f %.4f\n", names[w],
		    middle(s[w], runs, true), middle(s[w], runs, false), p);
	}
	return 0;
}
