/* The chat's state, and its commands (/help and so on). Private to chat*.c. */
#ifndef CONFER_CLI_CHAT_COMMAND_H
#define CONFER_CLI_CHAT_COMMAND_H

#include "cli/history.h"
#include "cli/input.h"
#include "cli/link.h"
#include "cli/talk.h"

#define CLI_SYSTEM_MAX 4096

struct cli_chat {
	struct cli_link *link;
	struct cli_term *term;
	struct client_options options;
	bool interactive; /* a person sees the prompt */
	bool quit;
	char prompt[32];
	const char *system; /* system_text, or NULL */
	char system_text[CLI_SYSTEM_MAX];
	char model[CLIENT_NAME_MAX]; /* chosen here */
	uint64_t context; /* tokens that the model takes; 0: not known */
	uint64_t tokens;  /* of the last prompt, which had so many ... */
	size_t bytes;     /* ... bytes of history */
	bool left_out;    /* a part of the conversation; was said */
	struct cli_history history;
	struct cli_answer answer;
	struct client_proof proof; /* of the last answer */
	struct cli_input input;
};

/* Ask the last turn of the history and print its answer. */
enum cli_exit cli_chat_put(struct cli_chat *c);

/* Set the text before the conversation; "" for none. False: too long. */
bool cli_chat_set_system(struct cli_chat *c, const char *text);

/* Ask how much the model takes; c->context stays 0 if that fails. */
void cli_chat_learn_context(struct cli_chat *c);

/* Carry out a line that begins with a slash. */
enum cli_exit cli_chat_command(struct cli_chat *c, const char *line);

#endif
