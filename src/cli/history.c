/* See history.h. */
#include "cli/history.h"

#include <stdlib.h>
#include <string.h>

static void drop_text(uint8_t **p, size_t *len)
{
	if (*p != NULL)
		mem_wipe(*p, *len);
	free(*p);
	*p = NULL;
	*len = 0;
}

static enum err keep_text(uint8_t **p, size_t *len, struct bytes text)
{
	drop_text(p, len);
	*p = malloc(text.len + 1);
	if (*p == NULL)
		return ERR_NOMEM;
	mem_copy(*p, text.p, text.len);
	*len = text.len;
	return ERR_OK;
}

static void drop_turn(struct cli_history *h, size_t i)
{
	drop_text(&h->turn[i].question, &h->turn[i].question_len);
	drop_text(&h->turn[i].answer, &h->turn[i].answer_len);
	memmove(
	    &h->turn[i], &h->turn[i + 1], (h->n - i - 1) * sizeof(h->turn[0]));
	h->n--;
	h->turn[h->n] = (struct cli_turn){ 0 };
}

enum err cli_history_ask(struct cli_history *h, struct bytes question)
{
	enum err e;

	if (h->n > 0 && h->turn[h->n - 1].answer == NULL)
		drop_turn(h, h->n - 1);
	if (h->n == CLI_TURNS_MAX)
		drop_turn(h, 0);
	e = keep_text(
	    &h->turn[h->n].question, &h->turn[h->n].question_len, question);
	if (e == ERR_OK)
		h->n++;
	return e;
}

enum err cli_history_answer(struct cli_history *h, struct bytes answer)
{
	struct cli_turn *last = &h->turn[h->n - 1];

	return keep_text(&last->answer, &last->answer_len, answer);
}

bool cli_history_retry(struct cli_history *h)
{
	if (h->n == 0)
		return false;
	drop_text(&h->turn[h->n - 1].answer, &h->turn[h->n - 1].answer_len);
	return true;
}

bool cli_history_drop_oldest(struct cli_history *h)
{
	if (h->n < 2)
		return false;
	drop_turn(h, 0);
	return true;
}

void cli_history_drop_last(struct cli_history *h)
{
	if (h->n > 0)
		drop_turn(h, h->n - 1);
}

size_t cli_history_bytes(const struct cli_history *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += h->turn[i].question_len + h->turn[i].answer_len +
		     2 * CLI_TEMPLATE_LEN;
	return n;
}

void cli_history_clear(struct cli_history *h)
{
	while (h->n > 0)
		drop_turn(h, h->n - 1);
}

size_t cli_history_messages(const struct cli_history *h, const char *system,
    struct client_message out[CLI_MESSAGES_MAX])
{
	size_t n = 0;

	if (system != NULL)
		out[n++] = (struct client_message){ CLIENT_SYSTEM,
			{ (const uint8_t *)system, strlen(system) } };
	for (size_t i = 0; i < h->n; i++) {
		const struct cli_turn *t = &h->turn[i];

		out[n++] = (struct client_message){ CLIENT_USER,
			{ t->question, t->question_len } };
		if (t->answer != NULL)
			out[n++] = (struct client_message){ CLIENT_ASSISTANT,
				{ t->answer, t->answer_len } };
	}
	return n;
}
