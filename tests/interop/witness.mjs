// A witness of logs: docs/log.md, section 10.
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import { note } from './forge.mjs';
import { base64, number, parseCheckpoint, parseKey, parseNote, signers } from
	'./log.mjs';
import { sha256 } from './noise.mjs';
import { isConsistent } from './tiles.mjs';
import { need, Refused } from './wire.mjs';

const MAX_BODY = 65536;

class Answer extends Error {
	constructor(status, body, type = 'text/plain; charset=utf-8') {
		super(body);
		Object.assign(this, { status, body, type });
	}
}

// What fails in fn is answered with this status.
function or(status, fn) {
	try {
		return fn();
	} catch (e) {
		throw e instanceof Refused ? new Answer(status, `${e.message}\n`) : e;
	}
}

// [L-120 to L-122]
export function parseRequest(body) {
	const cut = body.indexOf('\n\n');
	need(body.length <= MAX_BODY && cut >= 0, 'no empty line, or too long');
	const [first, ...lines] = body.toString('latin1', 0, cut).split('\n');
	need(first.startsWith('old '), 'the first line is not "old"');
	const path = lines.map(base64);
	need(path.length <= 63 && path.every((p) => p.length === 32),
		'hashes of the proof');
	const checkpoint = parseNote(body.subarray(cut + 2));
	return { old: number(first.slice(4)), path, checkpoint,
		...parseCheckpoint(checkpoint) };
}

const hashName = (origin) => sha256(origin).toString('hex');

export class Witness {
	// key: as forge.mjs makes them, of type 4. logs: `log <vkey>` lines.
	constructor(dir, key, logs, clock = () => Math.floor(Date.now() / 1000)) {
		Object.assign(this, { dir, key, clock, logs: new Map(),
			seen: new Map() });
		for (const line of logs.split('\n').filter((l) => l)) {
			const log = parseKey(line.replace(/^log /, ''), [1]);
			this.logs.set(log.name, [...(this.logs.get(log.name) ?? []), log]);
		}
		for (const origin of this.logs.keys())
			this.load(origin);
	}
	path(origin) {
		return `${this.dir}/seen/${hashName(origin)}/checkpoint`;
	}
	// [L-137]
	load(origin) {
		if (!fs.existsSync(this.path(origin)))
			return;
		const kept = parseNote(fs.readFileSync(this.path(origin)));
		const own = parseKey(this.key.vkey, [4]);
		const by = signers(kept, [...this.logs.get(origin), own], 2 ** 62);
		const head = parseCheckpoint(kept);
		need(by.has(own) && by.size > 1 && head.origin === origin,
			`what was kept of ${origin} is not ours`);
		this.seen.set(origin, { ...head, time: by.get(own) });
	}
	judge(body) {
		const asked = or(400, () => parseRequest(body));
		const keys = this.logs.get(asked.origin);
		or(404, () => need(keys, 'no log that this witness knows'));
		const by = or(403, () => signers(asked.checkpoint, keys, 0));
		or(400, () => need(asked.old <= asked.size, 'old is above the size'));
		const last = this.seen.get(asked.origin) ??
			{ size: 0n, root: sha256(), time: 0n };
		if (asked.old !== last.size)
			throw new Answer(409, `${last.size}\n`, 'text/x.tlog.size');
		or(422, () => need((asked.size > 0n || asked.root.equals(sha256())) &&
			isConsistent(last.size, last.root, asked.size, asked.root,
				asked.path), 'not the tree that was cosigned last'));
		const time = this.clock();
		or(500, () => need(BigInt(time) >= last.time, 'the clock went back'));
		return this.keep(asked, [...by.keys()], time);
	}
	// One line for each key of the log, and ours, on disk before anybody
	// has it [L-135].
	keep({ origin, size, root, checkpoint }, keys, time) {
		const own = note(checkpoint.text, [this.key], time).toString()
			.slice(checkpoint.text.length + 1);
		const lines = keys.map((k) => checkpoint.signatures.find((s) =>
			s.name === k.name && s.id === k.id)).map((s) => `\u2014 ${s.name} ` +
			`${Buffer.concat([Buffer.from(s.id, 'hex'), s.raw])
				.toString('base64')}\n`);
		this.write(this.path(origin),
			`${checkpoint.text}\n${lines.join('')}${own}`);
		this.seen.set(origin, { size, root, time: BigInt(time) });
		return own;
	}
	write(path, text) {
		const dir = path.slice(0, path.lastIndexOf('/'));
		fs.mkdirSync(dir, { recursive: true });
		fs.writeFileSync(`${dir}/.tmp`, text, { flush: true });
		fs.renameSync(`${dir}/.tmp`, path);
		const fd = fs.openSync(dir, 'r');
		fs.fsyncSync(fd);
		fs.closeSync(fd);
	}
	add(body) {
		try {
			return new Answer(200, this.judge(body));
		} catch (e) {
			if (e instanceof Answer)
				return e;
			throw e;
		}
	}
	// [L-138]
	show(path) {
		for (const origin of this.logs.keys())
			if (path === `/${hashName(origin)}/checkpoint` &&
				fs.existsSync(this.path(origin)))
				return new Answer(200, fs.readFileSync(this.path(origin)));
		return new Answer(404, 'nothing there\n');
	}
	answer(method, path, body) {
		if (method === 'GET')
			return this.show(path);
		return method === 'POST' && path === '/add-checkpoint' ?
			this.add(body) : new Answer(404, 'nothing there\n');
	}
}

// answers(request, body, response): what is answered in the witness's place,
// if it returns true. Resolves to the server, which has its url.
export async function serveWitness(witness, answers = () => false) {
	const server = createServer((req, res) => {
		const parts = [];
		req.on('data', (data) => parts.push(data));
		req.on('end', () => {
			const body = Buffer.concat(parts);
			if (answers(req, body, res))
				return;
			const a = body.length > MAX_BODY ? new Answer(413, 'too long\n') :
				witness.answer(req.method, req.url, body);
			res.writeHead(a.status, { 'content-type': a.type,
				'content-length': Buffer.byteLength(a.body) }).end(a.body);
		});
	});
	await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
	server.url = `http://127.0.0.1:${server.address().port}`;
	return server;
}
