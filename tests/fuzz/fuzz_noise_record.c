/*
 * Records under attack. The input is a script: each step's first byte says what
 * the attacker does with the next record, the second how long its plaintext is.
 */
#include <stdlib.h>

#include "noise_keys.h"

enum attack { DELIVER, FLIP, CUT, EXTEND, DROP, REPLAY, ATTACKS };

#define PLAIN_MAX 255
#define BUF_LEN   (PLAIN_MAX + NOISE_TAG_LEN + 1)

static void connect_pair(struct noise_transport t[2])
{
	uint8_t buf[2 * NOISE_HANDSHAKE_OVERHEAD_MAX];
	struct noise_handshake hs[2];
	size_t len;
	enum err e = ERR_OK;

	peer_init(&hs[0], NOISE_XX, true);
	peer_init(&hs[1], NOISE_XX, false);
	for (size_t i = 0; e == ERR_OK && i < 3; i++) {
		e = noise_write(&hs[i % 2], buf, sizeof(buf), &len,
		    (struct bytes){ NULL, 0 });
		if (e == ERR_OK)
			e = noise_read(&hs[(i + 1) % 2], NULL, 0, &len,
			    (struct bytes){ buf, len });
	}
	if (e == ERR_OK)
		e = noise_split(&hs[0], &t[0]);
	if (e == ERR_OK)
		e = noise_split(&hs[1], &t[1]);
	assert(e == ERR_OK);
}

/* Does the record arrive as it was sent? */
static bool attack(
    enum attack a, uint8_t where, uint8_t *buf, size_t *len, struct bytes last)
{
	switch (a) {
	case FLIP:
		buf[where % *len] ^= (uint8_t)(1u << where % 8);
		return false;
	case CUT:
		*len = where % *len;
		return false;
	case EXTEND:
		buf[(*len)++] = where;
		return false;
	case REPLAY:
		if (last.len == 0)
			return true;
		memcpy(buf, last.p, last.len);
		*len = last.len;
		return false;
	default:
		return true;
	}
}

static void run(struct noise_transport t[2], const uint8_t *data, size_t size)
{
	uint8_t plain[PLAIN_MAX], buf[BUF_LEN], last[BUF_LEN], out[BUF_LEN];
	size_t len, out_len, last_len = 0;
	bool in_step = true;

	for (; size >= 3; data += 3, size -= 3) {
		enum attack a = (enum attack)(data[0] % ATTACKS);
		bool same;

		memset(plain, data[2], data[1]);
		if (noise_transport_seal(&t[0], buf, sizeof(buf), &len,
			(struct bytes){ NULL, 0 },
			(struct bytes){ plain, data[1] }) != ERR_OK)
			abort();
		if (a == DROP) {
			in_step = false;
			continue;
		}
		same = attack(
		    a, data[2], buf, &len, (struct bytes){ last, last_len });
		memcpy(last, buf, len);
		last_len = len;
		if (noise_transport_open(&t[1], out, sizeof(out), &out_len,
			(struct bytes){ NULL, 0 },
			(struct bytes){ buf, len }) != ERR_OK) {
			assert(!same || !in_step);
			assert(mem_is_zero(&t[1], sizeof(t[1])));
			in_step = false;
			continue;
		}
		assert(same && in_step);
		assert(out_len == data[1]);
		assert(memcmp(out, plain, out_len) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct noise_transport start[2];
	struct noise_transport t[2];

	if (!start[0].live)
		connect_pair(start);
	memcpy(t, start, sizeof(t));
	if (size >= 8) { /* also around a new key and near the last nonce */
		memcpy(&t[0].tx.n, data, sizeof(uint64_t));
		t[0].tx.n %= UINT64_MAX - size;
		t[1].rx.n = t[0].tx.n;
		data += 8;
		size -= 8;
	}
	run(t, data, size);
	return 0;
}
