// Signed notes, trust policies, proofs and release records: docs/log.md.
import { createPublicKey, verify } from 'node:crypto';
import { sha256 } from './noise.mjs';
import { need } from './wire.mjs';

const MAX = 2n ** 63n - 1n;

export function number(text) {
	need(/^(0|[1-9]\d{0,18})$/.test(text) && BigInt(text) <= MAX,
		`"${text}" is not a number`);
	return BigInt(text);
}

export function base64(text) {
	const out = Buffer.from(text, 'base64');
	need(out.toString('base64') === text, 'base64 that is not canonical');
	return out;
}

function utf8(bytes, limit, what) {
	need(bytes.length <= limit, `${what}: too long`);
	try {
		return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
			.decode(bytes);
	} catch {
		need(false, `${what}: not UTF-8`);
	}
}

const NAME = /^[^+\p{White_Space}]+$/u;
const isName = (s) => NAME.test(s) && Buffer.byteLength(s) <= 255;

export function parseKey(text, types) {
	const m = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text);
	need(m && isName(m[1]), `malformed key "${text}"`);
	const [name, id, raw] = [m[1], m[2], base64(m[3])];
	need(types.includes(raw[0]) && (raw[0] === 6 || raw.length === 33),
		`key ${name}: type or length`);
	need(sha256(name, '\n', raw).toString('hex', 0, 4) === id,
		`key ${name}: wrong id`);
	return { name, id, type: raw[0], pub: raw.subarray(1) };
}

const ED = Buffer.from('302a300506032b6570032100', 'hex');

function ed25519(pub, message, signature) {
	const key = createPublicKey({ key: Buffer.concat([ED, pub]),
		format: 'der', type: 'spki' });
	return signature.length === 64 && verify(null, message, key, signature);
}

export function parseNote(bytes) {
	const all = utf8(bytes, 262144, 'note');
	need(!/[\x00-\x09\x0b-\x1f]/.test(all) && all.endsWith('\n'),
		'note: control characters or no final LF');
	const cut = all.lastIndexOf('\n\n');
	need(cut >= 0, 'note: no empty line');
	const lines = all.slice(cut + 2, -1).split('\n');
	need(lines.length <= 32, 'note: too many signatures');
	const signatures = lines.map((line) => {
		const [dash, name, value, more] = line.split(' ');
		need(dash === '\u2014' && value && more === undefined &&
			isName(name), 'note: malformed signature line');
		const raw = base64(value);
		need(raw.length >= 5, 'note: a signature too short');
		return { name, id: raw.toString('hex', 0, 4), raw: raw.subarray(4) };
	});
	return { text: all.slice(0, cut + 1), signatures };
}

// The known keys that signed, each with its newest usable time; one line
// of a known key that does not verify rejects the note [L-13].
export function signers(note, keys, now) {
	const out = new Map();
	for (const s of note.signatures) {
		const key = keys.find((k) => k.name === s.name && k.id === s.id);
		if (!key || key.type === 6)
			continue;
		let message = note.text;
		let time = 0n;
		if (key.type === 4) {
			need(s.raw.length === 72, `${s.name}: cosignature length`);
			time = s.raw.readBigUInt64BE(0);
			message = `cosignature/v1\ntime ${time}\n${note.text}`;
			need(time <= MAX, `${s.name}: time`);
		}
		need(ed25519(key.pub, Buffer.from(message),
			s.raw.subarray(key.type === 4 ? 8 : 0)),
			`signature of ${s.name} does not verify`);
		const old = out.get(key) ?? -1n;
		const usable = time <= BigInt(now + 300);
		out.set(key, usable && time > old ? time : old);
	}
	need(out.size > 0, 'note: no line of a known key');
	return out;
}

