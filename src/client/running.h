/*
 * HOME/up/running.json: where the enclave that this home's `confer up` started
 * listens, while it runs:
 *
 *	{"pid": 4711, "address": "unix:/…/enclave.sock", "model": "confer-demo"}
 *
 * The trust file beside it, HOME/up/trust, names the simulated root that this
 * `confer up` made. Both are the user's own, so whoever reads them from HOME may
 * accept that simulated enclave, and no other.
 */
#ifndef CONFER_CLIENT_RUNNING_H
#define CONFER_CLIENT_RUNNING_H

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "client/chat.h"
#include "sys/addr.h"

#define CLIENT_RUNNING_LEN_MAX 4096

struct client_running {
	uint64_t pid;
	char address[ADDR_TEXT_MAX];
	char model[CLIENT_NAME_MAX];
};

/* ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED, ERR_TRAILING; *out zero then. */
enum err client_running_parse(struct client_running *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

void client_running_format(struct wr *w, const struct client_running *r);

/* ERR_NOTFOUND: nothing runs. ERR_FORMAT and the like: the file is damaged. */
enum err client_running_load(struct client_running *out, const char *home,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err client_running_save(const struct client_running *r, const char *home,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void client_running_remove(const char *home);

#endif
