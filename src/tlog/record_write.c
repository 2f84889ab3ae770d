/* Writer of release records, line by line as record.c reads them. */
#include "base/hex.h"
#include "tlog/record.h"
#include "tlog/text.h"

static void put_token(struct wr *w, struct bytes b)
{
	if (!tlog_text_is_token(b))
		wr_fail(w, ERR_FORMAT); /* nothing smuggles in a line */
	wr_u8(w, ' ');
	wr_bytes(w, b);
}

static void put_visible(struct wr *w, struct bytes b, size_t max)
{
	if (!tlog_text_is_visible(b, max))
		wr_fail(w, ERR_FORMAT);
	wr_u8(w, ' ');
	wr_bytes(w, b);
}

static void put_num(struct wr *w, uint64_t v)
{
	wr_fmt(w, " %llu", (unsigned long long)v);
}

static void put_hex(struct wr *w, const uint8_t *p, size_t n)
{
	char text[2 * RECORD_CHIP_ID_LEN + 1];

	hex_encode(text, p, n);
	wr_fmt(w, " %s", text);
}

static void put_hex64(struct wr *w, uint64_t v)
{
	wr_fmt(w, " %016llx", (unsigned long long)v);
}

static void put_digest(struct wr *w, const struct record_digest *d)
{
	char text[2 * TLOG_HASH_LEN + 1];

	hex_encode(text, d->hash.b, TLOG_HASH_LEN);
	if (d->alg != RECORD_SHA256 && d->alg != RECORD_VERITY)
		wr_fail(w, ERR_FORMAT);
	wr_fmt(
	    w, " %s:%s", d->alg == RECORD_SHA256 ? "sha256" : "verity", text);
}

static void put_sha256(struct wr *w, const struct tlog_hash *h)
{
	put_digest(w, &(struct record_digest){ RECORD_SHA256, *h });
}

static void line_token(struct wr *w, const char *key, struct bytes b)
{
	wr_str(w, key);
	put_token(w, b);
	wr_u8(w, '\n');
}

static void line_num(struct wr *w, const char *key, uint64_t v)
{
	wr_str(w, key);
	put_num(w, v);
	wr_u8(w, '\n');
}

static void line_sha256(
    struct wr *w, const char *key, const struct tlog_hash *h)
{
	wr_str(w, key);
	put_sha256(w, h);
	wr_u8(w, '\n');
}

static void write_source(struct wr *w, const struct record_source *s)
{
	if (s->url.len == 0)
		return;
	if (s->commit.len > RECORD_GIT_HASH_MAX ||
	    s->tree.len > RECORD_GIT_HASH_MAX) {
		wr_fail(w, ERR_FORMAT);
		return;
	}
	wr_str(w, "source");
	put_visible(w, s->url, RECORD_URL_LEN_MAX);
	put_hex(w, s->commit.b, s->commit.len);
	put_hex(w, s->tree.b, s->tree.len);
	wr_u8(w, '\n');
}

static void write_files(struct wr *w, const struct record_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		wr_str(w, "file");
		put_token(w, f->item[i].role);
		put_num(w, f->item[i].size);
		put_digest(w, &f->item[i].digest);
		wr_u8(w, '\n');
	}
}

static void write_snp(struct wr *w, const struct record_snp *it)
{
	wr_str(w, "snp");
	put_num(w, it->vcpus);
	put_token(w, it->vcpu_type);
	put_hex(w, it->measurement, sizeof(it->measurement));
	wr_str(w, " policy");
	put_hex64(w, it->policy);
	wr_u8(w, '\n');
}

static void write_tdx(struct wr *w, const struct record_tdx *it)
{
	wr_str(w, "tdx");
	put_token(w, it->shape);
	wr_str(w, " mrtd");
	put_hex(w, it->mrtd, sizeof(it->mrtd));
	for (unsigned i = 0; i < 4; i++) {
		wr_fmt(w, " rtmr%u", i);
		put_hex(w, it->rtmr[i], sizeof(it->rtmr[i]));
	}
	wr_str(w, " attributes");
	put_hex64(w, it->attributes);
	wr_str(w, " xfam");
	put_hex64(w, it->xfam);
	wr_u8(w, '\n');
}

