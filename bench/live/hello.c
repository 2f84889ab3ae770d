/*
 * Handshakes that trust what they are shown: the verdict is made up here, so
 * that what is measured is the handshake. Never outside a benchmark.
 */
#include "live.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fmt.h"
#include "crypto/crypto_native.h"
#include "protocol/session_server.h"
#include "sys/clock.h"

#define HELLO_MS 30000
#define SAMPLES  101

struct hello {
	struct session_client client;
	uint8_t s_priv[X25519_LEN], e_priv[X25519_LEN];
	uint8_t room[SESSION_CLIENT_EVIDENCE_ROOM];
	uint8_t body[PACKET_BODY_MAX];
	uint8_t out[2 * PACKET_LEN_MAX];
	struct verdict verdict;
};

static struct hello hello;
static size_t evidence_len;

/* The client's first packet. */
static struct wr begin(struct hello *h)
{
	struct session_client_config c = {
		.s_priv = h->s_priv, .e_priv = h->e_priv, .evidence = h->room
	};
	struct wr w = wr_init(h->out, sizeof(h->out));

	crypto_random(h->s_priv, sizeof(h->s_priv));
	crypto_random(h->e_priv, sizeof(h->e_priv));
	session_client_init(&h->client, &c);
	live_must(session_client_start(&h->client, &w), "hello", NULL);
	return w;
}

/* The reply is there; the client's second packet. */
static struct wr finish(struct hello *h, uint8_t *body, size_t len)
{
	struct session_client_event ev;
	struct verdict *v = &h->verdict;
	struct wr w = wr_init(h->out, sizeof(h->out));

	live_must(session_client_packet(&h->client, body, len, &ev, &w),
	    "the enclave's reply", NULL);
	if (ev.type != SESSION_CLIENT_EVIDENCE)
		live_die("the enclave", "has no room for a session");
	evidence_len = ev.data.len;
	memset(&v->claims, 0, sizeof(v->claims));
	v->accepted = true;
	v->checks.deadline_s = 1;
	evidence_digest(v->claims.evidence_digest, ev.data);
	report_data_make(v->claims.report_data,
	    session_client_server_key(&h->client), &v->claims.binding);
	live_must(
	    session_client_accept(&h->client, v, 0, &w), "acceptance", NULL);
	return w;
}

size_t live_hello_evidence_len(void)
{
	return evidence_len;
}

/* ---- over a socket -------------------------------------------------------- */

void live_free_port(char out[ADDR_TEXT_MAX])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		live_die("no port", "on this machine");
	close(fd);
	(void)fmt_print(
	    out, ADDR_TEXT_MAX, "tcp:127.0.0.1:%u", ntohs(a.sin_port));
}

/* From 127.0.0.2 and up: the enclave limits connections by address. */
static int connect_from(const struct addr *a, unsigned turn)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + turn) };
	struct sockaddr_in to;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(&to, &a->sa, sizeof(to));
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		live_die("cannot connect", a->text);
	return fd;
}

static int open_socket(const struct live_service *s, unsigned turn)
{
	struct err_ctx ctx = { 0 };
	int fd = -1;

	if (s->parts.listen.kind == ADDR_TCP)
		return connect_from(&s->parts.listen, turn);
	live_must(
	    addr_connect(&fd, &s->parts.listen, HELLO_MS, &ctx), "dial", &ctx);
	return fd;
}

static void send_all(int fd, const struct wr *w)
{
	live_must(w->err, "a packet", NULL);
	live_must(fd_write_full(fd, w->p, w->len, clock_mono_ms() + HELLO_MS),
	    "sending", NULL);
}

int live_hello(const struct live_service *s, unsigned turn)
{
	struct hello *h = &hello;
	int fd = open_socket(s, turn);
	uint64_t until = clock_mono_ms() + HELLO_MS;
	uint8_t head[PACKET_HEADER_LEN];
	struct wr w = begin(h);
	size_t len;

	send_all(fd, &w);
	live_must(fd_read_full(fd, head, sizeof(head), until), "reply", NULL);
	len = (size_t)head[0] << 8 | head[1];
	live_must(fd_read_full(fd, h->body, len, until), "reply", NULL);
	w = finish(h, h->body, len);
	send_all(fd, &w);
	session_client_wipe(&h->client);
	return fd;
}

/* ---- without one ---------------------------------------------------------- */

static void serve(struct session_server *server,
    const struct session_server_keys *keys, const struct wr *in, struct wr *out)
{
	struct session_server_event ev;
	uint8_t body[PACKET_FIRST_MAX];
	size_t len = in->len - PACKET_HEADER_LEN;

	memcpy(body, in->p + PACKET_HEADER_LEN, len);
	live_must(session_server_packet(server, keys, body, len, &ev, out),
	    "the enclave's side", NULL);
}

struct live_hello_cost live_hello_bare(size_t len)
{
	static uint8_t reply[PACKET_LEN_MAX], evidence[PACKET_EVIDENCE_MAX];
	uint8_t s_priv[X25519_LEN], s_pub[X25519_LEN], e_priv[X25519_LEN];
	uint8_t hash[SHA256_LEN], request[1];
	const struct session_server_keys keys = { s_priv, s_pub,
		{ evidence, len }, hash, e_priv };
	double both[SAMPLES], part[SAMPLES];

	crypto_random(s_priv, sizeof(s_priv));
	crypto_random(e_priv, sizeof(e_priv));
	crypto_x25519_base(s_pub, s_priv);
	evidence_digest(hash, keys.evidence);
	for (int i = 0; i < SAMPLES; i++) {
		struct session_server server;
		struct wr out = wr_init(reply, sizeof(reply)), w;
		double start = bench_cpu(), then;

		w = begin(&hello);
		then = bench_cpu();
		session_server_init(&server, request, sizeof(request));
		serve(&server, &keys, &w, &out);
		part[i] = bench_cpu() - then;
		w = finish(&hello, reply + PACKET_HEADER_LEN,
		    out.len - PACKET_HEADER_LEN);
		then = bench_cpu();
		out = wr_init(reply, sizeof(reply));
		serve(&server, NULL, &w, &out);
		session_server_wipe(&server);
		part[i] += bench_cpu() - then;
		session_client_wipe(&hello.client);
		both[i] = bench_cpu() - start;
	}
	return (struct live_hello_cost){ bench_median(both, SAMPLES),
		bench_median(part, SAMPLES) };
}
