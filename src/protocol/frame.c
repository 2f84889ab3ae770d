/* Frames and their padding; docs/protocol.md section 5. */
#include "protocol/frame.h"

#include "base/assert.h"
#include "base/rd.h"
#include "base/wr.h"

#define ANY_LEN UINT32_MAX

/* What each type looks like: the table of section 5. */
struct frame_rule {
	uint8_t from;     /* who may send it */
	bool on_stream;   /* stream number, or 0 */
	bool may_be_last; /* flag LAST */
	uint32_t len;     /* exact length of data, or ANY_LEN */
};

#define BOTH (FRAME_FROM_CLIENT | FRAME_FROM_ENCLAVE)

static const struct frame_rule frame_rules[FRAME_TYPE_N] = {
	[FRAME_IDLE] = { BOTH, false, false, 0 },
	[FRAME_REQUEST] = { FRAME_FROM_CLIENT, true, true, ANY_LEN },
	[FRAME_DELTA] = { FRAME_FROM_ENCLAVE, true, false, ANY_LEN },
	[FRAME_RESULT] = { FRAME_FROM_ENCLAVE, true, true, ANY_LEN },
	[FRAME_CANCEL] = { FRAME_FROM_CLIENT, true, false, 0 },
	[FRAME_ERROR] = { FRAME_FROM_ENCLAVE, true, true, ANY_LEN },
	[FRAME_PING] = { BOTH, false, false, FRAME_PING_LEN },
	[FRAME_PONG] = { BOTH, false, false, FRAME_PING_LEN },
	[FRAME_CREDIT] = { FRAME_FROM_CLIENT, true, false, 4 },
	[FRAME_END] = { BOTH, false, false, 1 },
	[FRAME_REASONING] = { FRAME_FROM_ENCLAVE, true, false, ANY_LEN },
};

size_t frame_size_for(size_t n)
{
	assert(n <= FRAME_DATA_MAX);
	for (size_t size = FRAME_SIZE_MIN; size <= 32768; size *= 2) {
		if (n <= size - FRAME_HEADER_LEN)
			return size;
	}
	return FRAME_SIZE_MAX;
}

/* Powers of two from 256 to 32768, and the most that Noise can carry [P-20]. */
static bool is_size(size_t n)
{
	if (n == FRAME_SIZE_MAX)
		return true;
	return n >= FRAME_SIZE_MIN && n <= 32768 && (n & (n - 1)) == 0;
}

void frame_write(uint8_t *out, size_t size, const struct frame *f)
{
	struct wr w = wr_init(out, size);

	assert(is_size(size) && f->data.len <= size - FRAME_HEADER_LEN);
	wr_u8(&w, (uint8_t)f->type);
	wr_u8(&w, f->last ? FRAME_FLAG_LAST : 0);
	wr_u32be(&w, f->stream);
	wr_u32be(&w, (uint32_t)f->data.len);
	if (f->data.p == out + FRAME_HEADER_LEN)
		(void)wr_reserve(&w, f->data.len);
	else
		wr_bytes(&w, f->data);
	wr_fill(&w, 0, size - w.len);
}

static enum err check_rule(
    const struct frame *f, uint8_t flags, enum frame_sender from)
{
	const struct frame_rule *rule = &frame_rules[f->type];

	if ((rule->from & from) == 0)
		return ERR_PROTOCOL;
	if ((flags & ~FRAME_FLAG_LAST) != 0 || (f->last && !rule->may_be_last))
		return ERR_FORMAT;
	if ((f->stream != 0) != rule->on_stream)
		return ERR_FORMAT;
	if (rule->len != ANY_LEN && f->data.len != rule->len)
		return ERR_FORMAT;
	return ERR_OK;
}

enum err frame_parse(
    struct frame *out, struct bytes plain, enum frame_sender from)
{
	struct rd r = rd_bytes_init(plain);
	uint8_t type = rd_u8(&r);
	uint8_t flags = rd_u8(&r);
	struct frame f = { .type = FRAME_IDLE };
	uint32_t len;
	enum err e;

	memset(out, 0, sizeof(*out));
	f.stream = rd_u32be(&r);
	len = rd_u32be(&r);
	if (!is_size(plain.len) || type >= FRAME_TYPE_N)
		return ERR_FORMAT;
	f.type = (enum frame_type)type;
	f.last = (flags & FRAME_FLAG_LAST) != 0;
	f.data = rd_take(&r, len);
	rd_zero(&r, rd_left(&r));
	if (rd_end(&r) != ERR_OK)
		return ERR_FORMAT;
	e = check_rule(&f, flags, from);
	if (e == ERR_OK)
		*out = f;
	return e;
}
