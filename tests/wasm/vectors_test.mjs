// The second implementation of Noise makes the vectors that are committed, and
// the published ones where they are on this machine.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import test from 'node:test';

const GENERATOR = 'tools/gen/noise_vectors.mjs';
const SHARED = `${process.env.CONFER_VECTORS ?? '../shared/vectors'}/noise`;
const run = (...args) =>
	execFileSync('node', [GENERATOR, ...args], { encoding: 'utf8' });

test('the committed vectors are what the generator makes', () => {
	assert.equal(run(),
		fs.readFileSync('tests/vectors/noise/pipes.json', 'utf8'));
});

test('the generator reproduces the published vectors',
	{ skip: fs.existsSync(SHARED) ? false : `no ${SHARED}` }, () => {
		const report = run('--check', SHARED);
		assert.match(report, /cacophony\.json: 24 vectors reproduced/);
		assert.match(report, /tinfoil-noisews\.json: 1 vectors reproduced/);
	});
