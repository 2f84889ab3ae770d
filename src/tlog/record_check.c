/* What is asked of a parsed record: signers, time, policy, measurements, and
 * what a rebuild has to give. */
#include "base/assert.h"
#include "base/utc.h"
#include "tlog/record.h"
#include "tlog/text.h"

enum err tlog_keyset_add(
    struct tlog_keyset *set, struct bytes vkey, struct err_ctx *ctx)
{
	struct tlog_key key;
	enum err e = tlog_vkey_parse(&key, vkey, ctx);

	if (e != ERR_OK)
		return e;
	if (key.type != TLOG_KEY_ED25519)
		return err_set(ctx, ERR_FORMAT, "release key: not of type 1");
	for (size_t i = 0; i < set->n; i++) {
		if (mem_eq_ct(set->key[i].pub, key.pub, sizeof(key.pub)))
			return err_set(
			    ctx, ERR_FORMAT, "release key: there already");
	}
	if (set->n == RECORD_KEYS_MAX)
		return err_set(ctx, ERR_LIMIT, "release keys: more than %d",
		    RECORD_KEYS_MAX);
	set->key[set->n++] = key;
	return ERR_OK;
}

enum err tlog_record_verify(struct tlog_record *out,
    const struct tlog_keyset *set, struct bytes entry, struct err_ctx *ctx)
{
	struct tlog_seen seen[RECORD_KEYS_MAX];
	struct tlog_note note;
	size_t signers = 0;
	enum err e;

	memset(out, 0, sizeof(*out));
	assert(set->n <= RECORD_KEYS_MAX);
	if (entry.len > RECORD_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "record: %zu bytes", entry.len);
	e = tlog_note_parse(&note, entry, ctx);
	if (e == ERR_OK)
		e = tlog_note_verify(seen, &note, set->key, set->n, 0, ctx);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < set->n; i++)
		signers += seen[i].ok;
	if (set->need == 0 || signers < set->need) /* L-51 */
		return err_set(ctx, ERR_POLICY,
		    "record: signed by %zu of %zu release keys, needs %zu",
		    signers, set->n, set->need);
	return tlog_record_parse(out, note.text, ctx);
}

enum err tlog_record_check_time(
    const struct tlog_record *rec, uint64_t now_s, struct err_ctx *ctx)
{
	const char *kind = tlog_record_kind_name(rec->kind);
	char limit[UTC_TEXT_LEN + 1], now[UTC_TEXT_LEN + 1];

	utc_format(now, now_s);
	utc_format(
	    limit, now_s < rec->not_before ? rec->not_before : rec->not_after);
	if (rec->not_before > now_s && rec->not_before - now_s > RECORD_SKEW_S)
		return err_set(ctx, ERR_EXPIRED,
		    "%s record: valid from %s, it is %s", kind, limit, now);
	if (now_s >= rec->not_after)
		return err_set(ctx, ERR_EXPIRED,
		    "%s record: valid until %s, it is %s", kind, limit, now);
	return ERR_OK;
}

static bool same_series(
    const struct record_min_seq *m, const struct tlog_record *rec)
{
	return m->kind == rec->kind && mem_eq(m->product, rec->product) &&
	       mem_eq(m->channel, rec->channel);
}

enum err tlog_record_check_policy(const struct tlog_record *rec,
    const struct tlog_hash *leaf, const struct tlog_record *policy,
    struct err_ctx *ctx)
{
	const char *kind = tlog_record_kind_name(rec->kind);
	const struct record_policy *p = &policy->policy;

	if (policy->kind != RECORD_POLICY ||
	    !mem_eq(policy->product, rec->product))
		return err_set(ctx, ERR_POLICY,
		    "%s record: not of the policy's product", kind);
	for (size_t i = 0; i < p->n_revoked; i++) {
		if (tlog_hash_eq(&p->revoked[i], leaf))
			return err_set(
			    ctx, ERR_POLICY, "%s record: revoked", kind);
	}
	for (size_t i = 0; i < p->n_min_seq; i++) {
		const struct record_min_seq *m = &p->min_seq[i];

		if (same_series(m, rec) && rec->seq < m->seq)
			return err_set(ctx, ERR_POLICY,
			    "%s record: seq %llu, policy needs %llu", kind,
			    (unsigned long long)rec->seq,
			    (unsigned long long)m->seq);
	}
	return ERR_OK;
}

enum err tlog_record_check_chip(const struct tlog_record *policy,
    struct bytes id, uint64_t now_s, struct err_ctx *ctx)
{
	const struct record_policy *p = &policy->policy;
	const struct record_chip *chip;
	char until[UTC_TEXT_LEN + 1];
	size_t n;

