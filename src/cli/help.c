/* Help that teaches: examples first, then what there is. */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"

static const char general[] =
    "confer - a private AI chat whose other end you verify yourself\n"
    "\n"
    "  confer up                          start a private chat on this "
    "machine\n"
    "  confer ask \"Who can read this?\"    one question, one answer\n"
    "  confer chat                        a conversation\n"
    "  confer verify                      what is checked, line by line\n"
    "\n"
    "Before a word of yours leaves, confer checks that it talks to genuine "
    "TEE\n"
    "hardware which runs exactly the published software and model, listed in "
    "a\n"
    "public log. It refuses in doubt and says why. `confer up` plays the\n"
    "hardware itself: SIMULATED, NOT PRIVATE, to try and to develop.\n"
    "\n"
    "`confer help COMMAND` and `man confer` say more. For operators there are\n"
    "`confer measure`, `confer release` and `confer collateral`; `confer model` "
    "is\n"
    "the engine by itself.\n"
    "`confer --version` also prints the SHA-256 of this program's file, to be\n"
    "compared with the `client` record in the log. `sha256sum` prints the same,\n"
    "and need not believe this program.\n"
    "Exit codes: 0 done, 1 wrong usage, 2 refused, 3 unreachable, 4 internal\n"
    "error, 5 misbehaviour proven, 6 local files damaged or disk full.\n";

static const char up[] =
    "confer up                              chat with the bundled model\n"
    "confer up --model llama.gguf           chat with a model of yours\n"
    "confer up --serve                      only serve; chat from elsewhere\n"
    "confer up </dev/null                   one question, to see it work\n"
    "\n"
    "Starts a simulated security processor and an enclave on this machine,\n"
    "releases what they run in a log of this machine, connects, verifies and\n"
    "chats. Ending it ends them. While it runs, `confer ask`, `confer chat` "
    "and\n"
    "`confer verify` with the same --home talk to its enclave.\n";

static const char ask[] =
    "confer ask \"Who can read this?\"\n"
    "confer ask --temperature 0 --max-tokens 50 \"Say hello\"\n"
    "confer ask - <letter.txt               the question from standard input\n"
    "confer ask --json \"Hi\" | jq -r .answer\n"
    "confer ask --receipt answer.receipt \"Is this private?\"\n"
    "confer ask \"Hi\" tcp:127.0.0.1:7600 --trust trust --accept-simulated\n"
    "\n"
    "usage: confer ask [OPTION]... TEXT|- [ADDR]\n"
    "\n"
    "The answer goes to standard output, what was verified to standard error.\n"
    "ADDR is unix:PATH, tcp:HOST:PORT or vsock:CID:PORT.\n";

static const char chat[] =
    "confer chat                            with the running `confer up`\n"
    "confer chat --system \"Answer briefly\"\n"
    "\n"
    "usage: confer chat [OPTION]... [ADDR]\n"
    "\n"
    "Ctrl-C stops an answer, Ctrl-D leaves, /help lists the commands. A line\n"
    "that ends in \\ goes on. The conversation is kept in memory only and "
    "wiped\n"
    "at the end.\n";

static const char verify[] =
    "confer verify                          the running `confer up`\n"
    "confer verify tcp:127.0.0.1:7600 --trust trust --accept-simulated\n"
    "confer verify --json | jq .verification.checks\n"
    "confer verify answer.receipt           again, without any connection\n"
    "confer verify answer.receipt --public for-others.receipt\n"
    "\n"
    "usage: confer verify [OPTION]... [ADDR | FILE]\n"
    "\n"
    "Connects, shows every check in its order, and leaves without a request.\n"
    "Of a receipt: checks it for the time at which it was made, says whether "
    "it\n"
    "would be accepted today (it mostly is too old for that), and which answer "
    "it\n"
    "proves. Exit code 0: accepted, 2: refused.\n";

