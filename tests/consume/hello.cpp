// SPDX-License-Identifier: Apache-2.0
// The least that shows both modes work: a type from a header, and text whose parser is compiled
// either here or in the library.

#include <offerkit/offerkit.hpp>

#include <cstdio>

using namespace offerkit::literals;

int main() {
    static_assert(0.1_cpus + 0.2_cpus == 0.3_cpus);
    const auto resources = offerkit::parse_resources("cpus:1.5;mem:512");
    if (!resources || !resources->contains(1.5_cpus + 512_MiB)) return 1;
    std::puts(offerkit::format_resources(*resources).c_str());
    return 0;
}
