/*
 * confer-log inspect: what is this file? Told by its first bytes, and by its
 * name only where it has none that tell: tiles.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "logd/cmd.h"
#include "logd/cmd_inspect.h"
#include "logd/log.h"
#include "logd/view.h"
#include "tlog/note.h"
#include "tlog/policy.h"
#include "tlog/proof.h"
#include "tlog/tile.h"

#define INSPECT_MAX (17u << 20) /* the longest bundle: 16.8 MB */
#define FEW         4           /* hashes or entries of a tile shown */

/* ---- tiles --------------------------------------------------------------- */

static void show_place(struct logd_show *s, const struct tlog_tile *t)
{
	const unsigned long long first =
	    (unsigned long long)t->index * TLOG_TILE_WIDTH;

	if (t->entries)
		logd_show_answer(s, "bundle of entries %llu to %llu", first,
		    first + t->width - 1);
	else
		logd_show_answer(s,
		    "tile %llu of level %u, hashes %llu to %llu",
		    (unsigned long long)t->index, t->level, first,
		    first + t->width - 1);
	logd_show_cstr(s, "what", t->entries ? "bundle" : "tile");
	if (!t->entries)
		logd_show_num(s, "level", t->level);
	logd_show_num(s, "index", t->index);
	logd_show_num(s, "width", t->width);
}

static enum err show_hashes(struct logd_show *s, const struct tlog_tile *t,
    struct bytes in, struct err_ctx *ctx)
{
	char hex[2 * TLOG_HASH_LEN + 1];

	if (in.len != (size_t)t->width * TLOG_HASH_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "%zu bytes, but its name says %u hashes", in.len, t->width);
	show_place(s, t);
	for (unsigned i = 0; i < t->width && i < FEW; i++) {
		hex_encode(
		    hex, in.p + (size_t)i * TLOG_HASH_LEN, TLOG_HASH_LEN);
		logd_show_answer(s, "  %s", hex);
	}
	if (t->width > FEW)
		logd_show_answer(s, "  and %u more", t->width - FEW);
	return ERR_OK;
}

static enum err show_entries(struct logd_show *s, const struct tlog_tile *t,
    struct bytes in, struct err_ctx *ctx)
{
	char hex[2 * TLOG_HASH_LEN + 1];
	struct tlog_hash leaf;
	struct bytes entry;
	enum err e = tlog_bundle_parse(in, t->width, ctx);

	if (e != ERR_OK)
		return e;
	show_place(s, t);
	for (unsigned i = 0; tlog_bundle_next(&in, &entry); i++) {
		if (i == FEW)
			logd_show_answer(s, "  and %u more", t->width - FEW);
		if (i >= FEW)
			continue;
		tlog_leaf_hash(&leaf, entry);
		hex_encode(hex, leaf.b, TLOG_HASH_LEN);
		logd_show_answer(s, "  %s %zu bytes", hex, entry.len);
	}
	return ERR_OK;
}

/* Does the path end like that of a tile? */
static bool tile_of_path(struct tlog_tile *out, const char *path)
{
	for (const char *p = strstr(path, "tile/"); p != NULL;
	     p = strstr(p + 1, "tile/")) {
		struct bytes b = { (const uint8_t *)p, strlen(p) };

		if ((p == path || p[-1] == '/') &&
		    tlog_tile_path_parse(out, b, NULL) == ERR_OK)
			return true;
	}
	return false;
}

/* ---- files --------------------------------------------------------------- */

static bool starts(struct bytes text, const char *with)
{
	size_t n = strlen(with);

	return text.len >= n && mem_eq_str((struct bytes){ text.p, n }, with);
}

/* What has a first line of its own. */
static logd_inspect_fn *by_first_line(struct bytes text)
{
	static const struct {
		const char *start;
		logd_inspect_fn *show;
	} kinds[] = {
		{ "PRIVATE+KEY+", logd_inspect_key },
		{ "c2sp.org/tlog-proof@v1\n", logd_inspect_proof },
		{ "confer-trust/", logd_inspect_trust },
		{ "confer-release/", logd_inspect_record },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (starts(text, kinds[i].start))
			return kinds[i].show;
	}
	return NULL;
}

/* What has not is tried: each of these accepts nothing of the others. */
static logd_inspect_fn *by_grammar(struct bytes text)
{
	static struct tlog_policy policy;
	struct tlog_note note;
	struct tlog_key key;
	struct bytes line = text;

	if (line.len > 0 && line.p[line.len - 1] == '\n')
		line.len--;
	if (tlog_note_parse(&note, text, NULL) == ERR_OK)
		return logd_inspect_note;
	if (tlog_vkey_parse(&key, line, NULL) == ERR_OK)
		return logd_inspect_vkey;
	if (tlog_policy_parse(&policy, text, true, NULL) == ERR_OK)
		return logd_inspect_policy;
	return NULL;
}

static enum err show_file(struct logd_show *s, const char *path,
    struct bytes text, struct err_ctx *ctx)
{
	logd_inspect_fn *show = by_first_line(text);
	struct tlog_tile tile;

	if (show == NULL && tile_of_path(&tile, path))
		return tile.entries ? show_entries(s, &tile, text, ctx)
				    : show_hashes(s, &tile, text, ctx);
	if (show == NULL)
		show = by_grammar(text);
	if (show == NULL)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "neither checkpoint, note, proof, record, key, policy, "
		    "trust file nor tile");
	return show(s, text, ctx);
}

/* ---- logs ---------------------------------------------------------------- */

/* Something to be opened as a view, and not as a file? */
static bool is_log(const char *where)
{
	struct stat st;

	return strncmp(where, "http:", 5) == 0 ||
	       strncmp(where, "https:", 6) == 0 ||
	       strncmp(where, "unix:", 5) == 0 ||
	       (stat(where, &st) == 0 && S_ISDIR(st.st_mode));
}

/* Of a log, its checkpoint. */
static enum logd_exit show_log(
    const struct logd_options *o, struct logd_show *s)
{
	static uint8_t note[LOGD_NOTE_MAX];
	struct logd_view v = LOGD_VIEW_INIT;
	struct err_ctx ctx = { 0 };
	size_t len = 0;
	enum err e = logd_cmd_view_open(&v, o->arg[0], o->ca_file, &ctx);

	if (e == ERR_OK) {
		e = logd_view_read(
		    &v, "checkpoint", note, sizeof(note), &len, &ctx);
		logd_view_close(&v);
	}
	if (e != ERR_OK)
		return logd_show_fail(s, logd_show_code_view(e), NULL, &ctx);
	e = logd_inspect_note(s, (struct bytes){ note, len }, &ctx);
	return e == ERR_OK ? LOGD_EXIT_OK
			   : logd_show_fail(
				 s, logd_show_code_input(e), o->arg[0], &ctx);
}

enum logd_exit logd_cmd_inspect(
    const struct logd_options *o, struct logd_show *s)
{
	const char *path = o->arg[0];
	struct err_ctx ctx = { 0 };
	struct logd_file f;
	enum err e;

	if (is_log(path))
		return show_log(o, s);
	e = logd_cmd_load(&f, path, INSPECT_MAX, &ctx);
	if (e != ERR_OK)
		return logd_show_fail(s, logd_show_code_input(e), NULL, &ctx);
	e = show_file(s, path, f.text, &ctx);
	mem_wipe(f.p, f.text.len); /* it may be a key */
	logd_cmd_unload(&f);
	return e == ERR_OK
		   ? LOGD_EXIT_OK
		   : logd_show_fail(s, logd_show_code_input(e), path, &ctx);
}
