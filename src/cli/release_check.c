/* See release_check.h. */
#include "cli/release_check.h"

#include <stdarg.h>
#include <string.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/json.h"
#include "base/utc.h"
#include "tlog/proof.h"

#define DAY_S       86400
#define HOUR_S      3600
#define TEXT_COLUMN 16
#define SLICE(b)    (int)(b).len, (const char *)(b).p

static void say(struct cli_release_report *r, enum cli_release_result result,
    const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void say(struct cli_release_report *r, enum cli_release_result result,
    const char *name, const char *fmt, ...)
{
	struct cli_release_finding *it = &r->item[r->n];
	va_list ap;

	assert(r->n < CLI_RELEASE_FINDINGS_MAX);
	it->result = result;
	it->name = name;
	va_start(ap, fmt);
	(void)fmt_vprint(it->text, sizeof(it->text), fmt, ap);
	va_end(ap);
	r->n++;
	r->refused |= result == CLI_RELEASE_FAILED;
	r->unchecked |= result == CLI_RELEASE_UNCHECKED;
}

static const char *why(const struct err_ctx *ctx)
{
	return ctx->msg[0] != '\0' ? ctx->msg : err_name(ctx->code);
}

/* ---- what a client refuses ---------------------------------------------------- */

/* L-51: by the keys of this set. */
static void check_keys(struct cli_release_report *r,
    const struct cli_release_file *file, const struct tlog_keyset *set,
    const char *whose)
{
	struct tlog_seen seen[RECORD_KEYS_MAX];
	struct tlog_record rec;
	struct err_ctx ctx = { 0 };
	size_t signers = 0;

	if (tlog_record_verify(&rec, set, file->all, &ctx) != ERR_OK) {
		say(r, CLI_RELEASE_FAILED, "signatures", "%s", why(&ctx));
		return;
	}
	if (tlog_note_verify(seen, &file->note, set->key, set->n, 0, &ctx) ==
	    ERR_OK) {
		for (size_t i = 0; i < set->n; i++)
			signers += seen[i].ok;
	}
	say(r, CLI_RELEASE_PASSED, "signatures", "%zu of %zu %s, %zu needed",
	    signers, set->n, whose, set->need);
}

static void check_signatures(struct cli_release_report *r,
    const struct cli_release_file *file,
    const struct cli_release_against *against,
    const struct tlog_keyset *signers)
{
	const bool rebuild = file->rec.kind == RECORD_REBUILD;

	if (!file->has_signatures) {
		say(r, CLI_RELEASE_FAILED, "signatures",
		    "nobody has signed it");
		return;
	}
	if (signers->n > 0)
		check_keys(r, file, signers, "named keys");
	if (against->trust != NULL)
		check_keys(r, file,
		    rebuild ? &against->trust->rebuilder
			    : &against->trust->release,
		    rebuild ? "rebuilder keys" : "release keys");
	else if (signers->n == 0)
		say(r, CLI_RELEASE_UNCHECKED, "signatures",
		    "%zu, not checked: --trust FILE says who may sign",
		    file->note.n);
}

static void check_product(struct cli_release_report *r,
    const struct tlog_record *rec, const struct trust *trust)
{
	const bool same = mem_eq(rec->product, trust->product) &&
			  mem_eq(rec->channel, trust->channel);

	say(r, same ? CLI_RELEASE_PASSED : CLI_RELEASE_FAILED, "product",
	    same ? "%.*s/%.*s, as in the trust file"
		 : "%.*s/%.*s is not the product and channel of the trust file",
	    SLICE(rec->product), SLICE(rec->channel));
}

static void check_time(
    struct cli_release_report *r, const struct tlog_record *rec, uint64_t now_s)
{
	char until[UTC_TEXT_LEN + 1];
	struct err_ctx ctx = { 0 };

	if (tlog_record_check_time(rec, now_s, &ctx) != ERR_OK) {
		say(r, CLI_RELEASE_FAILED, "time", "%s", why(&ctx));
		return;
	}
	utc_format(until, rec->not_after);
	say(r, CLI_RELEASE_PASSED, "time", "holds until %s", until);
}

/* How the log's policy counts witnesses, in words. */
static void say_included(
    struct cli_release_report *r, const struct tlog_included *in)
{
	char when[UTC_TEXT_LEN + 1];

	if (!in->head.has_time) {
		say(r, CLI_RELEASE_PASSED, "log",
		    "entry %llu of %llu in %.*s, no witnesses asked for",
		    (unsigned long long)in->index,
		    (unsigned long long)in->head.size, SLICE(in->head.origin));
		return;
	}
	utc_format(when, in->head.time);
	say(r, CLI_RELEASE_PASSED, "log",
	    "entry %llu of %llu in %.*s, %d witnesses, seen %s",
	    (unsigned long long)in->index, (unsigned long long)in->head.size,
	    SLICE(in->head.origin), __builtin_popcount(in->head.witnesses),
	    when);
}

static void check_log(struct cli_release_report *r,
    const struct cli_release_file *file,
    const struct cli_release_against *against)
{
	const struct tlog_policy *policy;
	struct tlog_included in;
	struct err_ctx ctx = { 0 };

	if (against->trust == NULL || against->proof.p == NULL) {
		say(r, CLI_RELEASE_UNCHECKED, "log",
		    "not checked: %s tells of the log",
		    against->proof.p != NULL ? "--trust FILE"
					     : "--proof FILE (with --trust)");
		return;
	}
	policy = trust_policy_at(against->trust, against->now_s);
	if (policy == NULL) {
		ctx.code =
		    trust_no_policy(against->trust, against->now_s, &ctx);
		say(r, CLI_RELEASE_FAILED, "log", "%s", why(&ctx));
		return;
	}
	if (tlog_proof_verify(&in, policy, against->now_s, file->all,
		against->proof, &ctx) != ERR_OK)
		say(r, CLI_RELEASE_FAILED, "log", "%s", why(&ctx));
	else
		say_included(r, &in);
}

/* ---- what a monitor alarms about ---------------------------------------------- */

/* L-60 */
static void alarm_unless(struct cli_release_report *r, bool there,
    const char *name, const char *what)
{
	if (!there)
		say(r, CLI_RELEASE_ALARM, name, "%s", what);
}

#define NO_SOURCE  "not named: nobody can read what was released"
#define NO_RECIPE  "not named: nobody can build it again"
#define NO_BUILDER "not named: who builds it again may get other bytes"

static void alarm_built(
    struct cli_release_report *r, const struct tlog_record *rec)
{
	const struct record_image *image = &rec->image;

	if (rec->kind == RECORD_IMAGE) {
		alarm_unless(r, image->source.url.len > 0, "source", NO_SOURCE);
		alarm_unless(r, image->has_recipe, "recipe", NO_RECIPE);
		alarm_unless(r, image->has_builder, "builder", NO_BUILDER);
	} else if (rec->kind == RECORD_WEB) {
		alarm_unless(
		    r, rec->web.source.url.len > 0, "source", NO_SOURCE);
		alarm_unless(r, rec->web.has_recipe, "recipe", NO_RECIPE);
	} else if (rec->kind == RECORD_CLIENT) {
		alarm_unless(
		    r, rec->client.source.url.len > 0, "source", NO_SOURCE);
		alarm_unless(r, rec->client.has_recipe, "recipe", NO_RECIPE);
	}
}

static void alarm_end(
    struct cli_release_report *r, const struct tlog_record *rec, uint64_t now_s)
{
	const uint64_t soon = rec->kind == RECORD_POLICY
				  ? CLI_RELEASE_ENDS_POLICY_S
				  : CLI_RELEASE_ENDS_S;
	const uint64_t left =
	    rec->not_after > now_s ? rec->not_after - now_s : 0;

	if (left == 0 || left >= soon)
		return;
	say(r, CLI_RELEASE_ALARM, "end",
	    "in %llu %s: make the next one, sign it and log it",
	    (unsigned long long)(left >= 2 * DAY_S ? left / DAY_S
						   : left / HOUR_S),
	    left >= 2 * DAY_S ? "days" : "hours");
}

/* A policy that shuts out every machine is seldom meant. L-71 */
static void alarm_policy(
    struct cli_release_report *r, const struct tlog_record *rec)
{
	const struct record_policy *p = &rec->policy;

	if (rec->kind != RECORD_POLICY)
		return;
	if (!p->milan.listed && !p->genoa.listed && !p->turin.listed &&
	    !p->has_tdx && !p->has_sgx)
		say(r, CLI_RELEASE_ALARM, "floors",
		    "none: every real machine is refused");
	else if (!p->any_hardware && p->n_chips + p->n_ppids == 0)
		say(r, CLI_RELEASE_ALARM, "hardware",
		    "an empty list: every real machine is refused");
}

/* ---- all of it ---------------------------------------------------------------- */

enum err cli_release_check(struct cli_release_report *out,
    const struct cli_release_file *file,
    const struct cli_release_against *against, struct err_ctx *ctx)
{
	const struct tlog_record *rec = &file->rec;
	struct tlog_keyset signers = { 0 };
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; e == ERR_OK && i < against->signer->n; i++) {
		const char *vkey = against->signer->item[i];

		e = tlog_keyset_add(&signers,
		    (struct bytes){ (const uint8_t *)vkey, strlen(vkey) }, ctx);
	}
	if (e != ERR_OK)
		return e;
	signers.need = signers.n;
	say(out, CLI_RELEASE_PASSED, "record",
	    "%s %llu of %.*s/%.*s, %zu bytes", tlog_record_kind_name(rec->kind),
	    (unsigned long long)rec->seq, SLICE(rec->product),
	    SLICE(rec->channel), file->all.len);
	check_signatures(out, file, against, &signers);
	if (against->trust != NULL)
		check_product(out, rec, against->trust);
	check_time(out, rec, against->now_s);
	check_log(out, file, against);
	alarm_built(out, rec);
	alarm_policy(out, rec);
	alarm_end(out, rec, against->now_s);
	return ERR_OK;
}

