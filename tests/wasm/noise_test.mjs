// Noise in wasm: two modules talk to each other, and give the same bytes as the
// vectors, so also as the native build.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { instantiate, publicOf } from './host.mjs';

const MODULE = 'build/wasm/noise_test.wasm';
const PATTERN = { XX: 1, IK: 2, XXfallback: 3 };
const [INITIATOR, RESPONDER] = [1, 2];
const [FLAG_RS, FLAG_RE] = [1, 2];
const [ERR_AUTH, ERR_LIMIT] = [-6, -4];
const OUT = 2 * 65536;
const KEYS = 1024;
const unhex = (s) => Buffer.from(s ?? '', 'hex');
const hex = (b) => Buffer.from(b).toString('hex');
const { vectors } = JSON.parse(
	fs.readFileSync('tests/vectors/noise/pipes.json', 'utf8'));

class Peer {
	constructor(pattern, role, { s, e, rs, re, prologue }) {
		this.w = instantiate(MODULE);
		this.x = this.w.exports;
		this.area = this.x.test_area();
		[s, e, rs, re].forEach((key, i) => key && this.put(key, 32 * i));
		this.put(prologue, KEYS);
		this.x.test_init(PATTERN[pattern], role,
			(rs ? FLAG_RS : 0) | (re ? FLAG_RE : 0), prologue.length);
	}
	put(data, at = 0) {
		this.w.mem(this.area + at, data.length).set(data);
	}
	call(name, data = Buffer.alloc(0)) {
		this.put(data);
		const n = this.x[`test_${name}`](data.length);
		return n < 0 ? n : Buffer.from(this.w.mem(this.area + OUT, n));
	}
}

// Both sides of a vector; the one that speaks first comes first.
function peers(v) {
	const pattern = v.protocol_name.split('_')[1];
	const prologue = unhex(v.init_prologue);
	const alice = { s: unhex(v.init_static), e: unhex(v.init_ephemeral),
		prologue };
	const bob = { s: unhex(v.resp_static), e: unhex(v.resp_ephemeral),
		prologue };
	if (pattern === 'IK')
		alice.rs = unhex(v.init_remote_static);
	if (pattern === 'XXfallback') {
		bob.re = unhex(v.messages[0].ciphertext).subarray(0, 32);
		return [new Peer(pattern, INITIATOR, bob),
			new Peer(pattern, RESPONDER, alice)];
	}
	return [new Peer(pattern, INITIATOR, alice),
		new Peer(pattern, RESPONDER, bob)];
}

function handshake(v, sides) {
	let i = v.protocol_name.includes('XXfallback') ? 1 : 0;
	const first = i;
	for (; !sides[0].x.test_done(); i++) {
		const m = v.messages[i];
		const [writer, reader] = (i - first) % 2 === 0 ? sides
			: [sides[1], sides[0]];
		const sent = writer.call('write', unhex(m.payload));
		assert.equal(hex(sent), m.ciphertext);
		assert.equal(hex(reader.call('read', sent)), m.payload);
	}
	assert.equal(sides[1].x.test_done(), 1);
	return i;
}

for (const v of vectors) {
	test(`${v.protocol_name}, ${v.messages[0].payload.length} digits`, () => {
		const sides = peers(v);
		const start = handshake(v, sides);
		const bobFirst = v.protocol_name.includes('XXfallback');
		assert.equal(hex(sides[bobFirst ? 1 : 0].call('remote')),
			hex(publicOf(unhex(v.resp_static))));
		for (const side of sides)
			assert.equal(hex(side.call('split')), v.handshake_hash);
		for (let i = start; i < v.messages.length; i++) {
			const m = v.messages[i];
			const [from, to] = (i - (bobFirst ? 1 : 0)) % 2 === 0
				? sides : [sides[1], sides[0]];
			const sent = from.call('seal', unhex(m.payload));
			assert.equal(hex(sent), m.ciphertext);
			assert.equal(hex(to.call('open', sent)), m.payload);
		}
	});
}

function connected() {
	const sides = peers(vectors[0]);
	handshake(vectors[0], sides);
	sides.forEach((s) => s.call('split'));
	return sides;
}

test('a forged record is refused and ends the session', () => {
	const [a, b] = connected();
	const sent = a.call('seal', Buffer.from('hello'));
	sent[3] ^= 1;
	assert.equal(b.call('open', sent), ERR_AUTH);
	sent[3] ^= 1;
	assert.ok(b.call('open', sent) < 0);
});

test('an altered handshake message is refused', () => {
	const v = vectors.find((x) => x.protocol_name.includes('_IK_'));
	const [a, b] = peers(v);
	const sent = a.call('write', Buffer.from('payload'));
	sent[40] ^= 1;
	assert.equal(b.call('read', sent), ERR_AUTH);
});

test('a key of low order is refused', () => {
	const v = vectors.find((x) => x.protocol_name.includes('_IK_'));
	const [a, b] = peers(v);
	const sent = a.call('write');
	sent.fill(0, 0, 32);
	assert.equal(b.call('read', sent), ERR_AUTH);
});

test('the nonce is 64 bits wide and its last value unused', () => {
	const [a, b] = connected();
	for (const side of [a, b])
		side.x.test_set_nonces(2n ** 64n - 2n);
	assert.equal(hex(b.call('open', a.call('seal', Buffer.from('last')))),
		hex(Buffer.from('last')));
	assert.equal(a.call('seal'), ERR_LIMIT);
});

test('a record of the greatest length passes', () => {
	const [a, b] = connected();
	const plain = Buffer.alloc(65519, 7);
	const sent = a.call('seal', plain);
	assert.equal(sent.length, 65535);
	assert.ok(b.call('open', sent).equals(plain));
});

test('the memory functions do what libc does', () => {
	assert.equal(instantiate(MODULE).exports.test_mem(), 0);
});

test('modules import from "host" alone', () => {
	for (const name of [MODULE, 'build/wasm/core.wasm']) {
		const module = new WebAssembly.Module(fs.readFileSync(name));
		for (const i of WebAssembly.Module.imports(module))
			assert.equal(i.module, 'host', `${name} imports ${i.name}`);
	}
});
