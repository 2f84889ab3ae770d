/*
 * The Authenticode digest of a PE file: what UEFI firmware measures of a kernel
 * that it starts. All of the file but the checksum and the signature (edk2,
 * OvmfPkg/Tcg/TdTcg2Dxe/MeasureBootPeCoff.c). docs/measure.md, section 3.
 */
#ifndef CONFER_MEASURE_PE_H
#define CONFER_MEASURE_PE_H

#include "crypto/crypto_native.h"

#define PE_LEN_MAX      (1u << 30) /* a kernel, or one with its initrd */
#define PE_SECTIONS_MAX 96         /* of the PE specification's loader */

/*
 * SHA-384 of a file. ERR_TRUNCATED, ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED (an
 * optional header of another kind) with field and offset; also refused is what
 * different readers would hash differently, or in part: sections that overlap each
 * other or the headers, gaps between them, a signature that is not at the end.
 * Zero on failure.
 */
enum err pe_parse_authenticode(uint8_t out[SHA384_LEN], struct bytes file,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
