/* What a log admits: whose records, of what, in which order. */
#include "logd_records.h"

#include "logd/admit.h"

#define ORIGIN "log.example.org/releases"

static struct signer alice, bob, mallory, rita;
static const struct signer *both[2] = { &alice, &bob };
static struct logd_admit log_;
static struct entry entry;
static struct tlog_record got;

static int setup(void **state)
{
	(void)state;
	CHECK_OK(crypto_init());
	alice = signer_make("release.example.org/a", TLOG_KEY_ED25519);
	bob = signer_make("release.example.org/b", TLOG_KEY_ED25519);
	mallory = signer_make("release.example.org/m", TLOG_KEY_ED25519);
	rita = signer_make("rebuilder.example.net", TLOG_KEY_ED25519);
	log_ = (struct logd_admit){
		.release = { .key = { alice.key, bob.key }, .n = 2, .need = 2 },
		.rebuilder = { .key = { rita.key }, .n = 1, .need = 1 },
		.product = BYTES_LITERAL("confer"),
		.origin = ORIGIN,
	};
	return 0;
}

/* Judge the signed entry: the error and the reason must be these. */
static void check(enum logd_misfit want_why, enum err want)
{
	struct err_ctx ctx = { 0 };
	enum logd_misfit why;
	size_t streams = log_.n_streams;
	uint64_t entries = log_.entries;

	CHECK_ERR(
	    logd_admit_judge(&why, &got, &log_, entry_bytes(&entry), &ctx),
	    want);
	CHECK_EQ(why, want_why);
	CHECK((want == ERR_OK) == (ctx.msg[0] == '\0'));
	CHECK_ERR(
	    logd_admit_next(&log_, &got, entry_bytes(&entry), NULL), want);
	if (want == ERR_OK)
		return;
	CHECK_EQ(log_.n_streams, streams);
	CHECK_EQ(log_.entries, entries);
}

static void check_record(
    const struct tlog_record *rec, enum logd_misfit want_why, enum err want)
{
	record_sign(&entry, rec, both, 2);
	check(want_why, want);
}

static void admit(enum record_kind kind, uint64_t seq)
{
	struct tlog_record rec = record_make(kind, seq);

	check_record(&rec, LOGD_FITS, ERR_OK);
}

static void refuse(
    enum record_kind kind, uint64_t seq, enum logd_misfit why, enum err want)
{
	struct tlog_record rec = record_make(kind, seq);

	check_record(&rec, why, want);
}

static struct tlog_record rebuild_record(uint64_t seq)
{
	return record_make(RECORD_REBUILD, seq);
}

/* L-160 */
TEST(every_kind_signed_by_its_keys_is_admitted)
{
	const struct signer *by = &rita;
	struct tlog_record rec = rebuild_record(1);

	for (unsigned k = RECORD_IMAGE; k <= RECORD_POLICY; k++)
		admit((enum record_kind)k, 1);
	record_sign(&entry, &rec, &by, 1);
	check(LOGD_FITS, ERR_OK);
	CHECK_EQ(got.kind, RECORD_REBUILD);
	admit(RECORD_RETIRE, 1);
	CHECK_EQ(log_.entries, 7);
	CHECK_EQ(log_.n_streams, 7);
	CHECK(log_.retired);
}

