/*
 * After a slot is released, nothing of its prompt and answer is left anywhere
 * in this process: not as text, not as token numbers, not as keys and values.
 *
 * The test reads its own writable memory through /proc/self/mem. What it looks
 * for it keeps masked, so that it does not find its own notes.
 */
#include "engine_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "engine/slot.h"
#include "tiny_model.h"

#define PAGE       4096
#define MASK       0xa5
#define PIECE      8  /* bytes that must not be found, at any place */
#define NUMBERS    16 /* the same for 32-bit numbers, which are mostly zero */
#define NOTES_MAX  512
#define REGION_MAX (1ull << 30) /* the sanitizer's own maps are larger */

/* A secret, masked; pieces of it are sought. */
struct note {
	uint8_t masked[NOTES_MAX];
	size_t len;
	size_t piece; /* bytes: PIECE or NUMBERS */
};

static uint8_t window[PAGE];

static void note(struct note *n, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len && n->len < NOTES_MAX; i++)
		n->masked[n->len++] = b[i] ^ MASK;
}

/* Pieces that are worth looking for: constant ones say nothing. */
static size_t list_pieces(
    const struct note *n, const uint8_t **piece, bool first[256])
{
	size_t count = 0;

	memset(first, 0, 256 * sizeof(first[0]));
	for (size_t from = 0; from + n->piece <= n->len; from += n->piece) {
		const uint8_t *p = n->masked + from;

		if (memcmp(p, p + 1, n->piece - 1) == 0)
			continue;
		piece[count++] = p;
		first[p[0] ^ MASK] = true;
	}
	return count;
}

static bool piece_at(
    const uint8_t **piece, size_t count, size_t len, const uint8_t *p)
{
	for (size_t k = 0; k < count; k++) {
		size_t i = 0;

		while (i < len && (piece[k][i] ^ MASK) == p[i])
			i++;
		if (i == len)
			return true;
	}
	return false;
}

/* Is this page in memory? Others were never written. */
static bool present(int pagemap, uint64_t at)
{
	uint64_t entry = 0;

	return pread(pagemap, &entry, sizeof(entry),
		   (off_t)(at / PAGE * sizeof(entry))) == sizeof(entry) &&
	       entry >> 62 != 0;
}

/* Pages are scanned one by one; a piece across two is found by its fellows. */
static size_t scan_region(
    const int fd[2], const struct note *n, uint64_t from, uint64_t to)
{
	const uint8_t *piece[NOTES_MAX / PIECE];
	bool first[256];
	size_t count = list_pieces(n, piece, first);
	size_t found = 0;

	for (; from < to; from += PAGE) {
		if (!present(fd[1], from) ||
		    pread(fd[0], window, PAGE, (off_t)from) != PAGE)
			continue;
		for (size_t i = 0; i + n->piece <= PAGE; i++)
			found += first[window[i]] &&
				 piece_at(piece, count, n->piece, window + i);
		mem_wipe(window, sizeof(window));
	}
	return found;
}

/* How often pieces of the note occur in what this process can write. */
static size_t scan(const struct note *n)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	const int fd[2] = { open("/proc/self/mem", O_RDONLY),
		open("/proc/self/pagemap", O_RDONLY) };
	char line[512], mode[5];
	unsigned long long from, to;
	size_t found = 0;

	CHECK(maps != NULL && fd[0] >= 0 && fd[1] >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		CHECK_EQ(sscanf(line, "%llx-%llx %4s", &from, &to, mode), 3);
		if (mode[0] == 'r' && mode[1] == 'w' && to - from < REGION_MAX)
			found += scan_region(fd, n, from, to);
	}
	fclose(maps);
	close(fd[0]);
	close(fd[1]);
	return found;
}

/* A prompt of arbitrary letters, made in place and wiped after use. */
static void make_prompt(uint8_t *out, size_t n)
{
	uint32_t state = 99;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)('b' + gw_random(&state) % 25);
}

/* How a secret is answered, and when its answer is given up. */
struct scene {
	uint32_t cancel_after; /* steps; 0: it is answered to its end */
	bool company;          /* somebody else is served meanwhile */
	bool speculate;
	bool logprobs;
	bool json; /* the answer is held to a form */
	float temperature;
};

static struct note text, tokens, answer, answer_tokens, kv;

static int submit_text(
    struct engine *e, const struct scene *scene, const uint8_t *p, size_t len)
{
	struct engine_message msg = { .role = ENGINE_USER, .text = { p, len } };
	struct engine_request req = { .message = &msg,
		.message_n = 1,
		.sampling = { .temperature = scene->temperature, .seed = 4 },
		.logprobs = scene->logprobs,
		.top_logprobs = scene->logprobs ? 5 : 0,
		.format = scene->json ? ENGINE_FORMAT_JSON : ENGINE_FORMAT_TEXT,
		.max_tokens = 60 };
	int slot;

