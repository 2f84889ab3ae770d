/* See report.h. */
#include "cli/report.h"

#include <string.h>
#include <time.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "base/json.h"
#include "protocol/claims_json.h"
#include "tlog/checkpoint.h"

#define TEXT_COLUMN 28 /* where the text of a step begins */
#define SHORT_HEX   4  /* bytes of a hash that a person is shown */
#define TODAY_S     (20 * 3600)
#define JUST_NOW_S  120

void cli_report_when(char out[CLI_WHEN_MAX], uint64_t unix_s, uint64_t now_s)
{
	const time_t at = (time_t)unix_s;
	struct tm tm = { 0 };
	const bool soon = unix_s >= now_s && unix_s - now_s < TODAY_S;

	out[0] = '\0';
	if (localtime_r(&at, &tm) != NULL)
		(void)strftime(
		    out, CLI_WHEN_MAX, soon ? "%H:%M" : "%d %b %H:%M", &tm);
}

/* How long before `now` that was, in one unit: "3 days". */
static void write_age(struct wr *w, uint64_t then, uint64_t now)
{
	static const struct {
		uint64_t s; /* seconds in one */
		const char *name;
	} unit[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } };
	const uint64_t age = then < now ? now - then : 0;
	size_t i = 0;

	while (i < 2 && age < 2 * unit[i].s)
		i++;
	wr_fmt(w, "%llu %s%s", (unsigned long long)(age / unit[i].s),
	    unit[i].name, age / unit[i].s == 1 ? "" : "s");
}

void cli_report_release(struct wr *w, const struct claims *c, uint64_t now_s)
{
	wr_fmt(w, "release %s of %s/%s, published ", c->image_version,
	    c->product, c->channel);
	if (c->image_issued + JUST_NOW_S > now_s) {
		wr_str(w, "just now");
	} else {
		write_age(w, c->image_issued, now_s);
		wr_str(w, " ago");
	}
	wr_str(w, ", ");
	wr_str(w, c->seen_by);
	if (c->rebuilder[0] != '\0')
		wr_fmt(w, ", rebuilt identically by %s", c->rebuilder);
}

/* [L-24] */
static bool is_old(const struct claims *c, uint64_t now_s)
{
	return c->head.time != 0 && now_s > c->head.time &&
	       now_s - c->head.time > TLOG_FRESH_WARN_S;
}

void cli_report_print_release(
    const struct cli_term *t, FILE *f, const struct claims *c, uint64_t now_s)
{
	char text[CLI_SUMMARY_MAX] = "";
	struct wr w = wr_init(text, sizeof(text) - 1);

	cli_report_release(&w, c, now_s);
	wr_str(&w, ".");
	if (w.err != ERR_OK)
		return;
	text[0] = 'R';
	text[w.len] = '\0';
	cli_put(t, f, 0, 0, text);
	(void)fputc('\n', f);
}

void cli_report_print_old(
    const struct cli_term *t, FILE *f, const struct claims *c, uint64_t now_s)
{
	char text[CLI_SUMMARY_MAX] = "";
	struct wr w = wr_init(text, sizeof(text) - 1);

	if (!is_old(c, now_s))
		return;
	wr_str(&w, "The newest look of witnesses at the log is ");
	write_age(&w, c->head.time, now_s);
	wr_fmt(&w,
	    " old: something may be wrong with it. After %d days it is "
	    "refused.",
	    TLOG_FRESH_S / 86400);
	text[w.err == ERR_OK ? w.len : 0] = '\0';
	(void)fputs(cli_style(t, f, CLI_WARN), f);
	cli_put(t, f, 0, 0, text);
	(void)fprintf(f, "%s\n", cli_style(t, f, CLI_PLAIN));
}

/* " on AMD Genoa": nothing for what is simulated. */
static void write_hardware(struct wr *w, const struct claims *c)
{
	switch (c->kind) {
	case TEE_SNP:
		wr_fmt(w, " on AMD SEV-SNP (%s)", snp_family_name(c->family));
		break;
	case TEE_TDX:
		wr_str(w, " on Intel TDX");
		break;
	case TEE_SGX:
		wr_str(w, " on Intel SGX");
		break;
	case TEE_SIM:
		break;
	}
}

