/*
 * OVMF firmware: the table of GUIDs that ends 32 bytes before the image does,
 * and the SEV metadata that it points to (edk2, OvmfPkg/ResetVector). Whoever
 * starts the machine reads them to decide which pages are measured and how.
 * docs/measure.md, sections 2 and 3.
 */
#ifndef CONFER_MEASURE_OVMF_H
#define CONFER_MEASURE_OVMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define PAGE_LEN          4096
#define GUID_LEN          16
#define FIRMWARE_END      0x100000000ULL /* an image ends at 4 GiB */
#define FIRMWARE_LEN_MAX  (64u << 20)    /* OVMF: 4 MiB; chips: 32 MiB */
#define HASH_TABLE_LEN    176   /* three hashes with their GUIDs, padded */
#define OVMF_SECTIONS_MAX 32    /* OVMF has 7 */
#define OVMF_PAGES_MAX    16384 /* of all sections, 64 MiB; OVMF has 32 */

/* What a section of the SEV metadata is for; the numbers of the format. */
enum ovmf_section_type {
	OVMF_SEC_MEM = 1,
	OVMF_SECRETS = 2,
	OVMF_CPUID = 3,
	OVMF_SVSM_CAA = 4,
	OVMF_KERNEL_HASHES = 0x10,
};

struct ovmf_section {
	uint32_t gpa;
	uint32_t size;
	enum ovmf_section_type type;
};

struct ovmf_sections {
	struct ovmf_section item[OVMF_SECTIONS_MAX]; /* in table order */
	size_t n;
};

struct ovmf {
	uint32_t reset_eip;      /* where other vCPUs than the first start */
	uint32_t hash_table_gpa; /* 0: this firmware has no such area */
	struct ovmf_sections sections;
};

/*
 * Read the GUID table and the SEV metadata of a whole image. ERR_TRUNCATED,
 * ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED (no SEV metadata or no reset block,
 * another version), each with field and offset; *out is zero then. What ctx
 * says to be at an offset is there in the file.
 */
enum err ovmf_parse(struct ovmf *out, struct bytes image, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Add a section, from a file or from a table that somebody else read. In order:
 * page aligned, not empty, below `end`, a known type, one page where the format
 * has one, no second of a type that exists once, no overlap with those before,
 * not too many. ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED, naming section n.
 */
enum err ovmf_section_add(struct ovmf_sections *s,
    const struct ovmf_section *section, uint64_t end, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* The section of a type, or NULL. */
const struct ovmf_section *ovmf_section_find(
    const struct ovmf_sections *s, enum ovmf_section_type type);

/*
 * The data of the table's entry with this GUID, which must have `len` bytes;
 * borrowed. ERR_NOTFOUND (ctx untouched) if there is none; ERR_TRUNCATED,
 * ERR_FORMAT for a broken table, another length, or two such entries.
 */
enum err ovmf_table_find(struct bytes *out, struct bytes image,
    const uint8_t guid[GUID_LEN], size_t len, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * The bytes that an entry of 4 bytes points at, as an offset from the end of
 * the image: all that follow it there. ERR_NOTFOUND as above; ERR_FORMAT when
 * the offset is outside of the image.
 */
enum err ovmf_table_follow(struct bytes *out, struct bytes image,
    const uint8_t guid[GUID_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
