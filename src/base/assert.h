/*
 * assert() for our own defects only, never for bytes from outside. It stays on
 * in release builds and needs no libc: a broken invariant stops the program.
 */
#ifndef CONFER_BASE_ASSERT_H
#define CONFER_BASE_ASSERT_H

#undef assert
#define assert(e) ((e) ? (void)0 : __builtin_trap())

#endif
