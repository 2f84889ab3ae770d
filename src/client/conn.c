/* See conn.h. Handshake and verdict; conn_ask.c has what comes after. */
#include "client/conn.h"

#include <stdlib.h>

#include "base/hex.h"
#include "client/conn_wire.h"
#include "client/home.h"
#include "client/resume.h"
#include "client/split.h"

struct client_conn *client_conn_new(const struct client_config *config)
{
	struct client_conn *c = calloc(1, sizeof(*c));

	if (c != NULL) {
		c->config = config;
		c->ended = -1;
	}
	return c;
}

static uint64_t mono_ms(const struct client_conn *c)
{
	return c->config->io->mono_ms(c->config->io->cookie);
}

static uint64_t unix_s(const struct client_conn *c)
{
	return c->config->io->unix_s(c->config->io->cookie);
}

static void progress(const struct client_conn *c, enum client_stage stage)
{
	if (c->config->progress != NULL)
		c->config->progress(c->config->cookie, stage);
}

static enum err fail(struct client_conn *c, enum client_fault fault, enum err e)
{
	c->fault = fault;
	return e;
}

static struct client_demand demand_now(const struct client_conn *c)
{
	return (struct client_demand){ .trust = c->config->trust,
		.accept_simulated = c->config->accept_simulated,
		.now_s = unix_s(c) };
}

/*
 * Is there evidence from an earlier session that today's policy and clock
 * accept [P-11]? Then it and its key are in c->held_bundle and c->key.
 */
static bool recall(struct client_conn *c)
{
	const struct client_demand d = demand_now(c);
	struct client_resume r;

	if (c->config->home == NULL || c->history.retried ||
	    client_resume_load(
		&r, c->held, c->config->home, c->config->address) != ERR_OK)
		return false;
	if (d.now_s >= r.deadline || client_judge(&c->judgement, &d, &c->state,
					 r.bundle, r.key) != ERR_OK) {
		client_resume_forget(c->config->home, c->config->address);
		return false;
	}
	c->held_bundle = r.bundle;
	memcpy(c->key, r.key, sizeof(c->key));
	return true;
}

/* Start the session and send its first packet. */
static enum err send_hello(struct client_conn *c, uint64_t until_ms)
{
	uint8_t s_priv[X25519_LEN], e_priv[X25519_LEN], held[SHA256_LEN];
	const struct client_io *io = c->config->io;
	struct session_client_config config = {
		.s_priv = s_priv, .e_priv = e_priv, .evidence = c->evidence
	};
	struct wr w;
	enum err e;

	io->random(io->cookie, s_priv, sizeof(s_priv));
	io->random(io->cookie, e_priv, sizeof(e_priv));
	c->history.resumed = recall(c);
	if (c->history.resumed) {
		evidence_digest(held, c->held_bundle);
		config.rs = c->key;
		config.held = held;
	}
	session_client_wipe(&c->session);
	session_client_init(&c->session, &config);
	mem_wipe(s_priv, sizeof(s_priv));
	mem_wipe(e_priv, sizeof(e_priv));
	client_conn_reset(c);
	w = client_conn_writer(c);
	e = session_client_start(&c->session, &w);
	if (e == ERR_OK)
		e = client_conn_written(c, &w);
	if (e == ERR_OK)
		e = client_conn_flush(c, until_ms);
	return e;
}

static const char *const refusals[] = {
	[PACKET_REFUSED_VERSION] = "it does not speak our protocol version",
	[PACKET_REFUSED_SUITE] = "it has no cipher suite in common with us",
	[PACKET_REFUSED_BUSY] = "it has no room for another session now",
	[PACKET_REFUSED_MALFORMED] = "it could not read our first packet",
};

static enum err refused_by_peer(
    struct client_conn *c, unsigned reason, struct err_ctx *ctx)
{
	const char *why = "it gave no reason that we know";

	if (reason < sizeof(refusals) / sizeof(refusals[0]) &&
	    refusals[reason] != NULL)
		why = refusals[reason];
	return err_set(ctx,
	    fail(c, CLIENT_FAULT_UNREACHABLE,
		reason == PACKET_REFUSED_BUSY ? ERR_BUSY : ERR_PROTOCOL),
	    "the enclave refused the connection: %s", why);
}

