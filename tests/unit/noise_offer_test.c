/* Offers: canonical, bounded, and what a prologue makes of a changed one. */
#include "test.h"

#include "noise/noise.h"
#include "noise/offer.h"

static enum err read_offer(struct noise_offer *out, const void *p, size_t n)
{
	struct rd r = rd_init(p, n);

	noise_offer_read(&r, out);
	return rd_end(&r);
}

TEST(offer_round_trips_and_rejects_every_truncation)
{
	const struct noise_offer in = { .n = 3, .suite = { 2, 1, 9 } };
	struct noise_offer out;
	uint8_t buf[16];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t len;

	noise_offer_write(&w, &in);
	CHECK_OK(wr_end(&w, &len));
	CHECK_EQ(len, 4);
	CHECK_MEM(buf, "\3\2\1\11", 4);
	CHECK_OK(read_offer(&out, buf, len));
	CHECK_MEM(&out, &in, sizeof(in));
	for (size_t n = 0; n < len; n++) {
		CHECK_ERR(read_offer(&out, buf, n), ERR_TRUNCATED);
		CHECK(mem_is_zero(&out, sizeof(out)));
	}
	CHECK_ERR(read_offer(&out, buf, len + 1), ERR_TRAILING);
}

TEST(offer_rejects_what_is_not_canonical)
{
	struct noise_offer out;

	CHECK_ERR(read_offer(&out, "\0", 1), ERR_FORMAT);
	CHECK_ERR(read_offer(&out, "\2\1\0", 3), ERR_FORMAT);
	CHECK_ERR(read_offer(&out, "\2\1\1", 3), ERR_FORMAT);
	CHECK_OK(read_offer(&out, "\10\1\2\3\4\5\6\7\10", 9));
	CHECK_ERR(read_offer(&out, "\11\1\2\3\4\5\6\7\10\11", 10), ERR_LIMIT);
	CHECK(mem_is_zero(&out, sizeof(out)));
}

TEST(offer_choice_skips_what_this_build_lacks)
{
	struct noise_offer offer = { .n = 3, .suite = { 200, 2, 1 } };
	uint8_t suite = 7;

	CHECK_OK(noise_offer_choose(&offer, &suite));
	CHECK_EQ(suite, NOISE_SUITE_25519);
	offer.n = 2;
	CHECK_ERR(noise_offer_choose(&offer, &suite), ERR_UNSUPPORTED);
	CHECK_EQ(suite, 0);
}

/* The relay strikes the post-quantum suite out of the offer. */
TEST(offer_that_was_changed_on_the_way_breaks_the_handshake)
{
	static const uint8_t s[NOISE_KEY_LEN] = { 1 }, e[NOISE_KEY_LEN] = { 2 };
	struct noise_config c = { .pattern = NOISE_XX,
		.role = NOISE_INITIATOR,
		.prologue = BYTES_LITERAL("\2\2\1"),
		.s_priv = s,
		.e_priv = e };
	struct noise_handshake client, server;
	uint8_t buf[128];
	size_t len;

	noise_handshake_init(&client, &c);
	c.role = NOISE_RESPONDER;
	c.prologue = (struct bytes)BYTES_LITERAL("\1\1");
	noise_handshake_init(&server, &c);
	CHECK_OK(noise_write(
	    &client, buf, sizeof(buf), &len, (struct bytes){ NULL, 0 }));
	CHECK_OK(
	    noise_read(&server, NULL, 0, &len, (struct bytes){ buf, len }));
	CHECK_OK(noise_write(
	    &server, buf, sizeof(buf), &len, (struct bytes){ NULL, 0 }));
	CHECK_ERR(
	    noise_read(&client, NULL, 0, &len, (struct bytes){ buf, len }),
	    ERR_AUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    offer_round_trips_and_rejects_every_truncation),
		cmocka_unit_test(offer_rejects_what_is_not_canonical),
		cmocka_unit_test(offer_choice_skips_what_this_build_lacks),
		cmocka_unit_test(
		    offer_that_was_changed_on_the_way_breaks_the_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
