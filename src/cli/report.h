/*
 * What was verified, for people and for programs: one line, all the lines, or
 * JSON. Nothing here decides anything.
 */
#ifndef CONFER_CLI_REPORT_H
#define CONFER_CLI_REPORT_H

#include <stdio.h>

#include "base/wr.h"
#include "cli/term.h"
#include "client/conn.h"

#define CLI_SUMMARY_MAX 1536 /* names at their longest */

/*
 * One line without its LF:
 * "SIMULATED, NOT PRIVATE · enclave checked: launch 3fa9c201… = release 1.4.0
 * of confer/local, published 3 days ago, seen by 3 of 3 witnesses (operators A,
 * B, C), rebuilt identically by X · model confer-demo · until 14:05". For
 * accepted evidence only, as are the next three.
 */
void cli_report_summary(
    char out[CLI_SUMMARY_MAX], const struct verdict *v, uint64_t now_s);

/* "release 1.4.0 of confer/local, published 3 days ago, seen by ...". */
void cli_report_release(struct wr *w, const struct claims *c, uint64_t now_s);

/* The same as a sentence and LF. */
void cli_report_print_release(
    const struct cli_term *t, FILE *f, const struct claims *c, uint64_t now_s);

/* A warning if the witnesses' word on the log is more than a day old [L-24]. */
void cli_report_print_old(
    const struct cli_term *t, FILE *f, const struct claims *c, uint64_t now_s);

/* The summary in colour, with a mark before it, and LF. */
void cli_report_print_summary(
    const struct cli_term *t, FILE *f, const struct client_conn *c);

/* Step by step: connection, handshake, every check, verdict. */
void cli_report_print_steps(
    const struct cli_term *t, FILE *f, const struct client_conn *c);

/* The checks alone, of any verdict. */
void cli_report_print_checks(
    const struct cli_term *t, FILE *f, const struct check_list *list);

/* "  ✓ name                    text", further lines below the text. */
void cli_report_print_step(const struct cli_term *t, FILE *f,
    enum check_result result, const char *name, const char *text);

/* The member "checks", preceded by a comma. */
void cli_report_json_checks(struct wr *w, const struct check_list *list);

/* An object with all of it, or with the verdict alone. */
void cli_report_json(struct wr *w, const struct client_conn *c);
void cli_report_json_judgement(struct wr *w, const struct client_judgement *j);

/* "14:05", or "29 Nov 14:05" if that is not within the next 20 hours. */
#define CLI_WHEN_MAX 24
void cli_report_when(char out[CLI_WHEN_MAX], uint64_t unix_s, uint64_t now_s);

#endif
