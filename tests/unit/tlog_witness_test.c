/*
 * The witness protocol: each rule refuses alone, in its order; the log takes
 * no line but the witness's own. L-120..L-132 of docs/log.md.
 */
#include "witness_world.h"

/* What the witness of this test knows. */
struct known {
	struct tlog_key key[2];
	size_t n;
	struct tlog_witnessed last;
	size_t asked;
};

static bool find_log(void *cookie, struct bytes origin,
    const struct tlog_key **key, size_t *n_keys, struct tlog_witnessed *last)
{
	struct known *k = cookie;

	k->asked++;
	if (!mem_eq(origin, k->key[0].name))
		return false;
	*key = k->key;
	*n_keys = k->n;
	*last = k->last;
	return true;
}

static struct known known_at(uint64_t size)
{
	struct known k = { .key = { log_key, new_key }, .n = 1 };

	k.last.size = size;
	if (size > 0)
		tlog_root(&k.last.root, world_leaf, size);
	return k;
}

static struct tlog_witness_decision out;
static struct err_ctx why;

static unsigned decide(struct known *k, struct bytes body)
{
	why = (struct err_ctx){ 0 };
	tlog_witness_decide(&out, body, find_log, k, &why);
	if (out.status == 200)
		k->last = out.now;
	if (out.status != 200)
		CHECK(why.msg[0] != '\0');
	return out.status;
}

static unsigned decide_at(uint64_t kept, struct bytes body)
{
	struct known k = known_at(kept);

	return decide(&k, body);
}

static struct bytes text_bytes(const char *s)
{
	struct wr w = wr_init(keep(malloc(strlen(s) + 1)), strlen(s));

	wr_str(&w, s);
	return (struct bytes){ w.p, w.len };
}

/* `body` with one piece of text in place of another. */
static struct bytes edited(struct bytes body, const char *from, const char *to)
{
	const char *s = (const char *)body.p, *at = strstr(s, from);
	uint8_t *p = keep(malloc(body.len + strlen(to) + 1));
	struct wr w = wr_init(p, body.len + strlen(to) + 1);

	CHECK(at != NULL);
	wr_copy(&w, s, (size_t)(at - s));
	wr_str(&w, to);
	wr_str(&w, at + strlen(from));
	CHECK_OK(w.err);
	p[w.len] = '\0';
	return (struct bytes){ p, w.len };
}

/* ---- 200 ------------------------------------------------------------------ */

TEST(a_witness_follows_a_log_that_grows)
{
	static const uint64_t step[] = { 0, 0, 1, 1, 2, 5, 8, 256, 257, 300 };
	struct known k = known_at(0);
	struct tlog_hash root;

	for (size_t i = 1; i < sizeof(step) / sizeof(step[0]); i++) {
		CHECK_EQ(decide(&k, world_grow(step[i - 1], step[i])), 200);
		tlog_root(&root, world_leaf, step[i]);
		CHECK_EQ(out.now.size, step[i]);
		CHECK(tlog_hash_eq(&out.now.root, &root));
		CHECK_EQ(out.verified, 1);
		CHECK(mem_eq_str(out.origin, WORLD_ORIGIN));
	}
	CHECK_EQ(k.asked, 9);
}

TEST(lines_of_others_are_ignored_and_marked_as_not_the_logs)
{
	uint8_t buf[4096];
	struct wr w = wr_init(buf, sizeof(buf));
	struct bytes text = world_text(world_leaf, 5);
	struct bytes note = world_note(world_leaf, 5);
	struct tlog_key stranger = log_key, namesake = log_key;

	stranger.name = str_bytes("somebody.example");
	namesake.id ^= 1;
	put_log_sig(&w, text, &stranger, w_seed);
	put_log_sig(&w, text, &namesake, w_seed);
	put_log_sig(&w, text, &log_key, log_seed);
	note = world_more(note, (struct bytes){ buf, w.len });
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 5, note)), 200);
	CHECK_EQ(out.note.n, 4);
	CHECK_EQ(out.verified, 1 | 8);
}

/* A line in the witness's own name came with the request: it is not verified
 * here, and so is never among those to be kept. */
TEST(a_line_in_the_witness_own_name_is_not_kept)
{
	uint8_t buf[4096];
	struct wr w = wr_init(buf, sizeof(buf));
	struct bytes note = world_note(world_leaf, 5);

	put_cosig(&w, str_bytes("another text\n"), &w_key, w_seed, WORLD_NOW);
	note = world_more(note, (struct bytes){ buf, w.len });
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 5, note)), 200);
	CHECK_EQ(out.note.n, 2);
	CHECK_EQ(out.verified, 1);
}

