/* The audit's views: whoever shows another history of the log is found, and
 * what proves it is kept. */
#include "logd_audit_world.h"

#include <dirent.h>

#include "logd/audit_state.h"
#include "tlog/tree.h"

/* Entries from `from` on become others, as a log with two histories has them. */
static void fork_from(size_t from)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	world.n = from;
	rec.channel = text_bytes("fork");
	for (; world.n < ENTRIES_MAX; rec.seq++)
		world_add(&rec);
}

static void grow_to(size_t n)
{
	while (world.n < n)
		world_add_kind(RECORD_IMAGE, world.n);
}

static void add_view(const char *name)
{
	world.view[world.n_views++] = name;
}

static void add_witness(const char *name)
{
	world.seen[world.n_seen++] = name;
}

/* ---- evidence ------------------------------------------------------------ */

/* The file of the evidence with this ending, or NULL. */
static uint8_t *evidence(const char *suffix, size_t *len)
{
	DIR *d = opendir(world_path("evidence"));
	uint8_t *found = NULL;
	struct dirent *de;
	char name[300];

	while (d != NULL && (de = readdir(d)) != NULL) {
		if (strlen(de->d_name) != 17 + strlen(suffix) ||
		    strcmp(de->d_name + 17, suffix) != 0)
			continue;
		CHECK(found == NULL);
		/* The finding names the case. */
		CHECK(strstr(world.found[0].text, "evidence ") != NULL);
		CHECK_EQ(strncmp(strstr(world.found[0].text, "evidence ") + 9,
			     de->d_name, 16),
		    0);
		(void)snprintf(name, sizeof(name), "evidence/%s", de->d_name);
		found = read_file(world_path(name), len);
	}
	if (d != NULL)
		closedir(d);
	return found;
}

static struct tlog_checkpoint read_note(const char *suffix)
{
	static uint8_t *kept[2];
	static size_t turn;
	struct tlog_policy any = world.policy;
	struct tlog_checkpoint cp;
	struct tlog_note note;
	struct tlog_head head;
	size_t len = 0;
	uint8_t *p = evidence(suffix, &len);

	assert_non_null(p);
	free(kept[turn % 2]);
	kept[turn++ % 2] = p;
	any.quorum = TLOG_QUORUM_NONE;
	CHECK_OK(tlog_checkpoint_verify(
	    &head, &any, NOW, (struct bytes){ p, len }, NULL));
	CHECK_OK(tlog_note_parse(&note, (struct bytes){ p, len }, NULL));
	CHECK_OK(tlog_checkpoint_parse(&cp, note.text, NULL));
	return cp;
}

static const char *take_root(
    const char *line, const char *word, uint64_t *n, struct tlog_hash *root)
{
	char w[8], text[64];
	unsigned long long size;
	size_t len;

	CHECK_EQ(sscanf(line, "%7s %llu %63s", w, &size, text), 3);
	CHECK_STR(w, word);
	CHECK_OK(
	    base64_decode(root->b, sizeof(root->b), &len, text_bytes(text)));
	*n = size;
	return strchr(line, '\n') + 1;
}

/* The proof shows that the first note's tree begins with another root than the
 * second note says, as anyone can check with these files alone. */
static void check_proof(
    const struct tlog_checkpoint *a, const struct tlog_checkpoint *b)
{
	static const char magic[] = "confer-consistency/v1\n";
	struct tlog_hash old_root, new_root, proof[TLOG_PATH_MAX];
	uint64_t old_size, new_size;
	size_t len, n = 0, got;
	uint8_t *p = evidence("consistency", &len);
	const char *at = (const char *)p;

	assert_non_null(p);
	CHECK_EQ(strncmp(at, magic, strlen(magic)), 0);
	at = take_root(at + strlen(magic), "old", &old_size, &old_root);
	at = take_root(at, "new", &new_size, &new_root);
	for (; *at != '\0'; at += 45, n++) {
		CHECK_OK(base64_decode(proof[n].b, sizeof(proof[n].b), &got,
		    (struct bytes){ (const uint8_t *)at, 44 }));
		CHECK_EQ(at[44], '\n');
	}
	CHECK_EQ(old_size, b->size);
	CHECK(!tlog_hash_eq(&old_root, &b->root));
	CHECK_EQ(new_size, a->size);
	CHECK(tlog_hash_eq(&new_root, &a->root));
	CHECK_OK(tlog_consistency_verify(
	    &old_root, old_size, &new_root, new_size, proof, n));
	free(p);
}

