/* The trust file of the seeds in corpus/evidence. */
#ifndef CONFER_TESTS_FUZZ_EVIDENCE_TRUST_H
#define CONFER_TESTS_FUZZ_EVIDENCE_TRUST_H

static const char evidence_trust[] =
    "confer-trust/v1\n"
    "product confer\n"
    "channel local\n"
    "local\n"
    "release-key release-1+c2466d88+AVycbfJhycuEBHV3aq782US0BTKPq"
    "yj5s6le9ASQ096E\n"
    "release-key release-2+949962cb+AdBKsjJ0K7SrOhNovUYV5ObQIkq3G"
    "gFrr4UgozLJd4c3\n"
    "release-key release-3+4d02787a+ASBAQONkwQ8r7Jwf5QChzUwkfInWU"
    "KAe1+gsq6hnh3wh\n"
    "threshold 2\n"
    "sim-root 04fc7867213a6c8d9746bfca92e7fd3f9045f4bd3f9ebc0a7c1"
    "a06203ffe12d7ce3cdc3a2ca6cfd09d5c5040cdcd96ed19ee1b6f667dc00"
    "ba06313e237f3d1b156f52ef3e3a315380b76b593508ce125bb26e238dd3"
    "8dd37c7f6b790d6af0f690f\n"
    "\n"
    "log log.example/confer+0d449355+AWbNYIuSi4jlDg7+qjP68cQ87+By"
    "lLC4fp/gq6ajz3Yz\n"
    "witness w1 witness.example/w1+3a7c4813+BCCCi/XFvcrLaEhjM2wgL"
    "7VZnaSL5VlmFXQhcHBb7Kn3\n"
    "quorum w1\n";

#endif
