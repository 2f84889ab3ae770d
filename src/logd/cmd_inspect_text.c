/* Texts of the log, shown readably; see cmd_inspect.h. */
#include "logd/cmd_inspect.h"

#include <string.h>

#include "base/hex.h"
#include "base/utc.h"
#include "logd/key.h"
#include "protocol/trust.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "tlog/record.h"

#define COSIG_LEN (4 + 8 + ED25519_SIG_LEN) /* id, time, signature */

static void what(struct logd_show *s, const char *name)
{
	logd_show_answer(s, "%s", name);
	logd_show_cstr(s, "what", name);
}

static void show_vkey(struct logd_show *s, const struct tlog_key *key)
{
	uint8_t text[TLOG_VKEY_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));

	if (key->type != TLOG_KEY_ED25519 && key->type != TLOG_KEY_COSIGNATURE)
		return;
	tlog_vkey_format(&w, key->name, key->type, key->pub);
	logd_show_answer(s, "  vkey      %.*s", (int)w.len, (char *)text);
	logd_show_str(s, "vkey", (struct bytes){ text, w.len });
}

/* ---- notes --------------------------------------------------------------- */

/* A cosignature's time, if the line has the length of one. */
static bool cosigned_at(const struct tlog_sig *sig, uint64_t *time_s)
{
	uint8_t blob[COSIG_LEN];
	size_t n;

	if (base64_decode(blob, sizeof(blob), &n, sig->base64) != ERR_OK ||
	    n != sizeof(blob))
		return false;
	*time_s = 0;
	for (size_t i = 0; i < 8; i++)
		*time_s = *time_s << 8 | blob[4 + i];
	return true;
}

/* Nothing is verified here, and the heading says so. */
static void show_signers(struct logd_show *s, const struct tlog_note *note)
{
	logd_show_answer(s, "  signature lines, not verified:");
	logd_show_open(s, "signatures", '[');
	for (size_t i = 0; i < note->n; i++) {
		const struct tlog_sig *sig = &note->sig[i];
		char when[UTC_TEXT_LEN + 1] = "";
		uint64_t at;

		logd_show_open(s, NULL, '{');
		logd_show_str(s, "name", sig->name);
		logd_show_num(s, "id", sig->id);
		if (cosigned_at(sig, &at)) {
			utc_format(when, at);
			logd_show_num(s, "time", at);
		}
		logd_show_close(s, '}');
		logd_show_answer(s, "    %.*s (%08x)%s%s", LOGD_TEXT(sig->name),
		    (unsigned)sig->id, when[0] != '\0' ? ", cosigned " : "",
		    when);
	}
	logd_show_close(s, ']');
}

static void show_checkpoint(
    struct logd_show *s, const struct tlog_checkpoint *cp)
{
	char hex[2 * TLOG_HASH_LEN + 1];

	hex_encode(hex, cp->root.b, TLOG_HASH_LEN);
	logd_show_answer(s, "  origin    %.*s", LOGD_TEXT(cp->origin));
	logd_show_answer(s, "  size      %llu", (unsigned long long)cp->size);
	logd_show_answer(s, "  root      %s", hex);
	if (cp->extensions.len > 0)
		logd_show_answer(s,
		    "  extension lines: %zu bytes, which no client of ours "
		    "accepts",
		    cp->extensions.len);
	logd_show_str(s, "origin", cp->origin);
	logd_show_num(s, "size", cp->size);
	logd_show_hash(s, "root", &cp->root);
}

/* Whole lines of a text, each shown for itself. */
static void show_lines(struct logd_show *s, struct bytes text)
{
	while (text.len > 0) {
		const uint8_t *lf = memchr(text.p, '\n', text.len);
		size_t n = lf == NULL ? text.len : (size_t)(lf - text.p);

		logd_show_answer(s, "  | %.*s", (int)n, (const char *)text.p);
		n += lf != NULL;
		text.p += n;
		text.len -= n;
	}
}

enum err logd_inspect_note(
    struct logd_show *s, struct bytes text, struct err_ctx *ctx)
{
	struct tlog_checkpoint cp;
	struct tlog_note note;
	enum err e = tlog_note_parse(&note, text, ctx);

	if (e != ERR_OK)
		return e;
	if (tlog_checkpoint_parse(&cp, note.text, NULL) == ERR_OK) {
		what(s, "checkpoint");
		show_checkpoint(s, &cp);
	} else {
		what(s, "signed note");
		show_lines(s, note.text);
		logd_show_str(s, "text", note.text);
	}
	show_signers(s, &note);
	return ERR_OK;
}

/* ---- records, proofs ----------------------------------------------------- */

