/*
 * A module for tests only: one side of a Noise session, driven from JavaScript.
 * Everything goes through one area of memory; results are lengths, or minus an
 * enum err.
 */
#include "base/assert.h"
#include "noise/noise.h"

#define EXPORT   __attribute__((visibility("default")))
#define AREA_LEN (4 * 65536)
#define OUT      (AREA_LEN / 2) /* where results start */
#define KEYS     1024 /* keys s, e, rs, re before it, the prologue after */
#define FLAG_RS  1
#define FLAG_RE  2

static uint8_t area[AREA_LEN];
static struct noise_handshake hs;
static struct noise_transport transport;

uint8_t *test_area(void);
void test_init(unsigned pattern, unsigned role, unsigned flags, size_t len);
int test_write(size_t len);
int test_read(size_t len);
int test_done(void);
int test_remote(void);
int test_split(void);
int test_seal(size_t len);
int test_open(size_t len);
void test_set_nonces(uint64_t n);
int test_mem(void);

static int result(enum err e, size_t len)
{
	return e == ERR_OK ? (int)len : -(int)e;
}

EXPORT uint8_t *test_area(void)
{
	return area;
}

/* Keys of 32 bytes at 0, 32, 64, 96; a prologue of len bytes at KEYS. */
EXPORT void test_init(
    unsigned pattern, unsigned role, unsigned flags, size_t len)
{
	struct noise_config c = {
		.pattern = (enum noise_pattern)pattern,
		.role = (enum noise_role)role,
		.prologue = { area + KEYS, len },
		.s_priv = area,
		.e_priv = area + NOISE_KEY_LEN,
		.rs = flags & FLAG_RS ? area + 2 * NOISE_KEY_LEN : NULL,
		.re = flags & FLAG_RE ? area + 3 * NOISE_KEY_LEN : NULL,
	};

	noise_handshake_init(&hs, &c);
}

EXPORT int test_write(size_t len)
{
	enum err e = noise_write(
	    &hs, area + OUT, AREA_LEN - OUT, &len, (struct bytes){ area, len });

	return result(e, len);
}

EXPORT int test_read(size_t len)
{
	enum err e = noise_read(
	    &hs, area + OUT, AREA_LEN - OUT, &len, (struct bytes){ area, len });

	return result(e, len);
}

EXPORT int test_done(void)
{
	return noise_handshake_done(&hs);
}

EXPORT int test_remote(void)
{
	const uint8_t *rs = noise_remote_static(&hs);

	if (rs == NULL)
		return -ERR_NOTFOUND;
	mem_copy(area + OUT, rs, NOISE_KEY_LEN);
	return NOISE_KEY_LEN;
}

/* The handshake hash is the result. */
EXPORT int test_split(void)
{
	enum err e = noise_split(&hs, &transport);

	mem_copy(area + OUT, transport.h, NOISE_HASH_LEN);
	return result(e, NOISE_HASH_LEN);
}

EXPORT int test_seal(size_t len)
{
	enum err e =
	    noise_transport_seal(&transport, area + OUT, AREA_LEN - OUT, &len,
		(struct bytes){ NULL, 0 }, (struct bytes){ area, len });

	return result(e, len);
}

/* In place, then moved, so that in-place opening is what is tested. */
EXPORT int test_open(size_t len)
{
	enum err e = noise_transport_open(&transport, area, AREA_LEN, &len,
	    (struct bytes){ NULL, 0 }, (struct bytes){ area, len });

	mem_copy(area + OUT, area, len);
	return result(e, len);
}

EXPORT void test_set_nonces(uint64_t n)
{
	transport.tx.n = transport.rx.n = n;
}

/* The memory functions of src/wasm against plain loops; 0 is good. */
EXPORT int test_mem(void)
{
	uint8_t *a = area, *b = area + 256;

	for (unsigned i = 0; i < 256; i++)
		a[i] = (uint8_t)i;
	memcpy(b, a, 256);
	for (unsigned i = 0; i < 256; i++) {
		if (b[i] != i)
			return 1;
	}
	memmove(a + 1, a, 200);
	for (unsigned i = 0; i < 200; i++) {
		if (a[i + 1] != i)
			return 2;
	}
	memmove(b, b + 3, 200);
	for (unsigned i = 0; i < 200; i++) {
		if (b[i] != i + 3)
			return 3;
	}
	memset(a, 0x1a5, 10);
	if (a[0] != 0xa5 || a[9] != 0xa5 || a[10] != 9)
		return 4;
	b[0] = a[0] = 200;
	b[1] = 3;
	a[1] = 250;
	if (memcmp(a, b, 1) != 0 || memcmp(a, b, 2) <= 0 ||
	    memcmp(b, a, 2) >= 0 || memcmp(a, b, 0) != 0)
		return 5;
	return 0;
}