	CHECK_OK(engine_submit(e, &req, &slot, NULL));
	return slot;
}

static int submit_secret(struct engine *e, const struct scene *scene)
{
	uint8_t prompt[64];
	int slot;

	make_prompt(prompt, sizeof(prompt));
	note(&text, prompt, sizeof(prompt));
	slot = submit_text(e, scene, prompt, sizeof(prompt));
	/* The template's own tokens are no secret. */
	note(&tokens, e->slot[slot].token + 8, 48 * sizeof(uint32_t));
	mem_wipe(prompt, sizeof(prompt));
	return slot;
}

static void run_answer(struct engine *e, int slot, const struct scene *scene)
{
	struct engine_output out;
	uint32_t steps = 0;

	do {
		engine_step(e);
		engine_poll(e, slot, &out);
		note(&answer, out.text.p, out.text.len);
		steps++;
	} while (out.finish == ENGINE_RUNNING && steps != scene->cancel_after);
}

/* Keys of the first head at positions where the prompt is the secret one. */
static void note_kv(const struct slot *s)
{
	for (size_t column = 0; column < 8; column++)
		note(&kv, s->kv.page[0] + column * KERNEL_PAGE * 2 + 40, 56);
}

static void check_shared_memory(const struct engine *e)
{
	const struct forward *f = &e->forward;

	CHECK(mem_is_zero(
	    f->memory.p + f->head_len, f->memory.len - f->head_len));
	CHECK(mem_is_zero(e->logits, e->logits_len * sizeof(*e->logits)));
	CHECK(mem_is_zero(e->raw, TINY_N * sizeof(*e->raw)));
	CHECK(mem_is_zero(e->item, SAMPLE_FEW * sizeof(*e->item)));
	CHECK(mem_is_zero(e->seen, TINY_N / 8 + 1));
	CHECK(mem_is_zero(e->row, FORWARD_ROWS_MAX * sizeof(*e->row)));
	CHECK(mem_is_zero(e->run, e->info.slots * sizeof(*e->run)));
	CHECK(mem_is_zero(e->tok_memory, tok_work_len(e->text_max)));
	CHECK(mem_is_zero(e->render, e->text_max));
	CHECK(mem_is_zero(
	    e->words.allowed, e->words.words * sizeof(*e->words.allowed)));
}

static void check_slot(const struct slot *s)
{
	CHECK(mem_is_zero(&s->sample, sizeof(s->sample)));
	CHECK(mem_is_zero(&s->content, sizeof(s->content)));
	CHECK(mem_is_zero(&s->reasoning, sizeof(s->reasoning)));
	CHECK(mem_is_zero(&s->reply, sizeof(s->reply)));
	CHECK(mem_is_zero(&s->told, sizeof(s->told)));
	CHECK(mem_is_zero(s->token, TINY_CONTEXT * sizeof(*s->token)));
	CHECK(s->kv.n == 0 && s->prompt_n == 0 && s->completion_n == 0);
	CHECK(s->grammar == NULL);
}

/* The secret is there before it is released, and then it is not. */
static void check_leaves_nothing(const struct scene *scene)
{
	static const struct tiny chatml = { .type = GGUF_TENSOR_Q8_0,
		.chat_template = TINY_CHATML };
	static const uint8_t other[] = "Is anybody there? 0123456789";
	struct bytes image = tiny_model(&chatml);
	struct engine_options opt = { .image = image,
		.slots = 2,
		.threads = 3,
		.speculate = scene->speculate };
	struct engine *e = open_engine(&opt);
	struct slot *s;
	int slot;

	e->forward.alone_max = 0; /* so small a model needs no threads */
	text = answer = kv = (struct note){ .piece = PIECE };
	tokens = answer_tokens = (struct note){ .piece = NUMBERS };
	if (scene->company) {
		(void)submit_text(e, scene, other, sizeof(other) - 1);
		engine_step(e);
	}
	slot = submit_secret(e, scene);
	s = &e->slot[slot];
	run_answer(e, slot, scene);
	note_kv(s);
	note(&answer_tokens, s->token + s->prompt_n,
	    (s->completion_n < 16 ? s->completion_n : 16) * sizeof(uint32_t));
	CHECK_EQ(scan(&text), 0); /* gone once it is tokenized */
	CHECK(scan(&tokens) > 0);
	CHECK(scan(&kv) > 0);
	CHECK(s->completion_n < 8 || scan(&answer_tokens) > 0);
	if (scene->cancel_after != 0)
		engine_cancel(e, slot);
	engine_release(e, slot);
	CHECK_EQ(scan(&text), 0);
	CHECK_EQ(scan(&tokens), 0);
	CHECK_EQ(scan(&answer), 0);
	CHECK_EQ(scan(&answer_tokens), 0);
	CHECK_EQ(scan(&kv), 0);
	check_shared_memory(e);
	check_slot(s);
	if (!scene->company) {
		CHECK(mem_is_zero(e->kv.memory.p, e->kv.memory.len));
		CHECK(mem_is_zero(e->grammar, e->grammar_n * e->grammar_step));
	}
	engine_close(e);
	free((void *)(uintptr_t)image.p);
}

