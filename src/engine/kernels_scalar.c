/* The kernels in plain C: slow, for any CPU, and the judge of the others. */
#include "engine/kernels.h"

#include "engine/lanes_scalar.h"
#include "engine/lines_scalar.h"

#include "engine/body_kernels.h"

const struct kernels kernels_scalar = KERNELS_OF("scalar");
