/*
 * Bounded text formatting for the freestanding core: %s %c %d %u %x with the
 * length modifiers l, ll and z, a zero-padded width for numbers (%08x), a
 * precision for strings (%.*s), and %%. Nothing else: an unknown conversion is
 * our own defect and traps.
 */
#ifndef CONFER_BASE_FMT_H
#define CONFER_BASE_FMT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Write at most `cap` bytes to `out`, always NUL-terminated (cap >= 1).
 * Returns the length that the whole text needs, without the NUL; a result
 * >= cap says that the text was cut.
 */
size_t fmt_vprint(char *out, size_t cap, const char *fmt, va_list ap);
size_t fmt_print(char *out, size_t cap, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
