/* confer release: records of the release log, made, signed, checked, shown. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "cli/cmd.h"
#include "cli/release_check.h"
#include "cli/release_make.h"
#include "cli/release_show.h"
#include "logd/key.h"
#include "sys/clock.h"
#include "tlog/proof.h"

#define SHOWN 60 /* bytes of an argument in a message */

/* One run: its options, and what --json will print. */
struct run {
	const struct cli_options *o;
	const struct cli_release *r;
	struct cli_term *t;
	struct err_ctx *ctx;
	uint64_t now_s;
	struct wr json; /* members after "exit" */
};

static enum cli_exit exit_of(enum err e)
{
	if (e == ERR_OK)
		return CLI_EXIT_OK;
	if (e == ERR_NOSPACE)
		return CLI_EXIT_DAMAGE;
	return e == ERR_INTERNAL || e == ERR_NOMEM ? CLI_EXIT_INTERNAL
						   : CLI_EXIT_REFUSED;
}

static enum cli_exit usage(struct run *run, const char *what)
{
	(void)err_set(run->ctx, ERR_FORMAT, "%s", what);
	return CLI_EXIT_USAGE;
}

static void json_text(struct wr *w, const char *name, struct bytes value)
{
	wr_fmt(w, ",\"%s\":", name);
	json_write_string(w, value);
}

static struct bytes bytes_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- key ---------------------------------------------------------------------- */

static enum cli_exit key(struct run *run)
{
	uint8_t text[TLOG_VKEY_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));
	struct logd_key k;
	enum err e;

	if (run->o->args < 3)
		return usage(run, "confer release key wants a name, such as "
				  "example.org/release-1, and a file to write");
	e = logd_key_make(&k, run->o->arg[1], TLOG_KEY_ED25519, run->ctx);
	if (e != ERR_OK)
		return CLI_EXIT_USAGE;
	e = logd_key_save(&k, run->o->arg[2], run->ctx);
	tlog_vkey_format(&w, k.key.name, k.key.type, k.key.pub);
	if (e == ERR_OK) {
		json_text(&run->json, "vkey", (struct bytes){ w.p, w.len });
		json_text(&run->json, "file", bytes_of(run->o->arg[2]));
	}
	logd_key_wipe(&k);
	if (e != ERR_OK || run->o->json)
		return exit_of(e);
	(void)printf("%.*s\n", (int)w.len, (const char *)w.p);
	if (!run->o->quiet)
		(void)fprintf(stderr,
		    "The line above is public: clients and monitors trust it. "
		    "The file signs:\nkeep it on a machine without a network, "
		    "and a copy in a safe.\n");
	return CLI_EXIT_OK;
}

/* ---- make --------------------------------------------------------------------- */

/* How many lines of each keyword came from the record before. */
static void say_taken(const struct cli_release_make *m)
{
	struct bytes last = { NULL, 0 };
	bool any = false;

	for (size_t i = 0; i < m->lines.n; i++) {
		const struct cli_release_line *it = &m->lines.line[i];
		struct bytes word = it->text;

		if (!it->earlier)
			continue;
		word.len = 0;
		while (word.len < it->text.len && word.p[word.len] != ' ')
			word.len++;
		if (last.p != NULL && mem_eq(last, word))
			continue;
		(void)fprintf(stderr, "%s%.*s",
		    any ? ", " : "Taken over unchanged: ", (int)word.len,
		    (const char *)word.p);
		any = true;
		last = word;
	}
	if (any)
		(void)fputs(".\n", stderr);
}

static void say_made(const struct cli_release_make *m, const char *path)
{
	say_taken(m);
	if (m->compared)
		(void)fprintf(stderr, "The rebuild is %s the release.\n",
		    m->same ? "identical to" : "DIFFERENT from");
	(void)fprintf(stderr,
	    "%s %llu of %s/%s is made. Next: confer release "
	    "sign --key KEY %.*s\n",
	    tlog_record_kind_name(m->kind), (unsigned long long)m->seq,
	    m->product, m->channel, SHOWN, path);
}

