/* See ovmf.h. Offsets in messages are those of the image. */
#include "measure/ovmf.h"

#include "base/rd.h"

#define TABLE_TAIL_LEN   32 /* after the table: the reset vector */
#define ENTRY_HEAD_LEN   18 /* u16 length, GUID; they stand at its end */
#define METADATA_VERSION 1
#define METADATA_LEN     16 /* "ASEV", length, version, count */
#define SECTION_LEN      12
#define HASH_AREA_LEN    8

/* GUIDs in their mixed-endian form; in text: docs/measure.md. */
static const uint8_t guid_table[GUID_LEN] = { 0xde, 0x82, 0xb5, 0x96, 0xb2,
	0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d };
static const uint8_t guid_hash_area[GUID_LEN] = { 0x1f, 0x37, 0x55, 0x72, 0x3b,
	0x3a, 0x04, 0x4b, 0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54 };
static const uint8_t guid_reset_block[GUID_LEN] = { 0xde, 0x71, 0xf7, 0x00,
	0x7e, 0x1a, 0xcb, 0x4f, 0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4,
	0x4e };
static const uint8_t guid_sev[GUID_LEN] = { 0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98,
	0x98, 0x47, 0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc };

/* The length before a GUID, which counts data, itself and the GUID. */
static size_t entry_len(struct bytes image, size_t end)
{
	const uint8_t *p = image.p + end - ENTRY_HEAD_LEN;

	return p[0] | (size_t)p[1] << 8;
}

static bool entry_is(
    struct bytes image, size_t end, const uint8_t guid[GUID_LEN])
{
	return mem_eq((struct bytes){ image.p + end - GUID_LEN, GUID_LEN },
	    (struct bytes){ guid, GUID_LEN });
}

/* Where the table's entries start and end. */
static enum err find_table(
    size_t *start, size_t *end, struct bytes image, struct err_ctx *ctx)
{
	size_t len, tail = TABLE_TAIL_LEN;

	if (image.len > FIRMWARE_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "firmware of %zu bytes, at most %u", image.len,
		    FIRMWARE_LEN_MAX);
	if (image.len < ENTRY_HEAD_LEN + tail)
		return err_set(ctx, ERR_TRUNCATED,
		    "firmware of %zu bytes, at least %zu", image.len,
		    ENTRY_HEAD_LEN + tail);
	if (!entry_is(image, image.len - tail, guid_table))
		return err_set(ctx, ERR_FORMAT,
		    "firmware: no OVMF table at offset %zu",
		    image.len - tail - GUID_LEN);
	len = entry_len(image, image.len - tail);
	if (len < ENTRY_HEAD_LEN || len > image.len - tail)
		return err_set(ctx, ERR_FORMAT,
		    "OVMF table length %zu at offset %zu", len,
		    image.len - tail - ENTRY_HEAD_LEN);
	*start = image.len - tail - len;
	*end = image.len - tail - ENTRY_HEAD_LEN;
	return ERR_OK;
}

static enum err check_entry(
    size_t start, size_t end, struct bytes image, struct err_ctx *ctx)
{
	size_t len;

	if (end - start < ENTRY_HEAD_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "OVMF table: %zu bytes at offset %zu are no entry",
		    end - start, start);
	len = entry_len(image, end);
	if (len < ENTRY_HEAD_LEN || len > end - start)
		return err_set(ctx, ERR_FORMAT,
		    "OVMF table: entry length %zu at offset %zu", len,
		    end - ENTRY_HEAD_LEN);
	return ERR_OK;
}

