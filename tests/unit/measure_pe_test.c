/* Authenticode digests of PE files that tests/e2e/lib/launch.py makes too. */
#include "firmware.h"

#include "measure/pe.h"

#define HEAD     0x400
#define TEXT_LEN 0x200
#define DATA_LEN 0x200
#define PE_AT    0x80
#define OPT_AT   (PE_AT + 24)
#define TAIL     "tail of the file"
#define CERT_AT  (OPT_AT + 112 + 8 * 4)
#define PLAIN                                                                  \
	"1e6a0a7ff79b7495b49e7dbb2465e34a6eddf56ba185a0d4"                     \
	"baf4d8af90f93bcd33799f020a15ad48d399c8fa51e9eeb3"

struct file {
	uint8_t b[FW_KERNEL_MAX];
	size_t len;
	size_t sections; /* where the table is */
};

static void put16(uint8_t *p, size_t at, uint16_t v)
{
	p[at] = (uint8_t)v;
	p[at + 1] = (uint8_t)(v >> 8);
}

static void put_section(
    struct file *f, size_t i, uint32_t name, uint32_t len, uint32_t at)
{
	uint8_t *p = f->b + f->sections + 40 * i;

	memset(p, 0, 40);
	memcpy(p,
	    name == 0   ? ".data"
	    : name == 1 ? ".bss"
			: ".text",
	    name == 1 ? 4 : 5);
	fw_put32(p, 8, len);
	fw_put32(p, 12, 0x1000);
	fw_put32(p, 16, len);
	fw_put32(p, 20, at);
}

/* Three sections, out of order, one empty; a tail, and a signature. */
static void build(
    struct file *f, uint32_t directories, const char *tail, uint32_t signature)
{
	uint8_t *b = f->b;
	size_t end = HEAD + TEXT_LEN + DATA_LEN + strlen(tail);

	memset(f, 0, sizeof(*f));
	memcpy(b, "MZ", 2);
	fw_put32(b, 0x3c, PE_AT);
	memcpy(b + PE_AT, "PE", 2);
	put16(b, PE_AT + 4, 0x8664);
	put16(b, PE_AT + 6, 3);
	put16(b, PE_AT + 20, (uint16_t)(112 + 8 * directories));
	put16(b, PE_AT + 22, 0x206);
	put16(b, OPT_AT, 0x20b);
	fw_put32(b, OPT_AT + 60, HEAD);
	fw_put32(b, OPT_AT + 64, 0x12345678);
	fw_put32(b, OPT_AT + 108, directories);
	if (signature > 0) {
		fw_put32(b, CERT_AT, (uint32_t)end);
		fw_put32(b, CERT_AT + 4, signature);
	}
	f->sections = OPT_AT + 112 + 8 * directories;
	put_section(f, 0, 0, DATA_LEN, HEAD + TEXT_LEN);
	put_section(f, 1, 1, 0, 0);
	put_section(f, 2, 2, TEXT_LEN, HEAD);
	for (size_t i = 0; i < TEXT_LEN; i++)
		b[HEAD + i] = (uint8_t)i;
	memset(b + HEAD + TEXT_LEN, 0x5a, DATA_LEN);
	memcpy(b + HEAD + TEXT_LEN + DATA_LEN, tail, strlen(tail));
	memset(b + end, 0xc5, signature);
	f->len = end + signature;
}

static enum err digest(
    uint8_t out[SHA384_LEN], const struct file *f, struct err_ctx *ctx)
{
	return pe_parse_authenticode(out, (struct bytes){ f->b, f->len }, ctx);
}

static void check(const struct file *f, const char *want)
{
	uint8_t got[SHA384_LEN];

	CHECK_OK(digest(got, f, NULL));
	FW_CHECK(got, want);
}

TEST(pe_agrees_with_the_second_implementation)
{
	struct file f;
	uint8_t got[SHA384_LEN];

	build(&f, 16, TAIL, 0);
	CHECK_OK(crypto_sha384(got, &(struct bytes){ f.b, f.len }, 1));
	FW_CHECK(got, "78697ebc64ea60923adc04bdc9b9d90b7f944c7ba911f582"
		      "5a876c3d99c89b25191183e427020c8176c05ebc347af92b");
	check(&f, PLAIN);
	build(&f, 4, TAIL, 0);
	check(&f, "2c356bafc2aa0eb5f22d594fd0028170a95a9194de72a68d"
		  "6f029c6e982da573ef2482b12163e3883a6bfaa28cbe413b");
	build(&f, 16, "", 0);
	check(&f, "248790b34b4471113001eaa65881b3184e201c2c53da592f"
		  "1841aec2cb04ec2bf1484a4d378858c1ec88b272945cb6ca");
}

