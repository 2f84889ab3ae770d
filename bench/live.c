/*
 * A real enclave in a process of its own: what the private path adds to the
 * bare engine, how even its ticks are, what handshakes and sessions cost. Works
 * below $TMPDIR, which bench/run makes and removes.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "base/fmt.h"
#include "crypto/crypto_native.h"
#include "enclave/conn.h"
#include "enclave/serve.h"
#include "live/live.h"

#define ROUNDS     11 /* of A and B; odd */
#define TICKS_MIN  16 /* of an answer in which ticks are looked at */
#define FIRSTS     15 /* prompts of different lengths */
#define BURST      48 /* connections: below the enclave's limit of 64 */
#define BURSTS     5  /* odd */
#define BURST_S    3  /* after which a peer may connect as often again */
#define IDLE_FEW   200
#define IDLE_MANY  1024 /* OPTIONS_SESSIONS_MAX */
#define SETTLE_MS  300  /* for the enclave to handle what was sent */
#define TICK_BYTES (FRAME_TICK_RECORDS * FRAME_SLOT_DATA)
#define DEMO       "model/confer-demo.gguf"

/* SmolLM2-135M but for its vocabulary: the smallest real chat model. */
static const struct live_shape shape_135m = { 30, 576, 1536, 9, 3, 2048 };
/* Quick enough that its first text comes within a few ticks. */
static const struct live_shape shape_7m = { 8, 256, 768, 4, 4, 512 };
/* For what does not depend on the model. */
static const struct live_shape shape_tiny = { 1, 64, 128, 2, 2, 256 };

static struct live_service service;
static struct live_channel channel;
static struct live_answer bare, ours;
static char work_dir[FD_PATH_MAX];
static int pacer_fd;

static const char *below(const char *name)
{
	static char path[2][FD_PATH_MAX];
	static unsigned turn;

	turn = !turn;
	(void)fmt_print(
	    path[turn], sizeof(path[turn]), "%s/%s", work_dir, name);
	return path[turn];
}

static void row(const char *group, const char *name, double value,
    const char *unit, double ratio)
{
	char whole[64];

	(void)fmt_print(whole, sizeof(whole), "%s.%s", group, name);
	bench_row(whole, value, unit, ratio);
}

static void row_pair(const char *group, const char *name, const char *unit,
    double want, double got)
{
	char peer[64];

	(void)fmt_print(peer, sizeof(peer), "bare.%s", name);
	row(group, peer, want, unit, BENCH_NO_RATIO);
	row(group, name, got, unit, got / want);
}

/* ---- tokens --------------------------------------------------------------- */

/* How many tokens the bare engine had made when its text was this long. */
static size_t tokens_at(size_t len)
{
	size_t n = 0;

	while (n < bare.marks && bare.reached[n] <= len)
		n++;
	return n;
}

/*
 * Tokens per second while text came: of the channel between the first tick
 * that carried text and the last full one, at which moments what it had carried
 * is what there was.
 */
static double rate(const struct live_answer *a, size_t last)
{
	size_t from = tokens_at(a->reached[0]);
	size_t to = tokens_at(a->reached[last]);

	return (double)(to - from) / (a->at[last] - a->at[0]);
}

/* Pieces that came with one tick, as one piece. */
static void join_ticks(struct live_answer *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->marks; i++) {
		if (n > 0 && a->at[i] - a->at[n - 1] < LIVE_TICK_S / 2)
			n--;
		a->at[n] = a->at[i];
		a->reached[n++] = a->reached[i];
	}
	a->marks = n;
}

/* Are there enough ticks for a rate and for jitter? */
static bool is_long(const struct live_answer *a)
{
	return a->wall > TICKS_MIN * LIVE_TICK_S;
}

static void check_same(void)
{
	if (bare.len != ours.len || memcmp(bare.text, ours.text, ours.len) != 0)
		live_die("channel and bare engine", "answered differently");
}

static void jitter_rows(const char *group, struct live_deviations *want,
    struct live_deviations *got)
{
	if (want->n == 0 || got->n == 0)
		live_die("jitter", "no ticks were seen");
	qsort(want->v, want->n, sizeof(double), bench_compare);
	qsort(got->v, got->n, sizeof(double), bench_compare);
	row(group, "ticks", (double)got->n, "n", BENCH_NO_RATIO);
	row_pair(group, "tick.off.median", "us", want->v[want->n / 2] * 1e6,
	    got->v[got->n / 2] * 1e6);
	row_pair(group, "tick.off.p99", "us", want->v[want->n * 99 / 100] * 1e6,
	    got->v[got->n * 99 / 100] * 1e6);
	row_pair(group, "tick.off.max", "us", want->v[want->n - 1] * 1e6,
	    got->v[got->n - 1] * 1e6);
}

