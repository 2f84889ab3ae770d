// Judging recorded evidence with core.wasm, in Node and in a browser: the host
// of the module, the signature checks on WebCrypto, and the cases of a MANIFEST.
// This imports nothing.

const [EVIDENCE, BODY, OUT] = [1, 3, 4];
const FAILED = 2; // enum check_result
const BASELINE = 1;
export const TEE = { snp: 1, tdx: 2, sgx: 3 };
// Parts of a container, attest/collateral.h.
export const PART = { leaf: 1, ca: 2, crl: 3, tcb_info: 4, qe_identity: 5,
	tcb_signing_chain: 6, root_ca_crl: 7, pck_crl: 8 };

// ---- SHA-256, FIPS 180-4: the one primitive that attestation imports --------

// The first 32 bits of the fraction of the n-th prime's root; cube roots of 64
// primes in full precision, as doubles have 53 bits.
function primes(n) {
	const found = [];
	for (let p = 2; found.length < n; p++) {
		if (found.every((q) => p % q !== 0))
			found.push(p);
	}
	return found;
}
const fraction = (x) => Math.floor((x - Math.floor(x)) * 2 ** 32);
const K = Uint32Array.from(primes(64), (p) => fraction(Math.cbrt(p)));
const H = Uint32Array.from(primes(8), (p) => fraction(Math.sqrt(p)));
const rotate = (x, n) => x >>> n | x << 32 - n;

function block(h, w) {
	for (let i = 16; i < 64; i++) {
		const [x, y] = [w[i - 15], w[i - 2]];
		w[i] = w[i - 16] + w[i - 7] +
			(rotate(x, 7) ^ rotate(x, 18) ^ x >>> 3) +
			(rotate(y, 17) ^ rotate(y, 19) ^ y >>> 10);
	}
	let [a, b, c, d, e, f, g, k] = h;
	for (let i = 0; i < 64; i++) {
		const t = k + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			(e & f ^ ~e & g) + K[i] + w[i] | 0;
		const u = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			(a & b ^ a & c ^ b & c) | 0;
		[k, g, f, e, d, c, b, a] = [g, f, e, d + t | 0, c, b, a, t + u | 0];
	}
	[a, b, c, d, e, f, g, k].forEach((x, i) => { h[i] += x; });
}

export function sha256(data) {
	const padded = new Uint8Array((data.length + 72) & ~63);
	const view = new DataView(padded.buffer);
	const [h, w] = [H.slice(), new Uint32Array(64)];
	padded.set(data);
	padded[data.length] = 0x80;
	view.setBigUint64(padded.length - 8, BigInt(data.length) * 8n);
	for (let at = 0; at < padded.length; at += 64) {
		for (let i = 0; i < 16; i++)
			w[i] = view.getUint32(at + 4 * i);
		block(h, w);
	}
	const out = new Uint8Array(32);
	h.forEach((x, i) => new DataView(out.buffer).setUint32(4 * i, x));
	return out;
}

// ---- signature checks -------------------------------------------------------

const ECDSA = { 1: ['P-384', 'SHA-384'], 2: ['P-256', 'SHA-256'] };

// A malformed key or signature is a no.
async function verifies({ alg, key, sig, msg }) {
	const subtle = globalThis.crypto.subtle;
	try {
		if (alg === 3) {
			const k = await subtle.importKey('spki', key,
				{ name: 'RSA-PSS', hash: 'SHA-384' }, false,
				['verify']);
			return await subtle.verify(
				{ name: 'RSA-PSS', saltLength: 48 }, k, sig, msg);
		}
		const [namedCurve, hash] = ECDSA[alg];
		const k = await subtle.importKey('raw', key,
			{ name: 'ECDSA', namedCurve }, false, ['verify']);
		return await subtle.verify({ name: 'ECDSA', hash }, k, sig, msg);
	} catch {
		return false;
	}
}

// ---- the module -------------------------------------------------------------

