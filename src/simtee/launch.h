/*
 * The simulated launch: what was started, and its digest. docs/attestation.md,
 * section 3. Items are named files (the enclave and the model; for a virtual
 * machine firmware, kernel, initrd) and the command line as text.
 *
 * Files are hashed once, from descriptors that stay open. A file that is
 * written to afterwards, in place, ends the signing: simtee_launch_check() compares
 * size and modification time of what was hashed. A file that is replaced (a new
 * build, an upgrade) is another file and disturbs nothing.
 */
#ifndef CONFER_SIMTEE_LAUNCH_H
#define CONFER_SIMTEE_LAUNCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"

#define SIMTEE_LAUNCH_ITEMS_MAX                                                \
	16 /* firmware, kernel, initrd, cmdline, models */
#define SIMTEE_LAUNCH_NAME_LEN_MAX 32
#define SIMTEE_LAUNCH_CMDLINE_MAX  4096 /* the kernel's own limit is 2048 */
#define SIMTEE_LAUNCH_DIGEST_LEN   48   /* SHA-384, as MEASUREMENT */

struct simtee_launch_item {
	char name[SIMTEE_LAUNCH_NAME_LEN_MAX + 1];
	int fd; /* -1: the command line */
	uint64_t size;
	uint8_t sha384[SIMTEE_LAUNCH_DIGEST_LEN];
	struct timespec modified;
};

struct simtee_launch {
	struct simtee_launch_item
	    item[SIMTEE_LAUNCH_ITEMS_MAX]; /* names ascending */
	size_t n;
};

#define SIMTEE_LAUNCH_INIT                                                     \
	{                                                                      \
		.n = 0                                                         \
	}

/*
 * Add "NAME=FILE"; NAME has 1..32 of a-z 0-9 and hyphen. Reads the whole file.
 * ERR_FORMAT (form, or a name twice), ERR_LIMIT, ERR_NOTFOUND, ERR_UNSUPPORTED
 * (not a regular file), ERR_IO, ERR_BUSY (the file changed while it was read).
 * ctx holds one sentence.
 */
enum err simtee_launch_add_file(struct simtee_launch *l, const char *spec,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Add the item "cmdline" with this text. ERR_FORMAT, ERR_LIMIT. */
enum err simtee_launch_add_cmdline(struct simtee_launch *l, const char *text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The launch digest. ERR_FORMAT: nothing was added. */
enum err simtee_launch_digest(uint8_t out[SIMTEE_LAUNCH_DIGEST_LEN],
    const struct simtee_launch *l, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* ERR_BUSY: a file is no longer as it was hashed; ctx names it. */
enum err simtee_launch_check(const struct simtee_launch *l, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

void simtee_launch_clear(struct simtee_launch *l);

#endif
