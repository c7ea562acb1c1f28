// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The master daemon with an allocation policy of your own: what offerkit-master does, flags and
/// all, in five lines.
///
///     #include <offerkit/master_main.hpp>
///     struct Newest {
///         static constexpr auto name = "newest";
///         std::int64_t rank(const offerkit::NodeView& n) const { return
///         -std::int64_t(n.arrival()); }
///     };
///     int main(int argc, char** argv) { return offerkit::master_main<Newest>(argc, argv); }
///
/// Link `offerkit::master_main` (component `master` of the package).

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/policy.hpp>

#include <memory>
#include <string>

namespace offerkit {

namespace detail {

/// A policy that this program brings along.
struct OwnPolicy {
    std::string name;
    std::unique_ptr<Allocator> (*make)();
};

int master_main(int argc, char** argv, const OwnPolicy* own);

}  // namespace detail

/// Runs the master until a signal; returns its exit code. Without `--policy` it has this policy;
/// with it, the one of that name, so that both can be compared on one cluster.
template <class P>
int master_main(int argc, char** argv) {
    if constexpr (check_policy<P>()) {
        const detail::OwnPolicy own{
            std::string(policy_name_of<P>()),
            []() -> std::unique_ptr<Allocator> { return std::make_unique<Cycle<P>>(); }};
        return detail::master_main(argc, argv, &own);
    } else {
        return 2;
    }
}

/// As the stock daemon: with the policies that come with OfferKit.
inline int master_main(int argc, char** argv) { return detail::master_main(argc, argv, nullptr); }

}  // namespace offerkit