export function parsePolicy(bytes, local) {
	const policy = { logs: [], members: new Map(), quorum: undefined };
	const taken = new Set();
	const { members } = policy;
	const witnesses = () => [...members.values()].filter((m) => m.key);
	for (const line of utf8(bytes, 65536, 'policy').split('\n')) {
		need(!/[\x00-\x08\x0b-\x1f\x7f]/.test(line), 'policy: control bytes');
		const f = line.split(/[ \t]+/).filter((x) => x);
		if (f.length === 0 || f[0].startsWith('#'))
			continue;
		const fresh = (n) => need(isName(n) && !members.has(n) &&
			!['none', 'any', 'all'].includes(n), `policy: name ${n}`);
		const own = (key) => {
			const hex = key.pub.toString('hex');
			need(!taken.has(hex), 'policy: a key given twice');
			taken.add(hex);
			return key;
		};
		if (f[0] === 'log' && (f.length === 2 || f.length === 3)) {
			policy.logs.push(own(parseKey(f[1], [1, 6])));
		} else if (f[0] === 'witness' && (f.length === 3 || f.length === 4)) {
			fresh(f[1]);
			members.set(f[1], { key: own(parseKey(f[2], [4, 6])) });
		} else if (f[0] === 'group' && f.length >= 4) {
			fresh(f[1]);
			const of = f.slice(3).map((n) => members.get(n));
			need(of.every((m) => m && !m.used) &&
				new Set(of).size === of.length, `policy: group ${f[1]}`);
			of.forEach((m) => { m.used = true; });
			const k = f[2] === 'any' ? 1 : f[2] === 'all' ? of.length :
				Number(number(f[2]));
			need(k >= 1 && k <= of.length, `policy: k of group ${f[1]}`);
			members.set(f[1], { k, of });
		} else {
			need(f[0] === 'quorum' && f.length === 2 &&
				policy.quorum === undefined, `policy: line "${line}"`);
			need(f[1] === 'none' ? local : members.has(f[1]),
				`policy: quorum ${f[1]}`);
			policy.quorum = f[1] === 'none' ? null : members.get(f[1]);
		}
	}
	policy.witnesses = witnesses().map((m) => m.key);
	need(policy.quorum !== undefined, 'policy: no quorum line');
	need(policy.logs.length <= 8 && policy.witnesses.length <= 24 &&
		members.size - policy.witnesses.length <= 24, 'policy: too many');
	need(!policy.witnesses.some((w) =>
		policy.logs.some((l) => l.name === w.name)), 'policy: shared name');
	return policy;
}

// The greatest T for which the member holds with times >= T, or -1.
export function quorumTime(member, times) {
	if (member.key)
		return times.get(member.key) ?? -1n;
	const sorted = member.of.map((m) => quorumTime(m, times))
		.sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
	return sorted[member.k - 1];
}

export const node = (l, r) => sha256(Buffer.from([1]), l, r);

// RFC 9162, 2.1.3.2.
function rootOf(leaf, index, size, path) {
	need(index < size, 'proof: index beyond the tree');
	let [fn, sn, r] = [index, size - 1n, leaf];
	for (const p of path) {
		need(sn > 0n, 'proof: too many hashes');
		if (fn & 1n || fn === sn) {
			r = node(p, r);
			while (!(fn & 1n) && fn !== 0n)
				[fn, sn] = [fn >> 1n, sn >> 1n];
		} else {
			r = node(r, p);
		}
		[fn, sn] = [fn >> 1n, sn >> 1n];
	}
	need(sn === 0n, 'proof: too few hashes');
	return r;
}

export const leafHash = (entry) => sha256(Buffer.from([0]), entry);

// The three lines of a checkpoint, and no more [L-17, L-18]. Whether the root
// of an empty tree is the right one is for the caller: a witness asks later.
export function parseCheckpoint(note) {
	const head = note.text.split('\n');
	need(head.length === 4 && head[3] === '' && head[0] !== '' &&
		Buffer.byteLength(head[0]) <= 255, 'checkpoint: lines');
	const [origin, size, root] = [head[0], number(head[1]), base64(head[2])];
	need(root.length === 32, 'checkpoint: root');
	return { origin, size, root };
}

// { origin, size, root, deadline }: deadline is null under quorum none.
export function verifyCheckpoint(bytes, policy, now) {
	const note = parseNote(bytes);
	const { origin, size, root } = parseCheckpoint(note);
	need(size > 0n || root.equals(sha256()), 'checkpoint: root');
	const times = signers(note, [...policy.logs, ...policy.witnesses], now);
	need([...times.keys()].some((k) => policy.logs.includes(k) &&
		k.name === origin), `checkpoint: no log signed as ${origin}`);
	let deadline = null;
	if (policy.quorum) {
		const t = quorumTime(policy.quorum, times);
		need(t >= 0n, 'checkpoint: no quorum of witnesses');
		deadline = t + 604800n;
		need(deadline >= BigInt(now), 'checkpoint: stale');
	}
	return { origin, size, root, deadline };
}

