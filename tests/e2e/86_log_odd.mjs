// Logs that a stranger wrote, whose operator judges nothing: our audit and the
// stranger's monitor (tests/interop) find the same entries odd.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseTrust } from '../interop/evidence.mjs';
import { ed25519, note } from '../interop/forge.mjs';
import { leafHash, rebuildResult, verifyCheckpoint, verifyProof } from
	'../interop/log.mjs';
import { Monitor } from '../interop/monitor.mjs';
import { sha256 } from '../interop/noise.mjs';
import { DirView, edgeRoot, readTree, treeRoot, writeTree } from
	'../interop/tiles.mjs';
import { claim, confer, DAY, main, NOW, TMP } from './lib/log_world.mjs';

const ORIGIN = 'log.example/odd';
const logKey = ed25519(ORIGIN);
const release = [1, 2, 3].map((i) => ed25519(`release.example/${i}`));
const rebuilder = ed25519('rebuilder.example');
const witness = ed25519('w.example/1', 4);
const hex = (n, c = 'a') => c.repeat(n);
const SHA = `sha256:${hex(64)}`;
const SOURCE = [`source https://example.org/c.git ${hex(40)} ${hex(40, 'b')}`,
	`recipe ${SHA}`];
const BODY = {
	image: ['version 1', ...SOURCE, `builder ${SHA}`, `file kernel 5 ${SHA}`,
		`sim ${hex(96)}`],
	model: ['name m', `file 5 ${SHA}`, 'tokenizer gpt2', 'quant F32',
		'context 512'],
	web: ['version 1', ...SOURCE, `bundle 5 ${SHA}`],
	client: ['version 1', ...SOURCE, `file linux 5 ${SHA}`],
	policy: ['hardware any'],
};
let made = 0;

function text(kind, seq, o = {}) {
	const days = ['retire', 'rebuild'].includes(kind) ? 3660 : 6;
	return ['confer-release/v1', `kind ${kind}`,
		`product ${o.product ?? 'confer'}`, `channel ${o.channel ?? 'x'}`,
		`seq ${seq}`, `issued ${NOW}`, `not-before ${NOW}`,
		`not-after ${NOW + (o.days ?? days) * DAY}`, ...(o.body ?? BODY[kind]),
		''].join('\n');
}

const record = (kind, seq, o = {}) =>
	note(text(kind, seq, o), o.by ?? release.slice(0, 2));

const rebuild = (seq, of, result = rebuildResult(of)) => record('rebuild', seq,
	{ by: [rebuilder], body: [`release ${leafHash(of).toString('hex')}`,
		`result ${result}`, 'rebuilder somebody'] });

// The end of a log after these entries.
const retire = (before, o = {}) => record('retire', o.seq ?? 1, { body: [
	`log ${o.log ?? ORIGIN}`, `last ${o.size ?? before.length} ` +
	treeRoot(before.map(leafHash)).toString('hex'), 'cause over'] });

const trustText = ['confer-trust/v1', 'product confer', 'channel x', 'local',
	...release.map((k) => `release-key ${k.vkey}`), 'threshold 2',
	`rebuilder-key ${rebuilder.vkey}`, '', `log ${logKey.vkey}`,
	`witness w ${witness.vkey}`, 'quorum w', ''].join('\n');
const trust = parseTrust(Buffer.from(trustText));

// A directory with the public half of a log of these entries.
function publish(entries) {
	const dir = `${TMP}/log-${made++}`;
	mkdirSync(dir);
	writeTree(dir, entries);
	const root = treeRoot(entries.map(leafHash)).toString('base64');
	writeFileSync(`${dir}/checkpoint`, note(`${ORIGIN}\n${entries.length}\n` +
		`${root}\n`, [logKey, witness], NOW));
	return dir;
}

// names: what our audit finds, alarms alone; odd: what the monitor does.
async function read(entries) {
	const dir = publish(entries);
	const p = await confer('audit', dir, '--trust', `${TMP}/trust`, '--json');
	const found = JSON.parse(p.out).findings;
	const monitor = new Monitor(trust, trust.policies[0].policy);
	const odd = await monitor.look(new DirView(dir), NOW);
	return { code: p.code, found, odd,
		names: found.filter((f) => f.kind === 'alarm').map((f) => f.name) };
}

const policy = (seq, o) => record('policy', seq, o);
const image = record('image', 1);

const [WEB, CLIENT, MODEL] = ['web', 'client', 'model'].map((kind) =>
	record(kind, 1));
const BARE = record('image', 1, { body: BODY.image.filter((line) =>
	!line.startsWith('file')) });
const FIRST = policy(1);
const LATER = policy(1, { days: 5 });
const OLD = retire([], { log: 'x' });
const CHANNELS = Array.from({ length: 257 }, (_, i) => policy(1,
	{ channel: `c${i}` }));

