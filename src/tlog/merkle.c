/*
 * Merkle trees; see merkle.h. The verifiers follow the loops of RFC 9162,
 * sections 2.1.3.2 and 2.1.4.2, with the index checks made explicit.
 */
#include "tlog/merkle.h"

#include "base/assert.h"
#include "crypto/crypto.h"

_Static_assert(TLOG_HASH_LEN == SHA256_LEN, "trees are of SHA-256");

#define TREE_DEPTH_MAX 64 /* of a tree whose size is a size_t */

bool tlog_hash_eq(const struct tlog_hash *a, const struct tlog_hash *b)
{
	return mem_eq_ct(a->b, b->b, TLOG_HASH_LEN);
}

void tlog_leaf_hash(struct tlog_hash *out, struct bytes entry)
{
	const struct bytes part[] = { BYTES_LITERAL("\x00"), entry };

	crypto_sha256(out->b, part, 2);
}

void tlog_node_hash(struct tlog_hash *out, const struct tlog_hash *left,
    const struct tlog_hash *right)
{
	const struct bytes part[] = { BYTES_LITERAL("\x01"),
		{ left->b, TLOG_HASH_LEN }, { right->b, TLOG_HASH_LEN } };

	crypto_sha256(out->b, part, 3);
}

/*
 * Leaves are pushed one by one; after leaf i, each trailing one bit of i joins
 * the two topmost full subtrees. What is left at the end joins right to left.
 */
void tlog_root(struct tlog_hash *out, const struct tlog_hash *leaf, size_t n)
{
	struct tlog_hash stack[TREE_DEPTH_MAX];
	size_t top = 0;

	if (n == 0) {
		crypto_sha256(out->b, NULL, 0);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		stack[top++] = leaf[i];
		for (size_t bits = i; (bits & 1) != 0; bits >>= 1, top--)
			tlog_node_hash(
			    &stack[top - 2], &stack[top - 2], &stack[top - 1]);
	}
	for (; top > 1; top--)
		tlog_node_hash(
		    &stack[top - 2], &stack[top - 2], &stack[top - 1]);
	*out = stack[0];
}

enum err tlog_inclusion_verify(const struct tlog_hash *root, uint64_t size,
    uint64_t index, const struct tlog_hash *leaf, const struct tlog_hash *path,
    size_t n)
{
	struct tlog_hash r = *leaf;
	uint64_t fn = index, sn;

	if (size > TLOG_SIZE_MAX || index >= size) /* L-02, L-03 */
		return ERR_FORMAT;
	sn = size - 1;
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return ERR_FORMAT; /* more hashes than levels */
		if ((fn & 1) != 0 || fn == sn) {
			tlog_node_hash(&r, &path[i], &r);
			/* Levels at which the right edge has no sibling. */
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			tlog_node_hash(&r, &r, &path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return ERR_FORMAT; /* fewer hashes than levels */
	return tlog_hash_eq(&r, root) ? ERR_OK : ERR_AUTH;
}

/* Equal sizes, or an empty old tree: no proof is needed, none is allowed. */
static enum err consistency_trivial(const struct tlog_hash *old_root,
    const struct tlog_hash *new_root, uint64_t old_size, bool equal, size_t n)
{
	struct tlog_hash empty;

	if (n != 0)
		return ERR_FORMAT;
	tlog_root(&empty, NULL, 0);
	if (old_size == 0 && !tlog_hash_eq(old_root, &empty))
		return ERR_AUTH;
	if (equal && !tlog_hash_eq(old_root, new_root))
		return ERR_AUTH;
	return ERR_OK;
}

enum err tlog_consistency_verify(const struct tlog_hash *old_root,
    uint64_t old_size, const struct tlog_hash *new_root, uint64_t new_size,
    const struct tlog_hash *proof, size_t n)
{
	uint64_t fn, sn;
	struct tlog_hash fr, sr; /* the roots that come out: old, new */
	size_t i = 0;

	if (new_size > TLOG_SIZE_MAX || old_size > new_size)
		return ERR_FORMAT;
	if (old_size == 0 || old_size == new_size)
		return consistency_trivial(
		    old_root, new_root, old_size, old_size == new_size, n);
	/* Start at the lowest full subtree on the old tree's right edge; when
	 * the old tree is one full subtree, it is the start itself. */
	if ((old_size & (old_size - 1)) == 0)
		fr = *old_root;
	else if (n == 0)
		return ERR_FORMAT;
	else
		fr = proof[i++];
	sr = fr;
	fn = old_size - 1;
	sn = new_size - 1;
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	for (; i < n; i++) {
		if (sn == 0)
			return ERR_FORMAT;
		if ((fn & 1) != 0 || fn == sn) {
			tlog_node_hash(&fr, &proof[i], &fr);
			tlog_node_hash(&sr, &proof[i], &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			tlog_node_hash(&sr, &sr, &proof[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return ERR_FORMAT;
	if (!tlog_hash_eq(&fr, old_root) || !tlog_hash_eq(&sr, new_root))
		return ERR_AUTH;
	return ERR_OK;
}

/* The largest power of two below n, for n > 1. */
static size_t split(size_t n)
{
	size_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

/* The paths are found from the root down; proofs run from the leaf up. */
static void reverse(struct tlog_hash *h, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct tlog_hash t = h[i];

		h[i] = h[n - 1 - i];
		h[n - 1 - i] = t;
	}
}

void tlog_inclusion_path(struct tlog_hash path[TLOG_PATH_MAX], size_t *n,
    const struct tlog_hash *leaf, size_t size, size_t index)
{
	assert(index < size);
	*n = 0;
	while (size > 1) {
		size_t k = split(size);

		if (index < k) {
			tlog_root(&path[(*n)++], leaf + k, size - k);
			size = k;
		} else {
			tlog_root(&path[(*n)++], leaf, k);
			leaf += k;
			index -= k;
			size -= k;
		}
	}
	reverse(path, *n);
}

void tlog_consistency_path(struct tlog_hash proof[TLOG_PATH_MAX], size_t *n,
    const struct tlog_hash *leaf, size_t size, size_t old_size)
{
	bool whole = true; /* is the old part still the whole old tree? */

	assert(old_size > 0 && old_size <= size);
	*n = 0;
	while (old_size < size) {
		size_t k = split(size);

		if (old_size <= k) {
			tlog_root(&proof[(*n)++], leaf + k, size - k);
			size = k;
		} else {
			tlog_root(&proof[(*n)++], leaf, k);
			leaf += k;
			old_size -= k;
			size -= k;
			whole = false;
		}
	}
	if (!whole)
		tlog_root(&proof[(*n)++], leaf, size);
	reverse(proof, *n);
}