TEST(the_stream_keeps_the_last_record)
{
	const struct bytes product = BYTES_LITERAL("confer");
	const struct bytes stable = BYTES_LITERAL("stable");
	const struct bytes beta = BYTES_LITERAL("beta");
	const struct logd_stream *s;
	struct tlog_hash leaf;

	CHECK(logd_admit_stream(&log_, RECORD_IMAGE, product, stable) == NULL);
	admit(RECORD_IMAGE, 1);
	admit(RECORD_IMAGE, 2);
	tlog_leaf_hash(&leaf, entry_bytes(&entry));
	s = logd_admit_stream(&log_, RECORD_IMAGE, product, stable);
	assert_non_null(s);
	CHECK_EQ(s->kind, RECORD_IMAGE);
	CHECK_STR(s->product, "confer");
	CHECK_STR(s->channel, "stable");
	CHECK_EQ(s->seq, 2);
	CHECK_EQ(s->not_after, NOW + 6 * DAY);
	CHECK(tlog_hash_eq(&s->leaf, &leaf));
	CHECK(logd_admit_stream(&log_, RECORD_IMAGE, product, beta) == NULL);
	CHECK(logd_admit_stream(&log_, RECORD_IMAGE, stable, stable) == NULL);
	CHECK(logd_admit_stream(&log_, RECORD_WEB, product, stable) == NULL);
}

/* L-161 */
TEST(what_is_no_record_is_refused)
{
	const struct bytes text = text_bytes("hello\n");
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	entry_sign(&entry, text, both, 2);
	check(LOGD_NO_RECORD, ERR_UNSUPPORTED);
	entry.len = 0;
	check(LOGD_NO_RECORD, ERR_FORMAT);
	memset(entry.p, 'x', sizeof(entry.p));
	entry.len = sizeof(entry.p);
	check(LOGD_NO_RECORD, ERR_FORMAT);
	record_sign(&entry, &rec, both, 2);
	entry.len--;
	check(LOGD_NO_RECORD, ERR_TRUNCATED);
	CHECK_EQ(got.kind, 0);
}

TEST(an_entry_above_16_kib_is_refused)
{
	static uint8_t large[RECORD_LEN_MAX + 1];
	enum logd_misfit why;

	CHECK_ERR(logd_admit_judge(&why, &got, &log_,
		      (struct bytes){ large, sizeof(large) }, NULL),
	    ERR_LIMIT);
	CHECK_EQ(why, LOGD_NO_RECORD);
}

/* L-162 */
TEST(fewer_signers_than_k_are_refused)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	record_sign(&entry, &rec, both, 1);
	check(LOGD_KEYS, ERR_POLICY);
	CHECK_EQ(got.kind, 0);
}

TEST(an_unknown_signer_does_not_count)
{
	const struct signer *by[2] = { &alice, &mallory };
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	record_sign(&entry, &rec, by, 2);
	check(LOGD_KEYS, ERR_POLICY);
	record_sign(&entry, &rec, by + 1, 1);
	check(LOGD_KEYS, ERR_AUTH);
}

TEST(a_known_signature_that_fails_refuses_the_entry)
{
	const struct signer *by[3] = { &alice, &bob, &mallory };
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	log_.release.key[2] = mallory.key;
	log_.release.n = 3;
	mallory.seed[0] ^= 1;
	record_sign(&entry, &rec, by, 3);
	check(LOGD_KEYS, ERR_AUTH);
}

TEST(release_keys_do_not_sign_rebuilds_nor_rebuilders_releases)
{
	const struct signer *by = &rita;
	struct tlog_record image = record_make(RECORD_IMAGE, 1);
	struct tlog_record rebuild = rebuild_record(1);

	record_sign(&entry, &rebuild, both, 2);
	check(LOGD_KEYS, ERR_AUTH);
	record_sign(&entry, &image, &by, 1);
	check(LOGD_KEYS, ERR_AUTH);
	log_.rebuilder.n = 0;
	record_sign(&entry, &rebuild, &by, 1);
	check(LOGD_KEYS, ERR_AUTH);
}

/* L-163 */
TEST(a_record_of_another_product_is_refused)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	rec.product = text_bytes("confer2");
	check_record(&rec, LOGD_OTHER_PRODUCT, ERR_POLICY);
	CHECK_EQ(got.seq, 1); /* and is handed out all the same */
}

