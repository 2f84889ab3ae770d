/* Help that teaches: examples first, then what there is. */
#include <stdio.h>
#include <string.h>

#include "logd/cmd.h"

static const char general[] =
    "confer-log - the public log of releases: keep it, witness it, watch it\n"
    "\n"
    "  confer-log append /srv/log release-17.record   publish a record\n"
    "  confer-log verify --trust trust r.record r.proof\n"
    "                                                 check one, offline\n"
    "  confer-log audit https://log.example.org/ --trust trust\n"
    "                                                 watch the log\n"
    "  confer-log witness /srv/witness --listen tcp:0.0.0.0:7800\n"
    "                                                 vouch that it only "
    "grows\n"
    "\n"
    "keeping a log     key, init, append, refresh, prove, serve\n"
    "witnessing        key, witness\n"
    "checking          verify, audit, inspect\n"
    "\n"
    "Every image, model and policy that a client accepts stands in the log: "
    "an\n"
    "append-only Merkle tree in plain files, which any web server can hand "
    "out.\n"
    "Witnesses, run by others, sign that it only ever grew. A log that shows\n"
    "different things to different people is caught, and the proof kept.\n"
    "\n"
    "`confer-log help COMMAND` and `man confer-log` say more.\n"
    "Exit codes: 0 done, 1 wrong usage, 2 refused or something to look at, 3\n"
    "unreachable, 4 internal error, 5 misbehaviour proven, 6 local files "
    "damaged\n"
    "or disk full.\n";

static const char key[] =
    "confer-log key new --kind log --name log.example.org/1 log.key\n"
    "confer-log key new --kind release --name alice.example.org alice.key\n"
    "confer-log key show log.key            its public half, the vkey\n"
    "\n"
    "usage: confer-log key new --kind KIND --name NAME OUT\n"
    "       confer-log key show FILE\n"
    "\n"
    "Makes an Ed25519 key in a file that only you may read, and prints its\n"
    "public half, the vkey that trust files and policies name. A log signs\n"
    "checkpoints, a witness cosigns them; release keys sign records, on a\n"
    "machine that is not the log's. The name of a log's key is the log's "
    "origin:\n"
    "a name for ever, like a URL without scheme. A key that is lost cannot "
    "be\n"
    "made again.\n";

static const char init[] =
    "confer-log init /srv/log --key log.key --trust trust\n"
    "\n"
    "usage: confer-log init DIR --key FILE --trust FILE\n"
    "\n"
    "Makes an empty log in DIR, which must be empty or not there, and signs "
    "its\n"
    "first checkpoint. DIR/public is for everyone, DIR/state for this machine\n"
    "alone. Key and trust file are copied to DIR/state; the key must be one "
    "of\n"
    "the trust file's logs. Keep --key elsewhere, offline. Never put back a\n"
    "backup of DIR: an old copy that goes on signs a second history, and its\n"
    "witnesses will refuse it for ever. `confer-log help append` goes on.\n";

static const char append[] =
    "confer-log append /srv/log release-17.record\n"
    "confer-log append /srv/log *.record --proofs /srv/proofs\n"
    "\n"
    "usage: confer-log append DIR RECORD... [--proofs DIR]\n"
    "\n"
    "Judges the records (signatures, product, seq), adds all of them or none, "
    "asks\n"
    "the witnesses of DIR/state/trust that have a URL, and publishes the new\n"
    "checkpoint. Under a quorum of witnesses a proof is written for each,\n"
    "image.proof for image.record: what enclaves show to clients beside it.\n"
    "A record that is there already keeps its place, so the same command can\n"
    "be given again: it renews the proofs.\n"
    "Exit code 0: in the log under a quorum; 2: a record was refused, and "
    "nothing\n"
    "changed, or the quorum is missing: the records are in the log then, and\n"
    "`confer-log refresh` asks again.\n";

static const char refresh[] =
    "confer-log refresh /srv/log            from cron, every hour\n"
    "\n"
    "usage: confer-log refresh DIR [--force]\n"
    "\n"
    "Asks the witnesses to cosign the present checkpoint again, since "
    "clients\n"
    "refuse one that is older than a week. Does nothing while the one that is\n"
    "published is less than an hour old and under a quorum.\n"
    "Exit code 0: under a quorum, 2: not.\n";

static const char prove[] =
    "confer-log prove /srv/log --record r.record -o r.proof\n"
    "confer-log prove https://log.example.org/ --index 17 --trust trust -o p\n"
    "\n"
    "usage: confer-log prove DIR|URL --index N|--record FILE -o FILE\n"
    "                        [--trust FILE]\n"
    "\n"
    "Writes the proof that an entry stands in the log, under the checkpoint "
    "that\n"
    "is published now, after verifying it as a client would. Anybody can, "
    "from\n"
    "the log's public files. --trust may be left out for a log of this "
    "machine.\n";

