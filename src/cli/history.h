/*
 * The conversation so far, in memory only: turns of a question and its answer,
 * oldest first. Wiped when turns go and when it ends.
 */
#ifndef CONFER_CLI_HISTORY_H
#define CONFER_CLI_HISTORY_H

#include "base/err.h"
#include "client/chat.h"

#define CLI_TURNS_MAX    120 /* an enclave takes 256 messages */
#define CLI_TEMPLATE_LEN 24  /* some bytes around each message */
#define CLI_MESSAGES_MAX (2 * CLI_TURNS_MAX + 2)

struct cli_turn {
	uint8_t *question;
	size_t question_len;
	uint8_t *answer; /* NULL: not answered yet */
	size_t answer_len;
};

/* All zero: empty. */
struct cli_history {
	struct cli_turn turn[CLI_TURNS_MAX];
	size_t n;
};

/*
 * A new turn. A last one that was never answered goes, and the oldest when
 * there are too many. ERR_NOMEM.
 */
enum err cli_history_ask(struct cli_history *h, struct bytes question)
    __attribute__((warn_unused_result));

/* The answer of the last turn. ERR_NOMEM. */
enum err cli_history_answer(struct cli_history *h, struct bytes answer)
    __attribute__((warn_unused_result));

/* Forget the answer of the last turn, to ask again. False: there is none. */
bool cli_history_retry(struct cli_history *h);

/* Forget the oldest turn, unless it is the last. True if one went. */
bool cli_history_drop_oldest(struct cli_history *h);

/* Forget the last turn: it was never answered. */
void cli_history_drop_last(struct cli_history *h);

/* Bytes of all its texts, and what a template adds to each message. */
size_t cli_history_bytes(const struct cli_history *h);

void cli_history_clear(struct cli_history *h);

/*
 * The messages of a request: the system text, if not NULL, then all turns.
 * Returns their number; they borrow from h and `system`.
 */
size_t cli_history_messages(const struct cli_history *h, const char *system,
    struct client_message out[CLI_MESSAGES_MAX]);

#endif
