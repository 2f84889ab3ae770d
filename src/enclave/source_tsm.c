/*
 * configfs-tsm (Documentation/ABI/testing/configfs-tsm of Linux): a directory
 * for each request, whose attributes are the question and the answer.
 *
 * `generation` counts the writes to a directory. We know how many are ours: if
 * there were others, the answer may be to somebody else's question. That the
 * answer carries our REPORT_DATA is checked besides, in source.c.
 */
#include "enclave/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "sys/rng.h"

#define NAME_RANDOM_LEN  8
#define NAME_LEN_MAX     40 /* "confer-" and 16 digits */
#define PATH_LEN_MAX     80 /* NAME/ATTRIBUTE */
#define PROVIDER_LEN_MAX 64

/* One request. */
struct request {
	const struct source *s;
	char name[NAME_LEN_MAX]; /* of its directory */
	uint64_t writes;         /* of ours, since `generation` was read */
	struct err_ctx *ctx;
};

/* ---- attributes ----------------------------------------------------------- */

static void path_of(
    char out[PATH_LEN_MAX], const struct request *r, const char *attribute)
{
	(void)fmt_print(out, PATH_LEN_MAX, "%s/%s", r->name, attribute);
}

static enum err failed(struct request *r, enum err e, const char *attribute)
{
	if (e == ERR_LIMIT)
		return err_set(
		    r->ctx, e, "configfs-tsm: %s is too long", attribute);
	return err_set(
	    r->ctx, e, "configfs-tsm: %s: %s", attribute, err_name(e));
}

/* ERR_NOTFOUND is left to the caller, who may do without. */
static enum err get(struct request *r, const char *attribute, void *out,
    size_t cap, size_t *len)
{
	char path[PATH_LEN_MAX];
	enum err e;

	path_of(path, r, attribute);
	e = source_read(r->s->os, r->s->fd, path, out, cap, len);
	if (e == ERR_OK || e == ERR_NOTFOUND)
		return e;
	return failed(r, e, attribute);
}

static enum err put(
    struct request *r, const char *attribute, const void *p, size_t len)
{
	char path[PATH_LEN_MAX];
	enum err e;

	path_of(path, r, attribute);
	e = source_write(r->s->os, r->s->fd, path, p, len);
	if (e != ERR_OK)
		return failed(r, e, attribute);
	r->writes++;
	return ERR_OK;
}

/* Decimal digits and a line feed; ERR_NOTFOUND: there is no such attribute. */
static enum err get_number(
    struct request *r, const char *attribute, uint64_t *out)
{
	uint8_t text[SOURCE_NUMBER_LEN_MAX];
	size_t len;
	enum err e = get(r, attribute, text, sizeof(text), &len);

	*out = 0;
	if (e != ERR_OK)
		return e;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len == 0)
		return failed(r, ERR_FORMAT, attribute);
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)text[i] - '0';

		if (text[i] < '0' || text[i] > '9' ||
		    __builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, digit, out))
			return failed(r, ERR_FORMAT, attribute);
	}
	return ERR_OK;
}

/* An attribute without which there is no interface. */
static enum err required(struct request *r, enum err e, const char *attribute)
{
	return e == ERR_NOTFOUND ? failed(r, e, attribute) : e;
}

/* ---- the request ---------------------------------------------------------- */

static enum err request_open(
    struct request *r, const struct source *s, struct err_ctx *ctx)
{
	uint8_t random[NAME_RANDOM_LEN];
	char digits[2 * NAME_RANDOM_LEN + 1];

	*r = (struct request){ .s = s, .ctx = ctx };
	/* What a process that was killed left behind is in nobody's way. */
	rng_fill(random, sizeof(random));
	hex_encode(digits, random, sizeof(random));
	(void)fmt_print(r->name, sizeof(r->name), "confer-%s", digits);
	if (s->os->make_dir_at(s->fd, r->name) == 0)
		return ERR_OK;
	if (errno == ENXIO) /* the kernel has the interface, but no TEE */
		return ERR_NOTFOUND;
	if (errno == EEXIST)
		return ERR_BUSY;
	return failed(r, source_errno(errno), "a new request");
}

