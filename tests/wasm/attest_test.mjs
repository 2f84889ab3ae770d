// core_attest() on recorded evidence of real machines: the verdicts and fields
// of its MANIFEST, and the mutations that it lists.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import test from 'node:test';
import { answer, attest, Cases, certificates, Core, sha256, TEE } from './attest.mjs';
import { core, load, without } from './recorded.mjs';

test('SHA-256 is that of OpenSSL at every length of two blocks', () => {
	const data = crypto.randomBytes(130);
	for (let n = 0; n <= data.length; n++)
		assert.deepEqual(Buffer.from(sha256(data.subarray(0, n))),
			crypto.createHash('sha256').update(data.subarray(0, n))
				.digest());
});

const [OK, ERR_UNSUPPORTED, ERR_PROTOCOL] = [0, 5, 7];
const module = await WebAssembly.compile(core());
const cases = without ? null : await Cases.open(module, load);
const each = (name, fn) => test(name, { skip: without }, fn);

test('only reports and quotes of hardware are judged alone', async () => {
	const { x } = await Core.make(module);
	for (const kind of [0, 4, 255])
		assert.equal(x.core_attest(kind, 1, 1, 0n, 0), ERR_UNSUPPORTED);
	assert.equal(x.core_run(), 0);
	assert.equal(x.core_claims(), ERR_PROTOCOL);
});

test('without a container there is nothing to conclude', async () => {
	const { x } = await Core.make(module);
	for (const kind of Object.values(TEE)) {
		assert.notEqual(x.core_attest(kind, 1, 0, 0n, 1), OK);
		assert.equal(x.core_obligations(), 0);
		assert.equal(x.core_conclude(x.core_run(), 0xffffffff),
			ERR_PROTOCOL);
		assert.equal(x.core_authentic(), 0);
		assert.equal(x.core_claims(), ERR_PROTOCOL);
	}
});

each('every report and quote has the verdict and fields of the MANIFEST',
	async (t) => {
		let [accepted, refused] = [0, 0];
		for (const id of cases.ids()) {
			await t.test(id, async () => {
				const found = await cases.judge(id);
				assert.deepEqual(found.faults, []);
				accepted += found.accepted;
				refused += found.refused;
			});
		}
		assert.ok(accepted > 0 && refused > 0);
	});

const put = (at, ...bytes) => (data) => {
	data.set(bytes, at);
	return data;
};
const flip = (at) => (data) => {
	data[at] ^= 1;
	return data;
};
const cut = (n) => (data) => data.subarray(0, n);

// The item with another report or other parts is refused, by that check.
async function refused(id, { change, parts, check, why }) {
	const input = await cases.input(id);
	const report = change ? change(Uint8Array.from(input.report))
		: input.report;
	const got = await attest(module,
		{ ...input, report, parts: { ...input.parts, ...parts } });
	assert.equal(got.accepted, false, why);
	if (check)
		assert.equal(got.failed, check, `${why}: ${got.reason}`);
}

const REPORT = [
	['the measurement changed', flip(0x90), 'report signature'],
	['R changed', flip(0x2a0), 'report signature'],
	['R of more than 48 bytes', put(0x2d0, 1), 'report format'],
	['a byte after the signature', put(0x330, 1), 'report format'],
	['one byte short', cut(1183), 'report format'],
	['one byte more', (d) => Uint8Array.of(...d, 0), 'report format'],
	['version 1', put(0, 1, 0, 0, 0), 'report format'],
	['version 6', put(0, 6, 0, 0, 0), 'report format'],
	['version 2^32 - 1', put(0, 255, 255, 255, 255), 'report format'],
	['signature algorithm 0', put(0x34, 0), 'report format'],
	['signature algorithm 2', put(0x34, 2), 'report format'],
];

each('a changed report is refused', async () => {
	for (const [why, change, check] of REPORT)
		await refused('milan-v3-vcek-dstack', { change, check, why });
});

each('a report with the certificates of another is refused', async () => {
	const milan = await cases.chain('milan', 'vcek');
	const genoa = await cases.chain('genoa', 'vcek');
	const { parts } = await cases.input('milan-v3-vcek-dstack');
	await refused('milan-v3-vlek-aws',
		{ parts: { ca: milan.ca }, why: 'a VLEK under the ASK' });
	await refused('milan-v3-vlek-aws',
		{ parts, why: 'a VCEK for a report by a VLEK' });
	await refused('milan-v3-vcek-dstack',
		{ parts: { ca: milan.root }, why: 'the ARK in the place of the ASK' });
	await refused('milan-v3-vcek-dstack',
		{ parts: { ca: genoa.ca }, why: 'the ASK of another product' });
});

const QUOTE = [
	['MRTD changed', flip(48 + 136), 'report signature'],
	['key type 3', put(2, 3, 0), 'report format'],
	['TEE type 0', put(4, 0, 0, 0, 0), 'report format'],
	['the QE vendor changed', flip(12), 'report format'],
	['signature data of 4 GB', put(632, 255, 255, 255, 255),
		'report format'],
	['signature data of 64 KB', put(632, 0, 0, 1, 0), 'report format'],
];

each('a changed quote is refused', async () => {
	for (const [why, change, check] of QUOTE)
		await refused('v4-uptodate-b0c06f', { change, check, why });
});

