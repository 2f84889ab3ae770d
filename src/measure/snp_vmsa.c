/* See snp_vmsa.h. */
#include "measure/snp_vmsa.h"

#include "base/wr.h"

#define EIP_FIRST 0xfffffff0U /* the reset vector */

/* Offsets of the save area; what is not named starts as zero. */
enum {
	AT_ES = 0x000,
	AT_CS = 0x010,
	AT_SS = 0x020,
	AT_DS = 0x030,
	AT_FS = 0x040,
	AT_GS = 0x050,
	AT_GDTR = 0x060,
	AT_LDTR = 0x070,
	AT_IDTR = 0x080,
	AT_TR = 0x090,
	AT_EFER = 0x0D0,
	AT_CR4 = 0x148,
	AT_CR0 = 0x158,
	AT_DR7 = 0x160,
	AT_DR6 = 0x168,
	AT_RFLAGS = 0x170,
	AT_RIP = 0x178,
	AT_G_PAT = 0x268,
	AT_RDX = 0x310,
	AT_SEV_FEATURES = 0x3B0,
	AT_XCR0 = 0x3E8,
	AT_MXCSR = 0x408,
	AT_X87_FCW = 0x410,
};

static void put(uint8_t *page, size_t at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		page[at + i] = (uint8_t)(v >> 8 * i);
}

/* Selector, attributes, limit 64 KiB, base. */
static void put_segment(
    uint8_t *page, size_t at, uint16_t selector, uint16_t attrib, uint32_t base)
{
	put(page, at, selector, 2);
	put(page, at + 2, attrib, 2);
	put(page, at + 4, 0xffff, 4);
	put(page, at + 8, base, 8);
}

/* In what the VMMs differ. */
struct start {
	uint16_t cs, ss, tr;
	uint32_t mxcsr;
	uint16_t fcw;
	uint64_t g_pat;
	uint32_t rdx;
};

static struct start start_of(const struct snp_machine *m, uint32_t eip)
{
	struct start s = { 0x9b, 0x93, 0x8b, 0x1f80, 0x37f, 0x0007040600070406,
		m->vcpu_sig };

	if (m->vmm == SNP_VMM_QEMU)
		return s;
	s.mxcsr = 0;
	s.fcw = 0;
	s.rdx = 0x600;
	if (m->vmm == SNP_VMM_GCE) {
		s.g_pat = 0x00070106;
		return s;
	}
	s.cs = eip == EIP_FIRST ? 0x9a : 0x9b;
	s.ss = 0x92;
	s.tr = 0x83;
	return s;
}

void snp_vmsa_page(
    uint8_t page[PAGE_LEN], const struct snp_machine *m, uint32_t eip)
{
	const struct start s = start_of(m, eip);

	memset(page, 0, PAGE_LEN);
	put_segment(page, AT_ES, 0, 0x93, 0);
	put_segment(page, AT_CS, 0xf000, s.cs, eip & 0xffff0000);
	put_segment(page, AT_SS, 0, s.ss, 0);
	put_segment(page, AT_DS, 0, 0x93, 0);
	put_segment(page, AT_FS, 0, 0x93, 0);
	put_segment(page, AT_GS, 0, 0x93, 0);
	put_segment(page, AT_GDTR, 0, 0, 0);
	put_segment(page, AT_LDTR, 0, 0x82, 0);
	put_segment(page, AT_IDTR, 0, 0, 0);
	put_segment(page, AT_TR, 0, s.tr, 0);
	put(page, AT_EFER, 0x1000, 8); /* SVME, by KVM */
	put(page, AT_CR4, 0x40, 8);    /* MCE, by KVM */
	put(page, AT_CR0, 0x10, 8);
	put(page, AT_DR7, 0x400, 8);
	put(page, AT_DR6, 0xffff0ff0, 8);
	put(page, AT_RFLAGS, 2, 8);
	put(page, AT_RIP, eip & 0xffff, 8);
	put(page, AT_G_PAT, s.g_pat, 8);
	put(page, AT_RDX, s.rdx, 8);
	put(page, AT_SEV_FEATURES, m->guest_features, 8);
	put(page, AT_XCR0, 1, 8);
	put(page, AT_MXCSR, s.mxcsr, 4);
	put(page, AT_X87_FCW, s.fcw, 2);
}

/* CPUID Fn0000_0001_EAX (AMD 25481) of a family above 15. */
#define SIG(family, model, stepping)                                           \
	((uint32_t)((family)-15) << 20 | (uint32_t)((model) >> 4) << 16 |      \
	    0xf00 | ((uint32_t)(model)&15) << 4 | (uint32_t)(stepping))

/* QEMU's models (target/i386/cpu.c) that SNP hosts offer. */
static const struct vcpu {
	const char *name;
	uint32_t sig;
} vcpus[] = {
	{ "EPYC", SIG(23, 1, 2) },
	{ "EPYC-v1", SIG(23, 1, 2) },
	{ "EPYC-v2", SIG(23, 1, 2) },
	{ "EPYC-v3", SIG(23, 1, 2) },
	{ "EPYC-v4", SIG(23, 1, 2) },
	{ "EPYC-IBPB", SIG(23, 1, 2) },
	{ "EPYC-Rome", SIG(23, 49, 0) },
	{ "EPYC-Rome-v1", SIG(23, 49, 0) },
	{ "EPYC-Rome-v2", SIG(23, 49, 0) },
	{ "EPYC-Rome-v3", SIG(23, 49, 0) },
	{ "EPYC-Milan", SIG(25, 1, 1) },
	{ "EPYC-Milan-v1", SIG(25, 1, 1) },
	{ "EPYC-Milan-v2", SIG(25, 1, 1) },
	{ "EPYC-Genoa", SIG(25, 17, 0) },
	{ "EPYC-Genoa-v1", SIG(25, 17, 0) },
	{ "EPYC-Turin", SIG(26, 0, 0) },
};
#define VCPUS (sizeof(vcpus) / sizeof(vcpus[0]))

bool snp_vcpu_sig(uint32_t *out, struct bytes name)
{
	for (size_t i = 0; i < VCPUS; i++) {
		if (mem_eq_str(name, vcpus[i].name)) {
			*out = vcpus[i].sig;
			return true;
		}
	}
	return false;
}

const char *snp_vcpu_name(size_t i)
{
	return i < VCPUS ? vcpus[i].name : NULL;
}

bool snp_vmm_named(enum snp_vmm *out, struct bytes name)
{
	static const char *const names[] = {
		[SNP_VMM_QEMU] = "qemu",
		[SNP_VMM_EC2] = "ec2",
		[SNP_VMM_GCE] = "gce",
	};
	uint8_t lower[8];

	if (name.len > sizeof(lower))
		return false;
	for (size_t i = 0; i < name.len; i++)
		lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z'
			       ? (uint8_t)(name.p[i] | 0x20)
			       : name.p[i];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (mem_eq_str((struct bytes){ lower, name.len }, names[i])) {
			*out = (enum snp_vmm)i;
			return true;
		}
	}
	return false;
}
