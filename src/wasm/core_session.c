/* The client's session, for a page. */
#include "base/assert.h"
#include "protocol/session_client.h"
#include "wasm/io.h"

/* What core_session finds in IN. */
#define KEYS_NEW    (2 * X25519_LEN)
#define KEYS_RESUME (KEYS_NEW + X25519_LEN + SHA256_LEN)

static struct session_client session;
static struct session_client_event last;
static uint32_t stream;
static bool begun; /* keys were given */

CORE_EXPORT unsigned core_session(bool resume)
{
	const uint8_t *in = core_buffer(CORE_IN);
	struct session_client_config c = {
		.s_priv = in,
		.e_priv = in + X25519_LEN,
		.rs = resume ? in + KEYS_NEW : NULL,
		.held = resume ? in + KEYS_NEW + X25519_LEN : NULL,
		.evidence = core_buffer(CORE_EVIDENCE),
	};

	verify_wipe();
	session_client_init(&session, &c);
	mem_wipe(core_buffer(CORE_IN), KEYS_RESUME);
	memset(&last, 0, sizeof(last));
	begun = true;
	return io_error(ERR_OK, NULL);
}

CORE_EXPORT unsigned core_start(void)
{
	struct wr w = io_output();

	if (!begun)
		return io_error(ERR_PROTOCOL, "no keys");
	return io_finish(&w, session_client_start(&session, &w));
}

CORE_EXPORT size_t core_packet_max(void)
{
	return session_client_packet_max(&session);
}

CORE_EXPORT unsigned core_packet(size_t len)
{
	struct bytes body = io_input(CORE_IN, len);
	struct wr w = io_output();
	enum err e = session_client_packet(
	    &session, core_buffer(CORE_IN), body.len, &last, &w);

	return io_finish(&w, e);
}

CORE_EXPORT const struct core_event *core_event(void)
{
	static struct core_event out;

	out = (struct core_event){ .type = last.type,
		.stream = last.stream,
		.last = last.last,
		.reason = last.reason,
		.data = io_address(last.data.p),
		.data_len = (uint32_t)last.data.len };
	return &out;
}

CORE_EXPORT const uint8_t *core_server_key(void)
{
	return session_client_server_key(&session);
}

const uint8_t *session_key(void)
{
	return session.state == SESSION_CLIENT_VERDICT ? session.rs : NULL;
}

struct bytes session_evidence(void)
{
	return last.type == SESSION_CLIENT_EVIDENCE ? last.data
						    : (struct bytes){ NULL, 0 };
}

CORE_EXPORT unsigned core_accept(uint64_t now_s)
{
	const struct verdict *v = verify_verdict();
	struct wr w = io_output();

	if (v == NULL)
		return io_error(ERR_PROTOCOL, "no verdict was reached");
	return io_finish(&w, session_client_accept(&session, v, now_s, &w));
}

CORE_EXPORT bool core_expired(uint64_t now_s)
{
	return session_client_expired(&session, now_s);
}

CORE_EXPORT unsigned core_request(
    unsigned method, size_t credit_len, size_t body_len)
{
	struct session_client_request r = {
		.method = (uint8_t)method,
		.credit = io_input(CORE_IN, credit_len),
		.body = io_input(CORE_BODY, body_len),
	};
	struct wr w = io_output();
	enum err e;

	assert(method <= UINT8_MAX && credit_len <= SESSION_CREDIT_MAX);
	e = session_client_request(&session, &r, &stream, &w);
	mem_wipe(core_buffer(CORE_IN), credit_len);
	mem_wipe(core_buffer(CORE_BODY), body_len);
	return io_finish(&w, e);
}

CORE_EXPORT uint32_t core_stream(void)
{
	return stream;
}

CORE_EXPORT unsigned core_cancel(uint32_t id)
{
	struct wr w = io_output();

	return io_finish(&w, session_client_cancel(&session, id, &w));
}

CORE_EXPORT unsigned core_credit(uint32_t id, uint32_t n)
{
	struct wr w = io_output();

	return io_finish(&w, session_client_credit(&session, id, n, &w));
}

CORE_EXPORT unsigned core_ping(void)
{
	struct wr w = io_output();

	return io_finish(
	    &w, session_client_ping(&session, core_buffer(CORE_IN), &w));
}

CORE_EXPORT unsigned core_end(unsigned reason)
{
	struct wr w = io_output();

	assert(reason < FRAME_END_N);
	return io_finish(
	    &w, session_client_end(&session, (enum frame_end)reason, &w));
}

CORE_EXPORT void core_wipe(void)
{
	session_client_wipe(&session);
	mem_wipe(&last, sizeof(last));
	verify_wipe();
	io_wipe();
}
