/* Project Wycheproof's vectors for every primitive that we use. */
#include "json_hex.h"

#include "crypto/crypto.h"
#include "crypto/obligation.h"

#define FIELD_MAX 2048

/* One test of a file with its group: the fields decoded on demand. */
struct wycheproof {
	struct json group;
	struct json test;
	bool valid;
	bool acceptable;
};

static struct bytes field(const struct json *v, const char *name, uint8_t *buf)
{
	size_t n = json_hex(v, name, buf, FIELD_MAX);

	return (struct bytes){ buf, n };
}

static size_t each_test(
    const char *path, void (*check)(const struct wycheproof *w))
{
	uint8_t *text;
	struct json root = json_file(path, &text);
	struct json groups = json_member(&root, "testGroups");
	struct json_iter git = json_iter(&groups);
	struct wycheproof w;
	size_t n = 0;

	while (json_next(&git, NULL, &w.group)) {
		struct json tests = json_member(&w.group, "tests");
		struct json_iter tit = json_iter(&tests);

		for (; json_next(&tit, NULL, &w.test); n++) {
			struct json result = json_member(&w.test, "result");

			w.valid = json_is_str(&result, "valid");
			w.acceptable = json_is_str(&result, "acceptable");
			check(&w);
		}
	}
	free(text);
	return n;
}

/* "acceptable" are odd public keys; only an all-zero result is refused. */
static void check_x25519(const struct wycheproof *w)
{
	uint8_t pub[FIELD_MAX], priv[FIELD_MAX], want[FIELD_MAX];
	uint8_t got[X25519_LEN];

	CHECK_EQ(field(&w->test, "public", pub).len, X25519_LEN);
	CHECK_EQ(field(&w->test, "private", priv).len, X25519_LEN);
	CHECK_EQ(field(&w->test, "shared", want).len, X25519_LEN);
	CHECK_ERR(crypto_x25519(got, priv, pub),
	    mem_is_zero(want, X25519_LEN) ? ERR_AUTH : ERR_OK);
	CHECK_MEM(got, want, X25519_LEN);
}

TEST(x25519_passes_wycheproof)
{
	CHECK_EQ(each_test(vector_path("crypto/wycheproof_x25519.json"),
		     check_x25519),
	    518);
}

static size_t nonces_of_other_length;

static void check_aead(const struct wycheproof *w)
{
	uint8_t key[FIELD_MAX], iv[FIELD_MAX], ad_buf[FIELD_MAX];
	uint8_t msg_buf[FIELD_MAX], ct[FIELD_MAX], got[FIELD_MAX];
	struct bytes ad = field(&w->test, "aad", ad_buf);
	struct bytes msg = field(&w->test, "msg", msg_buf);
	struct bytes sealed = field(&w->test, "ct", ct);

	CHECK_EQ(field(&w->test, "key", key).len, AEAD_KEY_LEN);
	if (field(&w->test, "iv", iv).len != AEAD_NONCE_LEN) {
		nonces_of_other_length++; /* our prototype rules them out */
		return;
	}
	CHECK_EQ(field(&w->test, "tag", ct + sealed.len).len, AEAD_TAG_LEN);
	sealed.len += AEAD_TAG_LEN;
	CHECK_ERR(crypto_aead_open(got, key, iv, ad, sealed),
	    w->valid ? ERR_OK : ERR_AUTH);
	if (!w->valid)
		return;
	CHECK_MEM(got, msg.p, msg.len);
	crypto_aead_seal(got, key, iv, ad, msg);
	CHECK_MEM(got, sealed.p, sealed.len);
}

TEST(chacha20_poly1305_passes_wycheproof)
{
	nonces_of_other_length = 0;
	CHECK_EQ(
	    each_test(vector_path("crypto/wycheproof_chacha20_poly1305.json"),
		check_aead),
	    325);
	CHECK(nonces_of_other_length < 30);
}

static void check_ed25519(const struct wycheproof *w)
{
	struct json key = json_member(&w->group, "publicKey");
	uint8_t pub[FIELD_MAX], sig[FIELD_MAX], msg[FIELD_MAX];
	struct bytes s = field(&w->test, "sig", sig);

	CHECK_EQ(field(&key, "pk", pub).len, ED25519_PUB_LEN);
	if (s.len != ED25519_SIG_LEN) { /* our prototype rules them out */
		CHECK(!w->valid);
		return;
	}
	CHECK_ERR(crypto_ed25519_verify(pub, sig, field(&w->test, "msg", msg)),
	    w->valid ? ERR_OK : ERR_AUTH);
}

