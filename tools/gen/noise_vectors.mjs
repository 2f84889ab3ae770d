// A second, independent implementation of Noise, on node:crypto alone, that
// makes tests/vectors/noise/pipes.json:
//
//   node tools/gen/noise_vectors.mjs > tests/vectors/noise/pipes.json
//
// and proves itself first against published vectors where a folder of them is
// given (it then writes nothing):
//
//   node tools/gen/noise_vectors.mjs --check ../shared/vectors/noise
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const RESERVED = 2n ** 64n - 1n;
const REKEY_EVERY = 65536n;
const EMPTY = Buffer.alloc(0);

const hashes = {
	SHA256: ['sha256', 64], SHA512: ['sha512', 128],
	BLAKE2s: ['blake2s256', 64], BLAKE2b: ['blake2b512', 128],
};

const hash = (name, data) =>
	crypto.createHash(hashes[name][0]).update(data).digest();

// From its definition: Node's own HMAC does not know every block length.
function hmac(name, key, data) {
	const block = Buffer.alloc(hashes[name][1]);
	key.copy(block);
	const pad = (x) => Buffer.from(block.map((b) => b ^ x));
	return hash(name, Buffer.concat([pad(0x5c),
		hash(name, Buffer.concat([pad(0x36), data]))]));
}

function hkdf2(name, ck, ikm) {
	const temp = hmac(name, ck, ikm);
	const a = hmac(name, temp, Buffer.from([1]));
	return [a, hmac(name, temp, Buffer.concat([a, Buffer.from([2])]))];
}

const privateKey = (raw) => crypto.createPrivateKey({
	key: Buffer.concat([PKCS8, raw]), format: 'der', type: 'pkcs8',
});
const publicKey = (raw) => crypto.createPublicKey({
	key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki',
});
const publicOf = (raw) => crypto.createPublicKey(privateKey(raw))
	.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
const dh = (priv, pub) => crypto.diffieHellman({
	privateKey: privateKey(priv), publicKey: publicKey(pub),
});

class Cipher {
	constructor(aead, k) {
		this.aead = aead;
		this.k = k && k.subarray(0, 32);
		this.n = 0n;
	}
	nonce(n) {
		const out = Buffer.alloc(12);
		if (this.aead === 'AESGCM')
			out.writeBigUInt64BE(n, 4);
		else
			out.writeBigUInt64LE(n, 4);
		return out;
	}
	raw(n, ad, plain) {
		const name = this.aead === 'AESGCM' ? 'aes-256-gcm'
			: 'chacha20-poly1305';
		const c = crypto.createCipheriv(name, this.k, this.nonce(n),
			{ authTagLength: 16 });
		c.setAAD(ad, { plaintextLength: plain.length });
		return Buffer.concat([c.update(plain), c.final(), c.getAuthTag()]);
	}
	seal(ad, plain) {
		return this.k ? this.raw(this.n++, ad, plain) : plain;
	}
	rekey() {
		this.k = this.raw(RESERVED, EMPTY, Buffer.alloc(32)).subarray(0, 32);
	}
}

// Alice-initiated notation throughout: > is what Alice sends.
const patterns = {
	XX: { pre: [], lines: ['> e', '< e ee s es', '> s se'] },
	IK: { pre: ['bob s'], lines: ['> e es s ss', '< e ee se'] },
	NK: { pre: ['bob s'], lines: ['> e es', '< e ee'] },
	XXfallback: { pre: ['alice e'], lines: ['< e ee s es', '> s se'] },
};

