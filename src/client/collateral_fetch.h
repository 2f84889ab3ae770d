/*
 * Fills a directory with what a machine's evidence needs beside it, from AMD's
 * key distribution service (AMD 57230) and Intel's provisioning certification
 * service (PCS API v4), and keeps it fresh. The files:
 *
 *	snp		cert_chain.pem and from it ask.der (or asvk.der),
 *			vcek.der, crl.der; vlek.der comes from the cloud's owner
 *	tdx, sgx	tcb_info.json with tcb_signing_chain.pem,
 *			qe_identity.json, root_ca.crl.der, pck.crl.der with
 *			pck_crl_issuer_chain.pem
 *
 * A file that is right and not due for renewal is not asked for again. What is
 * fetched takes a file's place, in one step, only when it was found right, is
 * inside its time, and is not older than what is there.
 */
#ifndef CONFER_CLIENT_COLLATERAL_FETCH_H
#define CONFER_CLIENT_COLLATERAL_FETCH_H

#include "client/collateral_judge.h"
#include "client/conn.h"
#include "http/http_fetch.h"
#include "http/url.h"
#include "sys/fd.h"

#define COLLATERAL_AMD_URL   "https://kdsintf.amd.com"
#define COLLATERAL_INTEL_URL "https://api.trustedservices.intel.com"
#define COLLATERAL_ROOT_CRL_URL                                                \
	"https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

#define COLLATERAL_FILES_MAX 4 /* items of one kind of TEE */
/* Between tries that the service asks for (429, 503). */
#define COLLATERAL_PAUSE_MS     1000 /* the first; each doubles */
#define COLLATERAL_PAUSE_MS_MAX 30000
#define COLLATERAL_RETRY_AFTER_S_MAX                                           \
	300 /* a service that wants more has no time for us now */

enum collateral_outcome {
	COLLATERAL_NOT_TRIED = 0,
	COLLATERAL_KEPT,    /* the file was right and not due */
	COLLATERAL_FETCHED, /* a new one took its place */
	COLLATERAL_SAME,    /* asked for: nothing newer */
	COLLATERAL_MISSED,  /* it failed; what was there is untouched */
};

/* What became of one item. */
struct collateral_result {
	enum collateral_item item;
	const char *file; /* its name */
	enum collateral_outcome outcome;
	bool usable;                 /* what is there now is right, in time */
	struct collateral_life life; /* of what is there now, if it is right */
	enum client_fault fault;     /* if missed */
	struct err_ctx why;
};

/* The world; NULL members are not allowed. */
struct collateral_io {
	void *cookie;
	enum err (*get)(void *cookie, struct http_answer *out, uint8_t *body,
	    size_t cap, const struct http_fetch *what, struct err_ctx *ctx);
	void (*pause)(void *cookie, uint64_t ms);
	uint64_t (*mono_ms)(void *cookie);
	/* Item i begins to be asked for, or waits for ms before the next try
	 * (0: no wait). */
	void (*progress)(void *cookie, size_t i, uint64_t ms);
};

/* About 250 KB: not for the stack. Set the first part, zero the rest. */
struct collateral_fetch {
	struct collateral_io io;
	struct collateral_want want;
	const struct root_key *roots;
	const char *dir;          /* made if it is missing */
	const char *amd_url;      /* what the paths of the service follow */
	const char *intel_url;    /* likewise */
	const char *root_crl_url; /* the whole address */
	const char *ca_file;      /* or NULL */
	uint64_t deadline_ms;     /* of io.mono_ms, for all */
	uint64_t now_s;           /* Unix seconds */
	bool refresh;             /* ask for everything */

	struct collateral_result result[COLLATERAL_FILES_MAX];
	size_t results;

	struct collateral_judge judge; /* from here on: work space */
	struct http_answer answer;
	uint8_t old_file[X509_CRL_LEN_MAX], new_file[X509_CRL_LEN_MAX];
	uint8_t old_side[COLLATERAL_CHAIN_LEN_MAX];
	uint8_t new_side[COLLATERAL_CHAIN_LEN_MAX];
};

/* List the items of f->want in f->result, all not tried. */
void collateral_fetch_plan(struct collateral_fetch *f);

/*
 * Write the address that an item is fetched from to out. ERR_LIMIT: it is
 * longer than HTTP_URL_LEN_MAX.
 */
enum err collateral_fetch_url(char out[HTTP_URL_LEN_MAX + 1],
    const struct collateral_fetch *f, enum collateral_item item,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Plan and do it. One item that fails does not stop the others. Returns the
 * fault of the first that did, with its sentence in ctx; CLIENT_FAULT_NONE when
 * every file is right and in time.
 */
enum client_fault collateral_fetch_run(
    struct collateral_fetch *f, struct err_ctx *ctx);

/* The world as it is: the network, the clock. *io.progress is the caller's. */
void collateral_io_real(struct collateral_io *io);

#endif
