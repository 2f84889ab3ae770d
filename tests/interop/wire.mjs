// Packets, frames and handshake packets of docs/protocol.md, for both
// roles: bytes in, bytes out, no socket.
import { Handshake, keyPair, sha256 } from './noise.mjs';

export class Refused extends Error {}

export function need(ok, why) {
	if (!ok)
		throw new Refused(why);
}

export const KIND = { xx: 1, ik: 2, xxReply: 3, ikReply: 4, fallback: 5,
	finish: 6, refused: 7 };
export const T = { IDLE: 0, REQUEST: 1, DELTA: 2, RESULT: 3, CANCEL: 4,
	ERROR: 5, PING: 6, PONG: 7, CREDIT: 8, END: 9, REASONING: 10 };
export const LAST = 1;
const SIZES = [256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65519];
const MAX_EVIDENCE = 61440;
const REASONS = ['?', 'version not spoken', 'no suite in common',
	'no room now', 'malformed first packet'];

export function packet(body) {
	const head = Buffer.alloc(2);
	head.writeUInt16BE(body.length);
	return Buffer.concat([head, body]);
}

// Cuts a stream into packet bodies [P-01].
export class Packets {
	constructor() {
		this.buffer = Buffer.alloc(0);
	}
	push(data) {
		this.buffer = Buffer.concat([this.buffer, data]);
	}
	next() {
		if (this.buffer.length < 2)
			return null;
		const n = this.buffer.readUInt16BE(0);
		need(n > 0, 'a packet of length zero');
		if (this.buffer.length < 2 + n)
			return null;
		const body = this.buffer.subarray(2, 2 + n);
		this.buffer = this.buffer.subarray(2 + n);
		return body;
	}
}

export function frame(type, flags, stream, data, size) {
	const fit = size ?? SIZES.find((x) => x >= data.length + 10);
	const out = Buffer.alloc(fit);
	out[0] = type;
	out[1] = flags;
	out.writeUInt32BE(stream, 2);
	out.writeUInt32BE(data.length, 6);
	data.copy(out, 10);
	return out;
}

export function parseFrame(plain) {
	need(SIZES.includes(plain.length), `a record of ${plain.length} bytes`);
	const length = plain.readUInt32BE(6);
	need(length <= plain.length - 10, 'a frame longer than its record');
	need(plain.subarray(10 + length).every((b) => b === 0),
		'padding that is not zero');
	return { type: plain[0], flags: plain[1], stream: plain.readUInt32BE(2),
		data: plain.subarray(10, 10 + length) };
}

// The frames of a message: full records, then one of the smallest size.
export function requestFrames(stream, message) {
	const room = 65519 - 10;
	const out = [];
	let at = 0;
	for (; message.length - at > room; at += room)
		out.push(frame(T.REQUEST, 0, stream, message.subarray(at, at + room)));
	out.push(frame(T.REQUEST, LAST, stream, message.subarray(at)));
	return out;
}

export function requestMessage(method, body = '', credit = Buffer.alloc(0)) {
	return Buffer.concat([Buffer.from([method, credit.length]), credit,
		Buffer.from(body)]);
}

const TAG = Buffer.from('confer channel v1\0');
const HELLO = Buffer.from([...Buffer.from('CONF'), 1, 1, 1]);

// The client's half of the handshake. known, where we come back, is
// { key, digest }: the static key, and the evidence held (or null).
export class ClientHandshake {
	constructor({ e = keyPair(), s = keyPair(), known = null } = {}) {
		Object.assign(this, { e, s, known });
		const head = known ?
			[Buffer.from([KIND.ik]), HELLO, sha256(known.key).subarray(0, 8)] :
			[Buffer.from([KIND.xx]), HELLO];
		const fixed = Buffer.concat(head);
		this.prologue = Buffer.concat([TAG, fixed]);
		this.named = known?.digest ?? Buffer.alloc(32);
		this.hs = known ?
			new Handshake('IK', true, this.prologue,
				{ e, s, rs: known.key, pre: known.key }) :
			new Handshake('XX', true, this.prologue, { e, s });
		const message = this.hs.write(known ? this.named : undefined);
		this.first = Buffer.concat([fixed, message]);
	}
	// Reads a reply: { key, bundle } or { key, same: true }.
	reply(body) {
		const [kind, suite] = body;
		if (kind === KIND.refused) {
			need(body.length === 2, 'a malformed refusal');
			need(false, 'the other end refuses (so somebody says): ' +
				(REASONS[body[1]] ?? `reason ${body[1]}`));
		}
		const back = this.known !== null;
		need(body.length >= 2 && (back ?
			kind === KIND.ikReply || kind === KIND.fallback :
			kind === KIND.xxReply), `a reply of kind ${kind}`);
		need(suite === 1, `suite ${suite}, which we did not offer`);
		if (kind === KIND.fallback)
			this.hs = new Handshake('XXfallback', false, this.prologue,
				{ e: this.e, s: this.s, pre: this.e.pub });
		this.kind = kind;
		let payload;
		try {
			payload = this.hs.read(body.subarray(2));
		} catch {
			need(false, 'the reply does not decrypt');
		}
		const rest = payload.subarray(1);
		if (payload[0] === 2) {
			need(kind === KIND.ikReply && this.known.digest &&
				rest.equals(this.named), '"same", but not what we named');
			return { key: this.hs.rs, same: true };
		}
		need(payload[0] === 1 && rest.length <= MAX_EVIDENCE,
			'a malformed evidence reply');
		return { key: this.hs.rs, bundle: rest };
	}
	// Only after acceptance: the finish packet, or null after IK.
	finish() {
		if (this.kind === KIND.ikReply)
			return null;
		return Buffer.concat([Buffer.from([KIND.finish]), this.hs.write()]);
	}
	split() {
		return this.hs.split();
	}
}

const HEAD = { [KIND.xx]: 8, [KIND.ik]: 16 };

// The enclave's half, as small as vectors need it: one key, one bundle.
export class EnclaveHandshake {
	constructor({ e, s, bundle }) {
		Object.assign(this, { e, s, bundle });
	}
	answer(first) {
		const head = HEAD[first[0]];
		need(head && first.subarray(1, 8).equals(HELLO), 'malformed hello');
		const prologue = Buffer.concat([TAG, first.subarray(0, head)]);
		const message = first.subarray(head);
		const { e, s } = this;
		if (first[0] === KIND.xx) {
			this.hs = new Handshake('XX', false, prologue, { e, s });
			this.hs.read(message);
			return this.reply(KIND.xxReply, null);
		}
		if (sha256(s.pub).subarray(0, 8).equals(first.subarray(8, 16))) {
			this.hs = new Handshake('IK', false, prologue,
				{ e, s, pre: s.pub });
			return this.reply(KIND.ikReply, this.hs.read(message));
		}
		const re = message.subarray(0, 32);
		this.hs = new Handshake('XXfallback', true, prologue,
			{ e, s, re, pre: re });
		return this.reply(KIND.fallback, null);
	}
	reply(kind, named) {
		const digest = sha256(this.bundle);
		const payload = named?.equals(digest) ?
			Buffer.concat([Buffer.from([2]), digest]) :
			Buffer.concat([Buffer.from([1]), this.bundle]);
		return Buffer.concat([Buffer.from([kind, 1]),
			this.hs.write(payload)]);
	}
	finish(body) {
		need(body[0] === KIND.finish, 'not a finish packet');
		need(this.hs.read(body.subarray(1)).length === 0, 'a payload');
	}
	split() {
		return this.hs.split();
	}
}