void cli_report_summary(
    char out[CLI_SUMMARY_MAX], const struct verdict *v, uint64_t now_s)
{
	struct wr w = wr_init(out, CLI_SUMMARY_MAX - 1);
	const struct claims *c = &v->claims;
	char hex[2 * SHORT_HEX + 1], when[CLI_WHEN_MAX];

	hex_encode(hex, c->measurement, SHORT_HEX);
	cli_report_when(when, v->checks.deadline_s, now_s);
	if (v->simulated)
		wr_str(&w, VERDICT_SIMULATED " · ");
	wr_str(&w, "enclave checked");
	write_hardware(&w, c);
	wr_fmt(&w, ": launch %s… = ", hex);
	cli_report_release(&w, c, now_s);
	if (c->model_name[0] != '\0')
		wr_fmt(&w, " · model %s", c->model_name);
	if (is_old(c, now_s)) {
		wr_str(&w, " · witnesses' newest look ");
		write_age(&w, c->head.time, now_s);
		wr_str(&w, " old");
	}
	wr_fmt(&w, " · until %s", when);
	out[w.err == ERR_OK ? w.len : 0] = '\0';
}

void cli_report_print_summary(
    const struct cli_term *t, FILE *f, const struct client_conn *c)
{
	const struct verdict *v = &c->judgement.verdict;
	char line[CLI_SUMMARY_MAX];
	size_t skip = 0;

	cli_report_summary(line, v, c->verified_at);
	if (v->simulated) {
		skip = strlen(VERDICT_SIMULATED);
		(void)fprintf(f, "%s%s%s", cli_style(t, f, CLI_WARN),
		    VERDICT_SIMULATED, cli_style(t, f, CLI_PLAIN));
	}
	(void)fputs(cli_style(t, f, CLI_DIM), f);
	cli_put(t, f, (unsigned)skip, 0, line + skip);
	(void)fprintf(f, "%s\n", cli_style(t, f, CLI_PLAIN));
}

/* How the handshake went, in words. */
static const char *handshake_name(const struct client_conn *c)
{
	if (c->history.fell_back)
		return "Noise XXfallback: the enclave has a new key";
	if (c->history.resumed)
		return c->history.same ? "Noise IK: the enclave is known, its "
					 "evidence unchanged"
				       : "Noise IK: the enclave is known, its "
					 "evidence is new";
	if (c->history.retried)
		return "Noise XX: coming back failed, so from the start";
	return "Noise XX: the enclave is new to us";
}

static void mark(const struct cli_term *t, FILE *f, enum check_result result)
{
	static const struct {
		const char *sign;
		enum cli_style style;
	} marks[] = {
		[CHECK_NOT_RUN] = { "·", CLI_DIM },
		[CHECK_PASSED] = { "✓", CLI_GOOD },
		[CHECK_FAILED] = { "✗", CLI_BAD },
		[CHECK_WAITING] = { "·", CLI_DIM },
	};

	(void)fprintf(f, "  %s%s%s ", cli_style(t, f, marks[result].style),
	    marks[result].sign, cli_style(t, f, CLI_PLAIN));
}

void cli_report_print_step(const struct cli_term *t, FILE *f,
    enum check_result result, const char *name, const char *text)
{
	mark(t, f, result);
	(void)fprintf(f, "%-23s ", name);
	cli_put(t, f, TEXT_COLUMN, TEXT_COLUMN, text);
	(void)fputc('\n', f);
}

static void print_connection(
    const struct cli_term *t, FILE *f, const struct client_conn *c)
{
	char text[ERR_MSG_LEN_MAX];

	(void)fmt_print(text, sizeof(text), "%s, %u ms", c->config->address,
	    c->history.dial_ms);
	cli_report_print_step(t, f, CHECK_PASSED, "connected", text);
	(void)fmt_print(text, sizeof(text), "%s, %u ms", handshake_name(c),
	    c->history.reply_ms);
	cli_report_print_step(t, f, CHECK_PASSED, "handshake", text);
	(void)fmt_print(text, sizeof(text), "%zu bytes, judged in %u ms",
	    c->history.evidence_len, c->history.judge_ms);
	cli_report_print_step(t, f, CHECK_PASSED, "evidence", text);
}

