/* The simulated launch; see launch.h. */
#include "simtee/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wr.h"
#include "sys/fd.h"

#define READ_LEN 65536

static const char label[] = "confer launch v1"; /* its NUL is hashed too */

/* Label, count, and per item: name with its length, size, digest. */
#define ENCODED_LEN_MAX                                                        \
	(sizeof(label) + 2 +                                                   \
	    SIMTEE_LAUNCH_ITEMS_MAX * (2 + SIMTEE_LAUNCH_NAME_LEN_MAX + 8 +    \
					  SIMTEE_LAUNCH_DIGEST_LEN))

void simtee_launch_clear(struct simtee_launch *l)
{
	for (size_t i = 0; i < l->n; i++)
		fd_close(&l->item[i].fd);
	l->n = 0;
}

static bool name_ok(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return len > 0 && len <= SIMTEE_LAUNCH_NAME_LEN_MAX;
}

/* Put an item in its place by name; the array owns item->fd afterwards. */
static enum err insert(struct simtee_launch *l, struct simtee_launch_item *item,
    struct err_ctx *ctx)
{
	size_t at = 0;

	while (at < l->n && strcmp(l->item[at].name, item->name) < 0)
		at++;
	if (at < l->n && strcmp(l->item[at].name, item->name) == 0)
		return err_set(ctx, ERR_FORMAT, "launch item %s is given twice",
		    item->name);
	if (l->n == SIMTEE_LAUNCH_ITEMS_MAX)
		return err_set(ctx, ERR_LIMIT, "more than %d launch items",
		    SIMTEE_LAUNCH_ITEMS_MAX);
	memmove(
	    &l->item[at + 1], &l->item[at], (l->n - at) * sizeof(l->item[0]));
	l->item[at] = *item;
	l->n++;
	return ERR_OK;
}

static bool same_state(
    const struct simtee_launch_item *item, const struct stat *st)
{
	return (uint64_t)st->st_size == item->size &&
	       st->st_mtim.tv_sec == item->modified.tv_sec &&
	       st->st_mtim.tv_nsec == item->modified.tv_nsec;
}

/* SHA-384 of everything that the descriptor gives; *size counts it. */
static enum err hash_fd(
    uint8_t out[SIMTEE_LAUNCH_DIGEST_LEN], uint64_t *size, int fd)
{
	static uint8_t buf[READ_LEN]; /* one thread; too large for a stack */
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha384(), NULL) == 1;
	ssize_t n = 1;

	*size = 0;
	while (ok && n != 0) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		ok = n >= 0 && EVP_DigestUpdate(md, buf, (size_t)n) == 1;
		*size += ok ? (uint64_t)n : 0;
	}
	ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
	EVP_MD_CTX_free(md);
	return ok ? ERR_OK : ERR_IO;
}

/* Open and hash the file; the state before and after must be one. */
static enum err read_item(
    struct simtee_launch_item *item, const char *path, struct err_ctx *ctx)
{
	struct stat st;
	uint64_t got;
	enum err e;

	item->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (item->fd < 0)
		return err_set(ctx, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
		    "%s: %s", path, strerror(errno));
	if (fstat(item->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(
		    ctx, ERR_UNSUPPORTED, "%s: not a regular file", path);
	item->size = (uint64_t)st.st_size;
	item->modified = st.st_mtim;
	e = hash_fd(item->sha384, &got, item->fd);
	if (e != ERR_OK)
		return err_set(ctx, e, "%s: cannot be read", path);
	if (fstat(item->fd, &st) != 0 || !same_state(item, &st) ||
	    got != item->size)
		return err_set(
		    ctx, ERR_BUSY, "%s: changed while it was read", path);
	return ERR_OK;
}

enum err simtee_launch_add_file(
    struct simtee_launch *l, const char *spec, struct err_ctx *ctx)
{
	struct simtee_launch_item item = { .fd = -1 };
	const char *eq = strchr(spec, '=');
	enum err e;

	if (eq == NULL || !name_ok(spec, (size_t)(eq - spec)))
		return err_set(ctx, ERR_FORMAT,
		    "%s: a launch item is NAME=FILE, NAME of a-z 0-9 -", spec);
	memcpy(item.name, spec, (size_t)(eq - spec));
	e = read_item(&item, eq + 1, ctx);
	if (e == ERR_OK)
		e = insert(l, &item, ctx);
	if (e != ERR_OK)
		fd_close(&item.fd);
	return e;
}

enum err simtee_launch_add_cmdline(
    struct simtee_launch *l, const char *text, struct err_ctx *ctx)
{
	struct simtee_launch_item item = { .name = "cmdline", .fd = -1 };

	item.size = strlen(text);
	if (item.size > SIMTEE_LAUNCH_CMDLINE_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "command line of %zu bytes, at most %d", (size_t)item.size,
		    SIMTEE_LAUNCH_CMDLINE_MAX);
	if (EVP_Digest(
		text, item.size, item.sha384, NULL, EVP_sha384(), NULL) != 1)
		return err_set(ctx, ERR_INTERNAL, "SHA-384 failed");
	return insert(l, &item, ctx);
}

enum err simtee_launch_digest(uint8_t out[SIMTEE_LAUNCH_DIGEST_LEN],
    const struct simtee_launch *l, struct err_ctx *ctx)
{
	uint8_t buf[ENCODED_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	if (l->n == 0)
		return err_set(ctx, ERR_FORMAT, "nothing to launch is given");
	wr_copy(&w, label, sizeof(label));
	wr_u16be(&w, (uint16_t)l->n);
	for (size_t i = 0; i < l->n; i++) {
		const struct simtee_launch_item *item = &l->item[i];

		wr_u16be(&w, (uint16_t)strlen(item->name));
		wr_str(&w, item->name);
		wr_u64be(&w, item->size);
		wr_copy(&w, item->sha384, sizeof(item->sha384));
	}
	if (w.err != ERR_OK ||
	    EVP_Digest(buf, w.len, out, NULL, EVP_sha384(), NULL) != 1)
		return err_set(ctx, ERR_INTERNAL, "SHA-384 failed");
	return ERR_OK;
}

enum err simtee_launch_check(const struct simtee_launch *l, struct err_ctx *ctx)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct simtee_launch_item *item = &l->item[i];
		struct stat st;

		if (item->fd >= 0 &&
		    (fstat(item->fd, &st) != 0 || !same_state(item, &st)))
			return err_set(ctx, ERR_BUSY,
			    "launch item %s was written to after it was "
			    "measured",
			    item->name);
	}
	return ERR_OK;
}
