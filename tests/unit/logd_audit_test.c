/* The audit of one log: its entries, its tiles, its time, what is remembered. */
#include "logd_audit_world.h"

#include "logd/audit_state.h"

static void add_and_publish(const struct tlog_record *rec)
{
	world_add(rec);
	world_publish("log", world.n);
}

/* Nothing of what was read is remembered. */
static void check_broken(const char *name)
{
	check_alone(LOGD_ALARM, name);
	CHECK(!world_has("state/audit"));
}

/* L-170 */
TEST(a_good_log_has_no_findings)
{
	struct tlog_range range = world_range(2);
	struct tlog_hash root;

	tlog_range_root(&root, &range);
	check_clean();
	CHECK_STR(world.result.origin, ORIGIN);
	CHECK_EQ(world.result.size, 2);
	CHECK(tlog_hash_eq(&world.result.root, &root));
	CHECK_EQ(world.result.quorum_time, COSIGNED);
	CHECK_EQ(world.result.witnesses, 3);
	CHECK_EQ(world.result.entries_read, 2);
	CHECK_EQ(world.n_records, 2);
	CHECK_EQ(world.progress, 2);
	CHECK(world_has("state/audit"));
}

TEST(an_empty_log_has_no_findings)
{
	world_checkpoint("log", 0);
	check_clean();
	CHECK_EQ(world.result.size, 0);
	check_clean();
}

TEST(neither_state_nor_callbacks_are_needed)
{
	world.spec.state_dir = world.spec.evidence_dir = NULL;
	world.spec.progress = NULL;
	world.spec.record = NULL;
	check_clean();
	check_clean();
	CHECK_EQ(world.result.entries_read, 2);
	CHECK(!world_has("state"));
}

/* L-175 */
TEST(only_new_entries_are_read_again)
{
	check_clean();
	check_clean();
	CHECK_EQ(world.result.entries_read, 0);
	world_add_kind(RECORD_IMAGE, 2);
	world_publish("log", 3);
	check_clean();
	CHECK_EQ(world.result.entries_read, 1);
	world.spec.full = true;
	check_clean();
	CHECK_EQ(world.result.entries_read, 3);
	CHECK_EQ(world.n_records, 3);
}

TEST(each_growth_across_tiles_is_followed)
{
	static const size_t size[] = { 3, 255, 256, 257, 511, 512, 513, 600 };

	while (world.n < ENTRIES_MAX)
		world_add_kind(RECORD_IMAGE, world.n);
	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		size_t before = i == 0 ? 0 : size[i - 1];

		world_publish("log", size[i]);
		check_clean();
		CHECK_EQ(world.result.entries_read, size[i] - before);
	}
	world.spec.full = true;
	check_clean();
	CHECK_EQ(world.result.entries_read, ENTRIES_MAX);
}

/* ---- entries: L-176 ------------------------------------------------------ */

static void add_signed(
    const struct tlog_record *rec, const struct signer *const *by, size_t n)
{
	record_sign(&world.entry[world.n++], rec, by, n);
	world_publish("log", world.n);
}

TEST(an_unknown_key_is_found_and_does_not_count)
{
	const struct signer *by[] = { &world.alice, &world.mallory };
	struct tlog_record rec = record_make(RECORD_IMAGE, 2);

	add_signed(&rec, by, 2);
	check_alone_at(LOGD_ALARM, "unknown-key", 2);
	CHECK_EQ(world.n_records, 2);
	check_clean(); /* L-179: an alarm about an entry is given once */
	add_and_publish(&rec);
	check_clean(); /* seq 2 was not taken */
}

TEST(what_is_no_record_is_found)
{
	const struct signer *by[] = { &world.alice, &world.bob };

	entry_sign(&world.entry[world.n++], text_bytes("hello\n"), by, 2);
	world_publish("log", 3);
	check_alone_at(LOGD_ALARM, "bad-record", 2);
}

TEST(an_empty_entry_is_found)
{
	world.entry[world.n++].len = 0;
	world_publish("log", 3);
	check_alone_at(LOGD_ALARM, "bad-record", 2);
}

TEST(a_skipped_seq_is_found_once)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 3);

	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "seq-skipped", 2);
	rec.seq = 4;
	add_and_publish(&rec);
	check_clean();
}

TEST(a_repeated_seq_is_found)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	rec.image.version = text_bytes("1.4.1");
	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "seq-repeated", 2);
	rec.seq = 2;
	add_and_publish(&rec);
	check_clean();
}

