/*
 * The public test vectors of transparency logs, with the verdicts stated there.
 * They are not part of the repository; tests/vectors/tlog has our own.
 */
#include "tlog_vectors.h"

#include "base/wr.h"
#include "tlog/proof.h"

#define HASHES_MAX 128

static bool accept(const struct json *c)
{
	struct json v = member(c, "expect");

	CHECK(json_is_str(&v, "accept") || json_is_str(&v, "reject"));
	return json_is_str(&v, "accept");
}

/* Decode a hash; false if it has not 32 bytes (which a parser refuses). */
static bool hash_of(const struct json *v, struct tlog_hash *h)
{
	char text[512];
	size_t n, len;

	CHECK_OK(json_string(v, (uint8_t *)text, sizeof(text), &n));
	return base64_decode(h->b, TLOG_HASH_LEN, &len,
		   (struct bytes){ (uint8_t *)text, n }) == ERR_OK &&
	       len == TLOG_HASH_LEN;
}

static bool hash_member(
    const struct json *o, const char *name, struct tlog_hash *h)
{
	struct json v = member(o, name);

	return hash_of(&v, h);
}

static bool hashes(const struct json *o, struct tlog_hash *h, size_t *n)
{
	struct json list = member(o, "proof"), v;
	struct json_iter it = json_iter(&list);
	bool ok = true;

	for (*n = 0; json_next(&it, NULL, &v); ++*n) {
		CHECK(*n < HASHES_MAX);
		ok = hash_of(&v, &h[*n]) && ok;
	}
	return ok;
}

TEST(inclusion_cases_have_their_verdicts)
{
	struct json file = load("tlog/merkle/inclusion.json"), c;
	struct json cases = member(&file, "cases");
	struct json_iter it = json_iter(&cases);
	size_t done = 0;

	while (json_next(&it, NULL, &c)) {
		struct tlog_hash root, leaf, path[HASHES_MAX];
		size_t n;
		bool ok = hash_member(&c, "root", &root);

		ok = hash_member(&c, "leaf_hash", &leaf) && ok;
		ok = hashes(&c, path, &n) && ok;
		ok = ok && tlog_inclusion_verify(&root, num(&c, "size"),
			       num(&c, "index"), &leaf, path, n) == ERR_OK;
		if (ok != accept(&c))
			fail_msg("case %s", str(&c, "id", NULL));
		done++;
	}
	CHECK_EQ(done, 98);
}

TEST(consistency_cases_have_their_verdicts)
{
	struct json file = load("tlog/merkle/consistency.json"), c;
	struct json cases = member(&file, "cases");
	struct json_iter it = json_iter(&cases);
	size_t done = 0, short_roots = 0;

	while (json_next(&it, NULL, &c)) {
		struct tlog_hash r1, r2, proof[HASHES_MAX];
		size_t n;
		bool whole = hash_member(&c, "root1", &r1) &&
			     hash_member(&c, "root2", &r2);
		bool ok = hashes(&c, proof, &n) && whole;

		ok = ok && tlog_consistency_verify(&r1, num(&c, "size1"), &r2,
			       num(&c, "size2"), proof, n) == ERR_OK;
		if (!whole && accept(&c))
			short_roots++; /* 16-byte roots: no such thing here */
		else if (ok != accept(&c))
			fail_msg("case %s", str(&c, "id", NULL));
		done++;
	}
	CHECK_EQ(done, 98);
	CHECK_EQ(short_roots, 1);
}

/* A growing text, hashed at the end. */
static struct wr text_buf(void)
{
	static uint8_t buf[8 << 20];

	return wr_init(buf, sizeof(buf));
}

static void put_hashes(struct wr *w, const struct tlog_hash *h, size_t n)
{
	char hex[2 * TLOG_HASH_LEN + 1];

	for (size_t i = 0; i < n; i++) {
		hex_encode(hex, h[i].b, TLOG_HASH_LEN);
		wr_fmt(w, " %s", hex);
	}
	wr_u8(w, '\n');
}