enum err ovmf_table_find(struct bytes *out, struct bytes image,
    const uint8_t guid[GUID_LEN], size_t len, struct err_ctx *ctx)
{
	size_t start = 0, end = 0, n;
	bool found = false;
	enum err e = find_table(&start, &end, image, ctx);

	*out = (struct bytes){ NULL, 0 };
	for (; e == ERR_OK && end > start; end -= n) {
		e = check_entry(start, end, image, ctx);
		if (e != ERR_OK)
			break;
		n = entry_len(image, end);
		if (!entry_is(image, end, guid))
			continue;
		if (found)
			e = err_set(ctx, ERR_FORMAT,
			    "OVMF table: a GUID again at offset %zu",
			    end - GUID_LEN);
		else if (n != len + ENTRY_HEAD_LEN)
			e = err_set(ctx, ERR_FORMAT,
			    "OVMF table: entry of %zu bytes at offset %zu, "
			    "must be %zu",
			    n, end - n, len + ENTRY_HEAD_LEN);
		*out = (struct bytes){ image.p + end - n, len };
		found = true;
	}
	if (e != ERR_OK)
		*out = (struct bytes){ NULL, 0 };
	return e == ERR_OK && !found ? ERR_NOTFOUND : e;
}

enum err ovmf_table_follow(struct bytes *out, struct bytes image,
    const uint8_t guid[GUID_LEN], struct err_ctx *ctx)
{
	struct bytes entry;
	struct rd r;
	uint32_t back;
	enum err e = ovmf_table_find(&entry, image, guid, sizeof(back), ctx);

	*out = (struct bytes){ NULL, 0 };
	if (e != ERR_OK)
		return e;
	r = rd_bytes_init(entry);
	back = rd_u32le(&r);
	if (back > image.len)
		return err_set(ctx, ERR_FORMAT,
		    "OVMF table: offset %u from the end at offset %zu is "
		    "outside of the firmware",
		    back, (size_t)(entry.p - image.p));
	*out = (struct bytes){ image.p + image.len - back, back };
	return ERR_OK;
}

static bool type_known(enum ovmf_section_type type)
{
	switch (type) {
	case OVMF_SEC_MEM:
	case OVMF_SECRETS:
	case OVMF_CPUID:
	case OVMF_SVSM_CAA:
	case OVMF_KERNEL_HASHES:
		return true;
	}
	return false;
}

/* One page by its format, and one section by its meaning. */
static bool type_once(enum ovmf_section_type type)
{
	return type == OVMF_SECRETS || type == OVMF_CPUID ||
	       type == OVMF_KERNEL_HASHES;
}

/* What a section must be for itself. */
static enum err check_section(
    size_t n, const struct ovmf_section *s, uint64_t end, struct err_ctx *ctx)
{
	if (s->gpa % PAGE_LEN != 0 || s->size % PAGE_LEN != 0 || s->size == 0)
		return err_set(ctx, ERR_FORMAT,
		    "SEV metadata: section %zu is not of whole pages: gpa "
		    "0x%x, size 0x%x",
		    n, s->gpa, s->size);
	if (s->gpa >= end || s->size > end - s->gpa)
		return err_set(ctx, ERR_FORMAT,
		    "SEV metadata: section %zu, gpa 0x%x, size 0x%x, ends in "
		    "the firmware or above 4 GiB",
		    n, s->gpa, s->size);
	if (!type_known(s->type))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "SEV metadata: section %zu has the unknown type 0x%x", n,
		    (unsigned)s->type);
	if (type_once(s->type) && s->size != PAGE_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "SEV metadata: section %zu of type 0x%x has 0x%x bytes, "
		    "must be one page",
		    n, (unsigned)s->type, s->size);
	return ERR_OK;
}

enum err ovmf_section_add(struct ovmf_sections *s,
    const struct ovmf_section *section, uint64_t end, struct err_ctx *ctx)
{
	const uint64_t from = section->gpa, to = from + section->size;
	size_t pages = section->size / PAGE_LEN;
	enum err e = check_section(s->n, section, end, ctx);

	for (size_t i = 0; e == ERR_OK && i < s->n; i++) {
		const struct ovmf_section *o = &s->item[i];

		pages += o->size / PAGE_LEN;
		if (type_once(section->type) && o->type == section->type)
			e = err_set(ctx, ERR_FORMAT,
			    "SEV metadata: section %zu has type 0x%x again",
			    s->n, (unsigned)o->type);
		else if (from < (uint64_t)o->gpa + o->size && o->gpa < to)
			e = err_set(ctx, ERR_FORMAT,
			    "SEV metadata: section %zu overlaps section %zu",
			    s->n, i);
	}
	if (e != ERR_OK)
		return e;
	if (s->n == OVMF_SECTIONS_MAX || pages > OVMF_PAGES_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "SEV metadata: more than %d sections or %d pages",
		    OVMF_SECTIONS_MAX, OVMF_PAGES_MAX);
	s->item[s->n++] = *section;
	return ERR_OK;
}

