/*
 * What a log posts to a witness: one spelling, slices inside, and nothing is
 * cosigned that does not contain the tree cosigned before. The log's key is a
 * real one and the seeds are signed with it, so that proofs are reached.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto_native.h"
#include "tlog/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ORIGIN "log.example/releases"

static const uint8_t log_seed[ED25519_SEED_LEN] =
    "the seed of a log, not secret..";
static struct tlog_key key;
static struct tlog_witnessed last;

static bool find_log(void *cookie, struct bytes origin,
    const struct tlog_key **keys, size_t *n, struct tlog_witnessed *out)
{
	(void)cookie;
	if (!mem_eq(origin, key.name))
		return false;
	*keys = &key;
	*n = 1;
	*out = last;
	return true;
}

/* The log of the seeds: entry i is its index, two bytes. */
static void start(uint64_t size)
{
	static const uint8_t name[] = ORIGIN;
	uint8_t pub[ED25519_PUB_LEN];
	struct tlog_hash leaf[8];

	assert(crypto_init() == ERR_OK);
	crypto_ed25519_public(pub, log_seed);
	key = tlog_key_make(
	    (struct bytes){ name, sizeof(name) - 1 }, TLOG_KEY_ED25519, pub);
	for (uint8_t i = 0; i < 8; i++) {
		uint8_t entry[2] = { 0, i };

		tlog_leaf_hash(&leaf[i], (struct bytes){ entry, 2 });
	}
	last.size = size;
	tlog_root(&last.root, leaf, size);
}

static void inside(struct bytes part, struct bytes whole)
{
	assert(part.len == 0 ||
	       (part.p >= whole.p && part.p + part.len <= whole.p + whole.len));
}

static void try_parse(struct bytes in, struct tlog_add_checkpoint *req)
{
	uint8_t *out;
	struct wr w;

	if (tlog_add_checkpoint_parse(req, in, NULL) != ERR_OK)
		return;
	inside(req->checkpoint, in);
	out = malloc(in.len);
	w = wr_init(out, in.len);
	tlog_add_checkpoint_format(&w, req);
	assert(w.err == ERR_OK && w.len == in.len);
	assert(memcmp(out, in.p, in.len) == 0);
	free(out);
}

static void try_decide(struct bytes in, const struct tlog_add_checkpoint *req)
{
	struct tlog_witness_decision d;
	struct err_ctx why = { 0 };

	tlog_witness_decide(&d, in, find_log, NULL, &why);
	inside(d.origin, in);
	assert((d.status == 200) == (why.msg[0] == '\0'));
	if (d.status != 200)
		return;
	assert(mem_eq(d.origin, key.name));
	assert(d.verified != 0 && d.verified < UINT64_C(1) << d.note.n);
	assert(req->old == last.size && d.now.size >= last.size);
	assert(tlog_consistency_verify(&last.root, last.size, &d.now.root,
		   d.now.size, req->proof, req->n) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct tlog_add_checkpoint req;

	if (key.name.len == 0)
		start(5);
	try_parse(in, &req);
	try_decide(in, &req);
	return 0;
}