/* The bare engine and the channel, round by round. */
struct rounds {
	double want[ROUNDS];
	double got[ROUNDS];
};

/*
 * The ratio is the median of the rounds' ratios: what changes slowly (clock,
 * heat, neighbours) is the same for both halves of a round.
 */
static void row_rounds(
    const char *group, const char *name, const char *unit, struct rounds *r)
{
	double ratio[ROUNDS];
	char peer[64];

	for (int i = 0; i < ROUNDS; i++)
		ratio[i] = r->got[i] / r->want[i];
	(void)fmt_print(peer, sizeof(peer), "bare.%s", name);
	row(group, peer, bench_median(r->want, ROUNDS), unit, BENCH_NO_RATIO);
	row(group, name, bench_median(r->got, ROUNDS), unit,
	    bench_median(ratio, ROUNDS));
}

struct measured {
	struct rounds cpu, speed, wall;
	struct live_deviations ticks, pacer;
};

static void one_round(struct measured *m, int i, struct engine *engine,
    const struct live_question *q)
{
	if (i % 2 == 0)
		live_answer_bare(&bare, engine, q);
	live_answer_channel(&ours, &channel, q);
	if (i % 2 != 0)
		live_answer_bare(&bare, engine, q);
	check_same();
	live_ticks_deviate(&m->ticks, &channel.ticks);
	live_ticks_deviate(&m->pacer, &channel.pacer);
	join_ticks(&ours);
	m->cpu.want[i] = bare.cpu / bare.tokens;
	m->cpu.got[i] = ours.cpu / ours.tokens;
	m->wall.want[i] = bare.wall;
	m->wall.got[i] = ours.wall;
	if (is_long(&bare)) {
		m->speed.want[i] = rate(&bare, bare.marks - 1);
		m->speed.got[i] = rate(&ours, ours.marks - 2);
	}
}

static void token_rows(
    const char *group, struct engine *engine, const struct live_question *q)
{
	static struct measured m;
	double text;

	memset(&m, 0, sizeof(m));
	for (int i = 0; i < ROUNDS; i++)
		one_round(&m, i, engine, q);
	text = (double)bare.len / bare.wall;
	row(group, "answer.tokens", bare.tokens, "n", BENCH_NO_RATIO);
	row_rounds(group, "cpu.per.token", "s", &m.cpu);
	if (is_long(&bare))
		row_rounds(group, "tokens.per.second", "per_s", &m.speed);
	row_rounds(group, "whole.answer", "s", &m.wall);
	row(group, "whole.answer.ticks", (double)channel.ticks.n, "n",
	    BENCH_NO_RATIO);
	/* The tick is the limit where this is above 1. */
	row(group, "bare.text.vs.tick", text, "B/s",
	    text / (TICK_BYTES / LIVE_TICK_S));
	if (is_long(&bare))
		jitter_rows(group, &m.pacer, &m.ticks);
}

/* The time to the first text, for prompts of different lengths. */
static void first_rows(const char *group, struct engine *engine)
{
	double later[FIRSTS], want[FIRSTS], middle;

	for (int i = 0; i < FIRSTS; i++) {
		char text[4 + 20 * FIRSTS];
		const struct live_question q = { text, "2" };
		size_t n = 4 + 20 * (size_t)i;

		memset(text, 'a', n);
		text[n] = '\0';
		live_answer_bare(&bare, engine, &q);
		live_answer_channel(&ours, &channel, &q);
		check_same();
		want[i] = bare.at[0];
		later[i] = ours.at[0] - bare.at[0];
	}
	row(group, "bare.first.text", bench_median(want, FIRSTS) * 1e3, "ms",
	    BENCH_NO_RATIO);
	/* Beside the tick: 1 is one tick later. */
	middle = bench_median(later, FIRSTS);
	row(group, "first.later.median.vs.tick", middle * 1e3, "ms",
	    middle / LIVE_TICK_S);
	row(group, "first.later.max.vs.tick", later[FIRSTS - 1] * 1e3, "ms",
	    later[FIRSTS - 1] / LIVE_TICK_S);
}

static struct engine *open_engine(const char *model)
{
	const struct engine_options opt = {
		.path = model, .threads = 1, .slots = 1
	};
	struct err_ctx ctx = { 0 };
	struct engine *e;

	live_must(engine_open(&e, &opt, &ctx), "the model", &ctx);
	return e;
}

/* A service with a model, a client of it, and the bare engine beside them. */
static struct engine *open_both(const char *group, const char *model)
{
	const struct live_options o = { .home = below(group),
		.model = model,
		.threads = "1",
		.sessions = "64",
		.slots = "1" };

