/*
 * Receipts on the command line: keeping one of a session, and `confer verify
 * FILE`, which judges one again without any network. docs/receipt.md.
 */
#ifndef CONFER_CLI_RECEIPT_H
#define CONFER_CLI_RECEIPT_H

#include "cli/link.h"
#include "client/receipt.h"
#include "protocol/receipt_check.h"

/* Keep what the link's connection verified, and what proof states if it does
 * (NULL: nothing). The exit code, with ctx. */
enum cli_exit cli_receipt_save(const char *path, const struct cli_link *l,
    const struct client_proof *proof, struct err_ctx *ctx);

/* Does an argument of `confer verify` name a file? What has the form of an
 * address is one, also where such a file exists: write ./FILE then. */
bool cli_receipt_is_file(const char *arg);

/* Judge the receipt in a file, and say so. */
enum cli_exit cli_receipt_verify(
    const struct cli_options *o, const char *path, struct cli_term *t);

/* Everything about one receipt that is judged. On the heap: about 2 MB. */
struct cli_receipt {
	const struct cli_options *options;
	struct cli_term *term;
	char home[FD_PATH_MAX];
	uint8_t trust_text[TRUST_LEN_MAX];
	struct trust trust; /* that is believed */
	bool own;           /* it is that of this home's `confer up` */
	bool same;          /* it is the one in the receipt, byte for byte */
	uint8_t brought[SHA256_LEN]; /* digest of the one in the receipt */
	struct client_state state;
	uint64_t now_s;
	size_t len;
	struct receipt receipt; /* borrows file */
	bool parsed;
	bool judged;
	struct client_judgement judgement; /* for the time that was asked for */
	struct client_judgement today; /* only if both times were asked for */
	bool today_ok;
	struct receipt_check check;
	uint8_t file[RECEIPT_LEN_MAX + 1];
};

/*
 * Judge the receipt in a file by r->options; all but these and the terminal is
 * zero before. CLI_EXIT_OK: accepted, see r->check; else ctx says why not.
 */
enum cli_exit cli_receipt_judge(
    struct cli_receipt *r, const char *path, struct err_ctx *ctx);

/* receipt_print.c: the account for people, and for programs. */
void cli_receipt_print(
    const struct cli_receipt *r, enum cli_exit x, const struct err_ctx *ctx);
void cli_receipt_print_json(
    const struct cli_receipt *r, enum cli_exit x, const struct err_ctx *ctx);

#endif
