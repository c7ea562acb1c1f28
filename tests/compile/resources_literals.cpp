// SPDX-License-Identifier: Apache-2.0
// Literals are read character by character, and only plain decimals are read.
#include <offerkit/resources/quantity.hpp>

using namespace offerkit::literals;

[[maybe_unused]] constexpr auto memory = 0.5_GiB;
[[maybe_unused]] constexpr auto most = 68'719'476.736_GiB;
[[maybe_unused]] constexpr auto disk = 10_GiB_disk;

// case: four decimals cannot be kept
// expect: at most three decimals
#if CASE == 1
auto cpus = 0.1234_cpus;
#endif

// case: hexadecimal
// expect: plain decimal
#if CASE == 2
auto cpus = 0x10_cpus;
#endif

// case: an exponent
// expect: plain decimal
#if CASE == 3
auto mem = 1e3_MiB;
#endif

// case: octal
// expect: plain decimal
#if CASE == 4
auto cpus = 010_cpus;
#endif

// case: a point without a digit before it
// expect: plain decimal
#if CASE == 5
auto cpus = .5_cpus;
#endif

// case: a point without a digit after it
// expect: plain decimal
#if CASE == 6
auto cpus = 5._cpus;
#endif

// case: one past what an agent may have, in GiB
// expect: larger than one agent may have
#if CASE == 7
auto mem = 68'719'476.737_GiB;
#endif

// case: one past what an agent may have, in cpus
// expect: larger than one agent may have
#if CASE == 8
auto cpus = 70'368'744'177.665_cpus;
#endif

// case: a unit that is none
// expect: (unable to find numeric literal operator|no matching literal operator)
#if CASE == 9
auto mem = 1_MB;
#endif

// case: a negative amount
// expect: (no match for 'operator-'|no match for .operator-.|invalid argument type)
#if CASE == 10
auto cpus = -1_cpus;
#endif
