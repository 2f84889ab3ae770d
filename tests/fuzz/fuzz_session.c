/*
 * Sessions: a client that holds the right keys and says anything at all in its
 * records, and an enclave that does. Input: a direction byte, then pieces of
 * {u8 type, u8 flags, u8 stream, u8 length, data}, each sealed as one record.
 */
#include <assert.h>

#include "base/rd.h"
#include "protocol/record.h"
#include "protocol/session_client.h"
#include "protocol/session_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t pull(void *cookie, uint32_t stream, uint8_t *buf, size_t cap,
    enum frame_type *type, bool *last)
{
	unsigned *turn = cookie;

	(void)stream;
	memset(buf, 'x', cap);
	*last = ++*turn % 5 == 0;
	*type = *last ? FRAME_RESULT : FRAME_DELTA;
	return cap;
}

/* Two open transports that understand each other. */
static void keys(struct noise_transport *a, struct noise_transport *b)
{
	memset(a, 0, sizeof(*a));
	a->live = a->tx.has_key = a->rx.has_key = true;
	memset(a->tx.k, 1, sizeof(a->tx.k));
	memset(a->rx.k, 2, sizeof(a->rx.k));
	*b = *a;
	b->tx = a->rx;
	b->rx = a->tx;
}

/* The next piece of input as a sealed packet body; 0 at the end. */
static size_t next_body(struct rd *r, struct noise_transport *t, uint8_t *out)
{
	uint8_t plain[FRAME_SIZE_MIN] = { 0 };
	size_t len;

	plain[0] = rd_u8(r);
	plain[1] = rd_u8(r);
	plain[5] = rd_u8(r);
	plain[9] = rd_u8(r);
	len = plain[9] < FRAME_SLOT_DATA ? plain[9] : FRAME_SLOT_DATA;
	rd_copy(r, plain + FRAME_HEADER_LEN, len);
	if (r->err != ERR_OK)
		return 0;
	enum err e = noise_transport_seal(t, out, 512, &len,
	    (struct bytes){ NULL, 0 }, (struct bytes){ plain, sizeof(plain) });

	assert(e == ERR_OK);
	return len;
}

static void fuzz_server(struct rd *r)
{
	static uint8_t request[1024], out[65536 * 2];
	struct session_server s;
	struct session_server_event ev;
	struct noise_transport peer;
	unsigned turn = 0;
	uint8_t body[512];
	size_t n;

	session_server_init(&s, request, sizeof(request));
	keys(&s.transport, &peer);
	s.state = SESSION_SERVER_OPEN;
	while (s.state == SESSION_SERVER_OPEN &&
	    (n = next_body(r, &peer, body)) > 0) {
		struct wr w = wr_init(out, sizeof(out));
		enum err e = session_server_packet(&s, NULL, body, n, &ev, &w);

		assert((e == ERR_OK) == (s.state == SESSION_SERVER_OPEN) ||
		    ev.type == SESSION_SERVER_ENDED);
		if (ev.type == SESSION_SERVER_REQUEST)
			session_server_request_done(&s);
		w.len = 0;
		if (session_server_paced(&s)) {
			e = session_server_tick(&s, pull, &turn, &w);
			assert(e == ERR_OK && w.len == FRAME_TICK_LEN);
		}
	}
	session_server_wipe(&s);
}

static void fuzz_client(struct rd *r)
{
	static uint8_t out[3 * 65536];
	static const uint8_t key[32] = { 1 };
	struct session_client_config c = { .s_priv = key, .e_priv = key };
	struct session_client_request q = { .method = 1 };
	struct session_client_event ev;
	struct noise_transport peer;
	struct session_client s;
	uint8_t body[512];
	uint32_t stream;
	size_t n;

	session_client_init(&s, &c);
	keys(&s.transport, &peer);
	s.state = SESSION_CLIENT_OPEN;
	struct wr w = wr_init(out, sizeof(out));
	enum err e = session_client_request(&s, &q, &stream, &w);

	assert(e == ERR_OK && stream == 1);
	while (s.state == SESSION_CLIENT_OPEN &&
	    (n = next_body(r, &peer, body)) > 0) {
		w = wr_init(out, sizeof(out));
		e = session_client_packet(&s, body, n, &ev, &w);
		assert((e == ERR_OK) == (s.state == SESSION_CLIENT_OPEN) ||
		    ev.type == SESSION_CLIENT_ENDED);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);

	if (rd_u8(&r) & 1)
		fuzz_server(&r);
	else
		fuzz_client(&r);
	return 0;
}
