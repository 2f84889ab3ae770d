/*
 * The word of somebody who built the release again and got the same.
 * Nobody has to show one. Who shows one by a rebuilder that this client knows
 * shows a good one, or the evidence is refused: a statement that does not fit is
 * a lie or a mistake, and both are worth stopping for.
 */
#include "protocol/evidence_run.h"

/* The first key of the trust file that has a line under the statement; NULL:
 * none. Whether the line verifies comes later. */
static enum err find_rebuilder(const struct tlog_key **out,
    const struct tlog_keyset *set, struct bytes entry, struct err_ctx *ctx)
{
	struct tlog_note note;
	enum err e = tlog_note_parse(&note, entry, ctx);

	*out = NULL;
	for (size_t k = set->n; e == ERR_OK && k > 0; k--) {
		const struct tlog_key *key = &set->key[k - 1];

		for (size_t i = 0; i < note.n; i++)
			if (note.sig[i].id == key->id &&
			    mem_eq(note.sig[i].name, key->name))
				*out = key;
	}
	return e;
}

/* Does it speak of this very release, and say that it came out the same? */
static enum err check_result(
    const struct evidence_run *r, struct check_list *list)
{
	const struct record_rebuild *said = &r->rebuild.rec->rebuild;
	struct tlog_hash want;
	struct tlog_note image;
	enum err e = tlog_note_parse(
	    &image, r->ev.section[EVIDENCE_IMAGE_RECORD], &list->reason);

	if (e != ERR_OK)
		return e;
	if (!tlog_hash_eq(&said->release, &r->image.in.leaf))
		return err_set(&list->reason, ERR_POLICY,
		    "the rebuild statement is about another release");
	e = tlog_rebuild_result(&want, image.text);
	if (e != ERR_OK)
		return err_set(&list->reason, e,
		    "the release has no line that a rebuild could give");
	if (!tlog_hash_eq(&said->result, &want))
		return err_set(&list->reason, ERR_POLICY,
		    "the rebuilder got something else than was released");
	return ERR_OK;
}

static enum err judge(struct evidence_run *r, struct check_list *list)
{
	struct evidence_logged *l = &r->rebuild;
	enum err e = tlog_record_verify(l->rec, &r->demand->trust->rebuilder,
	    r->ev.section[EVIDENCE_REBUILD_RECORD], &list->reason);

	if (e == ERR_OK)
		e = evidence_record_is(r, list, l->rec, RECORD_REBUILD);
	if (e == ERR_OK)
		e = check_result(r, list);
	if (e == ERR_OK)
		e = evidence_record_logged(r, list, l, EVIDENCE_REBUILD_RECORD,
		    EVIDENCE_REBUILD_PROOF);
	if (e == ERR_OK)
		e = evidence_record_time(r, list, l);
	if (e == ERR_OK)
		e = evidence_record_allowed(r, list, l);
	return e;
}

static enum err check_rebuild(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	struct bytes entry = r->ev.section[EVIDENCE_REBUILD_RECORD];
	const struct tlog_key *key;
	enum err e;

	if (entry.len == 0 || r->ev.section[EVIDENCE_REBUILD_PROOF].len == 0)
		return err_set(&list->reason, ERR_FORMAT,
		    "evidence: a rebuild record and its proof come together");
	e = find_rebuilder(
	    &key, &r->demand->trust->rebuilder, entry, &list->reason);
	if (e != ERR_OK)
		return e;
	if (key == NULL) {
		check_say(list,
		    "statement not by a rebuilder that this client knows");
		return ERR_OK;
	}
	e = judge(r, list);
	if (e != ERR_OK)
		return e;
	r->rebuilder = key;
	check_say(list, "identically by %.*s, entry %llu of %llu",
	    (int)key->name.len, (const char *)key->name.p,
	    (unsigned long long)r->rebuild.in.index,
	    (unsigned long long)r->rebuild.in.head.size);
	return ERR_OK;
}

const struct check_def evidence_rebuild_checks[EVIDENCE_REBUILD_CHECKS] = {
	{ CHECK_REBUILD, check_rebuild },
};
