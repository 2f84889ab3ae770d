/* Obligations natively: each reason for a no, alone. */
#include "json_hex.h"

#include "crypto/obligation.h"

#define OWN     "tests/vectors/crypto/obligations.json"
#define KEY_MAX 1100
#define SIG_MAX 600

/* An obligation with room for its bytes, to be mutated. */
struct sample {
	struct obligation o;
	uint8_t key[KEY_MAX], sig[SIG_MAX], msg[64];
};

static void sample_load(
    struct sample *s, const struct json *root, const struct json *v)
{
	struct json alg = json_member(v, "alg");
	uint64_t n;

	memset(s, 0, sizeof(*s));
	CHECK_OK(json_u64(&alg, &n));
	s->o.alg = (enum sig_alg)n;
	s->o.key.p = s->key;
	s->o.key.len = json_hex(v, "key", s->key, KEY_MAX);
	s->o.sig.p = s->sig;
	s->o.sig.len = json_hex(v, "sig", s->sig, SIG_MAX);
	s->o.msg.p = s->msg;
	s->o.msg.len = json_hex(root, "msg", s->msg, sizeof(s->msg));
}

static void for_each_good(void (*check)(struct sample *s))
{
	uint8_t *text;
	struct json root = json_file(OWN, &text), v;
	struct json good = json_member(&root, "good");
	struct json_iter it = json_iter(&good);
	size_t n = 0;

	for (; json_next(&it, NULL, &v); n++) {
		struct sample s;

		sample_load(&s, &root, &v);
		CHECK_OK(obligation_resolve(&s.o));
		check(&s);
	}
	CHECK_EQ(n, 4);
	free(text);
}

static void change_message(struct sample *s)
{
	s->msg[3] ^= 1;
	CHECK_ERR(obligation_resolve(&s->o), ERR_AUTH);
	s->msg[3] ^= 1;
	s->o.msg.len--;
	CHECK_ERR(obligation_resolve(&s->o), ERR_AUTH);
	s->o.msg = (struct bytes){ NULL, 0 };
	CHECK_ERR(obligation_resolve(&s->o), ERR_AUTH);
}

TEST(obligation_refuses_another_message)
{
	for_each_good(change_message);
}

static void change_signature(struct sample *s)
{
	for (size_t i = 0; i < s->o.sig.len; i += 7) {
		s->sig[i] ^= 4;
		CHECK_ERR(obligation_resolve(&s->o), ERR_AUTH);
		s->sig[i] ^= 4;
	}
	memset(s->sig, 0, s->o.sig.len);
	CHECK_ERR(obligation_resolve(&s->o), ERR_AUTH);
	memset(s->sig, 0xff, s->o.sig.len);
	CHECK_ERR(obligation_resolve(&s->o), ERR_AUTH);
}

TEST(obligation_refuses_an_altered_signature)
{
	for_each_good(change_signature);
}

static void change_signature_length(struct sample *s)
{
	size_t len = s->o.sig.len;

	for (s->o.sig.len = 0; s->o.sig.len < len; s->o.sig.len++)
		CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
	s->o.sig.len = len + 1;
	CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
	s->o.sig = (struct bytes){ NULL, 0 };
	CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
}

TEST(obligation_refuses_every_other_signature_length)
{
	for_each_good(change_signature_length);
}

static void change_key_length(struct sample *s)
{
	size_t len = s->o.key.len;

	for (s->o.key.len = 0; s->o.key.len < len; s->o.key.len++)
		CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
	s->o.key.len = len + 1;
	CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
	s->o.key = (struct bytes){ NULL, 0 };
	CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
}

TEST(obligation_refuses_every_other_key_length)
{
	for_each_good(change_key_length);
}

static void change_algorithm(struct sample *s)
{
	enum sig_alg was = s->o.alg;

	for (unsigned i = SIG_ECDSA_P384_SHA384; i <= SIG_RSA_PSS_SHA384; i++) {
		s->o.alg = (enum sig_alg)i;
		if (s->o.alg != was)
			CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
	}
	s->o.alg = (enum sig_alg)0;
	CHECK_ERR(obligation_resolve(&s->o), ERR_UNSUPPORTED);
	s->o.alg = (enum sig_alg)4;
	CHECK_ERR(obligation_resolve(&s->o), ERR_UNSUPPORTED);
}

TEST(obligation_refuses_another_algorithm)
{
	for_each_good(change_algorithm);
}

static void change_point(struct sample *s)
{
	if (s->o.alg == SIG_RSA_PSS_SHA384)
		return;
	s->key[0] = 6; /* the hybrid form */
	CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
	s->key[0] = 4;
	s->key[s->o.key.len - 1] ^= 1; /* not on the curve */
	CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
	memset(s->key + 1, 0, s->o.key.len - 1);
	CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
}

TEST(obligation_refuses_keys_that_are_no_uncompressed_point)
{
	for_each_good(change_point);
}

/* Everything before the RSAPublicKey: tags, lengths, rsaEncryption, unused
 * bits; then the SEQUENCE and the INTEGER that is n, and their lengths. */
static void change_spki(struct sample *s)
{
	if (s->o.alg != SIG_RSA_PSS_SHA384)
		return;
	for (size_t i = 0; i < 32; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			s->key[i] ^= (uint8_t)(1U << bit);
			CHECK_ERR(obligation_resolve(&s->o), ERR_FORMAT);
			s->key[i] ^= (uint8_t)(1U << bit);
		}
	}
}

TEST(obligation_refuses_keys_that_are_no_rsa_spki)
{
	for_each_good(change_spki);
}

static enum err resolve_member(const char *name)
{
	uint8_t *text;
	struct json root = json_file(OWN, &text);
	struct json v = json_member(&root, name);
	struct sample s;

	sample_load(&s, &root, &v);
	free(text);
	return obligation_resolve(&s.o);
}

TEST(obligation_holds_rsa_to_its_sizes_and_its_salt)
{
	CHECK_ERR(resolve_member("rsa_too_small"), ERR_FORMAT);
	CHECK_ERR(resolve_member("rsa_too_large"), ERR_FORMAT);
	CHECK_ERR(resolve_member("rsa_other_salt"), ERR_AUTH);
}

TEST(obligations_have_a_limit)
{
	static struct obligations set;

	for (size_t i = 0; i < OBLIGATIONS_MAX; i++)
		CHECK(obligation_add(&set) == &set.item[i]);
	CHECK(obligation_add(&set) == NULL);
	CHECK_EQ(set.n, OBLIGATIONS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(obligation_refuses_another_message),
		cmocka_unit_test(obligation_refuses_an_altered_signature),
		cmocka_unit_test(
		    obligation_refuses_every_other_signature_length),
		cmocka_unit_test(obligation_refuses_every_other_key_length),
		cmocka_unit_test(obligation_refuses_another_algorithm),
		cmocka_unit_test(
		    obligation_refuses_keys_that_are_no_uncompressed_point),
		cmocka_unit_test(obligation_refuses_keys_that_are_no_rsa_spki),
		cmocka_unit_test(
		    obligation_holds_rsa_to_its_sizes_and_its_salt),
		cmocka_unit_test(obligations_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
