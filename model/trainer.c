/*
 * Data parallelism by sequence: each of TRAIN_SLOTS sequences has its own
 * gradient, computed by whichever thread is free, and the gradients are then
 * added in one fixed tree. So the number of threads never shows in a result.
 */
#include "trainer.h"

#include <immintrin.h>
#include <stdio.h>
#include <string.h>

#include "exact.h"
#include "gen.h"

enum { BLOCK = 4096, BLOCKS = (NET_PARAMS + BLOCK - 1) / BLOCK };

static const float RATE_MAX = 2e-3f, RATE_MIN = 3e-5f, DECAY = 0.1f;
static const float BETA1 = 0.9f, BETA2 = 0.98f, ADAM_EPS = 1e-8f;
static const double CLIP = 1.0;

void trainer_init(
    struct trainer *t, char *const *texts, size_t n, size_t threads)
{
	memset(t, 0, sizeof(*t));
	net_tables();
	corpus_load(&t->corpus, texts, n);
	gen_tokenizer(&t->bpe, &t->corpus);
	t->threads = threads;
	t->pool = pool_new(threads);
	t->state = util_realloc(NULL, threads * sizeof(*t->state));
	for (size_t i = 0; i < threads; i++)
		net_state_init(&t->state[i]);
	t->w = util_floats(NET_PARAMS);
	t->m = util_floats(NET_PARAMS);
	t->v = util_floats(NET_PARAMS);
	for (size_t i = 0; i < TRAIN_SLOTS; i++)
		t->grad[i] = util_floats(NET_PARAMS);
	t->square = util_realloc(NULL, BLOCKS * sizeof(*t->square));
	net_init_weights(t->w, TRAIN_SEED);
}

void trainer_clear(struct trainer *t)
{
	for (size_t i = 0; i < t->threads; i++)
		net_state_clear(&t->state[i]);
	for (size_t i = 0; i < TRAIN_SLOTS; i++)
		util_free(t->grad[i]);
	util_free(t->state);
	util_free(t->w);
	util_free(t->m);
	util_free(t->v);
	util_free(t->square);
	pool_free(t->pool);
	corpus_clear(&t->corpus);
}

static void generate_task(void *ctx, size_t slot, size_t worker)
{
	struct trainer *t = ctx;
	struct rng mix = { TRAIN_SEED + (uint64_t)t->step * TRAIN_SLOTS +
			   slot };

	(void)worker;
	rng_next(&mix);
	gen_batch(&t->batch[slot], &t->corpus, &t->bpe, rng_next(&mix));
}

static void gradient_task(void *ctx, size_t slot, size_t worker)
{
	struct trainer *t = ctx;

	memset(t->grad[slot], 0, NET_PARAMS * sizeof(float));
	t->loss[slot] = net_train(
	    &t->state[worker], t->grad[slot], t->w, &t->batch[slot], t->scale);
}

static size_t block_end(size_t block)
{
	size_t end = (block + 1) * BLOCK;

	return end < NET_PARAMS ? end : NET_PARAMS;
}

/* Adds the slots' gradients into slot 0, and squares them for the norm. */
static void reduce_task(void *ctx, size_t block, size_t worker)
{
	struct trainer *t = ctx;
	size_t from = block * BLOCK, end = block_end(block);

	(void)worker;
	for (size_t gap = 1; gap < TRAIN_SLOTS; gap *= 2) {
		for (size_t s = 0; s < TRAIN_SLOTS; s += 2 * gap) {
			float *a = t->grad[s];
			const float *b = t->grad[s + gap];

			for (size_t i = from; i < end; i++)
				a[i] += b[i];
		}
	}
	t->square[block] =
	    (double)exact_dot(t->grad[0] + from, t->grad[0] + from, end - from);
}

