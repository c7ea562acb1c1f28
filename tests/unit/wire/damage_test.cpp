// SPDX-License-Identifier: Apache-2.0
#include "messages.hpp"

#include <string>

namespace offerkit::test {

namespace {

/// A sample of each body, small enough to be damaged in every place.
template <class F>
void for_each_sample(F&& f) {
    for_each_message_type([&]<class T>(MessageType<T> type) {
        for (std::size_t index = 0; index < alternatives<T>; ++index) {
            for (std::uint64_t seed = 0; seed < 100; ++seed) {
                RandomValues values{seed};
                const wire::Bytes bytes = encoded(make_message<T>(values, index));
                if (bytes.size() > 500 || (bytes.size() < 100 && seed < 50)) continue;
                f(type, bytes, values.rng());
                break;
            }
        }
    });
}

}  // namespace

TEST_CASE("a message that ends anywhere is refused or valid") {
    for_each_sample([]<class T>(MessageType<T> type, const wire::Bytes& bytes, Rng&) {
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            INFO(type.name << " cut to " << size << " of " << bytes.size() << " bytes");
            REQUIRE(is_refused_or_valid<T>(std::string_view(bytes).substr(0, size)));
        }
    });
}

TEST_CASE("a message with bits flipped is refused or valid") {
    for_each_sample([]<class T>(MessageType<T> type, const wire::Bytes& bytes, Rng& rng) {
        for (int i = 0; i < 300; ++i) {
            wire::Bytes damaged = bytes;
            for (std::uint64_t flips = 1 + rng.below(4); flips > 0 && !bytes.empty(); --flips) {
                damaged[rng.below(bytes.size())] ^= static_cast<char>(1U << rng.below(8));
            }
            INFO(type.name << " flip " << i);
            REQUIRE(is_refused_or_valid<T>(damaged));
        }
    });
}

TEST_CASE("random bytes are refused or valid") {
    for_each_message_type([]<class T>(MessageType<T>) {
        Rng rng{5};
        for (int i = 0; i < 500; ++i) {
            wire::Bytes bytes(rng.below(40), '\0');
            for (char& c : bytes)
                c = static_cast<char>(rng.below(rng.chance(1, 2) ? 256 : 24));
            REQUIRE(is_refused_or_valid<T>(bytes));
        }
    });
}

TEST_CASE("a message of one type is refused or valid as any other") {
    for_each_sample([]<class T>(MessageType<T> from, const wire::Bytes& bytes, Rng&) {
        for_each_message_type([&]<class Other>(MessageType<Other> to) {
            INFO(from.name << " read as " << to.name);
            CHECK(is_refused_or_valid<Other>(bytes));
        });
    });
}

}  // namespace offerkit::test
