/* See tdvf.h. Offsets in messages are those of the image. */
#include "measure/tdvf.h"

#include "base/rd.h"

#define METADATA_VERSION 1
#define METADATA_LEN     16 /* "TDVF", length, version, count */
#define SECTION_LEN      32

/* e47a6535-984a-4798-865e-4685a7bf8ec2 */
static const uint8_t guid_tdx[GUID_LEN] = { 0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98,
	0x98, 0x47, 0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2 };

const struct tdvf_section *tdvf_section_find(
    const struct tdvf *t, enum tdvf_type type)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->section[i].type == type)
			return &t->section[i];
	}
	return NULL;
}

static bool is_volume(enum tdvf_type type)
{
	return type == TDVF_BFV || type == TDVF_CFV;
}

static enum err check_place(
    size_t n, const struct tdvf_section *s, struct err_ctx *ctx)
{
	if (s->address % PAGE_LEN != 0 || s->size % PAGE_LEN != 0 ||
	    s->size == 0)
		return err_set(ctx, ERR_FORMAT,
		    "TDX metadata: section %zu is not of whole pages: address "
		    "0x%llx, size 0x%llx",
		    n, (unsigned long long)s->address,
		    (unsigned long long)s->size);
	if (s->address >= FIRMWARE_END || s->size > FIRMWARE_END - s->address)
		return err_set(ctx, ERR_FORMAT,
		    "TDX metadata: section %zu, address 0x%llx, size 0x%llx, "
		    "ends above 4 GiB",
		    n, (unsigned long long)s->address,
		    (unsigned long long)s->size);
	return ERR_OK;
}

static enum err check_kind(
    size_t n, const struct tdvf_section *s, struct err_ctx *ctx)
{
	if (!is_volume(s->type) && s->type != TDVF_TD_HOB &&
	    s->type != TDVF_TEMP_MEM)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "TDX metadata: section %zu has the unknown type %u", n,
		    (unsigned)s->type);
	if ((s->attributes & ~(TDVF_MR_EXTEND | TDVF_PAGE_AUG)) != 0)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "TDX metadata: section %zu has unknown attributes 0x%x", n,
		    s->attributes);
	if (!is_volume(s->type) && (s->attributes & TDVF_MR_EXTEND) != 0)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "TDX metadata: section %zu of type %u is to be measured "
		    "and has no data",
		    n, (unsigned)s->type);
	return ERR_OK;
}

static enum err check_data(size_t n, const struct tdvf_section *s,
    size_t image_len, struct err_ctx *ctx)
{
	if (s->data_size != (is_volume(s->type) ? s->size : 0))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "TDX metadata: section %zu of type %u has 0x%x bytes of "
		    "data for 0x%llx of memory",
		    n, (unsigned)s->type, s->data_size,
		    (unsigned long long)s->size);
	if (s->data_offset > image_len ||
	    s->data_size > image_len - s->data_offset)
		return err_set(ctx, ERR_FORMAT,
		    "TDX metadata: section %zu, data 0x%x + 0x%x, ends outside "
		    "of the firmware",
		    n, s->data_offset, s->data_size);
	return ERR_OK;
}

static enum err check_others(
    const struct tdvf *t, const struct tdvf_section *s, struct err_ctx *ctx)
{
	uint64_t pages = s->size / PAGE_LEN;

	for (size_t i = 0; i < t->n; i++) {
		const struct tdvf_section *o = &t->section[i];

		pages += o->size / PAGE_LEN;
		if (s->type != TDVF_TEMP_MEM && s->type == o->type)
			return err_set(ctx, ERR_FORMAT,
			    "TDX metadata: section %zu has type %u again", t->n,
			    (unsigned)s->type);
		if (s->address < o->address + o->size &&
		    o->address < s->address + s->size)
			return err_set(ctx, ERR_FORMAT,
			    "TDX metadata: section %zu overlaps section %zu",
			    t->n, i);
	}
	if (t->n == TDVF_SECTIONS_MAX || pages > TDVF_PAGES_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "TDX metadata: more than %d sections or %d pages",
		    TDVF_SECTIONS_MAX, TDVF_PAGES_MAX);
	return ERR_OK;
}

enum err tdvf_section_add(struct tdvf *t, const struct tdvf_section *section,
    size_t image_len, struct err_ctx *ctx)
{
	enum err e = check_place(t->n, section, ctx);

	if (e == ERR_OK)
		e = check_kind(t->n, section, ctx);
	if (e == ERR_OK)
		e = check_data(t->n, section, image_len, ctx);
	if (e == ERR_OK)
		e = check_others(t, section, ctx);
	if (e == ERR_OK)
		t->section[t->n++] = *section;
	return e;
}

static enum err read_sections(struct tdvf *out, struct rd *r, uint32_t count,
    size_t image_len, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	for (uint32_t i = 0; e == ERR_OK && i < count; i++) {
		struct tdvf_section s;

		s.data_offset = rd_u32le(r);
		s.data_size = rd_u32le(r);
		s.address = rd_u64le(r);
		s.size = rd_u64le(r);
		s.type = (enum tdvf_type)rd_u32le(r);
		s.attributes = rd_u32le(r);
		e = tdvf_section_add(out, &s, image_len, ctx);
	}
	if (e == ERR_OK && tdvf_section_find(out, TDVF_BFV) == NULL)
		e = err_set(
		    ctx, ERR_FORMAT, "TDX metadata: no section is a BFV");
	return e;
}

static enum err parse(struct tdvf *out, struct bytes image, struct err_ctx *ctx)
{
	struct bytes b;
	struct rd r;
	uint32_t magic, len, version, count;
	size_t at;
	enum err e = ovmf_table_follow(&b, image, guid_tdx, ctx);

	if (e == ERR_NOTFOUND)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "firmware has no TDX metadata: it cannot start TDs");
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
		    "TDX metadata at offset %zu ends with the firmware", at);
	if (magic != 0x54445646) /* "TDVF" */
		return err_set(
		    ctx, ERR_FORMAT, "TDX metadata: no TDVF at offset %zu", at);
	if (version != METADATA_VERSION)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "TDX metadata: version %u at offset %zu, known is %d",
		    version, at + 8, METADATA_VERSION);
	if (count == 0 || count > TDVF_SECTIONS_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "TDX metadata: %u sections at offset %zu, 1 to %d are "
		    "possible",
		    count, at + 12, TDVF_SECTIONS_MAX);
	if (len != METADATA_LEN + SECTION_LEN * count || len > b.len)
		return err_set(ctx, ERR_FORMAT,
		    "TDX metadata: length %u at offset %zu, with %u sections "
		    "and %zu bytes to the end",
		    len, at + 4, count, b.len);
	return read_sections(out, &r, count, image.len, ctx);
}

enum err tdvf_parse(struct tdvf *out, struct bytes image, struct err_ctx *ctx)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	e = parse(out, image, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}
