/*
 * A small world in which evidence can be made and each part of it broken: a
 * simulated processor, three release keys of which two must sign, a log with
 * two witnesses of two operators, and the trust file that believes all of them.
 */
#ifndef CONFER_TESTS_UNIT_EVIDENCE_FIXTURE_H
#define CONFER_TESTS_UNIT_EVIDENCE_FIXTURE_H

#include <unistd.h>

#include "base/hex.h"
#include "crypto/crypto_native.h"
#include "protocol/evidence.h"
#include "simtee/report.h"
#include "test.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"

#define FIX_NOW      1800000000ULL
#define FIX_KEYS     3
#define FIX_NEED     2
#define FIX_ENTRIES  8 /* of the log; records stand at 2, 3, 5 and 6 */
#define FIX_DAY      86400ULL
#define FIX_LIFE     1800 /* of a report */
#define FIX_LOG      "log.example/confer"
#define FIX_LOG2     "log.example/other" /* believed as well */
#define FIX_WITNESS  "witness.example/w1"
#define FIX_WITNESS2 "witness.example/w2"
#define FIX_SEEDS    (FIX_KEYS + 5)

#define FIX_OPERATORS                                                          \
	"operator " FIX_WITNESS " Alpha\noperator " FIX_WITNESS2 " Beta\n"

#define FIX_REBUILDER "rebuilder.example/r1"

/* The three of every bundle, and the one that may be shown besides. */
enum fix_record { FIX_IMAGE, FIX_MODEL, FIX_POLICY, FIX_RECORDS };
#define FIX_REBUILD FIX_RECORDS
#define FIX_ALL     (FIX_RECORDS + 1)

/* What a test may change before fix_bundle(). */
struct fix {
	struct simtee_report tee;
	uint8_t s_pub[X25519_LEN];
	struct report_data_fields binding;
	uint8_t report[SNP_REPORT_LEN]; /* resigned after a change */
	bool keep_report_sig;           /* do not sign it again */
	bool keep_binding;              /* nor bind beacon and key again */
	bool no_beacon, wrong_beacon;
	struct tlog_record rec[FIX_ALL];
	unsigned signers[FIX_ALL];  /* how many release keys sign */
	unsigned index[FIX_ALL];    /* which entry its proof is of */
	uint64_t cosigned[FIX_ALL]; /* time of the witnesses; 0: none */
	uint64_t second[FIX_ALL];   /* of the second one, if another */
	bool forked[FIX_ALL];       /* the log shows it another tree */
	bool grown[FIX_ALL];        /* the log shows it one entry later */
	bool elsewhere[FIX_ALL];    /* it stands in the other log */
	bool log_signs;
	bool rebuild;          /* show a rebuild statement */
	bool keep_rebuild;     /* do not make it fit the release again */
	unsigned rebuild_seed; /* of the key that signs it */
	bool quorum_none;      /* in a local trust file */
	const char *operators; /* lines of the trust file; NULL: one each */
	uint64_t from, until;  /* of the log's policy; 0: no `valid` line */
	uint8_t kind;
	struct evidence_demand demand;
	struct trust trust;
	/* What says that it is real hardware: puts its kind, report, endorsement
	 * and collateral, with the REPORT_DATA given. NULL: simulated. */
	void (*hardware)(struct fix *f, struct evidence *ev,
	    const uint8_t report_data[SNP_REPORT_DATA_LEN]);
};

static uint8_t fix_seed[FIX_SEEDS][ED25519_SEED_LEN];
static char fix_dir[] = "/tmp/evidence-test-XXXXXX";
static char fix_text[8192]; /* of the trust file */
static uint8_t fix_entry[FIX_ALL][RECORD_LEN_MAX];
static uint8_t fix_proof[FIX_ALL][8192];
static uint8_t fix_buf[EVIDENCE_LEN_MAX];
static const unsigned fix_home[FIX_ALL] = { 2, 3, 5, 6 };
static char fix_key_name[FIX_KEYS][16];

static inline struct bytes fix_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* Seeds: release keys, the log, the witness, the other log, the other witness, the
 * rebuilder. */
