/* The audit of rebuild records, each against the release that it names: L-177. */
#include "logd_audit_world.h"

static void add_and_publish(const struct tlog_record *rec)
{
	world_add(rec);
	world_publish("log", world.n);
}

static struct tlog_record rebuild_of(size_t index)
{
	struct tlog_record rec = record_make(RECORD_REBUILD, 1);
	struct tlog_note note;

	rec.rebuild.release = world_leaf(index);
	CHECK_OK(
	    tlog_note_parse(&note, entry_bytes(&world.entry[index]), NULL));
	if (tlog_rebuild_result(&rec.rebuild.result, note.text) != ERR_OK)
		rec.rebuild.result.b[0] = 9;
	return rec;
}

TEST(a_rebuild_with_the_same_result_is_told)
{
	struct tlog_record rec = rebuild_of(0);

	add_and_publish(&rec);
	check_alone_at(LOGD_NOTE, "rebuilt", 2);
}

TEST(a_rebuild_with_another_result_is_found)
{
	struct tlog_record rec = rebuild_of(0);

	rec.rebuild.result.b[0] ^= 1;
	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "rebuild-differs", 2);
}

TEST(a_rebuild_of_a_release_read_long_ago_is_compared)
{
	struct tlog_record rec;

	while (world.n < 520)
		world_add_kind(RECORD_IMAGE, world.n);
	world_publish("log", 520);
	check_clean();
	for (size_t index = 0; index < 520; index += 103) {
		rec = rebuild_of(index == 0 ? 0 : index);
		rec.seq = index / 103 + 1;
		add_and_publish(&rec);
		check_alone_at(LOGD_NOTE, "rebuilt", world.n - 1);
	}
	rec = rebuild_of(300);
	rec.seq = 7;
	rec.rebuild.result.b[0] ^= 1;
	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "rebuild-differs", world.n - 1);
}

/* The last release read before, and those at the edges of tiles. */
TEST(a_release_at_the_edge_of_a_tile_is_compared)
{
	static const size_t edge[] = { 512, 511, 256, 255, 0 };
	struct tlog_record rec;

	world.n = 1;
	world_publish("log", 1);
	check_clean();
	rec = rebuild_of(0);
	add_and_publish(&rec);
	check_alone_at(LOGD_NOTE, "rebuilt", 1);
	while (world.n < 513)
		world_add_kind(RECORD_IMAGE, world.n);
	world_publish("log", 513);
	check_clean();
	for (size_t i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
		rec = rebuild_of(edge[i]);
		rec.seq = i + 2;
		add_and_publish(&rec);
		check_alone_at(LOGD_NOTE, "rebuilt", world.n - 1);
	}
}

TEST(a_rebuild_of_nothing_is_found)
{
	struct tlog_record rec = rebuild_of(0);

	rec.rebuild.release.b[0] ^= 1;
	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "rebuild-unknown", 2);
}

TEST(a_rebuild_of_what_is_no_release_is_found)
{
	struct tlog_record rec = rebuild_of(1); /* the policy record */

	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "rebuild-unknown", 2);
}

TEST(a_rebuild_of_something_later_is_found)
{
	struct tlog_record image = record_make(RECORD_IMAGE, 2), rec;

	world_add(&image);
	rec = rebuild_of(2);
	world.n--;
	world_add(&rec);
	add_and_publish(&image);
	check_alone_at(LOGD_ALARM, "rebuild-unknown", 2);
}

/* Hashes of the part read before are no authority. */
TEST(a_release_that_is_no_longer_what_its_tile_says_is_unknown)
{
	struct tlog_record rec;

	while (world.n < 257)
		world_add_kind(RECORD_IMAGE, world.n);
	world_publish("log", 257);
	check_clean();
	rec = rebuild_of(0);
	add_and_publish(&rec);
	world_flip("log/tile/entries/000", 100);
	check_alone_at(LOGD_ALARM, "rebuild-unknown", 257);
	rec.seq = 2;
	add_and_publish(&rec);
	world_remove("log/tile/entries/000");
	check_alone_at(LOGD_ALARM, "rebuild-unknown", 258);
	rec.seq = 3;
	add_and_publish(&rec);
	world_remove("log/tile/0/000");
	check_alone_at(LOGD_ALARM, "rebuild-unknown", 259);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_rebuild_with_the_same_result_is_told),
		WORLD_TEST(a_rebuild_with_another_result_is_found),
		WORLD_TEST(a_rebuild_of_a_release_read_long_ago_is_compared),
		WORLD_TEST(a_release_at_the_edge_of_a_tile_is_compared),
		WORLD_TEST(a_rebuild_of_nothing_is_found),
		WORLD_TEST(a_rebuild_of_what_is_no_release_is_found),
		WORLD_TEST(a_rebuild_of_something_later_is_found),
		WORLD_TEST(
		    a_release_that_is_no_longer_what_its_tile_says_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
