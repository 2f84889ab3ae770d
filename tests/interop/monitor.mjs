// Reads a release log whole, and remembers what it saw: docs/log.md, sections
// 9, 12 and 13.
import { leafHash, parseNote, parseRecord, rebuildResult, signers,
	verifyCheckpoint } from './log.mjs';
import { consistencyPath, edgeRoot, isConsistent, readTree, treeRoot } from
	'./tiles.mjs';
import { need, Refused } from './wire.mjs';

const MAX_CHECKPOINT = 16384;
const MAX_SERIES = 256;

// [L-176]
function isLast(r, before) {
	const [size, root] = r.last[0];
	return size === String(before.length) &&
		root === treeRoot(before.map(leafHash)).toString('hex');
}

export class Monitor {
	// trust: as parseTrust gives it; policy: one of its log policies.
	constructor(trust, policy) {
		Object.assign(this, { trust, policy, heads: [], leaves: [],
			entries: [], series: new Map(), retired: false,
			successor: false });
	}
	// What is odd about the entries that are new, a sentence each; throws
	// where the log does not serve the tree that it signed, or signed two.
	async look(view, now) {
		const note = await view.get('checkpoint', MAX_CHECKPOINT);
		need(note, 'no checkpoint');
		const head = verifyCheckpoint(note, this.policy, now);
		const size = Number(head.size);
		this.sameSize(head);
		const { levels, entries } = await readTree(view, size);
		const leaves = levels[0] ?? [];
		need(treeRoot(leaves).equals(head.root) &&
			edgeRoot(levels, size).equals(head.root),
		'the tiles do not lead to the root');
		for (const seen of this.heads)
			this.compare(seen, head, leaves);
		this.heads.push(head);
		this.levels = levels;
		if (size > this.leaves.length)
			this.leaves = leaves;
		return entries.slice(this.entries.length).flatMap((entry) =>
			this.judge(entry, head.origin));
	}
	sameSize(head) {
		need(this.heads.every((h) => h.origin === head.origin),
			'a log of another origin');
		need(this.heads.every((h) => h.size !== head.size ||
			h.root.equals(head.root)),
		`two roots of size ${head.size} were signed`);
	}
	compare(seen, head, leaves) {
		const [old, young] = seen.size < head.size ? [seen, head] :
			[head, seen];
		const all = old === seen ? leaves : this.leaves;
		const path = consistencyPath(Number(old.size),
			all.slice(0, Number(young.size)));
		need(isConsistent(old.size, old.root, young.size, young.root, path),
			`size ${young.size} does not continue size ${old.size}`);
	}
	judge(entry, origin) {
		const index = this.entries.push(entry) - 1;
		try {
			need(entry.length <= 16384, 'too long');
			this.admit(entry, index, origin);
			return [];
		} catch (e) {
			if (e instanceof Refused)
				return [`entry ${index}: ${e.message}`];
			throw e;
		}
	}
	// Section 12.
	admit(entry, index, origin) {
		const { trust } = this;
		const note = parseNote(entry);
		const r = parseRecord(note.text);
		const [keys, k] = r.kind === 'rebuild' ? [trust.rebuilderKeys, 1] :
			[trust.releaseKeys, trust.threshold];
		const by = signers(note, keys, 0).size;
		need(by >= k, `signed by ${by} keys, not ${k}`);
		need(r.product === trust.product, `of product ${r.product}`);
		need(!this.retired, 'after the end of the log');
		const foreign = r.kind === 'retire' && r.log[0][0] !== origin;
		need(!foreign || index === 0, 'the end of another log');
		this.successor ||= foreign;
		this.retired = r.kind === 'retire' && !foreign;
		this.count(r);
		need(!this.retired || isLast(r, this.entries.slice(0, index)),
			'ends another tree than that before it');
		if (r.kind === 'rebuild')
			this.rebuilt(r);
	}
	count(r) {
		const name = `${r.kind} ${r.product} ${r.channel}`;
		const last = this.series.get(name) ?? 0n;
		const free = last === 0n && this.successor;
		need(last > 0n || this.series.size < MAX_SERIES, 'too many series');
		this.series.set(name, r.seq > last ? r.seq : last);
		need(free || r.seq === last + 1n, `seq ${r.seq} after ${last}`);
	}
	// [L-177]
	rebuilt(r) {
		const of = this.entries.find((entry) =>
			leafHash(entry).toString('hex') === r.release[0][0]);
		need(of, 'rebuilds what is not in the log');
		need(rebuildResult(of) === r.result[0][0], 'was built otherwise');
	}
}
