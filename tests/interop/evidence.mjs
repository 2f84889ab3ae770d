// The evidence bundle and the verdict on it: docs/attestation.md.
import * as c from 'node:crypto';
import { sha256 } from './noise.mjs';
import { need } from './wire.mjs';
import { leafHash, namesOneOf, number, parseKey, parsePolicy, quorumTime,
	rebuildResult, verifyProof, verifyRecord } from './log.mjs';

export function parseTrust(bytes) {
	const cut = bytes.indexOf('\n\n');
	need(cut >= 0 && bytes.length <= 81920, 'trust file: no empty line');
	const lines = bytes.toString('latin1', 0, cut).split('\n');
	need(lines.shift() === 'confer-trust/v1', 'trust file: first line');
	const one = (keyword) => {
		const m = new RegExp(`^${keyword} (.+)$`).exec(lines[0] ?? '');
		return m && lines.shift() && m[1];
	};
	const many = (keyword, parse) => {
		const out = [];
		for (let v = one(keyword); v; v = one(keyword))
			out.push(parse(v));
		return out;
	};
	const t = { product: one('product'), channel: one('channel') };
	t.local = lines[0] === 'local' && Boolean(lines.shift());
	t.releaseKeys = many('release-key', (v) => parseKey(v, [1]));
	const k = one('threshold');
	t.rebuilderKeys = many('rebuilder-key', (v) => parseKey(v, [1]));
	t.operators = many('operator', parseOperator);
	t.roots = many('sim-root', (v) => {
		need(/^04[0-9a-f]{192}$/.test(v), 'trust file: sim-root');
		return Buffer.from(v, 'hex');
	});
	const token = /^[A-Za-z0-9._+-]{1,64}$/;
	need(lines.length === 0, `trust file: line "${lines[0]}"`);
	need(token.test(t.product) && token.test(t.channel),
		'trust file: product, channel');
	const n = t.releaseKeys.length;
	need(n >= 1 && n <= 16 && t.roots.length <= 8 &&
		t.rebuilderKeys.length <= 8, 'trust file: keys');
	need(/^[1-9]\d?$/.test(k) && +k <= n, 'trust file: threshold');
	const keys = [...[...t.releaseKeys, ...t.rebuilderKeys].map((x) => x.pub),
		...t.roots];
	need(new Set(keys.map((x) => x.toString('hex'))).size === keys.length,
		'trust file: a key given twice');
	t.threshold = +k;
	t.policies = parsePolicies(bytes.subarray(cut + 2), t.local);
	judgeOperators(t);
	return t;
}

//
function parseOperator(value) {
	const m = /^([^ ]+) ([!-~](?:[ -~]{0,62}[!-~])?)$/.exec(value);
	need(m && !m[1].includes('+') && m[2] !== 'not stated' &&
		m[1].length <= 255, 'trust file: operator');
	return { witness: m[1], name: m[2] };
}

// [L-40]: who runs the witness with this key.
export function operatorOf(trust, key) {
	return trust.operators.find((o) => o.witness === key.name)?.name ??
		'not stated';
}

// [L-40]: how many people stand behind these witnesses.
export function independentOperators(trust, keys) {
	return new Set(keys.map((key) => operatorOf(trust, key))
		.filter((name) => name !== 'this-machine')).size;
}

function judgeOperators(t) {
	const of = t.operators;
	need(of.length <= 96 && of.every((o, i) =>
		(i === 0 || of[i - 1].witness < o.witness) && t.policies.some((p) =>
			p.policy.witnesses.some((w) => w.name === o.witness))),
	'trust file: operators');
	for (const { policy } of t.local ? [] : t.policies)
		for (const key of policy.witnesses) {
			const mine = [operatorOf(t, key), 'this-machine'];
			need(quorumTime(policy.quorum, new Map(policy.witnesses
				.filter((w) => mine.includes(operatorOf(t, w)))
				.map((w) => [w, 0n]))) < 0n,
			`trust file: ${mine[0]} can meet the quorum alone`);
		}
}

// [L-39]: each text with the time in which it counts.
function parsePolicies(bytes, local) {
	const text = bytes.toString('latin1');
	if (!text.startsWith('valid '))
		return [{ from: 0n, until: 1n << 64n,
			policy: parsePolicy(bytes, local) }];
	const out = text.split(/^(?=valid )/m).map((part) => {
		const m = /^valid (\d+) (\d+)\n/.exec(part);
		need(m, 'trust file: valid');
		return { from: number(m[1]), until: number(m[2]), policy: parsePolicy(
			Buffer.from(part.slice(m[0].length), 'latin1'), local) };
	});
	need(out.length <= 4 && out.every((w, i) => w.from < w.until &&
		(i === 0 || out[i - 1].until <= w.from)), 'trust file: windows');
	return out;
}

export function policyAt(trust, now) {
	const window = trust.policies.find((w) => w.from <= BigInt(now) &&
		BigInt(now) < w.until);
	need(window, 'the list of logs and witnesses is not for this time');
	return window;
}

