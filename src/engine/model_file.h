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
	uint64_t len;             /* of the whole file, bytes */
	uint64_t at;              /* what has been read */
	model_file_seen_fn *seen; /* or NULL */
	void *cookie;
};

/* Open a regular file or a block device. ERR_NOTFOUND, ERR_IO, ERR_FORMAT. */
enum err model_file_open(struct model_file *s, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* A file in memory, borrowed. */
void model_file_image(struct model_file *s, struct bytes image);

/* The next n bytes, all of them. ERR_TRUNCATED, ERR_IO. */
enum err model_file_read(struct model_file *s, uint8_t *out, size_t n,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

void model_file_close(struct model_file *s);

#endif
