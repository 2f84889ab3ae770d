/*
 * link: from options to an open connection: which enclave, whom to believe,
 * and the screen while one waits.
 */
#ifndef CONFER_CLI_LINK_H
#define CONFER_CLI_LINK_H

#include "cli/exit.h"
#include "cli/options.h"
#include "client/conn.h"
#include "client/running.h"
#include "client/stream.h"
#include "sys/fd.h"

/* Must stay in place once opened. About 100 KB. */
struct cli_link {
	struct cli_term *term;
	char home[FD_PATH_MAX];
	struct client_running running; /* address "" if nothing runs */
	bool own; /* the enclave is that of this home's `confer up` */
	char address[ADDR_TEXT_MAX];
	char trust_path[FD_PATH_MAX];
	uint8_t trust_text[TRUST_LEN_MAX];
	size_t trust_len;
	struct trust trust; /* borrows trust_text */
	struct client_stream stream;
	struct client_io io;
	struct client_config config;
	struct client_conn *conn; /* NULL until prepared */
};

/*
 * Find address and trust, and make ready to connect; nothing is sent. On
 * failure ctx holds one sentence, and the result is the exit code.
 */
enum cli_exit cli_link_prepare(struct cli_link *l,
    const struct cli_options *options, const char *address,
    struct cli_term *term, struct err_ctx *ctx);

/* Connect and verify, showing progress. The exit code, with ctx. */
enum cli_exit cli_link_open(struct cli_link *l, struct err_ctx *ctx);

/* Close the connection, wipe everything. Accepts a zeroed *l. */
void cli_link_close(struct cli_link *l);

#endif