static inline struct tlog_key fix_key(
    const char *name, enum tlog_key_type type, unsigned seed)
{
	uint8_t pub[ED25519_PUB_LEN];

	crypto_ed25519_public(pub, fix_seed[seed]);
	return tlog_key_make(fix_str(name), type, pub);
}

static inline void fix_put_vkey(
    struct wr *w, const char *name, enum tlog_key_type type, unsigned seed)
{
	uint8_t pub[ED25519_PUB_LEN];

	crypto_ed25519_public(pub, fix_seed[seed]);
	tlog_vkey_format(w, fix_str(name), type, pub);
}

/* Write the trust file and parse it. */
static inline void fix_trust(struct fix *f, const uint8_t *sim_root)
{
	struct wr w = wr_init(fix_text, sizeof(fix_text));
	char hex[2 * ECDSA_P384_PUB_LEN + 1];

	hex_encode(hex, sim_root, ECDSA_P384_PUB_LEN);
	wr_str(&w, "confer-trust/v1\nproduct confer\nchannel local\n");
	if (f->quorum_none)
		wr_str(&w, "local\n");
	for (unsigned i = 0; i < FIX_KEYS; i++) {
		wr_str(&w, "release-key ");
		fix_put_vkey(&w, fix_key_name[i], TLOG_KEY_ED25519, i);
		wr_str(&w, "\n");
	}
	wr_fmt(&w, "threshold %d\nrebuilder-key ", FIX_NEED);
	fix_put_vkey(&w, FIX_REBUILDER, TLOG_KEY_ED25519, FIX_KEYS + 4);
	wr_str(&w, "\n");
	if (!f->quorum_none)
		wr_str(&w, f->operators != NULL ? f->operators : FIX_OPERATORS);
	wr_fmt(&w, "sim-root %s\n\n", hex);
	if (f->until != 0)
		wr_fmt(&w, "valid %llu %llu\n", (unsigned long long)f->from,
		    (unsigned long long)f->until);
	wr_str(&w, "log ");
	fix_put_vkey(&w, FIX_LOG, TLOG_KEY_ED25519, FIX_KEYS);
	wr_str(&w, "\nlog ");
	fix_put_vkey(&w, FIX_LOG2, TLOG_KEY_ED25519, FIX_KEYS + 2);
	wr_str(&w, "\n");
	if (f->quorum_none) {
		wr_str(&w, "quorum none\n");
	} else {
		wr_str(&w, "witness w1 ");
		fix_put_vkey(
		    &w, FIX_WITNESS, TLOG_KEY_COSIGNATURE, FIX_KEYS + 1);
		wr_str(&w, "\nwitness w2 ");
		fix_put_vkey(
		    &w, FIX_WITNESS2, TLOG_KEY_COSIGNATURE, FIX_KEYS + 3);
		wr_str(&w, "\ngroup both all w1 w2\nquorum both\n");
	}
	CHECK_OK(w.err);
	CHECK_OK(trust_parse(&f->trust,
	    (struct bytes){ (const uint8_t *)fix_text, w.len }, NULL));
}

static inline void fix_times(
    struct tlog_record *rec, enum record_kind kind, uint64_t days)
{
	rec->kind = kind;
	rec->product = fix_str("confer");
	rec->channel = fix_str("local");
	rec->issued = rec->not_before = FIX_NOW - FIX_DAY;
	rec->not_after = rec->issued + days * FIX_DAY;
}