TEST(any_key_of_the_log_will_do_and_each_must_verify)
{
	uint8_t buf[4096];
	struct wr w = wr_init(buf, sizeof(buf));
	struct bytes text = world_text(world_leaf, 5), note, body;
	struct known k = known_at(0);

	note = world_signed(text, &new_key, new_seed);
	body = world_body(world_leaf, 0, 0, 5, note);
	CHECK_EQ(decide(&k, body), 403); /* not known yet */
	k.n = 2;
	CHECK_EQ(decide(&k, body), 200);
	CHECK_EQ(out.verified, 1);

	put_log_sig(&w, str_bytes("other\n"), &log_key, log_seed);
	note = world_more(note, (struct bytes){ buf, w.len });
	CHECK_EQ(decide(&k, world_body(world_leaf, 0, 0, 5, note)), 403);
}

/* L-129: the same tree is cosigned again. */
TEST(a_tree_may_be_empty_and_then_start)
{
	struct known k = known_at(0);

	CHECK_EQ(decide(&k, world_grow(0, 0)), 200);
	CHECK_EQ(decide(&k, world_grow(0, 0)), 200);
	CHECK_EQ(decide(&k, world_grow(0, 3)), 200);
	CHECK_EQ(decide(&k, world_grow(0, 0)), 409);
	CHECK_EQ(out.now.size, 3);
}

/* ---- each refusal alone --------------------------------------------------- */

TEST(an_unknown_origin_is_404)
{
	struct bytes text =
	    text_bytes("log.example/other\n0\n"
		       "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	struct tlog_key key = log_key;
	struct bytes note;

	key.name = str_bytes("log.example/other");
	note = world_signed(text, &key, log_seed);
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 0, note)), 404);
	CHECK(mem_eq_str(out.origin, "log.example/other"));
}

/* The origin line decides, not who signed. */
TEST(another_origin_under_the_logs_own_key_is_404)
{
	struct bytes text =
	    text_bytes("log.example/other\n0\n"
		       "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	struct bytes note = world_signed(text, &log_key, log_seed);

	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 0, note)), 404);
}

TEST(a_checkpoint_that_the_log_did_not_sign_is_403)
{
	struct bytes text = world_text(world_leaf, 5);
	struct tlog_key other = log_key;
	struct bytes note;

	note = world_signed(text, &log_key, w_seed); /* does not verify */
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 5, note)), 403);
	other.id ^= 1;
	note = world_signed(text, &other, log_seed); /* another key */
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 5, note)), 403);
	other = log_key;
	other.name = str_bytes("log.example/releases2");
	note = world_signed(text, &other, log_seed); /* another name */
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 5, note)), 403);
}

TEST(a_good_line_does_not_save_a_failing_one)
{
	uint8_t buf[4096];
	struct wr w = wr_init(buf, sizeof(buf));
	struct bytes note = world_note(world_leaf, 5);

	put_log_sig(&w, str_bytes("other\n"), &log_key, log_seed);
	note = world_more(note, (struct bytes){ buf, w.len });
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 5, note)), 403);
}

TEST(old_above_the_size_is_400)
{
	struct bytes note = world_note(world_leaf, 5);

	CHECK_EQ(decide_at(6, world_body(world_leaf, 6, 0, 5, note)), 400);
	CHECK(strstr(why.msg, "old size 6") != NULL);
	CHECK(mem_eq_str(out.origin, WORLD_ORIGIN));
}

TEST(old_other_than_the_size_kept_is_409_with_that_size)
{
	CHECK_EQ(decide_at(3, world_grow(2, 5)), 409);
	CHECK_EQ(out.now.size, 3);
	CHECK_EQ(decide_at(3, world_grow(0, 5)), 409);
	CHECK_EQ(decide_at(0, world_grow(1, 5)), 409);
	CHECK_EQ(out.now.size, 0);
	CHECK_EQ(decide_at(8, world_grow(5, 5)), 409); /* a rollback */
	CHECK_EQ(out.now.size, 8);
}

