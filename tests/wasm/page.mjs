// What a page does with attest.mjs: everything comes over HTTP.
import { Cases, measure } from './attest.mjs';

async function get(path) {
	const response = await fetch(path);
	if (!response.ok)
		throw new Error(`${path}: ${response.status}`);
	return new Uint8Array(await response.arrayBuffer());
}
const load = (path) => get(`/vectors/${path}`);

export async function verdicts() {
	const module = await WebAssembly.compileStreaming(fetch('/core.wasm'));
	return (await Cases.open(module, load)).all();
}

export async function times(tee) {
	return measure(await get('/core.wasm'), load, tee);
}
