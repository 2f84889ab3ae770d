/* See running.h. */
#include "client/running.h"

#include <unistd.h>

#include "base/json.h"
#include "client/home.h"

static enum err get_string(
    char *out, size_t cap, const struct json *object, const char *name)
{
	struct json v;
	size_t n = 0;
	enum err e;

	if (!json_get(object, name, &v))
		return ERR_FORMAT;
	e = json_string(&v, (uint8_t *)out, cap - 1, &n);
	out[e == ERR_OK ? n : 0] = '\0';
	return e == ERR_OK && n > 0 && mem_strlen(out) == n ? ERR_OK
							    : ERR_FORMAT;
}

enum err client_running_parse(
    struct client_running *out, struct bytes text, struct err_ctx *ctx)
{
	struct json root, pid;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (text.len > CLIENT_RUNNING_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "more than %d bytes",
		    CLIENT_RUNNING_LEN_MAX);
	e = json_parse(&root, text, ctx);
	if (e != ERR_OK)
		return e;
	if (root.type != JSON_OBJECT || !json_get(&root, "pid", &pid) ||
	    json_u64(&pid, &out->pid) != ERR_OK ||
	    get_string(out->address, sizeof(out->address), &root, "address") !=
		ERR_OK ||
	    get_string(out->model, sizeof(out->model), &root, "model") !=
		ERR_OK) {
		memset(out, 0, sizeof(*out));
		return err_set(
		    ctx, ERR_FORMAT, "not an object of pid, address and model");
	}
	return ERR_OK;
}

void client_running_format(struct wr *w, const struct client_running *r)
{
	wr_fmt(w, "{\"pid\": %llu, \"address\": ", (unsigned long long)r->pid);
	json_write_string(w, (struct bytes){ (const uint8_t *)r->address,
				 mem_strlen(r->address) });
	wr_str(w, ", \"model\": ");
	json_write_string(w,
	    (struct bytes){ (const uint8_t *)r->model, mem_strlen(r->model) });
	wr_str(w, "}\n");
}

static enum err file_path(
    char out[FD_PATH_MAX], const char *home, struct err_ctx *ctx)
{
	return client_home_path(out, home, "up", "running.json", ctx);
}

enum err client_running_load(
    struct client_running *out, const char *home, struct err_ctx *ctx)
{
	uint8_t text[CLIENT_RUNNING_LEN_MAX];
	char path[FD_PATH_MAX];
	struct err_ctx why = { 0 };
	size_t n;
	enum err e = file_path(path, home, ctx);

	memset(out, 0, sizeof(*out));
	if (e == ERR_OK)
		e = fd_read_file(text, sizeof(text), &n, path, &why);
	if (e == ERR_OK)
		e = client_running_parse(out, (struct bytes){ text, n }, &why);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return err_set(ctx, e, "%s is damaged: %s", path, why.msg);
	return e;
}

enum err client_running_save(
    const struct client_running *r, const char *home, struct err_ctx *ctx)
{
	uint8_t text[CLIENT_RUNNING_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));
	char path[FD_PATH_MAX];
	size_t n;
	enum err e = file_path(path, home, ctx);

	client_running_format(&w, r);
	if (e == ERR_OK)
		e = wr_end(&w, &n);
	if (e == ERR_OK)
		e = fd_replace_file(path, (struct bytes){ text, n }, 0600, ctx);
	return e;
}

void client_running_remove(const char *home)
{
	char path[FD_PATH_MAX];

	if (file_path(path, home, NULL) == ERR_OK)
		(void)unlink(path);
}
