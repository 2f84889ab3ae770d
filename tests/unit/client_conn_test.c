/*
 * A connection against an enclave in the same thread, over a client_io with an
 * invented clock: what is accepted, what is refused and why, what was sent by
 * then, coming back, and answers that do not arrive whole.
 */
#include "evidence_fixture.h"

#include "client/conn.h"
#include "client/home.h"
#include "client/resume.h"
#include "protocol/session_server.h"

#define WIRE_MAX 400000

/* The enclave, and what can be wrong with it. */
struct world {
	struct fix fix;
	struct client_io io;
	struct client_config config;
	struct client_conn *conn;
	struct session_server server;
	struct session_server_keys keys;
	uint8_t s_priv[X25519_LEN], e_priv[X25519_LEN], hash[SHA256_LEN];
	uint8_t bundle[EVIDENCE_LEN_MAX];
	uint8_t request[FRAME_REQUEST_MAX];
	uint8_t in[WIRE_MAX], out[WIRE_MAX]; /* as the enclave sees them */
	size_t in_len, out_len, out_off;
	uint64_t ms, unix_s;
	unsigned dials, credits;
	size_t sent;    /* bytes of the client since the dial */
	size_t packets; /* of the client since the dial */
	bool silent, cut;
	bool deaf;  /* accepts bytes, never answers */
	bool noise; /* answers with garbage */
	const char *answer;
	size_t answer_off, repeat;
	unsigned delta_max; /* stop the stream after so many DELTAs; 0: never */
	unsigned deltas;
	unsigned late_at; /* with so many DELTAs the deadline comes; 0: never */
	unsigned timely;  /* DELTAs that were sent before it */
	bool cancelled, errs, ends;
};

static struct world *the;
static char home[64];

static struct wr server_out(struct world *w)
{
	return wr_init(w->out + w->out_len, WIRE_MAX - w->out_len);
}

static enum err dial(void *cookie, struct err_ctx *ctx)
{
	struct world *w = cookie;

	(void)ctx;
	w->dials++;
	w->in_len = w->out_len = w->out_off = w->sent = w->packets = 0;
	crypto_random(w->e_priv, sizeof(w->e_priv));
	session_server_init(&w->server, w->request, sizeof(w->request));
	return ERR_OK;
}

static void hang_up(void *cookie)
{
	struct world *w = cookie;

	session_server_wipe(&w->server);
}

static void serve(struct world *w)
{
	struct session_server_event ev;
	struct bytes body;
	size_t used;

	while (!w->deaf && packet_find((struct bytes){ w->in, w->in_len },
			       PACKET_BODY_MAX, &body, &used) == ERR_OK) {
		struct wr out = server_out(w);
		enum err e = session_server_packet(&w->server, &w->keys,
		    w->in + PACKET_HEADER_LEN, body.len, &ev, &out);

		w->packets++;
		w->out_len += out.len;
		memmove(w->in, w->in + used, w->in_len - used);
		w->in_len -= used;
		if (e != ERR_OK)
			w->cut = true;
		else if (ev.type == SESSION_SERVER_REQUEST)
			session_server_request_done(&w->server);
		else if (ev.type == SESSION_SERVER_CANCEL)
			w->cancelled = true;
	}
	if (w->noise) {
		memset(w->out, 0x5a, 1000);
		w->out[0] = 0; /* a packet of 90 bytes */
		w->out_len = 1000;
	}
}

static enum err io_write(void *cookie, const void *p, size_t len, size_t *n)
{
	struct world *w = cookie;

	assert_true(w->in_len + len <= WIRE_MAX);
	memcpy(w->in + w->in_len, p, len);
	w->in_len += len;
	w->sent += len;
	*n = len;
	serve(w);
	return ERR_OK;
}

static enum err io_read(void *cookie, void *out, size_t cap, size_t *n)
{
	struct world *w = cookie;
	size_t left = w->out_len - w->out_off;

	*n = left < cap ? left : cap;
	memcpy(out, w->out + w->out_off, *n);
	w->out_off += *n;
	if (w->out_off == w->out_len)
		w->out_off = w->out_len = 0;
	if (*n > 0)
		return ERR_OK;
	return w->cut ? ERR_CLOSED : ERR_AGAIN;
}

static const char done_json[] =
    "{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":0,\"model\":"
    "\"demo\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":null},\"finish_reason\":\"stop\"}]}";
