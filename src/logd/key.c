/* Signing keys in files; see key.h. */
#include "logd/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/hex.h"
#include "base/rd.h"
#include "crypto/crypto_native.h"
#include "sys/fd.h"
#include "tlog/note.h"

#define PREFIX     "PRIVATE+KEY+"
#define KEY_ID_LEN 4
#define BLOB_LEN   (1 + ED25519_SEED_LEN) /* type, seed */
#define OTHERS     (S_IRWXG | S_IRWXO)
#define NAME_SHOWN 90 /* of a path in a message */

static struct bytes of_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static bool can_sign(enum tlog_key_type type)
{
	return type == TLOG_KEY_ED25519 || type == TLOG_KEY_COSIGNATURE;
}

void logd_key_wipe(struct logd_key *key)
{
	mem_wipe(key, sizeof(*key));
}

/* name and seed_priv are there: the rest. */
static void fill_public(struct logd_key *key, enum tlog_key_type type)
{
	uint8_t pub[ED25519_PUB_LEN];

	crypto_ed25519_public(pub, key->seed_priv);
	key->key = tlog_key_make(of_str(key->name), type, pub);
}

enum err logd_key_make(struct logd_key *out, const char *name,
    enum tlog_key_type type, struct err_ctx *ctx)
{
	memset(out, 0, sizeof(*out));
	assert(can_sign(type));
	if (!tlog_key_name_ok(of_str(name)))
		return err_set(ctx, ERR_FORMAT,
		    "a key's name has 1 to %u bytes, without + and spaces",
		    TLOG_KEY_NAME_LEN_MAX);
	mem_copy(out->name, name, strlen(name));
	crypto_random(out->seed_priv, sizeof(out->seed_priv));
	fill_public(out, type);
	return ERR_OK;
}

/* ---- the line ------------------------------------------------------------ */

/* Take what stands before the next '+'; {NULL, 0} if there is none. */
static struct bytes take_field(struct rd *r)
{
	const uint8_t *at = memchr(r->p + r->off, '+', rd_left(r));
	struct bytes field;

	if (at == NULL) {
		rd_fail(r, ERR_FORMAT);
		return (struct bytes){ NULL, 0 };
	}
	field = rd_take(r, (size_t)(at - r->p) - r->off);
	(void)rd_u8(r);
	return field;
}

/* base64(type || seed) to key->seed_priv and *type. */
static enum err read_seed(struct logd_key *key, enum tlog_key_type *type,
    struct bytes base64, struct err_ctx *ctx)
{
	uint8_t blob[BLOB_LEN] = { 0 };
	size_t n = 0;
	enum err e = base64_decode(blob, sizeof(blob), &n, base64);

	*type = (enum tlog_key_type)blob[0];
	if (e == ERR_OK && n > 0 && !can_sign(*type))
		e = err_set(ctx, ERR_UNSUPPORTED,
		    "key of type %u: only types 1 and 4 sign here",
		    (unsigned)blob[0]);
	else if (e != ERR_OK || n != sizeof(blob))
		e = err_set(ctx, ERR_FORMAT,
		    "the key is not the base64 of a type and 32 bytes");
	else
		mem_copy(key->seed_priv, blob + 1, ED25519_SEED_LEN);
	mem_wipe(blob, sizeof(blob));
	return e;
}

static enum err parse_line(
    struct logd_key *out, struct bytes line, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(line);
	uint8_t id[KEY_ID_LEN];
	enum tlog_key_type type;
	struct bytes name, hex;
	enum err e;

	if (line.len < strlen(PREFIX) ||
	    !mem_eq_str(rd_take(&r, strlen(PREFIX)), PREFIX))
		return err_set(ctx, ERR_FORMAT,
		    "not a signing key: no %s at the start", PREFIX);
	name = take_field(&r);
	hex = take_field(&r);
	if (r.err != ERR_OK || hex_decode(id, sizeof(id), hex) != ERR_OK)
		return err_set(ctx, ERR_FORMAT, "not %sname+id+key", PREFIX);
	if (!tlog_key_name_ok(name))
		return err_set(ctx, ERR_FORMAT, "the key has a bad name");
	e = read_seed(out, &type, rd_take(&r, rd_left(&r)), ctx);
	if (e != ERR_OK)
		return e;
	mem_copy(out->name, name.p, name.len);
	fill_public(out, type);
	r = rd_init(id, sizeof(id));
	if (rd_u32be(&r) != out->key.id)
		return err_set(ctx, ERR_AUTH, "the id is not that of this key");
	return ERR_OK;
}

