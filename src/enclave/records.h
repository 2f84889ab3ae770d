/*
 * Release records and their log proofs, as the host hands them over. The
 * enclave relays them unread: only the client judges them.
 *
 * A directory holds up to eight files; an absent one is an absent section:
 *	image.record  image.proof  model.record   model.proof
 *	policy.record policy.proof rebuild.record rebuild.proof
 * Each is replaced in one step (rename) when the log has a newer proof, and is
 * read again with every refresh of the evidence.
 */
#ifndef CONFER_ENCLAVE_RECORDS_H
#define CONFER_ENCLAVE_RECORDS_H

#include "base/err.h"
#include "protocol/evidence.h"

#define RECORDS_FILES 8

/* All together: what an evidence bundle leaves beside the quote. */
#define RECORDS_LEN_MAX (48 * 1024)

struct records {
	uint8_t data[RECORDS_LEN_MAX];
	size_t len;
};

/* Open the directory for records_read(). ctx holds one sentence. */
enum err records_open(int *dir_fd, const char *path, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Read all files and set their sections in *ev, which then borrows *r. Sections
 * of other types stay. ERR_LIMIT: they are too long; ERR_IO. On failure *ev is
 * as it was.
 */
enum err records_read(struct records *r, struct evidence *ev, int dir_fd,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
