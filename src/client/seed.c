/* Seeds in files; see seed.h. */
#include "client/seed.h"

#include <sys/stat.h>

#include "crypto/crypto_native.h"
#include "sys/fd.h"

#define SEED_MODE 0600

static enum err create_seed(
    uint8_t seed_priv[ED25519_SEED_LEN], const char *path, struct err_ctx *ctx)
{
	crypto_random(seed_priv, ED25519_SEED_LEN);
	return fd_replace_file(path,
	    (struct bytes){ seed_priv, ED25519_SEED_LEN }, SEED_MODE, ctx);
}

enum err client_seed_open(uint8_t seed_priv[ED25519_SEED_LEN], const char *path,
    bool create, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	struct stat st;
	size_t n;
	enum err e;

	e = fd_read_file(seed_priv, ED25519_SEED_LEN, &n, path, &why);
	if (e == ERR_NOTFOUND && create) {
		e = create_seed(seed_priv, path, ctx);
	} else if (e == ERR_LIMIT || (e == ERR_OK && n != ED25519_SEED_LEN)) {
		e = err_set(ctx, ERR_FORMAT, "%.*s is not a key of %d bytes",
		    100, path, ED25519_SEED_LEN);
	} else if (e != ERR_OK) {
		e = err_set(ctx, e, "%s", why.msg);
	} else if (stat(path, &st) != 0 || (st.st_mode & 077) != 0) {
		e = err_set(ctx, ERR_POLICY,
		    "%.*s may be read by others; its mode must be 0600", 90,
		    path);
	}
	if (e != ERR_OK)
		mem_wipe(seed_priv, ED25519_SEED_LEN);
	return e;
}
