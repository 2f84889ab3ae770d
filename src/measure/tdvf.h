/*
 * TDX firmware (TDVF): the metadata that says which parts of the image go where
 * in a TD's memory, and which of them are measured (Intel 344991, section 11).
 * docs/measure.md, section 3.
 */
#ifndef CONFER_MEASURE_TDVF_H
#define CONFER_MEASURE_TDVF_H

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "measure/ovmf.h"

#define TDVF_SECTIONS_MAX 32    /* OVMF has 6 */
#define TDVF_PAGES_MAX    65536 /* of all sections, 256 MiB; OVMF has 1050 */

enum tdvf_type {
	TDVF_BFV = 0, /* boot firmware volume: the code */
	TDVF_CFV = 1, /* configuration firmware volume: variables */
	TDVF_TD_HOB = 2,
	TDVF_TEMP_MEM = 3,
};

/* Attributes. */
#define TDVF_MR_EXTEND 1u
#define TDVF_PAGE_AUG  2u

struct tdvf_section {
	uint32_t data_offset; /* in the image */
	uint32_t data_size;
	uint64_t address;
	uint64_t size;
	enum tdvf_type type;
	uint32_t attributes;
};

struct tdvf {
	struct tdvf_section section[TDVF_SECTIONS_MAX]; /* in table order */
	size_t n;
};

/*
 * Read the TDX metadata of a whole image. ERR_TRUNCATED, ERR_FORMAT, ERR_LIMIT,
 * ERR_UNSUPPORTED (no TDX metadata, another version, a kind of section that
 * QEMU does not start either), with field and offset; *out is zero then.
 */
enum err tdvf_parse(struct tdvf *out, struct bytes image, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Add a section of an image of image_len bytes. In order: whole pages below
 * 4 GiB, not empty; a known type and known attributes; data inside of the image
 * and as long as the section for volumes, none for memory; what is measured has
 * data; one TD_HOB, BFV and CFV at most; no overlap with those before; not too
 * many. ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED, naming section n.
 */
enum err tdvf_section_add(struct tdvf *t, const struct tdvf_section *section,
    size_t image_len, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The first section of a type, or NULL. */
const struct tdvf_section *tdvf_section_find(
    const struct tdvf *t, enum tdvf_type type);

#endif
