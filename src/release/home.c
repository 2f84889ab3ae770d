/* See home.h: names, keys, log and witnesses of a home. */
#include "release/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "client/home.h"
#include "crypto/crypto_native.h"
#include "logd/releases.h"
#include "logd/witnessd.h"

#define NAME_HEX 8
#define ORIGIN   "confer.local/" /* and the name */

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, mem_strlen(s) };
}

/* HOME/up/NAME */
static enum err place(char out[FD_PATH_MAX], const struct release_home *p,
    const char *name, struct err_ctx *ctx)
{
	return client_home_path(out, p->dir, name, NULL, ctx);
}

/* ---- names ---------------------------------------------------------------- */

static void set_name(struct release_home *p, const char *name)
{
	(void)fmt_print(
	    p->channel, sizeof(p->channel), "local-%.*s", NAME_HEX, name);
	(void)fmt_print(
	    p->origin, sizeof(p->origin), ORIGIN "%.*s", NAME_HEX, name);
}

static enum err write_name(
    const char *path, const char name[NAME_HEX], struct err_ctx *ctx)
{
	return fd_replace_file(
	    path, (struct bytes){ (const uint8_t *)name, NAME_HEX }, 0600, ctx);
}

/* The name of this home, made when there is none. */
static enum err open_name(struct release_home *p, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX], name[NAME_HEX + 1];
	uint8_t raw[NAME_HEX / 2];
	size_t n = 0;
	enum err e = place(path, p, "name", ctx);

	if (e != ERR_OK)
		return e;
	e = fd_read_file(name, NAME_HEX, &n, path, NULL);
	if (e == ERR_NOTFOUND) {
		crypto_random(raw, sizeof(raw));
		hex_encode(name, raw, sizeof(raw));
		n = NAME_HEX;
		e = write_name(path, name, ctx);
		if (e != ERR_OK)
			return e;
	}
	name[NAME_HEX] = '\0';
	if (e != ERR_OK || n != NAME_HEX ||
	    hex_decode(raw, sizeof(raw), text_of(name)) != ERR_OK)
		return err_set(
		    ctx, ERR_FORMAT, "%s does not hold 8 hex digits", path);
	set_name(p, name);
	return ERR_OK;
}

/*
 * The log has the name that counts. Of two first starts at one time, the one
 * that got no log may have written its own name over the other's.
 */
static enum err keep_name(struct release_home *p, struct err_ctx *ctx)
{
	const struct bytes origin = logd_log_key(p->log)->name;
	const size_t prefix = mem_strlen(ORIGIN);
	const char *name = (const char *)origin.p + prefix;
	char path[FD_PATH_MAX];
	enum err e;

	if (mem_eq_str(origin, p->origin))
		return ERR_OK;
	if (origin.len != prefix + NAME_HEX ||
	    !mem_eq_str((struct bytes){ origin.p, prefix }, ORIGIN))
		return err_set(ctx, ERR_POLICY,
		    "%.*s/log is not the log of a home", 90, p->dir);
	set_name(p, name);
	e = place(path, p, "name", ctx);
	return e == ERR_OK ? write_name(path, name, ctx) : e;
}

/* The first free HOME/up.old-N. */
static enum err move_away(
    struct release_home *p, const char *home, struct err_ctx *ctx)
{
	char name[32];

	for (unsigned i = 1; i <= RELEASE_HOME_OLD_MAX; i++) {
		enum err e;

		(void)fmt_print(name, sizeof(name), "up.old-%u", i);
		e = client_home_path(p->moved_to, home, name, NULL, ctx);
		if (e != ERR_OK)
			return e;
		if (renameat2(AT_FDCWD, p->dir, AT_FDCWD, p->moved_to,
			RENAME_NOREPLACE) == 0)
			return client_home_make(home, "up", ctx);
		if (errno != EEXIST && errno != ENOTEMPTY)
			break;
	}
	p->moved_to[0] = '\0';
	return err_set(ctx, ERR_IO,
	    "%.*s is of an earlier version of confer and cannot be moved away: "
	    "%s",
	    60, p->dir, strerrordesc_np(errno));
}

/*
 * Before this version the log of a home was one file, and its keys were raw: it
 * is moved away whole, and a new one begins. Who still uses it holds its lock.
 */
