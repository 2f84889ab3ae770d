/* The host hands collateral to enclaves; see collateral_serve.h. */
#include "client/collateral_serve.h"

#include "base/wr.h"
#include "sys/fd.h"

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

/* How long the request is, as far as can be told. */
static size_t need(void *cookie, size_t conn, struct bytes got)
{
	size_t n;

	(void)cookie;
	(void)conn;
	if (got.len < COLLATERAL_ASK_LEN)
		return COLLATERAL_ASK_LEN;
	n = collateral_request_len(got.p);
	return n != 0 ? n : got.len;
}

/* Put the answer to what was read together: head, then container. */
static void answer(void *cookie, size_t conn, struct bytes request,
    struct exchange_answer *out)
{
	struct collateral_serve *s = cookie;
	struct collateral_head head = { COLLATERAL_OK, 0 };
	struct collateral_request req;
	struct wr w = wr_init(s->answer[conn], COLLATERAL_HEAD_LEN);
	struct wr body =
	    wr_init(s->answer[conn] + COLLATERAL_HEAD_LEN, COLLATERAL_LEN_MAX);
	struct err_ctx why = { 0 };
	bool known = collateral_request_parse(&req, request, &why) == ERR_OK;
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
	out->part[0] = (struct bytes){ s->answer[conn], w.len + head.len };
	s->told(s->cookie, known ? &req : NULL, &head, why.msg);
}

/* */
enum err collateral_serve_start(struct collateral_serve *s, struct loop *loop,
    int listen_fd, int dir_fd, collateral_told_fn *told, void *cookie)
{
	static const struct exchange_ops ops = { need, answer, NULL };
	const struct exchange_spec spec = { .conns = COLLATERAL_CONNS_MAX,
		.request_max = COLLATERAL_REQUEST_LEN_MAX,
		.time_ms = COLLATERAL_EXCHANGE_MS,
		.ops = &ops,
		.cookie = s };

	s->dir_fd = dir_fd;
	s->told = told;
	s->cookie = cookie;
	return exchange_start(&s->exchange, loop, listen_fd, &spec);
}

void collateral_serve_stop(struct collateral_serve *s)
{
	exchange_stop(s->exchange);
	s->exchange = NULL;
}
