#!/usr/bin/env node
// Rows as of bench.h: one SNP report and one TDX quote, recorded on real
// machines, verified by core.wasm in Node and in Chromium. Cold is the first
// verdict, with compiling the module; the ratio is to signature checks alone.
import { spawnSync } from 'node:child_process';
import { measure } from '../tests/wasm/attest.mjs';
import { absent, inChromium } from '../tests/wasm/chromium.mjs';
import { core, load, page, without } from '../tests/wasm/recorded.mjs';

const TEES = ['snp', 'tdx'];

function rows(where, tee, { cold, warm, bare }) {
	const row = (name, value) => console.log(`${name}.${where}.${tee}`,
		value.toPrecision(3), 'ms', name.startsWith('bare') ? '-' :
			(value / bare).toFixed(3));
	row('bare.signatures', bare);
	row('wasm.attest.cold', cold);
	row('wasm.attest.warm', warm);
}

// Nothing is cold a second time, so each is measured in a process of its own.
if (TEES.includes(process.argv[2])) {
	console.log(JSON.stringify(await measure(core(), load,
		process.argv[2])));
} else if (!without) {
	for (const tee of TEES) {
		const { stdout } = spawnSync(process.execPath,
			[process.argv[1], tee], { encoding: 'utf8',
				stdio: ['ignore', 'pipe', 'inherit'] });
		rows('node', tee, JSON.parse(stdout));
	}
	for (const tee of absent ? [] : TEES) {
		const [times] = await inChromium(page,
			`import('/page.mjs').then((m) => m.times('${tee}'))`);
		rows('chromium', tee, times);
	}
}
