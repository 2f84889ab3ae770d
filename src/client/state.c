/* See state.h. */
#include "client/state.h"

#include <fcntl.h>
#include <sys/file.h>

#include "base/hex.h"
#include "base/json.h"
#include "client/home.h"
#include "client/split.h"
#include "sys/fd.h"

static enum err parse_head(struct client_head *out, const struct json *v)
{
	struct json origin, size, root;
	uint8_t hex[2 * SHA256_LEN];
	size_t n = 0, hex_n = 0;
	enum err e;

	if (v->type != JSON_OBJECT || !json_get(v, "origin", &origin) ||
	    !json_get(v, "size", &size) || !json_get(v, "root", &root))
		return ERR_FORMAT;
	e = json_string(
	    &origin, (uint8_t *)out->origin, sizeof(out->origin) - 1, &n);
	if (e == ERR_OK)
		e = json_u64(&size, &out->size);
	if (e == ERR_OK)
		e = json_string(&root, hex, sizeof(hex), &hex_n);
	if (e == ERR_OK)
		e = hex_decode(
		    out->root, SHA256_LEN, (struct bytes){ hex, hex_n });
	return e == ERR_OK && n > 0 ? ERR_OK : ERR_FORMAT;
}

static enum err parse_heads(
    struct client_state *out, const struct json *list, struct err_ctx *ctx)
{
	struct json_iter it = json_iter(list);
	struct json v;

	while (json_next(&it, NULL, &v)) {
		if (out->heads == CLIENT_STATE_HEADS_MAX)
			return err_set(ctx, ERR_LIMIT,
			    "state: more than %d heads",
			    CLIENT_STATE_HEADS_MAX);
		if (parse_head(&out->head[out->heads], &v) != ERR_OK)
			return err_set(ctx, ERR_FORMAT,
			    "state: head %zu is not {origin, size, root}",
			    out->heads);
		out->heads++;
	}
	return ERR_OK;
}

