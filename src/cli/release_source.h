/* What git says about a source tree, for the `source` line of a record. */
#ifndef CONFER_CLI_RELEASE_SOURCE_H
#define CONFER_CLI_RELEASE_SOURCE_H

#include "base/err.h"
#include "tlog/record.h"

#define CLI_RELEASE_GIT_MAX (2 * RECORD_GIT_HASH_MAX + 1)

struct cli_release_source {
	char url[RECORD_URL_LEN_MAX + 1]; /* of the remote `origin`; or empty */
	char commit[CLI_RELEASE_GIT_MAX]; /* hexadecimal */
	char tree[CLI_RELEASE_GIT_MAX];
};

/*
 * Ask git about the commit that is checked out in `dir`. ERR_POLICY: files there
 * differ from it, so the commit would not be what was built. ERR_NOTFOUND: no
 * git, or no commit; ERR_TIMEOUT; ERR_IO. An `origin` that is no http(s) URL, or
 * one with a login in it, is left out.
 */
enum err cli_release_source_git(struct cli_release_source *out, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