/* What a failure before the verdict means. */
static enum err explain_reply(
    struct client_conn *c, enum err e, struct err_ctx *ctx)
{
	switch ((int)e) {
	case ERR_TIMEOUT:
		return err_set(ctx, fail(c, CLIENT_FAULT_UNREACHABLE, e),
		    "%s accepted the connection, but no answer came",
		    c->config->address);
	case ERR_CLOSED:
		return err_set(ctx, fail(c, CLIENT_FAULT_UNREACHABLE, e),
		    "%s closed the connection without an answer",
		    c->config->address);
	case ERR_IO:
	case ERR_NOSPACE:
		return err_set(ctx, fail(c, CLIENT_FAULT_INTERNAL, e),
		    "the connection to %s failed: %s", c->config->address,
		    err_name(e));
	default:
		return err_set(ctx, fail(c, CLIENT_FAULT_REFUSED, e),
		    "what answers at %s does not speak our protocol: %s",
		    c->config->address, err_name(e));
	}
}

/* Wait for the reply; its evidence is in ev. */
static enum err await_reply(struct client_conn *c, uint64_t until_ms,
    struct session_client_event *ev, struct err_ctx *ctx)
{
	enum err e;

	do {
		e = client_conn_next(c, until_ms, ev);
	} while (e == ERR_AGAIN);
	if (e != ERR_OK)
		return explain_reply(c, e, ctx);
	if (ev->type == SESSION_CLIENT_REFUSED)
		return refused_by_peer(c, ev->reason, ctx);
	return ERR_OK;
}

/* Both notes of the log that lies, before anybody is told that it does. */
static const char *keep_proof(const struct client_conn *c, struct bytes bundle)
{
	const struct verdict *v = &c->judgement.verdict;

	if (c->config->home != NULL &&
	    client_split_keep(c->config->home, v->claims.log_origin, bundle,
		c->judgement.split_proof, NULL) == ERR_OK)
		return "the proof is kept";
	return "not all of the proof could be kept";
}

static enum err judge(
    struct client_conn *c, struct bytes bundle, struct err_ctx *ctx)
{
	const struct client_demand d = demand_now(c);
	const uint8_t *key = session_client_server_key(&c->session);
	const struct verdict *v = &c->judgement.verdict;
	enum err e;

	memcpy(c->key, key, sizeof(c->key));
	c->history.evidence_len = bundle.len;
	e = client_judge(&c->judgement, &d, &c->state, bundle, key);
	if (e == ERR_OK)
		return ERR_OK;
	if (c->judgement.split_view) {
		return err_set(ctx, fail(c, CLIENT_FAULT_MISBEHAVIOUR, e),
		    "the log %.*s shows two different trees of size %llu: it "
		    "lies to somebody. Nothing was sent; %s",
		    40, v->claims.log_origin,
		    (unsigned long long)c->judgement.split_size,
		    keep_proof(c, bundle));
	}
	return err_set(ctx, fail(c, CLIENT_FAULT_REFUSED, e), "%s",
	    v->checks.reason.msg[0] != '\0' ? v->checks.reason.msg
					    : err_name(e));
}

/*
 * The evidence is good: remember what it showed, then go on. What cannot be
 * remembered must not be accepted, or it could be taken back tomorrow.
 */
static enum err learn(
    struct client_conn *c, struct bytes bundle, struct err_ctx *ctx)
{
	const struct verdict *v = &c->judgement.verdict;
	const char *home = c->config->home;
	struct client_resume r = { .verified_at = unix_s(c),
		.deadline = v->checks.deadline_s,
		.bundle = bundle };
	enum err e;

	c->verified_at = r.verified_at;
	if (home == NULL)
		return ERR_OK;
	e = client_state_remember(&c->state, home, c->config->trust, &v->claims,
	    client_split_note(bundle, v->claims.tree[0].proof), ctx);
	if (e != ERR_OK)
		return fail(c, CLIENT_FAULT_DAMAGE, e);
	memcpy(r.key, c->key, sizeof(r.key));
	/* Only a cache: without it the next connection takes XX. */
	if (!c->history.same &&
	    client_resume_save(home, c->config->address, &r, NULL) != ERR_OK)
		client_resume_forget(home, c->config->address);
	return ERR_OK;
}

static enum err accept_verdict(struct client_conn *c, struct err_ctx *ctx)
{
	struct wr w = client_conn_writer(c);
	enum err e = session_client_accept(
	    &c->session, &c->judgement.verdict, unix_s(c), &w);

