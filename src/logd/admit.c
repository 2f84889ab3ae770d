/* What a log admits; see admit.h. */
#include "logd/admit.h"

#include "base/assert.h"

/* Index of a stream; n_streams if there is none. */
static size_t find_stream(const struct logd_admit *a, enum record_kind kind,
    struct bytes product, struct bytes channel)
{
	size_t i = 0;

	while (i < a->n_streams &&
	       (a->stream[i].kind != kind ||
		   !mem_eq_str(product, a->stream[i].product) ||
		   !mem_eq_str(channel, a->stream[i].channel)))
		i++;
	return i;
}

const struct logd_stream *logd_admit_stream(const struct logd_admit *a,
    enum record_kind kind, struct bytes product, struct bytes channel)
{
	size_t i = find_stream(a, kind, product, channel);

	return i < a->n_streams ? &a->stream[i] : NULL;
}

/* ---- judging ------------------------------------------------------------- */

static bool is_own_retire(
    const struct logd_admit *a, const struct tlog_record *rec)
{
	return rec->kind == RECORD_RETIRE &&
	       mem_eq_str(rec->retire.log, a->origin);
}

/* Whose first entry is the end of another log; rec may be that entry. */
static bool is_successor(
    const struct logd_admit *a, const struct tlog_record *rec)
{
	return a->successor ||
	       (rec->kind == RECORD_RETIRE && !is_own_retire(a, rec));
}

/* L-54; a successor goes on where the log before it ended [L-165]. */
static enum logd_misfit judge_seq(
    const struct logd_admit *a, const struct tlog_record *rec)
{
	const struct logd_stream *s =
	    logd_admit_stream(a, rec->kind, rec->product, rec->channel);

	if (s == NULL && a->n_streams == LOGD_STREAMS_MAX)
		return LOGD_MANY_STREAMS;
	if (s == NULL && is_successor(a, rec))
		return LOGD_FITS;
	if (s != NULL && rec->seq <= s->seq)
		return LOGD_SEQ_REPEATED;
	if (rec->seq - (s == NULL ? 0 : s->seq) != 1)
		return LOGD_SEQ_SKIPPED;
	return LOGD_FITS;
}

static enum logd_misfit judge_place(
    const struct logd_admit *a, const struct tlog_record *rec)
{
	if (a->retired)
		return LOGD_AFTER_RETIRE;
	if (!mem_eq(rec->product, a->product))
		return LOGD_OTHER_PRODUCT;
	if (rec->kind == RECORD_RETIRE && !is_own_retire(a, rec) &&
	    a->entries != 0)
		return LOGD_OTHER_RETIRE;
	return judge_seq(a, rec);
}

static enum err say_seq(const struct logd_admit *a,
    const struct tlog_record *rec, struct err_ctx *ctx)
{
	const struct logd_stream *s =
	    logd_admit_stream(a, rec->kind, rec->product, rec->channel);

	return err_set(ctx, ERR_POLICY,
	    "entry: seq %llu of %s in channel %.*s, the next is %llu",
	    (unsigned long long)rec->seq, tlog_record_kind_name(rec->kind),
	    (int)rec->channel.len, (const char *)rec->channel.p,
	    s == NULL ? 1ULL : (unsigned long long)s->seq + 1);
}

static enum err say_place(enum logd_misfit why, const struct logd_admit *a,
    const struct tlog_record *rec, struct err_ctx *ctx)
{
	switch (why) {
	case LOGD_AFTER_RETIRE:
		return err_set(ctx, ERR_POLICY,
		    "entry: the log ends with its retire record");
	case LOGD_OTHER_PRODUCT:
		return err_set(ctx, ERR_POLICY,
		    "entry: of product %.*s, not %.*s", (int)rec->product.len,
		    (const char *)rec->product.p, (int)a->product.len,
		    (const char *)a->product.p);
	case LOGD_OTHER_RETIRE:
		return err_set(ctx, ERR_POLICY,
		    "entry: retires another log, and is not the first entry");
	case LOGD_SEQ_SKIPPED:
	case LOGD_SEQ_REPEATED:
		return say_seq(a, rec, ctx);
	case LOGD_MANY_STREAMS:
		return err_set(ctx, ERR_LIMIT,
		    "entry: more than %d channels of its kinds",
		    LOGD_STREAMS_MAX);
	case LOGD_FITS:
	case LOGD_NO_RECORD:
	case LOGD_KEYS:
		break;
	}
	return ERR_OK;
}

/* The record as it stands there, whoever signed it. */
static enum err read_record(
    struct tlog_record *rec, struct bytes entry, struct err_ctx *ctx)
{
	struct tlog_note note;
	enum err e;

	memset(rec, 0, sizeof(*rec));
	if (entry.len > RECORD_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "entry: %zu bytes", entry.len);
	e = tlog_note_parse(&note, entry, ctx);
	if (e == ERR_OK)
		e = tlog_record_parse(rec, note.text, ctx);
	return e;
}

enum err logd_admit_judge(enum logd_misfit *why, struct tlog_record *rec,
    const struct logd_admit *a, struct bytes entry, struct err_ctx *ctx)
{
	enum err e = read_record(rec, entry, ctx);

	*why = LOGD_NO_RECORD;
	if (e != ERR_OK)
		return e;
	*why = LOGD_KEYS; /* the record's kind says whose: L-51, L-162 */
	e = tlog_record_verify(rec,
	    rec->kind == RECORD_REBUILD ? &a->rebuilder : &a->release, entry,
	    ctx);
	if (e != ERR_OK)
		return e;
	*why = judge_place(a, rec);
	return say_place(*why, a, rec, ctx);
}

/* ---- counting ------------------------------------------------------------ */

static void keep_token(char out[RECORD_TOKEN_LEN_MAX + 1], struct bytes token)
{
	assert(token.len <= RECORD_TOKEN_LEN_MAX); /* as the parser has seen */
	mem_copy(out, token.p, token.len);
	out[token.len] = '\0';
}

static void count_seq(
    struct logd_admit *a, const struct tlog_record *rec, struct bytes entry)
{
	size_t i = find_stream(a, rec->kind, rec->product, rec->channel);
	struct logd_stream *s;

	if (i == LOGD_STREAMS_MAX)
		return;
	s = &a->stream[i];
	if (i == a->n_streams) {
		a->n_streams++;
		memset(s, 0, sizeof(*s));
		s->kind = rec->kind;
		keep_token(s->product, rec->product);
		keep_token(s->channel, rec->channel);
	}
	if (rec->seq <= s->seq)
		return;
	s->seq = rec->seq;
	s->not_after = rec->not_after;
	tlog_leaf_hash(&s->leaf, entry);
}

static void count(
    struct logd_admit *a, const struct tlog_record *rec, struct bytes entry)
{
	if (!mem_eq(rec->product, a->product))
		return;
	if (is_own_retire(a, rec))
		a->retired = true;
	else if (rec->kind == RECORD_RETIRE && a->entries == 0)
		a->successor = true;
	count_seq(a, rec, entry);
}

enum err logd_admit_next(struct logd_admit *a, struct tlog_record *rec,
    struct bytes entry, struct err_ctx *ctx)
{
	enum logd_misfit why;
	enum err e = logd_admit_judge(&why, rec, a, entry, ctx);

	if (e != ERR_OK)
		return e;
	count(a, rec, entry);
	a->entries++;
	return ERR_OK;
}

void logd_admit_seen(struct logd_admit *a, struct bytes entry)
{
	struct tlog_record rec;

	if (read_record(&rec, entry, NULL) == ERR_OK)
		count(a, &rec, entry);
	a->entries++;
}
