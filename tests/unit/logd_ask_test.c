/*
 * Asking witnesses, honest and hostile ones, each a thread behind a Unix
 * socket. L-130..L-132 and L-139 of docs/log.md.
 */
#include "witness_fake.h"

#include "http/url.h"
#include "logd/ask.h"

/* ---- asking ---------------------------------------------------------------- */

static enum err read_tile(void *cookie, struct tlog_hash *out,
    const struct tlog_tile *tile, struct err_ctx *ctx)
{
	const struct tlog_hash *leaf = cookie;
	size_t span = 1;

	(void)ctx;
	for (unsigned l = 0; l < tile->level; l++)
		span *= TLOG_TILE_WIDTH;
	for (size_t i = 0; i < tile->width; i++)
		tlog_root(&out[i],
		    leaf + (tile->index * TLOG_TILE_WIDTH + i) * span, span);
	return ERR_OK;
}

static enum err no_tile(void *cookie, struct tlog_hash *out,
    const struct tlog_tile *tile, struct err_ctx *ctx)
{
	(void)cookie;
	(void)out;
	(void)tile;
	return err_set(ctx, ERR_IO, "tile unreadable");
}

static uint8_t lines[8192];
static size_t lines_len;

/* The log has `size` entries of this history. */
static void ask_as(struct logd_witness *w, size_t n,
    const struct tlog_hash *leaf, uint64_t size, struct logd_ask ask)
{
	struct wr out = wr_init(lines, sizeof(lines));
	struct tlog_tiles tiles = {
		.size = size,
		.read = read_tile,
		.cookie = (void *)(uintptr_t)leaf,
	};

	tlog_root(&ask.root, leaf, size);
	if (ask.tiles == NULL)
		ask.tiles = &tiles;
	ask.note = world_note(leaf, size);
	ask.now_s = WORLD_NOW;
	ask.log = &log_key;
	if (ask.total_ms == 0)
		ask.each_ms = ask.total_ms = PATIENCE_MS;
	CHECK_OK(logd_ask_witnesses(&out, w, n, &ask, NULL));
	lines_len = out.len;
	for (size_t i = 0; i < n; i++)
		CHECK(w[i].cosigned == (w[i].why[0] == '\0'));
}

static void ask(struct logd_witness *w, size_t n, uint64_t size)
{
	ask_as(w, n, world_leaf, size, (struct logd_ask){ .each_ms = 0 });
}

static struct logd_witness witness_at(const struct fake *f)
{
	return (struct logd_witness){ .key = w_key, .url = f->addr.text };
}

static void says(const struct logd_witness *w, const char *text)
{
	if (strstr(w->why, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", w->why, text);
}

/* Ask one that always says the same, about 8 entries. */
static void ask_always(
    struct fake *f, unsigned status, const char *text, struct logd_witness *w)
{
	fake_start(f, always);
	f->status = status;
	f->text = text;
	*w = witness_at(f);
	ask(w, 1, 8);
	fake_stop(f);
}

static struct bytes cosigned(const struct tlog_key *key, const uint8_t *seed,
    uint64_t size, uint64_t time_s)
{
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));

	put_cosig(&w, world_text(world_leaf, size), key, seed, time_s);
	return world_keep(&w);
}

/* ---- honest witnesses ------------------------------------------------------ */

TEST(a_log_grows_with_its_witness)
{
	struct fake f;
	struct logd_witness w;

	fake_start(&f, honest);
	CHECK_OK(logd_witnessd_open(&f.w, dir_witness(), NULL));
	w = witness_at(&f);
	ask(&w, 1, 5);
	CHECK(w.cosigned && w.time == WORLD_NOW && w.size == 5);
	CHECK(mem_eq((struct bytes){ lines, lines_len },
	    cosigned(&w_key, w_seed, 5, WORLD_NOW)));
	CHECK_EQ(f.posts, 1);
	ask(&w, 1, 300); /* it remembers 5 */
	CHECK(w.cosigned && w.size == 300);
	CHECK_EQ(f.posts, 2);
	CHECK(f.proof_n > 5);
	w.size = 0; /* another process does not */
	ask(&w, 1, 300);
	CHECK(w.cosigned);
	CHECK_EQ(f.posts, 4);
	CHECK_EQ(f.old, 300);
	CHECK_STR(f.path, "POST /add-checkpoint HTTP/1.1");
	fake_stop(&f);
}

