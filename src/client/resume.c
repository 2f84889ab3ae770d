/* See resume.h. */
#include "client/resume.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/rd.h"
#include "client/home.h"
#include "sys/fd.h"

#define MAGIC_LEN    16
#define NAME_LEN     16 /* bytes of the address' hash in the file's name */
#define NAME_HEX_LEN (2 * NAME_LEN + 1)

static const char magic[] = "confer session 1";

enum err client_resume_parse(struct client_resume *out, struct bytes in)
{
	struct rd r = rd_bytes_init(in);
	struct bytes head = rd_take(&r, MAGIC_LEN);
	struct client_resume got = { 0 };
	uint8_t sum[SHA256_LEN], want[SHA256_LEN];
	struct bytes covered;
	uint32_t n;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (r.err == ERR_OK && !mem_eq_str(head, magic))
		rd_fail(&r, ERR_FORMAT);
	got.verified_at = rd_u64be(&r);
	got.deadline = rd_u64be(&r);
	rd_copy(&r, got.key, sizeof(got.key));
	n = rd_u32be(&r);
	if (r.err == ERR_OK && n == 0)
		rd_fail(&r, ERR_FORMAT);
	if (r.err == ERR_OK && n > EVIDENCE_LEN_MAX)
		rd_fail(&r, ERR_LIMIT);
	if (r.err == ERR_OK)
		got.bundle = rd_take(&r, n);
	covered = (struct bytes){ in.p, r.off };
	rd_copy(&r, sum, sizeof(sum));
	e = rd_end(&r);
	if (e != ERR_OK)
		return e;
	crypto_sha256(want, &covered, 1);
	if (!mem_eq((struct bytes){ sum, SHA256_LEN },
		(struct bytes){ want, SHA256_LEN }))
		return ERR_AUTH;
	*out = got;
	return ERR_OK;
}

void client_resume_write(struct wr *w, const struct client_resume *r)
{
	const size_t start = w->len;
	uint8_t sum[SHA256_LEN];
	struct bytes covered;

	wr_copy(w, magic, MAGIC_LEN);
	wr_u64be(w, r->verified_at);
	wr_u64be(w, r->deadline);
	wr_copy(w, r->key, sizeof(r->key));
	wr_u32be(w, (uint32_t)r->bundle.len);
	wr_bytes(w, r->bundle);
	if (w->err != ERR_OK)
		return;
	covered = (struct bytes){ w->p + start, w->len - start };
	crypto_sha256(sum, &covered, 1);
	wr_copy(w, sum, sizeof(sum));
}

static enum err file_path(char out[FD_PATH_MAX], const char *home,
    const char *address, struct err_ctx *ctx)
{
	const struct bytes text = { (const uint8_t *)address,
		mem_strlen(address) };
	uint8_t hash[SHA256_LEN];
	char name[NAME_HEX_LEN];

	crypto_sha256(hash, &text, 1);
	hex_encode(name, hash, NAME_LEN);
	return client_home_path(out, home, "sessions", name, ctx);
}

enum err client_resume_load(struct client_resume *out, uint8_t *buf,
    const char *home, const char *address)
{
	char path[FD_PATH_MAX];
	size_t n = 0;
	enum err e = file_path(path, home, address, NULL);

	memset(out, 0, sizeof(*out));
	if (e == ERR_OK)
		e = fd_read_file(buf, CLIENT_RESUME_LEN_MAX, &n, path, NULL);
	if (e == ERR_OK)
		e = client_resume_parse(out, (struct bytes){ buf, n });
	return e;
}

enum err client_resume_save(const char *home, const char *address,
    const struct client_resume *r, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	uint8_t *buf = malloc(CLIENT_RESUME_LEN_MAX);
	struct wr w = wr_init(buf, buf != NULL ? CLIENT_RESUME_LEN_MAX : 0);
	size_t n = 0;
	enum err e = buf != NULL ? ERR_OK : ERR_NOMEM;

	if (e == ERR_OK)
		e = file_path(path, home, address, ctx);
	if (e == ERR_OK)
		e = client_home_make(home, "sessions", ctx);
	client_resume_write(&w, r);
	if (e == ERR_OK)
		e = wr_end(&w, &n);
	if (e == ERR_OK)
		e = fd_replace_file(path, (struct bytes){ buf, n }, 0600, ctx);
	free(buf);
	return e;
}

void client_resume_forget(const char *home, const char *address)
{
	char path[FD_PATH_MAX];

	if (file_path(path, home, address, NULL) == ERR_OK)
		(void)unlink(path);
}
