/* Noise test vectors: loading, and bringing two sides to their first message. */
#ifndef CONFER_TESTS_UNIT_NOISE_VECTORS_H
#define CONFER_TESTS_UNIT_NOISE_VECTORS_H

#include "json_hex.h"

#include "noise/noise.h"

#define VECTOR_OWN          "tests/vectors/noise/pipes.json"
#define VECTOR_MESSAGES_MAX 10
#define VECTOR_TEXT_MAX     512

struct vector_message {
	uint8_t payload[VECTOR_TEXT_MAX];
	size_t payload_len;
	uint8_t ciphertext[VECTOR_TEXT_MAX];
	size_t ciphertext_len;
};

/* init is Alice and resp is Bob, also in XXfallback, where Bob speaks first. */
struct vector {
	enum noise_pattern pattern;
	bool initiator_first; /* the first transport message, else by index */
	uint8_t prologue[VECTOR_TEXT_MAX];
	size_t prologue_len;
	uint8_t init_s[NOISE_KEY_LEN], init_e[NOISE_KEY_LEN];
	uint8_t resp_s[NOISE_KEY_LEN], resp_e[NOISE_KEY_LEN];
	uint8_t init_rs[NOISE_KEY_LEN]; /* what Alice takes for Bob's key */
	uint8_t h[NOISE_HASH_LEN];
	size_t h_len; /* 0: not in the source */
	struct vector_message message[VECTOR_MESSAGES_MAX];
	size_t messages;
};

/* The pattern of a vector whose suite we offer, or 0. */
static inline unsigned vector_pattern(const struct json *v)
{
	static const char *const name[NOISE_PATTERN_END] = {
		[NOISE_XX] = "Noise_XX_25519_ChaChaPoly_SHA256",
		[NOISE_IK] = "Noise_IK_25519_ChaChaPoly_SHA256",
		[NOISE_XXFALLBACK] = "Noise_XXfallback_25519_ChaChaPoly_SHA256",
	};
	struct json protocol = json_member(v, "protocol_name");

	for (unsigned i = NOISE_XX; i < NOISE_PATTERN_END; i++) {
		if (json_is_str(&protocol, name[i]))
			return i;
	}
	return 0;
}

static inline void vector_load(
    struct vector *out, const struct json *v, bool initiator_first)
{
	struct json messages = json_member(v, "messages"), m;
	struct json_iter it = json_iter(&messages);

	memset(out, 0, sizeof(*out));
	out->pattern = (enum noise_pattern)vector_pattern(v);
	out->initiator_first = initiator_first;
	out->prologue_len =
	    json_hex(v, "init_prologue", out->prologue, VECTOR_TEXT_MAX);
	CHECK_EQ(json_hex(v, "init_static", out->init_s, 32), 32);
	CHECK_EQ(json_hex(v, "init_ephemeral", out->init_e, 32), 32);
	CHECK_EQ(json_hex(v, "resp_static", out->resp_s, 32), 32);
	CHECK_EQ(json_hex(v, "resp_ephemeral", out->resp_e, 32), 32);
	json_hex(v, "init_remote_static", out->init_rs, 32);
	out->h_len = json_hex(v, "handshake_hash", out->h, sizeof(out->h));
	if (out->pattern == NOISE_IK) /* not every source has it */
		crypto_x25519_base(out->init_rs, out->resp_s);
	while (json_next(&it, NULL, &m)) {
		struct vector_message *vm = &out->message[out->messages++];

		CHECK(out->messages <= VECTOR_MESSAGES_MAX);
		vm->payload_len =
		    json_hex(&m, "payload", vm->payload, VECTOR_TEXT_MAX);
		vm->ciphertext_len =
		    json_hex(&m, "ciphertext", vm->ciphertext, VECTOR_TEXT_MAX);
	}
}

/* Call `each` for every vector of a file that is for us; how many were. */
static inline size_t vector_each(
    const char *path, void (*each)(const struct vector *v))
{
	uint8_t *text;
	struct json root = json_file(path, &text), v;
	struct json vectors = json_member(&root, "vectors");
	struct json order = json_member(&root, "transport_order");
	struct json_iter it = json_iter(&vectors);
	size_t n = 0;

	while (json_next(&it, NULL, &v)) {
		struct vector loaded;

		if (vector_pattern(&v) == 0)
			continue;
		vector_load(
		    &loaded, &v, json_is_str(&order, "initiator-first"));
		each(&loaded);
		n++;
	}
	free(text);
	return n;
}

/* The configuration of Alice (init) or Bob for a pattern. */
static inline struct noise_config vector_config(
    const struct vector *v, enum noise_pattern pattern, bool alice)
{
	bool first = alice != (pattern == NOISE_XXFALLBACK);

	return (struct noise_config){
		.pattern = pattern,
		.role = first ? NOISE_INITIATOR : NOISE_RESPONDER,
		.prologue = { v->prologue, v->prologue_len },
		.s_priv = alice ? v->init_s : v->resp_s,
		.e_priv = alice ? v->init_e : v->resp_e,
		.rs = pattern == NOISE_IK && alice ? v->init_rs : NULL,
	};
}

/*
 * Both sides before the first message of v's pattern: hs[0] speaks first. Takes
 * XXfallback through the IK message that fails. Returns the index of the first
 * message.
 */
static inline size_t vector_start(
    const struct vector *v, struct noise_handshake hs[2])
{
	const struct vector_message *m = &v->message[0];
	struct noise_config alice = vector_config(v, NOISE_IK, true);
	struct noise_config bob = vector_config(v, NOISE_IK, false);
	uint8_t buf[2 * VECTOR_TEXT_MAX], re[NOISE_KEY_LEN];
	size_t len;

	if (v->pattern != NOISE_XXFALLBACK) {
		alice = vector_config(v, v->pattern, true);
		bob = vector_config(v, v->pattern, false);
		noise_handshake_init(&hs[0], &alice);
		noise_handshake_init(&hs[1], &bob);
		return 0;
	}
	noise_handshake_init(&hs[0], &alice);
	noise_handshake_init(&hs[1], &bob);
	CHECK_OK(noise_write(&hs[0], buf, sizeof(buf), &len,
	    (struct bytes){ m->payload, m->payload_len }));
	CHECK_EQ(len, m->ciphertext_len);
	CHECK_MEM(buf, m->ciphertext, len);
	CHECK_OK(noise_first_ephemeral(re, (struct bytes){ buf, len }));
	CHECK_ERR(noise_read(&hs[1], buf + VECTOR_TEXT_MAX, VECTOR_TEXT_MAX,
		      &len, (struct bytes){ m->ciphertext, m->ciphertext_len }),
	    ERR_AUTH);
	bob = vector_config(v, NOISE_XXFALLBACK, false);
	bob.re = re;
	alice = vector_config(v, NOISE_XXFALLBACK, true);
	noise_handshake_init(&hs[0], &bob);
	noise_handshake_init(&hs[1], &alice);
	return 1;
}

#endif
