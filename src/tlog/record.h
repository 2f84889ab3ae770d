/*
 * Records of the release log, `confer-release/v1`: strict text in which each
 * content has one spelling, signed as a note by k of n release keys.
 * L-50..L-96 of docs/log.md; the grammar of each line stands there.
 */
#ifndef CONFER_TLOG_RECORD_H
#define CONFER_TLOG_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

#define RECORD_LEN_MAX         (16 * 1024) /* the whole note: one log entry */
#define RECORD_TOKEN_LEN_MAX   64
#define RECORD_URL_LEN_MAX     255
#define RECORD_GIT_HASH_MAX    32 /* bytes: SHA-1 (20) or SHA-256 */
#define RECORD_FILES_MAX       32
#define RECORD_SHAPES_MAX      16 /* lines of one machine kind */
#define RECORD_MODELS_MAX      16
#define RECORD_MIN_SEQ_MAX     32
#define RECORD_REVOKED_MAX     64
#define RECORD_CHIPS_MAX       32
#define RECORD_NEXT_KEYS_MAX   8
#define RECORD_LIFE_MAX_S      (180 * 86400)  /* image, model, web, client */
#define RECORD_LIFE_POLICY_S   (7 * 86400)    /* L-74 */
#define RECORD_LIFE_FACT_S     (3660 * 86400) /* retire, rebuild: facts */
#define RECORD_SKEW_S          300 /* a record may be this much too early */
#define RECORD_KEYS_MAX        16  /* release keys of a trust file */
#define RECORD_MEASUREMENT_LEN 48  /* SHA-384 */
#define RECORD_CHIP_ID_LEN     64
#define RECORD_PPID_LEN        16

enum record_kind {
	RECORD_IMAGE = 1,
	RECORD_MODEL,
	RECORD_WEB,
	RECORD_CLIENT,
	RECORD_POLICY,
	RECORD_RETIRE,
	RECORD_REBUILD,
};

enum record_digest_alg {
	RECORD_SHA256 = 1, /* of the file's bytes */
	RECORD_VERITY = 2, /* dm-verity root hash (SHA-256) */
};

struct record_digest {
	enum record_digest_alg alg;
	struct tlog_hash hash;
};

struct record_file {
	struct bytes role;
	uint64_t size;
	struct record_digest digest;
};

/* The git hash that a release was built from: 20 or 32 bytes. */
struct record_git_hash {
	uint8_t b[RECORD_GIT_HASH_MAX];
	size_t len;
};

/* url.len == 0: no source line, as for a build of one machine. L-60 */
struct record_source {
	struct bytes url;
	struct record_git_hash commit;
	struct record_git_hash tree;
};

struct record_files {
	struct record_file item[RECORD_FILES_MAX]; /* roles ascending */
	size_t n;
};

/* One accepted launch each: L-61; how it is compared: L-62. */
struct record_snp {
	uint32_t vcpus;
	struct bytes vcpu_type;
	uint8_t measurement[RECORD_MEASUREMENT_LEN]; /* MEASUREMENT */
	uint64_t policy;                             /* POLICY, equal */
};

struct record_tdx {
	struct bytes shape;
	uint8_t mrtd[RECORD_MEASUREMENT_LEN];
	uint8_t rtmr[4][RECORD_MEASUREMENT_LEN];
	uint64_t attributes; /* TDATTRIBUTES, equal */
	uint64_t xfam;       /* XFAM: no bit outside these */
};

struct record_sgx {
	uint8_t mrenclave[SHA256_LEN];
	uint8_t mrsigner[SHA256_LEN];
	uint16_t isvprodid;
	uint16_t isvsvn;        /* at least */
	uint8_t attributes[16]; /* ATTRIBUTES as in the report, ... */
	uint8_t mask[16];       /* ... equal in these bits */
};

/* A model that an image may serve. L-64 */
struct record_model_ref {
	struct bytes name;
	struct record_digest digest;
};