static enum cli_exit make(struct run *run)
{
	const char *kind = run->o->args > 1 ? run->o->arg[1] : "";
	const char *path = run->r->out != NULL ? run->r->out : "-";
	struct cli_release_make *m = calloc(1, sizeof(*m));
	bool unreachable;
	enum err e;

	if (m == NULL)
		return exit_of(err_set(run->ctx, ERR_NOMEM, "no memory"));
	e = run->o->args > 2
		? err_set(run->ctx, ERR_FORMAT, "%.*s is one argument too many",
		      SHOWN, run->o->arg[2])
		: cli_release_make(m, kind, run->r, run->now_s, run->ctx);
	if (e == ERR_OK && !(run->o->json && strcmp(path, "-") == 0))
		e = cli_release_write(
		    path, (struct bytes){ m->text, m->len }, run->ctx);
	if (e == ERR_OK) {
		wr_fmt(&run->json, ",\"kind\":\"%s\",\"seq\":%llu",
		    tlog_record_kind_name(m->kind), (unsigned long long)m->seq);
		if (m->compared)
			wr_fmt(&run->json, ",\"identical\":%s",
			    m->same ? "true" : "false");
		json_text(
		    &run->json, "record", (struct bytes){ m->text, m->len });
		if (!run->o->json && !run->o->quiet)
			say_made(m, run->r->out != NULL ? path : "RECORD");
	}
	unreachable = e != ERR_OK && m->unreachable;
	free(m);
	if (unreachable)
		return CLI_EXIT_UNREACHABLE;
	/* Up to here in err.h it is the input's fault: an option's. */
	return e != ERR_OK && e <= ERR_AUTH ? CLI_EXIT_USAGE : exit_of(e);
}

/* ---- reading a record ---------------------------------------------------------- */

/* The record that the only argument names. */
static enum cli_exit read_record(struct run *run, struct cli_release_file *file)
{
	if (run->o->args < 2)
		return usage(run, "the record's file is missing");
	if (run->o->args > 2)
		return usage(run, "one record at a time");
	return exit_of(cli_release_file_read(file, run->o->arg[1], run->ctx));
}

/* ---- sign --------------------------------------------------------------------- */

/* Has this key's name and id signed already, rightly or not? */
static bool has_signed(
    const struct cli_release_file *file, const struct tlog_key *k)
{
	for (size_t i = 0; i < file->note.n; i++) {
		if (file->note.sig[i].id == k->id &&
		    mem_eq(file->note.sig[i].name, k->name))
			return true;
	}
	return false;
}

static enum err add_signature(struct wr *w, const struct cli_release_file *file,
    const struct logd_key *k, struct err_ctx *ctx)
{
	if (k->key.type != TLOG_KEY_ED25519)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "this key is a witness's: it signs no records");
	if (has_signed(file, &k->key))
		return err_set(ctx, ERR_POLICY, "%.*s has signed it already",
		    SHOWN, k->name);
	if (file->note.n == TLOG_NOTE_SIGS_MAX)
		return err_set(ctx, ERR_LIMIT, "it has %d signatures already",
		    TLOG_NOTE_SIGS_MAX);
	wr_bytes(w, file->all);
	if (!file->has_signatures)
		tlog_note_format_end_text(w);
	logd_key_sign(w, k, file->note.text, 0);
	return w->err == ERR_OK
		   ? ERR_OK
		   : err_set(ctx, ERR_LIMIT,
			 "with this signature it is above %d bytes",
			 RECORD_LEN_MAX);
}

/* People sign what they have read: show it before the key is used. */
static void show_what(struct run *run, const struct cli_release_file *file)
{
	if (run->o->quiet || run->o->json)
		return;
	(void)fputs("Signing:\n", stderr);
	cli_release_show(run->t, stderr, file, run->now_s);
}