static enum err set_aside(
    struct release_home *p, const char *home, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	int fd;
	enum err e = place(path, p, "log/entries", ctx);

	if (e != ERR_OK || access(path, F_OK) != 0)
		return e;
	e = place(path, p, "log", ctx);
	if (e != ERR_OK)
		return e;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
		e = err_set(ctx, ERR_BUSY,
		    "an earlier version of confer runs in %.*s", 90, p->dir);
	if (e == ERR_OK)
		e = move_away(p, home, ctx);
	fd_close(&fd);
	return e;
}

/* ---- the log -------------------------------------------------------------- */

static enum err make_log(
    const struct release_home *p, const char *dir, struct err_ctx *ctx)
{
	struct logd_key key;
	enum err e = logd_key_make(&key, p->origin, TLOG_KEY_ED25519, ctx);

	if (e == ERR_OK)
		e = logd_log_init(dir, &key, ctx);
	logd_key_wipe(&key);
	return e;
}

static enum err open_log(struct release_home *p, struct err_ctx *ctx)
{
	char dir[FD_PATH_MAX];
	struct err_ctx why = { 0 };
	enum err e = place(dir, p, "log", ctx);

	if (e != ERR_OK)
		return e;
	e = logd_log_open(&p->log, dir, &why);
	if (e == ERR_NOTFOUND) {
		e = make_log(p, dir, ctx);
		if (e == ERR_OK)
			e = logd_log_open(&p->log, dir, ctx);
		return e;
	}
	return e == ERR_OK ? e : err_set(ctx, e, "%s", why.msg);
}

/* ---- witnesses ------------------------------------------------------------ */

/* Its own log is the one that it watches. */
static enum err watch_log(const struct release_home *p,
    const struct release_witness *w, struct err_ctx *ctx)
{
	const struct tlog_key *log = logd_log_key(p->log);
	uint8_t vkey[TLOG_VKEY_LEN_MAX];
	struct wr out = wr_init(vkey, sizeof(vkey));

	tlog_vkey_format(&out, log->name, log->type, log->pub);
	return logd_witnessd_add_log(
	    w->dir, (struct bytes){ vkey, out.len }, ctx);
}

static enum err open_witness(
    struct release_home *p, unsigned i, struct err_ctx *ctx)
{
	struct release_witness *w = &p->witness[i];
	char file[32], key[FD_PATH_MAX], logs[FD_PATH_MAX],
	    name[TLOG_KEY_NAME_LEN_MAX + 1];
	enum err e;

	(void)fmt_print(file, sizeof(file), "witness-%u", i + 1);
	(void)fmt_print(name, sizeof(name), "%s/%s", p->origin, file);
	if (fmt_print(w->listen, sizeof(w->listen), "unix:%s/%s.sock", p->dir,
		file) >= sizeof(w->listen))
		return err_set(ctx, ERR_LIMIT,
		    "%.*s is too long for a socket: choose a shorter --home",
		    60, p->dir);
	e = place(w->dir, p, file, ctx);
	if (e == ERR_OK)
		e = fd_make_dirs(w->dir, ctx);
	if (e == ERR_OK)
		e = client_home_path(key, w->dir, "key", NULL, ctx);
	if (e == ERR_OK)
		e = logd_key_open(
		    &w->key, key, name, TLOG_KEY_COSIGNATURE, ctx);
	/* It signs in a process of its own, and nowhere else. */
	mem_wipe(w->key.seed_priv, sizeof(w->key.seed_priv));
	if (e == ERR_OK)
		e = client_home_path(logs, w->dir, "logs", NULL, ctx);
	if (e == ERR_OK && access(logs, F_OK) != 0)
		e = watch_log(p, w, ctx);
	return e;
}

/* What clients of this home, and its own proofs, demand. */
static enum err make_policy(struct release_home *p, struct err_ctx *ctx)
{
	struct wr w = wr_init(p->policy_text, sizeof(p->policy_text));
	const struct tlog_key *log = logd_log_key(p->log);

