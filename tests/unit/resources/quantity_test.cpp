// SPDX-License-Identifier: Apache-2.0
#include <offerkit/resources/quantity.hpp>

#include <catch2/catch.hpp>
#include <type_traits>

using namespace offerkit;
using namespace offerkit::literals;

namespace {

struct Licenses {
    static constexpr auto name = "licenses", unit = "milli-license";
};

// Literals are exact, whatever a double would make of them.
static_assert(0.1_cpus + 0.2_cpus == 0.3_cpus);
static_assert((0.5_cpus).units() == 500 && (2_cpus).units() == 2000);
static_assert((0.001_gpus).units() == 1 && (1_gpus).units() == 1000);
static_assert((512_MiB).units() == 512'000 && 4_GiB == 4096_MiB);
static_assert(0.5_GiB == 512_MiB && (0.001_GiB).units() == 1024);
static_assert(10_GiB_disk == 10'240_MiB_disk);
static_assert(1'000_cpus == 1000_cpus);
static_assert(68'719'476.736_GiB == Quantity<Mem>::from_units(68'719'476'736 * 1024));

static_assert(3 * 1.5_cpus == 4.5_cpus && 1.5_cpus * 0 == Quantity<Cpus>{});
static_assert(1_cpus < 1.001_cpus && 2_cpus >= 2_cpus);
static_assert(2_cpus - 0.5_cpus == 1.5_cpus);

template <class A, class B>
concept CanAddTo = requires(A a, B b) { a += b; };
template <class A, class B>
concept CanCompare = requires(A a, B b) { a < b; } || requires(A a, B b) { a == b; };
template <class A, class B>
concept CanSubtract = requires(A a, B b) { a - b; };

static_assert(CanAddTo<Quantity<Cpus>, Quantity<Cpus>>);
static_assert(!CanAddTo<Quantity<Cpus>, Quantity<Mem>>);
static_assert(!CanAddTo<Quantity<Cpus>, int>);
static_assert(!CanCompare<Quantity<Cpus>, Quantity<Mem>>);
static_assert(!CanCompare<Quantity<Cpus>, Quantity<Licenses>>);
static_assert(!CanSubtract<Quantity<Cpus>, Quantity<Mem>>);
static_assert(!std::is_constructible_v<Quantity<Cpus>, int>);
static_assert(!std::is_convertible_v<Quantity<Mem>, Quantity<Disk>>);
static_assert(std::is_trivially_copyable_v<Quantity<Cpus>>);

}  // namespace

TEST_CASE("quantities add up in place", "[resources][quantity]") {
    Quantity<Licenses> held = Quantity<Licenses>::from_units(1500);
    held += Quantity<Licenses>::from_units(500);
    CHECK(held.units() == 2000);
    held -= Quantity<Licenses>::from_units(2000);
    CHECK(held == Quantity<Licenses>{});
}

TEST_CASE("quantities reach the cluster's maximum", "[resources][quantity][limits]") {
    const auto most = Quantity<Mem>::from_units(limits::amount_per_cluster_max);
    CHECK(most.units() == limits::amount_per_cluster_max);
    CHECK(Quantity<Mem>::from_units(limits::amount_per_cluster_max / 2) * 2 == most);
}