const KINDS = { 1: 'snp', 2: 'tdx', 3: 'sgx', 255: 'sim' };
const KNOWN = [1, 2, 3, 4, 5, 16, 17, 18, 19, 20, 21, 22, 23];

export function parseBundle(b) {
	need(b.length >= 1 && b.length <= 61440 && b[0] === 1,
		'evidence: version or length');
	const out = {};
	let last = 0;
	for (let at = 1; at < b.length;) {
		need(b.length - at >= 4, `evidence: cut at ${at}`);
		const [type, n] = [b[at], b.readUIntBE(at + 1, 3)];
		need(KNOWN.includes(type) && type > last,
			`evidence: section ${type} at ${at}`);
		need(n > 0 && n <= b.length - at - 4, `evidence: length at ${at}`);
		out[type] = b.subarray(at + 4, at + 4 + n);
		last = type;
		at += 4 + n;
	}
	need(out[1]?.length === 1, 'evidence: kind of TEE');
	const kind = KINDS[out[1][0]];
	need(kind, `evidence of the unknown kind ${out[1][0]}`);
	const all = KNOWN.filter((t) => t !== 4 && t < 22);
	need(all.every((t) => out[t]) && !out[4], 'evidence: sections missing');
	need(!out[22] === !out[23], 'rebuilt by others: half of a statement');
	const binding = [];
	for (let at = 0; binding.length < 4 || (binding.length < 5 &&
		at < out[5].length); at += 2 + binding.at(-1).length) {
		need(out[5].length >= at + 2, 'evidence: binding cut');
		const n = out[5].readUInt16BE(at);
		need(((n === 0 && binding.length < 4) ||
			n === (binding.length === 3 ? 8 : 32)) &&
			out[5].length >= at + 2 + n, 'evidence: binding');
		binding.push(out[5].subarray(at + 2, at + 2 + n));
	}
	need(out[5].length === binding.reduce((n, x) => n + 2 + x.length, 0),
		'evidence: bytes after the binding');
	return { kind, report: out[2], endorsement: out[3], binding, image: out[16],
		imageProof: out[17], model: out[18], modelProof: out[19],
		policy: out[20], policyProof: out[21],
		rebuild: out[22], rebuildProof: out[23] };
}

export function reportData(key, binding) {
	const lp = (x) => Buffer.concat([Buffer.from([0, x.length]), x]);
	return c.createHash('sha512').update(Buffer.concat(
		[Buffer.from('confer tee-key v1\0'), ...[key, ...binding].map(lp)]))
		.digest();
}

const P384 = Buffer.from('3076301006072a8648ce3d020106052b81040022036200',
	'hex');

function ecdsa(point, message, signature) {
	try {
		const key = c.createPublicKey({ key: Buffer.concat([P384, point]),
			format: 'der', type: 'spki' });
		return c.verify('sha384', message, { key, dsaEncoding: 'ieee-p1363' },
			signature);
	} catch {
		return false;
	}
}

const zero = (b, at, n) => b.subarray(at, at + n).every((x) => x === 0);
const padded = (b, at, text) => zero(b, at + text.length, 16 - text.length) &&
	b.toString('latin1', at, at + text.length) === text;
const backwards = (b, at) => Buffer.from(b.subarray(at, at + 48)).reverse();

function reportFormat(r) {
	need(r.length === 1184, 'report: length');
	const version = r.readUInt32LE(0);
	need(version >= 2 && version <= 5, `report: version ${version}`);
	need(r.readUInt32LE(0x34) === 1, 'report: signature algorithm');
	const spare = [[0x4c, 4], [0x18b, 21], [0x1eb, 1], [0x1ef, 1], [0x208, 152],
		[0x2a0 + 48, 24], [0x2e8 + 48, 24], [0x330, 368]];
	if (version < 5)
		spare.push([0x1f8, 16]);
	need(spare.every(([at, n]) => zero(r, at, n)), 'report: reserved bytes');
	const [family, model] = [r[0x188], r[0x189]];
	if (version === 2)
		need(zero(r, 0x188, 3), 'report: reserved bytes');
	if (version === 2 || (family === 0x19 &&
		(model <= 0x1f || (model >= 0xa0 && model <= 0xaf))))
		return [0, 1, 6, 7];
	need(family === 0x1a && model <= 0x11, 'report: unknown processor');
	return [0, 1, 2, 3, 7];
}

