/*
 * What a measurement is computed from, whoever gathered it: files, or a JSON
 * document with digests in their place, so that a record can be checked without
 * the files. docs/measure.md, section 5.
 */
#ifndef CONFER_MEASURE_INPUTS_H
#define CONFER_MEASURE_INPUTS_H

#include "measure/snp_launch.h"
#include "measure/tdx_launch.h"

#define INPUTS_LEN_MAX     65536 /* of the document; 33 sections have 3 KB */
#define INPUTS_TOKEN_MAX   SNP_VCPU_NAME_MAX
#define INPUTS_CMDLINE_MAX 4096 /* Linux cuts at 2047 */

struct snp_inputs {
	struct snp_launch launch;
	char
	    vcpu_type[SNP_VCPU_NAME_MAX + 1]; /* as a release record names it */
};

/*
 * The vCPU by its model's name, by its CPUID signature (sig != NULL), or both,
 * which then must agree if the name is known. Without a name it is called by
 * the signature. ERR_FORMAT, ERR_UNSUPPORTED (an unknown name alone).
 */
enum err snp_inputs_vcpu(struct snp_inputs *out, struct bytes name,
    const uint32_t *sig, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Read the JSON form. Every member is checked, unknown ones are refused by
 * name. ERR_TRUNCATED, ERR_TRAILING, ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED.
 * *out is zero on failure.
 */
enum err snp_inputs_parse(struct snp_inputs *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Which digests of RTMR0 are there: bits of tdx_inputs.rtmr0_given. */
enum {
	TDX_GIVEN_HOB = 1,
	TDX_GIVEN_CFV = 2,
	TDX_GIVEN_LOADER = 4,
	TDX_GIVEN_RSDP = 8,
	TDX_GIVEN_TABLES = 16,
	TDX_GIVEN_ALL = 31,
};

struct tdx_inputs {
	enum tdx_page_order order;
	bool has_mrtd[2]; /* by page order */
	uint8_t mrtd[2][SHA384_LEN];
	unsigned rtmr0_given;
	struct tdx_rtmr0 rtmr0;
	bool has_kernel;
	uint8_t kernel[SHA384_LEN]; /* Authenticode */
	bool has_cmdline;
	uint8_t cmdline[SHA384_LEN]; /* of the event */
	bool has_initrd;
	uint8_t initrd[SHA384_LEN];
};

struct tdx_values {
	bool has_mrtd;
	bool has_rtmr[3];
	uint8_t mrtd[SHA384_LEN];
	uint8_t rtmr[3][SHA384_LEN];
};

/* As snp_inputs_parse. */
enum err tdx_inputs_parse(struct tdx_inputs *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * What can be computed. ERR_FORMAT: nothing can; ERR_INTERNAL. *out is zero on
 * failure.
 */
enum err tdx_inputs_measure(struct tdx_values *out, const struct tdx_inputs *in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * "two-pass" or "single-pass"; or from QEMU's version, such as "8.2.2 (Debian)".
 * ERR_FORMAT.
 */
enum err tdx_inputs_order(enum tdx_page_order *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err tdx_inputs_order_of_qemu(
    enum tdx_page_order *out, struct bytes version, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
