/*
 * The ID block of an SNP guest: what its owner signs so that the processor
 * starts nothing else, and the digests by which a report names the signers
 * (AMD 56860, section 4.6 and chapter 8.16). docs/measure.md, section 4.
 */
#ifndef CONFER_MEASURE_SNP_IDBLOCK_H
#define CONFER_MEASURE_SNP_IDBLOCK_H

#include "crypto/crypto_native.h"

#define SNP_IDBLOCK_LEN 96
#define SNP_PEM_LEN_MAX 1024 /* a P-384 public key has 215 bytes */
#define SNP_ID_VERSION  1

/*
 * The block for this launch digest and POLICY; FAMILY_ID, IMAGE_ID and GUEST_SVN
 * are zero.
 */
void snp_idblock_write(uint8_t out[SNP_IDBLOCK_LEN],
    const uint8_t launch_digest[SHA384_LEN], uint64_t policy);

/*
 * ID_KEY_DIGEST or AUTHOR_KEY_DIGEST of a public key: PEM of a
 * SubjectPublicKeyInfo, P-384, uncompressed, and nothing else. That the point is
 * on the curve is not checked: nothing is verified with it. ERR_FORMAT,
 * ERR_TRUNCATED, ERR_LIMIT, ERR_INTERNAL; zero on failure.
 */
enum err snp_idblock_parse_key(uint8_t out[SHA384_LEN], struct bytes pem,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
