/*
 * Entries of a public log of another kind, Rekor v2: its checkpoints and its
 * proofs of inclusion are those of C2SP, so the log alone can be checked. What
 * is in its entries is none of our business.
 */
#include "tlog_vectors.h"

#include "tlog/policy.h"
#include "tlog/proof.h"

#define DIR      "tlog/sigstore/"
#define ROOTS    DIR "roots/ed6a9cf4e7c2.json"
#define LOG_NAME "log2025-alpha1.rekor.sigstage.dev"
#define NOW      1760000000             /* no time is in these checkpoints */
#define SPKI_LEN (12 + ED25519_PUB_LEN) /* DER: 12 bytes, then the key */

/* The log's key is the last one listed. */
static struct tlog_policy policy_of_the_log(void)
{
	static uint8_t text[512];
	struct json list, log = { 0 }, key;
	struct json file = load(ROOTS);
	struct wr w = wr_init(text, sizeof(text));
	uint8_t spki[SPKI_LEN];
	struct tlog_policy p;
	struct json_iter it;
	size_t n;

	list = member(&file, "tlogs");
	it = json_iter(&list);
	while (json_next(&it, NULL, &log)) {
	}
	key = member(&log, "publicKey");
	CHECK_OK(base64_decode(
	    spki, sizeof(spki), &n, member_bytes(&key, "rawBytes")));
	CHECK_EQ(n, sizeof(spki));
	wr_str(&w, "log ");
	tlog_vkey_format(
	    &w, str_bytes(LOG_NAME), TLOG_KEY_ED25519, spki + n - 32);
	wr_str(&w, "\nquorum none\n");
	CHECK_OK(w.err);
	CHECK_OK(
	    tlog_policy_parse(&p, (struct bytes){ text, w.len }, true, NULL));
	return p;
}

/* The entry of a bundle, whose JSON writes numbers as strings. */
struct logged {
	struct bytes checkpoint, body;
	struct tlog_proof proof;
};

static void read_logged(struct logged *out, const char *name)
{
	static uint8_t body[16384];
	struct json v, hashes, h;
	struct json_iter it;
	char path[256];
	size_t n;

	(void)snprintf(path, sizeof(path), DIR "bundles/%s.json", name);
	v = load(path);
	v = member(&v, "verificationMaterial");
	v = member(&v, "tlogEntries");
	it = json_iter(&v);
	CHECK(json_next(&it, NULL, &v));
	CHECK_OK(base64_decode(
	    body, sizeof(body), &n, member_bytes(&v, "canonicalizedBody")));
	*out = (struct logged){ .body = { body, n } };
	v = member(&v, "inclusionProof");
	out->proof.index = strtoull(str(&v, "logIndex", NULL), NULL, 10);
	hashes = member(&v, "hashes");
	it = json_iter(&hashes);
	while (json_next(&it, NULL, &h)) {
		uint8_t text[64];
		size_t len;

		CHECK(out->proof.n < TLOG_PATH_MAX);
		CHECK_OK(json_string(&h, text, sizeof(text), &n));
		CHECK_OK(base64_decode(out->proof.path[out->proof.n++].b,
		    TLOG_HASH_LEN, &len, (struct bytes){ text, n }));
	}
	v = member(&v, "checkpoint");
	out->checkpoint = member_bytes(&v, "envelope");
}

static enum err verify(const struct tlog_policy *p, struct logged *l)
{
	static uint8_t file[8192];
	struct wr w = wr_init(file, sizeof(file));
	struct tlog_included in;
	enum err e;

	l->proof.checkpoint = l->checkpoint;
	tlog_proof_format(&w, &l->proof);
	CHECK_OK(w.err);
	e = tlog_proof_verify(
	    &in, p, NOW, l->body, (struct bytes){ file, w.len }, NULL);
	if (e == ERR_OK) {
		CHECK_EQ(in.index, 735);
		CHECK_EQ(in.head.size, 736);
	}
	return e;
}

TEST(entries_of_rekor_are_in_its_log)
{
	/* With cosignatures of witnesses that nobody here knows, with a second
	 * line of the log itself in another algorithm, in any order. */
	static const char *const good[] = { "rekor2-happy-path",
		"rekor2-checkpoint-cosigned",
		"rekor2-checkpoint-multiple-cosigs",
		"rekor2-checkpoint-origin-not-first",
		"rekor2-checkpoint-two-sigs-cosigned",
		"rekor2-checkpoint-two-sigs-from-origin" };
	struct tlog_policy p = policy_of_the_log();
	struct logged l;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		read_logged(&l, good[i]);
		if (verify(&p, &l) != ERR_OK)
			fail_msg("refused: %s", good[i]);
		l.proof.index--;
		CHECK_ERR(verify(&p, &l), ERR_AUTH);
		l.proof.index++;
		l.body.len--;
		CHECK_ERR(verify(&p, &l), ERR_AUTH);
	}
}

TEST(checkpoints_that_rekor_did_not_sign_so_are_refused)
{
	static const char *const bad[] = {
		"rekor2-checkpoint-missing-log-signature_fail",
		"rekor2-checkpoint-missing-origin_fail",
		"rekor2-checkpoint-missing-root-hash_fail",
		"rekor2-checkpoint-missing-size_fail",
		"rekor2-checkpoint-no-matching-signature_fail",
	};
	struct tlog_policy p = policy_of_the_log();
	struct logged l;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		read_logged(&l, bad[i]);
		if (verify(&p, &l) == ERR_OK)
			fail_msg("accepted: %s", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_of_rekor_are_in_its_log),
		cmocka_unit_test(
		    checkpoints_that_rekor_did_not_sign_so_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