static inline void fix_records(struct fix *f)
{
	struct tlog_record *image = &f->rec[FIX_IMAGE];
	struct tlog_record *model = &f->rec[FIX_MODEL];
	struct tlog_record *policy = &f->rec[FIX_POLICY];

	fix_times(image, RECORD_IMAGE, 100);
	image->seq = 3;
	image->image.version = fix_str("1.0.0");
	image->image.files.n = 1;
	image->image.files.item[0].role = fix_str("enclave");
	image->image.files.item[0].size = 100;
	image->image.files.item[0].digest.alg = RECORD_SHA256;
	image->image.n_sim = 1;
	memcpy(image->image.sim[0], f->tee.measurement,
	    sizeof(f->tee.measurement));
	image->image.n_models = 1;
	image->image.model[0].name = fix_str("demo");
	image->image.model[0].digest.alg = RECORD_SHA256;
	memset(image->image.model[0].digest.hash.b, 0x77, SHA256_LEN);

	fix_times(model, RECORD_MODEL, 100);
	model->seq = 2;
	model->model.name = fix_str("demo");
	model->model.size = 1000;
	memset(model->model.sha256.b, 0x77, SHA256_LEN);
	model->model.tokenizer = fix_str("llama");
	model->model.quant = fix_str("Q8_0");
	model->model.context = 512;

	fix_times(policy, RECORD_POLICY, 6);
	policy->seq = 9;
	policy->policy.any_hardware = true;

	fix_times(&f->rec[FIX_REBUILD], RECORD_REBUILD, 3000);
	f->rec[FIX_REBUILD].seq = 1;
	f->rec[FIX_REBUILD].rebuild.rebuilder = fix_str("r1");
}

/* A world in which everything is as it should be. */
static inline void fix_init(struct fix *f)
{
	uint8_t measurement[SNP_MEASUREMENT_LEN], data[SNP_REPORT_DATA_LEN];

	memset(f, 0, sizeof(*f));
	memset(measurement, 0x3f, sizeof(measurement));
	memset(f->s_pub, 0x42, sizeof(f->s_pub));
	CHECK_OK(simtee_report_open(&f->tee, fix_dir, measurement, NULL));
	fix_records(f);
	f->binding.has_not_after = true;
	f->binding.not_after = FIX_NOW + FIX_LIFE;
	report_data_make(data, f->s_pub, &f->binding);
	CHECK_OK(simtee_report_make(f->report, &f->tee, data));
	f->rebuild_seed = FIX_KEYS + 4;
	for (unsigned i = 0; i < FIX_ALL; i++) {
		f->signers[i] = FIX_NEED;
		f->index[i] = fix_home[i];
		f->cosigned[i] = FIX_NOW - 3600;
	}
	f->log_signs = true;
	f->kind = TEE_SIM;
	f->demand = (struct evidence_demand){ .trust = &f->trust,
		.accept_simulated = true,
		.now_s = FIX_NOW,
		.policy_seq_min = 9 };
	fix_trust(f, f->tee.root.pub);
}

/* Bind the key and the head of the log that shows the image record. */
static inline void fix_bind(struct fix *f, const struct tlog_hash *leaf)
{
	const char *name = f->elsewhere[FIX_IMAGE] ? FIX_LOG2 : FIX_LOG;
	uint8_t text[256];
	struct wr w = wr_init(text, sizeof(text));
	struct tlog_hash root;

	tlog_root(&root, leaf, FIX_ENTRIES);
	tlog_checkpoint_format(&w, fix_str(name), FIX_ENTRIES, &root);
	crypto_sha256(f->binding.beacon, &(struct bytes){ text, w.len }, 1);
	f->binding.has_beacon = !f->no_beacon;
	f->binding.beacon[31] ^= f->wrong_beacon;
	report_data_make(f->report + 0x50, f->s_pub, &f->binding);
}

/* The chip signs whatever the report says now. */
static inline void fix_sign_report(struct fix *f)
{
	uint8_t sig[ECDSA_P384_SIG_LEN];

	CHECK_OK(simtee_key_sign(
	    sig, &f->tee.chip, (struct bytes){ f->report, SNP_SIGNED_LEN }));
	for (size_t i = 0; i < 48; i++) {
		f->report[0x2A0 + i] = sig[47 - i];
		f->report[0x2E8 + i] = sig[95 - i];
	}
}

