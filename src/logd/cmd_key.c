/* confer-log key: make a signing key, show the public half of one. */
#include <string.h>

#include "logd/cmd.h"
#include "logd/key.h"

static const struct {
	const char *name;
	enum tlog_key_type type;
} kinds[] = {
	{ "log", TLOG_KEY_ED25519 },
	{ "release", TLOG_KEY_ED25519 },
	{ "rebuilder", TLOG_KEY_ED25519 },
	{ "witness", TLOG_KEY_COSIGNATURE },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void show(
    const struct logd_key *key, const char *path, struct logd_show *s)
{
	uint8_t text[TLOG_VKEY_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));

	tlog_vkey_format(&w, key->key.name, key->key.type, key->key.pub);
	logd_show_answer(s, "%.*s", (int)w.len, (const char *)text);
	logd_show_cstr(s, "file", path);
	logd_show_cstr(s, "name", key->name);
	logd_show_num(s, "type", key->key.type);
	logd_show_str(s, "vkey", (struct bytes){ text, w.len });
}

static enum logd_exit make(const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	struct logd_key key;
	enum err e;
	size_t i = 0;

	if (o->kind == NULL || o->name == NULL)
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "`confer-log key new` needs --kind and --name");
	while (i < KINDS && strcmp(kinds[i].name, o->kind) != 0)
		i++;
	if (i == KINDS)
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "--kind is log, witness, release or rebuilder, not %s",
		    o->kind);
	e = logd_key_make(&key, o->name, kinds[i].type, &ctx);
	if (e != ERR_OK)
		return logd_show_fail(s, LOGD_EXIT_USAGE, "--name", &ctx);
	e = logd_key_save(&key, o->arg[1], &ctx);
	if (e == ERR_OK)
		show(&key, o->arg[1], s);
	logd_key_wipe(&key);
	return e == ERR_OK
		   ? LOGD_EXIT_OK
		   : logd_show_fail(s, logd_show_code_local(e), NULL, &ctx);
}

enum logd_exit logd_cmd_key(const struct logd_options *o, struct logd_show *s)
{
	struct err_ctx ctx = { 0 };
	struct logd_key key;
	enum err e;

	if (strcmp(o->arg[0], "new") == 0)
		return make(o, s);
	if (strcmp(o->arg[0], "show") != 0)
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "`confer-log key` is new or show, not %s", o->arg[0]);
	if (o->kind != NULL || o->name != NULL)
		return logd_show_refuse(s, LOGD_EXIT_USAGE,
		    "`confer-log key show` takes no --kind and no --name");
	e = logd_key_load(&key, o->arg[1], &ctx);
	if (e != ERR_OK)
		return logd_show_fail(s, logd_show_code_input(e), NULL, &ctx);
	show(&key, o->arg[1], s);
	logd_key_wipe(&key);
	return LOGD_EXIT_OK;
}