TEST(another_product_is_found)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	rec.product = text_bytes("confer2");
	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "other-product", 2);
}

TEST(more_than_256_series_are_found)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);
	char name[16];

	for (unsigned i = 0; i < LOGD_STREAMS_MAX - 2; i++) {
		(void)snprintf(name, sizeof(name), "c%u", i);
		rec.channel = text_bytes(name);
		world_add(&rec);
	}
	world_publish("log", world.n);
	check_clean();
	rec.channel = text_bytes("one-more");
	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "too-many-series", world.n - 1);
}

static struct tlog_record retire_record(uint64_t seq)
{
	struct tlog_record rec = record_make(RECORD_RETIRE, seq);
	struct tlog_range range = world_range(world.n);

	rec.retire.size = world.n;
	tlog_range_root(&rec.retire.root, &range);
	return rec;
}

TEST(a_retired_log_is_told_each_time)
{
	struct tlog_record rec = retire_record(1);

	add_and_publish(&rec);
	check_alone(LOGD_NOTE, "retired");
	world.spec.now_s += 20 * DAY;
	world.cosigned = world.spec.now_s;
	world_publish("log", world.n);
	check_alone(LOGD_NOTE, "retired"); /* and no policy expires */
}

TEST(what_follows_a_retire_record_is_found)
{
	struct tlog_record rec = retire_record(1);

	add_and_publish(&rec);
	check_alone(LOGD_NOTE, "retired");
	world_add_kind(RECORD_IMAGE, 2);
	world_publish("log", world.n);
	CHECK_OK(world_audit());
	CHECK_EQ(world.n_found, 2);
	CHECK_STR(world.found[0].name, "after-retire");
	CHECK_EQ(world.found[0].index, 3);
	CHECK_STR(world.found[1].name, "retired");
	CHECK_EQ(world.result.alarms, 1);
}

static void check_bad_retire(const struct tlog_record *rec)
{
	add_and_publish(rec);
	CHECK_OK(world_audit());
	CHECK_EQ(world.n_found, 2);
	CHECK_STR(world.found[0].name, "bad-retire");
	CHECK_EQ(world.found[0].kind, LOGD_ALARM);
	CHECK_EQ(world.found[0].index, 2);
	CHECK_STR(world.found[1].name, "retired");
}

TEST(a_retire_record_of_another_size_is_found)
{
	struct tlog_record rec = retire_record(1);

	rec.retire.size++;
	check_bad_retire(&rec);
}

TEST(a_retire_record_of_another_root_is_found)
{
	struct tlog_record rec = retire_record(1);

	rec.retire.root.b[0] ^= 1;
	check_bad_retire(&rec);
}

TEST(a_retire_record_of_another_log_is_found)
{
	struct tlog_record rec = retire_record(1);

	rec.retire.log = text_bytes("log.example.org/old");
	add_and_publish(&rec);
	check_alone_at(LOGD_ALARM, "bad-retire", 2);
}

TEST(a_successor_is_a_good_log)
{
	struct tlog_record rec = record_make(RECORD_RETIRE, 1);

	world.n = 0;
	rec.retire.log = text_bytes("log.example.org/old");
	world_add(&rec);
	world_add_kind(RECORD_IMAGE, 17);
	world_add_kind(RECORD_POLICY, 300);
	world_publish("log", 3);
	check_clean();
	world_add_kind(RECORD_CLIENT, 9);
	world_publish("log", 4);
	check_clean();
	world.spec.full = true; /* and all of it is judged from the start */
	check_clean();
}

/* L-60 */
static void check_lack(struct tlog_record *rec, const char *name)
{
	add_and_publish(rec);
	check_alone_at(LOGD_ALARM, name, world.n - 1);
	world.spec.full = world.spec.unpublished = true;
	world.spec.state_dir = NULL;
	check_alone_at(LOGD_NOTE, name, world.n - 1);
}

TEST(an_image_without_source_is_found)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 2);

	rec.image.source.url.len = 0;
	check_lack(&rec, "no-source");
}

TEST(an_image_without_recipe_is_found)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 2);

	rec.image.has_recipe = false;
	check_lack(&rec, "no-recipe");
}

TEST(an_image_without_builder_is_found)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 2);

	rec.image.has_builder = false;
	check_lack(&rec, "no-builder");
}

TEST(a_web_app_without_source_is_found)
{
	struct tlog_record rec = record_make(RECORD_WEB, 1);

	rec.web.source.url.len = 0;
	check_lack(&rec, "no-source");
}

