/* Intel's signed JSON documents by tables; see dcap_doc.h. */
#include "attest/dcap_doc.h"

#include "base/assert.h"
#include "base/utc.h"

#define MEMBERS_MAX 16 /* of one object's table */

void dcap_doc_fail(struct dcap_doc *d, enum err e, const char *text)
{
	if (d->err == ERR_OK)
		d->err = err_set(d->ctx, e, "%s: %s at offset %zu: %s",
		    d->kind->what, d->member, d->at, text);
}

/* ---- Values ---------------------------------------------------------------- */

/* Does a value of this type come next? */
static bool expect(struct dcap_doc *d, enum json_type type, const char *text)
{
	d->at = d->w.off;
	if (d->err == ERR_OK && json_walk_type(&d->w) != type)
		dcap_doc_fail(d, ERR_FORMAT, text);
	return d->err == ERR_OK;
}

/* A non-negative integer, of a document without errors so far; else 0. */
static uint64_t number(struct dcap_doc *d, uint64_t max, const char *text)
{
	struct json_walk at = d->w;
	struct json v = json_walk_take(&at);
	uint64_t n;

	d->at = d->w.off;
	if (json_u64(&v, &n) != ERR_OK || n > max) {
		dcap_doc_fail(d, ERR_FORMAT, text);
		return 0;
	}
	d->w = at;
	return n;
}

void dcap_doc_u8(struct dcap_doc *d, void *to, size_t arg)
{
	uint8_t *out = to;

	(void)arg;
	*out = (uint8_t)number(d, UINT8_MAX, "must be 0 to 255");
}

void dcap_doc_u16(struct dcap_doc *d, void *to, size_t arg)
{
	uint16_t *out = to;

	(void)arg;
	*out = (uint16_t)number(d, UINT16_MAX, "must be 0 to 65535");
}

void dcap_doc_u32(struct dcap_doc *d, void *to, size_t arg)
{
	uint32_t *out = to;

	(void)arg;
	*out = (uint32_t)number(d, UINT32_MAX, "must be 0 to 4294967295");
}

struct bytes dcap_doc_string(struct dcap_doc *d)
{
	struct bytes s = { NULL, 0 };

	if (!expect(d, JSON_STRING, "must be a string"))
		return s;
	s = json_walk_take(&d->w).text;
	s = (struct bytes){ s.p + 1, s.len - 2 };
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\') {
			dcap_doc_fail(d, ERR_FORMAT, "must be without escapes");
			return (struct bytes){ NULL, 0 };
		}
	}
	return s;
}

void dcap_doc_date(struct dcap_doc *d, void *to, size_t arg)
{
	uint64_t *out = to;
	struct bytes s = dcap_doc_string(d);

	(void)arg;
	*out = 0;
	if (d->err == ERR_OK && utc_from_text(out, s) != ERR_OK)
		dcap_doc_fail(
		    d, ERR_FORMAT, "must be a date, YYYY-MM-DDTHH:MM:SSZ");
}

/* Of either case: Intel writes both. -1: none. */
static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void dcap_doc_digits(
    struct dcap_doc *d, uint8_t *out, size_t n, struct bytes digits)
{
	if (digits.len != 2 * n) {
		dcap_doc_fail(
		    d, ERR_FORMAT, "wrong number of hexadecimal digits");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(digits.p[2 * i]);
		int low = hex_digit(digits.p[2 * i + 1]);

		if (high < 0 || low < 0) {
			dcap_doc_fail(
			    d, ERR_FORMAT, "must be hexadecimal digits");
			return;
		}
		out[i] = (uint8_t)(high << 4 | low);
	}
}

void dcap_doc_hex(struct dcap_doc *d, void *to, size_t n)
{
	dcap_doc_digits(d, to, n, dcap_doc_string(d));
}

/* ---- Containers ------------------------------------------------------------ */

void dcap_doc_array(struct dcap_doc *d)
{
	if (expect(d, JSON_ARRAY, "must be an array"))
		json_walk_enter(&d->w);
}

bool dcap_doc_more(struct dcap_doc *d)
{
	bool more = d->err == ERR_OK && json_walk_more(&d->w, NULL);

	d->at = d->w.off;
	return more;
}

static const struct dcap_member *find(
    const struct dcap_member *member, size_t n, struct bytes name)
{
	for (size_t i = 0; i < n; i++) {
		if (mem_eq_str(name, member[i].name))
			return &member[i];
	}
	return NULL;
}

static void missing(struct dcap_doc *d, const char *name)
{
	d->at = d->w.off;
	d->member = name;
	dcap_doc_fail(d, ERR_FORMAT, "is missing before here");
}

