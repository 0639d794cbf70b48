# Shared by dev and tools/test.sh: packages and builds.

# What a bare Debian 12 lacks. Each line says what for.
PACKAGES=(
  clang-19 lld-19 libclang-rt-19-dev llvm-19 clang-format-19  # compiler, linker, sanitizers, symbols in reports, ./dev fmt
  cmake ninja-build ccache pkg-config python3 git ca-certificates
  libboost1.81-dev libfmt-dev                                 # coroutines and sockets, text
  libisal-dev libzstd-dev liblz4-dev libsnappy-dev zlib1g-dev # CRC-32C and the codecs
  libpcre2-dev                                                # patterns in JSON schemas, matched within bounds
  libre2-dev                                                  # patterns in filters, matched in linear time
  libgtest-dev libgmock-dev
  librdkafka-dev                                              # the load generator of ./dev bench, the crash test, the C++ toolkit
  libcurl4-openssl-dev nlohmann-json3-dev                     # the C++ toolkit: the schema registry's client, JSON
  librocksdb-dev                                              # its stream processing: state on disk
  libsqlite3-dev libmariadb-dev                               # the example services' databases
  protobuf-compiler                                           # for the consensus core's messages
)
# The consensus core is Rust. A cargo of 1.85 or newer that is already there is used; else Debian's.
RUST_PACKAGES=(cargo-web rustc-web)

# The console's pages. A Node of 18 or newer with npm that is already there is used; else Debian's.
NODE_PACKAGES=(nodejs npm)

# A release build of the server with its crates takes 600 MB; the rest is room for data.
FIRST_BUILD_MB=1500

# A clone, a worktree and CI's folder share what any of them has compiled: paths below this folder count relative to it.
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$PWD}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-1}"
# What cmake/precompiled.cmake needs.
export CCACHE_PCH_EXTSUM=1 CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros,include_file_mtime,include_file_ctime}"

say() { if [ -t 2 ]; then printf '\033[1m%s\033[0m\n' "$*" >&2; else printf '%s\n' "$*" >&2; fi; }

# die PROBLEM [WHAT TO DO ...]
die() {
  printf 'dev: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '     %s\n' "$@" >&2
  exit 1
}

usable_cargo() {
  local version
  version=$(cargo --version 2>/dev/null | awk '{print $2}') || return 1
  [ -n "$version" ] && [ "$(printf '%s\n1.85.0\n' "$version" | sort -V | head -1)" = 1.85.0 ]
}

usable_node() {
  local major
  command -v npm >/dev/null || return 1
  major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
  [ "${major:-0}" -ge 18 ]
}

missing_packages() {
  local installed p
  # It fails when one of them is unknown, and still lists the others.
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${PACKAGES[@]}" 2>/dev/null | sed -n 's/^ii *//p') || true
  for p in "${PACKAGES[@]}"; do
    grep -qxF "$p" <<<"$installed" || printf '%s\n' "$p"
  done
  usable_cargo || printf '%s\n' "${RUST_PACKAGES[@]}"
  usable_node || printf '%s\n' "${NODE_PACKAGES[@]}"
}

install_packages() {
  local missing sudo=""
  command -v apt-get dpkg-query >/dev/null ||
    die "this system has no apt-get; packages are installed on Debian 12 only." \
      "In a container: docker build -f packaging/docker/Dockerfile -t thalweg ."
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  mapfile -t missing <<<"$missing"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "${#missing[@]} packages are missing, and there is no sudo here. As root, run:" "apt-get install ${missing[*]}"
    sudo=sudo
  fi
  say "installing ${#missing[@]} packages: ${missing[*]}"
  $sudo apt-get update -q >&2 &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2 ||
    die "the packages could not be installed; apt-get says why, above." \
      "Is there network? Is this Debian 12 (bookworm) with its security updates? Is the disk full?" \
      "Then run the same command again: what is there already is kept."
}

# True when build/PRESET was configured here and can be built. A clone that was moved is configured afresh.
configured() {
  local home
  [ -f "build/$1/build.ninja" ] || return 1
  home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "build/$1/CMakeCache.txt")
  [ "$home" -ef . ]
}

check_disk() {
  local free
  free=$(df -Pm . | awk 'NR == 2 {print $4}')
  [ "$free" -ge "$FIRST_BUILD_MB" ] ||
    die "$free MB are free here; a first build needs $FIRST_BUILD_MB MB." "Make room (df -h .), or clone to a larger disk."
}

# build PRESET TARGET...: configures once, then builds with ninja's own progress line.
build() {
  local preset="$1"
  shift
  case "$preset" in
    release | dev | asan | tsan) ;;
    *) die "no preset '$preset'; there are release, dev, asan and tsan." ;;
  esac
  install_packages
  if ! configured "$preset"; then
    check_disk
    say "configuring build/$preset"
    cmake --preset "$preset" --fresh >&2
  fi
  say "building $* ($preset)"
  NINJA_STATUS='[%f/%t %es] ' ninja -C "build/$preset" "$@" >&2
}

# advertise PORT ARGUMENT ...: what ./dev run adds to the arguments of the server. Clients on this machine are sent to localhost, since the name of a host need not resolve. Whoever names a file, several
# listeners, another protocol or addresses of their own has decided that themselves.
advertise() {
  local port="$1" argument
  shift
  for argument in "$@"; do
    case "$argument" in
      --* | PLAINTEXT* | listeners=PLAINTEXT://* ) [[ "$argument" != *,* ]] || return 0 ;;
      listeners=* | *advertised.listeners=* | listener.* | *.properties) return 0 ;;
    esac
  done
  printf '%s\n' --override "advertised.listeners=PLAINTEXT://localhost:$port"
}
