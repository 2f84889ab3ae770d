/*
 * Functions of real numbers whose results must not depend on the C library or
 * the CPU: tables of positions are part of every answer. Doubles, plain
 * multiplications and additions in one written order, never fused. exp, log,
 * cosine and sine are within 2 units of the last place.
 */
#ifndef CONFER_ENGINE_REAL_H
#define CONFER_ENGINE_REAL_H

double real_exp(double x); /* |x| <= 700 */
double real_log(double x); /* x > 0, finite */

/* base > 0, |x log(base)| <= 700; off by 2 + 2 |x log(base)| units at most. */
double real_pow(double base, double x);

/* |x| <= 2^21: position 2^17 at a frequency of 16 */
void real_cos_sin(double *c, double *s, double x);

#endif