TEST(a_witness_that_has_an_older_tree_gets_the_proof)
{
	struct fake f;
	struct logd_witness w;

	fake_start(&f, honest);
	CHECK_OK(logd_witnessd_open(&f.w, dir_witness(), NULL));
	w = witness_at(&f);
	ask(&w, 1, 5);
	w.size = 0;
	ask(&w, 1, 257);
	CHECK(w.cosigned);
	CHECK_EQ(f.posts, 3);
	CHECK_EQ(f.old, 5);
	w.size = 300; /* remembered wrongly: larger than the log is */
	ask(&w, 1, 258);
	CHECK(w.cosigned);
	CHECK_EQ(f.posts, 5);
	fake_stop(&f);
}

/* One bad neighbour of each kind does not hold up the good ones. */
TEST(the_others_are_unaffected)
{
	struct fake good, bad, mute;
	struct logd_witness w[4];

	fake_start(&good, honest);
	CHECK_OK(logd_witnessd_open(&good.w, dir_witness(), NULL));
	fake_start(&bad, always);
	bad.status = 200;
	bad.text = "garbage\n";
	fake_start(&mute, always);
	mute.mute = true;
	w[0] = witness_at(&mute);
	w[1] = witness_at(&bad);
	w[2] = witness_at(&good);
	w[3] = witness_at(&good);
	w[3].url = "unix:/nonexistent/socket";
	ask_as(w, 4, world_leaf, 5,
	    (struct logd_ask){ .each_ms = 300, .total_ms = 600 });
	CHECK(!w[0].cosigned && !w[1].cosigned && !w[3].cosigned);
	CHECK(w[2].cosigned);
	CHECK(mem_eq((struct bytes){ lines, lines_len },
	    cosigned(&w_key, w_seed, 5, WORLD_NOW)));
	fake_stop(&good);
	fake_stop(&bad);
	fake_stop(&mute);
}

TEST(lines_come_in_the_order_of_the_witnesses)
{
	struct tlog_key other =
	    world_key("w2.example", TLOG_KEY_COSIGNATURE, log_seed);
	struct bytes one = cosigned(&w_key, w_seed, 8, WORLD_NOW);
	struct bytes two = cosigned(&other, log_seed, 8, WORLD_NOW - 7);
	struct fake f[2];
	struct logd_witness w[2];

	for (size_t i = 0; i < 2; i++) {
		fake_start(&f[i], always);
		f[i].status = 200;
		f[i].text = (const char *)(i == 0 ? one.p : two.p);
		w[i] = witness_at(&f[i]);
	}
	w[1].key = other;
	ask(w, 2, 8);
	CHECK(w[0].cosigned && w[1].cosigned && w[1].time == WORLD_NOW - 7);
	CHECK(mem_eq((struct bytes){ lines, lines_len }, world_more(one, two)));
	fake_stop(&f[0]);
	fake_stop(&f[1]);
}

/* ---- another history ------------------------------------------------------- */

TEST(a_witness_of_a_larger_tree_proves_that_the_log_is_an_old_copy)
{
	struct fake f;
	struct logd_witness w;

	fake_start(&f, honest);
	CHECK_OK(logd_witnessd_open(&f.w, dir_witness(), NULL));
	w = witness_at(&f);
	ask(&w, 1, 8);
	w.size = 0;
	ask(&w, 1, 5);
	CHECK(w.rolled_back && w.proven && !w.cosigned && w.size == 8);
	says(&w, "cosigned this log at size 8, which is 5 here");
	CHECK_EQ(f.posts, 3); /* 200; 409, and its view */
	CHECK(strncmp(f.path, "GET /", 5) == 0);
	CHECK(strstr(f.path, "/checkpoint HTTP/1.1") != NULL);
	CHECK_EQ(lines_len, 0);
	fake_stop(&f);
}

