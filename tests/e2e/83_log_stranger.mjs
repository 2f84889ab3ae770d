// A second implementation, written from docs/log.md alone (tests/interop), plays
// each part beside ours: a witness of our log, a log before our witness, and a
// monitor of the log that we serve.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ed25519, note, readKey, writeKey } from '../interop/forge.mjs';
import { node, parseCheckpoint, parseKey, parseNote, signers, verifyProof,
	verifyRecord } from '../interop/log.mjs';
import { Monitor } from '../interop/monitor.mjs';
import { sha256 } from '../interop/noise.mjs';
import { consistencyPath, DirView, HttpView, isConsistent, tilePath, treeRoot }
	from '../interop/tiles.mjs';
import { parseRequest, serveWitness, Witness } from '../interop/witness.mjs';
import { claim, confer, listen, main, NOW, TMP, works, World } from
	'./lib/log_world.mjs';

const world = new World();

// ---- our log, their witnesses ----------------------------------------------

// Appends one record; proven: its proof is one to both of us, and the quorum
// is there without the second witness or with it.
async function append() {
	const path = world.policy();
	const p = await confer('append', world.dir, path, '--proofs', TMP,
		'--json');
	const told = { ...JSON.parse(p.out), path, code: p.code };
	world.appended = (world.appended ?? 0) + 1;
	told.w1 = told.witnesses[1];
	told.proven = p.code === 0 && told.quorum && await isProven(told, path);
	return told;
}

async function isProven(told, path) {
	const proof = path.replace(/\.record$/, '.proof');
	const files = [path, proof].map((f) => readFileSync(f));
	verifyRecord(files[0], 'policy', world.parsed);
	const head = verifyProof(files[1], files[0],
		world.parsed.policies[0].policy, NOW);
	const ours = await confer('verify', '--trust', world.trust, path,
		proof);
	return ours.code === 0 && head.size === BigInt(told.size) &&
		head.root.toString('hex') === told.root;
}

const plain = (status, body, headers = {}) => (_, __, res) =>
	Boolean(res.writeHead(status, headers).end(body));
// Answers with what `make` gives for the checkpoint's text, of an honest key.
const lines = (make) => (req, body, res) => {
	if (req.method !== 'POST')
		return false;
	const { text } = parseRequest(body).checkpoint;
	res.end(make(text).toString().split('\n\n')[1]);
	return true;
};

const SIZE = { 'content-type': 'text/x.tlog.size' };

const OTHER = /does not verify/;
const NOBODY = /no signature of a known key/;

// What a witness does in place of its answer, and what is said of it then.
function misdeeds() {
	const [own, other] = world.keys;
	const thief = ed25519(own.name, 4);
	const forged = { ...thief, id: own.id };
	const signed = (keys, at = NOW, edit = (text) => text) => lines((text) =>
		note(edit(text), keys, at));
	let asked = 0;
	const elsewhere = `${world.servers[1].url}/add-checkpoint`;
	return [
		['no answer', () => true, /in time/],
		['garbage', plain(200, 'garbage\n'), /no signature/],
		['nothing', plain(200, ''), /no signature/],
		['a huge answer', plain(200, 'x'.repeat(1 << 20)), /more than 16384/],
		['too many lines', signed(Array(200).fill(own)), /at most 16384/],
		['a redirect', plain(302, '', { location: elsewhere }), /redirects/],
		['a hang-up', (_, __, res) => Boolean(res.destroy()), /ended the conn/],
		['a refusal', plain(403, 'go \x1b[31maway\n'), /403: go/],
		['a server in trouble', plain(500, 'no\n'), /500: no/],
		['a key of the same name', signed([thief]), NOBODY],
		['a signature by another key', signed([forged]), OTHER],
		['the line of another witness', signed([other]), NOBODY],
		['a good line and a bad one', signed([own, forged]), OTHER],
		['the log\'s own line', (_, body, res) => Boolean(res.end(
			body.toString().split('\n\n')[2])), NOBODY],
		['a cosignature of another tree', signed([own], NOW, (text) =>
			text.replace(/\n\d+\n/, '\n1\n')), OTHER],
		['a time to come', signed([own], NOW + 900), /in the future/],
		['409 without a size', plain(409, 'no\n', SIZE), /without the size/],
		['409 with the size it was asked from', plain(409, '0\n', SIZE),
			/asked from/],
		['409 with a wrong size', plain(409, '1\n', SIZE), /409/],
		['409 for ever', (_, __, res) => Boolean(res.writeHead(409, SIZE).end(
			`${asked < 2 ? asked++ + 1 : 999999}\n`)), /size changed/],
		['422 for the whole tree', plain(422, 'no such tree\n'), /422/],
	];
}

