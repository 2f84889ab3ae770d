/* See up_model.h. */
#include "cli/up_model.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "cli/model_facts.h"
#include "crypto/crypto.h"
#include "engine/gguf.h"

#define BUNDLED "confer-demo.gguf"

/* A token (docs/log.md section 6): what else there is becomes a hyphen. */
static void write_token(char out[UP_TOKEN_MAX], struct bytes text)
{
	size_t n = 0;

	for (; n < text.len && n + 1 < UP_TOKEN_MAX; n++) {
		const uint8_t c = text.p[n];
		const bool ok =
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';

		out[n] = ok ? (char)c : '-';
	}
	out[n] = '\0';
}

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void read_text(const struct gguf *g, const char *key,
    char out[UP_TOKEN_MAX], const char *otherwise)
{
	struct bytes text = { NULL, 0 };

	if (gguf_string(g, key, &text, NULL) != ERR_OK || text.len == 0)
		text = text_of(otherwise);
	write_token(out, text);
}

/* The type of the large matrices stands for the whole file. */
static const char *quant_of(const struct gguf *g)
{
	const struct gguf_tensor *t = gguf_tensor(g, "blk.0.ffn_down.weight");
	const char *name = t != NULL ? gguf_type_name(t->type) : NULL;

	return name != NULL ? name : "unknown";
}

static void read_header(struct up_model *out, const struct gguf *g)
{
	const char *slash = strrchr(out->path, '/');
	char key[UP_TOKEN_MAX + 32], arch[UP_TOKEN_MAX];
	uint32_t context = 1;

	read_text(g, "general.name", out->name,
	    slash != NULL ? slash + 1 : out->path);
	read_text(g, "tokenizer.ggml.model", out->tokenizer, "none");
	write_token(out->quant, text_of(quant_of(g)));
	read_text(g, "general.architecture", arch, "unknown");
	(void)fmt_print(key, sizeof(key), "%s.context_length", arch);
	if (gguf_u32(g, key, &context, NULL) != ERR_OK || context == 0)
		context = 1;
	out->context = context;
}

enum err up_model_read(
    struct up_model *out, const char *path, struct err_ctx *ctx)
{
	struct fd_map map = { NULL, 0 };
	struct err_ctx why = { 0 };
	struct gguf g = { 0 };
	enum err e;

	memset(out, 0, sizeof(*out));
	if (realpath(path, out->path) == NULL)
		return err_set(ctx, ERR_NOTFOUND,
		    "there is no model file at %.*s", 100, path);
	e = fd_map_open(&map, out->path, &why);
	if (e == ERR_OK) {
		const struct bytes file = { map.p, map.len };

		e = gguf_parse_head(&g, file, file.len, &why);
		if (e == ERR_OK) {
			out->size = map.len;
			read_header(out, &g);
			crypto_sha256(out->sha256.b, &file, 1);
		}
		gguf_clear(&g);
		fd_map_close(&map);
	}
	if (e != ERR_OK)
		(void)err_set(ctx, e, "%.*s is no model that I can run: %s", 60,
		    path, why.msg);
	return e;
}

static enum err read_facts(const struct gguf *g, struct err_ctx *why)
{
	struct model_facts *f = calloc(1, sizeof(*f));
	enum err e = ERR_OK;

	if (f == NULL)
		return err_set(why, ERR_NOMEM, "out of memory");
	model_facts_read(f, g);
	if (f->why_n > 0)
		e = err_set(why, f->why[0].code, "%s", f->why[0].msg);
	model_facts_clear(f);
	free(f);
	return e;
}

enum err up_model_check(const char *path, struct err_ctx *ctx)
{
	struct fd_map map = { NULL, 0 };
	struct err_ctx why = { 0 };
	struct gguf g = { 0 };
	enum err e = fd_map_open(&map, path, &why);

	if (e == ERR_OK)
		e = gguf_parse_head(
		    &g, (struct bytes){ map.p, map.len }, map.len, &why);
	if (e == ERR_OK)
		e = read_facts(&g, &why);
	gguf_clear(&g);
	fd_map_close(&map);
	if (e != ERR_OK)
		(void)err_set(ctx, e, "this model cannot be run: %s", why.msg);
	return e;
}

enum err up_model_bundled(
    char out[FD_PATH_MAX], const char *bin, struct err_ctx *ctx)
{
	static const char *const places[] = { "../share/confer", "../../model",
		"../../../model" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (fmt_print(out, FD_PATH_MAX, "%s/%s/" BUNDLED, bin,
			places[i]) < FD_PATH_MAX &&
		    access(out, R_OK) == 0)
			return ERR_OK;
	}
	return err_set(ctx, ERR_NOTFOUND,
	    "there is no bundled model beside this program: name one with "
	    "--model FILE.gguf");
}
