/* Writing answers; requests are read in openai_request.c. */
#include "openai/openai_parse.h"

#include "base/assert.h"
#include "base/fmt.h"
#include "base/json.h"

#define IGNORED_LEN_MAX (20 + OPENAI_NAME_MAX * OPENAI_ESCAPE_MAX)

_Static_assert(OPENAI_IGNORED_MAX *IGNORED_LEN_MAX + 512 <= OPENAI_TAIL_LEN_MAX,
    "a tail holds all the names it may list");
_Static_assert(
    ENGINE_NAME_LEN_MAX *OPENAI_ESCAPE_MAX + 96 <= OPENAI_HEAD_LEN_MAX,
    "a head holds any model's name");

static const struct {
	const char *type;
	const char *code;
} codes[OPENAI_CODE_N] = {
	[OPENAI_INVALID] = { "invalid_request_error", "invalid_request" },
	[OPENAI_CONTEXT] = { "invalid_request_error",
	    "context_length_exceeded" },
	[OPENAI_MODEL] = { "invalid_request_error", "model_not_found" },
	[OPENAI_BUSY] = { "server_error", "busy" },
	[OPENAI_TOO_MANY] = { "rate_limit_error", "too_many_requests" },
	[OPENAI_METHOD] = { "invalid_request_error", "unknown_method" },
	[OPENAI_INTERNAL] = { "server_error", "internal" },
};

static void write_text(struct wr *w, const char *s)
{
	json_write_string(w, mem_str(s));
}

void openai_error_set(struct openai_error *out, enum openai_code code,
    const char *param, const char *message)
{
	assert(code < OPENAI_CODE_N);
	out->type = codes[code].type;
	out->code = codes[code].code;
	out->param = param;
	(void)fmt_print(out->message, sizeof(out->message), "%s", message);
}

void openai_error_write(struct wr *w, const struct openai_error *e)
{
	wr_str(w, "{\"error\":{\"message\":");
	write_text(w, e->message);
	wr_str(w, ",\"type\":");
	write_text(w, e->type);
	wr_str(w, ",\"param\":");
	if (e->param == NULL)
		wr_str(w, "null");
	else
		write_text(w, e->param);
	wr_str(w, ",\"code\":");
	write_text(w, e->code);
	wr_str(w, "}}");
}

void openai_head_write(
    struct wr *w, const char id[OPENAI_ID_LEN + 1], const char *model)
{
	wr_str(w, "{\"id\":");
	write_text(w, id);
	wr_str(w, ",\"object\":\"chat.completion\",\"created\":0,\"model\":");
	write_text(w, model);
	wr_str(w, ",\"choices\":[{\"index\":0,\"message\":"
		  "{\"role\":\"assistant\"");
}

void openai_call_write(struct wr *w, uint32_t n,
    const char id[OPENAI_CALL_ID_LEN + 1], struct bytes name)
{
	wr_str(w, n == 0 ? ",\"tool_calls\":[" : ",");
	wr_fmt(w,
	    "{\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":", id);
	json_write_string(w, name);
	wr_str(w, ",\"arguments\":\"");
}

/* Six digits; OpenAI writes -9999 for what cannot come. */
static void write_logprob(struct wr *w, float logprob)
{
	const double v = logprob > -9999.0f ? -(double)logprob : 9999.0;
	const uint64_t n = v > 0.0 ? (uint64_t)(v * 1e6 + 0.5) : 0;

	wr_fmt(w, "%s%llu.%06llu", n > 0 ? "-" : "",
	    (unsigned long long)(n / 1000000),
	    (unsigned long long)(n % 1000000));
}

void openai_told_write(struct wr *w, struct bytes text, float logprob)
{
	wr_str(w, "{\"token\":");
	json_write_string(w, text);
	wr_str(w, ",\"logprob\":");
	write_logprob(w, logprob);
	wr_str(w, ",\"bytes\":[");
	for (size_t i = 0; i < text.len; i++)
		wr_fmt(w, "%s%u", i == 0 ? "" : ",", text.p[i]);
	wr_str(w, "]");
}

static const char *finish_reason(enum engine_finish finish)
{
	switch (finish) {
	case ENGINE_LENGTH:
		return "length";
	case ENGINE_CANCELLED:
		return "cancelled";
	case ENGINE_CALLS:
		return "tool_calls";
	case ENGINE_STOP:
	case ENGINE_RUNNING:
	default:
		return "stop";
	}
}

void openai_ignored_write(struct wr *w, const struct openai_request *r)
{
	if (r->ignored_n == 0)
		return;
	wr_str(w, ",\"confer_ignored\":[");
	for (size_t i = 0; i < r->ignored_n; i++) {
		uint8_t name[IGNORED_LEN_MAX];
		size_t n;

		wr_str(w, i == 0 ? "\"" : ",\"");
		wr_str(w, r->ignored[i].prefix);
		(void)openai_escape(name, sizeof(name), &n, r->ignored[i].name);
		wr_copy(w, name, n);
		wr_str(w, "\"");
		mem_wipe(name, sizeof(name));
	}
	wr_str(w, "]");
}

void openai_tail_write(struct wr *w, const struct openai_request *r,
    enum engine_finish finish, const struct openai_usage *usage)
{
	assert(finish != ENGINE_RUNNING);
	wr_fmt(w, ",\"finish_reason\":\"%s\"}]", finish_reason(finish));
	wr_fmt(w,
	    ",\"usage\":{\"prompt_tokens\":%u,\"completion_tokens\":%u,"
	    "\"total_tokens\":%llu}",
	    usage->prompt_tokens, usage->completion_tokens,
	    (unsigned long long)usage->prompt_tokens +
		usage->completion_tokens);
	openai_ignored_write(w, r);
}

void openai_end_write(struct wr *w)
{
	wr_str(w, "}");
}

size_t openai_escape(uint8_t *out, size_t cap, size_t *len, struct bytes in)
{
	static const char short_for[0x20] = { ['\b'] = 'b',
		['\f'] = 'f',
		['\n'] = 'n',
		['\r'] = 'r',
		['\t'] = 't' };
	size_t used = 0;

	*len = 0;
	for (; used < in.len && cap - *len >= OPENAI_ESCAPE_MAX; used++) {
		uint8_t c = in.p[used];

		if (c >= 0x20 && c != '"' && c != '\\') {
			out[(*len)++] = c;
			continue;
		}
		out[(*len)++] = '\\';
		if (c >= 0x20) {
			out[(*len)++] = c;
		} else if (short_for[c] != 0) {
			out[(*len)++] = (uint8_t)short_for[c];
		} else {
			memcpy(out + *len, "u00", 3);
			out[*len + 3] = (uint8_t)('0' + (c >> 4));
			out[*len + 4] = (uint8_t) "0123456789abcdef"[c & 15];
			*len += 5;
		}
	}
	return used;
}

void openai_models_write(struct wr *w, const char *model, uint32_t context)
{
	wr_str(w, "{\"object\":\"list\",\"data\":[{\"id\":");
	write_text(w, model);
	wr_fmt(w,
	    ",\"object\":\"model\",\"created\":0,\"owned_by\":\"enclave\","
	    "\"context_length\":%u}]}",
	    context);
}