static const char error_json[] =
    "{\"error\":{\"message\":\"too long\",\"type\":\"invalid_request_error\","
    "\"param\":null,\"code\":\"context_length_exceeded\"}}";

/* The answer: w->answer `repeat` times as DELTA, then a RESULT or an ERROR. */
static size_t pull(void *cookie, uint32_t stream, uint8_t *buf, size_t cap,
    enum frame_type *type, bool *last)
{
	struct world *w = cookie;
	const char *json = w->errs ? error_json : done_json;
	size_t n;

	(void)stream;
	if (w->repeat > 0 && !w->cancelled && !w->errs) {
		n = strlen(w->answer);
		assert_true(n <= cap);
		memcpy(buf, w->answer, n);
		w->repeat--;
		w->deltas++;
		*type = FRAME_DELTA;
		return n;
	}
	n = strlen(json) - w->answer_off;
	n = n < cap ? n : cap;
	memcpy(buf, json + w->answer_off, n);
	w->answer_off += n;
	*type = w->errs ? FRAME_ERROR : FRAME_RESULT;
	*last = w->answer_off == strlen(json);
	return n;
}

/* Time passes: a tick where one is due, else straight to the end. */
static enum err io_wait(void *cookie, bool writable, uint64_t until_ms)
{
	struct world *w = cookie;
	struct wr out = server_out(w);

	(void)writable;
	if (w->out_len > w->out_off || w->cut)
		return ERR_OK;
	if (w->silent || !session_server_paced(&w->server)) {
		w->ms = until_ms;
		return ERR_TIMEOUT;
	}
	w->ms += FRAME_TICK_MS;
	w->answer_off = w->answer_off == strlen(done_json) ? 0 : w->answer_off;
	CHECK_OK(session_server_tick(&w->server, pull, w, &out));
	w->out_len += out.len;
	if (w->late_at > 0 && w->deltas >= w->late_at)
		w->unix_s = w->conn->judgement.verdict.checks.deadline_s;
	else
		w->timely = w->deltas;
	if (w->delta_max > 0 && w->deltas >= w->delta_max) {
		if (w->ends) {
			out = server_out(w);
			(void)!session_server_end(
			    &w->server, FRAME_END_STOPPING, &out);
			w->out_len += out.len;
			w->delta_max = 0;
		} else {
			w->cut = true;
		}
	}
	return ERR_OK;
}

static uint64_t io_mono(void *cookie)
{
	return ((struct world *)cookie)->ms;
}
static uint64_t io_unix(void *cookie)
{
	return ((struct world *)cookie)->unix_s;
}
static void io_random(void *cookie, void *out, size_t n)
{
	(void)cookie;
	crypto_random(out, n);
}

static void new_key(struct world *w)
{
	uint8_t data[SNP_REPORT_DATA_LEN];
	struct bytes b;

	crypto_random(w->s_priv, sizeof(w->s_priv));
	crypto_x25519_base(w->fix.s_pub, w->s_priv);
	report_data_make(data, w->fix.s_pub, &w->fix.binding);
	CHECK_OK(simtee_report_make(w->fix.report, &w->fix.tee, data));
	b = fix_bundle(&w->fix);
	memcpy(w->bundle, b.p, b.len);
	evidence_digest(w->hash, (struct bytes){ w->bundle, b.len });
	w->keys = (struct session_server_keys){ .s_priv = w->s_priv,
		.s_pub = w->fix.s_pub,
		.evidence = { w->bundle, b.len },
		.evidence_hash = w->hash,
		.e_priv = w->e_priv };
}

/* A good enclave and a client that accepts simulated ones. */
static int world_new(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	(void)state;
	the = w;
	(void)snprintf(home, sizeof(home), "/tmp/client_conn_XXXXXX");
	if (w == NULL || mkdtemp(home) == NULL)
		return -1;
	fix_init(&w->fix);
	new_key(w);
	w->ms = 1000;
	w->unix_s = FIX_NOW;
	w->answer = "hello ";
	w->repeat = 3;
	w->io = (struct client_io){ w, dial, hang_up, io_read, io_write,
		io_wait, io_mono, io_unix, io_random };
	w->config = (struct client_config){ .io = &w->io,
		.address = "unix:/test",
		.home = home,
		.trust = &w->fix.trust,
		.accept_simulated = true };
	w->conn = client_conn_new(&w->config);
	return w->conn == NULL;
}