async function testMisdeeds() {
	for (const [what, bad, why] of misdeeds()) {
		world.bad[0] = bad;
		const p = await append();
		const { cosigned, why: said } = p.w1;
		claim(!cosigned && why.test(said) && !said.includes('\x1b'),
			`a witness's answer: ${what}: ${said}`, p.w1.why);
		claim(p.proven, `${what}: the quorum of the others holds`,
			JSON.stringify(p));
	}
	world.bad[0] = lines((text) => note(text, [world.keys[1], world.keys[0],
		ed25519('x.example', 4)], NOW));
	const p = await append();
	claim(p.w1.cosigned && p.proven, 'lines of others are ignored');
}

async function ourLog() {
	const first = await append();
	claim(first.proven && first.witnesses.every((w) => w.cosigned),
		'three witnesses cosign, two of them written by a stranger',
		JSON.stringify(first));
	await testMisdeeds();
	world.bad[0] = null;
	const last = await append();
	claim(last.proven && last.w1.cosigned, 'and then all is well again');
}

// ---- a stranger's log, a witness --------------------------------------------

// Posts from one log of the stranger's to one witness.
class Poster {
	// url and vkey: the witness's.
	constructor(url, vkey, keys) {
		Object.assign(this, { url, vkey, keys, origin: keys[0].name });
		this.leaves = Array.from({ length: 40 }, (_, i) => sha256(`leaf ${i}`));
	}
	// The note of the first `size` leaves; o: one thing of it that is wrong.
	head(size, o = {}) {
		const root = o.root ?? treeRoot(this.leaves.slice(0, size));
		return note(`${o.origin ?? this.origin}\n${o.size ?? size}\n` +
			`${root.toString('base64')}\n${o.more ?? ''}`,
		o.keys ?? [this.keys[0]], NOW).toString();
	}
	body(old, size, o = {}) {
		const path = o.path ?? (old > size ? [] :
			consistencyPath(old, this.leaves.slice(0, size)));
		return `old ${o.old ?? old}\n${path.map((p) =>
			`${p.toString('base64')}\n`).join('')}\n${this.head(size, o)}`;
	}
	post(body) {
		return fetchAll(`${this.url}/add-checkpoint`, 'POST', body);
	}
	grow(old, size, o) {
		return this.post(this.body(old, size, o));
	}
	view() {
		return fetchAll(`${this.url}/${sha256(this.origin).toString('hex')}` +
			'/checkpoint', 'GET');
	}
}

async function fetchAll(url, method, body) {
	const r = await fetch(url, { method, body, redirect: 'manual' });
	return { status: r.status, text: await r.text(),
		type: r.headers.get('content-type') };
}

// The time of the witness's cosignature in this answer, or -1.
function cosigned(answer, poster, size) {
	const text = poster.head(size).split('\n\n')[0];
	const witness = parseKey(poster.vkey, [4]);
	const signed = parseNote(Buffer.from(`${text}\n\n${answer.text}`));
	const only = signed.signatures.every((s) => s.name === witness.name);
	return answer.status === 200 && only ?
		signers(signed, [witness], NOW + 60).get(witness) : -1n;
}

