/*
 * /dev/sev-guest (Documentation/virt/coco/sev-guest.rst of Linux): requests to
 * AMD's firmware by ioctl. Structures are written out byte by byte, since the
 * headers of older systems lack the newer names of the same layout.
 */
#include "enclave/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "attest/snp.h"
#include "base/rd.h"
#include "enclave/source_sev.h"

/* exitinfo2, upper half: what the hypervisor said. */
#define VMM_ERROR_NONE        0
#define VMM_ERROR_INVALID_LEN 1 /* the certificates need more room */
#define VMM_ERROR_BUSY        2

/* What came of one ioctl. */
struct outcome {
	int error;          /* errno; 0: done */
	uint32_t fw_error;  /* of the firmware, 0: none */
	uint32_t vmm_error; /* of the hypervisor */
};

static struct outcome call(
    const struct source *s, unsigned long request, void *req, void *resp)
{
	struct sev_guest_ioctl arg = { .msg_version = 1,
		.req_data = (uint64_t)(uintptr_t)req,
		.resp_data = (uint64_t)(uintptr_t)resp };
	struct outcome o = { 0 };

	if (s->os->ioctl(s->fd, request, &arg) < 0)
		o.error = errno;
	o.fw_error = (uint32_t)arg.exitinfo2;
	o.vmm_error = (uint32_t)(arg.exitinfo2 >> 32);
	return o;
}

static enum err verdict(const struct outcome *o, struct err_ctx *ctx)
{
	if (o->vmm_error == VMM_ERROR_BUSY)
		return err_set(ctx, ERR_BUSY,
		    "sev-guest: the host has no time for a report");
	if (o->vmm_error != VMM_ERROR_NONE)
		return err_set(ctx, ERR_PROTOCOL,
		    "sev-guest: error %u of the hypervisor", o->vmm_error);
	if (o->fw_error != 0)
		return err_set(ctx, ERR_POLICY,
		    "sev-guest: error %u of the firmware", o->fw_error);
	if (o->error == ENOTTY)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "sev-guest: the device does not take requests for reports");
	if (o->error != 0)
		return err_set(ctx, source_errno(o->error), "sev-guest: %s",
		    err_name(source_errno(o->error)));
	return ERR_OK;
}

/* MSG_REPORT_RSP: status, size, 24 reserved bytes, the report. */
static enum err take_report(struct source_answer *out,
    const struct sev_guest_response *resp, struct err_ctx *ctx)
{
	struct rd r = rd_init(resp->data, sizeof(resp->data));
	uint32_t status = rd_u32le(&r), size = rd_u32le(&r);

	if (status != 0)
		return err_set(ctx, ERR_POLICY,
		    "sev-guest: the firmware refused, status %u", status);
	if (size != SNP_REPORT_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "sev-guest: a report of %u bytes, must be %d", size,
		    SNP_REPORT_LEN);
	(void)rd_take(&r, SEV_GUEST_RESERVED_LEN);
	rd_copy(&r, out->report, SNP_REPORT_LEN);
	out->report_len = SNP_REPORT_LEN;
	return r.err;
}

static bool needs_room(const struct outcome *o)
{
	return o->error != 0 && o->vmm_error == VMM_ERROR_INVALID_LEN;
}

/* A report and the host's certificates; the host may ask for more room once. */
static enum err ask_extended(struct source_answer *out, const struct source *s,
    const struct sev_guest_request *data, bool *lacking, struct err_ctx *ctx)
{
	struct sev_guest_response resp = { { 0 } };
	struct sev_guest_ext_request req = { .data = *data,
		.certs_address = (uint64_t)(uintptr_t)out->extra,
		.certs_len = SEV_GUEST_CERTS_LEN };
	struct outcome o = call(s, SEV_GUEST_GET_EXT_REPORT, &req, &resp);
	enum err e;

	if (needs_room(&o)) {
		if (req.certs_len <= SEV_GUEST_CERTS_LEN ||
		    req.certs_len > sizeof(out->extra))
			return err_set(ctx, ERR_LIMIT,
			    "sev-guest: the host wants room for %u bytes of "
			    "certificates, at most %zu",
			    req.certs_len, sizeof(out->extra));
		o = call(s, SEV_GUEST_GET_EXT_REPORT, &req, &resp);
	}
	*lacking = o.error == ENOTTY;
	if (*lacking)
		return ERR_OK;
	e = verdict(&o, ctx);
	if (e == ERR_OK)
		e = take_report(out, &resp, ctx);
	if (e == ERR_OK)
		out->extra_len = req.certs_len <= sizeof(out->extra)
				     ? req.certs_len
				     : sizeof(out->extra);
	return e;
}

enum err source_sev_ask(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
{
	struct sev_guest_request req = { .vmpl = 0 };
	struct sev_guest_response resp = { { 0 } };
	struct outcome o;
	bool lacking = false;
	enum err e;

	out->tee = TEE_SNP;
	memcpy(req.user_data, report_data, sizeof(req.user_data));
	e = ask_extended(out, s, &req, &lacking, ctx);
	if (!lacking)
		return e;
	o = call(s, SEV_GUEST_GET_REPORT, &req, &resp);
	e = verdict(&o, ctx);
	return e == ERR_OK ? take_report(out, &resp, ctx) : e;
}

enum err source_sev_find(
    struct source *s, const char *device, struct err_ctx *ctx)
{
	int fd = s->os->open_at(AT_FDCWD, device, O_RDWR);

	if (fd < 0)
		return source_errno(errno) == ERR_NOTFOUND
			   ? ERR_NOTFOUND
			   : err_set(ctx, ERR_IO, "cannot open %.*s: %s", 80,
				 device, strerrordesc_np(errno));
	s->kind = SOURCE_SEV_GUEST;
	s->tee = TEE_SNP;
	s->fd = fd;
	return ERR_OK;
}
