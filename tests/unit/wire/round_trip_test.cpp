// SPDX-License-Identifier: Apache-2.0
#include "messages.hpp"

#include <boost/pfr.hpp>
#include <cstddef>
#include <set>
#include <string>
#include <type_traits>
#include <variant>

namespace offerkit::test {

namespace {

/// The fields that are as in a new value, by their number; what has no second value is left out.
template <class T>
std::set<std::size_t> unset_fields(const T& value) {
    std::set<std::size_t> unset;
    const T fresh{};
    boost::pfr::for_each_field(value, [&]<class Field, class Index>(const Field& field, Index) {
        if constexpr (!std::is_enum_v<Field>) {
            if (field == boost::pfr::get<Index::value>(fresh)) unset.insert(Index::value);
        }
    });
    return unset;
}

}  // namespace

TEST_CASE("every message with every field set comes back as it was") {
    for_each_message_type([]<class T>(MessageType<T> type) {
        for (std::size_t index = 0; index < alternatives<T>; ++index) {
            for (std::uint64_t seed = 0; seed < 20; ++seed) {
                INFO(type.name << " alternative " << index << " seed " << seed);
                RandomValues values{seed, Fill::full};
                check_taken(make_message<T>(values, index));
            }
        }
    });
}

TEST_CASE("every message with any fields comes back as it was") {
    for_each_message_type([]<class T>(MessageType<T> type) {
        for (std::size_t index = 0; index < alternatives<T>; ++index) {
            for (std::uint64_t seed = 100; seed < 200; ++seed) {
                INFO(type.name << " alternative " << index << " seed " << seed);
                RandomValues values{seed};
                check_taken(make_message<T>(values, index));
            }
        }
    });
}

TEST_CASE("the full values of these tests leave no field of a message unset") {
    for_each_message_type([]<class T>(MessageType<T> type) {
        if constexpr (Alternatives<T>::value > 0) {
            for (std::size_t index = 0; index < alternatives<T>; ++index) {
                RandomValues values{7, Fill::full};
                std::visit(
                    [&]<class Body>(const Body& body) {
                        if constexpr (boost::pfr::tuple_size_v<Body> > 0) {
                            INFO(type.name << " alternative " << index);
                            CHECK(unset_fields(body) == std::set<std::size_t>{});
                        }
                    },
                    make_message<T>(values, index));
            }
        }
    });
}

TEST_CASE("the full values of these tests leave no field of a noun unset") {
    RandomValues values{11, Fill::full};
    const std::set<std::size_t> none;
    CHECK(unset_fields(values.make<TaskInfo>()) == none);
    CHECK(unset_fields(values.make<ExecutorInfo>()) == none);
    CHECK(unset_fields(values.make<Check>()) == none);
    CHECK(unset_fields(values.make<DiscoveryPort>()) == none);
    CHECK(unset_fields(values.make<TaskStatus>()) == none);
    CHECK(unset_fields(values.make<OperationStatus>()) == none);
    CHECK(unset_fields(values.make<FrameworkInfo>()) == none);
    CHECK(unset_fields(values.make<FrameworkInfo>().capabilities) == none);
    CHECK(unset_fields(values.make<AgentInfo>()) == none);
    CHECK(unset_fields(values.make<Offer>()) == none);
    CHECK(unset_fields(values.make<InverseOffer>()) == none);
    CHECK(unset_fields(values.make<Operation>()) == none);
    CHECK(unset_fields(values.make<Demand>()) == none);
    CHECK(unset_fields(values.make<DemandShape>()) == none);
    CHECK(unset_fields(values.make<Bundle>()) == none);
    // Exactly one of shell and argv is given, the first two fields.
    CHECK(unset_fields(values.make<Command>()).size() == 1);
}

TEST_CASE("encode appends and leaves what was there") {
    wire::Bytes bytes = "before";
    wire::encode(protocol::SchedulerCall{protocol::Beat{}}, bytes);
    CHECK(bytes.starts_with("before"));
    const auto read = wire::decode<protocol::SchedulerCall>(std::string_view(bytes).substr(6));
    REQUIRE(read.has_value());
    CHECK(std::holds_alternative<protocol::Beat>(read.value()));
}

TEST_CASE("a message leaves nothing behind for the next one") {
    RandomValues values{3, Fill::full};
    for (int i = 0; i < 3; ++i) {
        check_taken(values.make_alternative<protocol::MasterMessage>(2));
        check_taken(run(plain_task()));
        check_refused<protocol::MasterMessage>("\xff", RefusalCode::malformed, "not such a");
        check_taken(run(plain_task("t2")));
    }
}

TEST_CASE("a message that is larger than what is kept comes back as it was, and so does the next") {
    protocol::RunTasks large;
    large.framework = FrameworkId{1, 1};
    for (int i = 0; i < 8; ++i) {
        TaskInfo task = plain_task("t" + std::to_string(i));
        task.data.assign(limits::task_data_max, static_cast<char>('a' + i));
        large.tasks.push_back(std::move(task));
    }
    check_taken(protocol::MasterMessage{large});
    check_taken(run(plain_task()));
}

TEST_CASE("a refusal comes back as it was") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        INFO("seed " << seed);
        RandomValues values{seed};
        const auto refusal = values.make<Refusal>();
        CHECK(wire::decode_refusal(encoded(refusal)) == refusal);
    }
}

TEST_CASE("a refusal that quotes what cannot be shown is made showable") {
    const Refusal quoting{RefusalCode::not_found, "task \xff\x01", "w\n", std::string(5000, 'x'),
                          ""};
    const Refusal read = wire::decode_refusal(encoded(quoting));
    CHECK(read.code == RefusalCode::not_found);
    CHECK(read.who == "task ??");
    CHECK(read.what == "w\n");
    CHECK(read.why == std::string(limits::message_text_max, 'x'));
    CHECK(read.todo.empty());
}

TEST_CASE("bytes that are no refusal give the refusal that says so") {
    const Refusal read = wire::decode_refusal("\xff\xff");
    CHECK(read.code == RefusalCode::malformed);
    CHECK(read.who == "refusal");
}

TEST_CASE("for ever is a duration like others") {
    protocol::Decline decline;
    decline.offers = {OfferId{1, 1}};
    decline.refuse_for = Duration::max();
    check_taken(protocol::SchedulerCall{decline});
}

TEST_CASE("foreign fields are carried") {
    TaskInfo task = plain_task();
    task.foreign = std::string("\0\xff\x01", 3);
    check_taken(run(task));
    protocol::Subscribe subscribe;
    subscribe.info.name = "f";
    subscribe.info.foreign = std::string("\0\xff\x02", 3);
    check_taken(protocol::SchedulerCall{subscribe});
}

}  // namespace offerkit::test
