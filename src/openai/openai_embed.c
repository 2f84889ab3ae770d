/* Embeddings: the request, and the pieces of its RESULT. */
#include <stdio.h>

#include "base/hex.h"
#include "openai/openai_parse.h"

/* ---- the request ---------------------------------------------------------- */

static enum err add_input(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct engine_message *m = &r->message[r->message_n];

	if (r->message_n == OPENAI_INPUTS_MAX || v->type != JSON_STRING ||
	    openai_decode(r, &m->text, v) != ERR_OK || m->text.len == 0)
		return openai_invalid(why, "input",
		    "input must be a string or up to 64, none of them empty");
	m->role = ENGINE_USER;
	r->message_n++;
	return ERR_OK;
}

static enum err read_input(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	return v->type == JSON_ARRAY ? openai_read_each(r, v, add_input, why)
				     : add_input(r, v, why);
}

static enum err read_encoding(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	r->base64 = v->type == JSON_STRING && json_is_str(v, "base64");
	if (r->base64 || v->type == JSON_NULL ||
	    (v->type == JSON_STRING && json_is_str(v, "float")))
		return ERR_OK;
	return openai_invalid(
	    why, "encoding_format", "encoding_format must be float or base64");
}

static enum err read_field(struct openai_request *r, const struct json *key,
    const struct json *v, struct openai_error *why)
{
	if (json_is_str(key, "input"))
		return read_input(r, v, why);
	if (json_is_str(key, "encoding_format"))
		return read_encoding(r, v, why);
	if (json_is_str(key, "user") || openai_ignore(r, "", key) == ERR_OK)
		return ERR_OK;
	return openai_invalid(why, NULL, "names of fields are too long");
}

enum err openai_embed_parse(struct openai_request *out, uint8_t *text,
    size_t cap, struct bytes body, const char *model, struct openai_error *why)
{
	enum err e;

	*out = (struct openai_request){
		.embed = true, .text = text, .text_cap = cap
	};
	e = openai_read_body(out, body, model, read_field, why);
	if (e == ERR_OK && out->message_n == 0)
		e = openai_invalid(
		    why, "input", "input must have at least one text");
	return e;
}

/* ---- the RESULT ----------------------------------------------------------- */

void openai_embed_begin_write(struct wr *w, uint32_t number, bool base64)
{
	wr_fmt(w, "%s{\"object\":\"embedding\",\"index\":%u,\"embedding\":%s",
	    number == 0 ? "" : ",", number, base64 ? "\"" : "[");
}

void openai_embed_write(
    struct wr *w, const float *v, size_t n, bool first, bool base64)
{
	char out[BASE64_LEN(OPENAI_EMBED_PIECE * sizeof(float)) + 1];

	if (base64) {
		base64_encode(out, (const uint8_t *)v, n * sizeof(*v));
		wr_str(w, out);
	}
	for (size_t i = 0; !base64 && i < n; i++) {
		/* Nine digits give the same number back. */
		(void)snprintf(out, sizeof(out), "%s%.9g",
		    first && i == 0 ? "" : ",", (double)v[i]);
		wr_str(w, out);
	}
	mem_wipe(out, sizeof(out));
}

void openai_embed_end_write(struct wr *w, bool base64)
{
	wr_str(w, base64 ? "\"}" : "]}");
}

void openai_embed_tail_write(struct wr *w, const struct openai_request *r,
    const char *model, const struct openai_usage *usage)
{
	wr_str(w, "],\"model\":");
	json_write_string(w, mem_str(model));
	wr_fmt(w, ",\"usage\":{\"prompt_tokens\":%u,\"total_tokens\":%u}",
	    usage->prompt_tokens, usage->prompt_tokens);
	openai_ignored_write(w, r);
	wr_str(w, "}");
}
