/* Frames and packets: sizes, padding, and the table of who may send what. */
#include "test.h"

#include "protocol/frame.h"
#include "protocol/packet.h"

static const size_t sizes[] = { 256, 512, 1024, 2048, 4096, 8192, 16384, 32768,
	65519 };

TEST(frame_takes_the_smallest_size_that_holds_its_data) /* P-20, P-21 */
{
	for (size_t i = 0; i < 9; i++) {
		CHECK_EQ(frame_size_for(sizes[i] - 10), sizes[i]);
		if (i + 1 < 9)
			CHECK_EQ(frame_size_for(sizes[i] - 9), sizes[i + 1]);
	}
	CHECK_EQ(frame_size_for(0), 256);
}

TEST(frame_round_trips_in_every_size)
{
	static uint8_t data[65509], out[65519];
	struct frame f = { .type = FRAME_REQUEST, .last = true, .stream = 7 }, g;

	memset(data, 0xa5, sizeof(data));
	for (size_t i = 0; i < 9; i++) {
		f.data = (struct bytes){ data, sizes[i] - 10 - i };
		frame_write(out, sizes[i], &f);
		CHECK_OK(frame_parse(&g, (struct bytes){ out, sizes[i] },
		    FRAME_FROM_CLIENT));
		CHECK(g.type == f.type && g.last && g.stream == 7);
		CHECK(mem_eq(g.data, f.data));
	}
}

TEST(frame_rejects_every_truncation_and_odd_size)
{
	uint8_t out[512] = { 0 };
	struct frame f = { .type = FRAME_IDLE }, g;

	frame_write(out, 512, &f);
	for (size_t n = 0; n < 512; n++) {
		if (n == 256)
			continue; /* an IDLE of 256 is what it looks like */
		CHECK_ERR(frame_parse(&g, (struct bytes){ out, n },
			      FRAME_FROM_CLIENT), ERR_FORMAT);
	}
}

TEST(frame_rejects_a_byte_of_padding_that_is_not_zero)
{
	uint8_t out[256], data[3] = { 1, 2, 3 };
	struct frame f = { .type = FRAME_DELTA, .stream = 1,
		.data = { data, 3 } }, g;

	for (size_t at = 13; at < 256; at++) {
		frame_write(out, 256, &f);
		out[at] = 1;
		CHECK_ERR(frame_parse(&g, (struct bytes){ out, 256 },
			      FRAME_FROM_ENCLAVE), ERR_FORMAT);
	}
	frame_write(out, 256, &f);
	out[9] = 247; /* length beyond the record */
	CHECK_ERR(frame_parse(&g, (struct bytes){ out, 256 },
		      FRAME_FROM_ENCLAVE), ERR_FORMAT);
}

/* What section 5's table says, written once more by hand. [P-23] */
static const struct {
	uint8_t client, enclave, on_stream, last, len;
} table[FRAME_TYPE_N] = {
	{ 1, 1, 0, 0, 0 },  /* IDLE */
	{ 1, 0, 1, 1, 99 }, /* REQUEST */
	{ 0, 1, 1, 0, 99 }, /* DELTA */
	{ 0, 1, 1, 1, 99 }, /* RESULT */
	{ 1, 0, 1, 0, 0 },  /* CANCEL */
	{ 0, 1, 1, 1, 99 }, /* ERROR */
	{ 1, 1, 0, 0, 8 },  /* PING */
	{ 1, 1, 0, 0, 8 },  /* PONG */
	{ 1, 0, 1, 0, 4 },  /* CREDIT */
	{ 1, 1, 0, 0, 1 },  /* END */
	{ 0, 1, 1, 0, 99 }, /* REASONING */
};

static enum err parse_made(unsigned type, unsigned flags, unsigned stream,
    unsigned len, enum frame_sender from)
{
	uint8_t b[256] = { (uint8_t)type, (uint8_t)flags };
	struct frame f;

	b[5] = (uint8_t)stream;
	b[9] = (uint8_t)len;
	return frame_parse(&f, (struct bytes){ b, sizeof(b) }, from);
}

TEST(frame_table_holds_for_every_type_flag_and_sender)
{
	for (unsigned t = 0; t < FRAME_TYPE_N; t++) {
		unsigned len = table[t].len == 99 ? 5 : table[t].len;
		unsigned on = table[t].on_stream;

		CHECK_ERR(parse_made(t, 0, on, len, FRAME_FROM_CLIENT),
		    table[t].client ? ERR_OK : ERR_PROTOCOL);
		CHECK_ERR(parse_made(t, 0, on, len, FRAME_FROM_ENCLAVE),
		    table[t].enclave ? ERR_OK : ERR_PROTOCOL);
		enum frame_sender who =
		    table[t].client ? FRAME_FROM_CLIENT : FRAME_FROM_ENCLAVE;

		CHECK_ERR(parse_made(t, 1, on, len, who),
		    table[t].last ? ERR_OK : ERR_FORMAT);
		for (unsigned bit = 1; bit < 8; bit++)
			CHECK_ERR(parse_made(t, 1u << bit, on, len, who),
			    ERR_FORMAT);
		CHECK_ERR(parse_made(t, 0, !on, len, who), ERR_FORMAT);
		CHECK_ERR(parse_made(t, 0, on, len + 1, who),
		    table[t].len == 99 ? ERR_OK : ERR_FORMAT);
	}
	for (unsigned t = FRAME_TYPE_N; t < 256; t++)
		CHECK_ERR(parse_made(t, 0, 0, 0, FRAME_FROM_CLIENT),
		    ERR_FORMAT);
}

