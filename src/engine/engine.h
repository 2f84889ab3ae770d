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
 * another. There is one arithmetic: what a slot answers is the same bytes on
 * every CPU, with any kernels and number of threads, whoever else is served,
 * however its prompt was cut into chunks, with guesses and without.
 */
#ifndef CONFER_ENGINE_ENGINE_H
#define CONFER_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/model_file.h"

#define ENGINE_SLOTS_MAX    64     /* requests served at once */
#define ENGINE_THREADS_MAX  64     /* more never helped a memory-bound loop */
#define ENGINE_CONTEXT_MAX  131072 /* longest context of common open models */
#define ENGINE_MESSAGES_MAX 256    /* turns in one request */
#define ENGINE_TEXT_LEN_MAX 262144 /* bytes of text in one request */
#define ENGINE_STOPS_MAX    8      /* stop strings in one request */
#define ENGINE_STOP_LEN_MAX 128    /* bytes in one stop string */
#define ENGINE_OUTPUT_MAX   8192   /* bytes of answer held until polled */
#define ENGINE_NAME_LEN_MAX 64     /* bytes of a model's name, NUL included */
#define ENGINE_CALLS_MAX    16     /* tool calls in one message */
#define ENGINE_TOOLS_MAX    64     /* tools offered in one request */
#define ENGINE_BIAS_MAX     300    /* tokens with a bias; OpenAI's limit */
#define ENGINE_TOP_MAX      20     /* alternatives told per token; OpenAI's */
#define ENGINE_TOLD_MAX     64     /* tokens told in one poll */
#define ENGINE_SCHEMA_MAX   65536  /* bytes of a JSON schema */

struct engine;

/* What computes: the fastest this CPU has, or a given one. Results are the same
 * bits; tests compare them. */
enum engine_kernels {
	ENGINE_KERNELS_AUTO = 0,
	ENGINE_KERNELS_SCALAR, /* plain C; the reference for the others */
	ENGINE_KERNELS_AVX2,
	ENGINE_KERNELS_AVX512
};

/*
 * Where the model is and what may be spent on it. Zero means the default in
 * every field but `path` and `image`, of which exactly one is set: `image` is a
 * whole GGUF file in memory, borrowed until engine_open returns.
 */
struct engine_options {
	const char *path;
	struct bytes image;
	uint32_t threads;     /* default 1 */
	uint32_t slots;       /* default 1 */
	uint32_t context_max; /* tokens per slot; default 4096, never more than
				 the model was trained for */
	enum engine_kernels kernels;
	uint64_t kv_len; /* bytes for keys and values of all slots; default: the
			    whole context for each. With less, requests reserve
			    what they may need, and the context is no longer
			    than what one slot can have */
	bool pin;        /* each thread but the caller's to a CPU of its own */
	bool speculate;  /* guess tokens from the text so far; changes speed,
			    never an answer */
	model_file_seen_fn
	    *seen; /* given each byte of the file in order, or NULL */
	void *seen_cookie;
};

/* What was loaded. Strings are NUL-terminated and printable ASCII. */
struct engine_info {
	char name[ENGINE_NAME_LEN_MAX];         /* general.name, or "model" */
	char architecture[ENGINE_NAME_LEN_MAX]; /* general.architecture */
	const char *chat;    /* the family of its template, or "none" */
	const char *kernels; /* "scalar", "avx2" or "avx512" */
	uint64_t file_len;   /* bytes */
	uint64_t parameters; /* elements of all tensors */
	uint64_t slot_len;   /* bytes of memory per slot, whole context */
	uint64_t total_len;  /* bytes of memory in all, the model included */
	uint32_t vocabulary; /* tokens */
	uint32_t width;      /* of embeddings */
	uint32_t context;    /* tokens per slot, prompt and answer together */
	uint32_t threads;
	uint32_t slots;
};

/*
 * Load a model. The file is read once, from first to last byte, into private
 * memory (never mapped), so a later change or truncation of it can neither
 * change answers nor crash us.
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

enum engine_role { ENGINE_SYSTEM, ENGINE_USER, ENGINE_ASSISTANT, ENGINE_TOOL };

/* A call of a tool that an assistant's message made. UTF-8. */
struct engine_call {
	struct bytes id; /* may be empty */
	struct bytes name;
	struct bytes arguments; /* JSON text, an object */
};

struct engine_message {
	enum engine_role role;
	struct bytes text;              /* UTF-8 */
	const struct engine_call *call; /* ENGINE_ASSISTANT */
	size_t call_n;
	struct bytes
	    call_id;       /* ENGINE_TOOL: which call this answers, or empty */
	struct bytes name; /* ENGINE_TOOL: of the tool, or empty */
};

/* A function that the model may call. */
struct engine_tool {
	struct bytes name;
	struct bytes definition; /* JSON text: {"type":"function","function":
				    {"name","description","parameters"}} */
	struct bytes parameters; /* JSON text of its schema; empty: none */
};

/* May, must or must not the model call a tool? */
enum engine_tool_choice {
	ENGINE_TOOL_AUTO = 0,
	ENGINE_TOOL_NONE,
	ENGINE_TOOL_REQUIRED, /* some tool */
	ENGINE_TOOL_NAMED     /* tool[0], the only one given */
};

/* What the text of an answer must be. */
enum engine_format {
	ENGINE_FORMAT_TEXT = 0,
	ENGINE_FORMAT_JSON,  /* some JSON object */
	ENGINE_FORMAT_SCHEMA /* JSON that fits a schema */
};

