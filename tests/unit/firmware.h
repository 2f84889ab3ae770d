/*
 * Firmware of an invented machine, as a test wants it: the bytes of
 * tests/e2e/lib/launch.py, firmware() and kernel(). Digests in the tests were
 * printed by that second implementation.
 */
#ifndef CONFER_TESTS_UNIT_FIRMWARE_H
#define CONFER_TESTS_UNIT_FIRMWARE_H

#include "test.h"

#include "base/hex.h"
#include "base/wr.h"
#include "crypto/crypto_native.h"
#include "measure/ovmf.h"

#define FW_LEN         0x10000
#define FW_CFV_LEN     0x4000
#define FW_HASH_AREA   0x810c00
#define FW_RESET_EIP   0x80b004
#define FW_SEV_AT      (FW_LEN - 0x600) /* the SEV metadata */
#define FW_TDX_AT      (FW_LEN - 0x800) /* the TDX metadata */
#define FW_FOOTER_AT   (FW_LEN - 50)    /* u16 table length, GUID */
#define FW_RESET_AT    (FW_LEN - 72)
#define FW_HASH_AT     (FW_LEN - 98)
#define FW_SEV_PTR_AT  (FW_LEN - 120)
#define FW_TDX_PTR_AT  (FW_LEN - 142)
#define FW_SEV_COUNT   7
#define FW_TDX_COUNT   6
#define FW_KERNEL_MAX  4096

static inline void fw_guid(struct wr *w, uint16_t len, const char *hex)
{
	uint8_t guid[GUID_LEN];

	wr_u16le(w, len);
	CHECK_OK(hex_decode(guid, sizeof(guid),
	    (struct bytes){ (const uint8_t *)hex, strlen(hex) }));
	wr_copy(w, guid, sizeof(guid));
}

static inline void fw_put32(uint8_t *p, size_t at, uint32_t v)
{
	struct wr w = wr_init(p + at, 4);

	wr_u32le(&w, v);
}

static inline void fw_put64(uint8_t *p, size_t at, uint64_t v)
{
	struct wr w = wr_init(p + at, 8);

	wr_u64le(&w, v);
}

static inline void fw_sev(uint8_t *fw)
{
	static const uint32_t section[FW_SEV_COUNT][3] = {
		{ 0x800000, 0x9000, 1 },
		{ 0x80a000, 0x3000, 1 },
		{ 0x80d000, 0x1000, 2 },
		{ 0x80e000, 0x1000, 3 },
		{ 0x80f000, 0x1000, 4 },
		{ 0x810000, 0x1000, 0x10 },
		{ 0x811000, 0xf000, 1 },
	};
	struct wr w = wr_init(fw + FW_SEV_AT, 0x200);

	wr_str(&w, "ASEV");
	wr_u32le(&w, 16 + 12 * FW_SEV_COUNT);
	wr_u32le(&w, 1);
	wr_u32le(&w, FW_SEV_COUNT);
	for (size_t i = 0; i < FW_SEV_COUNT; i++) {
		for (size_t k = 0; k < 3; k++)
			wr_u32le(&w, section[i][k]);
	}
	CHECK_OK(w.err);
}

static inline void fw_tdx(uint8_t *fw)
{
	static const struct {
		uint32_t off, raw;
		uint64_t address, size;
		uint32_t type, attributes;
	} section[FW_TDX_COUNT] = {
		{ FW_CFV_LEN, FW_LEN - FW_CFV_LEN,
		    FIRMWARE_END - FW_LEN + FW_CFV_LEN, FW_LEN - FW_CFV_LEN, 0,
		    1 },
		{ 0, FW_CFV_LEN, FIRMWARE_END - FW_LEN, FW_CFV_LEN, 1, 0 },
		{ 0, 0, 0x810000, 0x10000, 3, 0 },
		{ 0, 0, 0x80b000, 0x2000, 3, 0 },
		{ 0, 0, 0x809000, 0x2000, 2, 0 },
		{ 0, 0, 0x800000, 0x6000, 3, 0 },
	};
	struct wr w = wr_init(fw + FW_TDX_AT, 0x200);

	wr_str(&w, "TDVF");
	wr_u32le(&w, 16 + 32 * FW_TDX_COUNT);
	wr_u32le(&w, 1);
	wr_u32le(&w, FW_TDX_COUNT);
	for (size_t i = 0; i < FW_TDX_COUNT; i++) {
		wr_u32le(&w, section[i].off);
		wr_u32le(&w, section[i].raw);
		wr_u64le(&w, section[i].address);
		wr_u64le(&w, section[i].size);
		wr_u32le(&w, section[i].type);
		wr_u32le(&w, section[i].attributes);
	}
	CHECK_OK(w.err);
}

/* A whole image of FW_LEN bytes, for SNP and for TDX. */
static inline void fw_build(uint8_t *fw)
{
	struct wr w = wr_init(fw + FW_TDX_PTR_AT, FW_LEN - 32 - FW_TDX_PTR_AT);

	for (size_t i = 0; i < FW_LEN; i++)
		fw[i] = (uint8_t)(i * 7 + (i >> 8));
	fw_sev(fw);
	fw_tdx(fw);
	wr_u32le(&w, FW_LEN - FW_TDX_AT);
	fw_guid(&w, 22, "35657ae44a989847865e4685a7bf8ec2");
	wr_u32le(&w, FW_LEN - FW_SEV_AT);
	fw_guid(&w, 22, "666588dc4a989847a75e5585a7bf67cc");
	wr_u32le(&w, FW_HASH_AREA);
	wr_u32le(&w, 0x400);
	fw_guid(&w, 26, "1f3755723b3a044b927b1da6efa8d454");
	wr_u32le(&w, FW_RESET_EIP);
	fw_guid(&w, 22, "de71f7007e1acb4f890e68c77e2fb44e");
	fw_guid(&w, 22 + 22 + 26 + 22 + 18, "de82b596b21ff745baeaa366c55a082d");
	CHECK_OK(w.err);
}

static inline struct bytes fw_bytes(const uint8_t *fw)
{
	return (struct bytes){ fw, FW_LEN };
}

static inline void fw_check_hex(
    const uint8_t *got, size_t len, const char *want)
{
	char text[2 * SHA384_LEN + 1];

	CHECK(len <= SHA384_LEN);
	hex_encode(text, got, len);
	CHECK_STR(text, want);
}

#define FW_CHECK(got, want) fw_check_hex(got, SHA384_LEN, want)

#endif