TEST(a_web_app_without_recipe_is_found)
{
	struct tlog_record rec = record_make(RECORD_WEB, 1);

	rec.web.has_recipe = false;
	check_lack(&rec, "no-recipe");
}

TEST(a_client_without_source_is_found)
{
	struct tlog_record rec = record_make(RECORD_CLIENT, 1);

	rec.client.source.url.len = 0;
	check_lack(&rec, "no-source");
}

TEST(a_client_without_recipe_is_found)
{
	struct tlog_record rec = record_make(RECORD_CLIENT, 1);

	rec.client.has_recipe = false;
	check_lack(&rec, "no-recipe");
}

/* ---- time: L-171, L-178 -------------------------------------------------- */

TEST(a_missing_quorum_is_found)
{
	world.cosigned = 0;
	world_publish("log", 2);
	check_alone(LOGD_ALARM, "below-quorum");
	CHECK_EQ(world.result.quorum_time, 0);
	CHECK_EQ(world.result.witnesses, 0);
}

TEST(no_quorum_is_missed_where_none_is_asked_for)
{
	world_policy("none");
	world.cosigned = 0;
	world_publish("log", 2);
	check_clean();
	CHECK_EQ(world.result.quorum_time, 0);
}

TEST(a_checkpoint_older_than_a_day_is_found)
{
	world.cosigned = NOW - LOGD_STALE_S;
	world_publish("log", 2);
	check_clean();
	world.spec.now_s++;
	check_alone(LOGD_ALARM, "stale-checkpoint");
}

TEST(cosignatures_a_little_ahead_are_fresh)
{
	world.cosigned = NOW + TLOG_SKEW_S;
	world_publish("log", 2);
	check_clean();
}

static void at(uint64_t now_s)
{
	world.spec.now_s = world.cosigned = now_s;
	world_publish("log", world.n);
}

TEST(a_policy_record_that_ends_soon_is_found_each_time)
{
	at(NOW + 5 * DAY - 1);
	check_clean();
	at(NOW + 5 * DAY);
	CHECK(
	    strstr(check_alone(LOGD_ALARM, "policy-expires"), "stable ends "));
	check_alone(LOGD_ALARM, "policy-expires");
	at(NOW + 6 * DAY);
	CHECK(
	    strstr(check_alone(LOGD_ALARM, "policy-expires"), "stable ended "));
}

TEST(each_policy_series_is_judged)
{
	struct tlog_record rec = record_make(RECORD_POLICY, 1);

	world.n = 0;
	world_add(&rec);
	rec.channel = text_bytes("beta");
	rec.not_after = NOW + 3 * DAY;
	world_add(&rec);
	at(NOW + 2 * DAY);
	CHECK(strstr(check_alone(LOGD_ALARM, "policy-expires"), "beta ends "));
	at(NOW + 5 * DAY);
	CHECK_OK(world_audit());
	CHECK_EQ(world.result.alarms, 2);
}

/* What was not read may hold the newer record. */
TEST(a_broken_log_has_no_policy_to_expire)
{
	at(NOW + 6 * DAY);
	world_flip("log/tile/entries/000.p/2", 40);
	check_broken("tile-mismatch");
}

TEST(a_newer_policy_record_ends_that)
{
	struct tlog_record rec = record_make(RECORD_POLICY, 2);

	at(NOW + 6 * DAY);
	check_alone(LOGD_ALARM, "policy-expires");
	rec.issued = rec.not_before = NOW + 6 * DAY;
	rec.not_after = NOW + 12 * DAY;
	add_and_publish(&rec);
	check_clean();
}

/* ---- what the log serves: L-174 ------------------------------------------ */

TEST(a_tile_that_is_not_of_the_tree_is_found)
{
	world_flip("log/tile/0/000.p/2", 0);
	check_broken("tile-mismatch");
	CHECK_EQ(world.result.entries_read, 0);
}

TEST(a_missing_tile_is_found)
{
	world_remove("log/tile/0/000.p/2");
	check_broken("tile-missing");
}

TEST(a_cut_tile_is_found)
{
	world_write("log/tile/0/000.p/2", "short", 5);
	check_broken("tile-mismatch");
}

TEST(an_entry_that_is_not_in_the_tree_is_found_and_not_judged)
{
	world_flip("log/tile/entries/000.p/2", 40);
	check_broken("tile-mismatch");
	CHECK(world.found[0].has_index);
	CHECK_EQ(world.found[0].index, 0);
	CHECK_EQ(world.n_records, 1); /* the other one was */
}

TEST(a_missing_bundle_is_found)
{
	world_remove("log/tile/entries/000.p/2");
	check_broken("tile-missing");
}

