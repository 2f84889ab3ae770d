/* Hexadecimal and base64; see hex.h. */
#include "base/hex.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(char *out, const uint8_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_digits[in[i] >> 4];
		out[2 * i + 1] = hex_digits[in[i] & 15];
	}
	out[2 * n] = '\0';
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

enum err hex_decode(uint8_t *out, size_t n, struct bytes text)
{
	if (text.len != 2 * n)
		return text.len < 2 * n ? ERR_TRUNCATED : ERR_TRAILING;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(text.p[2 * i]);
		int lo = hex_value(text.p[2 * i + 1]);

		if (hi < 0 || lo < 0) {
			memset(out, 0, n);
			return ERR_FORMAT;
		}
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return ERR_OK;
}

void base64_encode(char *out, const uint8_t *in, size_t n)
{
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)in[i] << 16;

		if (left > 1)
			v |= (uint32_t)in[i + 1] << 8;
		if (left > 2)
			v |= in[i + 2];
		*out++ = base64_digits[v >> 18];
		*out++ = base64_digits[v >> 12 & 63];
		*out++ = left > 1 ? base64_digits[v >> 6 & 63] : '=';
		*out++ = left > 2 ? base64_digits[v & 63] : '=';
	}
	*out = '\0';
}

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Decode one group of four; `keep` is the number of bytes it stands for. */
static enum err decode_group(uint8_t out[3], const uint8_t in[4], size_t keep)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i <= keep ? base64_value(in[i]) : 0;

		if (d < 0)
			return ERR_FORMAT;
		v = v << 6 | (uint32_t)d;
	}
	out[0] = (uint8_t)(v >> 16);
	out[1] = (uint8_t)(v >> 8);
	out[2] = (uint8_t)v;
	for (size_t i = keep; i < 3; i++) {
		if (out[i] != 0) /* unused bits: a second spelling */
			return ERR_FORMAT;
	}
	return ERR_OK;
}

enum err base64_decode(uint8_t *out, size_t cap, size_t *len, struct bytes text)
{
	size_t n = 0;

	*len = 0;
	if (text.len % 4 != 0)
		return ERR_FORMAT;
	for (size_t i = 0; i < text.len; i += 4) {
		const uint8_t *g = text.p + i;
		bool last = i + 4 == text.len;
		size_t keep = 3;
		uint8_t b[3];

		if (last && g[3] == '=')
			keep = g[2] == '=' ? 1 : 2;
		if (decode_group(b, g, keep) != ERR_OK)
			return ERR_FORMAT;
		if (keep > cap - n)
			return ERR_NOSPACE;
		mem_copy(out + n, b, keep);
		n += keep;
	}
	*len = n;
	return ERR_OK;
}
