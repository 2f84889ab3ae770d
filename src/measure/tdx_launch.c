/* MRTD and the events of RTMR0 to RTMR2; the hand-off blocks: tdx_hob.c. */
#include "measure/tdx_launch.h"

#include "base/wr.h"

#define RECORD_LEN 128 /* of PAGE.ADD and of EXTEND, before the data */
#define CHUNK_LEN  256 /* what one EXTEND measures */

static enum err failed(struct err_ctx *ctx, enum err e)
{
	return e == ERR_OK ? e : err_set(ctx, e, "SHA-384 failed");
}

/* A record of the TDX module: its name, zeros, the address at 16. */
static void add_record(
    struct crypto_sha384_stream *h, const char *name, uint64_t gpa)
{
	uint8_t record[RECORD_LEN] = { 0 };
	struct wr w = wr_init(record, sizeof(record));

	wr_str(&w, name);
	wr_fill(&w, 0, 16 - w.len);
	wr_u64le(&w, gpa);
	crypto_sha384_update(h, (struct bytes){ record, sizeof(record) });
}

static void add_page(
    struct crypto_sha384_stream *h, const struct tdvf_section *s, uint64_t page)
{
	if ((s->attributes & TDVF_PAGE_AUG) == 0)
		add_record(h, "MEM.PAGE.ADD", s->address + page * PAGE_LEN);
}

/* tdvf_section_add has seen that the data is there. */
static void extend_page(struct crypto_sha384_stream *h,
    const struct tdvf_section *s, uint64_t page, struct bytes image)
{
	if ((s->attributes & TDVF_MR_EXTEND) == 0)
		return;
	for (uint64_t at = page * PAGE_LEN; at < (page + 1) * PAGE_LEN;
	     at += CHUNK_LEN) {
		add_record(h, "MR.EXTEND", s->address + at);
		crypto_sha384_update(h,
		    (struct bytes){ image.p + s->data_offset + at, CHUNK_LEN });
	}
}

enum err tdx_launch_mrtd(uint8_t out[SHA384_LEN], const struct tdvf *t,
    struct bytes image, enum tdx_page_order order, struct err_ctx *ctx)
{
	struct crypto_sha384_stream h;

	crypto_sha384_init(&h);
	for (size_t i = 0; i < t->n; i++) {
		const struct tdvf_section *s = &t->section[i];
		const uint64_t pages = s->size / PAGE_LEN;

		for (uint64_t page = 0; page < pages; page++) {
			add_page(&h, s, page);
			if (order == TDX_SINGLE_PASS)
				extend_page(&h, s, page, image);
		}
		for (uint64_t page = 0; order == TDX_TWO_PASS && page < pages;
		     page++)
			extend_page(&h, s, page, image);
	}
	return failed(ctx, crypto_sha384_final(&h, out));
}

/* A register: RTMR = SHA-384(RTMR || digest); the first error sticks. */
struct rtmr {
	uint8_t value[SHA384_LEN];
	enum err err;
};

static void extend(struct rtmr *r, const uint8_t digest[SHA384_LEN])
{
	const struct bytes part[] = { { r->value, SHA384_LEN },
		{ digest, SHA384_LEN } };

	if (r->err == ERR_OK)
		r->err = crypto_sha384(r->value, part, 2);
}

/* An event whose digest is that of its data. */
static void extend_data(struct rtmr *r, const void *data, size_t len)
{
	uint8_t digest[SHA384_LEN];

	if (r->err == ERR_OK)
		r->err = crypto_sha384(digest, &(struct bytes){ data, len }, 1);
	if (r->err == ERR_OK)
		extend(r, digest);
}

static enum err finish(
    uint8_t out[SHA384_LEN], const struct rtmr *r, struct err_ctx *ctx)
{
	memset(out, 0, SHA384_LEN);
	if (r->err == ERR_OK)
		memcpy(out, r->value, SHA384_LEN);
	return failed(ctx, r->err);
}

/* ASCII as UTF-16, little endian. */
static void write_utf16(struct wr *w, struct bytes ascii)
{
	for (size_t i = 0; i < ascii.len; i++)
		wr_u16le(w, ascii.p[i]);
}

/* UEFI_VARIABLE_DATA of a variable that does not exist. */
static void extend_variable(
    struct rtmr *r, const uint8_t vendor[GUID_LEN], const char *name)
{
	const struct bytes text = { (const uint8_t *)name, mem_strlen(name) };
	uint8_t buf[64];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_copy(&w, vendor, GUID_LEN);
	wr_u64le(&w, text.len);
	wr_u64le(&w, 0);
	write_utf16(&w, text);
	extend_data(r, buf, w.len);
}

