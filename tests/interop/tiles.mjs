// Trees, their tiles and where they are read from: docs/log.md, sections 1
// and 9.
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { leafHash, node } from './log.mjs';
import { sha256 } from './noise.mjs';
import { need } from './wire.mjs';

const WIDTH = 256;
const MAX_TILE = WIDTH * 32;
const MAX_BUNDLE = WIDTH * (2 + 16384);
const TIMEOUT_MS = 10000;

// Neighbours become a node, an odd last one moves up: the tree of [L-01].
export function treeRoot(hashes) {
	let row = hashes;
	while (row.length > 1)
		row = Array.from({ length: Math.ceil(row.length / 2) }, (_, i) =>
			(2 * i + 1 < row.length ? node(row[2 * i], row[2 * i + 1]) :
				row[2 * i]));
	return row[0] ?? sha256();
}

// The largest power of two below n.
function splitOf(n) {
	let k = 1;
	while (2 * k < n)
		k *= 2;
	return k;
}

// RFC 9162, 2.1.4.1: from the first m leaves to all of them, 0 < m.
function subproof(m, leaves, whole) {
	if (m === leaves.length)
		return whole ? [] : [treeRoot(leaves)];
	const k = splitOf(leaves.length);
	const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
	return m <= k ? [...subproof(m, left, whole), treeRoot(right)] :
		[...subproof(m - k, right, false), treeRoot(left)];
}

export const consistencyPath = (m, leaves) =>
	(m === 0 ? [] : subproof(m, leaves, true));

// RFC 9162, 2.1.4.2, with [L-04]; sizes are BigInt.
export function isConsistent(old, oldRoot, size, root, path) {
	if (old === 0n || old >= size)
		return old <= size && path.length === 0 &&
			(old !== size || oldRoot.equals(root)) &&
			(old !== 0n || oldRoot.equals(sha256()));
	const [first, ...rest] = (old & (old - 1n)) === 0n ? [oldRoot, ...path] :
		path;
	let [fn, sn, fr, sr] = [old - 1n, size - 1n, first, first];
	const up = () => { [fn, sn] = [fn >> 1n, sn >> 1n]; };
	while (fn & 1n)
		up();
	for (const p of rest) {
		if (sn === 0n)
			return false;
		if (fn & 1n || fn === sn) {
			[fr, sr] = [node(p, fr), node(p, sr)];
			while (fn !== 0n && !(fn & 1n))
				up();
		} else {
			sr = node(sr, p);
		}
		up();
	}
	return first !== undefined && sn === 0n && fr.equals(oldRoot) &&
		sr.equals(root);
}

// [L-101 to L-103]; level: a number, or 'entries'.
export function tilePath(level, n, width = WIDTH) {
	const digits = String(n);
	const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
		.match(/.../g);
	const name = groups.map((g, i) => (i + 1 < groups.length ? `x${g}` : g));
	return `tile/${level}/${name.join('/')}` +
		(width < WIDTH ? `.p/${width}` : '');
}

// A view gives the bytes of a file, null where it has none, or throws.
export class DirView {
	constructor(dir) {
		this.dir = dir;
	}
	async get(path, limit) {
		let here = this.dir;
		for (const part of path.split('/')) {
			need(!part.startsWith('.'), `${path}: a name with a dot`);
			here += `/${part}`;
			const is = lstatSync(here, { throwIfNoEntry: false });
			if (!is)
				return null;
			need(!is.isSymbolicLink(), `${path}: a symbolic link`);
		}
		const bytes = readFileSync(here);
		need(bytes.length <= limit, `${path}: too long`);
		return bytes;
	}
}

export class HttpView {
	constructor(base) {
		Object.assign(this, { base, asked: [] });
	}
	async get(path, limit) {
		const { status, body } = await request(`${this.base}/${path}`, limit);
		this.asked.push(`${status} ${path}`);
		need(status === 200 || status === 404, `${path}: status ${status}`);
		return status === 200 ? body : null;
	}
}

