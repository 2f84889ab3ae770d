/* Notes, keys and checkpoint texts: slices stay inside, spellings are one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tlog/checkpoint.h"
#include "tlog/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes part, struct bytes whole)
{
	assert(part.len == 0 ||
	       (part.p >= whole.p && part.p + part.len <= whole.p + whole.len));
}

/* An accepted Ed25519 vkey is written back the same. */
static void try_vkey(struct bytes in)
{
	uint8_t out[TLOG_VKEY_LEN_MAX];
	struct wr w = wr_init(out, sizeof(out));
	struct tlog_key key;

	if (tlog_vkey_parse(&key, in, NULL) != ERR_OK)
		return;
	inside(key.name, in);
	if (key.type != TLOG_KEY_ED25519 && key.type != TLOG_KEY_COSIGNATURE)
		return;
	tlog_vkey_format(&w, key.name, key.type, key.pub);
	assert(w.len == in.len && memcmp(out, in.p, in.len) == 0);
}

static void try_checkpoint(struct bytes in)
{
	struct tlog_checkpoint cp;
	uint8_t *out;
	struct wr w;

	if (tlog_checkpoint_parse(&cp, in, NULL) != ERR_OK)
		return;
	inside(cp.origin, in);
	inside(cp.extensions, in);
	out = malloc(in.len);
	w = wr_init(out, in.len);
	tlog_checkpoint_format(&w, cp.origin, cp.size, &cp.root);
	wr_bytes(&w, cp.extensions);
	assert(w.err == ERR_OK && w.len == in.len);
	assert(memcmp(out, in.p, in.len) == 0);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct tlog_note note;

	try_vkey(in);
	try_checkpoint(in);
	if (tlog_note_parse(&note, in, NULL) != ERR_OK)
		return 0;
	assert(note.n >= 1 && note.n <= TLOG_NOTE_SIGS_MAX);
	inside(note.text, in);
	assert(note.text.p[note.text.len - 1] == '\n');
	try_checkpoint(note.text);
	for (size_t i = 0; i < note.n; i++) {
		/* A made-up key of that name and id: nothing verifies. */
		struct tlog_key key = {
			.name = note.sig[i].name,
			.id = note.sig[i].id,
			.type = i % 2 ? TLOG_KEY_ED25519 : TLOG_KEY_COSIGNATURE,
		};
		struct tlog_seen seen;

		inside(note.sig[i].name, in);
		inside(note.sig[i].base64, in);
		assert(tlog_key_name_ok(key.name));
		assert(
		    tlog_note_verify(&seen, &note, &key, 1, 0, NULL) != ERR_OK);
	}
	return 0;
}
