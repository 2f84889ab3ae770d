/*
 * What two families do that no table says: Qwen 3 drops the reasoning of earlier
 * turns, SmolLM3 announces in its system text whether it reasons.
 */
#include <string.h>

#include "engine/chat_family.h"

/* Without the line breaks at its start. */
static struct bytes skip_lines(struct bytes b)
{
	while (b.len > 0 && b.p[0] == '\n')
		b = mem_skip(b, 1);
	return b;
}

static struct bytes cut_lines(struct bytes b)
{
	while (b.len > 0 && b.p[b.len - 1] == '\n')
		b.len--;
	return b;
}

/* The last (or first) place of `s` in b, or b.len. */
static size_t place(struct bytes b, const char *s, bool last)
{
	size_t n = mem_strlen(s), at = b.len;

	for (size_t i = 0; i + n <= b.len; i++) {
		if (memcmp(b.p + i, s, n) != 0)
			continue;
		at = i;
		if (!last)
			break;
	}
	return at;
}

/* ---- system messages ---- */

/* The system message at the start of the conversation, or nothing. */
static struct bytes first_system(const struct chat_out *o)
{
	const struct chat_input *in = o->in;

	if (in->message_n > 0 && in->message[0].role == ENGINE_SYSTEM)
		return in->message[0].text;
	return (struct bytes){ NULL, 0 };
}

/* The text between flags, which go. */
static void without_flags(struct chat_out *o, struct bytes text)
{
	static const char *const flags[] = { "/no_think", "/think" };

	while (text.len > 0) {
		size_t at = text.len, skip = 0;

		for (size_t i = 0; i < 2; i++) {
			size_t p = place(text, flags[i], false);

			if (p < at) {
				at = p;
				skip = mem_strlen(flags[i]);
			}
		}
		chat_text(o, (struct bytes){ text.p, at });
		text = mem_skip(text, at + skip);
	}
}

/* Trailing white space and flags go. */
static struct bytes cut_flags(struct bytes text)
{
	for (;;) {
		text = chat_trim_end(text);
		if (mem_ends(text, "/no_think"))
			text.len -= 9;
		else if (mem_ends(text, "/think"))
			text.len -= 6;
		else
			return text;
	}
}

static bool smollm3_thinks(const struct chat_out *o)
{
	struct bytes text = first_system(o);

	if (place(text, "/no_think", false) < text.len)
		return false;
	return place(text, "/think", false) < text.len || !o->in->no_reasoning;
}

void chat_style_smollm3(struct chat_out *o)
{
	static const char thinker[] =
	    " Your role as an assistant involves thoroughly exploring "
	    "questions "
	    "through a systematic thinking process before providing the final "
	    "precise and accurate solutions. This requires engaging in a "
	    "comprehensive cycle of analysis, summarizing, exploration, "
	    "reassessment, reflection, backtracking, and iteration to develop "
	    "well-considered thinking process. Please structure your response "
	    "into two main sections: Thought and Solution using the specified "
	    "format: <think> Thought section </think> Solution section. In the "
	    "Thought section, detail your reasoning process in steps. Each "
	    "step should include detailed considerations such as analysing "
	    "questions, summarizing relevant findings, brainstorming new "
	    "ideas, verifying the accuracy of the current steps, refining any "
	    "errors, and revisiting previous steps. In the Solution section, "
	    "based on various attempts, explorations, and reflections from "
	    "the Thought section, systematically present the final solution "
	    "that you deem correct. The Solution section should be logical, "
	    "accurate, and concise and detail necessary steps needed to reach "
	    "the conclusion.";
	bool thinks = smollm3_thinks(o);
	struct bytes text = cut_flags(first_system(o));

	chat_put(o, "<|im_start|>system\n## Metadata\n\n"
		    "Knowledge Cutoff Date: June 2025\nReasoning Mode: ");
	chat_put(o, thinks ? "/think" : "/no_think");
	chat_put(o, "\n\n## Custom Instructions\n\n");
	without_flags(o, text);
	if (text.len == 0) {
		chat_put(o, "You are a helpful AI assistant named SmolLM, "
			    "trained by Hugging Face.");
		chat_put(o, thinks ? thinker : "");
	}
	chat_put(o, "\n\n<|im_end|>\n");
}

/* Is this a user's own message, not a tool's result in disguise? */
static bool is_query(const struct engine_message *m)
{
	return m->role == ENGINE_USER &&
	       !(mem_starts(m->text, "<tool_response>") &&
		   mem_ends(m->text, "</tool_response>"));
}

/* Reasoning stays only behind the last query of the user. */
static struct bytes qwen3(struct chat_out *o, size_t i, struct bytes text)
{
	struct bytes reasoning = { NULL, 0 };
	size_t query = o->in->message_n, end = place(text, "</think>", false);

	if (end < text.len) {
		size_t last = place(text, "</think>", true), from;

		reasoning = cut_lines((struct bytes){ text.p, end });
		from = place(reasoning, "<think>", true);
		if (from < reasoning.len)
			reasoning = mem_skip(reasoning, from + 7);
		reasoning = cut_lines(skip_lines(reasoning));
		text = skip_lines(mem_skip(text, last + 8));
	}
	while (query > 0 && !is_query(&o->in->message[query - 1]))
		query--;
	if (query > 0 && i >= query &&
	    (i + 1 == o->in->message_n || reasoning.len > 0)) {
		chat_put(o, "<think>\n");
		chat_text(o, reasoning);
		chat_put(o, "\n</think>\n\n");
		text = skip_lines(text);
	}
	return text;
}

struct bytes chat_style_assistant(
    struct chat_out *o, size_t i, struct bytes text)
{
	if (o->f->style == CHAT_QWEN3)
		return qwen3(o, i, text);
	if (o->f->style != CHAT_SMOLLM3)
		return text;
	if (!smollm3_thinks(o))
		chat_put(o, "<think>\n\n</think>\n");
	return skip_lines(text);
}

void chat_style_open(struct chat_out *o)
{
	if (o->f->style == CHAT_QWEN3 && o->in->no_reasoning)
		chat_put(o, "<think>\n\n</think>\n\n");
	else if (o->f->style == CHAT_SMOLLM3 && !smollm3_thinks(o))
		chat_put(o, "<think>\n\n</think>\n");
}