export class Core {
	static async make(module) {
		const core = new Core();
		const host = {};
		for (const { name } of WebAssembly.Module.imports(module)) {
			host[name] = () => {
				throw new Error(`attestation calls ${name}`);
			};
		}
		host.sha256 = (out, part, n) => core.sha256(out, part, n);
		const instance = await WebAssembly.instantiate(module, { host });
		core.x = instance.exports;
		return core;
	}
	mem(p, len) {
		return new Uint8Array(this.x.memory.buffer, p, len);
	}
	words(p, n) {
		const v = new DataView(this.x.memory.buffer, p, 4 * n);
		return Array.from({ length: n }, (_, i) => v.getUint32(4 * i, true));
	}
	text(p) {
		const m = this.mem(p, 512);
		return new TextDecoder().decode(m.subarray(0, m.indexOf(0)));
	}
	sha256(out, part, n) {
		const parts = Array.from({ length: n },
			(_, i) => this.mem(...this.words(part + 8 * i, 2)));
		this.mem(out, 32).set(sha256(join(parts)));
	}
	put(which, data) {
		if (data.length > this.x.core_buffer_len(which))
			throw new Error(`${data.length} bytes for buffer ${which}`);
		this.mem(this.x.core_buffer(which), data.length).set(data);
	}
	// Judge {tee, report, parts, now, policy}: the result of core_attest().
	attest({ tee, report, parts, now, policy = BASELINE }) {
		const body = container(parts);
		this.put(EVIDENCE, report);
		this.put(BODY, body);
		return this.x.core_attest(TEE[tee], report.length, body.length,
			BigInt(now), policy);
	}
	// Copies, as the checks run on their own.
	obligations() {
		return Array.from({ length: this.x.core_obligations() }, (_, i) => {
			const [alg, k, kn, s, sn, m, mn] =
				this.words(this.x.core_obligation(i), 7);
			return { alg, key: this.mem(k, kn).slice(),
				sig: this.mem(s, sn).slice(),
				msg: this.mem(m, mn).slice() };
		});
	}
	failed() {
		for (let i = 0; i < this.x.core_checks(); i++) {
			const [result, name] = this.words(this.x.core_check(i), 3);
			if (result === FAILED)
				return this.text(name);
		}
		return null;
	}
	claims() {
		if (this.x.core_claims() !== 0)
			return null;
		return JSON.parse(new TextDecoder().decode(this.mem(
			this.x.core_buffer(OUT), this.x.core_out_len())));
	}
}

function join(parts) {
	const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
	let at = 0;
	for (const p of parts) {
		out.set(p, at);
		at += p.length;
	}
	return out;
}

// {name: bytes} as a container, by the names of PART; empty without any.
function container(parts) {
	const named = Object.entries(parts).filter(([, data]) => data)
		.sort(([a], [b]) => PART[a] - PART[b]);
	return named.length === 0 ? new Uint8Array(0) : join([
		Uint8Array.of(1), ...named.flatMap(([name, data]) => [
			Uint8Array.of(PART[name], data.length >> 16,
				data.length >> 8, data.length), data])]);
}

// The answers as bits.
export async function answer(obligations) {
	return (await Promise.all(obligations.map(verifies)))
		.reduce((bits, yes, i) => yes ? bits | 1 << i : bits, 0);
}

// The verdict on what Core.attest() takes. sabotage(answers) may change what the
// signature checks said.
export async function attest(module, input, sabotage = (answers) => answers) {
	const core = await Core.make(module);
	const judged = core.attest(input);
	const obligations = core.obligations();
	const some = Object.values(input.parts).some(Boolean);
	const result = some ? core.x.core_conclude(core.x.core_run(),
		sabotage(await answer(obligations))) : judged;
	return { accepted: result === 0, obligations,
		authentic: core.x.core_authentic() !== 0,
		reason: core.text(core.x.core_error()),
		failed: core.failed(), claims: core.claims() };
}

// ---- the cases of a MANIFEST ------------------------------------------------

const decode = (base64) => Uint8Array.from(atob(base64), (c) =>
	c.charCodeAt(0));

// The certificates of a PEM file, in its order; or the one of a DER file.
export function certificates(file) {
	if (file[0] === 0x30)
		return [file];
	return Array.from(new TextDecoder().decode(file).matchAll(
		/-----BEGIN CERTIFICATE-----([^-]*)-----END/g),
	([, body]) => decode(body.replace(/\s/g, '')));
}

const COLLATERAL = ['tcb_info', 'qe_identity', 'tcb_signing_chain',
	'root_ca_crl', 'pck_crl'];