TEST(engine_release_leaves_nothing_in_memory)
{
	static const struct scene scenes[] = {
		{ .temperature = 1 },
		{ .temperature = 1, .company = true },
		{ .temperature = 1, .logprobs = true },
		{ .temperature = 0.1f, .speculate = true },
		{ .temperature = 1,
		    .company = true,
		    .speculate = true,
		    .logprobs = true },
		{ .temperature = 1, .json = true },
		{ .temperature = 1,
		    .company = true,
		    .speculate = true,
		    .json = true },
	};

	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		check_leaves_nothing(&scenes[i]);
}

/* In company the prompt takes two steps, so it is also given up within. */
TEST(engine_release_after_cancel_leaves_nothing_in_memory)
{
	for (uint32_t steps = 1; steps <= 6; steps++) {
		const struct scene scene = { .cancel_after = steps,
			.company = true,
			.speculate = steps % 2 == 0,
			.logprobs = steps > 3,
			.json = steps > 4,
			.temperature = 1 };

		check_leaves_nothing(&scene);
	}
}

/* A request that is refused half-way must not stay either. */
TEST(engine_refused_requests_leave_nothing_in_memory)
{
	static const struct tiny plain = { .type = GGUF_TENSOR_F32 };
	struct bytes image = tiny_model(&plain);
	struct engine_options opt = { .image = image };
	struct engine *e = open_engine(&opt);
	uint8_t *prompt = malloc(300);
	struct engine_message msg = { .role = ENGINE_USER,
		.text = { prompt, 300 } };
	struct engine_request req = { .message = &msg, .message_n = 1 };
	int slot;

	text = (struct note){ .piece = PIECE };
	tokens = (struct note){ .piece = NUMBERS };
	make_prompt(prompt, 300);
	note(&text, prompt, 300);
	for (size_t i = 0; i < 64; i++)
		note(&tokens, (uint32_t[]){ prompt[i] }, sizeof(uint32_t));
	CHECK_ERR(engine_submit(e, &req, &slot, NULL), ERR_LIMIT);
	mem_wipe(prompt, 300);
	free(prompt);
	CHECK_EQ(scan(&text), 0);
	CHECK_EQ(scan(&tokens), 0);
	engine_close(e);
	free((void *)(uintptr_t)image.p);
}

struct soil {
	struct note secret;
	pthread_barrier_t all;
};

/* Leaves a secret deep on every stack, below where waiting overwrites it. */
static void soil_stack(void *cookie, uint32_t i, uint32_t n)
{
	struct soil *soil = cookie;
	uint8_t local[4096];

	(void)i;
	(void)n;
	for (size_t k = 0; k < soil->secret.len; k++)
		local[k] = soil->secret.masked[k] ^ MASK;
	__asm__ __volatile__("" : : "r"(local) : "memory"); /* keep it */
	/* Nobody takes a second part before everybody has one. */
	(void)pthread_barrier_wait(&soil->all);
}

TEST(pool_wipes_the_stacks_of_all_threads)
{
	static struct soil soil;
	uint8_t letters[64];
	struct pool *p;

	soil.secret = (struct note){ .piece = PIECE };
	CHECK_EQ(pthread_barrier_init(&soil.all, NULL, 4), 0);
	make_prompt(letters, sizeof(letters));
	note(&soil.secret, letters, sizeof(letters));
	mem_wipe(letters, sizeof(letters));
	CHECK_OK(pool_new(&p, 4, false));
	CHECK_EQ(scan(&soil.secret), 0);
	pool_run(p, soil_stack, &soil);
	CHECK(
	    scan(&soil.secret) >= 3 * 8); /* on the workers' stacks at least */
	pool_wipe_stacks(p);
	CHECK_EQ(scan(&soil.secret), 0);
	pool_free(p);
	pthread_barrier_destroy(&soil.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_release_leaves_nothing_in_memory),
		cmocka_unit_test(
		    engine_release_after_cancel_leaves_nothing_in_memory),
		cmocka_unit_test(
		    engine_refused_requests_leave_nothing_in_memory),
		cmocka_unit_test(pool_wipes_the_stacks_of_all_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
