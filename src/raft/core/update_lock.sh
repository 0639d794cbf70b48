#!/bin/sh
# Cargo.lock -> Cargo.lock.in, after `cargo update` changed it.
set -eu
cd "$(dirname "$0")"
{
  sed -n '/^#/p' Cargo.lock.in
  sed -e '/^#/d' -e 's/"registry+[^"]*"/"@CRATES_SOURCE@"/' Cargo.lock
} > Cargo.lock.in.new
mv Cargo.lock.in.new Cargo.lock.in
