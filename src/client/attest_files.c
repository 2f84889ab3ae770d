/* See attest_files.h. */
#include "client/attest_files.h"

#include <string.h>

#include "base/fmt.h"
#include "sys/fd.h"

static struct bytes content(const struct attest_file *f)
{
	return (struct bytes){ f->data, f->len };
}

static enum err load(
    struct attest_file *f, const char *path, struct err_ctx *ctx)
{
	return fd_read_file(f->data, sizeof(f->data), &f->len, path, ctx);
}

/* In place: a decoded certificate is shorter than its PEM. */
static enum err decode_pem(
    struct attest_file *f, const char *what, struct err_ctx *ctx)
{
	static const char begin[] = "-----BEGIN";
	uint8_t der[X509_CERT_LEN_MAX];
	struct bytes in = content(f);
	size_t len;
	enum err e;

	if (in.len < sizeof(begin) - 1 ||
	    !mem_eq_str((struct bytes){ in.p, sizeof(begin) - 1 }, begin))
		return ERR_OK;
	e = x509_pem_next(&in, der, sizeof(der), &len, what, ctx);
	if (e == ERR_OK)
		e = x509_pem_end(in, what, ctx);
	if (e != ERR_OK)
		return e;
	memcpy(f->data, der, len);
	f->len = len;
	return ERR_OK;
}

static enum err load_chain(
    struct attest_files *files, const char *path, struct err_ctx *ctx)
{
	struct attest_file *text = &files->crl; /* not read yet */
	struct bytes in;
	enum err e = load(text, path, ctx);

	in = content(text);
	for (size_t i = 0; e == ERR_OK && i < 2; i++)
		e = x509_pem_next(&in, files->chain[i].data,
		    sizeof(files->chain[i].data), &files->chain[i].len,
		    "certificate chain", ctx);
	return e == ERR_OK ? x509_pem_end(in, "certificate chain", ctx) : e;
}

enum err attest_files_snp(struct snp_evidence *out, struct attest_files *files,
    const struct attest_snp_paths *paths, struct err_ctx *ctx)
{
	enum err e = load(&files->report, paths->report, ctx);

	*out = (struct snp_evidence){ 0 };
	if (e == ERR_OK)
		e = load(&files->leaf, paths->cert, ctx);
	if (e == ERR_OK)
		e = decode_pem(&files->leaf, "VCEK or VLEK certificate", ctx);
	if (e == ERR_OK)
		e = load_chain(files, paths->chain, ctx);
	files->crl.len = 0;
	if (e == ERR_OK && paths->crl != NULL)
		e = load(&files->crl, paths->crl, ctx);
	if (e != ERR_OK)
		return e;
	out->report = content(&files->report);
	out->leaf = content(&files->leaf);
	out->ca = content(&files->chain[0]);
	out->root = content(&files->chain[1]);
	out->crl = content(&files->crl);
	return ERR_OK;
}

/* What is not there is empty. */
static enum err load_part(struct bytes *out, struct attest_file *f,
    const char *dir, const char *name, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	struct err_ctx why = { 0 };
	enum err e;

	if (fmt_print(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return err_set(
		    ctx, ERR_LIMIT, "the path of %s is too long", name);
	e = load(f, path, &why);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return err_set(ctx, e, "%s", why.msg);
	*out = content(f);
	return ERR_OK;
}

enum err attest_files_dcap(struct dcap_evidence *out,
    struct attest_files *files, const char *quote, const char *dir,
    struct err_ctx *ctx)
{
	const struct {
		struct bytes *out;
		struct attest_file *file;
		const char *name;
	} part[] = {
		{ &out->tcb_info, &files->tcb_info, "tcb_info.json" },
		{ &out->qe_identity, &files->qe_identity, "qe_identity.json" },
		{ &out->tcb_signing_chain, &files->tcb_signing_chain,
		    "tcb_signing_chain.pem" },
		{ &out->root_ca_crl, &files->root_ca_crl, "root_ca.crl.der" },
		{ &out->pck_crl, &files->pck_crl, "pck.crl.der" },
	};
	enum err e = load(&files->report, quote, ctx);

	*out = (struct dcap_evidence){ 0 };
	out->quote = content(&files->report);
	for (size_t i = 0;
	     dir != NULL && e == ERR_OK && i < sizeof(part) / sizeof(part[0]);
	     i++)
		e = load_part(
		    part[i].out, part[i].file, dir, part[i].name, ctx);
	return e;
}

enum err attest_files_policy(struct attest_policy *out,
    struct attest_files *files, const char *name, struct err_ctx *ctx)
{
	enum err e;

	if (strcmp(name, "strict") == 0) {
		*out = attest_policy_strict();
		return ERR_OK;
	}
	if (strcmp(name, "baseline") == 0) {
		*out = attest_policy_baseline();
		return ERR_OK;
	}
	e = load(&files->policy, name, ctx);
	return e == ERR_OK ? attest_policy_parse(
				 out, content(&files->policy), name, ctx)
			   : e;
}