static const char measure[] =
    "confer measure snp --firmware OVMF.fd --kernel bzImage --initrd initrd "
    "\\\n"
    "    --append-file cmdline --vcpus 4 --vcpu-type EPYC-v4\n"
    "confer measure tdx --firmware OVMF.fd --kernel bzImage --append quiet \\\n"
    "    --memory 2048 --acpi-loader L --acpi-rsdp R --acpi-tables T\n"
    "confer measure snp --inputs inputs.json --quiet\n"
    "\n"
    "usage: confer measure snp|tdx [OPTION]...\n"
    "\n"
    "Computes what the hardware will report of a machine that is started "
    "with\n"
    "these files, and the line of a release record that accepts it. --json "
    "also\n"
    "gives the digests that --inputs takes. Unproven on real firmware: MRTD, "
    "and\n"
    "RTMR0 as a whole; on EC2 and GCE all of it. RTMR0 is that of OVMF "
    "before\n"
    "edk2-stable202505. docs/measure.md says exactly what is measured.\n";

static const char attest[] =
    "confer attest snp --report report.bin --cert vcek.der --chain chain.pem\n"
    "confer attest dcap --quote quote.bin --collateral DIR --json\n"
    "confer attest dcap --quote old.bin --collateral DIR --now 1751624191\n"
    "\n"
    "usage: confer attest snp|dcap [OPTION]...\n"
    "\n"
    "Judges recorded evidence of AMD SEV-SNP, Intel SGX and TDX offline: chain "
    "to\n"
    "the vendor's key, revocation, dates, signatures, firmware, guest policy,\n"
    "hardware list; every check with its result. The measurement is not "
    "judged:\n"
    "only a release record says what should run. The policy `strict` is what\n"
    "connections demand and lists no machine, so it refuses every one; a file "
    "can\n"
    "list yours. `baseline` is for recorded evidence and judges authenticity.\n"
    "Exit code 0: accepted, 2: refused.\n";

static const char collateral[] =
    "confer collateral fetch --for report.bin --dir "
    "/var/lib/confer/collateral\n"
    "confer collateral serve --dir /var/lib/confer/collateral \\\n"
    "    --listen unix:/run/collateral\n"
    "\n"
    "usage: confer collateral fetch|serve [OPTION]...\n"
    "\n"
    "For operators of enclaves on real hardware. `fetch` asks AMD or Intel "
    "for the\n"
    "certificates and lists of one machine, named by a report or quote of "
    "it, and\n"
    "checks them before they take the place of older ones; what is not due "
    "is not\n"
    "asked for. `serve` hands the files in DIR to the enclaves of this "
    "machine,\n"
    "which pass them on to clients. Files that change are read anew. DIR "
    "holds what\n"
    "there is of: vcek.der ask.der crl.der (or vlek.der asvk.der) for "
    "SEV-SNP;\n"
    "tcb_info.json qe_identity.json tcb_signing_chain.pem root_ca.crl.der\n"
    "pck.crl.der for TDX and SGX.\n"
    "Exit code of fetch 0: all files are right, 2: an answer was refused, 3: "
    "a\n"
    "service was not reached; older files stay.\n";

static const char release[] =
    "confer release key example.org/release-1 release-1.key\n"
    "confer measure snp ... --quiet >snp.line\n"
    "confer release make image --product confer --seq 1 --version 1.4.0 \\\n"
    "    --source-dir . --recipe image/recipe.lock --builder sha256:HEX \\\n"
    "    --file kernel=bzImage --file initrd=initrd --measured snp.line \\\n"
    "    --model llama-8b=llama-8b.gguf -o image.record\n"
    "confer release make image --from image.record --version 1.4.1 \\\n"
    "    --source-dir . --measured snp.line -o next.record\n"
    "confer release sign --key release-1.key image.record\n"
    "confer release check image.record --trust trust --proof image.proof\n"
    "confer release show image.record\n"
    "\n"
    "usage: confer release key NAME FILE\n"
    "       confer release make KIND [OPTION]...\n"
    "       confer release sign --key FILE RECORD\n"
    "       confer release check|show RECORD\n"
    "\n"
    "For those who release: records of the release log. `make` writes the text "
    "of\n"
    "one (KIND is image, model, web, client, policy, retire or rebuild), "
    "`sign` adds\n"
    "one signer's line to it, offline, and `confer-log append` puts it into "
    "the log\n"
    "when enough have signed. `check` says what clients and monitors will say. "
    "A\n"
    "RECORD of - is standard input. docs/releasing.md goes through a release.\n"
    "Exit code of check 0: not refused, 2: a client would refuse it.\n";

