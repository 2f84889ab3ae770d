/* The set of signature checks that a verdict depends on. */
#include "crypto/obligation.h"

struct obligation *obligation_add(struct obligations *set)
{
	struct obligation *o;

	if (set->n >= OBLIGATIONS_MAX)
		return NULL;
	o = &set->item[set->n++];
	memset(o, 0, sizeof(*o));
	return o;
}