static const char verify[] =
    "confer-log verify --trust trust release.record release.proof\n"
    "confer-log verify --policy sigsum.policy entry.bin entry.proof\n"
    "\n"
    "usage: confer-log verify --trust FILE|--policy FILE RECORD PROOF\n"
    "\n"
    "Checks what clients check of a record and its proof, offline: who signed "
    "it,\n"
    "that it stands in the log, how many witnesses saw that and when, and its\n"
    "dates. Whether it was revoked since, only a policy record says. "
    "--policy is a\n"
    "bare C2SP tlog-policy: then the proof alone is checked, of any entry.\n"
    "Exit code 0: accepted, 2: refused.\n";

static const char audit[] =
    "confer-log audit https://log.example.org/ --trust trust\n"
    "confer-log audit LOG MIRROR --trust trust --state /var/lib/confer-audit "
    "\\\n"
    "    --witness https://w1.example.net/ --quiet      from cron\n"
    "\n"
    "usage: confer-log audit LOG [MIRROR...] --trust FILE [OPTION]...\n"
    "\n"
    "Reads the log as a stranger does and reports everything that should not "
    "be\n"
    "so: another history than the one seen before, or than a mirror or a "
    "witness\n"
    "has; records by unknown keys; a seq that was left out; a release without\n"
    "source; a checkpoint that nobody cosigned for a day. LOG and MIRROR are\n"
    "directories, http(s) URLs or unix:PATH. With --rebuild each release is "
    "built\n"
    "again: `sh -c CMD` finds its source in CONFER_SOURCE_URL, _COMMIT and "
    "_TREE,\n"
    "the record in the file $CONFER_RECORD, and prints the lines that a "
    "rebuilder\n"
    "compares (file, snp, tdx, sgx; bundle), as docs/log.md, L-185, says.\n"
    "Exit code 0: all is well; 2: something to look at; 3: not reached; 5: "
    "the log\n"
    "has misbehaved, and the proof of it was written; 6: the state directory "
    "is\n"
    "damaged.\n";

static const char witness[] =
    "confer-log witness /srv/witness --init witness.example.net/1\n"
    "confer-log witness /srv/witness --add-log "
    "log.example.org/1+c2466d88+AV...\n"
    "confer-log witness /srv/witness --listen tcp:127.0.0.1:7800\n"
    "\n"
    "usage: confer-log witness DIR --init NAME | --add-log VKEY | --listen "
    "ADDR\n"
    "\n"
    "Cosigns the checkpoints of the logs it is told to watch, each only if it\n"
    "continues the one before: so a log cannot show two histories without "
    "all\n"
    "its witnesses agreeing to it. Speaks the C2SP witness protocol, for any "
    "such\n"
    "log. Run it elsewhere than the log, by somebody else. No TLS: put a "
    "proxy in\n"
    "front. Prints `listening ADDR` when it is ready; SIGTERM ends it.\n";

static const char serve[] =
    "confer-log serve /srv/log --listen tcp:127.0.0.1:7801\n"
    "\n"
    "usage: confer-log serve DIR --listen ADDR\n"
    "\n"
    "Hands out DIR/public over HTTP, as any web server can: the checkpoint, "
    "the\n"
    "tiles, and nothing else. No TLS: put a proxy in front. Prints `listening\n"
    "ADDR` when it is ready; SIGTERM ends it.\n";

static const char inspect[] =
    "confer-log inspect release.proof\n"
    "confer-log inspect https://log.example.org/\n"
    "\n"
    "usage: confer-log inspect FILE|DIR|URL\n"
    "\n"
    "Says what it is (checkpoint, note, proof, record, key, policy, trust "
    "file,\n"
    "tile, log) and shows it readably. Verifies no signature: see "
    "`confer-log\n"
    "help verify`.\n";

static const struct {
	enum logd_command command;
	const char *text;
} topics[] = {
	{ LOGD_KEY, key },
	{ LOGD_INIT, init },
	{ LOGD_APPEND, append },
	{ LOGD_REFRESH, refresh },
	{ LOGD_PROVE, prove },
	{ LOGD_VERIFY, verify },
	{ LOGD_AUDIT, audit },
	{ LOGD_WITNESS, witness },
	{ LOGD_SERVE, serve },
	{ LOGD_INSPECT, inspect },
};
#define TOPICS (sizeof(topics) / sizeof(topics[0]))

void logd_cmd_help(enum logd_command command)
{
	char spelling[LOGD_SPELLING_MAX];
	const char *text;

	for (size_t i = 0; i < TOPICS; i++) {
		if (topics[i].command != command)
			continue;
		(void)fputs(topics[i].text, stdout);
		(void)fputs("\nOptions:\n", stdout);
		for (size_t n = 0;
		     logd_options_line(command, n, spelling, &text); n++)
			(void)printf("  %-26s %s\n", spelling, text);
		return;
	}
	(void)fputs(general, stdout);
}
