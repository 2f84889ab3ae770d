/* The DCAP items of the shared vectors' MANIFEST.json, and their files. */
#ifndef CONFER_TESTS_UNIT_DCAP_VECTORS_H
#define CONFER_TESTS_UNIT_DCAP_VECTORS_H

#include "json_hex.h"

#include "attest/dcap_verify.h"

#define DCAP_QUOTES 14 /* how many the manifest has */

/* The one with bytes behind it that are not zero: refused, and good without. */
#define TRAILING_ITEM  "v4-trailing-bytes-50806f"
#define TRAILING_BYTES 39

struct manifest {
	uint8_t *text;
	struct json items;
};

/* Skips the test where there are no vectors. */
static inline struct manifest manifest_open(void)
{
	struct manifest m;
	struct json root =
	    json_file(vector_path("attest/MANIFEST.json"), &m.text);

	m.items = json_member(&root, "items");
	return m;
}

static inline void manifest_close(struct manifest *m)
{
	free(m->text);
}

/* The next quote of a real machine. */
static inline bool manifest_next_quote(struct json_iter *it, struct json *item)
{
	struct json kind;

	while (json_next(it, NULL, item)) {
		kind = json_member(item, "kind");
		if (json_is_str(&kind, "tdx-quote") ||
		    json_is_str(&kind, "sgx-quote"))
			return true;
	}
	return false;
}

static inline struct json manifest_find(
    const struct manifest *m, const char *id)
{
	struct json_iter it = json_iter(&m->items);
	struct json item, name;

	while (json_next(&it, NULL, &item)) {
		name = json_member(&item, "id");
		if (json_is_str(&name, id))
			return item;
	}
	fail_msg("the manifest has no %s", id);
	return item;
}

/* A file of an item, malloc'ed; its bytes. */
static inline struct bytes manifest_file(
    const struct json *item, const char *name)
{
	struct json files = json_member(item, "files");
	struct json path = json_member(&files, name);
	struct bytes text = json_text(&path);
	struct bytes out;
	char full[512];

	(void)snprintf(full, sizeof(full), "attest/%.*s", (int)text.len,
	    (const char *)text.p);
	out.p = read_file(vector_path(full), &out.len);
	return out;
}

static inline void bytes_free(struct bytes *b)
{
	union {
		const void *in;
		void *out;
	} p = { b->p };

	free(p.out);
	*b = (struct bytes){ NULL, 0 };
}

/* The texts of two items as C strings, for messages. */
static inline const char *item_text(
    const struct json *item, const char *name, char out[64])
{
	struct json v = json_member(item, name);
	struct bytes text = json_text(&v);

	(void)snprintf(out, 64, "%.*s", (int)text.len, (const char *)text.p);
	return out;
}

#endif