// Requests that fail by what they are, whatever the witness has seen; the
// status is that of the first check that fails, also where later ones would.
function testOrder(p) {
	const [thief] = [ed25519(p.origin)];
	const forged = { ...thief, id: p.keys[0].id };
	const b = p.body(5, 9);
	const hash = sha256('x').toString('base64');
	const cut = (from, to) => b.replace(from, to);
	const elsewhere = { origin: 'other.example', keys: [thief] };
	return [
		[400, 'an empty body', ''],
		[400, 'no old line', cut('old 5\n', '')],
		[400, 'old with a leading zero', cut('old 5', 'old 05')],
		[400, 'old with a sign', cut('old 5', 'old +5')],
		[400, 'old beyond 2^63', cut('old 5', 'old 9223372036854775808')],
		[400, 'a size beyond 2^63', p.body(5, 9, { size: '9223372036854775808' })],
		[400, 'a carriage return', cut('old 5', 'old 5\r')],
		[400, 'a space at the end', cut('old 5', 'old 5 ')],
		[400, 'a hash of 31 bytes', cut('old 5\n',
			`old 5\n${Buffer.alloc(31).toString('base64')}\n`)],
		[400, 'a hash in no canonical base64', cut('old 5\n',
			`old 5\n${hash.replace(/.=$/, (x) => `${String.fromCharCode(
				x.charCodeAt(0) + 1)}=`)}\n`)],
		[400, '64 hashes', p.body(5, 9, { path: Array(64).fill(sha256('x')) })],
		[400, 'no empty line', cut('\n\n', '\n')],
		[400, 'no signature', b.slice(0, b.indexOf('\u2014'))],
		[400, 'half a signature', b.slice(0, -9)],
		[400, 'a size with a leading zero', p.body(5, 9, { size: '09' })],
		[400, 'an extension line', p.body(5, 9, { more: 'more\n' })],
		[400, 'malformed, of an unknown log', p.body(5, 9, { ...elsewhere,
			size: '09' })],
		[404, 'an unknown log, old above the size', p.body(9, 5, elsewhere)],
		[404, 'the name of the log and a bit', p.body(5, 9, { origin:
			`${p.origin}/` })],
		[403, 'another key of that name', p.body(5, 9, { keys: [thief] })],
		[403, 'its key, not its signature', p.body(5, 9, { keys: [forged] })],
		[403, 'a good line and a bad one', p.body(5, 9, { keys:
			[p.keys[0], forged] })],
		[403, 'old above the size, by another key', p.body(9, 5, { keys:
			[thief] })],
		[400, 'old above the size', p.body(9, 5)],
	];
}

async function claimStatus(p, status, what, body, text = /^[^\n]+\n$/) {
	const a = await p.post(body);
	claim(a.status === status && text.test(a.text) && (status !== 409 ||
		a.type === 'text/x.tlog.size'), `${status}: ${what}`,
	JSON.stringify(a));
}

// From nothing to a tree of 5, and then what does not continue it.
async function testStates(p) {
	const none = await p.view();
	claim(none.status === 404, 'nothing is shown of a log not yet cosigned');
	const wrong = [sha256('x')];
	await claimStatus(p, 409, 'nothing was cosigned yet', p.body(5, 9), /^0\n$/);
	await claimStatus(p, 422, 'size 0 with another root', p.body(0, 0,
		{ root: wrong[0] }));
	await claimStatus(p, 422, 'a proof from nothing', p.body(0, 5,
		{ path: wrong }));
	claim((await p.view()).status === 404, 'refusals leave nothing behind');
	const empty = await p.grow(0, 0);
	claim(cosigned(empty, p, 0) > 0n, 'an empty log is cosigned', empty.text);
	const five = await p.grow(0, 5);
	claim(cosigned(five, p, 5) > 0n, 'and then one of 5', five.text);
	await claimStatus(p, 409, 'old 0, when 5 is known', p.body(0, 9), /^5\n$/);
	await claimStatus(p, 409, 'old 4, with a proof that is wrong', p.body(4, 9,
		{ path: wrong }), /^5\n$/);
	for (const [what, o] of [['no proof', { path: [] }],
		['another proof', { path: wrong }], ['another tree', {
			root: wrong[0] }], ['a hash too many', { path: [...consistencyPath(5,
			p.leaves.slice(0, 9)), ...wrong] }]])
		await claimStatus(p, 422, `growing with ${what}`, p.body(5, 9, o));
	await claimStatus(p, 422, 'the same size, another root', p.body(5, 5,
		{ root: wrong[0] }));
	await claimStatus(p, 422, 'the same tree, with a proof', p.body(5, 5,
		{ path: wrong }));
	const again = await p.grow(5, 5);
	claim(cosigned(again, p, 5) >= cosigned(five, p, 5),
		'the same tree again is cosigned again');
}

