/* state/wal [L-144]. */
#include "test.h"

#include "logd/wal.h"

static uint8_t buf[512];

/* Two entries, "a" and "bcd", after five. */
static const uint8_t entries[] = { 0, 1, 'a', 0, 3, 'b', 'c', 'd' };

static struct bytes wal_of(
    uint64_t from, uint64_t to, const void *p, size_t len)
{
	struct wr w = wr_init(buf, sizeof(buf));
	struct logd_wal wal = {
		.old_size = from, .new_size = to, .entries = { p, len }
	};

	memset(wal.root.b, 9, TLOG_HASH_LEN);
	logd_wal_format(&w, &wal);
	CHECK_OK(w.err);
	CHECK_EQ(w.len, LOGD_WAL_FRAME_LEN + len);
	return (struct bytes){ buf, w.len };
}

static enum err parse(struct bytes file)
{
	struct logd_wal wal;
	struct err_ctx ctx = { 0 };
	enum err e = logd_wal_parse(&wal, file, &ctx);

	CHECK((e == ERR_OK) == (ctx.msg[0] == '\0'));
	if (e != ERR_OK)
		CHECK(wal.new_size == 0 && wal.entries.p == NULL);
	return e;
}

TEST(wal_is_read_as_it_was_written)
{
	struct bytes file = wal_of(5, 7, entries, sizeof(entries));
	struct logd_wal wal;

	CHECK_OK(logd_wal_parse(&wal, file, NULL));
	CHECK_EQ(wal.old_size, 5);
	CHECK_EQ(wal.new_size, 7);
	CHECK_EQ(wal.root.b[31], 9);
	CHECK_EQ(wal.entries.len, sizeof(entries));
	CHECK_MEM(wal.entries.p, entries, sizeof(entries));
	CHECK_MEM(file.p, "confer-log-wal/v1\n\0\0\0\0\0\0\0\5", 18 + 8);
}

TEST(wal_rejects_every_truncation_flipped_bit_and_trailing_byte)
{
	struct bytes file = wal_of(5, 7, entries, sizeof(entries));

	for (size_t n = 0; n < file.len; n++)
		CHECK(parse((struct bytes){ file.p, n }) != ERR_OK);
	for (size_t i = 0; i < 8 * file.len; i++) {
		buf[i / 8] ^= (uint8_t)(1u << i % 8);
		CHECK_ERR(parse(file), ERR_FORMAT);
		buf[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	CHECK_ERR(parse((struct bytes){ buf, file.len + 1 }), ERR_FORMAT);
	CHECK_OK(parse(file));
}

TEST(wal_rejects_zeros)
{
	static const uint8_t zero[300];

	CHECK_ERR(parse((struct bytes){ zero, 0 }), ERR_TRUNCATED);
	CHECK_ERR(parse((struct bytes){ zero, sizeof(zero) }), ERR_FORMAT);
}

/* The same with a good checksum: what the fields themselves must be. */
TEST(wal_rejects_sizes_out_of_order_or_above_the_limits)
{
	const uint64_t max = LOGD_ENTRIES_MAX;

	CHECK_ERR(parse(wal_of(7, 7, NULL, 0)), ERR_LIMIT);
	CHECK_ERR(parse(wal_of(7, 5, entries, 8)), ERR_LIMIT);
	CHECK_ERR(parse(wal_of(UINT64_MAX, 1, entries, 3)), ERR_LIMIT);
	CHECK_ERR(parse(wal_of(0, LOGD_BATCH_MAX + 1, entries, 8)), ERR_LIMIT);
	CHECK_ERR(parse(wal_of(0, LOGD_BATCH_MAX, entries, 8)), ERR_TRUNCATED);
	CHECK_OK(parse(wal_of(max - 2, max, entries, 8)));
	CHECK_ERR(parse(wal_of(max - 1, max + 1, entries, 8)), ERR_LIMIT);
}

TEST(wal_rejects_another_number_or_length_of_entries)
{
	static const uint8_t empty[] = { 0, 1, 'a', 0, 0 };
	static const uint8_t cut[] = { 0, 1, 'a', 0, 3, 'b' };
	static uint8_t big[2 + LOGD_ENTRY_LEN_MAX + 1], out[sizeof(big) + 256];
	struct wr w = wr_init(out, sizeof(out));
	struct logd_wal wal = { .new_size = 1,
		.entries = { big, sizeof(big) } };

	CHECK_ERR(parse(wal_of(5, 6, entries, 8)), ERR_TRAILING);
	CHECK_ERR(parse(wal_of(5, 8, entries, 8)), ERR_TRUNCATED);
	CHECK_ERR(parse(wal_of(5, 7, empty, sizeof(empty))), ERR_LIMIT);
	CHECK_ERR(parse(wal_of(5, 7, cut, sizeof(cut))), ERR_TRUNCATED);
	big[0] = (LOGD_ENTRY_LEN_MAX + 1) >> 8;
	big[1] = (LOGD_ENTRY_LEN_MAX + 1) & 255;
	logd_wal_format(&w, &wal);
	CHECK_ERR(parse((struct bytes){ out, w.len }), ERR_LIMIT);
}

TEST(wal_rejects_another_version_and_what_is_too_long)
{
	struct bytes file = wal_of(5, 7, entries, sizeof(entries));
	uint8_t *big = calloc(1, LOGD_WAL_LEN_MAX + 1);

	buf[16] = '2';
	crypto_sha256(buf + file.len - SHA256_LEN,
	    &(struct bytes){ buf, file.len - SHA256_LEN }, 1);
	CHECK_ERR(parse(file), ERR_FORMAT);
	assert_non_null(big);
	CHECK_ERR(
	    parse((struct bytes){ big, LOGD_WAL_LEN_MAX + 1 }), ERR_LIMIT);
	free(big);
}

TEST(wal_writer_needs_its_room)
{
	struct wr w = wr_init(buf, LOGD_WAL_FRAME_LEN - SHA256_LEN);
	struct logd_wal wal = { .new_size = 1, .entries = { entries, 3 } };

	logd_wal_format(&w, &wal);
	CHECK_ERR(w.err, ERR_NOSPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wal_is_read_as_it_was_written),
		cmocka_unit_test(
		    wal_rejects_every_truncation_flipped_bit_and_trailing_byte),
		cmocka_unit_test(wal_rejects_zeros),
		cmocka_unit_test(
		    wal_rejects_sizes_out_of_order_or_above_the_limits),
		cmocka_unit_test(
		    wal_rejects_another_number_or_length_of_entries),
		cmocka_unit_test(
		    wal_rejects_another_version_and_what_is_too_long),
		cmocka_unit_test(wal_writer_needs_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
