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
};

#define CLI_ARGS_MAX 2 /* ask TEXT ADDR, measure snp, collateral SUBCOMMAND */

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
	const char *model; /* a file for `up`, else a name */
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
	const char *receipt; /* a file to write */
	const char *public;  /* likewise, of a receipt without texts */
	bool now;            /* judge a receipt by today's clock ... */
	bool at_its_time;    /* ... or only by its own */
	bool trust_receipt;  /* believe what it brings along */
	struct cli_measure measure;
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