TEST(a_witness_of_another_tree_proves_a_fork)
{
	struct fake f;
	struct logd_witness w;

	fake_start(&f, honest);
	CHECK_OK(logd_witnessd_open(&f.w, dir_witness(), NULL));
	w = witness_at(&f);
	ask(&w, 1, 5);
	w.size = 0;
	ask_as(&w, 1, fork_leaf, 5, (struct logd_ask){ .each_ms = 0 });
	CHECK(w.rolled_back && w.proven && w.size == 5); /* the same size */
	says(&w, "another tree of size 5");
	w.size = 0;
	ask_as(&w, 1, fork_leaf, 300, (struct logd_ask){ .each_ms = 0 });
	CHECK(w.rolled_back && w.proven && w.size == 5); /* a smaller one */
	ask(&w, 1, 8);
	CHECK(w.cosigned && !w.rolled_back && !w.proven);
	fake_stop(&f);
}

static const char *view; /* what is shown to those who ask for a proof */

static void claims(
    struct fake *f, struct wr *out, struct bytes head, struct bytes body)
{
	(void)body;
	if (head.p[0] == 'P')
		put_answer(out, f->status, str_bytes(f->text));
	else
		put_answer(out, view != NULL ? 200 : 404,
		    str_bytes(view != NULL ? view : ""));
}

static void check_claim(const char *shown, bool proven)
{
	struct fake f;
	struct logd_witness w;

	view = shown;
	fake_start(&f, claims);
	f.status = 409;
	f.text = "9\n";
	w = witness_at(&f);
	ask(&w, 1, 8);
	CHECK(w.rolled_back && w.size == 9);
	CHECK(w.proven == proven);
	says(&w, "at size 9");
	fake_stop(&f);
}

TEST(a_claim_of_another_history_is_proven_by_the_logs_signature_alone)
{
	struct bytes text =
	    str_bytes("log.example/other\n9\n"
		      "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBA"
		      "QE=\n");
	struct tlog_tiles unreadable = { .size = 8, .read = no_tile };
	struct fake f;
	struct logd_witness w;

	check_claim(NULL, false);
	check_claim("garbage", false);
	check_claim((const char *)world_note(world_leaf, 9).p, true);
	check_claim(
	    (const char *)world_note(world_leaf, 8).p, false); /* ours */
	check_claim((const char *)world_note(world_leaf, 5).p, false);
	check_claim((const char *)world_note(world_leaf, 0).p, false);
	check_claim((const char *)world_note(fork_leaf, 5).p, true);
	check_claim((const char *)world_signed(
			world_text(world_leaf, 9), &log_key, w_seed)
			.p,
	    false); /* not signed by the log */
	check_claim(
	    (const char *)world_signed(text, &log_key, log_seed).p, false);
	check_claim(
	    (const char *)world_signed(str_bytes("text\n"), &log_key, log_seed)
		.p,
	    false);

	/* nor can anything be compared with tiles that cannot be read */
	view = (const char *)world_note(fork_leaf, 5).p;
	fake_start(&f, claims);
	f.status = 409;
	f.text = "9\n";
	w = witness_at(&f);
	ask_as(&w, 1, world_leaf, 8, (struct logd_ask){ .tiles = &unreadable });
	CHECK(w.rolled_back && !w.proven);
	fake_stop(&f);

	/* nobody asks for a proof without the log's key */
	view = (const char *)world_note(world_leaf, 9).p;
	fake_start(&f, claims);
	f.status = 409;
	f.text = "9\n";
	w = witness_at(&f);
	{
		struct wr out = wr_init(lines, sizeof(lines));
		struct tlog_tiles tiles = { .size = 8, .read = no_tile };
		struct logd_ask q = { .note = world_note(world_leaf, 8),
			.tiles = &tiles,
			.now_s = WORLD_NOW };

		tlog_root(&q.root, world_leaf, 8);
		CHECK_OK(logd_ask_witnesses(&out, &w, 1, &q, NULL));
	}
	CHECK(w.rolled_back && !w.proven);
	CHECK_EQ(f.posts, 1);
	fake_stop(&f);
}