static int world_free(void **state)
{
	char command[128];

	(void)state;
	client_conn_free(the->conn);
	fix_clear(&the->fix);
	free(the);
	(void)snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command);
}

static char text[65536];

static void on_text(void *cookie, struct bytes piece)
{
	size_t n = strlen(text);

	(void)cookie;
	if (n + piece.len < sizeof(text)) {
		memcpy(text + n, piece.p, piece.len);
		text[n + piece.len] = '\0';
	}
}

static enum err ask(struct client_reply *reply, struct err_ctx *ctx)
{
	const struct client_ask a = { .method = SESSION_METHOD_CHAT,
		.body = BYTES_LITERAL("{}"),
		.text = on_text };

	text[0] = '\0';
	*ctx = (struct err_ctx){ 0 };
	return client_conn_ask(the->conn, &a, reply, ctx);
}

TEST(good_evidence_is_accepted_and_answers_arrive)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	if (client_conn_open(the->conn, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	CHECK(the->conn->judgement.verdict.accepted);
	CHECK(the->conn->judgement.verdict.simulated);
	CHECK(!the->conn->history.resumed);
	CHECK_OK(ask(&reply, &ctx));
	CHECK_STR(text, "hello hello hello ");
	CHECK(!reply.error);
	CHECK_EQ(reply.json.len, strlen(done_json));
	CHECK_MEM(reply.json.p, done_json, reply.json.len);
	client_conn_close(the->conn);
	CHECK_EQ(the->conn->ended, FRAME_END_DONE);
}

/* P-09: the first packet is all that a refused enclave ever gets. */
static void check_refused(const char *why)
{
	struct err_ctx ctx = { 0 };
	size_t hello;

	CHECK(client_conn_open(the->conn, &ctx) != ERR_OK);
	CHECK_EQ(the->conn->fault, CLIENT_FAULT_REFUSED);
	CHECK_EQ(the->packets, 1);
	hello = the->sent;
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
	CHECK(!the->conn->open);
	client_conn_close(the->conn);
	CHECK_EQ(the->sent, hello);
	CHECK(hello < PACKET_FIRST_MAX);
}

TEST(simulated_evidence_is_refused_unless_asked_for)
{
	the->config.accept_simulated = false;
	check_refused("SIMULATED");
	CHECK_EQ(the->conn->judgement.verdict.failed, CHECK_TEE);
}

TEST(evidence_for_another_key_is_refused)
{
	uint8_t other[X25519_LEN];

	crypto_random(the->s_priv, sizeof(the->s_priv));
	crypto_x25519_base(other, the->s_priv);
	the->keys.s_pub = other;
	check_refused("");
	CHECK_EQ(the->conn->judgement.verdict.failed, CHECK_REPORT_DATA);
}

TEST(an_unreleased_measurement_is_refused)
{
	the->fix.rec[FIX_IMAGE].image.sim[0][0] ^= 1;
	new_key(the);
	check_refused("");
	CHECK_EQ(the->conn->judgement.verdict.failed, CHECK_MEASUREMENT);
}

TEST(a_forged_report_signature_is_refused)
{
	struct bytes b;

	the->fix.report[0x2A0] ^= 1;
	the->fix.keep_report_sig = true;
	b = fix_bundle(&the->fix);
	memcpy(the->bundle, b.p, b.len);
	evidence_digest(the->hash, (struct bytes){ the->bundle, b.len });
	check_refused("");
	CHECK_EQ(the->conn->judgement.verdict.failed, CHECK_REPORT_SIG);
}

TEST(expired_records_are_refused)
{
	the->unix_s = FIX_NOW + 6 * FIX_DAY;
	check_refused("");
}

TEST(an_older_policy_than_one_seen_is_refused)
{
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	client_conn_close(the->conn);
	client_resume_forget(home, "unix:/test");
	the->fix.rec[FIX_POLICY].seq = 8;
	new_key(the);
	check_refused("");
	CHECK_EQ(the->conn->judgement.verdict.failed, CHECK_POLICY_SEQ);
}

/* Connect twice: the second time the log shows another tree of the same size. */
static void show_two_trees(const char *between, const char *says)
{
	struct err_ctx ctx = { 0 };
	char command[400];

	CHECK_OK(client_conn_open(the->conn, &ctx));
	client_conn_close(the->conn);
	client_resume_forget(home, "unix:/test");
	(void)snprintf(command, sizeof(command), "cd %s && %s", home, between);
	CHECK_EQ(system(command), 0);
	the->fix.rec[FIX_MODEL].model.context++; /* another tree */
	new_key(the);
	CHECK_ERR(client_conn_open(the->conn, &ctx), ERR_AUTH);
	CHECK_EQ(the->conn->fault, CLIENT_FAULT_MISBEHAVIOUR);
	CHECK_EQ(the->packets, 1);
	CHECK(strstr(ctx.msg, "two different trees") != NULL);
	CHECK(strstr(ctx.msg, says) != NULL);
}

static void check_in_home(const char *claim)
{
	char command[400];

	(void)snprintf(command, sizeof(command), "cd %s && %s", home, claim);
	CHECK_EQ(system(command), 0);
}

/* L-26: the same size with another root proves that the log lied, to anybody
 * who has both notes. */
TEST(two_trees_of_one_size_are_misbehaviour)
{
	show_two_trees("true", "sent; the proof is kept");
	check_in_home("test $(ls proof | wc -l) = 3 && "
		      "test $(cat proof/*.evidence | wc -c) -gt 1000");
	check_in_home("cmp state/*.checkpoint proof/*.note-1");
	check_in_home("test \"$(sed -n 1,2p proof/*.note-1)\" = "
		      "\"$(sed -n 1,2p proof/*.note-2)\"");
	check_in_home("test \"$(sed -n 3p proof/*.note-1)\" != "
		      "\"$(sed -n 3p proof/*.note-2)\"");
}

TEST(a_proof_that_cannot_be_kept_is_not_said_to_be)
{
	show_two_trees(
	    "rm state/*.checkpoint", "not all of the proof could be kept");
	check_in_home("test $(ls proof) = $(basename proof/*.evidence)");
}

TEST(a_proof_without_a_place_is_not_said_to_be_kept)
{
	show_two_trees("touch proof", "not all of the proof could be kept");
}

TEST(damaged_state_stops_before_anything_is_sent)
{
	struct err_ctx ctx = { 0 };
	char path[FD_PATH_MAX];

	CHECK_OK(client_home_make(home, "state", NULL));
	CHECK_OK(
	    client_home_path(path, home, "state", "confer@local.json", NULL));
	CHECK_OK(fd_replace_file(path, fix_str("{"), 0600, NULL));
	CHECK(client_conn_open(the->conn, &ctx) != ERR_OK);
	CHECK_EQ(the->conn->fault, CLIENT_FAULT_DAMAGE);
	CHECK_EQ(the->dials, 0);
}

TEST(a_second_time_it_comes_back_with_ik)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	client_conn_close(the->conn);
	CHECK_OK(client_conn_open(the->conn, &ctx));
	CHECK(the->conn->history.resumed);
	CHECK(the->conn->history.same);
	CHECK(!the->conn->history.fell_back);
	CHECK_EQ(the->packets, 1); /* no `finish` after IK */
	CHECK_OK(ask(&reply, &ctx));
	CHECK_STR(text, "hello hello hello ");
}

