/*
 * What must not work: every message of every vector with a bit flipped at each
 * byte, cut at each length, extended; the wrong prologue, role or key.
 */
#include "noise_vectors.h"

#include "crypto/crypto_native.h"

/* Two sides and the message that is on its way between them. */
struct scene {
	const struct vector *v;
	struct noise_handshake hs[2];
	size_t first; /* index of the first message of this handshake */
	size_t at;    /* index of the message on its way */
	uint8_t msg[VECTOR_TEXT_MAX + 1];
	size_t len;
};

static void scene_write(struct scene *s)
{
	const struct vector_message *m = &s->v->message[s->at];

	CHECK_OK(
	    noise_write(&s->hs[(s->at - s->first) % 2], s->msg, sizeof(s->msg),
		&s->len, (struct bytes){ m->payload, m->payload_len }));
}

static enum err scene_read(struct scene *s)
{
	struct noise_handshake *reader = &s->hs[(s->at - s->first + 1) % 2];
	uint8_t out[VECTOR_TEXT_MAX + 1];
	size_t len;
	enum err e;

	memset(out, 0xee, sizeof(out));
	e = noise_read(
	    reader, out, sizeof(out), &len, (struct bytes){ s->msg, s->len });
	if (e != ERR_OK) {
		CHECK_EQ(len, 0);
		CHECK(mem_is_zero(reader, sizeof(*reader)));
		for (size_t i = 0; i < sizeof(out); i++)
			CHECK(out[i] == 0 || out[i] == 0xee);
	}
	s->at++;
	return e;
}

/*
 * The altered message on its way must be refused, or, where Noise sends it in
 * clear, the reader's answer to it.
 */
static void check_refused(const struct scene *altered)
{
	struct scene s = *altered;
	struct noise_handshake *reader = &s.hs[(s.at - s.first + 1) % 2];
	enum err e = scene_read(&s);

	if (e == ERR_OK) {
		CHECK(s.v->pattern == NOISE_XX && s.at == 1);
		scene_write(&s);
		CHECK_ERR(scene_read(&s), ERR_AUTH);
	} else {
		CHECK(e == ERR_AUTH || e == ERR_TRUNCATED);
		CHECK(!noise_handshake_done(reader));
		CHECK(!noise_handshake_writes(reader));
	}
}

static void alter_message(const struct scene *s)
{
	struct scene a = *s;

	for (size_t i = 0; i < s->len; i++) {
		a.msg[i] ^= (uint8_t)(1u << i % 8);
		check_refused(&a);
		a.msg[i] = s->msg[i];
	}
	a.msg[31] ^= 0x80; /* the bit of a public key that X25519 ignores */
	check_refused(&a);
	a.msg[31] = s->msg[31];
	for (a.len = 0; a.len < s->len; a.len++)
		check_refused(&a);
	a.len = s->len + 1;
	check_refused(&a);
}

/* Call `check` with each handshake message of v on its way. */
static void each_message(
    const struct vector *v, void (*check)(const struct scene *s))
{
	struct scene s = { .v = v };

	s.first = s.at = vector_start(v, s.hs);
	while (!noise_handshake_done(&s.hs[0])) {
		scene_write(&s);
		check(&s);
		CHECK_OK(scene_read(&s));
	}
}

static void alter_each(const struct vector *v)
{
	each_message(v, alter_message);
}

TEST(handshake_refuses_every_alteration)
{
	CHECK_EQ(vector_each(VECTOR_OWN, alter_each), 9);
}

TEST(handshake_refuses_every_alteration_of_published_vectors)
{
	size_t n = vector_each(vector_path("noise/cacophony.json"), alter_each);

	n += vector_each(vector_path("noise/snow.json"), alter_each);
	n += vector_each(vector_path("noise/noise-c.json"), alter_each);
	n +=
	    vector_each(vector_path("noise/noise-c-fallback.json"), alter_each);
	n += vector_each(vector_path("noise/flynn.json"), alter_each);
	CHECK_EQ(n, 15);
}

/* Run to the end or to the first refusal. */
static enum err run(struct scene *s)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && !noise_handshake_done(&s->hs[0])) {
		scene_write(s);
		e = scene_read(s);
	}
	return e;
}

/* Config of the side that speaks first (0) or second (1) in v's pattern. */
static struct noise_config config_of(const struct vector *v, int side)
{
	bool turned = v->pattern == NOISE_XXFALLBACK;

	return vector_config(v, v->pattern, (side == 0) != turned);
}