/* The same two notes have the same name wherever they are found. */
static void check_name(void)
{
	struct bytes note[2] = { 0 };
	uint8_t *a = evidence("note-1", &note[0].len);
	uint8_t *b = evidence("note-2", &note[1].len);
	char want[64], hex[2 * SHA256_LEN + 1];
	uint8_t sum[SHA256_LEN];

	note[0].p = a;
	note[1].p = b;
	crypto_sha256(sum, note, 2);
	hex_encode(hex, sum, sizeof(sum));
	(void)snprintf(want, sizeof(want), "; evidence %.16s", hex);
	CHECK_STR(strstr(world.found[0].text, "; evidence"), want);
	free(a);
	free(b);
}

/* Two notes that the log has signed, of these sizes, and the proof if they
 * differ. */
static void check_evidence(uint64_t first, uint64_t second)
{
	struct tlog_checkpoint a = read_note("note-1");
	struct tlog_checkpoint b = read_note("note-2");
	size_t len;

	CHECK_EQ(a.size, first);
	CHECK_EQ(b.size, second);
	CHECK(mem_eq(a.origin, b.origin));
	CHECK(!tlog_hash_eq(&a.root, &b.root));
	check_name();
	if (first == second)
		CHECK(evidence("consistency", &len) == NULL);
	else
		check_proof(&a, &b);
}

static void drop_evidence(void)
{
	char command[128];

	(void)snprintf(
	    command, sizeof(command), "rm -r %s/evidence", world.root);
	CHECK_EQ(system(command), 0);
}

/* ---- views that agree: L-172 --------------------------------------------- */

TEST(views_that_agree_have_no_findings)
{
	world_publish("mirror", 2);
	world_witness("w0", 2);
	add_view("mirror");
	add_witness("w0");
	check_clean();
}

TEST(there_may_be_16_views_and_16_witnesses)
{
	world_witness("w0", 2);
	while (world.n_views < LOGD_VIEWS_MAX)
		add_view("log");
	while (world.n_seen < LOGD_VIEWS_MAX)
		add_witness("w0");
	check_clean();
	check_clean(); /* and what is remembered */
}

TEST(a_view_that_is_behind_is_told)
{
	grow_to(300);
	world_publish("log", 300);
	add_view("mirror");
	for (size_t n = 1; n < 300; n += 37) {
		world_publish("mirror", n);
		check_alone(LOGD_NOTE, "view-behind");
		CHECK(strstr(world.found[0].text, " entries of 300"));
	}
	world_checkpoint("mirror", 0);
	check_alone(LOGD_NOTE, "view-behind");
}

TEST(a_witness_that_is_behind_is_told)
{
	world_witness("w0", 1);
	add_witness("w0");
	check_alone(LOGD_NOTE, "view-behind");
}

TEST(a_witness_that_never_saw_the_log_is_told)
{
	world_write("w0/other/checkpoint", "x", 1);
	add_witness("w0");
	CHECK(strstr(check_alone(LOGD_NOTE, "view-behind"),
	    "no checkpoint of this log"));
}

TEST(a_log_that_is_behind_a_witness_is_told)
{
	grow_to(300);
	world_publish("log", 300);
	world_checkpoint("log", 2);
	world_witness("w0", 300);
	add_witness("w0");
	check_alone(LOGD_NOTE, "log-behind");
	CHECK(strstr(world.found[0].text, "shows 2 entries, and has 300"));
	CHECK_EQ(world.result.size, 2);
	CHECK_EQ(world.result.entries_read, 2);
	world_checkpoint("mirror", 2); /* is not behind the log */
	add_view("mirror");
	check_alone(LOGD_NOTE, "log-behind");
}