/* EFI_LOAD_OPTION "UiApp", which this firmware makes the first. */
static const uint8_t boot0000[] = { 0x09, 0x01, 0, 0, 44, 0, 'U', 0, 'i', 0,
	'A', 0, 'p', 0, 'p', 0, 0, 0,
	/* firmware volume 7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1 */
	4, 7, 20, 0, 0xc9, 0xbd, 0xb8, 0x7c, 0xeb, 0xf8, 0x34, 0x4f, 0xaa, 0xea,
	0x3e, 0xe4, 0xaf, 0x65, 0x16, 0xa1,
	/* file 462caa21-7614-4503-836e-8ab6f4662331 */
	4, 6, 20, 0, 0x21, 0xaa, 0x2c, 0x46, 0x14, 0x76, 0x03, 0x45, 0x83, 0x6e,
	0x8a, 0xb6, 0xf4, 0x66, 0x23, 0x31,
	/* end */
	0x7f, 0xff, 4, 0 };

/* EV_SEPARATOR; BootOrder of the one entry 0000. */
static const uint8_t separator[4], boot_order[2];

enum err tdx_launch_rtmr0(
    uint8_t out[SHA384_LEN], const struct tdx_rtmr0 *in, struct err_ctx *ctx)
{
	/* EFI_GLOBAL_VARIABLE, EFI_IMAGE_SECURITY_DATABASE */
	static const uint8_t global[GUID_LEN] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca,
		0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b,
		0x8c };
	static const uint8_t database[GUID_LEN] = { 0xcb, 0xb2, 0x19, 0xd7,
		0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67,
		0x65, 0x6f };
	struct rtmr r = { .err = ERR_OK };

	extend(&r, in->td_hob);
	extend(&r, in->cfv);
	extend_variable(&r, global, "SecureBoot");
	extend_variable(&r, global, "PK");
	extend_variable(&r, global, "KEK");
	extend_variable(&r, database, "db");
	extend_variable(&r, database, "dbx");
	extend_data(&r, separator, sizeof(separator));
	extend(&r, in->acpi_loader);
	extend(&r, in->acpi_rsdp);
	extend(&r, in->acpi_tables);
	extend_data(&r, boot_order, sizeof(boot_order));
	extend_data(&r, boot0000, sizeof(boot0000));
	return finish(out, &r, ctx);
}

static void extend_action(struct rtmr *r, const char *text)
{
	extend_data(r, text, mem_strlen(text));
}

enum err tdx_launch_rtmr1(uint8_t out[SHA384_LEN],
    const uint8_t kernel[SHA384_LEN], struct err_ctx *ctx)
{
	struct rtmr r = { .err = ERR_OK };

	extend(&r, kernel);
	extend_action(&r, "Calling EFI Application from Boot Option");
	extend_data(&r, separator, sizeof(separator));
	extend_action(&r, "Exit Boot Services Invocation");
	extend_action(&r, "Exit Boot Services Returned with Success");
	return finish(out, &r, ctx);
}

enum err tdx_launch_cmdline(uint8_t out[SHA384_LEN], struct bytes cmdline,
    bool has_initrd, struct err_ctx *ctx)
{
	static const struct bytes suffix = BYTES_LITERAL(" initrd=initrd");
	uint8_t buf[2 * (TDX_CMDLINE_MAX + 32)];
	struct wr w = wr_init(buf, sizeof(buf));

	memset(out, 0, SHA384_LEN);
	if (cmdline.len > TDX_CMDLINE_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "command line of %zu bytes, at most %d", cmdline.len,
		    TDX_CMDLINE_MAX);
	if (cmdline.len == 0 && !has_initrd)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "what TDX firmware measures of an empty command line "
		    "without an initrd is not known");
	for (size_t i = 0; i < cmdline.len; i++) {
		if (cmdline.p[i] < 0x20 || cmdline.p[i] > 0x7e)
			return err_set(ctx, ERR_UNSUPPORTED,
			    "command line: byte 0x%02x at offset %zu is not "
			    "printable ASCII",
			    cmdline.p[i], i);
	}
	write_utf16(&w, cmdline);
	if (has_initrd)
		write_utf16(&w, suffix);
	wr_u16le(&w, 0);
	return failed(
	    ctx, crypto_sha384(out, &(struct bytes){ buf, w.len }, 1));
}

enum err tdx_launch_rtmr2(uint8_t out[SHA384_LEN],
    const uint8_t cmdline[SHA384_LEN], const uint8_t *initrd,
    struct err_ctx *ctx)
{
	struct rtmr r = { .err = ERR_OK };

	extend(&r, cmdline);
	if (initrd != NULL)
		extend(&r, initrd);
	return finish(out, &r, ctx);
}
