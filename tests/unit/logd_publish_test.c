/*
 * Publishing with witnesses, and proofs: docs/log.md, section 11.5. The
 * witnesses are in here: linked with --wrap=logd_ask_witnesses.
 */
#include "logd_world.h"

#include "logd/ask.h"
#include "tlog/proof.h"

#define NOW 1800000000u

/* Two witnesses, and what each of them does when it is asked. */
enum doing { COSIGNS, IS_DOWN, SAYS_LARGER, SHOWS_LARGER };

static struct logd_key witness_key[2];
static struct logd_witness witness[2];
static enum doing doing[2];
static enum err ask_error;

enum err __wrap_logd_ask_witnesses(struct wr *lines, struct logd_witness *w,
    size_t n, const struct logd_ask *ask, struct err_ctx *ctx);

enum err __wrap_logd_ask_witnesses(struct wr *lines, struct logd_witness *w,
    size_t n, const struct logd_ask *ask, struct err_ctx *ctx)
{
	struct tlog_checkpoint cp;
	struct tlog_note note;

	CHECK_OK(tlog_note_parse(&note, ask->note, NULL));
	CHECK_OK(tlog_checkpoint_parse(&cp, note.text, NULL));
	CHECK_EQ(ask->tiles->size, cp.size);
	CHECK(tlog_hash_eq(&ask->root, &cp.root));
	CHECK_MEM(ask->log->pub, key.key.pub, ED25519_PUB_LEN);
	/* On disk before anybody is shown it [L-149]. */
	CHECK_EQ(read_head(), cp.size);
	for (size_t i = 0; i < n; i++) {
		w[i].cosigned = doing[i] == COSIGNS;
		w[i].rolled_back = doing[i] >= SAYS_LARGER;
		w[i].proven = doing[i] == SHOWS_LARGER;
		w[i].size = w[i].rolled_back ? 77 : 0;
		if (w[i].cosigned)
			logd_key_sign(
			    lines, &witness_key[i], note.text, ask->now_s);
	}
	if (ask_error != ERR_OK)
		return err_set(ctx, ask_error, "no memory for witnesses");
	return lines->err;
}

static int setup(void **state)
{
	(void)world_setup(state);
	ask_error = ERR_OK;
	for (int i = 0; i < 2; i++) {
		if (witness_key[i].key.type == 0)
			CHECK_OK(logd_key_make(&witness_key[i],
			    i == 0 ? "w0.example.org" : "w1.example.org",
			    TLOG_KEY_COSIGNATURE, NULL));
		witness[i] = (struct logd_witness){ .key = witness_key[i].key };
		doing[i] = COSIGNS;
	}
	open_log();
	append(0, 3);
	return 0;
}

static enum err publish_at(uint64_t now_s, struct err_ctx *ctx)
{
	return logd_log_publish(the_log, witness, 2, now_s, ctx);
}

/* The times at which the two have cosigned what is public now; 0: not. */
static void cosigned(uint64_t time[2])
{
	struct tlog_note note;
	struct tlog_seen seen;
	size_t len;
	uint8_t *file = read_in(dir, "public/checkpoint", &len);

	CHECK_OK(tlog_note_parse(&note, (struct bytes){ file, len }, NULL));
	CHECK(mem_eq(note.sig[0].name, key.key.name));
	for (int i = 0; i < 2; i++) {
		enum err e = tlog_note_verify(
		    &seen, &note, &witness_key[i].key, 1, TLOG_TIME_MAX, NULL);

		time[i] = e == ERR_OK ? seen.time : 0;
	}
	free(file);
	CHECK_EQ(check_public(), logd_log_size(the_log));
}

#define CHECK_COSIGNED(a, b)                                                   \
	do {                                                                   \
		uint64_t time_[2];                                             \
		cosigned(time_);                                               \
		CHECK_EQ(time_[0], a);                                         \
		CHECK_EQ(time_[1], b);                                         \
	} while (0)