TEST(a_log_that_is_behind_what_is_remembered_is_told)
{
	grow_to(5);
	world_publish("log", 5);
	check_clean();
	world_publish("log", 3);
	check_alone(LOGD_NOTE, "log-behind");
	CHECK_EQ(world.result.entries_read, 0);
	world.spec.full = true;
	check_alone(LOGD_NOTE, "log-behind");
	world_checkpoint("log", 5);
	world.spec.full = false;
	check_clean(); /* the state stayed at 5 */
	CHECK_EQ(world.result.entries_read, 0);
}

/* ---- views that are no views --------------------------------------------- */

TEST(an_unreachable_view_is_found)
{
	add_view("http://127.0.0.1:1/log");
	check_alone(LOGD_ALARM, "view-unreachable");
	CHECK_EQ(world.result.entries_read, 2);
}

TEST(a_view_that_the_log_has_not_signed_is_found)
{
	world_publish("mirror", 2);
	world_flip("mirror/checkpoint", 40);
	add_view("mirror");
	check_alone(LOGD_ALARM, "view-invalid");
	CHECK(!world_has("evidence"));
}

TEST(a_view_of_garbage_is_found)
{
	static char large[16 * 1024 + 1];

	add_view("mirror");
	world_write("mirror/checkpoint", "garbage", 7);
	check_alone(LOGD_ALARM, "view-invalid");
	world_write("mirror/checkpoint", "", 0);
	check_alone(LOGD_ALARM, "view-invalid");
	world_write("mirror/checkpoint", large, sizeof(large));
	check_alone(LOGD_ALARM, "view-invalid");
}

TEST(a_view_of_another_log_of_the_policy_is_found)
{
	struct signer first = world.log;
	struct wr w = wr_init(world.policy_text, sizeof(world.policy_text));

	world.log = signer_make("log.example.org/2", TLOG_KEY_ED25519);
	world_publish("mirror", 2);
	wr_str(&w, "log ");
	tlog_vkey_format(&w, first.key.name, first.key.type, first.key.pub);
	wr_str(&w, "\nlog ");
	tlog_vkey_format(
	    &w, world.log.key.name, world.log.key.type, world.log.key.pub);
	wr_str(&w, "\nquorum none\n");
	CHECK_OK(tlog_policy_parse(
	    &world.policy, (struct bytes){ w.p, w.len }, true, NULL));
	add_view("mirror");
	CHECK(
	    strstr(check_alone(LOGD_ALARM, "view-invalid"), "of another log"));
}

/* ---- two histories: L-172, L-173 ----------------------------------------- */

TEST(two_roots_of_one_size_are_misbehaviour)
{
	struct entry kept = world.entry[1];

	world.n = 1;
	world_add_kind(RECORD_MODEL, 1);
	world_witness("w0", 2);
	world.entry[1] = kept;
	add_witness("w0");
	check_alone(LOGD_MISBEHAVIOUR, "view-differs");
	check_evidence(2, 2);
	CHECK_EQ(world.result.entries_read, 2);
	/* Each time, and with the same files. */
	check_alone(LOGD_MISBEHAVIOUR, "view-differs");
	check_evidence(2, 2);
}

TEST(a_smaller_tree_of_another_history_is_misbehaviour)
{
	static struct entry kept[ENTRIES_MAX];
	static const size_t size[] = { 1, 2, 3, 255, 256, 257, 299 };

	grow_to(300);
	world_publish("log", 300);
	memcpy(kept, world.entry, sizeof(kept));
	add_witness("w0");
	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		fork_from(0);
		world_witness("w0", size[i]);
		memcpy(world.entry, kept, sizeof(kept));
		check_alone(LOGD_MISBEHAVIOUR, "view-differs");
		check_evidence(300, size[i]);
		drop_evidence();
	}
}

TEST(a_larger_tree_of_another_history_is_misbehaviour)
{
	static struct entry kept[ENTRIES_MAX];

	grow_to(20);
	world_publish("log", 20);
	memcpy(kept, world.entry, sizeof(kept));
	fork_from(10);
	world_publish("mirror", 300);
	memcpy(world.entry, kept, sizeof(kept));
	add_view("mirror");
	CHECK_OK(world_audit());
	CHECK_EQ(world.n_found, 2);
	/* What the mirror shows, the log does not serve. */
	CHECK_STR(world.found[0].name, "shrunk");
	CHECK_STR(world.found[1].name, "view-differs");
	CHECK_EQ(world.found[1].kind, LOGD_MISBEHAVIOUR);
	world.found[0] = world.found[1];
	check_evidence(300, 20);
	CHECK_EQ(world.result.proofs, 1);
	CHECK_EQ(world.result.entries_read, 20);
}

