/*
 * `confer release check`: a record as clients and monitors will see it, before
 * they do. Nothing is fetched, and nothing decided for anybody: it says what a
 * client with this trust file decides, and what monitors alarm about.
 */
#ifndef CONFER_CLI_RELEASE_CHECK_H
#define CONFER_CLI_RELEASE_CHECK_H

#include <stdio.h>

#include "base/wr.h"
#include "cli/options.h"
#include "cli/release_file.h"
#include "cli/term.h"
#include "protocol/trust.h"

#define CLI_RELEASE_FINDINGS_MAX 16
/* A record that ends this soon is worth a word: policies are made anew every
 * two days, the others take a build, k signers and witnesses. */
#define CLI_RELEASE_ENDS_POLICY_S (24 * 3600)
#define CLI_RELEASE_ENDS_S        (14 * 86400)

enum cli_release_result {
	CLI_RELEASE_PASSED,
	CLI_RELEASE_FAILED,    /* a client refuses the record */
	CLI_RELEASE_UNCHECKED, /* what it takes was not given */
	CLI_RELEASE_ALARM,     /* not refused, but a monitor calls somebody */
};

struct cli_release_finding {
	enum cli_release_result result;
	const char *name;
	char text[2 * ERR_MSG_LEN_MAX];
};

struct cli_release_report {
	struct cli_release_finding item[CLI_RELEASE_FINDINGS_MAX];
	size_t n;
	bool refused;   /* one has failed */
	bool unchecked; /* one was not checked */
};

/* What to check a record with; all may be missing. */
struct cli_release_against {
	const struct trust *trust;
	struct bytes proof; /* p NULL: none */
	const struct cli_list *signer;
	uint64_t now_s;
};

/* ERR_FORMAT: a --signer is no key of records. The record's faults are in the
 * report. */
enum err cli_release_check(struct cli_release_report *out,
    const struct cli_release_file *file,
    const struct cli_release_against *against, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

void cli_release_check_print(
    const struct cli_term *t, FILE *f, const struct cli_release_report *report);

/* ,"accepted":...,"checks":[...],"alarms":[...] */
void cli_release_check_json(
    struct wr *w, const struct cli_release_report *report);

#endif
