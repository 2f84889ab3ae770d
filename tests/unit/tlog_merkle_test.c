/* Merkle trees: proofs of the second implementation, and every wrong one. */
#include "tlog_vectors.h"

#include "tlog/merkle.h"

#define LEAVES 12

static struct tlog_hash leaf[LEAVES];

static int setup(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < LEAVES; i++)
		tlog_leaf_hash(&leaf[i], (struct bytes){ &i, 1 });
	return 0;
}

/* The hashes of a JSON array of hex strings. */
static size_t hex_list(
    const struct json *o, const char *name, struct tlog_hash *h)
{
	struct json list = member(o, name), v;
	struct json_iter it = json_iter(&list);
	size_t n = 0, len;
	char text[65];

	for (; json_next(&it, NULL, &v); n++) {
		CHECK(n <= LEAVES);
		CHECK_OK(json_string(&v, (uint8_t *)text, 64, &len));
		text[len] = '\0';
		unhex(h[n].b, TLOG_HASH_LEN, text);
	}
	return n;
}

TEST(roots_are_those_of_the_second_implementation)
{
	struct json file = load_own("merkle.json");
	struct tlog_hash want[LEAVES + 1], root;

	CHECK_EQ(hex_list(&file, "roots", want), LEAVES + 1);
	for (size_t n = 0; n <= LEAVES; n++) {
		tlog_root(&root, leaf, n);
		CHECK(tlog_hash_eq(&root, &want[n])); /* L-01 */
	}
}

TEST(inclusion_paths_are_made_and_verified)
{
	struct json file = load_own("merkle.json"), c;
	struct json list = member(&file, "inclusion");
	struct json_iter it = json_iter(&list);
	struct tlog_hash want[LEAVES + 1], path[TLOG_PATH_MAX], root;
	size_t n, done = 0;

	for (; json_next(&it, NULL, &c); done++) {
		size_t size = num(&c, "size"), index = num(&c, "index");

		tlog_inclusion_path(path, &n, leaf, size, index);
		CHECK_EQ(hex_list(&c, "path", want), n);
		CHECK(n == 0 || memcmp(path, want, n * sizeof(path[0])) == 0);
		tlog_root(&root, leaf, size);
		CHECK_OK(tlog_inclusion_verify(
		    &root, size, index, &leaf[index], path, n));
	}
	CHECK_EQ(done, LEAVES * (LEAVES + 1) / 2);
}

TEST(consistency_proofs_are_made_and_verified)
{
	struct json file = load_own("merkle.json"), c;
	struct json list = member(&file, "consistency");
	struct json_iter it = json_iter(&list);
	struct tlog_hash want[LEAVES + 1], proof[TLOG_PATH_MAX], old, root;
	size_t n;

	while (json_next(&it, NULL, &c)) {
		size_t size = num(&c, "size"), m = num(&c, "old");

		tlog_consistency_path(proof, &n, leaf, size, m);
		CHECK_EQ(hex_list(&c, "proof", want), n);
		CHECK(n == 0 || memcmp(proof, want, n * sizeof(want[0])) == 0);
		tlog_root(&old, leaf, m);
		tlog_root(&root, leaf, size);
		CHECK_OK(
		    tlog_consistency_verify(&old, m, &root, size, proof, n));
	}
}

/* Every other (size, index, leaf, length) than the right one is refused. */
TEST(inclusion_rejects_every_other_place_length_and_leaf)
{
	struct tlog_hash path[TLOG_PATH_MAX], root;
	size_t n;

	for (size_t size = 1; size <= LEAVES; size++) {
		tlog_root(&root, leaf, size);
		for (size_t i = 0; i < size; i++) {
			tlog_inclusion_path(path, &n, leaf, size, i);
			for (size_t j = 0; j < LEAVES; j++) {
				CHECK((tlog_inclusion_verify(&root, size, j,
					   &leaf[i], path, n) == ERR_OK) ==
				      (i == j));
				CHECK((tlog_inclusion_verify(&root, size, i,
					   &leaf[j], path, n) == ERR_OK) ==
				      (i == j));
			}
			for (size_t k = 0; k <= n + 2; k++) {
				path[n] = path[n + 1] = root;
				CHECK((tlog_inclusion_verify(&root, size, i,
					   &leaf[i], path, k) == ERR_OK) ==
				      (k == n)); /* L-03 */
			}
		}
	}
}