/* The kernel keeps the directory while a file in it is open: none is. */
static void request_close(struct request *r)
{
	(void)r->s->os->remove_dir_at(r->s->fd, r->name);
}

static enum err provider(struct request *r, enum tee_kind *tee)
{
	char name[PROVIDER_LEN_MAX + 1];
	size_t len;
	enum err e = get(r, "provider", name, sizeof(name) - 1, &len);

	if (e != ERR_OK)
		return required(r, e, "provider");
	if (len > 0 && name[len - 1] == '\n')
		len--;
	if (mem_eq_str((struct bytes){ (uint8_t *)name, len }, "sev_guest"))
		*tee = TEE_SNP;
	else if (mem_eq_str(
		     (struct bytes){ (uint8_t *)name, len }, "tdx_guest"))
		*tee = TEE_TDX;
	else
		return err_set(r->ctx, ERR_UNSUPPORTED,
		    "configfs-tsm: a provider other than sev_guest and "
		    "tdx_guest");
	return ERR_OK;
}

/*
 * Where levels exist, ask for the report of the most privileged. Under an SVSM
 * the kernel cannot, and clients refuse reports of others.
 */
static enum err choose_level(struct request *r)
{
	uint64_t floor;
	enum err e = get_number(r, "privlevel_floor", &floor);

	if (e == ERR_NOTFOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	if (floor > 0)
		return err_set(r->ctx, ERR_UNSUPPORTED,
		    "configfs-tsm: privlevel_floor is %llu, so there is no "
		    "report for VMPL 0 (an SVSM is above this guest)",
		    (unsigned long long)floor);
	return put(r, "privlevel", "0", 1);
}

static enum err question_and_answer(struct request *r,
    struct source_answer *out, const uint8_t report_data[REPORT_DATA_LEN])
{
	enum err e = choose_level(r);

	if (e == ERR_OK)
		e = put(r, "inblob", report_data, REPORT_DATA_LEN);
	if (e == ERR_OK)
		e = required(r,
		    get(r, "outblob", out->report, sizeof(out->report),
			&out->report_len),
		    "outblob");
	if (e != ERR_OK || out->tee != TEE_SNP)
		return e;
	e = get(r, "auxblob", out->extra, sizeof(out->extra), &out->extra_len);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

/* The generation before and after must differ by what we wrote. */
static enum err exchange(struct request *r, struct source_answer *out,
    const uint8_t report_data[REPORT_DATA_LEN])
{
	uint64_t before, after;
	enum err e =
	    required(r, get_number(r, "generation", &before), "generation");

	if (e == ERR_OK)
		e = provider(r, &out->tee);
	if (e == ERR_OK && out->tee != r->s->tee)
		e = err_set(r->ctx, ERR_PROTOCOL,
		    "configfs-tsm: the provider has changed");
	if (e == ERR_OK)
		e = question_and_answer(r, out, report_data);
	if (e == ERR_OK)
		e = required(
		    r, get_number(r, "generation", &after), "generation");
	if (e == ERR_OK && after != before + r->writes)
		e = err_set(r->ctx, ERR_BUSY,
		    "configfs-tsm: generation counts other writes than ours");
	return e;
}

/* */
enum err source_tsm_ask(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
{
	struct request r;
	enum err e = request_open(&r, s, ctx);

	if (e == ERR_NOTFOUND)
		return failed(&r, e, "a new request");
	if (e != ERR_OK)
		return e;
	e = exchange(&r, out, report_data);
	request_close(&r);
	return e;
}

/* ---- at start ------------------------------------------------------------- */

enum err source_tsm_find(struct source *s, const char *dir, struct err_ctx *ctx)
{
	struct request r;
	int fd = s->os->open_at(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
	enum err e;

	if (fd < 0)
		return source_errno(errno) == ERR_NOTFOUND
			   ? ERR_NOTFOUND
			   : err_set(ctx, ERR_IO, "cannot open %.*s: %s", 80,
				 dir, strerrordesc_np(errno));
	s->kind = SOURCE_TSM;
	s->fd = fd;
	e = request_open(&r, s, ctx);
	if (e == ERR_OK) {
		e = provider(&r, &s->tee);
		request_close(&r);
	}
	if (e != ERR_OK)
		source_close(s);
	return e;
}