/* P-11: what today's policy would not accept is not used. */
TEST(evidence_that_is_no_longer_accepted_is_not_used_for_ik)
{
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	client_conn_close(the->conn);
	the->config.accept_simulated = false;
	CHECK(client_conn_open(the->conn, &ctx) != ERR_OK);
	CHECK(!the->conn->history.resumed);
	CHECK_EQ(the->conn->fault, CLIENT_FAULT_REFUSED);
}

TEST(a_restarted_enclave_is_met_by_fallback)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	client_conn_close(the->conn);
	new_key(the);
	CHECK_OK(client_conn_open(the->conn, &ctx));
	CHECK(the->conn->history.resumed);
	CHECK(the->conn->history.fell_back);
	CHECK_EQ(the->dials, 2);
	CHECK_OK(ask(&reply, &ctx));
	CHECK_STR(text, "hello hello hello ");
}

TEST(a_cut_answer_is_an_error_and_ends_the_session)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	the->repeat = 1000;
	the->delta_max = 8;
	CHECK_ERR(ask(&reply, &ctx), ERR_CLOSED);
	CHECK_EQ(the->conn->fault, CLIENT_FAULT_UNREACHABLE);
	CHECK(strstr(ctx.msg, "before the answer was complete") != NULL);
	CHECK(strlen(text) > 0);
	CHECK(!the->conn->open);
	CHECK_ERR(ask(&reply, &ctx), ERR_CLOSED);
}