/* L-164 */
TEST(seq_starts_at_one_and_grows_by_one)
{
	refuse(RECORD_IMAGE, 2, LOGD_SEQ_SKIPPED, ERR_POLICY);
	admit(RECORD_IMAGE, 1);
	refuse(RECORD_IMAGE, 1, LOGD_SEQ_REPEATED, ERR_POLICY);
	refuse(RECORD_IMAGE, 3, LOGD_SEQ_SKIPPED, ERR_POLICY);
	admit(RECORD_IMAGE, 2);
	refuse(RECORD_IMAGE, 1, LOGD_SEQ_REPEATED, ERR_POLICY);
	refuse(RECORD_POLICY, 2, LOGD_SEQ_SKIPPED, ERR_POLICY);
}

TEST(a_wrong_seq_is_told_with_the_right_one)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 9);
	struct err_ctx ctx = { 0 };

	record_sign(&entry, &rec, both, 2);
	CHECK_ERR(logd_admit_next(&log_, &got, entry_bytes(&entry), &ctx),
	    ERR_POLICY);
	CHECK_STR(
	    ctx.msg, "entry: seq 9 of image in channel stable, the next is 1");
	admit(RECORD_IMAGE, 1);
	ctx = (struct err_ctx){ 0 };
	record_sign(&entry, &rec, both, 2);
	CHECK_ERR(logd_admit_next(&log_, &got, entry_bytes(&entry), &ctx),
	    ERR_POLICY);
	CHECK_STR(
	    ctx.msg, "entry: seq 9 of image in channel stable, the next is 2");
}

TEST(the_longest_name_of_a_channel_is_kept)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);
	char name[RECORD_TOKEN_LEN_MAX + 1];

	memset(name, 'c', RECORD_TOKEN_LEN_MAX);
	name[RECORD_TOKEN_LEN_MAX] = '\0';
	rec.channel = text_bytes(name);
	check_record(&rec, LOGD_FITS, ERR_OK);
	CHECK_STR(log_.stream[0].channel, name);
}

TEST(seq_is_counted_for_each_kind_and_channel_alone)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	admit(RECORD_IMAGE, 1);
	admit(RECORD_POLICY, 1);
	rec.channel = text_bytes("beta");
	check_record(&rec, LOGD_FITS, ERR_OK);
	rec.seq = 3;
	check_record(&rec, LOGD_SEQ_SKIPPED, ERR_POLICY);
	admit(RECORD_IMAGE, 2);
}

TEST(there_are_256_channels_at_most)
{
	struct tlog_record rec = record_make(RECORD_POLICY, 1);
	char name[16];

	for (unsigned i = 0; i < LOGD_STREAMS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "c%u", i);
		rec.channel = text_bytes(name);
		record_sign(&entry, &rec, both, 2);
		logd_admit_seen(&log_, entry_bytes(&entry));
	}
	CHECK_EQ(log_.n_streams, LOGD_STREAMS_MAX);
	rec.seq = 2;
	check_record(&rec, LOGD_FITS, ERR_OK);
	rec.channel = text_bytes("one-more");
	check_record(&rec, LOGD_MANY_STREAMS, ERR_LIMIT);
	logd_admit_seen(&log_, entry_bytes(&entry));
	CHECK_EQ(log_.n_streams, LOGD_STREAMS_MAX);
	CHECK_EQ(log_.entries, LOGD_STREAMS_MAX + 2);
}

/* L-165 */
TEST(nothing_follows_the_retirement_of_this_log)
{
	admit(RECORD_IMAGE, 1);
	admit(RECORD_RETIRE, 1);
	refuse(RECORD_IMAGE, 2, LOGD_AFTER_RETIRE, ERR_POLICY);
	refuse(RECORD_RETIRE, 2, LOGD_AFTER_RETIRE, ERR_POLICY);
}

