/* See release_make.h. release_kinds.c has the lines of each kind. */
#include "cli/release_make.h"

#include <string.h>

#include "base/fmt.h"
#include "base/utc.h"
#include "tlog/text.h"

#define DAY_S    86400
#define LINE_MAX (TLOG_VKEY_LEN_MAX + 256)
#define NUM_MAX  24

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- which options go with what -------------------------------------------- */

#define OF(kind) (1u << (kind))
#define IMAGE    OF(RECORD_IMAGE)
#define MODEL    OF(RECORD_MODEL)
#define WEB      OF(RECORD_WEB)
#define CLIENT   OF(RECORD_CLIENT)
#define POLICY   OF(RECORD_POLICY)
#define RETIRE   OF(RECORD_RETIRE)
#define REBUILD  OF(RECORD_REBUILD)
#define MAKE     (IMAGE | MODEL | WEB | CLIENT | POLICY | RETIRE | REBUILD)
#define SOURCE   (IMAGE | WEB | CLIENT)
#define KEY      (1u << 8)
#define SIGN     (1u << 9)
#define CHECK    (1u << 10)
#define SHOW     (1u << 11)

#define TEXT(f) offsetof(struct cli_release, f), false
#define LIST(f) offsetof(struct cli_release, f), true

static const struct use {
	const char *name;
	size_t at;
	bool list;
	unsigned of;
} uses[] = {
	{ "out", TEXT(out), MAKE | SIGN },
	{ "key", TEXT(key), SIGN },
	{ "proof", TEXT(proof), CHECK },
	{ "signer", LIST(signer), CHECK },
	{ "now", TEXT(now), MAKE | CHECK | SHOW },
	{ "from", TEXT(from), MAKE },
	{ "drop", LIST(drop), MAKE },
	{ "product", TEXT(product), MAKE },
	{ "channel", TEXT(channel), MAKE },
	{ "seq", TEXT(seq), MAKE },
	{ "previous", TEXT(previous), MAKE },
	{ "log", TEXT(log), MAKE },
	{ "not-before", TEXT(not_before), MAKE },
	{ "days", TEXT(days), MAKE },
	{ "version", TEXT(version), SOURCE },
	{ "source-dir", TEXT(source_dir), SOURCE },
	{ "source", TEXT(source), SOURCE },
	{ "commit", TEXT(commit), SOURCE },
	{ "tree", TEXT(tree), SOURCE },
	{ "recipe", TEXT(recipe), SOURCE },
	{ "builder", TEXT(builder), IMAGE },
	{ "file", LIST(file), IMAGE | CLIENT },
	{ "file-verity", LIST(file_verity), IMAGE },
	{ "measured", LIST(measured), IMAGE },
	{ "sim", LIST(sim), IMAGE },
	{ "model", LIST(model), IMAGE | MODEL },
	{ "supersedes", TEXT(supersedes), IMAGE },
	{ "verity", TEXT(verity), MODEL },
	{ "tokenizer", TEXT(tokenizer), MODEL },
	{ "template", TEXT(template_file), MODEL },
	{ "quant", TEXT(quant), MODEL },
	{ "context", TEXT(context), MODEL },
	{ "bundle", TEXT(bundle), WEB },
	{ "min-seq", LIST(min_seq), POLICY },
	{ "revoke", LIST(revoke), POLICY },
	{ "tcb-snp", LIST(tcb_snp), POLICY },
	{ "tcb-tdx", TEXT(tcb_tdx), POLICY },
	{ "tcb-sgx", TEXT(tcb_sgx), POLICY },
	{ "hardware", TEXT(hardware), POLICY },
	{ "chip", LIST(chip), POLICY },
	{ "ppid", LIST(ppid), POLICY },
	{ "next-log", LIST(next_log), POLICY },
	{ "next-witness", LIST(next_witness), POLICY },
	{ "log-origin", TEXT(log_origin), RETIRE },
	{ "last", TEXT(last), RETIRE },
	{ "cause", TEXT(cause), RETIRE },
	{ "successor", TEXT(successor), RETIRE },
	{ "release", TEXT(release), REBUILD },
	{ "rebuilder", TEXT(rebuilder), REBUILD },
	{ "result-of", TEXT(result_of), REBUILD },
};
#define USES (sizeof(uses) / sizeof(uses[0]))

