/* The trust file of the seeds in corpus/evidence. */
#ifndef CONFER_TESTS_FUZZ_EVIDENCE_TRUST_H
#define CONFER_TESTS_FUZZ_EVIDENCE_TRUST_H

static const char evidence_trust[] =
    "confer-trust/v1\n"
    "product confer\n"
    "channel local\n"
    "release-key release-1+c2466d88+AVycbfJhycuEBHV3aq782US0BTKPq"
    "yj5s6le9ASQ096E\n"
    "release-key release-2+949962cb+AdBKsjJ0K7SrOhNovUYV5ObQIkq3G"
    "gFrr4UgozLJd4c3\n"
    "release-key release-3+4d02787a+ASBAQONkwQ8r7Jwf5QChzUwkfInWU"
    "KAe1+gsq6hnh3wh\n"
    "threshold 2\n"
    "rebuilder-key rebuilder.example/r1+0f9df4a8+ATHevlXTfHInaLE3"
    "ExyqYIcICy4LYLlL14XRRXXPpJi8\n"
    "operator witness.example/w1 Alpha\n"
    "operator witness.example/w2 Beta\n"
    "sim-root 04028340d4447caf01b66c837ea67e72785a85d85d36ce19c6b"
    "bb6fade16b38645b94172b675c7a2b842b0bee4ca1b264285c17465d31c0"
    "ebe69cec52e09fef9a1d5b886fc27654258a9bd3b1a2ed4f1b4eb0350e56"
    "4a4a270410a7b9cb003cba3\n"
    "\n"
    "log log.example/confer+0d449355+AWbNYIuSi4jlDg7+qjP68cQ87+By"
    "lLC4fp/gq6ajz3Yz\n"
    "log log.example/other+202314ef+AdVCB9oZSXfc9Grb/sK8LnW1LVqKQ"
    "hhP7f3AACTw4+ja\n"
    "witness w1 witness.example/w1+3a7c4813+BCCCi/XFvcrLaEhjM2wgL"
    "7VZnaSL5VlmFXQhcHBb7Kn3\n"
    "witness w2 witness.example/w2+92d1eb20+BFEcNKGiy1Id8WuyRrjej"
    "nmXziNcfnayKj11A6JIGd2K\n"
    "group both all w1 w2\n"
    "quorum both\n";

#endif
