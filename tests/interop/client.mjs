// A second client for the channel, written from docs/protocol.md,
// docs/attestation.md and docs/log.md alone, to prove that they suffice.
//
//   node client.mjs --connect ADDR --trust FILE [--accept-simulated]
//       [--max-tokens N] [--tour | --requests] [--receipt FILE] QUESTION
//
// Prints the answer as it comes, and with --receipt keeps and verifies one
// (docs/receipt.md). --tour shows every method, frame and handshake instead and
// prints what it saw as JSON. --requests sends QUESTION as it is: a JSON array of
// chat completion requests, and prints what came of each. Exit status: 0 done, 1 usage, 2 refused,
// 3 unreachable or cut, 4 internal.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { keyPair, sha256 } from './noise.mjs';
import { ClientHandshake, frame, LAST, need, packet, Packets, parseFrame,
	Refused, requestFrames, requestMessage, T } from './wire.mjs';
import { parseTrust, verdict } from './evidence.mjs';
import { accountText, verifyReceipt, writeReceipt } from './receipt.mjs';

class Unreachable extends Error {}

function dial(address) {
	const tcp = /^tcp:\[?([0-9a-fA-F.:]+?)\]?:(\d+)$/.exec(address);
	if (tcp)
		return connect({ host: tcp[1], port: Number(tcp[2]) });
	need(address.startsWith('unix:'), `address ${address}`);
	return connect({ path: address.slice(5) });
}

// Packets of a socket, one at a time.
class Wire {
	constructor(address) {
		this.packets = new Packets();
		this.socket = dial(address);
		this.socket.on('data', (d) => { this.packets.push(d); this.wake?.(); });
		this.socket.on('error', (e) => { this.error = e; this.wake?.(); });
		this.socket.on('close', () => { this.closed = true; this.wake?.(); });
	}
	// The next packet body, or null where the stream ended.
	async next(seconds) {
		const end = Date.now() + seconds * 1000;
		for (;;) {
			const body = this.packets.next();
			if (body)
				return body;
			if (this.error)
				throw new Unreachable(this.error.message);
			if (this.closed)
				return null;
			if (Date.now() >= end)
				throw new Unreachable(`nothing came for ${seconds} s`);
			await new Promise((done) => {
				const timer = setTimeout(done, end - Date.now());
				this.wake = () => { clearTimeout(timer); done(); };
			});
		}
	}
	send(body) {
		this.socket.write(packet(body));
	}
}

const u32 = (n) => Buffer.from([n >>> 24, n >>> 16, n >>> 8, n]);
const DOWN = [T.IDLE, T.DELTA, T.RESULT, T.ERROR, T.PING, T.PONG, T.END,
	T.REASONING];

