#!/usr/bin/env bash
# ./dev test: every kind of test, one after the other, each with its own count; ends with `N passed, N failed`.
set -uo pipefail
source tools/dev_lib.sh

passed=0 failed=0 skipped=0 unwell=()
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# stage NAME COMMAND...: runs it, shows its output, and adds the count of its last `N passed, N failed` line.
stage() {
  local name="$1" start=$SECONDS before=$failed code=0 line
  shift
  say "== $name"
  "$@" 2>&1 | tee "$log" || code=$?
  line=$(grep -E '[0-9]+ passed, [0-9]+ failed' "$log" | tail -1 || true)
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
  say "== $name took $((SECONDS - start)) s"
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
sim=build/release/bin/sim
stage "simulation, seeds 1 to 300" $sim --seeds 1-300
stage "simulation of three voters, seeds 1 to 1000" $sim --voters --seeds 1-1000
stage "simulation of three brokers, seeds 1 to 200" $sim --cluster --seeds 1-200
stage "simulation of logs, seeds 1 to 300" env THALWEG_SEEDS=300 build/release/bin/storage_test --gtest_brief=1 \
  --gtest_filter='LogSimulation.*:LogManagerSimulation.*'
stage "simulation, seeds 1 to 20 step for step the same twice" $sim --seeds 1-20 --twice
stage "simulation of three voters, seeds 1 to 20 step for step the same twice" $sim --voters --seeds 1-20 --twice
stage "simulation finds a planted bug in seeds 1 to 12" $sim --seeds 1-12 --planted
stage "simulation of three voters finds lying disks in seeds 1 to 12" $sim --voters --seeds 1-12 --planted
stage "faults that were mended still fit, to be put back" python3 -B tests/planted/run --check
stage "fuzzers" python3 tools/run_fuzzers.py --build build/asan --seconds "${THALWEG_FUZZ_SECONDS:-8}" --seed "${THALWEG_FUZZ_SEED:-1}"
stage "protocol generator" python3 -B src/protocol/generator/test_generator.py
stage "the console's pages" python3 tools/run_web_tests.py
stage "foreign clients" python3 tests/interop/run --install
# Needs Maven, which the foreign clients have installed by now.
stage "messages against Kafka's own classes" python3 -B tests/interop/java-serde/make_vectors.py --seeds 20 \
  --check build/asan/bin/protocol_test
stage "processes" python3 tests/system/run

echo
for name in ${unwell[@]+"${unwell[@]}"}; do echo "failed: ${name:0:200}"; done
if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
