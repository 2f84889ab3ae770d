/*
 * What certificates and revocation lists have in common, for x509.c and
 * x509_crl.c alone: the signed envelope, names, algorithms and extensions.
 * Functions take a cursor, move it behind what they read, and report field and
 * offset where they refuse.
 */
#ifndef CONFER_ATTEST_X509_PARSE_H
#define CONFER_ATTEST_X509_PARSE_H

#include <stdbool.h>

#include "attest/der.h"
#include "attest/x509.h"

/* The input as a whole, to which offsets in messages refer. */
struct x509_input {
	struct bytes all;
	const char *what; /* "VCEK certificate" */
	struct err_ctx *ctx;
};

/* SIGNED{} of X.509: what is signed, by what algorithm, and the signature. */
struct x509_signed {
	struct bytes tbs;  /* whole */
	struct rd body;    /* the content of tbs */
	struct bytes algo; /* AlgorithmIdentifier outside of tbs, whole */
	enum sig_alg alg;
	struct bytes sig;
};

struct x509_ext {
	struct bytes oid;
	struct bytes value; /* content of the OCTET STRING */
	bool critical;
};

/* Extensions seen so far: none may come twice. */
struct x509_seen {
	struct bytes oid[X509_EXTS_MAX];
	size_t n;
};

/* Report `e` for a field at the cursor's place; returns e. */
enum err x509_fail(const struct x509_input *in, const struct rd *at, enum err e,
    const char *field) __attribute__((warn_unused_result));

/* rd_end(), reported: an error that stuck, or bytes left over. */
enum err x509_end(const struct x509_input *in, const struct rd *r,
    const char *field) __attribute__((warn_unused_result));

/* The envelope around all of `in`, at most len_max bytes of it. */
enum err x509_signed_read(struct x509_signed *out, const struct x509_input *in,
    size_t len_max) __attribute__((warn_unused_result));

/* The AlgorithmIdentifier within the signed part: the one outside again. */
enum err x509_algo_repeats(const struct x509_input *in, struct rd *r,
    const struct x509_signed *s) __attribute__((warn_unused_result));

/* A Name: whole, and its common name, empty if it has none. */
enum err x509_name_read(const struct x509_input *in, struct rd *r,
    struct bytes *name, struct bytes *cn, const char *field)
    __attribute__((warn_unused_result));

/* A serial number; at most X509_SERIAL_LEN_MAX bytes. */
enum err x509_serial_read(const struct x509_input *in, struct rd *r,
    struct bytes *serial) __attribute__((warn_unused_result));

/* The next of Extensions; `seen` starts zeroed. */
enum err x509_ext_read(const struct x509_input *in, struct rd *r,
    struct x509_ext *out, struct x509_seen *seen)
    __attribute__((warn_unused_result));

#endif
