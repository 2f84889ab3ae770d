// The shipped module as a page uses it: judge evidence, open a session with an
// enclave (a second module), ask, read the answer.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { instantiate, publicOf } from './host.mjs';

const [TRUST, EVIDENCE, IN, BODY, OUT] = [0, 1, 2, 3, 4];
const OK = 0;
const [ERR_AUTH, ERR_PROTOCOL, ERR_POLICY, ERR_EXPIRED] = [6, 7, 12, 13];
const EVENT = ['none', 'evidence', 'same', 'refused', 'delta', 'result',
	'error', 'pong', 'ended',
	'reasoning'];
const SIMULATED = 1;
const CHAT = 1;
const [SERVER_OPENED, SERVER_REQUEST] = [1, 2];

const unhex = (s) => Buffer.from(s, 'hex');
const made = JSON.parse(execFileSync(process.env.WASM_FIXTURE,
	{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
	.split('\n').find((line) => line.startsWith('{')));
const fixture = { s: unhex(made.s_priv), evidence: unhex(made.evidence),
	trust: unhex(made.trust), now: BigInt(made.now) };

// What a page does with WebCrypto; a malformed key is a no.
function verifies(obligation) {
	try {
		return check(obligation);
	} catch {
		return false;
	}
}

function check({ alg, key, sig, msg }) {
	if (alg === 3) {
		return crypto.verify('sha384', msg, {
			key: crypto.createPublicKey({ key, format: 'der',
				type: 'spki' }),
			padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
			saltLength: 48,
		}, sig);
	}
	const half = (key.length - 1) / 2;
	const jwk = { kty: 'EC', crv: alg === 1 ? 'P-384' : 'P-256',
		x: key.subarray(1, 1 + half).toString('base64url'),
		y: key.subarray(1 + half).toString('base64url') };
	return crypto.verify(alg === 1 ? 'sha384' : 'sha256', msg,
		{ key: crypto.createPublicKey({ key: jwk, format: 'jwk' }),
			dsaEncoding: 'ieee-p1363' }, sig);
}

class Core {
	constructor() {
		this.w = instantiate('build/wasm/core.wasm');
		this.x = this.w.exports;
		assert.equal(this.x.core_abi(), 1);
	}
	bytes(p, len) {
		return Buffer.from(this.w.mem(p, len));
	}
	words(p, n) {
		const v = new DataView(this.x.memory.buffer, p, 4 * n);
		return Array.from({ length: n }, (_, i) => v.getUint32(4 * i, true));
	}
	text(p) {
		const m = this.w.mem(p, 512);
		return Buffer.from(m.subarray(0, m.indexOf(0))).toString();
	}
	put(which, data) {
		assert.ok(data.length <= this.x.core_buffer_len(which));
		this.w.mem(this.x.core_buffer(which), data.length).set(data);
	}
	error() {
		return this.text(this.x.core_error());
	}
	out() {
		return this.bytes(this.x.core_buffer(OUT), this.x.core_out_len());
	}
	trust(text = fixture.trust) {
		this.put(TRUST, text);
		return this.x.core_trust(text.length);
	}
	event() {
		const [type, stream, last, reason, data, len] =
			this.words(this.x.core_event(), 6);
		return { type: EVENT[type], stream, last, reason,
			data: this.bytes(data, len) };
	}
	obligations() {
		return Array.from({ length: this.x.core_obligations() }, (_, i) => {
			const [alg, k, kn, s, sn, m, mn] =
				this.words(this.x.core_obligation(i), 7);
			return { alg, key: this.bytes(k, kn), sig: this.bytes(s, sn),
				msg: this.bytes(m, mn) };
		});
	}
	checks() {
		return Array.from({ length: this.x.core_checks() }, (_, i) => {
			const [result, name, text] = this.words(this.x.core_check(i), 3);
			return { result, name: this.text(name), text: this.text(text) };
		});
	}
	answers(change = (a) => a) {
		return change(this.obligations().reduce((bits, o, i) =>
			verifies(o) ? bits | 1 << i : bits, 0));
	}
	judge({ evidence = fixture.evidence, key = publicOf(fixture.s),
		flags = SIMULATED, now = fixture.now } = {}) {
		this.put(EVIDENCE, evidence);
		this.put(IN, key);
		return this.x.core_judge(evidence.length, flags, now, 0n, 0n);
	}
}

class Enclave {
	constructor() {
		this.w = instantiate('build/wasm/session_test.wasm');
		this.x = this.w.exports;
		this.put('keys', Buffer.concat([fixture.s, crypto.randomBytes(32)]));
		this.put('evidence', fixture.evidence);
		this.x.server_init(fixture.evidence.length);
	}
	put(name, data) {
		this.w.mem(this.x[`server_${name}`](), data.length).set(data);
	}
	packets() {
		return split(Buffer.from(this.w.mem(this.x.server_out(),
			this.x.server_out_len())));
	}
	packet(body) {
		this.put('in', body);
		assert.equal(this.x.server_packet(body.length), OK);
		return this.packets();
	}
	tick(answer) {
		this.put('answer', Buffer.from(answer));
		assert.equal(this.x.server_tick(Buffer.byteLength(answer)), OK);
		return this.packets();
	}
}

// The bodies of a whole number of packets.
function split(stream) {
	const bodies = [];
	for (let at = 0; at < stream.length;) {
		const n = stream.readUInt16BE(at);
		bodies.push(stream.subarray(at + 2, at + 2 + n));
		at += 2 + n;
	}
	return bodies;
}

function begin(core, resume = null) {
	const parts = [crypto.randomBytes(64)];
	if (resume)
		parts.push(resume.key, resume.digest);
	core.put(IN, Buffer.concat(parts));
	assert.equal(core.x.core_session(resume ? 1 : 0), OK);
	assert.equal(core.x.core_start(), OK);
	return split(core.out());
}

// The first packets of a session, up to the evidence event.
function meet(core, enclave, resume) {
	const [first] = begin(core, resume);
	const [reply] = enclave.packet(first);
	core.put(IN, reply);
	assert.equal(core.x.core_packet(reply.length), OK, core.error());
	return core.event();
}

function verify(core, len = 0, change) {
	assert.equal(core.x.core_verify(len, SIMULATED, fixture.now, 0n, 0n), OK,
		core.error());
	return core.x.core_conclude(core.x.core_run(), core.answers(change));
}

function converse(core, enclave) {
	const question = '{"messages":[]}';
	const text = 'An answer that is longer than one record. '.repeat(20);
	core.put(BODY, Buffer.from(question));
	assert.equal(core.x.core_request(CHAT, 0, question.length), OK);
	for (const body of split(core.out()))
		enclave.packet(body);
	assert.equal(enclave.x.server_event(), SERVER_REQUEST);
	const asked = Buffer.from(enclave.w.mem(enclave.x.server_request(),
		enclave.x.server_request_len())).toString();
	assert.ok(asked.endsWith(question));
	let heard = '';
	for (let ticks = 0, done = false; !done; ticks++) {
		assert.ok(ticks < 10);
		for (const record of enclave.tick(text)) {
			core.put(IN, record);
			assert.equal(core.x.core_packet(record.length), OK);
			const e = core.event();
			if (e.type === 'delta')
				heard += e.data.toString();
			if (e.type === 'result')
				done = e.last === 1;
		}
	}
	assert.equal(heard, text);
}

test('evidence is judged, and each line of the verdict can be shown', () => {
	const core = new Core();
	assert.equal(core.trust(), OK, core.error());
	assert.equal(core.judge(), OK, core.error());
	assert.ok(core.x.core_obligations() > 0);
	assert.equal(core.x.core_deadline(), 0n);
	assert.equal(core.x.core_conclude(core.x.core_run(), core.answers()), OK);
	for (const c of core.checks()) {
		assert.equal(c.result, 1, `${c.name}: ${c.text}`);
		assert.ok(c.name.length > 0);
	}
	assert.ok(core.x.core_deadline() > fixture.now);
	assert.equal(core.x.core_simulated(), 1);
	assert.ok(core.bytes(core.x.core_digest(), 32).equals(
		crypto.createHash('sha256').update(fixture.evidence).digest()));
});

test('one obligation answered no is a refusal', () => {
	const core = new Core();
	core.trust();
	core.judge();
	const n = core.x.core_obligations();
	for (let i = 0; i < n; i++) {
		assert.equal(core.judge(), OK);
		assert.equal(core.x.core_conclude(core.x.core_run(),
			core.answers((a) => a & ~(1 << i))), ERR_AUTH);
		assert.equal(core.x.core_deadline(), 0n);
	}
});

test('answers to another judgement are refused', () => {
	const core = new Core();
	core.trust();
	assert.equal(core.x.core_conclude(0, 0xffffffff), ERR_PROTOCOL);
	core.judge();
	const before = core.x.core_run();
	core.judge();
	assert.equal(core.x.core_conclude(before, core.answers()), ERR_PROTOCOL);
	const answers = core.answers();
	assert.equal(core.x.core_conclude(core.x.core_run(), answers), OK);
	assert.equal(core.x.core_conclude(core.x.core_run(), answers),
		ERR_PROTOCOL);
});

test('simulated evidence is refused unless the user accepts it', () => {
	const core = new Core();
	core.trust();
	assert.equal(core.judge({ flags: 0 }), ERR_POLICY);
	assert.match(core.error(), /simulat/i);
	assert.equal(core.x.core_obligations(), 0);
});

test('altered evidence and another key are refused', () => {
	const core = new Core();
	core.trust();
	const evidence = Buffer.from(fixture.evidence);
	assert.notEqual(core.judge({ key: crypto.randomBytes(32) }), OK);
	for (let at = 0; at < evidence.length; at += 97) {
		evidence[at] ^= 1;
		const e = core.judge({ evidence });
		assert.ok(e !== OK || core.x.core_conclude(core.x.core_run(),
			core.answers()) !== OK, `byte ${at}`);
		evidence[at] ^= 1;
	}
});

test('a bad trust file is refused with its line', () => {
	const core = new Core();
	assert.notEqual(core.trust(Buffer.from('confer-trust/v1\nnonsense\n')), OK);
	assert.match(core.error(), /line|nonsense/);
	assert.equal(core.judge(), ERR_PROTOCOL);
});

test('accepted evidence says what was released, and who saw it', () => {
	const core = new Core();
	core.trust();
	assert.equal(core.judge(), OK, core.error());
	assert.equal(core.x.core_claims(), ERR_PROTOCOL);
	assert.equal(core.x.core_conclude(core.x.core_run(), core.answers()), OK);
	assert.equal(core.x.core_claims(), OK);
	const claims = JSON.parse(core.out().toString());
	assert.equal(claims.image_version, '1.0.0');
	assert.equal(claims.seen_by,
		'seen by 2 of 2 witnesses (operators Alpha, Beta)');
	assert.equal(claims.rebuilder, undefined);
	assert.equal(core.judge(), OK);
	assert.equal(core.x.core_conclude(core.x.core_run(), 0), ERR_AUTH);
	assert.equal(core.x.core_claims(), ERR_PROTOCOL);
});

test('a session: XX, verdict, request, streamed answer', () => {
	const [core, enclave] = [new Core(), new Enclave()];
	core.trust();
	assert.equal(meet(core, enclave).type, 'evidence');
	assert.equal(verify(core), OK);
	assert.equal(core.x.core_accept(fixture.now), OK, core.error());
	for (const body of split(core.out()))
		enclave.packet(body);
	assert.equal(enclave.x.server_event(), SERVER_OPENED);
	converse(core, enclave);
	assert.equal(core.x.core_end(0), OK);
	assert.ok(core.out().length > 0);
});

test('coming back: IK, the same evidence, no third packet', () => {
	const [core, enclave] = [new Core(), new Enclave()];
	core.trust();
	const digest = crypto.createHash('sha256').update(fixture.evidence)
		.digest();
	const e = meet(core, enclave, { key: publicOf(fixture.s), digest });
	assert.equal(e.type, 'same');
	core.put(EVIDENCE, fixture.evidence);
	assert.equal(verify(core, fixture.evidence.length), OK);
	assert.equal(core.x.core_accept(fixture.now), OK);
	assert.equal(core.out().length, 0);
	converse(core, enclave);
});

test('the enclave has a new key: XXfallback', () => {
	const [core, enclave] = [new Core(), new Enclave()];
	core.trust();
	const e = meet(core, enclave, { key: publicOf(crypto.randomBytes(32)),
		digest: Buffer.alloc(32) });
	assert.equal(e.type, 'evidence');
	assert.equal(verify(core), OK);
	assert.equal(core.x.core_accept(fixture.now), OK);
	for (const body of split(core.out()))
		enclave.packet(body);
	converse(core, enclave);
});

test('nothing is sent before the verdict, nor after a refusal', () => {
	const [core, enclave] = [new Core(), new Enclave()];
	core.trust();
	meet(core, enclave);
	core.put(BODY, Buffer.from('{}'));
	assert.equal(core.x.core_request(CHAT, 0, 2), ERR_PROTOCOL);
	assert.equal(core.x.core_accept(fixture.now), ERR_PROTOCOL);
	assert.equal(verify(core, 0, () => 0), ERR_AUTH);
	assert.equal(core.x.core_accept(fixture.now), ERR_PROTOCOL);
	assert.equal(core.out().length, 0);
	assert.equal(core.x.core_request(CHAT, 0, 2), ERR_PROTOCOL);
	assert.equal(core.out().length, 0);
});

test('a verdict reached too late opens nothing', () => {
	const [core, enclave] = [new Core(), new Enclave()];
	core.trust();
	meet(core, enclave);
	assert.equal(verify(core), OK);
	assert.equal(core.x.core_accept(core.x.core_deadline()), ERR_EXPIRED);
	assert.equal(core.out().length, 0);
});

test('wiping leaves no plaintext and no key in memory', () => {
	const [core, enclave] = [new Core(), new Enclave()];
	const secret = 'the secret of this conversation';
	core.trust();
	meet(core, enclave);
	verify(core);
	core.x.core_accept(fixture.now);
	for (const body of split(core.out()))
		enclave.packet(body);
	core.put(BODY, Buffer.from(secret));
	assert.equal(core.x.core_request(CHAT, 0, secret.length), OK);
	const memory = () => Buffer.from(core.x.memory.buffer);
	assert.equal(memory().indexOf(secret), -1);
	for (const body of split(core.out()))
		enclave.packet(body);
	for (const record of enclave.tick(secret)) {
		core.put(IN, record);
		core.x.core_packet(record.length);
		if (core.event().type === 'delta')
			assert.ok(memory().indexOf(secret) > 0);
	}
	core.x.core_wipe();
	assert.equal(memory().indexOf(secret), -1);
	assert.equal(core.x.core_start(), ERR_PROTOCOL);
});
