/* Error names and messages. */
#include "base/err.h"

#include "base/fmt.h"

static const char *const err_names[ERR_N] = {
	[ERR_OK] = "ok",
	[ERR_TRUNCATED] = "truncated",
	[ERR_TRAILING] = "trailing bytes",
	[ERR_FORMAT] = "bad format",
	[ERR_LIMIT] = "over limit",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_AUTH] = "not authentic",
	[ERR_PROTOCOL] = "protocol error",
	[ERR_CLOSED] = "closed",
	[ERR_TIMEOUT] = "timed out",
	[ERR_BUSY] = "busy",
	[ERR_CANCELLED] = "cancelled",
	[ERR_POLICY] = "refused by policy",
	[ERR_EXPIRED] = "expired",
	[ERR_NOTFOUND] = "not found",
	[ERR_AGAIN] = "again",
	[ERR_NOSPACE] = "no space",
	[ERR_NOMEM] = "out of memory",
	[ERR_IO] = "i/o error",
	[ERR_INTERNAL] = "internal error",
};

const char *err_name(enum err code)
{
	if ((unsigned)code >= ERR_N)
		return "unknown";
	return err_names[code];
}

enum err err_set(struct err_ctx *ctx, enum err code, const char *fmt, ...)
{
	va_list ap;

	if (ctx == NULL || ctx->code != ERR_OK)
		return code;
	ctx->code = code;
	va_start(ap, fmt);
	(void)fmt_vprint(ctx->msg, sizeof(ctx->msg), fmt, ap);
	va_end(ap);
	return code;
}
