// Trust files: the other client believes and refuses the same ones, a receipt is
// judged by the witnesses of its time, and who they are is said.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { independentOperators, parseTrust } from '../interop/evidence.mjs';
import { Machine } from '../interop/forge.mjs';
import { ReceiptMachine } from '../interop/forge_receipt.mjs';
import { verifyReceipt } from '../interop/receipt.mjs';

const TMP = process.env.TMPDIR;
const CONFER = `${process.env.BUILD}/bin/confer`;
const now = Math.floor(Date.now() / 1000);
const at = now - 30 * 86400;
const machine = new Machine();
const [one, two, three] = machine.witnesses;
const maker = new ReceiptMachine(machine);
const receipt = (cosigners) => maker.receipt({ at, evidence: { cosigners } });
let wrong = 0;

function claim(ok, what, more) {
	wrong += !ok;
	console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}${ok ? '' : `: ${more}`}`);
}

// What `confer verify` says of the receipt by this trust file, in one line.
function verify(bytes, trust, ...args) {
	writeFileSync(`${TMP}/receipt`, bytes);
	writeFileSync(`${TMP}/trust`, trust);
	const p = spawnSync(CONFER, ['verify', `${TMP}/receipt`, '--trust',
		`${TMP}/trust`, '--accept-simulated', '--home', `${TMP}/home`,
		...args], { encoding: 'utf8' });
	return { code: p.status, out: (p.stdout + p.stderr).replace(/\s+/g, ' ') };
}

function theirs(bytes, trust) {
	try {
		verifyReceipt(bytes, Buffer.from(trust), { now });
		return '';
	} catch (e) {
		return e.message;
	}
}

const op = (...names) => names.map((name, i) =>
	`operator ${machine.witnesses[i].name} ${name}`);
const ABC = op('Alpha', 'Beta', 'Gamma & Sons');
const MINE = op('this-machine', 'this-machine', 'this-machine');
const ALL = machine.policy('g', 'all', 'w1', 'w2', 'w3');
const TWO = machine.policy('g', 2, 'w1', 'w2', 'w3');
const ANY = machine.policy('g', 'any', 'w1', 'w2', 'w3');
const NONE = machine.policy('none');
const shared = (o) => machine.trust({ local: false, operators: ABC,
	policies: TWO, ...o });
const windows = (...of) => of.flatMap(([from, until, policy]) =>
	[`valid ${from} ${until}`, ...policy]);

// Whether both read the file, and what it is.
const FILES = [
	[true, 'three operators, two needed', shared({})],
	[true, 'of one machine, nobody named', machine.trust({ policies: ALL })],
	[true, 'of one machine, its own witnesses', machine.trust({
		policies: ALL, operators: MINE })],
	[false, 'two not stated, two needed', shared({ operators: op('A') })],
	[true, 'two not stated, all needed', shared({ operators: op('A'),
		policies: ALL })],
	[false, 'nobody named', shared({ operators: [] })],
	[false, 'one operator has two of three', shared({
		operators: op('A', 'A', 'B') })],
	[true, 'one operator has two of three, all needed', shared({
		operators: op('A', 'A', 'B'), policies: ALL })],
	[false, 'all of one operator', shared({ operators: op('A', 'A', 'A'),
		policies: ALL })],
	[false, 'one operator and this machine', shared({ policies: ALL,
		operators: op('A', 'this-machine', 'A') })],
	[false, 'this machine alone', shared({ policies: ALL, operators: MINE })],
	[false, 'any witness', shared({ policies: ANY })],
	[false, 'a single witness', shared({ policies: machine.policy('w1') })],
	[false, 'no quorum', shared({ policies: NONE })],
	[false, 'operators in another order', shared({
		operators: [...ABC].reverse() })],
	[false, 'an operator of nobody', shared({
		operators: [...ABC, 'operator x y'] })],
	[false, 'an operator twice', shared({ operators: [ABC[0], ...ABC] })],
	[false, 'an operator without a name', shared({
		operators: [`operator ${one.name}`, ...ABC.slice(1)] })],
	[false, 'an operator called so', shared({
		operators: op('A', 'B', 'not stated') })],
	[false, 'a space at the end', shared({ operators: op('A ', 'B', 'C') })],
	[false, 'a space at the start', shared({ operators: op(' A', 'B', 'C') })],
	[true, 'a long name', shared({ operators: op('A'.repeat(64), 'B', 'C') })],
	[false, 'too long a name', shared({
		operators: op('A'.repeat(65), 'B', 'C') })],
	[true, 'four windows', shared({ policies: windows([0, 1, TWO], [1, 2, ALL],
		[5, 6, TWO], [6, '9223372036854775807', TWO]) })],
	[false, 'five windows', shared({ policies: windows([0, 1, TWO],
		[1, 2, TWO], [2, 3, TWO], [3, 4, TWO], [4, 5, TWO]) })],
	[false, 'windows that overlap', shared({
		policies: windows([0, 5, TWO], [4, 9, TWO]) })],
	[false, 'windows going back', shared({
		policies: windows([5, 9, TWO], [0, 4, TWO]) })],
	[false, 'an empty window', shared({ policies: windows([5, 5, TWO]) })],
	[false, 'a leading zero', shared({ policies: windows(['00', 5, TWO]) })],
	[false, 'a time too large', shared({
		policies: windows([0, '9223372036854775808', TWO]) })],
	[false, 'two spaces', shared({ policies: windows(['0 ', 5, TWO]) })],
	[false, 'a window without a policy', shared({
		policies: windows([0, 5, []], [5, 6, TWO]) })],
	[false, 'a policy before the first window', shared({
		policies: [...TWO, ...windows([0, 5, TWO])] })],
	[false, 'a weak second window', shared({
		policies: windows([0, 5, TWO], [5, 6, ANY]) })],
	[false, 'a release key that rebuilds', shared({}).replace(
		/^rebuilder-key .*$/m, `rebuilder-key ${machine.release[0].vkey}`)],
	[false, 'a rebuilder after the operators', shared({ operators: [...ABC,
		`rebuilder-key ${machine.stranger.vkey}`] })],
	[true, 'nobody who rebuilds', shared({}).replace(
		/^rebuilder-key .*\n/m, '')],
];

function testFiles() {
	const bytes = receipt([one, two, three]);
	for (const [good, what, trust] of FILES) {
		let they = '';
		try {
			parseTrust(Buffer.from(trust));
		} catch (e) {
			they = e.message;
		}
		const we = verify(bytes, trust);
		const read = !/^confer: the trust file /.test(we.out);
		claim((they === '') === good && read === good &&
			we.code !== 4 && (good || we.code === 1), `${good ? 'good' : 'bad'}: ${what}`,
		`${they || 'read'}; ${we.code} ${we.out}`);
	}
}

// By these two verifiers it is accepted and says this, or it is refused.
function testWords() {
	const cases = [
		['all three', [one, two, three], shared({}),
			'seen by 3 of 3 witnesses (operators Alpha, Beta, Gamma & Sons).'],
		['two of three', [one, three], shared({}),
			'seen by 2 of 3 witnesses (operators Alpha, Gamma & Sons).'],
		['one of three', [one], shared({}), null],
		['one twice', [one, one], shared({}), null],
		['its own', [one, two, three], machine.trust({ operators: MINE,
			policies: ALL }),
		'seen by 3 of 3 witnesses, all run by this machine.'],
		['two of one operator', [one, two, three], shared({ policies: ALL,
			operators: op('Alpha', 'Alpha', 'Beta') }), 'seen by 3 of 3 ' +
			'witnesses of 2 independent operators (Alpha runs 2 of them, Beta).'],
		['nobody', [], machine.trust(), 'no witnesses.'],
	];
	for (const [what, cosigners, trust, words] of cases) {
		const bytes = receipt(cosigners);
		const [they, we] = [theirs(bytes, trust), verify(bytes, trust)];
		claim(words === null ? they !== '' && we.code === 2 :
			they === '' && we.code === 0 && we.out.includes(
				`Release 1 of confer/x, published 30 days ago, ${words}`),
		`${what}: ${words ?? they}`, `${they}; ${we.out}`);
		if (words === null || cosigners.length === 0)
			continue;
		const count = independentOperators(parseTrust(Buffer.from(trust)),
			cosigners);
		const { claims } = JSON.parse(spawnSync(CONFER, ['verify',
			`${TMP}/receipt`, '--trust', `${TMP}/trust`, '--json',
			'--accept-simulated', '--home', `${TMP}/home`],
		{ encoding: 'utf8' }).stdout).verification;
		claim(claims.witness_operators === count &&
			claims.witnesses === cosigners.length,
		`${what}: ${count} independent operators`, JSON.stringify(claims));
	}
}

// The first witness has retired: its signature counts for its time alone.
function testRetired() {
	const old = machine.policy('g', 'all', 'w1', 'w2');
	const young = machine.policy('g', 'all', 'w2', 'w3');
	const trust = shared({ policies: windows([0, at + 86400, old],
		[at + 86400, now + 86400, young]) });
	for (const [what, bytes, ok] of [
		['by the witnesses of its time', receipt([one, two]), true],
		['by those of today', receipt([two, three]), false]]) {
		const [they, we] = [theirs(bytes, trust), verify(bytes, trust)];
		claim(ok ? they === '' && we.code === 0 :
			they !== '' && we.code === 2,
		`an old receipt ${what} is ${ok ? 'accepted' : 'refused'}`,
		`${they}; ${we.out}`);
	}
	const gone = shared({ policies: windows([0, at - 86400, TWO]) });
	const bytes = receipt([one, two]);
	const [they, we] = [theirs(bytes, gone), verify(bytes, gone)];
	claim(they !== '' && we.code === 2 && /list of logs and witnesses ended on/
		.test(we.out), 'without a list for its time it is refused',
	`${they}; ${we.out}`);
}

if (spawnSync(CONFER, ['--help']).status !== 0)
	throw new Error(`${CONFER} does not run`);
testFiles();
testWords();
testRetired();
process.exit(wrong ? 1 : 0);