struct record_image {
	struct bytes version;
	struct record_source source;
	bool has_recipe;
	struct tlog_hash recipe; /* build recipe and toolchain lock */
	bool has_builder;
	struct tlog_hash builder; /* image that the build ran in */
	struct record_files files;
	struct record_snp snp[RECORD_SHAPES_MAX];
	size_t n_snp;
	struct record_tdx tdx[RECORD_SHAPES_MAX];
	size_t n_tdx;
	struct record_sgx sgx[RECORD_SHAPES_MAX];
	size_t n_sgx;
	uint8_t sim[RECORD_SHAPES_MAX][RECORD_MEASUREMENT_LEN];
	size_t n_sim; /* simulated; never matches a real machine's report */
	struct record_model_ref model[RECORD_MODELS_MAX];
	size_t n_models;
	uint64_t supersedes; /* seq; 0 if the line is absent; L-65 */
};

/* L-67 */
struct record_model {
	struct bytes name;
	uint64_t size;
	struct tlog_hash sha256; /* of the model file */
	bool has_verity;
	struct tlog_hash verity;
	struct bytes tokenizer; /* its kind, as the model file names it */
	bool has_template;
	struct tlog_hash template_sha256; /* of the chat template's text */
	struct bytes quant;
	uint64_t context; /* tokens */
};

struct record_web {
	struct bytes version;
	struct record_source source;
	bool has_recipe;
	struct tlog_hash recipe;
	uint64_t size;
	struct tlog_hash bundle;
};

struct record_client {
	struct bytes version;
	struct record_source source;
	bool has_recipe;
	struct tlog_hash recipe;
	struct record_files files;
};

struct record_min_seq {
	enum record_kind kind;
	struct bytes product;
	struct bytes channel;
	uint64_t seq;
};

/* Lowest accepted SPL components of one AMD product. L-66, L-71 */
struct record_snp_tcb {
	bool listed; /* false: this product is not accepted at all */
	uint8_t fmc; /* Turin only */
	uint8_t bootloader;
	uint8_t tee;
	uint8_t snp;
	uint8_t microcode;
};

struct record_chip {
	uint8_t id[RECORD_CHIP_ID_LEN]; /* CHIP_ID, or PPID and zeros */
	uint64_t not_after;
};

struct record_next_witness {
	struct bytes name;
	struct tlog_key key;
};

struct record_policy {
	struct record_min_seq min_seq[RECORD_MIN_SEQ_MAX];
	size_t n_min_seq;
	struct tlog_hash revoked[RECORD_REVOKED_MAX]; /* leaf hashes */
	size_t n_revoked;
	struct record_snp_tcb milan, genoa, turin;
	bool has_tdx, has_sgx; /* false: that kind is not accepted */
	uint64_t tdx_eval;     /* lowest tcbEvaluationDataNumber */
	uint64_t sgx_eval;
	bool any_hardware; /* else only chips and platforms listed here */
	struct record_chip chip[RECORD_CHIPS_MAX]; /* CHIP_ID of SNP */
	size_t n_chips;
	struct record_chip ppid[RECORD_CHIPS_MAX]; /* PPID of TDX and SGX */
	size_t n_ppids;
	struct tlog_key next_log[RECORD_NEXT_KEYS_MAX];
	size_t n_next_logs;
	struct record_next_witness next_witness[RECORD_NEXT_KEYS_MAX];
	size_t n_next_witnesses;
};

/* L-80 */
struct record_retire {
	struct bytes log;       /* origin of the log that ends */
	uint64_t size;          /* of its last good tree, without this record */
	struct tlog_hash root;  /* of that tree */
	struct bytes cause;     /* a token */
	struct bytes successor; /* origin; empty if there is none */
};

struct record_rebuild {
	struct tlog_hash release; /* leaf hash of the record rebuilt */
	struct tlog_hash result;  /* see L-85 */
	struct bytes rebuilder;
};

/* One record. Slices borrow from the text it was parsed from. About 12 KB. */
struct tlog_record {
	enum record_kind kind;
	struct bytes product;
	struct bytes channel;
	uint64_t seq; /* 1, 2, 3 ... per kind, product and channel */
	uint64_t issued;
	uint64_t not_before;
	uint64_t not_after;
	union {
		struct record_image image;
		struct record_model model;
		struct record_web web;
		struct record_client client;
		struct record_policy policy;
		struct record_retire retire;
		struct record_rebuild rebuild;
	};
};

