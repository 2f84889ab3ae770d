/*
 * Constant time, as far as valgrind can see it: secrets are marked undefined, so
 * a branch or an address that depends on one is an error, in our code as well as
 * in libsodium's. What becomes public is marked defined where that happens:
 * results on the wire, verdicts, and the bit "this shared secret is zero".
 *
 * Run by tools/run-ct; without valgrind it only checks that all of it works.
 */
#include <stdio.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "crypto/crypto_native.h"
#include "noise/noise.h"

#define CHECK(e)                                                               \
	do {                                                                   \
		if (!(e)) {                                                    \
			fprintf(                                               \
			    stderr, "%s:%d: %s\n", __FILE__, __LINE__, #e);    \
			return false;                                          \
		}                                                              \
	} while (0)

static void secret(const void *p, size_t n)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void public(const void *p, size_t n)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

int __real_crypto_scalarmult(
    unsigned char *q, const unsigned char *n, const unsigned char *p);
int __wrap_crypto_scalarmult(
    unsigned char *q, const unsigned char *n, const unsigned char *p);

/* Whether the secret is all zero ends the handshake: anybody may know it. */
int __wrap_crypto_scalarmult(
    unsigned char *q, const unsigned char *n, const unsigned char *p)
{
	int rc = __real_crypto_scalarmult(q, n, p);

	public(&rc, sizeof(rc));
	return rc;
}

enum err __real_crypto_aead_open(uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, struct bytes ad, struct bytes in);
enum err __wrap_crypto_aead_open(uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, struct bytes ad, struct bytes in);

/* So does a wrong tag. */
enum err __wrap_crypto_aead_open(uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, struct bytes ad, struct bytes in)
{
	enum err e = __real_crypto_aead_open(out, key, nonce, ad, in);

	public(&e, sizeof(e));
	return e;
}

static bool comparisons(void)
{
	uint8_t a[32], b[32], c[32] = { 0 };
	bool same, differ, zero;

	crypto_random(a, sizeof(a));
	memcpy(b, a, sizeof(b));
	secret(a, sizeof(a));
	same = mem_eq_ct(a, b, sizeof(a));
	differ = mem_eq_ct(a, c, sizeof(a));
	zero = mem_is_zero(a, sizeof(a));
	public(&same, sizeof(same));
	public(&differ, sizeof(differ));
	public(&zero, sizeof(zero));
	CHECK(same && !differ && !zero);
	return true;
}

static bool hashes(void)
{
	uint8_t key[32], msg[100], mac[32], out[3][32], again[3][32];
	struct bytes part[] = { { msg, 50 }, { msg + 50, 50 } };

	crypto_random(key, sizeof(key));
	crypto_random(msg, sizeof(msg));
	crypto_hkdf_noise(again[0], again[1], again[2], key, part[0]);
	secret(key, sizeof(key));
	secret(msg, sizeof(msg));
	crypto_hmac_sha256(mac, (struct bytes){ key, sizeof(key) }, part, 2);
	crypto_hmac_sha256(mac, (struct bytes){ msg, sizeof(msg) }, part, 2);
	crypto_hkdf_noise(out[0], out[1], out[2], key, part[0]);
	public(out, sizeof(out));
	CHECK(memcmp(out, again, sizeof(out)) == 0);
	return true;
}

/* One side with secret keys; its public keys are public. */
static void peer_init(struct noise_handshake *hs, enum noise_pattern pattern,
    bool alice, const uint8_t s[2][32], const uint8_t e[2][32])
{
	bool first = alice != (pattern == NOISE_XXFALLBACK);
	uint8_t rs[32], re[32];
	struct noise_config c = {
		.pattern = pattern,
		.role = first ? NOISE_INITIATOR : NOISE_RESPONDER,
		.s_priv = s[!alice],
		.e_priv = e[!alice],
	};

	crypto_x25519_base(rs, s[1]);
	crypto_x25519_base(re, e[0]);
	public(rs, sizeof(rs));
	public(re, sizeof(re));
	if (pattern == NOISE_IK && alice)
		c.rs = rs;
	if (pattern == NOISE_XXFALLBACK && !alice)
		c.re = re;
	noise_handshake_init(hs, &c);
	public(hs->s_pub, sizeof(hs->s_pub));
	public(hs->e_pub, sizeof(hs->e_pub));
}

static bool message(struct noise_handshake *from, struct noise_handshake *to)
{
	uint8_t payload[40] = "a prompt", buf[256], back[256];
	size_t len, back_len;
	enum err e;

	secret(payload, sizeof(payload));
	e = noise_write(from, buf, sizeof(buf), &len,
	    (struct bytes){ payload, sizeof(payload) });
	CHECK(e == ERR_OK);
	public(buf, len); /* it goes over the wire */
	e = noise_read(
	    to, back, sizeof(back), &back_len, (struct bytes){ buf, len });
	CHECK(e == ERR_OK);
	public(back, back_len);
	CHECK(back_len == sizeof(payload) && memcmp(back, "a prompt", 9) == 0);
	return true;
}

static bool record(struct noise_transport *from, struct noise_transport *to)
{
	uint8_t buf[64] = "an answer";
	size_t len;
	enum err e;

	secret(buf, 20);
	e = noise_transport_seal(from, buf, sizeof(buf), &len,
	    (struct bytes){ NULL, 0 }, (struct bytes){ buf, 20 });
	CHECK(e == ERR_OK);
	public(buf, len);
	e = noise_transport_open(to, buf, sizeof(buf), &len,
	    (struct bytes){ NULL, 0 }, (struct bytes){ buf, len });
	CHECK(e == ERR_OK);
	public(buf, len);
	CHECK(len == 20 && memcmp(buf, "an answer", 10) == 0);
	return true;
}

static bool session(enum noise_pattern pattern)
{
	struct noise_handshake alice, bob, *hs[2] = { &alice, &bob };
	struct noise_transport t[2];
	uint8_t s[2][32], e[2][32];
	bool turned = pattern == NOISE_XXFALLBACK;

	crypto_random(s, sizeof(s));
	crypto_random(e, sizeof(e));
	secret(s, sizeof(s));
	secret(e, sizeof(e));
	peer_init(hs[turned], pattern, true, s, e);
	peer_init(hs[!turned], pattern, false, s, e);
	for (size_t i = 0; !noise_handshake_done(hs[0]); i++)
		CHECK(message(hs[i % 2], hs[(i + 1) % 2]));
	CHECK(noise_split(hs[0], &t[0]) == ERR_OK);
	CHECK(noise_split(hs[1], &t[1]) == ERR_OK);
	CHECK(record(&t[0], &t[1]));
	t[0].tx.n = t[1].rx.n = NOISE_REKEY_EVERY;
	CHECK(record(&t[0], &t[1]));
	noise_transport_wipe(&t[0]);
	public(&t[0], sizeof(t[0]));
	CHECK(mem_is_zero(&t[0], sizeof(t[0])));
	return true;
}

/* What valgrind must report, to show that it would. */
static bool planted(void)
{
	uint8_t key[1];

	crypto_random(key, sizeof(key));
	secret(key, sizeof(key));
	if (key[0] & 1)
		puts("an odd key");
	return true;
}

int main(int argc, char **argv)
{
	bool good = crypto_init() == ERR_OK;

	if (good && argc > 1 && strcmp(argv[1], "--planted") == 0)
		return planted() ? 0 : 1;
	good = good && comparisons() && hashes();
	for (unsigned p = NOISE_XX; good && p < NOISE_PATTERN_END; p++)
		good = session((enum noise_pattern)p);
	puts(good ? "ok   no secret decides a branch or an address" : "FAIL");
	return good ? 0 : 1;
}
