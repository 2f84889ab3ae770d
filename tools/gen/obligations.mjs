// Signatures by fresh keys, which nobody keeps, for tests that must run without
// the published vectors:
//
//   node tools/gen/obligations.mjs > tests/vectors/crypto/obligations.json
import crypto from 'node:crypto';

const msg = Buffer.from('a message that somebody signed');
const hex = (b) => Buffer.from(b).toString('hex');

function ecdsa(alg, namedCurve, hash) {
	const { privateKey, publicKey } =
		crypto.generateKeyPairSync('ec', { namedCurve });
	const { x, y } = publicKey.export({ format: 'jwk' });
	const point = Buffer.concat([Buffer.from([4]),
		Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
	const sig = crypto.sign(hash, msg,
		{ key: privateKey, dsaEncoding: 'ieee-p1363' });
	return { name: namedCurve, alg, key: hex(point), sig: hex(sig) };
}

function rsa(name, modulusLength, saltLength) {
	const { privateKey, publicKey } =
		crypto.generateKeyPairSync('rsa', { modulusLength });
	const sig = crypto.sign('sha384', msg, { key: privateKey, saltLength,
		padding: crypto.constants.RSA_PKCS1_PSS_PADDING });
	const spki = publicKey.export({ format: 'der', type: 'spki' });
	return { name, alg: 3, key: hex(spki), sig: hex(sig) };
}

process.stdout.write(`${JSON.stringify({
	about: 'made by tools/gen/obligations.mjs',
	msg: hex(msg),
	good: [
		ecdsa(1, 'P-384', 'sha384'),
		ecdsa(2, 'P-256', 'sha256'),
		rsa('RSA 2048', 2048, 48),
		rsa('RSA 4096', 4096, 48),
	],
	rsa_too_small: rsa('RSA 1024', 1024, 48),
	rsa_too_large: rsa('RSA 4104', 4104, 48),
	rsa_other_salt: rsa('RSA salt 32', 2048, 32),
}, null, 1)}\n`);
