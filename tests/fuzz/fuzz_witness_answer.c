/* What a witness answers a log: cosignature lines, or the size of a 409. */
#include <assert.h>
#include <string.h>

#include "crypto/crypto_native.h"
#include "tlog/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LATEST 1800000300u

static const uint8_t w_seed[ED25519_SEED_LEN] =
    "the seed of a witness, as open.";
/* What the seeds cosign. */
static const uint8_t text[] = "log.example/releases\n0\n"
			      "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
static struct tlog_key key;

static void start(void)
{
	static const uint8_t name[] = "w1.example/witness";
	uint8_t pub[ED25519_PUB_LEN];

	assert(crypto_init() == ERR_OK);
	crypto_ed25519_public(pub, w_seed);
	key = tlog_key_make((struct bytes){ name, sizeof(name) - 1 },
	    TLOG_KEY_COSIGNATURE, pub);
}

static void try_size(struct bytes in)
{
	uint8_t out[32];
	struct wr w = wr_init(out, sizeof(out));
	uint64_t n;

	if (tlog_witness_size_parse(&n, in) != ERR_OK)
		return;
	assert(n <= TLOG_SIZE_MAX);
	tlog_witness_size_format(&w, n);
	assert(mem_eq(in, (struct bytes){ out, w.len }));
}

/* What is taken verifies when it stands alone. */
static void try_lines(struct bytes in)
{
	struct bytes t = { text, sizeof(text) - 1 };
	uint8_t out[1024];
	struct wr w = wr_init(out, sizeof(out));
	struct tlog_cosignature c;
	struct tlog_note alone;
	struct tlog_seen seen;

	if (tlog_cosignature_parse(&c, &key, t, in, LATEST, NULL) != ERR_OK)
		return;
	assert(c.time <= LATEST && mem_eq(c.line.name, key.name));
	assert(c.line.base64.p > in.p && c.line.base64.p < in.p + in.len);
	tlog_note_format_line(&w, &c.line);
	assert(w.err == ERR_OK);
	assert(tlog_note_parse_sigs(
		   &alone, t, (struct bytes){ out, w.len }, NULL) == ERR_OK);
	assert(alone.n == 1);
	assert(
	    tlog_note_verify(&seen, &alone, &key, 1, LATEST, NULL) == ERR_OK);
	assert(seen.timely && seen.time == c.time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	if (key.name.len == 0)
		start();
	try_size(in);
	try_lines(in);
	return 0;
}