static enum cli_exit sign(struct run *run)
{
	struct cli_release_file file;
	uint8_t signed_note[RECORD_LEN_MAX];
	struct wr w = wr_init(signed_note, sizeof(signed_note));
	const char *out = run->r->out;
	struct tlog_hash leaf;
	struct logd_key k;
	enum cli_exit x;
	enum err e;
	char hex[2 * TLOG_HASH_LEN + 1];

	if (run->r->key == NULL)
		return usage(run, "--key FILE is missing");
	x = read_record(run, &file);
	if (x != CLI_EXIT_OK)
		return x;
	show_what(run, &file);
	e = logd_key_load(&k, run->r->key, run->ctx);
	if (e == ERR_OK)
		e = add_signature(&w, &file, &k, run->ctx);
	if (out == NULL)
		out = run->o->arg[1];
	if (e == ERR_OK && !(run->o->json && strcmp(out, "-") == 0))
		e = cli_release_write(
		    out, (struct bytes){ w.p, w.len }, run->ctx);
	if (e == ERR_OK) {
		tlog_leaf_hash(&leaf, (struct bytes){ w.p, w.len });
		hex_encode(hex, leaf.b, sizeof(leaf.b));
		json_text(&run->json, "key", bytes_of(k.name));
		wr_fmt(&run->json, ",\"signatures\":%zu,\"leaf_hash\":\"%s\"",
		    file.note.n + 1, hex);
		json_text(&run->json, "record", (struct bytes){ w.p, w.len });
	}
	if (e == ERR_OK && !run->o->json && !run->o->quiet)
		(void)fprintf(stderr, "Signed by %s; it has %zu %s now.\n",
		    k.name, file.note.n + 1,
		    file.note.n == 0 ? "signature" : "signatures");
	logd_key_wipe(&k);
	return exit_of(e);
}

/* ---- check, show -------------------------------------------------------------- */

/* What a check needs besides the record; large. */
struct checking {
	struct cli_release_file file;
	struct cli_release_report report;
	struct trust trust;
	uint8_t trust_text[TRUST_LEN_MAX];
	uint8_t proof[TLOG_PROOF_LEN_MAX];
	struct cli_release_against against;
};

static enum err read_trust(struct run *run, struct checking *c)
{
	const char *path = run->o->trust;
	size_t n = 0;
	enum err e;

	if (path == NULL)
		return ERR_OK;
	e = cli_release_text_read(
	    c->trust_text, sizeof(c->trust_text), &n, path, run->ctx);
	if (e == ERR_OK)
		e = trust_parse(
		    &c->trust, (struct bytes){ c->trust_text, n }, run->ctx);
	c->against.trust = &c->trust;
	return e;
}

static enum err read_proof(struct run *run, struct checking *c)
{
	size_t n = 0;
	enum err e;

	if (run->r->proof == NULL)
		return ERR_OK;
	e = cli_release_text_read(
	    c->proof, sizeof(c->proof), &n, run->r->proof, run->ctx);
	c->against.proof = (struct bytes){ c->proof, n };
	return e;
}

static enum cli_exit run_check(struct run *run, struct checking *c)
{
	enum cli_exit x = read_record(run, &c->file);
	enum err e;

	if (x != CLI_EXIT_OK)
		return x;
	c->against.signer = &run->r->signer;
	c->against.now_s = run->now_s;
	e = read_trust(run, c);
	if (e == ERR_OK)
		e = read_proof(run, c);
	if (e != ERR_OK)
		return exit_of(e);
	if (cli_release_check(&c->report, &c->file, &c->against, run->ctx) !=
	    ERR_OK)
		return CLI_EXIT_USAGE;
	cli_release_check_json(&run->json, &c->report);
	if (!run->o->json && !run->o->quiet)
		cli_release_check_print(run->t, stdout, &c->report);
	return c->report.refused ? CLI_EXIT_REFUSED : CLI_EXIT_OK;
}