TEST(an_answer_that_is_no_utf8_is_refused) /* P-26 */
{
	static const char *const bad[] = { "\xff\xfe", "a\xc3(", "\xe2\x82" };
	struct client_reply reply;
	struct err_ctx ctx;

	for (size_t i = 0; i < 3; i++) {
		ctx = (struct err_ctx){ 0 };
		CHECK_OK(client_conn_open(the->conn, &ctx));
		the->answer = bad[i];
		the->answer_off = 0;
		the->repeat = 1;
		CHECK_ERR(ask(&reply, &ctx), ERR_FORMAT);
		CHECK_EQ(the->conn->fault, CLIENT_FAULT_REFUSED);
		CHECK(!the->conn->open);
	}
}

TEST(an_end_inside_an_answer_says_its_reason)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	the->repeat = 1000;
	the->delta_max = 8;
	the->ends = true;
	CHECK_ERR(ask(&reply, &ctx), ERR_CANCELLED);
	CHECK(strstr(ctx.msg, "stopping") != NULL);
	CHECK_EQ(the->conn->ended, FRAME_END_STOPPING);
}

/* P-43 */
TEST(a_silent_enclave_is_given_up)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };
	uint64_t start;

	the->deaf = true;
	start = the->ms;
	CHECK_ERR(client_conn_open(the->conn, &ctx), ERR_TIMEOUT);
	CHECK_EQ(the->ms - start, CLIENT_REPLY_MS);
	CHECK_EQ(the->conn->fault, CLIENT_FAULT_UNREACHABLE);
	the->deaf = false;
	CHECK_OK(client_conn_open(the->conn, &ctx));
	the->silent = true;
	start = the->ms;
	CHECK_ERR(ask(&reply, &ctx), ERR_TIMEOUT);
	CHECK_EQ(the->ms - start, CLIENT_SILENCE_MS);
}

TEST(garbage_is_refused)
{
	struct err_ctx ctx = { 0 };

	the->noise = true;
	CHECK(client_conn_open(the->conn, &ctx) != ERR_OK);
	CHECK_EQ(the->conn->fault, CLIENT_FAULT_REFUSED);
	CHECK(strstr(ctx.msg, "does not speak our protocol") != NULL);
}

/* P-31 */
TEST(the_deadline_ends_a_session_before_a_question)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };
	size_t before;

	CHECK_OK(client_conn_open(the->conn, &ctx));
	the->unix_s = the->conn->judgement.verdict.checks.deadline_s;
	before = the->packets;
	CHECK_ERR(ask(&reply, &ctx), ERR_CLOSED);
	CHECK_EQ(the->conn->ended, FRAME_END_EXPIRED);
	CHECK_EQ(the->packets, before + 1); /* the END, and no request */
	CHECK(!the->conn->open);
}

TEST(the_deadline_ends_a_session_inside_an_answer)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	the->repeat = 1000;
	the->late_at = 20;
	CHECK_ERR(ask(&reply, &ctx), ERR_EXPIRED);
	CHECK_STR(ctx.msg,
	    "what was verified about the enclave is no longer current");
	CHECK_EQ(the->conn->ended, FRAME_END_EXPIRED);
	CHECK(!the->conn->open);
	CHECK(the->deltas < 100);
	/* What came before is shown, and nothing that came later. */
	CHECK(the->timely > 0);
	CHECK_EQ(strlen(text), the->timely * strlen(the->answer));
}

/* [L-39] A list that nobody maintains ends sessions, and begins none. */
TEST(a_session_ends_with_the_list_of_witnesses)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	the->fix.until = FIX_NOW + 60;
	fix_trust(&the->fix, the->fix.tee.root.pub);
	CHECK_OK(client_conn_open(the->conn, &ctx));
	CHECK_EQ(the->conn->judgement.verdict.checks.deadline_s, FIX_NOW + 60);
	the->unix_s = FIX_NOW + 59;
	CHECK_OK(ask(&reply, &ctx));
	the->unix_s = FIX_NOW + 60;
	client_conn_poll(the->conn);
	CHECK(!the->conn->open);
	CHECK_EQ(the->conn->ended, FRAME_END_EXPIRED);
	check_refused("ended on");
}

