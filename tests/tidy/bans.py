# SPDX-License-Identifier: Apache-2.0
"""What may not be spelled where: nothing ambient on floors 0-5 and in sim, and each dependency in
its own folder. Rules look at code with comments and strings blanked."""

import re
from dataclasses import dataclass

from floors import FLOOR, folder_of

PURE = {folder for folder, floor in FLOOR.items() if floor <= 5} | {"sim"}
DECIDING = {folder for folder, floor in FLOOR.items() if floor <= 5}


@dataclass(frozen=True)
class Ban:
    rule: str
    pattern: re.Pattern
    why: str


def ban(rule, pattern, why):
    return Ban(rule, re.compile(pattern), why)


AMBIENT = [
    ban("clock", r"\b(?:system|steady|high_resolution|file|utc|tai|gps)_clock\b|\bclock_gettime\b"
        r"|\bgettimeofday\b|\b(?:local|gm)time(?:_r)?\b|\bstd::(?:time|clock)\s*\("
        r"|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)", "time comes in with the batch"),
    ban("chance", r"\brandom_device\b|\bs?rand\s*\(|\bmt19937|\bdefault_random_engine\b"
        r"|#\s*include\s*<random>", "chance comes in as core's Rng, seeded"),
    ban("distribution", r"\bstd::\w+_distribution\b|\bstd::(?:ranges::)?(?:shuffle|sample)\b",
        "its results differ between standard libraries: use core's Rng"),
    ban("thread", r"\bstd::j?thread\b|\bstd::(?:async|future|promise|barrier|latch|this_thread)\b"
        r"|\bpthread_|\bthread_local\b|#\s*include\s*<(?:thread|future|barrier|latch)>",
        "machines run on the thread that calls step"),
    ban("mutex", r"\bstd::\w*mutex\b|\bstd::(?:lock_guard|unique_lock|scoped_lock|atomic\w*)\b"
        r"|\bcondition_variable\b|#\s*include\s*<(?:mutex|shared_mutex|atomic|condition_variable)>",
        "one thread owns all state: nothing to lock"),
    ban("environment", r"\b(?:secure_)?(?:get|put|set)env\b|\bsetlocale\b|\bstd::locale\b",
        "nothing of the process's surroundings: it comes in as an option"),
    ban("unordered", r"\bunordered_(?:multi)?(?:map|set)\b|\bstd::hash\b",
        "its order is the library's: use a sorted container"),
    ban("stable-sort", r"\bstable_sort\b",
        "an order by what came first is none, and clang refuses it: compare all that differs"),
    ban("io", r"\bstd::(?:cin|cout|cerr|clog|[io]?fstream|filesystem)\b|\b(?:f|s?n)?printf\s*\("
        r"|\bfopen\b|\bstd::f?puts\b|#\s*include\s*<(?:iostream|fstream|filesystem|cstdio)>",
        "no I/O here: ask for an effect"),
    ban("throw", r"\bthrow\b", "our code throws nothing here: return a Refusal, or assert"),
    ban("pointer-order", r"\b(?:std::(?:multi)?(?:map|set|less)|SortedMap)\s*<\s*(?:const\s+)?"
        r"[\w:]+(?:\s+const)?\s*\*|reinterpret_cast<\s*(?:std::)?u?intptr_t\b",
        "addresses differ between runs: order by id"),
    ban("assert", r"(?<![\w_])assert\s*\(|#\s*include\s*<cassert>",
        "OFFERKIT_ASSERT is on in every build, assert is not"),
]
FLOAT = ban("float", r"\b(?:double|float)\b",
            "decisions are integers; a line for people says `// tidy: presentation: reason`")
COROUTINE = ban("coroutine", r"\bco_(?:await|yield|return)\b",
                "g++ 12.2 miscompiles coroutines silently")
ASIO = ban("asio", r"\basio::|#\s*include\s*<asio|#\s*include\s*<restinio|\brestinio::",
           "asio and restinio are spelled only under runtime/")
PROTOBUF = ban("protobuf", r"\bgoogle::protobuf\b|#\s*include\s*<google/protobuf|\.pb\.h[\">]",
               "protobuf stays in the .cpp files and detail/ of wire/ and record/")
RANGES = ban("range-v3", r"#\s*include\s*<range/v3", "range-v3 is for the traces of sim/ only")


def bans_for(file):
    folder = folder_of(file.path)
    bans = [COROUTINE]
    if folder in PURE:
        bans += AMBIENT
    if folder in DECIDING:
        bans.append(FLOAT)
    in_product = file.path.startswith(("include/", "daemons/", "tools/", "examples/"))
    if in_product and folder != "runtime":
        bans.append(ASIO)
    private = file.suffix == ".cpp" or "/detail/" in file.path
    if in_product and not (folder in ("wire", "record") and private):
        bans.append(PROTOBUF)
    if file.path.startswith("include/") and folder != "sim":
        bans.append(RANGES)
    return bans


def check(file):
    if file.suffix == ".proto":
        for number, line in enumerate(file.code, 1):
            if re.match(r"\s*map\s*<", line):
                yield file.finding(number, "proto-map", "the order of a map field is the library's")
    if not file.is_cpp:
        return
    bans = bans_for(file)
    for number, line in enumerate(file.code, 1):
        for each in bans:
            found = each.pattern.search(line)
            if found and not file.allows(number, each.rule):
                yield file.finding(number, each.rule, f"{found.group().strip()}: {each.why}")
