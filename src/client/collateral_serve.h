/*
 * The host's side of attest/collateral.h: hands the files of a directory to
 * enclaves that ask for them, one exchange per connection, by sys/exchange.h.
 * Nothing here needs to be trusted: what the files say was signed by the
 * vendors.
 *
 * The directory, as `confer collateral fetch` fills it; what a kind does not
 * need, or is not there, is left out:
 *	snp		vcek.der ask.der (or vlek.der asvk.der), crl.der
 *	tdx, sgx	tcb_info.json qe_identity.json tcb_signing_chain.pem
 *			root_ca.crl.der pck.crl.der
 * Files are read again for each request, so whoever renews one replaces it by
 * rename.
 */
#ifndef CONFER_CLIENT_COLLATERAL_SERVE_H
#define CONFER_CLIENT_COLLATERAL_SERVE_H

#include "attest/collateral.h"
#include "base/err.h"
#include "sys/exchange.h"

#define COLLATERAL_CONNS_MAX   8    /* one enclave needs one every 5 minutes */
#define COLLATERAL_EXCHANGE_MS 5000 /* from accept to the last byte */

/* Name of the file with this part for this request; NULL: not for its kind. */
const char *collateral_file(
    enum collateral_part part, const struct collateral_request *req);

/*
 * Tells of each answer: what was asked (NULL: no request that we know), what
 * was answered, how many bytes, and with COLLATERAL_FAILED why.
 */
typedef void collateral_told_fn(void *cookie,
    const struct collateral_request *req, const struct collateral_head *head,
    const char *why);

/* About 400 KB. */
struct collateral_serve {
	struct exchange *exchange;
	int dir_fd;
	collateral_told_fn *told;
	void *cookie;
	uint8_t answer[COLLATERAL_CONNS_MAX]
		      [COLLATERAL_HEAD_LEN + COLLATERAL_LEN_MAX];
	uint8_t files[COLLATERAL_LEN_MAX]; /* of the request in hand */
};

/*
 * Answer on listen_fd by the loop until collateral_serve_stop. Both descriptors
 * are the caller's. ERR_NOMEM, ERR_IO.
 */
enum err collateral_serve_start(struct collateral_serve *s, struct loop *loop,
    int listen_fd, int dir_fd, collateral_told_fn *told, void *cookie)
    __attribute__((warn_unused_result));
void collateral_serve_stop(struct collateral_serve *s);

#endif