// Of requests that race from one size, one is answered; the others learn
// the new size, and go on from there.
async function testRace(p) {
	const sizes = Array.from({ length: 16 }, (_, i) => 6 + i);
	const answers = await Promise.all(sizes.map((n) => p.grow(5, n)));
	const won = answers.findIndex((a) => a.status === 200);
	const now = sizes[won];
	claim(won >= 0 && cosigned(answers[won], p, now) > 0n && answers.every((a,
		i) => i === won || (a.status === 409 && a.text === `${now}\n`)),
	`of 16 that race, one is cosigned, of size ${now}`,
	answers.map((a) => a.status).join());
	const last = await p.grow(now, 30);
	claim(cosigned(last, p, 30) > 0n, 'and the log goes on from there');
}

// What it keeps and shows: one line of each key of the log, and its own.
async function testKept(p) {
	const [key] = p.keys;
	const own = { ...ed25519('w.example/0', 4),
		id: Buffer.from(parseKey(p.vkey, [4]).id, 'hex') };
	const a = await p.grow(30, 31, { keys: [own, key, key,
		ed25519('x.example', 4)] });
	claim(cosigned(a, p, 31) > 0n, 'lines in its own name are not its business');
	const kept = await p.view();
	claim(kept.status === 200 && kept.text === `${p.head(31)}${a.text}`,
		'its view is the text, the log\'s line once, and its own', kept.text);
	claim((await fetchAll(`${p.url}/${'0'.repeat(64)}/checkpoint`, 'GET'))
		.status === 404, 'of no other log');
}

// The log's key changes: both sign for a while, then the new one alone.
async function testNewKey(p) {
	const [old, young] = p.keys;
	await p.witness.stop();
	await works('witness', `${TMP}/v`, '--add-log', young.vkey);
	p.witness = await listen('witness', `${TMP}/v`);
	p.url = p.witness.url;
	await claimStatus(p, 409, 'it remembers after a new start', p.body(0, 32),
		/^31\n$/);
	const both = await p.grow(31, 32, { keys: [old, young] });
	const shown = await p.view();
	claim(cosigned(both, p, 32) > 0n && shown.text ===
		`${p.head(32, { keys: [old, young] })}${both.text}`,
	'two keys of one log, both lines are kept', shown.text);
	const alone = await p.grow(32, 33, { keys: [young] });
	claim(cosigned(alone, p, 33) > 0n, 'and then the new one alone');
}

// What any witness has to do.
async function testWitness(p) {
	for (const [status, what, body] of testOrder(p))
		await claimStatus(p, status, what, body);
	await testStates(p);
	await testRace(p);
	await testKept(p);
}

async function ourWitness(keys) {
	const dir = `${TMP}/v`;
	const vkey = (await works('witness', dir, '--init', 'w.example/0')).trim();
	await works('witness', dir, '--add-log', keys[0].vkey);
	const witness = await listen('witness', dir);
	const p = Object.assign(new Poster(witness.url, vkey, keys), { witness });
	await testWitness(p);
	const second = await confer('witness', dir, '--listen',
		`unix:${TMP}/v.sock`);
	claim(second.code === 2 && second.err.includes('lock'),
		'a second witness on the directory is refused', second.err);
	await testNewKey(p);
}

// The same requests have the same answers.
async function theirWitness(keys) {
	const key = ed25519('w.example/0', 4);
	const logs = `log ${keys[0].vkey}\n`;
	const server = await serveWitness(new Witness(`${TMP}/u`, key, logs));
	await testWitness(new Poster(server.url, key.vkey, keys));
	const again = new Witness(`${TMP}/u`, key, logs);
	claim(again.add(Buffer.from(new Poster('', '', keys).body(0, 32))).status ===
		409, 'theirs remembers as well');
	writeFileSync(`${TMP}/u/key`, writeKey(key), { mode: 0o600 });
	writeFileSync(`${TMP}/u/logs`, logs);
}

// ---- our log, their monitor -------------------------------------------------

const audit = async (...args) => {
	const p = await confer('audit', ...args, '--trust', world.trust, '--json');
	return { ...p, names: p.out ? JSON.parse(p.out).findings.map((f) =>
		f.name) : [] };
};

// A view whose checkpoint is an old one.
class Then {
	constructor(view, checkpoint) {
		Object.assign(this, { view, checkpoint });
	}
	get(path, limit) {
		return path === 'checkpoint' ? this.checkpoint :
			this.view.get(path, limit);
	}
}

const checkpoint = () => readFileSync(`${world.dir}/public/checkpoint`);

