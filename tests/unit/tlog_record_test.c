/* Release records: one spelling, every field checked, k of n signers. */
#include "tlog_vectors.h"

#include "crypto/crypto_native.h"
#include "tlog/record.h"

#define SAMPLES 8
#define NOW     1800000000u

static struct sample {
	const char *name;
	struct bytes text;
	struct bytes entry;
	struct tlog_hash leaf;
} sample[SAMPLES];
static struct tlog_keyset keys;
static uint8_t seed[3][ED25519_SEED_LEN];

static int setup(void **state)
{
	struct json file = load_own("records.json"), c;
	struct json list = member(&file, "keys");
	struct json_iter it = json_iter(&list);
	size_t n = 0;

	(void)state;
	CHECK_OK(crypto_init());
	for (; json_next(&it, NULL, &c); n++) {
		unhex(seed[n], ED25519_SEED_LEN, str(&c, "seed", NULL));
		CHECK_OK(
		    tlog_keyset_add(&keys, member_bytes(&c, "vkey"), NULL));
	}
	keys.need = num(&file, "need");
	list = member(&file, "cases");
	it = json_iter(&list);
	for (n = 0; json_next(&it, NULL, &c); n++) {
		CHECK(n < SAMPLES);
		sample[n].name = str(&c, "name", NULL);
		sample[n].text = member_bytes(&c, "text");
		sample[n].entry = member_bytes(&c, "entry");
		unhex(sample[n].leaf.b, TLOG_HASH_LEN,
		    str(&c, "leaf_hash", NULL));
	}
	CHECK_EQ(n, SAMPLES);
	return 0;
}

static const struct sample *find(const char *name)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		if (strcmp(sample[i].name, name) == 0)
			return &sample[i];
	}
	fail_msg("no sample %s", name);
	return NULL;
}

static struct tlog_record parsed(const char *name)
{
	struct tlog_record rec;

	CHECK_OK(tlog_record_parse(&rec, find(name)->text, NULL));
	return rec;
}

/* L-52: what is accepted is written back the same. */
static void check_spelling(const struct tlog_record *rec, struct bytes text)
{
	static uint8_t buf[RECORD_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct err_ctx ctx = { 0 };

	if (tlog_record_format(&w, rec, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	CHECK_EQ(w.len, text.len);
	CHECK_MEM(buf, text.p, text.len);
}

TEST(a_sample_of_every_kind_verifies_and_has_one_spelling)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct tlog_record rec;
		struct tlog_hash leaf;
		struct err_ctx ctx = { 0 };

		if (tlog_record_verify(&rec, &keys, sample[i].entry, &ctx) !=
		    ERR_OK)
			fail_msg("%s: %s", sample[i].name, ctx.msg);
		CHECK(strncmp(sample[i].name, tlog_record_kind_name(rec.kind),
			  strlen(tlog_record_kind_name(rec.kind))) == 0);
		tlog_leaf_hash(&leaf, sample[i].entry);
		CHECK(tlog_hash_eq(&leaf, &sample[i].leaf));
		check_spelling(&rec, sample[i].text);
		CHECK_OK(tlog_record_check_time(&rec, NOW, NULL));
	}
}

TEST(the_fields_of_an_image_are_where_they_belong)
{
	struct tlog_record rec = parsed("image");
	const struct record_image *m = &rec.image;

	CHECK_EQ(rec.seq, 17);
	CHECK(mem_eq_str(rec.product, "confer"));
	CHECK(mem_eq_str(rec.channel, "stable"));
	CHECK_EQ(rec.not_after, NOW + 90 * 86400);
	CHECK(mem_eq_str(m->version, "1.4.0"));
	CHECK_EQ(m->source.commit.len, 20);
	CHECK_EQ(m->files.n, 4);
	CHECK(mem_eq_str(m->files.item[3].role, "rootfs"));
	CHECK_EQ(m->files.item[3].digest.alg, RECORD_VERITY);
	CHECK_EQ(m->n_snp, 2);
	CHECK_EQ(m->snp[0].vcpus, 16);
	CHECK_EQ(m->snp[1].policy, 0x30000);
	CHECK_EQ(m->n_tdx, 1);
	CHECK_EQ(m->tdx[0].attributes, 0x10000000);
	CHECK_EQ(m->tdx[0].xfam, 0x642e7);
	CHECK_EQ(m->n_sgx, 1);
	CHECK_EQ(m->sgx[0].isvsvn, 4);
	CHECK_EQ(m->n_sim, 0);
	CHECK_EQ(m->n_models, 2);
	CHECK_EQ(m->supersedes, 16);
}

TEST(the_fields_of_a_policy_are_where_they_belong)
{
	struct tlog_record rec = parsed("policy");
	const struct record_policy *p = &rec.policy;

	CHECK_EQ(p->n_min_seq, 2);
	CHECK_EQ(p->min_seq[1].kind, RECORD_MODEL);
	CHECK_EQ(p->n_revoked, 2);
	CHECK(!p->milan.listed && p->genoa.listed && p->turin.listed);
	CHECK_EQ(p->genoa.bootloader, 10);
	CHECK_EQ(p->genoa.microcode, 84);
	CHECK_EQ(p->turin.fmc, 1);
	CHECK_EQ(p->turin.snp, 4);
	CHECK(p->has_tdx && p->has_sgx && p->tdx_eval == 18);
	CHECK(!p->any_hardware);
	CHECK_EQ(p->n_chips, 2);
	CHECK_EQ(p->n_ppids, 1);
	CHECK_EQ(p->n_next_logs, 1);
	CHECK_EQ(p->n_next_witnesses, 1);
}

TEST(every_truncation_of_every_sample_is_rejected)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct tlog_record rec;

		for (size_t n = 0; n < sample[i].text.len; n++) {
			struct bytes cut = { sample[i].text.p, n };
			struct bytes whole = { sample[i].entry.p, n };
			enum err e = tlog_record_parse(&rec, cut, NULL);

			/* A record may end before optional last lines. */
			if (e == ERR_OK)
				check_spelling(&rec, cut);
			CHECK(tlog_record_verify(&rec, &keys, whole, NULL) !=
			      ERR_OK);
			CHECK_EQ(rec.kind, 0); /* zeroed on failure */
		}
		for (size_t n = sample[i].text.len; n < sample[i].entry.len;
		     n++) {
			struct bytes whole = { sample[i].entry.p, n };

			CHECK(tlog_record_verify(&rec, &keys, whole, NULL) !=
			      ERR_OK);
		}
	}
}

