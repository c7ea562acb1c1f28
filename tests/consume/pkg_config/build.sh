#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh COMPILER SOURCES OUT: a project without CMake, in all three modes. PKG_CONFIG_PATH says
# where OfferKit was installed.
set -euo pipefail
compiler=$1 sources=$2 out=$3
mkdir -p "$out"
headers=$(pkg-config --cflags offerkit-headers)
# Words, not one argument each.
# shellcheck disable=SC2086,SC2046
{
  "$compiler" -std=c++20 -O0 $headers "$sources/hello.cpp" -o "$out/header_only"
  "$compiler" -std=c++20 -O0 "$sources/hello.cpp" $(pkg-config --cflags --libs offerkit) \
    -o "$out/compile_once"
  # And without our library: the bodies are compiled once, in a source file of the project's own.
  "$compiler" -std=c++20 -O0 $headers -DOFFERKIT_SEPARATE_COMPILATION "$sources/hello.cpp" \
    "$sources/once.cpp" -o "$out/own_once"
}