async function testGrowth(monitor, view) {
	const kept = [];
	for (const size of [200, 255, 256, 300, 512, 520]) {
		const files = [];
		while (world.appended + files.length < size)
			files.push(world.policy());
		await works('append', world.dir, ...files);
		world.appended = size;
		kept.push(checkpoint());
		const odd = await monitor.look(view, NOW);
		const widths = monitor.levels.map((x) => x.length).join(' and ');
		claim(odd.length === 0 && monitor.entries.length === size,
			`a log of ${size}: levels of ${widths} hashes, each record`,
			odd.join());
	}
	claim(monitor.heads.length === kept.length, 'each pair of its heads agrees');
	return kept;
}

// Partial tiles of a full one are gone; the full ones are cut [L-105].
async function testOld(kept, view) {
	const monitor = new Monitor(world.parsed, world.parsed.policies[0].policy);
	for (const note of [...kept].reverse()) {
		view.asked.length = 0;
		await monitor.look(new Then(view, note), NOW);
		const head = monitor.heads.at(-1);
		const cut = head.size % 256n !== 0n && head.size < 512n;
		const missing = `404 ${tilePath(0, Math.floor(Number(head.size) / 256),
			Number(head.size) % 256)}`;
		claim(view.asked.includes(missing) === cut,
			`the tree of ${head.size}${cut ? ', cut from full tiles' : ''}`,
			view.asked.join());
	}
}

// [what, path, edit of its bytes (null: removed), what our audit finds]
const flip = (at) => (b) => { b[at] ^= 1; return b; };
const TAMPERED = [
	['an entry', 'tile/entries/000', flip(700), 'tile-mismatch'],
	['a hash of a leaf', 'tile/0/001', flip(99), 'tile-mismatch'],
	['a hash of level 1', 'tile/1/000.p/2', flip(40), 'tile-mismatch'],
	['a tile cut off', 'tile/0/002.p/8', (b) => b.subarray(0, 255),
		'tile-mismatch'],
	['a tile with more', 'tile/0/002.p/8', (b) => Buffer.concat([b,
		Buffer.alloc(32)]), 'tile-mismatch'],
	['a bundle with more', 'tile/entries/002.p/8', (b) => Buffer.concat([b,
		Buffer.from([0, 1, 0])]), 'tile-mismatch'],
	['a tile that is gone', 'tile/0/000', () => null, 'tile-missing'],
	['a bundle that is gone', 'tile/entries/001', () => null, 'tile-missing'],
	['a signature', 'checkpoint', flip(120), null],
];

async function refusal(monitor, view) {
	try {
		return (await monitor.look(view, NOW)).join();
	} catch (e) {
		return e.message;
	}
}

async function testTampered() {
	await Promise.all(TAMPERED.map(async ([what, path, edit, name], i) => {
		const dir = `${TMP}/tampered-${i}`;
		cpSync(`${world.dir}/public`, dir, { recursive: true });
		const bytes = edit(readFileSync(`${dir}/${path}`));
		rmSync(`${dir}/${path}`);
		if (bytes)
			writeFileSync(`${dir}/${path}`, bytes);
		const theirs = await refusal(new Monitor(world.parsed,
			world.parsed.policies[0].policy), new DirView(dir));
		const ours = await audit(dir);
		claim(theirs && ours.code === 2 && (!name || ours.names.includes(name)),
			`${what}: ${theirs}`, `${theirs}; ${ours.code} ${ours.out}${ours.err}`);
	}));
}

// ---- two histories ----------------------------------------------------------

// A copy of our log's directory; w0 is not asked any more, and the others
// will sign for it what they are shown.
function forkOf(dir, name) {
	const fork = `${TMP}/${name}`;
	cpSync(dir, fork, { recursive: true });
	const text = world.trustText.replace(` ${world.ours.url}\n`, '\n');
	writeFileSync(`${fork}/state/trust`, text);
	return fork;
}

async function testOldCopy(copy) {
	const before = readFileSync(`${copy}/public/checkpoint`);
	const p = await confer('refresh', copy, '--force');
	const dead = readFileSync(`${copy}/state/dead`, 'utf8');
	claim(p.code === 6 && dead && before.equals(readFileSync(
		`${copy}/public/checkpoint`)), `an old copy is dead: ${dead.trim()}`,
	`${p.code} ${p.out}${p.err}`);
	const again = await confer('append', copy, world.policy());
	world.seq.set('policy', world.seq.get('policy') - 1);
	claim(again.code === 6, 'and stays dead', `${again.code} ${again.err}`);
}

