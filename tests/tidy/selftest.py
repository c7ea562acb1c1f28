#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants a violation of each kind in a temporary copy of the tree, one at a time, and requires that
tidy finds it, under its name and in its file; and that the counterparts that are fine stay unfound."""

import shutil
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import source  # noqa: E402
import tidy  # noqa: E402

HEAD = "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n// Planted.\n"
LATER = "TO" "DO"
LONG_FUNCTION = "inline int f(int a) {\n" + "    a += 1;\n" * 72 + "    return a;\n}\n"
I = "include/offerkit/"

# (rule that must fire or None, path, content)
PLANTED = [
    ("floor", I + "core/p.hpp", HEAD + "#include <offerkit/model/task.hpp>\n"),
    ("floor", I + "allocation/p.hpp", HEAD + "#include <offerkit/protocol/hello.hpp>\n"),
    ("floor", I + "master/p.hpp", HEAD + "#include <offerkit/agent/agent.hpp>\n"),
    ("floor", I + "master/impl/p.ipp", HEAD + "#include <offerkit/wire/frame.hpp>\n"),
    ("floor", I + "sim/p.cpp", HEAD + "#include <offerkit/runtime/loop.hpp>\n"),
    ("floor", I + "record/p.hpp", HEAD + "#include <offerkit/sim/world.hpp>\n"),
    ("floor", I + "model/p.hpp", HEAD + "#include <offerkit/nowhere/p.hpp>\n"),
    ("floor", I + "model/p.hpp", HEAD + "#include <offerkit/offerkit.hpp>\n"),
    ("floor", "tools/p.cpp", HEAD + "#include <daemons/master/options.hpp>\n"),
    (None, I + "master/p.hpp", HEAD + "#include <offerkit/protocol/hello.hpp>\n"),
    ("include-form", I + "core/p.hpp", HEAD + '#include "id.hpp"\n'),
    ("src-door", I + "master/impl/p.ipp", HEAD),
    ("clock", I + "core/p.hpp", HEAD + "auto t = std::chrono::steady_clock::now();\n"),
    ("clock", I + "sim/p.cpp", HEAD + "auto t = time(nullptr);\n"),
    ("chance", I + "allocation/p.hpp", HEAD + "std::random_device chance;\n"),
    ("distribution", I + "sim/p.hpp", HEAD + "std::uniform_int_distribution<int> d;\n"),
    ("distribution", I + "sim/p.hpp", HEAD + "void f() { std::shuffle(a, b, c); }\n"),
    ("thread", I + "master/p.hpp", HEAD + "std::thread t;\n"),
    ("mutex", I + "record/p.hpp", HEAD + "std::mutex m;\n"),
    ("environment", I + "executor/p.hpp", HEAD + 'auto e = getenv("HOME");\n'),
    ("stable-sort", I + "agent/p.hpp", HEAD + "inline auto f = std::ranges::stable_sort;\n"),
    ("unordered", I + "agent/p.hpp", HEAD + "std::unordered_map<int, int> m;\n"),
    ("io", I + "framework/p.hpp", HEAD + "#include <iostream>\n"),
    ("io", I + "sim/p.hpp", HEAD + "std::ifstream file;\n"),
    ("throw", I + "wire/p.cpp", HEAD + "void f() { throw 1; }\n"),
    (None, I + "wire/p.cpp", HEAD + "// Never throw.\nauto s = \"throw\"; auto t = 'x';\n"),
    ("pointer-order", I + "master/p.hpp", HEAD + "std::map<const Task*, int> m;\n"),
    ("assert", I + "core/p.hpp", HEAD + "void f() { assert(true); }\n"),
    ("float", I + "allocation/p.hpp", HEAD + "double share = 0;\n"),
    ("float", I + "model/p.hpp", HEAD + "// tidy: presentation\ndouble seconds = 0;\n"),
    (None, I + "model/p.hpp", HEAD + "// tidy: presentation: seconds for a log line\ndouble s;\n"),
    ("coroutine", I + "runtime/p.cpp", HEAD + "void f() { co_await g(); }\n"),
    ("coroutine", "daemons/master/p.cpp", HEAD + "void f() { co_return; }\n"),
    ("asio", I + "sim/p.cpp", HEAD + "#include <asio.hpp>\n"),
    ("asio", "tools/p.cpp", HEAD + "asio::io_context io;\n"),
    (None, I + "runtime/p.cpp", HEAD + "#include <asio.hpp>\n"),
    ("protobuf", I + "wire/p.hpp", HEAD + "#include <offerkit/wire/proto/wire.pb.h>\n"),
    ("protobuf", I + "runtime/p.cpp", HEAD + "google::protobuf::Arena arena;\n"),
    ("proto-map", I + "wire/proto/p.proto", HEAD + "message M {\n  map<string, int32> m = 1;\n}\n"),
    ("range-v3", I + "allocation/p.hpp", HEAD + "#include <range/v3/view/zip.hpp>\n"),
    ("spdx", I + "core/p.hpp", "#pragma once\n"),
    ("spdx", "scripts/p", "#!/usr/bin/env bash\nexit 0\n"),
    ("spdx", "cmake/P.cmake", "message(STATUS p)\n"),
    ("pragma-once", I + "core/p.hpp", "// SPDX-License-Identifier: Apache-2.0\n"),
    ("using-namespace", I + "core/p.hpp", HEAD + "namespace offerkit {\nusing namespace std;\n}\n"),
    (None, I + "core/p.hpp", HEAD + "inline void f() {\n    using namespace std;\n}\n"),
    ("later", I + "core/p.hpp", HEAD + f"// {LATER}: later\n"),
    ("later", "scripts/p", f"#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n# {LATER}\n"),
    (None, I + "core/p.hpp", HEAD + f"// {LATER}(#12): later\n"),
    ("machine-path", "tools/p.cpp", HEAD + 'auto path = "/ro' 'ot/x";\n'),
    ("machine-path", "docs/p.md", "Look into /wo" "rk/here.\n"),
    ("size-soft", I + "core/p.hpp", HEAD + "int a;\n" * 400),
    ("size-hard", "tests/unit/core/p_test.cpp", HEAD + "int a;\n" * 800),
    ("function-size", I + "core/p.hpp", HEAD + LONG_FUNCTION),
    (None, I + "core/p.hpp", HEAD + "class alignas(64) P {\n" + "    int a;\n" * 80 + "};\n"),
    ("columns", "tests/unit/core/p_test.cpp", HEAD + "// " + "x" * 98 + "\n"),
    ("whitespace", I + "core/p.hpp", HEAD + "int a;  \n"),
    ("executable", "scripts/p", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"),
    ("doc-link", "docs/p.md", "See [this](missing.md).\n"),
    ("doc-link", "docs/p.md", "# One\n\nSee [this](#two).\n"),
    (None, "docs/p.md", "# One two\n\nSee [this](#one-two) and `[x](y)`.\n"),
    ("change-fragment", "docs/changes/p.md", "kind: new\ncomponent: tool\n\nIt is new.\n"),
    ("doc-block", "docs/p.md", "```cpp\nint a;\n```\n"),
    ("doc-block", "docs/p.md", "```bash\nls\n```\n"),
    ("doc-block", "docs/p.md", "```python shown\nx = 1\n```\n"),
    ("doc-test", "docs/p.md", "See `tests/unit/core/none_test.cpp`.\n"),
    ("doc-test", "docs/p.md", "- `tests/unit/core/id_test.cpp`: \"no such\n  test\"\n"),
    ("doc-test", "docs/p.md", "- `tests/integration/tools/usage_test.py`: \"test_none\"\n"),
    ("doc-message", "docs/p.md", "```text message\nit dislikes FILE; see for yourself\n```\n"),
    (None, "docs/p.md", "```text message\nfile FILE: read token: others can read it, or it "
                        "belongs to another user; ...\n```\n"),
    (None, "docs/p.md", "Like `tests/unit/FLOOR/NAME_test.cpp`.\n"),
    (None, "docs/p.md", "- `tests/tidy/docs.py`\n- `tests/integration/tools/usage_test.py`: "
                        "\"test_a_wrong_token_is_told_as_such\"\n"),
    (None, "docs/p.md", "```cpp compile\nint a;\n```\n"),
    (None, "docs/p.md", "```python run\nx = 1\n```\n"),
]


def planted_is_found(copy, before, rule, path, content):
    file = copy / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    new = set(tidy.findings_of(copy)) - before
    file.unlink()
    if rule is None:
        wrong = [f for f in new if f.path == path]
        return not wrong, f"nothing in {path}, got {[str(f) for f in wrong]}"
    where = I + "src.hpp" if rule == "src-door" else path
    return any(f.rule == rule and f.path == where for f in new), f"{rule} in {where}"


def ratchet_only_shrinks(copy):
    """A listed file may neither grow, nor shrink without its entry."""
    ratchet, file = copy / "tests/tidy/size_ratchet.txt", copy / I / "core/p.hpp"
    before = ratchet.read_text(encoding="utf-8")
    file.parent.mkdir(parents=True, exist_ok=True)
    right = True
    for lines, wanted in ((503, False), (504, True), (502, True), (300, True)):
        file.write_text(HEAD + "int a;\n" * (lines - 3), encoding="utf-8")
        ratchet.write_text(before + f"503 {I}core/p.hpp\n", encoding="utf-8")
        found = any(f.rule.startswith("size") and "core/p.hpp" in str(f)
                    for f in tidy.findings_of(copy))
        right = right and found == wanted
    ratchet.write_text(before, encoding="utf-8")
    file.unlink()
    return right


def main():
    root = Path(__file__).resolve().parents[2]
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(root, copy, symlinks=True,
                        ignore=shutil.ignore_patterns(*source.SKIPPED))
        door = copy / I / "src.hpp"
        if not door.exists():
            door.write_text(HEAD, encoding="utf-8")
        before = set(tidy.findings_of(copy))
        for rule, path, content in PLANTED:
            found, what = planted_is_found(copy, before, rule, path, content)
            if not found:
                missed.append(what)
        if not ratchet_only_shrinks(copy):
            missed.append("the size ratchet")
    for what in missed:
        print(f"selftest: expected {what}")
    print(f"selftest: {len(PLANTED) + 1 - len(missed)} of {len(PLANTED) + 1} as expected")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
