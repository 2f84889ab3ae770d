/* Notes, keys and trust policies: limits, and each refusal on its own. */
#include "tlog_vectors.h"

#include "crypto/crypto_native.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/policy.h"
#include "tlog/text.h"

#define NOW 1800000000u

static const uint8_t seed[ED25519_SEED_LEN] = "a seed that anybody may know..";
static uint8_t pub[ED25519_PUB_LEN];
static struct tlog_key plain, cosigner;

static int setup(void **state)
{
	(void)state;
	CHECK_OK(crypto_init());
	crypto_ed25519_public(pub, seed);
	plain = tlog_key_make(str_bytes("log.example"), TLOG_KEY_ED25519, pub);
	cosigner =
	    tlog_key_make(str_bytes("w.example"), TLOG_KEY_COSIGNATURE, pub);
	return 0;
}

static void put_plain(struct wr *w, struct bytes text)
{
	uint8_t sig[ED25519_SIG_LEN];

	crypto_ed25519_sign(sig, seed, text);
	tlog_note_format_sig(w, &plain, sig, 0);
}

static void put_cosig(struct wr *w, struct bytes text, uint64_t time_s)
{
	static uint8_t msg[TLOG_COSIGNED_LEN_MAX + 1000];
	struct wr m = wr_init(msg, sizeof(msg));
	uint8_t sig[ED25519_SIG_LEN];

	tlog_cosigned_format(&m, time_s, text);
	CHECK_OK(m.err);
	crypto_ed25519_sign(sig, seed, (struct bytes){ msg, m.len });
	tlog_note_format_sig(w, &cosigner, sig, time_s);
}

static uint8_t buf[TLOG_NOTE_LEN_MAX + 4096];

static struct wr start(struct bytes text)
{
	struct wr w = wr_init(buf, sizeof(buf));

	wr_bytes(&w, text);
	tlog_note_format_end_text(&w);
	return w;
}

static struct bytes done(const struct wr *w)
{
	CHECK_OK(w->err);
	return (struct bytes){ w->p, w->len };
}

static enum err verify(struct tlog_seen *seen, const struct wr *w,
    const struct tlog_key *key, uint64_t latest)
{
	struct tlog_note note;
	enum err e = tlog_note_parse(&note, done(w), NULL);

	return e != ERR_OK
		   ? e
		   : tlog_note_verify(seen, &note, key, 1, latest, NULL);
}

TEST(a_note_that_we_write_verifies_until_a_byte_changes)
{
	struct bytes text = str_bytes("one\n\ntwo\n");
	struct wr w = start(text);
	struct tlog_note note;
	struct tlog_seen seen;

	put_plain(&w, text);
	CHECK_OK(verify(&seen, &w, &plain, 0));
	CHECK(seen.ok && seen.timely);
	for (size_t i = 0; i < w.len; i++) { /* L-13, L-14 */
		buf[i] ^= 1;
		CHECK(verify(&seen, &w, &plain, 0) != ERR_OK);
		buf[i] ^= 1;
	}
	for (size_t n = 0; n < w.len; n++)
		CHECK(tlog_note_parse(&note, (struct bytes){ buf, n }, NULL) !=
		      ERR_OK);
	CHECK_ERR(tlog_note_parse(&note, (struct bytes){ NULL, 0 }, NULL),
	    ERR_FORMAT);
}

