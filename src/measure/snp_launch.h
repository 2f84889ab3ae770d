/*
 * The launch digest of an SEV-SNP guest: MEASUREMENT of its reports, computed
 * from what the host is told to start. AMD 56860, section 8.17.2 (PAGE_INFO):
 * every page extends the digest, in the order in which the VMM adds them:
 * firmware, sections of the SEV metadata, one VMSA for each vCPU.
 * docs/measure.md, section 2.
 */
#ifndef CONFER_MEASURE_SNP_LAUNCH_H
#define CONFER_MEASURE_SNP_LAUNCH_H

#include "crypto/crypto_native.h"
#include "measure/ovmf.h"
#include "measure/snp_vmsa.h"

/* What direct boot measures of a kernel: SHA-256 of each part. */
struct snp_kernel {
	uint8_t kernel[SHA256_LEN];
	uint8_t initrd[SHA256_LEN];  /* of nothing, where there is none */
	uint8_t cmdline[SHA256_LEN]; /* of the text and one NUL */
};

struct snp_launch {
	uint8_t firmware[SHA384_LEN]; /* digest after the firmware's pages */
	struct ovmf ovmf;
	bool has_kernel;
	struct snp_kernel kernel;
	struct snp_machine machine;
};

/*
 * The digest after the pages of a firmware image that ends at 4 GiB.
 * ERR_FORMAT: not of whole pages, ERR_LIMIT: longer than FIRMWARE_LEN_MAX.
 */
enum err snp_launch_firmware(uint8_t out[SHA384_LEN], struct bytes image,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The three hashes of a kernel; initrd may be {NULL, 0}, cmdline has no NUL. */
void snp_launch_kernel(struct snp_kernel *out, struct bytes kernel,
    struct bytes initrd, struct bytes cmdline);

/*
 * The launch digest. ERR_LIMIT: vcpus; ERR_UNSUPPORTED: a kernel, and firmware
 * that does not measure it; ERR_FORMAT: the area of the kernel's hashes is not
 * in its section; ERR_INTERNAL. Zero on failure.
 */
enum err snp_launch_digest(uint8_t out[SHA384_LEN], const struct snp_launch *l,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
