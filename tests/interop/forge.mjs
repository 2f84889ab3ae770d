// Evidence of a machine that does not exist, made from docs/attestation.md
// and docs/log.md, with keys of one run: what a trust file believes, whole
// or with one thing wrong.
import * as c from 'node:crypto';
import { keyPair, sha256 } from './noise.mjs';
import { base64, leafHash } from './log.mjs';
import { reportData } from './evidence.mjs';
import { need } from './wire.mjs';

const DAY = 86400;
const NONE = Buffer.alloc(0);
const raw = (key, n) => Buffer.from(key.publicKey.export(
	{ format: 'der', type: 'spki' }).subarray(-n));

function p384() {
	const pair = c.generateKeyPairSync('ec', { namedCurve: 'P-384' });
	return { key: pair.privateKey, pub: raw(pair, 97) };
}

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

// type: 1 a signer of texts, 4 a witness.
export function ed25519(name, type = 1, seed = c.randomBytes(32)) {
	const key = c.createPrivateKey({ key: Buffer.concat([PKCS8, seed]),
		format: 'der', type: 'pkcs8' });
	const pub = Buffer.concat([Buffer.from([type]),
		raw({ publicKey: c.createPublicKey(key) }, 32)]);
	const id = sha256(name, '\n', pub).subarray(0, 4);
	return { name, id, key, type, seed,
		vkey: `${name}+${id.toString('hex')}+${pub.toString('base64')}` };
}

// The file of a key, and the key of a file [L-27].
export const writeKey = (k) => `PRIVATE+KEY+${k.name}+` +
	`${k.id.toString('hex')}+${Buffer.concat([Buffer.from([k.type]), k.seed])
		.toString('base64')}\n`;

export function readKey(text) {
	const m = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.{44})\n$/.exec(text);
	need(m, 'not the file of a private key');
	const secret = base64(m[3]);
	const key = ed25519(m[1], secret[0], secret.subarray(1));
	need(key.id.toString('hex') === m[2], 'the id of another key');
	return key;
}

// Witnesses sign at the time `at`.
export function note(text, keys, at = 0) {
	const time = Buffer.alloc(8);
	time.writeBigUInt64BE(BigInt(at));
	const value = (k) => (k.type === 1 ? [k.id, c.sign(null,
		Buffer.from(text), k.key)] : [k.id, time, c.sign(null, Buffer.from(
		`cosignature/v1\ntime ${at}\n${text}`), k.key)]);
	const line = (k) => `\u2014 ${k.name} ${Buffer.concat(value(k))
		.toString('base64')}\n`;
	return Buffer.from(`${text}\n${keys.map(line).join('')}`);
}

const ecdsa = (k, message) => c.sign('sha384', message,
	{ key: k.key, dsaEncoding: 'ieee-p1363' });
const reversed = (b) => Buffer.from(b).reverse();
const node = (l, r) => sha256(Buffer.from([1]), l, r);
const lp = (x) => Buffer.concat([Buffer.from([0, x.length]), x]);