/* With 16 bytes less before the directories. */
TEST(pe_reads_the_shorter_optional_header_too)
{
	const size_t cert = CERT_AT - 16;
	struct file f;
	uint8_t got[SHA384_LEN], want[SHA384_LEN];
	struct bytes part[3];

	build(&f, 16, TAIL, 0);
	put16(f.b, OPT_AT, 0x10b);
	put16(f.b, PE_AT + 20, 96 + 8 * 16);
	fw_put32(f.b, OPT_AT + 92, 16);
	memmove(f.b + f.sections - 16, f.b + f.sections, 120);
	part[0] = (struct bytes){ f.b, OPT_AT + 64 };
	part[1] = (struct bytes){ f.b + OPT_AT + 68, cert - OPT_AT - 68 };
	part[2] = (struct bytes){ f.b + cert + 8, f.len - cert - 8 };
	CHECK_OK(crypto_sha384(want, part, 3));
	CHECK_OK(digest(got, &f, NULL));
	CHECK_MEM(got, want, sizeof(got));
}

TEST(pe_digest_is_the_same_with_and_without_a_signature)
{
	struct file f;

	build(&f, 16, TAIL, 24);
	check(&f, PLAIN);
	f.b[f.len - 1] ^= 1;           /* of the signature */
	fw_put32(f.b, OPT_AT + 64, 0); /* the checksum */
	check(&f, PLAIN);
}

TEST(pe_digest_covers_every_other_byte)
{
	struct file f;
	uint8_t got[SHA384_LEN], want[SHA384_LEN];

	build(&f, 16, TAIL, 0);
	CHECK_OK(digest(want, &f, NULL));
	for (size_t i = 0; i < f.len; i++) {
		bool hole = (i >= OPT_AT + 64 && i < OPT_AT + 68) ||
			    (i >= CERT_AT && i < CERT_AT + 8);
		f.b[i] ^= 1;
		if (digest(got, &f, NULL) == ERR_OK && !hole &&
		    memcmp(got, want, sizeof(got)) == 0)
			fail_msg("byte %zu does not count", i);
		f.b[i] ^= 1;
	}
}

TEST(pe_refuses_every_truncation)
{
	struct file f;
	uint8_t got[SHA384_LEN];

	build(&f, 16, TAIL, 24);
	for (size_t n = 0; n < f.len; n++) {
		struct err_ctx ctx = { 0 };
		enum err e =
		    pe_parse_authenticode(got, (struct bytes){ f.b, n }, &ctx);

		if (e == ERR_OK)
			fail_msg("%zu bytes are accepted", n);
		CHECK_EQ(ctx.code, e);
		CHECK(ctx.msg[0] != '\0');
		CHECK(mem_is_zero(got, sizeof(got)));
	}
}

TEST(pe_refuses_a_file_above_the_limit)
{
	static const uint8_t none[1];
	uint8_t got[SHA384_LEN];

	/* Its length alone decides. */
	CHECK_ERR(pe_parse_authenticode(got,
		      (struct bytes){ none, (size_t)PE_LEN_MAX + 1 }, NULL),
	    ERR_LIMIT);
}