TEST(a_note_is_refused_for_its_form_though_it_is_signed)
{
	static const char *const bad[] = { "a\x01\n", "a\r\n", "a\tb\n",
		"\xff\n", "\xc0\x80\n", "\xed\xa0\x80\n" };
	static const char *const lines[] = { "\xe2\x80\x94 name\n",
		"\xe2\x80\x94\n", "\xe2\x80\x94 \n", "\n", "x\n",
		"\xe2\x80\x94  AAAAAAA=\n", "- name AAAAAAA=\n",
		"\xe2\x80\x94 a+b AAAAAAA=\n",
		("\xe2\x80\x94 a\xc2\xa0"
		 "b AAAAAAA=\n") };
	struct bytes text = str_bytes("text\n");
	struct tlog_seen seen;
	struct tlog_note note;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wr w = start(str_bytes(bad[i])); /* L-06 */

		put_plain(&w, str_bytes(bad[i]));
		CHECK_ERR(verify(&seen, &w, &plain, 0), ERR_FORMAT);
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct wr w = start(text);

		put_plain(&w, text);
		wr_str(&w, lines[i]);
		CHECK_ERR(verify(&seen, &w, &plain, 0), ERR_FORMAT);
	}
	CHECK_ERR(tlog_note_parse(
		      &note, str_bytes("\n\xe2\x80\x94 name AAAAAAA=\n"), NULL),
	    ERR_FORMAT); /* no text */
}

/* The vkey of any type, with the id that belongs to it. */
static enum err parse_vkey_of(uint8_t type, size_t pub_len, const char *name)
{
	static uint8_t text[8192], blob[4096];
	static char base64[BASE64_LEN(sizeof(blob)) + 1];
	struct wr w = wr_init(text, sizeof(text));
	const struct bytes part[] = { str_bytes(name), BYTES_LITERAL("\n"),
		{ blob, 1 + pub_len } };
	struct tlog_key key;
	uint8_t h[SHA256_LEN];

	blob[0] = type;
	crypto_sha256(h, part, 3);
	base64_encode(base64, blob, 1 + pub_len);
	wr_fmt(&w, "%s+%02x%02x%02x%02x+", name, h[0], h[1], h[2], h[3]);
	wr_str(&w, base64);
	return tlog_vkey_parse(&key, done(&w), NULL);
}

TEST(a_key_has_a_known_type_and_its_exact_length)
{
	CHECK_OK(parse_vkey_of(TLOG_KEY_ED25519, 32, "n"));
	CHECK_OK(parse_vkey_of(TLOG_KEY_COSIGNATURE, 32, "n"));
	CHECK_OK(parse_vkey_of(TLOG_KEY_MLDSA44, 1312, "n")); /* L-11 */
	for (size_t n = 1; n <= 64; n++) {
		enum err want = n == 32 ? ERR_OK : ERR_FORMAT;

		CHECK_ERR(parse_vkey_of(TLOG_KEY_ED25519, n, "n"), want);
		CHECK_ERR(parse_vkey_of(TLOG_KEY_COSIGNATURE, n, "n"), want);
		CHECK_ERR(parse_vkey_of(TLOG_KEY_MLDSA44, n, "n"), ERR_FORMAT);
	}
	CHECK_ERR(parse_vkey_of(TLOG_KEY_MLDSA44, 1311, "n"), ERR_FORMAT);
	CHECK_ERR(parse_vkey_of(TLOG_KEY_MLDSA44, 1313, "n"), ERR_LIMIT);
	CHECK_ERR(parse_vkey_of(3, 32, "n"), ERR_UNSUPPORTED);
	CHECK_ERR(parse_vkey_of(7, 32, "n"), ERR_UNSUPPORTED);
	CHECK_ERR(parse_vkey_of(TLOG_KEY_ED25519, 0, "n"), ERR_FORMAT);
	CHECK_ERR(parse_vkey_of(TLOG_KEY_ED25519, 32, ""), ERR_FORMAT);
	CHECK_ERR(parse_vkey_of(TLOG_KEY_ED25519, 32, "a b"), ERR_FORMAT);
}

TEST(base64_is_padded_at_its_end_only)
{
	char text[129];
	size_t n;

	memset(text, 'A', sizeof(text));
	text[128] = '\0';
	CHECK(tlog_text_is_base64(str_bytes(text), &n) && n == 96);
	text[62] = text[63] = '=';
	CHECK(!tlog_text_is_base64(str_bytes(text), &n));
}

