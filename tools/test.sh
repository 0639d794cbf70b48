#!/usr/bin/env bash
# ./dev test: every kind of test, each with its own count; ends with how long each took, and `N passed, N failed`.
set -uo pipefail
source tools/dev_lib.sh

passed=0 failed=0 skipped=0 unwell=() times=()
kept=$(mktemp -d) log=$kept/log aside=()
trap 'for group in ${aside[@]+"${aside[@]}"}; do kill -- -"$group" 2>/dev/null; done; rm -rf "$kept"' EXIT

# stage NAME COMMAND...: runs it and shows its output.
stage() {
  local name="$1" start=$SECONDS code=0
  say "== $name"
  "${@:2}" 2>&1 | tee "$log" || code=$?
  count "$name" "$code" $((SECONDS - start))
}

# count NAME CODE SECONDS: adds the count of the last `N passed, N failed` line of what is in $log.
count() {
  local name="$1" code="$2" before=$failed line
  line=$(grep -aE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -1 || true)
  if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)? ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
    [ "$code" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ] && failed=$((failed + 1))
  else
    [ "$code" -eq 0 ] && passed=$((passed + 1)) || failed=$((failed + 1))
  fi
  if [ "$failed" -gt "$before" ]; then
    unwell+=("$name")
    # By name, here as well: who reads only the end of the output wants to know which.
    mapfile -t -O "${#unwell[@]}" unwell < <(grep -aE '^(FAIL |\[  FAILED  \] [A-Za-z]+[./])' "$log" | sort -u | head -20 | sed 's/^/  /' || true)
  fi
  # Lines of tests with their seconds: `PASS NAME  12.3 s  …`, `ok   NAME … 12.3 s`.
  awk '/^(PASS|ok) / && match($0, / +[0-9]+\.[0-9] s( |$)/) {
    name = substr($0, 1, RSTART - 1); sub(/^(PASS|ok) +/, "", name); print substr($0, RSTART, RLENGTH), " " name
  }' "$log" >>"$kept/slow"
  times+=("$(printf '%5d s  %s' "$3" "$name")")
  say "== $name took $3 s"
}

# Beside stages that wait for most of their time go those that only compute, at the lowest priority: they take what nobody
# else wants of the processors, and stand on no clock. `beside FUNCTION` begins one that calls `quietly` for each of its stages;
# `told` waits for all of them, and shows and counts what they said.
beside() {
  set -m  # a group of its own, to be ended with all it has started
  "$1" &
  set +m
  aside+=($!)
}

quietly() {
  local start=$SECONDS code=0 said
  said=$(mktemp "$kept/$(date +%s.%N).XXXX")
  nice -n 19 "${@:2}" >"$said" 2>&1 || code=$?
  printf '%s\n' "$1" "$code" "$((SECONDS - start))" >"$said.end"
}

told() {
  local said name
  wait "${aside[@]}"
  aside=()
  for said in "$kept"/[0-9]*.end; do
    mapfile -t name <"$said"
    say "== ${name[0]}"
    mv "${said%.end}" "$log"
    cat "$log"
    count "${name[@]}"
  done
}

PACKAGES+=(prometheus g++-12)  # one reads our metrics in tests/system, the other builds programs on the toolkit
PACKAGES+=(mariadb-server-core mariadb-client)  # the example services' tests start one of their own, and ask it
PACKAGES+=(libprotobuf-dev)    # classes of protoc, for the toolkit's Protobuf serde; without it those tests are left out
PACKAGES+=(iproute2 nftables)   # hosts of their own for the servers of tests/faults, and what lies between them cut
PACKAGES+=(curl)               # pages of docs ask with it
PACKAGES+=(chromium)           # looks at the console's pages
install_packages
stage "format and house rules" ./dev lint
stage "build release" build release programs storage_test
stage "build asan" build asan tests
stage "unit tests under AddressSanitizer and UBSan" python3 tools/run_tests.py --build build/asan
stage "build tsan" build tsan tsan_tests
stage "threads under ThreadSanitizer" python3 tools/run_tests.py --build build/tsan
stage "faults that were mended still fit, to be put back" python3 -B tests/planted/run --check
stage "protocol generator" python3 -B src/protocol/generator/test_generator.py

simulations() {
  local sim=build/release/bin/sim
  quietly "simulation, seeds 1 to 300" $sim --seeds 1-300
  quietly "simulation of three voters, seeds 1 to 1000" $sim --voters --seeds 1-1000
  quietly "simulation of three brokers, seeds 1 to 150" $sim --cluster --seeds 1-150
  quietly "simulation of logs, seeds 1 to 300" env THALWEG_SEEDS=300 build/release/bin/storage_test --gtest_brief=1 \
    --gtest_filter='LogSimulation.*:LogManagerSimulation.*'
  quietly "simulation, seeds 1 to 20 step for step the same twice" $sim --seeds 1-20 --twice
  quietly "simulation of three voters, seeds 1 to 20 step for step the same twice" $sim --voters --seeds 1-20 --twice
  quietly "simulation finds a planted bug in seeds 1 to 12" $sim --seeds 1-12 --planted
  quietly "simulation of three voters finds lying disks in seeds 1 to 12" $sim --voters --seeds 1-12 --planted
}
fuzzers() {
  quietly "fuzzers" python3 tools/run_fuzzers.py --build build/asan --seconds "${THALWEG_FUZZ_SECONDS:-5}" --seed "${THALWEG_FUZZ_SEED:-1}"
}
beside simulations
beside fuzzers
stage "the console's pages" python3 tools/run_web_tests.py
stage "foreign clients" python3 tests/interop/run --install
# Needs Maven, which the foreign clients have installed by now.
stage "messages against Kafka's own classes" python3 -B tests/interop/java-serde/make_vectors.py --seeds 20 \
  --check build/asan/bin/protocol_test
told
# Alone: some of them compare one pace with another.
stage "processes" python3 tests/system/run

echo
echo "how long it took:"
printf '%s\n' "${times[@]}" | sort -rn
echo "the slowest tests:"
sort -rn "$kept/slow" | head -10 | sed -E 's/^ +([0-9.]+) s +/\1 s  /'
echo
for name in ${unwell[@]+"${unwell[@]}"}; do echo "failed: ${name:0:200}"; done
if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
