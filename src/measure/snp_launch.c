/* See snp_launch.h. */
#include "measure/snp_launch.h"

#include "base/assert.h"
#include "base/wr.h"

#define PAGE_INFO_LEN 0x70
#define EIP_FIRST     0xfffffff0U       /* where the first vCPU starts */
#define VMSA_GPA      0xFFFFFFFFF000ULL /* -1, page aligned, 48 bits */
#define ENTRY_LEN     50                /* GUID, u16 length, SHA-256 */
#define TABLE_LEN     (GUID_LEN + 2 + 3 * ENTRY_LEN)

_Static_assert(TABLE_LEN + 8 == HASH_TABLE_LEN, "padded to 16 bytes");

enum page_type {
	PAGE_NORMAL = 1,
	PAGE_VMSA = 2,
	PAGE_ZERO = 3,
	PAGE_UNMEASURED = 4,
	PAGE_SECRETS = 5,
	PAGE_CPUID = 6,
};

/* GUIDs of the hash table (edk2, OvmfPkg/AmdSev/BlobVerifierLibSevHashes). */
static const uint8_t guid_table[GUID_LEN] = { 0x06, 0xd6, 0x38, 0x94, 0x22,
	0x4f, 0xc9, 0x4c, 0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21 };
static const uint8_t guid_kernel[GUID_LEN] = { 0x37, 0x94, 0xe7, 0x4d, 0xd2,
	0xab, 0x7f, 0x42, 0xb8, 0x35, 0xd5, 0xb1, 0x72, 0xd2, 0x04, 0x5b };
static const uint8_t guid_initrd[GUID_LEN] = { 0x31, 0xf7, 0xba, 0x44, 0x2f,
	0x3a, 0xd7, 0x4b, 0x9a, 0xf1, 0x41, 0xe2, 0x91, 0x69, 0x78, 0x1d };
static const uint8_t guid_cmdline[GUID_LEN] = { 0xd8, 0x2d, 0xd0, 0x97, 0x20,
	0xbd, 0x94, 0x4c, 0xaa, 0x78, 0xe7, 0x71, 0x4d, 0x36, 0xab, 0x2a };

static const uint8_t zero_digest[SHA384_LEN];

/* The digest so far; the first error sticks. */
struct digest {
	uint8_t ld[SHA384_LEN];
	enum err err;
};

/* LD = SHA-384(PAGE_INFO), which starts with the LD before it. */
static void add_page(struct digest *d, enum page_type type, uint64_t gpa,
    const uint8_t contents[SHA384_LEN])
{
	uint8_t info[PAGE_INFO_LEN];
	struct wr w = wr_init(info, sizeof(info));

	wr_copy(&w, d->ld, sizeof(d->ld));
	wr_copy(&w, contents, SHA384_LEN);
	wr_u16le(&w, PAGE_INFO_LEN);
	wr_u8(&w, (uint8_t)type);
	wr_fill(&w, 0, 5); /* IMI_PAGE, permissions of VMPL 3, 2, 1, reserved */
	wr_u64le(&w, gpa);
	assert(w.err == ERR_OK && w.len == PAGE_INFO_LEN);
	if (d->err == ERR_OK)
		d->err = crypto_sha384(
		    d->ld, &(struct bytes){ info, sizeof(info) }, 1);
}

static void add_content(struct digest *d, enum page_type type, uint64_t gpa,
    const uint8_t page[PAGE_LEN])
{
	uint8_t contents[SHA384_LEN];

	if (d->err == ERR_OK)
		d->err = crypto_sha384(
		    contents, &(struct bytes){ page, PAGE_LEN }, 1);
	if (d->err == ERR_OK)
		add_page(d, type, gpa, contents);
}

enum err snp_launch_firmware(
    uint8_t out[SHA384_LEN], struct bytes image, struct err_ctx *ctx)
{
	struct digest d = { .err = ERR_OK };

	memset(out, 0, SHA384_LEN);
	if (image.len > FIRMWARE_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "firmware of %zu bytes, at most %u", image.len,
		    FIRMWARE_LEN_MAX);
	if (image.len == 0 || image.len % PAGE_LEN != 0)
		return err_set(ctx, ERR_FORMAT,
		    "firmware of %zu bytes is not of whole pages", image.len);
	for (size_t at = 0; at < image.len; at += PAGE_LEN)
		add_content(&d, PAGE_NORMAL, FIRMWARE_END - image.len + at,
		    image.p + at);
	if (d.err != ERR_OK)
		return err_set(ctx, d.err, "SHA-384 failed");
	memcpy(out, d.ld, SHA384_LEN);
	return ERR_OK;
}

void snp_launch_kernel(struct snp_kernel *out, struct bytes kernel,
    struct bytes initrd, struct bytes cmdline)
{
	static const uint8_t nul;
	const struct bytes text[] = { cmdline, { &nul, 1 } };

	crypto_sha256(out->kernel, &kernel, 1);
	crypto_sha256(out->initrd, &initrd, 1);
	crypto_sha256(out->cmdline, text, 2);
}