// As verifyCheckpoint, for the tree that the entry is in.
export function verifyProof(bytes, entry, policy, now) {
	const all = utf8(bytes, 65536, 'proof');
	const cut = all.indexOf('\n\n');
	need(cut >= 0, 'proof: no empty line');
	const lines = all.slice(0, cut).split('\n');
	need(lines.shift() === 'c2sp.org/tlog-proof@v1', 'proof: first line');
	if (lines[0]?.startsWith('extra ')) {
		const extra = lines.shift().slice(6);
		need(extra && extra.length <= 4096, 'proof: length of extra');
		base64(extra);
	}
	const m = /^index (.*)$/.exec(lines.shift() ?? '');
	need(m, 'proof: no index');
	const index = number(m[1]);
	const path = lines.map(base64);
	need(path.length <= 63 && path.every((p) => p.length === 32),
		'proof: hashes');
	const head = verifyCheckpoint(Buffer.from(all.slice(cut + 2)), policy, now);
	const { size, root } = head;
	need(rootOf(leafHash(entry), index, size, path).equals(root),
		'the proof does not lead to the root');
	return head;
}

// Section 6: each line is keyword, fields, then how often. "=x" is the
// word x itself; by is the number of fields that no two lines share.
const FIELD = { number: /^(0|[1-9]\d{0,18})$/, token: /^[A-Za-z0-9._+-]{1,64}$/,
	text: /^[\x21-\x7e]{1,255}$/, vkey: /^[\x21-\x7e]{1,4096}$/,
	git: /^([0-9a-f]{40}|[0-9a-f]{64})$/, sha: /^sha256:[0-9a-f]{64}$/,
	digest: /^(sha256|verity):[0-9a-f]{64}$/, access: /^(any|listed)$/,
	kind: /^(image|model|web|client|policy|retire|rebuild)$/ };
const L = (keyword, fields, min = 1, max = 1, by = 0) =>
	({ keyword, fields: fields.split(' '), min, max, by });
const HEAD = [L('kind', 'kind'), L('product', 'token'), L('channel', 'token'),
	L('seq', 'number'), L('issued', 'number'), L('not-before', 'number'),
	L('not-after', 'number')];
const TDX = 'token =mrtd hex96 =rtmr0 hex96 =rtmr1 hex96 =rtmr2 hex96 ' +
	'=rtmr3 hex96 =attributes hex16 =xfam hex16';
const SGX = '=mrenclave hex64 =mrsigner hex64 =isvprodid number =isvsvn ' +
	'number =attributes hex32 =mask hex32';
const BUILT = [L('version', 'token'), L('source', 'text git git', 0),
	L('recipe', 'sha', 0)];
const KINDS = {
	image: [L('version', 'token'), L('source', 'text git git', 0),
		L('recipe', 'sha', 0), L('builder', 'sha', 0),
		L('file', 'token number digest', 0, 32, 1),
		L('snp', 'number token hex96 =policy hex16', 0, 16),
		L('tdx', TDX, 0, 16), L('sgx', SGX, 0, 16), L('sim', 'hex96', 0, 16),
		L('model', 'token digest', 0, 16, 1), L('supersedes', 'number', 0)],
	model: [L('name', 'token'), L('file', 'number sha'),
		L('verity', 'hex64', 0), L('tokenizer', 'token'),
		L('template', 'sha', 0), L('quant', 'token'), L('context', 'number')],
	policy: [L('min-seq', 'kind token token number', 0, 32, 3),
		L('revoked', 'hex64', 0, 64),
		L('tcb-snp', '=milan number number number number', 0),
		L('tcb-snp', '=genoa number number number number', 0),
		L('tcb-snp', '=turin number number number number number', 0),
		L('tcb-tdx', 'number', 0), L('tcb-sgx', 'number', 0),
		L('hardware', 'access'), L('chip', 'hex128 number', 0, 32, 1),
		L('ppid', 'hex32 number', 0, 32), L('next-log', 'vkey', 0, 8),
		L('next-witness', 'token vkey', 0, 8, 1)],
	web: [...BUILT, L('bundle', 'number sha')],
	client: [...BUILT, L('file', 'token number digest', 1, 32, 1)],
	retire: [L('log', 'text'), L('last', 'number hex64'),
		L('cause', 'token'), L('successor', 'text', 0)],
	rebuild: [L('release', 'hex64'), L('result', 'sha'),
		L('rebuilder', 'token')],
};

function fits(field, value) {
	if (field[0] === '=')
		return value === field.slice(1);
	if (field.startsWith('hex'))
		return value.length === +field.slice(3) && /^[0-9a-f]+$/.test(value);
	return FIELD[field].test(value) &&
		(field !== 'number' || BigInt(value) <= MAX);
}

function matches(rule, line) {
	const [keyword, ...values] = line.split(' ');
	return keyword === rule.keyword && values.length === rule.fields.length &&
		rule.fields.every((f, i) => fits(f, values[i]));
}

