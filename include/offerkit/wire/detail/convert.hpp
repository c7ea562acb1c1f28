// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One pair of functions per noun: `to_wire` fills a protobuf object that is empty, `from_wire`
/// reads one and validates what it read. On the wire, an absent number is zero, an absent text
/// empty and an absent truth false.

#include <offerkit/wire/proto/agent.pb.h>
#include <offerkit/wire/proto/executor.pb.h>
#include <offerkit/core/result.hpp>
#include <offerkit/model/validate.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/wire/detail/enums.hpp>
#include <offerkit/wire/detail/scratch.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::wire::detail {

// resources.cpp
void to_wire(const Resources& resources, pb::Resources& out);
[[nodiscard]] Result<void> from_wire(const pb::Resources& in, Subject who, Resources& resources);

// common.cpp
void to_wire(const Refusal& refusal, pb::Refusal& out);
void from_wire(const pb::Refusal& in, Refusal& refusal);
void to_wire(const Label& label, pb::Label& out);
void to_wire(const Domain& domain, pb::Domain& out);
void from_wire(const pb::Domain& in, Domain& domain);
void to_wire(const Attribute& attribute, pb::Attribute& out);
[[nodiscard]] Result<void> from_wire(const pb::Attribute& in, Subject who, Attribute& attribute);

// task.cpp
void to_wire(const ExecutorInfo& executor, pb::ExecutorInfo& out);
[[nodiscard]] Result<void> from_wire(const pb::ExecutorInfo& in, ExecutorInfo& executor);
void to_wire(const TaskInfo& task, pb::TaskInfo& out);
[[nodiscard]] Result<void> from_wire(const pb::TaskInfo& in, offerkit::detail::CommandOf command,
                                     TaskInfo& task);

// status.cpp
void to_wire(const TaskStatus& status, pb::TaskStatus& out);
[[nodiscard]] Result<void> from_wire(const pb::TaskStatus& in, TaskStatus& status);
void to_wire(const OperationStatus& status, pb::OperationStatus& out);
[[nodiscard]] Result<void> from_wire(const pb::OperationStatus& in, OperationStatus& status);

// framework.cpp
void to_wire(const FrameworkInfo& framework, pb::FrameworkInfo& out);
[[nodiscard]] Result<void> from_wire(const pb::FrameworkInfo& in, FrameworkInfo& framework);
void to_wire(const AgentInfo& agent, pb::AgentInfo& out);
[[nodiscard]] Result<void> from_wire(const pb::AgentInfo& in, AgentInfo& agent);
void to_wire(const Demand& demand, pb::Demand& out);
[[nodiscard]] Result<void> from_wire(const pb::Demand& in, Demand& demand);

// offer.cpp
void to_wire(const Offer& offer, pb::Offer& out);
[[nodiscard]] Result<void> from_wire(const pb::Offer& in, Offer& offer);
void to_wire(const InverseOffer& offer, pb::InverseOffer& out);
[[nodiscard]] Result<void> from_wire(const pb::InverseOffer& in, InverseOffer& offer);
void to_wire(const Operation& operation, pb::Operation& out);
[[nodiscard]] Result<void> from_wire(const pb::Operation& in, Operation& operation);

// --- what they share ---

template <class Tag>
[[nodiscard]] Result<void> read_id(Subject who, std::string_view field, std::uint64_t value,
                                   NumberedId<Tag>& id) {
    id = NumberedId<Tag>::from_value(value);
    if (!id.is_none()) return {};
    return refuse_field(who, RefusalCode::invalid, field, "is missing", "name it");
}

[[nodiscard]] inline Result<void> read_task_id(Subject who, const std::string& text, TaskId& id) {
    if (auto valid = validate_id(who, "task id", text, limits::task_id_max); !valid) return valid;
    id = TaskId{text};
    return {};
}

[[nodiscard]] inline Result<void> read_executor_id(Subject who, const std::string& text,
                                                   ExecutorId& id) {
    if (auto valid = validate_id(who, "executor id", text, limits::executor_id_max); !valid) {
        return valid;
    }
    id = ExecutorId{text};
    return {};
}

[[nodiscard]] inline Result<void> read_role(const std::string& path, Role& role) {
    if (path == role.path()) return {};
    auto parsed = Role::parse(path);
    if (!parsed) return std::move(parsed).error();
    role = std::move(parsed).value();
    return {};
}

[[nodiscard]] inline Result<void> read_port(Subject who, std::uint32_t number,
                                            std::uint16_t& port) {
    if (number > 65535) {
        return refuse_field(who, RefusalCode::invalid, "port", "is " + std::to_string(number),
                            "give a number up to 65535");
    }
    port = static_cast<std::uint16_t>(number);
    return {};
}

