/*
 * Entries in a row, as a log is offered them: u16 length and bytes, repeated.
 * An entry that starts with '+' is a text that the release keys sign here, with
 * '*' the rebuilder's; anything else is taken as it is.
 */
#include <assert.h>
#include <string.h>

#include "base/rd.h"
#include "crypto/crypto_native.h"
#include "logd/admit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ORIGIN "log.example.org/releases"

static const struct bytes names[3] = { BYTES_LITERAL("a"), BYTES_LITERAL("b"),
	BYTES_LITERAL("r") };
static uint8_t seed[3][ED25519_SEED_LEN];
static struct tlog_key key[3];

static void make_keys(void)
{
	assert(crypto_init() == ERR_OK);
	for (size_t i = 0; i < 3; i++) {
		uint8_t pub[ED25519_PUB_LEN];

		crypto_sha256(seed[i], &names[i], 1);
		crypto_ed25519_public(pub, seed[i]);
		key[i] = tlog_key_make(names[i], TLOG_KEY_ED25519, pub);
	}
}

static struct bytes sign(struct bytes text, size_t first, size_t n)
{
	static uint8_t out[UINT16_MAX + 1024];
	struct wr w = wr_init(out, sizeof(out));

	wr_bytes(&w, text);
	tlog_note_format_end_text(&w);
	for (size_t i = first; i < first + n; i++) {
		uint8_t sig[ED25519_SIG_LEN];

		crypto_ed25519_sign(sig, seed[i], text);
		tlog_note_format_sig(&w, &key[i], sig, 0);
	}
	assert(w.err == ERR_OK);
	return (struct bytes){ out, w.len };
}

static void inside(struct bytes part, struct bytes whole)
{
	assert(part.len == 0 ||
	       (part.p >= whole.p && part.p + part.len <= whole.p + whole.len));
}

static void offer(struct logd_admit *log, struct bytes entry)
{
	static struct logd_admit before;
	struct tlog_record rec;
	struct bytes lines;
	struct tlog_hash result;
	enum logd_misfit why;
	enum err e = logd_admit_judge(&why, &rec, log, entry, NULL);

	before = *log;
	assert((e == ERR_OK) == (why == LOGD_FITS));
	assert(logd_admit_next(log, &rec, entry, NULL) == e);
	if (e != ERR_OK) {
		assert(memcmp(&before, log, sizeof(before)) == 0);
		assert(rec.kind == 0 || why > LOGD_KEYS);
		logd_admit_seen(log, entry);
	} else {
		inside(rec.product, entry);
		/* No entry fits twice. */
		assert(
		    logd_admit_judge(&why, &rec, log, entry, NULL) != ERR_OK);
		assert(why == LOGD_SEQ_REPEATED || why == LOGD_AFTER_RETIRE ||
		       why == LOGD_OTHER_RETIRE);
	}
	assert(log->n_streams <= LOGD_STREAMS_MAX);
	if (tlog_rebuild_lines(&lines, entry, NULL) == ERR_OK) {
		inside(lines, entry);
		assert(lines.p[lines.len - 1] == '\n');
		assert(tlog_rebuild_result(&result, entry) == ERR_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct logd_admit log;
	struct rd r = rd_init(data, size);

	if (key[0].type == 0)
		make_keys();
	memset(&log, 0, sizeof(log));
	log.release = (struct tlog_keyset){
		.key = { key[0], key[1] }, .n = 2, .need = 2
	};
	log.rebuilder =
	    (struct tlog_keyset){ .key = { key[2] }, .n = 1, .need = 1 };
	log.product = (struct bytes)BYTES_LITERAL("confer");
	log.origin = ORIGIN;
	while (rd_left(&r) > 0) {
		struct bytes entry = rd_take(&r, rd_u16be(&r));
		struct bytes text = entry;

		if (r.err != ERR_OK)
			break;
		if (entry.len > 0 && (entry.p[0] == '+' || entry.p[0] == '*')) {
			bool release = entry.p[0] == '+';

			text.p++;
			text.len--;
			offer(&log, text);
			entry = sign(text, release ? 0 : 2, release ? 2 : 1);
		}
		offer(&log, entry);
	}
	return 0;
}