	assert(policy->kind == RECORD_POLICY);
	assert(id.len == RECORD_CHIP_ID_LEN || id.len == RECORD_PPID_LEN);
	if (p->any_hardware)
		return ERR_OK;
	chip = id.len == RECORD_CHIP_ID_LEN ? p->chip : p->ppid;
	n = id.len == RECORD_CHIP_ID_LEN ? p->n_chips : p->n_ppids;
	for (size_t i = 0; i < n; i++) {
		if (!mem_eq_ct(chip[i].id, id.p, id.len))
			continue;
		if (now_s < chip[i].not_after)
			return ERR_OK;
		utc_format(until, chip[i].not_after);
		return err_set(
		    ctx, ERR_EXPIRED, "hardware: listed until %s", until);
	}
	return err_set(ctx, ERR_POLICY, "hardware: not listed");
}

const struct record_snp *tlog_image_find_snp(const struct record_image *image,
    const uint8_t measurement[RECORD_MEASUREMENT_LEN],
    const struct record_snp *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - image->snp) + 1;

	for (; i < image->n_snp; i++) {
		if (mem_eq_ct(image->snp[i].measurement, measurement,
			RECORD_MEASUREMENT_LEN))
			return &image->snp[i];
	}
	return NULL;
}

const struct record_tdx *tlog_image_find_tdx(const struct record_image *image,
    const uint8_t mrtd[RECORD_MEASUREMENT_LEN], const struct record_tdx *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - image->tdx) + 1;

	for (; i < image->n_tdx; i++) {
		if (mem_eq_ct(image->tdx[i].mrtd, mrtd, RECORD_MEASUREMENT_LEN))
			return &image->tdx[i];
	}
	return NULL;
}

const struct record_sgx *tlog_image_find_sgx(const struct record_image *image,
    const uint8_t mrenclave[SHA256_LEN], const struct record_sgx *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - image->sgx) + 1;

	for (; i < image->n_sgx; i++) {
		if (mem_eq_ct(image->sgx[i].mrenclave, mrenclave, SHA256_LEN))
			return &image->sgx[i];
	}
	return NULL;
}

bool tlog_image_has_sim(const struct record_image *image,
    const uint8_t measurement[RECORD_MEASUREMENT_LEN])
{
	for (size_t i = 0; i < image->n_sim; i++) {
		if (mem_eq_ct(
			image->sim[i], measurement, RECORD_MEASUREMENT_LEN))
			return true;
	}
	return false;
}

bool tlog_image_has_model(
    const struct record_image *image, const struct tlog_hash *sha256)
{
	for (size_t i = 0; i < image->n_models; i++) {
		const struct record_digest *d = &image->model[i].digest;

		if (d->alg == RECORD_SHA256 && tlog_hash_eq(&d->hash, sha256))
			return true;
	}
	return false;
}

/* Are lines of this keyword compared by a rebuilder? In a record they stand together. */
static bool compared(struct bytes line)
{
	static const char *const key[] = { "file", "snp", "tdx", "sgx",
		"bundle" };
	struct tlog_text t = tlog_text_init(line, NULL);

	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
		if (tlog_text_peek(&t, key[i]))
			return true;
	}
	return false;
}

enum err tlog_rebuild_lines(
    struct bytes *out, struct bytes record_text, struct err_ctx *ctx)
{
	struct tlog_record rec;
	struct bytes found = { NULL, 0 };
	enum err e = tlog_record_parse(&rec, record_text, ctx);

	*out = found;
	if (e != ERR_OK)
		return e;
	if (rec.kind != RECORD_IMAGE && rec.kind != RECORD_WEB &&
	    rec.kind != RECORD_CLIENT)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "%s record: nobody rebuilds these",
		    tlog_record_kind_name(rec.kind));
	for (size_t at = 0, end; at < record_text.len; at = end) {
		struct bytes line = { record_text.p + at, 0 };

		for (end = at; record_text.p[end] != '\n'; end++) {
		}
		line.len = ++end - at;
		if (!compared(line))
			continue;
		if (found.p == NULL)
			found.p = line.p;
		found.len += line.len;
	}
	if (found.p == NULL)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "image record: no line that a rebuild could give");
	*out = found;
	return ERR_OK;
}

enum err tlog_rebuild_result(struct tlog_hash *out, struct bytes record_text)
{
	struct bytes lines;
	enum err e = tlog_rebuild_lines(&lines, record_text, NULL);

	memset(out, 0, sizeof(*out));
	if (e == ERR_OK)
		crypto_sha256(out->b, &lines, 1);
	return e;
}
