/* confer-log init: make an empty log. */
#include <errno.h>
#include <unistd.h>

#include "logd/cmd.h"
#include "logd/log.h"
#include "sys/fd.h"

/* Is this key, name and all, a log of the trust file, now or later? */
static bool trusted(const struct trust *t, const struct tlog_key *key)
{
	for (size_t i = 0; i < t->n_logs; i++) {
		const struct tlog_policy *p = &t->log[i].policy;

		for (size_t k = 0; k < p->n_logs; k++) {
			if (p->log[k].key.type == key->type &&
			    mem_eq(p->log[k].key.name, key->name) &&
			    mem_eq_ct(
				p->log[k].key.pub, key->pub, ED25519_PUB_LEN))
				return true;
		}
	}
	return false;
}

/* Was the log of this key made, and its trust file not, because the command was
 * killed in between? */
static bool cut_short(
    const char *dir, const char *trust, const struct tlog_key *key)
{
	struct logd_key kept;
	char path[FD_PATH_MAX];
	bool same;

	if (access(trust, F_OK) == 0 || errno != ENOENT ||
	    logd_cmd_path(path, dir, "state/key", NULL) != ERR_OK ||
	    logd_key_load(&kept, path, NULL) != ERR_OK)
		return false;
	same = mem_eq(kept.key.name, key->name) &&
	       mem_eq_ct(kept.key.pub, key->pub, ED25519_PUB_LEN);
	logd_key_wipe(&kept);
	return same;
}

static enum logd_exit make(const struct logd_options *o, struct logd_show *s,
    const struct logd_key *key, const struct logd_trust *t)
{
	const char *dir = o->arg[0];
	struct err_ctx ctx = { 0 };
	char path[FD_PATH_MAX];
	enum err e;

	if (key->key.type != TLOG_KEY_ED25519)
		return logd_show_refuse(s, LOGD_EXIT_REFUSED,
		    "%s is a witness's key; a log needs one of --kind log",
		    o->key);
	if (!trusted(&t->trust, &key->key))
		return logd_show_refuse(s, LOGD_EXIT_REFUSED,
		    "%s: the key %s is not a log of this trust file; add "
		    "its vkey as a `log` line",
		    o->trust, key->name);
	e = logd_cmd_path(path, dir, LOGD_TRUST_NAME, &ctx);
	if (e == ERR_OK)
		e = logd_log_init(dir, key, &ctx);
	if (e == ERR_BUSY && cut_short(dir, path, &key->key))
		e = ERR_OK;
	if (e == ERR_OK)
		e = fd_replace_file(path, t->file.text, 0644, &ctx);
	if (e != ERR_OK)
		return logd_show_fail(s, logd_show_code_local(e), NULL, &ctx);
	logd_show_say(s, "The log %s is in %s, and empty.", key->name, dir);
	logd_show_say(
	    s, "Everybody may read %s/public; %s/state is private.", dir, dir);
	logd_show_cstr(s, "origin", key->name);
	logd_show_cstr(s, "dir", dir);
	return LOGD_EXIT_OK;
}

enum logd_exit logd_cmd_init(const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	struct logd_key key;
	struct logd_trust *t;
	enum logd_exit x;
	enum err e;

	if (o->key == NULL || o->trust == NULL)
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "`confer-log init` needs --key and --trust");
	e = logd_cmd_trust_new(&t, o->trust, &ctx);
	if (e == ERR_OK) {
		e = logd_key_load(&key, o->key, &ctx);
		if (e == ERR_OK) {
			x = make(o, s, &key, t);
			logd_key_wipe(&key);
			logd_cmd_trust_free(t);
			return x;
		}
		logd_cmd_trust_free(t);
	}
	return logd_show_fail(s, logd_show_code_input(e), NULL, &ctx);
}