// A simulated chip and its report, rows 3 to 10.
function checkSim(ev, key, trust) {
	const [r, e] = [ev.report, ev.endorsement];
	const parts = reportFormat(r);
	need(e.length === 323 &&
		e.toString('latin1', 0, 26) === 'confer-sim-endorsement v1\0',
		'endorsement: format');
	const root = trust.roots.find((x) => sha256(x).equals(e.subarray(26, 58)));
	need(root, 'pinned root: the endorsement names another one');
	need(r.subarray(0x1a0, 0x1e0).equals(e.subarray(58, 122)) &&
		!zero(r, 0x1a0, 64), 'chip: another CHIP_ID');
	const info = r.readUInt32LE(0x48);
	need(((info >> 2) & 7) === 0 && padded(r, 0x10, 'SIMULATED') &&
		padded(r, 0x20, 'NOT PRIVATE'), 'chip: does not say SIMULATED');
	need(r.subarray(0x180, 0x188).equals(e.subarray(122, 130)),
		'firmware versions: REPORTED_TCB');
	const le = (a, b) => parts.every((i) => r[a + i] <= r[b + i]);
	need(le(0x180, 0x1e0) && le(0x1e0, 0x38) && le(0x1f0, 0x38),
		'firmware versions: order');
	need(ecdsa(root, e.subarray(0, 227), e.subarray(227)),
		'endorsement signature');
	need(ecdsa(e.subarray(130, 227), r.subarray(0, 0x2a0), Buffer.concat(
		[backwards(r, 0x2a0), backwards(r, 0x2e8)])), 'report signature');
	const policy = r.readBigUInt64LE(8);
	need((policy >> 17n & 1n) === 1n && policy >> 26n === 0n &&
		(policy >> 18n & 3n) === 0n && r.readUInt32LE(0x30) === 0 &&
		(info & 2) === 0 && info >>> 5 === 0, 'guest policy');
	const want = reportData(key, ev.binding);
	need(!zero(r, 0x50, 64) && r.subarray(0x50, 0x90).equals(want),
		'channel key: REPORT_DATA binds another one');
}

function checkRevoked(record, entry, policy) {
	const leaf = leafHash(entry).toString('hex');
	need(!policy.revoked.some(([x]) => x === leaf), `${record.kind}: revoked`);
	for (const [kind, product, channel, seq] of policy['min-seq'])
		need(kind !== record.kind || product !== record.product ||
			channel !== record.channel || record.seq >= BigInt(seq),
			`${record.kind}: seq ${record.seq} is below ${seq}`);
}

// the name of the rebuilder's key, or undefined for a stranger's word.
function checkRebuild(ev, trust, check, policy) {
	if (!namesOneOf(ev.rebuild, trust.rebuilderKeys))
		return undefined;
	const r = check('rebuild');
	need(r.release[0][0] === leafHash(ev.image).toString('hex'),
		'rebuilt by others: another release');
	need(r.result[0][0] === rebuildResult(ev.image),
		'rebuilt by others: another result');
	checkRevoked(r, ev.rebuild, policy);
	return r.by[0];
}

// The verdict: throws Refused, or gives { deadline, kind, model }.
// minSeq is the highest seq of a policy record accepted before.
export function verdict(bundle, key, trust, o) {
	const ev = parseBundle(bundle);
	need(ev.kind === 'sim', `evidence of kind ${ev.kind}: cannot verify it`);
	need(o.acceptSimulated, 'simulated evidence, and --accept-simulated ' +
		'was not given');
	checkSim(ev, key, trust);
	const { policy: logs, until } = policyAt(trust, o.now);
	const ends = [until];
	const heads = [];
	const check = (kind) => {
		try {
			const r = verifyRecord(ev[kind], kind, trust);
			const head = verifyProof(ev[`${kind}Proof`], ev[kind], logs,
				o.now);
			const now = BigInt(o.now);
			need(r.notBefore - 300n <= now && now < r.notAfter, 'not valid now');
			ends.push(r.notAfter, ...(head.deadline ? [head.deadline] : []));
			heads.push(head);
			return r;
		} catch (e) {
			e.message = `${kind} record: ${e.message}`;
			throw e;
		}
	};
	const image = check('image');
	const measured = ev.report.toString('hex', 0x90, 0xc0);
	need(image.sim.some(([x]) => x === measured),
		'launch measurement: not one of the release');
	const model = check('model');
	need(image.model.some(([, d]) => d === model.file[0][1]),
		'model: not one of this release');
	const policy = check('policy');
	need(policy.seq >= (o.minSeq ?? 0n), 'policy rolled back');
	checkRevoked(image, ev.image, policy);
	checkRevoked(model, ev.model, policy);
	const rebuilder = ev.rebuild && checkRebuild(ev, trust, check, policy);
	need(heads.every((a) => heads.every((b) => a.origin === b.origin &&
		(a.size !== b.size || a.root.equals(b.root)))),
		'log: heads that contradict each other');
	const [head] = heads;
	need(ev.binding[1].equals(sha256(`${head.origin}\n${head.size}\n` +
		`${head.root.toString('base64')}\n`)),
	'report is recent: it binds another head of the log');
	need(ev.binding[3].length, 'time left: REPORT_DATA has no end');
	ends.push(ev.binding[3].readBigUInt64BE(0));
	need(ends.at(-1) <= BigInt(o.now) + 3600n, 'time left: too much');
	const deadline = ends.reduce((a, b) => (a < b ? a : b));
	need(deadline > BigInt(o.now), 'time left: none');
	return { deadline, kind: ev.kind, model: model.name[0][0],
		seq: policy.seq, rebuilder, quorum: logs.quorum !== null };
}