static const struct mark {
	const char *sign;
	enum cli_style style;
	const char *word; /* in JSON */
} marks[] = {
	[CLI_RELEASE_PASSED] = { "✓", CLI_GOOD, "passed" },
	[CLI_RELEASE_FAILED] = { "✗", CLI_BAD, "failed" },
	[CLI_RELEASE_UNCHECKED] = { "·", CLI_DIM, "not checked" },
	[CLI_RELEASE_ALARM] = { "!", CLI_WARN, "alarm" },
};

static void print_finding(
    const struct cli_term *t, FILE *f, const struct cli_release_finding *it)
{
	const struct mark *m = &marks[it->result];

	(void)fprintf(f, "  %s%s%s %-*s", cli_style(t, f, m->style), m->sign,
	    cli_style(t, f, CLI_PLAIN), TEXT_COLUMN - 4, it->name);
	cli_put(t, f, TEXT_COLUMN, TEXT_COLUMN, it->text);
	(void)fputc('\n', f);
}

void cli_release_check_print(
    const struct cli_term *t, FILE *f, const struct cli_release_report *r)
{
	bool alarms = false;

	for (size_t i = 0; i < r->n; i++) {
		if (r->item[i].result != CLI_RELEASE_ALARM)
			print_finding(t, f, &r->item[i]);
	}
	for (size_t i = 0; i < r->n; i++) {
		if (r->item[i].result != CLI_RELEASE_ALARM)
			continue;
		if (!alarms)
			(void)fputs("\nMonitors of the log will alarm:\n", f);
		alarms = true;
		print_finding(t, f, &r->item[i]);
	}
	(void)fputc('\n', f);
	if (r->refused)
		(void)fprintf(f, "%sClients refuse it.%s\n",
		    cli_style(t, f, CLI_BAD), cli_style(t, f, CLI_PLAIN));
	else if (r->unchecked)
		(void)fputs("Nothing wrong so far; not all was checked.\n", f);
	else
		(void)fprintf(f,
		    "%sA client with this trust file accepts it.%s\n",
		    cli_style(t, f, CLI_GOOD), cli_style(t, f, CLI_PLAIN));
}

static void json_findings(
    struct wr *w, const struct cli_release_report *r, bool alarms)
{
	bool first = true;

	for (size_t i = 0; i < r->n; i++) {
		const struct cli_release_finding *it = &r->item[i];

		if ((it->result == CLI_RELEASE_ALARM) != alarms)
			continue;
		wr_fmt(w, "%s{\"name\":\"%s\",\"result\":\"%s\",\"text\":",
		    first ? "" : ",", it->name, marks[it->result].word);
		json_write_string(w, (struct bytes){ (const uint8_t *)it->text,
					 strlen(it->text) });
		wr_u8(w, '}');
		first = false;
	}
}

void cli_release_check_json(struct wr *w, const struct cli_release_report *r)
{
	wr_fmt(w, ",\"accepted\":%s,\"checks\":[",
	    r->refused     ? "false"
	    : r->unchecked ? "null"
			   : "true");
	json_findings(w, r, false);
	wr_str(w, "],\"alarms\":[");
	json_findings(w, r, true);
	wr_str(w, "]");
}
