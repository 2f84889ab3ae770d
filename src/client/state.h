/*
 * What a client never forgets about a product and channel, so that nobody can
 * show it the past again: the greatest seq of an accepted policy record [L-54],
 * and the largest head of each log that it saw [L-26]. One small JSON file,
 * HOME/state/PRODUCT@CHANNEL.json:
 *
 *	{"policy_seq": 3, "heads": [{"origin": "…", "size": 5, "root": "hex"}]}
 */
#ifndef CONFER_CLIENT_STATE_H
#define CONFER_CLIENT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "protocol/evidence.h"

#define CLIENT_STATE_LEN_MAX   8192
#define CLIENT_STATE_HEADS_MAX TLOG_POLICY_LOGS_MAX

struct client_head {
	char origin[CLAIM_NAME_MAX];
	uint64_t size;
	uint8_t root[SHA256_LEN];
};

/* All zero: nothing was seen yet. */
struct client_state {
	uint64_t policy_seq;
	struct client_head head[CLIENT_STATE_HEADS_MAX];
	size_t heads;
};

/* ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED, ERR_TRAILING; *out zero then. */
enum err client_state_parse(struct client_state *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

void client_state_format(struct wr *w, const struct client_state *state);

/* The head seen of this log, or NULL. */
const struct client_head *client_state_head(
    const struct client_state *state, const char *origin);

/*
 * Take what accepted claims show. True if that changed anything. When there are
 * too many logs, the first is forgotten.
 */
bool client_state_learn(struct client_state *state, const struct claims *seen);

/*
 * The file of a product and channel below `home`. A file that does not exist is
 * an empty state; one that cannot be read or parsed is ERR_IO or ERR_FORMAT:
 * going on without it would accept what was refused before.
 */
enum err client_state_load(struct client_state *out, const char *home,
    const struct trust *trust, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
enum err client_state_save(const struct client_state *state, const char *home,
    const struct trust *trust, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Learn from accepted claims and keep that, together with what other processes
 * of this user have learned meanwhile; *state is the whole afterwards. `note` is
 * the checkpoint of seen->tree[0], kept with it (split.h). Errors of load
 * and save.
 */
enum err client_state_remember(struct client_state *state, const char *home,
    const struct trust *trust, const struct claims *seen, struct bytes note,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
