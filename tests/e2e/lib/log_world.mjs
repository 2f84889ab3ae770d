// A log of ours and its witnesses, for scripts about the log.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseTrust } from '../../interop/evidence.mjs';
import { ed25519, note } from '../../interop/forge.mjs';
import { serveWitness, Witness } from '../../interop/witness.mjs';

export const TMP = process.env.TMPDIR;
const CONFER_LOG = `${process.env.BUILD}/bin/confer-log`;
export const NOW = Math.floor(Date.now() / 1000);
export const DAY = 86400;
const started = [];
const wrong = { count: 0 };

// One claim: it is printed, and if it does not hold, the script fails.
export function claim(ok, what, more = '') {
	wrong.count += !ok;
	console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}${ok ? '' : `: ${more}`}`);
}

// { code, out, err } of `confer-log` with these arguments.
export function confer(...args) {
	const p = spawn(CONFER_LOG, args, { stdio: ['ignore', 'pipe', 'pipe'] });
	const said = { out: '', err: '' };
	p.stdout.on('data', (data) => { said.out += data; });
	p.stderr.on('data', (data) => { said.err += data; });
	return new Promise((done) => {
		p.on('close', (code) => done({ code, ...said }));
	});
}

export async function works(...args) {
	const p = await confer(...args);
	if (p.code !== 0)
		throw new Error(`confer-log ${args.join(' ')}: ${p.code} ${p.out} ` +
			p.err);
	return p.out;
}

// Starts what listens: { url, stop }.
export function listen(...args) {
	const p = spawn(CONFER_LOG, [...args, '--listen', 'tcp:127.0.0.1:0'],
		{ stdio: ['ignore', 'pipe', 'inherit'] });
	started.push(p);
	return new Promise((done, failed) => {
		let said = '';
		p.stdout.on('data', (data) => {
			said += data;
			const m = /^listening tcp:(.*)\n/m.exec(said);
			if (m)
				done({ url: `http://${m[1]}`, stop: () => stop(p) });
		});
		p.on('close', (code) => failed(new Error(`ended with ${code}`)));
	});
}

function stop(process) {
	process.kill();
	return new Promise((done) => { process.on('exit', done); });
}

// Runs the script, ends what it started, and the script with its status.
export async function main(script) {
	try {
		await script();
	} catch (e) {
		claim(false, 'the script goes on to its end', e.stack);
	} finally {
		started.forEach((p) => p.kill());
	}
	process.exit(wrong.count ? 1 : 0);
}

// A log with three witnesses, ours and two of the stranger's: two are wanted.
export class World {
	constructor() {
		this.release = [1, 2].map((i) => ed25519(`release.example/${i}`));
		this.rebuilder = ed25519('rebuilder.example');
		this.keys = [1, 2].map((i) => ed25519(`w.example/${i}`, 4));
		this.seq = new Map();
		this.bad = [null, null];
	}
	async start() {
		const key = `${TMP}/log.key`;
		this.vkey = (await works('key', 'new', '--kind', 'log', '--name',
			'log.example/s', key)).trim();
		const ours = (await works('witness', `${TMP}/w0`, '--init',
			'w.example/0')).trim();
		await works('witness', `${TMP}/w0`, '--add-log', this.vkey);
		this.ours = await listen('witness', `${TMP}/w0`);
		const urls = [this.ours.url];
		this.witnesses = this.keys.map((k, i) => new Witness(`${TMP}/w${i + 1}`,
			k, `log ${this.vkey}\n`));
		this.servers = await Promise.all(this.witnesses.map((w, i) =>
			serveWitness(w, (...x) => this.bad[i]?.(...x) ?? false)));
		urls.push(...this.servers.map((s) => s.url));
		const vkeys = [ours, ...this.keys.map((k) => k.vkey)];
		this.trustText = ['confer-trust/v1', 'product confer', 'channel x',
			...this.release.map((k) => `release-key ${k.vkey}`), 'threshold 2',
			`rebuilder-key ${this.rebuilder.vkey}`,
			...[0, 1, 2].map((i) => `operator w.example/${i} Operator ${i}`),
			'', `log ${this.vkey}`,
			...vkeys.map((k, i) => `witness w${i} ${k} ${urls[i]}`),
			'group g 2 w0 w1 w2', 'quorum g', ''].join('\n');
		this.trust = `${TMP}/trust`;
		writeFileSync(this.trust, this.trustText);
		this.parsed = parseTrust(Buffer.from(this.trustText));
		this.dir = `${TMP}/log`;
		await works('init', this.dir, '--key', key, '--trust', this.trust);
	}
	// A file with the next record of this kind.
	record(kind, lines, { by = this.release, days = 6 } = {}) {
		const seq = (this.seq.get(kind) ?? 0) + 1;
		this.seq.set(kind, seq);
		const text = ['confer-release/v1', `kind ${kind}`, 'product confer',
			'channel x', `seq ${seq}`, `issued ${NOW}`,
			`not-before ${NOW}`, `not-after ${NOW + days * DAY}`, ...lines, '']
			.join('\n');
		const path = `${TMP}/${kind}-${seq}.record`;
		writeFileSync(path, note(text, by));
		return path;
	}
	policy() {
		return this.record('policy', ['hardware any']);
	}
}