static void write_sgx(struct wr *w, const struct record_sgx *it)
{
	wr_str(w, "sgx mrenclave");
	put_hex(w, it->mrenclave, sizeof(it->mrenclave));
	wr_str(w, " mrsigner");
	put_hex(w, it->mrsigner, sizeof(it->mrsigner));
	wr_fmt(w, " isvprodid %u isvsvn %u attributes", (unsigned)it->isvprodid,
	    (unsigned)it->isvsvn);
	put_hex(w, it->attributes, sizeof(it->attributes));
	wr_str(w, " mask");
	put_hex(w, it->mask, sizeof(it->mask));
	wr_u8(w, '\n');
}

static void write_image(struct wr *w, const struct tlog_record *r)
{
	const struct record_image *m = &r->image;

	line_token(w, "version", m->version);
	write_source(w, &m->source);
	if (m->has_recipe)
		line_sha256(w, "recipe", &m->recipe);
	if (m->has_builder)
		line_sha256(w, "builder", &m->builder);
	write_files(w, &m->files);
	for (size_t i = 0; i < m->n_snp; i++)
		write_snp(w, &m->snp[i]);
	for (size_t i = 0; i < m->n_tdx; i++)
		write_tdx(w, &m->tdx[i]);
	for (size_t i = 0; i < m->n_sgx; i++)
		write_sgx(w, &m->sgx[i]);
	for (size_t i = 0; i < m->n_sim; i++) {
		wr_str(w, "sim");
		put_hex(w, m->sim[i], sizeof(m->sim[i]));
		wr_u8(w, '\n');
	}
	for (size_t i = 0; i < m->n_models; i++) {
		wr_str(w, "model");
		put_token(w, m->model[i].name);
		put_digest(w, &m->model[i].digest);
		wr_u8(w, '\n');
	}
	if (m->supersedes != 0)
		line_num(w, "supersedes", m->supersedes);
}

static void write_model(struct wr *w, const struct tlog_record *r)
{
	const struct record_model *m = &r->model;

	line_token(w, "name", m->name);
	wr_str(w, "file");
	put_num(w, m->size);
	put_sha256(w, &m->sha256);
	wr_u8(w, '\n');
	if (m->has_verity) {
		wr_str(w, "verity");
		put_hex(w, m->verity.b, TLOG_HASH_LEN);
		wr_u8(w, '\n');
	}
	line_token(w, "tokenizer", m->tokenizer);
	if (m->has_template)
		line_sha256(w, "template", &m->template_sha256);
	line_token(w, "quant", m->quant);
	line_num(w, "context", m->context);
}

static void write_web(struct wr *w, const struct tlog_record *r)
{
	const struct record_web *m = &r->web;

	line_token(w, "version", m->version);
	write_source(w, &m->source);
	if (m->has_recipe)
		line_sha256(w, "recipe", &m->recipe);
	wr_str(w, "bundle");
	put_num(w, m->size);
	put_sha256(w, &m->bundle);
	wr_u8(w, '\n');
}

static void write_client(struct wr *w, const struct tlog_record *r)
{
	const struct record_client *m = &r->client;

	line_token(w, "version", m->version);
	write_source(w, &m->source);
	if (m->has_recipe)
		line_sha256(w, "recipe", &m->recipe);
	write_files(w, &m->files);
}

static void write_snp_tcb(struct wr *w, const char *key, bool has_fmc,
    const struct record_snp_tcb *tcb)
{
	if (!tcb->listed)
		return;
	wr_str(w, key);
	if (has_fmc)
		put_num(w, tcb->fmc);
	put_num(w, tcb->bootloader);
	put_num(w, tcb->tee);
	put_num(w, tcb->snp);
	put_num(w, tcb->microcode);
	wr_u8(w, '\n');
}

static void write_chips(struct wr *w, const char *key,
    const struct record_chip *chip, size_t n, size_t id_len)
{
	for (size_t i = 0; i < n; i++) {
		wr_str(w, key);
		put_hex(w, chip[i].id, id_len);
		put_num(w, chip[i].not_after);
		wr_u8(w, '\n');
	}
}

static void put_vkey(struct wr *w, const struct tlog_key *key)
{
	wr_u8(w, ' ');
	tlog_vkey_format(w, key->name, key->type, key->pub);
}