TEST(size_0_with_another_root_is_422)
{
	struct bytes text = text_bytes(
	    WORLD_ORIGIN "\n0\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
	struct bytes note = world_signed(text, &log_key, log_seed);

	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 0, note)), 422);
	CHECK(mem_eq_str(out.origin, WORLD_ORIGIN));
	CHECK_EQ(decide_at(3, world_body(world_leaf, 0, 0, 0, note)), 409);
	CHECK_EQ(decide_at(3, world_body(world_leaf, 3, 0, 0, note)), 400);
	note = world_signed(text, &log_key, w_seed);
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 0, note)), 403);
}

TEST(from_0_a_proof_is_422)
{
	struct bytes note = world_note(world_leaf, 5);

	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 2, 5, note)), 422);
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 5, note)), 200);
}

TEST(the_same_size_with_another_root_or_a_proof_is_422)
{
	struct bytes note = world_note(fork_leaf, 5);

	CHECK_EQ(decide_at(5, world_body(fork_leaf, 5, 0, 5, note)), 422);
	CHECK(strstr(why.msg, "two histories") != NULL);
	note = world_note(world_leaf, 5);
	CHECK_EQ(decide_at(5, world_body(world_leaf, 5, 2, 5, note)), 422);
	CHECK(strstr(why.msg, "none is needed") != NULL);
	CHECK_EQ(decide_at(5, world_body(world_leaf, 5, 0, 5, note)), 200);
}

TEST(a_proof_that_leads_elsewhere_is_422)
{
	struct bytes note = world_note(world_leaf, 8);

	CHECK_EQ(decide_at(5, world_body(world_leaf, 5, 0, 8, note)), 422);
	CHECK_EQ(decide_at(5, world_body(world_leaf, 5, 3, 8, note)), 422);
	CHECK_EQ(decide_at(5, world_body(fork_leaf, 5, 5, 8, note)), 422);
	note = world_note(fork_leaf, 8); /* a fork with its own good proof */
	CHECK_EQ(decide_at(5, world_body(fork_leaf, 5, 5, 8, note)), 422);
	CHECK_EQ(decide_at(2, world_body(fork_leaf, 2, 2, 8, note)), 200);
}

/* L-123: with every fault at once, the first in the order answers. */
TEST(faults_are_judged_in_their_order)
{
	struct bytes text = world_text(fork_leaf, 5);
	struct bytes bad = world_signed(text, &log_key, w_seed);
	struct bytes good = world_signed(text, &log_key, log_seed);
	struct known k = known_at(7);

	/* old 9 > 5, old is not 7, root of a fork, and a bad signature */
	CHECK_EQ(decide(&k, world_body(fork_leaf, 9, 2, 5, bad)), 403);
	CHECK_EQ(decide(&k, world_body(fork_leaf, 9, 2, 5, good)), 400);
	CHECK_EQ(decide(&k, world_body(fork_leaf, 4, 2, 5, good)), 409);
	k.last.size = 4;
	CHECK_EQ(decide(&k, world_body(fork_leaf, 4, 2, 5, good)), 422);
	k.key[0].name = str_bytes("log.example/other");
	CHECK_EQ(decide(&k, world_body(fork_leaf, 9, 2, 5, bad)), 404);
}

/* ---- 400: grammar --------------------------------------------------------- */

TEST(a_request_reads_as_it_was_written)
{
	struct bytes body = world_grow(5, 300);
	uint8_t buf[8192];
	struct wr w = wr_init(buf, sizeof(buf));
	struct tlog_add_checkpoint req;

	CHECK_OK(tlog_add_checkpoint_parse(&req, body, NULL));
	CHECK_EQ(req.old, 5);
	CHECK(req.n > 5);
	tlog_add_checkpoint_format(&w, &req);
	CHECK(mem_eq(body, (struct bytes){ buf, w.len }));
}

TEST(every_truncation_is_400)
{
	struct bytes body = world_grow(2, 8);

	CHECK_EQ(decide_at(2, body), 200);
	for (size_t n = 0; n < body.len; n++) {
		struct known k = known_at(2);

		CHECK_EQ(decide(&k, (struct bytes){ body.p, n }), 400);
		CHECK_EQ(out.origin.len, 0);
		CHECK_EQ(k.asked, 0);
	}
}

TEST(a_changed_byte_is_never_cosigned)
{
	struct bytes body = world_grow(2, 8);
	uint8_t *p = keep(malloc(body.len));

	for (size_t i = 0; i < body.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			mem_copy(p, body.p, body.len);
			p[i] ^= (uint8_t)(1u << bit);
			if (decide_at(2, (struct bytes){ p, body.len }) == 200)
				fail_msg("bit %u of byte %zu", bit, i);
		}
	}
}