static void refused(const struct file *f, enum err want, const char *why)
{
	struct err_ctx ctx = { 0 };
	uint8_t got[SHA384_LEN];

	CHECK_ERR(digest(got, f, &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
	CHECK(mem_is_zero(got, sizeof(got)));
}

TEST(pe_refuses_what_is_no_pe_file)
{
	struct file f;

	build(&f, 16, TAIL, 0);
	f.b[0] = 'm';
	refused(&f, ERR_FORMAT, "no MZ at offset 0");
	build(&f, 16, TAIL, 0);
	f.b[PE_AT + 3] = 1;
	refused(&f, ERR_FORMAT, "no PE at offset 128");
	build(&f, 16, TAIL, 0);
	fw_put32(f.b, 0x3c, 0xffffffff);
	refused(&f, ERR_TRUNCATED, "signature at offset 4294967295");
	build(&f, 16, TAIL, 0);
	put16(f.b, OPT_AT, 0x107);
	refused(&f, ERR_UNSUPPORTED, "optional header 0x107 at offset 152");
}

TEST(pe_refuses_an_optional_header_of_another_length)
{
	struct file f;

	build(&f, 16, TAIL, 0);
	put16(f.b, PE_AT + 20, 111);
	refused(&f, ERR_FORMAT, "optional header of 111 bytes at offset 152");
	put16(f.b, PE_AT + 20, 0xffff);
	refused(&f, ERR_FORMAT, "optional header of 65535 bytes");
	build(&f, 16, TAIL, 0);
	fw_put32(f.b, OPT_AT + 108, 17);
	refused(&f, ERR_FORMAT, "17 directories at offset 260, room for 16");
	fw_put32(f.b, OPT_AT + 108, 0xffffffff);
	refused(&f, ERR_FORMAT, "4294967295 directories");
}

TEST(pe_headers_hold_the_section_table_and_end_in_the_file)
{
	struct file f;

	build(&f, 16, TAIL, 0);
	fw_put32(f.b, OPT_AT + 60, (uint32_t)f.sections + 119);
	refused(&f, ERR_FORMAT, "SizeOfHeaders 511 at offset 212");
	fw_put32(f.b, OPT_AT + 60, (uint32_t)f.len + 1);
	refused(&f, ERR_FORMAT, "SizeOfHeaders");
	build(&f, 16, TAIL, 0);
	put16(f.b, PE_AT + 6, PE_SECTIONS_MAX + 1);
	refused(&f, ERR_LIMIT, "97 sections, at most 96");
}

TEST(pe_sections_cover_the_file_once)
{
	struct file f;

	build(&f, 16, TAIL, 0);
	put_section(&f, 0, 0, DATA_LEN, HEAD + TEXT_LEN - 1);
	refused(&f, ERR_FORMAT, "bytes at offset 1535 are in two sections");
	build(&f, 16, TAIL, 0);
	put_section(&f, 2, 2, TEXT_LEN, HEAD - 1);
	refused(&f, ERR_FORMAT, "bytes at offset 1023 are in two sections");
	build(&f, 16, TAIL, 0);
	put_section(&f, 0, 0, 8, HEAD + TEXT_LEN + 8);
	refused(&f, ERR_FORMAT, "bytes at offset 1536 are in no section");
}

TEST(pe_sections_end_in_the_file)
{
	struct file f;

	build(&f, 16, "", 0);
	put_section(&f, 0, 0, DATA_LEN + 1, HEAD + TEXT_LEN);
	refused(&f, ERR_TRUNCATED, "ends outside of the file");
	put_section(&f, 0, 0, DATA_LEN, 0xffffffff);
	refused(&f, ERR_TRUNCATED, "4294967295 + 512 bytes");
	put_section(&f, 0, 0, 0xffffffff, HEAD + TEXT_LEN);
	refused(&f, ERR_TRUNCATED, "ends outside");
}

TEST(pe_signature_is_the_end_of_the_file)
{
	struct file f;

	build(&f, 16, TAIL, 24);
	fw_put32(f.b, CERT_AT, (uint32_t)f.len - 25);
	refused(&f, ERR_FORMAT, "signature of 24 bytes at 2063");
	build(&f, 16, TAIL, 24);
	fw_put32(f.b, CERT_AT + 4, 0xffffffff);
	refused(&f, ERR_FORMAT, "signature of 4294967295 bytes");
	build(&f, 16, TAIL, 0);
	fw_put32(f.b, CERT_AT, (uint32_t)f.len - 1);
	refused(&f, ERR_FORMAT, "signature of 0 bytes at 2063");
	/* Into the sections: fewer bytes would be measured. */
	build(&f, 16, TAIL, 0);
	fw_put32(f.b, CERT_AT, (uint32_t)f.len - 17);
	fw_put32(f.b, CERT_AT + 4, 17);
	refused(&f, ERR_FORMAT, "is not its end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pe_agrees_with_the_second_implementation),
		cmocka_unit_test(pe_reads_the_shorter_optional_header_too),
		cmocka_unit_test(
		    pe_digest_is_the_same_with_and_without_a_signature),
		cmocka_unit_test(pe_digest_covers_every_other_byte),
		cmocka_unit_test(pe_refuses_every_truncation),
		cmocka_unit_test(pe_refuses_a_file_above_the_limit),
		cmocka_unit_test(pe_refuses_what_is_no_pe_file),
		cmocka_unit_test(
		    pe_refuses_an_optional_header_of_another_length),
		cmocka_unit_test(
		    pe_headers_hold_the_section_table_and_end_in_the_file),
		cmocka_unit_test(pe_sections_cover_the_file_once),
		cmocka_unit_test(pe_sections_end_in_the_file),
		cmocka_unit_test(pe_signature_is_the_end_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