[[nodiscard]] inline Result<void> read_data(Subject who, const std::string& bytes,
                                            std::string& data) {
    data = bytes;
    return validate_count(who, "data", data.size(), limits::framework_data_max, "bytes");
}

template <class Domain, class Wire>
[[nodiscard]] Result<void> read_enum(Subject who, std::string_view field, Wire value,
                                     Domain& domain) {
    const auto known = find_enum<Domain>(value);
    if (!known) {
        return refuse_field(who, RefusalCode::unsupported, field,
                            "is missing, or of a kind that this version does not know",
                            "run the same version on both sides");
    }
    domain = *known;
    return {};
}

/// Reads a list: `read(in, element)` for each. The count was checked by the caller.
template <class List, class T, class Read>
[[nodiscard]] Result<void> read_list(const List& in, std::vector<T>& out, Read&& read) {
    out.reserve(static_cast<std::size_t>(in.size()));
    for (const auto& element : in) {
        if (auto valid = read(element, out.emplace_back()); !valid) return valid;
    }
    return {};
}

template <class List>
[[nodiscard]] Result<void> check_count(Subject who, std::string_view field, const List& list,
                                       std::size_t size_max) {
    return validate_count(who, field, static_cast<std::size_t>(list.size()), size_max);
}

[[nodiscard]] inline Result<void> offers_from_wire(
    const google::protobuf::RepeatedField<std::uint64_t>& in, Subject who,
    std::vector<OfferId>& offers) {
    if (auto valid = check_count(who, "offers", in, limits::offers_per_call_max); !valid) {
        return valid;
    }
    if (in.empty()) {
        return refuse_field(who, RefusalCode::invalid, "offers", "are none",
                            "name at least one offer");
    }
    return read_list(in, offers, [who](std::uint64_t value, OfferId& id) {
        return read_id(who, "offers", value, id);
    });
}

template <class List>
void labels_to_wire(const Labels& labels, List* out) {
    for (const Label& label : labels)
        to_wire(label, *out->Add());
}

/// The count is checked before the labels are copied; `validate` does the rest.
[[nodiscard]] Result<void> labels_from_wire(const google::protobuf::RepeatedPtrField<pb::Label>& in,
                                            Subject who, Labels& labels);

[[nodiscard]] Result<void> attributes_from_wire(
    const google::protobuf::RepeatedPtrField<pb::Attribute>& in, Subject who,
    Attributes& attributes);

/// Intervals as they are on the wire: first, last, first, last, ...
void ranges_to_wire(const Ranges& ranges, google::protobuf::RepeatedField<std::uint64_t>& out);
[[nodiscard]] Result<void> ranges_from_wire(
    const google::protobuf::RepeatedField<std::uint64_t>& in, Subject who, std::string_view field,
    Ranges& ranges);

[[nodiscard]] inline Refusal refuse_bytes(std::string_view message) {
    return {RefusalCode::malformed, std::string(message), "read its bytes",
            "they are not such a message, or nested too deep",
            "speak OfferKit's protocol, version 1"};
}

/// Reads that body of a message which is there: exactly one is right.
template <class Message>
class Body {
public:
    explicit Body(Message& message) : message_(message) {}

    /// Tries one body: `read(in, body)`.
    template <class T, class Wire, class Read>
    void when(bool is_there, const Wire& in, Read&& read) {
        if (!is_there || ++count_ > 1) return;
        valid_ = read(in, message_.template emplace<T>());
    }

    /// A body without content.
    template <class T>
    void when(bool is_there) {
        if (is_there && ++count_ == 1) message_.template emplace<T>();
    }

    [[nodiscard]] Result<void> finish(std::string_view name) && {
        if (count_ == 0) {
            return Refusal{RefusalCode::unsupported, std::string(name), "read it",
                           "it has no body that this version knows",
                           "run the same version on both sides"};
        }
        if (count_ > 1) {
            return Refusal{RefusalCode::malformed, std::string(name), "read it",
                           "it has more than one body", "send one message for each"};
        }
        return std::move(valid_);
    }

private:
    Message& message_;
    int count_ = 0;
    Result<void> valid_;
};

/// Parses bytes as `Wire` and reads its body: `read(const Wire&, Body<Message>&)`.
template <class Message, class Wire, class Read>
[[nodiscard]] Result<Message> decode_body(std::string_view bytes, std::string_view name,
                                          Read&& read) {
    Scratch<Wire> scratch;
    if (!scratch.parse(bytes)) return refuse_bytes(name);
    Result<Message> message{Message{}};
    Body<Message> body{message.value()};
    read(std::as_const(*scratch), body);
    if (auto valid = std::move(body).finish(name); !valid) return std::move(valid).error();
    return message;
}

}  // namespace offerkit::wire::detail
