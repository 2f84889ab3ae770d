/*
 * Many clients at once over real sockets, the loop in a thread of its own, the
 * fake engine in another: the table's limit, the end by signal, new evidence.
 */
#include "enclave_fake.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "attest/report_data.h"
#include "crypto/crypto_native.h"
#include "enclave/serve.h"
#include "protocol/session_client.h"
#include "sys/addr.h"
#include "sys/fd.h"
#include "sys/proc.h"

#define SESSIONS 4

static char path[] = "/tmp/enclave_serve_XXXXXX";
static struct worker worker;
static struct loop loop;
static struct serve server;
static struct addr address;
static struct bundle bundle;
static uint8_t s_priv[X25519_LEN] = { 1 }, s_pub[X25519_LEN];
static int listen_fd, signal_fd;
static pthread_t thread;

static void *run(void *cookie)
{
	(void)cookie;
	return (void *)(uintptr_t)serve_run(
	    &server, listen_fd, signal_fd, NULL);
}

static void start(void)
{
	const struct conn_env env = { .worker = &worker,
		.model = "demo",
		.s_priv = s_priv,
		.s_pub = s_pub };

	fake_reset(1);
	crypto_x25519_base(s_pub, s_priv);
	bundle.len = 1000;
	CHECK_OK(worker_init(&worker, &fake, SESSIONS, 2, NULL));
	CHECK_OK(loop_init(&loop, NULL));
	CHECK_OK(serve_init(&server, &loop, &env, &bundle, SESSIONS, NULL));
	CHECK_OK(addr_listen(&listen_fd, &address, NULL));
	CHECK_OK(proc_signals_open(&signal_fd));
	CHECK_EQ(pthread_create(&thread, NULL, run, NULL), 0);
}