each('a quote cut anywhere before its padding is refused', async () => {
	const { fields } = cases.items.get('v4-uptodate-b0c06f');
	for (let n = 0; n < fields.length - fields.trailing_bytes; n += 7)
		await refused('v4-uptodate-b0c06f', { change: cut(n),
			check: 'report format', why: `cut at ${n}` });
});

const text = (data) => new TextDecoder().decode(data);
const replaced = (data, from, to) => {
	assert.ok(text(data).includes(from));
	return new TextEncoder().encode(text(data).replace(from, to));
};

each('a quote with other or changed collateral is refused', async () => {
	const tdx = 'v4-uptodate-b0c06f';
	const sgx = 'v3-configswhardening-00a06711';
	const { parts } = await cases.input(tdx);
	const other = await cases.collateral('coll-sgx-00606a-2025-08');
	const fmspc = await cases.collateral('coll-tdx-90c06f-2025-06');
	const old = await load(cases.items.get('coll-sgx-00606a-tcbinfo-v2')
		.files.tcb_info);
	const none = await attest(module,
		{ ...await cases.input(tdx), parts: {} });
	assert.equal(none.accepted, false);
	assert.match(none.reason, /container|collateral/);
	assert.equal(none.claims, null);
	for (const name of Object.keys(parts))
		await refused(tdx, { parts: { [name]: null }, why: `no ${name}` });
	for (const [from, to] of [['"pcesvn":', '"pcesvn" :'],
		['"svn":5', '"svn":4']])
		await refused(tdx, { parts: {
			tcb_info: replaced(parts.tcb_info, from, to) }, why: to });
	await refused(tdx, { parts: { tcb_info: fmspc.tcb_info },
		why: 'TCB info of another FMSPC' });
	await refused(tdx, { parts: { qe_identity: other.qe_identity },
		why: 'the identity of the SGX QE for a TD' });
	await refused(sgx, { parts: { pck_crl: other.pck_crl },
		why: 'the list of the other PCK CA' });
	await refused(sgx, { parts: { tcb_info: old }, why: 'version 2' });
});

each('a list of revoked certificates counts where it is given', async () => {
	const id = 'genoa-v3-vcek-azure';
	const input = await cases.input(id);
	const crl = await load('sev-snp/roots/genoa.crl.der');
	const other = await load('sev-snp/roots/turin.crl.der');
	const at = async (now, list) => (await attest(module, { ...input, now,
		parts: { ...input.parts, crl: list } })).accepted;
	assert.equal(await at(1788000000, crl), true);
	assert.equal(await at(1788000000 + 90 * 86400, crl), false);
	assert.equal(await at(1788000000, other), false);
});

each("Intel's sample root is refused", async () => {
	const { files } = cases.items.get('bad-impostor-root-intel-sample-v3');
	const [pem, der] = ['tcbSignChain', 'rootCaCrl'].map((x) => files[x]);
	const got = await attest(module, { tee: 'sgx', now: 1751624924,
		report: await load(files.quote), parts: {
			tcb_info: await load(files.tcbInfo),
			qe_identity: await load(files.qeIdentity),
			tcb_signing_chain: await load(pem),
			root_ca_crl: await load(der),
			pck_crl: await load(files.intermediateCaCrl) } });
	assert.equal(got.accepted, false);
	assert.equal(got.authentic, false);
});

each('what is accepted alone opens no session', async () => {
	for (const id of ['turin-v5-vcek-ms', 'v4-uptodate-b0c06f']) {
		const core = await Core.make(module);
		const { x } = core;
		assert.equal(core.attest(await cases.input(id)), OK);
		const answers = await answer(core.obligations());
		assert.equal(x.core_conclude(x.core_run() - 1, answers),
			ERR_PROTOCOL);
		assert.equal(x.core_authentic(), 0);
		assert.equal(x.core_conclude(x.core_run(), answers), OK);
		assert.equal(x.core_authentic(), 1);
		assert.equal(x.core_conclude(x.core_run(), answers), ERR_PROTOCOL);
		assert.equal(x.core_deadline(), 0n);
		assert.equal(x.core_digest(), 0);
		assert.equal(x.core_accept(0n), ERR_PROTOCOL);
		x.core_wipe();
		assert.equal(x.core_authentic(), 0);
		assert.equal(x.core_claims(), ERR_PROTOCOL);
	}
});

each('each signature check that says no refuses', async () => {
	for (const id of ['turin-v5-vcek-ms', 'v4-uptodate-b0c06f']) {
		const input = await cases.input(id);
		const { accepted, obligations } = await attest(module, input);
		assert.ok(accepted && obligations.length > 2);
		for (let i = 0; i < obligations.length; i++) {
			const got = await attest(module, input, (a) => a & ~(1 << i));
			assert.equal(got.accepted, false, `${id}: ${i}`);
			assert.ok(got.reason.length > 0);
		}
	}
});

each('a leaf as PEM decodes to its DER', async () => {
	const { files } = cases.items.get('turin-v5-vcek-ms');
	const [leaf] = certificates(await load(files.vcek));
	assert.ok(new crypto.X509Certificate(leaf).subject.includes('SEV-VCEK'));
});