static void write_hash(
    struct wr *w, const uint8_t guid[GUID_LEN], const uint8_t hash[SHA256_LEN])
{
	wr_copy(w, guid, GUID_LEN);
	wr_u16le(w, ENTRY_LEN);
	wr_copy(w, hash, SHA256_LEN);
}

/* The page of the kernel's hashes, zero around the table. */
static void add_hashes(
    struct digest *d, const struct snp_launch *l, uint32_t gpa)
{
	uint8_t page[PAGE_LEN] = { 0 };
	const size_t at = l->ovmf.hash_table_gpa % PAGE_LEN;
	struct wr w = wr_init(page + at, sizeof(page) - at);

	wr_copy(&w, guid_table, GUID_LEN);
	wr_u16le(&w, TABLE_LEN);
	write_hash(&w, guid_cmdline, l->kernel.cmdline);
	write_hash(&w, guid_initrd, l->kernel.initrd);
	write_hash(&w, guid_kernel, l->kernel.kernel);
	assert(w.err == ERR_OK && w.len == TABLE_LEN); /* check_hashes */
	add_content(d, PAGE_NORMAL, gpa, page);
}

static void add_pages(
    struct digest *d, enum page_type type, const struct ovmf_section *s)
{
	for (uint32_t at = 0; at < s->size; at += PAGE_LEN)
		add_page(d, type, (uint64_t)s->gpa + at, zero_digest);
}

static void add_section(
    struct digest *d, const struct snp_launch *l, const struct ovmf_section *s)
{
	switch (s->type) {
	case OVMF_SEC_MEM:
		add_pages(d,
		    l->machine.vmm == SNP_VMM_GCE ? PAGE_UNMEASURED : PAGE_ZERO,
		    s);
		break;
	case OVMF_SECRETS:
		add_pages(d, PAGE_SECRETS, s);
		break;
	case OVMF_CPUID:
		add_pages(d, PAGE_CPUID, s);
		break;
	case OVMF_SVSM_CAA:
		add_pages(d, PAGE_ZERO, s);
		break;
	case OVMF_KERNEL_HASHES:
		if (l->has_kernel)
			add_hashes(d, l, s->gpa);
		else
			add_pages(d, PAGE_ZERO, s);
		break;
	}
}

/* In the order of the table; EC2 leaves the CPUID page for the end. */
static void add_sections(struct digest *d, const struct snp_launch *l)
{
	const struct ovmf_sections *all = &l->ovmf.sections;
	const bool cpuid_last = l->machine.vmm == SNP_VMM_EC2;
	const struct ovmf_section *cpuid = ovmf_section_find(all, OVMF_CPUID);

	for (size_t i = 0; i < all->n; i++) {
		if (!cpuid_last || all->item[i].type != OVMF_CPUID)
			add_section(d, l, &all->item[i]);
	}
	if (cpuid_last && cpuid != NULL)
		add_section(d, l, cpuid);
}

static void add_vcpus(struct digest *d, const struct snp_launch *l)
{
	uint8_t page[PAGE_LEN];

	for (uint32_t i = 0; i < l->machine.vcpus; i++) {
		if (i < 2)
			snp_vmsa_page(page, &l->machine,
			    i == 0 ? EIP_FIRST : l->ovmf.reset_eip);
		add_content(d, PAGE_VMSA, VMSA_GPA, page);
	}
}

/* A kernel is measured through one section only, and has to fit there. */
static enum err check_hashes(const struct ovmf *o, struct err_ctx *ctx)
{
	const struct ovmf_section *s =
	    ovmf_section_find(&o->sections, OVMF_KERNEL_HASHES);
	const uint32_t gpa = o->hash_table_gpa;

	if (s == NULL || gpa == 0)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "a kernel is given, but this firmware has no %s: it would "
		    "not be measured",
		    s == NULL ? "KERNEL_HASHES section" : "hash area");
	if (gpa - gpa % PAGE_LEN != s->gpa ||
	    gpa % PAGE_LEN > PAGE_LEN - HASH_TABLE_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "hash area at gpa 0x%x is not within the KERNEL_HASHES "
		    "section at 0x%x",
		    gpa, s->gpa);
	return ERR_OK;
}

enum err snp_launch_digest(
    uint8_t out[SHA384_LEN], const struct snp_launch *l, struct err_ctx *ctx)
{
	struct digest d = { .err = ERR_OK };
	enum err e = ERR_OK;

	memset(out, 0, SHA384_LEN);
	if (l->machine.vcpus == 0 || l->machine.vcpus > SNP_VCPUS_MAX)
		return err_set(ctx, ERR_LIMIT, "%u vCPUs, 1 to %d are possible",
		    l->machine.vcpus, SNP_VCPUS_MAX);
	if (l->has_kernel)
		e = check_hashes(&l->ovmf, ctx);
	if (e != ERR_OK)
		return e;
	memcpy(d.ld, l->firmware, sizeof(d.ld));
	add_sections(&d, l);
	add_vcpus(&d, l);
	if (d.err != ERR_OK)
		return err_set(ctx, d.err, "SHA-384 failed");
	memcpy(out, d.ld, SHA384_LEN);
	return ERR_OK;
}
