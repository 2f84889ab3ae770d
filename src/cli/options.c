/* See options.h. */
#include "cli/options.h"

#include <string.h>

#include "base/fmt.h"
#include "base/json.h"

enum kind {
	FLAG,    /* bool */
	TEXT,    /* const char * */
	NUMBER,  /* const char *, a JSON number of at least 0 */
	INTEGER, /* const char *, digits */
	STOP,    /* one more stop string */
	LIST,    /* struct cli_list: one more item */
};

#define ALL     (CLI_UP | CLI_ASK | CLI_CHAT | CLI_VERIFY)
#define TALK    (CLI_ASK | CLI_CHAT)
#define SAMPLES (TALK | CLI_MODEL)
#define ENGINE  (CLI_MODEL | CLI_REPLAY)
#define JUDGES  (DIALS | CLI_REPLAY)
#define RECORDED                                                               \
	(CLI_COLLATERAL | CLI_ATTEST | CLI_MEASURE | CLI_RELEASE | ENGINE)
#define DIALS (CLI_ASK | CLI_CHAT | CLI_VERIFY)
#define AT(f) offsetof(struct cli_options, f)

static const struct row {
	const char *name;
	const char *value; /* its name in help; NULL: a flag */
	enum kind kind;
	unsigned commands;
	size_t at;
	const char *text;
} rows[] = {
	{ "model", "FILE", TEXT, CLI_UP, AT(model),
	    "the GGUF model to serve (default: the bundled one)" },
	{ "listen", "ADDR", TEXT, CLI_UP, AT(listen),
	    "where the enclave listens (default: a socket in --home)" },
	{ "serve", NULL, FLAG, CLI_UP, AT(serve),
	    "no chat here: run until SIGINT or SIGTERM" },
	{ "threads", "N", INTEGER, CLI_UP, AT(engine.threads),
	    "of the engine (default: one for each CPU)" },
	{ "slots", "N", INTEGER, CLI_UP, AT(serving.slots),
	    "answers at once (default: 4)" },
	{ "context", "N", INTEGER, CLI_UP, AT(serving.context),
	    "tokens of prompt and answer (default: 4096)" },
	{ "kv-memory", "MIB", INTEGER, CLI_UP, AT(serving.kv_memory),
	    "for keys and values (default: each its whole context)" },
	{ "speculate", NULL, FLAG, CLI_UP, AT(serving.speculate),
	    "guess tokens: faster where answers repeat the text" },
	{ "pin", NULL, FLAG, CLI_UP, AT(serving.pin),
	    "a CPU for each thread: on a machine of its own" },
	{ "listen", "ADDR", TEXT, CLI_COLLATERAL, AT(listen),
	    "serve: where enclaves ask" },
	{ "dir", "DIR", TEXT, CLI_COLLATERAL, AT(dir),
	    "the directory of certificates and collateral" },
	{ "for", "FILE", TEXT, CLI_COLLATERAL, AT(evidence),
	    "fetch: what the machine of this report or quote needs" },
	{ "product", "NAME", TEXT, CLI_COLLATERAL, AT(product),
	    "fetch: Milan, Genoa or Turin, if no report says it" },
	{ "chip-id", "HEX", TEXT, CLI_COLLATERAL, AT(chip_id),
	    "fetch: CHIP_ID, with --product and --tcb, not --for" },
	{ "tcb", "HEX", TEXT, CLI_COLLATERAL, AT(tcb),
	    "fetch: REPORTED_TCB, with --chip-id" },
	{ "refresh", NULL, FLAG, CLI_COLLATERAL, AT(refresh),
	    "fetch: ask for everything, also what is not due" },
	{ "timeout", "SECONDS", INTEGER, CLI_COLLATERAL, AT(timeout),
	    "fetch: for everything together (default: 60)" },
	{ "ca-file", "FILE", TEXT, CLI_COLLATERAL, AT(ca_file),
	    "fetch: roots of TLS in PEM, instead of the system's" },
	{ "amd-url", "URL", TEXT, CLI_COLLATERAL, AT(amd_url),
	    "fetch: another service or mirror than AMD's" },
	{ "intel-url", "URL", TEXT, CLI_COLLATERAL, AT(intel_url),
	    "fetch: another service or mirror than Intel's" },
	{ "intel-root-crl-url", "URL", TEXT, CLI_COLLATERAL, AT(root_crl_url),
	    "fetch: another place of the root's revocation list" },
	{ "at", "SECONDS", INTEGER, CLI_COLLATERAL, AT(at),
	    "fetch: judge files as of this time, in Unix seconds" },
	{ "report", "FILE", TEXT, CLI_ATTEST, AT(report),
	    "snp: the attestation report, 1184 bytes" },
	{ "cert", "FILE", TEXT, CLI_ATTEST, AT(cert),
	    "snp: the VCEK or VLEK certificate, DER or PEM" },
	{ "chain", "FILE", TEXT, CLI_ATTEST, AT(chain),
	    "snp: ASK or ASVK, then ARK, PEM, as AMD gives it" },
	{ "crl", "FILE", TEXT, CLI_ATTEST, AT(crl),
	    "snp: AMD's revocation list, DER" },
	{ "quote", "FILE", TEXT, CLI_ATTEST, AT(quote),
	    "dcap: the SGX or TDX quote" },
	{ "collateral", "DIR", TEXT, CLI_ATTEST, AT(collateral),
	    "dcap: files as `confer collateral` names them" },
	{ "policy", "FILE", TEXT, CLI_ATTEST, AT(policy),
	    "what to demand: FILE, strict (default) or baseline" },
	{ "now", "UNIX", TEXT, CLI_ATTEST, AT(unix_s),
	    "judge as of this time, in Unix seconds" },
	{ "connect", "ADDR", TEXT, DIALS, AT(connect),
	    "talk to this enclave (default: the running `confer up`)" },
	{ "trust", "FILE", TEXT, JUDGES, AT(trust),
	    "whom to believe (default: HOME/trust)" },
	{ "accept-simulated", NULL, FLAG, JUDGES, AT(accept_simulated),
	    "accept a simulated TEE, which protects nothing" },
	{ "model", "NAME", TEXT, TALK, AT(model), "which model should answer" },
	{ "system", "TEXT", TEXT, TALK, AT(system),
	    "instructions that come before the conversation" },
	{ "model", "FILE", TEXT, ENGINE, AT(model), "the GGUF model" },
	{ "text", "TEXT", TEXT, CLI_MODEL, AT(engine.text),
	    "tokenize: this text (default: standard input)" },
	{ "decode", "IDS", TEXT, CLI_MODEL, AT(engine.decode),
	    "tokenize: the bytes of these tokens instead" },
	{ "pieces", NULL, FLAG, CLI_MODEL, AT(engine.pieces),
	    "tokenize: one token a line, with its bytes" },
	{ "special", NULL, FLAG, CLI_MODEL, AT(engine.special),
	    "tokenize: trust the text: it may spell special tokens" },
	{ "tokens", "IDS", TEXT, CLI_MODEL, AT(engine.tokens),
	    "logits: of these tokens, such as 1,2,3" },
	{ "out", "FILE", TEXT, CLI_MODEL, AT(engine.out),
	    "logits: float32 little endian, [tokens][vocabulary]" },
	{ "prompt", "TEXT", TEXT, CLI_MODEL, AT(engine.prompt),
	    "run: what to continue (default: standard input)" },
	{ "chat", NULL, FLAG, CLI_MODEL, AT(engine.chat),
	    "run: as a question, by the model's chat template" },
	{ "raw", NULL, FLAG, CLI_MODEL, AT(engine.raw),
	    "run: as it stands (default)" },
	{ "verbose", NULL, FLAG, CLI_MODEL, AT(engine.verbose),
	    "run: figures on standard error, also into a pipe" },
	{ "prompt-tokens", "N", INTEGER, CLI_MODEL, AT(engine.prompt_tokens),
	    "bench: length of the prompt, also -p (default: 512)" },
	{ "parallel", "N", INTEGER, CLI_MODEL, AT(engine.parallel),
	    "bench: answers at once (default: 1)" },
	{ "context", NULL, FLAG, CLI_MODEL, AT(engine.context),
	    "bench: also behind 8192 tokens of context" },
	{ "threads", "N", INTEGER, ENGINE, AT(engine.threads),
	    "of the engine (default: one for each CPU)" },
	{ "kernels", "NAME", TEXT, ENGINE, AT(engine.kernels),
	    "scalar, avx2 or avx512 (default: the fastest here)" },
	{ "temp", "N", NUMBER, CLI_MODEL, AT(chat.temperature),
	    "the same as --temperature" },
	{ "temperature", "N", NUMBER, SAMPLES, AT(chat.temperature),
	    "0: the most likely words; 1: as the model thinks" },
	{ "top-p", "N", NUMBER, SAMPLES, AT(chat.top_p),
	    "choose among the likeliest words that make up N" },
	{ "top-k", "N", INTEGER, SAMPLES, AT(chat.top_k),
	    "choose among the N likeliest words" },
	{ "min-p", "N", NUMBER, SAMPLES, AT(chat.min_p),
	    "drop words N times less likely than the likeliest" },
	{ "seed", "N", INTEGER, SAMPLES, AT(chat.seed),
	    "the same seed gives the same answer" },
	{ "max-tokens", "N", INTEGER, SAMPLES, AT(chat.max_tokens),
	    "stop after N tokens" },
	{ "stop", "TEXT", STOP, SAMPLES, 0,
	    "stop before this text; up to 4 times" },
	{ "schema", "FILE", TEXT, CLI_ASK, AT(schema),
	    "the answer is JSON that fits this JSON schema" },
	{ "no-stream", NULL, FLAG, CLI_ASK, AT(no_stream),
	    "print the answer once it is whole" },
	{ "receipt", "FILE", TEXT, CLI_ASK | CLI_VERIFY, AT(receipt),
	    "keep what was verified and, with an answer, who gave it" },
	{ "at-its-time", NULL, FLAG, CLI_VERIFY, AT(at_its_time),
	    "a receipt: judge it for its own time alone" },
	{ "now", NULL, FLAG, CLI_VERIFY, AT(now),
	    "a receipt: judge it as if it were shown now" },
	{ "public", "FILE", TEXT, CLI_VERIFY, AT(public),
	    "a receipt: write it without question and answer" },
	{ "trust-receipt", NULL, FLAG, CLI_VERIFY | CLI_REPLAY,
	    AT(trust_receipt),
	    "a receipt: believe the keys that it brings itself" },
	{ "firmware", "FILE", TEXT, CLI_MEASURE, AT(measure.firmware),
	    "the firmware (OVMF)" },
	{ "kernel", "FILE", TEXT, CLI_MEASURE, AT(measure.kernel),
	    "the kernel that the host starts directly" },
	{ "initrd", "FILE", TEXT, CLI_MEASURE, AT(measure.initrd),
	    "its initial file system" },
	{ "append", "TEXT", TEXT, CLI_MEASURE, AT(measure.append),
	    "its command line (default: empty)" },
	{ "append-file", "FILE", TEXT, CLI_MEASURE, AT(measure.append_file),
	    "likewise, from a file, without its last LF" },
	{ "inputs", "FILE", TEXT, CLI_MEASURE, AT(measure.inputs),
	    "digests as JSON in place of files" },
	{ "vcpus", "N", TEXT, CLI_MEASURE, AT(measure.vcpus),
	    "snp: number of vCPUs" },
	{ "vcpu-type", "NAME", TEXT, CLI_MEASURE, AT(measure.vcpu_type),
	    "snp: their model, such as EPYC-v4" },
	{ "vcpu-sig", "N", TEXT, CLI_MEASURE, AT(measure.vcpu_sig),
	    "snp: their CPUID signature, such as 0x800f12" },
	{ "guest-features", "N", TEXT, CLI_MEASURE, AT(measure.guest_features),
	    "snp: SEV_FEATURES (default: 0x1)" },
	{ "policy", "N", TEXT, CLI_MEASURE, AT(measure.policy),
	    "snp: POLICY, for the record (default: 0x30000)" },
	{ "vmm", "NAME", TEXT, CLI_MEASURE, AT(measure.vmm),
	    "snp: qemu (default), ec2 or gce; the latter unproven" },
	{ "id-key", "FILE", TEXT, CLI_MEASURE, AT(measure.id_key),
	    "snp: a public key, PEM: print its ID_KEY_DIGEST" },
	{ "author-key", "FILE", TEXT, CLI_MEASURE, AT(measure.author_key),
	    "snp: likewise, AUTHOR_KEY_DIGEST" },
	{ "memory", "MIB", TEXT, CLI_MEASURE, AT(measure.memory),
	    "tdx: size of memory, for RTMR0" },
	{ "acpi-loader", "FILE", TEXT, CLI_MEASURE, AT(measure.acpi_loader),
	    "tdx: fw_cfg etc/table-loader, for RTMR0" },
	{ "acpi-rsdp", "FILE", TEXT, CLI_MEASURE, AT(measure.acpi_rsdp),
	    "tdx: fw_cfg etc/acpi/rsdp, for RTMR0" },
	{ "acpi-tables", "FILE", TEXT, CLI_MEASURE, AT(measure.acpi_tables),
	    "tdx: fw_cfg etc/acpi/tables, for RTMR0" },
	{ "page-order", "NAME", TEXT, CLI_MEASURE, AT(measure.page_order),
	    "tdx: single-pass (default: QEMU 9 on) or two-pass" },
	{ "kernel-header", "NAME", TEXT, CLI_MEASURE, AT(measure.kernel_header),
	    "tdx: of the file (default), or as qemu 8 and 9 do it" },
	{ "shape", "NAME", TEXT, CLI_MEASURE, AT(measure.shape),
	    "tdx: what the record calls this machine (default: td)" },
	{ "attributes", "N", TEXT, CLI_MEASURE, AT(measure.attributes),
	    "tdx: TDATTRIBUTES, for the record" },
	{ "xfam", "N", TEXT, CLI_MEASURE, AT(measure.xfam),
	    "tdx: bits that XFAM may have, for the record" },
	{ "out", "FILE", TEXT, CLI_RELEASE, AT(release.out),
	    "make, sign: write here, also -o; - is standard output" },
	{ "key", "FILE", TEXT, CLI_RELEASE, AT(release.key),
	    "sign: the file of the key that signs" },
	{ "trust", "FILE", TEXT, CLI_RELEASE, AT(trust),
	    "check: a client's trust file: who may sign" },
	{ "signer", "VKEY", LIST, CLI_RELEASE, AT(release.signer),
	    "check: this key must have signed; repeatable" },
	{ "proof", "FILE", TEXT, CLI_RELEASE, AT(release.proof),
	    "check: that it is in the log; with --trust" },
	{ "now", "TIME", TEXT, CLI_RELEASE, AT(release.now),
	    "make, check, show: not today's; Unix seconds or UTC" },
	{ "from", "RECORD", TEXT, CLI_RELEASE, AT(release.from),
	    "make: start from this record, with the next seq" },
	{ "drop", "KEYWORD", LIST, CLI_RELEASE, AT(release.drop),
	    "make: without such lines of --from; repeatable" },
	{ "product", "NAME", TEXT, CLI_RELEASE, AT(release.product),
	    "make: the product (default: as in the last record)" },
	{ "channel", "NAME", TEXT, CLI_RELEASE, AT(release.channel),
	    "make: likewise, or else stable" },
	{ "seq", "N", TEXT, CLI_RELEASE, AT(release.seq),
	    "make: the number of this record; the first is 1" },
	{ "previous", "RECORD", TEXT, CLI_RELEASE, AT(release.previous),
	    "make: one more than that of this record" },
	{ "log", "WHERE", TEXT, CLI_RELEASE, AT(release.log),
	    "make: one more than the newest there; folder or URL" },
	{ "not-before", "TIME", TEXT, CLI_RELEASE, AT(release.not_before),
	    "make: when it begins to hold (default: now)" },
	{ "days", "N", TEXT, CLI_RELEASE, AT(release.days),
	    "make: how long (default: as --from, or the longest)" },
	{ "version", "TEXT", TEXT, CLI_RELEASE, AT(release.version),
	    "image, web, client: what is released" },
	{ "source-dir", "DIR", TEXT, CLI_RELEASE, AT(release.source_dir),
	    "image, web, client: ask git there for all of these:" },
	{ "source", "URL", TEXT, CLI_RELEASE, AT(release.source),
	    "image, web, client: where everybody finds the source" },
	{ "commit", "HEX", TEXT, CLI_RELEASE, AT(release.commit),
	    "image, web, client: its git commit" },
	{ "tree", "HEX", TEXT, CLI_RELEASE, AT(release.tree),
	    "image, web, client: the git tree of that commit" },
	{ "recipe", "FILE", TEXT, CLI_RELEASE, AT(release.recipe),
	    "image, web, client: how it is built; or sha256:HEX" },
	{ "builder", "FILE", TEXT, CLI_RELEASE, AT(release.builder),
	    "image: what the build runs in; or sha256:HEX" },
	{ "file", "ROLE=PATH", LIST, CLI_RELEASE, AT(release.file),
	    "image, client: one of its files; repeatable" },
	{ "file-verity", "R=N:HEX", LIST, CLI_RELEASE, AT(release.file_verity),
	    "image: N bytes by their verity root; repeatable" },
	{ "measured", "FILE", LIST, CLI_RELEASE, AT(release.measured),
	    "image: lines of `confer measure --quiet`; repeatable" },
	{ "sim", "HEX", LIST, CLI_RELEASE, AT(release.sim),
	    "image: a simulated launch; repeatable" },
	{ "model", "NAME=PATH", LIST, CLI_RELEASE, AT(release.model),
	    "image: what it may serve, repeatable; model: itself" },
	{ "supersedes", "N", TEXT, CLI_RELEASE, AT(release.supersedes),
	    "image: the seq of the release that it replaces" },
	{ "verity", "HEX", TEXT, CLI_RELEASE, AT(release.verity),
	    "model: verity root of the device that carries it" },
	{ "tokenizer", "NAME", TEXT, CLI_RELEASE, AT(release.tokenizer),
	    "model: its kind (default: ask the GGUF file)" },
	{ "template", "FILE", TEXT, CLI_RELEASE, AT(release.template_file),
	    "model: its chat template, if not the file's own" },
	{ "quant", "NAME", TEXT, CLI_RELEASE, AT(release.quant),
	    "model: its number format (default: ask the file)" },
	{ "context", "N", TEXT, CLI_RELEASE, AT(release.context),
	    "model: tokens of context (default: ask the file)" },
	{ "bundle", "FILE", TEXT, CLI_RELEASE, AT(release.bundle),
	    "web: the bundle as served" },
	{ "min-seq", "KIND=N", LIST, CLI_RELEASE, AT(release.min_seq),
	    "policy: refuse older ones; also KIND/CHANNEL=N" },
	{ "revoke", "RECORD", LIST, CLI_RELEASE, AT(release.revoke),
	    "policy: refuse this one; a file or its leaf hash" },
	{ "tcb-snp", "NAME:N:N..", LIST, CLI_RELEASE, AT(release.tcb_snp),
	    "policy: AMD floor: milan, genoa or turin, and SPLs" },
	{ "tcb-tdx", "N", TEXT, CLI_RELEASE, AT(release.tcb_tdx),
	    "policy: lowest tcbEvaluationDataNumber of TDX" },
	{ "tcb-sgx", "N", TEXT, CLI_RELEASE, AT(release.tcb_sgx),
	    "policy: likewise of SGX" },
	{ "hardware", "any|listed", TEXT, CLI_RELEASE, AT(release.hardware),
	    "policy: which machines (default: listed with --chip)" },
	{ "chip", "HEX:DAYS", LIST, CLI_RELEASE, AT(release.chip),
	    "policy: an AMD chip, for so many days; repeatable" },
	{ "ppid", "HEX:DAYS", LIST, CLI_RELEASE, AT(release.ppid),
	    "policy: an Intel platform, likewise; repeatable" },
	{ "next-log", "VKEY", LIST, CLI_RELEASE, AT(release.next_log),
	    "policy: announces a key of the log; repeatable" },
	{ "next-witness", "N=VKEY", LIST, CLI_RELEASE, AT(release.next_witness),
	    "policy: announces a witness; repeatable" },
	{ "log-origin", "NAME", TEXT, CLI_RELEASE, AT(release.log_origin),
	    "retire: the log that ends" },
	{ "last", "SIZE:HEX", TEXT, CLI_RELEASE, AT(release.last),
	    "retire: its last good tree: size and root hash" },
	{ "cause", "WORD", TEXT, CLI_RELEASE, AT(release.cause),
	    "retire: why, such as lost-state" },
	{ "successor", "NAME", TEXT, CLI_RELEASE, AT(release.successor),
	    "retire: the log that goes on" },
	{ "release", "RECORD", TEXT, CLI_RELEASE, AT(release.release),
	    "rebuild: the signed record that was rebuilt" },
	{ "rebuilder", "NAME", TEXT, CLI_RELEASE, AT(release.rebuilder),
	    "rebuild: who rebuilt it" },
	{ "result-of", "RECORD", TEXT, CLI_RELEASE, AT(release.result_of),
	    "rebuild: a record made from the rebuilt files" },
	{ "home", "DIR", TEXT, ALL | CLI_REPLAY, AT(home),
	    "keep state here (default: ~/.local/share/confer)" },
	{ "json", NULL, FLAG, CLI_UP | CLI_ASK | CLI_VERIFY | RECORDED,
	    AT(json), "one JSON object on standard output" },
	{ "quiet", NULL, FLAG, ALL | RECORDED, AT(quiet),
	    "no progress and no summary, only answers and errors" },
	{ "help", NULL, FLAG, ALL | RECORDED | CLI_NONE, AT(help),
	    "this text" },
};
#define SHOWN 60 /* bytes of an argument in a message */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct command {
	const char *name;
	enum cli_command command;
	size_t args_max;
} commands[] = {
	{ "up", CLI_UP, 0 },
	{ "ask", CLI_ASK, 2 },
	{ "chat", CLI_CHAT, 1 },
	{ "verify", CLI_VERIFY, 1 },
	{ "measure", CLI_MEASURE, 1 },
	{ "attest", CLI_ATTEST, 1 },
	{ "collateral", CLI_COLLATERAL, 1 },
	{ "release", CLI_RELEASE, 3 },
	{ "model", CLI_MODEL, 1 },
	{ "replay", CLI_REPLAY, 1 },
	{ "help", CLI_HELP, 1 },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const char *cli_command_name(enum cli_command command)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].command == command)
			return commands[i].name;
	}
	return NULL;
}

