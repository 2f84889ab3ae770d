/*
 * Functions of real numbers whose results must not depend on the C library or
 * the CPU: tables of positions are part of every answer. Doubles, plain
 * multiplications and additions in one written order, never fused; correct to
 * about 1e-15 relative.
 */
#ifndef CONFER_ENGINE_REAL_H
#define CONFER_ENGINE_REAL_H

double real_exp(double x);                         /* |x| <= 700 */
double real_log(double x);                         /* x > 0, finite */
double real_pow(double base, double x);            /* base > 0 */
void real_cos_sin(double *c, double *s, double x); /* |x| <= 2^40 */

#endif
