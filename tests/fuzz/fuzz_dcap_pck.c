/* The SGX extension of a PCK certificate: the input is its value. */
#include <assert.h>

#include "attest/dcap_pck.h"
#include "base/wr.h"

#define VALUE_LEN_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An Extension of this value. */
static struct bytes extension(uint8_t *out, size_t cap, struct bytes value)
{
	static const uint8_t oid[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF8,
		0x4D, 0x01, 0x0D, 0x01 };
	uint8_t head[4] = { 0 };
	size_t head_len = value.len < 0x80 ? 2 : value.len < 0x100 ? 3 : 4;
	size_t len = sizeof(oid) + head_len + value.len;
	struct wr w = wr_init(out, cap);

	head[0] = 0x04;
	head[1] =
	    head_len == 2 ? (uint8_t)value.len : (uint8_t)(0x80 + head_len - 2);
	if (head_len == 3)
		head[2] = (uint8_t)value.len;
	if (head_len == 4) {
		head[2] = (uint8_t)(value.len >> 8);
		head[3] = (uint8_t)value.len;
	}
	wr_u8(&w, 0x30);
	if (len < 0x80) {
		wr_u8(&w, (uint8_t)len);
	} else if (len < 0x100) {
		wr_u8(&w, 0x81);
		wr_u8(&w, (uint8_t)len);
	} else {
		wr_u8(&w, 0x82);
		wr_u16be(&w, (uint16_t)len);
	}
	wr_copy(&w, oid, sizeof(oid));
	wr_copy(&w, head, head_len);
	wr_bytes(&w, value);
	assert(w.err == ERR_OK);
	return (struct bytes){ out, w.len };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t raw[VALUE_LEN_MAX + 32];
	struct x509_cert cert = { .has_basic = false };
	struct err_ctx ctx = { 0 };
	struct dcap_pck pck;
	enum err e;

	if (size > VALUE_LEN_MAX)
		return 0;
	cert.exts = extension(raw, sizeof(raw), (struct bytes){ data, size });
	e = dcap_pck_parse(&pck, &cert, &ctx);
	if (e != ERR_OK) {
		assert(e == ERR_FORMAT && ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&pck, sizeof(pck)));
		return 0;
	}
	assert(mem_eq((struct bytes){ pck.svn, sizeof(pck.svn) },
	    (struct bytes){ pck.cpusvn, sizeof(pck.cpusvn) }));
	assert(pck.sgx_type <= 2);
	assert(
	    pck.has_config || (!pck.dynamic && !pck.cached_keys && !pck.smt));
	assert(pck.has_instance ||
	       mem_is_zero(pck.instance, sizeof(pck.instance)));
	return 0;
}