// Consumes lines by the rules; { keyword: [[field, ...], ...] }.
function take(rules, lines) {
	const out = {};
	for (const rule of rules) {
		const got = [];
		while (lines.length && got.length < rule.max && matches(rule, lines[0]))
			got.push(lines.shift());
		need(got.length >= rule.min, `record: ${rule.keyword}`);
		need(got.every((x, i) => i === 0 || got[i - 1] < x),
			`record: order of ${rule.keyword}`);
		const values = got.map((x) => x.split(' ').slice(1));
		const keys = values.map((v) => v.slice(0, rule.by).join(' '));
		need(!rule.by || new Set(keys).size === keys.length,
			`record: ${rule.keyword} given twice`);
		out[rule.keyword] = [...(out[rule.keyword] ?? []), ...values];
	}
	return out;
}

function judgeImage(r) {
	const ok = [...r.snp, ...r.tdx, ...r.sgx, ...r.sim].length > 0 &&
		r.snp.every(([n]) => +n >= 1 && +n <= 4096) &&
		r.sgx.every((f) => +f[5] < 65536 && +f[7] < 65536) &&
		r.supersedes.every(([n]) => BigInt(n) < r.seq);
	need(ok, 'record: image values');
}

function judgePolicy(r) {
	const spl = r['tcb-snp'].flatMap((f) => f.slice(1));
	need(spl.every((n) => +n <= 255), 'record: tcb-snp above 255');
	need(r.hardware[0][0] === 'listed' || r.chip.length + r.ppid.length === 0,
		'record: chip under hardware any');
	r['next-log'].forEach(([k]) => parseKey(k, [1]));
	r['next-witness'].forEach(([, k]) => parseKey(k, [4]));
}

export function parseRecord(text) {
	const lines = text.split('\n');
	need(lines.pop() === '' && lines.shift() === 'confer-release/v1',
		'record: first line');
	const head = take(HEAD, lines);
	const kind = head.kind[0][0];
	need(KINDS[kind], `record: kind ${kind}`);
	const r = { ...take(KINDS[kind], lines), kind,
		product: head.product[0][0], channel: head.channel[0][0],
		seq: BigInt(head.seq[0][0]), issued: BigInt(head.issued[0][0]),
		notBefore: BigInt(head['not-before'][0][0]),
		notAfter: BigInt(head['not-after'][0][0]) };
	need(lines.length === 0, `record: line "${lines[0]}"`);
	const days = { policy: 7n, rebuild: 3660n, retire: 3660n }[kind] ?? 180n;
	need(r.seq >= 1n && r.issued <= r.notBefore && r.notBefore < r.notAfter &&
		r.notAfter - r.issued <= days * 86400n, 'record: seq or times');
	if (kind === 'image')
		judgeImage(r);
	else if (kind === 'policy')
		judgePolicy(r);
	else if (kind === 'model')
		need(+r.file[0][0] >= 1 && +r.context[0][0] >= 1, 'record: model');
	return r;
}

// [A-22]: k of n release keys (of a rebuild: a rebuilder's key), the kind, the
// product and the channel.
export function verifyRecord(bytes, kind, trust) {
	need(bytes.length >= 1 && bytes.length <= 16384, 'record: length');
	const note = parseNote(bytes);
	const [keys, k] = kind === 'rebuild' ? [trust.rebuilderKeys, 1] :
		[trust.releaseKeys, trust.threshold];
	const by = signers(note, keys, 0);
	need(by.size >= k, `signed by ${by.size} keys, not ${k}`);
	const r = parseRecord(note.text);
	need(r.kind === kind, `a record of kind ${r.kind}, not ${kind}`);
	r.by = keys.filter((key) => by.has(key)).map((key) => key.name);
	need(r.product === trust.product && r.channel === trust.channel,
		`a record of ${r.product} ${r.channel}`);
	return r;
}

// Is there a line of one of these keys, whether it verifies or not?
export function namesOneOf(bytes, keys) {
	need(bytes.length >= 1 && bytes.length <= 16384, 'record: length');
	return parseNote(bytes).signatures.some((s) =>
		keys.some((k) => k.name === s.name && k.id === s.id));
}

// [L-85], of an image, web or client record.
export function rebuildResult(bytes) {
	const { text } = parseNote(bytes);
	const lines = text.split('\n').filter((line) =>
		/^(file|snp|tdx|sgx|bundle) /.test(line));
	need(/^kind (image|web|client)$/m.test(text) && lines.length > 0,
		'no line that a rebuild could give');
	return `sha256:${sha256(...lines.map((x) => `${x}\n`)).toString('hex')}`;
}
