#include "enclave/serve.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/secret.h"

#define ACCEPTS_PER_ROUND 16 /* then those who are connected come first */
#define MS_NS             1000000u
#define TICK_NS           ((uint64_t)FRAME_TICK_MS * MS_NS)
#define SECOND_NS         1000000000u

/* ---- one connection ------------------------------------------------------- */

static void slot_close(struct serve_slot *s)
{
	struct serve *v = s->serve;
	uint64_t seconds = (clock_mono_ms() - s->conn->opened_ms) / 1000;
	enum err why = s->conn->why;

	timers_stop(&v->loop->timers, &s->tick);
	loop_remove(v->loop, &s->node);
	fd_close(&s->node.fd);
	conn_wipe(s->conn);
	log_event(LOG_SESSION_END, s->id, (uint64_t)why, seconds);
	s->id = 0;
	v->open_n--;
	if (v->stopping && v->open_n == 0)
		loop_stop(v->loop);
}

static void flush(struct serve_slot *s)
{
	for (;;) {
		struct bytes out = conn_out(s->conn);
		size_t n;
		enum err e;

		if (out.len == 0)
			return;
		e = fd_write_some(s->node.fd, out.p, out.len, &n);
		if (e == ERR_AGAIN)
			return;
		if (e != ERR_OK) {
			conn_lost(s->conn, e, clock_mono_ms());
			return;
		}
		conn_sent(s->conn, n, clock_mono_ms());
	}
}

/* After anything happened: send, set what to wait for, or close. */
static void slot_update(struct serve_slot *s)
{
	struct timers *ts = &s->serve->loop->timers;
	unsigned want = 0;
	size_t room;

	flush(s);
	if (conn_finished(s->conn)) {
		slot_close(s);
		return;
	}
	if (conn_paced(s->conn) && !s->tick.armed)
		timers_every(ts, &s->tick, s->heard_ns + TICK_NS, TICK_NS);
	else if (!conn_paced(s->conn))
		timers_stop(ts, &s->tick);
	(void)conn_in(s->conn, &room);
	if (room > 0)
		want |= LOOP_READ;
	if (conn_out(s->conn).len > 0)
		want |= LOOP_WRITE;
	loop_want(s->serve->loop, &s->node, want);
}

static void on_tick(void *cookie, uint64_t periods)
{
	struct serve_slot *s = cookie;

	conn_tick(s->conn, periods, clock_mono_ms());
	slot_update(s);
}

static void receive(struct serve_slot *s)
{
	size_t room, n;
	uint8_t *in = conn_in(s->conn, &room);
	enum err e;

	if (room == 0)
		return;
	e = fd_read_some(s->node.fd, in, room, &n);
	s->heard_ns = clock_mono_ns();
	if (e == ERR_OK)
		conn_received(s->conn, n, clock_mono_ms());
	else if (e != ERR_AGAIN)
		conn_lost(s->conn, e, clock_mono_ms());
}

static void on_socket(void *cookie, unsigned ready)
{
	struct serve_slot *s = cookie;

	if (ready & LOOP_READ)
		receive(s);
	if (ready & LOOP_ERROR)
		conn_lost(s->conn, ERR_CLOSED, clock_mono_ms());
	slot_update(s);
}

/* ---- new connections ------------------------------------------------------ */

struct serve_slot *serve_victim(const struct serve *s, uint64_t now_ms)
{
	struct serve_slot *victim = NULL;
	bool half_open = false;
	uint64_t longest = 0;

	for (size_t i = 0; i < s->slot_n; i++) {
		const struct conn *c = s->slot[i].conn;
		uint64_t idle = conn_idle_ms(c, now_ms);

		if (s->slot[i].id == 0 ||
		    idle < (c->open ? SERVE_YIELD_IDLE_MS
				    : SERVE_YIELD_HANDSHAKE_MS))
			continue;
		/* A handshake that stalls goes before any session. */
		if (half_open && c->open)
			continue;
		if (idle > longest || (!half_open && !c->open)) {
			victim = &s->slot[i];
			longest = idle;
			half_open = !c->open;
		}
	}
	return victim;
}

/* A place for one more, if need be by ending who has long been idle. */
static struct serve_slot *free_slot(struct serve *s, uint64_t now_ms)
{
	struct serve_slot *victim;

	for (size_t i = 0; i < s->slot_n; i++)
		if (s->slot[i].id == 0)
			return &s->slot[i];
	victim = serve_victim(s, now_ms);
	if (victim != NULL) {
		conn_give_way(victim->conn, now_ms);
		flush(victim);
		slot_close(victim);
	}
	return victim;
}

/* "No room now", as docs/protocol.md section 3 has it; then the end. */
static void refuse(struct serve *s, int fd)
{
	static const uint8_t refused[] = { 0, 2, PACKET_REFUSED,
		PACKET_REFUSED_BUSY };
	size_t n;
	enum err e = fd_write_some(fd, refused, sizeof(refused), &n);

	(void)e; /* whoever is not there needs no answer */
	fd_close(&fd);
	s->refused++;
}

static void take_connection(
    struct serve *s, int fd, const struct addr_peer *peer)
{
	struct serve_slot *slot = NULL;
	uint64_t now = clock_mono_ms();