export class Cases {
	// load(path) resolves to the bytes of a file beside the MANIFEST.
	static async open(module, load) {
		const cases = new Cases();
		const text = new TextDecoder().decode(await load('MANIFEST.json'));
		cases.module = module;
		cases.load = load;
		cases.items = new Map(JSON.parse(text).items.map((x) => [x.id, x]));
		return cases;
	}
	ids() {
		return [...this.items.values()].filter(({ kind }) =>
			/^(snp-report|tdx-quote|sgx-quote)$/.test(kind))
			.map(({ id }) => id);
	}
	async chain(family, key) {
		const [ca, root] = certificates(await this.load(
			`sev-snp/roots/${family}-${key}-cert_chain.pem`));
		return { ca, root };
	}
	async collateral(id) {
		const { files } = this.items.get(id), parts = {};
		for (const name of COLLATERAL)
			parts[name] = await this.load(files[name]);
		return parts;
	}
	// What attest() wants, at the first time at which all is valid.
	async input(id) {
		const { kind, files, family, key, expect } = this.items.get(id);
		const [now] = expect.now_ok;
		if (kind === 'snp-report') {
			const [leaf] = certificates(await this.load(files[key]));
			const { ca } = await this.chain(family, key);
			return { tee: 'snp', report: await this.load(files.report),
				parts: { leaf, ca }, now };
		}
		// Without collateral of its own: a list alone, so that it is read.
		const parts = await this.collateral(
			expect.collateral ?? 'coll-tdx-90c06f-2026-02');
		return { tee: kind.slice(0, 3), report: await this.load(files.quote),
			parts: expect.collateral ? parts :
				{ root_ca_crl: parts.root_ca_crl }, now };
	}
	// One item at all its times: the faults found, and how often it was judged.
	async judge(id) {
		const item = this.items.get(id);
		const { expect } = item;
		const good = expect.baseline_policy.startsWith('accept');
		const input = await this.input(id);
		const found = { accepted: 0, refused: 0, faults: [] };
		const at = async (now, wanted, policy) => {
			const got = await attest(this.module,
				{ ...input, now, policy });
			found[got.accepted ? 'accepted' : 'refused']++;
			if (got.accepted !== wanted)
				found.faults.push(`${id} at ${now}: ${
					got.accepted ? 'accepted' : got.reason}`);
			return got;
		};
		for (const now of expect.now_ok) {
			const got = await at(now, good, BASELINE);
			found.faults.push(...compare(item, got));
			await at(now, false, 0);
		}
		for (const { now } of expect.now_bad ?? [])
			await at(now, false, BASELINE);
		return found;
	}
	// All items: the sum of what judge() says of each.
	async all() {
		const sum = { items: 0, accepted: 0, refused: 0, faults: [] };
		for (const id of this.ids()) {
			const { accepted, refused, faults } = await this.judge(id);
			sum.items++;
			sum.accepted += accepted;
			sum.refused += refused;
			sum.faults.push(...faults);
		}
		return sum;
	}
}

// Every wanted member that the claims have otherwise.
function different(where, want, got) {
	return Object.entries(want).filter(([name, value]) => value != null &&
		JSON.stringify(got[name]) !== JSON.stringify(value))
		.map(([name]) => `${where} ${name}: ${JSON.stringify(got[name])}`);
}

function compare(item, { authentic, claims, reason }) {
	const { id, fields, expect } = item;
	if (item.kind === 'snp-report') {
		const valid = expect.chain_and_report_signature === 'valid';
		return [...different(id, fields, claims),
			...authentic === valid ? [] : [`${id}: authentic ${authentic}`]];
	}
	// Bytes after a quote refuse it before its fields are read.
	if (fields.trailing_bytes > 0 && !fields.trailing_all_zero)
		return reason.includes('bytes after it') ? [] : [`${id}: ${reason}`];
	return [...different(`${id} body`, fields.body, claims.body),
		...different(`${id} QE`, fields.qe_report, claims.qe_report),
		...comparePlatform(item, claims)];
}

function comparePlatform({ id, fields, expect }, claims) {
	const { pck, ...got } = claims;
	const wanted = (names, from, have) => Object.fromEntries(names
		.filter((name) => name in have).map((name) => [name, from[name]]));
	const faults = pck ? different(`${id} PCK`, wanted(['ppid', 'pcesvn',
		'cpusvn', 'pceid', 'fmspc'], fields.pck, pck), pck) : [];
	const levels = wanted(['tcb_status', 'sgx_tcb_level_status',
		'tdx_tcb_level_status', 'qe_tcb_status'], expect, got);
	for (const [name, value] of Object.entries(levels)) {
		if (value?.startsWith('n')) // words about why there is none
			levels[name] = null;
	}
	faults.push(...different(id, levels, got));
	if (got.advisory_ids && got.tcb_status === expect.tcb_status &&
		`${[...got.advisory_ids].sort()}` !==
			`${[...expect.advisory_ids].sort()}`)
		faults.push(`${id}: advisories ${got.advisory_ids}`);
	return faults;
}

// ---- how long it takes ------------------------------------------------------

const TIMED = { snp: 'milan-v3-vcek-dstack', tdx: 'v4-uptodate-b0c06f' };
const ROUNDS = 41; // odd: the median is one of them

async function median(fn) {
	const took = [];
	for (let i = 0; i < ROUNDS; i++) {
		const start = performance.now();
		await fn();
		took.push(performance.now() - start);
	}
	return took.sort((a, b) => a - b)[ROUNDS >> 1];
}

// Milliseconds for one report or quote: cold, with the compilation of core.wasm
// and before anything else ran here; then warm, each in a fresh instance, and
// bare, the same signature checks alone.
export async function measure(bytes, load, tee) {
	const cases = await Cases.open(null, load);
	const input = await cases.input(TIMED[tee]);
	const start = performance.now();
	const module = await WebAssembly.compile(bytes);
	const { accepted, obligations } = await attest(module, input);
	const cold = performance.now() - start;
	if (!accepted)
		throw new Error(`${TIMED[tee]} was refused`);
	return { cold, warm: await median(() => attest(module, input)),
		bare: await median(() => answer(obligations)) };
}