TEST(a_note_has_at_most_32_signatures_and_256_kib)
{
	struct bytes text = str_bytes("text\n");
	struct wr w = start(text);
	struct tlog_seen seen;
	struct tlog_note note;

	for (int i = 0; i < TLOG_NOTE_SIGS_MAX; i++)
		put_plain(&w, text);
	CHECK_OK(verify(&seen, &w, &plain, 0)); /* L-07 */
	put_plain(&w, text);
	CHECK_ERR(verify(&seen, &w, &plain, 0), ERR_LIMIT);
	memset(buf, 'x', sizeof(buf));
	CHECK_ERR(tlog_note_parse(&note,
		      (struct bytes){ buf, TLOG_NOTE_LEN_MAX + 1 }, NULL),
	    ERR_LIMIT);
}

TEST(key_names_have_no_plus_and_no_white_space_of_any_script)
{
	static const char *const bad[] = { "", "a b", "a+b", "a\tb", "a\nb",
		"a\xc2\x85", "a\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80",
		"\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
		"\xe2\x81\x9f", "\xe3\x80\x80", "\xff", "\xc0\x80", "\x01" };
	static const char *const good[] = { "a", "a/b", "\xc3\xa9",
		"\xe2\x80\x8b", "\xf0\x9f\x8c\xb3", "log.example/1" };
	char name[TLOG_KEY_NAME_LEN_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!tlog_key_name_ok(str_bytes(bad[i]))); /* L-08 */
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(tlog_key_name_ok(str_bytes(good[i])));
	memset(name, 'a', sizeof(name));
	name[TLOG_KEY_NAME_LEN_MAX] = '\0';
	CHECK(tlog_key_name_ok(str_bytes(name)));
	name[TLOG_KEY_NAME_LEN_MAX] = 'a';
	name[TLOG_KEY_NAME_LEN_MAX + 1] = '\0';
	CHECK(!tlog_key_name_ok(str_bytes(name)));
}

TEST(the_newest_usable_time_of_a_cosigner_counts)
{
	struct bytes text = str_bytes("log.example\n0\n"
				      "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS"
				      "uFU=\n");
	struct wr w = start(text);
	struct tlog_seen seen;

	put_cosig(&w, text, 500);
	put_cosig(&w, text, 900);
	put_cosig(&w, text, 700);
	CHECK_OK(verify(&seen, &w, &cosigner, 1000)); /* L-16 */
	CHECK(seen.ok && seen.timely && seen.time == 900);
	CHECK_OK(verify(&seen, &w, &cosigner, 899));
	CHECK(seen.timely && seen.time == 700);
	CHECK_OK(verify(&seen, &w, &cosigner, 499)); /* L-21 */
	CHECK(seen.ok && !seen.timely);
	CHECK_ERR(verify(&seen, &w, &plain, 1000), ERR_AUTH); /* L-12 */
}

TEST(a_time_of_2_to_the_63_does_not_verify)
{
	struct bytes text = str_bytes("text\n");
	struct wr w = start(text);
	struct tlog_seen seen;

	put_cosig(&w, text, TLOG_TIME_MAX);
	CHECK_OK(verify(&seen, &w, &cosigner, UINT64_MAX));
	w = start(text);
	put_cosig(&w, text, (uint64_t)TLOG_TIME_MAX + 1); /* L-15 */
	CHECK_ERR(verify(&seen, &w, &cosigner, UINT64_MAX), ERR_AUTH);
}

TEST(texts_too_long_for_a_cosignature_are_refused)
{
	static char text[TLOG_COSIGNED_LEN_MAX + 2];
	struct tlog_seen seen;
	struct wr w;

	memset(text, 'x', sizeof(text) - 2);
	text[TLOG_COSIGNED_LEN_MAX - 1] = '\n';
	w = start(str_bytes(text));
	put_cosig(&w, str_bytes(text), 1);
	CHECK_OK(verify(&seen, &w, &cosigner, 1));
	text[TLOG_COSIGNED_LEN_MAX - 1] = 'x';
	text[TLOG_COSIGNED_LEN_MAX] = '\n';
	w = start(str_bytes(text));
	put_cosig(&w, str_bytes(text), 1);
	CHECK_ERR(verify(&seen, &w, &cosigner, 1), ERR_LIMIT);
}