/* Does `arg` spell --NAME or --NAME=VALUE? Then *value is VALUE or NULL. */
static bool spells(const char *arg, const char *name, const char **value)
{
	size_t n = strlen(name);

	if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, name, n) != 0)
		return false;
	*value = arg[2 + n] == '=' ? arg + 3 + n : NULL;
	return arg[2 + n] == '\0' || arg[2 + n] == '=';
}

static const struct row *find(
    enum cli_command command, const char *arg, const char **value)
{
	for (size_t i = 0; i < ROWS; i++) {
		if ((rows[i].commands & command) != 0 &&
		    spells(arg, rows[i].name, value))
			return &rows[i];
	}
	return NULL;
}

/* Which commands know this option? For the message. */
static enum err unknown(
    enum cli_command command, const char *arg, struct err_ctx *ctx)
{
	const char *value;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (find(commands[i].command, arg, &value) != NULL)
			return err_set(ctx, ERR_FORMAT,
			    "%.*s is an option of `confer %s`, not of `confer "
			    "%s`",
			    SHOWN, arg, commands[i].name,
			    cli_command_name(command));
	}
	return err_set(ctx, ERR_FORMAT, "there is no option %.*s", SHOWN, arg);
}

/* A number as JSON spells it, not negative; whole if so asked. */
static bool number_ok(const char *text, bool whole)
{
	const struct bytes b = { (const uint8_t *)text, strlen(text) };
	struct json v;
	uint64_t n;

	if (b.len > 32 || json_parse(&v, b, NULL) != ERR_OK ||
	    v.type != JSON_NUMBER || v.text.len != b.len || text[0] == '-')
		return false;
	return !whole || json_u64(&v, &n) == ERR_OK;
}