static void refusing(
    struct fake *f, struct wr *out, struct bytes head, struct bytes body)
{
	(void)body;
	if (head.p[0] == 'P')
		put_answer(out, f->posts == 1 ? 409 : 422, str_bytes(f->text));
	else
		put_answer(out, 404, str_bytes(""));
}

TEST(a_refused_proof_is_a_claim_too)
{
	static const char *const told[] = { "1\n", "5\n", "8\n" };
	struct fake f;
	struct logd_witness w;

	for (size_t i = 0; i < 3; i++) {
		fake_start(&f, refusing);
		f.text = told[i];
		w = witness_at(&f);
		ask(&w, 1, 8);
		CHECK(w.rolled_back && !w.proven);
		CHECK_EQ(w.size, strtoul(told[i], NULL, 10));
		says(&w, "another tree of size ");
		CHECK_EQ(f.posts, 3);
		fake_stop(&f);
	}
}

/* ---- hostile ones ---------------------------------------------------------- */

TEST(a_status_that_we_do_not_know_is_quoted_as_far_as_it_is_safe)
{
	struct fake f;
	struct logd_witness w;

	ask_always(&f, 404, "This witness does not know that log.\n", &w);
	CHECK_STR(w.why, "it answered 404: This witness does not know that "
			 "log.");
	CHECK_EQ(f.posts, 1);
	ask_always(&f, 500, "\x1b[31mred", &w);
	CHECK_STR(w.why, "it answered 500");
	ask_always(&f, 403, "bad\x1b[31m", &w);
	CHECK_STR(w.why, "it answered 403: bad");
	ask_always(&f, 500, "a ~\x7f", &w);
	CHECK_STR(w.why, "it answered 500: a ~");
	ask_always(&f, 500, " \x1f", &w);
	CHECK_STR(w.why, "it answered 500:  ");
	ask_always(&f, 500, "~", &w);
	CHECK_STR(w.why, "it answered 500: ~");
	ask_always(&f, 422, "", &w); /* from size 0: not another tree */
	CHECK_STR(w.why, "it answered 422");
	CHECK(!w.rolled_back);
	ask_always(&f, 204, "", &w);
	CHECK(!w.cosigned);
	ask_always(&f, 400,
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "x"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	    &w);
	CHECK_EQ(strlen(w.why), strlen("it answered 400: ") + 80);
}

TEST(what_was_known_of_a_witness_is_asked_from_and_forgotten)
{
	static const uint64_t known[][2] = { { 0, 0 }, { 5, 5 }, { 8, 8 },
		{ 9, 0 } };
	struct fake f;
	struct logd_witness w;

	fake_start(&f, always);
	f.status = 404;
	f.text = "";
	for (size_t i = 0; i < 4; i++) {
		w = witness_at(&f);
		w.size = known[i][0];
		w.time = 1;
		w.cosigned = w.rolled_back = w.proven = true;
		ask(&w, 1, 8);
		CHECK_EQ(f.old, known[i][1]);
		CHECK(w.size == 0 && w.time == 0);
		CHECK(!w.cosigned && !w.rolled_back && !w.proven);
	}
	CHECK_EQ(f.posts, 4);
	fake_stop(&f);
}

TEST(a_redirect_is_not_followed)
{
	struct fake f;
	struct logd_witness w;

	ask_always(&f, 302, "", &w);
	CHECK(!w.cosigned);
	CHECK_EQ(f.posts, 1);
}

TEST(garbage_is_no_cosignature)
{
	struct fake f;
	struct logd_witness w;

	ask_always(&f, 200, "", &w);
	says(&w, "no signature");
	ask_always(&f, 200, "ok\n", &w);
	says(&w, "no signature");
	ask_always(&f, 200, "\xff\xfe\n", &w);
	says(&w, "UTF-8");
	ask_always(&f, 200, NULL, &w); /* hangs up */
	CHECK(!w.cosigned);
	CHECK_EQ(lines_len, 0);
}

TEST(an_answer_without_end_is_cut_off)
{
	static uint8_t big[100 * 1024];
	struct fake f;
	struct logd_witness w;

	memset(big, 'x', sizeof(big));
	fake_start(&f, always);
	f.status = 200;
	f.big = big;
	f.big_len = sizeof(big);
	w = witness_at(&f);
	ask(&w, 1, 8);
	CHECK(!w.cosigned);
	f.status = 409;
	ask(&w, 1, 8);
	CHECK(!w.cosigned && !w.rolled_back);
	fake_stop(&f);
}