TEST(a_cosignature_has_its_exact_length)
{
	struct bytes text = str_bytes("text\n");
	uint8_t blob[4 + 8 + ED25519_SIG_LEN + 1] = { 0 }, raw[77];
	char base64[BASE64_LEN(sizeof(blob)) + 1];
	struct tlog_seen seen;
	struct wr w = start(text);
	size_t len;

	put_cosig(&w, text, 5);
	CHECK_OK(base64_decode(raw, sizeof(raw), &len,
	    (struct bytes){ w.p + text.len + 1 + 14, w.len - text.len - 16 }));
	CHECK_EQ(len, 76);
	memcpy(blob, raw, len);
	for (size_t n = 5; n <= sizeof(blob); n++) {
		w = start(text);
		base64_encode(base64, blob, n);
		wr_fmt(&w, "\xe2\x80\x94 w.example %s\n", base64);
		CHECK_ERR(verify(&seen, &w, &cosigner, 5),
		    n == 76 ? ERR_OK : ERR_AUTH);
	}
}

TEST(a_signature_of_a_known_key_has_its_exact_length)
{
	struct bytes text = str_bytes("text\n");
	uint8_t blob[4 + ED25519_SIG_LEN + 1] = { 0 };
	char base64[BASE64_LEN(sizeof(blob)) + 1];
	struct tlog_seen seen;
	uint8_t sig[ED25519_SIG_LEN];

	crypto_ed25519_sign(sig, seed, text);
	for (size_t n = 5; n <= sizeof(blob); n++) {
		struct wr b = wr_init(blob, sizeof(blob)), w = start(text);

		wr_u32be(&b, plain.id);
		memcpy(blob + 4, sig, sizeof(sig));
		base64_encode(base64, blob, n);
		wr_fmt(&w, "\xe2\x80\x94 log.example %s\n", base64);
		CHECK_ERR(verify(&seen, &w, &plain, 0),
		    n == 4 + ED25519_SIG_LEN ? ERR_OK : ERR_AUTH);
	}
}

TEST(base64_of_a_signature_is_canonical_and_long_enough)
{
	static const char *const bad[] = { "", "AAAA", "AAAAAA==", "AAAAA",
		"AAAAAAB=", "AAAA=AAA", "AAAAAAA=AAAA",
		"AAAAAA\xc2\xa0=", "AAAAAAA=\xe2\x80\x94" };
	struct tlog_note note;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wr w = start(str_bytes("text\n")); /* L-09 */

		wr_fmt(&w, "\xe2\x80\x94 name %s\n", bad[i]);
		CHECK_ERR(tlog_note_parse(&note, done(&w), NULL), ERR_FORMAT);
	}
	struct wr w = start(str_bytes("text\n"));

	wr_fmt(&w, "\xe2\x80\x94 name AAAAAAA=\n"); /* 5 bytes: unknown key */
	CHECK_OK(tlog_note_parse(&note, done(&w), NULL));
}

/* ---- policies ------------------------------------------------------------ */

/* A vkey of a made-up public key. */
static const char *vkey(const char *name, enum tlog_key_type type, uint8_t n)
{
	static uint8_t text[8][512];
	static unsigned turn;
	uint8_t *t = text[turn++ % 8];
	uint8_t p[ED25519_PUB_LEN] = { n, 1 };
	struct wr w = wr_init(t, 511);

	tlog_vkey_format(&w, str_bytes(name), type, p);
	CHECK_OK(w.err);
	t[w.len] = '\0';
	return (const char *)t;
}

static enum err policy(struct tlog_policy *p, const char *text, bool none)
{
	return tlog_policy_parse(p, str_bytes(text), none, NULL);
}

static void put_witnesses(struct wr *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "w%u.example", i);
		wr_fmt(w, "witness w%u %s\n", i,
		    vkey(name, TLOG_KEY_COSIGNATURE, (uint8_t)i));
	}
}

/* n witnesses w0.., then the given lines. */
static enum err with_witnesses(
    struct tlog_policy *p, unsigned n, const char *lines)
{
	static uint8_t text[16384];
	struct wr w = wr_init(text, sizeof(text));

