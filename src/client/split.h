/*
 * What proves that a log showed two trees of one size [L-26]: the two checkpoint
 * notes that it signed.
 *
 *	HOME/state/<hex SHA-256(origin)>.checkpoint
 *		the note of the largest head of this log in state.h, as it came
 *	HOME/proof/<id>.note-1, <id>.note-2
 *		what the log showed before and what it showed then, named as the
 *		files of an audit [L-173]
 *	HOME/proof/<hex digest>.evidence
 *		the bundle that the second note was in
 */
#ifndef CONFER_CLIENT_SPLIT_H
#define CONFER_CLIENT_SPLIT_H

#include "base/err.h"
#include "base/mem.h"

/*
 * The checkpoint note of the proof in a section of the bundle, from which it
 * borrows. Empty if there is none.
 */
struct bytes client_split_note(struct bytes bundle, uint8_t section);

/* Keep the note of a head that state.h is about to learn. Errors of writing. */
enum err client_split_remember(const char *home, const char *origin,
    struct bytes note, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Write the proof that the note in this section of `bundle` and the one
 * remembered for `origin` make. Writes
 * what it can; ERR_OK only if all of it is on the disk. ERR_NOTFOUND: nothing
 * was remembered for this log; else errors of reading and writing.
 */
enum err client_split_keep(const char *home, const char *origin,
    struct bytes bundle, uint8_t section, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
