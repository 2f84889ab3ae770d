/* JSON: whatever is accepted can be walked whole and decoded within bounds. */
#include <assert.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walk one level; children are pushed, so nothing recurses. */
static void walk(struct json root)
{
	static struct json stack[1024];
	size_t n = 0;

	stack[n++] = root;
	while (n > 0) {
		struct json v = stack[--n], key, item;
		struct json_iter it = json_iter(&v);
		uint64_t u;
		double d;

		while (json_next(&it, &key, &item)) {
			assert(item.text.len > 0);
			if (n < 1024)
				stack[n++] = item;
		}
		if (v.type == JSON_STRING) {
			uint8_t *out = malloc(v.text.len);
			size_t len;

			assert(
			    json_string(&v, out, v.text.len, &len) == ERR_OK);
			assert(len <= v.text.len - 2);
			assert(utf8_prefix((struct bytes){ out, len }) ==
			       len);
			free(out);
		}
		(void)!json_u64(&v, &u);
		(void)!json_double(&v, &d);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json v;

	if (json_parse(&v, (struct bytes){ data, size }, NULL) == ERR_OK)
		walk(v);
	return 0;
}