TEST(cosignatures_are_published_and_renewed)
{
	CHECK_OK(publish_at(NOW, NULL));
	CHECK_COSIGNED(NOW, NOW);
	CHECK_OK(publish_at(NOW + 9, NULL));
	CHECK_COSIGNED(NOW + 9, NOW + 9);
}

/* [L-152] */
TEST(cosignatures_of_the_same_tree_are_kept_from_who_is_down)
{
	CHECK_OK(publish_at(NOW, NULL));
	doing[1] = IS_DOWN;
	CHECK_OK(publish_at(NOW + 9, NULL));
	CHECK_COSIGNED(NOW + 9, NOW);
	open_log();
	CHECK_COSIGNED(NOW + 9, NOW);
	doing[0] = IS_DOWN;
	CHECK_OK(publish_at(NOW + 19, NULL));
	CHECK_COSIGNED(NOW + 9, NOW);
	append(3, 1);
	CHECK_OK(publish_at(NOW + 29, NULL));
	CHECK_COSIGNED(0, 0);
}

/* A line in a witness's name that does not verify harms nobody for long. */
TEST(lines_that_do_not_verify_are_not_kept)
{
	uint8_t buf[LOGD_NOTE_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t len;
	uint8_t *file;

	doing[1] = IS_DOWN;
	CHECK_OK(publish_at(NOW, NULL));
	file = read_in(dir, "public/checkpoint", &len);
	wr_copy(&w, file, len);
	free(file);
	logd_key_sign(&w, &witness_key[1], (struct bytes){ buf, 9 }, NOW);
	logd_key_sign(&w, &witness_key[1], (struct bytes){ buf, 8 }, NOW);
	write_in(dir, "public/checkpoint", buf, w.len);
	open_log();
	doing[0] = IS_DOWN;
	CHECK_OK(publish_at(NOW + 9, NULL));
	CHECK_COSIGNED(NOW, 0);
	CHECK(logd_log_checkpoint(the_log).len < w.len);
}

TEST(cosignatures_from_the_future_are_not_kept)
{
	CHECK_OK(publish_at(NOW, NULL));
	doing[0] = doing[1] = IS_DOWN;
	CHECK_OK(publish_at(NOW - TLOG_SKEW_S, NULL));
	CHECK_COSIGNED(NOW, NOW);
	CHECK_OK(publish_at(NOW - TLOG_SKEW_S - 1, NULL));
	CHECK_COSIGNED(0, 0);
}

/* [L-153] */
TEST(a_copy_that_is_proven_old_never_signs_again)
{
	struct err_ctx ctx = { 0 };

	doing[0] = SAYS_LARGER;
	doing[1] = SHOWS_LARGER;
	CHECK_ERR(publish_at(NOW, &ctx), ERR_PROTOCOL);
	CHECK_STR(ctx.msg, "this copy never signs again: w1.example.org has "
			   "cosigned another tree, of size 77");
	CHECK_EQ(check_public(), 0);
	CHECK_ERR(try_append(3, 1, NULL), ERR_IO);
	CHECK_ERR(publish_at(NOW, NULL), ERR_IO);
	for (int again = 0; again < 2; again++) {
		ctx = (struct err_ctx){ 0 };
		CHECK_ERR(try_open(&ctx), ERR_AUTH);
		CHECK_STR(ctx.msg,
		    "this copy never signs again: w1.example.org has "
		    "cosigned another tree, of size 77");
	}
	CHECK_ERR(logd_log_init(dir, &key, NULL), ERR_BUSY);
	write_in(dir, "state/dead", "", 0);
	CHECK_ERR(try_open(NULL), ERR_AUTH);
}

TEST(the_word_of_a_witness_alone_stops_the_publication_only)
{
	struct err_ctx ctx = { 0 };

	doing[1] = SAYS_LARGER;
	CHECK_ERR(publish_at(NOW, &ctx), ERR_PROTOCOL);
	CHECK_STR(ctx.msg,
	    "nothing published: without proof, it is said that "
	    "w1.example.org has cosigned another tree, of size 77");
	CHECK_EQ(check_public(), 0);
	CHECK_ERR(publish_at(NOW, NULL), ERR_IO);
	CHECK(!exists_in(dir, "state/dead"));
	open_log(); /* which finishes the step, without cosignatures */
	CHECK_COSIGNED(0, 0);
	doing[1] = COSIGNS;
	CHECK_OK(publish_at(NOW, NULL));
	CHECK_COSIGNED(NOW, NOW);
}

TEST(asking_may_fail_and_then_nothing_is_published)
{
	struct err_ctx ctx = { 0 };

	ask_error = ERR_NOMEM;
	CHECK_ERR(publish_at(NOW, &ctx), ERR_NOMEM);
	CHECK_EQ(check_public(), 0);
	ask_error = ERR_OK;
	CHECK_OK(publish_at(NOW, NULL));
	CHECK_COSIGNED(NOW, NOW);
}

/* ---- proofs --------------------------------------------------------------------- */

/* The log, and a quorum of one of the witnesses, or none. */
static void make_policy(struct tlog_policy *out, const char *quorum)
{
	static uint8_t text[2048];
	struct wr w = wr_init(text, sizeof(text));

	wr_str(&w, "log ");
	tlog_vkey_format(&w, key.key.name, key.key.type, key.key.pub);
	wr_str(&w, "\nwitness w ");
	tlog_vkey_format(&w, witness_key[1].key.name, TLOG_KEY_COSIGNATURE,
	    witness_key[1].key.pub);
	wr_fmt(&w, "\nquorum %s\n", quorum);
	CHECK_OK(w.err);
	CHECK_OK(
	    tlog_policy_parse(out, (struct bytes){ text, w.len }, true, NULL));
}

static uint8_t file[TLOG_PROOF_LEN_MAX], same[TLOG_PROOF_LEN_MAX];

TEST(every_published_entry_has_a_proof_from_the_log_and_from_a_view)
{
	struct logd_view view = LOGD_VIEW_INIT;
	struct tlog_policy policy;
	struct tlog_included in;

	make_policy(&policy, "w");
	append(3, 297);
	CHECK_OK(publish_at(NOW, NULL));
	append(300, 300); /* which nobody has seen yet */
	CHECK_OK(logd_view_open(&view, path_in(dir, "public"), NULL, NULL));
	for (uint64_t i = 0; i < 300; i += 13) {
		struct wr w = wr_init(file, sizeof(file));
		struct wr v = wr_init(same, sizeof(same));

		CHECK_OK(logd_log_prove(the_log, &w, i, &policy, NOW, NULL));
		CHECK_OK(tlog_proof_verify(&in, &policy, NOW, entry(i),
		    (struct bytes){ file, w.len }, NULL));
		CHECK(in.index == i && in.head.size == 300);
		CHECK_OK(logd_view_prove(&view, &v, i, &policy, NOW, NULL));
		CHECK_EQ(v.len, w.len);
		CHECK_MEM(file, same, w.len);
	}
	logd_view_close(&view);
}

TEST(entries_that_are_not_published_have_no_proof)
{
	struct logd_view view = LOGD_VIEW_INIT;
	struct wr w = wr_init(file, sizeof(file));
	struct err_ctx ctx = { 0 };
	struct tlog_policy policy;

	make_policy(&policy, "w");
	CHECK_OK(publish_at(NOW, NULL));
	append(3, 1);
	CHECK_ERR(
	    logd_log_prove(the_log, &w, 3, &policy, NOW, &ctx), ERR_NOTFOUND);
	CHECK_STR(ctx.msg, "the published tree has no entry 3");
	CHECK_OK(logd_view_open(&view, path_in(dir, "public"), NULL, NULL));
	CHECK_ERR(
	    logd_view_prove(&view, &w, 3, &policy, NOW, NULL), ERR_NOTFOUND);
	CHECK_EQ(w.len, 0);
	logd_view_close(&view);
}

TEST(a_proof_that_no_client_accepts_is_not_handed_out)
{
	struct logd_view view = LOGD_VIEW_INIT;
	struct wr w = wr_init(file, sizeof(file)), tiny = wr_init(same, 9);
	struct err_ctx ctx = { 0 };
	struct tlog_policy policy, none;

	make_policy(&policy, "w");
	make_policy(&none, "none");
	publish(); /* below quorum */
	make_policy(&policy, "w");
	CHECK_OK(logd_view_open(&view, path_in(dir, "public"), NULL, NULL));
	CHECK_ERR(
	    logd_log_prove(the_log, &w, 0, &policy, NOW, &ctx), ERR_POLICY);
	CHECK(ctx.msg[0] != '\0');
	CHECK_ERR(
	    logd_view_prove(&view, &w, 0, &policy, NOW, NULL), ERR_POLICY);
	CHECK_OK(publish_at(NOW, NULL));
	CHECK_ERR(logd_log_prove(
		      the_log, &w, 0, &policy, NOW + TLOG_FRESH_S + 1, NULL),
	    ERR_EXPIRED);
	CHECK_ERR(logd_view_prove(
		      &view, &w, 0, &policy, NOW + TLOG_FRESH_S + 1, NULL),
	    ERR_EXPIRED);
	CHECK_EQ(w.len, 0);
	CHECK_ERR(
	    logd_log_prove(the_log, &tiny, 0, &policy, NOW, NULL), ERR_NOSPACE);
	logd_view_close(&view);
}

/* Damage that came after the log was opened, or that a stranger serves. */
TEST(damaged_files_give_no_proof)
{
	static const char *const name[] = { "public/tile/0/000.p/3",
		"public/tile/entries/000.p/3" };
	struct logd_view view = LOGD_VIEW_INIT;
	struct tlog_policy policy;
	size_t len;

	make_policy(&policy, "w");
	CHECK_OK(publish_at(NOW, NULL));
	CHECK_OK(logd_view_open(&view, path_in(dir, "public"), NULL, NULL));
	for (size_t i = 0; i < 2; i++) {
		struct wr w = wr_init(file, sizeof(file));
		uint8_t *good = read_in(dir, name[i], &len);

		good[len - 1] ^= 1;
		write_in(dir, name[i], good, len);
		CHECK_ERR(logd_view_prove(&view, &w, 2, &policy, NOW, NULL),
		    ERR_AUTH);
		CHECK_ERR(logd_log_prove(the_log, &w, 2, &policy, NOW, NULL),
		    i == 0 ? ERR_OK : ERR_AUTH); /* its tiles are in memory */
		CHECK_EQ(remove(path_in(dir, name[i])), 0);
		w = wr_init(file, sizeof(file));
		CHECK_ERR(logd_view_prove(&view, &w, 2, &policy, NOW, NULL),
		    ERR_NOTFOUND);
		CHECK_EQ(w.len, 0);
		good[len - 1] ^= 1;
		write_in(dir, name[i], good, len);
		free(good);
	}
	logd_view_close(&view);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(cosignatures_are_published_and_renewed),
		T(cosignatures_of_the_same_tree_are_kept_from_who_is_down),
		T(lines_that_do_not_verify_are_not_kept),
		T(cosignatures_from_the_future_are_not_kept),
		T(a_copy_that_is_proven_old_never_signs_again),
		T(the_word_of_a_witness_alone_stops_the_publication_only),
		T(asking_may_fail_and_then_nothing_is_published),
		T(every_published_entry_has_a_proof_from_the_log_and_from_a_view),
		T(entries_that_are_not_published_have_no_proof),
		T(a_proof_that_no_client_accepts_is_not_handed_out),
		T(damaged_files_give_no_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
