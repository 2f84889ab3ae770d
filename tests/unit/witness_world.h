/* A log of 300 entries and a witness of it, made in memory. */
#ifndef CONFER_TESTS_UNIT_WITNESS_WORLD_H
#define CONFER_TESTS_UNIT_WITNESS_WORLD_H

#include "tlog_vectors.h"

#include "crypto/crypto_native.h"
#include "tlog/checkpoint.h"
#include "tlog/witness.h"

#define WORLD_ENTRIES 300
#define WORLD_NOW     1800000000u
#define WORLD_ORIGIN  "log.example/releases"
#define WORLD_WITNESS "w1.example/witness"

static const uint8_t log_seed[ED25519_SEED_LEN] =
    "the seed of a log, not secret..";
static const uint8_t new_seed[ED25519_SEED_LEN] =
    "the log's next seed, no secret.";
static const uint8_t w_seed[ED25519_SEED_LEN] =
    "the seed of a witness, as open.";

static struct tlog_key log_key, new_key, w_key;
static struct tlog_hash world_leaf[WORLD_ENTRIES]; /* the history */
static struct tlog_hash fork_leaf[WORLD_ENTRIES];  /* another: entry 2 */

static inline struct tlog_key world_key(
    const char *name, enum tlog_key_type type, const uint8_t *seed)
{
	uint8_t pub[ED25519_PUB_LEN];

	crypto_ed25519_public(pub, seed);
	return tlog_key_make(str_bytes(name), type, pub);
}

static inline int world_setup(void **state)
{
	(void)state;
	CHECK_OK(crypto_init());
	log_key = world_key(WORLD_ORIGIN, TLOG_KEY_ED25519, log_seed);
	new_key = world_key(WORLD_ORIGIN, TLOG_KEY_ED25519, new_seed);
	w_key = world_key(WORLD_WITNESS, TLOG_KEY_COSIGNATURE, w_seed);
	for (size_t i = 0; i < WORLD_ENTRIES; i++) {
		uint8_t entry[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		tlog_leaf_hash(&world_leaf[i], (struct bytes){ entry, 2 });
		fork_leaf[i] = world_leaf[i];
	}
	tlog_leaf_hash(&fork_leaf[2], (struct bytes){ NULL, 0 });
	return 0;
}

/* Bytes that live until the process ends. */
static inline struct bytes world_keep(const struct wr *w)
{
	uint8_t *p = keep(malloc(w->len + 1));

	CHECK_OK(w->err);
	mem_copy(p, w->p, w->len);
	p[w->len] = '\0';
	return (struct bytes){ p, w->len };
}

static inline struct bytes world_vkey(const struct tlog_key *key)
{
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));

	tlog_vkey_format(&w, key->name, key->type, key->pub);
	return world_keep(&w);
}

static inline void put_log_sig(struct wr *w, struct bytes text,
    const struct tlog_key *key, const uint8_t *seed)
{
	uint8_t sig[ED25519_SIG_LEN];

	crypto_ed25519_sign(sig, seed, text);
	tlog_note_format_sig(w, key, sig, 0);
}

static inline void put_cosig(struct wr *w, struct bytes text,
    const struct tlog_key *key, const uint8_t *seed, uint64_t time_s)
{
	uint8_t msg[TLOG_COSIGNED_LEN_MAX + 64], sig[ED25519_SIG_LEN];
	struct wr m = wr_init(msg, sizeof(msg));

	tlog_cosigned_format(&m, time_s, text);
	CHECK_OK(m.err);
	crypto_ed25519_sign(sig, seed, (struct bytes){ msg, m.len });
	tlog_note_format_sig(w, key, sig, time_s);
}

/* The text of the log's checkpoint. */
static inline struct bytes world_text(
    const struct tlog_hash *leaf, uint64_t size)
{
	uint8_t buf[1024];
	struct wr w = wr_init(buf, sizeof(buf));
	struct tlog_hash root;

	tlog_root(&root, leaf, size);
	tlog_checkpoint_format(&w, str_bytes(WORLD_ORIGIN), size, &root);
	return world_keep(&w);
}

/* A text as a note that this key has signed. */
static inline struct bytes world_signed(
    struct bytes text, const struct tlog_key *key, const uint8_t *seed)
{
	uint8_t buf[8192];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_bytes(&w, text);
	tlog_note_format_end_text(&w);
	put_log_sig(&w, text, key, seed);
	return world_keep(&w);
}

static inline struct bytes world_note(
    const struct tlog_hash *leaf, uint64_t size)
{
	return world_signed(world_text(leaf, size), &log_key, log_seed);
}

/* A note with more lines behind it. */
static inline struct bytes world_more(struct bytes note, struct bytes lines)
{
	uint8_t buf[64 * 1024];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_bytes(&w, note);
	wr_bytes(&w, lines);
	return world_keep(&w);
}

/* A body of add-checkpoint with the proof from `from`, if there is one. */
static inline struct bytes world_body(const struct tlog_hash *leaf,
    uint64_t old, uint64_t from, uint64_t size, struct bytes note)
{
	static uint8_t buf[TLOG_WITNESS_BODY_MAX + 4096];
	struct tlog_add_checkpoint req = { .old = old, .checkpoint = note };
	struct wr w = wr_init(buf, sizeof(buf));

	if (from > 0)
		tlog_consistency_path(req.proof, &req.n, leaf, size, from);
	tlog_add_checkpoint_format(&w, &req);
	return world_keep(&w);
}

/* An honest one: from the size that the witness has. */
static inline struct bytes world_grow(uint64_t old, uint64_t size)
{
	return world_body(
	    world_leaf, old, old, size, world_note(world_leaf, size));
}

#endif
