/*
 * Where a client keeps its things: one directory of mode 0700.
 *
 *	HOME/state/	what it never forgets (state.h)
 *	HOME/sessions/	what lets it come back quickly (resume.h)
 *	HOME/proof/	what shows that somebody misbehaved (split.h)
 *	HOME/up/	keys, log and sockets of `confer up`
 */
#ifndef CONFER_CLIENT_HOME_H
#define CONFER_CLIENT_HOME_H

#include "base/err.h"
#include "sys/fd.h"

/*
 * The directory to use: `given` if it is not NULL, else $XDG_DATA_HOME/confer,
 * else ~/.local/share/confer. Not created. ERR_NOTFOUND: there is no home
 * directory; ERR_LIMIT: the path is too long. Absolute afterwards.
 */
enum err client_home_find(char out[FD_PATH_MAX], const char *given,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write HOME/DIR/NAME (NAME may be NULL) to out. ERR_LIMIT. */
enum err client_home_path(char out[FD_PATH_MAX], const char *home,
    const char *dir, const char *name, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Create HOME/DIR, and HOME, with mode 0700. */
enum err client_home_make(const char *home, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
