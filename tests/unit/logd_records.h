/* Keys and signed records for tests of the release log. */
#ifndef CONFER_TESTS_UNIT_LOGD_RECORDS_H
#define CONFER_TESTS_UNIT_LOGD_RECORDS_H

#include "test.h"

#include "crypto/crypto_native.h"
#include "tlog/record.h"

#define NOW 1800000000u
#define DAY 86400u

/* A signer whose seed is the SHA-256 of its name. */
struct signer {
	struct tlog_key key;
	uint8_t seed[ED25519_SEED_LEN];
};

static inline struct bytes text_bytes(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static inline struct signer signer_make(
    const char *name, enum tlog_key_type type)
{
	const struct bytes part = text_bytes(name);
	uint8_t pub[ED25519_PUB_LEN];
	struct signer s;

	crypto_sha256(s.seed, &part, 1);
	crypto_ed25519_public(pub, s.seed);
	s.key = tlog_key_make(part, type, pub);
	return s;
}

/* Write one signature line of a note's text. */
static inline void signer_line(
    struct wr *w, const struct signer *s, struct bytes text, uint64_t time_s)
{
	static uint8_t cosigned[64 + TLOG_COSIGNED_LEN_MAX];
	struct wr c = wr_init(cosigned, sizeof(cosigned));
	uint8_t sig[ED25519_SIG_LEN];

	if (s->key.type == TLOG_KEY_COSIGNATURE)
		tlog_cosigned_format(&c, time_s, text);
	crypto_ed25519_sign(sig, s->seed,
	    s->key.type == TLOG_KEY_COSIGNATURE
		? (struct bytes){ cosigned, c.len }
		: text);
	tlog_note_format_sig(w, &s->key, sig, time_s);
}

/* A signed entry: room for the longest one. */
struct entry {
	uint8_t p[RECORD_LEN_MAX];
	size_t len;
};

static inline struct bytes entry_bytes(const struct entry *e)
{
	return (struct bytes){ e->p, e->len };
}

/* Sign a text with n of the signers. */
static inline void entry_sign(struct entry *out, struct bytes text,
    const struct signer *const *by, size_t n)
{
	struct wr w = wr_init(out->p, sizeof(out->p));

	wr_bytes(&w, text);
	tlog_note_format_end_text(&w);
	for (size_t i = 0; i < n; i++)
		signer_line(&w, by[i], text, 0);
	CHECK_OK(w.err);
	out->len = w.len;
}

/* A record of every field that its kind needs, in channel stable. */
static inline struct tlog_record record_make(
    enum record_kind kind, uint64_t seq)
{
	struct tlog_record r = {
		.kind = kind,
		.product = BYTES_LITERAL("confer"),
		.channel = BYTES_LITERAL("stable"),
		.seq = seq,
		.issued = NOW,
		.not_before = NOW,
		.not_after = NOW + 6 * DAY,
	};
	const struct bytes token = BYTES_LITERAL("1.4.0");
	const struct record_file file = {
		.role = BYTES_LITERAL("kernel"),
		.size = 7,
		.digest = { RECORD_SHA256, { { 7 } } },
	};
	const struct record_source source = {
		.url = BYTES_LITERAL("https://example.org/confer.git"),
		.commit = { { 1, 2, 3 }, 20 },
		.tree = { { 4, 5, 6 }, 20 },
	};

	switch (kind) {
	case RECORD_IMAGE:
		r.image.version = token;
		r.image.source = source;
		r.image.has_recipe = r.image.has_builder = true;
		r.image.files.item[0] = file;
		r.image.files.n = 1;
		r.image.n_snp = 1;
		r.image.snp[0].vcpus = 4;
		r.image.snp[0].vcpu_type = token;
		break;
	case RECORD_MODEL:
		r.model.name = r.model.tokenizer = r.model.quant = token;
		r.model.size = r.model.context = 1;
		break;
	case RECORD_WEB:
		r.web.version = token;
		r.web.source = source;
		r.web.has_recipe = true;
		r.web.size = 9;
		break;
	case RECORD_CLIENT:
		r.client.version = token;
		r.client.source = source;
		r.client.has_recipe = true;
		r.client.files.item[0] = file;
		r.client.files.n = 1;
		break;
	case RECORD_POLICY:
		r.policy.any_hardware = true;
		break;
	case RECORD_RETIRE:
		r.retire.log = text_bytes("log.example.org/releases");
		r.retire.cause = token;
		break;
	case RECORD_REBUILD:
		r.rebuild.rebuilder = token;
		break;
	}
	return r;
}

/* Sign a record with n of the signers. */
static inline void record_sign(struct entry *out, const struct tlog_record *rec,
    const struct signer *const *by, size_t n)
{
	static uint8_t text[RECORD_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));

	CHECK_OK(tlog_record_format(&w, rec, NULL));
	entry_sign(out, (struct bytes){ text, w.len }, by, n);
}

#endif