TEST(malformed_bodies_are_400)
{
	struct bytes body = world_grow(2, 8);
	/* what is replaced, and by what; all of it in the first lines */
	static const char *const edit[][2] = {
		{ "old 2\n", "" },
		{ "old 2\n", "old 02\n" },
		{ "old 2\n", "old +2\n" },
		{ "old 2\n", "old -2\n" },
		{ "old 2\n", "old 0x2\n" },
		{ "old 2\n", "old  2\n" },
		{ "old 2\n", "old 2 \n" },
		{ "old 2\n", "old 2\r\n" },
		{ "old 2\n", "old\n" },
		{ "old 2\n", "old \n" },
		{ "old 2\n", "Old 2\n" },
		{ "old 2\n", "old2\n" },
		{ "old 2\n", "\nold 2\n" },
		{ "old 2\n", "old 2 2\n" },
		{ "old 2\n", "old 9223372036854775808\n" },  /* 2^63 */
		{ "old 2\n", "old 18446744073709551618\n" }, /* 2 + 2^64 */
		{ "old 2\n", "old 2\nAAAA\n" },              /* 3 bytes */
		{ "old 2\n", "old 2\n=\n" },
		{ "old 2\n",
		    "old 2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		    "\n" }, /* 33 bytes */
		{ "old 2\n",
		    "old 2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="
		    "\n" }, /* not canonical */
		{ "\n" WORLD_ORIGIN, "\n\n" WORLD_ORIGIN },
		{ WORLD_ORIGIN "\n8\n", WORLD_ORIGIN "\n08\n" },
		{ WORLD_ORIGIN "\n8\n", WORLD_ORIGIN "\neight\n" },
		{ WORLD_ORIGIN "\n8\n",
		    WORLD_ORIGIN "\n9223372036854775808\n" },
		{ WORLD_ORIGIN "\n8\n", "\n8\n" },
	};

	for (size_t i = 0; i < sizeof(edit) / sizeof(edit[0]); i++) {
		struct bytes b = edited(body, edit[i][0], edit[i][1]);

		if (decide_at(2, b) != 400)
			fail_msg("edit %zu: %u", i, out.status);
	}
	CHECK_EQ(decide_at(2, world_more(body, str_bytes("\n"))), 400);
	CHECK_EQ(decide_at(2, world_more(body, str_bytes("more\n"))), 400);
}

TEST(a_body_without_a_checkpoint_is_truncated_and_leaves_zeros)
{
	struct tlog_add_checkpoint req;

	memset(&req, 'x', sizeof(req));
	CHECK_ERR(tlog_add_checkpoint_parse(&req, str_bytes("old 7\n\n"), NULL),
	    ERR_TRUNCATED);
	CHECK(mem_is_zero(&req, sizeof(req)));
	CHECK_OK(
	    tlog_add_checkpoint_parse(&req, str_bytes("old 7\n\nx"), NULL));
	CHECK_EQ(req.old, 7);
}

TEST(a_proof_has_at_most_63_hashes)
{
	struct tlog_add_checkpoint req = { .old = 2, .n = TLOG_PATH_MAX };
	uint8_t buf[8192];
	struct wr w = wr_init(buf, sizeof(buf));
	struct bytes body;

	req.checkpoint = world_note(world_leaf, 8);
	tlog_add_checkpoint_format(&w, &req);
	body = world_keep(&w);
	CHECK_EQ(decide_at(2, body), 422);
	body = edited(body, "old 2\n",
	    "old 2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	CHECK_EQ(decide_at(2, body), 400);
	CHECK_ERR(tlog_add_checkpoint_parse(&req, body, NULL), ERR_LIMIT);
}

TEST(a_body_has_at_most_64_kib)
{
	struct bytes body = world_grow(2, 8);
	struct tlog_add_checkpoint req;
	uint8_t *p = keep(calloc(1, TLOG_WITNESS_BODY_MAX + 1));
	char text[ERR_MSG_LEN_MAX];

	why = (struct err_ctx){ 0 };
	memset(p, 'x', TLOG_WITNESS_BODY_MAX + 1);
	mem_copy(p, body.p, body.len);
	CHECK_OK(tlog_add_checkpoint_parse(
	    &req, (struct bytes){ p, TLOG_WITNESS_BODY_MAX }, NULL));
	CHECK_ERR(tlog_add_checkpoint_parse(&req,
		      (struct bytes){ p, TLOG_WITNESS_BODY_MAX + 1 }, &why),
	    ERR_LIMIT);
	(void)snprintf(text, sizeof(text), "%d", TLOG_WITNESS_BODY_MAX + 1);
	CHECK(strstr(why.msg, text) != NULL);
}

TEST(extension_lines_are_400)
{
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));
	struct bytes note;

	wr_bytes(&w, world_text(world_leaf, 5));
	wr_str(&w, "extension\n");
	note = world_signed((struct bytes){ buf, w.len }, &log_key, log_seed);
	CHECK_EQ(decide_at(0, world_body(world_leaf, 0, 0, 5, note)), 400);
	CHECK(strstr(why.msg, "after the root") != NULL);
}

