/* The lines of each kind of record (docs/log.md, section 6), from options. */
#include <string.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "cli/release_make.h"
#include "cli/release_source.h"
#include "cli/up_model.h"

#define DAY_S       86400
#define DIGEST_TEXT (7 + 2 * SHA256_LEN + 1) /* "sha256:", digits, NUL */
#define NUM_MAX     24
#define LEFT_MAX    128   /* of NAME=VALUE: the name, longer than a token */
#define VALUE_MAX   256   /* of NAME:N:N... */
#define MEASURED    65536 /* bytes of a file of lines */

static void put_digest(char out[DIGEST_TEXT], const struct tlog_hash *h)
{
	memcpy(out, "sha256:", 7);
	hex_encode(out + 7, h->b, sizeof(h->b));
}

static bool is_digest(const char *value)
{
	return strncmp(value, "sha256:", 7) == 0 ||
	       strncmp(value, "verity:", 7) == 0;
}

/* A line of one field; none if the option is not there. */
static enum err put_text(struct cli_release_make *m, const char *option,
    const char *keyword, const char *value)
{
	return value != NULL ? CLI_RELEASE_PUT(m, option, keyword, value)
			     : ERR_OK;
}

/* A line `keyword sha256:...` of a file, or of a digest that is given. */
static enum err put_hash_of(struct cli_release_make *m, const char *option,
    const char *keyword, const char *value)
{
	char digest[DIGEST_TEXT];
	struct tlog_hash h;
	uint64_t size;
	enum err e;

	if (value == NULL || is_digest(value))
		return put_text(m, option, keyword, value);
	e = cli_release_hash(&h, &size, value, m->ctx);
	if (e != ERR_OK)
		return e;
	put_digest(digest, &h);
	return CLI_RELEASE_PUT(m, option, keyword, digest);
}

/* LEFT and what comes after it in an option's value. */
struct pair {
	char left[LEFT_MAX];
	const char *right;
};

/* Split at the first `at`; `what` is said where there is none. */
static enum err split(struct pair *out, struct cli_release_make *m, char at,
    const char *name, const char *what, const char *value)
{
	const char *p = strchr(value, at);
	const size_t n = p != NULL ? (size_t)(p - value) : 0;

	*out = (struct pair){ .right = "" };
	if (n == 0 || n >= LEFT_MAX || p[1] == '\0')
		return cli_release_wants(m, name, what, value);
	memcpy(out->left, value, n);
	out->left[n] = '\0';
	out->right = p + 1;
	return ERR_OK;
}

typedef enum err item_fn(struct cli_release_make *m, const char *value);

static enum err each(
    struct cli_release_make *m, const struct cli_list *list, item_fn *fn)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < list->n; i++)
		e = fn(m, list->item[i]);
	return e;
}

/* A line that a record of this kind cannot do without. */
static enum err need(
    struct cli_release_make *m, const char *keyword, const char *option)
{
	if (cli_release_lines_has(&m->lines, keyword))
		return ERR_OK;
	return err_set(m->ctx, ERR_FORMAT, "%s is missing", option);
}

static void drop(struct cli_release_make *m, const char *keyword)
{
	(void)cli_release_lines_drop(&m->lines,
	    (struct bytes){ (const uint8_t *)keyword, strlen(keyword) });
}

/* ---- image, web, client ------------------------------------------------------ */

static enum err put_source(struct cli_release_make *m)
{
	const struct cli_release *r = m->r;
	const char *url = r->source, *commit = r->commit, *tree = r->tree;
	struct cli_release_source git = { 0 };
	enum err e = ERR_OK;

	if (r->source_dir != NULL) {
		if (commit != NULL || tree != NULL)
			return err_set(m->ctx, ERR_FORMAT,
			    "--source-dir takes the place of --commit and "
			    "--tree");
		e = cli_release_source_git(&git, r->source_dir, m->ctx);
		url = url != NULL ? url : git.url;
		commit = git.commit;
		tree = git.tree;
	}
	if (e != ERR_OK || (url == NULL && commit == NULL && tree == NULL))
		return e;
	if (url == NULL || url[0] == '\0')
		return err_set(m->ctx, ERR_FORMAT,
		    "--source is missing: the URL where everybody finds the "
		    "source");
	if (commit == NULL || tree == NULL)
		return err_set(m->ctx, ERR_FORMAT,
		    "--source goes with --commit and --tree, or --source-dir");
	return CLI_RELEASE_PUT(m,
	    r->source_dir != NULL ? "--source-dir" : "--source", "source", url,
	    commit, tree);
}

