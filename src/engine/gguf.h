/*
 * GGUF: the file format of open language models, versions 2 and 3, little
 * endian. Layout, all integers little endian:
 *
 *	"GGUF" u32 version  u64 tensors  u64 pairs
 *	pairs:   string key  u32 type  value
 *	tensors: string name  u32 rank  u64 dimension[rank]  u32 type  u64 offset
 *	padding to the alignment, then the tensors' data at their offsets
 *
 * A string is u64 length and bytes; an array is u32 type, u64 count, values.
 *
 * The file is hostile. Everything is checked here once, before anything is
 * believed: counts against the bytes that are there, sizes against overflow,
 * data against the file's end and against each other. What is returned borrows
 * from the head, which is all before the padding, and can be used without
 * further checks of its extent.
 */
#ifndef CONFER_ENGINE_GGUF_H
#define CONFER_ENGINE_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define GGUF_PAIRS_MAX     1024       /* real files have under 100 */
#define GGUF_TENSORS_MAX   16384      /* 400 B models have about 2000 */
#define GGUF_NAME_LEN_MAX  64         /* tensor names; ggml's own limit */
#define GGUF_KEY_LEN_MAX   256        /* real keys stay under 64 */
#define GGUF_RANK_MAX      4          /* ggml's own limit */
#define GGUF_DIM_MAX       (1u << 24) /* the largest vocabulary is 2^18 */
#define GGUF_ARRAY_MAX     (1u << 21) /* items; merges of 2^18 tokens: 2^19 */
#define GGUF_ALIGNMENT_MAX 65536      /* a page of any CPU */
#define GGUF_ALIGNMENT     32         /* when the file does not say */
#define GGUF_HEAD_LEN_MAX  (1u << 28) /* bytes; 2^18 tokens: about 2^23 */

struct model_file;

enum gguf_value_type {
	GGUF_U8,
	GGUF_I8,
	GGUF_U16,
	GGUF_I16,
	GGUF_U32,
	GGUF_I32,
	GGUF_F32,
	GGUF_BOOL,
	GGUF_STRING,
	GGUF_ARRAY,
	GGUF_U64,
	GGUF_I64,
	GGUF_F64,
	GGUF_VALUE_TYPE_N
};

/* Tensor types by their numbers in the file; gaps are retired numbers. */
enum gguf_tensor_type {
	GGUF_TENSOR_F32 = 0,
	GGUF_TENSOR_F16 = 1,
	GGUF_TENSOR_Q4_0 = 2,
	GGUF_TENSOR_Q4_1 = 3,
	GGUF_TENSOR_Q5_0 = 6,
	GGUF_TENSOR_Q5_1 = 7,
	GGUF_TENSOR_Q8_0 = 8,
	GGUF_TENSOR_Q2_K = 10,
	GGUF_TENSOR_Q3_K = 11,
	GGUF_TENSOR_Q4_K = 12,
	GGUF_TENSOR_Q5_K = 13,
	GGUF_TENSOR_Q6_K = 14,
	GGUF_TENSOR_BF16 = 30
};

struct gguf_pair {
	struct bytes key;
	enum gguf_value_type type;
	enum gguf_value_type item_type; /* of an array */
	uint32_t count;                 /* items of an array */
	struct bytes value; /* a string's bytes, an array's items, else the
			       encoded value */
	uint64_t offset;    /* of the value in the file, for messages */
};

struct gguf_tensor {
	struct bytes name;
	enum gguf_tensor_type type;
	uint32_t rank;
	uint32_t
	    dim[GGUF_RANK_MAX]; /* dim[0] runs fastest; unused ones are 1 */
	uint64_t offset;        /* of the description in the file */
	uint64_t at, len;       /* of the data in the file */
};

struct gguf {
	uint8_t *owned;    /* the bytes that were read, or NULL: borrowed */
	uint64_t file_len; /* bytes */
	size_t head_len;   /* bytes: up to the padding */
	uint32_t version;
	uint32_t alignment;
	uint32_t pair_n;
	uint32_t tensor_n;
	struct gguf_pair *pair;     /* in the file's order */
	struct gguf_tensor *tensor; /* in the file's order */
	uint32_t *by_name;          /* tensor numbers in the order of names */
};

/*
 * Parse the head of a file of file_len bytes, of which `first` are the first.
 * Borrows them until gguf_clear. Allocates three tables that are bounded by the
 * limits above and by file_len. ERR_AGAIN, without a message: the head goes on
 * beyond `first`, but the file does too. ERR_FORMAT, ERR_TRUNCATED, ERR_LIMIT,
 * ERR_UNSUPPORTED, ERR_NOMEM; ctx names field and offset. On failure *g is
 * clear.
 */
enum err gguf_parse_head(struct gguf *g, struct bytes first, uint64_t file_len,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Read and parse the head of a file that stands at its start. src stands at
 * head_len then; what was read beyond it comes from *g, which must outlive the
 * reading of src. Also ERR_IO.
 */
enum err gguf_read_head(struct gguf *g, struct model_file *src,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Free the tables and what was read; accepts a zeroed *g. */
void gguf_clear(struct gguf *g);

/* NULL when there is none. */
const struct gguf_pair *gguf_find(const struct gguf *g, const char *key);
const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name);

/*
 * Typed values. Each fails with ERR_FORMAT when the key has another type or is
 * out of range, naming key and offset. When the key is absent: *out is left as
 * it is and ERR_NOTFOUND is returned, without a message.
 */
enum err gguf_u32(const struct gguf *g, const char *key, uint32_t *out,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err gguf_f32(const struct gguf *g, const char *key, float *out,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err gguf_bool(const struct gguf *g, const char *key, bool *out,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err gguf_string(const struct gguf *g, const char *key, struct bytes *out,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* What one of these returned, where the key need not be there. */
static inline enum err gguf_optional(enum err e)
{
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

/* An array with items of the given type. */
enum err gguf_array(const struct gguf *g, const char *key,
    enum gguf_value_type item_type, const struct gguf_pair **out,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Item i of an array of 4-byte numbers; i < count. */
uint32_t gguf_item_u32(const struct gguf_pair *array, uint32_t i);
float gguf_item_f32(const struct gguf_pair *array, uint32_t i);

/* Walk an array of strings: takes the next off *rest, which starts as value. */
struct bytes gguf_next_string(struct bytes *rest);

/* The order of names: below, equal to or above 0, by bytes. */
int gguf_order(struct bytes a, struct bytes b);

/* "Q8_0"; NULL for a number that no version of the format has. */
const char *gguf_type_name(enum gguf_tensor_type type);

/* Elements and bytes of one block; false for an unknown type. */
bool gguf_type_block(
    enum gguf_tensor_type type, uint32_t *elements, uint32_t *len);

#endif
