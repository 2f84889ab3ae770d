/* See split.h. */
#include "client/split.h"

#include "base/fmt.h"
#include "base/hex.h"
#include "client/home.h"
#include "crypto/crypto.h"
#include "protocol/evidence.h"
#include "sys/fd.h"
#include "tlog/proof.h"

#define ID_LEN   8 /* bytes of the hash that names a pair [L-173] */
#define NAME_MAX (2 * SHA256_LEN + 16)

struct bytes client_split_note(struct bytes bundle, uint8_t section)
{
	static const struct bytes none = { NULL, 0 };
	struct evidence ev;
	struct tlog_proof proof;

	if (section > EVIDENCE_SECTION_MAX ||
	    evidence_parse(&ev, bundle, NULL) != ERR_OK ||
	    tlog_proof_parse(&proof, ev.section[section], NULL) != ERR_OK)
		return none;
	return proof.checkpoint;
}

static enum err note_path(char out[FD_PATH_MAX], const char *home,
    const char *origin, struct err_ctx *ctx)
{
	const struct bytes text = { (const uint8_t *)origin,
		mem_strlen(origin) };
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1], name[NAME_MAX];

	crypto_sha256(digest, &text, 1);
	hex_encode(hex, digest, sizeof(digest));
	(void)fmt_print(name, sizeof(name), "%s.checkpoint", hex);
	return client_home_path(out, home, "state", name, ctx);
}

enum err client_split_remember(const char *home, const char *origin,
    struct bytes note, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = note_path(path, home, origin, ctx);

	if (e == ERR_OK)
		e = client_home_make(home, "state", ctx);
	if (e == ERR_OK)
		e = fd_replace_file(path, note, 0600, ctx);
	return e;
}

/* HOME/proof/<hex of id>ENDING */
static enum err keep_file(const char *home, struct bytes id, const char *ending,
    struct bytes text, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX], name[NAME_MAX], hex[2 * SHA256_LEN + 1];
	enum err e = client_home_make(home, "proof", ctx);

	hex_encode(hex, id.p, id.len);
	(void)fmt_print(name, sizeof(name), "%s%s", hex, ending);
	if (e == ERR_OK)
		e = client_home_path(path, home, "proof", name, ctx);
	if (e == ERR_OK)
		e = fd_replace_file(path, text, 0600, ctx);
	return e;
}

static enum err keep_notes(const char *home, struct bytes before,
    struct bytes now, struct err_ctx *ctx)
{
	const struct bytes both[] = { before, now };
	uint8_t digest[SHA256_LEN];
	const struct bytes id = { digest, ID_LEN };
	enum err e;

	crypto_sha256(digest, both, 2);
	e = keep_file(home, id, ".note-1", before, ctx);
	if (e == ERR_OK)
		e = keep_file(home, id, ".note-2", now, ctx);
	return e;
}

enum err client_split_keep(const char *home, const char *origin,
    struct bytes bundle, uint8_t section, struct err_ctx *ctx)
{
	static uint8_t note[TLOG_PROOF_LEN_MAX];
	uint8_t digest[SHA256_LEN];
	char path[FD_PATH_MAX];
	size_t n = 0;
	enum err kept, e = note_path(path, home, origin, ctx);

	evidence_digest(digest, bundle);
	kept = keep_file(home, (struct bytes){ digest, sizeof(digest) },
	    ".evidence", bundle, ctx);
	if (e == ERR_OK)
		e = fd_read_file(note, sizeof(note), &n, path, ctx);
	if (e == ERR_OK)
		e = keep_notes(home, (struct bytes){ note, n },
		    client_split_note(bundle, section), ctx);
	return e == ERR_OK ? kept : e;
}
