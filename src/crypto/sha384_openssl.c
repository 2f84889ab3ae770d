/* SHA-384 by OpenSSL 3; see crypto_native.h. */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/crypto_native.h"

static void drop(struct crypto_sha384_stream *s)
{
	EVP_MD_CTX_free(s->opaque);
	s->opaque = NULL;
	ERR_clear_error();
}

void crypto_sha384_init(struct crypto_sha384_stream *s)
{
	s->opaque = EVP_MD_CTX_new();
	if (s->opaque != NULL &&
	    EVP_DigestInit_ex(s->opaque, EVP_sha384(), NULL) != 1)
		drop(s);
}

void crypto_sha384_update(struct crypto_sha384_stream *s, struct bytes in)
{
	if (s->opaque != NULL && in.len > 0 &&
	    EVP_DigestUpdate(s->opaque, in.p, in.len) != 1)
		drop(s);
}

enum err crypto_sha384_final(
    struct crypto_sha384_stream *s, uint8_t out[SHA384_LEN])
{
	bool ok =
	    s->opaque != NULL && EVP_DigestFinal_ex(s->opaque, out, NULL) == 1;

	drop(s);
	if (ok)
		return ERR_OK;
	memset(out, 0, SHA384_LEN);
	return ERR_INTERNAL;
}

enum err crypto_sha384(
    uint8_t out[SHA384_LEN], const struct bytes *part, size_t n)
{
	struct crypto_sha384_stream s;

	crypto_sha384_init(&s);
	for (size_t i = 0; i < n; i++)
		crypto_sha384_update(&s, part[i]);
	return crypto_sha384_final(&s, out);
}
