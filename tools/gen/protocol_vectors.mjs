// Writes tests/vectors/protocol/*.json: whole sessions with every private
// key, made by the second implementation in tests/interop, which was
// written from docs/protocol.md alone. Node >= 18:
//
//   node tools/gen/protocol_vectors.mjs [DIR]
//
// Every key is SHA-256 of "confer test key <name>". Never trust them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { keyPair, sha256 } from '../../tests/interop/noise.mjs';
import { ClientHandshake, EnclaveHandshake, frame, KIND, LAST, packet,
	parseFrame, requestFrames, requestMessage, T }
	from '../../tests/interop/wire.mjs';

const hex = (b) => Buffer.from(b).toString('hex');
const key = (name) => keyPair(sha256(`confer test key ${name}`));
const NAMES = Object.fromEntries(Object.entries(T).map(([k, v]) => [v, k]));
const NONE = Buffer.alloc(0);
const u32 = (n) => Buffer.from([0, 0, n >> 8, n & 255]);

// Bytes that nobody takes for evidence: counting up, 300 of them.
const BUNDLE = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 255));

function handshake(name, known) {
	const keys = { client_ephemeral: key(`${name} client e`),
		client_static: key(`${name} client s`),
		enclave_ephemeral: key(`${name} enclave e`),
		enclave_static: key('enclave s') };
	const client = new ClientHandshake({ e: keys.client_ephemeral,
		s: keys.client_static, known });
	const enclave = new EnclaveHandshake({ e: keys.enclave_ephemeral,
		s: keys.enclave_static, bundle: BUNDLE });
	const reply = enclave.answer(client.first);
	const got = client.reply(reply);
	const finish = client.finish();
	if (finish)
		enclave.finish(finish);
	const [a, b] = [client.split(), enclave.split()];
	if (!a.hash.equals(b.hash) || !got.key.equals(keys.enclave_static.pub))
		throw new Error(`${name}: the two halves disagree`);
	return { a, b, about: { name,
		keys: Object.fromEntries(Object.entries(keys)
			.map(([k, v]) => [k, { private: hex(v.secret), public: hex(v.pub) }])),
		remembered: known && { static: hex(known.key),
			evidence_hash: known.digest && hex(known.digest) },
		prologue: hex(client.prologue), evidence: hex(BUNDLE),
		same: got.same === true,
		pattern: { [KIND.xxReply]: 'XX', [KIND.ikReply]: 'IK',
			[KIND.fallback]: 'XXfallback' }[client.kind],
		first: hex(packet(client.first)), reply: hex(packet(reply)),
		finish: finish && hex(packet(finish)), handshake_hash: hex(a.hash) } };
}

function records(a, b, script) {
	return script.map(([from, plain]) => {
		const [out, into] = from === 'client' ? [a, b] : [b, a];
		const body = out.send.seal(plain);
		const f = parseFrame(into.recv.open(body));
		return { from, type: NAMES[f.type], flags: f.flags, stream: f.stream,
			data: hex(f.data), size: plain.length, packet: hex(packet(body)) };
	});
}

// A chat whose request has `size` bytes of text, its answer, and a models
// request that is cancelled, by the pace of the enclave: four records a tick,
// those with data first.
function conversation(size) {
	const up = (f) => ['client', f];
	const down = (type, flags, stream, text) =>
		['enclave', frame(type, flags, stream, Buffer.from(text))];
	const idle = (n) => Array.from({ length: n }, () => down(0, 0, 0, NONE));
	const chat = JSON.stringify({ model: 'm', stream: true,
		messages: [{ role: 'user', content: 'a'.repeat(size) }] });
	const eight = Buffer.from('01234567');
	return [
		up(frame(T.PING, 0, 0, eight)), down(T.PONG, 0, 0, eight),
		...requestFrames(1, requestMessage(1, chat)).map(up),
		up(frame(T.CREDIT, 0, 1, u32(4096))),
		down(T.DELTA, 0, 1, 'Hel'), down(T.DELTA, 0, 1, 'lo'), ...idle(2),
		...idle(4),
		down(T.RESULT, 0, 1, '{"object":'),
		down(T.RESULT, LAST, 1, '"chat.completion"}'), ...idle(2),
		...requestFrames(3, requestMessage(2)).map(up),
		up(frame(T.CANCEL, 0, 3, NONE)),
		down(T.ERROR, LAST, 3, '{"error":{"code":"busy"}}'), ...idle(3),
		up(frame(T.END, 0, 0, Buffer.from([0]))),
	];
}

function main() {
	const dir = process.argv[2] ?? 'tests/vectors/protocol';
	const enclave = key('enclave s').pub;
	const digest = sha256(BUNDLE);
	const sessions = { xx: null, ik: { key: enclave, digest: null },
		ik_same: { key: enclave, digest },
		xxfallback: { key: key('an older enclave s').pub, digest } };
	mkdirSync(dir, { recursive: true });
	for (const [name, known] of Object.entries(sessions)) {
		const { a, b, about } = handshake(name, known);
		const session = { made_by: 'tools/gen/protocol_vectors.mjs', ...about,
			records: records(a, b, conversation(name === 'xx' ? 66000 : 8)) };
		writeFileSync(`${dir}/${name}.json`,
			`${JSON.stringify(session, null, '\t')}\n`);
	}
}

main();