// [what, entries, the finding] of logs with one odd entry; '' is none.
const LOGS = [
	['one of each kind', [image, record('model', 1), record('web', 1),
		record('client', 1), policy(1), rebuild(1, image)], ''],
	['a skipped seq', [policy(1), policy(3), policy(4)], 'seq-skipped'],
	['a repeated seq', [policy(1), policy(2), policy(2, { days: 5 }),
		policy(3)], 'seq-repeated'],
	['a first seq of 0', [policy(0)], 'bad-record'],
	['a first seq of 2', [policy(2)], 'seq-skipped'],
	['each channel counts on its own', [policy(1), policy(1,
		{ channel: 'y' })], ''],
	['another product', [policy(1), policy(1, { product: 'other' })],
		'other-product'],
	['one release key', [policy(1), policy(2, { by: [release[0]] }),
		policy(2)], 'unknown-key'],
	['one key twice', [policy(1), policy(2, { by: [release[0], release[0]] })],
		'unknown-key'],
	['signed by the rebuilder', [policy(1), policy(2, { by: [rebuilder] })],
		'unknown-key'],
	['a good signature beside two of strangers', [policy(1, { by:
		[ed25519('x.example'), release[0], release[2]] })], ''],
	['no record', [policy(1), Buffer.from('hello')], 'bad-record'],
	['a record with a space too much', [policy(1), policy(2, { body:
		['hardware  any'] })], 'bad-record'],
	['a policy of 8 days', [policy(1), policy(2, { days: 8 })], 'bad-record'],
	['an entry of 16,385 bytes', [policy(1), Buffer.alloc(16385, 'a')],
		'bad-record'],
	['a rebuild that differs', [image, policy(1), rebuild(1, image, SHA)],
		'rebuild-differs'],
	['a rebuild of a web app', [WEB, rebuild(1, WEB)], ''],
	['one of a client', [CLIENT, rebuild(1, CLIENT)], ''],
	['one of a model', [MODEL, rebuild(1, MODEL, SHA)], 'rebuild-unknown'],
	['one of an image without files', [BARE, rebuild(1, BARE, SHA)],
		'rebuild-unknown'],
	['a rebuild of nothing', [policy(1), rebuild(1, image)],
		'rebuild-unknown'],
	['a rebuild before the release', [policy(1), rebuild(1, image), image],
		'rebuild-unknown'],
	['an end', [image, policy(1), retire([image, LATER])], 'bad-retire'],
	['an end in order', [FIRST, retire([FIRST])], ''],
	['an end of another size', [FIRST, retire([FIRST], { size: 2 })],
		'bad-retire'],
	['more after the end', [FIRST, retire([FIRST]), policy(2)],
		'after-retire'],
	['the end of another log, late', [FIRST, retire([], { log: 'x' })],
		'bad-retire'],
	['a successor', [retire([], { log: 'x', seq: 3 }), policy(7), policy(8),
		record('image', 5)], ''],
	['a successor that skips', [retire([], { log: 'x' }), policy(7),
		policy(9)], 'seq-skipped'],
	['a successor that ends', [OLD, policy(7), retire([OLD, FIRST], { seq: 2 })],
		'bad-retire'],
	['the same entry again', [FIRST, FIRST], 'seq-repeated'],
	['256 series', CHANNELS.slice(0, 256), ''],
	['257 series', CHANNELS, 'too-many-series'],
];

// Three levels of tiles, and proofs from them [L-104, L-110, L-111].
async function testLarge() {
	const entries = Array.from({ length: 70000 }, (_, i) => Buffer.from(`${i}`));
	const dir = publish(entries);
	const { levels } = await readTree(new DirView(dir), entries.length);
	const { root } = verifyCheckpoint(readFileSync(`${dir}/checkpoint`),
		trust.policies[0].policy, NOW);
	claim(edgeRoot(levels, entries.length).equals(root) &&
		levels.map((x) => x.length).join() === '70000,273,1',
	'70,000 entries, three levels of tiles');
	for (const index of [0, 255, 65535, 65536, 69887, 69888, 69999]) {
		const path = `${TMP}/proof-${index}`;
		const p = await confer('prove', dir, '--index', `${index}`, '--trust',
			`${TMP}/trust`, '-o', path);
		const head = p.code === 0 && verifyProof(readFileSync(path),
			entries[index], trust.policies[0].policy, NOW);
		claim(head && head.root.equals(root), `entry ${index}: our proof from ` +
			'their tiles', p.err);
	}
}

await main(async () => {
	writeFileSync(`${TMP}/trust`, trustText);
	await testLarge();
	for (const [what, entries, name] of LOGS) {
		const r = await read(entries);
		claim(r.names.join() === name && r.odd.length === (name ? 1 : 0) &&
			r.code === (name ? 2 : 0), `${what}: ${r.odd[0] ?? 'well'}`,
		`${JSON.stringify(r)}`);
	}
});