// Run a handshake with both sides' private keys known: one transcript.
function handshake({ pattern, suite, prologue, keys, payloads }) {
	const [, aead, hashName] = suite.split('_');
	const full = `Noise_${pattern}_${suite}`;
	const len = hash(hashName, EMPTY).length;
	let h = full.length <= len
		? Buffer.concat([Buffer.from(full), Buffer.alloc(len - full.length)])
		: hash(hashName, Buffer.from(full));
	let ck = h;
	let cipher = new Cipher(aead, null);
	const mixHash = (x) => { h = hash(hashName, Buffer.concat([h, x])); };
	const mixKey = (ikm) => {
		let k;
		[ck, k] = hkdf2(hashName, ck, ikm);
		cipher = new Cipher(aead, k);
	};
	const seal = (x) => {
		const c = cipher.seal(h, x);
		mixHash(c);
		return c;
	};
	const dhOf = (aliceKey, bobKey) =>
		mixKey(dh(keys.alice[aliceKey], publicOf(keys.bob[bobKey])));

	mixHash(prologue);
	for (const p of patterns[pattern].pre) {
		const [who, which] = p.split(' ');
		mixHash(publicOf(keys[who][which]));
	}
	const messages = patterns[pattern].lines.map((line, i) => {
		const who = line[0] === '>' ? 'alice' : 'bob';
		const out = line.slice(2).split(' ').map((token) => {
			if (token === 'e') {
				const e = publicOf(keys[who].e);
				mixHash(e);
				return e;
			}
			if (token === 's')
				return seal(publicOf(keys[who].s));
			dhOf(token[0], token[1]);
			return EMPTY;
		});
		out.push(seal(payloads[i]));
		return Buffer.concat(out);
	});
	const [k1, k2] = hkdf2(hashName, ck, EMPTY);
	return {
		messages, h,
		first: new Cipher(aead, k1), // of the side that spoke first
		second: new Cipher(aead, k2),
	};
}

const unhex = (s) => Buffer.from(s ?? '', 'hex');

function keysOf(v) {
	return {
		alice: { s: unhex(v.init_static), e: unhex(v.init_ephemeral) },
		bob: { s: unhex(v.resp_static), e: unhex(v.resp_ephemeral) },
	};
}

// All ciphertexts of a vector, from its inputs.
function run(v, order) {
	const [, pattern, ...rest] = v.protocol_name.split('_');
	const suite = rest.join('_');
	const payloads = v.messages.map((m) => unhex(m.payload));
	const prologue = unhex(v.init_prologue);
	const keys = keysOf(v);
	const out = [];
	if (pattern === 'XXfallback') {
		// Alice's IK went to a key that is not (any more) Bob's.
		const stale = { s: v.stale_static ? unhex(v.stale_static) : null,
			e: keys.bob.e };
		out.push(stale.s ? handshake({ pattern: 'IK', suite, prologue,
			keys: { alice: keys.alice, bob: stale },
			payloads: [payloads[0], EMPTY] }).messages[0] : null);
	}
	const done = handshake({ pattern, suite, prologue, keys,
		payloads: payloads.slice(out.length) });
	const total = out.push(...done.messages);
	for (let i = total; i < payloads.length; i++) {
		const from = order === 'initiator-first' ? i - total
			: i - (pattern === 'XXfallback' ? 1 : 0);
		out.push((from % 2 === 0 ? done.first : done.second)
			.seal(EMPTY, payloads[i]));
	}
	return { ciphertexts: out, h: done.h, done };
}

function checkFile(file) {
	const d = JSON.parse(fs.readFileSync(file, 'utf8'));
	let n = 0;
	for (const v of d.vectors ?? []) {
		if (!patterns[v.protocol_name.split('_')[1]])
			continue;
		const got = run(v, d.transport_order);
		got.ciphertexts.forEach((c, i) => {
			if (c !== null && c.toString('hex') !== v.messages[i].ciphertext)
				throw new Error(`${file} ${v.protocol_name} message ${i}`);
		});
		if (v.handshake_hash && got.h.toString('hex') !== v.handshake_hash)
			throw new Error(`${file} ${v.protocol_name} hash`);
		n++;
	}
	return n;
}

