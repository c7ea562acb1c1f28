// SPDX-License-Identifier: Apache-2.0
// Amounts of different kinds cannot be mixed up.
#include <offerkit/resources/resources.hpp>

using namespace offerkit;
using namespace offerkit::literals;

struct Licenses {
    static constexpr auto name = "licenses", unit = "milli-license";
};

[[maybe_unused]] constexpr Quantity<Cpus> cpus = 1_cpus + 0.5_cpus;
[[maybe_unused]] constexpr Resources both = 1_cpus + 512_MiB;
[[maybe_unused]] Resources with_own() { return Quantity<Licenses>::from_units(1000) + 1_cpus; }

// case: adding mem to cpus in place
// expect: (deleted|ResourceKind|Quantity).*(operator\+=)|operator\+=.*deleted
#if CASE == 1
constexpr Quantity<Cpus> grown() {
    Quantity<Cpus> c = 1_cpus;
    c += 512_MiB;
    return c;
}
#endif

// case: the sum of cpus and mem is not an amount of cpus
// expect: (conversion|convert).*Resources.*Quantity<offerkit::Cpus>|no viable conversion
#if CASE == 2
Quantity<Cpus> sum = 1_cpus + 512_MiB;
#endif

// case: subtracting mem from cpus
// expect: deleted
#if CASE == 3
auto rest = 1_cpus - 512_MiB;
#endif

// case: comparing cpus with mem
// expect: deleted
#if CASE == 4
bool less = 1_cpus < 512_MiB;
#endif

// case: equating disk with mem, though both are MiB
// expect: deleted
#if CASE == 5
bool same = 1_MiB == 1_MiB_disk;
#endif

// case: disk where mem is wanted
// expect: (could not convert|cannot convert|conversion from|no viable conversion)
#if CASE == 6
void need(Quantity<Mem>);
void call() { need(1_MiB_disk); }
#endif

// case: a bare number is no amount
// expect: (could not convert|cannot convert|conversion from|no viable conversion|no matching)
#if CASE == 7
Quantity<Mem> bare = 512;
#endif

// case: a bare number is no resources
// expect: (could not convert|cannot convert|conversion from|no viable conversion|no match)
#if CASE == 8
Resources bare_resources = 512;
#endif

// case: multiplying cpus by cpus
// expect: (no match for 'operator\*'|no match for .operator\*.|invalid operands)
#if CASE == 9
auto square = 1_cpus * 2_cpus;
#endif

// case: asking for a kind that is none
// expect: (constraint|no matching function|does not satisfy|no match)
#if CASE == 10
auto unknown = get<int>(both);
#endif

// case: ports are not an amount
// expect: (constraint|no matching function|does not satisfy|no match)
#if CASE == 11
auto ports = get<Ports>(both);
#endif

// case: a kind without a unit is none
// expect: (constraints not satisfied|constraint failure|does not satisfy)
#if CASE == 12
struct Unitless {
    static constexpr auto name = "unitless";
};
Quantity<Unitless> amount;
#endif

// case: an author's kind may not take a built-in name
// expect: this name belongs to a built-in kind
#if CASE == 13
struct MyCpus {
    static constexpr auto name = "cpus", unit = "milli-cpu";
};
Quantity<MyCpus> amount;
#endif

// case: an author's kind may not take the name of ports
// expect: this name belongs to a built-in kind
#if CASE == 14
struct MyPorts {
    static constexpr auto name = "ports", unit = "port";
};
Quantity<MyPorts> amount;
#endif

// case: a name that text could not hold
// expect: a kind's name is a letter followed by
#if CASE == 15
struct Spaced {
    static constexpr auto name = "my kind", unit = "thing";
};
Quantity<Spaced> amount;
#endif

// case: a shortfall known at compile time
// expect: (not a constant expression|constant expression|assertion_failed)
#if CASE == 16
constexpr Resources shortfall = Resources{1_cpus} - 2_cpus;
#endif

// case: a negative amount known at compile time
// expect: (not a constant expression|constant expression|assertion_failed)
#if CASE == 17
constexpr auto negative = Quantity<Cpus>::from_units(-1);
#endif
