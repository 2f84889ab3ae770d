/* The claims of accepted evidence as JSON, the same wherever they are shown. */
#ifndef CONFER_PROTOCOL_CLAIMS_JSON_H
#define CONFER_PROTOCOL_CLAIMS_JSON_H

#include "base/wr.h"
#include "protocol/evidence.h"

/* Write an object. Numbers are plain, hashes and ids lower-case hex, times Unix
 * seconds. Only for an accepted verdict. */
void claims_json(struct wr *w, const struct claims *c);

#endif