function request(url, limit) {
	return new Promise((resolve, reject) => {
		const ask = get(url, { agent: false, timeout: TIMEOUT_MS }, (answer) => {
			const parts = [];
			let length = 0;
			answer.on('data', (data) => {
				length += data.length;
				if (length > limit)
					ask.destroy(new Error(`${url}: too long`));
				parts.push(data);
			});
			answer.on('end', () => resolve({ status: answer.statusCode,
				body: Buffer.concat(parts) }));
			answer.on('error', reject);
		});
		ask.on('timeout', () => ask.destroy(new Error(`${url}: too slow`)));
		ask.on('error', reject);
	});
}

// As the tree's size names it, or cut from the full one [L-105].
async function fetchTile(view, level, n, width, limit, cut) {
	for (const w of width < WIDTH ? [width, WIDTH] : [WIDTH]) {
		const bytes = await view.get(tilePath(level, n, w), limit);
		if (bytes)
			return cut(bytes, w).slice(0, width);
	}
	need(false, `${tilePath(level, n, width)} is missing`);
}

function cutHashes(bytes, width) {
	need(bytes.length === 32 * width, 'a tile of another length');
	return Array.from({ length: width }, (_, i) =>
		bytes.subarray(32 * i, 32 * i + 32));
}

function cutEntries(bytes, width) {
	const out = [];
	let at = 0;
	for (; out.length < width; at += 2 + bytes.readUInt16BE(at)) {
		need(at + 2 <= bytes.length, 'a bundle that ends too early');
		const entry = bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at));
		need(entry.length === bytes.readUInt16BE(at) && entry.length > 0,
			'a bundle with half an entry');
		out.push(entry);
	}
	need(at === bytes.length, 'a bundle with more than its entries');
	return out;
}

async function readLevel(view, level, count, limit, cut) {
	const out = [];
	for (let n = 0; n * WIDTH < count; n++)
		out.push(...await fetchTile(view, level, n,
			Math.min(WIDTH, count - n * WIDTH), limit, cut));
	return out;
}

// All of the tree: levels[L] are the hashes of level L, which were computed
// from those below; entries hash to levels[0].
export async function readTree(view, size) {
	const levels = [];
	for (let count = size; count > 0; count = Math.floor(count / WIDTH)) {
		const level = levels.length;
		const got = await readLevel(view, level, count, MAX_TILE, cutHashes);
		const below = levels[level - 1];
		const wrong = level === 0 ? -1 : got.findIndex((hash, i) =>
			!hash.equals(treeRoot(below.slice(i * WIDTH, (i + 1) * WIDTH))));
		need(wrong < 0, `hash ${wrong} of level ${level} is not the root of ` +
			'the tile below');
		levels.push(got);
	}
	const entries = await readLevel(view, 'entries', size, MAX_BUNDLE,
		cutEntries);
	const wrong = entries.findIndex((entry, i) =>
		!leafHash(entry).equals(levels[0][i]));
	need(wrong < 0, `entry ${wrong} is not what its hash says`);
	return { levels, entries };
}

// [L-110]: the root from the few hashes at the right edge of each level.
export function edgeRoot(levels, size) {
	let root = null;
	for (let h = 0, left = size; left > 0; h++) {
		const width = 2 ** h;
		if (Math.floor(size / width) % 2 === 0)
			continue;
		left -= width;
		const level = Math.floor(h / 8);
		const from = left / 256 ** level;
		const part = treeRoot(levels[level].slice(from, from + 2 ** (h % 8)));
		root = root ? node(part, root) : part;
	}
	return root ?? sha256();
}

function writeLevel(dir, level, parts) {
	for (let n = 0; n * WIDTH < parts.length; n++) {
		const tile = parts.slice(n * WIDTH, (n + 1) * WIDTH);
		const path = `${dir}/${tilePath(level, n, tile.length)}`;
		mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
		writeFileSync(path, Buffer.concat(tile));
	}
}

// The tiles and bundles of the tree of these entries [L-100, L-104, L-106].
export function writeTree(dir, entries) {
	writeLevel(dir, 'entries', entries.map((entry) =>
		Buffer.concat([Buffer.from([entry.length >> 8, entry.length]), entry])));
	let row = entries.map(leafHash);
	for (let level = 0; row.length > 0; level++) {
		writeLevel(dir, level, row);
		row = Array.from({ length: Math.floor(row.length / WIDTH) }, (_, i) =>
			treeRoot(row.slice(i * WIDTH, (i + 1) * WIDTH)));
	}
}