// The two notes, both signed by the log, and why they contradict each other
// [L-173].
function judgeEvidence(dir) {
	const names = readdirSync(dir).filter((n) => n.includes('.')).sort();
	const [id] = names[0].split('.');
	const read = (end) => readFileSync(`${dir}/${id}.${end}`);
	const notes = ['note-1', 'note-2'].map(read);
	const keys = [parseKey(world.vkey, [1])];
	const heads = notes.map((bytes) => {
		const note = parseNote(bytes);
		signers(note, keys, 0);
		return parseCheckpoint(note);
	});
	if (sha256(...notes).toString('hex', 0, 8) !== id ||
		heads[0].origin !== heads[1].origin)
		return 'notes of another name, or of two logs';
	if (heads[0].size === heads[1].size)
		return names.length === 2 && !heads[0].root.equals(heads[1].root) ?
			'two roots' : 'no contradiction';
	const [first, old, young, ...path] = read('consistency').toString()
		.trimEnd().split('\n');
	const [, size, root] = old.split(' ');
	const there = Buffer.from(root, 'base64');
	const proven = first === 'confer-consistency/v1' &&
		size === String(heads[1].size) && !there.equals(heads[1].root) &&
		young === `new ${heads[0].size} ${heads[0].root.toString('base64')}` &&
		isConsistent(heads[1].size, there, heads[0].size, heads[0].root,
			path.map((p) => Buffer.from(p, 'base64')));
	return proven ? 'another tree' : 'no proof';
}

async function testFork(fork, size, url, sort) {
	const monitor = new Monitor(world.parsed, world.parsed.policies[0].policy);
	await monitor.look(new HttpView(url), NOW);
	const said = await refusal(monitor, new DirView(`${fork}/public`));
	claim(/two roots|does not continue/.test(said), `a fork of size ${size}: ` +
		said, said);
	const kept = `${TMP}/evidence-${size}`;
	const two = await audit(url, `${fork}/public`, '--evidence', kept);
	claim(two.code === 5 && two.names.includes('view-differs') &&
		judgeEvidence(kept) === sort, 'our audit of both proves it to anybody',
	`${two.code} ${two.out}`);
	const state = `${TMP}/state-${size}`;
	const one = await audit(`${fork}/public`, '--state', state);
	const other = await audit(url, '--state', state);
	claim(one.code === 0 && other.code === 5 && other.names.includes('forked') &&
		judgeEvidence(`${state}/evidence`) === sort,
	'and the one that remembers', `${one.out} ${other.code} ${other.out}`);
}

// Others of a log that was one until `from`: one smaller than ours, one of
// the same size.
async function testForks(copy, from, url) {
	const collude = [0, 1].map((i) => lines((text) =>
		note(text, [world.keys[i]], NOW)));
	const forks = ['small', 'same'].map((name) => forkOf(copy, name));
	const seq = world.seq.get('policy');
	world.seq.set('policy', from);
	const files = Array.from({ length: world.appended - from }, () =>
		world.record('policy', ['hardware any'], { days: 5 }));
	world.seq.set('policy', seq);
	world.bad = collude;
	await Promise.all([works('append', forks[0], ...files.slice(0, 2)),
		works('append', forks[1], ...files)]);
	world.bad = [null, null];
	await Promise.all([testFork(forks[0], from + 2, url, 'another tree'),
		testFork(forks[1], world.appended, url, 'two roots'),
		testShrunk(`${forks[0]}/public`, url)]);
}

// Less than was signed, without the tiles of the rest, is not yet a proof.
async function testShrunk(fork, url) {
	const state = `${TMP}/shrunk`;
	await audit(url, '--state', state);
	const p = await audit(fork, '--state', state);
	claim(p.code === 2 && p.names.join() === 'shrunk', 'a log that shrank',
		p.out);
}

// One that only says that it has seen more stops the publication, no more.
async function testClaim() {
	const before = checkpoint();
	world.bad[0] = plain(409, '999999\n', SIZE);
	const p = await append();
	claim(p.code === 6 && checkpoint().equals(before) &&
		p.error.message.includes('without proof'),
	`a claim without proof: ${p.error?.message}`, JSON.stringify(p));
	world.bad[0] = null;
	const all = await confer('refresh', world.dir);
	claim(all.code === 0 && !checkpoint().equals(before),
		'is over with the lie: the log goes on', all.out);
}