static enum err add_stop(
    struct cli_options *out, const char *value, struct err_ctx *ctx)
{
	if (out->chat.stops == CLIENT_STOPS_MAX)
		return err_set(ctx, ERR_FORMAT,
		    "at most %d --stop options are possible", CLIENT_STOPS_MAX);
	out->chat.stop[out->chat.stops++] = value;
	return ERR_OK;
}

static enum err add_item(const struct row *row, struct cli_list *list,
    const char *value, struct err_ctx *ctx)
{
	if (list->n == CLI_LIST_MAX)
		return err_set(ctx, ERR_FORMAT,
		    "at most %d --%s options are possible", CLI_LIST_MAX,
		    row->name);
	list->item[list->n++] = value;
	return ERR_OK;
}

static enum err store(struct cli_options *out, const struct row *row,
    const char *value, struct err_ctx *ctx)
{
	char *field = (char *)out + row->at;
	const bool yes = true;

	switch (row->kind) {
	case FLAG:
		memcpy(field, &yes, sizeof(yes));
		return ERR_OK;
	case STOP:
		return add_stop(out, value, ctx);
	case LIST:
		return add_item(
		    row, (struct cli_list *)(void *)field, value, ctx);
	case NUMBER:
	case INTEGER:
		if (!number_ok(value, row->kind == INTEGER))
			return err_set(ctx, ERR_FORMAT,
			    "--%s wants a %snumber, not %.*s", row->name,
			    row->kind == INTEGER ? "whole " : "", SHOWN, value);
		break;
	case TEXT:
		break;
	}
	memcpy(field, &value, sizeof(value));
	return ERR_OK;
}

