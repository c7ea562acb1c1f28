# SPDX-License-Identifier: Apache-2.0
# What the stages of scripts/test are made of: build, check, tests_of; and the counts they add up.
# Sourced, from the root of the tree.

logs=build/test-logs
passed=0 failed=0 skipped=0
stage="" log="" started=0

usage_error() {
  echo "test: $1; see scripts/test --help" >&2
  exit 2
}

# run_stage NAME: runs stage_NAME and prints its line. A build that fails ends only its stage.
run_stage() {
  stage=$1 log=$logs/$1.log
  mkdir -p "$logs"
  : >"$log"
  local before_passed=$passed before_failed=$failed before_skipped=$skipped started=$SECONDS
  build_failed=false
  "stage_$stage" || true
  printf '%-12s %5d s  %d passed, %d failed, %d skipped\n' "$stage" $((SECONDS - started)) \
    $((passed - before_passed)) $((failed - before_failed)) $((skipped - before_skipped))
}

# check NAME COMMAND...: one test.
check() {
  local name=$1 output=$logs/$stage.$1.txt
  shift
  echo "== $name: $*" >>"$log"
  if "$@" >"$output" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $name: $*"
    tail -n 40 "$output"
  fi
  cat "$output" >>"$log"
  rm -f "$output"
}

# build PRESET [TARGET...]: configures and builds into build/PRESET; a failure is one failed test.
build() {
  local preset=$1 output=$logs/$stage.build.txt targets=()
  shift
  (($#)) && targets=(--target "$@")
  if ! { cmake --preset "$preset" && cmake --build "build/$preset" "${targets[@]}" -- -k 0; } \
    >"$output" 2>&1; then
    failed=$((failed + 1))
    echo "FAILED building $preset, the end of $log:"
    grep -E 'error|Error|FAILED' "$output" | head -n 20 || true
    tail -n 20 "$output"
    cat "$output" >>"$log"
    return 1
  fi
  cat "$output" >>"$log"
  rm -f "$output"
}

# tests_of PRESET CTEST_ARGUMENT...: runs a selection of build/PRESET's tests and adds up the counts.
tests_of() {
  local preset=$1 report=$PWD/$logs/$stage.$1.xml output=$logs/$stage.ctest.txt
  shift
  rm -f "$report"
  ctest --test-dir "build/$preset" -j "$(nproc)" --output-on-failure --no-tests=error \
    --output-junit "$report" "$@" >"$output" 2>&1 || true
  cat "$output" >>"$log"
  if [[ ! -s $report ]]; then
    failed=$((failed + 1))
    echo "FAILED running tests of build/$preset: $*"
    tail -n 5 "$output"
    return 1
  fi
  local all bad idle
  all=$(attribute tests "$report") bad=$(attribute failures "$report")
  idle=$(($(attribute skipped "$report") + $(attribute disabled "$report")))
  passed=$((passed + all - bad - idle)) failed=$((failed + bad)) skipped=$((skipped + idle))
  if ((bad)); then
    grep -E '^[0-9]+/[0-9]+ Test|\*\*\*' "$output" | grep -F '***' | head -n 40 || true
    echo "their output: $log"
  fi
  rm -f "$output"
}

attribute() { sed -nE "s/^[[:space:]]*$1=\"([0-9]+)\".*/\1/p" "$2" | head -n 1; }

# same_output PROGRAM PROGRAM: both succeed and print the same, and something.
same_output() {
  local one=$logs/$stage.one.txt other=$logs/$stage.other.txt
  "$1" >"$one" && "$2" >"$other" && [[ -s $one ]] && diff "$one" "$other"
}

# fuzz PROGRAM SECONDS: from the kept seeds, the same choices each time; findings stay in the log folder.
fuzz() {
  local name=${1##*/fuzz_} corpus
  corpus=$(mktemp -d)
  mkdir -p "tests/fuzz/seeds/$name"
  "$1" -max_total_time="$2" -seed=1 -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$logs/fuzz-$name-" "$corpus" "tests/fuzz/seeds/$name"
  local status=$?
  rm -rf "$corpus"
  return $status
}

summary() {
  local bad=$failed
  [[ ${CI-} == true ]] && bad=$((bad + skipped))
  echo "$passed passed, $failed failed, $skipped skipped"
  ((bad == 0 && passed > 0))
}