	put_witnesses(&w, n);
	wr_str(&w, lines);
	CHECK_OK(w.err);
	return tlog_policy_parse(p, (struct bytes){ text, w.len }, false, NULL);
}

TEST(no_quorum_is_for_those_who_allow_it)
{
	struct tlog_policy p;

	CHECK_ERR(policy(&p, "quorum none\n", false), ERR_POLICY); /* L-37 */
	CHECK_EQ(p.quorum, TLOG_QUORUM_UNSET);
	CHECK_OK(policy(&p, "quorum none\n", true));
	CHECK_ERR(policy(&p, "", true), ERR_FORMAT); /* L-36 */
	CHECK_ERR(policy(&p, "quorum none\nquorum none\n", true), ERR_FORMAT);
}

TEST(a_zeroed_policy_accepts_nothing)
{
	struct tlog_policy p = { 0 };
	uint64_t when;

	CHECK(!tlog_policy_quorum(
	    &when, &p, UINT32_MAX, (uint64_t[TLOG_POLICY_WITNESSES_MAX]){ 0 }));
}

TEST(policies_have_limits)
{
	static char text[TLOG_POLICY_LEN_MAX + 2];
	struct tlog_policy p;
	struct wr w;

	CHECK_OK(with_witnesses(&p, 24, "quorum w23\n")); /* L-38 */
	CHECK_ERR(with_witnesses(&p, 25, "quorum w23\n"), ERR_LIMIT);
	w = wr_init(text, sizeof(text));
	for (unsigned i = 0; i < 8; i++)
		wr_fmt(&w, "log %s\n",
		    vkey("l.example", TLOG_KEY_ED25519, (uint8_t)i));
	wr_str(&w, "quorum none\n");
	CHECK_OK(tlog_policy_parse(&p, done(&w), true, NULL));
	wr_fmt(&w, "log %s\n", vkey("l.example", TLOG_KEY_ED25519, 9));
	CHECK_ERR(tlog_policy_parse(&p, done(&w), true, NULL), ERR_LIMIT);
	w = wr_init(text, sizeof(text));
	put_witnesses(&w, 24);
	for (unsigned i = 0; i < 24; i++)
		wr_fmt(&w, "group g%u any w%u\n", i, i);
	wr_str(&w, "quorum g23\n");
	CHECK_OK(tlog_policy_parse(&p, done(&w), false, NULL));
	wr_str(&w, "group g24 any g0\n");
	CHECK_ERR(tlog_policy_parse(&p, done(&w), false, NULL), ERR_LIMIT);
	memset(text, '#', sizeof(text));
	CHECK_ERR(
	    tlog_policy_parse(&p,
		(struct bytes){ (uint8_t *)text, TLOG_POLICY_LEN_MAX + 1 },
		true, NULL),
	    ERR_LIMIT);
}

