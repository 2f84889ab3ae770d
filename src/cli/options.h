/*
 * The command line as data: one table of all options, which says where each is
 * allowed and where its value goes. Help is written from the same table.
 */
#ifndef CONFER_CLI_OPTIONS_H
#define CONFER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "client/chat.h"

enum cli_command {
	CLI_NONE = 0, /* no command given */
	CLI_UP = 1,
	CLI_ASK = 2,
	CLI_CHAT = 4,
	CLI_VERIFY = 8,
	CLI_HELP = 16,
	CLI_COLLATERAL = 256,
	CLI_MEASURE = 512,
	CLI_ATTEST = 1024,
	CLI_RELEASE = 2048,
	CLI_MODEL = 4096,
	CLI_REPLAY = 8192,
};

#define CLI_ARGS_MAX 3  /* release key NAME FILE */
#define CLI_LIST_MAX 64 /* as many as a record has lines of one keyword */

/* The values of an option that may be given several times. */
struct cli_list {
	const char *item[CLI_LIST_MAX];
	size_t n;
};

/* Of `measure`: files, and values that measure_files.c reads. */
struct cli_measure {
	const char *inputs;
	const char *firmware;
	const char *kernel;
	const char *initrd;
	const char *append;
	const char *append_file;
	const char *vcpus; /* SNP, to author_key */
	const char *vcpu_type;
	const char *vcpu_sig;
	const char *guest_features;
	const char *policy;
	const char *vmm;
	const char *id_key;
	const char *author_key;
	const char *memory; /* TDX, to the end */
	const char *page_order;
	const char *kernel_header;
	const char *acpi_loader;
	const char *acpi_rsdp;
	const char *acpi_tables;
	const char *shape;
	const char *attributes;
	const char *xfam;
};

/* Of `release`: values that release_make.c and release_kinds.c read. */
struct cli_release {
	const char *out;
	const char *key;
	const char *proof;
	struct cli_list signer;
	const char *now;
	const char *from;
	const char *previous;
	const char *log;
	const char *product;
	const char *channel;
	const char *seq;
	const char *not_before;
	const char *days;
	const char *version; /* image, web, client: to recipe */
	const char *source;
	const char *commit;
	const char *tree;
	const char *source_dir;
	const char *recipe;
	const char *builder; /* image, to supersedes */
	struct cli_list measured;
	struct cli_list sim;
	struct cli_list file_verity;
	const char *supersedes;
	struct cli_list file;  /* image, client */
	struct cli_list model; /* image, model */
	const char *verity;    /* model, to context */
	const char *tokenizer;
	const char *template_file;
	const char *quant;
	const char *context;
	const char *bundle;      /* web */
	struct cli_list min_seq; /* policy, to next_witness */
	struct cli_list revoke;
	struct cli_list tcb_snp;
	const char *tcb_tdx;
	const char *tcb_sgx;
	const char *hardware;
	struct cli_list chip;
	struct cli_list ppid;
	struct cli_list next_log;
	struct cli_list next_witness;
	const char *log_origin; /* retire, to successor */
	const char *last;
	const char *cause;
	const char *successor;
	const char *release; /* rebuild, to result_of */
	const char *rebuilder;
	const char *result_of;
	struct cli_list drop; /* keywords not taken over from --from */
};

/* Of `up`, for its enclave, which has options of the same names. */
struct cli_serving {
	const char *slots;
	const char *context;
	const char *kv_memory;
	bool speculate;
	bool pin;
};

/* Of `model`; --threads also of `up`, it and --kernels of `replay`. */
struct cli_model {
	const char *text; /* tokenize, to special */
	const char *decode;
	bool pieces;
	bool special;
	const char *tokens; /* logits, to out */
	const char *out;
	const char *prompt; /* run, to verbose */
	bool chat;
	bool raw;
	bool verbose;
	const char *prompt_tokens; /* bench, to context */
	const char *parallel;
	bool context;
	const char *threads;
	const char *kernels;
};

/* All strings are of argv. */
struct cli_options {
	enum cli_command command;
	bool help;
	bool version;
	bool json;
	bool quiet;
	bool serve;
	bool accept_simulated;
	bool no_stream;
	const char *home;
	const char *model; /* a file for `up`, `model`, `replay`, else a name */
	const char *listen;
	const char *dir;
	const char *evidence; /* these: collateral fetch */
	const char *product;
	const char *chip_id;
	const char *tcb;
	const char *amd_url;
	const char *intel_url;
	const char *root_crl_url;
	const char *ca_file;
	const char *timeout;
	const char *at;
	bool refresh;
	const char *report; /* these: attest */
	const char *cert;
	const char *chain;
	const char *crl;
	const char *quote;
	const char *collateral;
	const char *policy;
	const char *unix_s;
	const char *connect;
	const char *trust;
	const char *system;
	const char *schema;  /* a file: JSON schema of the answer */
	const char *receipt; /* a file to write */
	const char *public;  /* likewise, of a receipt without texts */
	bool now;            /* judge a receipt by today's clock ... */
	bool at_its_time;    /* ... or only by its own */
	bool trust_receipt;  /* believe what it brings along */
	struct cli_measure measure;
	struct cli_release release;
	struct cli_serving serving;
	struct cli_model engine;
	struct client_options chat;
	const char *arg[CLI_ARGS_MAX];
	size_t args;
};

/*
 * Read argv[1..argc). ERR_FORMAT, with one sentence in ctx: an option that does
 * not exist or does not belong to the command, a value that is missing or is no
 * number, too many arguments.
 */
enum err cli_options_read(struct cli_options *out, int argc, char **argv,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* "up", "ask", ... or NULL. */
const char *cli_command_name(enum cli_command command);

/*
 * Line i of the help on the options of a command: its spelling ("--home DIR")
 * and what it does. False at the end.
 */
bool cli_options_line(
    enum cli_command command, size_t i, char spelling[40], const char **text);

#endif