TEST(a_cut_bundle_is_found)
{
	world_write("log/tile/entries/000.p/2", "\0\1x\0", 4);
	check_broken("tile-mismatch");
}

/* The right edge is good; an inner hash of level 0 is not. */
TEST(an_inner_hash_that_is_not_of_the_tree_is_found)
{
	while (world.n < 257)
		world_add_kind(RECORD_IMAGE, world.n);
	world_publish("log", 257);
	world_flip("log/tile/0/000", 33);
	check_broken("tile-mismatch");
	CHECK_EQ(world.result.entries_read, 0);
}

/* Entries do not need it; whoever wants a proof does. */
TEST(an_upper_tile_that_is_not_of_the_tree_is_found)
{
	while (world.n < 257)
		world_add_kind(RECORD_IMAGE, world.n);
	world_publish("log", 257);
	world_flip("log/tile/1/000.p/1", 0);
	check_broken("tile-mismatch");
	CHECK_EQ(world.result.entries_read, 0);
	world_remove("log/tile/1/000.p/1");
	check_broken("tile-missing");
	CHECK_EQ(mkdir(world_path("log/tile/1/000.p/1"), 0700), 0);
	CHECK_ERR(world_audit(), ERR_IO);
	CHECK_EQ(world.n_found, 0);
}

TEST(a_deleted_partial_tile_is_read_from_the_full_one)
{
	world_add_kind(RECORD_IMAGE, 2);
	world_publish("log", 3);
	check_clean();
	while (world.n < 256)
		world_add_kind(RECORD_IMAGE, world.n);
	world_tiles("log", 256);
	world_checkpoint("log", 3);
	world_remove("log/tile/0/000.p/3");
	world_remove("log/tile/entries/000.p/3");
	world.spec.full = true;
	check_clean();
	CHECK_EQ(world.result.entries_read, 3);
}

/* A file that is there and cannot be read says nothing about the log. */
static void check_unreadable(const char *name)
{
	world_remove(name);
	CHECK_EQ(mkdir(world_path(name), 0700), 0);
	CHECK_ERR(world_audit(), ERR_IO);
	CHECK(!world.result.damaged);
	CHECK_EQ(world.n_found, 0);
}

TEST(tiles_that_cannot_be_read_are_an_error)
{
	while (world.n < 257)
		world_add_kind(RECORD_IMAGE, world.n);
	world_publish("log", 257);
	check_unreadable("log/tile/entries/000");
	check_unreadable("log/tile/0/000");
	check_unreadable("log/tile/1/000.p/1");
}

/* ---- errors -------------------------------------------------------------- */

TEST(without_a_checkpoint_there_is_no_audit)
{
	world_remove("log/checkpoint");
	CHECK_ERR(world_audit(), ERR_NOTFOUND);
	CHECK(!world.result.damaged);
}

TEST(what_the_log_has_not_signed_is_not_the_log)
{
	world_flip("log/checkpoint", 40);
	CHECK_ERR(world_audit(), ERR_AUTH);
	world_write("log/checkpoint", "garbage", 7);
	CHECK_ERR(world_audit(), ERR_FORMAT);
	CHECK_EQ(world.n_found, 0);
}

TEST(a_checkpoint_above_16_kib_is_refused)
{
	static char large[16 * 1024 + 1];

	world_write("log/checkpoint", large, sizeof(large));
	CHECK_ERR(world_audit(), ERR_LIMIT);
}

TEST(a_log_above_a_million_entries_is_refused)
{
	uint8_t note[1024];
	struct wr w = wr_init(note, sizeof(note));
	struct tlog_hash root = { { 1 } };
	struct bytes text;

	tlog_checkpoint_format(
	    &w, world.log.key.name, LOGD_ENTRIES_MAX + 1, &root);
	text = (struct bytes){ note, w.len };
	tlog_note_format_end_text(&w);
	signer_line(&w, &world.log, text, 0);
	world_write("log/checkpoint", note, w.len);
	CHECK_ERR(world_audit(), ERR_LIMIT);
}

TEST(an_unreachable_log_is_an_error)
{
	world.view[0] = "http://127.0.0.1:1/log";
	CHECK(world_audit() != ERR_OK);
	CHECK(!world.result.damaged);
	CHECK_EQ(world.n_found, 0);
}

