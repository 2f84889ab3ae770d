/* Published vectors and our own, message by message, both sides. */
#include "noise_vectors.h"

static size_t run_handshake(
    const struct vector *v, struct noise_handshake hs[2])
{
	uint8_t out[VECTOR_TEXT_MAX], back[VECTOR_TEXT_MAX];
	size_t i = vector_start(v, hs), first = i, len;

	for (; !noise_handshake_done(&hs[0]); i++) {
		const struct vector_message *m = &v->message[i];
		struct noise_handshake *writer = &hs[(i - first) % 2];
		struct noise_handshake *reader = &hs[(i - first + 1) % 2];

		CHECK(noise_handshake_writes(writer));
		CHECK(!noise_handshake_writes(reader));
		CHECK_OK(noise_write(writer, out, sizeof(out), &len,
		    (struct bytes){ m->payload, m->payload_len }));
		CHECK_EQ(len, m->ciphertext_len);
		CHECK_MEM(out, m->ciphertext, len);
		CHECK_OK(noise_read(reader, back, sizeof(back), &len,
		    (struct bytes){ m->ciphertext, m->ciphertext_len }));
		CHECK_EQ(len, m->payload_len);
		CHECK_MEM(back, m->payload, len);
	}
	CHECK(noise_handshake_done(&hs[1]));
	return i;
}

static void run_transport(
    const struct vector *v, size_t i, struct noise_transport t[2])
{
	size_t first = v->initiator_first               ? i
		       : v->pattern == NOISE_XXFALLBACK ? 1
							: 0;
	uint8_t out[VECTOR_TEXT_MAX], back[VECTOR_TEXT_MAX];
	struct bytes none = { NULL, 0 };
	size_t len;

	for (; i < v->messages; i++) {
		const struct vector_message *m = &v->message[i];

		CHECK_OK(noise_transport_seal(&t[(i - first) % 2], out,
		    sizeof(out), &len, none,
		    (struct bytes){ m->payload, m->payload_len }));
		CHECK_EQ(len, m->ciphertext_len);
		CHECK_MEM(out, m->ciphertext, len);
		CHECK_OK(noise_transport_open(&t[(i - first + 1) % 2], back,
		    sizeof(back), &len, none, (struct bytes){ out, len }));
		CHECK_EQ(len, m->payload_len);
		CHECK_MEM(back, m->payload, len);
	}
}

static void check_vector(const struct vector *v)
{
	bool turned = v->pattern == NOISE_XXFALLBACK;
	struct noise_handshake hs[2];
	struct noise_transport t[2];
	uint8_t pub[NOISE_KEY_LEN];
	size_t i = run_handshake(v, hs);

	crypto_x25519_base(pub, v->resp_s);
	CHECK_MEM(noise_remote_static(&hs[turned]), pub, NOISE_KEY_LEN);
	crypto_x25519_base(pub, v->init_s);
	CHECK_MEM(noise_remote_static(&hs[!turned]), pub, NOISE_KEY_LEN);
	CHECK_OK(noise_split(&hs[0], &t[0]));
	CHECK_OK(noise_split(&hs[1], &t[1]));
	CHECK_MEM(t[0].h, t[1].h, NOISE_HASH_LEN);
	if (v->h_len != 0)
		CHECK_MEM(t[0].h, v->h, NOISE_HASH_LEN);
	CHECK(mem_is_zero(&hs[0], sizeof(hs[0])));
	CHECK(i < v->messages);
	run_transport(v, i, t);
}

TEST(noise_gives_the_vectors_of_our_second_implementation)
{
	CHECK_EQ(vector_each(VECTOR_OWN, check_vector), 9);
}

TEST(noise_gives_the_vectors_of_cacophony)
{
	CHECK_EQ(
	    vector_each(vector_path("noise/cacophony.json"), check_vector), 2);
}

TEST(noise_gives_the_vectors_of_snow)
{
	CHECK_EQ(vector_each(vector_path("noise/snow.json"), check_vector), 2);
}

TEST(noise_gives_the_vectors_of_noise_c)
{
	CHECK_EQ(
	    vector_each(vector_path("noise/noise-c.json"), check_vector), 2);
}

TEST(noise_gives_the_fallback_vectors_of_noise_c)
{
	CHECK_EQ(vector_each(
		     vector_path("noise/noise-c-fallback.json"), check_vector),
	    1);
}

TEST(noise_gives_the_vectors_of_flynn)
{
	CHECK_EQ(vector_each(vector_path("noise/flynn.json"), check_vector), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    noise_gives_the_vectors_of_our_second_implementation),
		cmocka_unit_test(noise_gives_the_vectors_of_cacophony),
		cmocka_unit_test(noise_gives_the_vectors_of_snow),
		cmocka_unit_test(noise_gives_the_vectors_of_noise_c),
		cmocka_unit_test(noise_gives_the_fallback_vectors_of_noise_c),
		cmocka_unit_test(noise_gives_the_vectors_of_flynn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