static enum err put_file(struct cli_release_make *m, const char *value)
{
	char size_text[NUM_MAX], digest[DIGEST_TEXT];
	struct tlog_hash h;
	struct pair p;
	uint64_t size = 0;
	enum err e = split(&p, m, '=', "file", "ROLE=PATH", value);

	if (e == ERR_OK)
		e = cli_release_hash(&h, &size, p.right, m->ctx);
	if (e != ERR_OK)
		return e;
	put_digest(digest, &h);
	(void)fmt_print(
	    size_text, sizeof(size_text), "%llu", (unsigned long long)size);
	return CLI_RELEASE_PUT(m, "--file", "file", p.left, size_text, digest);
}

static enum err put_file_verity(struct cli_release_make *m, const char *value)
{
	static const char what[] = "ROLE=BYTES:ROOTHASH";
	char digest[VALUE_MAX];
	struct pair role, size;
	enum err e = split(&role, m, '=', "file-verity", what, value);

	if (e == ERR_OK)
		e = split(&size, m, ':', "file-verity", what, role.right);
	if (e != ERR_OK)
		return e;
	(void)fmt_print(digest, sizeof(digest), "verity:%s", size.right);
	return CLI_RELEASE_PUT(
	    m, "--file-verity", "file", role.left, size.left, digest);
}

/* One of the lines that `confer measure` prints. */
static bool is_launch(struct bytes line)
{
	const struct bytes word = { line.p, 4 };

	return line.len > word.len &&
	       (mem_eq_str(word, "snp ") || mem_eq_str(word, "tdx ") ||
		   mem_eq_str(word, "sgx "));
}

static enum err put_measured(struct cli_release_make *m, const char *path)
{
	uint8_t text[MEASURED];
	size_t len = 0, at = 0;
	unsigned number = 0;
	enum err e =
	    cli_release_text_read(text, sizeof(text), &len, path, m->ctx);

	while (e == ERR_OK && at < len) {
		struct bytes line = { text + at, 0 };

		number++;
		while (at + line.len < len && line.p[line.len] != '\n')
			line.len++;
		at += line.len + 1;
		if (line.len == 0)
			continue;
		if (!is_launch(line))
			return err_set(m->ctx, ERR_FORMAT,
			    "--measured: line %u of %.*s is no line of "
			    "`confer measure --quiet`",
			    number, CLI_RELEASE_SHOWN, path);
		e = cli_release_lines_put(
		    &m->lines, "--measured", line, m->ctx);
	}
	return e;
}

static enum err put_sim(struct cli_release_make *m, const char *value)
{
	return CLI_RELEASE_PUT(m, "--sim", "sim", value);
}

/* What an image may serve: a file, or a digest. */
static enum err put_model_ref(struct cli_release_make *m, const char *value)
{
	char digest[DIGEST_TEXT];
	struct tlog_hash h;
	struct pair p;
	uint64_t size;
	enum err e = split(&p, m, '=', "model", "NAME=PATH", value);

	if (e != ERR_OK)
		return e;
	if (is_digest(p.right))
		return CLI_RELEASE_PUT(m, "--model", "model", p.left, p.right);
	e = cli_release_hash(&h, &size, p.right, m->ctx);
	if (e != ERR_OK)
		return e;
	put_digest(digest, &h);
	return CLI_RELEASE_PUT(m, "--model", "model", p.left, digest);
}

/* Lines of image, web and client alike. */
static enum err put_built(struct cli_release_make *m)
{
	enum err e = put_text(m, "--version", "version", m->r->version);

	if (e == ERR_OK)
		e = need(m, "version", "--version");
	if (e == ERR_OK)
		e = put_source(m);
	if (e == ERR_OK)
		e = put_hash_of(m, "--recipe", "recipe", m->r->recipe);
	return e;
}

/* A new build has new measurements: those of the record before go. */
static enum err put_launches(struct cli_release_make *m)
{
	enum err e;

	if (m->r->measured.n > 0) {
		drop(m, "snp");
		drop(m, "tdx");
		drop(m, "sgx");
	}
	if (m->r->sim.n > 0)
		drop(m, "sim");
	e = each(m, &m->r->measured, put_measured);
	if (e == ERR_OK)
		e = each(m, &m->r->sim, put_sim);
	if (e == ERR_OK && !cli_release_lines_has(&m->lines, "snp") &&
	    !cli_release_lines_has(&m->lines, "tdx") &&
	    !cli_release_lines_has(&m->lines, "sgx"))
		e = need(m, "sim", "--measured (or --sim)");
	return e;
}

