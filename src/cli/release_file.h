/* Records in files, and files that records name. */
#ifndef CONFER_CLI_RELEASE_FILE_H
#define CONFER_CLI_RELEASE_FILE_H

#include <stdbool.h>

#include "tlog/merkle.h"
#include "tlog/note.h"
#include "tlog/record.h"

/* Why: in messages, a path has this many bytes at most. */
#define CLI_RELEASE_SHOWN 60

/* A record as it was read: its text alone, or a note with signatures. */
struct cli_release_file {
	uint8_t buf[RECORD_LEN_MAX];
	struct bytes all;      /* in buf */
	bool has_signatures;   /* it is a note; nothing of it is verified */
	struct tlog_note note; /* note.text is the record's text */
	struct tlog_record rec;
};

/*
 * Read a record from a file, or from standard input for "-". Must not be moved.
 * The errors of fd_read_file, tlog_note_parse and tlog_record_parse; messages
 * name the path.
 */
enum err cli_release_file_read(struct cli_release_file *f, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Read a text of at most cap bytes from a file, or standard input for "-". */
enum err cli_release_text_read(uint8_t *out, size_t cap, size_t *len,
    const char *path, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* SHA-256 and size of a file. */
enum err cli_release_hash(struct tlog_hash *out, uint64_t *size,
    const char *path, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write to a file in one step, mode 0644, or to standard output for "-". */
enum err cli_release_write(const char *path, struct bytes content,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