TEST(inclusion_rejects_every_flipped_bit_of_a_path)
{
	struct tlog_hash path[TLOG_PATH_MAX], root;
	size_t n;

	tlog_root(&root, leaf, 11);
	tlog_inclusion_path(path, &n, leaf, 11, 5);
	for (size_t bit = 0; bit < n * 256; bit++) {
		path[bit / 256].b[bit % 256 / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK_ERR(
		    tlog_inclusion_verify(&root, 11, 5, &leaf[5], path, n),
		    ERR_AUTH);
		path[bit / 256].b[bit % 256 / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

TEST(consistency_rejects_every_other_size_root_and_length)
{
	struct tlog_hash root[LEAVES + 1], proof[TLOG_PATH_MAX];
	size_t n;

	for (size_t s = 0; s <= LEAVES; s++)
		tlog_root(&root[s], leaf, s);
	for (size_t s = 1; s <= LEAVES; s++) {
		for (size_t m = 1; m <= s; m++) {
			tlog_consistency_path(proof, &n, leaf, s, m);
			proof[n] = proof[n + 1] = root[s];
			for (size_t k = 0; k <= n + 2; k++)
				CHECK((tlog_consistency_verify(&root[m], m,
					   &root[s], s, proof, k) == ERR_OK) ==
				      (k == n));
			for (size_t x = 0; x <= LEAVES; x++) {
				CHECK((tlog_consistency_verify(&root[x], m,
					   &root[s], s, proof, n) == ERR_OK) ==
				      (x == m));
				CHECK((tlog_consistency_verify(&root[m], m,
					   &root[x], s, proof, n) == ERR_OK) ==
				      (x == s)); /* L-04: both roots */
			}
		}
	}
}

/* A tree of 2^63 entries cannot be, though its root could be computed. */
TEST(a_tree_has_fewer_than_2_to_the_63_entries)
{
	struct tlog_hash path[TLOG_PATH_MAX], root = leaf[0];

	for (size_t i = 0; i < TLOG_PATH_MAX; i++) {
		path[i] = leaf[i % LEAVES];
		tlog_node_hash(&root, &root, &path[i]);
		if (i == 61)
			CHECK_OK(tlog_inclusion_verify(&root, UINT64_C(1) << 62,
			    0, &leaf[0], path, i + 1));
	}
	CHECK_ERR(tlog_inclusion_verify(&root, UINT64_C(1) << 63, 0, &leaf[0],
		      path, TLOG_PATH_MAX),
	    ERR_FORMAT);
}

TEST(a_wrong_number_of_hashes_is_bad_format)
{
	struct tlog_hash old, root, proof[TLOG_PATH_MAX];
	size_t n;

	tlog_root(&old, leaf, 6);
	tlog_root(&root, leaf, 11);
	tlog_consistency_path(proof, &n, leaf, 11, 6);
	proof[n] = root;
	CHECK_ERR(tlog_consistency_verify(&old, 6, &root, 11, proof, n + 1),
	    ERR_FORMAT);
	CHECK_ERR(tlog_consistency_verify(&old, 6, &root, 11, proof, n - 1),
	    ERR_FORMAT);
	CHECK_ERR(
	    tlog_consistency_verify(&old, 6, &root, 11, proof, 0), ERR_FORMAT);
	CHECK_ERR(
	    tlog_consistency_verify(&old, 2, &old, 1, NULL, 0), ERR_FORMAT);
}

TEST(empty_old_trees_need_the_empty_root_and_no_proof)
{
	struct tlog_hash empty, root;

	tlog_root(&empty, NULL, 0);
	tlog_root(&root, leaf, 3);
	CHECK_OK(tlog_consistency_verify(&empty, 0, &root, 3, NULL, 0));
	CHECK_OK(tlog_consistency_verify(&empty, 0, &empty, 0, NULL, 0));
	CHECK_ERR(
	    tlog_consistency_verify(&root, 0, &root, 3, NULL, 0), ERR_AUTH);
	CHECK_ERR(
	    tlog_consistency_verify(&root, 0, &root, 0, NULL, 0), ERR_AUTH);
	CHECK_ERR(
	    tlog_consistency_verify(&empty, 0, &root, 0, NULL, 0), ERR_AUTH);
	CHECK_ERR(
	    tlog_consistency_verify(&empty, 0, &root, 3, leaf, 1), ERR_FORMAT);
}

TEST(sizes_and_indexes_are_never_cut_to_fewer_bits)
{
	const uint64_t high[] = { UINT64_C(1) << 32, UINT64_C(1) << 62,
		UINT64_C(1) << 63 };
	struct tlog_hash path[TLOG_PATH_MAX], root;
	size_t n;

	tlog_root(&root, leaf, 10);
	tlog_inclusion_path(path, &n, leaf, 10, 7);
	CHECK_OK(tlog_inclusion_verify(&root, 10, 7, &leaf[7], path, n));
	for (size_t i = 0; i < 3; i++) { /* L-02 */
		CHECK(tlog_inclusion_verify(
			  &root, 10, 7 + high[i], &leaf[7], path, n) != ERR_OK);
		CHECK(tlog_inclusion_verify(&root, 10 + high[i], 7 + high[i],
			  &leaf[7], path, n) != ERR_OK);
	}
	CHECK_ERR(
	    tlog_inclusion_verify(&root, UINT64_MAX, 7, &leaf[7], path, n),
	    ERR_FORMAT);
	CHECK_ERR(tlog_consistency_verify(
		      &root, UINT64_MAX, &root, UINT64_MAX, NULL, 0),
	    ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_of_the_second_implementation),
		cmocka_unit_test(inclusion_paths_are_made_and_verified),
		cmocka_unit_test(consistency_proofs_are_made_and_verified),
		cmocka_unit_test(
		    inclusion_rejects_every_other_place_length_and_leaf),
		cmocka_unit_test(inclusion_rejects_every_flipped_bit_of_a_path),
		cmocka_unit_test(
		    consistency_rejects_every_other_size_root_and_length),
		cmocka_unit_test(a_tree_has_fewer_than_2_to_the_63_entries),
		cmocka_unit_test(a_wrong_number_of_hashes_is_bad_format),
		cmocka_unit_test(
		    empty_old_trees_need_the_empty_root_and_no_proof),
		cmocka_unit_test(sizes_and_indexes_are_never_cut_to_fewer_bits),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