class Session {
	// Connects, shakes hands and judges; throws before a byte of a request
	// exists. known is what an earlier session remembers.
	static async open(address, trust, o, known = null) {
		const session = new Session();
		const wire = new Wire(address);
		try {
			const hs = new ClientHandshake({ known });
			wire.send(hs.first);
			const body = await wire.next(30);
			need(body, 'the connection ended before a reply');
			const reply = hs.reply(body);
			const bundle = reply.same ? known.bundle : reply.bundle;
			const now = Math.floor(Date.now() / 1000);
			session.verdict = verdict(bundle, reply.key, trust,
				{ ...o, now });
			session.kind = hs.kind;
			session.same = reply.same === true;
			session.known = { key: reply.key, bundle, digest: sha256(bundle) };
			const finish = hs.finish();
			if (finish)
				wire.send(finish);
			Object.assign(session, hs.split(), { wire, streams: new Map(),
				pings: [], frames: {}, nextStream: 1 });
			return session;
		} catch (e) {
			wire.socket.destroy();
			throw e;
		}
	}
	put(plain) {
		this.wire.send(this.send.seal(plain));
	}
	request(method, body, onDelta = () => {}) {
		const id = this.nextStream;
		this.nextStream += 2;
		this.streams.set(id, { text: [], reasoning: [], json: [],
			room: 65536, onDelta });
		requestFrames(id, requestMessage(method, body))
			.forEach((f) => this.put(f));
		return id;
	}
	cancel(id) {
		this.put(frame(T.CANCEL, 0, id, Buffer.alloc(0)));
	}
	ping(data) {
		this.pings.push(data);
		this.put(frame(T.PING, 0, 0, data));
	}
	async step() {
		const late = BigInt(Math.floor(Date.now() / 1000)) >=
			this.verdict.deadline;
		if (late)
			this.leave(4);
		need(!late, 'the deadline of the evidence has passed');
		const body = await this.wire.next(10);
		if (body === null)
			throw new Unreachable('cut: the stream stopped without END');
		let plain;
		try {
			plain = this.recv.open(body);
		} catch {
			need(false, 'a record that does not decrypt');
		}
		need(plain.length === 256, `a record of ${plain.length} bytes`);
		this.take(parseFrame(plain));
	}
	take({ type, flags, stream, data }) {
		need(DOWN.includes(type), `a frame of type ${type}`);
		need(flags === 0 || (flags === LAST &&
			(type === T.RESULT || type === T.ERROR)), `flags ${flags}`);
		this.frames[type] = (this.frames[type] ?? 0) + 1;
		const s = this.streams.get(stream);
		if ([T.DELTA, T.REASONING, T.RESULT, T.ERROR].includes(type)) {
			need(s && !s.done, `a frame for stream ${stream}`);
			this.answer(s, stream, type, flags, data);
			return;
		}
		need(stream === 0, `stream ${stream} in a frame of type ${type}`);
		if (type === T.PING)
			this.put(frame(T.PONG, 0, 0, data));
		if (type === T.PONG && this.pings.length)
			need(this.pings.shift().equals(data), 'a PONG of other data');
		if (type === T.END)
			throw new Unreachable(`the enclave ends: reason ${data[0]}`);
		need(data.length === { [T.IDLE]: 0, [T.PING]: 8, [T.PONG]: 8 }[type],
			`a frame of type ${type} of ${data.length} bytes`);
	}
	answer(s, id, type, flags, data) {
		s.room -= data.length;
		need(s.room >= 0, 'more than was granted');
		if (s.room < 32768 && !flags) {
			this.put(frame(T.CREDIT, 0, id, u32(65536)));
			s.room += 65536;
		}
		if (type === T.REASONING) {
			need(s.json.length === 0, 'REASONING after RESULT');
			s.reasoning.push(Buffer.from(data));
			return;
		}
		if (type === T.DELTA) {
			need(s.json.length === 0, 'DELTA after RESULT');
			s.text.push(Buffer.from(data));
			s.onDelta(data);
			return;
		}
		need(s.type === undefined || s.type === type, 'RESULT within ERROR');
		s.type = type;
		s.json.push(Buffer.from(data));
		s.done = flags === LAST;
	}
	// The whole answer to a stream: { text, reasoning, result }.
	async whole(id) {
		const s = this.streams.get(id);
		while (!s.done)
			await this.step();
		const decoder = new TextDecoder('utf-8', { fatal: true });
		const [text, reasoning, json] = [s.text, s.reasoning, s.json]
			.map((parts) => decoder.decode(Buffer.concat(parts)));
		return { text, reasoning, result: JSON.parse(json) };
	}
	leave(reason = 0) {
		this.put(frame(T.END, 0, 0, Buffer.from([reason])));
		this.wire.socket.end();
	}
}

function chat(o, model, stream, more = {}) {
	return JSON.stringify({ model, stream, temperature: 0,
		...(o.maxTokens ? { max_tokens: o.maxTokens } : {}),
		messages: [{ role: 'user', content: o.question }], ...more });
}

// Method 3: the answer, and a receipt of it that verifies [P-44].
async function askForReceipt(session, o) {
	const [asked, answered] = [randomBytes(32), randomBytes(32)];
	const body = Buffer.from(chat(o, session.verdict.model, true));
	const now = Math.floor(Date.now() / 1000);
	const { text, result } = await session.whole(session.request(3,
		Buffer.concat([asked, answered, body]),
		(data) => process.stdout.write(data)));
	const said = result.confer_receipt;
	need(said, result.error?.message ?? 'no statement');
	const bytes = writeReceipt({ 1: accountText({ client: 'interop',
		verifiedAt: now, deadline: session.verdict.deadline, handshake: 'xx',
		checks: [['verdict', 'accepted']] }),
	2: session.known.key, 3: session.known.bundle,
	4: readFileSync(o.trustFile), 5: Buffer.from(said.statement),
	6: Buffer.from(said.signature, 'base64'),
	16: Buffer.concat([asked, body]),
	17: Buffer.concat([answered, Buffer.from(text)]) });
	const proven = verifyReceipt(bytes, readFileSync(o.trustFile), { now });
	need(proven.answer && proven.question, 'the receipt proves nothing');
	writeFileSync(o.receipt, bytes, { mode: 0o600 });
}

async function ask(address, trust, o) {
	const session = await Session.open(address, trust, o);
	process.stderr.write('SIMULATED, NOT PRIVATE; ' +
		`${session.verdict.quorum ? '' : 'quorum none; '}` +
		`${trust.local ? 'witnesses of one machine; ' : ''}model ` +
		`${session.verdict.model}\n`);
	if (o.receipt) {
		await askForReceipt(session, o);
	} else {
		const { result } = await session.whole(session.request(1,
			chat(o, session.verdict.model, true),
			(data) => process.stdout.write(data)));
		need(!result.error, result.error?.message);
	}
	process.stdout.write('\n');
	session.leave();
}

