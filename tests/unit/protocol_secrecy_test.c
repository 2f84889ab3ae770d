/*
 * Forward secrecy: whoever recorded a session and later gets BOTH static private
 * keys still cannot read it. The attacker here is written from the Noise paper,
 * not from src/noise, and is shown to work when it also has an ephemeral key.
 */
#include "session_pair.h"

struct attacker {
	uint8_t ck[32], h[32], k[32];
	bool has_key;
};

static void mix_hash(struct attacker *a, const uint8_t *p, size_t n)
{
	struct bytes part[2] = { { a->h, 32 }, { p, n } };

	crypto_sha256(a->h, part, 2);
}

static void mix_key(struct attacker *a, const uint8_t dh[32])
{
	uint8_t ck[32];

	crypto_hkdf_noise(ck, a->k, NULL, a->ck, (struct bytes){ dh, 32 });
	memcpy(a->ck, ck, 32);
	a->has_key = true;
}

/* Walk one recorded XX session with these three secrets; open its first record. */
static bool reads_session(const struct bytes wire[4], const uint8_t ee[32],
    const uint8_t es[32], const uint8_t se[32])
{
	static const char name[33] = "Noise_XX_25519_ChaChaPoly_SHA256";
	uint8_t prologue[PACKET_PROLOGUE_MAX], k1[32], k2[32], out[65536];
	const uint8_t *m1 = wire[0].p + 10, *m2 = wire[1].p + 4;
	const uint8_t *m3 = wire[2].p + 3, nonce[12] = { 0 };
	struct attacker a = { .has_key = false };

	memcpy(a.h, name, 32);
	memcpy(a.ck, name, 32);
	size_t n = packet_prologue(prologue,
	    (struct bytes){ wire[0].p + 2, 8 });
	mix_hash(&a, prologue, n);
	mix_hash(&a, m1, 32); /* e */
	mix_hash(&a, m1, 0);
	mix_hash(&a, m2, 32); /* e */
	mix_key(&a, ee);
	mix_hash(&a, m2 + 32, 48); /* s */
	mix_key(&a, es);
	mix_hash(&a, m2 + 80, wire[1].len - 84); /* evidence */
	mix_hash(&a, m3, 48);			 /* s */
	mix_key(&a, se);
	mix_hash(&a, m3 + 48, 16);
	crypto_hkdf_noise(k1, k2, NULL, a.ck, (struct bytes){ NULL, 0 });
	return crypto_aead_open(out, k1, nonce, (struct bytes){ NULL, 0 },
	    (struct bytes){ wire[3].p + 2, 256 + 16 }) == ERR_OK;
}

/* A session on tape: the four packets that matter. */
struct tape {
	uint8_t buf[4][8192];
	struct bytes wire[4];
};

static void keep(struct tape *t, int i, const struct wr *w)
{
	memcpy(t->buf[i], w->p, w->len);
	t->wire[i] = (struct bytes){ t->buf[i], w->len };
}

static void record_session(struct pair *p, struct tape *t)
{
	struct session_client_request r = { .method = SESSION_METHOD_CHAT,
		.body = BYTES_LITERAL("my secret question") };
	uint32_t stream;

	pair_connect(p, NULL, NULL);
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	keep(t, 0, &p->to_server);
	CHECK_OK(pair_to_server(p));
	keep(t, 1, &p->to_client);
	CHECK_OK(pair_to_client(p));
	CHECK_OK(session_client_accept(&p->client, pair_verdict(p), PAIR_NOW,
	    &p->to_server));
	keep(t, 2, &p->to_server);
	CHECK_OK(pair_to_server(p));
	CHECK_OK(session_client_request(&p->client, &r, &stream,
	    &p->to_server));
	keep(t, 3, &p->to_server);
}

TEST(session_is_unreadable_with_both_static_keys)
{
	struct pair *p = pair_new();
	struct tape *t = calloc(1, sizeof(*t));
	uint8_t e_client[32], e_server[32], s_client[32];
	uint8_t dh[5][32] = { { 0 } };

	record_session(p, t);
	crypto_x25519_base(e_client, p->client_e);
	crypto_x25519_base(e_server, p->server_e);
	crypto_x25519_base(s_client, p->client_s);
	/* What both static keys and the tape give: es, se, ss. */
	CHECK_OK(crypto_x25519(dh[1], p->s_priv, e_client));
	CHECK_OK(crypto_x25519(dh[2], p->client_s, e_server));
	CHECK_OK(crypto_x25519(dh[3], p->s_priv, s_client));
	for (int i = 0; i < 4; i++)
		CHECK(!reads_session(t->wire, dh[i], dh[1], dh[2]));
	/* The attack itself is sound: one ephemeral key more and it reads. */
	CHECK_OK(crypto_x25519(dh[4], p->client_e, e_server));
	CHECK(reads_session(t->wire, dh[4], dh[1], dh[2]));
	/* And the wire has no plaintext. */
	for (int i = 0; i < 4; i++)
		CHECK(memmem(t->wire[i].p, t->wire[i].len, "secret", 6) ==
		    NULL);
	free(t);
	free(p);
}

TEST(session_key_replacement_hides_earlier_records) /* P-22 */
{
	struct noise_transport t = { .tx.has_key = true, .rx.has_key = true,
		.live = true };
	uint8_t old[32], record[64];
	size_t n;

	CHECK_OK(crypto_init());
	crypto_random(t.tx.k, 32);
	memcpy(old, t.tx.k, 32);
	t.tx.n = 65535;
	for (int i = 0; i < 2; i++)
		CHECK_OK(noise_transport_seal(&t, record, sizeof(record), &n,
		    (struct bytes){ NULL, 0 },
		    (struct bytes)BYTES_LITERAL("text")));
	CHECK(memcmp(old, t.tx.k, 32) != 0);
	CHECK_EQ(t.tx.n, 65537);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_is_unreadable_with_both_static_keys),
		cmocka_unit_test(session_key_replacement_hides_earlier_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