/* All zero: greedy, the most likely token each time. */
struct engine_sampling {
	float temperature;       /* 0 to 2; 0 is greedy and ignores the rest */
	float top_p;             /* 0 or 1: off */
	float min_p;             /* 0: off */
	uint32_t top_k;          /* 0: off */
	uint64_t seed;           /* the same seed gives the same answer */
	float frequency_penalty; /* -2 to 2, per earlier use in the answer */
	float presence_penalty;  /* -2 to 2, if used in the answer at all */
	float repeat_penalty;    /* 0 or 1: off; to 2: divides what prompt and
				    answer have already */
	const struct engine_bias *bias; /* added to logits */
	uint32_t bias_n;
};

struct engine_bias {
	uint32_t token; /* a number of the vocabulary */
	float bias;     /* -100 to 100 */
};

struct engine_request {
	const struct engine_message *message;
	size_t message_n;
	struct engine_sampling sampling;
	uint32_t max_tokens; /* of the answer; 0: as many as fit */
	const struct bytes *stop;
	size_t stop_n;
	const struct engine_tool *tool;
	size_t tool_n;
	enum engine_tool_choice tool_choice;
	bool
	    no_reasoning; /* families that can: answer without thinking first */
	bool raw; /* no chat template: message[0] is continued as it stands */
	enum engine_format format;
	struct bytes schema;   /* ENGINE_FORMAT_SCHEMA: JSON text */
	bool logprobs;         /* tell of each token how likely it was */
	uint32_t top_logprobs; /* and of its alternatives, to ENGINE_TOP_MAX */
};

/*
 * Take a request into a free slot and reserve all the memory that it may need.
 * Renders the model's chat template and tokenizes at once; `req` and all it
 * points to may go afterwards. Text never yields special tokens, whatever it
 * spells. A model without a chat template (info->chat is "none") takes exactly
 * one user message and continues it. An answer that is held to a format or must
 * call a tool has no reasoning; a call that must come is the only one.
 * ERR_BUSY: slots, memory for keys and values, or grammars are all in use.
 * ERR_FORMAT: not UTF-8, no message, an option out of range. ERR_LIMIT: too
 * long; the message has the numbers. ERR_UNSUPPORTED: what the template, the
 * family or the grammar cannot do. *slot is -1 on failure.
 */
enum err engine_submit(struct engine *e, const struct engine_request *req,
    int *slot, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Advance every running slot: by one token of its answer (several, where guesses
 * were right), or by a part of its prompt. Returns how many slots moved; 0 means
 * that nothing is left to do until a new request, a poll (a slot waits with
 * about ENGINE_OUTPUT_MAX bytes or ENGINE_TOLD_MAX tokens unpolled) or a release.
 */
uint32_t engine_step(struct engine *e);

enum engine_finish {
	ENGINE_RUNNING = 0,
	ENGINE_STOP,      /* the model ended its turn, or a stop string came */
	ENGINE_LENGTH,    /* max_tokens, or the end of the context */
	ENGINE_CANCELLED, /* engine_cancel */
	ENGINE_CALLS      /* the model called tools and waits for them */
};

/* A token that was chosen, where the request wants to know. */
struct engine_told {
	struct bytes text; /* of the token alone; need not be whole UTF-8 */
	float logprob;     /* natural, before temperature and all filters */
	uint32_t top_n;
	struct {
		struct bytes text;
		float logprob;
	} top[ENGINE_TOP_MAX]; /* most likely first */
};

struct engine_output {
	struct bytes text; /* new since the last poll: whole, valid UTF-8
			      characters; may be empty */
	uint32_t prompt_tokens;
	uint32_t prompt_done; /* prompt tokens processed so far */
	uint32_t completion_tokens;
	enum engine_finish finish; /* once set, no text will follow */
	struct bytes reasoning;    /* new since the last poll, as text is */
	const struct engine_call *call; /* with ENGINE_CALLS: the tools that
					   the model wants called; borrowed */
	size_t call_n;
	const struct engine_told *told; /* borrowed as text is */
	uint32_t told_n;
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
 * What a text means to the model, as a vector of engine_info()->width numbers
 * of length 1: the normed states of its tokens, pooled as the file says, else
 * the last one. The text is tokenized without a template. Needs a free slot.
 * ERR_BUSY, ERR_FORMAT (not UTF-8, empty), ERR_LIMIT (longer than the context).
 * *tokens is how many the text has. Leaves nothing behind.
 */
enum err engine_embed(struct engine *e, struct bytes text, float *out,
    uint32_t *tokens, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * The same step by step, so that answers go on meanwhile: begin takes a slot,
 * which only engine_embed_step and engine_release may be given; *slot is -1 on
 * failure. A step adds the next tokens to out, which keeps what it has between
 * steps. True: it is done, and the slot is wiped and free.
 */
enum err engine_embed_begin(struct engine *e, struct bytes text, int *slot,
    uint32_t *tokens, struct err_ctx *ctx) __attribute__((warn_unused_result));
bool engine_embed_step(struct engine *e, int slot, float *out);

/*
 * The logits after each of n tokens, out[n][vocabulary], in the order of the
 * model's vocabulary; for tests and for replaying an answer. Needs a free slot
 * (ERR_BUSY), 1 <= n <= context (ERR_LIMIT), token numbers below the
 * vocabulary's size (ERR_FORMAT). Leaves nothing behind.
 */
enum err engine_logits(struct engine *e, const uint32_t *token, size_t n,
    float *out) __attribute__((warn_unused_result));

#endif