static enum err put_image(struct cli_release_make *m)
{
	enum err e = put_built(m);

	if (e == ERR_OK)
		e = put_hash_of(m, "--builder", "builder", m->r->builder);
	if (e == ERR_OK)
		e = each(m, &m->r->file, put_file);
	if (e == ERR_OK)
		e = each(m, &m->r->file_verity, put_file_verity);
	if (e == ERR_OK)
		e = put_launches(m);
	if (e == ERR_OK)
		e = each(m, &m->r->model, put_model_ref);
	if (e == ERR_OK)
		e = put_text(m, "--supersedes", "supersedes", m->r->supersedes);
	return e;
}

static enum err put_web(struct cli_release_make *m)
{
	char size_text[NUM_MAX], digest[DIGEST_TEXT];
	struct tlog_hash h;
	uint64_t size = 0;
	enum err e = put_built(m);

	if (e == ERR_OK && m->r->bundle != NULL) {
		e = cli_release_hash(&h, &size, m->r->bundle, m->ctx);
		if (e != ERR_OK)
			return e;
		put_digest(digest, &h);
		(void)fmt_print(size_text, sizeof(size_text), "%llu",
		    (unsigned long long)size);
		e = CLI_RELEASE_PUT(m, "--bundle", "bundle", size_text, digest);
	}
	return e == ERR_OK ? need(m, "bundle", "--bundle") : e;
}

static enum err put_client(struct cli_release_make *m)
{
	enum err e = put_built(m);

	if (e == ERR_OK)
		e = each(m, &m->r->file, put_file);
	return e == ERR_OK ? need(m, "file", "--file") : e;
}

/* ---- model ------------------------------------------------------------------- */

/* The file's size and hash, and what it says about itself. */
static enum err put_model_file(struct cli_release_make *m, const char *value)
{
	const struct cli_release *r = m->r;
	char size[NUM_MAX], context[NUM_MAX], digest[DIGEST_TEXT];
	static struct up_model model; /* holds a path: too large for a stack */
	struct pair p;
	enum err e = split(&p, m, '=', "model", "NAME=PATH", value);

	if (e != ERR_OK)
		return e;
	if (r->tokenizer != NULL && r->quant != NULL && r->context != NULL)
		e = cli_release_hash(
		    &model.sha256, &model.size, p.right, m->ctx);
	else
		e = up_model_read(&model, p.right, m->ctx);
	if (e != ERR_OK)
		return e;
	put_digest(digest, &model.sha256);
	(void)fmt_print(
	    size, sizeof(size), "%llu", (unsigned long long)model.size);
	(void)fmt_print(context, sizeof(context), "%llu",
	    (unsigned long long)model.context);
	e = CLI_RELEASE_PUT(m, "--model", "name", p.left);
	if (e == ERR_OK)
		e = CLI_RELEASE_PUT(m, "--model", "file", size, digest);
	if (e == ERR_OK && r->tokenizer == NULL)
		e = put_text(m, "--model", "tokenizer", model.tokenizer);
	if (e == ERR_OK && r->quant == NULL)
		e = put_text(m, "--model", "quant", model.quant);
	if (e == ERR_OK && r->context == NULL)
		e = put_text(m, "--model", "context", context);
	return e;
}

static enum err put_model(struct cli_release_make *m)
{
	const struct cli_release *r = m->r;
	enum err e = ERR_OK;

	if (r->model.n > 1)
		return err_set(m->ctx, ERR_FORMAT,
		    "--model: a model record describes one");
	e = each(m, &r->model, put_model_file);
	if (e == ERR_OK)
		e = need(m, "name", "--model");
	if (e == ERR_OK)
		e = put_text(m, "--verity", "verity", r->verity);
	if (e == ERR_OK)
		e = put_text(m, "--tokenizer", "tokenizer", r->tokenizer);
	if (e == ERR_OK)
		e = put_hash_of(m, "--template", "template", r->template_file);
	if (e == ERR_OK)
		e = put_text(m, "--quant", "quant", r->quant);
	if (e == ERR_OK)
		e = put_text(m, "--context", "context", r->context);
	return e;
}

/* ---- policy ------------------------------------------------------------------ */

/* KIND=N of this record's channel, or KIND/CHANNEL=N. */
static enum err put_min_seq(struct cli_release_make *m, const char *value)
{
	struct pair p;
	const char *channel = m->channel;
	char *slash;
	enum err e =
	    split(&p, m, '=', "min-seq", "KIND=N or KIND/CHANNEL=N", value);

