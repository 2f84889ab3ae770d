/* CipherState and SymmetricState, sections 5.1 and 5.2; private to src/noise. */
#ifndef CONFER_NOISE_STATE_H
#define CONFER_NOISE_STATE_H

#include "noise/noise.h"

/* InitializeKey. */
void noise_cipher_init(struct noise_cipher *c, const uint8_t k[AEAD_KEY_LEN]);

/* Tag bytes that a message gains: none before the first key. */
size_t noise_cipher_tag_len(const struct noise_cipher *c);

/*
 * EncryptWithAd and DecryptWithAd. out takes in.len plus or minus the tag and
 * may be in.p. ERR_LIMIT when the nonces are used up; open: ERR_TRUNCATED,
 * ERR_AUTH. n counts successes only.
 */
enum err noise_cipher_seal(struct noise_cipher *c, uint8_t *out,
    struct bytes ad, struct bytes in) __attribute__((warn_unused_result));
enum err noise_cipher_open(struct noise_cipher *c, uint8_t *out,
    struct bytes ad, struct bytes in) __attribute__((warn_unused_result));

/* Rekey: a new k from the old one, n unchanged. */
void noise_cipher_rekey(struct noise_cipher *c);

/* InitializeSymmetric. */
void noise_symmetric_init(struct noise_symmetric *s, struct bytes name);

void noise_symmetric_mix_hash(struct noise_symmetric *s, struct bytes in);
void noise_symmetric_mix_key(struct noise_symmetric *s, struct bytes ikm);

/* EncryptAndHash and DecryptAndHash; out must not overlap in. */
enum err noise_symmetric_seal(struct noise_symmetric *s, uint8_t *out,
    struct bytes in) __attribute__((warn_unused_result));
enum err noise_symmetric_open(struct noise_symmetric *s, uint8_t *out,
    struct bytes in) __attribute__((warn_unused_result));

/* Split: c1 is for what the initiator sends, c2 for what it receives. */
void noise_symmetric_split(const struct noise_symmetric *s,
    struct noise_cipher *c1, struct noise_cipher *c2);

#endif
