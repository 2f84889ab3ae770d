/* What `confer up` says about a model file in its release record. */
#ifndef CONFER_CLI_UP_MODEL_H
#define CONFER_CLI_UP_MODEL_H

#include "release/records.h"
#include "sys/fd.h"

#define UP_TOKEN_MAX (RECORD_TOKEN_LEN_MAX + 1)

struct up_model {
	char path[FD_PATH_MAX]; /* absolute */
	char name[UP_TOKEN_MAX];
	char tokenizer[UP_TOKEN_MAX];
	char quant[UP_TOKEN_MAX];
	uint64_t size;
	uint64_t context;
	struct tlog_hash sha256;
};

/*
 * Read the file's header and hash the file. ERR_NOTFOUND, and the errors of
 * gguf_parse_head; ctx holds one sentence with the path.
 */
enum err up_model_read(struct up_model *out, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Can the enclave run it? Seen from its head, before anything is started and
 * released. The engine's errors; ctx holds one sentence.
 */
enum err up_model_check(const char *path, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * The model that came with the program in directory `bin`: PREFIX/share/confer
 * beside PREFIX/bin, or model/ in the tree that it was built in. ERR_NOTFOUND.
 */
enum err up_model_bundled(char out[FD_PATH_MAX], const char *bin,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
