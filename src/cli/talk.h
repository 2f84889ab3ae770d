/*
 * talk: one question and its answer on a connection, and how to say what went
 * wrong with it. Shared by ask, chat and up.
 */
#ifndef CONFER_CLI_TALK_H
#define CONFER_CLI_TALK_H

#include <signal.h>

#include "cli/exit.h"
#include "cli/flow.h"
#include "client/chat.h"
#include "client/conn.h"
#include "client/proof.h"

#define CLI_ANSWER_MAX (1024 * 1024) /* bytes of an answer that are kept */

/* An answer, kept beside being printed. Wiped by cli_answer_wipe. */
struct cli_answer {
	bool print; /* pieces go to standard output as they come */
	/* Not 0: somebody wants CANCEL. NULL: nobody can. */
	const volatile sig_atomic_t *stop;
	struct cli_term *term;
	struct cli_flow flow;
	struct client_answer result; /* borrows from the connection */
	struct client_failure failure;
	bool failed;  /* the enclave answered with an error: see failure */
	bool started; /* some text came */
	bool cut;     /* not all of it was kept */
	size_t len;
	uint8_t text[CLI_ANSWER_MAX];
};

/* What is asked. */
struct cli_question {
	const struct client_options *options;
	const struct client_message *message;
	size_t n;
	bool stream;
	/* Where a statement is kept, if one is wanted; an enclave that signs
	 * none leaves it empty. NULL: not wanted. */
	struct client_proof *proof;
};

/*
 * Ask and wait for the end. The exit code: OK also when the enclave answered
 * with an error (a->failed). Otherwise the answer is not complete, the session
 * has ended, and ctx says why. REFUSED, too, where a statement was wanted and is
 * not about this answer.
 */
enum cli_exit cli_talk(struct client_conn *c, struct cli_answer *a,
    const struct cli_question *q, struct err_ctx *ctx);

/* What an enclave's error means for the exit code, with one sentence. */
enum cli_exit cli_talk_failure(const struct cli_answer *a, struct err_ctx *ctx);

void cli_answer_wipe(struct cli_answer *a);

#endif