static const struct user {
	const char *name;
	unsigned bit;
} users[] = {
	{ "make image", IMAGE },
	{ "make model", MODEL },
	{ "make web", WEB },
	{ "make client", CLIENT },
	{ "make policy", POLICY },
	{ "make retire", RETIRE },
	{ "make rebuild", REBUILD },
	{ "key", KEY },
	{ "sign", SIGN },
	{ "check", CHECK },
	{ "show", SHOW },
};
#define USERS    (sizeof(users) / sizeof(users[0]))
#define KIND_OFF 5 /* after "make " */

static bool is_given(const struct cli_release *r, const struct use *u)
{
	const char *field = (const char *)r + u->at;
	const char *value;

	if (u->list)
		return ((const struct cli_list *)(const void *)field)->n > 0;
	memcpy(&value, field, sizeof(value));
	return value != NULL;
}

static unsigned bit_of(const char *what)
{
	for (size_t i = 0; i < USERS; i++) {
		const char *name = users[i].name;

		if (strcmp(what, name) == 0 ||
		    (users[i].bit < KEY && strcmp(what, name + KIND_OFF) == 0))
			return users[i].bit;
	}
	return 0;
}

enum err cli_release_check_options(
    const char *what, const struct cli_release *r, struct err_ctx *ctx)
{
	const unsigned bit = bit_of(what);

	for (size_t i = 0; i < USES; i++) {
		size_t first = 0;

		if ((uses[i].of & bit) != 0 || !is_given(r, &uses[i]))
			continue;
		while ((users[first].bit & uses[i].of) == 0)
			first++;
		return err_set(ctx, ERR_FORMAT,
		    "--%s is an option of `confer release %s`, not of `confer "
		    "release %s%s`",
		    uses[i].name, users[first].name, bit < KEY ? "make " : "",
		    what);
	}
	return ERR_OK;
}

/* ---- values ------------------------------------------------------------------ */

enum err cli_release_wants(struct cli_release_make *m, const char *name,
    const char *what, const char *value)
{
	return err_set(m->ctx, ERR_FORMAT, "--%s wants %s, not %.*s", name,
	    what, CLI_RELEASE_SHOWN, value);
}

enum err cli_release_number(struct cli_release_make *m, uint64_t *out,
    const char *name, const char *value, uint64_t max)
{
	if (tlog_text_decimal(out, text_of(value), max) == ERR_OK)
		return ERR_OK;
	return err_set(m->ctx, ERR_FORMAT,
	    "--%s wants a number of at most %llu, not %.*s", name,
	    (unsigned long long)max, CLI_RELEASE_SHOWN, value);
}

enum err cli_release_time(
    uint64_t *out, const char *name, const char *value, struct err_ctx *ctx)
{
	if (tlog_text_decimal(out, text_of(value), INT64_MAX) == ERR_OK ||
	    utc_from_text(out, text_of(value)) == ERR_OK)
		return ERR_OK;
	return err_set(ctx, ERR_FORMAT,
	    "--%s wants Unix seconds or UTC such as 2026-11-22T15:04:05Z, not "
	    "%.*s",
	    name, CLI_RELEASE_SHOWN, value);
}

enum err cli_release_put(
    struct cli_release_make *m, const char *option, const char *const *field)
{
	uint8_t line[LINE_MAX];
	struct wr w = wr_init(line, sizeof(line));

	for (size_t i = 0; field[i] != NULL; i++) {
		wr_str(&w, i > 0 ? " " : "");
		wr_str(&w, field[i]);
	}
	if (w.err != ERR_OK)
		return err_set(m->ctx, ERR_LIMIT, "%s: too long", option);
	return cli_release_lines_put(
	    &m->lines, option, (struct bytes){ line, w.len }, m->ctx);
}

static enum err put_number(struct cli_release_make *m, const char *option,
    const char *keyword, uint64_t value)
{
	char text[NUM_MAX];

	(void)fmt_print(text, sizeof(text), "%llu", (unsigned long long)value);
	return CLI_RELEASE_PUT(m, option, keyword, text);
}