static void check_digest(const struct wr *w, const char *want)
{
	struct bytes text = { w->p, w->len };
	uint8_t h[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	CHECK_OK(w->err);
	crypto_sha256(h, &text, 1);
	hex_encode(hex, h, sizeof(h));
	CHECK_STR(hex, want);
}

/*
 * Every root and proof up to 130 leaves in three digests; the digests are those
 * of accumulated.json, and each proof is verified too.
 */
TEST(prover_and_verifier_agree_up_to_130_leaves)
{
	struct tlog_hash leaf[130], root[131], path[TLOG_PATH_MAX];
	struct wr w = text_buf();
	size_t n;

	for (unsigned i = 0; i < 130; i++) {
		uint8_t b = (uint8_t)i;

		tlog_leaf_hash(&leaf[i], (struct bytes){ &b, 1 });
	}
	for (size_t s = 0; s <= 130; s++) {
		tlog_root(&root[s], leaf, s);
		wr_fmt(&w, "%zu", s);
		put_hashes(&w, &root[s], 1);
	}
	check_digest(&w, "9c67f07f906103b6bf201842a50ff0b8"
			 "c91fca9b3e211334a6b7aa3133165dec");
	w = text_buf();
	for (size_t s = 0; s <= 130; s++) {
		for (size_t i = 0; i < s; i++) {
			tlog_inclusion_path(path, &n, leaf, s, i);
			wr_fmt(&w, "%zu %zu", i, s);
			put_hashes(&w, path, n);
			CHECK_OK(tlog_inclusion_verify(
			    &root[s], s, i, &leaf[i], path, n));
		}
	}
	check_digest(&w, "893ce6eea61adc33c22c0e3a952498b7"
			 "6dfa3c282e78ac659f6fcc0ea44f9983");
	w = text_buf();
	for (size_t s = 0; s <= 130; s++) {
		for (size_t m = 1; m <= s; m++) {
			tlog_consistency_path(path, &n, leaf, s, m);
			wr_fmt(&w, "%zu %zu", m, s);
			put_hashes(&w, path, n);
			CHECK_OK(tlog_consistency_verify(
			    &root[m], m, &root[s], s, path, n));
		}
	}
	check_digest(&w, "2498232e1aebe8d1aa8d339d897fc471"
			 "f4495fe0b8a55ac08f7dae3d88bc4c2a");
}

TEST(roots_of_the_classic_tree_and_of_records_come_out)
{
	struct json file = load("tlog/merkle/roots.json"), c;
	struct json rec = member(&file, "record_i");
	struct json roots = member(&rec, "roots");
	struct json_iter it = json_iter(&roots);
	struct tlog_hash *leaf = calloc(70000, sizeof(*leaf));

	assert_non_null(leaf);
	for (int i = 0; i < 70000; i++) {
		char text[32];
		int n = snprintf(text, sizeof(text), "record %d", i);

		tlog_leaf_hash(
		    &leaf[i], (struct bytes){ (uint8_t *)text, (size_t)n });
	}
	while (json_next(&it, NULL, &c)) {
		char *want = str(&c, "root", NULL);
		char hex[2 * TLOG_HASH_LEN + 1];
		struct tlog_hash root;

		CHECK(num(&c, "size") <= 70000);
		tlog_root(&root, leaf, (size_t)num(&c, "size"));
		hex_encode(hex, root.b, TLOG_HASH_LEN);
		CHECK_STR(hex, want);
	}
	free(leaf);
}

/* Parse up to 16 vkeys; those of a type that we refuse must not occur. */
static size_t vkeys(const struct json *o, struct tlog_key *key)
{
	struct json list = member(o, "vkeys"), v;
	struct json_iter it = json_iter(&list);
	size_t n = 0;

	while (json_next(&it, NULL, &v)) {
		char *s = keep(malloc(v.text.len));
		size_t len;

		CHECK(n < 16);
		CHECK_OK(json_string(&v, (uint8_t *)s, v.text.len, &len));
		CHECK_OK(tlog_vkey_parse(
		    &key[n++], (struct bytes){ (uint8_t *)s, len }, NULL));
	}
	return n;
}

static struct bytes note_of(const struct json *c)
{
	struct json v;
	size_t n;
	char *s;

	if (json_get(c, "note", &v)) {
		s = str(c, "note", &n);
	} else {
		char *hex = str(c, "note_hex", &n);

		s = keep(malloc(n / 2));
		n /= 2;
		CHECK_OK(hex_decode(
		    (uint8_t *)s, n, (struct bytes){ (uint8_t *)hex, 2 * n }));
	}
	return (struct bytes){ (uint8_t *)s, n };
}

TEST(signed_notes_have_their_verdicts)
{
	struct json file = load("tlog/note/signed_note.json"), c;
	struct json cases = member(&file, "cases");
	struct json_iter it = json_iter(&cases);
	size_t done = 0;

	while (json_next(&it, NULL, &c)) {
		struct tlog_seen seen[16];
		struct tlog_key key[16];
		struct tlog_note note;
		struct json verified, v;
		size_t n = vkeys(&c, key), ok = 0, want = 0;
		bool good =
		    tlog_note_parse(&note, note_of(&c), NULL) == ERR_OK &&
		    tlog_note_verify(
			seen, &note, key, n, TLOG_TIME_MAX, NULL) == ERR_OK;

		if (good != accept(&c))
			fail_msg("case %s", str(&c, "id", NULL));
		done++;
		if (!good)
			continue;
		verified = member(&c, "verified");
		struct json_iter vi = json_iter(&verified);

		while (json_next(&vi, NULL, &v))
			want++;
		for (size_t i = 0; i < n; i++)
			ok += seen[i].ok;
		CHECK_EQ(ok, want);
	}
	CHECK_EQ(done, 30);
}

static enum err parse_str(const char *s, size_t n)
{
	struct tlog_key key;

	return tlog_vkey_parse(
	    &key, (struct bytes){ (const uint8_t *)s, n }, NULL);
}

TEST(vkeys_have_their_verdicts_and_one_spelling)
{
	struct json file = load("tlog/note/signed_note.json"), v;
	struct json list = member(&file, "vkeys_good");
	struct json_iter it = json_iter(&list);
	char s[256];
	size_t n;

	while (json_next(&it, NULL, &v)) {
		uint8_t again[256];
		struct wr w = wr_init(again, sizeof(again));
		struct tlog_key key;

		CHECK_OK(json_string(&v, (uint8_t *)s, sizeof(s), &n));
		CHECK_OK(tlog_vkey_parse(
		    &key, (struct bytes){ (uint8_t *)s, n }, NULL));
		tlog_vkey_format(&w, key.name, key.type, key.pub);
		CHECK_EQ(w.len, n);
		CHECK_MEM(again, s, n);
	}
	list = member(&file, "vkeys_bad");
	it = json_iter(&list);
	while (json_next(&it, NULL, &v)) {
		char *bad = str(&v, "vkey", &n);

		if (parse_str(bad, n) == ERR_OK)
			fail_msg("accepted %s", bad);
	}
}

TEST(vkey_rejects_every_substring_and_every_changed_byte)
{
	static const char good[] = "PeterNeumann+c74f20a3+"
				   "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
				   "LDE4izWy10TW";
	const size_t len = sizeof(good) - 1;
	char s[sizeof(good)];

	CHECK_OK(parse_str(good, len));
	for (size_t from = 0; from < len; from++) {
		for (size_t to = from; to <= len; to++) {
			if (to - from < len)
				CHECK(parse_str(good + from, to - from) !=
				      ERR_OK);
		}
	}
	for (size_t i = 0; i < len; i++) {
		memcpy(s, good, len);
		s[i]++;
		CHECK(parse_str(s, len) != ERR_OK);
	}
}

TEST(checkpoint_bodies_have_their_verdicts)
{
	struct json file = load("tlog/note/checkpoint.json"), c;
	struct json cases = member(&file, "cases");
	struct json_iter it = json_iter(&cases);
	size_t done = 0;

	while (json_next(&it, NULL, &c)) {
		struct tlog_checkpoint cp;
		size_t n;
		char *body = str(&c, "body", &n);
		bool ok =
		    tlog_checkpoint_parse(&cp,
			(struct bytes){ (uint8_t *)body, n }, NULL) == ERR_OK;

		if (ok != accept(&c))
			fail_msg("case %s", str(&c, "id", NULL));
		done++;
	}
	CHECK_EQ(done, 20);
}

/* Exactly the listed lines verify, apart from types we do not know. */
static void check_real(const struct json *c)
{
	struct json list = member(c, "expect_verified"), v;
	struct json_iter it = json_iter(&list);
	struct tlog_seen seen[16];
	struct tlog_key key[16];
	struct tlog_checkpoint cp;
	struct tlog_note note;
	size_t n = vkeys(c, key), len, ok = 0, want = 0;
	char *text = str(c, "checkpoint", &len);
	enum err e;

	CHECK_OK(tlog_note_parse(
	    &note, (struct bytes){ (uint8_t *)text, len }, NULL));
	CHECK_EQ(note.n, num(c, "signature_lines"));
	CHECK_OK(tlog_checkpoint_parse(&cp, note.text, NULL));
	e = tlog_note_verify(seen, &note, key, n, TLOG_TIME_MAX, NULL);
	while (json_next(&it, NULL, &v)) {
		struct json type = member(&v, "type"), t;
		char *name = str(&v, "name", NULL);
		char *id = str(&v, "key_id", NULL);

		if (json_is_str(&type, "ed25519") ||
		    json_is_str(&type, "cosignature/v1")) {
			size_t k = 0;

			want++;
			while (k < n && !(mem_eq_str(key[k].name, name) &&
					    key[k].id == strtoul(id, NULL, 16)))
				k++;
			CHECK(k < n && seen[k].ok);
			t = member(&v, "time");
			if (t.type == JSON_NUMBER)
				CHECK_EQ(seen[k].time, num(&v, "time"));
		}
	}
	for (size_t i = 0; i < n; i++)
		ok += seen[i].ok;
	CHECK_EQ(ok, want);
	CHECK_ERR(e, want > 0 ? ERR_OK : ERR_AUTH);
}

TEST(real_checkpoints_verify_exactly_where_they_should)
{
	struct json file = load("tlog/note/real_checkpoints.json"), c;
	struct json list = member(&file, "checkpoints");
	struct json_iter it = json_iter(&list);
	size_t done = 0;

	for (; json_next(&it, NULL, &c); done++)
		check_real(&c);
	CHECK_EQ(done, 7);
}

TEST(a_real_fork_is_seen)
{
	struct json file = load("tlog/note/real_checkpoints.json");
	struct json fork = member(&file, "fork_from_golang_mod"), v;
	struct json list = member(&fork, "proof_given");
	struct json_iter it = json_iter(&list);
	struct tlog_checkpoint cp[2];
	struct tlog_hash proof[16];
	struct tlog_key key;
	size_t n = 0, len;
	char *vkey = str(&fork, "vkey", &len);

	CHECK_OK(tlog_vkey_parse(
	    &key, (struct bytes){ (uint8_t *)vkey, len }, NULL));
	for (int i = 0; i < 2; i++) {
		char *text = str(&fork, i == 0 ? "size5" : "size6", &len);
		struct tlog_note note;
		struct tlog_seen seen;

		CHECK_OK(tlog_note_parse(
		    &note, (struct bytes){ (uint8_t *)text, len }, NULL));
		CHECK_OK(tlog_note_verify(&seen, &note, &key, 1, 0, NULL));
		CHECK_OK(tlog_checkpoint_parse(&cp[i], note.text, NULL));
	}
	while (json_next(&it, NULL, &v))
		CHECK(n < 16 && hash_of(&v, &proof[n++]));
	CHECK(tlog_consistency_verify(&cp[0].root, cp[0].size, &cp[1].root,
		  cp[1].size, proof, n) != ERR_OK);
}

/* [L-11] Nobody here verifies ML-DSA: its lines are read, and never count. */
TEST(mldsa44_lines_are_unknown)
{
	struct json file = load("tlog/note/mldsa44.json"), c;
	struct json cases = member(&file, "cases");
	struct json_iter it = json_iter(&cases);
	const struct bytes vkey[] = { member_bytes(&file, "log_vkey"),
		member_bytes(&file, "witness_vkey") };
	struct tlog_policy policy;
	struct tlog_seen seen[2];
	struct tlog_key key[2];
	struct tlog_head head;
	char text[8192];
	size_t done = 0;

	for (size_t i = 0; i < 2; i++) {
		CHECK_OK(tlog_vkey_parse(&key[i], vkey[i], NULL));
		CHECK_EQ(key[i].type, TLOG_KEY_MLDSA44);
	}
	(void)snprintf(text, sizeof(text),
	    "log %.*s\nwitness w %.*s\nquorum w\n", (int)vkey[0].len,
	    (const char *)vkey[0].p, (int)vkey[1].len, (const char *)vkey[1].p);
	CHECK_OK(tlog_policy_parse(&policy, str_bytes(text), false, NULL));
	for (; json_next(&it, NULL, &c); done++) {
		struct bytes note = member_bytes(&c, "note");
		struct tlog_note parsed;

		CHECK_OK(tlog_note_parse(&parsed, note, NULL));
		CHECK_EQ(parsed.n, 2);
		CHECK_ERR(tlog_note_verify(
			      seen, &parsed, key, 2, TLOG_TIME_MAX, NULL),
		    ERR_AUTH);
		CHECK(!seen[0].ok && !seen[1].ok);
		CHECK_ERR(tlog_checkpoint_verify(
			      &head, &policy, 1789999999, note, NULL),
		    ERR_AUTH);
	}
	CHECK_EQ(done, 6);
}

TEST(trust_policies_have_their_verdicts)
{
	struct json file = load("tlog/witness/policy.json"), c;
	struct json cases = member(&file, "cases");
	struct json_iter it = json_iter(&cases);
	size_t done = 0;

	for (; json_next(&it, NULL, &c); done++) {
		struct json expect = member(&c, "expect");
		struct tlog_policy p;
		size_t n;
		char *text = str(&c, "policy", &n);
		bool ok =
		    tlog_policy_parse(&p, (struct bytes){ (uint8_t *)text, n },
			true, NULL) == ERR_OK;

		if (!json_is_str(&expect, "accept-or-reject") &&
		    ok != accept(&c))
			fail_msg("case %s", str(&c, "name", NULL));
	}
	CHECK_EQ(done, 24);
}

TEST(release_log_proofs_have_their_verdicts)
{
	struct json file = load("tlog/proof/release_log_cases.json"), c;
	struct json cases = member(&file, "cases");
	struct json_iter it = json_iter(&cases);
	struct tlog_policy policy;
	size_t n, done = 0, accepted = 0;
	char *text = str(&file, "policy", &n);

	CHECK_OK(tlog_policy_parse(
	    &policy, (struct bytes){ (uint8_t *)text, n }, false, NULL));
	for (; json_next(&it, NULL, &c); done++) {
		struct tlog_included in;
		struct err_ctx ctx = { 0 };
		size_t leaf_len, proof_len;
		char *leaf = str(&c, "leaf", &leaf_len);
		char *proof = str(&c, "proof", &proof_len);
		enum err e = tlog_proof_verify(&in, &policy, num(&c, "now"),
		    (struct bytes){ (uint8_t *)leaf, leaf_len },
		    (struct bytes){ (uint8_t *)proof, proof_len }, &ctx);

		if ((e == ERR_OK) != accept(&c))
			fail_msg("case %s: %s", str(&c, "id", NULL), ctx.msg);
		CHECK((e == ERR_OK) == (ctx.msg[0] == '\0'));
		accepted += e == ERR_OK;
	}
	CHECK_EQ(done, 58);
	CHECK_EQ(accepted, 14);
}

TEST(proof_files_have_their_verdicts_and_one_spelling)
{
	struct json file = load("tlog/proof/format.json"), c;
	struct json list = member(&file, "marshal");
	struct json_iter it = json_iter(&list);
	struct tlog_proof proof;
	uint8_t again[4096];
	size_t n, done = 0;

	for (; json_next(&it, NULL, &c); done++) {
		struct wr w = wr_init(again, sizeof(again));
		char *text = str(&c, "file", &n);

		CHECK_OK(tlog_proof_parse(
		    &proof, (struct bytes){ (uint8_t *)text, n }, NULL));
		CHECK_EQ(proof.index, num(&c, "index"));
		tlog_proof_format(&w, &proof);
		CHECK_EQ(w.len, n);
		CHECK_MEM(again, text, n);
	}
	CHECK_EQ(done, 3);
	list = member(&file, "reject");
	it = json_iter(&list);
	for (done = 0; json_next(&it, NULL, &c); done++) {
		char text[512];

		CHECK_OK(json_string(&c, (uint8_t *)text, sizeof(text), &n));
		CHECK(
		    tlog_proof_parse(&proof,
			(struct bytes){ (uint8_t *)text, n }, NULL) != ERR_OK);
	}
	CHECK_EQ(done, 7);
}

/* Build a policy from a vkeys file: the log, and a quorum of k witnesses. */
static struct bytes policy_text(const char *vkey_file, unsigned k)
{
	static char text[32768];
	size_t len, n = 0, line = 0;
	char *keys = keep(read_file(vector_path(vkey_file), &len));
	char group[512] = "";

	for (char *s = keys, *lf; (lf = strchr(s, '\n')) != NULL; s = lf + 1) {
		*lf = '\0';
		const char *b64 = strchr(strchr(s, '+') + 1, '+') + 1;

		if (b64[0] == 'A') { /* type 1 */
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "log %s\n", s);
			continue;
		}
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "witness w%zu %s\n", line, s);
		snprintf(group + strlen(group), 16, " w%zu", line++);
	}
	n += (size_t)snprintf(text + n, sizeof(text) - n,
	    "group all-of-them %u%s\nquorum all-of-them\n", k, group);
	return (struct bytes){ (uint8_t *)text, n };
}

