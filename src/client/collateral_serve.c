/* The host hands collateral to enclaves; see collateral_serve.h. */
#include "client/collateral_serve.h"

#include <string.h>

#include "base/wr.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define NS_PER_MS 1000000ULL

/* ---- the directory -------------------------------------------------------- */

const char *collateral_file(
    enum collateral_part part, const struct collateral_request *req)
{
	static const char *const intel[COLLATERAL_PARTS] = {
		[COLLATERAL_TCB_INFO] = "tcb_info.json",
		[COLLATERAL_QE_IDENTITY] = "qe_identity.json",
		[COLLATERAL_TCB_SIGNING] = "tcb_signing_chain.pem",
		[COLLATERAL_ROOT_CRL] = "root_ca.crl.der",
		[COLLATERAL_PCK_CRL] = "pck.crl.der",
	};
	static const char *const vcek[COLLATERAL_PARTS] = {
		[COLLATERAL_LEAF] = "vcek.der",
		[COLLATERAL_CA] = "ask.der",
		[COLLATERAL_AMD_CRL] = "crl.der",
	};
	static const char *const vlek[COLLATERAL_PARTS] = {
		[COLLATERAL_LEAF] = "vlek.der",
		[COLLATERAL_CA] = "asvk.der",
		[COLLATERAL_AMD_CRL] = "crl.der",
	};

	if (req->kind != COLLATERAL_FOR_SNP)
		return intel[part];
	return req->key == SNP_KEY_VLEK ? vlek[part] : vcek[part];
}

/* All files of a request as a container; ERR_NOTFOUND: there is none. */
static enum err gather(struct wr *w, struct collateral_serve *s,
    const struct collateral_request *req, struct err_ctx *ctx)
{
	struct collateral c = { 0 };
	size_t used = 0;
	enum err e;

	for (unsigned part = 1; part < COLLATERAL_PARTS; part++) {
		const char *name =
		    collateral_file((enum collateral_part)part, req);
		size_t n = 0;

		if (name == NULL)
			continue;
		e = fd_read_file_at(s->files + used, sizeof(s->files) - used,
		    &n, s->dir_fd, name);
		if (e == ERR_NOTFOUND)
			continue;
		if (e != ERR_OK)
			return err_set(ctx, e, "cannot read %s: %s", name,
			    e == ERR_LIMIT ? "the files are too long"
					   : "no regular file");
		c.part[part] = (struct bytes){ s->files + used, n };
		used += n;
	}
	if (used == 0)
		return ERR_NOTFOUND;
	e = collateral_write(w, &c);
	if (e != ERR_OK)
		return err_set(ctx, e, "the files are too long");
	return ERR_OK;
}

/* ---- an exchange ---------------------------------------------------------- */

/* Free the entry, and take connections again if there was no room. */
static void conn_close(struct collateral_conn *c)
{
	struct collateral_serve *s = c->serve;

	timers_stop(&s->loop->timers, &c->deadline);
	loop_remove(s->loop, &c->node);
	fd_close(&c->node.fd);
	c->serve = NULL;
	s->open--;
	loop_want(s->loop, &s->listener, LOOP_READ);
}

static void on_deadline(void *cookie, uint64_t periods)
{
	(void)periods;
	conn_close(cookie);
}

/* Put the answer to what was read together: head, then container. */
static void answer(struct collateral_conn *c)
{
	struct collateral_serve *s = c->serve;
	struct collateral_head head = { COLLATERAL_OK, 0 };
	struct collateral_request req;
	struct wr body =
	    wr_init(c->answer + COLLATERAL_HEAD_LEN, COLLATERAL_LEN_MAX);
	struct wr w = wr_init(c->answer, COLLATERAL_HEAD_LEN);
	struct err_ctx why = { 0 };
	bool known = collateral_request_parse(&req,
			 (struct bytes){ c->request, c->got }, &why) == ERR_OK;
	enum err e;

	if (!known) {
		head.status = COLLATERAL_BAD_REQUEST;
	} else {
		e = gather(&body, s, &req, &why);
		if (e == ERR_NOTFOUND)
			head.status = COLLATERAL_NONE;
		else if (e != ERR_OK)
			head.status = COLLATERAL_FAILED;
	}
	if (head.status == COLLATERAL_OK)
		head.len = (uint32_t)body.len;
	collateral_head_write(&w, &head);
	c->len = w.len + head.len;
	s->told(s->cookie, known ? &req : NULL, &head, why.msg);
}

