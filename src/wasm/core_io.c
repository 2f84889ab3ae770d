/* The buffers between page and core. */
#include "wasm/io.h"

#include "base/assert.h"
#include "protocol/session_client.h"

/* session_client_request_len(FRAME_REQUEST_MAX): whole records for a request. */
#define OUT_LEN                                                                \
	(FRAME_RECORD_LEN(FRAME_SIZE_MAX) *                                    \
	    (1 + (FRAME_REQUEST_MAX + 2 + SESSION_CREDIT_MAX) /                \
		     FRAME_DATA_MAX))

static uint8_t trust_buf[TRUST_LEN_MAX];
static uint8_t evidence_buf[SESSION_CLIENT_EVIDENCE_ROOM];
static uint8_t in_buf[PACKET_BODY_MAX];
static uint8_t body_buf[FRAME_REQUEST_MAX];
static uint8_t out_buf[OUT_LEN];
static size_t out_len;
static const char *error = "";

static const struct {
	uint8_t *p;
	size_t len;
} buffers[CORE_BUFFERS] = {
	[CORE_TRUST] = { trust_buf, sizeof(trust_buf) },
	[CORE_EVIDENCE] = { evidence_buf, sizeof(evidence_buf) },
	[CORE_IN] = { in_buf, sizeof(in_buf) },
	[CORE_BODY] = { body_buf, sizeof(body_buf) },
	[CORE_OUT] = { out_buf, sizeof(out_buf) },
};

CORE_EXPORT uint32_t core_abi(void)
{
	return CORE_ABI;
}

CORE_EXPORT uint8_t *core_buffer(unsigned which)
{
	assert(which < CORE_BUFFERS);
	return buffers[which].p;
}

CORE_EXPORT size_t core_buffer_len(unsigned which)
{
	assert(which < CORE_BUFFERS);
	return buffers[which].len;
}

CORE_EXPORT size_t core_out_len(void)
{
	return out_len;
}

CORE_EXPORT const char *core_error(void)
{
	return error;
}

struct bytes io_input(enum core_buffer which, size_t len)
{
	assert(len <= buffers[which].len);
	return (struct bytes){ buffers[which].p, len };
}

struct wr io_output(void)
{
	out_len = 0;
	return wr_init(out_buf, sizeof(out_buf));
}

enum err io_finish(const struct wr *w, enum err e)
{
	out_len = w->err == ERR_OK ? w->len : 0;
	return io_error(e, NULL);
}

enum err io_error(enum err e, const char *message)
{
	error = e == ERR_OK ? "" : err_name(e);
	if (e != ERR_OK && message != NULL && message[0] != '\0')
		error = message;
	return e;
}

uint32_t io_address(const void *p)
{
	return (uint32_t)(uintptr_t)p;
}

void io_wipe(void)
{
	for (unsigned i = CORE_TRUST + 1; i < CORE_BUFFERS; i++)
		mem_wipe(buffers[i].p, buffers[i].len);
	out_len = 0;
}
