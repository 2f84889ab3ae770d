/*
 * Intel DCAP quotes: version 3 (SGX), 4 (TDX 1.0), 5 (SGX, TD 1.0, TD 1.5);
 * bytes in, borrowed slices out. Intel SGX ECDSA Quote Library Reference, TDX
 * DCAP Quoting Library API, appendix A.3 and A.4. Only ECDSA-256-with-P-256
 * attestation keys and certification data type 5 (a PCK chain in PEM) exist
 * for us.
 */
#ifndef CONFER_ATTEST_DCAP_QUOTE_H
#define CONFER_ATTEST_DCAP_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define DCAP_QUOTE_LEN_MAX   (16 * 1024)
#define DCAP_ZEROS_MAX       4096 /* zero bytes that may follow a quote */
#define DCAP_HEADER_LEN      48
#define SGX_REPORT_LEN       384
#define TD_REPORT_10_LEN     584
#define TD_REPORT_15_LEN     648
#define DCAP_AK_LEN          64 /* x || y, big endian */
#define DCAP_SIG_LEN         64 /* r || s, big endian */
#define DCAP_REPORT_DATA_LEN 64
#define DCAP_SVN_LEN         16
#define TDX_MEASUREMENT_LEN  48
#define SGX_MEASUREMENT_LEN  32

enum dcap_tee {
	DCAP_TEE_SGX = 0x00, /* the header's TEE type */
	DCAP_TEE_TDX = 0x81,
};

/* SGX report body; of the enclave or of the quoting enclave. */
struct sgx_report {
	uint8_t cpusvn[DCAP_SVN_LEN];
	uint8_t miscselect[4]; /* bytes as in the report, LE */
	uint8_t attributes[16];
	uint8_t mrenclave[SGX_MEASUREMENT_LEN];
	uint8_t mrsigner[SGX_MEASUREMENT_LEN];
	uint16_t isvprodid;
	uint16_t isvsvn;
	uint8_t report_data[DCAP_REPORT_DATA_LEN];
};

struct td_report {
	uint8_t tee_tcb_svn[DCAP_SVN_LEN];
	uint8_t mrseam[TDX_MEASUREMENT_LEN];
	uint8_t mrsignerseam[TDX_MEASUREMENT_LEN];
	uint8_t seamattributes[8];
	uint64_t tdattributes; /* LE u64 of the 8 bytes */
	uint64_t xfam;
	uint8_t mrtd[TDX_MEASUREMENT_LEN];
	uint8_t mrconfigid[TDX_MEASUREMENT_LEN];
	uint8_t mrowner[TDX_MEASUREMENT_LEN];
	uint8_t mrownerconfig[TDX_MEASUREMENT_LEN];
	uint8_t rtmr[4][TDX_MEASUREMENT_LEN];
	uint8_t report_data[DCAP_REPORT_DATA_LEN];
	bool is_15; /* the two below: TD 1.5 only, else zero */
	uint8_t tee_tcb_svn2[DCAP_SVN_LEN];
	uint8_t mrservicetd[TDX_MEASUREMENT_LEN];
};

struct dcap_quote {
	uint16_t version;
	enum dcap_tee tee;
	struct sgx_report sgx;             /* if tee is SGX */
	struct td_report td;               /* if tee is TDX */
	struct bytes signed_part;          /* header and body */
	struct bytes sig;                  /* r || s over signed_part by ak */
	struct bytes ak;                   /* attestation key, x || y */
	uint8_t ak_point[1 + DCAP_AK_LEN]; /* 04 || x || y, for obligations */
	struct sgx_report qe;
	struct bytes
	    qe_report;        /* its SGX_REPORT_LEN bytes, signed by the PCK */
	struct bytes qe_sig;  /* r || s */
	struct bytes qe_auth; /* QE authentication data */
	struct bytes pck_pem; /* leaf, intermediate, root */
};

/*
 * Parse a quote, the whole of `in`: nested lengths end exactly, at most
 * DCAP_ZEROS_MAX zero bytes follow. ERR_LIMIT, ERR_TRUNCATED, ERR_TRAILING,
 * ERR_FORMAT; ERR_UNSUPPORTED for another version, key type, TEE type, QE
 * vendor or certification data. Messages name field and offset. *out borrows
 * `in` and is zero on failure.
 */
enum err dcap_quote_parse(struct dcap_quote *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* REPORT_DATA of the enclave or TD. */
const uint8_t *dcap_report_data(const struct dcap_quote *q);

#endif