enum err logd_key_parse(
    struct logd_key *out, struct bytes text, struct err_ctx *ctx)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	if (text.len > LOGD_KEY_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "longer than a signing key, which has %u bytes at most",
		    LOGD_KEY_LEN_MAX);
	if (text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	e = parse_line(out, text, ctx);
	if (e != ERR_OK)
		logd_key_wipe(out);
	return e;
}

void logd_key_format(struct wr *w, const struct logd_key *key)
{
	uint8_t blob[BLOB_LEN];
	char text[BASE64_LEN(BLOB_LEN) + 1];

	blob[0] = (uint8_t)key->key.type;
	mem_copy(blob + 1, key->seed_priv, ED25519_SEED_LEN);
	base64_encode(text, blob, sizeof(blob));
	wr_str(w, PREFIX);
	wr_bytes(w, key->key.name);
	wr_fmt(w, "+%08x+", key->key.id);
	wr_str(w, text);
	wr_u8(w, '\n');
	mem_wipe(blob, sizeof(blob));
	mem_wipe(text, sizeof(text));
}

/* ---- files --------------------------------------------------------------- */

static enum err failed(struct err_ctx *ctx, const char *what, const char *path)
{
	int no = errno;
	enum err e = no == ENOENT || no == ENOTDIR  ? ERR_NOTFOUND
		     : no == ENOSPC || no == EDQUOT ? ERR_NOSPACE
						    : ERR_IO;

	return err_set(ctx, e, "cannot %s %.*s: %s", what, NAME_SHOWN, path,
	    strerrordesc_np(no));
}

/* Is this a file for its owner's eyes? Asked of what is open, not of a name. */
static enum err check_private(int fd, const char *path, struct err_ctx *ctx)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return failed(ctx, "look at", path);
	if (!S_ISREG(st.st_mode))
		return err_set(
		    ctx, ERR_FORMAT, "%.*s is not a file", NAME_SHOWN, path);
	if ((st.st_mode & OTHERS) != 0)
		return err_set(ctx, ERR_POLICY,
		    "%.*s: others may read or change this key; chmod 600 it",
		    NAME_SHOWN, path);
	return ERR_OK;
}

/* Up to cap bytes to the end of the file; one more is ERR_LIMIT by the parser,
 * which gets the buffer full. */
static enum err read_some(int fd, uint8_t *out, size_t cap, size_t *len)
{
	enum err e = ERR_OK;
	size_t n;

	*len = 0;
	while (e == ERR_OK && *len < cap) {
		e = fd_read_some(fd, out + *len, cap - *len, &n);
		*len += n;
	}
	return e == ERR_CLOSED ? ERR_OK : e;
}

enum err logd_key_load(
    struct logd_key *out, const char *path, struct err_ctx *ctx)
{
	uint8_t text[LOGD_KEY_LEN_MAX + 1];
	struct err_ctx why = { 0 };
	size_t len = 0;
	enum err e;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return failed(ctx, "open", path);
	e = check_private(fd, path, ctx);
	if (e == ERR_OK) {
		e = read_some(fd, text, sizeof(text), &len);
		if (e != ERR_OK)
			e = failed(ctx, "read", path);
	}
	fd_close(&fd);
	if (e == ERR_OK) {
		e = logd_key_parse(out, (struct bytes){ text, len }, &why);
		if (e != ERR_OK)
			(void)err_set(
			    ctx, e, "%.*s: %s", NAME_SHOWN, path, why.msg);
	}
	mem_wipe(text, sizeof(text));
	return e;
}

/* Open the directory of `path`; *name is what comes after it. */
static enum err open_parent(
    int *dir, const char **name, const char *path, struct err_ctx *ctx)
{
	const char *slash = strrchr(path, '/');
	char parent[FD_PATH_MAX];
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);

	*dir = -1;
	*name = slash == NULL ? path : slash + 1;
	if (n >= sizeof(parent) || **name == '\0' ||
	    strlen(*name) > FD_NAME_MAX)
		return err_set(ctx, ERR_LIMIT, "%.*s is no name for a file",
		    NAME_SHOWN, path);
	if (slash == NULL)
		(void)fmt_print(parent, sizeof(parent), ".");
	else
		(void)fmt_print(
		    parent, sizeof(parent), "%.*s", n == 0 ? 1 : (int)n, path);
	*dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *dir < 0 ? failed(ctx, "open the directory of", path) : ERR_OK;
}