/* AdamW; the corrections for the young moments are in rate and scale. */
static void update_task(void *ctx, size_t block, size_t worker)
{
	struct trainer *t = ctx;
	const __m256 clip = _mm256_set1_ps(t->scale);
	const __m256 keep = _mm256_set1_ps(1 - t->rate * DECAY);
	float fix1 = 1, fix2 = 1;

	(void)worker;
	for (size_t i = 0; i <= t->step; i++) {
		fix1 *= BETA1;
		fix2 *= BETA2;
	}
	fix1 = t->rate / (1 - fix1);
	fix2 = 1 / (1 - fix2);
	for (size_t i = block * BLOCK; i < block_end(block); i += 8) {
		__m256 g = _mm256_mul_ps(_mm256_loadu_ps(t->grad[0] + i), clip);
		__m256 m = _mm256_loadu_ps(t->m + i), v, d;

		m = _mm256_fmadd_ps(
		    _mm256_set1_ps(1 - BETA1), _mm256_sub_ps(g, m), m);
		v = _mm256_mul_ps(
		    _mm256_loadu_ps(t->v + i), _mm256_set1_ps(BETA2));
		v = _mm256_fmadd_ps(
		    _mm256_mul_ps(g, g), _mm256_set1_ps(1 - BETA2), v);
		_mm256_storeu_ps(t->m + i, m);
		_mm256_storeu_ps(t->v + i, v);
		d = _mm256_sqrt_ps(_mm256_mul_ps(v, _mm256_set1_ps(fix2)));
		d = _mm256_add_ps(d, _mm256_set1_ps(ADAM_EPS));
		d = _mm256_div_ps(_mm256_mul_ps(m, _mm256_set1_ps(fix1)), d);
		v = _mm256_mul_ps(_mm256_loadu_ps(t->w + i), keep);
		_mm256_storeu_ps(t->w + i, _mm256_sub_ps(v, d));
	}
}

/*
 * Linear warm-up, then a cosine, and over the last steps also a linear descent:
 * that is where the answers settle.
 */
static float rate_at(size_t step)
{
	const double pi = 3.14159265358979323846;
	double x;
	float cool = 1;

	if (step < TRAIN_WARMUP)
		return RATE_MAX * (float)(step + 1) / TRAIN_WARMUP;
	x = (double)(step - TRAIN_WARMUP) / (TRAIN_COSINE - TRAIN_WARMUP);
	if (step > TRAIN_COOL)
		cool = (float)(TRAIN_STEPS - step) / (TRAIN_STEPS - TRAIN_COOL);
	return cool * (RATE_MIN + (RATE_MAX - RATE_MIN) *
				      (float)(0.5 + 0.5 * exact_cos(pi * x)));
}

double trainer_step(struct trainer *t)
{
	double loss = 0, norm = 0;
	size_t targets = 0;

	pool_run(t->pool, generate_task, t, TRAIN_SLOTS);
	t->tokens = 0;
	for (size_t i = 0; i < TRAIN_SLOTS; i++) {
		targets += t->batch[i].targets;
		t->tokens += t->batch[i].n;
	}
	t->scale = 1 / (float)targets;
	pool_run(t->pool, gradient_task, t, TRAIN_SLOTS);
	pool_run(t->pool, reduce_task, t, BLOCKS);
	for (size_t i = 0; i < TRAIN_SLOTS; i++)
		loss += t->loss[i];
	for (size_t i = 0; i < BLOCKS; i++)
		norm += t->square[i];
	t->scale = 1;
	if (norm > CLIP * CLIP)
		t->scale = (float)CLIP / exact_sqrt((float)norm);
	t->rate = rate_at(t->step);
	pool_run(t->pool, update_task, t, BLOCKS);
	t->step++;
	return loss / (double)targets;
}

/* What must agree for a checkpoint to be taken up again. */
static uint64_t fingerprint(const struct trainer *t)
{
	uint64_t shape[] = { NET_PARAMS, TRAIN_SLOTS, TRAIN_COSINE,
		TRAIN_WARMUP, NET_VOCAB, NET_DIM, NET_LAYERS, NET_FF,
		NET_HEADS };

	return util_hash(t->corpus.hash, shape, sizeof(shape));
}

void trainer_save(const struct trainer *t, const char *path)
{
	uint64_t head[2] = { fingerprint(t), t->step };
	const float *part[] = { t->w, t->m, t->v };
	char tmp[4096];
	FILE *f;
	int ok;

	snprintf(tmp, sizeof(tmp), "%s.part", path);
	f = fopen(tmp, "wb");
	if (f == NULL)
		util_die("cannot write %s", tmp);
	ok = fwrite(head, sizeof(head), 1, f) == 1;
	for (int i = 0; i < 3; i++)
		ok &=
		    fwrite(part[i], sizeof(float), NET_PARAMS, f) == NET_PARAMS;
	if (fclose(f) != 0 || !ok || rename(tmp, path) != 0)
		util_die("cannot write %s", path);
}

int trainer_load(struct trainer *t, const char *path)
{
	float *part[] = { t->w, t->m, t->v };
	uint64_t head[2];
	FILE *f = fopen(path, "rb");
	int ok;

	if (f == NULL)
		return 0;
	ok = fread(head, sizeof(head), 1, f) == 1 && head[0] == fingerprint(t);
	for (int i = 0; ok && i < 3; i++) {
		if (fread(part[i], sizeof(float), NET_PARAMS, f) != NET_PARAMS)
			util_die("%s is cut short; remove it", path);
	}
	fclose(f);
	if (ok)
		t->step = head[1];
	return ok;
}