/* The checks that were not reached are one line: they say nothing. */
void cli_report_print_checks(
    const struct cli_term *t, FILE *f, const struct check_list *list)
{
	char text[ERR_MSG_LEN_MAX];
	size_t i = 0;

	for (; i < list->n && list->line[i].result != CHECK_NOT_RUN; i++)
		cli_report_print_step(t, f, list->line[i].result,
		    evidence_check_name(list->line[i].id),
		    list->line[i].result == CHECK_WAITING
			? "not judged: another check has failed"
			: list->line[i].text);
	if (i < list->n) {
		(void)fmt_print(
		    text, sizeof(text), "%zu, not reached", list->n - i);
		cli_report_print_step(
		    t, f, CHECK_NOT_RUN, "further checks", text);
	}
}

void cli_report_print_steps(
    const struct cli_term *t, FILE *f, const struct client_conn *c)
{
	print_connection(t, f, c);
	cli_report_print_checks(t, f, &c->judgement.verdict.checks);
	if (c->judgement.split_view)
		cli_report_print_step(t, f, CHECK_FAILED, "one log",
		    "two different trees of one size, so it lies to somebody: "
		    "see proof/ in the home");
}

static void member_str(struct wr *w, const char *name, const char *value)
{
	wr_fmt(w, ",\"%s\":", name);
	json_write_string(
	    w, (struct bytes){ (const uint8_t *)value, strlen(value) });
}

static void member_num(struct wr *w, const char *name, uint64_t value)
{
	wr_fmt(w, ",\"%s\":%llu", name, (unsigned long long)value);
}

void cli_report_json_checks(struct wr *w, const struct check_list *list)
{
	static const char *const result[] = {
		[CHECK_NOT_RUN] = "not run",
		[CHECK_PASSED] = "passed",
		[CHECK_FAILED] = "failed",
		[CHECK_WAITING] = "not run",
	};

	wr_str(w, ",\"checks\":[");
	for (size_t i = 0; i < list->n; i++) {
		wr_fmt(w, "%s{\"result\":\"%s\"", i == 0 ? "" : ",",
		    result[list->line[i].result]);
		member_str(w, "name", evidence_check_name(list->line[i].id));
		member_str(w, "text", list->line[i].text);
		wr_str(w, "}");
	}
	wr_str(w, "]");
}

/* The verdict's own members of an object that is open; whether it was accepted. */
static bool write_verdict(struct wr *w, const struct client_judgement *j)
{
	const struct verdict *v = &j->verdict;
	const bool accepted = v->accepted && !j->split_view;

	wr_fmt(w, "{\"accepted\":%s,\"simulated\":%s",
	    accepted ? "true" : "false", v->simulated ? "true" : "false");
	if (v->simulated)
		member_str(w, "warning", VERDICT_SIMULATED);
	return accepted;
}

/* Its checks, and its claims if they mean anything; closes the object. */
static void write_details(struct wr *w, const struct verdict *v, bool accepted)
{
	if (accepted)
		member_num(w, "deadline", v->checks.deadline_s);
	cli_report_json_checks(w, &v->checks);
	if (accepted) {
		wr_str(w, ",\"claims\":");
		claims_json(w, &v->claims);
	}
	wr_str(w, "}");
}

void cli_report_json_judgement(struct wr *w, const struct client_judgement *j)
{
	bool accepted = write_verdict(w, j);

	write_details(w, &j->verdict, accepted);
}

void cli_report_json(struct wr *w, const struct client_conn *c)
{
	bool accepted = write_verdict(w, &c->judgement);

	member_str(w, "address", c->config->address);
	member_str(w, "handshake", handshake_name(c));
	member_num(w, "evidence_bytes", c->history.evidence_len);
	if (accepted)
		member_num(w, "verified_at", c->verified_at);
	write_details(w, &c->judgement.verdict, accepted);
}