/* The long form of an option of one letter. */
static const char *spelled_out(const char *arg)
{
	static const struct {
		const char *letter, *word;
	} both[] = {
		{ "-h", "--help" },
		{ "-o", "--out" },
		{ "-n", "--max-tokens" },
		{ "-p", "--prompt-tokens" },
	};

	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		if (strcmp(arg, both[i].letter) == 0)
			return both[i].word;
	}
	return arg;
}

/* An option at argv[*i]; steps over its value. */
static enum err read_option(
    struct cli_options *out, int argc, char **argv, int *i, struct err_ctx *ctx)
{
	const char *arg = spelled_out(argv[*i]), *value = NULL;
	const struct row *row;

	row = find(out->command, arg, &value);
	if (row == NULL)
		return unknown(out->command, arg, ctx);
	if (row->value == NULL && value != NULL)
		return err_set(
		    ctx, ERR_FORMAT, "--%s takes no value", row->name);
	if (row->value != NULL && value == NULL) {
		if (*i + 1 >= argc)
			return err_set(ctx, ERR_FORMAT, "--%s wants a %s",
			    row->name, row->value);
		value = argv[++*i];
	}
	return store(out, row, value, ctx);
}

static enum err read_command(
    struct cli_options *out, const char *name, struct err_ctx *ctx)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(name, commands[i].name) == 0) {
			out->command = commands[i].command;
			return ERR_OK;
		}
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		out->help = true;
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		out->version = true;
	else
		return err_set(
		    ctx, ERR_FORMAT, "there is no command %.*s", SHOWN, name);
	return ERR_OK;
}

