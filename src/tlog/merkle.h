/*
 * Merkle trees of RFC 6962 / RFC 9162 section 2.1 over SHA-256: hashes, roots,
 * inclusion and consistency proofs. Requirements L-01..L-05 of docs/log.md.
 * Proofs are arrays of whole hashes, so a hash of another length cannot be
 * expressed here; who parses one refuses it.
 */
#ifndef CONFER_TLOG_MERKLE_H
#define CONFER_TLOG_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define TLOG_HASH_LEN 32
#define TLOG_SIZE_MAX INT64_MAX /* trees stay below 2^63 entries */
#define TLOG_PATH_MAX 63        /* hashes of a proof in such a tree */

struct tlog_hash {
	uint8_t b[TLOG_HASH_LEN];
};

bool tlog_hash_eq(const struct tlog_hash *a, const struct tlog_hash *b);

/* SHA-256(0x00 || entry). */
void tlog_leaf_hash(struct tlog_hash *out, struct bytes entry);

/* SHA-256(0x01 || left || right). out may be left or right. */
void tlog_node_hash(struct tlog_hash *out, const struct tlog_hash *left,
    const struct tlog_hash *right);

/* Root of n leaf hashes; n == 0 gives SHA-256 of nothing. */
void tlog_root(struct tlog_hash *out, const struct tlog_hash *leaf, size_t n);

/*
 * Is `leaf` the leaf hash of entry `index` in the tree (size, root)? The path
 * is the leaf's sibling first and must have exactly the expected length.
 * ERR_FORMAT: index >= size, size > TLOG_SIZE_MAX, or too few or too many
 * hashes. ERR_AUTH: the path leads to another root.
 */
enum err tlog_inclusion_verify(const struct tlog_hash *root, uint64_t size,
    uint64_t index, const struct tlog_hash *leaf, const struct tlog_hash *path,
    size_t n) __attribute__((warn_unused_result));

/*
 * Is (old_size, old_root) a prefix of (new_size, new_root)? Equal sizes need
 * equal roots and an empty proof; old_size 0 needs the empty root and an empty
 * proof. ERR_FORMAT: old_size > new_size, or a wrong number of hashes.
 * ERR_AUTH: either root does not come out.
 */
enum err tlog_consistency_verify(const struct tlog_hash *old_root,
    uint64_t old_size, const struct tlog_hash *new_root, uint64_t new_size,
    const struct tlog_hash *proof, size_t n)
    __attribute__((warn_unused_result));

/*
 * Proofs from all leaf hashes, for logs small enough to hold in memory. Both
 * write *n <= TLOG_PATH_MAX hashes. Callers ensure index < size, and
 * 0 < old_size <= size (asserted).
 */
void tlog_inclusion_path(struct tlog_hash path[TLOG_PATH_MAX], size_t *n,
    const struct tlog_hash *leaf, size_t size, size_t index);
void tlog_consistency_path(struct tlog_hash proof[TLOG_PATH_MAX], size_t *n,
    const struct tlog_hash *leaf, size_t size, size_t old_size);

#endif