/* ---- the log's side ------------------------------------------------------- */

static struct bytes cosig_line(
    const struct tlog_key *key, const uint8_t *seed, uint64_t time_s)
{
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));

	put_cosig(&w, world_text(world_leaf, 5), key, seed, time_s);
	return world_keep(&w);
}

static struct tlog_cosignature cosig;

static enum err take(struct bytes body, uint64_t latest)
{
	why = (struct err_ctx){ 0 };
	return tlog_cosignature_parse(
	    &cosig, &w_key, world_text(world_leaf, 5), body, latest, &why);
}

TEST(the_log_takes_the_witness_line)
{
	struct bytes line = cosig_line(&w_key, w_seed, WORLD_NOW);
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));

	CHECK_OK(take(line, WORLD_NOW));
	CHECK_EQ(cosig.time, WORLD_NOW);
	tlog_note_format_line(&w, &cosig.line);
	CHECK(mem_eq(line, (struct bytes){ buf, w.len }));
}

TEST(the_log_takes_no_line_of_others)
{
	struct bytes own = cosig_line(&w_key, w_seed, WORLD_NOW), log, all;
	struct tlog_key other = w_key;
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));

	put_log_sig(&w, world_text(world_leaf, 5), &log_key, log_seed);
	log = world_keep(&w);
	CHECK_ERR(take(log, WORLD_NOW), ERR_AUTH);
	other.name = str_bytes("w2.example/witness");
	CHECK_ERR(
	    take(cosig_line(&other, w_seed, WORLD_NOW), WORLD_NOW), ERR_AUTH);
	all = world_more(log, cosig_line(&other, log_seed, WORLD_NOW + 5));
	all = world_more(all, own);
	CHECK_OK(take(all, WORLD_NOW));
	CHECK(cosig.line.name.p > all.p + log.len); /* the third line */
	CHECK(mem_eq(cosig.line.name, w_key.name));
}

/* Name and id make a key: neither alone does. */
TEST(a_namesake_or_another_of_that_id_is_not_the_witness)
{
	struct bytes own = cosig_line(&w_key, w_seed, WORLD_NOW), all;
	struct tlog_key name = w_key, id = w_key;

	name.id ^= 1;
	id.name = str_bytes("w2.example/witness");
	all = world_more(own, cosig_line(&name, log_seed, WORLD_NOW));
	all = world_more(all, cosig_line(&id, log_seed, WORLD_NOW));
	CHECK_OK(take(all, WORLD_NOW));
	CHECK(cosig.line.name.p < all.p + own.len);
}

TEST(of_two_lines_the_newer_counts_and_both_must_verify)
{
	struct bytes a = cosig_line(&w_key, w_seed, WORLD_NOW - 9);
	struct bytes b = cosig_line(&w_key, w_seed, WORLD_NOW);
	struct bytes bad = cosig_line(&w_key, log_seed, WORLD_NOW - 1);

	CHECK_OK(take(world_more(a, b), WORLD_NOW));
	CHECK_EQ(cosig.time, WORLD_NOW);
	CHECK_OK(take(world_more(b, a), WORLD_NOW));
	CHECK_EQ(cosig.time, WORLD_NOW);
	CHECK_OK(take(world_more(b, a), WORLD_NOW - 1));
	CHECK_EQ(cosig.time, WORLD_NOW - 9);
	CHECK_ERR(take(world_more(a, bad), WORLD_NOW), ERR_AUTH);
	CHECK_EQ(cosig.line.name.len, 0);
	CHECK_EQ(cosig.time, 0);
}

