/*
 * The machine that an SNP guest is started on, as far as its launch digest
 * tells: how many vCPUs, which, by which VMM; and the first registers of a
 * vCPU, a page that is measured (VMSA: AMD 24593, appendix B).
 */
#ifndef CONFER_MEASURE_SNP_VMSA_H
#define CONFER_MEASURE_SNP_VMSA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "measure/ovmf.h"

#define SNP_VCPUS_MAX     4096 /* of a release record, L-61 */
#define SNP_VCPU_NAME_MAX 64   /* a token of a release record */

/* VMMs start a vCPU with different registers. EC2's and GCE's are unproven. */
enum snp_vmm {
	SNP_VMM_QEMU,
	SNP_VMM_EC2,
	SNP_VMM_GCE,
};

struct snp_machine {
	enum snp_vmm vmm;
	uint32_t vcpus;
	uint32_t vcpu_sig;       /* CPUID Fn0000_0001_EAX of the vCPU */
	uint64_t guest_features; /* SEV_FEATURES */
};

/* The page of a vCPU that starts at eip. */
void snp_vmsa_page(
    uint8_t page[PAGE_LEN], const struct snp_machine *m, uint32_t eip);

/* The signature of a vCPU model of QEMU, such as "EPYC-v4"; false: unknown. */
bool snp_vcpu_sig(uint32_t *out, struct bytes name);

/* The i-th name that snp_vcpu_sig knows, NULL after the last. */
const char *snp_vcpu_name(size_t i);

/* "qemu", "ec2", "gce", in any case; false: another. */
bool snp_vmm_named(enum snp_vmm *out, struct bytes name);

#endif