/* Who may sign records, and how many of them must. */
struct tlog_keyset {
	struct tlog_key key[RECORD_KEYS_MAX];
	size_t n;
	size_t need; /* k of n; 0 accepts nothing */
};

/* "image", "model", ... */
const char *tlog_record_kind_name(enum record_kind kind);

/* Parse the signed text (no signatures are looked at). ERR_FORMAT, ERR_LIMIT,
 * ERR_UNSUPPORTED (another version or kind); messages name field and offset. */
enum err tlog_record_parse(struct tlog_record *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Write the signed text of a record in its one spelling. Lists must already be
 * in order. ERR_FORMAT when the parser would not read the same record back,
 * ERR_NOSPACE; then w carries the error too.
 */
enum err tlog_record_format(struct wr *w, const struct tlog_record *rec,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Add the vkey of a release key. Refuses other types than Ed25519 (type 1), a
 * key that is there already under any name (ERR_FORMAT), and more than
 * RECORD_KEYS_MAX (ERR_LIMIT). Borrows from `vkey`.
 */
enum err tlog_keyset_add(struct tlog_keyset *set, struct bytes vkey,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Parse an entry (a signed note), verify that at least set->need different keys
 * of the set have signed it, then parse its text. Time is not judged. ERR_AUTH
 * (a known key fails, or none signed), ERR_POLICY (fewer than need), ERR_LIMIT,
 * and the errors of tlog_note_parse and tlog_record_parse. Zeroed on failure.
 */
enum err tlog_record_verify(struct tlog_record *out,
    const struct tlog_keyset *set, struct bytes entry, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* ERR_EXPIRED unless not_before - RECORD_SKEW_S <= now_s < not_after. */
enum err tlog_record_check_time(const struct tlog_record *rec, uint64_t now_s,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Does the policy record let `rec`, whose entry has this leaf hash, still be
 * used? ERR_POLICY: it is revoked, its seq is below the minimum for its kind,
 * product and channel, or `policy` is of another product or kind.
 */
enum err tlog_record_check_policy(const struct tlog_record *rec,
    const struct tlog_hash *leaf, const struct tlog_record *policy,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Is this chip (CHIP_ID, 64 bytes) or platform (PPID, 16 bytes) allowed at
 * now_s? Needs a policy record. ERR_POLICY: not listed; ERR_EXPIRED: its entry
 * is over.
 */
enum err tlog_record_check_chip(const struct tlog_record *policy,
    struct bytes id, uint64_t now_s, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * The line of an image record that names a measurement, or NULL. SNP, TDX and
 * SGX may have several lines of one measurement; the caller compares the rest
 * and asks for the next one with `after` (NULL for the first).
 */
const struct record_snp *tlog_image_find_snp(const struct record_image *image,
    const uint8_t measurement[RECORD_MEASUREMENT_LEN],
    const struct record_snp *after);
const struct record_tdx *tlog_image_find_tdx(const struct record_image *image,
    const uint8_t mrtd[RECORD_MEASUREMENT_LEN], const struct record_tdx *after);
const struct record_sgx *tlog_image_find_sgx(const struct record_image *image,
    const uint8_t mrenclave[SHA256_LEN], const struct record_sgx *after);
bool tlog_image_has_sim(const struct record_image *image,
    const uint8_t measurement[RECORD_MEASUREMENT_LEN]);

/* May the image serve a model file of this SHA-256? True if it is named. */
bool tlog_image_has_model(
    const struct record_image *image, const struct tlog_hash *sha256);

/*
 * The lines of an image, web or client record that a rebuilder compares,
 * borrowed from the record's text, and SHA-256 over them [L-85].
 * ERR_UNSUPPORTED: another kind, or an image without such a line; and the
 * errors of tlog_record_parse. Zeroed on failure.
 */
enum err tlog_rebuild_lines(struct bytes *out, struct bytes record_text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err tlog_rebuild_result(struct tlog_hash *out, struct bytes record_text)
    __attribute__((warn_unused_result));

#endif