static void scene_start(struct scene *s, const struct vector *v,
    const struct noise_config config[2])
{
	memset(s, 0, sizeof(*s));
	s->v = v;
	s->first = s->at = v->pattern == NOISE_XXFALLBACK ? 1 : 0;
	noise_handshake_init(&s->hs[0], &config[0]);
	noise_handshake_init(&s->hs[1], &config[1]);
}

static void check_inputs(const struct vector *v)
{
	struct noise_config c[2] = { config_of(v, 0), config_of(v, 1) };
	struct noise_config right = c[1];
	uint8_t prologue[VECTOR_TEXT_MAX + 1], re[NOISE_KEY_LEN];
	struct scene s;

	crypto_x25519_base(re, v->init_e);
	if (v->pattern == NOISE_XXFALLBACK)
		c[0].re = re;
	scene_start(&s, v, c);
	CHECK_OK(run(&s));
	/* Another prologue: one byte longer. */
	mem_copy(prologue, v->prologue, v->prologue_len);
	prologue[v->prologue_len] = 0;
	c[1].prologue = (struct bytes){ prologue, v->prologue_len + 1 };
	scene_start(&s, v, c);
	CHECK_ERR(run(&s), ERR_AUTH);
	c[1] = right;
	/* Another pattern at the other side. */
	if (v->pattern == NOISE_XX) {
		c[1].pattern = NOISE_IK;
		scene_start(&s, v, c);
		CHECK(run(&s) != ERR_OK);
	}
	if (v->pattern == NOISE_IK) {
		c[1].s_priv = v->init_s; /* not the key that Alice expects */
		scene_start(&s, v, c);
		CHECK_ERR(run(&s), ERR_AUTH);
	}
	if (v->pattern == NOISE_XXFALLBACK) {
		c[1].e_priv = v->resp_e; /* not the ephemeral of the IK */
		scene_start(&s, v, c);
		CHECK_ERR(run(&s), ERR_AUTH);
	}
}

TEST(handshake_needs_the_same_prologue_pattern_and_keys)
{
	CHECK_EQ(vector_each(VECTOR_OWN, check_inputs), 9);
}

static void check_roles(const struct vector *v)
{
	uint8_t out[2 * VECTOR_TEXT_MAX], mine[VECTOR_TEXT_MAX];
	struct noise_handshake hs[2];
	struct noise_transport t;
	size_t len, other;

	/* Both speak first: reading is not their turn. */
	(void)vector_start(v, hs);
	CHECK_OK(noise_write(
	    &hs[0], mine, sizeof(mine), &len, (struct bytes){ NULL, 0 }));
	(void)vector_start(v, hs);
	CHECK_ERR(noise_read(&hs[0], out, sizeof(out), &other,
		      (struct bytes){ mine, len }),
	    ERR_PROTOCOL);
	/* Both speak second: writing is not their turn. */
	CHECK_ERR(noise_write(&hs[1], out, sizeof(out), &len,
		      (struct bytes){ NULL, 0 }),
	    ERR_PROTOCOL);
	/* One's own message sent back. */
	(void)vector_start(v, hs);
	CHECK_OK(noise_write(
	    &hs[0], mine, sizeof(mine), &len, (struct bytes){ NULL, 0 }));
	CHECK(noise_read(&hs[0], out, sizeof(out), &other,
		  (struct bytes){ mine, len }) != ERR_OK);
	/* No transport before the end. */
	(void)vector_start(v, hs);
	CHECK_ERR(noise_split(&hs[0], &t), ERR_PROTOCOL);
	CHECK(mem_is_zero(&t, sizeof(t)));
}

TEST(handshake_keeps_turns_and_roles)
{
	CHECK_EQ(vector_each(VECTOR_OWN, check_roles), 9);
}

static void check_after_the_end(const struct vector *v)
{
	uint8_t out[VECTOR_TEXT_MAX];
	struct scene s = { .v = v };
	size_t len;

	s.first = s.at = vector_start(v, s.hs);
	CHECK_OK(run(&s));
	CHECK(!noise_handshake_writes(&s.hs[0]));
	CHECK_ERR(noise_write(&s.hs[0], out, sizeof(out), &len,
		      (struct bytes){ NULL, 0 }),
	    ERR_PROTOCOL);
	CHECK_ERR(noise_read(&s.hs[1], out, sizeof(out), &len,
		      (struct bytes){ s.msg, s.len }),
	    ERR_PROTOCOL);
	CHECK(!noise_handshake_done(&s.hs[0]));
	CHECK(!noise_handshake_done(&s.hs[1]));
}

