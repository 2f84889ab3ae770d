/* See linux_header.h. What is written: QEMU, hw/i386/x86-common.c. */
#include "measure/linux_header.h"

#define HEADER_END     0x268 /* of protocol 2.12 */
#define AT_MAGIC       0x202
#define AT_PROTOCOL    0x206
#define AT_LOADER      0x210
#define AT_LOADFLAGS   0x211
#define AT_RAMDISK     0x218 /* address, size */
#define AT_HEAP_END    0x224
#define AT_CMDLINE     0x228
#define AT_INITRD_MAX  0x22c
#define AT_XLOADFLAGS  0x236
#define LOADER_QEMU    0xB0
#define LOADED_HIGH    1
#define CAN_USE_HEAP   0x80
#define ABOVE_4G       2 /* XLF_CAN_BE_LOADED_ABOVE_4G */
#define CMDLINE_ADDR   0x20000
#define HEAP_END       0xFE00        /* from 0x10000 to the command line */
#define LOW_MEMORY_MAX 0xB0000000ULL /* q35: from here on it is split */
#define LOW_MEMORY     0x80000000ULL
#define ACPI_LEN       0x28000 /* kept free below the end of memory */
#define INITRD_ALIGN   4096

static uint64_t get(const uint8_t *p, size_t at, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[at + i - 1];
	return v;
}

static void put(uint8_t *p, size_t at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[at + i] = (uint8_t)(v >> 8 * i);
}

static bool has_vga(struct bytes cmdline)
{
	for (size_t i = 0; i + 4 <= cmdline.len; i++) {
		if (mem_eq_str((struct bytes){ cmdline.p + i, 4 }, "vga="))
			return true;
	}
	return false;
}

static enum err check(const uint8_t *kernel, size_t len,
    const struct linux_start *start, struct err_ctx *ctx)
{
	if (len < HEADER_END)
		return err_set(ctx, ERR_TRUNCATED,
		    "kernel of %zu bytes has no Linux header", len);
	if (!mem_eq_str((struct bytes){ kernel + AT_MAGIC, 4 }, "HdrS"))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "kernel is no bzImage: no HdrS at offset %d", AT_MAGIC);
	if (get(kernel, AT_PROTOCOL, 2) < LINUX_PROTOCOL_MIN ||
	    (kernel[AT_LOADFLAGS] & LOADED_HIGH) == 0)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "kernel: boot protocol 0x%x at offset %d, loadflags 0x%x, "
		    "is too old",
		    (unsigned)get(kernel, AT_PROTOCOL, 2), AT_PROTOCOL,
		    kernel[AT_LOADFLAGS]);
	if (has_vga(start->cmdline))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "command line has vga=, which QEMU writes into the kernel "
		    "too");
	return ERR_OK;
}

/* As high as the kernel and memory allow, in whole pages. */
static enum err place_initrd(uint64_t *out, const uint8_t *kernel,
    const struct linux_start *start, struct err_ctx *ctx)
{
	const uint64_t low =
	    start->memory < LOW_MEMORY_MAX ? start->memory : LOW_MEMORY;
	uint64_t max = (kernel[AT_XLOADFLAGS] & ABOVE_4G) != 0
			   ? UINT32_MAX
			   : get(kernel, AT_INITRD_MAX, 4);

	if (low <= ACPI_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "where the initrd goes depends on the size of memory");
	if (max >= low - ACPI_LEN)
		max = low - ACPI_LEN - 1;
	if (start->initrd_len >= max)
		return err_set(ctx, ERR_LIMIT,
		    "initrd of %llu bytes, %llu fit into memory",
		    (unsigned long long)start->initrd_len,
		    (unsigned long long)max - 1);
	*out = (max - start->initrd_len) / INITRD_ALIGN * INITRD_ALIGN;
	return ERR_OK;
}

enum err linux_header_patch(uint8_t *kernel, size_t len,
    const struct linux_start *start, struct err_ctx *ctx)
{
	uint64_t initrd = 0;
	enum err e = check(kernel, len, start, ctx);

	if (e == ERR_OK && start->initrd_len > 0)
		e = place_initrd(&initrd, kernel, start, ctx);
	if (e != ERR_OK)
		return e;
	kernel[AT_LOADER] = LOADER_QEMU;
	kernel[AT_LOADFLAGS] |= CAN_USE_HEAP;
	put(kernel, AT_HEAP_END, HEAP_END, 2);
	put(kernel, AT_CMDLINE, CMDLINE_ADDR, 4);
	if (start->initrd_len > 0) {
		put(kernel, AT_RAMDISK, initrd, 4);
		put(kernel, AT_RAMDISK + 4, start->initrd_len, 4);
	}
	return ERR_OK;
}