export class Machine {
	constructor() {
		Object.assign(this, { root: p384(), chip: p384(), channel: keyPair(),
			release: [1, 2].map((i) => ed25519(`release.example/${i}`)),
			logs: ['a', 'b'].map((x) => ed25519(`log.example/${x}`)),
			rebuilder: ed25519('rebuilder.example/r'),
			stranger: ed25519('rebuilder.example/s'),
			witnesses: [1, 2, 3].map((i) => ed25519(`w.example/${i}`, 4)) });
	}
	// o.local, o.operators and o.policies: lines in place of the usual ones.
	trust(o = {}) {
		return ['confer-trust/v1', 'product confer', 'channel x',
			...(o.local === false ? [] : ['local']),
			...this.release.map((k) => `release-key ${k.vkey}`), 'threshold 2',
			`rebuilder-key ${this.rebuilder.vkey}`, ...(o.operators ?? []),
			`sim-root ${this.root.pub.toString('hex')}`, '',
			...(o.policies ?? this.policy('none')), ''].join('\n');
	}
	// The lines of a log policy; group: its threshold and members.
	policy(quorum, ...group) {
		return [...this.logs.map((k) => `log ${k.vkey}`),
			...this.witnesses.map((k, i) => `witness w${i + 1} ${k.vkey}`),
			...(group.length ? [`group g ${group.join(' ')}`] : []),
			`quorum ${quorum}`];
	}
	// o.now, and the fields of `wrong` in 61_forged.mjs.
	record(kind, lines, o, by = this.release) {
		const at = o[`${kind}At`] ?? o.now - 10;
		const head = ['confer-release/v1', `kind ${kind}`, 'product confer',
			`channel ${o.channel ?? 'x'}`, 'seq 1', `issued ${at}`,
			`not-before ${at}`, `not-after ${at + 6 * DAY}`];
		return note([...head, ...lines, ''].join('\n'),
			by.slice(0, o[`${kind}Signers`] ?? 2));
	}
	endorsement(chipId, tcb, o) {
		const signed = Buffer.concat([Buffer.from(
			'confer-sim-endorsement v1\0'), sha256(this.root.pub), chipId, tcb,
		this.chip.pub]);
		return Buffer.concat([signed, ecdsa(o.otherRoot ? p384() : this.root,
			signed)]);
	}
	report(measurement, chipId, tcb, binding, o) {
		const r = Buffer.alloc(1184);
		r.writeUInt32LE(o.version ?? 3, 0);
		r.writeBigUInt64LE(o.policy ?? 0x30000n, 8);
		r.write(o.family ?? 'SIMULATED', 0x10);
		r.write('NOT PRIVATE', 0x20);
		r.writeUInt32LE(o.vmpl ?? 0, 0x30);
		r.writeUInt32LE(1, 0x34);
		for (const at of [0x38, 0x180, 0x1e0, 0x1f0])
			tcb.copy(r, at);
		r[0x38] = o.current ?? r[0x38];
		reportData(o.otherKey ? keyPair().pub : this.channel.pub, binding)
			.copy(r, 0x50);
		measurement.copy(r, 0x90);
		Buffer.from(o.cpu ?? [0x19, 0x11]).copy(r, 0x188);
		chipId.copy(r, 0x1a0);
		const s = ecdsa(o.otherChip ? p384() : this.chip, r.subarray(0, 0x2a0));
		reversed(s.subarray(0, 48)).copy(r, 0x2a0);
		reversed(s.subarray(48)).copy(r, 0x2e8);
		r[0x4a0 - 1] = o.tail ?? 0;
		return r;
	}
	// What somebody says who built the image again.
	rebuild(image, o) {
		const text = image.toString().split('\n');
		const lines = text.slice(0, text.indexOf('')).filter((line) =>
			/^(file|snp|tdx|sgx) /.test(line));
		const result = sha256(...lines.map((line) => `${line}\n`),
			o.otherResult ? 'x' : '');
		const release = o.otherRelease ? sha256('x') : leafHash(image);
		return this.record('rebuild', [`release ${release.toString('hex')}`,
			`result sha256:${result.toString('hex')}`, 'rebuilder somebody'],
		o, [o.byStranger ? this.stranger : this.rebuilder]);
	}
	// Records in a log of their own, three or four: [record, proof, text of
	// the checkpoint] of each.
	logged(records, o) {
		const [a, b, d, e] = records.map(leafHash);
		const right = e ? node(d, e) : d;
		const root = o.otherTree ? sha256('x') : node(node(a, b), right);
		const head = (log) => `${log.name}\n${records.length}\n` +
			`${root.toString('base64')}\n`;
		const proof = (index, path, log) => Buffer.concat([Buffer.from(
			`c2sp.org/tlog-proof@v1\n${o.extra ?? ''}index ${index}\n` +
			`${path.map((p) => `${p.toString('base64')}\n`).join('')}\n`),
		note(head(log), [log, ...(o.cosigners ?? [])], o.now)]);
		const [log, other] = this.logs;
		const paths = [[b, right], [a, right], [...(e ? [e] : []), node(a, b)],
			[d, node(a, b)]];
		return records.map((record, i) => {
			const by = (i === 1 && o.otherLog) || (i === 3 && o.rebuildElsewhere) ?
				other : log;
			return [record, proof(i, paths[i], by), head(by)];
		});
	}
	bundle(o) {
		const measurement = c.randomBytes(48);
		const chipId = c.randomBytes(64);
		const tcb = Buffer.from([1, 0, 0, 0, 0, 0, 2, 3]);
		const model = sha256('model').toString('hex');
		const sim = o.otherLaunch ? c.randomBytes(48) : measurement;
		const record = this.record('image', ['version 1',
			...(o.noFile ? [] : [`file enclave 5 sha256:${model}`]),
			`sim ${sim.toString('hex')}`,
			`model ${o.name ?? 'm'} sha256:${o.otherModel ?? model}`], o);
		const [image, weights, policy, again] = this.logged([record,
			this.record('model', ['name m', `file 5 sha256:${model}`,
				'tokenizer gpt2', 'quant F32', 'context 512'], o),
			this.record('policy', [...(o.lines ?? []), 'hardware any'], o),
			...(o.rebuild ? [this.rebuild(record, o)] : [])], o);
		const notAfter = Buffer.alloc(o.endless ? 0 : 8);
		if (!o.endless)
			notAfter.writeBigUInt64BE(BigInt(o.notAfter ?? o.now + 600));
		const binding = [NONE, o.beacon ?? sha256(image[2]), NONE, notAfter,
			...(o.receiptKey ? [o.receiptKey] : [])];
		const sections = { 1: Buffer.from([o.kind ?? 255]),
			2: this.report(measurement, chipId, tcb, binding, o),
			3: this.endorsement(chipId, tcb, o), 4: o.collateral ?? NONE,
			5: Buffer.concat(binding.map(lp)), 16: image[0], 17: image[1],
			18: weights[0], 19: weights[1], 20: policy[0], 21: policy[1],
			22: (!o.noRecord && again?.[0]) || NONE,
			23: (!o.noProof && again?.[1]) || NONE };
		const parts = Object.entries(sections).filter(([, x]) => x.length)
			.map(([type, x]) => Buffer.concat([Buffer.from([+type,
				x.length >> 16, x.length >> 8 & 255, x.length & 255]), x]));
		return Buffer.concat([Buffer.from([1]), ...parts]);
	}
}
