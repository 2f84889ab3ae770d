/*
 * The language-model engine: loads one GGUF model, answers several requests at
 * once, forgets each of them completely.
 *
 * One thread owns an engine and calls everything below; the engine has worker
 * threads of its own that sleep between steps. All memory is taken in
 * engine_open; nothing is allocated per request or per token. A request lives
 * in a slot:
 *
 *	engine_submit -> (engine_step, engine_poll)... until done -> engine_release
 *
 * Everything a slot ever held of a prompt or an answer, in any form (text,
 * token numbers, keys and values, activations, logits), is wiped before
 * engine_release returns. Nothing computed for one slot is ever visible to
 * another, and what a slot answers does not depend on who else is served, on
 * the number of threads, or on how its prompt was cut into chunks.
 */
#ifndef CONFER_ENGINE_ENGINE_H
#define CONFER_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define ENGINE_SLOTS_MAX    64     /* requests served at once */
#define ENGINE_THREADS_MAX  64     /* more never helped a memory-bound loop */
#define ENGINE_CONTEXT_MAX  131072 /* longest context of common open models */
#define ENGINE_MESSAGES_MAX 256    /* turns in one request */
#define ENGINE_TEXT_LEN_MAX 262144 /* bytes of text in one request */
#define ENGINE_STOPS_MAX    8      /* stop strings in one request */
#define ENGINE_STOP_LEN_MAX 128    /* bytes in one stop string */
#define ENGINE_OUTPUT_MAX   8192   /* bytes of answer held until polled */
#define ENGINE_NAME_LEN_MAX 64     /* bytes of a model's name, NUL included */

struct engine;

/* Which arithmetic to use: the fastest this CPU has, or a given one. */
enum engine_kernels {
	ENGINE_KERNELS_AUTO = 0,
	ENGINE_KERNELS_SCALAR, /* plain C; the reference for the others */
	ENGINE_KERNELS_AVX2
};

/*
 * Where the model is and what may be spent on it. Zero means the default in
 * every field but `path` and `image`, of which exactly one is set: `image` is a
 * whole GGUF file in memory, 64-byte aligned, borrowed until engine_close.
 */
struct engine_options {
	const char *path;
	struct bytes image;
	uint32_t threads;     /* default 1 */
	uint32_t slots;       /* default 1 */
	uint32_t context_max; /* tokens per slot; default 4096, never more than
				 the model was trained for */
	enum engine_kernels kernels;
};

/* What was loaded. Strings are NUL-terminated and printable ASCII. */
struct engine_info {
	char name[ENGINE_NAME_LEN_MAX];         /* general.name, or "model" */
	char architecture[ENGINE_NAME_LEN_MAX]; /* general.architecture */
	const char *chat;    /* "chatml", "llama2", "llama3" or "none" */
	const char *kernels; /* "scalar" or "avx2" */
	uint64_t file_len;   /* bytes */
	uint64_t parameters; /* elements of all tensors */
	uint64_t slot_len;   /* bytes of memory per slot */
	uint64_t total_len;  /* bytes of memory in all, the model included */
	uint32_t vocabulary; /* tokens */
	uint32_t context;    /* tokens per slot, prompt and answer together */
	uint32_t threads;
	uint32_t slots;
};

/*
 * Load a model. The file is read whole into private memory (never mapped), so
 * a later change or truncation of it can neither change answers nor crash us.
 * On failure *out is NULL and `ctx` names the field, its offset and the reason:
 * ERR_NOTFOUND or ERR_IO (the file), ERR_TRUNCATED, ERR_FORMAT, ERR_LIMIT,
 * ERR_UNSUPPORTED (architecture, tensor type, tokenizer or chat template that
 * this engine lacks, or kernels that this CPU lacks), ERR_NOMEM.
 */
enum err engine_open(struct engine **out, const struct engine_options *opt,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Stop the threads, wipe and free everything. NULL is fine. */
void engine_close(struct engine *e);

/* Valid until engine_close. */
const struct engine_info *engine_info(const struct engine *e);

/*
 * The file as it was read, valid until engine_close: whoever wants to state
 * the model's hash hashes these bytes, which are the ones that are run.
 */
struct bytes engine_image(const struct engine *e);

enum engine_role { ENGINE_SYSTEM, ENGINE_USER, ENGINE_ASSISTANT };

struct engine_message {
	enum engine_role role;
	struct bytes text; /* UTF-8 */
};

/* All zero: greedy, the most likely token each time. */
struct engine_sampling {
	float temperature; /* 0 to 2; 0 is greedy and ignores the rest */
	float top_p;       /* 0 or 1: off */
	float min_p;       /* 0: off */
	uint32_t top_k;    /* 0: off */
	uint64_t seed;     /* the same seed gives the same answer */
};

struct engine_request {
	const struct engine_message *message;
	size_t message_n;
	struct engine_sampling sampling;
	uint32_t max_tokens; /* of the answer; 0: as many as fit */
	const struct bytes *stop;
	size_t stop_n;
};

/*
 * Take a request into a free slot. Renders the model's chat template and
 * tokenizes at once; `req` and all it points to may go afterwards. Text never
 * yields special tokens, whatever it spells. A model without a chat template
 * (info->chat is "none") takes exactly one user message and continues it.
 * ERR_BUSY: all slots are taken. ERR_FORMAT: not UTF-8, no message, an option
 * out of range. ERR_LIMIT: too long; the message has the numbers.
 * ERR_UNSUPPORTED: several messages for a model without a chat template.
 * *slot is -1 on failure.
 */
enum err engine_submit(struct engine *e, const struct engine_request *req,
    int *slot, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Advance every running slot: by one token of its answer, or by one chunk of
 * its prompt. Returns how many slots moved; 0 means that nothing is left to do
 * until a new request, a poll (a slot with ENGINE_OUTPUT_MAX bytes unpolled
 * waits) or a release.
 */
uint32_t engine_step(struct engine *e);

enum engine_finish {
	ENGINE_RUNNING = 0,
	ENGINE_STOP,     /* the model ended its turn, or a stop string came */
	ENGINE_LENGTH,   /* max_tokens, or the end of the context */
	ENGINE_CANCELLED /* engine_cancel */
};

struct engine_output {
	struct bytes text; /* new since the last poll: whole, valid UTF-8
			      characters; may be empty */
	uint32_t prompt_tokens;
	uint32_t prompt_done; /* prompt tokens processed so far */
	uint32_t completion_tokens;
	enum engine_finish finish; /* once set, no text will follow */
};

/*
 * Take what is new in a slot. out->text is borrowed until the next call of any
 * function on this engine. Text that may yet become a stop string, and
 * unfinished UTF-8 sequences, come later or not at all.
 */
void engine_poll(struct engine *e, int slot, struct engine_output *out);

/* End an answer early; the slot still has to be released. */
void engine_cancel(struct engine *e, int slot);

/* Wipe a slot, running or done, and make it free. */
void engine_release(struct engine *e, int slot);

/*
 * The logits after each of n tokens, out[n][vocabulary], in the order of the
 * model's vocabulary; for tests and for replaying an answer. Needs a free slot
 * (ERR_BUSY), 1 <= n <= context (ERR_LIMIT), token numbers below the
 * vocabulary's size (ERR_FORMAT). Leaves nothing behind.
 */
enum err engine_logits(struct engine *e, const uint32_t *token, size_t n,
    float *out) __attribute__((warn_unused_result));

#endif
