/*
 * A client and an enclave session face to face, with the wire between them in
 * two buffers that the test can look at, change and replay. The verdict is made
 * by the test: what evidence says is tested elsewhere.
 */
#ifndef CONFER_TESTS_UNIT_SESSION_PAIR_H
#define CONFER_TESTS_UNIT_SESSION_PAIR_H

#include "test.h"

#include "attest/report_data.h"
#include "crypto/crypto_native.h"
#include "protocol/session_client.h"
#include "protocol/session_server.h"

#define PAIR_NOW      1000000
#define PAIR_DEADLINE 1000600
#define PAIR_WIRE_MAX 400000

struct pair {
	struct session_client client;
	struct session_server server;
	struct session_server_keys keys;
	uint8_t s_priv[32], s_pub[32], server_e[32];
	uint8_t client_s[32], client_e[32];
	uint8_t evidence[5000], evidence_hash[32];
	uint8_t client_evidence[SESSION_CLIENT_EVIDENCE_ROOM];
	uint8_t request[FRAME_REQUEST_MAX];
	uint8_t to_server_buf[PAIR_WIRE_MAX], to_client_buf[PAIR_WIRE_MAX];
	struct wr to_server, to_client;
	struct session_client_event client_event;
	struct session_server_event server_event;
	struct verdict verdict;
};

static inline void pair_new_enclave_key(struct pair *p)
{
	crypto_random(p->s_priv, 32);
	crypto_x25519_base(p->s_pub, p->s_priv);
}

static inline struct pair *pair_new(void)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	CHECK_OK(crypto_init());
	pair_new_enclave_key(p);
	crypto_random(p->evidence, sizeof(p->evidence));
	evidence_digest(p->evidence_hash,
	    (struct bytes){ p->evidence, sizeof(p->evidence) });
	return p;
}

static inline void pair_reset_wire(struct pair *p)
{
	p->to_server = wr_init(p->to_server_buf, PAIR_WIRE_MAX);
	p->to_client = wr_init(p->to_client_buf, PAIR_WIRE_MAX);
}

/* Fresh sessions on both sides; rs NULL: XX. */
static inline void pair_connect(struct pair *p, const uint8_t *rs,
    const uint8_t *held)
{
	struct session_client_config c = { .s_priv = p->client_s,
		.e_priv = p->client_e,
		.rs = rs,
		.held = held,
		.evidence = p->client_evidence };

	crypto_random(p->client_s, 32);
	crypto_random(p->client_e, 32);
	crypto_random(p->server_e, 32);
	p->keys = (struct session_server_keys){ .s_priv = p->s_priv,
		.s_pub = p->s_pub,
		.evidence = { p->evidence, sizeof(p->evidence) },
		.evidence_hash = p->evidence_hash,
		.e_priv = p->server_e };
	pair_reset_wire(p);
	session_client_init(&p->client, &c);
	session_server_init(&p->server, p->request, sizeof(p->request));
}

/* Take one packet off a wire; false if none is complete. */
static inline bool pair_take(struct wr *wire, uint8_t *body, size_t *len)
{
	struct bytes b;
	size_t used;

	if (packet_find((struct bytes){ wire->p, wire->len }, PACKET_BODY_MAX,
		&b, &used) != ERR_OK)
		return false;
	memcpy(body, b.p, b.len);
	*len = b.len;
	memmove(wire->p, wire->p + used, wire->len - used);
	wire->len -= used;
	return true;
}

static inline enum err pair_to_server(struct pair *p)
{
	static uint8_t body[PACKET_BODY_MAX];
	size_t len;

	assert_true(pair_take(&p->to_server, body, &len));
	return session_server_packet(&p->server, &p->keys, body, len,
	    &p->server_event, &p->to_client);
}

static inline enum err pair_to_client(struct pair *p)
{
	static uint8_t body[PACKET_BODY_MAX];
	size_t len;

	assert_true(pair_take(&p->to_client, body, &len));
	return session_client_packet(&p->client, body, len, &p->client_event,
	    &p->to_server);
}

/* A concluded acceptance of this pair's evidence and key. */
static inline struct verdict *pair_verdict(struct pair *p)
{
	struct verdict *v = &p->verdict;

	memset(v, 0, sizeof(*v));
	v->accepted = true;
	v->checks.deadline_s = PAIR_DEADLINE;
	memcpy(v->claims.evidence_digest, p->evidence_hash, 32);
	report_data_make(v->claims.report_data, p->s_pub, &v->claims.binding);
	return v;
}

/* Up to the moment at which the client has to judge. */
static inline void pair_until_verdict(struct pair *p)
{
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	CHECK_OK(pair_to_server(p));
	CHECK_OK(pair_to_client(p));
	CHECK_EQ(p->client.state, SESSION_CLIENT_VERDICT);
}

/* The whole handshake. */
static inline void pair_open(struct pair *p)
{
	pair_until_verdict(p);
	CHECK_OK(session_client_accept(&p->client, pair_verdict(p), PAIR_NOW,
	    &p->to_server));
	if (p->server.state != SESSION_SERVER_OPEN)
		CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->server.state, SESSION_SERVER_OPEN);
	CHECK_EQ(p->client.state, SESSION_CLIENT_OPEN);
}

/* Send one chat request and let the enclave take it. */
static inline uint32_t pair_ask(struct pair *p, const char *json)
{
	struct session_client_request r = { .method = SESSION_METHOD_CHAT,
		.body = { (const uint8_t *)json, strlen(json) } };
	uint32_t stream;

	CHECK_OK(session_client_request(&p->client, &r, &stream,
	    &p->to_server));
	CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->server_event.type, SESSION_SERVER_REQUEST);
	CHECK_EQ(p->server_event.stream, stream);
	session_server_request_done(&p->server);
	return stream;
}

#endif