TEST(handshake_takes_nothing_after_its_last_message)
{
	CHECK_EQ(vector_each(VECTOR_OWN, check_after_the_end), 9);
}

/*
 * A public key of low order makes the shared secret zero. It is put where the
 * reader mixes a DH of it at once, or, in XX's first message, one step later.
 */
static void check_low_order(const struct scene *s)
{
	struct scene a = *s;
	uint8_t out[2 * VECTOR_TEXT_MAX];
	enum err e;
	size_t len;

	if (s->at - s->first == 2 ||
	    (s->v->pattern == NOISE_XXFALLBACK && s->at == 2))
		return; /* these messages start with a sealed key */
	memset(a.msg, 0, NOISE_KEY_LEN);
	e = scene_read(&a);
	if (s->v->pattern == NOISE_XX && s->at == 0) {
		CHECK_OK(e);
		e = noise_write(&a.hs[1], out, sizeof(out), &len,
		    (struct bytes){ NULL, 0 });
		CHECK_EQ(len, 0);
		CHECK(mem_is_zero(&a.hs[1], sizeof(a.hs[1])));
	}
	CHECK_ERR(e, ERR_AUTH);
}

static void low_order_each(const struct vector *v)
{
	each_message(v, check_low_order);
}

TEST(handshake_refuses_keys_of_low_order)
{
	CHECK_EQ(vector_each(VECTOR_OWN, low_order_each), 9);
}

static struct noise_config simple_config(enum noise_role role)
{
	static const uint8_t s[NOISE_KEY_LEN] = { 1 }, e[NOISE_KEY_LEN] = { 2 };

	return (struct noise_config){
		.pattern = NOISE_XX, .role = role, .s_priv = s, .e_priv = e
	};
}

TEST(handshake_messages_have_a_limit)
{
	static uint8_t big[NOISE_MSG_LEN_MAX + 1], out[NOISE_MSG_LEN_MAX + 99];
	struct noise_config c = simple_config(NOISE_INITIATOR);
	struct noise_config r = simple_config(NOISE_RESPONDER);
	size_t most = NOISE_MSG_LEN_MAX - NOISE_KEY_LEN, len;
	struct noise_handshake hs;

	noise_handshake_init(&hs, &c);
	CHECK_OK(noise_write(
	    &hs, out, sizeof(out), &len, (struct bytes){ big, most }));
	CHECK_EQ(len, NOISE_MSG_LEN_MAX);
	noise_handshake_init(&hs, &c);
	CHECK_ERR(noise_write(&hs, out, sizeof(out), &len,
		      (struct bytes){ big, most + 1 }),
	    ERR_LIMIT);
	noise_handshake_init(&hs, &c);
	CHECK_ERR(noise_write(&hs, out, 40, &len, (struct bytes){ big, 9 }),
	    ERR_NOSPACE);
	CHECK(mem_is_zero(out, NOISE_KEY_LEN));
	noise_handshake_init(&hs, &r);
	CHECK_ERR(noise_read(&hs, out, sizeof(out), &len,
		      (struct bytes){ big, NOISE_MSG_LEN_MAX + 1 }),
	    ERR_LIMIT);
	noise_handshake_init(&hs, &r);
	CHECK_ERR(noise_read(&hs, out, 9, &len, (struct bytes){ big, 42 }),
	    ERR_NOSPACE);
}

TEST(first_ephemeral_needs_a_whole_key)
{
	uint8_t msg[NOISE_KEY_LEN + 1], re[NOISE_KEY_LEN];

	memset(msg, 5, sizeof(msg));
	for (size_t n = 0; n < NOISE_KEY_LEN; n++)
		CHECK_ERR(noise_first_ephemeral(re, (struct bytes){ msg, n }),
		    ERR_TRUNCATED);
	CHECK(mem_is_zero(re, sizeof(re)));
	CHECK_OK(noise_first_ephemeral(re, (struct bytes){ msg, sizeof(msg) }));
	CHECK_MEM(re, msg, sizeof(re));
}

static int setup(void **state)
{
	(void)state;
	return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake_refuses_every_alteration),
		cmocka_unit_test(
		    handshake_refuses_every_alteration_of_published_vectors),
		cmocka_unit_test(
		    handshake_needs_the_same_prologue_pattern_and_keys),
		cmocka_unit_test(handshake_keeps_turns_and_roles),
		cmocka_unit_test(
		    handshake_takes_nothing_after_its_last_message),
		cmocka_unit_test(handshake_refuses_keys_of_low_order),
		cmocka_unit_test(handshake_messages_have_a_limit),
		cmocka_unit_test(first_ephemeral_needs_a_whole_key),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