	live_service_start(&service, &o);
	live_channel_open(&channel, &service, pacer_fd);
	return open_engine(model);
}

static void close_both(struct engine *engine)
{
	live_channel_close(&channel);
	live_service_stop(&service);
	engine_close(engine);
}

static void measure_tokens(
    const char *group, const char *model, const struct live_question *q)
{
	struct engine *engine = open_both(group, model);

	live_answer_bare(&bare, engine, q);
	live_answer_channel(&ours, &channel, q);
	token_rows(group, engine, q);
	close_both(engine);
}

static void measure_first(const char *group, const char *model)
{
	struct engine *engine = open_both(group, model);

	first_rows(group, engine);
	close_both(engine);
}

/* ---- handshakes and sessions ---------------------------------------------- */

static void handshake_rows(const char *group, bool wait)
{
	double wall[BURSTS], cpu[BURSTS];
	struct live_hello_cost cost;

	for (int i = 0; i < BURSTS; i++) {
		double start, used;

		if (wait)
			sleep(BURST_S);
		used = live_service_cpu(&service);
		start = bench_wall();
		for (int k = 0; k < BURST; k++)
			close(live_hello(&service, 1 + (unsigned)i));
		wall[i] = (bench_wall() - start) / BURST;
		usleep(SETTLE_MS * 1000);
		cpu[i] = (live_service_cpu(&service) - used) / BURST;
	}
	cost = live_hello_bare(live_hello_evidence_len());
	row_pair(group, "handshakes.1.client", "per_s", 1 / cost.both,
	    1 / bench_median(wall, BURSTS));
	row_pair(group, "handshake.enclave.cpu", "us", cost.server * 1e6,
	    bench_median(cpu, BURSTS) * 1e6);
}

/* What n more sessions after their handshakes take, each. */
static double idle_cost(int *fd, int n, unsigned turn)
{
	double before = live_service_rss(&service);

	for (int i = 0; i < n; i++)
		fd[i] = live_hello(&service, turn + (unsigned)i / BURST);
	usleep(SETTLE_MS * 1000);
	return (live_service_rss(&service) - before) / n;
}

static void close_all(int *fd, int n)
{
	for (int i = 0; i < n; i++)
		close(fd[i]);
	usleep(SETTLE_MS * 1000);
}

static void session_rows(const char *group)
{
	static int fd[IDLE_MANY];
	const double reserved =
	    (double)(sizeof(struct conn) + sizeof(struct serve_slot));
	double few, many, after, start = live_service_rss(&service);

	few = idle_cost(fd, IDLE_FEW, 16);
	many = idle_cost(fd + IDLE_FEW, IDLE_MANY - IDLE_FEW, 32);
	row(group, "session.reserved", reserved, "B", BENCH_NO_RATIO);
	row(group, "session.idle.200", few, "B", few / reserved);
	row(group, "session.idle.1024", many, "B", many / reserved);
	close_all(fd, IDLE_MANY);
	after = (live_service_rss(&service) - start) / IDLE_MANY;
	row(group, "session.after.use", after, "B", after / reserved);
}

static void measure_handshakes(const char *group, const char *listen)
{
	const struct live_options o = { .home = below(group),
		.model = below("tiny.gguf"),
		.listen = listen,
		.threads = "1",
		.sessions = "1024",
		.slots = "1" };

	live_service_start(&service, &o);
	if (listen != NULL)
		session_rows(group);
	handshake_rows(group, listen == NULL);
	live_service_stop(&service);
}

int main(void)
{
	const struct live_question story = { "Tell me about it", "320" };
	const struct live_question demo = { "Who can read this?", "200" };
	const char *tmp = getenv("TMPDIR");
	const struct rlimit files = { IDLE_MANY + 64, IDLE_MANY + 64 };
	char port[ADDR_TEXT_MAX];

	if (tmp == NULL)
		live_die("TMPDIR is not set", "start this by bench/run");
	(void)fmt_print(work_dir, sizeof(work_dir), "%s", tmp);
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		live_die("limits", "too few file descriptors");
	pacer_fd = live_pacer_start();
	live_must(crypto_init(), "libsodium", NULL);
	live_model_write(below("135m.gguf"), &shape_135m);
	live_model_write(below("7m.gguf"), &shape_7m);
	live_model_write(below("tiny.gguf"), &shape_tiny);
	measure_tokens("live.135m", below("135m.gguf"), &story);
	measure_tokens("live.demo", DEMO, &demo);
	measure_first("live.7m", below("7m.gguf"));
	measure_handshakes("live.unix", NULL);
	live_free_port(port);
	measure_handshakes("live.tcp", port);
	return 0;
}