TEST(lines_of_others_do_not_count)
{
	uint8_t buf[1024];
	struct wr out = wr_init(buf, sizeof(buf));
	struct tlog_key other = w_key;
	struct fake f;
	struct logd_witness w;

	put_log_sig(&out, world_text(world_leaf, 8), &log_key, log_seed);
	ask_always(&f, 200, (const char *)world_keep(&out).p, &w);
	says(&w, "no signature of a known key");
	other.name = str_bytes("w2.example");
	ask_always(&f, 200,
	    (const char *)cosigned(&other, w_seed, 8, WORLD_NOW).p, &w);
	says(&w, "no signature of a known key");
	ask_always(&f, 200,
	    (const char *)cosigned(&w_key, log_seed, 8, WORLD_NOW).p, &w);
	says(&w, "does not verify");
	ask_always(&f, 200,
	    (const char *)cosigned(&w_key, w_seed, 5, WORLD_NOW).p, &w);
	says(&w, "does not verify"); /* of another tree */
	CHECK_EQ(lines_len, 0);
}

TEST(of_many_lines_only_the_witness_own_is_taken)
{
	uint8_t buf[1024];
	struct wr out = wr_init(buf, sizeof(buf));
	struct bytes own = cosigned(&w_key, w_seed, 8, WORLD_NOW);
	struct fake f;
	struct logd_witness w;

	put_log_sig(&out, world_text(world_leaf, 8), &log_key, log_seed);
	wr_bytes(&out, own);
	ask_always(&f, 200, (const char *)world_keep(&out).p, &w);
	CHECK(w.cosigned);
	CHECK(mem_eq((struct bytes){ lines, lines_len }, own));
}

TEST(a_time_ahead_of_our_clock_is_refused)
{
	struct fake f;
	struct logd_witness w;

	ask_always(&f, 200,
	    (const char *)cosigned(
		&w_key, w_seed, 8, WORLD_NOW + TLOG_SKEW_S + 1)
		.p,
	    &w);
	says(&w, "future");
	ask_always(&f, 200,
	    (const char *)cosigned(&w_key, w_seed, 8, WORLD_NOW + TLOG_SKEW_S)
		.p,
	    &w);
	CHECK(w.cosigned);
}

TEST(a_409_must_tell_a_size_and_a_new_one)
{
	struct fake f;
	struct logd_witness w;

	ask_always(&f, 409, "five\n", &w);
	says(&w, "without the size");
	CHECK_EQ(f.posts, 1);
	ask_always(&f, 409, "0\n", &w);
	says(&w, "asked from, 0");
	CHECK_EQ(f.posts, 1);
	ask_always(&f, 409, "5\n", &w); /* and 5 again */
	says(&w, "asked from, 5");
	CHECK_EQ(f.posts, 2);
	CHECK(!w.rolled_back);
}

static void moving(
    struct fake *f, struct wr *out, struct bytes head, struct bytes body)
{
	(void)head;
	(void)body;
	put_answer(out, 409, str_bytes(f->posts == 1 ? "5\n" : "6\n"));
}

TEST(one_409_is_followed_and_no_more)
{
	struct fake f;
	struct logd_witness w;

	fake_start(&f, moving);
	w = witness_at(&f);
	ask(&w, 1, 8);
	says(&w, "changed to 6");
	CHECK_EQ(f.posts, 2);
	CHECK(!w.rolled_back && w.size == 6);
	fake_stop(&f);
}

TEST(a_silent_witness_costs_its_time_and_no_more)
{
	struct fake f;
	struct logd_witness w;
	uint64_t start = clock_mono_ms();

	fake_start(&f, always);
	f.mute = true;
	w = witness_at(&f);
	ask_as(&w, 1, world_leaf, 8,
	    (struct logd_ask){ .each_ms = 20, .total_ms = PATIENCE_MS });
	CHECK(!w.cosigned);
	ask_as(&w, 1, world_leaf, 8,
	    (struct logd_ask){ .each_ms = PATIENCE_MS, .total_ms = 20 });
	CHECK(!w.cosigned);
	CHECK(clock_mono_ms() - start < PATIENCE_MS);
	fake_stop(&f);
}