static void show_record(struct logd_show *s, const struct tlog_record *rec)
{
	char from[UTC_TEXT_LEN + 1], to[UTC_TEXT_LEN + 1];

	utc_format(from, rec->not_before);
	utc_format(to, rec->not_after);
	logd_show_answer(s, "  %s %.*s/%.*s, seq %llu",
	    tlog_record_kind_name(rec->kind), LOGD_TEXT(rec->product),
	    LOGD_TEXT(rec->channel), (unsigned long long)rec->seq);
	logd_show_answer(s, "  valid     from %s to %s", from, to);
	logd_show_cstr(s, "kind", tlog_record_kind_name(rec->kind));
	logd_show_str(s, "product", rec->product);
	logd_show_str(s, "channel", rec->channel);
	logd_show_num(s, "seq", rec->seq);
	logd_show_num(s, "not_before", rec->not_before);
	logd_show_num(s, "not_after", rec->not_after);
}

enum err logd_inspect_record(
    struct logd_show *s, struct bytes text, struct err_ctx *ctx)
{
	static struct tlog_record rec; /* 12 KB */
	struct tlog_hash leaf;
	struct tlog_note note;
	char hex[2 * TLOG_HASH_LEN + 1];
	enum err e = tlog_note_parse(&note, text, ctx);

	if (e == ERR_OK)
		e = tlog_record_parse(&rec, note.text, ctx);
	if (e != ERR_OK)
		return e;
	tlog_leaf_hash(&leaf, text);
	hex_encode(hex, leaf.b, TLOG_HASH_LEN);
	what(s, "release record");
	show_record(s, &rec);
	logd_show_answer(s, "  leaf hash %s", hex);
	logd_show_hash(s, "leaf", &leaf);
	show_lines(s, note.text);
	show_signers(s, &note);
	return ERR_OK;
}

enum err logd_inspect_proof(
    struct logd_show *s, struct bytes text, struct err_ctx *ctx)
{
	struct tlog_checkpoint cp;
	struct tlog_proof proof;
	struct tlog_note note;
	enum err e = tlog_proof_parse(&proof, text, ctx);

	if (e == ERR_OK)
		e = tlog_note_parse(&note, proof.checkpoint, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_parse(&cp, note.text, ctx);
	if (e != ERR_OK)
		return e;
	what(s, "proof");
	logd_show_answer(s, "  index     %llu, with %zu hashes",
	    (unsigned long long)proof.index, proof.n);
	logd_show_num(s, "index", proof.index);
	logd_show_num(s, "hashes", proof.n);
	if (proof.extra.p != NULL)
		logd_show_answer(s,
		    "  extra     %zu characters that nothing vouches for",
		    proof.extra.len);
	show_checkpoint(s, &cp);
	show_signers(s, &note);
	return ERR_OK;
}

/* ---- keys ---------------------------------------------------------------- */

enum err logd_inspect_key(
    struct logd_show *s, struct bytes text, struct err_ctx *ctx)
{
	struct logd_key key;
	enum err e = logd_key_parse(&key, text, ctx);

	if (e != ERR_OK)
		return e;
	what(s, "signing key");
	logd_show_answer(s, "  keep it secret; others get its vkey:");
	show_vkey(s, &key.key);
	logd_key_wipe(&key);
	return ERR_OK;
}

enum err logd_inspect_vkey(
    struct logd_show *s, struct bytes text, struct err_ctx *ctx)
{
	static const char *const kind[] = {
		[TLOG_KEY_ED25519] = "Ed25519: of a log, a release or a "
				     "rebuilder",
		[TLOG_KEY_ECDSA] = "ECDSA: parsed, never verified here",
		[TLOG_KEY_COSIGNATURE] = "Ed25519 cosignature: of a witness",
		[TLOG_KEY_RFC6962] = "RFC 6962: parsed, never verified here",
		[TLOG_KEY_MLDSA44] = "ML-DSA-44: parsed, never verified here",
	};
	struct tlog_key key;
	enum err e;

	if (text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	e = tlog_vkey_parse(&key, text, ctx);
	if (e != ERR_OK)
		return e;
	what(s, "vkey");
	logd_show_answer(s, "  name      %.*s", LOGD_TEXT(key.name));
	logd_show_answer(s, "  id        %08x", (unsigned)key.id);
	logd_show_answer(
	    s, "  type      %u, %s", (unsigned)key.type, kind[key.type]);
	logd_show_str(s, "name", key.name);
	logd_show_num(s, "id", key.id);
	logd_show_num(s, "type", key.type);
	return ERR_OK;
}

/* ---- policies, trust files ----------------------------------------------- */

static struct bytes quorum_name(const struct tlog_policy *p)
{
	static const struct bytes none = BYTES_LITERAL("none");