// The one published vector that calls Rekey: NK with AESGCM.
function checkRekey(file) {
	const d = JSON.parse(fs.readFileSync(file, 'utf8'));
	const [, pattern, ...rest] = d.protocolName.split('_');
	const done = handshake({ pattern, suite: rest.join('_'),
		prologue: Buffer.from(d.prologue),
		keys: { alice: { e: unhex(d.clientEphemeralPrivate) },
			bob: { s: unhex(d.serverStaticPrivate),
				e: unhex(d.serverEphemeralPrivate) } },
		payloads: [EMPTY, EMPTY] });
	if (hex(done.h) !== d.handshakeHash)
		throw new Error(`${file} hash`);
	for (const r of d.records) {
		const c = r.dir === 'c2s' ? done.first : done.second;
		const type = Buffer.from([r.type === 'data' ? 1 : 2]);
		const plain = Buffer.concat([type, unhex(r.payload)]);
		if (hex(c.seal(EMPTY, plain)) !== r.ciphertext)
			throw new Error(`${file} record ${c.n}`);
		if (c.n % BigInt(d.rekeyInterval) === 0n)
			c.rekey();
	}
	return 1;
}

const seed = (label) => crypto.createHash('sha256')
	.update(`confer noise vectors v1: ${label}`).digest();
const hex = (b) => b.toString('hex');
const SUITE = '25519_ChaChaPoly_SHA256';

function vector(pattern, label, prologue, payloads) {
	const v = {
		protocol_name: `Noise_${pattern}_${SUITE}`,
		init_prologue: hex(prologue),
		init_static: hex(seed(`${label} alice s`)),
		init_ephemeral: hex(seed(`${label} alice e`)),
		resp_prologue: hex(prologue),
		resp_static: hex(seed(`${label} bob s`)),
		resp_ephemeral: hex(seed(`${label} bob e`)),
	};
	if (pattern === 'IK')
		v.init_remote_static = hex(publicOf(unhex(v.resp_static)));
	if (pattern === 'XXfallback') {
		v.stale_static = hex(seed(`${label} stale s`));
		v.init_remote_static = hex(publicOf(unhex(v.stale_static)));
	}
	v.messages = payloads.map((p) => ({ payload: hex(p) }));
	const got = run(v, 'alternate');
	v.handshake_hash = hex(got.h);
	v.messages.forEach((m, i) => { m.ciphertext = hex(got.ciphertexts[i]); });
	return v;
}

// Records around each key change of one direction.
function rekeyRecords(done) {
	const at = [0n, 1n, 65535n, 65536n, 65537n, 131071n, 131072n, 131073n];
	const c = done.first;
	const out = [];
	for (const n of at) {
		c.n = n;
		if (n > 0n && n % REKEY_EVERY === 0n)
			c.rekey();
		const payload = Buffer.from(`record ${n}`);
		out.push({ n: Number(n), payload: hex(payload),
			ciphertext: hex(c.seal(EMPTY, payload)) });
	}
	return out;
}

function generate() {
	const vectors = [];
	const long = Buffer.concat([0, 1, 2, 3, 4, 5, 6, 7]
		.map((i) => seed(`long payload ${i}`)));
	const cases = [
		['empty', EMPTY, () => EMPTY],
		['short', Buffer.from('a prologue'), (i) => Buffer.from(`payload ${i}`)],
		['long', long, (i) => long.subarray(0, 251 - 7 * i)],
	];
	for (const pattern of ['XX', 'IK', 'XXfallback']) {
		for (const [name, prologue, payload] of cases) {
			vectors.push(vector(pattern, `${pattern} ${name}`, prologue,
				[0, 1, 2, 3, 4, 5, 6].map(payload)));
		}
	}
	const v = vector('XX', 'rekey', EMPTY, [EMPTY, EMPTY, EMPTY]);
	v.records = rekeyRecords(run(v, 'alternate').done);
	return { about: 'made by tools/gen/noise_vectors.mjs',
		transport_order: 'alternate', vectors, rekey: v };
}

function check(dir) {
	for (const f of fs.readdirSync(dir).sort()) {
		if (f === 'MANIFEST.json' || !f.endsWith('.json'))
			continue;
		const n = f.startsWith('tinfoil') ? checkRekey(path.join(dir, f))
			: checkFile(path.join(dir, f));
		console.log(`${f}: ${n} vectors reproduced`);
	}
}

const at = process.argv.indexOf('--check');
if (at > 0)
	check(process.argv[at + 1]);
else
	process.stdout.write(`${JSON.stringify(generate(), null, 1)}\n`);