/* ---- addresses, and our own faults ----------------------------------------- */

TEST(a_witness_is_asked_over_http_below_its_prefix)
{
	static const char *const end[] = { "", "/", "/w1", "/w1/" };
	struct bytes line = cosigned(&w_key, w_seed, 8, WORLD_NOW);
	struct addr tcp, local;
	struct fake f = { .answer = always, .status = 200 };
	struct logd_witness w = { .key = w_key };
	char url[512];

	f.text = (const char *)line.p;
	CHECK_OK(addr_parse(&tcp, "tcp:127.0.0.1:0", NULL));
	CHECK_OK(addr_listen(&f.listener, &tcp, NULL));
	CHECK_OK(addr_local(&local, f.listener));
	CHECK_EQ(pthread_create(&f.thread, NULL, serve, &f), 0);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(url, sizeof(url), "http://%s%s",
		    local.text + strlen("tcp:"), end[i]);
		w.url = url;
		ask(&w, 1, 8);
		CHECK(w.cosigned);
	}
	fake_stop(&f);
	CHECK_EQ(f.posts, 4);
	CHECK_STR(f.path, "POST /w1/add-checkpoint HTTP/1.1");
}

TEST(an_address_that_cannot_be_asked_is_a_sentence)
{
	char url[4096] = "http://localhost/";
	struct logd_witness w[3] = {
		{ .key = w_key, .url = "" },
		{ .key = w_key, .url = "gopher://example" },
		{ .key = w_key, .url = url },
	};

	memset(url + 17, 'a', sizeof(url) - 18);
	ask(w, 3, 8);
	CHECK(!w[0].cosigned && !w[1].cosigned && !w[2].cosigned);
	says(&w[2], "too long");
	url[HTTP_URL_LEN_MAX - strlen("/add-checkpoint") + 1] = '\0';
	ask(&w[2], 1, 8);
	says(&w[2], "its URL is too long");
	url[HTTP_URL_LEN_MAX - strlen("/add-checkpoint")] = '\0';
	ask_as(&w[2], 1, world_leaf, 8, (struct logd_ask){ .total_ms = 1 });
	CHECK(strstr(w[2].why, "its URL") == NULL);
}

TEST(tiles_that_give_no_proof_are_our_fault_and_said)
{
	struct tlog_tiles tiles = { .size = 8, .read = no_tile };
	struct tlog_tiles fork = {
		.size = 8, .read = read_tile, .cookie = fork_leaf
	};
	struct fake f;
	struct logd_witness w;

	fake_start(&f, always);
	f.status = 409;
	f.text = "5\n";
	w = witness_at(&f);
	ask_as(&w, 1, world_leaf, 8, (struct logd_ask){ .tiles = &tiles });
	says(&w, "tile unreadable");
	ask_as(&w, 1, world_leaf, 8, (struct logd_ask){ .tiles = &fork });
	says(&w, "the tiles give no proof from size 5");
	CHECK(!w.rolled_back);
	fake_stop(&f);
}

/* Other people's lines may make it long. */
TEST(a_checkpoint_too_long_for_a_request_is_said)
{
	static uint8_t buf[TLOG_WITNESS_BODY_MAX + 8192];
	struct wr note = wr_init(buf, sizeof(buf)), out = wr_init(lines, 10);
	struct tlog_tiles tiles = {
		.size = 8, .read = read_tile, .cookie = world_leaf
	};
	struct logd_ask q = { .tiles = &tiles, .now_s = WORLD_NOW };
	struct logd_witness w = { .key = w_key, .url = "unix:/nonexistent" };

	wr_bytes(&note, world_note(world_leaf, 8));
	wr_str(&note, "\xe2\x80\x94 long ");
	wr_fill(&note, 'A', TLOG_WITNESS_BODY_MAX);
	wr_str(&note, "\n");
	CHECK_OK(note.err);
	q.note = (struct bytes){ buf, note.len };
	tlog_root(&q.root, world_leaf, 8);
	CHECK_OK(logd_ask_witnesses(&out, &w, 1, &q, NULL));
	says(&w, "too long to be sent");
}

