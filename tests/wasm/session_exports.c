/*
 * A module for tests only: the enclave's side of a session, whose answer to any
 * request is a text that the test chooses.
 */
#include "base/assert.h"
#include "protocol/session_server.h"

#define EXPORT     __attribute__((visibility("default")))
#define ANSWER_MAX 4096

static uint8_t in[PACKET_BODY_MAX], out[SESSION_SERVER_OUT_MAX * 3];
static uint8_t evidence[PACKET_EVIDENCE_MAX], request[FRAME_REQUEST_MAX];
static uint8_t keys[2 * X25519_LEN]; /* static and ephemeral private keys */
static uint8_t answer[ANSWER_MAX];
static size_t out_len, evidence_len, answer_len, answered;
static struct session_server session;
static struct session_server_event event;

uint8_t *server_in(void);
uint8_t *server_out(void);
uint8_t *server_evidence(void);
uint8_t *server_keys(void);
uint8_t *server_answer(void);
uint8_t *server_request(void);
size_t server_out_len(void);
size_t server_request_len(void);
void server_init(size_t len);
int server_packet(size_t len);
unsigned server_event(void);
int server_tick(size_t len);
int server_paced(void);

EXPORT uint8_t *server_in(void)
{
	return in;
}
EXPORT uint8_t *server_out(void)
{
	return out;
}
EXPORT uint8_t *server_evidence(void)
{
	return evidence;
}
EXPORT uint8_t *server_keys(void)
{
	return keys;
}
EXPORT uint8_t *server_answer(void)
{
	return answer;
}
EXPORT uint8_t *server_request(void)
{
	return request;
}
EXPORT size_t server_out_len(void)
{
	return out_len;
}
EXPORT size_t server_request_len(void)
{
	return event.request.len;
}
EXPORT unsigned server_event(void)
{
	return event.type;
}
EXPORT int server_paced(void)
{
	return session_server_paced(&session);
}

EXPORT void server_init(size_t len)
{
	assert(len <= sizeof(evidence));
	evidence_len = len;
	session_server_init(&session, request, sizeof(request));
}

EXPORT int server_packet(size_t len)
{
	uint8_t pub[X25519_LEN], hash[SHA256_LEN];
	struct bytes bundle = { evidence, evidence_len };
	struct session_server_keys k = { .s_priv = keys,
		.s_pub = pub,
		.evidence = bundle,
		.evidence_hash = hash,
		.e_priv = keys + X25519_LEN };
	struct wr w = wr_init(out, sizeof(out));
	enum err e;

	assert(len <= sizeof(in));
	crypto_x25519_base(pub, keys);
	crypto_sha256(hash, &bundle, 1);
	e = session_server_packet(&session, &k, in, len, &event, &w);
	out_len = w.len;
	return (int)e;
}

/* The answer's text piece by piece, then an empty object as its result. */
static size_t pull(void *cookie, uint32_t stream, uint8_t *buf, size_t cap,
    enum frame_type *type, bool *last)
{
	size_t n = answer_len - answered;

	(void)cookie;
	(void)stream;
	if (n == 0) {
		mem_copy(buf, "{}", 2);
		*type = FRAME_RESULT;
		*last = true;
		return 2;
	}
	if (n > cap)
		n = cap;
	mem_copy(buf, answer + answered, n);
	answered += n;
	*type = FRAME_DELTA;
	*last = false;
	return n;
}

/* One tick of an answer of len bytes. */
EXPORT int server_tick(size_t len)
{
	struct wr w = wr_init(out, sizeof(out));
	enum err e;

	assert(len <= sizeof(answer));
	answer_len = len;
	e = session_server_tick(&session, pull, NULL, &w);
	out_len = w.len;
	return (int)e;
}