/* ---- the head of every record ------------------------------------------------ */

static uint64_t life_max(enum record_kind kind)
{
	switch (kind) {
	case RECORD_POLICY:
		return RECORD_LIFE_POLICY_S;
	case RECORD_RETIRE:
	case RECORD_REBUILD:
		return RECORD_LIFE_FACT_S;
	case RECORD_IMAGE:
	case RECORD_MODEL:
	case RECORD_WEB:
	case RECORD_CLIENT:
		break;
	}
	return RECORD_LIFE_MAX_S;
}

static enum err put_times(struct cli_release_make *m)
{
	const struct tlog_record *before = &m->before.rec;
	const uint64_t max = life_max(m->kind);
	uint64_t start = m->issued, life = max, days = 0;
	enum err e = ERR_OK;

	if (m->r->not_before != NULL)
		e = cli_release_time(
		    &start, "not-before", m->r->not_before, m->ctx);
	if (e == ERR_OK && (start < m->issued || start - m->issued >= max))
		e = err_set(m->ctx, ERR_FORMAT,
		    "--not-before is before now, or after the end");
	if (m->r->from != NULL)
		life = before->not_after - before->not_before;
	if (e == ERR_OK && m->r->days != NULL) {
		e = cli_release_number(
		    m, &days, "days", m->r->days, max / DAY_S);
		life = days * DAY_S;
	}
	if (e == ERR_OK && start - m->issued > max - life) {
		if (m->r->days != NULL)
			return err_set(m->ctx, ERR_FORMAT,
			    "--days: a record of this kind ends %llu days "
			    "after it was issued, at the latest",
			    (unsigned long long)(max / DAY_S));
		life = max - (start - m->issued);
	}
	if (e == ERR_OK)
		e = put_number(m, "--now", "issued", m->issued);
	if (e == ERR_OK)
		e = put_number(m, "--not-before", "not-before", start);
	if (e == ERR_OK)
		e = put_number(m, "--days", "not-after", start + life);
	return e;
}

/* What an option says, else the record before, else `otherwise`. */
static enum err choose(char out[RECORD_TOKEN_LEN_MAX + 1], const char *given,
    const struct bytes *before, const char *otherwise, const char *name,
    struct err_ctx *ctx)
{
	struct bytes b = text_of(given != NULL ? given : otherwise);

	if (given == NULL && before != NULL)
		b = *before;
	if (b.len == 0)
		return err_set(ctx, ERR_FORMAT, "--%s is missing", name);
	if (!tlog_text_is_token(b))
		return err_set(ctx, ERR_FORMAT,
		    "--%s wants 1 to 64 of A-Z a-z 0-9 . _ + -", name);
	mem_copy(out, b.p, b.len);
	out[b.len] = '\0';
	return ERR_OK;
}

/* Exactly one way to say which number comes next. */
static enum err next_seq(struct cli_release_make *m)
{
	const struct cli_release *r = m->r;
	enum err e;

	if (r->seq != NULL)
		return cli_release_number(m, &m->seq, "seq", r->seq, INT64_MAX);
	if (r->log != NULL) {
		e = cli_release_log_seq(m, r->log);
		m->seq++;
		return e;
	}
	if (r->previous == NULL && r->from == NULL)
		return err_set(m->ctx, ERR_FORMAT,
		    "which number? --seq 1 for a first record, else "
		    "--from or --previous RECORD, or --log WHERE");
	m->seq = m->before.rec.seq + 1;
	return ERR_OK;
}

static enum err put_head(struct cli_release_make *m)
{
	const struct tlog_record *before = &m->before.rec;
	const struct bytes *product = m->has_before ? &before->product : NULL;
	const struct bytes *channel = m->has_before ? &before->channel : NULL;
	enum err e =
	    choose(m->product, m->r->product, product, "", "product", m->ctx);

