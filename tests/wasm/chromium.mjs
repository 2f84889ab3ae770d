// A page in headless Chromium, driven over two pipes of the DevTools protocol:
// JSON messages that end with a zero byte.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const PROGRAM = process.env.CHROMIUM ?? 'chromium';
const TYPES = { '.html': 'text/html', '.mjs': 'text/javascript',
	'.wasm': 'application/wasm', '.json': 'application/json' };
const LIMIT_MS = 120000; // of a browser that hangs: it is killed
// What a page with the core needs, and no more.
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; " +
	"connect-src 'self'";

// Why there is none here; false if there is one.
export const absent = spawnSync(PROGRAM, ['--version']).status === 0 ? false
	: `${PROGRAM} is not installed`;

// Serve read(path) on the loopback; what it throws is a 404.
async function serve(read) {
	const server = http.createServer((request, response) => {
		const name = new URL(request.url, 'http://x').pathname;
		try {
			const body = name === '/' ? '<!doctype html>' : read(name);
			response.writeHead(200, { 'content-security-policy': POLICY,
				'content-type': TYPES[path.extname(name) || '.html'] ??
					'application/octet-stream' });
			response.end(body);
		} catch {
			response.writeHead(404).end();
		}
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	return server;
}

class Browser {
	constructor(home) {
		this.process = spawn(PROGRAM, ['--headless=new', '--no-sandbox',
			'--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
			'--disable-background-networking', '--remote-debugging-pipe',
			`--user-data-dir=${home}`],
		{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
			timeout: LIMIT_MS, killSignal: 'SIGKILL' });
		this.ended = new Promise((done) => this.process.on('exit', done));
		this.waiting = new Map();
		this.events = [];
		this.last = 0;
		let rest = '';
		this.process.stdio[4].setEncoding('utf8');
		this.process.stdio[4].on('data', (data) => {
			const messages = (rest + data).split('\0');
			rest = messages.pop();
			for (const message of messages)
				this.take(JSON.parse(message));
		});
		this.process.stdio[3].on('error', () => {});
	}
	take({ id, result, error, method }) {
		const call = this.waiting.get(id);
		this.waiting.delete(id);
		if (method !== undefined)
			this.events = this.events.filter((e) =>
				e.method !== method || e.done());
		else if (error)
			call.fail(new Error(error.message));
		else
			call.done(result);
	}
	call(method, params = {}, sessionId) {
		const id = ++this.last;
		this.process.stdio[3].write(
			`${JSON.stringify({ id, method, params, sessionId })}\0`);
		return new Promise((done, fail) =>
			this.waiting.set(id, { done, fail }));
	}
	event(method) {
		return new Promise((done) => this.events.push({ method, done }));
	}
	async open(url) {
		const { targetId } = await this.call('Target.createTarget',
			{ url: 'about:blank' });
		const { sessionId } = await this.call('Target.attachToTarget',
			{ targetId, flatten: true });
		await this.call('Page.enable', {}, sessionId);
		const loaded = this.event('Page.loadEventFired');
		await this.call('Page.navigate', { url }, sessionId);
		await loaded;
		return sessionId;
	}
	async evaluate(sessionId, expression) {
		const { result, exceptionDetails } = await this.call(
			'Runtime.evaluate', { expression, awaitPromise: true,
				returnByValue: true }, sessionId);
		if (exceptionDetails)
			throw new Error(exceptionDetails.exception?.description ??
				exceptionDetails.text);
		return result.value;
	}
	async close() {
		this.call('Browser.close').catch(() => {});
		await this.ended;
	}
}

// The value of a JavaScript expression in a page whose files read() gives; each
// expression has a page of its own in one new browser.
export async function inChromium(read, ...expressions) {
	const home = fs.mkdtempSync(path.join(os.tmpdir(), 'chromium-'));
	const server = await serve(read);
	const browser = new Browser(home);
	const run = async () => {
		const values = [];
		for (const expression of expressions) {
			const page = await browser.open(
				`http://127.0.0.1:${server.address().port}/`);
			values.push(await browser.evaluate(page, expression));
		}
		return values;
	};
	try {
		const values = await Promise.race([run(), browser.ended]);
		if (!Array.isArray(values))
			throw new Error(`${PROGRAM} ended: ${values}`);
		return values;
	} finally {
		await browser.close();
		server.closeAllConnections();
		server.close();
		fs.rmSync(home, { recursive: true, force: true, maxRetries: 9 });
	}
}