enum err client_state_parse(
    struct client_state *out, struct bytes text, struct err_ctx *ctx)
{
	struct json root, seq, heads;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (text.len > CLIENT_STATE_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "state: %zu bytes, at most %d",
		    text.len, CLIENT_STATE_LEN_MAX);
	e = json_parse(&root, text, ctx);
	if (e != ERR_OK)
		return e;
	if (root.type != JSON_OBJECT || !json_get(&root, "policy_seq", &seq) ||
	    json_u64(&seq, &out->policy_seq) != ERR_OK ||
	    !json_get(&root, "heads", &heads) || heads.type != JSON_ARRAY)
		e = err_set(ctx, ERR_FORMAT,
		    "state: not an object of policy_seq and heads");
	if (e == ERR_OK)
		e = parse_heads(out, &heads, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

void client_state_format(struct wr *w, const struct client_state *state)
{
	char hex[2 * SHA256_LEN + 1];

	wr_fmt(w, "{\"policy_seq\": %llu, \"heads\": [",
	    (unsigned long long)state->policy_seq);
	for (size_t i = 0; i < state->heads; i++) {
		const struct client_head *h = &state->head[i];

		wr_str(w, i == 0 ? "{\"origin\": " : ", {\"origin\": ");
		json_write_string(w, (struct bytes){ (const uint8_t *)h->origin,
					 mem_strlen(h->origin) });
		hex_encode(hex, h->root, SHA256_LEN);
		wr_fmt(w, ", \"size\": %llu, \"root\": \"%s\"}",
		    (unsigned long long)h->size, hex);
	}
	wr_str(w, "]}\n");
}

const struct client_head *client_state_head(
    const struct client_state *state, const char *origin)
{
	const struct bytes name = { (const uint8_t *)origin,
		mem_strlen(origin) };

	for (size_t i = 0; i < state->heads; i++) {
		if (mem_eq_str(name, state->head[i].origin))
			return &state->head[i];
	}
	return NULL;
}

bool client_state_learn(struct client_state *state, const struct claims *seen)
{
	struct client_head *h = NULL;
	bool changed = false;

	if (seen->policy_seq > state->policy_seq) {
		state->policy_seq = seen->policy_seq;
		changed = true;
	}
	for (size_t i = 0; i < state->heads; i++) {
		if (client_state_head(state, seen->log_origin) ==
		    &state->head[i])
			h = &state->head[i];
	}
	if (seen->trees == 0 || (h != NULL && h->size >= seen->tree[0].size))
		return changed;
	if (h == NULL && state->heads == CLIENT_STATE_HEADS_MAX) {
		memmove(&state->head[0], &state->head[1],
		    (CLIENT_STATE_HEADS_MAX - 1) * sizeof(state->head[0]));
		state->heads--;
	}
	if (h == NULL)
		h = &state->head[state->heads++];
	memset(h, 0, sizeof(*h));
	memcpy(h->origin, seen->log_origin, mem_strlen(seen->log_origin));
	h->size = seen->tree[0].size;
	memcpy(h->root, seen->tree[0].root, SHA256_LEN);
	return true;
}

/* HOME/state/PRODUCT@CHANNEL.json: both are tokens, without `/` and `@`. */
static enum err file_path(char out[FD_PATH_MAX], const char *home,
    const struct trust *trust, struct err_ctx *ctx)
{
	char name[2 * RECORD_TOKEN_LEN_MAX + 16];
	struct wr w = wr_init(name, sizeof(name));

	wr_bytes(&w, trust->product);
	wr_str(&w, "@");
	wr_bytes(&w, trust->channel);
	wr_str(&w, ".json");
	wr_u8(&w, 0);
	if (w.err != ERR_OK)
		return err_set(ctx, w.err, "the trust file's names are long");
	return client_home_path(out, home, "state", name, ctx);
}

enum err client_state_load(struct client_state *out, const char *home,
    const struct trust *trust, struct err_ctx *ctx)
{
	uint8_t text[CLIENT_STATE_LEN_MAX];
	char path[FD_PATH_MAX];
	struct err_ctx why = { 0 };
	size_t n;
	enum err e = file_path(path, home, trust, ctx);

	memset(out, 0, sizeof(*out));
	if (e == ERR_OK)
		e = fd_read_file(text, sizeof(text), &n, path, &why);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	if (e == ERR_OK)
		e = client_state_parse(out, (struct bytes){ text, n }, &why);
	if (e != ERR_OK)
		(void)err_set(ctx, e, "%s is damaged: %s", path, why.msg);
	return e;
}

enum err client_state_save(const struct client_state *state, const char *home,
    const struct trust *trust, struct err_ctx *ctx)
{
	uint8_t text[CLIENT_STATE_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));
	char path[FD_PATH_MAX];
	size_t n;
	enum err e = file_path(path, home, trust, ctx);

	client_state_format(&w, state);
	if (e == ERR_OK)
		e = wr_end(&w, &n);
	if (e == ERR_OK)
		e = client_home_make(home, "state", ctx);
	if (e == ERR_OK)
		e = fd_replace_file(path, (struct bytes){ text, n }, 0600, ctx);
	return e;
}

/* One process at a time between load and save; -1 if that cannot be had. */
static int lock(const char *home)
{
	char path[FD_PATH_MAX];
	int fd = -1;

	if (client_home_make(home, "state", NULL) != ERR_OK ||
	    client_home_path(path, home, "state", NULL, NULL) != ERR_OK)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX) != 0)
		fd_close(&fd);
	return fd;
}

/* Than what was seen of this log. */
static bool is_larger(const struct client_state *state, const struct claims *c)
{
	const struct client_head *h = client_state_head(state, c->log_origin);

	return c->trees > 0 && (h == NULL || h->size < c->tree[0].size);
}

enum err client_state_remember(struct client_state *state, const char *home,
    const struct trust *trust, const struct claims *seen, struct bytes note,
    struct err_ctx *ctx)
{
	int fd = lock(home);
	enum err e;

	if (fd < 0)
		return err_set(
		    ctx, ERR_IO, "%.*s/state cannot be written", 100, home);
	e = client_state_load(state, home, trust, ctx);
	if (e == ERR_OK && is_larger(state, seen))
		e = client_split_remember(home, seen->log_origin, note, ctx);
	if (e == ERR_OK && client_state_learn(state, seen))
		e = client_state_save(state, home, trust, ctx);
	fd_close(&fd);
	return e;
}
