/*
 * The engine alone, on a model of real shape (that of SmolLM2 135M, Q8_0) with
 * arbitrary weights: reading a prompt, and one token after another. The ratio
 * of the latter is the bandwidth it reaches against a plain read of the same
 * bytes in the same run, which is what bounds it.
 */
#include <unistd.h>

#include "../tests/unit/gguf_writer.h"
#include "bench.h"
#include "engine/engine.h"

#define WIDTH      576
#define HIDDEN     1536
#define BLOCKS     30
#define HEADS      9
#define KV_HEADS   3
#define VOCABULARY 49152
#define BYTES      256
#define FILE_CAP   (160u << 20)
#define PROMPT_N   256
#define ANSWER_N   32
#define SLOTS      8

static struct bytes image;

static void sizes(struct gw *g)
{
	gw_str(g, "general.architecture", "llama");
	gw_u32(g, "llama.context_length", 1024);
	gw_u32(g, "llama.embedding_length", WIDTH);
	gw_u32(g, "llama.block_count", BLOCKS);
	gw_u32(g, "llama.feed_forward_length", HIDDEN);
	gw_u32(g, "llama.attention.head_count", HEADS);
	gw_u32(g, "llama.attention.head_count_kv", KV_HEADS);
	gw_f32(g, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
}

/* SentencePiece with a token for each byte; the others stand for nothing. */
static void vocabulary(struct gw *g)
{
	char text[16];

	gw_str(g, "tokenizer.ggml.model", "llama");
	gw_array(g, "tokenizer.ggml.tokens", GGUF_STRING, VOCABULARY);
	for (unsigned i = 0; i < VOCABULARY; i++) {
		snprintf(text, sizeof(text),
		    i < BYTES ? "<0x%02X>" : "<unused%u>", i);
		gw_string(g, text);
	}
	gw_array(g, "tokenizer.ggml.token_type", GGUF_I32, VOCABULARY);
	for (unsigned i = 0; i < VOCABULARY; i++)
		wr_u32le(&g->w, i < BYTES ? 6 : 5);
	gw_array(g, "tokenizer.ggml.scores", GGUF_F32, VOCABULARY);
	wr_fill(&g->w, 0, VOCABULARY * sizeof(float));
}

static void tensors(struct gw *g)
{
	static const struct {
		const char *name;
		uint32_t cols, rows;
	} part[] = {
		{ "attn_norm", WIDTH, 0 },
		{ "attn_q", WIDTH, WIDTH },
		{ "attn_k", WIDTH, WIDTH / HEADS * KV_HEADS },
		{ "attn_v", WIDTH, WIDTH / HEADS * KV_HEADS },
		{ "attn_output", WIDTH, WIDTH },
		{ "ffn_norm", WIDTH, 0 },
		{ "ffn_gate", WIDTH, HIDDEN },
		{ "ffn_up", WIDTH, HIDDEN },
		{ "ffn_down", HIDDEN, WIDTH },
	};
	char name[64];

	gw_tensor(g, "token_embd.weight", GGUF_TENSOR_Q8_0, WIDTH, VOCABULARY);
	gw_tensor(g, "output_norm.weight", GGUF_TENSOR_F32, WIDTH, 0);
	for (unsigned b = 0; b < BLOCKS; b++) {
		for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
			snprintf(name, sizeof(name), "blk.%u.%s.weight", b,
			    part[i].name);
			gw_tensor(g, name,
			    part[i].rows == 0 ? GGUF_TENSOR_F32
					      : GGUF_TENSOR_Q8_0,
			    part[i].cols, part[i].rows);
		}
	}
}

static void read_all(void *arg)
{
	uint64_t sum[8] = { 0 }, v[8];

	(void)arg;
	for (size_t i = 0; i + sizeof(v) <= image.len; i += sizeof(v)) {
		memcpy(v, image.p + i, sizeof(v));
		for (unsigned k = 0; k < 8; k++)
			sum[k] ^= v[k];
	}
	for (unsigned k = 0; k < 8; k++)
		__asm__ __volatile__("" : : "r"(sum[k]));
}

static struct engine *open_engine(const char *path, uint32_t threads)
{
	struct engine_options opt = { .path = path,
		.threads = threads,
		.slots = SLOTS,
		.context_max = 512 };
	struct err_ctx ctx = { .code = ERR_OK };
	struct engine *e;

	if (engine_open(&e, &opt, &ctx) != ERR_OK) {
		fprintf(stderr, "%s\n", ctx.msg);
		exit(1);
	}
	return e;
}

/* Seconds for the prompts of n slots and for the answers after them. */
static void serve(struct engine *e, uint32_t n, size_t prompt_n, double *prompt,
    double *answer)
{
	static uint8_t text[PROMPT_N];
	struct engine_message msg = { .role = ENGINE_USER, .text = { text, prompt_n } };
	struct engine_request req = {
		.message = &msg, .message_n = 1, .max_tokens = ANSWER_N + 1
	};
	struct engine_output out;
	double start = bench_wall();
	int slot[SLOTS];

	memset(text, 'x', sizeof(text));
	for (uint32_t i = 0; i < n; i++) {
		if (engine_submit(e, &req, &slot[i], NULL) != ERR_OK)
			exit(1);
	}
	do {
		engine_step(e);
		engine_poll(e, slot[0], &out);
	} while (out.prompt_done < out.prompt_tokens);
	*prompt = bench_wall() - start;
	start = bench_wall();
	while (engine_step(e) != 0)
		;
	*answer = bench_wall() - start;
	for (uint32_t i = 0; i < n; i++)
		engine_release(e, slot[i]);
}

static void measure(const char *path, uint32_t threads, double read_s)
{
	struct engine *e = open_engine(path, threads);
	double prompt[3], answer[3], company[3], unused;
	char name[64];

	for (unsigned i = 0; i < 3; i++) {
		serve(e, 1, PROMPT_N, &prompt[i], &answer[i]);
		serve(e, SLOTS, 8, &unused, &company[i]);
	}
	snprintf(name, sizeof(name), "engine_135m_q8_prompt_%ut", threads);
	bench_row(name, PROMPT_N / bench_median(prompt, 3), "tokens/s",
	    BENCH_NO_RATIO);
	snprintf(name, sizeof(name), "engine_135m_q8_answer_%ut", threads);
	bench_row(name, ANSWER_N / bench_median(answer, 3), "tokens/s",
	    read_s / (bench_median(answer, 3) / ANSWER_N));
	snprintf(
	    name, sizeof(name), "engine_135m_q8_answer_%ut_8slots", threads);
	bench_row(name, SLOTS * ANSWER_N / bench_median(company, 3), "tokens/s",
	    BENCH_NO_RATIO);
	engine_close(e);
}

int main(void)
{
	char path[] = "/tmp/confer-bench-XXXXXX";
	int fd = mkstemp(path);
	struct gw g;
	size_t len;
	double read_s;

	gw_begin(&g, FILE_CAP);
	sizes(&g);
	vocabulary(&g);
	tensors(&g);
	len = gw_end(&g);
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, g.buf + at, len - at);

		if (n <= 0)
			exit(1);
		at += (size_t)n;
	}
	image = (struct bytes){ g.buf, len };
	read_s = bench_time(read_all, NULL).wall;
	bench_row("memory_read_1t", (double)len / read_s / 1e9, "GB/s",
	    BENCH_NO_RATIO);
	free(g.buf);
	measure(path, 1, read_s);
	measure(path, 2, read_s);
	(void)close(fd);
	(void)unlink(path);
	return 0;
}
