/* Time: a clock that never jumps for deadlines, and the calendar's seconds. */
#ifndef CONFER_SYS_CLOCK_H
#define CONFER_SYS_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC. For deadlines and ticks; says nothing about the date. */
uint64_t clock_mono_ns(void);
uint64_t clock_mono_ms(void);

/* Seconds since 1970 (CLOCK_REALTIME), 0 before. The host can set it. */
uint64_t clock_unix_s(void);

#endif
