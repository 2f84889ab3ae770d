/*
 * The pseudo-files of Gramine's /dev/attestation: SGX quotes for a program in an
 * enclave. Written from Gramine's documentation ("Attestation and Secret
 * Provisioning"); no hardware with it was at hand.
 */
#include "enclave/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define TYPE_LEN_MAX 32

static enum err failed(struct err_ctx *ctx, enum err e, const char *file)
{
	return err_set(ctx, e, "gramine: %s: %s", file,
	    e == ERR_LIMIT ? "too long" : err_name(e));
}

enum err source_gramine_ask(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
{
	enum err e = source_write(
	    s->os, s->fd, "user_report_data", report_data, REPORT_DATA_LEN);

	out->tee = TEE_SGX;
	if (e != ERR_OK)
		return failed(ctx, e, "user_report_data");
	e = source_read(s->os, s->fd, "quote", out->report, sizeof(out->report),
	    &out->report_len);
	return e == ERR_OK ? e : failed(ctx, e, "quote");
}

/* Which attestation the manifest asked for: only DCAP quotes are judged. */
static enum err check_type(const struct source *s, struct err_ctx *ctx)
{
	uint8_t type[TYPE_LEN_MAX];
	size_t len;
	enum err e = source_read(
	    s->os, s->fd, "attestation_type", type, sizeof(type), &len);

	if (e != ERR_OK)
		return failed(ctx, e, "attestation_type");
	if (len > 0 && type[len - 1] == '\n')
		len--;
	if (!mem_eq_str((struct bytes){ type, len }, "dcap"))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "gramine: attestation_type is not dcap: see "
		    "sgx.remote_attestation of the manifest");
	return ERR_OK;
}

enum err source_gramine_find(
    struct source *s, const char *dir, struct err_ctx *ctx)
{
	int fd = s->os->open_at(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
	enum err e;

	if (fd < 0)
		return source_errno(errno) == ERR_NOTFOUND
			   ? ERR_NOTFOUND
			   : err_set(ctx, ERR_IO, "cannot open %.*s: %s", 80,
				 dir, strerrordesc_np(errno));
	s->kind = SOURCE_GRAMINE;
	s->tee = TEE_SGX;
	s->fd = fd;
	e = check_type(s, ctx);
	if (e != ERR_OK)
		source_close(s);
	return e;
}
