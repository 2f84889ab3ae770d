/* Records: order, forgery, key replacement, the end of the nonces. */
#include "noise_vectors.h"

#include "crypto/crypto_native.h"

static const struct bytes none = { NULL, 0 };

/* A transport on each side, from the vector that has records. */
static void connect_pair(struct noise_transport t[2], const struct json *v)
{
	struct noise_handshake hs[2];
	uint8_t buf[VECTOR_TEXT_MAX];
	struct vector loaded;
	size_t len;

	vector_load(&loaded, v, false);
	(void)vector_start(&loaded, hs);
	for (size_t i = 0; !noise_handshake_done(&hs[0]); i++) {
		CHECK_OK(noise_write(&hs[i % 2], buf, sizeof(buf), &len, none));
		CHECK_OK(noise_read(&hs[(i + 1) % 2], NULL, 0, &len,
		    (struct bytes){ buf, len }));
	}
	CHECK_OK(noise_split(&hs[0], &t[0]));
	CHECK_OK(noise_split(&hs[1], &t[1]));
}

static void pair(struct noise_transport t[2])
{
	uint8_t *text;
	struct json root = json_file(VECTOR_OWN, &text);
	struct json v = json_member(&root, "rekey");

	connect_pair(t, &v);
	free(text);
}

static struct bytes seal(
    struct noise_transport *t, uint8_t *buf, const char *plain)
{
	size_t len;

	CHECK_OK(noise_transport_seal(t, buf, VECTOR_TEXT_MAX, &len, none,
	    (struct bytes){ (const uint8_t *)plain, strlen(plain) }));
	return (struct bytes){ buf, len };
}

static enum err try_open(const struct noise_transport *t, struct bytes record)
{
	struct noise_transport copy = *t;
	uint8_t out[VECTOR_TEXT_MAX];
	size_t len;
	enum err e =
	    noise_transport_open(&copy, out, sizeof(out), &len, none, record);

	if (e != ERR_OK) {
		CHECK_EQ(len, 0);
		CHECK(mem_is_zero(&copy, sizeof(copy)));
	}
	return e;
}

