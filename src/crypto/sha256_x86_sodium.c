/*
 * SHA-256 (FIPS 180-4) of whole blocks by the CPU's own instructions. A model
 * file is hashed while it is read, before the first answer: libsodium's
 * portable code takes four times as long for that as reading and ordering it.
 * Only the compression of blocks is here; padding and the end are libsodium's,
 * and so is everything on CPUs without these instructions.
 */
#include <cpuid.h>
#include <immintrin.h>

#include "crypto/sha256_x86_sodium.h"

#define BLOCK_LEN 64

static const uint32_t round_constants[64] __attribute__((aligned(
    16))) = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
	0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
	0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1,
	0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc,
	0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3,
	0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1,
	0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585,
	0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3,
	0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814,
	0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

bool sha256_x86_have(void)
{
	unsigned a, b, c, d;

	__builtin_cpu_init();
	return __builtin_cpu_supports("sse4.1") &&
	       __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 &&
	       (b & bit_SHA) != 0;
}

/* The state as the instructions want it: words a b e f and c d g h. */
struct halves {
	__m128i abef, cdgh;
};

#define WITH_SHA static __attribute__((target("sha,sse4.1")))

WITH_SHA struct halves load_state(const uint32_t s[8])
{
	__m128i cdab =
	    _mm_shuffle_epi32(_mm_loadu_si128((const void *)s), 0xb1);
	__m128i efgh =
	    _mm_shuffle_epi32(_mm_loadu_si128((const void *)(s + 4)), 0x1b);

	return (struct halves){ _mm_alignr_epi8(cdab, efgh, 8),
		_mm_blend_epi16(efgh, cdab, 0xf0) };
}

WITH_SHA void store_state(uint32_t s[8], struct halves h)
{
	__m128i feba = _mm_shuffle_epi32(h.abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(h.cdgh, 0xb1);

	_mm_storeu_si128((void *)s, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((void *)(s + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Words 4 i to 4 i + 3 of the schedule from the sixteen before them. */
WITH_SHA __m128i schedule(const __m128i w[4], uint32_t i)
{
	__m128i last = w[(i + 3) % 4];
	__m128i seventh = _mm_alignr_epi8(last, w[(i + 2) % 4], 4);
	__m128i sum = _mm_add_epi32(
	    _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]), seventh);

	return _mm_sha256msg2_epu32(sum, last);
}

WITH_SHA struct halves compress(struct halves h, const uint8_t *block)
{
	const __m128i big_endian =
	    _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	struct halves at = h;
	__m128i w[4];

#pragma GCC unroll 16
	for (uint32_t i = 0; i < 16; i++) {
		const __m128i *k = (const void *)(round_constants + 4 * i);
		__m128i sum;

		if (i < 4)
			w[i] = _mm_shuffle_epi8(
			    _mm_loadu_si128(
				(const void *)(block + (size_t)16 * i)),
			    big_endian);
		else
			w[i % 4] = schedule(w, i);
		sum = _mm_add_epi32(w[i % 4], *k);
		at.cdgh = _mm_sha256rnds2_epu32(at.cdgh, at.abef, sum);
		at.abef = _mm_sha256rnds2_epu32(
		    at.abef, at.cdgh, _mm_shuffle_epi32(sum, 0x0e));
	}
	return (struct halves){ _mm_add_epi32(h.abef, at.abef),
		_mm_add_epi32(h.cdgh, at.cdgh) };
}

WITH_SHA void all_blocks(uint32_t state[8], const uint8_t *p, size_t n)
{
	struct halves h = load_state(state);

	for (; n > 0; n--, p += BLOCK_LEN)
		h = compress(h, p);
	store_state(state, h);
}

void sha256_x86_blocks(uint32_t state[8], const uint8_t *p, size_t n)
{
	all_blocks(state, p, n);
}
