/* Reading as much of a file as its head is; see gguf.h. */
#include <stdlib.h>

#include "base/assert.h"
#include "engine/gguf.h"
#include "engine/model_file.h"

#define GGUF_FIRST_LEN (1u << 20) /* what is read at first; then it doubles */

/* The first `len` bytes; what is there already is read, the rest is not. */
static enum err read_more(struct gguf *g, struct model_file *src, uint8_t **buf,
    size_t len, struct err_ctx *ctx)
{
	uint8_t *more = realloc(*buf, len);
	size_t had = (size_t)src->at;
	enum err e;

	if (more == NULL)
		return err_set(
		    ctx, ERR_NOMEM, "gguf: no memory for %zu bytes", len);
	*buf = more;
	e = model_file_read(src, more + had, len - had, ctx);
	if (e == ERR_OK)
		e = gguf_parse_head(
		    g, (struct bytes){ more, len }, src->len, ctx);
	return e;
}

enum err gguf_read_head(
    struct gguf *g, struct model_file *src, struct err_ctx *ctx)
{
	uint8_t *buf = NULL;
	size_t len = GGUF_FIRST_LEN;
	enum err e;

	assert(src->at == 0);
	*g = (struct gguf){ .pair = NULL };
	do {
		if (len > src->len)
			len = (size_t)src->len;
		e = read_more(g, src, &buf, len, ctx);
		len *= 2;
	} while (e == ERR_AGAIN && len <= GGUF_HEAD_LEN_MAX);
	if (e == ERR_AGAIN)
		e = err_set(ctx, ERR_LIMIT,
		    "gguf: keys and descriptions of tensors, limit %u bytes",
		    GGUF_HEAD_LEN_MAX);
	if (e != ERR_OK) {
		free(buf);
		return e;
	}
	g->owned = buf;
	model_file_unread(src,
	    (struct bytes){ buf + g->head_len, (size_t)src->at - g->head_len });
	return ERR_OK;
}