static enum cli_exit check(struct run *run)
{
	struct checking *c = calloc(1, sizeof(*c));
	enum cli_exit x;

	if (c == NULL)
		return exit_of(err_set(run->ctx, ERR_NOMEM, "no memory"));
	x = run_check(run, c);
	free(c);
	return x;
}

static enum cli_exit show(struct run *run)
{
	struct cli_release_file file;
	enum cli_exit x = read_record(run, &file);

	if (x != CLI_EXIT_OK)
		return x;
	cli_release_json(&run->json, &file);
	if (!run->o->json)
		cli_release_show(run->t, stdout, &file, run->now_s);
	return CLI_EXIT_OK;
}

/* ---- the command -------------------------------------------------------------- */

static const struct subcommand {
	const char *name;
	enum cli_exit (*fn)(struct run *run);
} subcommands[] = {
	{ "key", key },
	{ "make", make },
	{ "sign", sign },
	{ "check", check },
	{ "show", show },
};

static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(*subcommands); i++)
		if (strcmp(name, subcommands[i].name) == 0)
			return &subcommands[i];
	return NULL;
}

static enum cli_exit dispatch(struct run *run)
{
	const char *name = run->o->args > 0 ? run->o->arg[0] : "";
	const struct subcommand *sub = find(name);

	if (sub == NULL) {
		(void)err_set(run->ctx, ERR_FORMAT,
		    "confer release wants key, make, sign, check or show%s%.*s",
		    name[0] != '\0' ? ", not " : "", SHOWN, name);
		return CLI_EXIT_USAGE;
	}
	if (sub->fn == make)
		return make(run); /* its options depend on the kind, too */
	if (cli_release_check_options(name, run->r, run->ctx) != ERR_OK ||
	    (run->r->now != NULL && cli_release_time(&run->now_s, "now",
					run->r->now, run->ctx) != ERR_OK))
		return CLI_EXIT_USAGE;
	if (run->o->trust != NULL && sub->fn != check)
		return usage(
		    run, "--trust is an option of `confer release check`");
	return sub->fn(run);
}

static void print_json(
    const struct wr *members, enum cli_exit x, const struct err_ctx *ctx)
{
	const char *msg = ctx->msg[0] != '\0' ? ctx->msg : err_name(ctx->code);
	uint8_t buf[8 * ERR_MSG_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	(void)printf("{\"exit\":%d", (int)x);
	(void)fwrite(members->p, 1, members->len, stdout);
	if (ctx->code != ERR_OK) {
		wr_fmt(&w, ",\"error\":{\"code\":\"%s\",\"message\":",
		    cli_exit_name(x));
		json_write_string(&w, bytes_of(msg));
		wr_str(&w, "}");
		(void)fwrite(w.p, 1, w.len, stdout);
	}
	(void)fputs("}\n", stdout);
}

enum cli_exit cli_cmd_release(const struct cli_options *o, struct cli_term *t)
{
	uint8_t *json = malloc(CLI_RELEASE_JSON_MAX);
	struct err_ctx ctx = { 0 };
	struct run run = { .o = o,
		.r = &o->release,
		.t = t,
		.ctx = &ctx,
		.now_s = clock_unix_s(),
		.json =
		    wr_init(json, json != NULL ? CLI_RELEASE_JSON_MAX : 0) };
	enum cli_exit x = CLI_EXIT_INTERNAL;

	if (json == NULL)
		(void)err_set(&ctx, ERR_NOMEM, "no memory");
	else
		x = dispatch(&run);
	if (x == CLI_EXIT_OK && o->json && run.json.err != ERR_OK) {
		x = CLI_EXIT_INTERNAL;
		(void)err_set(&ctx, ERR_INTERNAL, "too much for JSON");
	}
	if (o->json)
		print_json(&run.json, x, &ctx);
	else if (ctx.code != ERR_OK)
		x = cli_exit_say(t, x, &ctx);
	free(json);
	return x;
}