TEST(every_changed_byte_of_a_signed_record_is_rejected)
{
	static uint8_t buf[RECORD_LEN_MAX];

	for (size_t i = 0; i < SAMPLES; i++) {
		struct bytes e = sample[i].entry;
		struct tlog_record rec;

		memcpy(buf, e.p, e.len);
		for (size_t at = 0; at < e.len; at++) {
			buf[at] ^= 1;
			CHECK(
			    tlog_record_verify(&rec, &keys,
				(struct bytes){ buf, e.len }, NULL) != ERR_OK);
			buf[at] ^= 1;
		}
	}
}

TEST(every_changed_byte_of_a_text_is_rejected_or_another_spelling)
{
	static uint8_t buf[RECORD_LEN_MAX];
	const uint8_t put[] = { ' ', '\n', '0', 'A', 'z', '\t', '\r', 0, 0xff };

	for (size_t i = 0; i < SAMPLES; i++) {
		struct bytes t = sample[i].text;
		struct tlog_record rec;

		memcpy(buf, t.p, t.len);
		for (size_t at = 0; at < t.len; at++) {
			for (size_t k = 0; k < sizeof(put); k++) {
				struct bytes b = { buf, t.len };

				buf[at] = put[k];
				if (tlog_record_parse(&rec, b, NULL) == ERR_OK)
					check_spelling(&rec, b);
			}
			buf[at] = t.p[at];
		}
	}
}

TEST(no_line_repeats_or_moves_and_none_has_more_spaces)
{
	static uint8_t buf[RECORD_LEN_MAX];

	for (size_t i = 0; i < SAMPLES; i++) {
		struct bytes t = sample[i].text;
		struct tlog_record rec;

		for (size_t at = 0, end; at < t.len; at = end) {
			struct wr w = wr_init(buf, sizeof(buf));

			for (end = at; t.p[end] != '\n'; end++)
				;
			end++;
			/* the line twice */
			wr_copy(&w, t.p, end);
			wr_copy(&w, t.p + at, t.len - at);
			CHECK(
			    tlog_record_parse(&rec,
				(struct bytes){ buf, w.len }, NULL) != ERR_OK);
			/* the line at the end, unless it is there already */
			w = wr_init(buf, sizeof(buf));
			wr_copy(&w, t.p, at);
			wr_copy(&w, t.p + end, t.len - end);
			wr_copy(&w, t.p + at, end - at);
			CHECK(end == t.len || tlog_record_parse(&rec,
						  (struct bytes){ buf, w.len },
						  NULL) != ERR_OK);
			/* a space at its end */
			w = wr_init(buf, sizeof(buf));
			wr_copy(&w, t.p, end - 1);
			wr_u8(&w, ' ');
			wr_copy(&w, t.p + end - 1, t.len - end + 1);
			CHECK(
			    tlog_record_parse(&rec,
				(struct bytes){ buf, w.len }, NULL) != ERR_OK);
		}
	}
}

