/* Which seq comes next? Asked of a log, from its newest entry backwards. */
#include <stdlib.h>

#include "cli/release_make.h"
#include "http/http_fetch.h"
#include "logd/log.h"
#include "logd/view.h"
#include "tlog/checkpoint.h"
#include "tlog/tile.h"

/* How large the log says it is. No signature is looked at: nothing but a seq
 * comes of it, which the log itself judges. */
static enum err read_size(
    uint64_t *size, const struct logd_view *v, struct err_ctx *ctx)
{
	uint8_t buf[LOGD_NOTE_MAX];
	struct tlog_note note;
	struct tlog_checkpoint cp;
	size_t n = 0;
	enum err e = logd_view_read(v, "checkpoint", buf, sizeof(buf), &n, ctx);

	if (e == ERR_OK)
		e = tlog_note_parse(&note, (struct bytes){ buf, n }, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_parse(&cp, note.text, ctx);
	*size = e == ERR_OK ? cp.size : 0;
	return e;
}

/* The seq of an entry if it is of this kind, product and channel, else 0. */
static uint64_t seq_of(const struct cli_release_make *m, struct bytes entry)
{
	struct tlog_note note;
	struct tlog_record rec;

	if (tlog_note_parse(&note, entry, NULL) != ERR_OK ||
	    tlog_record_parse(&rec, note.text, NULL) != ERR_OK ||
	    rec.kind != m->kind || !mem_eq_str(rec.product, m->product) ||
	    !mem_eq_str(rec.channel, m->channel))
		return 0;
	return rec.seq;
}

/* The greatest of one bundle; 0 if it has none. */
static uint64_t greatest(const struct cli_release_make *m, struct bytes bundle)
{
	struct bytes entry;
	uint64_t best = 0;

	while (tlog_bundle_next(&bundle, &entry)) {
		const uint64_t seq = seq_of(m, entry);

		best = seq > best ? seq : best;
	}
	return best;
}

/* Numbers only grow, so the newest bundle that has one has the greatest. */
static enum err search(uint64_t *seq, const struct cli_release_make *m,
    const struct logd_view *v, struct err_ctx *ctx)
{
	uint8_t *buf = malloc(LOGD_BUNDLE_LEN_MAX);
	uint64_t left = 0;
	enum err e = buf != NULL ? read_size(&left, v, ctx)
				 : err_set(ctx, ERR_NOMEM, "no memory");

	if (e == ERR_OK && left > LOGD_ENTRIES_MAX)
		e = err_set(ctx, ERR_LIMIT, "the log says it has %llu entries",
		    (unsigned long long)left);
	while (e == ERR_OK && left > 0 && *seq == 0) {
		struct tlog_tile t = tlog_tile_of(left, 0, left - 1);
		size_t n = 0;

		t.entries = true;
		e = logd_view_tile(v, &t, buf, LOGD_BUNDLE_LEN_MAX, &n, ctx);
		if (e == ERR_OK)
			*seq = greatest(m, (struct bytes){ buf, n });
		left = t.index * TLOG_TILE_WIDTH;
	}
	free(buf);
	return e;
}

enum err cli_release_log_seq(struct cli_release_make *m, const char *where)
{
	struct logd_view v = LOGD_VIEW_INIT;
	enum err e = logd_view_open(&v, where, NULL, m->ctx);

	m->seq = 0;
	if (e != ERR_OK)
		return e;
	e = search(&m->seq, m, &v, m->ctx);
	m->unreachable = e != ERR_OK && v.dir < 0 && http_unreachable(e);
	logd_view_close(&v);
	return e;
}