	wr_str(&w, "log ");
	tlog_vkey_format(&w, log->name, log->type, log->pub);
	for (unsigned i = 0; i < RELEASE_HOME_WITNESSES; i++) {
		const struct tlog_key *key = &p->witness[i].key.key;

		wr_fmt(&w, "\nwitness witness-%u ", i + 1);
		tlog_vkey_format(&w, key->name, key->type, key->pub);
	}
	wr_fmt(&w, "\ngroup machine %d", RELEASE_HOME_QUORUM);
	for (unsigned i = 0; i < RELEASE_HOME_WITNESSES; i++)
		wr_fmt(&w, " witness-%u", i + 1);
	wr_str(&w, "\nquorum machine\n");
	if (w.err != ERR_OK)
		return err_set(ctx, w.err, "the log's policy is too long");
	return tlog_policy_parse(&p->policy,
	    (struct bytes){ (const uint8_t *)p->policy_text, w.len }, false,
	    ctx);
}

/* ---- opening -------------------------------------------------------------- */

static enum err open_keys(struct release_home *p, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = place(path, p, "keys", ctx);

	if (e == ERR_OK)
		e = release_keys_open(&p->keys, path, RELEASE_HOME_KEYS, ctx);
	if (e != ERR_OK)
		return e;
	p->admit.release = p->keys.set;
	p->admit.product = text_of(RELEASE_HOME_PRODUCT);
	p->admit.origin = p->origin;
	return logd_releases_load(&p->admit, p->log, ctx);
}

enum err release_home_open(
    struct release_home *p, const char *home, struct err_ctx *ctx)
{
	enum err e = client_home_path(p->dir, home, "up", NULL, ctx);

	if (e == ERR_OK)
		e = client_home_make(home, "up", ctx);
	if (e == ERR_OK)
		e = set_aside(p, home, ctx);
	if (e == ERR_OK)
		e = open_name(p, ctx);
	if (e == ERR_OK)
		e = open_log(p, ctx);
	if (e == ERR_OK)
		e = keep_name(p, ctx);
	if (e == ERR_OK)
		e = open_keys(p, ctx);
	for (unsigned i = 0; e == ERR_OK && i < RELEASE_HOME_WITNESSES; i++)
		e = open_witness(p, i, ctx);
	if (e == ERR_OK)
		e = make_policy(p, ctx);
	if (e == ERR_OK)
		e = place(p->records, p, "records", ctx);
	if (e == ERR_OK)
		e = fd_make_dirs(p->records, ctx);
	return e;
}

void release_home_close(struct release_home *p)
{
	logd_log_close(p->log);
	mem_wipe(p, sizeof(*p));
}

/* ---- the trust file ------------------------------------------------------- */

static void write_keys(struct wr *w, const struct release_home *p)
{
	for (size_t i = 0; i < p->keys.set.n; i++) {
		const struct tlog_key *key = &p->keys.set.key[i];

		wr_str(w, "release-key ");
		tlog_vkey_format(w, key->name, key->type, key->pub);
		wr_str(w, "\n");
	}
	wr_fmt(w, "threshold %zu\n", p->keys.set.need);
	for (unsigned i = 0; i < RELEASE_HOME_WITNESSES; i++)
		wr_fmt(w, "operator %s this-machine\n", p->witness[i].key.name);
}

enum err release_home_trust(const struct release_home *p,
    const uint8_t sim_root[ECDSA_P384_PUB_LEN], struct err_ctx *ctx)
{
	char hex[2 * ECDSA_P384_PUB_LEN + 1], path[FD_PATH_MAX];
	uint8_t text[8192];
	struct wr w = wr_init(text, sizeof(text));
	size_t n = 0;
	enum err e = place(path, p, "trust", ctx);

	wr_fmt(&w, "confer-trust/v1\nproduct %s\nchannel %s\nlocal\n",
	    RELEASE_HOME_PRODUCT, p->channel);
	write_keys(&w, p);
	hex_encode(hex, sim_root, ECDSA_P384_PUB_LEN);
	wr_fmt(&w, "sim-root %s\n\n", hex);
	wr_str(&w, p->policy_text);
	if (e == ERR_OK)
		e = wr_end(&w, &n);
	if (e == ERR_OK)
		e = fd_replace_file(path, (struct bytes){ text, n }, 0600, ctx);
	return e;
}
