/* Evidence from confer-simtee; see source_sim.h. */
#include "enclave/source_sim.h"

#include "attest/sim_wire.h"
#include "base/rd.h"
#include "base/wr.h"
#include "sys/clock.h"
#include "sys/fd.h"

static const uint8_t magic[] = SIMTEE_MAGIC;

static enum err send_request(int fd,
    const uint8_t report_data[SNP_REPORT_DATA_LEN], uint64_t deadline_ms)
{
	uint8_t request[SIMTEE_REQUEST_LEN];
	struct wr w = wr_init(request, sizeof(request));

	wr_copy(&w, magic, SIMTEE_MAGIC_LEN);
	wr_copy(&w, report_data, SNP_REPORT_DATA_LEN);
	return fd_write_full(fd, request, w.len, deadline_ms);
}

static enum err refused(uint32_t status, struct err_ctx *ctx)
{
	switch (status) {
	case SIMTEE_BAD_REQUEST:
		return err_set(ctx, ERR_POLICY,
		    "the simulated processor speaks another version");
	case SIMTEE_LAUNCH_CHANGED:
		return err_set(ctx, ERR_POLICY,
		    "a launched file was written to after it was measured");
	default:
		return err_set(ctx, ERR_POLICY,
		    "the simulated processor refused, status %u", status);
	}
}

/* The answer's head, then its body, then the end of the stream. */
static enum err read_answer(struct source_sim_evidence *out, int fd,
    uint64_t deadline_ms, struct err_ctx *ctx)
{
	uint8_t head[SIMTEE_HEAD_LEN];
	struct rd r = rd_init(head, sizeof(head));
	uint8_t more;
	uint32_t status;
	struct bytes got;
	enum err e = fd_read_full(fd, head, sizeof(head), deadline_ms);

	if (e != ERR_OK)
		return e;
	got = rd_take(&r, SIMTEE_MAGIC_LEN);
	status = rd_u32be(&r);
	if (!mem_eq(got, (struct bytes){ magic, SIMTEE_MAGIC_LEN }))
		return ERR_PROTOCOL;
	if (status != SIMTEE_OK)
		return refused(status, ctx);
	e = fd_read_full(fd, out->report, sizeof(out->report), deadline_ms);
	if (e == ERR_OK)
		e = fd_read_full(fd, out->endorsement, sizeof(out->endorsement),
		    deadline_ms);
	if (e != ERR_OK)
		return e == ERR_CLOSED ? ERR_TRUNCATED : e;
	e = fd_read_full(fd, &more, 1, deadline_ms);
	if (e == ERR_CLOSED)
		return ERR_OK;
	return e == ERR_OK ? ERR_TRAILING : e;
}

/* Is this what we asked for? Anything else would only fail at the client. */
static enum err check_answer(const struct source_sim_evidence *ev,
    const uint8_t report_data[SNP_REPORT_DATA_LEN], struct err_ctx *ctx)
{
	struct sim_endorsement endorsement;
	struct snp_report report;
	enum err e = snp_report_parse(
	    &report, (struct bytes){ ev->report, sizeof(ev->report) }, ctx);

	if (e == ERR_OK)
		e = sim_endorsement_parse(&endorsement,
		    (struct bytes){ ev->endorsement, sizeof(ev->endorsement) },
		    ctx);
	if (e == ERR_OK &&
	    !mem_eq_ct(report.report_data, report_data, SNP_REPORT_DATA_LEN))
		e = err_set(ctx, ERR_AUTH,
		    "the simulated report is about another REPORT_DATA");
	return e;
}

enum err enclave_source_sim_fetch(struct source_sim_evidence *out,
    const struct addr *a, const uint8_t report_data[SNP_REPORT_DATA_LEN],
    unsigned timeout_ms, struct err_ctx *ctx)
{
	uint64_t deadline_ms = clock_mono_ms() + timeout_ms;
	int fd = -1;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = addr_connect(&fd, a, timeout_ms, ctx);
	if (e == ERR_OK)
		e = send_request(fd, report_data, deadline_ms);
	if (e == ERR_OK)
		e = read_answer(out, fd, deadline_ms, ctx);
	if (e == ERR_OK)
		e = check_answer(out, report_data, ctx);
	fd_close(&fd);
	if (e == ERR_OK)
		return ERR_OK;
	memset(out, 0, sizeof(*out));
	return err_set(
	    ctx, e, "simulated processor at %s: %s", a->text, err_name(e));
}
