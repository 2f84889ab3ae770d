// The evidence that an enclave shows, unjudged: {"key": hex, "bundle": hex}.
//
//   node evidence.mjs SOCKET
import { connect } from 'node:net';
import { ClientHandshake, packet, Packets } from '../../interop/wire.mjs';

const packets = new Packets();
const hs = new ClientHandshake({ known: null });
const socket = connect({ path: process.argv[2] });
socket.on('data', (d) => {
	packets.push(d);
	const body = packets.next();
	if (!body)
		return;
	const reply = hs.reply(body);
	console.log(JSON.stringify({
		key: reply.key.toString('hex'),
		bundle: reply.bundle.toString('hex'),
	}));
	socket.destroy();
});
socket.write(packet(hs.first));
