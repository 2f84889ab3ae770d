/* confer-log witness: make one, tell it which logs to watch, run it. */
#include <string.h>

#include "logd/cmd.h"
#include "logd/cmd_listen.h"
#include "logd/witness_http.h"
#include "sys/clock.h"

static void show_vkey(struct logd_show *s, const struct logd_key *key)
{
	uint8_t text[TLOG_VKEY_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));

	tlog_vkey_format(&w, key->key.name, key->key.type, key->key.pub);
	logd_show_answer(s, "%.*s", (int)w.len, (const char *)text);
	logd_show_str(s, "vkey", (struct bytes){ text, w.len });
}

static enum logd_exit make(const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	char path[FD_PATH_MAX];
	struct logd_key key;
	enum err e = logd_key_make(&key, o->init, TLOG_KEY_COSIGNATURE, &ctx);

	if (e != ERR_OK)
		return logd_show_fail(s, LOGD_EXIT_USAGE, "--init", &ctx);
	e = logd_cmd_path(path, o->arg[0], "key", &ctx);
	if (e == ERR_OK)
		e = fd_make_dirs(o->arg[0], &ctx);
	if (e == ERR_OK)
		e = logd_key_save(&key, path, &ctx);
	if (e == ERR_OK)
		show_vkey(s, &key);
	logd_key_wipe(&key);
	return e == ERR_OK
		   ? LOGD_EXIT_OK
		   : logd_show_fail(s, logd_show_code_local(e), NULL, &ctx);
}

static enum logd_exit add_logs(
    const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < o->n_many; i++) {
		const struct bytes vkey = { (const uint8_t *)o->many[i],
			strlen(o->many[i]) };

		e = logd_witnessd_add_log(o->arg[0], vkey, &ctx);
		if (e == ERR_OK)
			logd_show_say(s, "Watches %s.", o->many[i]);
	}
	return e == ERR_OK
		   ? LOGD_EXIT_OK
		   : logd_show_fail(s, logd_show_code_input(e), NULL, &ctx);
}

/* ---- running ------------------------------------------------------------- */

static const struct logd_options *options; /* for a clock without cookie */

static uint64_t now(void)
{
	return options->has_now ? options->now_s : clock_unix_s();
}

/* A line for the operator about what does not happen to a sound log: a fork, a
 * wrong key, a full disk. 409 does: it is how a log asks for the size. */
static void on_said(void *cookie, const struct logd_witness_said *said)
{
	if (said->status != 200 && said->status != 409 && said->origin.len > 0)
		logd_show_warn(cookie, "%u to %.*s: %s", said->status,
		    LOGD_TEXT(said->origin), said->why);
}

static enum logd_exit run(const struct logd_options *o, struct logd_show *s)
{
	struct logd_witness_site site = {
		.clock = now, .said = on_said, .cookie = s
	};
	struct logd_witness_view v;
	struct err_ctx ctx = { 0 };
	enum logd_exit x;
	enum err e;

	options = o;
	(void)logd_cmd_now(o, s);
	e = logd_witnessd_open(&site.w, o->arg[0], &ctx);
	if (e != ERR_OK)
		return logd_show_fail(s, logd_show_code_local(e), NULL, &ctx);
	for (size_t i = 0; logd_witnessd_view(site.w, i, &v); i++)
		logd_show_step(s, LOGD_PLAIN, "watches", "%.*s, %llu entries",
		    LOGD_TEXT(v.origin), (unsigned long long)v.size);
	x = logd_listen(s, o->listen, logd_witness_http, &site);
	logd_witnessd_close(site.w);
	return x;
}

enum logd_exit logd_cmd_witness(
    const struct logd_options *o, struct logd_show *s)
{
	const int asked =
	    (o->init != NULL) + (o->n_many > 0) + (o->listen != NULL);

	if (asked != 1)
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "`confer-log witness` needs one of --init, --add-log and "
		    "--listen");
	if (o->init != NULL)
		return make(o, s);
	return o->listen != NULL ? run(o, s) : add_logs(o, s);
}
