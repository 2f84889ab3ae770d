// Writes tests/vectors/receipt/*.json with the second implementation in
// tests/interop, which was written from docs/receipt.md alone. Node >= 18:
//
//   node tools/gen/receipt_vectors.mjs [DIR]
//
// statement.json is always the same; the machine of receipt.json has keys of one
// run, so that file is another one each time.
import * as c from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { sha256 } from '../../tests/interop/noise.mjs';
import { Machine } from '../../tests/interop/forge.mjs';
import { ReceiptMachine } from '../../tests/interop/forge_receipt.mjs';
import { signStatement, statementText, verifyReceipt }
	from '../../tests/interop/receipt.mjs';

const AT = 1795000000;
const hex = (b) => Buffer.from(b).toString('hex');

function statement() {
	const seed = sha256('confer test key receipt');
	const key = c.createPrivateKey({ format: 'der', type: 'pkcs8',
		key: Buffer.concat([Buffer.from('302e020100300506032b657004220420',
			'hex'), seed]) });
	const [requestSalt, answerSalt] = [1, 2].map((i) => Buffer.alloc(32, i));
	const request = '{"messages":[{"role":"user","content":"Who?"}]}';
	const answer = 'Nobody, \u00e9.';
	const text = statementText({ 'channel-key': '01'.repeat(32),
		'model-sha256': '02'.repeat(32), context: 4096,
		'temperature-f32': '3f333333', 'top-p-f32': '3f666666',
		'min-p-f32': '00000000', 'top-k': 40, 'max-tokens': 0, stops: 2,
		seed: '18446744073709551615',
		'request-sha256': hex(sha256(requestSalt, request)),
		'answer-sha256': hex(sha256(answerSalt, answer)), finish: 'stop' });
	return { seed: hex(seed),
		public: hex(c.createPublicKey(key).export(
			{ format: 'der', type: 'spki' }).subarray(-32)),
		request_salt: hex(requestSalt), request: hex(request),
		answer_salt: hex(answerSalt), answer: hex(answer),
		statement: hex(text), signature: hex(signStatement(text, key)) };
}

function receipt() {
	const machine = new Machine();
	const bytes = new ReceiptMachine(machine).receipt({ at: AT });
	const trust = Buffer.from(machine.trust());
	const said = verifyReceipt(bytes, trust, { now: AT + 90 * 86400 });
	if (!said.answer || !said.question)
		throw new Error('what was made is not accepted');
	return { verified_at: AT + 60, trust: hex(trust), receipt: hex(bytes) };
}

const dir = process.argv[2] ?? 'tests/vectors/receipt';
mkdirSync(dir, { recursive: true });
for (const [name, v] of Object.entries({ statement: statement(),
	receipt: receipt() }))
	writeFileSync(`${dir}/${name}.json`, `${JSON.stringify(v, null, '\t')}\n`);