TEST(a_real_proof_of_7341_entries_verifies_with_its_seven_witnesses)
{
	struct bytes text = policy_text("tlog/proof/real7271/vkeys", 7);
	struct tlog_included in;
	struct tlog_policy policy;
	struct err_ctx ctx = { 0 };
	struct bytes leaf, proof;
	uint64_t newest;

	if (tlog_policy_parse(&policy, text, false, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	leaf = load_bytes("tlog/proof/real7271/leaf.bin");
	proof = load_bytes("tlog/proof/real7271/proof.tlog-proof");
	if (tlog_proof_verify(&in, &policy, 1786700000, leaf, proof, &ctx) !=
	    ERR_OK)
		fail_msg("%s", ctx.msg);
	CHECK_EQ(in.index, 7271);
	CHECK_EQ(in.head.size, 7341);
	newest = in.head.time;
	CHECK_OK(tlog_proof_verify(
	    &in, &policy, newest + TLOG_FRESH_S, leaf, proof, NULL));
	CHECK_ERR(tlog_proof_verify(&in, &policy, newest + TLOG_FRESH_S + 1,
		      leaf, proof, NULL),
	    ERR_EXPIRED);
	/* ML-DSA lines do not count yet: eight are not to be had. */
	text = policy_text("tlog/proof/real7271/vkeys", 8);
	CHECK_OK(tlog_policy_parse(&policy, text, false, NULL));
	CHECK_ERR(tlog_proof_verify(&in, &policy, newest, leaf, proof, NULL),
	    ERR_POLICY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inclusion_cases_have_their_verdicts),
		cmocka_unit_test(consistency_cases_have_their_verdicts),
		cmocka_unit_test(prover_and_verifier_agree_up_to_130_leaves),
		cmocka_unit_test(
		    roots_of_the_classic_tree_and_of_records_come_out),
		cmocka_unit_test(signed_notes_have_their_verdicts),
		cmocka_unit_test(vkeys_have_their_verdicts_and_one_spelling),
		cmocka_unit_test(
		    vkey_rejects_every_substring_and_every_changed_byte),
		cmocka_unit_test(checkpoint_bodies_have_their_verdicts),
		cmocka_unit_test(
		    real_checkpoints_verify_exactly_where_they_should),
		cmocka_unit_test(a_real_fork_is_seen),
		cmocka_unit_test(mldsa44_lines_are_unknown),
		cmocka_unit_test(trust_policies_have_their_verdicts),
		cmocka_unit_test(release_log_proofs_have_their_verdicts),
		cmocka_unit_test(
		    proof_files_have_their_verdicts_and_one_spelling),
		cmocka_unit_test(
		    a_real_proof_of_7341_entries_verifies_with_its_seven_witnesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