TEST(ed25519_passes_wycheproof)
{
	CHECK_EQ(each_test(vector_path("crypto/wycheproof_ed25519.json"),
		     check_ed25519),
	    151);
}

static void check_signature(const struct wycheproof *w, enum sig_alg alg,
    const struct json *key, const char *member)
{
	uint8_t key_buf[FIELD_MAX], sig_buf[FIELD_MAX], msg_buf[FIELD_MAX];
	struct obligation o = {
		.alg = alg,
		.key = field(key, member, key_buf),
		.sig = field(&w->test, "sig", sig_buf),
		.msg = field(&w->test, "msg", msg_buf),
	};
	enum err e = obligation_resolve(&o);

	if (w->valid)
		CHECK_OK(e);
	else if (e != ERR_AUTH)
		CHECK_ERR(e, ERR_FORMAT);
}

static void check_p256(const struct wycheproof *w)
{
	struct json key = json_member(&w->group, "publicKey");

	check_signature(w, SIG_ECDSA_P256_SHA256, &key, "uncompressed");
}

TEST(ecdsa_p256_passes_wycheproof)
{
	CHECK_EQ(each_test(
		     vector_path(
			 "crypto/wycheproof_ecdsa_secp256r1_sha256_p1363.json"),
		     check_p256),
	    262);
}

static void check_p384(const struct wycheproof *w)
{
	struct json key = json_member(&w->group, "publicKey");

	check_signature(w, SIG_ECDSA_P384_SHA384, &key, "uncompressed");
}

TEST(ecdsa_p384_passes_wycheproof)
{
	CHECK_EQ(each_test(
		     vector_path(
			 "crypto/wycheproof_ecdsa_secp384r1_sha384_p1363.json"),
		     check_p384),
	    280);
}

static void check_rsa_pss(const struct wycheproof *w)
{
	check_signature(w, SIG_RSA_PSS_SHA384, &w->group, "publicKeyDer");
}

TEST(rsa_pss_passes_wycheproof)
{
	CHECK_EQ(
	    each_test(vector_path("crypto/wycheproof_rsa_pss_4096_sha384.json"),
		check_rsa_pss),
	    141);
}

/* RFC 5869 from our HMAC, which checks the HMAC on odd lengths. */
static void check_hkdf(const struct wycheproof *w)
{
	uint8_t ikm_buf[FIELD_MAX], salt_buf[FIELD_MAX], info_buf[FIELD_MAX];
	uint8_t okm[FIELD_MAX * 8], prk[SHA256_LEN], t[SHA256_LEN];
	struct bytes ikm = field(&w->test, "ikm", ikm_buf);
	struct bytes info = field(&w->test, "info", info_buf);
	size_t size = json_hex(&w->test, "okm", okm, sizeof(okm));

	if (!w->valid) /* more than 255 blocks: not our interface */
		return;
	crypto_hmac_sha256(prk, field(&w->test, "salt", salt_buf), &ikm, 1);
	for (size_t at = 0, i = 1; at < size; at += SHA256_LEN, i++) {
		uint8_t count = (uint8_t)i;
		struct bytes part[] = { { t, at == 0 ? 0 : SHA256_LEN }, info,
			{ &count, 1 } };
		size_t n = size - at < SHA256_LEN ? size - at : SHA256_LEN;
		uint8_t next[SHA256_LEN];

		crypto_hmac_sha256(
		    next, (struct bytes){ prk, sizeof(prk) }, part, 3);
		memcpy(t, next, sizeof(t));
		CHECK_MEM(t, okm + at, n);
	}
}

TEST(hmac_passes_wycheproofs_hkdf)
{
	CHECK_EQ(each_test(vector_path("crypto/wycheproof_hkdf_sha256.json"),
		     check_hkdf),
	    86);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x25519_passes_wycheproof),
		cmocka_unit_test(chacha20_poly1305_passes_wycheproof),
		cmocka_unit_test(ed25519_passes_wycheproof),
		cmocka_unit_test(ecdsa_p256_passes_wycheproof),
		cmocka_unit_test(ecdsa_p384_passes_wycheproof),
		cmocka_unit_test(rsa_pss_passes_wycheproof),
		cmocka_unit_test(hmac_passes_wycheproofs_hkdf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
