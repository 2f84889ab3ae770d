/*
 * Reading Intel's signed JSON documents by tables: an object is a list of
 * members, each with a function that reads its value. Private to tcb_info.c and
 * qe_identity.c. Errors stick to the reader; the first message names document,
 * member and offset.
 *
 * A name written with escapes is an unknown member: Intel writes none, and what
 * is then missing is refused.
 */
#ifndef CONFER_ATTEST_DCAP_DOC_H
#define CONFER_ATTEST_DCAP_DOC_H

#include "attest/dcap_collateral.h"
#include "base/json_walk.h"

/* One document of the service: {"NAME":{..},"signature":".."}. */
struct dcap_doc_kind {
	const char *what; /* "TCB Info": begins every message */
	const char *name; /* of the signed object */
	size_t len_max;
	uint64_t version; /* the one that is read */
	const char *id[2];
};

struct dcap_doc {
	struct json_walk w;
	const struct dcap_doc_kind *kind;
	const char *member; /* being read, and the offset of its value: what */
	size_t at;          /* messages name */
	struct err_ctx *ctx;
	enum err err; /* sticky */
};

/* Reads the value at which the document stands to `to`. */
typedef void dcap_doc_read(struct dcap_doc *d, void *to, size_t arg);

struct dcap_member {
	const char *name;
	dcap_doc_read *read;
	size_t offset; /* of the destination in the object's structure */
	size_t arg;    /* for read */
	bool optional;
};

/*
 * Check the whole text and stand at the signed object, whose exact bytes become
 * *part; *sig is decoded. The object's version must be that of the kind and its
 * id one of kind->id, whose index becomes *id. Other members of the outer
 * object, which nobody signs, are refused. Errors: d->err.
 */
void dcap_doc_open(struct dcap_doc *d, struct bytes in, struct bytes *part,
    uint8_t sig[DCAP_SIG_LEN], size_t *id);

/* "TCB Info: svn at offset 12: <text>", unless something has failed before. */
void dcap_doc_fail(struct dcap_doc *d, enum err e, const char *text);

/* The object at which it stands: each member that is not optional must occur;
 * what the table does not name is passed over. */
void dcap_doc_object(
    struct dcap_doc *d, void *to, const struct dcap_member *member, size_t n);

/* Step into the array at which it stands, then: is there another item? */
void dcap_doc_array(struct dcap_doc *d);
bool dcap_doc_more(struct dcap_doc *d);

/* Readers for the tables. */
void dcap_doc_hex(struct dcap_doc *d, void *to, size_t n); /* exactly n bytes */
void dcap_doc_u8(struct dcap_doc *d, void *to, size_t arg);
void dcap_doc_u16(struct dcap_doc *d, void *to, size_t arg);
void dcap_doc_u32(struct dcap_doc *d, void *to, size_t arg);
void dcap_doc_date(struct dcap_doc *d, void *to, size_t arg); /* uint64_t */

/* The text of a string without its quotes; empty after an error or if it has
 * escapes, which no value that we use needs. */
struct bytes dcap_doc_string(struct dcap_doc *d);

/* n bytes from their 2n hexadecimal digits, of either case. */
void dcap_doc_digits(
    struct dcap_doc *d, uint8_t *out, size_t n, struct bytes digits);

/* ERR_FORMAT unless the document is in force for some time. */
void dcap_doc_check_dates(
    struct dcap_doc *d, uint64_t issued, uint64_t next_update);

/* ---- Levels ---------------------------------------------------------------- */

/* Which words of a tcbStatus a list may use: bit s for enum dcap_status s. */
#define DCAP_WORDS_MODULE                                                      \
	(1U << DCAP_UP_TO_DATE | 1U << DCAP_OUT_OF_DATE | 1U << DCAP_REVOKED)
#define DCAP_WORDS_QE                                                          \
	(DCAP_WORDS_MODULE | 1U << DCAP_CONFIGURATION_NEEDED |                 \
	    1U << DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED)
#define DCAP_WORDS_PLATFORM                                                    \
	(DCAP_WORDS_QE | 1U << DCAP_SW_HARDENING_NEEDED |                      \
	    1U << DCAP_CONFIGURATION_AND_SW_HARDENING_NEEDED)

void dcap_doc_status(struct dcap_doc *d, void *to, size_t words);
void dcap_doc_advisories(struct dcap_doc *d, void *to, size_t arg);

/* tcbLevels of a module or a QE: sorted, highest first, each number once. */
void dcap_doc_isv_levels(struct dcap_doc *d,
    struct isv_level level[TCB_MODULE_LEVELS_MAX], size_t *n, size_t words);

#endif
