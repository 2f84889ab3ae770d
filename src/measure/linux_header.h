/*
 * The setup header of a Linux kernel (Documentation/arch/x86/boot.rst), as a QEMU
 * that does not leave it alone for TDs hands it to the firmware: what is then
 * measured is the changed file. docs/measure.md, section 3.
 */
#ifndef CONFER_MEASURE_LINUX_HEADER_H
#define CONFER_MEASURE_LINUX_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define LINUX_PROTOCOL_MIN 0x20c /* Linux 3.8: has all fields used here */

/* What QEMU puts into the header depends on these. */
struct linux_start {
	uint64_t memory;     /* of a q35 machine, bytes; 0: not known */
	uint64_t initrd_len; /* 0: none */
	struct bytes cmdline;
};

/*
 * Change the header of the kernel in place. ERR_TRUNCATED: too short for one;
 * ERR_UNSUPPORTED: no bzImage of protocol 2.12 or later, or a vga= on the
 * command line, which QEMU would write too; ERR_FORMAT: an initrd, but no size
 * of memory, which decides where it goes; ERR_LIMIT: the initrd does not fit.
 * The kernel is as it was then.
 */
enum err linux_header_patch(uint8_t *kernel, size_t len,
    const struct linux_start *start, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