TEST(a_cosignature_from_the_future_is_refused)
{
	struct bytes line = cosig_line(&w_key, w_seed, WORLD_NOW + 1);

	CHECK_OK(take(line, WORLD_NOW + 1));
	CHECK_ERR(take(line, WORLD_NOW), ERR_AUTH);
	CHECK(strstr(why.msg, "future") != NULL);
}

TEST(a_cosignature_of_another_text_is_refused)
{
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));

	put_cosig(&w, world_text(world_leaf, 6), &w_key, w_seed, WORLD_NOW);
	CHECK_ERR(take((struct bytes){ buf, w.len }, WORLD_NOW), ERR_AUTH);
}

TEST(answers_that_are_no_signature_lines_are_refused)
{
	struct bytes line = cosig_line(&w_key, w_seed, WORLD_NOW);
	static uint8_t big[TLOG_WITNESS_ANSWER_MAX + 1];

	CHECK_ERR(take(str_bytes(""), WORLD_NOW), ERR_FORMAT);
	CHECK_ERR(take(str_bytes("ok\n"), WORLD_NOW), ERR_FORMAT);
	CHECK_ERR(take(str_bytes("\n"), WORLD_NOW), ERR_FORMAT);
	CHECK_ERR(take(str_bytes("\xff\n"), WORLD_NOW), ERR_FORMAT);
	CHECK_ERR(
	    take(world_more(line, str_bytes("\n")), WORLD_NOW), ERR_FORMAT);
	CHECK_ERR(
	    take(world_more(str_bytes("\n"), line), WORLD_NOW), ERR_FORMAT);
	for (size_t n = 0; n < line.len; n++)
		CHECK(take((struct bytes){ line.p, n }, WORLD_NOW) != ERR_OK);
	CHECK_ERR(take((struct bytes){ big, sizeof(big) - 1 }, WORLD_NOW),
	    ERR_FORMAT);
	CHECK_ERR(
	    take((struct bytes){ big, sizeof(big) }, WORLD_NOW), ERR_LIMIT);
}

TEST(an_answer_has_at_most_32_lines)
{
	struct tlog_key other = w_key;
	struct bytes all = cosig_line(&w_key, w_seed, WORLD_NOW), line;

	other.name = str_bytes("w2");
	line = cosig_line(&other, w_seed, WORLD_NOW);
	for (size_t i = 1; i < TLOG_NOTE_SIGS_MAX; i++)
		all = world_more(all, line);
	CHECK_OK(take(all, WORLD_NOW));
	CHECK_ERR(take(world_more(all, line), WORLD_NOW), ERR_LIMIT);
}

TEST(the_size_of_a_409_has_one_spelling)
{
	uint8_t buf[32];
	struct wr w = wr_init(buf, sizeof(buf));
	uint64_t n;

	tlog_witness_size_format(&w, TLOG_SIZE_MAX);
	CHECK(
	    mem_eq_str((struct bytes){ buf, w.len }, "9223372036854775807\n"));
	CHECK_OK(tlog_witness_size_parse(&n, (struct bytes){ buf, w.len }));
	CHECK(n == TLOG_SIZE_MAX);
	CHECK_OK(tlog_witness_size_parse(&n, str_bytes("0\n")));
	CHECK_EQ(n, 0);
	n = 7;
	CHECK_ERR(tlog_witness_size_parse(&n, str_bytes("")), ERR_FORMAT);
	CHECK_EQ(n, 0);
	CHECK_ERR(tlog_witness_size_parse(&n, str_bytes("77")), ERR_FORMAT);
	CHECK_ERR(tlog_witness_size_parse(&n, str_bytes("\n")), ERR_FORMAT);
	CHECK_ERR(tlog_witness_size_parse(&n, str_bytes("7")), ERR_FORMAT);
	CHECK_ERR(tlog_witness_size_parse(&n, str_bytes("07\n")), ERR_FORMAT);
	CHECK_ERR(tlog_witness_size_parse(&n, str_bytes("7\n\n")), ERR_FORMAT);
	CHECK_ERR(tlog_witness_size_parse(&n, str_bytes(" 7\n")), ERR_FORMAT);
	CHECK_ERR(tlog_witness_size_parse(&n, str_bytes("7\r\n")), ERR_FORMAT);
	CHECK_ERR(
	    tlog_witness_size_parse(&n, str_bytes("9223372036854775808\n")),
	    ERR_LIMIT);
	CHECK_EQ(n, 0);
}

