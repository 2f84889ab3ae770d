/* P-384 keys in files; see key.h. */
#include "simtee/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "sys/fd.h"

#define PEM_LEN_MAX   2048 /* a P-384 key is 306 bytes long */
#define DER_SIG_MAX   128  /* of P-384: 104 */
#define PUBLIC_TO_ANY (S_IRWXG | S_IRWXO)

void simtee_key_clear(struct simtee_key *k)
{
	EVP_PKEY_free(k->pkey); /* wipes the scalar */
	*k = (struct simtee_key)SIMTEE_KEY_INIT;
}

static enum err path_join(char out[FD_PATH_MAX], const char *dir,
    const char *name, struct err_ctx *ctx)
{
	int n = snprintf(out, FD_PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= FD_PATH_MAX)
		return err_set(ctx, ERR_LIMIT, "%s: path too long", dir);
	return ERR_OK;
}

/* A new key, written durably before it is used. */
static enum err create(
    struct simtee_key *k, const char *path, struct err_ctx *ctx)
{
	BIO *mem = BIO_new(BIO_s_mem());
	enum err e = ERR_INTERNAL;
	char *pem = NULL;
	long len;

	k->pkey = EVP_EC_gen("P-384");
	if (k->pkey == NULL || mem == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(
		mem, k->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		goto out;
	len = BIO_get_mem_data(mem, &pem);
	if (len > 0)
		e = fd_replace_file(path,
		    (struct bytes){ (const uint8_t *)pem, (size_t)len },
		    S_IRUSR | S_IWUSR, ctx);
	if (pem != NULL)
		mem_wipe(pem, (size_t)len);
out:
	BIO_free(mem);
	return e == ERR_INTERNAL
		   ? err_set(ctx, e, "%s: cannot make a P-384 key", path)
		   : e;
}

static enum err load(
    struct simtee_key *k, const char *path, struct err_ctx *ctx)
{
	uint8_t pem[PEM_LEN_MAX];
	struct stat st;
	size_t len = 0;
	BIO *mem;
	enum err e;

	if (stat(path, &st) == 0 && (st.st_mode & PUBLIC_TO_ANY) != 0)
		return err_set(ctx, ERR_FORMAT,
		    "%s: others may read this key; chmod 600 it", path);
	e = fd_read_file(pem, sizeof(pem), &len, path, ctx);
	if (e != ERR_OK)
		return e;
	mem = BIO_new_mem_buf(pem, (int)len);
	if (mem != NULL)
		k->pkey = PEM_read_bio_PrivateKey(mem, NULL, NULL, NULL);
	BIO_free(mem);
	mem_wipe(pem, sizeof(pem));
	if (k->pkey == NULL)
		return err_set(
		    ctx, ERR_FORMAT, "%s: not a private key in PEM", path);
	return ERR_OK;
}

/* The public point; refuses a file that holds a key of another kind. */
static enum err fill_public(
    struct simtee_key *k, const char *path, struct err_ctx *ctx)
{
	char group[32] = "";
	size_t n = 0;

	if (EVP_PKEY_get_utf8_string_param(k->pkey, OSSL_PKEY_PARAM_GROUP_NAME,
		group, sizeof(group), NULL) != 1 ||
	    strcmp(group, "secp384r1") != 0 ||
	    EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_PUB_KEY,
		k->pub, sizeof(k->pub), &n) != 1 ||
	    n != sizeof(k->pub) || k->pub[0] != 4)
		return err_set(ctx, ERR_FORMAT, "%s: not a P-384 key", path);
	return ERR_OK;
}

static enum err open_one(struct simtee_key *k, const char *dir,
    const char *name, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = path_join(path, dir, name, ctx);
	struct stat st;

	if (e != ERR_OK)
		return e;
	if (stat(path, &st) != 0 && errno == ENOENT)
		e = create(k, path, ctx);
	else
		e = load(k, path, ctx);
	return e == ERR_OK ? fill_public(k, path, ctx) : e;
}

enum err simtee_key_open_pair(struct simtee_key *root, struct simtee_key *chip,
    const char *dir, struct err_ctx *ctx)
{
	int lock = -1;
	enum err e = fd_make_dirs(dir, ctx);

	*root = *chip = (struct simtee_key)SIMTEE_KEY_INIT;
	if (e != ERR_OK)
		return e;
	lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) != 0)
		e = err_set(ctx, ERR_IO, "%s: %s", dir, strerror(errno));
	if (e == ERR_OK)
		e = open_one(root, dir, "root.pem", ctx);
	if (e == ERR_OK)
		e = open_one(chip, dir, "chip.pem", ctx);
	if (e != ERR_OK) {
		simtee_key_clear(root);
		simtee_key_clear(chip);
	}
	fd_close(&lock); /* and unlock */
	return e;
}

/* DER to the fixed length that reports and endorsements use. */
static bool raw_from_der(
    uint8_t sig[ECDSA_P384_SIG_LEN], const uint8_t *der, size_t len)
{
	ECDSA_SIG *es = d2i_ECDSA_SIG(NULL, &der, (long)len);
	int half = ECDSA_P384_SIG_LEN / 2;
	bool ok = es != NULL &&
		  BN_bn2binpad(ECDSA_SIG_get0_r(es), sig, half) == half &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(es), sig + half, half) == half;

	ECDSA_SIG_free(es);
	return ok;
}

enum err simtee_key_sign(uint8_t sig[ECDSA_P384_SIG_LEN],
    const struct simtee_key *k, struct bytes msg)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[DER_SIG_MAX];
	size_t len = sizeof(der);
	bool ok =
	    ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, k->pkey) == 1 &&
	    EVP_DigestSign(ctx, der, &len, msg.p, msg.len) == 1 &&
	    raw_from_der(sig, der, len);

	EVP_MD_CTX_free(ctx);
	return ok ? ERR_OK : ERR_INTERNAL;
}
