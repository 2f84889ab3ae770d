/* See home.h: records into the log, and out of it with their proofs. */
#include <stdlib.h>

#include "base/fmt.h"
#include "client/home.h"
#include "release/home.h"
#include "tlog/proof.h"

#define RECORDS RELEASE_HOME_RECORDS

static const char *const names[RECORDS] = { "image", "model", "policy" };

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, mem_strlen(s) };
}

/* Three entries, as they go into the log. */
struct announcement {
	uint8_t buf[RECORDS][RECORD_LEN_MAX];
	struct bytes entry[RECORDS];
	struct tlog_record rec;
	struct logd_admit before; /* what was admitted, should this fail */
};

static uint64_t next_seq(const struct release_home *p, enum record_kind kind)
{
	const struct logd_stream *s = logd_admit_stream(&p->admit, kind,
	    text_of(p->what.product), text_of(p->what.channel));

	return s == NULL ? 1 : s->seq + 1;
}

/* Make, sign and admit the three records. */
static enum err make_records(
    struct release_home *p, struct announcement *a, struct err_ctx *ctx)
{
	static void (*const fill[RECORDS])(struct tlog_record *,
	    const struct release_facts *) = { release_image, release_model,
		release_policy };
	enum err e = ERR_OK;

	p->what.image_seq = next_seq(p, RECORD_IMAGE);
	p->what.model_seq = next_seq(p, RECORD_MODEL);
	p->what.policy_seq = next_seq(p, RECORD_POLICY);
	for (int i = 0; e == ERR_OK && i < RECORDS; i++) {
		struct wr w = wr_init(a->buf[i], sizeof(a->buf[i]));

		fill[i](&a->rec, &p->what);
		e = release_sign(&w, &p->keys, &a->rec, ctx);
		a->entry[i] = (struct bytes){ w.p, w.len };
		if (e == ERR_OK)
			e = logd_admit_next(
			    &p->admit, &a->rec, a->entry[i], ctx);
	}
	return e;
}

/* Is the quorum there? If not, say what a witness said. */
static enum err check_quorum(const struct release_home *p,
    const struct logd_witness *w, struct err_ctx *ctx)
{
	struct tlog_head head;
	struct err_ctx why = { 0 };
	int cosigned = 0, silent = -1;
	enum err e = tlog_checkpoint_verify(&head, &p->policy, p->cosigned_s,
	    logd_log_checkpoint(p->log), &why);

	for (int i = 0; i < RELEASE_HOME_WITNESSES; i++) {
		cosigned += w[i].cosigned;
		silent = w[i].cosigned ? silent : i;
	}
	if (e == ERR_POLICY && silent >= 0)
		return err_set(ctx, e,
		    "%d of this machine's %d witnesses cosigned, %d must: "
		    "%.*s",
		    cosigned, RELEASE_HOME_WITNESSES, RELEASE_HOME_QUORUM, 90,
		    w[silent].why);
	return e == ERR_OK ? e : err_set(ctx, e, "%s", why.msg);
}

/* A checkpoint with new cosignatures. */
static enum err cosign(
    struct release_home *p, uint64_t now_s, struct err_ctx *ctx)
{
	struct logd_witness w[RELEASE_HOME_WITNESSES] = { 0 };
	enum err e;

	for (int i = 0; i < RELEASE_HOME_WITNESSES; i++) {
		w[i].key = p->witness[i].key.key;
		w[i].url = p->witness[i].listen;
	}
	p->cosigned_s = now_s;
	e = logd_log_publish(p->log, w, RELEASE_HOME_WITNESSES, now_s, ctx);
	return e == ERR_OK ? check_quorum(p, w, ctx) : e;
}

static enum err write_out(const struct release_home *p, const char *name,
    const char *suffix, struct bytes content, struct err_ctx *ctx)
{
	char file[32], path[FD_PATH_MAX];
	enum err e;

	(void)fmt_print(file, sizeof(file), "%s.%s", name, suffix);
	e = client_home_path(path, p->records, file, NULL, ctx);
	return e == ERR_OK ? fd_replace_file(path, content, 0644, ctx) : e;
}

/* All under one checkpoint. */
static enum err write_proofs(const struct release_home *p, struct err_ctx *ctx)
{
	uint8_t proof[TLOG_PROOF_LEN_MAX];
	enum err e = ERR_OK;

	for (int i = 0; e == ERR_OK && i < RECORDS; i++) {
		struct wr w = wr_init(proof, sizeof(proof));

		e = logd_log_prove(
		    p->log, &w, p->index[i], &p->policy, p->cosigned_s, ctx);
		if (e == ERR_OK)
			e = write_out(p, names[i], "proof",
			    (struct bytes){ w.p, w.len }, ctx);
	}
	return e;
}

static enum err announce(
    struct release_home *p, struct announcement *a, struct err_ctx *ctx)
{
	enum err e;

	a->before = p->admit;
	e = make_records(p, a, ctx);
	if (e == ERR_OK)
		e = logd_log_append(p->log, p->index, a->entry, RECORDS, ctx);
	if (e != ERR_OK) {
		p->admit = a->before;
		return e;
	}
	e = cosign(p, p->what.issued, ctx);
	for (int i = 0; e == ERR_OK && i < RECORDS; i++)
		e = write_out(p, names[i], "record", a->entry[i], ctx);
	return e == ERR_OK ? write_proofs(p, ctx) : e;
}

static enum err announce_at(
    struct release_home *p, uint64_t now_s, struct err_ctx *ctx)
{
	struct announcement *a = calloc(1, sizeof(*a));
	enum err e;

	if (a == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for three records");
	p->what.issued = now_s;
	e = announce(p, a, ctx);
	free(a);
	return e;
}

enum err release_home_announce(struct release_home *p,
    const struct release_facts *what, uint64_t now_s, struct err_ctx *ctx)
{
	p->what = *what;
	p->what.product = RELEASE_HOME_PRODUCT;
	p->what.channel = p->channel;
	p->what.life_s = RELEASE_HOME_LIFE_S;
	return announce_at(p, now_s, ctx);
}

/* How long the newest policy record in the log still holds. */
static uint64_t policy_left_s(const struct release_home *p, uint64_t now_s)
{
	const struct logd_stream *s = logd_admit_stream(&p->admit,
	    RECORD_POLICY, text_of(p->what.product), text_of(p->what.channel));

	return s == NULL || s->not_after <= now_s ? 0 : s->not_after - now_s;
}

enum err release_home_renew(
    struct release_home *p, uint64_t now_s, struct err_ctx *ctx)
{
	enum err e;

	if (policy_left_s(p, now_s) <= RELEASE_HOME_RENEW_S)
		return announce_at(p, now_s, ctx);
	if (now_s < p->cosigned_s + RELEASE_HOME_COSIGN_S)
		return ERR_OK;
	e = cosign(p, now_s, ctx);
	return e == ERR_OK ? write_proofs(p, ctx) : e;
}