	if (e == ERR_OK)
		e = client_conn_written(c, &w);
	if (e == ERR_OK)
		e = client_conn_flush(c, mono_ms(c) + CLIENT_REPLY_MS);
	if (e != ERR_OK)
		return explain_reply(c, e, ctx);
	c->open = true;
	c->heard_ms = mono_ms(c);
	progress(c, CLIENT_STAGE_OPEN);
	return ERR_OK;
}

/* One stream: hello, reply, verdict. */
static enum err attempt(struct client_conn *c, struct err_ctx *ctx)
{
	const struct client_io *io = c->config->io;
	struct session_client_event ev;
	uint64_t start = mono_ms(c), then;
	struct bytes bundle;
	enum err e;

	progress(c, CLIENT_STAGE_DIAL);
	e = io->dial(io->cookie, ctx);
	if (e != ERR_OK)
		return fail(c, CLIENT_FAULT_UNREACHABLE, e);
	then = mono_ms(c);
	c->history.dial_ms = (unsigned)(then - start);
	progress(c, CLIENT_STAGE_REPLY);
	e = send_hello(c, then + CLIENT_REPLY_MS);
	if (e != ERR_OK)
		return explain_reply(c, e, ctx);
	e = await_reply(c, then + CLIENT_REPLY_MS, &ev, ctx);
	if (e != ERR_OK)
		return e;
	start = mono_ms(c);
	c->history.reply_ms = (unsigned)(start - then);
	c->history.same = ev.type == SESSION_CLIENT_SAME;
	c->history.fell_back = c->session.reply == PACKET_FALLBACK_REPLY;
	progress(c, CLIENT_STAGE_JUDGE);
	bundle = c->history.same ? c->held_bundle : ev.data;
	e = judge(c, bundle, ctx);
	c->history.judge_ms = (unsigned)(mono_ms(c) - start);
	if (e == ERR_OK)
		c->bundle = bundle;
	if (e == ERR_OK)
		e = learn(c, bundle, ctx);
	if (e == ERR_OK)
		e = accept_verdict(c, ctx);
	return e;
}

/* Did coming back fail in a way that starting afresh may mend? */
static bool worth_retry(const struct client_conn *c, enum err e)
{
	return e != ERR_OK && c->history.resumed && !c->history.retried &&
	       c->session.state != SESSION_CLIENT_VERDICT &&
	       (c->fault == CLIENT_FAULT_REFUSED ||
		   c->fault == CLIENT_FAULT_UNREACHABLE) &&
	       e != ERR_TIMEOUT && e != ERR_BUSY;
}

static void abandon(struct client_conn *c)
{
	c->config->io->hang_up(c->config->io->cookie);
	session_client_wipe(&c->session);
	c->open = false;
}

enum err client_conn_open(struct client_conn *c, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	enum err e = ERR_OK;

	c->history = (struct client_history){ 0 };
	c->fault = CLIENT_FAULT_NONE;
	c->ended = -1;
	c->bundle = (struct bytes){ NULL, 0 };
	memset(&c->judgement, 0, sizeof(c->judgement));
	if (c->config->home != NULL)
		e = client_state_load(
		    &c->state, c->config->home, c->config->trust, ctx);
	if (e != ERR_OK)
		return fail(c, CLIENT_FAULT_DAMAGE, e);
	e = attempt(c, &why);
	if (worth_retry(c, e)) {
		abandon(c);
		client_resume_forget(c->config->home, c->config->address);
		c->history.retried = true;
		c->fault = CLIENT_FAULT_NONE;
		why = (struct err_ctx){ 0 };
		e = attempt(c, &why);
	}
	if (e != ERR_OK) {
		abandon(c);
		return err_set(ctx, e, "%s", why.msg);
	}
	return ERR_OK;
}

void client_conn_close(struct client_conn *c)
{
	struct wr w = client_conn_writer(c);

	if (c->open &&
	    session_client_end(&c->session, FRAME_END_DONE, &w) == ERR_OK &&
	    client_conn_written(c, &w) == ERR_OK &&
	    client_conn_flush(c, mono_ms(c) + CLIENT_CLOSE_MS) == ERR_OK)
		c->ended = FRAME_END_DONE;
	abandon(c);
}

void client_conn_free(struct client_conn *c)
{
	if (c == NULL)
		return;
	client_conn_close(c);
	mem_wipe(c, sizeof(*c));
	free(c);
}