	if (e != ERR_OK)
		return e;
	slash = strchr(p.left, '/');
	if (slash != NULL) {
		*slash = '\0';
		channel = slash + 1;
	}
	return CLI_RELEASE_PUT(
	    m, "--min-seq", "min-seq", p.left, m->product, channel, p.right);
}

/* A leaf hash, or the signed record whose leaf hash it is. */
static enum err put_revoked(struct cli_release_make *m, const char *value)
{
	char hex[2 * TLOG_HASH_LEN + 1];
	struct cli_release_file f;
	struct tlog_hash leaf;
	enum err e;

	if (hex_decode(leaf.b, sizeof(leaf.b),
		(struct bytes){ (const uint8_t *)value, strlen(value) }) ==
	    ERR_OK)
		return CLI_RELEASE_PUT(m, "--revoke", "revoked", value);
	e = cli_release_file_read(&f, value, m->ctx);
	if (e != ERR_OK)
		return e;
	if (!f.has_signatures)
		return cli_release_wants(m, "revoke",
		    "the signed record as it is in the log, or its leaf hash",
		    value);
	tlog_leaf_hash(&leaf, f.all);
	hex_encode(hex, leaf.b, sizeof(leaf.b));
	return CLI_RELEASE_PUT(m, "--revoke", "revoked", hex);
}

/* genoa:10:0:23:84 */
static enum err put_tcb_snp(struct cli_release_make *m, const char *value)
{
	char text[VALUE_MAX];

	if (strlen(value) >= sizeof(text) || strchr(value, ' ') != NULL)
		return cli_release_wants(
		    m, "tcb-snp", "such as genoa:10:0:23:84", value);
	memcpy(text, value, strlen(value) + 1);
	for (char *p = text; *p != '\0'; p++) {
		if (*p == ':')
			*p = ' ';
	}
	return CLI_RELEASE_PUT(m, "--tcb-snp", "tcb-snp", text);
}

static enum err put_machine(
    struct cli_release_make *m, const char *keyword, const char *value)
{
	char until[NUM_MAX];
	const char *colon = strrchr(value, ':');
	char id[VALUE_MAX];
	uint64_t days = 0;
	enum err e;

	if (colon == NULL || (size_t)(colon - value) >= sizeof(id))
		return cli_release_wants(m, keyword, "HEX:DAYS", value);
	e = cli_release_number(m, &days, keyword, colon + 1, UINT32_MAX);
	if (e != ERR_OK)
		return e;
	memcpy(id, value, (size_t)(colon - value));
	id[colon - value] = '\0';
	days = m->issued + days * DAY_S;
	(void)fmt_print(until, sizeof(until), "%llu", (unsigned long long)days);
	return CLI_RELEASE_PUT(
	    m, keyword[0] == 'c' ? "--chip" : "--ppid", keyword, id, until);
}

static enum err put_chip(struct cli_release_make *m, const char *value)
{
	return put_machine(m, "chip", value);
}

static enum err put_ppid(struct cli_release_make *m, const char *value)
{
	return put_machine(m, "ppid", value);
}

static enum err put_hardware(struct cli_release_make *m)
{
	const bool listed = m->r->chip.n + m->r->ppid.n > 0;
	const char *word = m->r->hardware;
	enum err e;

	if (word == NULL && listed)
		word = "listed";
	e = put_text(m, "--hardware", "hardware", word);
	if (e == ERR_OK)
		e = need(m, "hardware", "--hardware any or --hardware listed");
	if (e == ERR_OK)
		e = each(m, &m->r->chip, put_chip);
	if (e == ERR_OK)
		e = each(m, &m->r->ppid, put_ppid);
	if (e == ERR_OK && word != NULL && strcmp(word, "any") == 0 &&
	    (cli_release_lines_has(&m->lines, "chip") ||
		cli_release_lines_has(&m->lines, "ppid")))
		e = err_set(m->ctx, ERR_FORMAT,
		    "--hardware any goes without a list: no --chip and --ppid, "
		    "or --drop them");
	return e;
}

static enum err put_next_log(struct cli_release_make *m, const char *value)
{
	return CLI_RELEASE_PUT(m, "--next-log", "next-log", value);
}

static enum err put_next_witness(struct cli_release_make *m, const char *value)
{
	struct pair p;
	enum err e = split(&p, m, '=', "next-witness", "NAME=VKEY", value);

	return e == ERR_OK ? CLI_RELEASE_PUT(m, "--next-witness",
				 "next-witness", p.left, p.right)
			   : e;
}

static enum err put_policy(struct cli_release_make *m)
{
	const struct cli_release *r = m->r;
	enum err e = each(m, &r->min_seq, put_min_seq);