/* L-175 */
TEST(a_damaged_state_is_an_error_and_stays_as_it_is)
{
	size_t len;
	uint8_t *p;

	check_clean();
	world_flip("state/audit", 20);
	CHECK_ERR(world_audit(), ERR_AUTH);
	CHECK(world.result.damaged);
	world_flip("state/audit", 20);
	check_clean();
	world_write("state/audit", "", 0);
	CHECK_ERR(world_audit(), ERR_TRUNCATED);
	CHECK(world.result.damaged);
	p = read_file(world_path("state/audit"), &len);
	CHECK_EQ(len, 0);
	free(p);
}

TEST(a_state_that_cannot_be_written_is_an_error)
{
	world_write("state", "a file", 6);
	CHECK(world_audit() != ERR_OK);
	CHECK(world.result.damaged);
}

TEST(the_state_of_another_log_is_an_error)
{
	check_clean();
	world.log = signer_make("log.example.org/2", TLOG_KEY_ED25519);
	world_policy("both");
	world_publish("log", 2);
	CHECK_ERR(world_audit(), ERR_FORMAT);
	CHECK(world.result.damaged);
	CHECK(strstr(world.ctx.msg, ORIGIN) != NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_good_log_has_no_findings),
		WORLD_TEST(an_empty_log_has_no_findings),
		WORLD_TEST(neither_state_nor_callbacks_are_needed),
		WORLD_TEST(only_new_entries_are_read_again),
		WORLD_TEST(each_growth_across_tiles_is_followed),
		WORLD_TEST(an_unknown_key_is_found_and_does_not_count),
		WORLD_TEST(what_is_no_record_is_found),
		WORLD_TEST(an_empty_entry_is_found),
		WORLD_TEST(a_skipped_seq_is_found_once),
		WORLD_TEST(a_repeated_seq_is_found),
		WORLD_TEST(another_product_is_found),
		WORLD_TEST(more_than_256_series_are_found),
		WORLD_TEST(a_retired_log_is_told_each_time),
		WORLD_TEST(what_follows_a_retire_record_is_found),
		WORLD_TEST(a_retire_record_of_another_size_is_found),
		WORLD_TEST(a_retire_record_of_another_root_is_found),
		WORLD_TEST(a_retire_record_of_another_log_is_found),
		WORLD_TEST(a_successor_is_a_good_log),
		WORLD_TEST(an_image_without_source_is_found),
		WORLD_TEST(an_image_without_recipe_is_found),
		WORLD_TEST(an_image_without_builder_is_found),
		WORLD_TEST(a_web_app_without_source_is_found),
		WORLD_TEST(a_web_app_without_recipe_is_found),
		WORLD_TEST(a_client_without_source_is_found),
		WORLD_TEST(a_client_without_recipe_is_found),
		WORLD_TEST(a_missing_quorum_is_found),
		WORLD_TEST(no_quorum_is_missed_where_none_is_asked_for),
		WORLD_TEST(a_checkpoint_older_than_a_day_is_found),
		WORLD_TEST(cosignatures_a_little_ahead_are_fresh),
		WORLD_TEST(a_policy_record_that_ends_soon_is_found_each_time),
		WORLD_TEST(each_policy_series_is_judged),
		WORLD_TEST(a_broken_log_has_no_policy_to_expire),
		WORLD_TEST(a_newer_policy_record_ends_that),
		WORLD_TEST(a_tile_that_is_not_of_the_tree_is_found),
		WORLD_TEST(a_missing_tile_is_found),
		WORLD_TEST(a_cut_tile_is_found),
		WORLD_TEST(
		    an_entry_that_is_not_in_the_tree_is_found_and_not_judged),
		WORLD_TEST(a_missing_bundle_is_found),
		WORLD_TEST(a_cut_bundle_is_found),
		WORLD_TEST(an_inner_hash_that_is_not_of_the_tree_is_found),
		WORLD_TEST(an_upper_tile_that_is_not_of_the_tree_is_found),
		WORLD_TEST(a_deleted_partial_tile_is_read_from_the_full_one),
		WORLD_TEST(tiles_that_cannot_be_read_are_an_error),
		WORLD_TEST(without_a_checkpoint_there_is_no_audit),
		WORLD_TEST(what_the_log_has_not_signed_is_not_the_log),
		WORLD_TEST(a_checkpoint_above_16_kib_is_refused),
		WORLD_TEST(a_log_above_a_million_entries_is_refused),
		WORLD_TEST(an_unreachable_log_is_an_error),
		WORLD_TEST(a_damaged_state_is_an_error_and_stays_as_it_is),
		WORLD_TEST(a_state_that_cannot_be_written_is_an_error),
		WORLD_TEST(the_state_of_another_log_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
