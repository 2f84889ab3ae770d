/* The simulated processor's socket; see serve.h. */
#include "simtee/serve.h"

#include "base/wr.h"
#include "sys/log.h"

static size_t need(void *cookie, size_t conn, struct bytes got)
{
	(void)cookie;
	(void)conn;
	(void)got;
	return SIMTEE_REQUEST_LEN;
}

/* Put the answer to a whole request together. */
static void answer(void *cookie, size_t conn, struct bytes request,
    struct exchange_answer *out)
{
	static const uint8_t magic[] = SIMTEE_MAGIC;
	struct simtee_serve *s = cookie;
	struct bytes sent = { request.p, SIMTEE_MAGIC_LEN };
	struct wr w = wr_init(s->answer[conn], sizeof(s->answer[conn]));
	uint8_t report[SNP_REPORT_LEN];
	enum simtee_status status = SIMTEE_OK;

	if (!mem_eq(sent, (struct bytes){ magic, SIMTEE_MAGIC_LEN }))
		status = SIMTEE_BAD_REQUEST;
	else if (simtee_launch_check(s->launch, NULL) != ERR_OK)
		status = SIMTEE_LAUNCH_CHANGED;
	else if (simtee_report_make(
		     report, s->source, request.p + SIMTEE_MAGIC_LEN) != ERR_OK)
		status = SIMTEE_FAILED;
	wr_copy(&w, magic, SIMTEE_MAGIC_LEN);
	wr_u32be(&w, status);
	if (status == SIMTEE_OK) {
		wr_copy(&w, report, sizeof(report));
		wr_copy(
		    &w, s->source->endorsement, sizeof(s->source->endorsement));
		log_event(LOG_REPORT_SIGNED, w.len, 0, 0);
	} else {
		log_event(LOG_REPORT_REFUSED, status, 0, 0);
	}
	out->part[0] = (struct bytes){ s->answer[conn], w.len };
}

static void gone(void *cookie, size_t conn, enum err why)
{
	(void)cookie;
	(void)conn;
	if (why == ERR_TIMEOUT)
		log_event(LOG_REPORT_REFUSED, ERR_TIMEOUT, 0, 0);
}

enum err simtee_serve_start(struct simtee_serve *s, struct loop *loop,
    int listen_fd, const struct simtee_report *source,
    const struct simtee_launch *launch)
{
	static const struct exchange_ops ops = { need, answer, gone };
	const struct exchange_spec spec = { .conns = SIMTEE_CONNS_MAX,
		.request_max = SIMTEE_REQUEST_LEN,
		.time_ms = SIMTEE_EXCHANGE_MS,
		.ops = &ops,
		.cookie = s };

	s->source = source;
	s->launch = launch;
	return exchange_start(&s->exchange, loop, listen_fd, &spec);
}

void simtee_serve_stop(struct simtee_serve *s)
{
	exchange_stop(s->exchange);
	s->exchange = NULL;
}