static const char model[] =
    "confer model info --model llama.gguf\n"
    "confer model tokenize --model llama.gguf --text \"Hello\" --pieces\n"
    "confer model run --model llama.gguf --prompt \"Once upon\" --temp 0 -n "
    "50\n"
    "confer model run --model llama.gguf --chat --prompt \"Who are you?\"\n"
    "confer model logits --model llama.gguf --tokens 1,2,3 --out logits.f32\n"
    "confer model bench --model llama.gguf --parallel 16 --context\n"
    "\n"
    "usage: confer model info|tokenize|logits|run|bench --model FILE "
    "[OPTION]...\n"
    "\n"
    "The engine by itself, without an enclave. `info` reads the head of a GGUF "
    "file:\n"
    "what the model is, what memory it wants, whether it can be run and why "
    "not (exit\n"
    "code 2). `tokenize` turns text into token numbers, or back with --decode; "
    "it\n"
    "needs a vocabulary only. `logits` writes what the model computes after "
    "each\n"
    "token. `run` continues a text. `bench` measures, beside the speed of "
    "this\n"
    "machine's memory in the same run. The same model, tokens and options give "
    "the\n"
    "same bits on every CPU, with any number of threads and --kernels.\n";

static const char replay[] =
    "confer replay answer.receipt --model llama.gguf\n"
    "\n"
    "usage: confer replay [OPTION]... FILE --model FILE\n"
    "\n"
    "Computes the answer in a receipt again. First the receipt is verified, as "
    "by\n"
    "`confer verify FILE`, and the model's file is held against the hash that "
    "the\n"
    "enclave signed. Then the same question, options and seed go through the "
    "same\n"
    "engine, here. Exit code 0: the same answer, byte for byte; 2: another "
    "one, and\n"
    "where it begins to differ.\n";

static const struct topic {
	enum cli_command command;
	const char *text;
} topics[] = {
	{ CLI_UP, up },
	{ CLI_ASK, ask },
	{ CLI_CHAT, chat },
	{ CLI_VERIFY, verify },
	{ CLI_MEASURE, measure },
	{ CLI_ATTEST, attest },
	{ CLI_COLLATERAL, collateral },
	{ CLI_RELEASE, release },
	{ CLI_MODEL, model },
	{ CLI_REPLAY, replay },
};
#define TOPICS (sizeof(topics) / sizeof(topics[0]))

enum cli_command cli_help_topic(const char *word)
{
	for (size_t i = 0; i < TOPICS; i++) {
		if (strcmp(word, cli_command_name(topics[i].command)) == 0)
			return topics[i].command;
	}
	return CLI_NONE;
}

void cli_help(enum cli_command command)
{
	char spelling[40];
	const char *text;

	for (size_t i = 0; i < TOPICS; i++) {
		if (topics[i].command != command)
			continue;
		(void)fputs(topics[i].text, stdout);
		(void)fputs("\nOptions:\n", stdout);
		for (size_t n = 0;
		     cli_options_line(command, n, spelling, &text); n++)
			(void)printf("  %-22s %s\n", spelling, text);
		return;
	}
	(void)fputs(general, stdout);
}