/* The text of a sample with the first `from` replaced by `to`. */
static struct bytes edited(const char *name, const char *from, const char *to)
{
	static char buf[RECORD_LEN_MAX + 1024];
	const char *text = (const char *)find(name)->text.p;
	const char *at = strstr(text, from);

	if (at == NULL)
		fail_msg("%s has no \"%s\"", name, from);
	(void)snprintf(buf, sizeof(buf), "%.*s%s%s", (int)(at - text), text, to,
	    at + strlen(from));
	return str_bytes(buf);
}

static void check_edit(
    const char *name, const char *from, const char *to, enum err want)
{
	struct tlog_record rec;
	struct err_ctx ctx = { 0 };
	enum err e = tlog_record_parse(&rec, edited(name, from, to), &ctx);

	if (e != want)
		fail_msg("%s, \"%s\" -> \"%s\": got %s (%s), want %s", name,
		    from, to, err_name(e), ctx.msg, err_name(want));
	CHECK((e == ERR_OK) == (ctx.msg[0] == '\0'));
}

static const struct {
	const char *name, *from, *to;
	enum err want;
} edits[] = {
	{ "image", "release/v1", "release/v2", ERR_UNSUPPORTED },
	{ "image", "kind image", "kind imagf", ERR_UNSUPPORTED },
	{ "image", "kind image", "kind model", ERR_FORMAT },
	{ "image", "product confer", "product con fer", ERR_FORMAT },
	{ "image", "product confer", "product c/r", ERR_FORMAT },
	{ "image", "product confer", "product ", ERR_FORMAT },
	{ "image", "channel stable", "channels stable", ERR_FORMAT },
	{ "image", "seq 17", "seq 017", ERR_FORMAT },
	{ "image", "seq 17", "seq +17", ERR_FORMAT },
	{ "image", "seq 17", "seq 0", ERR_LIMIT },
	{ "image", "seq 17", "seq 9223372036854775807", ERR_OK },
	{ "image", "seq 17", "seq 9223372036854775808", ERR_LIMIT },
	{ "image", "seq 17", "seq 18446744073709551633", ERR_LIMIT },
	{ "image", "issued 1800000000", "issued 1800000001", ERR_FORMAT },
	{ "image", "issued 1800000000", "issued 1700000000", ERR_LIMIT },
	{ "image", "not-before 1800000000", "not-before 1807776000",
	    ERR_FORMAT },
	{ "image", "not-after 1807776000", "not-after 1815552000",
	    ERR_OK }, /* L-55: 180 days */
	{ "image", "not-after 1807776000", "not-after 1815552001", ERR_LIMIT },
	{ "image", "version 1.4.0", "version 1.4 0", ERR_FORMAT },
	{ "image", "source https", "source \x01https", ERR_FORMAT },
	{ "image", "8543db44", "8543db4", ERR_FORMAT },
	{ "image", "8543db44", "8543DB44", ERR_FORMAT },
	{ "image", "recipe sha256", "recipe verity", ERR_FORMAT },
	{ "image", "recipe sha256", "recipe sha512", ERR_FORMAT },
	{ "image", "builder sha256:", "builder sha256:0", ERR_LIMIT },
	{ "image", "file cmdline 61", "file cmdline -1", ERR_FORMAT },
	{ "image", "file initrd", "file cmdline", ERR_FORMAT },
	{ "image", "file initrd", "file aaa", ERR_FORMAT },
	{ "image", "verity:b0", "Verity:b0", ERR_FORMAT },
	{ "image", "snp 16 ", "snp 0 ", ERR_LIMIT },
	{ "image", "snp 16 ", "snp 4097 ", ERR_LIMIT },
	{ "image", "snp 16 ", "snp 5 ", ERR_FORMAT }, /* L-53 */
	{ "image", " policy 0000", " policy 000", ERR_FORMAT },
	{ "image", " policy 0", " polic 0", ERR_FORMAT },
	{ "image", " rtmr2 ", " rtmr3 ", ERR_FORMAT },
	{ "image", " xfam ", " xfan ", ERR_FORMAT },
	{ "image", "isvsvn 4", "isvsvn 65535", ERR_OK },
	{ "image", "isvsvn 4", "isvsvn 65536", ERR_LIMIT },
	{ "image", "isvprodid 1", "isvprodid 65536", ERR_LIMIT },
	{ "image", "model large-8b", "model demo-10m", ERR_FORMAT },
	{ "image", "supersedes 16", "supersedes 17", ERR_FORMAT },
	{ "image", "supersedes 16", "supersedes 0", ERR_LIMIT },
	{ "image", "supersedes 16\n", "", ERR_OK },
	{ "image-simulated", "\nsim ", "\nsnp ", ERR_FORMAT },
	{ "model", "file 9437184", "file 0", ERR_LIMIT },
	{ "model", "file 9437184 sha256", "file 9437184 verity", ERR_FORMAT },
	{ "model", "context 2048", "context 0", ERR_LIMIT },
	{ "model", "quant Q8_0", "quant Q8/0", ERR_FORMAT },
	{ "model", "tokenizer llama\n", "", ERR_FORMAT },
	{ "web", "bundle 482133", "bundle 0", ERR_LIMIT },
	{ "web", "bundle", "bundel", ERR_FORMAT },
	{ "policy", "not-after 1800604800", "not-after 1800604801",
	    ERR_LIMIT }, /* L-55: 7 days */
	{ "policy", "min-seq image confer stable 16",
	    "min-seq imagf confer stable 16", ERR_UNSUPPORTED },
	{ "policy", "min-seq model confer stable 3",
	    "min-seq image confer stable 3", ERR_FORMAT },
	{ "policy", "genoa 10 0 23 84", "genoa 10 0 23 256", ERR_LIMIT },
	{ "policy", "genoa 10 0 23 84", "genoa 10 0 23", ERR_FORMAT },
	{ "policy", "genoa 10 0 23 84", "milan 10 0 23 84", ERR_OK },
	{ "policy", "tcb-snp turin 1 1 1 4 81", "tcb-snp turin 1 1 1 4",
	    ERR_FORMAT },
	{ "policy", "tcb-snp genoa", "tcb-snp siena", ERR_FORMAT },
	{ "policy", "hardware listed", "hardware any", ERR_TRAILING },
	{ "policy", "hardware listed", "hardware none", ERR_FORMAT },
	{ "policy", "next-log log.", "next-log xog.", ERR_AUTH },
	{ "policy", "next-witness w4", "next-witness w/4", ERR_FORMAT },
	{ "retire", "last 412 ", "last 0412 ", ERR_FORMAT },
	{ "retire", "cause lost-state\n", "", ERR_FORMAT },
	{ "retire", "successor", "successors", ERR_TRAILING },
	{ "image", "8543db44", "8543db", ERR_FORMAT },
	{ "image", "908b32e9c4b907dfed2625e179c32658e5118a68\n",
	    "908b32e9c4b907dfed2625e179c32658e5118a68908b32e9c4b907dfed2625e1"
	    "\n",
	    ERR_FORMAT },
	{ "image", "source https", "source \x7fhttps", ERR_FORMAT },
	{ "image", "channel stable",
	    "channel aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    ERR_OK },
	{ "image", "channel stable",
	    "channel aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    ERR_LIMIT },
	{ "image", "isvsvn 4", "isvsvn ", ERR_FORMAT },
	{ "image", "tdx c3-standard-8", "tdx ", ERR_FORMAT },
	{ "policy", "tcb-tdx 18\n", "", ERR_OK }, /* L-71 */
	{ "policy", "tcb-sgx 18\n", "", ERR_OK },
	{ "policy",
	    "next-log "
	    "log.example.org/releases/"
	    "2+cc09f90e+AXrQopgMvJVoxTJVtBHkv03a7UA0El4U617gH3xmZhsu",
	    "next-log "
	    "w4.example.net+a157d52c+"
	    "BN88BhGGZeFezIf9gcHMCZsCqhWJ1KmdyzqbouhwY2iX",
	    ERR_FORMAT },
	{ "policy",
	    "w4.example.net+a157d52c+"
	    "BN88BhGGZeFezIf9gcHMCZsCqhWJ1KmdyzqbouhwY2iX",
	    "log.example.org/releases/"
	    "2+cc09f90e+AXrQopgMvJVoxTJVtBHkv03a7UA0El4U617gH3xmZhsu",
	    ERR_FORMAT }, /* L-73 */
	{ "rebuild", "result sha256", "result verity", ERR_FORMAT },
	{ "rebuild", "rebuilder", "builder", ERR_FORMAT },
};

TEST(each_field_is_held_to_its_grammar)
{
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
		check_edit(
		    edits[i].name, edits[i].from, edits[i].to, edits[i].want);
}

TEST(a_client_without_a_file_is_rejected)
{
	struct tlog_record rec = parsed("client");
	uint8_t buf[4096];
	struct wr w = wr_init(buf, sizeof(buf));

	rec.client.files.n = 0; /* L-68 */
	CHECK_ERR(tlog_record_format(&w, &rec, NULL), ERR_FORMAT);
}

TEST(a_record_longer_than_an_entry_is_rejected)
{
	static uint8_t buf[2 * RECORD_LEN_MAX];
	struct tlog_record rec = parsed("policy");
	struct wr w = wr_init(buf, sizeof(buf));
	struct record_policy *p = &rec.policy;
	char name[RECORD_MIN_SEQ_MAX][65];

	p->n_min_seq = RECORD_MIN_SEQ_MAX;
	p->n_revoked = RECORD_REVOKED_MAX;
	p->n_chips = p->n_ppids = RECORD_CHIPS_MAX;
	for (size_t i = 0; i < RECORD_REVOKED_MAX; i++)
		p->revoked[i].b[0] = (uint8_t)i;
	for (size_t i = 0; i < RECORD_CHIPS_MAX; i++) {
		p->chip[i].id[0] = p->ppid[i].id[0] = (uint8_t)i;
		p->chip[i].not_after = p->ppid[i].not_after = INT64_MAX;
	}
	for (size_t i = 0; i < RECORD_MIN_SEQ_MAX; i++) {
		memset(name[i], 'a', 64);
		name[i][0] = (char)('A' + i / 16);
		name[i][1] = (char)('A' + i % 16);
		name[i][64] = '\0';
		p->min_seq[i] = (struct record_min_seq){ RECORD_IMAGE,
			str_bytes(name[i]), str_bytes(name[0]), INT64_MAX };
	}
	CHECK_ERR(tlog_record_format(&w, &rec, NULL), ERR_LIMIT); /* L-50 */
	w = wr_init(buf, sizeof(buf));
	p->n_ppids = 0;
	CHECK_OK(tlog_record_format(&w, &rec, NULL));
}

TEST(an_entry_longer_than_its_limit_is_rejected)
{
	static uint8_t buf[2 * RECORD_LEN_MAX];
	struct bytes e = find("model")->entry;
	struct wr w = wr_init(buf, sizeof(buf));
	struct tlog_record rec;

	wr_bytes(&w, e);
	wr_str(&w, "\xe2\x80\x94 stranger ");
	wr_fill(&w, 'A', (RECORD_LEN_MAX - w.len - 1) / 4 * 4);
	wr_u8(&w, '\n');
	CHECK_OK(tlog_record_verify(
	    &rec, &keys, (struct bytes){ buf, w.len }, NULL));
	w.len--;
	wr_str(&w, "AAAA\n"); /* L-50 */
	CHECK_ERR(
	    tlog_record_verify(&rec, &keys, (struct bytes){ buf, w.len }, NULL),
	    ERR_LIMIT);
}

TEST(kinds_have_names)
{
	CHECK_STR(tlog_record_kind_name(RECORD_REBUILD), "rebuild");
	CHECK_STR(tlog_record_kind_name((enum record_kind)0), "unknown");
	CHECK_STR(tlog_record_kind_name((enum record_kind)8), "unknown");
}

TEST(an_image_without_a_measurement_is_rejected)
{
	struct tlog_record rec = parsed("image-simulated");
	uint8_t buf[4096];
	struct wr w = wr_init(buf, sizeof(buf));

	rec.image.n_sim = 0; /* L-63 */
	CHECK_ERR(tlog_record_format(&w, &rec, NULL), ERR_FORMAT);
}

TEST(one_line_more_than_a_limit_is_rejected)
{
	struct tlog_record rec = parsed("image-simulated");
	static uint8_t buf[RECORD_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	char extra[2 * RECORD_MEASUREMENT_LEN + 1];
	struct tlog_record again;

	rec.image.n_models = 0;
	rec.image.n_sim = RECORD_SHAPES_MAX;
	for (uint8_t i = 0; i < RECORD_SHAPES_MAX; i++)
		memset(rec.image.sim[i], i, RECORD_MEASUREMENT_LEN);
	CHECK_OK(tlog_record_format(&w, &rec, NULL));
	memset(extra, 'f', sizeof(extra));
	wr_fmt(&w, "sim %.*s\n", 2 * RECORD_MEASUREMENT_LEN, extra);
	CHECK_ERR(tlog_record_parse(&again, (struct bytes){ w.p, w.len }, NULL),
	    ERR_LIMIT);
}

TEST(a_writer_never_lets_a_field_bring_its_own_lines)
{
	struct tlog_record rec = parsed("web");
	uint8_t buf[4096];
	struct wr w = wr_init(buf, sizeof(buf));

	rec.web.version = str_bytes("1\nbundle");
	CHECK_ERR(tlog_record_format(&w, &rec, NULL), ERR_FORMAT);
	CHECK_ERR(w.err, ERR_FORMAT);
	rec = parsed("web");
	rec.web.source.url = str_bytes("a b");
	w = wr_init(buf, sizeof(buf));
	CHECK_ERR(tlog_record_format(&w, &rec, NULL), ERR_FORMAT);
	rec = parsed("web");
	for (size_t n = 0; n < find("web")->text.len; n++) {
		w = wr_init(buf, n);
		CHECK_ERR(tlog_record_format(&w, &rec, NULL), ERR_NOSPACE);
	}
	rec = parsed("image");
	rec.image.snp[0] = rec.image.snp[1];
	w = wr_init(buf, sizeof(buf));
	CHECK_ERR(tlog_record_format(&w, &rec, NULL), ERR_FORMAT);
}

/* A text signed by the release keys whose bits are set in `who`. */
static struct bytes signed_by(struct bytes text, unsigned who)
{
	static uint8_t buf[2 * RECORD_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_bytes(&w, text);
	tlog_note_format_end_text(&w);
	for (size_t i = 0; i < 3; i++) {
		uint8_t sig[ED25519_SIG_LEN];

		if ((who >> i & 1) == 0)
			continue;
		crypto_ed25519_sign(sig, seed[i], text);
		tlog_note_format_sig(&w, &keys.key[i], sig, 0);
	}
	CHECK_OK(w.err);
	return (struct bytes){ buf, w.len };
}

TEST(k_different_release_keys_must_have_signed)
{
	struct bytes text = find("model")->text;
	struct tlog_keyset set = keys;
	struct tlog_record rec;

	for (unsigned who = 1; who < 8; who++) { /* L-51 */
		bool enough = __builtin_popcount(who) >= 2;

		CHECK_ERR(
		    tlog_record_verify(&rec, &keys, signed_by(text, who), NULL),
		    enough ? ERR_OK : ERR_POLICY);
	}
	set.need = 3;
	CHECK_ERR(tlog_record_verify(&rec, &set, signed_by(text, 3), NULL),
	    ERR_POLICY);
	set.need = 0; /* accepts nothing */
	CHECK_ERR(tlog_record_verify(&rec, &set, signed_by(text, 7), NULL),
	    ERR_POLICY);
	set = (struct tlog_keyset){ .need = 1 };
	CHECK_ERR(
	    tlog_record_verify(&rec, &set, signed_by(text, 7), NULL), ERR_AUTH);
}

TEST(one_release_key_signing_twice_is_one_signer)
{
	struct bytes text = find("model")->text, once = signed_by(text, 1);
	static uint8_t buf[RECORD_LEN_MAX];
	struct tlog_record rec;
	struct wr w = wr_init(buf, sizeof(buf));

	wr_bytes(&w, once);
	wr_copy(&w, once.p + text.len + 1, once.len - text.len - 1);
	CHECK_ERR(
	    tlog_record_verify(&rec, &keys, (struct bytes){ buf, w.len }, NULL),
	    ERR_POLICY);
}

TEST(a_failing_release_key_rejects_even_beside_enough_good_ones)
{
	struct bytes text = find("model")->text, all = signed_by(text, 7);
	uint8_t *last = (uint8_t *)(uintptr_t)(all.p + all.len - 12);
	struct tlog_record rec;

	CHECK_OK(tlog_record_verify(&rec, &keys, all, NULL));
	*last = *last == 'A' ? 'B' : 'A'; /* L-13 */
	CHECK_ERR(tlog_record_verify(&rec, &keys, all, NULL), ERR_AUTH);
}

TEST(a_signed_text_that_is_no_record_is_rejected)
{
	struct tlog_record rec;
	struct bytes text = str_bytes("confer-release/v1\nkind image\n");

	CHECK_ERR(tlog_record_verify(&rec, &keys, signed_by(text, 3), NULL),
	    ERR_TRUNCATED);
}

TEST(a_key_set_refuses_the_same_key_under_two_names)
{
	struct tlog_keyset set = { .need = 1 };
	uint8_t text[2][256];
	struct bytes vkey[2];

	for (size_t i = 0; i < 2; i++) {
		struct wr w = wr_init(text[i], sizeof(text[i]));

		tlog_vkey_format(&w, str_bytes(i == 0 ? "one" : "two"),
		    TLOG_KEY_ED25519, keys.key[0].pub);
		vkey[i] = (struct bytes){ text[i], w.len };
	}
	text[0][4]++; /* the id is not the key's now */
	CHECK_ERR(tlog_keyset_add(&set, vkey[0], NULL), ERR_AUTH);
	text[0][4]--;
	CHECK_OK(tlog_keyset_add(&set, vkey[0], NULL));
	CHECK_ERR(tlog_keyset_add(&set, vkey[1], NULL), ERR_FORMAT);
	CHECK_EQ(set.n, 1);
}

TEST(a_key_set_takes_plain_keys_only_and_not_too_many)
{
	struct tlog_keyset set = { 0 };
	uint8_t pub[ED25519_PUB_LEN] = { 0 }, text[256];

	for (unsigned i = 0; i <= RECORD_KEYS_MAX; i++) {
		struct wr w = wr_init(text, sizeof(text));

		pub[0] = (uint8_t)i;
		tlog_vkey_format(&w, str_bytes("k"), TLOG_KEY_ED25519, pub);
		CHECK_ERR(
		    tlog_keyset_add(&set, (struct bytes){ text, w.len }, NULL),
		    i < RECORD_KEYS_MAX ? ERR_OK : ERR_LIMIT);
	}
	set.n = 0;
	struct wr w = wr_init(text, sizeof(text));

	tlog_vkey_format(&w, str_bytes("k"), TLOG_KEY_COSIGNATURE, pub);
	CHECK_ERR(tlog_keyset_add(&set, (struct bytes){ text, w.len }, NULL),
	    ERR_FORMAT);
}

TEST(a_record_is_current_between_its_times)
{
	struct tlog_record rec = parsed("policy");

	rec.not_before = 1000;
	rec.not_after = 2000;
	CHECK_ERR(tlog_record_check_time(&rec, 699, NULL), ERR_EXPIRED);
	CHECK_OK(tlog_record_check_time(&rec, 700, NULL)); /* L-56 */
	CHECK_OK(tlog_record_check_time(&rec, 1999, NULL));
	CHECK_ERR(tlog_record_check_time(&rec, 2000, NULL), ERR_EXPIRED);
}

TEST(policy_refuses_what_it_revokes_or_outdates)
{
	struct tlog_record policy = parsed("policy"), rec = parsed("image");
	struct tlog_hash leaf = find("image")->leaf;

	CHECK_OK(tlog_record_check_policy(&rec, &leaf, &policy, NULL));
	rec.seq = 15; /* L-70 */
	CHECK_ERR(
	    tlog_record_check_policy(&rec, &leaf, &policy, NULL), ERR_POLICY);
	rec.channel = str_bytes("local");
	CHECK_OK(tlog_record_check_policy(&rec, &leaf, &policy, NULL));
	rec = parsed("image");
	CHECK_ERR(tlog_record_check_policy(
		      &rec, &policy.policy.revoked[1], &policy, NULL),
	    ERR_POLICY);
	rec.product = str_bytes("other");
	CHECK_ERR(
	    tlog_record_check_policy(&rec, &leaf, &policy, NULL), ERR_POLICY);
	rec = parsed("image");
	CHECK_ERR(
	    tlog_record_check_policy(&rec, &leaf, &rec, NULL), ERR_POLICY);
}

TEST(policy_admits_listed_hardware_until_its_time)
{
	struct tlog_record policy = parsed("policy");
	struct record_policy *p = &policy.policy;
	struct bytes chip = { p->chip[1].id, RECORD_CHIP_ID_LEN };
	struct bytes ppid = { p->ppid[0].id, RECORD_PPID_LEN };
	uint8_t other[RECORD_CHIP_ID_LEN] = { 1 };
	uint64_t end = NOW + 30 * 86400;

	CHECK_OK(tlog_record_check_chip(&policy, chip, NOW, NULL));
	CHECK_OK(tlog_record_check_chip(&policy, ppid, end - 1, NULL));
	CHECK_ERR(tlog_record_check_chip(&policy, chip, end, NULL),
	    ERR_EXPIRED); /* L-72 */
	CHECK_ERR(
	    tlog_record_check_chip(&policy, ppid, end, NULL), ERR_EXPIRED);
	CHECK_ERR(tlog_record_check_chip(&policy,
		      (struct bytes){ other, RECORD_CHIP_ID_LEN }, NOW, NULL),
	    ERR_POLICY);
	p->any_hardware = true;
	CHECK_OK(tlog_record_check_chip(
	    &policy, (struct bytes){ other, RECORD_CHIP_ID_LEN }, NOW, NULL));
}

TEST(measurements_are_found_in_their_own_kind_of_line_only)
{
	struct tlog_record rec = parsed("image");
	struct tlog_record local = parsed("image-simulated");
	const struct record_image *m = &rec.image, *s = &local.image;
	const struct record_snp *snp;

	snp = tlog_image_find_snp(m, m->snp[1].measurement, NULL);
	CHECK(snp == &m->snp[1]);
	CHECK(tlog_image_find_snp(m, m->snp[1].measurement, snp) == NULL);
	CHECK(tlog_image_find_tdx(m, m->tdx[0].mrtd, NULL) == &m->tdx[0]);
	CHECK(tlog_image_find_tdx(m, m->tdx[0].rtmr[0], NULL) == NULL);
	CHECK(tlog_image_find_sgx(m, m->sgx[0].mrenclave, NULL) == &m->sgx[0]);
	CHECK(tlog_image_find_sgx(m, m->sgx[0].mrsigner, NULL) == NULL);
	CHECK(!tlog_image_has_sim(m, m->snp[1].measurement)); /* L-63 */
	CHECK(tlog_image_has_sim(s, s->sim[0]));
	CHECK(tlog_image_find_snp(s, s->sim[0], NULL) == NULL);
	CHECK(tlog_image_has_model(m, &m->model[0].digest.hash));
	CHECK(!tlog_image_has_model(m, &m->model[1].digest.hash)); /* verity */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_sample_of_every_kind_verifies_and_has_one_spelling),
		cmocka_unit_test(the_fields_of_an_image_are_where_they_belong),
		cmocka_unit_test(the_fields_of_a_policy_are_where_they_belong),
		cmocka_unit_test(every_truncation_of_every_sample_is_rejected),
		cmocka_unit_test(
		    every_changed_byte_of_a_signed_record_is_rejected),
		cmocka_unit_test(
		    every_changed_byte_of_a_text_is_rejected_or_another_spelling),
		cmocka_unit_test(
		    no_line_repeats_or_moves_and_none_has_more_spaces),
		cmocka_unit_test(each_field_is_held_to_its_grammar),
		cmocka_unit_test(a_client_without_a_file_is_rejected),
		cmocka_unit_test(a_record_longer_than_an_entry_is_rejected),
		cmocka_unit_test(an_entry_longer_than_its_limit_is_rejected),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(an_image_without_a_measurement_is_rejected),
		cmocka_unit_test(one_line_more_than_a_limit_is_rejected),
		cmocka_unit_test(
		    a_writer_never_lets_a_field_bring_its_own_lines),
		cmocka_unit_test(k_different_release_keys_must_have_signed),
		cmocka_unit_test(one_release_key_signing_twice_is_one_signer),
		cmocka_unit_test(
		    a_failing_release_key_rejects_even_beside_enough_good_ones),
		cmocka_unit_test(a_signed_text_that_is_no_record_is_rejected),
		cmocka_unit_test(
		    a_key_set_refuses_the_same_key_under_two_names),
		cmocka_unit_test(
		    a_key_set_takes_plain_keys_only_and_not_too_many),
		cmocka_unit_test(a_record_is_current_between_its_times),
		cmocka_unit_test(policy_refuses_what_it_revokes_or_outdates),
		cmocka_unit_test(policy_admits_listed_hardware_until_its_time),
		cmocka_unit_test(
		    measurements_are_found_in_their_own_kind_of_line_only),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
