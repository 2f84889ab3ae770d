/* Frames to records and back; see record.h. */
#include "protocol/record.h"

#include "protocol/packet.h"

static const struct bytes no_ad = { NULL, 0 };

uint8_t *record_slot(const struct wr *out, size_t size)
{
	if (out->err != ERR_OK || out->cap - out->len < FRAME_RECORD_LEN(size))
		return NULL;
	return out->p + out->len + PACKET_HEADER_LEN + FRAME_HEADER_LEN;
}

enum err record_seal(struct noise_transport *t, struct wr *out, size_t size,
    const struct frame *f)
{
	struct wr start = *out;
	uint8_t *at;
	size_t sealed;
	enum err e;

	wr_u16be(out, (uint16_t)(size + NOISE_TAG_LEN));
	at = wr_reserve(out, size + NOISE_TAG_LEN);
	if (at == NULL) {
		*out = start;
		return ERR_NOSPACE;
	}
	frame_write(at, size, f);
	e = noise_transport_seal(t, at, size + NOISE_TAG_LEN, &sealed, no_ad,
	    (struct bytes){ at, size });
	if (e != ERR_OK) {
		mem_wipe(at, size);
		*out = start;
	}
	return e;
}

enum err record_open(struct noise_transport *t, uint8_t *body, size_t len,
    enum frame_sender from, struct frame *f)
{
	size_t n;
	enum err e;

	memset(f, 0, sizeof(*f));
	e = noise_transport_open(
	    t, body, len, &n, no_ad, (struct bytes){ body, len });
	if (e != ERR_OK)
		return e;
	return frame_parse(f, (struct bytes){ body, n }, from);
}

enum err record_seal_control(struct noise_transport *t, struct wr *out,
    enum frame_type type, struct bytes data)
{
	struct frame f = { .type = type, .data = data };

	return record_seal(t, out, FRAME_SIZE_MIN, &f);
}
