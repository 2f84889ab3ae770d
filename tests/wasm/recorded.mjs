// The files of the tests of attestation, from the disk.
import fs from 'node:fs';

const ROOT = `${process.env.CONFER_VECTORS ?? '../shared/vectors'}/attest`;

export const core = () => fs.readFileSync('build/wasm/core.wasm');
export const load = (path) => fs.readFileSync(`${ROOT}/${path}`);
// Why the vectors cannot be used; false if they can.
export const without = fs.existsSync(`${ROOT}/MANIFEST.json`) ? false
	: `${ROOT} is not on this machine`;

// The same for a page: this directory, the module and the vectors.
export function page(path) {
	if (path === '/core.wasm')
		return core();
	if (path.startsWith('/vectors/'))
		return load(path.slice('/vectors/'.length));
	return fs.readFileSync(`tests/wasm${path}`);
}
