/* What `confer-log inspect` shows of each kind of file; see cmd_inspect.c. */
#ifndef CONFER_LOGD_CMD_INSPECT_H
#define CONFER_LOGD_CMD_INSPECT_H

#include "base/err.h"
#include "logd/show.h"

/* Show `text` readably, or say in ctx why it is not what it seemed to be. */
typedef enum err logd_inspect_fn(
    struct logd_show *s, struct bytes text, struct err_ctx *ctx);

logd_inspect_fn logd_inspect_proof;
logd_inspect_fn logd_inspect_record;
logd_inspect_fn logd_inspect_note; /* a checkpoint, or another note */
logd_inspect_fn logd_inspect_key;  /* of which it shows the vkey alone */
logd_inspect_fn logd_inspect_vkey;
logd_inspect_fn logd_inspect_trust;
logd_inspect_fn logd_inspect_policy;

#endif
