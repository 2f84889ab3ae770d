// Noise revision 34 for X25519, ChaCha20-Poly1305 and SHA-256: the three
// patterns of docs/protocol.md, section 4, for both roles.
import * as c from 'node:crypto';

export const sha256 = (...parts) => {
	const h = c.createHash('sha256');
	for (const p of parts)
		h.update(p);
	return h.digest();
};

const hmac = (key, ...parts) => {
	const h = c.createHmac('sha256', key);
	for (const p of parts)
		h.update(p);
	return h.digest();
};

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');

// A key pair of X25519 from its 32 private bytes.
export function keyPair(secret = c.randomBytes(32)) {
	const priv = c.createPrivateKey({ key: Buffer.concat([PKCS8, secret]),
		format: 'der', type: 'pkcs8' });
	const der = c.createPublicKey(priv).export({ format: 'der', type: 'spki' });
	return { priv, secret, pub: Buffer.from(der.subarray(SPKI.length)) };
}

// node:crypto throws where the result is all zeros, as it should.
function dh(pair, pub) {
	const publicKey = c.createPublicKey({ key: Buffer.concat([SPKI, pub]),
		format: 'der', type: 'spki' });
	return c.diffieHellman({ privateKey: pair.priv, publicKey });
}

const EMPTY = Buffer.alloc(0);
const TAG = 16;

function nonce(n) {
	const b = Buffer.alloc(12);
	b.writeBigUInt64LE(n, 4);
	return b;
}

function encrypt(k, n, ad, plain) {
	const x = c.createCipheriv('chacha20-poly1305', k, nonce(n),
		{ authTagLength: TAG });
	x.setAAD(ad, { plaintextLength: plain.length });
	return Buffer.concat([x.update(plain), x.final(), x.getAuthTag()]);
}

function decrypt(k, n, ad, data) {
	if (data.length < TAG)
		throw new Error('shorter than its tag');
	const cut = data.length - TAG;
	const x = c.createDecipheriv('chacha20-poly1305', k, nonce(n),
		{ authTagLength: TAG });
	x.setAAD(ad, { plaintextLength: cut });
	x.setAuthTag(data.subarray(cut));
	return Buffer.concat([x.update(data.subarray(0, cut)), x.final()]);
}

// One direction after the handshake; replaces its key by itself [P-22].
export class Cipher {
	constructor(key) {
		this.key = key;
		this.n = 0n;
	}
	rekey() {
		if (this.n > 0n && this.n % 65536n === 0n)
			this.key = encrypt(this.key, 2n ** 64n - 1n, EMPTY,
				Buffer.alloc(32)).subarray(0, 32);
	}
	seal(plain) {
		this.rekey();
		return encrypt(this.key, this.n++, EMPTY, plain);
	}
	open(data) {
		this.rekey();
		return decrypt(this.key, this.n++, EMPTY, data);
	}
}

// Tokens as the Noise initiator reads them. In XXfallback that is the
// enclave, so es and se trade places against the text of [P-16].
const PATTERNS = {
	XX: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']],
	IK: [['e', 'es', 's', 'ss'], ['e', 'ee', 'se']],
	XXfallback: [['e', 'ee', 's', 'se'], ['s', 'es']],
};

export class Handshake {
	// keys: s and e are our pairs, rs and re the peer's public keys where
	// they are known before; pre is the public key of the pre-message.
	constructor(pattern, initiator, prologue, keys) {
		const name = Buffer.from(
			`Noise_${pattern}_25519_ChaChaPoly_SHA256`);
		this.h = name.length <= 32 ?
			Buffer.concat([name, Buffer.alloc(32 - name.length)]) :
			sha256(name);
		this.ck = this.h;
		this.k = null;
		this.n = 0n;
		this.lines = PATTERNS[pattern];
		this.initiator = initiator;
		this.step = 0;
		Object.assign(this, { s: keys.s, e: keys.e, rs: keys.rs, re: keys.re });
		this.mixHash(prologue);
		if (keys.pre)
			this.mixHash(keys.pre);
	}
	mixHash(data) {
		this.h = sha256(this.h, data);
	}
	mixKey(input) {
		const t = hmac(this.ck, input);
		this.ck = hmac(t, Buffer.from([1]));
		this.k = hmac(t, this.ck, Buffer.from([2]));
		this.n = 0n;
	}
	seal(plain) {
		const out = this.k ? encrypt(this.k, this.n++, this.h, plain) : plain;
		this.mixHash(out);
		return out;
	}
	open(data) {
		const out = this.k ? decrypt(this.k, this.n++, this.h, data) : data;
		this.mixHash(data);
		return Buffer.from(out);
	}
	mixDh(token) {
		const mine = token[this.initiator ? 0 : 1];
		const theirs = token[this.initiator ? 1 : 0];
		this.mixKey(dh(this[mine], this['r' + theirs]));
	}
	write(payload = EMPTY) {
		const out = [];
		for (const t of this.lines[this.step++]) {
			if (t === 'e') {
				this.mixHash(this.e.pub);
				out.push(this.e.pub);
			} else if (t === 's') {
				out.push(this.seal(this.s.pub));
			} else {
				this.mixDh(t);
			}
		}
		return Buffer.concat([...out, this.seal(payload)]);
	}
	read(message) {
		let rest = message;
		const take = (n) => {
			if (rest.length < n)
				throw new Error('a handshake message is too short');
			const part = rest.subarray(0, n);
			rest = rest.subarray(n);
			return part;
		};
		for (const t of this.lines[this.step++]) {
			if (t === 'e') {
				this.re = take(32);
				this.mixHash(this.re);
			} else if (t === 's') {
				this.rs = this.open(take(this.k ? 32 + TAG : 32));
			} else {
				this.mixDh(t);
			}
		}
		return this.open(rest);
	}
	// { send, recv, hash }: the Noise initiator sends with the first key.
	split() {
		const t = hmac(this.ck, EMPTY);
		const k1 = hmac(t, Buffer.from([1]));
		const k2 = hmac(t, k1, Buffer.from([2]));
		const [a, b] = this.initiator ? [k1, k2] : [k2, k1];
		return { send: new Cipher(a), recv: new Cipher(b), hash: this.h };
	}
}