const struct ovmf_section *ovmf_section_find(
    const struct ovmf_sections *s, enum ovmf_section_type type)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->item[i].type == type)
			return &s->item[i];
	}
	return NULL;
}

static enum err read_sections(struct ovmf_sections *out, struct rd *r,
    uint32_t count, uint64_t end, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	for (uint32_t i = 0; e == ERR_OK && i < count; i++) {
		struct ovmf_section s;

		s.gpa = rd_u32le(r);
		s.size = rd_u32le(r);
		s.type = (enum ovmf_section_type)rd_u32le(r);
		e = ovmf_section_add(out, &s, end, ctx);
	}
	return e;
}

static enum err read_metadata(
    struct ovmf_sections *out, struct bytes image, struct err_ctx *ctx)
{
	struct bytes b;
	struct rd r;
	uint32_t magic, len, version, count;
	size_t at;
	enum err e = ovmf_table_follow(&b, image, guid_sev, ctx);

	if (e == ERR_NOTFOUND)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "firmware has no SEV metadata: it cannot start SNP guests");
	if (e != ERR_OK)
		return e;
	at = image.len - b.len;
	r = rd_bytes_init(b);
	magic = rd_u32be(&r);
	len = rd_u32le(&r);
	version = rd_u32le(&r);
	count = rd_u32le(&r);
	if (r.err != ERR_OK)
		return err_set(ctx, r.err,
		    "SEV metadata at offset %zu ends with the firmware", at);
	if (magic != 0x41534556) /* "ASEV" */
		return err_set(
		    ctx, ERR_FORMAT, "SEV metadata: no ASEV at offset %zu", at);
	if (version != METADATA_VERSION)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "SEV metadata: version %u at offset %zu, known is %d",
		    version, at + 8, METADATA_VERSION);
	if (count == 0 || count > OVMF_SECTIONS_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "SEV metadata: %u sections at offset %zu, 1 to %d are "
		    "possible",
		    count, at + 12, OVMF_SECTIONS_MAX);
	if (len != METADATA_LEN + SECTION_LEN * count || len > b.len)
		return err_set(ctx, ERR_FORMAT,
		    "SEV metadata: length %u at offset %zu, with %u sections "
		    "and %zu bytes to the end",
		    len, at + 4, count, b.len);
	return read_sections(out, &r, count, FIRMWARE_END - image.len, ctx);
}

static enum err parse(struct ovmf *out, struct bytes image, struct err_ctx *ctx)
{
	struct bytes entry;
	struct rd r;
	uint32_t size;
	enum err e = read_metadata(&out->sections, image, ctx);

	if (e != ERR_OK)
		return e;
	e = ovmf_table_find(&entry, image, guid_reset_block, 4, ctx);
	if (e == ERR_NOTFOUND)
		return err_set(
		    ctx, ERR_UNSUPPORTED, "firmware has no SEV-ES reset block");
	if (e != ERR_OK)
		return e;
	r = rd_bytes_init(entry);
	out->reset_eip = rd_u32le(&r);
	e = ovmf_table_find(&entry, image, guid_hash_area, HASH_AREA_LEN, ctx);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	r = rd_bytes_init(entry);
	out->hash_table_gpa = rd_u32le(&r);
	size = rd_u32le(&r);
	if (e == ERR_OK && out->hash_table_gpa != 0 && size < HASH_TABLE_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "OVMF table: hash area of %u bytes at offset %zu, at "
		    "least %d",
		    size, (size_t)(entry.p - image.p) + 4, HASH_TABLE_LEN);
	return e;
}

enum err ovmf_parse(struct ovmf *out, struct bytes image, struct err_ctx *ctx)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	e = parse(out, image, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}