	if (!s->stopping && rate_allow(&s->rate, peer, now))
		slot = free_slot(s, now);
	if (slot == NULL) {
		refuse(s, fd);
		return;
	}
	slot->node = (struct loop_node){
		.fd = fd, .want = LOOP_READ, .fn = on_socket, .cookie = slot
	};
	if (loop_add(s->loop, &slot->node) != ERR_OK) {
		refuse(s, fd);
		return;
	}
	conn_init(slot->conn, &s->env, now);
	slot->id = ++s->last_id;
	s->open_n++;
	log_event(LOG_SESSION_START, slot->id, s->open_n, 0);
}

static void on_listener(void *cookie, unsigned ready)
{
	struct serve *s = cookie;

	(void)ready;
	for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
		struct addr_peer peer;
		int fd;
		enum err e = addr_accept(&fd, &peer, s->listener.fd);

		if (e == ERR_AGAIN)
			return;
		if (e != ERR_OK) {
			/* Not again before the next look at the clock. */
			log_event(LOG_ACCEPT_FAILED, (uint64_t)e, 0, 0);
			loop_want(s->loop, &s->listener, 0);
			return;
		}
		take_connection(s, fd, &peer);
	}
}

/* ---- the whole ------------------------------------------------------------ */

static void on_second(void *cookie, uint64_t periods)
{
	struct serve *s = cookie;
	uint64_t now = clock_mono_ms();

	(void)periods;
	loop_want(s->loop, &s->listener, s->stopping ? 0 : LOOP_READ);
	if (s->refused > 0)
		log_event(LOG_SESSION_REFUSED, s->refused, s->open_n, 0);
	s->refused = 0;
	for (size_t i = 0; i < s->slot_n; i++) {
		if (s->slot[i].id == 0)
			continue;
		conn_check(s->slot[i].conn, now);
		slot_update(&s->slot[i]);
	}
}

static void use_bundle(struct serve *s)
{
	s->env.evidence = (struct bytes){ s->bundle.data, s->bundle.len };
	memcpy(s->env.evidence_hash, s->bundle.hash, SHA256_LEN);
	log_event(LOG_EVIDENCE_NEW, s->bundle.len, s->bundle.not_after, 0);
}

static void on_wake(void *cookie, unsigned ready)
{
	struct serve *s = cookie;

	(void)ready;
	if (s->refresher != NULL && bundle_take(&s->bundle, s->refresher))
		use_bundle(s);
}

void serve_bundle_ready(void *cookie)
{
	loop_wake(cookie);
}

/* Tell everybody; the last one to leave stops the loop. */
static void on_signal(void *cookie, unsigned ready)
{
	struct serve *s = cookie;
	uint64_t now = clock_mono_ms();

	(void)ready;
	loop_remove(s->loop, &s->signals);
	loop_want(s->loop, &s->listener, 0);
	s->stopping = true;
	if (s->open_n == 0)
		loop_stop(s->loop);
	for (size_t i = 0; i < s->slot_n; i++) {
		if (s->slot[i].id == 0)
			continue;
		conn_stop(s->slot[i].conn, now);
		slot_update(&s->slot[i]);
	}
}

enum err serve_init(struct serve *s, struct loop *loop,
    const struct conn_env *env, const struct bundle *first, size_t sessions,
    struct err_ctx *ctx)
{
	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->env = *env;
	s->bundle = *first;
	s->slot = calloc(sessions, sizeof(*s->slot));
	if (s->slot == NULL)
		return err_set(
		    ctx, ERR_NOMEM, "no memory for %zu sessions", sessions);
	for (; s->slot_n < sessions; s->slot_n++) {
		struct serve_slot *slot = &s->slot[s->slot_n];

		slot->serve = s;
		slot->node.fd = -1;
		slot->tick.fn = on_tick;
		slot->tick.cookie = slot;
		slot->conn = secret_new(sizeof(*slot->conn));
		if (slot->conn == NULL)
			return err_set(ctx, ERR_NOMEM,
			    "no memory for %zu sessions", sessions);
	}
	return ERR_OK;
}

void serve_clear(struct serve *s)
{
	for (size_t i = 0; i < s->slot_n; i++) {
		if (s->slot[i].id != 0)
			slot_close(&s->slot[i]);
		secret_free(s->slot[i].conn, sizeof(*s->slot[i].conn));
	}
	free(s->slot);
	memset(s, 0, sizeof(*s));
}

enum err serve_run(struct serve *s, int listen_fd, int signal_fd,
    struct bundle_refresher *refresher)
{
	enum err e;

	s->refresher = refresher;
	s->listener = (struct loop_node){ .fd = listen_fd,
		.want = LOOP_READ,
		.fn = on_listener,
		.cookie = s };
	s->signals = (struct loop_node){
		.fd = signal_fd, .want = LOOP_READ, .fn = on_signal, .cookie = s
	};
	s->second = (struct timers_node){ .fn = on_second, .cookie = s };
	use_bundle(s);
	loop_on_wake(s->loop, on_wake, s);
	timers_every(&s->loop->timers, &s->second, clock_mono_ns() + SECOND_NS,
	    SECOND_NS);
	e = loop_add(s->loop, &s->listener);
	if (e == ERR_OK && signal_fd >= 0)
		e = loop_add(s->loop, &s->signals);
	if (e == ERR_OK)
		e = loop_run(s->loop);
	timers_stop(&s->loop->timers, &s->second);
	loop_remove(s->loop, &s->listener);
	loop_remove(s->loop, &s->signals);
	return e;
}
