/*
 * Memory for secrets: pages of their own between two pages that fault, locked
 * out of swap, left out of core dumps and not passed to children. And the
 * stack: what a finished call has left below the present frame.
 */
#ifndef CONFER_SYS_SECRET_H
#define CONFER_SYS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * n > 0 zeroed bytes, NULL when there is no memory. They are locked as far as
 * RLIMIT_MEMLOCK allows; beyond it they are given unlocked.
 */
void *secret_new(size_t n);

/*
 * Keep all memory of this process out of swap, present and future, if
 * RLIMIT_MEMLOCK is unlimited (else a later allocation could fail): then the
 * engine's copies of secrets are covered, too. False if it cannot be done.
 */
bool secret_lock_all(void);

/* Wipe and give back what secret_new(n) gave. p may be NULL. */
void secret_free(void *p, size_t n);

/* How much of the stack below the caller secret_scrub_stack() overwrites. */
#define SECRET_STACK_LEN (96u * 1024u)

/*
 * Overwrite the unused stack of the calling thread. Called where the work on a
 * secret has returned: frames of that work lie below and still hold copies. The
 * few bytes of its own frame it cannot reach.
 */
void secret_scrub_stack(void);

#endif