TEST(a_log_with_another_root_than_remembered_has_forked)
{
	check_clean();
	world.n = 1;
	world_add_kind(RECORD_MODEL, 1);
	world_publish("log", 2);
	check_alone(LOGD_MISBEHAVIOUR, "forked");
	check_evidence(2, 2);
	CHECK_EQ(world.result.entries_read, 0);
}

TEST(a_log_that_does_not_continue_what_is_remembered_has_forked)
{
	grow_to(7);
	world_publish("log", 7);
	check_clean();
	fork_from(6);
	world_publish("log", 300);
	check_alone(LOGD_MISBEHAVIOUR, "forked");
	check_evidence(300, 7);
	/* The state is what it was: it is found again. */
	check_alone(LOGD_MISBEHAVIOUR, "forked");
	CHECK_EQ(world.result.entries_read, 0);
}

TEST(a_log_that_went_back_and_on_otherwise_has_forked)
{
	grow_to(300);
	world_publish("log", 300);
	check_clean();
	fork_from(2);
	world_publish("log", 100); /* in partial tiles; the full ones stay */
	check_alone(LOGD_MISBEHAVIOUR, "forked");
	check_evidence(300, 100);
}

TEST(a_smaller_log_without_its_tiles_has_shrunk)
{
	grow_to(5);
	world_publish("log", 5);
	check_clean();
	world_publish("log", 3);
	world_remove("log/tile/0/000.p/5");
	check_alone(LOGD_ALARM, "shrunk");
	CHECK_EQ(world.result.entries_read, 0);
	world_publish("log", 5);
	check_clean();
}

TEST(a_tree_that_only_a_witness_has_seen_is_missed)
{
	grow_to(300);
	world_witness("w0", 300);
	add_witness("w0");
	CHECK(strstr(check_alone(LOGD_ALARM, "shrunk"),
	    "a tree of 300 entries (seen at "));
	CHECK(strstr(world.found[0].text, "does not serve it; it shows 2"));
	CHECK_EQ(world.result.entries_read, 2);
}

/* Tiles that lead to no root prove nothing about the log's signatures. */
TEST(an_unprovable_contradiction_is_an_alarm)
{
	grow_to(300);
	world_publish("log", 300);
	check_clean();
	world_witness("w0", 3);
	add_witness("w0");
	world_flip("log/tile/0/000", 0);
	check_alone(LOGD_ALARM, "tile-mismatch");
	CHECK(!world_has("evidence"));
	world_remove("log/tile/0/000");
	check_alone(LOGD_ALARM, "tile-mismatch");
}

/* The tile is wrong when it is first asked for, and good ever after. */
static void mend_tile(void *cookie, const struct logd_finding *f)
{
	static const struct tlog_tile tile = { .index = 1,
		.width = TLOG_TILE_WIDTH };

	if (strcmp(f->name, "tile-mismatch") == 0)
		world_tile("log", &tile);
	world_finding(cookie, f);
}

/* [L-174] Otherwise the other history would become the remembered one, and
 * nobody would hear of it again. */
TEST(a_fork_behind_tiles_that_change_is_proven_by_reading_all)
{
	grow_to(300);
	world_publish("log", 300);
	check_clean();
	fork_from(5);
	world_publish("log", ENTRIES_MAX);
	world_flip("log/tile/0/001", 0);
	world.spec.full = true;
	world.spec.finding = mend_tile;
	CHECK_OK(world_audit());
	CHECK_EQ(world.n_found, 2);
	CHECK_STR(world.found[0].name, "tile-mismatch");
	CHECK_STR(world.found[1].name, "forked");
	CHECK_EQ(world.found[1].kind, LOGD_MISBEHAVIOUR);
	CHECK_EQ(world.result.proofs, 1);
	CHECK_EQ(world.result.entries_read, 0);
	world.found[0] = world.found[1]; /* which names the evidence */
	check_evidence(ENTRIES_MAX, 300);
	drop_evidence();
	world.spec.full = false;
	check_alone(LOGD_MISBEHAVIOUR, "forked"); /* still remembered */
	check_evidence(ENTRIES_MAX, 300);
}