/* A file `tmp` in dir with this text, on the disk. */
static bool write_durably(int dir, const char *tmp, struct bytes text)
{
	int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	bool ok;

	if (fd < 0)
		return false;
	ok = fd_write_full(fd, text.p, text.len, FD_NO_DEADLINE) == ERR_OK &&
	     fsync(fd) == 0;
	if (!ok) {
		int no = errno;

		fd_close(&fd);
		errno = no;
		return false;
	}
	return close(fd) == 0;
}

/* A key is never written over: link() refuses a name that is taken, and the
 * name appears only when the whole key stands behind it. */
static enum err save_text(
    const char *path, struct bytes text, struct err_ctx *ctx)
{
	char tmp[FD_NAME_MAX + 1];
	const char *name;
	int dir;
	enum err e = open_parent(&dir, &name, path, ctx);

	if (e != ERR_OK)
		return e;
	(void)fmt_print(tmp, sizeof(tmp), ".key.%d.tmp", (int)getpid());
	(void)unlinkat(dir, tmp, 0); /* of a process that died */
	if (!write_durably(dir, tmp, text))
		e = failed(ctx, "write", path);
	else if (linkat(dir, tmp, dir, name, 0) != 0)
		e = errno == EEXIST ? err_set(ctx, ERR_BUSY,
					  "%.*s exists already; a key is "
					  "never written over",
					  NAME_SHOWN, path)
				    : failed(ctx, "write", path);
	(void)unlinkat(dir, tmp, 0);
	if (e == ERR_OK && fsync(dir) != 0)
		e = failed(ctx, "write", path);
	fd_close(&dir);
	return e;
}

enum err logd_key_save(
    const struct logd_key *key, const char *path, struct err_ctx *ctx)
{
	uint8_t text[LOGD_KEY_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));
	enum err e;

	logd_key_format(&w, key);
	assert(w.err == ERR_OK);
	e = save_text(path, (struct bytes){ text, w.len }, ctx);
	mem_wipe(text, sizeof(text));
	return e;
}

/* A new key in a new file. */
static enum err create(struct logd_key *out, const char *path, const char *name,
    enum tlog_key_type type, struct err_ctx *ctx)
{
	enum err e = logd_key_make(out, name, type, ctx);

	return e == ERR_OK ? logd_key_save(out, path, ctx) : e;
}

enum err logd_key_open(struct logd_key *out, const char *path, const char *name,
    enum tlog_key_type type, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	enum err e = logd_key_load(out, path, &why);

	if (e == ERR_NOTFOUND) {
		why = (struct err_ctx){ 0 };
		e = create(out, path, name, type, &why);
	}
	if (e == ERR_BUSY) { /* another process was first: its key */
		why = (struct err_ctx){ 0 };
		e = logd_key_load(out, path, &why);
	}
	if (e == ERR_OK &&
	    (out->key.type != type || !mem_eq_str(out->key.name, name)))
		e = err_set(&why, ERR_POLICY,
		    "%.*s is the key of another name or kind", NAME_SHOWN,
		    path);
	if (e != ERR_OK) {
		logd_key_wipe(out);
		(void)err_set(ctx, e, "%s", why.msg);
	}
	return e;
}

/* ---- signing ------------------------------------------------------------- */

void logd_key_sign(struct wr *w, const struct logd_key *key, struct bytes text,
    uint64_t time_s)
{
	uint8_t cosigned[TLOG_COSIGNED_LEN_MAX + 64]; /* the header: 41 */
	uint8_t sig[ED25519_SIG_LEN];
	struct wr m = wr_init(cosigned, sizeof(cosigned));

	if (key->key.type == TLOG_KEY_COSIGNATURE) {
		assert(text.len <= TLOG_COSIGNED_LEN_MAX);
		tlog_cosigned_format(&m, time_s, text);
		assert(m.err == ERR_OK);
		text = (struct bytes){ cosigned, m.len };
	}
	crypto_ed25519_sign(sig, key->seed_priv, text);
	tlog_note_format_sig(w, &key->key, sig, time_s);
}
