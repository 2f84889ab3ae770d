// Evidence made from the documents by other hands, whole and with one thing
// wrong: `confer verify` and the other client give the same verdict.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseTrust, verdict } from '../interop/evidence.mjs';
import { Machine } from '../interop/forge.mjs';
import { keyPair } from '../interop/noise.mjs';
import { EnclaveHandshake, packet, Packets } from '../interop/wire.mjs';

const TMP = process.env.TMPDIR;
const CONFER = `${process.env.BUILD}/bin/confer`;
const now = Math.floor(Date.now() / 1000);

// What is wrong, and the check that refuses it; none: it is accepted.
const CASES = [
	['nothing', {}],
	['another name for the model', { name: 'other' }],
	['a receipt key', { receiptKey: Buffer.alloc(32, 8) }],
	['a short receipt key', { receiptKey: Buffer.alloc(31, 8) },
		'channel key'],
	['an empty receipt key', { receiptKey: Buffer.alloc(0) },
		'channel key'],
	['an extra line', { extra: 'extra YQ==\n' }],
	['a Turin', { cpu: [0x1a, 0x02] }],
	['version 5', { version: 5 }],
	['some time left', { notAfter: now + 600 }],
	['a floor for others', { lines: ['min-seq image other x 2'] }],
	['a rebuild', { rebuild: true }],
	['a rebuild by a stranger', { rebuild: true, byStranger: true,
		otherResult: true, otherRelease: true }],
	['another result', { rebuild: true, otherResult: true },
		'rebuilt by others'],
	['a rebuild of another release', { rebuild: true, otherRelease: true },
		'rebuilt by others'],
	['a rebuild of nothing', { rebuild: true, noFile: true },
		'rebuilt by others'],
	['a rebuild without a proof', { rebuild: true, noProof: true },
		'rebuilt by others'],
	['a proof without a rebuild', { rebuild: true, noRecord: true },
		'rebuilt by others'],
	['a rebuild of the past', { rebuild: true,
		rebuildAt: now - 6 * 86400 }, 'rebuilt by others'],
	['a rebuild in another log', { rebuild: true, rebuildElsewhere: true },
		'rebuilt by others'],
	['a floor for rebuilds', { rebuild: true,
		lines: ['min-seq rebuild confer x 2'] }, 'rebuilt by others'],
	['another kind', { kind: 1 }, 'kind of TEE'],
	['an unknown kind', { kind: 9 }, 'kind of TEE'],
	['collateral', { collateral: Buffer.from('x') }, 'pinned root'],
	['version 6', { version: 6 }, 'report format'],
	['reserved bytes', { tail: 1 }, 'report format'],
	['an unknown processor', { cpu: [0x19, 0x20] }, 'report format'],
	['another head of the log', { beacon: Buffer.alloc(32, 7) },
		'report is recent'],
	['no head of the log', { beacon: Buffer.alloc(0) },
		'report is recent'],
	['no end', { endless: true }, 'time left'],
	['two hours left', { notAfter: now + 7200 }, 'time left'],
	['another root', { otherRoot: true }, 'endorsement signatures'],
	['another chip', { otherChip: true }, 'report signature'],
	['a chip that does not say so', { family: 'GENUINE' }, 'chip'],
	['firmware going backwards', { current: 0 }, 'firmware versions'],
	['debug', { policy: 0xb0000n }, 'guest policy'],
	['migration', { policy: 0x70000n }, 'guest policy'],
	['VMPL 1', { vmpl: 1 }, 'guest policy'],
	['another key', { otherKey: true }, 'channel key'],
	['one release key for the image',
		{ imageSigners: 1 }, 'release signatures'],
	['one release key for the model', { modelSigners: 1 }, 'model signatures'],
	['one release key for the policy',
		{ policySigners: 1 }, 'policy signatures'],
	['another channel', { channel: 'y' }, 'release signatures'],
	['a tree without them', { otherTree: true }, 'release in the log'],
	['two logs', { otherLog: true }, 'model in the log'],
	['an empty extra line', { extra: 'extra \n' }, 'release in the log'],
	['an image of the future', { imageAt: now + 3600 }, 'release validity'],
	['a model of the past', { modelAt: now - 6 * 86400 }, 'model validity'],
	['a policy of the past', { policyAt: now - 6 * 86400 }, 'policy validity'],
	['another launch', { otherLaunch: true }, 'launch measurement'],
	['another model', { otherModel: '00'.repeat(32) }, 'model of this release'],
	['a floor for the image',
		{ lines: ['min-seq image confer x 2'] }, 'release not revoked'],
	['a floor for the model',
		{ lines: ['min-seq model confer x 2'] }, 'model not revoked'],
	['no time left', { notAfter: now - 1 }, 'time left'],
];

function judge(machine, bundle) {
	try {
		verdict(bundle, machine.channel.pub,
			parseTrust(Buffer.from(machine.trust())),
			{ acceptSimulated: true, now });
		return '';
	} catch (e) {
		return e.message;
	}
}

// Exit status and all output of `confer verify`.
function verify(i) {
	const p = spawn(CONFER, ['verify', '--connect', `unix:${TMP}/s`, '--trust',
		`${TMP}/trust`, '--accept-simulated', '--home', `${TMP}/h${i}`]);
	let out = '';
	p.stdout.on('data', (d) => { out += d; });
	p.stderr.on('data', (d) => { out += d; });
	return new Promise((done) => p.on('close', (code) => done({ code, out })));
}

async function main() {
	if (spawnSync(CONFER, ['--help']).status !== 0)
		throw new Error(`${CONFER} does not run`);
	const machine = new Machine();
	writeFileSync(`${TMP}/trust`, machine.trust());
	let bundle;
	const server = createServer((socket) => {
		const packets = new Packets();
		socket.on('error', () => {});
		socket.once('data', (data) => {
			packets.push(data);
			socket.write(packet(new EnclaveHandshake({ e: keyPair(),
				s: machine.channel, bundle }).answer(packets.next())));
		});
	});
	await new Promise((done) => server.listen(`${TMP}/s`, done));
	let wrong = 0;
	for (const [i, [what, o, check]] of CASES.entries()) {
		bundle = machine.bundle({ ...o, now });
		const theirs = judge(machine, bundle);
		const ours = await verify(i);
		const rebuilt = / rebuilt identically by rebuilder\.example\/r\./
			.test(ours.out.replace(/\s+/g, ' '));
		const ok = check === undefined ? theirs === '' && ours.code === 0 &&
			rebuilt === Boolean(o.rebuild && !o.byStranger) :
			theirs !== '' && ours.code === 2 &&
				new RegExp(`^ *\u2717 ${check}  `, 'm').test(ours.out);
		wrong += !ok;
		console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: ${theirs || 'accepted'}` +
			(ok ? '' : `; confer verify: ${ours.code}\n${ours.out}`));
	}
	server.close();
	process.exit(wrong ? 1 : 0);
}

await main();
