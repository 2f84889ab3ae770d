/*
 * What the TDX module and the firmware measure of a TD that is started with a
 * kernel: MRTD (the image, before the first instruction) and the registers
 * RTMR0 to RTMR2 (events of the boot). docs/measure.md, section 3.
 */
#ifndef CONFER_MEASURE_TDX_LAUNCH_H
#define CONFER_MEASURE_TDX_LAUNCH_H

#include "crypto/crypto_native.h"
#include "measure/tdvf.h"

#define TDX_MEMORY_MAX  (1ULL << 46) /* 64 TiB: more than one host has */
#define TDX_CMDLINE_MAX 4096         /* Linux cuts at 2047 */

/* Who adds the pages: QEMU 8 all of a section first, from 9 on one by one. */
enum tdx_page_order {
	TDX_SINGLE_PASS, /* each page is measured as it is added */
	TDX_TWO_PASS,    /* a section's pages are added, then measured */
};

/*
 * MRTD of an image and its own metadata, as tdvf_parse gave it. ERR_INTERNAL.
 * Zero on failure, like all results here.
 */
enum err tdx_launch_mrtd(uint8_t out[SHA384_LEN], const struct tdvf *t,
    struct bytes image, enum tdx_page_order order, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Digest of the list of hand-off blocks that QEMU writes for a q35 machine with
 * `memory` bytes: what of it is in use (TD_HOB and TEMP_MEM of t). ERR_FORMAT:
 * no TD_HOB, memory that is not whole MiB or ends below those; ERR_LIMIT.
 */
enum err tdx_launch_hob(uint8_t out[SHA384_LEN], const struct tdvf *t,
    uint64_t memory, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Digests of the events of RTMR0 that differ between machines. */
struct tdx_rtmr0 {
	uint8_t td_hob[SHA384_LEN];
	uint8_t cfv[SHA384_LEN];         /* the data of the section CFV */
	uint8_t acpi_loader[SHA384_LEN]; /* fw_cfg etc/table-loader */
	uint8_t acpi_rsdp[SHA384_LEN];   /* fw_cfg etc/acpi/rsdp */
	uint8_t acpi_tables[SHA384_LEN]; /* fw_cfg etc/acpi/tables */
};

/* RTMR0 of OVMF before edk2-stable202505, without Secure Boot. */
enum err tdx_launch_rtmr0(uint8_t out[SHA384_LEN], const struct tdx_rtmr0 *in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* RTMR1 of a kernel with this Authenticode digest (pe.h). */
enum err tdx_launch_rtmr1(uint8_t out[SHA384_LEN],
    const uint8_t kernel[SHA384_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * The digest of the event for the command line, which the firmware completes
 * where there is an initrd. ERR_UNSUPPORTED: not printable ASCII, or empty
 * without an initrd (what is measured then is not known); ERR_LIMIT.
 */
enum err tdx_launch_cmdline(uint8_t out[SHA384_LEN], struct bytes cmdline,
    bool has_initrd, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* RTMR2; initrd is the SHA-384 of the file, NULL if there is none. */
enum err tdx_launch_rtmr2(uint8_t out[SHA384_LEN],
    const uint8_t cmdline[SHA384_LEN], const uint8_t *initrd,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
