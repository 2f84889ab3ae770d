// The same verdicts on the same evidence in real Chromium as in Node.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Cases } from './attest.mjs';
import { absent, inChromium } from './chromium.mjs';
import { core, load, page, without } from './recorded.mjs';

test('Chromium judges every report and quote as Node does', {
	skip: without || absent }, async () => {
	const cases = await Cases.open(await WebAssembly.compile(core()), load);
	const [found] = await inChromium(page,
		"import('/page.mjs').then((m) => m.verdicts())");
	assert.deepEqual(found.faults, []);
	assert.ok(found.accepted > 0 && found.refused > 0);
	assert.deepEqual(found, await cases.all());
});
