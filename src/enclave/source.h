/*
 * Where evidence about this machine comes from: one interface over the ways in
 * which Linux and Gramine hand out reports and quotes, and over the simulated
 * processor. docs/attestation.md, section 4 and 11.
 *
 *	sim		confer-simtee, on a socket
 *	tsm		configfs-tsm (Linux 6.7): SEV-SNP and TDX
 *	sev-guest	/dev/sev-guest: SEV-SNP on older kernels
 *	gramine		the pseudo-files of Gramine: SGX
 *
 * What the kernel of a confidential guest says is inside the trusted base; what
 * it passes on from the host (the certificate table) is not. Whether anyone
 * believes an answer is the client's matter; it is only looked at to see that
 * it answers our question.
 */
#ifndef CONFER_ENCLAVE_SOURCE_H
#define CONFER_ENCLAVE_SOURCE_H

#include <stdint.h>

#include "attest/dcap_quote.h"
#include "attest/report_data.h"
#include "attest/snp_certs_table.h"
#include "base/err.h"
#include "enclave/source_os.h"
#include "protocol/evidence.h"
#include "sys/addr.h"

#define SOURCE_REPORT_LEN_MAX DCAP_QUOTE_LEN_MAX /* real quotes: 5 KB */
#define SOURCE_EXTRA_LEN_MAX  SNP_CERTS_TABLE_LEN_MAX

/*
 * A request that met another one, or a busy host, is made again. The kernel
 * itself waits up to a minute for the host.
 */
#define SOURCE_TRIES    5
#define SOURCE_RETRY_MS 100
#define SOURCE_MS       60000 /* after this no further try begins */

enum source_kind {
	SOURCE_NONE = 0,
	SOURCE_SIM,
	SOURCE_TSM,
	SOURCE_SEV_GUEST,
	SOURCE_GRAMINE,
};

/* One answer. About 48 KB. */
struct source_answer {
	enum tee_kind tee;
	uint8_t report[SOURCE_REPORT_LEN_MAX]; /* or quote */
	size_t report_len;
	uint8_t extra[SOURCE_EXTRA_LEN_MAX]; /* SNP: the host's certificate
						table; sim: the endorsement */
	size_t extra_len;                    /* 0: there is none */
};

struct source {
	enum source_kind kind;
	enum tee_kind tee; /* what each answer must be */
	const struct source_os *os;
	const struct addr *simtee; /* sim */
	int fd; /* tsm: the directory of requests; sev-guest: the device;
		   gramine: the directory of pseudo-files; sim: -1 */
};

/* clang-format off */
#define SOURCE_INIT { .fd = -1 }
/* clang-format on */

/* Which to use. */
enum source_choice {
	SOURCE_CHOOSE_AUTO, /* the first of tsm, sev-guest, gramine */
	SOURCE_CHOOSE_SIM,
	SOURCE_CHOOSE_SNP,
	SOURCE_CHOOSE_TDX,
	SOURCE_CHOOSE_SGX,
};

/* Where they are; all but simtee have defaults. Borrowed. */
struct source_places {
	const char *tsm_dir;
	const char *sev_guest_device;
	const char *gramine_dir;
	const struct addr *simtee;
};

#define SOURCE_TSM_PLACE     "/sys/kernel/config/tsm/report"
#define SOURCE_SEV_PLACE     "/dev/sev-guest"
#define SOURCE_GRAMINE_PLACE "/dev/attestation"

/*
 * Find the source and open what it needs: after this no further name is looked
 * up outside of the opened directory. ERR_NOTFOUND: this machine has none of
 * the kind; ERR_UNSUPPORTED: it has one of another kind; ERR_IO. ctx holds one
 * sentence.
 */
enum err source_open(struct source *out, enum source_choice choice,
    const struct source_places *places, const struct source_os *os,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void source_close(struct source *s);

/*
 * Ask for evidence with this REPORT_DATA. Blocks. The answer is of the source's
 * kind, has the format of its kind, and carries report_data. ERR_AUTH: it is
 * about another REPORT_DATA; ERR_BUSY: others asked at the same time, in every
 * try; ERR_TIMEOUT; ERR_POLICY: refused by the hardware; ERR_LIMIT: the answer
 * is too long; what the parsers report; ERR_NOTFOUND, ERR_IO, ERR_PROTOCOL.
 * ctx holds one sentence; *out has lengths 0 on failure.
 */
enum err source_make(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* "sim", "tsm", "sev-guest", "gramine". */
const char *source_kind_name(enum source_kind kind);

/*
 * One try of one kind; for source_make(). Found: the places of the kind, or
 * ERR_NOTFOUND without a message where this machine does not have it.
 */
enum err source_tsm_find(struct source *s, const char *dir, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
enum err source_tsm_ask(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));
enum err source_sev_find(struct source *s, const char *device,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err source_sev_ask(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));
enum err source_gramine_find(struct source *s, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err source_gramine_ask(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