	if (e == ERR_OK)
		e = choose(m->channel, m->r->channel, channel, "stable",
		    "channel", m->ctx);
	if (e == ERR_OK)
		e = next_seq(m);
	if (e == ERR_OK)
		e = CLI_RELEASE_PUT(m, "--product", "product", m->product);
	if (e == ERR_OK)
		e = CLI_RELEASE_PUT(m, "--channel", "channel", m->channel);
	if (e == ERR_OK)
		e = put_number(m, "--seq", "seq", m->seq);
	return e == ERR_OK ? put_times(m) : e;
}

/* ---- the record before -------------------------------------------------------- */

static enum err read_before(struct cli_release_make *m)
{
	const struct cli_release *r = m->r;
	const char *path = r->from != NULL ? r->from : r->previous;
	enum err e;

	if (r->from != NULL && r->previous != NULL)
		return err_set(m->ctx, ERR_FORMAT,
		    "--from says which record was before: no --previous");
	if ((r->seq != NULL) + (r->previous != NULL) + (r->log != NULL) > 1)
		return err_set(m->ctx, ERR_FORMAT,
		    "--seq, --previous and --log exclude each other");
	if (path == NULL)
		path = r->release; /* a rebuild is of its product */
	if (path == NULL)
		return ERR_OK;
	e = cli_release_file_read(&m->before, path, m->ctx);
	if (e != ERR_OK)
		return e;
	m->has_before = true;
	if (path != r->release && m->before.rec.kind != m->kind)
		return err_set(m->ctx, ERR_FORMAT,
		    "%.*s is a record of kind %s, not %s", CLI_RELEASE_SHOWN,
		    path, tlog_record_kind_name(m->before.rec.kind),
		    tlog_record_kind_name(m->kind));
	return ERR_OK;
}

static enum err start_from(struct cli_release_make *m)
{
	const struct cli_list *drop = &m->r->drop;

	if (m->r->from == NULL)
		return drop->n == 0 ? ERR_OK
				    : err_set(m->ctx, ERR_FORMAT,
					  "--drop goes with --from");
	cli_release_lines_start(&m->lines, m->before.note.text);
	for (size_t i = 0; i < drop->n; i++) {
		if (!cli_release_lines_drop(&m->lines, text_of(drop->item[i])))
			return err_set(m->ctx, ERR_FORMAT,
			    "--drop: %.*s has no line %.*s", CLI_RELEASE_SHOWN,
			    m->r->from, CLI_RELEASE_SHOWN, drop->item[i]);
	}
	return ERR_OK;
}

static enum err find_kind(struct cli_release_make *m, const char *name)
{
	for (unsigned k = RECORD_IMAGE; k <= RECORD_REBUILD; k++) {
		m->kind = (enum record_kind)k;
		if (strcmp(name, tlog_record_kind_name(m->kind)) == 0)
			return ERR_OK;
	}
	return err_set(m->ctx, ERR_FORMAT,
	    "confer release make wants image, model, web, client, policy, "
	    "retire or rebuild%s%.*s",
	    name[0] != '\0' ? ", not " : "", CLI_RELEASE_SHOWN, name);
}

enum err cli_release_make(struct cli_release_make *m, const char *kind,
    const struct cli_release *r, uint64_t now_s, struct err_ctx *ctx)
{
	struct wr w;
	enum err e;

	memset(m, 0, sizeof(*m));
	m->r = r;
	m->ctx = ctx;
	m->issued = now_s;
	e = find_kind(m, kind);
	if (e == ERR_OK)
		e = cli_release_check_options(kind, r, ctx);
	if (e == ERR_OK && r->now != NULL)
		e = cli_release_time(&m->issued, "now", r->now, ctx);
	cli_release_lines_init(&m->lines, m->kind);
	if (e == ERR_OK)
		e = read_before(m);
	if (e == ERR_OK)
		e = start_from(m);
	if (e == ERR_OK)
		e = put_head(m);
	if (e == ERR_OK)
		e = cli_release_kind_lines(m);
	if (e != ERR_OK)
		return e;
	w = wr_init(m->text, sizeof(m->text));
	e = cli_release_lines_write(&w, &m->rec, &m->lines, ctx);
	m->len = e == ERR_OK ? w.len : 0;
	return e;
}