static enum err add_arg(
    struct cli_options *out, const char *arg, struct err_ctx *ctx)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].command == out->command &&
		    out->args == commands[i].args_max)
			return err_set(ctx, ERR_FORMAT,
			    "%.*s is one argument too many", SHOWN, arg);
	}
	out->arg[out->args++] = arg;
	return ERR_OK;
}

enum err cli_options_read(
    struct cli_options *out, int argc, char **argv, struct err_ctx *ctx)
{
	bool only_args = false;
	enum err e;

	*out = (struct cli_options){ 0 };
	if (argc < 2)
		return ERR_OK;
	e = read_command(out, argv[1], ctx);
	if (out->version && argc == 3 && strcmp(argv[2], "--json") == 0)
		out->json = true;
	if (out->command == CLI_NONE)
		return e;
	for (int i = 2; e == ERR_OK && i < argc; i++) {
		const char *arg = argv[i];

		if (!only_args && strcmp(arg, "--") == 0)
			only_args = true;
		else if (!only_args && arg[0] == '-' && arg[1] != '\0')
			e = read_option(out, argc, argv, &i, ctx);
		else
			e = add_arg(out, arg, ctx);
	}
	return e;
}

bool cli_options_line(
    enum cli_command command, size_t i, char spelling[40], const char **text)
{
	for (size_t r = 0; r < ROWS; r++) {
		if ((rows[r].commands & command) == 0 || i-- != 0)
			continue;
		(void)fmt_print(spelling, 40, "--%s%s%s", rows[r].name,
		    rows[r].value != NULL ? " " : "",
		    rows[r].value != NULL ? rows[r].value : "");
		*text = rows[r].text;
		return true;
	}
	return false;
}
