// The host of core.wasm on node:crypto: what a browser does with @noble.
import crypto from 'node:crypto';
import fs from 'node:fs';

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const TAG_LEN = 16;

const privateKey = (raw) => crypto.createPrivateKey({
	key: Buffer.concat([PKCS8, raw]), format: 'der', type: 'pkcs8',
});
const publicKey = (prefix, raw) => crypto.createPublicKey({
	key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki',
});

export const publicOf = (raw) => crypto.createPublicKey(privateKey(raw))
	.export({ format: 'der', type: 'spki' }).subarray(X25519_SPKI.length);

// A fresh instance of a module; `calls` counts what it imports.
export function instantiate(path) {
	const calls = {};
	let exports;
	const mem = (p, len) => new Uint8Array(exports.memory.buffer, p, len);
	const bytes = (at) => {
		const v = new DataView(exports.memory.buffer, at, 8);
		return mem(v.getUint32(0, true), v.getUint32(4, true));
	};
	const digest = (name, len) => (out, part, n) => {
		const h = crypto.createHash(name);
		for (let i = 0; i < n; i++)
			h.update(bytes(part + 8 * i));
		mem(out, len).set(h.digest());
	};
	const host = {
		sha256: digest('sha256', 32),
		sha512: digest('sha512', 64),
		x25519(out, priv, pub) {
			try {
				mem(out, 32).set(crypto.diffieHellman({
					privateKey: privateKey(mem(priv, 32)),
					publicKey: publicKey(X25519_SPKI, mem(pub, 32)),
				}));
				return 0;
			} catch {
				return 1; // OpenSSL refuses an all-zero secret
			}
		},
		x25519_base(pub, priv) {
			mem(pub, 32).set(publicOf(mem(priv, 32)));
		},
		seal(out, key, nonce, ad, input) {
			const plain = bytes(input);
			const c = crypto.createCipheriv('chacha20-poly1305',
				mem(key, 32), mem(nonce, 12), { authTagLength: TAG_LEN });
			c.setAAD(bytes(ad), { plaintextLength: plain.length });
			const sealed = Buffer.concat([c.update(plain), c.final(),
				c.getAuthTag()]);
			mem(out, sealed.length).set(sealed);
		},
		open(out, key, nonce, ad, input) {
			const sealed = bytes(input);
			const body = sealed.subarray(0, sealed.length - TAG_LEN);
			const d = crypto.createDecipheriv('chacha20-poly1305',
				mem(key, 32), mem(nonce, 12), { authTagLength: TAG_LEN });
			d.setAAD(bytes(ad), { plaintextLength: body.length });
			d.setAuthTag(sealed.subarray(body.length));
			try {
				const plain = Buffer.concat([d.update(body), d.final()]);
				mem(out, plain.length).set(plain);
				return 0;
			} catch {
				return 1;
			}
		},
		ed25519_verify(pub, sig, msg) {
			try {
				return crypto.verify(null, bytes(msg),
					publicKey(ED25519_SPKI, mem(pub, 32)),
					mem(sig, 64)) ? 0 : 1;
			} catch {
				return 1;
			}
		},
	};
	const counted = Object.fromEntries(Object.entries(host).map(
		([name, fn]) => [name, (...args) => {
			calls[name] = (calls[name] ?? 0) + 1;
			return fn(...args);
		}]));
	const module = new WebAssembly.Module(fs.readFileSync(path));
	({ exports } = new WebAssembly.Instance(module, { host: counted }));
	return { exports, mem, bytes, calls, module };
}