/* The record as a note with `signers` signatures; returns its bytes. */
static inline struct bytes fix_sign_record(struct fix *f, unsigned i)
{
	struct wr w = wr_init(fix_entry[i], sizeof(fix_entry[i]));
	struct err_ctx ctx = { 0 };
	uint8_t sig[ED25519_SIG_LEN];
	struct bytes text;

	if (tlog_record_format(&w, &f->rec[i], &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	text = (struct bytes){ fix_entry[i], w.len };
	tlog_note_format_end_text(&w);
	if (i == FIX_REBUILD) {
		struct tlog_key key =
		    fix_key(FIX_REBUILDER, TLOG_KEY_ED25519, f->rebuild_seed);

		crypto_ed25519_sign(sig, fix_seed[f->rebuild_seed], text);
		tlog_note_format_sig(&w, &key, sig, 0);
	}
	for (unsigned k = 0; i != FIX_REBUILD && k < f->signers[i]; k++) {
		struct tlog_key key =
		    fix_key(fix_key_name[k], TLOG_KEY_ED25519, k);

		crypto_ed25519_sign(sig, fix_seed[k], text);
		tlog_note_format_sig(&w, &key, sig, 0);
	}
	CHECK_OK(w.err);
	return (struct bytes){ fix_entry[i], w.len };
}

/* The line of a witness under the text of a checkpoint. */
static inline void fix_cosign(struct wr *n, struct bytes text, const char *name,
    unsigned seed, uint64_t time)
{
	struct tlog_key key = fix_key(name, TLOG_KEY_COSIGNATURE, seed);
	uint8_t sig[ED25519_SIG_LEN], cosigned[1024];
	struct wr c = wr_init(cosigned, sizeof(cosigned));

	tlog_cosigned_format(&c, time, text);
	crypto_ed25519_sign(
	    sig, fix_seed[seed], (struct bytes){ cosigned, c.len });
	tlog_note_format_sig(n, &key, sig, time);
}

/* The checkpoint over `leaf`, signed and cosigned, and the proof of one. */
static inline struct bytes fix_prove(
    struct fix *f, unsigned i, const struct tlog_hash *leaf)
{
	const unsigned size = FIX_ENTRIES + (f->grown[i] ? 1 : 0);
	static uint8_t note[4096];
	struct wr n = wr_init(note, sizeof(note));
	struct wr w = wr_init(fix_proof[i], sizeof(fix_proof[i]));
	const char *name = f->elsewhere[i] ? FIX_LOG2 : FIX_LOG;
	unsigned seed = f->elsewhere[i] ? FIX_KEYS + 2 : FIX_KEYS;
	struct tlog_key log = fix_key(name, TLOG_KEY_ED25519, seed);
	struct tlog_proof proof = { .index = f->index[i] };
	uint64_t first = f->cosigned[i], second = f->second[i];
	uint8_t sig[ED25519_SIG_LEN];
	struct tlog_hash root;
	struct bytes text;

	tlog_root(&root, leaf, size);
	tlog_checkpoint_format(&n, fix_str(name), size, &root);
	text = (struct bytes){ note, n.len };
	tlog_note_format_end_text(&n);
	crypto_ed25519_sign(sig, fix_seed[f->log_signs ? seed : 0], text);
	tlog_note_format_sig(&n, &log, sig, 0);
	if (first != 0 && !f->quorum_none) {
		fix_cosign(&n, text, FIX_WITNESS, FIX_KEYS + 1, first);
		fix_cosign(&n, text, FIX_WITNESS2, FIX_KEYS + 3,
		    second != 0 ? second : first);
	}
	tlog_inclusion_path(proof.path, &proof.n, leaf, size, f->index[i]);
	proof.checkpoint = (struct bytes){ note, n.len };
	tlog_proof_format(&w, &proof);
	CHECK_OK(n.err);
	CHECK_OK(w.err);
	return (struct bytes){ fix_proof[i], w.len };
}

/* Let the statement be about this image record, with its very lines. */
static inline void fix_make_rebuild(struct fix *f, struct bytes image)
{
	struct record_rebuild *r = &f->rec[FIX_REBUILD].rebuild;
	struct tlog_note note;

	tlog_leaf_hash(&r->release, image);
	CHECK_OK(tlog_note_parse(&note, image, NULL));
	CHECK_OK(tlog_rebuild_result(&r->result, note.text));
}

/* The whole bundle, in static storage. */
static inline struct bytes fix_bundle(struct fix *f)
{
	const unsigned n = f->rebuild ? FIX_ALL : FIX_RECORDS;
	static uint8_t fields[REPORT_DATA_FIELDS_LEN_MAX];
	struct wr b = wr_init(fields, sizeof(fields));
	struct wr w = wr_init(fix_buf, sizeof(fix_buf));
	struct tlog_hash leaf[FIX_ENTRIES + 1]; /* the last: `grown` */
	struct bytes entry[FIX_ALL];
	struct evidence ev = { 0 };

	memset(leaf, 0x99, sizeof(leaf));
	for (unsigned i = 0; i < n; i++) {
		if (i == FIX_REBUILD && !f->keep_rebuild)
			fix_make_rebuild(f, entry[FIX_IMAGE]);
		entry[i] = fix_sign_record(f, i);
		tlog_leaf_hash(&leaf[fix_home[i]], entry[i]);
	}
	leaf[FIX_ENTRIES - 1].b[0] = f->forked[FIX_IMAGE] ? 0x66 : 0x99;
	if (!f->keep_binding)
		fix_bind(f, leaf);
	if (!f->keep_report_sig)
		fix_sign_report(f);
	report_data_fields_write(&b, &f->binding);
	ev.section[EVIDENCE_KIND] = (struct bytes){ &f->kind, 1 };
	ev.section[EVIDENCE_REPORT] =
	    (struct bytes){ f->report, sizeof(f->report) };
	ev.section[EVIDENCE_ENDORSEMENT] =
	    (struct bytes){ f->tee.endorsement, sizeof(f->tee.endorsement) };
	ev.section[EVIDENCE_BINDING] = (struct bytes){ fields, b.len };
	if (f->hardware != NULL)
		f->hardware(f, &ev, f->report + 0x50);
	for (unsigned i = 0; i < n; i++) {
		leaf[FIX_ENTRIES - 1].b[0] = f->forked[i] ? 0x66 : 0x99;
		ev.section[EVIDENCE_IMAGE_RECORD + 2 * i] = entry[i];
		ev.section[EVIDENCE_IMAGE_PROOF + 2 * i] =
		    fix_prove(f, i, leaf);
	}
	CHECK_OK(evidence_build(&w, &ev));
	return (struct bytes){ fix_buf, w.len };
}

/* Resolve all obligations with OpenSSL and conclude. */
static inline enum err fix_conclude(struct verdict *v)
{
	bool answer[OBLIGATIONS_MAX];

	for (size_t i = 0; i < v->checks.obligations.n; i++)
		answer[i] = obligation_resolve(
				&v->checks.obligations.item[i]) == ERR_OK;
	return evidence_conclude(v, answer, v->checks.obligations.n);
}

static inline enum err fix_judge(
    struct verdict *v, const struct fix *f, struct bytes bundle)
{
	static struct evidence_work work;
	enum err e = evidence_verify(v, &work, &f->demand, bundle, f->s_pub);

	if (e == ERR_OK || v->checks.obligations.n > 0)
		e = fix_conclude(v);
	memset(&work, 0xff, sizeof(work)); /* from now on it is not needed */
	return e;
}

static inline void fix_clear(struct fix *f)
{
	simtee_report_clear(&f->tee);
}

static inline int fix_setup(void **state)
{
	(void)state;
	if (crypto_init() != ERR_OK || mkdtemp(fix_dir) == NULL)
		return -1;
	for (unsigned i = 0; i < FIX_SEEDS; i++)
		memset(fix_seed[i], (int)(0x10 + i), ED25519_SEED_LEN);
	for (unsigned i = 0; i < FIX_KEYS; i++)
		(void)snprintf(fix_key_name[i], sizeof(fix_key_name[i]),
		    "release-%u", i + 1);
	return 0;
}

static inline int fix_teardown(void **state)
{
	char path[64];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/root.pem", fix_dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/chip.pem", fix_dir);
	(void)unlink(path);
	return rmdir(fix_dir);
}

#endif