/* What served has ended; server can be looked at until forget(). */
static void halt(void)
{
	void *result;

	CHECK_EQ(kill(getpid(), SIGTERM), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ((uintptr_t)result, ERR_OK);
	CHECK_EQ(proc_signals_next(signal_fd), SIGTERM);
}

static void forget(void)
{
	serve_clear(&server);
	loop_clear(&loop);
	worker_clear(&worker);
	fd_close(&listen_fd);
	fd_close(&signal_fd);
	addr_unlink(&address);
}

static void stop(void)
{
	halt();
	forget();
}

static int dial(void)
{
	int fd;

	CHECK_OK(addr_connect(&fd, &address, 5000, NULL));
	return fd;
}

static void say_hello(int fd)
{
	uint8_t hello[2 + 8 + 32] = { 0, 40, 1, 'C', 'O', 'N', 'F', 1, 1, 1,
		9 };

	CHECK_OK(fd_write_full(fd, hello, sizeof(hello), FD_NO_DEADLINE));
}

/* The reply to a hello: its length says that all evidence is in it. */
static void expect_reply(int fd)
{
	uint8_t head[4];
	static uint8_t body[PACKET_BODY_MAX];
	size_t len;

	CHECK_OK(fd_read_full(fd, head, sizeof(head), FD_NO_DEADLINE));
	CHECK_EQ(head[2], PACKET_XX_REPLY);
	len = (size_t)head[0] << 8 | head[1];
	CHECK(len > bundle.len);
	CHECK_OK(fd_read_full(fd, body, len - 2, FD_NO_DEADLINE));
}

/* Nothing more comes: the connection ends after at most `most` bytes. */
static void expect_end(int fd, size_t most)
{
	uint8_t byte;

	for (size_t i = 0; i <= most; i++)
		if (fd_read_full(fd, &byte, 1, FD_NO_DEADLINE) != ERR_OK)
			return;
	fail_msg("the connection goes on");
}

/* One packet of the enclave, whole; its body. */
static struct bytes read_packet(int fd, uint8_t buf[PACKET_BODY_MAX])
{
	uint8_t head[PACKET_HEADER_LEN];
	size_t len;

	CHECK_OK(fd_read_full(fd, head, sizeof(head), FD_NO_DEADLINE));
	len = (size_t)head[0] << 8 | head[1];
	CHECK_OK(fd_read_full(fd, buf, len, FD_NO_DEADLINE));
	return (struct bytes){ buf, len };
}

static void send_out(int fd, struct wr *w)
{
	CHECK_OK(w->err);
	CHECK_OK(fd_write_full(fd, w->p, w->len, FD_NO_DEADLINE));
	w->len = 0;
}

/* A session that believes what it is shown, and one request in it. */
static void ask_models(int fd)
{
	static uint8_t evidence[SESSION_CLIENT_EVIDENCE_ROOM];
	static uint8_t body[PACKET_BODY_MAX], out[2 * PACKET_LEN_MAX];
	static struct verdict v;
	const struct session_client_request models = {
		.method = SESSION_METHOD_MODELS
	};
	uint8_t cs[X25519_LEN] = { 7 }, ce[X25519_LEN] = { 8 };
	struct session_client_config cfg = {
		.s_priv = cs, .e_priv = ce, .evidence = evidence
	};
	struct session_client client;
	struct session_client_event ev;
	struct wr w = wr_init(out, sizeof(out));
	struct bytes reply;
	uint32_t stream;

	session_client_init(&client, &cfg);
	CHECK_OK(session_client_start(&client, &w));
	send_out(fd, &w);
	reply = read_packet(fd, body);
	CHECK_OK(session_client_packet(&client, body, reply.len, &ev, &w));
	v.accepted = true;
	v.checks.deadline_s = 1000;
	evidence_digest(v.claims.evidence_digest, ev.data);
	report_data_make(v.claims.report_data, s_pub, &v.claims.binding);
	CHECK_OK(session_client_accept(&client, &v, 1, &w));
	CHECK_OK(session_client_request(&client, &models, &stream, &w));
	send_out(fd, &w);
	session_client_wipe(&client);
}

TEST(serve_counts_ticks_from_the_request_not_from_its_handling) /* P-33 */
{
	const uint64_t tick_ns = FRAME_TICK_MS * 1000000ull;
	static uint8_t body[PACKET_BODY_MAX];
	const struct serve_slot *slot;
	int fd;

	start();
	slot = server.slot;
	fd = dial();
	ask_models(fd);
	for (int i = 0; i < FRAME_TICK_RECORDS; i++)
		CHECK_EQ(
		    read_packet(fd, body).len, FRAME_SIZE_MIN + NOISE_TAG_LEN);
	halt();
	CHECK(slot->tick.due_ns > slot->heard_ns);
	CHECK_EQ((slot->tick.due_ns - slot->heard_ns) % tick_ns, 0);
	forget();
	fd_close(&fd);
}

TEST(serve_answers_as_many_as_it_has_places_and_refuses_one_more)
{
	int fd[SESSIONS], extra;
	uint8_t refused[4];

	start();
	for (int i = 0; i < SESSIONS; i++) {
		fd[i] = dial();
		say_hello(fd[i]);
		expect_reply(fd[i]);
	}
	extra = dial();
	CHECK_OK(fd_read_full(extra, refused, 4, FD_NO_DEADLINE));
	CHECK_MEM(refused, "\0\2\7\3", 4);
	expect_end(extra, 0);
	fd_close(&extra);
	/* A place that is given up is free for the next one. */
	fd_close(&fd[0]);
	for (;;) {
		extra = dial();
		say_hello(extra);
		CHECK_OK(fd_read_full(extra, refused, 4, FD_NO_DEADLINE));
		if (refused[2] != PACKET_REFUSED)
			break;
		fd_close(&extra);
	}
	CHECK_EQ(refused[2], PACKET_XX_REPLY);
	fd_close(&extra);
	stop();
	for (int i = 1; i < SESSIONS; i++) {
		expect_end(fd[i], 1000); /* END, then the end */
		fd_close(&fd[i]);
	}
}

TEST(serve_ends_garbage_without_touching_the_neighbour)
{
	int good, bad;

	start();
	good = dial();
	for (int i = 0; i < 20; i++) {
		bad = dial();
		CHECK_OK(fd_write_full(
		    bad, "GET / HTTP/1.1\r\n\r\n", 18, FD_NO_DEADLINE));
		expect_end(bad, 4);
		fd_close(&bad);
	}
	say_hello(good);
	expect_reply(good);
	fd_close(&good);
	stop();
}

/* Over numbers: no loop runs. */
TEST(serve_gives_the_place_of_the_longest_idle_to_a_newcomer)
{
	static struct conn c[3];
	struct serve_slot slot[3];
	struct serve s = { .slot = slot, .slot_n = 3 };

	memset(slot, 0, sizeof(slot));
	for (size_t i = 0; i < 3; i++) {
		slot[i].conn = &c[i];
		slot[i].id = i + 1;
		c[i].open = true;
	}
	c[0].quiet_ms = 500;
	c[1].quiet_ms = 400;
	c[2].quiet_ms = 600;
	assert_null(serve_victim(&s, 400 + SERVE_YIELD_IDLE_MS - 1));
	assert_ptr_equal(serve_victim(&s, 400 + SERVE_YIELD_IDLE_MS), &slot[1]);
	/* One that answers is never idle. */
	c[1].session.state = SESSION_SERVER_OPEN;
	c[1].session.stream[0].id = 1;
	assert_ptr_equal(serve_victim(&s, 900 + SERVE_YIELD_IDLE_MS), &slot[0]);
	/* A handshake that stalls goes first, and sooner. */
	c[2].open = false;
	c[2].opened_ms = 900 + SERVE_YIELD_IDLE_MS - SERVE_YIELD_HANDSHAKE_MS;
	assert_ptr_equal(serve_victim(&s, 900 + SERVE_YIELD_IDLE_MS), &slot[2]);
	c[2].opened_ms++;
	assert_ptr_equal(serve_victim(&s, 900 + SERVE_YIELD_IDLE_MS), &slot[0]);
}

TEST(serve_stops_at_once_when_nobody_is_there)
{
	start();
	stop();
}

static int set_up(void **state)
{
	char text[64];

	(void)state;
	if (mkdtemp(path) == NULL)
		return 1;
	snprintf(text, sizeof(text), "unix:%s/s", path);
	return addr_parse(&address, text, NULL) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    serve_counts_ticks_from_the_request_not_from_its_handling),
		cmocka_unit_test(
		    serve_answers_as_many_as_it_has_places_and_refuses_one_more),
		cmocka_unit_test(
		    serve_ends_garbage_without_touching_the_neighbour),
		cmocka_unit_test(
		    serve_gives_the_place_of_the_longest_idle_to_a_newcomer),
		cmocka_unit_test(serve_stops_at_once_when_nobody_is_there),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
