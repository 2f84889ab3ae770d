// Receipts made from docs/receipt.md by other hands, a month old, whole and with
// one thing wrong: `confer verify FILE` and the other verifier say the same.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Machine } from '../interop/forge.mjs';
import { ReceiptMachine } from '../interop/forge_receipt.mjs';
import { parseReceipt, verifyReceipt } from '../interop/receipt.mjs';

const TMP = process.env.TMPDIR;
const CONFER = `${process.env.BUILD}/bin/confer`;
const FILE = `${TMP}/receipt`;
const now = Math.floor(Date.now() / 1000);
const at = now - 30 * 86400;
const NONE = Buffer.alloc(0);
const machine = new Machine();
const maker = new ReceiptMachine(machine);
const trust = Buffer.from(machine.trust());
let wrong = 0;

function claim(ok, what, more) {
	wrong += !ok;
	console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}${ok ? '' : `: ${more}`}`);
}

function verify(...args) {
	const p = spawnSync(CONFER, ['verify', FILE, '--home', `${TMP}/home`,
		...args], { encoding: 'utf8' });
	return { code: p.status, out: p.stdout + p.stderr };
}
const believing = ['--trust', `${TMP}/trust`, '--accept-simulated'];

function theirs(bytes, o = {}) {
	try {
		return { ...verifyReceipt(bytes, trust, { now, ...o }), refused: '' };
	} catch (e) {
		return { refused: e.message };
	}
}

const answer = (text) => Buffer.concat([Buffer.alloc(32, 'a'),
	Buffer.from(text)]);
const spelled = (from, to) => ({ spelled: (s) => s.replace(from, to) });

// What is wrong, how, and the check that refuses it; none: it is accepted.
const CASES = [
	['nothing', {}],
	['no question', { parts: { 16: NONE } }],
	['no answer', { parts: { 17: NONE } }],
	['no statement', { parts: { 5: NONE, 6: NONE, 16: NONE, 17: NONE } }],
	['the account of another', { account: { handshake: 'ik-same',
		checks: [['made: up', 'é']] } }],
	['other keys inside', { parts: { 4: Buffer.from('my own\n') } }],
	['the largest numbers', { fields: { 'top-k': 4294967295, stops: 4,
		seed: '18446744073709551615', 'temperature-f32': '7f7fffff' } }],
	['another answer', { parts: { 17: answer('Everybody.') } }, 'answer'],
	['another salt', { parts: { 17: Buffer.concat([Buffer.alloc(32, 'b'),
		Buffer.from('Nobody.')]) } }, 'answer'],
	['an answer that is cut', { parts: { 17: answer('Nobody') } }, 'answer'],
	['the answer as the question', { parts: { 16: answer('Nobody.') } },
		'question'],
	['another signer', { otherSigner: true }, 'statement signature'],
	['no receipt key', { evidence: { receiptKey: undefined } },
		'statement signature'],
	['a changed signature', { parts: { 6: Buffer.alloc(64, 1) } },
		'statement signature'],
	['another channel', { fields: { 'channel-key': '00'.repeat(32) } },
		'statement\'s channel'],
	['another model', { fields: { 'model-sha256': '11'.repeat(32) } },
		'statement\'s model'],
	['another spelling', spelled('top-k 0', 'top-k 00'), 'statement format'],
	['a number too large', spelled('top-k 0', 'top-k 4294967296'),
		'statement format'],
	['a negative temperature', spelled('f32 3f8', 'f32 bf8'), 'statement format'],
	['a line more', spelled(/$/, 'x 1\n'), 'statement format'],
	['a line less', spelled(/seed .*\n/, ''), 'statement format'],
	['the wrong key', { parts: { 2: Buffer.alloc(32, 9) } }, 'channel key'],
	['evidence of another', { evidence: { otherKey: true } }, 'channel key'],
	['a debug machine', { evidence: { policy: 0xb0000n } }, 'guest policy'],
	['a time after the end', { account: { verifiedAt: at + 1801,
		deadline: at + 9000 } }, 'time left'],
	['a time before the records', { account: { verifiedAt: at - 86400 } },
		'release validity'],
];

function testCases() {
	for (const [what, o, check] of CASES) {
		const bytes = maker.receipt({ at, ...o });
		writeFileSync(FILE, bytes);
		const [they, we] = [theirs(bytes), verify(...believing)];
		const said = /was produced by this enclave/.test(we.out);
		const ok = check === undefined ?
			they.refused === '' && we.code === 0 && said === they.answer :
			they.refused !== '' && we.code === 2 && !said &&
				new RegExp(`^ *\u2717 ${check}  `, 'm').test(we.out);
		claim(ok, `${what}: ${they.refused || 'accepted'}`, we.out);
	}
}

function testTimes() {
	const bytes = maker.receipt({ at });
	writeFileSync(FILE, bytes);
	const both = verify(...believing);
	claim(both.code === 0 && /Accepted as of/.test(both.out) &&
		/would be refused/.test(both.out),
	'a month later: accepted for its time, and said to be old', both.out);
	const then = verify(...believing, '--at-its-time');
	claim(then.code === 0 && !/would be/.test(then.out),
		'--at-its-time leaves it at that', then.out);
	const today = verify(...believing, '--now');
	claim(today.code === 2 && /Refused now/.test(today.out) &&
		theirs(bytes, { today: true }).refused !== '',
	'--now refuses it', today.out);
	writeFileSync(FILE, maker.receipt({ at: now - 100 }));
	const fresh = verify(...believing, '--now');
	claim(fresh.code === 0 && /Accepted now/.test(fresh.out),
		'--now accepts one that is fresh', fresh.out);
	const ahead = maker.receipt({ at, account: { verifiedAt: now + 3600,
		deadline: now + 7200 } });
	writeFileSync(FILE, ahead);
	claim(verify(...believing).code === 2 && theirs(ahead).refused !== '',
		'one that is dated in the future is refused', '');
}

function testTrust() {
	const other = new Machine();
	writeFileSync(FILE, maker.receipt({ at }));
	writeFileSync(`${TMP}/other`, other.trust());
	const theirOwn = verify('--trust', `${TMP}/other`, '--accept-simulated');
	claim(theirOwn.code === 2 && /made with another one/.test(theirOwn.out),
		'by other keys it is refused', theirOwn.out);
	const self = verify('--trust-receipt', '--accept-simulated');
	claim(self.code === 0 && /VOUCHES FOR ITSELF/.test(self.out),
		'by its own it is accepted, and says so loudly', self.out);
	const json = JSON.parse(verify('--trust-receipt', '--accept-simulated',
		'--json').out);
	claim(json.vouches_for_itself && /VOUCHES/.test(json.warning) &&
		json.verification.warning === 'SIMULATED, NOT PRIVATE',
	'in JSON too', JSON.stringify(json));
	const strict = verify('--trust', `${TMP}/trust`);
	claim(strict.code === 2 && /--accept-simulated/.test(strict.out) &&
		/SIMULATED, NOT PRIVATE/.test(strict.out),
	'simulated evidence is refused by default', strict.out);
	const nobody = verify();
	claim(nobody.code === 1 && /whom should I believe/.test(nobody.out),
		'without anybody to believe nothing is judged', nobody.out);
}

function testPublic() {
	const bytes = maker.receipt({ at });
	writeFileSync(FILE, bytes);
	const p = verify(...believing, '--public', `${TMP}/public`);
	const copy = readFileSync(`${TMP}/public`);
	const parts = parseReceipt(copy);
	claim(p.code === 0 && !parts[16] && !parts[17] && parts[5] &&
		!copy.includes('Nobody.') && !copy.includes('Who?'),
	'--public leaves question and answer out', p.out);
	writeFileSync(FILE, copy);
	const again = verify(...believing);
	claim(again.code === 0 && /does not show/.test(again.out) &&
		theirs(copy).statement, 'and the rest is as good', again.out);
	writeFileSync(FILE, maker.receipt({ at, otherSigner: true }));
	claim(verify(...believing, '--public', `${TMP}/none`).code === 2,
		'of a refused one there is no copy', '');
	let there = true;
	try {
		readFileSync(`${TMP}/none`);
	} catch {
		there = false;
	}
	claim(!there, 'and no file', '');
}

// Both say the same of every file with one bit changed, and of every cut.
function testChanges() {
	const whole = maker.receipt({ at });
	const step = Math.floor(whole.length / 90);
	let same = 0;
	let refused = 0;
	for (let i = 0; i < whole.length; i += step) {
		for (const bytes of [Buffer.from(whole), whole.subarray(0, i)]) {
			if (bytes.length === whole.length)
				bytes[i] ^= 1;
			writeFileSync(FILE, bytes);
			const [they, we] = [theirs(bytes), verify(...believing)];
			same += (they.refused === '') === (we.code === 0) &&
				[0, 2].includes(we.code);
			refused += we.code === 2;
			if ((they.refused === '') !== (we.code === 0))
				console.log(`     byte ${i}: ${they.refused}\n${we.out}`);
		}
	}
	const n = 2 * Math.ceil(whole.length / step);
	claim(same === n && refused > n / 2,
		`${n} files with one bit changed or cut: ${refused} refused by both`,
		`${same} alike`);
}

if (spawnSync(CONFER, ['--help']).status !== 0)
	throw new Error(`${CONFER} does not run`);
writeFileSync(`${TMP}/trust`, trust);
testCases();
testTimes();
testTrust();
testPublic();
testChanges();
process.exit(wrong ? 1 : 0);
