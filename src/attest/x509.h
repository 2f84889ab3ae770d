/*
 * X.509 certificates and revocation lists (RFC 5280) as far as the chains of
 * AMD and Intel need them: bytes in, borrowed slices out. Nothing is decided
 * here; who may sign whom is for x509_issued() and the callers, and signatures
 * become obligations.
 *
 * Supported: version 3 certificates and version 2 lists, RSA with RSASSA-PSS
 * (SHA-384, MGF1-SHA-384, salt 48; with or without the explicit default
 * trailerField) and ECDSA P-256 with SHA-256; keys RSA 4096 (e = 65537), P-256,
 * P-384. Anything else is ERR_UNSUPPORTED with the offset.
 */
#ifndef CONFER_ATTEST_X509_H
#define CONFER_ATTEST_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "crypto/obligation.h"

#define X509_CERT_LEN_MAX   4096 /* real ones: 600 to 1700 bytes */
#define X509_CRL_LEN_MAX    (64 * 1024)
#define X509_SERIAL_LEN_MAX 20
#define X509_EXTS_MAX       32
#define X509_CN_LEN_MAX     64

enum x509_key {
	X509_KEY_RSA_4096 = 1,
	X509_KEY_P256,
	X509_KEY_P384,
};

/* keyUsage bits as a number: bit 0 of the BIT STRING is bit 0 here. */
#define X509_USAGE_DIGITAL_SIGNATURE (1U << 0)
#define X509_USAGE_CERT_SIGN         (1U << 5)
#define X509_USAGE_CRL_SIGN          (1U << 6)

/* All slices borrow from the certificate's bytes. */
struct x509_cert {
	struct bytes der;       /* the whole certificate */
	struct bytes tbs;       /* what is signed */
	struct bytes serial;    /* magnitude; one zero byte for 0 */
	struct bytes issuer;    /* Name, whole */
	struct bytes subject;   /* Name, whole */
	struct bytes cn;        /* of the subject; empty if it has none */
	struct bytes issuer_cn; /* of the issuer */
	uint64_t not_before;    /* Unix seconds */
	uint64_t not_after;     /* the last second */
	enum x509_key key;
	struct bytes spki; /* SubjectPublicKeyInfo, whole */
	struct bytes pub;  /* EC: 04||X||Y; RSA: empty */
	enum sig_alg alg;  /* of its signature */
	struct bytes sig;  /* RSA: as it is; ECDSA: in DER */
	struct bytes exts; /* Extensions: content; empty if absent */
	bool has_basic;    /* basicConstraints is present */
	bool ca;
	bool has_path_len;
	uint8_t path_len;
	bool has_usage;
	uint16_t usage;
};

/*
 * Parse one certificate, the whole of `in`. The algorithm inside and outside
 * the signed part must agree; an extension occurs once; a critical extension
 * other than basicConstraints and keyUsage is refused. Common names are of
 * printable ASCII, since they stand in messages. keyUsage may end in zero bits,
 * as AMD's does; all else is DER, which spells no default. ERR_LIMIT above
 * X509_CERT_LEN_MAX and the other limits above, ERR_TRUNCATED, ERR_TRAILING,
 * ERR_FORMAT, ERR_UNSUPPORTED; messages begin with `what` ("VCEK certificate")
 * and name the field and the offset. *out is zero on failure.
 */
enum err x509_cert_parse(struct x509_cert *out, struct bytes in,
    const char *what, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The extnValue (content of the OCTET STRING) of an extension; false: absent. */
bool x509_ext(
    const struct x509_cert *cert, struct bytes oid, struct bytes *value);

/* A certificate revocation list. Slices borrow from its bytes. */
struct x509_crl {
	struct bytes tbs;
	struct bytes issuer; /* Name, whole */
	struct bytes issuer_cn;
	uint64_t this_update;
	uint64_t next_update;
	enum sig_alg alg;
	struct bytes sig;
	struct bytes revoked; /* revokedCertificates: content; may be empty */
	size_t n_revoked;
};

/*
 * Parse one list, the whole of `in`, every entry included. nextUpdate is
 * required. Critical extensions are refused (they would change the meaning:
 * indirect or delta lists). Errors as of x509_cert_parse().
 */
enum err x509_crl_parse(struct x509_crl *out, struct bytes in, const char *what,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Is the serial (magnitude) on the list? */
bool x509_crl_has(const struct x509_crl *crl, struct bytes serial);

/*
 * One PEM block "-----BEGIN CERTIFICATE-----" at the cursor, strict base64
 * (RFC 7468, lines of any length up to 76, LF or CRLF, white space between
 * blocks): decoded to out, *len its size; *in moves behind it. ERR_NOSPACE when
 * cap is too small, ERR_FORMAT with the offset from where *in stands,
 * ERR_TRUNCATED if there is none. On failure *in stays and *len is 0.
 */
enum err x509_pem_next(struct bytes *in, uint8_t *out, size_t cap, size_t *len,
    const char *what, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Does anything but white space and NULs follow? Then ERR_TRAILING. */
enum err x509_pem_end(struct bytes in, const char *what, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * May `ca` have issued `cert`, by names and roles? Issuer and subject are the
 * same bytes; ca is a CA that may sign certificates (its keyUsage says so: that
 * of a CA must), and its path length allows `below` CAs beneath it. ERR_AUTH naming what does not fit. Signature and
 * dates are checked elsewhere.
 */
enum err x509_issued(const struct x509_cert *ca, const struct x509_cert *cert,
    unsigned below, const char *what, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Likewise for a list: the issuer's name, a CA that may sign lists. */
enum err x509_crl_issued(const struct x509_cert *ca, const struct x509_crl *crl,
    const char *what, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* ERR_EXPIRED unless not_before <= now_s <= not_after. */
enum err x509_check_time(const struct x509_cert *cert, uint64_t now_s,
    const char *what, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* ERR_EXPIRED unless this_update <= now_s < next_update. */
enum err x509_crl_check_time(const struct x509_crl *crl, uint64_t now_s,
    const char *what, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Demand the signature of a certificate or a list, by the key of `signer`. An
 * ECDSA signature in DER is rewritten to r||s. `what` is static text, and the
 * obligation's name. ERR_AUTH if the algorithm does not fit the key, ERR_FORMAT
 * for a malformed signature, ERR_LIMIT if the set is full. Borrows all until
 * the set is answered.
 */
enum err x509_oblige_cert(struct obligations *set,
    const struct x509_cert *signer, const struct x509_cert *cert,
    const char *what, struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err x509_oblige_crl(struct obligations *set,
    const struct x509_cert *signer, const struct x509_crl *crl,
    const char *what, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Likewise an ECDSA signature r||s over `msg`, as reports and collateral carry
 * it; the algorithm follows from the key. ERR_AUTH for an RSA key.
 */
enum err x509_oblige_raw(struct obligations *set,
    const struct x509_cert *signer, struct bytes sig, struct bytes msg,
    const char *what, struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
