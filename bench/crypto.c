/*
 * The primitives through crypto/crypto.h, each beside the bare call of
 * libsodium: what the thin interface costs.
 */
#include <sodium.h>

#include "bench.h"
#include "crypto/crypto.h"
#include "crypto/crypto_native.h"

#define DATA_LEN 16384

static uint8_t data[DATA_LEN], sealed[DATA_LEN + AEAD_TAG_LEN];
static uint8_t key[32], point[32], out[32];
static const uint8_t nonce[AEAD_NONCE_LEN];

static void ours_seal(void *arg)
{
	(void)arg;
	crypto_aead_seal(sealed, key, nonce, (struct bytes){ NULL, 0 },
	    (struct bytes){ data, DATA_LEN });
}

static void bare_seal(void *arg)
{
	(void)arg;
	crypto_aead_chacha20poly1305_ietf_encrypt(
	    sealed, NULL, data, DATA_LEN, NULL, 0, NULL, nonce, key);
}

static void ours_sha256(void *arg)
{
	struct bytes part = { data, DATA_LEN };

	(void)arg;
	crypto_sha256(out, &part, 1);
}

static void bare_sha256(void *arg)
{
	(void)arg;
	crypto_hash_sha256(out, data, DATA_LEN);
}

static void ours_x25519(void *arg)
{
	(void)arg;
	if (crypto_x25519(out, key, point) != ERR_OK)
		abort();
}

static void bare_x25519(void *arg)
{
	(void)arg;
	if (crypto_scalarmult_curve25519(out, key, point) != 0)
		abort();
}

static void rate(const char *what, const char *bare_what, void (*fn)(void *),
    void (*bare)(void *))
{
	double got = DATA_LEN / bench_time(fn, NULL).cpu / 1e6;
	double want = DATA_LEN / bench_time(bare, NULL).cpu / 1e6;

	bench_row(bare_what, want, "MB/s", BENCH_NO_RATIO);
	bench_row(what, got, "MB/s", got / want);
}

int main(void)
{
	double got, want;

	if (crypto_init() != ERR_OK)
		return 4;
	crypto_random(key, sizeof(key));
	crypto_x25519_base(point, key);
	rate(
	    "crypto.aead_seal.16k", "bare.aead_seal.16k", ours_seal, bare_seal);
	rate("crypto.sha256.16k", "bare.sha256.16k", ours_sha256, bare_sha256);
	got = bench_time(ours_x25519, NULL).cpu * 1e6;
	want = bench_time(bare_x25519, NULL).cpu * 1e6;
	bench_row("bare.x25519", want, "us", BENCH_NO_RATIO);
	bench_row("crypto.x25519", got, "us", got / want);
	return 0;
}