TEST(another_log_is_retired_by_the_first_entry_only)
{
	struct tlog_record rec = record_make(RECORD_RETIRE, 1);

	rec.retire.log = text_bytes("log.example.org/releases/old");
	check_record(&rec, LOGD_FITS, ERR_OK);
	CHECK(!log_.retired);
	CHECK(log_.successor);
	rec.seq = 2;
	check_record(&rec, LOGD_OTHER_RETIRE, ERR_POLICY);
	admit(RECORD_RETIRE, 2);
	CHECK(log_.retired);
}

TEST(a_successor_continues_each_seq)
{
	struct tlog_record rec = record_make(RECORD_RETIRE, 3);

	rec.retire.log = text_bytes("log.example.org/releases/old");
	check_record(&rec, LOGD_FITS, ERR_OK);
	admit(RECORD_IMAGE, 17);
	admit(RECORD_IMAGE, 18);
	refuse(RECORD_IMAGE, 20, LOGD_SEQ_SKIPPED, ERR_POLICY);
	refuse(RECORD_IMAGE, 18, LOGD_SEQ_REPEATED, ERR_POLICY);
	refuse(RECORD_RETIRE, 3, LOGD_SEQ_REPEATED, ERR_POLICY);
	refuse(RECORD_RETIRE, 5, LOGD_SEQ_SKIPPED, ERR_POLICY);
	admit(RECORD_RETIRE, 4);
}

/* L-166 */
TEST(what_is_there_already_is_counted_unseen)
{
	struct tlog_hash leaf;
	struct tlog_record rec = record_make(RECORD_IMAGE, 5);

	record_sign(&entry, &rec, both, 0);
	memcpy(entry.p + entry.len, "\xe2\x80\x94 x AAAAAAA=\n", 15);
	entry.len += 15;
	logd_admit_seen(&log_, entry_bytes(&entry));
	CHECK_EQ(log_.n_streams, 1);
	CHECK_EQ(log_.stream[0].seq, 5);
	rec.seq = 4;
	record_sign(&entry, &rec, both, 2);
	logd_admit_seen(&log_, entry_bytes(&entry));
	CHECK_EQ(log_.stream[0].seq, 5);
	leaf = log_.stream[0].leaf;
	rec.seq = 5;
	rec.not_after++;
	record_sign(&entry, &rec, both, 2);
	logd_admit_seen(&log_, entry_bytes(&entry));
	CHECK(tlog_hash_eq(&log_.stream[0].leaf, &leaf)); /* the first stays */
	rec = record_make(RECORD_RETIRE, 1);
	rec.retire.log = text_bytes("log.example.org/old");
	record_sign(&entry, &rec, both, 2);
	logd_admit_seen(&log_, entry_bytes(&entry));
	CHECK(!log_.successor && !log_.retired);
	rec.product = text_bytes("other");
	record_sign(&entry, &rec, both, 2);
	logd_admit_seen(&log_, entry_bytes(&entry));
	logd_admit_seen(&log_, text_bytes("garbage"));
	CHECK_EQ(log_.n_streams, 2);
	CHECK_EQ(log_.entries, 6);
	admit(RECORD_IMAGE, 6);
}

static struct bytes formatted(const struct tlog_record *rec)
{
	static uint8_t text[RECORD_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));

	CHECK_OK(tlog_record_format(&w, rec, NULL));
	return (struct bytes){ text, w.len };
}

static void check_result(const struct tlog_record *rec, const char *lines)
{
	const struct bytes part = text_bytes(lines);
	struct tlog_hash want, result;
	struct bytes out;

	crypto_sha256(want.b, &part, 1);
	CHECK_OK(tlog_rebuild_lines(&out, formatted(rec), NULL));
	CHECK_EQ(out.len, part.len);
	CHECK_MEM(out.p, part.p, part.len);
	CHECK_OK(tlog_rebuild_result(&result, formatted(rec)));
	CHECK(tlog_hash_eq(&result, &want));
}