// ---- files of one, read by the other ----------------------------------------

// Where a text ends with `sha256 <hex64>` of all before: what is before.
function sealed(path) {
	const bytes = readFileSync(path);
	const at = bytes.length - 'sha256 \n'.length - 64;
	const before = bytes.subarray(0, at);
	return bytes.toString('latin1', at) ===
		`sha256 ${sha256(before).toString('hex')}\n` ? before.toString() : '';
}

async function testKeys() {
	const log = readFileSync(`${TMP}/log.key`, 'utf8');
	claim(readKey(log).vkey === world.vkey && writeKey(readKey(log)) === log,
		'a key that we made, read and written by the stranger');
	for (const type of [1, 4]) {
		const key = ed25519('key.example', type);
		const path = `${TMP}/key-${type}`;
		writeFileSync(path, writeKey(key), { mode: 0o600 });
		const p = await confer('key', 'show', path);
		claim(p.out.includes(key.vkey), `and theirs, of type ${type}`, p.err);
	}
}

// [L-143], [L-175]
function testState(audited) {
	const head = sealed(`${world.dir}/state/head`);
	const text = checkpoint().toString().split('\n\n')[0];
	const key = readKey(readFileSync(`${TMP}/log.key`, 'utf8'));
	claim(head === `confer-log-head/v1\n${note(`${text}\n`, [key])}`,
		'the head is the text of the checkpoint and the log\'s signature', head);
	const state = sealed(`${audited}/audit`);
	const [lines, kept] = state.split(/note \d+\n/);
	const edges = [...lines.matchAll(/^edge (\d+) ([0-9a-f]{64})$/gm)];
	const root = edges.map((m) => Buffer.from(m[2], 'hex')).reduce((right,
		left) => node(left, right));
	const { size, root: signed } = parseCheckpoint(parseNote(Buffer.from(kept)));
	claim(lines.startsWith('confer-audit/v1\n') && root.equals(signed) &&
		edges.reduce((sum, m) => sum + 2n ** BigInt(m[1]), 0n) === size &&
		lines.includes(`stream policy confer x ${size} `),
	'the state of an audit holds the right edge of its tree', lines);
}

// Each goes on in the directory of the other, once that one has stopped.
async function testDirectories(keys) {
	const size = `${parseCheckpoint(parseNote(checkpoint())).size}\n`;
	const post = new Poster('', '', keys).body(0, 32);
	const ask = Buffer.from(`old 0\n\n${checkpoint()}`);
	await world.ours.stop();
	const theirs = new Witness(`${TMP}/w0`, readKey(readFileSync(
		`${TMP}/w0/key`, 'utf8')), readFileSync(`${TMP}/w0/logs`, 'utf8'));
	const a = theirs.add(ask);
	claim(a.status === 409 && a.body === size,
		'a stranger\'s witness goes on with our directory', a.body);
	const { url } = await listen('witness', `${TMP}/u`);
	const b = await fetchAll(`${url}/add-checkpoint`, 'POST', post);
	claim(b.status === 409 && b.text === '31\n',
		'and our witness with a stranger\'s', JSON.stringify(b));
}

async function theirMonitor() {
	const { url } = await listen('serve', world.dir);
	const view = new HttpView(url);
	const monitor = new Monitor(world.parsed, world.parsed.policies[0].policy);
	const copies = ['old', 'base'].map((name) => `${TMP}/${name}`);
	copies.forEach((c) => cpSync(world.dir, c, { recursive: true }));
	const from = world.appended;
	const kept = await testGrowth(monitor, view);
	await testOld(kept, view);
	const whole = await audit(url);
	claim(whole.code === 0, 'our audit finds nothing either', whole.out);
	await Promise.all([testTampered(), testOldCopy(copies[0])]);
	await testForks(copies[1], from, url);
	await testClaim();
	await testKeys();
	await audit(url, '--state', `${TMP}/audited`);
	testState(`${TMP}/audited`);
}

await main(async () => {
	await world.start();
	const keys = [1, 2].map(() => ed25519('log.example/t'));
	await Promise.all([ourLog(), ourWitness(keys), theirWitness(keys)]);
	await theirMonitor();
	await testDirectories(keys);
});