static void write_policy(struct wr *w, const struct tlog_record *r)
{
	const struct record_policy *m = &r->policy;

	for (size_t i = 0; i < m->n_min_seq; i++) {
		const struct record_min_seq *it = &m->min_seq[i];

		wr_fmt(w, "min-seq %s", tlog_record_kind_name(it->kind));
		put_token(w, it->product);
		put_token(w, it->channel);
		put_num(w, it->seq);
		wr_u8(w, '\n');
	}
	for (size_t i = 0; i < m->n_revoked; i++) {
		wr_str(w, "revoked");
		put_hex(w, m->revoked[i].b, TLOG_HASH_LEN);
		wr_u8(w, '\n');
	}
	write_snp_tcb(w, "tcb-snp milan", false, &m->milan);
	write_snp_tcb(w, "tcb-snp genoa", false, &m->genoa);
	write_snp_tcb(w, "tcb-snp turin", true, &m->turin);
	if (m->has_tdx)
		line_num(w, "tcb-tdx", m->tdx_eval);
	if (m->has_sgx)
		line_num(w, "tcb-sgx", m->sgx_eval);
	wr_str(w, m->any_hardware ? "hardware any\n" : "hardware listed\n");
	write_chips(w, "chip", m->chip, m->n_chips, RECORD_CHIP_ID_LEN);
	write_chips(w, "ppid", m->ppid, m->n_ppids, RECORD_PPID_LEN);
	for (size_t i = 0; i < m->n_next_logs; i++) {
		wr_str(w, "next-log");
		put_vkey(w, &m->next_log[i]);
		wr_u8(w, '\n');
	}
	for (size_t i = 0; i < m->n_next_witnesses; i++) {
		wr_str(w, "next-witness");
		put_token(w, m->next_witness[i].name);
		put_vkey(w, &m->next_witness[i].key);
		wr_u8(w, '\n');
	}
}

static void write_retire(struct wr *w, const struct tlog_record *r)
{
	const struct record_retire *m = &r->retire;

	wr_str(w, "log");
	put_visible(w, m->log, TLOG_KEY_NAME_LEN_MAX);
	wr_str(w, "\nlast");
	put_num(w, m->size);
	put_hex(w, m->root.b, TLOG_HASH_LEN);
	wr_u8(w, '\n');
	line_token(w, "cause", m->cause);
	if (m->successor.len == 0)
		return;
	wr_str(w, "successor");
	put_visible(w, m->successor, TLOG_KEY_NAME_LEN_MAX);
	wr_u8(w, '\n');
}

static void write_rebuild(struct wr *w, const struct tlog_record *r)
{
	const struct record_rebuild *m = &r->rebuild;

	wr_str(w, "release");
	put_hex(w, m->release.b, TLOG_HASH_LEN);
	wr_u8(w, '\n');
	line_sha256(w, "result", &m->result);
	line_token(w, "rebuilder", m->rebuilder);
}

static void (*const write_kind[])(struct wr *, const struct tlog_record *) = {
	[RECORD_IMAGE] = write_image,
	[RECORD_MODEL] = write_model,
	[RECORD_WEB] = write_web,
	[RECORD_CLIENT] = write_client,
	[RECORD_POLICY] = write_policy,
	[RECORD_RETIRE] = write_retire,
	[RECORD_REBUILD] = write_rebuild,
};

enum err tlog_record_format(
    struct wr *w, const struct tlog_record *rec, struct err_ctx *ctx)
{
	size_t start = w->len;
	struct tlog_record back;
	enum err e;

	if (rec->kind < RECORD_IMAGE || rec->kind > RECORD_REBUILD) {
		wr_fail(w, ERR_FORMAT);
		return err_set(ctx, ERR_FORMAT, "record: no such kind");
	}
	wr_fmt(w, "confer-release/v1\nkind %s\n",
	    tlog_record_kind_name(rec->kind));
	line_token(w, "product", rec->product);
	line_token(w, "channel", rec->channel);
	line_num(w, "seq", rec->seq);
	line_num(w, "issued", rec->issued);
	line_num(w, "not-before", rec->not_before);
	line_num(w, "not-after", rec->not_after);
	write_kind[rec->kind](w, rec);
	if (w->err != ERR_OK)
		return err_set(ctx, w->err,
		    w->err == ERR_NOSPACE ? "record: buffer is full"
					  : "record: a field has no spelling");
	e = tlog_record_parse(
	    &back, (struct bytes){ w->p + start, w->len - start }, ctx);
	if (e != ERR_OK)
		wr_fail(w, e);
	return e;
}
