/* See cmd_keep.h. */
#include "logd/cmd_keep.h"

#include <string.h>

#include "base/utc.h"

/* The witnesses of the policy that can be asked. */
static enum err list_witnesses(struct logd_keep *k, struct err_ctx *ctx)
{
	for (size_t i = 0; i < k->policy->n_witnesses; i++) {
		const struct tlog_policy_witness *w = &k->policy->witness[i];
		char *url = k->url[k->n_witnesses];

		if (w->url.len == 0 || w->key.type != TLOG_KEY_COSIGNATURE)
			continue;
		if (w->url.len >= LOGD_WHERE_MAX)
			return err_set(ctx, ERR_LIMIT,
			    "the URL of witness %.*s is too long",
			    LOGD_TEXT(w->name));
		mem_copy(url, w->url.p, w->url.len);
		url[w->url.len] = '\0';
		k->witness[k->n_witnesses++] = (struct logd_witness){
			.key = w->key, .url = url, .ca_file = k->o->ca_file
		};
	}
	return ERR_OK;
}

enum logd_exit logd_keep_open(
    struct logd_keep *k, const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	char path[FD_PATH_MAX];
	enum err e = logd_cmd_path(path, o->arg[0], LOGD_TRUST_NAME, &ctx);

	k->o = o;
	k->s = s;
	if (e == ERR_OK)
		e = logd_log_open(&k->log, o->arg[0], &ctx);
	if (e != ERR_OK)
		return logd_show_fail(s, logd_show_code_local(e), NULL, &ctx);
	k->now_s = logd_cmd_now(o, s);
	e = logd_cmd_trust_new(&k->trust, path, &ctx);
	if (e == ERR_OK) {
		k->policy = trust_policy_at(&k->trust->trust, k->now_s);
		if (k->policy == NULL)
			e = trust_no_policy(&k->trust->trust, k->now_s, &ctx);
	}
	if (e == ERR_OK)
		e = list_witnesses(k, &ctx);
	return e == ERR_OK
		   ? LOGD_EXIT_OK
		   : logd_show_fail(s, logd_show_code_input(e), NULL, &ctx);
}

void logd_keep_close(struct logd_keep *k)
{
	logd_log_close(k->log);
	logd_cmd_trust_free(k->trust);
	k->log = NULL;
	k->trust = NULL;
}

enum err logd_keep_check(struct logd_keep *k, struct err_ctx *ctx)
{
	enum err e = tlog_checkpoint_verify(
	    &k->head, k->policy, k->now_s, logd_log_checkpoint(k->log), ctx);

	if (e == ERR_OK)
		e = tlog_head_check_fresh(
		    &k->head, k->now_s, TLOG_FRESH_S, ctx);
	if (e == ERR_OK && k->head.size != logd_log_size(k->log))
		e = err_set(ctx, ERR_POLICY,
		    "the checkpoint published has %llu entries, the log %llu",
		    (unsigned long long)k->head.size,
		    (unsigned long long)logd_log_size(k->log));
	return e;
}

/* The policy's own name for a witness. */
static struct bytes name_of(
    const struct logd_keep *k, const struct logd_witness *w)
{
	for (size_t i = 0; i < k->policy->n_witnesses; i++) {
		if (mem_eq_ct(k->policy->witness[i].key.pub, w->key.pub,
			ED25519_PUB_LEN))
			return k->policy->witness[i].name;
	}
	return w->key.name;
}

static void show_witness(struct logd_keep *k, const struct logd_witness *w)
{
	const struct bytes name = name_of(k, w);
	char when[UTC_TEXT_LEN + 1];

	utc_format(when, w->time);
	if (w->cosigned)
		logd_show_step(k->s, LOGD_GOOD, "witness", "%.*s cosigned, %s",
		    LOGD_TEXT(name), when);
	else
		logd_show_step(k->s, LOGD_BAD, "witness", "%.*s did not: %s",
		    LOGD_TEXT(name), w->why);
	logd_show_open(k->s, NULL, '{');
	logd_show_str(k->s, "name", name);
	logd_show_bool(k->s, "cosigned", w->cosigned);
	if (w->cosigned)
		logd_show_num(k->s, "time", w->time);
	else
		logd_show_cstr(k->s, "why", w->why);
	logd_show_close(k->s, '}');
}

enum logd_exit logd_keep_publish(struct logd_keep *k)
{
	struct err_ctx ctx = { 0 };
	enum err e;

	if (k->n_witnesses > 0)
		logd_show_status(k->s, "asking %zu witnesses", k->n_witnesses);
	e = logd_log_publish(
	    k->log, k->witness, k->n_witnesses, k->now_s, &ctx);
	logd_show_status_clear(k->s);
	logd_show_open(k->s, "witnesses", '[');
	for (size_t i = 0; i < k->n_witnesses; i++)
		show_witness(k, &k->witness[i]);
	logd_show_close(k->s, ']');
	return e == ERR_OK
		   ? LOGD_EXIT_OK
		   : logd_show_fail(k->s, logd_show_code_local(e), NULL, &ctx);
}

enum logd_exit logd_keep_verdict(
    struct logd_keep *k, enum err quorum, const struct err_ctx *why)
{
	const struct tlog_hash root = logd_log_root(k->log);
	char until[UTC_TEXT_LEN + 1];

	logd_show_num(k->s, "size", logd_log_size(k->log));
	logd_show_hash(k->s, "root", &root);
	logd_show_bool(k->s, "quorum", quorum == ERR_OK);
	if (quorum != ERR_OK)
		return logd_show_refuse(k->s, LOGD_EXIT_REFUSED,
		    "clients do not accept the checkpoint yet: %s; "
		    "`confer-log refresh %s` asks the witnesses again",
		    why->msg, k->o->arg[0]);
	if (!k->head.has_time) {
		logd_show_say(k->s,
		    "Published; this log's clients ask for no witnesses.");
		return LOGD_EXIT_OK;
	}
	utc_format(until, tlog_head_deadline(&k->head));
	logd_show_num(k->s, "deadline", tlog_head_deadline(&k->head));
	logd_show_say(k->s,
	    "Published under a quorum; clients accept it until %s.", until);
	return LOGD_EXIT_OK;
}
