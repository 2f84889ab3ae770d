/*
 * The model's file, read once and in order: each byte passes `seen`, so that
 * whoever hashes them hashes exactly what is run. A file or a disk is read with
 * read(2) into our own memory, never mapped: later changes reach nothing.
 */
#ifndef CONFER_ENGINE_MODEL_FILE_H
#define CONFER_ENGINE_MODEL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

typedef void model_file_seen_fn(void *cookie, struct bytes next);

struct model_file {
	int fd;                   /* -1: image */
	struct bytes image;       /* the caller's memory */
	uint64_t len;             /* of the whole file, bytes; above 0 */
	uint64_t at;              /* where the next byte comes from */
	struct bytes ahead;       /* read already, and comes next */
	model_file_seen_fn *seen; /* or NULL; set it before the first read */
	void *cookie;
};

/* Open a regular file or a block device. ERR_NOTFOUND, ERR_IO, and
 * ERR_TRUNCATED for an empty one. On failure there is nothing to close. */
enum err model_file_open(struct model_file *s, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* A file in memory, borrowed. */
void model_file_image(struct model_file *s, struct bytes image);

/* The next n bytes, all of them. ERR_TRUNCATED, ERR_IO. */
enum err model_file_read(struct model_file *s, uint8_t *out, size_t n,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Give back the end of what was read: it comes again, but is not seen again.
 * Borrowed until it was read. All that was given back before has been read.
 */
void model_file_unread(struct model_file *s, struct bytes ahead);

/* Accepts a zeroed *s and one that was not opened. */
void model_file_close(struct model_file *s);

#endif
