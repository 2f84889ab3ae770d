/*
 * What makes coming back quick [P-11]: for an address, the enclave's static
 * key and the evidence that was accepted for it. It is a cache and decides
 * nothing: before it is used, its evidence is judged again, and a damaged file
 * is as good as none. It tells with whom one talked, so it has mode 0600.
 *
 *	"confer session 1" (16) ‖ u64 verified_at ‖ u64 deadline ‖ key (32) ‖
 *	u32 length ‖ evidence bundle ‖ SHA-256 of everything before
 */
#ifndef CONFER_CLIENT_RESUME_H
#define CONFER_CLIENT_RESUME_H

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "protocol/evidence.h"

#define CLIENT_RESUME_LEN_MAX                                                  \
	(16 + 8 + 8 + X25519_LEN + 4 + EVIDENCE_LEN_MAX + SHA256_LEN)

struct client_resume {
	uint64_t verified_at; /* Unix seconds */
	uint64_t deadline;    /* of that verdict */
	uint8_t key[X25519_LEN];
	struct bytes bundle; /* borrowed */
};

/*
 * Parse a whole file; out->bundle borrows `in`. ERR_TRUNCATED, ERR_TRAILING,
 * ERR_FORMAT (another magic, an empty bundle), ERR_LIMIT, ERR_AUTH (the hash).
 */
enum err client_resume_parse(struct client_resume *out, struct bytes in)
    __attribute__((warn_unused_result));

void client_resume_write(struct wr *w, const struct client_resume *r);

/*
 * The file of an address below `home`. Loading needs CLIENT_RESUME_LEN_MAX
 * bytes at buf, from which out->bundle borrows; any failure means: use XX.
 */
enum err client_resume_load(struct client_resume *out, uint8_t *buf,
    const char *home, const char *address) __attribute__((warn_unused_result));
enum err client_resume_save(const char *home, const char *address,
    const struct client_resume *r, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Remove it, if it is there. */
void client_resume_forget(const char *home, const char *address);

#endif