TEST(a_log_without_its_tiles_is_not_the_measure)
{
	world_publish("mirror", 2);
	add_view("mirror");
	world_remove("log/tile/0/000.p/2");
	check_alone(LOGD_ALARM, "tile-missing");
	CHECK_EQ(world.result.entries_read, 0);
	world_remove("mirror/tile/0/000.p/2");
	check_alone(LOGD_ALARM, "tile-missing");
}

TEST(evidence_is_not_needed_for_a_verdict)
{
	check_clean();
	world.n = 1;
	world_add_kind(RECORD_MODEL, 1);
	world_publish("log", 2);
	world.spec.evidence_dir = NULL;
	CHECK(strstr(check_alone(LOGD_MISBEHAVIOUR, "forked"), "not kept"));
}

TEST(evidence_that_cannot_be_kept_is_an_error)
{
	char long_dir[5000];

	check_clean();
	world.n = 1;
	world_add_kind(RECORD_MODEL, 1);
	world_publish("log", 2);
	world_write("evidence", "a file", 6);
	CHECK(world_audit() != ERR_OK);
	CHECK(world.result.damaged);
	CHECK_EQ(world.result.proofs, 1); /* and is told all the same */
	CHECK(strstr(world.found[0].text, "not kept"));
	memset(long_dir, 'd', sizeof(long_dir));
	long_dir[sizeof(long_dir) - 1] = '\0';
	world.spec.evidence_dir = long_dir;
	CHECK_ERR(world_audit(), ERR_LIMIT);
	CHECK(world.result.damaged);
	/* A directory that is there, but no room for the files' names. */
	(void)snprintf(long_dir, sizeof(long_dir), "%s", world.root);
	while (strlen(long_dir) < FD_PATH_MAX - 10)
		memcpy(long_dir + strlen(long_dir), "/.", 3);
	CHECK_ERR(world_audit(), ERR_LIMIT);
	CHECK(world.result.damaged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(views_that_agree_have_no_findings),
		WORLD_TEST(there_may_be_16_views_and_16_witnesses),
		WORLD_TEST(a_view_that_is_behind_is_told),
		WORLD_TEST(a_witness_that_is_behind_is_told),
		WORLD_TEST(a_witness_that_never_saw_the_log_is_told),
		WORLD_TEST(a_log_that_is_behind_a_witness_is_told),
		WORLD_TEST(a_log_that_is_behind_what_is_remembered_is_told),
		WORLD_TEST(an_unreachable_view_is_found),
		WORLD_TEST(a_view_that_the_log_has_not_signed_is_found),
		WORLD_TEST(a_view_of_garbage_is_found),
		WORLD_TEST(a_view_of_another_log_of_the_policy_is_found),
		WORLD_TEST(two_roots_of_one_size_are_misbehaviour),
		WORLD_TEST(a_smaller_tree_of_another_history_is_misbehaviour),
		WORLD_TEST(a_larger_tree_of_another_history_is_misbehaviour),
		WORLD_TEST(a_log_with_another_root_than_remembered_has_forked),
		WORLD_TEST(
		    a_log_that_does_not_continue_what_is_remembered_has_forked),
		WORLD_TEST(a_log_that_went_back_and_on_otherwise_has_forked),
		WORLD_TEST(a_smaller_log_without_its_tiles_has_shrunk),
		WORLD_TEST(a_tree_that_only_a_witness_has_seen_is_missed),
		WORLD_TEST(an_unprovable_contradiction_is_an_alarm),
		WORLD_TEST(
		    a_fork_behind_tiles_that_change_is_proven_by_reading_all),
		WORLD_TEST(a_log_without_its_tiles_is_not_the_measure),
		WORLD_TEST(evidence_is_not_needed_for_a_verdict),
		WORLD_TEST(evidence_that_cannot_be_kept_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
