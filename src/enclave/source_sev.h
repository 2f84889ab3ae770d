/* The ioctls of /dev/sev-guest: linux/sev-guest.h, by our own names. */
#ifndef CONFER_ENCLAVE_SOURCE_SEV_H
#define CONFER_ENCLAVE_SOURCE_SEV_H

#include <stdint.h>
#include <sys/ioctl.h>

#include "attest/snp.h"

#define SEV_GUEST_RESPONSE_LEN 4000
#define SEV_GUEST_RESERVED_LEN 24
/* Whole pages: what Linux takes at most. */
#define SEV_GUEST_CERTS_LEN 16384

struct sev_guest_ioctl {
	uint8_t msg_version; /* 1 */
	uint8_t pad[7];
	uint64_t req_data;
	uint64_t resp_data;
	uint64_t exitinfo2; /* u32 of the firmware, u32 of the hypervisor */
};

struct sev_guest_request {
	uint8_t user_data[SNP_REPORT_DATA_LEN];
	uint32_t vmpl;
	uint8_t reserved[28];
};

struct sev_guest_ext_request {
	struct sev_guest_request data;
	uint64_t certs_address;
	uint32_t certs_len;
	uint32_t pad;
};

struct sev_guest_response {
	uint8_t data[SEV_GUEST_RESPONSE_LEN];
};

_Static_assert(sizeof(struct sev_guest_ioctl) == 32 &&
		   sizeof(struct sev_guest_request) == 96 &&
		   sizeof(struct sev_guest_ext_request) == 112,
    "the kernel's layouts");

#define SEV_GUEST_GET_REPORT     _IOWR('S', 0, struct sev_guest_ioctl)
#define SEV_GUEST_GET_EXT_REPORT _IOWR('S', 2, struct sev_guest_ioctl)

#endif
