/*
 * Sessions without a network: what the handshake and the records cost the
 * enclave, each beside the bare primitives that they cannot do without.
 */
#include "bench.h"
#include "crypto/crypto_native.h"
#include "protocol/record.h"
#include "protocol/session_client.h"
#include "protocol/session_server.h"

#define EVIDENCE_LEN 8192 /* a bundle with records and proofs has about this */
#define BULK_LEN     FRAME_DATA_MAX

static uint8_t s_priv[32], s_pub[32], e_priv[32], peer_priv[32], peer_pub[32];
static uint8_t evidence[EVIDENCE_LEN], evidence_hash[32];
static uint8_t request[FRAME_REQUEST_MAX], wire[4 * PACKET_LEN_MAX];
static struct session_server_keys keys = { .s_priv = s_priv,
	.s_pub = s_pub,
	.evidence = { evidence, EVIDENCE_LEN },
	.evidence_hash = evidence_hash,
	.e_priv = e_priv };

/* A client's two packets; with e_priv fixed they can be played again. */
static uint8_t first[PACKET_FIRST_MAX], finish[PACKET_FINISH_MAX];
static size_t first_len, finish_len;

static void must(enum err e)
{
	if (e != ERR_OK) {
		fprintf(stderr, "bench: %s\n", err_name(e));
		exit(4);
	}
}

static size_t keep(uint8_t *to, const struct wr *w)
{
	memcpy(to, w->p + PACKET_HEADER_LEN, w->len - PACKET_HEADER_LEN);
	return w->len - PACKET_HEADER_LEN;
}

static void record_client(void)
{
	static uint8_t room[SESSION_CLIENT_EVIDENCE_ROOM];
	struct session_client_config c = {
		.s_priv = peer_priv, .e_priv = peer_priv, .evidence = room
	};
	struct session_client_event cev;
	struct session_server_event sev;
	static struct verdict v;
	struct session_client client;
	struct session_server server;
	struct wr w = wr_init(wire, sizeof(wire));
	uint8_t body[PACKET_FIRST_MAX];

	session_client_init(&client, &c);
	must(session_client_start(&client, &w));
	first_len = keep(first, &w);
	memcpy(body, first, first_len);
	w.len = 0;
	session_server_init(&server, request, sizeof(request));
	must(session_server_packet(&server, &keys, body, first_len, &sev, &w));
	must(session_client_packet(&client, wire + PACKET_HEADER_LEN,
	    w.len - PACKET_HEADER_LEN, &cev, &w));
	v.accepted = true;
	v.checks.deadline_s = 1;
	memcpy(v.claims.evidence_digest, evidence_hash, 32);
	report_data_make(v.claims.report_data, s_pub, &v.claims.binding);
	w.len = 0;
	must(session_client_accept(&client, &v, 0, &w));
	finish_len = keep(finish, &w);
}

static void handshake(void *arg)
{
	struct session_server_event ev;
	struct session_server s;
	uint8_t body[PACKET_FIRST_MAX];
	struct wr w = wr_init(wire, sizeof(wire));

	(void)arg;
	session_server_init(&s, request, 1); /* 1: not what is measured */
	memcpy(body, first, first_len);
	must(session_server_packet(&s, &keys, body, first_len, &ev, &w));
	memcpy(body, finish, finish_len);
	must(session_server_packet(&s, NULL, body, finish_len, &ev, &w));
	session_server_wipe(&s);
}

/* An XX responder's own key, three shared secrets, and its evidence sealed. */
static void bare_handshake(void *arg)
{
	static const uint8_t nonce[AEAD_NONCE_LEN];
	struct bytes part = { wire, EVIDENCE_LEN };
	uint8_t out[32];

	(void)arg;
	crypto_x25519_base(out, e_priv);
	for (int i = 0; i < 3; i++)
		must(crypto_x25519(out, e_priv, peer_pub));
	crypto_aead_seal(wire, e_priv, nonce, (struct bytes){ NULL, 0 },
	    (struct bytes){ evidence, EVIDENCE_LEN });
	crypto_sha256(out, &part, 1);
}

static struct noise_transport transport = { .tx.has_key = true, .live = true };

static void channel(void *arg)
{
	size_t n = *(const size_t *)arg;
	struct wr w = wr_init(wire, sizeof(wire));
	struct frame f = { .type = FRAME_REQUEST,
		.stream = 1,
		.data = { request, n } },
		     back;

	transport.rx = transport.tx; /* the other side, as far as we are */
	must(record_seal(&transport, &w, frame_size_for(n), &f));
	must(record_open(&transport, wire + PACKET_HEADER_LEN,
	    w.len - PACKET_HEADER_LEN, FRAME_FROM_CLIENT, &back));
}

static void bare_channel(void *arg)
{
	static const uint8_t nonce[AEAD_NONCE_LEN];
	struct bytes none = { NULL, 0 };
	size_t n = frame_size_for(*(const size_t *)arg);

	crypto_aead_seal(
	    wire, e_priv, nonce, none, (struct bytes){ request, n });
	must(crypto_aead_open(wire, e_priv, nonce, none,
	    (struct bytes){ wire, n + AEAD_TAG_LEN }));
}

static void channel_rows(const char *ours, const char *bare, size_t n)
{
	double want = (double)n / bench_time(bare_channel, &n).cpu / 1e6;
	double got = (double)n / bench_time(channel, &n).cpu / 1e6;

	bench_row(bare, want, "MB/s", BENCH_NO_RATIO);
	bench_row(ours, got, "MB/s", got / want);
}

int main(void)
{
	double want, got;

	must(crypto_init());
	crypto_random(s_priv, 32);
	crypto_random(e_priv, 32);
	crypto_random(peer_priv, 32);
	crypto_random(evidence, sizeof(evidence));
	crypto_x25519_base(s_pub, s_priv);
	crypto_x25519_base(peer_pub, peer_priv);
	evidence_digest(
	    evidence_hash, (struct bytes){ evidence, EVIDENCE_LEN });
	record_client();
	want = bench_time(bare_handshake, NULL).cpu;
	got = bench_time(handshake, NULL).cpu;
	bench_row("bare.handshake.responder", want * 1e6, "us", BENCH_NO_RATIO);
	bench_row("session.handshake.responder", got * 1e6, "us", got / want);
	bench_row("session.handshakes", 1 / got, "per_s_core", want / got);
	channel_rows("session.records.65519", "bare.aead.65519", BULK_LEN);
	channel_rows("session.records.256", "bare.aead.256", FRAME_SLOT_DATA);
	bench_row("session.state", (double)sizeof(struct session_server), "B",
	    BENCH_NO_RATIO);
	return 0;
}