	if (p->quorum == TLOG_QUORUM_WITNESS)
		return p->witness[p->quorum_index].name;
	if (p->quorum == TLOG_QUORUM_GROUP)
		return p->group[p->quorum_index].name;
	return none;
}

static void show_policy(struct logd_show *s, const struct tlog_policy *p)
{
	const struct bytes quorum = quorum_name(p);

	logd_show_open(s, "logs", '[');
	for (size_t i = 0; i < p->n_logs; i++) {
		const struct tlog_policy_log *l = &p->log[i];

		logd_show_answer(s, "  log       %.*s%s%.*s",
		    LOGD_TEXT(l->key.name), l->url.len > 0 ? "  " : "",
		    LOGD_TEXT(l->url));
		logd_show_str(s, NULL, l->key.name);
	}
	logd_show_close(s, ']');
	logd_show_open(s, "witnesses", '[');
	for (size_t i = 0; i < p->n_witnesses; i++) {
		const struct tlog_policy_witness *w = &p->witness[i];

		logd_show_answer(s, "  witness   %.*s  %.*s%s%.*s",
		    LOGD_TEXT(w->name), LOGD_TEXT(w->key.name),
		    w->url.len > 0 ? "  " : "", LOGD_TEXT(w->url));
		logd_show_str(s, NULL, w->name);
	}
	logd_show_close(s, ']');
	for (size_t i = 0; i < p->n_groups; i++)
		logd_show_answer(s, "  group     %.*s  %zu of %d",
		    LOGD_TEXT(p->group[i].name), p->group[i].need,
		    __builtin_popcount(p->group[i].witnesses) +
			__builtin_popcount(p->group[i].groups));
	logd_show_answer(s, "  quorum    %.*s", LOGD_TEXT(quorum));
	logd_show_str(s, "quorum", quorum);
}

enum err logd_inspect_policy(
    struct logd_show *s, struct bytes text, struct err_ctx *ctx)
{
	static struct tlog_policy policy; /* 7 KB */
	enum err e = tlog_policy_parse(&policy, text, true, ctx);

	if (e != ERR_OK)
		return e;
	what(s, "log policy");
	show_policy(s, &policy);
	return ERR_OK;
}

/* Each log policy of a trust file, with the time for which it holds. */
static void show_policies(struct logd_show *s, const struct trust *t)
{
	logd_show_open(s, "policies", '[');
	for (size_t i = 0; i < t->n_logs; i++) {
		const struct trust_policy *p = &t->log[i];
		char from[UTC_TEXT_LEN + 1], until[UTC_TEXT_LEN + 1];

		utc_format(from, p->from);
		utc_format(until, p->until);
		logd_show_open(s, NULL, '{');
		if (p->until != UINT64_MAX) {
			logd_show_answer(
			    s, "  valid     from %s to %s", from, until);
			logd_show_num(s, "from", p->from);
			logd_show_num(s, "until", p->until);
		}
		show_policy(s, &p->policy);
		logd_show_close(s, '}');
	}
	logd_show_close(s, ']');
	for (size_t i = 0; i < t->n_ops; i++)
		logd_show_answer(s, "  operator  %.*s  %.*s",
		    LOGD_TEXT(t->op[i].witness), LOGD_TEXT(t->op[i].name));
}

enum err logd_inspect_trust(
    struct logd_show *s, struct bytes text, struct err_ctx *ctx)
{
	static struct trust t;
	enum err e = trust_parse(&t, text, ctx);

	if (e != ERR_OK)
		return e;
	what(s, "trust file");
	logd_show_answer(s, "  releases  %.*s/%.*s, signed by %zu of %zu keys",
	    LOGD_TEXT(t.product), LOGD_TEXT(t.channel), t.release.need,
	    t.release.n);
	for (size_t i = 0; i < t.release.n; i++)
		logd_show_answer(
		    s, "  key       %.*s", LOGD_TEXT(t.release.key[i].name));
	for (size_t i = 0; i < t.rebuilder.n; i++)
		logd_show_answer(
		    s, "  rebuilder %.*s", LOGD_TEXT(t.rebuilder.key[i].name));
	if (t.local)
		logd_show_answer(s,
		    "  local     one machine's own: it may do without "
		    "witnesses");
	if (t.n_sim_roots > 0)
		logd_show_answer(s,
		    "  sim-root  %zu: simulated processors, which protect "
		    "nothing",
		    t.n_sim_roots);
	logd_show_str(s, "product", t.product);
	logd_show_str(s, "channel", t.channel);
	logd_show_num(s, "threshold", t.release.need);
	logd_show_num(s, "release_keys", t.release.n);
	logd_show_bool(s, "local", t.local);
	show_policies(s, &t);
	return ERR_OK;
}
