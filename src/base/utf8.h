/* UTF-8, strict (RFC 3629): no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
#ifndef CONFER_BASE_UTF8_H
#define CONFER_BASE_UTF8_H

#include "base/mem.h"

/* Length of the valid sequence at the start of b (not empty), or 0. */
size_t utf8_len(struct bytes b);

/* Length of the prefix of b that is complete and valid. */
size_t utf8_prefix(struct bytes b);

#endif
