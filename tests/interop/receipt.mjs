// Receipts, made and verified from docs/receipt.md alone.
import * as c from 'node:crypto';
import { sha256 } from './noise.mjs';
import { need } from './wire.mjs';
import { parseBundle, parseTrust, verdict } from './evidence.mjs';
import { verifyRecord } from './log.mjs';

const LABEL = Buffer.from('confer receipt statement v1\0');
const MAGIC = Buffer.from('confer-receipt/v1\n');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

// Lines of a statement: what each may be.
const HASH = /^[0-9a-f]{64}$/;
const number = (max) => (v) => /^(0|[1-9]\d{0,19})$/.test(v) &&
	BigInt(v) <= max;
const u32 = number(0xffffffffn);
const f32 = (v) => /^[0-9a-f]{8}$/.test(v) && parseInt(v, 16) <= 0x7f7fffff;
const hash = (v) => HASH.test(v);
const LINES = [['channel-key', hash], ['model-sha256', hash], ['context', u32],
	['temperature-f32', f32], ['top-p-f32', f32], ['min-p-f32', f32],
	['top-k', u32], ['max-tokens', u32], ['stops', number(4n)],
	['seed', number(0xffffffffffffffffn)], ['request-sha256', hash],
	['answer-sha256', hash],
	['finish', (v) => ['stop', 'length', 'cancelled', 'tool_calls']
		.includes(v)]];

export function statementText(fields) {
	return Buffer.from(['confer-receipt-statement/v1',
		...LINES.map(([name]) => `${name} ${fields[name]}`), ''].join('\n'));
}

export function parseStatement(bytes) {
	need(bytes.length <= 1024, 'statement format: length');
	const lines = bytes.toString('latin1').split('\n');
	need(lines.length === LINES.length + 2 && lines.at(-1) === '' &&
		lines[0] === 'confer-receipt-statement/v1', 'statement format: lines');
	return Object.fromEntries(LINES.map(([name, ok], i) => {
		const line = lines[i + 1];
		const value = line.slice(name.length + 1);
		need(line.startsWith(`${name} `) && ok(value),
			`statement format: ${name}`);
		return [name, value];
	}));
}

export const signStatement = (text, key) =>
	c.sign(null, Buffer.concat([LABEL, text]), key);

function signed(text, signature, pub) {
	const key = c.createPublicKey({ key: Buffer.concat([SPKI, pub]),
		format: 'der', type: 'spki' });
	return c.verify(null, Buffer.concat([LABEL, text]), key, signature);
}

// Section types with their shortest and longest contents.
const SECTIONS = [[1, 1, 16384], [2, 32, 32], [3, 1, 61440], [4, 1, 81920],
	[5, 1, 1024], [6, 64, 64], [16, 33, 262144], [17, 32, 1048608]];

export function writeReceipt(parts) {
	const sections = SECTIONS.filter(([type]) => parts[type]?.length)
		.map(([type]) => {
			const head = Buffer.alloc(5);
			head[0] = type;
			head.writeUInt32BE(parts[type].length, 1);
			return Buffer.concat([head, parts[type]]);
		});
	return Buffer.concat([MAGIC, ...sections]);
}

export function accountText(a) {
	return Buffer.from(['confer-receipt-account/v1', `client ${a.client}`,
		`verified-at ${a.verifiedAt}`, `deadline ${a.deadline}`,
		`handshake ${a.handshake}`, 'tee sim',
		...a.checks.map(([name, text]) => `check ${name}: ${text}`), '']
		.join('\n'));
}

function parseAccount(bytes) {
	const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
		.decode(bytes);
	const clean = [...bytes].every((b) => (b >= 0x20 && b !== 0x7f) ||
		b === 10);
	const m = new RegExp('^confer-receipt-account/v1\n' +
		'client [A-Za-z0-9._+-]{1,64}\nverified-at (0|[1-9]\\d{0,18})\n' +
		'deadline (0|[1-9]\\d{0,18})\nhandshake (?:xx|ik|ik-same|xxfallback)\n' +
		'tee (?:snp|tdx|sgx|sim)\n((?:check .*\n){1,64})$').exec(text);
	need(clean && m, 'account: format');
	const [at, end] = [BigInt(m[1]), BigInt(m[2])];
	need(at < end && end < 1n << 63n, 'account: times');
	for (const line of m[3].slice(0, -1).split('\n')) {
		const l = /^check ([^:]+): (.+)$/.exec(line);
		need(l && Buffer.byteLength(l[1]) <= 63 &&
			Buffer.byteLength(l[2]) <= 200, 'account: check');
	}
	return at;
}

export function parseReceipt(b) {
	need(b.subarray(0, MAGIC.length).equals(MAGIC), 'receipt: first line');
	const out = {};
	let last = 0;
	for (let at = MAGIC.length; at < b.length;) {
		need(b.length - at >= 5, `receipt: cut at ${at}`);
		const [type, n] = [b[at], b.readUInt32BE(at + 1)];
		const row = SECTIONS.find(([t]) => t === type);
		need(row && type > last && n >= row[1] && n <= row[2] &&
			n <= b.length - at - 5, `receipt: section ${type} at ${at}`);
		out[type] = b.subarray(at + 5, at + 5 + n);
		last = type;
		at += 5 + n;
	}
	need([1, 2, 3, 4].every((t) => out[t]), 'receipt: sections missing');
	need(!out[5] === !out[6] && (out[5] || (!out[16] && !out[17])),
		'receipt: sections that go together');
	try {
		out.verifiedAt = parseAccount(out[1]);
	} catch (e) {
		need(false, e.message);
	}
	return out;
}

// The verdict: throws Refused, or says what is proven.
export function verifyReceipt(bytes, trustText, o) {
	const r = parseReceipt(bytes);
	const now = BigInt(o.now);
	need(r.verifiedAt <= now + 300n, 'dated in the future');
	const trust = parseTrust(trustText);
	const judgeAt = o.today ? now : r.verifiedAt;
	verdict(r[3], r[2], trust, { acceptSimulated: true,
		now: Number(judgeAt) });
	if (!r[5])
		return { statement: false, answer: false, question: false };
	const ev = parseBundle(r[3]);
	const s = parseStatement(r[5]);
	need(ev.binding.length === 5 && signed(r[5], r[6], ev.binding[4]),
		'statement signature');
	need(s['channel-key'] === r[2].toString('hex'), 'statement\'s channel');
	const model = verifyRecord(ev.model, 'model', trust);
	need(s['model-sha256'] === model.file[0][1].replace('sha256:', ''),
		'statement\'s model');
	need(!r[16] || sha256(r[16]).toString('hex') === s['request-sha256'],
		'question');
	need(!r[17] || sha256(r[17]).toString('hex') === s['answer-sha256'],
		'answer');
	return { statement: true, answer: Boolean(r[17]),
		question: Boolean(r[16]) };
}