TEST(record_refuses_every_alteration)
{
	uint8_t buf[VECTOR_TEXT_MAX];
	struct noise_transport t[2];
	struct bytes record;

	pair(t);
	record = seal(&t[0], buf, "a record of some length");
	for (size_t i = 0; i < record.len; i++) {
		buf[i] ^= (uint8_t)(1u << i % 8);
		CHECK_ERR(try_open(&t[1], record), ERR_AUTH);
		buf[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < record.len; n++)
		CHECK_ERR(try_open(&t[1], (struct bytes){ buf, n }),
		    n < NOISE_TAG_LEN ? ERR_TRUNCATED : ERR_AUTH);
	CHECK_ERR(
	    try_open(&t[1], (struct bytes){ buf, record.len + 1 }), ERR_AUTH);
	CHECK_OK(try_open(&t[1], record));
}

TEST(record_opens_once_in_order_and_in_its_direction)
{
	uint8_t a[VECTOR_TEXT_MAX], b[VECTOR_TEXT_MAX], out[VECTOR_TEXT_MAX];
	struct noise_transport t[2];
	struct bytes first, second;
	size_t len;

	pair(t);
	first = seal(&t[0], a, "first");
	second = seal(&t[0], b, "second");
	CHECK_ERR(try_open(&t[0], first), ERR_AUTH);
	CHECK_ERR(try_open(&t[1], second), ERR_AUTH);
	CHECK_OK(
	    noise_transport_open(&t[1], out, sizeof(out), &len, none, first));
	CHECK_ERR(try_open(&t[1], first), ERR_AUTH);
	CHECK_OK(
	    noise_transport_open(&t[1], out, sizeof(out), &len, none, second));
	CHECK_EQ(len, 6);
	CHECK_MEM(out, "second", 6);
}

TEST(record_authenticates_what_it_does_not_carry)
{
	struct bytes ad = BYTES_LITERAL("header");
	uint8_t buf[VECTOR_TEXT_MAX];
	struct noise_transport t[2];
	size_t len;

	pair(t);
	CHECK_OK(noise_transport_seal(&t[0], buf, sizeof(buf), &len, ad, none));
	CHECK_EQ(len, NOISE_TAG_LEN);
	CHECK_ERR(try_open(&t[1], (struct bytes){ buf, len }), ERR_AUTH);
	CHECK_OK(noise_transport_open(
	    &t[1], NULL, 0, &len, ad, (struct bytes){ buf, len }));
}

TEST(record_works_in_place_up_to_its_limit)
{
	static uint8_t buf[NOISE_MSG_LEN_MAX + 1];
	struct noise_transport t[2];
	size_t len;

	pair(t);
	memset(buf, 'x', NOISE_PLAIN_LEN_MAX);
	CHECK_OK(noise_transport_seal(&t[0], buf, sizeof(buf), &len, none,
	    (struct bytes){ buf, NOISE_PLAIN_LEN_MAX }));
	CHECK_EQ(len, NOISE_MSG_LEN_MAX);
	CHECK_OK(noise_transport_open(
	    &t[1], buf, sizeof(buf), &len, none, (struct bytes){ buf, len }));
	CHECK_EQ(len, NOISE_PLAIN_LEN_MAX);
	for (size_t i = 0; i < len; i++)
		CHECK(buf[i] == 'x');
	/* Refusing to seal costs nothing. */
	CHECK_ERR(noise_transport_seal(&t[0], buf, sizeof(buf), &len, none,
		      (struct bytes){ buf, NOISE_PLAIN_LEN_MAX + 1 }),
	    ERR_LIMIT);
	CHECK_ERR(noise_transport_seal(&t[0], buf, NOISE_TAG_LEN, &len, none,
		      (struct bytes){ buf, 1 }),
	    ERR_NOSPACE);
	CHECK_EQ(len, 0);
	CHECK_OK(try_open(&t[1], seal(&t[0], buf, "still in step")));
	/* Refusing to open is the end. */
	CHECK_ERR(
	    try_open(&t[1], (struct bytes){ buf, sizeof(buf) }), ERR_LIMIT);
	CHECK_ERR(noise_transport_open(
		      &t[1], buf, 0, &len, none, seal(&t[0], buf, "no room")),
	    ERR_NOSPACE);
	CHECK_ERR(
	    noise_transport_open(&t[1], buf, sizeof(buf), &len, none, none),
	    ERR_PROTOCOL);
}

TEST(transport_is_dead_in_both_directions_after_a_forgery)
{
	uint8_t buf[VECTOR_TEXT_MAX] = { 0 };
	struct noise_transport t[2];
	size_t len;

	pair(t);
	CHECK_ERR(noise_transport_open(&t[1], buf, sizeof(buf), &len, none,
		      (struct bytes){ buf, 40 }),
	    ERR_AUTH);
	CHECK(mem_is_zero(&t[1], sizeof(t[1])));
	CHECK_ERR(
	    noise_transport_seal(&t[1], buf, sizeof(buf), &len, none, none),
	    ERR_PROTOCOL);
	CHECK_ERR(noise_transport_open(&t[1], buf, sizeof(buf), &len, none,
		      seal(&t[0], buf, "good")),
	    ERR_PROTOCOL);
}

/* The sealing side agrees with the vectors, the opening side with it. */
TEST(keys_are_replaced_on_the_schedule_of_the_vectors)
{
	uint8_t *text, want[VECTOR_TEXT_MAX], buf[VECTOR_TEXT_MAX];
	uint8_t plain[VECTOR_TEXT_MAX];
	struct json root = json_file(VECTOR_OWN, &text), r, n_json;
	struct json v = json_member(&root, "rekey");
	struct json records = json_member(&v, "records");
	struct json_iter it = json_iter(&records);
	struct noise_transport t[2];
	uint64_t n = 0, at;
	size_t len, want_len, checked = 0;

	connect_pair(t, &v);
	for (; json_next(&it, NULL, &r); n++, checked++) {
		n_json = json_member(&r, "n");
		CHECK_OK(json_u64(&n_json, &at));
		for (; n < at; n++) {
			struct bytes record = seal(&t[0], buf, "");

			CHECK_OK(noise_transport_open(
			    &t[1], NULL, 0, &len, none, record));
		}
		want_len = json_hex(&r, "ciphertext", want, sizeof(want));
		len = json_hex(&r, "payload", plain, sizeof(plain));
		CHECK_OK(noise_transport_seal(&t[0], buf, sizeof(buf), &len,
		    none, (struct bytes){ plain, len }));
		CHECK_EQ(len, want_len);
		CHECK_MEM(buf, want, len);
		CHECK_OK(noise_transport_open(&t[1], buf, sizeof(buf), &len,
		    none, (struct bytes){ buf, len }));
		CHECK_MEM(buf, plain, len);
	}
	CHECK_EQ(checked, 8);
	free(text);
}

TEST(directions_replace_their_keys_apart)
{
	uint8_t buf[VECTOR_TEXT_MAX], key[AEAD_KEY_LEN];
	struct noise_transport t[2];

	pair(t);
	t[0].tx.n = t[1].rx.n = NOISE_REKEY_EVERY;
	memcpy(key, t[0].rx.k, sizeof(key));
	CHECK_OK(try_open(&t[1], seal(&t[0], buf, "new key")));
	CHECK_MEM(t[0].rx.k, key, sizeof(key));
	CHECK_EQ(t[0].tx.n, NOISE_REKEY_EVERY + 1);
	CHECK(memcmp(t[0].tx.k, t[1].rx.k, sizeof(key)) != 0);
}

TEST(the_last_nonce_is_never_used)
{
	uint8_t buf[VECTOR_TEXT_MAX];
	struct noise_transport t[2], before;
	struct bytes record;
	size_t len;

	pair(t);
	t[0].tx.n = t[1].rx.n = UINT64_MAX - 1;
	record = seal(&t[0], buf, "the last record");
	CHECK_OK(
	    noise_transport_open(&t[1], buf, sizeof(buf), &len, none, record));
	before = t[0];
	CHECK_ERR(
	    noise_transport_seal(&t[0], buf, sizeof(buf), &len, none, none),
	    ERR_LIMIT);
	CHECK_MEM(&t[0], &before, sizeof(before));
	CHECK_EQ(t[1].rx.n, UINT64_MAX);
	CHECK_ERR(
	    try_open(&t[1], (struct bytes){ buf, NOISE_TAG_LEN }), ERR_LIMIT);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_refuses_every_alteration),
		cmocka_unit_test(
		    record_opens_once_in_order_and_in_its_direction),
		cmocka_unit_test(record_authenticates_what_it_does_not_carry),
		cmocka_unit_test(record_works_in_place_up_to_its_limit),
		cmocka_unit_test(
		    transport_is_dead_in_both_directions_after_a_forgery),
		cmocka_unit_test(
		    keys_are_replaced_on_the_schedule_of_the_vectors),
		cmocka_unit_test(directions_replace_their_keys_apart),
		cmocka_unit_test(the_last_nonce_is_never_used),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
