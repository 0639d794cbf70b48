# Shared by dev and tools/test.sh: packages and builds.

# What a bare Debian 12 lacks. Each line says what for.
PACKAGES=(
  clang-19 lld-19 libclang-rt-19-dev llvm-19 clang-format-19  # compiler, linker, sanitizers, symbols in reports, ./dev fmt
  cmake ninja-build ccache pkg-config python3 git ca-certificates
  libboost1.81-dev libfmt-dev libssl-dev                      # coroutines and sockets, text, TLS and hashes
  libisal-dev libzstd-dev liblz4-dev libsnappy-dev zlib1g-dev # CRC-32C and the codecs
  libgtest-dev libgmock-dev
  librdkafka-dev                                              # the load generator of ./dev bench and the crash test
  protobuf-compiler                                           # for the consensus core's messages
)
# The consensus core is Rust. A cargo of 1.85 or newer that is already there is used; else Debian's.
RUST_PACKAGES=(cargo-web rustc-web)

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

usable_cargo() {
  local version
  version=$(cargo --version 2>/dev/null | awk '{print $2}') || return 1
  [ -n "$version" ] && [ "$(printf '%s\n1.85.0\n' "$version" | sort -V | head -1)" = 1.85.0 ]
}

missing_packages() {
  local p
  for p in "${PACKAGES[@]}"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || printf '%s\n' "$p"
  done
  if ! usable_cargo; then printf '%s\n' "${RUST_PACKAGES[@]}"; fi
}

install_packages() {
  local missing sudo=""
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "dev: these packages are missing; install them as root: apt-get install ${missing[*]}" >&2
      exit 1
    }
    sudo=sudo
  fi
  say "installing ${#missing[@]} packages: ${missing[*]}"
  $sudo apt-get update -q >&2
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

# build PRESET TARGET: configures once, then builds with ninja's own progress line.
build() {
  install_packages
  local preset="$1" target="$2"
  if [ ! -f "build/$preset/build.ninja" ]; then
    say "configuring build/$preset"
    cmake --preset "$preset" >&2
  fi
  say "building $target ($preset)"
  NINJA_STATUS='[%f/%t %es] ' ninja -C "build/$preset" "$target" >&2
}