static bool always(void *cookie)
{
	(void)cookie;
	return the->deltas >= 8;
}

TEST(cancelling_ends_the_answer_and_not_the_session)
{
	const struct client_ask a = { .method = SESSION_METHOD_CHAT,
		.body = BYTES_LITERAL("{}"),
		.text = on_text,
		.cancelled = always };
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	the->repeat = 100000;
	CHECK_OK(client_conn_ask(the->conn, &a, &reply, &ctx));
	CHECK(the->cancelled);
	CHECK(the->deltas < 100);
	CHECK(the->conn->open);
}

/* P-28: without CREDIT the enclave would stop at 65536 bytes. */
TEST(long_answers_are_given_credit)
{
	static char piece[FRAME_SLOT_DATA + 1];
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	memset(piece, 'x', FRAME_SLOT_DATA);
	CHECK_OK(client_conn_open(the->conn, &ctx));
	the->answer = piece;
	the->repeat = 1000;
	CHECK_OK(ask(&reply, &ctx));
	CHECK_EQ(the->deltas, 1000);
	CHECK_EQ(the->repeat, 0);
}

TEST(an_error_of_the_enclave_is_an_answer)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_conn_open(the->conn, &ctx));
	the->errs = true;
	CHECK_OK(ask(&reply, &ctx));
	CHECK(reply.error);
	CHECK(the->conn->open);
}

TEST(an_idle_end_is_noticed_before_the_next_question)
{
	struct err_ctx ctx = { 0 };
	struct wr out;

	CHECK_OK(client_conn_open(the->conn, &ctx));
	out = server_out(the);
	CHECK_OK(session_server_end(&the->server, FRAME_END_IDLE, &out));
	the->out_len += out.len;
	client_conn_poll(the->conn);
	CHECK(!the->conn->open);
	CHECK_EQ(the->conn->ended, FRAME_END_IDLE);
}

TEST(looking_for_an_end_does_not_wait_for_one)
{
	struct client_reply reply;
	struct err_ctx ctx = { 0 };
	uint64_t before;

	CHECK_OK(client_conn_open(the->conn, &ctx));
	CHECK_OK(ask(&reply, &ctx)); /* empty records of its tick remain */
	before = the->ms;
	client_conn_poll(the->conn);
	CHECK(the->conn->open);
	CHECK_EQ(the->ms, before);
}

TEST(without_a_home_nothing_is_remembered)
{
	struct err_ctx ctx = { 0 };

	the->config.home = NULL;
	CHECK_OK(client_conn_open(the->conn, &ctx));
	client_conn_close(the->conn);
	CHECK_OK(client_conn_open(the->conn, &ctx));
	CHECK(!the->conn->history.resumed);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_new, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(good_evidence_is_accepted_and_answers_arrive),
		T(simulated_evidence_is_refused_unless_asked_for),
		T(evidence_for_another_key_is_refused),
		T(an_unreleased_measurement_is_refused),
		T(a_forged_report_signature_is_refused),
		T(expired_records_are_refused),
		T(an_older_policy_than_one_seen_is_refused),
		T(two_trees_of_one_size_are_misbehaviour),
		T(a_proof_that_cannot_be_kept_is_not_said_to_be),
		T(a_proof_without_a_place_is_not_said_to_be_kept),
		T(damaged_state_stops_before_anything_is_sent),
		T(a_second_time_it_comes_back_with_ik),
		T(evidence_that_is_no_longer_accepted_is_not_used_for_ik),
		T(a_restarted_enclave_is_met_by_fallback),
		T(a_cut_answer_is_an_error_and_ends_the_session),
		T(an_answer_that_is_no_utf8_is_refused),
		T(an_end_inside_an_answer_says_its_reason),
		T(a_silent_enclave_is_given_up),
		T(garbage_is_refused),
		T(the_deadline_ends_a_session_before_a_question),
		T(the_deadline_ends_a_session_inside_an_answer),
		T(a_session_ends_with_the_list_of_witnesses),
		T(cancelling_ends_the_answer_and_not_the_session),
		T(long_answers_are_given_credit),
		T(an_error_of_the_enclave_is_an_answer),
		T(an_idle_end_is_noticed_before_the_next_question),
		T(looking_for_an_end_does_not_wait_for_one),
		T(without_a_home_nothing_is_remembered),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