/* ---- the public cases ----------------------------------------------------- */

static size_t run_sequence(const struct json *seq)
{
	struct json list = member(seq, "requests"), r, v;
	struct json_iter it = json_iter(&list);
	struct known k = { .n = 1 };
	uint8_t buf[32];
	size_t done = 0;

	CHECK_OK(
	    tlog_vkey_parse(&k.key[0], member_bytes(seq, "log_vkey"), NULL));
	for (; json_next(&it, NULL, &r); done++) {
		bool strict = json_get(&r, "strict_status", &v);
		struct wr w = wr_init(buf, sizeof(buf));
		unsigned got = decide(&k, member_bytes(&r, "body"));

		if (got != num(&r, strict ? "strict_status" : "status"))
			fail_msg("%s: %u", str(&r, "name", NULL), got);
		if (!json_get(&r, "response_body", &v))
			continue;
		CHECK_EQ(got, 409);
		tlog_witness_size_format(&w, out.now.size);
		CHECK(mem_eq((struct bytes){ buf, w.len },
		    member_bytes(&r, "response_body")));
		if (json_get(&r, "response_content_type", &v))
			CHECK(json_is_str(&v, TLOG_WITNESS_SIZE_TYPE));
	}
	return done;
}

TEST(the_37_public_requests_have_their_answers)
{
	struct json file = load("tlog/witness/add_checkpoint.json"), seq;
	struct json list = member(&file, "sequences");
	struct json_iter it = json_iter(&list);
	size_t done = 0;

	while (json_next(&it, NULL, &seq))
		done += run_sequence(&seq);
	CHECK_EQ(done, 37);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_witness_follows_a_log_that_grows),
		cmocka_unit_test(
		    lines_of_others_are_ignored_and_marked_as_not_the_logs),
		cmocka_unit_test(a_line_in_the_witness_own_name_is_not_kept),
		cmocka_unit_test(
		    any_key_of_the_log_will_do_and_each_must_verify),
		cmocka_unit_test(a_tree_may_be_empty_and_then_start),
		cmocka_unit_test(an_unknown_origin_is_404),
		cmocka_unit_test(another_origin_under_the_logs_own_key_is_404),
		cmocka_unit_test(a_checkpoint_that_the_log_did_not_sign_is_403),
		cmocka_unit_test(a_good_line_does_not_save_a_failing_one),
		cmocka_unit_test(old_above_the_size_is_400),
		cmocka_unit_test(
		    old_other_than_the_size_kept_is_409_with_that_size),
		cmocka_unit_test(size_0_with_another_root_is_422),
		cmocka_unit_test(from_0_a_proof_is_422),
		cmocka_unit_test(
		    the_same_size_with_another_root_or_a_proof_is_422),
		cmocka_unit_test(a_proof_that_leads_elsewhere_is_422),
		cmocka_unit_test(faults_are_judged_in_their_order),
		cmocka_unit_test(a_request_reads_as_it_was_written),
		cmocka_unit_test(every_truncation_is_400),
		cmocka_unit_test(a_changed_byte_is_never_cosigned),
		cmocka_unit_test(malformed_bodies_are_400),
		cmocka_unit_test(
		    a_body_without_a_checkpoint_is_truncated_and_leaves_zeros),
		cmocka_unit_test(a_proof_has_at_most_63_hashes),
		cmocka_unit_test(a_body_has_at_most_64_kib),
		cmocka_unit_test(extension_lines_are_400),
		cmocka_unit_test(the_log_takes_the_witness_line),
		cmocka_unit_test(the_log_takes_no_line_of_others),
		cmocka_unit_test(
		    a_namesake_or_another_of_that_id_is_not_the_witness),
		cmocka_unit_test(
		    of_two_lines_the_newer_counts_and_both_must_verify),
		cmocka_unit_test(a_cosignature_from_the_future_is_refused),
		cmocka_unit_test(a_cosignature_of_another_text_is_refused),
		cmocka_unit_test(
		    answers_that_are_no_signature_lines_are_refused),
		cmocka_unit_test(an_answer_has_at_most_32_lines),
		cmocka_unit_test(the_size_of_a_409_has_one_spelling),
		cmocka_unit_test(the_37_public_requests_have_their_answers),
	};

	return cmocka_run_group_tests(tests, world_setup, NULL);
}
