/*
 * Is this file what a machine needs, and did its vendor sign it? The question
 * is asked of what lies in the directory and of what was fetched, before it
 * takes the place of something. It is not the verdict on evidence, which the
 * verifier makes anew: it keeps error pages, lists of another chip and forged
 * answers from replacing good files.
 */
#ifndef CONFER_CLIENT_COLLATERAL_JUDGE_H
#define CONFER_CLIENT_COLLATERAL_JUDGE_H

#include "attest/dcap_collateral.h"
#include "attest/roots.h"
#include "attest/x509.h"
#include "client/collateral_want.h"

/* One certificate before its end, another is asked for. A list or a statement
 * is renewed after half of its life: the vendor may have published a newer one
 * that revokes something. */
#define COLLATERAL_CERT_MARGIN_S (30 * 24 * 3600ULL)

#define COLLATERAL_CHAIN_LEN_MAX (16 * 1024) /* PEM; real ones: 2 to 5 KB */

/* Files, or pairs of a file and what belongs to it. In the order in which they
 * are judged: what signs comes before what is signed. */
enum collateral_item {
	COLLATERAL_ITEM_AMD_CHAIN, /* cert_chain.pem, ask.der or asvk.der */
	COLLATERAL_ITEM_VCEK,
	COLLATERAL_ITEM_AMD_CRL,
	COLLATERAL_ITEM_TCB_INFO, /* and tcb_signing_chain.pem */
	COLLATERAL_ITEM_QE_IDENTITY,
	COLLATERAL_ITEM_ROOT_CRL,
	COLLATERAL_ITEM_PCK_CRL, /* and pck_crl_issuer_chain.pem */
	COLLATERAL_ITEMS
};

/* A chain of two, as AMD and Intel have them; certificates borrow der. */
struct collateral_chain {
	uint8_t der[2][X509_CERT_LEN_MAX];
	struct x509_cert ca; /* the first: ASK, TCB Signing, PCK CA */
	struct x509_cert root;
	bool good; /* ends in the pinned root, signatures checked */
};

struct collateral_judge {
	const struct collateral_want *want;
	const struct root_key *roots;
	struct collateral_chain chain; /* of AMD_CHAIN or TCB_INFO */
	struct collateral_chain pck;   /* of PCK_CRL */
	struct tcb_info tcb_info;      /* work space */
	struct qe_identity qe_identity;
};

/* When a file is of use. */
struct collateral_life {
	uint64_t from, until; /* Unix seconds: from <= t < until */
	uint64_t renew;       /* from then on a newer one is asked for */
};

/*
 * Judge one item: its file and, where it has one, what belongs to it (empty
 * otherwise). ERR_OK and *life, whatever the time is now. What an AMD chain or
 * a TCB Info leaves in j->chain the items after it are judged by: ERR_NOTFOUND
 * when it is not there. Errors of the parsers; ERR_AUTH: not signed as it must
 * be; ERR_POLICY: of another product, chip, TCB, platform or kind.
 */
enum err collateral_judge_item(struct collateral_judge *j,
    enum collateral_item item, struct bytes file, struct bytes side,
    struct collateral_life *life, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
