/*
 * Trains the bundled demonstration model. See README.md for what it is, and
 * text/README.md for what it learns from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "gen.h"
#include "gguf_write.h"

struct options {
	const char *out, *checkpoint, *sample, *eval;
	size_t threads, steps, show, text_n;
	char **texts;
};

static const char usage[] =
    "usage: train [options] TEXT...\n"
    "  --threads N       threads to use (2); never changes the result\n"
    "  --steps N         stop after N steps of the schedule\n"
    "  --checkpoint FILE save progress there, and resume from it\n"
    "  --out FILE        write the model\n"
    "  --sample TEXT     answer a question instead of training\n"
    "  --eval FILE       judge the answers to a file of questions instead\n"
    "  --show N          print N training conversations instead\n";

static _Noreturn void bad_usage(void)
{
	fputs(usage, stderr);
	exit(1);
}

static size_t number(const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0')
		bad_usage();
	return v;
}

static void set_option(struct options *o, const char *name, const char *value)
{
	if (value == NULL)
		bad_usage();
	if (strcmp(name, "--out") == 0)
		o->out = value;
	else if (strcmp(name, "--checkpoint") == 0)
		o->checkpoint = value;
	else if (strcmp(name, "--sample") == 0)
		o->sample = value;
	else if (strcmp(name, "--eval") == 0)
		o->eval = value;
	else if (strcmp(name, "--threads") == 0)
		o->threads = number(value);
	else if (strcmp(name, "--steps") == 0)
		o->steps = number(value);
	else if (strcmp(name, "--show") == 0)
		o->show = number(value);
	else
		bad_usage();
}

static void parse(struct options *o, char **argv)
{
	for (argv++; *argv != NULL && (*argv)[0] == '-'; argv += 2)
		set_option(o, argv[0], argv[1]);
	for (o->texts = argv; *argv != NULL; argv++)
		o->text_n++;
	if (o->text_n == 0 || o->steps > TRAIN_STEPS)
		bad_usage();
}

static void report(
    const struct trainer *t, double loss, double per_step, size_t steps)
{
	printf("step %5zu of %zu  loss %.4f  %6.0f tokens/s  %4.0f s left\n",
	    t->step, steps, loss, (double)t->tokens / per_step,
	    per_step * (double)(steps - t->step));
	fflush(stdout);
}

static void train(struct trainer *t, const struct options *o)
{
	enum { REPORT = 50, SAVE = 200 };
	double since = util_seconds(), loss = 0;
	size_t n = 0;

	while (t->step < o->steps) {
		loss += trainer_step(t);
		n++;
		if (t->step % REPORT == 0 || t->step == o->steps) {
			double now = util_seconds();

			report(t, loss / (double)n, (now - since) / (double)n,
			    o->steps);
			since = now;
			loss = 0;
			n = 0;
		}
		if (o->checkpoint != NULL &&
		    (t->step % SAVE == 0 || t->step == o->steps))
			trainer_save(t, o->checkpoint);
	}
}

int main(int argc, char **argv)
{
	static struct trainer t;
	struct options o = { .threads = 2, .steps = TRAIN_STEPS };

	(void)argc;
	parse(&o, argv);
	trainer_init(&t, o.texts, o.text_n, o.threads);
	if (o.checkpoint != NULL && trainer_load(&t, o.checkpoint))
		printf("resuming at step %zu\n", t.step);
	if (o.show > 0)
		gen_show(&t.corpus, TRAIN_SEED, o.show);
	else if (o.sample != NULL)
		ask_one(&t, o.sample);
	else if (o.eval != NULL)
		ask_file(&t, o.eval);
	else
		train(&t, &o);
	if (o.out != NULL && o.sample == NULL && o.eval == NULL)
		gguf_write(o.out, t.w, &t.bpe);
	trainer_clear(&t);
	return 0;
}