/* How long the request is, as far as can be told. */
static size_t request_len(const struct collateral_conn *c)
{
	size_t n;

	if (c->got < COLLATERAL_ASK_LEN)
		return COLLATERAL_ASK_LEN;
	n = collateral_request_len(c->request);
	return n != 0 ? n : c->got;
}

static enum err read_request(struct collateral_conn *c)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && c->got < request_len(c)) {
		size_t n = 0;

		e = fd_read_some(c->node.fd, c->request + c->got,
		    request_len(c) - c->got, &n);
		c->got += n;
	}
	return e;
}

static enum err write_answer(struct collateral_conn *c)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && c->sent < c->len) {
		size_t n = 0;

		e = fd_write_some(
		    c->node.fd, c->answer + c->sent, c->len - c->sent, &n);
		c->sent += n;
	}
	return e;
}

static void on_ready(void *cookie, unsigned ready)
{
	struct collateral_conn *c = cookie;
	enum err e = ERR_OK;

	(void)ready; /* reading or writing tells more */
	if (c->len == 0) {
		e = read_request(c);
		if (e == ERR_OK)
			answer(c);
	}
	if (c->len != 0) {
		loop_want(c->serve->loop, &c->node, LOOP_WRITE);
		e = write_answer(c);
	}
	if (e != ERR_AGAIN)
		conn_close(c);
}

/* ---- connections ---------------------------------------------------------- */

/* Only called while the table has room. */
static struct collateral_conn *free_conn(struct collateral_serve *s)
{
	size_t i = 0;

	while (s->conn[i].serve != NULL)
		i++;
	return &s->conn[i];
}

static void conn_open(struct collateral_serve *s, int fd)
{
	struct collateral_conn *c = free_conn(s);

	c->got = c->len = c->sent = 0;
	c->node = (struct loop_node){
		.fd = fd, .want = LOOP_READ, .fn = on_ready, .cookie = c
	};
	if (loop_add(s->loop, &c->node) != ERR_OK) {
		fd_close(&fd);
		return;
	}
	c->serve = s;
	c->deadline = (struct timers_node){ .fn = on_deadline, .cookie = c };
	timers_once(&s->loop->timers, &c->deadline,
	    clock_mono_ns() + COLLATERAL_EXCHANGE_MS * NS_PER_MS);
	s->open++;
}

static void accept_all(void *cookie, unsigned ready)
{
	struct collateral_serve *s = cookie;

	(void)ready;
	while (s->open < COLLATERAL_CONNS_MAX) {
		struct addr_peer peer;
		int fd = -1;
		enum err e = addr_accept(&fd, &peer, s->listener.fd);

		if (e == ERR_AGAIN)
			return;
		if (e != ERR_OK)
			break;
		conn_open(s, fd);
	}
	/* Until one ends: those who wait in the queue are not looked at. */
	if (s->open > 0)
		loop_want(s->loop, &s->listener, 0);
}

/* */
enum err collateral_serve_start(struct collateral_serve *s, struct loop *loop,
    int listen_fd, int dir_fd, collateral_told_fn *told, void *cookie)
{
	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->dir_fd = dir_fd;
	s->told = told;
	s->cookie = cookie;
	s->listener = (struct loop_node){ .fd = listen_fd,
		.want = LOOP_READ,
		.fn = accept_all,
		.cookie = s };
	return loop_add(loop, &s->listener);
}

void collateral_serve_stop(struct collateral_serve *s)
{
	for (size_t i = 0; i < COLLATERAL_CONNS_MAX; i++) {
		if (s->conn[i].serve != NULL)
			conn_close(&s->conn[i]);
	}
	loop_remove(s->loop, &s->listener);
}
