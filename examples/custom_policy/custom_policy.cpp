// SPDX-License-Identifier: Apache-2.0
// A master with an allocation policy of our own: it has all the flags of offerkit-master.
//
//     custom_policy --work-dir master          # serves the newest role first
//     custom_policy --work-dir master --policy drf
#include <offerkit/master_main.hpp>

#include <cstdint>

/// Who came last is served first.
struct NewestFirst {
    static constexpr auto name = "newest_first";

    std::int64_t rank(const offerkit::NodeView& node) const {
        return -static_cast<std::int64_t>(node.arrival());
    }
};
static_assert(offerkit::AllocationPolicy<NewestFirst>);

int main(int argc, char** argv) { return offerkit::master_main<NewestFirst>(argc, argv); }