TEST(a_question_that_is_no_checkpoint_is_an_error)
{
	struct wr out = wr_init(lines, sizeof(lines));
	struct logd_witness w = { .key = w_key, .url = "unix:/nonexistent" };
	struct logd_ask q = { .note = str_bytes("no note") };

	CHECK_ERR(logd_ask_witnesses(&out, &w, 1, &q, NULL), ERR_FORMAT);
	q.note = world_signed(str_bytes("text\n"), &log_key, log_seed);
	CHECK_ERR(logd_ask_witnesses(&out, &w, 1, &q, NULL), ERR_TRUNCATED);
}

TEST(nobody_to_ask_is_no_error_and_a_full_buffer_is)
{
	struct bytes line = cosigned(&w_key, w_seed, 8, WORLD_NOW);
	struct tlog_tiles tiles = {
		.size = 8, .read = read_tile, .cookie = world_leaf
	};
	struct logd_ask q = { .note = world_note(world_leaf, 8),
		.tiles = &tiles,
		.now_s = WORLD_NOW };
	struct wr out = wr_init(lines, 10);
	struct err_ctx why = { 0 };
	struct fake f;
	struct logd_witness w;

	tlog_root(&q.root, world_leaf, 8);
	CHECK_OK(logd_ask_witnesses(&out, NULL, 0, &q, NULL));
	CHECK_EQ(out.len, 0);
	fake_start(&f, always);
	f.status = 200;
	f.text = (const char *)line.p;
	w = witness_at(&f);
	CHECK_ERR(logd_ask_witnesses(&out, &w, 1, &q, &why), ERR_NOSPACE);
	CHECK(strstr(why.msg, "cosignatures") != NULL);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_grows_with_its_witness),
		cmocka_unit_test(
		    a_witness_that_has_an_older_tree_gets_the_proof),
		cmocka_unit_test(the_others_are_unaffected),
		cmocka_unit_test(lines_come_in_the_order_of_the_witnesses),
		cmocka_unit_test(
		    a_witness_of_a_larger_tree_proves_that_the_log_is_an_old_copy),
		cmocka_unit_test(a_witness_of_another_tree_proves_a_fork),
		cmocka_unit_test(
		    a_claim_of_another_history_is_proven_by_the_logs_signature_alone),
		cmocka_unit_test(a_refused_proof_is_a_claim_too),
		cmocka_unit_test(
		    a_status_that_we_do_not_know_is_quoted_as_far_as_it_is_safe),
		cmocka_unit_test(
		    what_was_known_of_a_witness_is_asked_from_and_forgotten),
		cmocka_unit_test(a_redirect_is_not_followed),
		cmocka_unit_test(garbage_is_no_cosignature),
		cmocka_unit_test(an_answer_without_end_is_cut_off),
		cmocka_unit_test(lines_of_others_do_not_count),
		cmocka_unit_test(of_many_lines_only_the_witness_own_is_taken),
		cmocka_unit_test(a_time_ahead_of_our_clock_is_refused),
		cmocka_unit_test(a_409_must_tell_a_size_and_a_new_one),
		cmocka_unit_test(one_409_is_followed_and_no_more),
		cmocka_unit_test(a_silent_witness_costs_its_time_and_no_more),
		cmocka_unit_test(a_witness_is_asked_over_http_below_its_prefix),
		cmocka_unit_test(an_address_that_cannot_be_asked_is_a_sentence),
		cmocka_unit_test(
		    tiles_that_give_no_proof_are_our_fault_and_said),
		cmocka_unit_test(a_checkpoint_too_long_for_a_request_is_said),
		cmocka_unit_test(a_question_that_is_no_checkpoint_is_an_error),
		cmocka_unit_test(
		    nobody_to_ask_is_no_error_and_a_full_buffer_is),
	};

	return cmocka_run_group_tests(tests, dir_setup, dir_teardown);
}
