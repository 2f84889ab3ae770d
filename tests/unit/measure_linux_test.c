/* The setup header as QEMU writes it, and kernels that it would not touch. */
#include "firmware.h"

#include "measure/linux_header.h"

#define LEN    0x268
#define MIB    (1ULL << 20)
#define STR(s) ((struct bytes)BYTES_LITERAL(s))

static const struct linux_start plain = { 2048 * MIB, 7, { NULL, 0 } };

static void build(uint8_t k[LEN])
{
	memset(k, 0, LEN);
	memcpy(k + 0x202, "HdrS", 4);
	k[0x206] = 0x0f;
	k[0x207] = 0x02;
	k[0x211] = 1;
	fw_put32(k, 0x22c, 0x7fffffff);
	k[0x236] = 0x7f;
}

static uint32_t get32(const uint8_t *k, size_t at)
{
	return k[at] | (uint32_t)k[at + 1] << 8 | (uint32_t)k[at + 2] << 16 |
	       (uint32_t)k[at + 3] << 24;
}

TEST(header_gets_loader_heap_command_line_and_initrd)
{
	uint8_t k[LEN], want[LEN];

	build(k);
	build(want);
	want[0x210] = 0xb0;
	want[0x211] = 0x81;
	want[0x225] = 0xfe;
	want[0x22a] = 2;
	fw_put32(want, 0x218, 0x7ffd7000);
	fw_put32(want, 0x21c, 7);
	CHECK_OK(linux_header_patch(k, sizeof(k), &plain, NULL));
	CHECK_MEM(k, want, sizeof(k));
}

TEST(header_without_initrd_does_not_need_memory)
{
	const struct linux_start none = { 0, 0, { NULL, 0 } };
	uint8_t k[LEN];

	build(k);
	CHECK_OK(linux_header_patch(k, sizeof(k), &none, NULL));
	CHECK_EQ(get32(k, 0x218), 0);
	CHECK_EQ(k[0x210], 0xb0);
}

static uint32_t initrd_at(
    uint64_t memory, uint64_t len, bool above, uint32_t max)
{
	const struct linux_start s = { memory, len, { NULL, 0 } };
	uint8_t k[LEN];

	build(k);
	k[0x236] = above ? 2 : 0x7d;
	fw_put32(k, 0x22c, max);
	CHECK_OK(linux_header_patch(k, sizeof(k), &s, NULL));
	CHECK_EQ(get32(k, 0x21c), len);
	return get32(k, 0x218);
}

TEST(initrd_goes_as_high_as_memory_and_kernel_allow)
{
	CHECK_EQ(initrd_at(1024 * MIB, 1, true, 0), 0x3ffd7000);
	CHECK_EQ(initrd_at(2048 * MIB, 0x100000, true, 0), 0x7fed7000);
	CHECK_EQ(initrd_at(2815 * MIB, 1, true, 0), 0xafed7000);
	CHECK_EQ(initrd_at(2816 * MIB, 1, true, 0), 0x7ffd7000);
	CHECK_EQ(initrd_at(65536 * MIB, 1, true, 0), 0x7ffd7000);
	CHECK_EQ(initrd_at(2048 * MIB, 1, false, 0x37ffffff), 0x37fff000);
	CHECK_EQ(initrd_at(256 * MIB, 1, false, 0x37ffffff), 0x0ffd7000);
}

static void refused(const uint8_t *k, size_t len, const struct linux_start *s,
    enum err want, const char *why)
{
	uint8_t copy[LEN];
	struct err_ctx ctx = { 0 };

	memcpy(copy, k, LEN);
	CHECK_ERR(linux_header_patch(copy, len, s, &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
	CHECK_MEM(copy, k, LEN);
}

TEST(header_refuses_every_truncation)
{
	uint8_t k[LEN];

	build(k);
	for (size_t n = 0; n < LEN; n++)
		refused(k, n, &plain, ERR_TRUNCATED, "no Linux header");
}

TEST(header_refuses_other_and_older_kernels)
{
	uint8_t k[LEN];

	build(k);
	k[0x205] = 's';
	refused(k, LEN, &plain, ERR_UNSUPPORTED, "no HdrS at offset 514");
	build(k);
	k[0x206] = 0x0b;
	refused(k, LEN, &plain, ERR_UNSUPPORTED, "boot protocol 0x20b");
	build(k);
	k[0x211] = 0;
	refused(k, LEN, &plain, ERR_UNSUPPORTED, "loadflags 0x0, is too old");
}

TEST(header_refuses_what_it_cannot_know)
{
	struct linux_start s = plain;
	uint8_t k[LEN];

	build(k);
	s.cmdline = STR("quiet vga=ask");
	refused(k, LEN, &s, ERR_UNSUPPORTED, "vga=");
	s.cmdline = STR("quiet vga");
	CHECK_OK(linux_header_patch(k, LEN, &s, NULL));
	build(k);
	s.memory = 0;
	refused(k, LEN, &s, ERR_FORMAT, "depends on the size of memory");
}

TEST(initrd_fits_into_memory)
{
	struct linux_start s = plain;
	uint8_t k[LEN];

	build(k);
	s.memory = 16 * MIB;
	s.initrd_len = 16 * MIB - 0x28001;
	refused(k, LEN, &s, ERR_LIMIT, "16613374 fit into memory");
	s.initrd_len--;
	CHECK_OK(linux_header_patch(k, LEN, &s, NULL));
	CHECK_EQ(get32(k, 0x218), 0);
	build(k);
	s.initrd_len = UINT64_MAX;
	refused(k, LEN, &s, ERR_LIMIT, "fit into memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    header_gets_loader_heap_command_line_and_initrd),
		cmocka_unit_test(header_without_initrd_does_not_need_memory),
		cmocka_unit_test(
		    initrd_goes_as_high_as_memory_and_kernel_allow),
		cmocka_unit_test(header_refuses_every_truncation),
		cmocka_unit_test(header_refuses_other_and_older_kernels),
		cmocka_unit_test(header_refuses_what_it_cannot_know),
		cmocka_unit_test(initrd_fits_into_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