// A short answer may be whole before CANCEL arrives [P-27]: some tries. Each
// has a request for the models beside it.
async function cancelled(s, body) {
	let result;
	for (let i = 0; i < 10; i++) {
		s.wire.socket.cork();
		const both = [s.request(1, body), s.request(2)];
		s.cancel(both[0]);
		s.wire.socket.uncork();
		({ result } = await s.whole(both[0]));
		if (result.choices[0].finish_reason === 'cancelled')
			break;
	}
	return result;
}

const SCHEMA = { type: 'object', additionalProperties: false,
	required: ['ok'], properties: { ok: { type: 'boolean' },
		why: { type: 'string', maxLength: 12 } } };

// Everything once, on one connection; then the three ways to come back.
async function tour(address, trust, o) {
	const s = await Session.open(address, trust, o);
	const seen = { verdict: { ...s.verdict, deadline: Number(s.verdict.deadline),
		seq: Number(s.verdict.seq) } };
	seen.models = (await s.whole(s.request(2))).result;
	const model = seen.models.data[0].id;
	s.ping(Buffer.from('12345678'));
	seen.streamed = await s.whole(s.request(1, chat(o, model, true)));
	seen.whole = await s.whole(s.request(1, chat(o, model, false,
		{ user: 'u', colour: 'blue' })));
	seen.cancelled = await cancelled(s, chat(o, model, true));
	seen.beside = (await s.whole(s.nextStream - 2)).result;
	seen.noMethod = (await s.whole(s.request(9))).result;
	seen.noModel = (await s.whole(s.request(1, chat(o, 'other', true)))).result;
	seen.long = (await s.whole(s.request(1, chat({ ...o,
		question: 'again and '.repeat(9000) }, model, true)))).result;
	seen.told = (await s.whole(s.request(1, chat(o, model, true,
		{ max_tokens: 5, logprobs: true, top_logprobs: 2,
			frequency_penalty: 0.5, logit_bias: { 5: -1 } })))).result;
	seen.json = (await s.whole(s.request(1, chat(o, model, false,
		{ max_tokens: 200, temperature: 1, response_format: { type:
			'json_schema', json_schema: { name: 'n', schema: SCHEMA } } }))))
		.result;
	seen.embedded = [];
	for (const how of ['float', 'base64'])
		seen.embedded.push((await s.whole(s.request(4, JSON.stringify(
			{ encoding_format: how, input: [o.question, 'x'] })))).result);
	seen.pingsLeft = s.pings.length;
	seen.frames = s.frames;
	s.leave();
	const stale = { key: keyPair().pub, bundle: null, digest: null };
	const ways = { same: s.known, whole: { ...s.known, digest: null }, stale };
	for (const [way, known] of Object.entries(ways)) {
		const again = await Session.open(address, trust, o, known);
		const { text } = await again.whole(
			again.request(1, chat(o, model, true)));
		seen[`again_${way}`] = { kind: again.kind, same: again.same, text };
		again.leave();
	}
	process.stdout.write(`${JSON.stringify(seen, null, 1)}\n`);
}

async function requests(address, trust, o) {
	const session = await Session.open(address, trust, o);
	const seen = [];
	for (const body of JSON.parse(o.question))
		seen.push(await session.whole(
			session.request(1, JSON.stringify(body))));
	session.leave();
	process.stdout.write(`${JSON.stringify(seen)}\n`);
}

async function main() {
	const { values, positionals } = parseArgs({ allowPositionals: true,
		options: { connect: { type: 'string' }, trust: { type: 'string' },
			'accept-simulated': { type: 'boolean' },
			'max-tokens': { type: 'string' }, tour: { type: 'boolean' },
			requests: { type: 'boolean' },
			receipt: { type: 'string' } } });
	if (!values.connect || !values.trust || positionals.length !== 1)
		return 1;
	const o = { question: positionals[0],
		acceptSimulated: values['accept-simulated'],
		trustFile: values.trust, receipt: values.receipt,
		maxTokens: Number(values['max-tokens'] ?? 0) };
	const trust = parseTrust(readFileSync(values.trust));
	const way = values.requests ? requests : values.tour ? tour : ask;
	await way(values.connect, trust, o);
	return 0;
}

main().then((code) => { process.exitCode = code; }, (e) => {
	const code = e instanceof Refused ? 2 : e instanceof Unreachable ? 3 : 4;
	process.stderr.write(code === 4 ? `${e.stack}\n` :
		`${code === 2 ? 'refused: ' : ''}${e.message}\n`);
	process.exitCode = code;
});