static void demand(struct dcap_doc *d, const struct dcap_member *member,
    size_t n, uint32_t seen)
{
	for (size_t i = 0; i < n; i++) {
		if (member[i].optional || (seen >> i & 1) != 0)
			continue;
		missing(d, member[i].name);
	}
}

void dcap_doc_object(
    struct dcap_doc *d, void *to, const struct dcap_member *member, size_t n)
{
	const char *outer = d->member;
	const struct dcap_member *m;
	struct bytes name;
	uint32_t seen = 0;

	assert(n <= MEMBERS_MAX);
	if (!expect(d, JSON_OBJECT, "must be an object"))
		return;
	json_walk_enter(&d->w);
	while (d->err == ERR_OK && json_walk_more(&d->w, &name)) {
		m = find(member, n, name);
		if (m == NULL) {
			(void)json_walk_take(&d->w);
			continue;
		}
		seen |= 1U << (m - member);
		d->member = m->name;
		m->read(d, (uint8_t *)to + m->offset, m->arg);
	}
	demand(d, member, n, seen);
	if (d->err == ERR_OK)
		d->member = outer;
}

/* ---- The document ---------------------------------------------------------- */

/* Stand at a member of the signed object, wherever it is. */
static bool seek(struct dcap_doc *d, struct json_walk object, const char *name)
{
	struct bytes key;

	d->member = name;
	d->w = object;
	json_walk_enter(&d->w);
	while (json_walk_more(&d->w, &key)) {
		if (mem_eq_str(key, name))
			return true;
		(void)json_walk_take(&d->w);
	}
	missing(d, name);
	return false;
}

/* What decides how the rest is read comes first, in whatever order it stands. */
static void identify(struct dcap_doc *d, struct json_walk object, size_t *id)
{
	struct bytes word;

	if (!seek(d, object, "version"))
		return;
	if (number(d, UINT32_MAX, "must be a number") != d->kind->version)
		dcap_doc_fail(
		    d, ERR_UNSUPPORTED, "a version that is not read here");
	if (d->err != ERR_OK || !seek(d, object, "id"))
		return;
	word = dcap_doc_string(d);
	*id = mem_eq_str(word, d->kind->id[1]);
	if (!mem_eq_str(word, d->kind->id[*id]))
		dcap_doc_fail(
		    d, ERR_UNSUPPORTED, "an id that is not read here");
	d->w = object;
}

/* The two members of the outer object. */
static void open_outer(struct dcap_doc *d, struct json_walk *object,
    struct bytes *part, uint8_t sig[DCAP_SIG_LEN])
{
	bool signature = false;
	struct bytes name;

	if (!expect(d, JSON_OBJECT, "must be an object"))
		return;
	json_walk_enter(&d->w);
	while (d->err == ERR_OK && json_walk_more(&d->w, &name)) {
		if (mem_eq_str(name, d->kind->name)) {
			d->member = d->kind->name;
			if (!expect(d, JSON_OBJECT, "must be an object"))
				return;
			*object = d->w;
			*part = json_walk_take(&d->w).text;
		} else if (mem_eq_str(name, "signature")) {
			d->member = "signature";
			dcap_doc_hex(d, sig, DCAP_SIG_LEN);
			signature = true;
		} else {
			d->at = d->w.off;
			dcap_doc_fail(d, ERR_FORMAT,
			    "a member that the signature does not cover");
		}
	}
	if (part->len == 0)
		missing(d, d->kind->name);
	if (!signature)
		missing(d, "signature");
}

void dcap_doc_open(struct dcap_doc *d, struct bytes in, struct bytes *part,
    uint8_t sig[DCAP_SIG_LEN], size_t *id)
{
	struct err_ctx inner = { .code = ERR_OK };
	struct json_walk object = { .off = 0 };
	struct json whole;

	if (in.len > d->kind->len_max) {
		d->err =
		    err_set(d->ctx, ERR_LIMIT, "%s of %zu bytes, at most %zu",
			d->kind->what, in.len, d->kind->len_max);
		return;
	}
	d->err = json_parse(&whole, in, &inner);
	if (d->err != ERR_OK) {
		(void)err_set(
		    d->ctx, d->err, "%s: %s", d->kind->what, inner.msg);
		return;
	}
	d->member = "document";
	d->w = json_walk(in);
	open_outer(d, &object, part, sig);
	if (d->err == ERR_OK)
		identify(d, object, id);
}

void dcap_doc_check_dates(
    struct dcap_doc *d, uint64_t issued, uint64_t next_update)
{
	d->member = "nextUpdate";
	if (d->err == ERR_OK && next_update <= issued)
		dcap_doc_fail(d, ERR_FORMAT, "not after issueDate");
}
