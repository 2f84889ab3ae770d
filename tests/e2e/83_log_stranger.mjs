// A second implementation, written from docs/log.md alone (tests/interop), plays
// each part beside ours: a witness of our log, a log before our witness, and a
// monitor of the log that we serve.
import { readFileSync } from 'node:fs';
import { ed25519, note } from '../interop/forge.mjs';
import { verifyProof, verifyRecord } from '../interop/log.mjs';
import { parseRequest } from '../interop/witness.mjs';
import { claim, confer, main, NOW, TMP, World } from
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
	told.w1 = told.witnesses[1];
	told.proven = p.code === 0 && told.quorum && await isProven(told, path);
	return told;
}

async function isProven(told, path) {
	const files = [path, `${path}.proof`].map((f) => readFileSync(f));
	verifyRecord(files[0], 'policy', world.parsed);
	const head = verifyProof(files[1], files[0],
		world.parsed.policies[0].policy, NOW);
	const ours = await confer('verify', '--trust', world.trust, path,
		`${path}.proof`);
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
	const elsewhere = `${world.servers[1].url}/add-checkpoint`;
	return [
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
		['422 for the whole tree', plain(422, 'no such tree\n'), /422/],
		['no answer', () => true, /5 s|time/],
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

await main(async () => {
	await world.start();
	await ourLog();
});