TEST(packet_is_found_only_when_whole) /* P-01 */
{
	const uint8_t in[] = { 0, 3, 7, 8, 9, 0 };
	struct bytes body;
	size_t used;

	for (size_t n = 0; n < 5; n++) {
		CHECK_ERR(packet_find((struct bytes){ in, n }, 100, &body,
			      &used), ERR_AGAIN);
		CHECK_EQ(used, n < 2 ? 0 : 5);
	}
	CHECK_OK(packet_find((struct bytes){ in, 6 }, 100, &body, &used));
	CHECK(used == 5 && body.len == 3 && body.p == in + 2);
}

TEST(packet_length_is_refused_before_its_bytes_come) /* P-02 */
{
	const uint8_t big[] = { 2, 1 }, none[] = { 0, 0 };
	struct bytes body;
	size_t used;

	CHECK_ERR(packet_find((struct bytes){ big, 2 }, 512, &body, &used),
	    ERR_LIMIT);
	CHECK_ERR(packet_find((struct bytes){ none, 2 }, 512, &body, &used),
	    ERR_FORMAT);
}

static size_t make_hello(uint8_t *out, enum packet_kind kind)
{
	static const struct noise_offer offer = { .n = 2, .suite = { 2, 1 } };
	static const uint8_t key_id[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct wr w = wr_init(out, 64);

	packet_hello_write(&w, kind, &offer, key_id);
	wr_str(&w, "noise");
	return w.len;
}

TEST(packet_hello_reads_back_and_binds_all_before_the_message) /* P-05 */
{
	uint8_t b[64], prologue[PACKET_PROLOGUE_MAX];
	struct packet_hello h;
	size_t n = make_hello(b, PACKET_IK);

	CHECK_OK(packet_hello_parse(&h, (struct bytes){ b, n }));
	CHECK_EQ(h.kind, PACKET_IK);
	CHECK(h.offer.n == 2 && h.offer.suite[0] == 2 && h.key_id[7] == 8);
	CHECK(mem_eq_str(h.message, "noise"));
	CHECK(h.bound.p == b && h.bound.len == n - 5);
	CHECK_EQ(packet_prologue(prologue, h.bound), 18 + n - 5);
	CHECK_MEM(prologue, "confer channel v1\0\2CONF\1\2\2\1", 27);
}

TEST(packet_hello_rejects_every_truncation_and_other_versions)
{
	uint8_t b[64];
	struct packet_hello h;
	size_t n = make_hello(b, PACKET_IK);

	for (size_t cut = 0; cut < n - 5; cut++)
		CHECK_ERR(packet_hello_parse(&h, (struct bytes){ b, cut }),
		    ERR_TRUNCATED);
	b[5] = 2; /* P-03 */
	CHECK_ERR(packet_hello_parse(&h, (struct bytes){ b, n }),
	    ERR_UNSUPPORTED);
	b[5] = 1;
	b[1] = 'c';
	CHECK_ERR(packet_hello_parse(&h, (struct bytes){ b, n }), ERR_FORMAT);
	b[1] = 'C';
	b[0] = PACKET_FINISH;
	CHECK_ERR(packet_hello_parse(&h, (struct bytes){ b, n }), ERR_FORMAT);
	b[0] = PACKET_IK;
	b[6] = 9; /* more suites than the limit */
	CHECK_ERR(packet_hello_parse(&h, (struct bytes){ b, n }), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    frame_takes_the_smallest_size_that_holds_its_data),
		cmocka_unit_test(frame_round_trips_in_every_size),
		cmocka_unit_test(frame_rejects_every_truncation_and_odd_size),
		cmocka_unit_test(
		    frame_rejects_a_byte_of_padding_that_is_not_zero),
		cmocka_unit_test(
		    frame_table_holds_for_every_type_flag_and_sender),
		cmocka_unit_test(packet_is_found_only_when_whole),
		cmocka_unit_test(
		    packet_length_is_refused_before_its_bytes_come),
		cmocka_unit_test(
		    packet_hello_reads_back_and_binds_all_before_the_message),
		cmocka_unit_test(
		    packet_hello_rejects_every_truncation_and_other_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
