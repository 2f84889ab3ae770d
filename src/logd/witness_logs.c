/* The `logs` file of a witness; see witness_logs.h. */
#include "logd/witness_logs.h"

#include <string.h>

#include "base/rd.h"

#define KEYWORD "log "

/* The log of this name; a new one if there is room, else NULL. */
static struct logd_witness_log *log_of(
    struct logd_witness_logs *logs, struct bytes name)
{
	for (size_t i = 0; i < logs->n; i++) {
		if (mem_eq(logs->log[i].key[0].name, name))
			return &logs->log[i];
	}
	if (logs->n == LOGD_WITNESS_LOGS_MAX)
		return NULL;
	return &logs->log[logs->n++];
}

static enum err add_key(struct logd_witness_logs *out,
    const struct tlog_key *key, struct err_ctx *ctx)
{
	struct logd_witness_log *log;

	if (key->type != TLOG_KEY_ED25519)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "not a key that signs checkpoints (type 1)");
	log = log_of(out, key->name);
	if (log == NULL)
		return err_set(
		    ctx, ERR_LIMIT, "more than %u logs", LOGD_WITNESS_LOGS_MAX);
	for (size_t i = 0; i < log->n; i++) {
		if (log->key[i].id == key->id)
			return err_set(
			    ctx, ERR_BUSY, "this key is known already");
	}
	if (log->n == TLOG_POLICY_LOGS_MAX)
		return err_set(ctx, ERR_LIMIT, "more than %u keys of one log",
		    TLOG_POLICY_LOGS_MAX);
	log->key[log->n++] = *key;
	return ERR_OK;
}

static enum err read_line(
    struct logd_witness_logs *out, struct bytes line, struct err_ctx *ctx)
{
	const size_t skip = strlen(KEYWORD);
	struct tlog_key key;
	enum err e;

	if (line.len == 0 || line.p[0] == '#')
		return ERR_OK;
	if (line.len < skip ||
	    !mem_eq_str((struct bytes){ line.p, skip }, KEYWORD))
		return err_set(ctx, ERR_FORMAT, "not `log <vkey>`");
	e = tlog_vkey_parse(
	    &key, (struct bytes){ line.p + skip, line.len - skip }, ctx);
	return e == ERR_OK ? add_key(out, &key, ctx) : e;
}

/* The bytes up to the next LF, which is taken too. */
static struct bytes next_line(struct rd *r)
{
	const uint8_t *end = memchr(r->p + r->off, '\n', rd_left(r));
	struct bytes line;

	if (end == NULL) {
		rd_fail(r, ERR_TRUNCATED);
		return (struct bytes){ NULL, 0 };
	}
	line = rd_take(r, (size_t)(end - r->p) - r->off);
	(void)rd_u8(r);
	return line;
}

enum err logd_witness_logs_parse(
    struct logd_witness_logs *out, struct bytes text, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(text);
	struct err_ctx why = { 0 };
	enum err e = ERR_OK;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	if (text.len > LOGD_WITNESS_LOGS_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "logs: more than %u bytes",
		    LOGD_WITNESS_LOGS_LEN_MAX);
	while (e == ERR_OK && rd_left(&r) > 0) {
		struct bytes line = next_line(&r);

		n++;
		if (r.err != ERR_OK)
			e = err_set(&why, r.err, "the line does not end");
		else
			e = read_line(out, line, &why);
	}
	if (e == ERR_OK)
		return ERR_OK;
	memset(out, 0, sizeof(*out));
	return err_set(ctx, e, "logs, line %zu: %s", n, why.msg);
}