	if (e == ERR_OK)
		e = each(m, &r->revoke, put_revoked);
	if (e == ERR_OK)
		e = each(m, &r->tcb_snp, put_tcb_snp);
	if (e == ERR_OK)
		e = put_text(m, "--tcb-tdx", "tcb-tdx", r->tcb_tdx);
	if (e == ERR_OK)
		e = put_text(m, "--tcb-sgx", "tcb-sgx", r->tcb_sgx);
	if (e == ERR_OK)
		e = put_hardware(m);
	if (e == ERR_OK)
		e = each(m, &r->next_log, put_next_log);
	if (e == ERR_OK)
		e = each(m, &r->next_witness, put_next_witness);
	return e;
}

/* ---- retire, rebuild ---------------------------------------------------------- */

static enum err put_retire(struct cli_release_make *m)
{
	const struct cli_release *r = m->r;
	struct pair p;
	enum err e = put_text(m, "--log-origin", "log", r->log_origin);

	if (e == ERR_OK && r->last != NULL) {
		e = split(&p, m, ':', "last", "SIZE:ROOTHASH", r->last);
		if (e == ERR_OK)
			e = CLI_RELEASE_PUT(
			    m, "--last", "last", p.left, p.right);
	}
	if (e == ERR_OK)
		e = put_text(m, "--cause", "cause", r->cause);
	if (e == ERR_OK)
		e = put_text(m, "--successor", "successor", r->successor);
	if (e == ERR_OK)
		e = need(m, "log", "--log-origin");
	if (e == ERR_OK)
		e = need(m, "last", "--last");
	return e == ERR_OK ? need(m, "cause", "--cause") : e;
}

/* The record that was rebuilt, exactly as it is in the log. */
static enum err put_release(
    struct cli_release_make *m, const struct cli_release_file *f)
{
	char hex[2 * TLOG_HASH_LEN + 1];
	struct tlog_hash leaf;

	if (!f->has_signatures)
		return cli_release_wants(m, "release",
		    "the signed record as it is in the log", m->r->release);
	tlog_leaf_hash(&leaf, f->all);
	hex_encode(hex, leaf.b, sizeof(leaf.b));
	return CLI_RELEASE_PUT(m, "--release", "release", hex);
}

/* L-85: the lines that somebody else's build gave, against the published. */
static enum err put_result(struct cli_release_make *m,
    const struct cli_release_file *release, const struct cli_release_file *mine)
{
	char digest[DIGEST_TEXT];
	struct tlog_hash result, published;

	if (release->rec.kind != mine->rec.kind ||
	    tlog_rebuild_result(&result, mine->note.text) != ERR_OK ||
	    tlog_rebuild_result(&published, release->note.text) != ERR_OK)
		return err_set(m->ctx, ERR_FORMAT,
		    "--result-of wants a record of the kind of --release: "
		    "image, web or client");
	m->compared = true;
	m->same = tlog_hash_eq(&result, &published);
	put_digest(digest, &result);
	return CLI_RELEASE_PUT(m, "--result-of", "result", digest);
}

static enum err put_rebuild(struct cli_release_make *m)
{
	const struct cli_release *r = m->r;
	struct cli_release_file release, mine;
	enum err e;

	if ((r->release == NULL) != (r->result_of == NULL) ||
	    (r->release == NULL && r->from == NULL))
		return err_set(m->ctx, ERR_FORMAT,
		    "a rebuild wants --release and --result-of");
	e = put_text(m, "--rebuilder", "rebuilder", r->rebuilder);
	if (e == ERR_OK)
		e = need(m, "rebuilder", "--rebuilder");
	if (e != ERR_OK || r->release == NULL)
		return e;
	e = cli_release_file_read(&release, r->release, m->ctx);
	if (e == ERR_OK)
		e = cli_release_file_read(&mine, r->result_of, m->ctx);
	if (e == ERR_OK)
		e = put_release(m, &release);
	return e == ERR_OK ? put_result(m, &release, &mine) : e;
}

static enum err (*const put_kind[])(struct cli_release_make *) = {
	[RECORD_IMAGE] = put_image,
	[RECORD_MODEL] = put_model,
	[RECORD_WEB] = put_web,
	[RECORD_CLIENT] = put_client,
	[RECORD_POLICY] = put_policy,
	[RECORD_RETIRE] = put_retire,
	[RECORD_REBUILD] = put_rebuild,
};

enum err cli_release_kind_lines(struct cli_release_make *m)
{
	return put_kind[m->kind](m);
}