#define ZERO16 "0000000000000000"
#define ZERO64 ZERO16 ZERO16 ZERO16 ZERO16
#define ZERO96 ZERO64 ZERO16 ZERO16
#define FILE_LINE                                                              \
	"file kernel 7 sha256:07000000000000000000000000000000"                \
	"00000000000000000000000000000000\n"

/* L-85 */
TEST(the_result_is_over_the_lines_that_a_build_gives)
{
	struct tlog_record rec = record_make(RECORD_IMAGE, 1);

	rec.image.n_sim = rec.image.n_sgx = 1;
	check_result(&rec,
	    FILE_LINE "snp 4 1.4.0 " ZERO96 " policy " ZERO16 "\n"
		      "sgx mrenclave " ZERO64 " mrsigner " ZERO64
		      " isvprodid 0 isvsvn 0 attributes " ZERO16 ZERO16
		      " mask " ZERO16 ZERO16 "\n");
	rec = record_make(RECORD_CLIENT, 1);
	check_result(&rec, FILE_LINE);
	rec = record_make(RECORD_WEB, 1);
	check_result(&rec, "bundle 9 sha256:" ZERO64 "\n");
}

TEST(records_that_nobody_builds_have_no_result)
{
	static const enum record_kind kind[] = { RECORD_MODEL, RECORD_POLICY,
		RECORD_RETIRE, RECORD_REBUILD };
	struct tlog_hash result = { { 1 } };
	struct tlog_record rec;

	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		rec = record_make(kind[i], 1);
		CHECK_ERR(tlog_rebuild_result(&result, formatted(&rec)),
		    ERR_UNSUPPORTED);
		CHECK(mem_is_zero(&result, sizeof(result)));
	}
	rec = record_make(RECORD_IMAGE, 1);
	rec.image.n_snp = rec.image.files.n = 0;
	rec.image.n_sim = 1;
	CHECK_ERR(
	    tlog_rebuild_result(&result, formatted(&rec)), ERR_UNSUPPORTED);
	CHECK_ERR(tlog_rebuild_result(&result, text_bytes("nothing\n")),
	    ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    every_kind_signed_by_its_keys_is_admitted, setup),
		cmocka_unit_test_setup(the_stream_keeps_the_last_record, setup),
		cmocka_unit_test_setup(what_is_no_record_is_refused, setup),
		cmocka_unit_test_setup(an_entry_above_16_kib_is_refused, setup),
		cmocka_unit_test_setup(fewer_signers_than_k_are_refused, setup),
		cmocka_unit_test_setup(an_unknown_signer_does_not_count, setup),
		cmocka_unit_test_setup(
		    a_known_signature_that_fails_refuses_the_entry, setup),
		cmocka_unit_test_setup(
		    release_keys_do_not_sign_rebuilds_nor_rebuilders_releases,
		    setup),
		cmocka_unit_test_setup(
		    a_record_of_another_product_is_refused, setup),
		cmocka_unit_test_setup(
		    seq_starts_at_one_and_grows_by_one, setup),
		cmocka_unit_test_setup(
		    a_wrong_seq_is_told_with_the_right_one, setup),
		cmocka_unit_test_setup(
		    the_longest_name_of_a_channel_is_kept, setup),
		cmocka_unit_test_setup(
		    seq_is_counted_for_each_kind_and_channel_alone, setup),
		cmocka_unit_test_setup(there_are_256_channels_at_most, setup),
		cmocka_unit_test_setup(
		    nothing_follows_the_retirement_of_this_log, setup),
		cmocka_unit_test_setup(
		    another_log_is_retired_by_the_first_entry_only, setup),
		cmocka_unit_test_setup(a_successor_continues_each_seq, setup),
		cmocka_unit_test_setup(
		    what_is_there_already_is_counted_unseen, setup),
		cmocka_unit_test_setup(
		    the_result_is_over_the_lines_that_a_build_gives, setup),
		cmocka_unit_test_setup(
		    records_that_nobody_builds_have_no_result, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
