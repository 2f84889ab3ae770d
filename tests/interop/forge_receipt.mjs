// A receipt of a forged machine (forge.mjs), whole or with one thing wrong.
import * as c from 'node:crypto';
import { sha256 } from './noise.mjs';
import { accountText, signStatement, statementText, writeReceipt }
	from './receipt.mjs';

const hex = (b) => Buffer.from(b).toString('hex');
const rawPublic = (key) => c.createPublicKey(key).export(
	{ format: 'der', type: 'spki' }).subarray(-32);

export class ReceiptMachine {
	constructor(machine) {
		this.machine = machine;
		this.key = c.generateKeyPairSync('ed25519').privateKey;
	}
	// o.at: when it was verified. o.evidence: for machine.bundle(). o.fields,
	// o.account, o.parts: what replaces a line or a section. o.spelled: a
	// change of the statement's text, before it is signed.
	receipt(o) {
		const channel = this.machine.channel.pub;
		const bundle = this.machine.bundle({ receiptKey: rawPublic(this.key),
			notAfter: o.at + 1800, now: o.at, ...o.evidence });
		const request = Buffer.concat([Buffer.alloc(32, 'r'),
			Buffer.from('{"messages":[{"role":"user","content":"Who?"}]}')]);
		const answer = Buffer.concat([Buffer.alloc(32, 'a'),
			Buffer.from('Nobody.')]);
		const plain = statementText({ 'channel-key': hex(channel),
			'model-sha256': hex(sha256('model')), context: 4096,
			'temperature-f32': '3f800000', 'top-p-f32': '00000000',
			'min-p-f32': '00000000', 'top-k': 0, 'max-tokens': 0, stops: 0,
			seed: '12345678901234567890', 'request-sha256': hex(sha256(request)),
			'answer-sha256': hex(sha256(answer)), finish: 'stop',
			...o.fields });
		const statement = o.spelled ?
			Buffer.from(o.spelled(plain.toString())) : plain;
		const signer = o.otherSigner ?
			c.generateKeyPairSync('ed25519').privateKey : this.key;
		return writeReceipt({ 1: accountText({ client: 'forge-1',
			verifiedAt: o.at + 60, deadline: o.at + 1800, handshake: 'xx',
			checks: [['evidence format', 'as it should be']], ...o.account }),
		2: channel, 3: bundle, 4: Buffer.from(this.machine.trust()),
		5: statement, 6: signStatement(statement, signer), 16: request,
		17: answer, ...o.parts });
	}
}