TEST(each_rule_of_the_policy_text_has_its_refusal)
{
	static const char *const bad[] = {
		"quorum w9\n", /* not defined */
		"group g 1 w0 w0\nquorum g\n",
		"group g 3 w0 w1\nquorum g\n",
		"group g 0 w0\nquorum g\n",
		"group g 01 w0\nquorum g\n",
		"group g any\nquorum g\n",
		"group g any g\nquorum g\n",
		"group w0 any w1\nquorum w0\n",
		"group g any w0\ngroup g any w1\nquorum g\n",
		"group a any w0\ngroup b any w0\nquorum b\n",
		"group a any w0\ngroup b any a\ngroup c any a\nquorum c\n",
		"group all any w0\nquorum all\n",
		"quorum w0 w1\n",
		"quorum w0 # c\n",
		"Quorum w0\n",
		"quorum w0\x7f\n",
		"quorum w0\r\n",
		"# \xff\nquorum w0\n",
		"witness any %s\nquorum any\n",
		"witness a+b %s\nquorum a+b\n",
		"witness w9 %s url more\nquorum w9\n",
		"log %s\nquorum w0\n",
		("log l+00000000+Af8wUcEYQpUbwEfJ28Ukq/FylVG11p0uLTgBjS5O8GB+\n"
		 "quorum w0\n"),
		"# \x7f\nquorum w0\n",
		"witness none w+00000000+AA==\nquorum w0\n",
		"witness x\nquorum w0\n",
		"log\nquorum w0\n",
	};
	struct tlog_policy p;

	CHECK_OK(with_witnesses(&p, 3, "quorum w0"));
	CHECK_OK(with_witnesses(
	    &p, 3, "group a any w0\n\tgroup  b all a w1 \nquorum\tb\n"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[1024];

		(void)snprintf(text, sizeof(text), bad[i],
		    vkey("w9.example", TLOG_KEY_COSIGNATURE, 9));
		if (with_witnesses(&p, 3, text) == ERR_OK)
			fail_msg("accepted %s", text); /* L-33, L-35 */
		CHECK_EQ(p.n_witnesses, 0);            /* zeroed on failure */
	}
}

TEST(a_key_stands_once_and_a_witness_has_no_name_of_a_log)
{
	static char text[2048];
	struct tlog_policy p;
	const struct {
		const char *log, *witness;
		uint8_t key;
		enum err want;
	} c[] = {
		{ "l.example", "w.example", 2, ERR_OK },
		{ "l.example", "w.example", 1, ERR_FORMAT }, /* L-34 */
		{ "l.example", "l.example", 2, ERR_FORMAT }, /* L-20 */
	};

	for (size_t i = 0; i < 3; i++) {
		for (int swap = 0; swap < 2; swap++) {
			const char *log = vkey(c[i].log, TLOG_KEY_ED25519, 1);
			const char *wit =
			    vkey(c[i].witness, TLOG_KEY_COSIGNATURE, c[i].key);

			(void)snprintf(text, sizeof(text),
			    swap ? "witness w %s\nlog %s\nquorum w\n"
				 : "log %2$s\nwitness w %1$s\nquorum w\n",
			    wit, log);
			CHECK_ERR(policy(&p, text, false), c[i].want);
		}
	}
}

TEST(urls_and_names_are_kept_and_bad_keys_keep_their_reason)
{
	char text[2048];
	struct tlog_policy p;

	(void)snprintf(text, sizeof(text),
	    "log %s\thttps://l.example/ \nwitness w %s https://w.example/\n"
	    "quorum w\n",
	    vkey("l.example", TLOG_KEY_ED25519, 1),
	    vkey("w.example", TLOG_KEY_COSIGNATURE, 2));
	CHECK_OK(policy(&p, text, false));
	CHECK(mem_eq_str(p.log[0].url, "https://l.example/"));
	CHECK(mem_eq_str(p.witness[0].url, "https://w.example/"));
	CHECK(mem_eq_str(p.witness[0].name, "w"));
	CHECK(mem_eq_str(p.witness[0].key.name, "w.example"));
	text[4] = 'x';
	CHECK_ERR(policy(&p, text, false), ERR_AUTH);
}

TEST(keys_of_a_wrong_type_are_refused)
{
	char text[2048];
	struct tlog_policy p;

	(void)snprintf(text, sizeof(text), "log %s\nquorum none\n",
	    vkey("l.example", TLOG_KEY_COSIGNATURE, 1));
	CHECK_ERR(policy(&p, text, true), ERR_FORMAT); /* L-32 */
	(void)snprintf(text, sizeof(text), "witness w %s\nquorum w\n",
	    vkey("w.example", TLOG_KEY_ED25519, 1));
	CHECK_ERR(policy(&p, text, true), ERR_FORMAT);
}

TEST(the_quorum_time_is_the_kth_newest_through_nested_groups)
{
	const uint64_t time[TLOG_POLICY_WITNESSES_MAX] = { 10, 50, 30, 40, 20 };
	struct tlog_policy p;
	uint64_t when;

	CHECK_OK(with_witnesses(&p, 5, "quorum w2\n"));
	CHECK(tlog_policy_quorum(&when, &p, 0x04, time) && when == 30);
	CHECK(!tlog_policy_quorum(&when, &p, 0x1b, time));
	for (unsigned k = 1; k <= 5; k++) {
		static const uint64_t want[] = { 50, 40, 30, 20, 10 };
		char text[64];

		(void)snprintf(text, sizeof(text),
		    "group g %u w0 w1 w2 w3 w4\nquorum g\n", k);
		CHECK_OK(with_witnesses(&p, 5, text)); /* L-23 */
		CHECK(tlog_policy_quorum(&when, &p, 0x1f, time));
		CHECK_EQ(when, want[k - 1]);
		CHECK_EQ(tlog_policy_quorum(&when, &p, 0x15, time), k <= 3);
	}
	/* one of {w0 w1} and one of {w2, both of {w3 w4}} */
	CHECK_OK(with_witnesses(&p, 5,
	    "group a any w0 w1\ngroup b all w3 w4\ngroup c any w2 b\n"
	    "group d all a c\nquorum d\n"));
	CHECK(tlog_policy_quorum(&when, &p, 0x1f, time) && when == 30);
	CHECK(tlog_policy_quorum(&when, &p, 0x1b, time) && when == 20);
	CHECK(!tlog_policy_quorum(&when, &p, 0x0b, time));
	CHECK(!tlog_policy_quorum(&when, &p, 0x1c, time));
}

/* ---- checkpoints --------------------------------------------------------- */

static struct tlog_policy local;
static char local_text[512];

static void make_local(void)
{
	uint8_t text[256];
	struct wr w = wr_init(text, sizeof(text));

	tlog_vkey_format(&w, plain.name, TLOG_KEY_ED25519, pub);
	(void)snprintf(local_text, sizeof(local_text),
	    "log %.*s\nquorum none\n", (int)w.len, (const char *)text);
	CHECK_OK(policy(&local, local_text, true));
}

TEST(without_a_quorum_a_head_has_no_time_and_no_deadline)
{
	uint8_t text[256];
	struct wr t = wr_init(text, sizeof(text)), w;
	struct tlog_hash root;
	struct tlog_head head;

	make_local();
	memset(root.b, 7, sizeof(root.b));
	tlog_checkpoint_format(&t, plain.name, 3, &root);
	w = start(done(&t));
	put_plain(&w, done(&t));
	CHECK_OK(tlog_checkpoint_verify(&head, &local, NOW, done(&w), NULL));
	CHECK(!head.has_time && head.size == 3 && head.witnesses == 0);
	CHECK(tlog_hash_eq(&head.root, &root));
	CHECK_OK(tlog_head_check_fresh(&head, NOW, 0, NULL)); /* L-25 */
	CHECK(tlog_head_deadline(&head) == UINT64_MAX);
}

TEST(a_head_is_fresh_for_the_age_that_is_asked)
{
	const struct tlog_head head = { .has_time = true, .time = 1000 };

	CHECK_OK(tlog_head_check_fresh(&head, 900, 0, NULL));
	CHECK_OK(tlog_head_check_fresh(&head, 1060, 60, NULL));
	CHECK_ERR(tlog_head_check_fresh(&head, 1061, 60, NULL), ERR_EXPIRED);
	CHECK_EQ(tlog_head_deadline(&head), 1000 + 7 * 86400); /* L-24 */
}

TEST(a_stale_head_says_for_how_long_in_words)
{
	const struct tlog_head head = { .has_time = true, .time = 1000 };
	struct err_ctx ctx = { 0 };

	CHECK_ERR(tlog_head_check_fresh(
		      &head, 1001 + TLOG_FRESH_S, TLOG_FRESH_S, &ctx),
	    ERR_EXPIRED);
	CHECK_STR(
	    ctx.msg, "checkpoint: cosigned 8 days ago, at most 7 are allowed");
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(tlog_head_check_fresh(&head, 1061, 60, &ctx), ERR_EXPIRED);
	CHECK_STR(ctx.msg,
	    "checkpoint: cosigned 61 seconds ago, at most 60 are allowed");
}

TEST(a_clock_beyond_all_times_is_refused)
{
	struct tlog_head head;

	make_local();
	CHECK_ERR(tlog_checkpoint_verify(&head, &local, UINT64_MAX,
		      (struct bytes){ NULL, 0 }, NULL),
	    ERR_LIMIT);
}

TEST(checkpoint_texts_keep_their_reasons)
{
	static const struct {
		const char *text;
		enum err want;
	} c[] = {
		{ "l\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		    ERR_OK },
		{ "l\n0\n57DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		    ERR_AUTH }, /* L-17 */
		{ "l\n00\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		    ERR_FORMAT },
		{ "l\n9223372036854775808\n"
		  "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		    ERR_LIMIT },
		{ "l\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
		    ERR_FORMAT },
		{ "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		    ERR_FORMAT },
	};
	struct tlog_checkpoint cp;

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		CHECK_ERR(
		    tlog_checkpoint_parse(&cp, str_bytes(c[i].text), NULL),
		    c[i].want);
		CHECK_EQ(cp.origin.len, c[i].want == ERR_OK);
	}
}

TEST(checkpoint_texts_are_cut_nowhere)
{
	static const char text[] =
	    "log.example\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h"
	    "2fB2MPA3j2jxq2I=\nan extension\n";
	struct tlog_checkpoint cp;

	CHECK_OK(tlog_checkpoint_parse(&cp, str_bytes(text), NULL));
	CHECK(mem_eq_str(cp.extensions, "an extension\n")); /* L-18 */
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		bool ok = tlog_checkpoint_parse(&cp,
			      (struct bytes){ (const uint8_t *)text, n },
			      NULL) == ERR_OK;

		CHECK(ok == (n == sizeof(text) - 1 - 13));
	}
	CHECK_ERR(tlog_checkpoint_parse(&cp, (struct bytes){ NULL, 0 }, NULL),
	    ERR_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_note_that_we_write_verifies_until_a_byte_changes),
		cmocka_unit_test(
		    a_note_is_refused_for_its_form_though_it_is_signed),
		cmocka_unit_test(a_key_has_a_known_type_and_its_exact_length),
		cmocka_unit_test(base64_is_padded_at_its_end_only),
		cmocka_unit_test(a_cosignature_has_its_exact_length),
		cmocka_unit_test(
		    urls_and_names_are_kept_and_bad_keys_keep_their_reason),
		cmocka_unit_test(a_clock_beyond_all_times_is_refused),
		cmocka_unit_test(checkpoint_texts_keep_their_reasons),
		cmocka_unit_test(a_note_has_at_most_32_signatures_and_256_kib),
		cmocka_unit_test(
		    key_names_have_no_plus_and_no_white_space_of_any_script),
		cmocka_unit_test(the_newest_usable_time_of_a_cosigner_counts),
		cmocka_unit_test(a_time_of_2_to_the_63_does_not_verify),
		cmocka_unit_test(texts_too_long_for_a_cosignature_are_refused),
		cmocka_unit_test(
		    a_signature_of_a_known_key_has_its_exact_length),
		cmocka_unit_test(
		    base64_of_a_signature_is_canonical_and_long_enough),
		cmocka_unit_test(no_quorum_is_for_those_who_allow_it),
		cmocka_unit_test(a_zeroed_policy_accepts_nothing),
		cmocka_unit_test(policies_have_limits),
		cmocka_unit_test(each_rule_of_the_policy_text_has_its_refusal),
		cmocka_unit_test(
		    a_key_stands_once_and_a_witness_has_no_name_of_a_log),
		cmocka_unit_test(keys_of_a_wrong_type_are_refused),
		cmocka_unit_test(
		    the_quorum_time_is_the_kth_newest_through_nested_groups),
		cmocka_unit_test(
		    without_a_quorum_a_head_has_no_time_and_no_deadline),
		cmocka_unit_test(a_head_is_fresh_for_the_age_that_is_asked),
		cmocka_unit_test(a_stale_head_says_for_how_long_in_words),
		cmocka_unit_test(checkpoint_texts_are_cut_nowhere),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
